package stat

import (
	"errors"
	"fmt"
	"math"
)

// ErrTooFewGroups is returned where groups of samples are fewer than two, from which no spread between them can be had.
var ErrTooFewGroups = errors.New("too few groups")

// Grouped are the moments of samples that come in groups, such as questions about one text, whose scores are alike.
type Grouped struct {
	Moments
	Groups int
	// scatter is the sum over groups of the squared sum of deviations from the mean.
	scatter float64
}

// OfGroups returns the moments of xs, which must be finite, where groups names the group of each. It panics when their
// numbers differ.
func OfGroups[K comparable](xs []float64, groups []K) Grouped {
	if len(xs) != len(groups) {
		panic(fmt.Sprintf("stat: %d scores with %d groups", len(xs), len(groups)))
	}
	g := Grouped{Moments: Of(xs)}
	if len(xs) == 0 {
		return g
	}
	// As in Of, deviations are taken after the first value, so that an offset costs no digits.
	var offset sum
	for _, x := range xs {
		offset = offset.add(x - xs[0])
	}
	mean := offset.value() / float64(len(xs))

	type group struct {
		sum   sum     // of deviations from the mean
		noise float64 // the size of what was added, to which rounding is relative
	}
	var members []group
	index := map[K]int{}
	for i, x := range xs {
		k, ok := index[groups[i]]
		if !ok {
			k = len(members)
			index[groups[i]] = k
			members = append(members, group{})
		}
		m := &members[k]
		m.sum = m.sum.add(x - xs[0] - mean)
		m.noise += math.Abs(x-xs[0]) + math.Abs(mean)
	}
	var scatter sum
	for _, m := range members {
		if s := m.sum.value(); math.Abs(s) > float64(1e-13*m.noise) || math.IsNaN(s) { // else rounding made it
			scatter = scatter.add(float64(s * s))
		}
	}
	g.Groups, g.scatter = len(members), scatter.value()
	return g
}

// SE is the standard error of the mean that allows for groups: CR1, √(G/(G−1)·Σ_g(Σ_{i∈g}(x_i−x̄))²)/n (Cameron and Miller, J. Hum.
// Resour. 50, 2015, section II). It is NaN for fewer than two groups, and with groups of one it is the usual one.
func (g Grouped) SE() float64 {
	if g.Groups < 2 {
		return math.NaN()
	}
	return math.Sqrt(float64(float64(g.Groups)/float64(g.Groups-1)*g.scatter)) / float64(g.N)
}

// ClusteredPaired is [Paired] for differences that come in groups: t has G−1 degrees of freedom, for G groups. Where all groups
// have the same mean there is no variance between them, and the test is [Test.Degenerate], by the signs of whole groups.
// Below ten groups its promises are weak.
//
// It returns [ErrTooFewGroups] for fewer than two groups, and [ErrRange].
func ClusteredPaired(diffs Grouped, level float64) (Test, error) {
	if err := checkGroups(level, diffs); err != nil {
		return Test{}, err
	}
	t := Test{
		Method: ClusteredT,
		N:      [2]int{diffs.N, diffs.N},
		Groups: [2]int{diffs.Groups, diffs.Groups},
		Diff:   diffs.Mean,
		Level:  level,
	}
	if diffs.scatter == 0 {
		t.Diff = orZero(t.Diff, diffs)
		return t.degenerate(-float64(float64(diffs.Groups) * math.Ln2))
	}
	t.SE, t.DF = diffs.SE(), float64(diffs.Groups-1)
	return t.finish(0)
}

// ClusteredWelch is [Welch] for samples that come in groups, each side's variance having G−1 degrees of freedom.
// Without variance between the groups of either side it is [Test.Degenerate], by the ways to assign whole groups to the sides.
// Below ten groups on a side its promises are weak.
//
// It returns [ErrTooFewGroups] when a side has fewer than two groups, and [ErrRange].
func ClusteredWelch(candidate, baseline Grouped, level float64) (Test, error) {
	if err := checkGroups(level, candidate, baseline); err != nil {
		return Test{}, err
	}
	t := Test{
		Method: ClusteredT,
		N:      [2]int{candidate.N, baseline.N},
		Groups: [2]int{candidate.Groups, baseline.Groups},
		Diff:   candidate.Mean - baseline.Mean,
		Level:  level,
	}
	if candidate.scatter == 0 && baseline.scatter == 0 {
		t.Diff = orZero(t.Diff, candidate, baseline)
		return t.degenerate(-lnChoose(candidate.Groups+baseline.Groups, baseline.Groups))
	}
	seC, seB := candidate.SE(), baseline.SE()
	return t.satterthwaite(float64(seC*seC), float64(seB*seB), candidate.Groups-1, baseline.Groups-1).finish(0)
}

func checkGroups(level float64, sides ...Grouped) error {
	for _, g := range sides {
		if g.Groups < 2 {
			return ErrTooFewGroups
		}
		if err := check(level, g.Moments); err != nil {
			return err
		}
		if !finite(g.scatter) {
			return ErrRange
		}
	}
	return nil
}

// orZero is diff, or 0 where it is so small against the values that rounding explains it. Where there is no variance the
// sign of a difference is all that a test has.
func orZero(diff float64, sides ...Grouped) float64 {
	size := 0.0
	for _, g := range sides {
		size = max(size, math.Abs(g.Min), math.Abs(g.Max))
	}
	if math.Abs(diff) <= float64(1e-13*size) {
		return 0
	}
	return diff
}
