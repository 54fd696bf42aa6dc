package gate

import (
	"cmp"
	"errors"
	"slices"

	"github.com/hubgate/hubgate/gate/stat"
)

// fewGroups is the number of groups below which tests that allow for groups are rough.
const fewGroups = 10

// maxSlices bounds Comparison.Slices.
const maxSlices = 5

// groupsOf numbers the groups of n samples by their names. A sample without a name is a group of its own. It is nil where no two
// samples share a group, which then says nothing.
func groupsOf(n int, name func(i int) string) []int {
	numbers := map[string]int{}
	out := make([]int, n)
	shared := false
	for i := range n {
		out[i] = n + i
		if g := name(i); g != "" {
			k, known := numbers[g]
			if !known {
				k = len(numbers)
				numbers[g] = k
			}
			out[i], shared = k, shared || known
		}
	}
	if !shared {
		return nil
	}
	return out
}

// groupedOf returns the moments of values that come in groups, nil where none do or each value is alone in its group.
func groupedOf(values []float64, groups []int) *stat.Grouped {
	if groups == nil {
		return nil
	}
	g := stat.OfGroups(values, groups)
	if g.Groups == g.N {
		return nil
	}
	return &g
}

// cluster adds the test that allows for groups, where samples share any. It decides, whatever the others say: samples of a group
// are alike, and count for less than as many that are not.
func (m *measurement) cluster(p Policy, inPairs bool) {
	if inPairs {
		if g := groupedOf(m.diffs.values, m.diffs.groups(m.of.pairs)); g != nil {
			m.GroupedPairs = true
			m.clustered(stat.ClusteredPaired(*g, p.level()))
			m.spread = [2]float64{perSample(*g)}
		}
		return
	}
	if m.candidate.grouped == nil && m.baseline.grouped == nil {
		return
	}
	c, b := m.candidate.inGroups(), m.baseline.inGroups()
	m.clustered(stat.ClusteredWelch(c, b, p.level()))
	m.spread = [2]float64{perSample(c), perSample(b)}
	m.flat = m.basis != nil && (c.SE() == 0) != (b.SE() == 0)
}

// clustered makes a test the one that decides.
func (m *measurement) clustered(t stat.Test, err error) {
	m.OneGroup = errors.Is(err, stat.ErrTooFewGroups)
	m.basis = m.add(t, err)
}

// perSample is the variance that independent samples would have for the same standard error.
func perSample(g stat.Grouped) float64 {
	se := g.SE()
	return float64(float64(se*se) * float64(g.N))
}

// groups returns those of the differences, nil where no two pairs share one.
func (d differences) groups(pairs *pairing) []int {
	if pairs.groups == nil {
		return nil
	}
	out := make([]int, len(d.pairs))
	for i, k := range d.pairs {
		out[i] = pairs.groups[k]
	}
	return out
}

// inGroups returns the moments of a side whose samples may all stand alone.
func (s *side) inGroups() stat.Grouped {
	if s.grouped != nil {
		return *s.grouped
	}
	alone := make([]int, len(s.values))
	for i := range alone {
		alone[i] = i
	}
	return stat.OfGroups(s.values, alone)
}

// adviseGroups warns of groups that are few, or known on one side alone.
func (m *measurement) adviseGroups() {
	if m.Decided == nil || m.Decided.Method != stat.ClusteredT {
		return
	}
	if n := min(m.Decided.Groups[0], m.Decided.Groups[1]); n < fewGroups {
		m.warn("only %d groups of samples: below %d, p-values are rough", n, fewGroups)
	}
	if c, b := m.candidate.table.Grouped(), m.baseline.table.Grouped(); !m.GroupedPairs && c != b {
		which := "candidate"
		if b {
			which = "baseline"
		}
		m.warn("only the %s's samples come in groups: the others count as independent", which)
	}
}

// slices finds the groups in which the loss sits. What they add sums to the whole: of a pair its difference, and unpaired how far a
// score lies from the baseline's mean, each over the number of all.
func (m *measurement) slices() {
	if m.of.candidate.groups == nil && m.of.baseline.groups == nil && m.of.pairs.groups == nil {
		return
	}
	parts := map[string]*slicing{}
	if m.Pairs() {
		m.slicePairs(parts)
	} else {
		m.sliceSides(parts)
	}
	slack := m.slack()
	for name, part := range parts {
		if s := part.slice(name); name != "" && m.turn(s.Loss) > slack {
			s.Loss = m.turn(s.Loss)
			m.Slices = append(m.Slices, s)
		}
	}
	slices.SortFunc(m.Slices, func(a, b Slice) int {
		return cmp.Or(cmp.Compare(b.Loss, a.Loss), cmp.Compare(a.Group, b.Group))
	})
	m.Slices = slices.Clip(m.Slices[:min(len(m.Slices), maxSlices)])
}

// A slicing is a slice in the making: the scores of either side less its reference, and over the number of all.
type slicing struct {
	n      [2]int
	sums   [2]float64
	change float64
}

func (s *slicing) slice(name string) Slice {
	out := Slice{Group: name, N: s.n, Loss: clamp(s.change)}
	for side, n := range s.n {
		out.Means[side] = clamp(s.sums[side] / float64(max(n, 1)))
	}
	return out
}

// part returns the slicing of a group.
func part(parts map[string]*slicing, name string) *slicing {
	s := parts[name]
	if s == nil {
		s = &slicing{}
		parts[name] = s
	}
	return s
}

func (m *measurement) slicePairs(parts map[string]*slicing) {
	pairs, all := m.of.pairs, float64(m.Paired)
	for i, k := range m.diffs.pairs {
		s := part(parts, pairs.group(k, m.of.candidate, m.of.baseline))
		s.n[0], s.n[1] = s.n[0]+1, s.n[1]+1
		s.sums[0] += m.candidate.column.Values[pairs.Candidate[k]]
		s.sums[1] += m.baseline.column.Values[pairs.Baseline[k]]
		s.change += m.diffs.values[i] / all
	}
}

func (m *measurement) sliceSides(parts map[string]*slicing) {
	reference := m.baseline.moments.Mean
	for side, s := range []*side{m.candidate, m.baseline} {
		sign := float64(1 - 2*side)
		for k := range s.table.Len() {
			row := s.table.Order(k)
			if !s.column.Scored(row) {
				continue
			}
			v := s.column.Values[row]
			p := part(parts, s.table.Group(row))
			p.n[side]++
			p.sums[side] += v
			p.change += float64(sign * ((v - reference) / float64(s.n())))
		}
	}
}
