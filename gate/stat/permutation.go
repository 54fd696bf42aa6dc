package stat

import (
	"cmp"
	"math"
	"slices"
)

// Permuted is the outcome of a permutation test.
type Permuted struct {
	// PWorse and PBetter are one-sided mid-p values: the share of relabellings whose statistic is lower, or
	// higher, than was seen, plus half the share of those with the same.
	PWorse, PBetter float64
	// Exact says that all relabellings were enumerated. If not, Resamples were drawn, beside which the one
	// that was seen counts as one more.
	Exact     bool
	Resamples int
}

// Permutation tests whether candidate and baseline come from one distribution, by Welch's t over all ways to
// relabel the scores: the studentized permutation test (Janssen, Stat. Probab. Lett. 36, 1997; Chung and Romano,
// Ann. Stat. 41, 2013). It is exact where the distributions are the same, whatever they are and however unequal the
// sides, and right in large samples where only the means are the same. A relabelling without variance has t = ±∞ by
// the sign of its difference.
//
// Relabellings are enumerated where their tables of counts are at most 200,000. Otherwise they are drawn as o says,
// until neither p can end below o.Alpha (Besag and Clifford, Biometrika 78, 1991).
//
// It returns [ErrTooFew] when a side has fewer than two values, [ErrRange], and [ErrTooMany].
func Permutation(candidate, baseline []float64, o Resampling) (Permuted, error) {
	if err := o.check(len(candidate) + len(baseline)); err != nil {
		return Permuted{}, err
	}
	p, err := newPool(candidate, baseline, 2)
	if err != nil {
		return Permuted{}, err
	}
	// The smaller side is dealt. Of two as large the choice falls to their scores and not to their names, so that
	// swapping the sides swaps the p-values.
	dealt, n, sign := p.candidate, p.candidateN, 1.0
	if cmp.Or(cmp.Compare(p.candidateN, p.baselineN), slices.Compare(p.candidate, p.baseline)) > 0 {
		dealt, n, sign = p.baseline, p.baselineN, -1
	}
	s := newSplits(p.totals, n)
	t := studentized(p.values, s)
	found, err := s.compare(t, t(dealt), o, func(t tally, draws int) bool {
		least := float64(o.Alpha * float64(draws+1))
		return min(t.below, t.above)+float64(t.same/2)+1 >= least
	})
	if err != nil {
		return Permuted{}, err
	}
	below, above := found.midP()
	if sign < 0 {
		below, above = above, below
	}
	return Permuted{PWorse: below, PBetter: above, Exact: found.draws == 0, Resamples: found.draws}, nil
}

// midP returns the one-sided mid-p values for a statistic as low, and as high, as was seen. Among draws what was
// seen counts as one on either side, so that no p is 0.
func (t tally) midP() (below, above float64) {
	half := float64(t.same / 2)
	if t.draws == 0 {
		return min(t.below+half, 1), min(t.above+half, 1)
	}
	return (1 + t.below + half) / float64(t.draws+1), (1 + t.above + half) / float64(t.draws+1)
}

// studentized returns Welch's t, dealt side − other side, as a function of the dealt side's counts at each value.
func studentized(values []float64, s *splits) func(counts []int) float64 {
	// Centred and scaled values keep their digits when squared.
	var centre, scale float64
	for k, v := range values {
		centre += float64((v - values[0]) * (float64(s.totals[k]) / float64(s.all)))
	}
	centre += values[0]
	for _, v := range values {
		scale = max(scale, math.Abs(v-centre))
	}
	if scale == 0 {
		scale = 1
	}
	type power struct{ first, second float64 }
	u := make([]power, len(values))
	var total power
	for k, v := range values {
		x := (v - centre) / scale
		u[k] = power{x, float64(x * x)}
		total.first += float64(float64(s.totals[k]) * u[k].first)
		total.second += float64(float64(s.totals[k]) * u[k].second)
	}
	n, m := float64(s.n), float64(s.all-s.n)
	return func(counts []int) float64 {
		var dealt power
		for k, c := range counts {
			dealt.first += float64(float64(c) * u[k].first)
			dealt.second += float64(float64(c) * u[k].second)
		}
		other := power{total.first - dealt.first, total.second - dealt.second}
		meanN, meanM := dealt.first/n, other.first/m
		diff := meanN - meanM
		variance := (dealt.second-float64(dealt.first*meanN))/(n*(n-1)) + (other.second-float64(other.first*meanM))/(m*(m-1))
		switch {
		case diff == 0:
			return 0
		case variance <= 0:
			return math.Copysign(math.MaxFloat64, diff)
		}
		return diff / math.Sqrt(variance)
	}
}

// Guarded returns t with each one-sided p raised to that of p where this is larger, and the two-sided p with them.
// Welch's test alone is too eager where a small side happens to have little variance: 35 to 50 % false alarms
// with a baseline of 10 or 20 near the ceiling of the scale against a candidate ten times as large.
func (t Test) Guarded(p Permuted) Test {
	if p.PWorse > t.PWorse {
		t.PWorse, t.Log10PWorse = p.PWorse, ln(p.PWorse)/math.Ln10
	}
	if p.PBetter > t.PBetter {
		t.PBetter, t.Log10PBetter = p.PBetter, ln(p.PBetter)/math.Ln10
	}
	t.PTwoSided = min(2*min(t.PWorse, t.PBetter), 1)
	t.Log10PTwoSided = min(min(t.Log10PWorse, t.Log10PBetter)+log10Of2, 0)
	return t
}
