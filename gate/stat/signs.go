package stat

import (
	"fmt"
	"math"
	"slices"
)

// McNemar tests pairs that pass or fail: worse counts the samples that passed before and fail now, better the reverse. It is the
// mid-p form of the exact test, which keeps alpha in practice and is not as timid (Fagerland, Lydersen and Laake, BMC Med.
// Res. Methodol. 13:91, 2013). N counts both, Statistic is worse. It panics when a count is negative.
func McNemar(worse, better int) Companion {
	if worse < 0 || better < 0 {
		panic(fmt.Sprintf("stat: McNemar(%d, %d)", worse, better))
	}
	n := worse + better
	same := float64(fairCoin(n, worse) / 2)
	c := Companion{Method: McNemarMidP, N: n, Statistic: float64(worse), Exact: true}
	return c.withP(atLeast(n, worse)-same, atLeast(n, better)-same)
}

// fairCoin is the chance of k heads in n throws.
func fairCoin(n, k int) float64 {
	return exp(logFactorials(nil).choose(n, k) - float64(float64(n)*math.Ln2))
}

// atLeast is the chance of k heads or more in n throws.
func atLeast(n, k int) float64 {
	if k <= n/2 {
		return 1 - upper(n, n-k+1)
	}
	return upper(n, k)
}

// upper is atLeast for k above n/2, where terms fall.
func upper(n, k int) float64 {
	if k > n {
		return 0
	}
	var total sum
	for term := fairCoin(n, k); k <= n && term > 1e-17*total.value(); k++ {
		total = total.add(term)
		term = float64(term * (float64(n-k) / float64(k+1)))
	}
	return total.value()
}

// SignFlip tests whether per-sample differences have mean 0, exactly: over all ways to give them signs, which are
// equally likely where the sides are exchangeable within pairs. P-values are mid-p, N counts the differences that are
// not 0, Statistic is their mean with the zeros. It returns [ErrTooFew] without differences, [ErrRange], and [ErrTooMany] where
// the sums of different sign patterns are too many: beyond about 20 differences without ties.
func SignFlip(diffs []float64) (Companion, error) {
	changed, err := bySize(diffs)
	if err != nil {
		return Companion{}, err
	}
	t, total, err := signFlips(changed)
	if err != nil {
		return Companion{}, err
	}
	below, above := t.midP()
	c := Companion{Method: SignFlips, N: len(changed), Statistic: total / float64(len(diffs)), Exact: true}
	return c.withP(below, above), nil
}

// signFlips tallies the sums of the changes over all signs against the sum that was seen, and returns that.
func signFlips(changed []float64) (tally, float64, error) {
	const mostSums = 1 << 20
	var total, seen sum
	for _, d := range changed {
		seen = seen.add(d)
		total = total.add(math.Abs(d))
	}
	slack := float64(1e-12 * total.value()) // sums that differ by less are the same
	sums := []weighted{{0, 1}}
	for _, d := range changed {
		if len(sums) > mostSums {
			return tally{}, 0, ErrTooMany
		}
		sums = flip(sums, math.Abs(d), slack)
	}
	var below, same, above sum
	for _, s := range sums {
		switch d := s.sum - seen.value(); {
		case math.Abs(d) <= slack:
			same = same.add(s.p)
		case d < 0:
			below = below.add(s.p)
		default:
			above = above.add(s.p)
		}
	}
	return tally{below: below.value(), same: same.value(), above: above.value()}, seen.value(), nil
}

// weighted is a sum with its probability.
type weighted struct{ sum, p float64 }

// flip adds d or −d, each with probability ½, to sums in ascending order, and merges those within slack.
func flip(sums []weighted, d, slack float64) []weighted {
	out := make([]weighted, 0, 2*len(sums))
	i, j := 0, 0 // the next to be lowered, and raised
	for i < len(sums) || j < len(sums) {
		var next weighted
		if i < len(sums) && sums[i].sum-d <= sums[j].sum+d {
			next, i = weighted{sums[i].sum - d, float64(sums[i].p / 2)}, i+1
		} else {
			next, j = weighted{sums[j].sum + d, float64(sums[j].p / 2)}, j+1
		}
		if last := len(out) - 1; last >= 0 && next.sum-out[last].sum <= slack {
			out[last].p += next.p
			continue
		}
		out = append(out, next)
	}
	return out
}

// bySize returns the differences that are not 0 by ascending size. What is less than 10⁻¹² of the largest is 0: rounding
// leaves as much between equal decimal scores.
func bySize(diffs []float64) ([]float64, error) {
	if len(diffs) == 0 {
		return nil, ErrTooFew
	}
	largest, total := 0.0, 0.0
	for _, d := range diffs {
		largest = max(largest, math.Abs(d))
		total += math.Abs(d)
	}
	if !finite(total) {
		return nil, ErrRange
	}
	least := float64(1e-12 * largest)
	var down, up []float64 // sizes
	for _, d := range diffs {
		switch {
		case d > least:
			up = append(up, d)
		case d < -least:
			down = append(down, -d)
		}
	}
	ascend(down)
	ascend(up)
	kept := make([]float64, 0, len(down)+len(up))
	for len(down) > 0 || len(up) > 0 {
		if len(up) == 0 || len(down) > 0 && down[0] <= up[0] {
			kept, down = append(kept, -down[0]), down[1:]
		} else {
			kept, up = append(kept, up[0]), up[1:]
		}
	}
	return kept, nil
}

// ascend sorts xs, which must be finite: by counting while there are few distinct values, as differences of marks have.
func ascend(xs []float64) {
	const few = 256
	levels, ok := Levels(xs, few)
	if !ok {
		slices.Sort(xs)
		return
	}
	xs = xs[:0]
	for _, l := range levels {
		for range l.Count {
			xs = append(xs, l.Value)
		}
	}
}
