package stat

import (
	"math"
	"slices"
)

// HedgesG is the difference of means in pooled standard deviations, corrected for small samples by the exact
// factor of Hedges (J. Educ. Stat. 6, 1981, eq. 6e). It is false where it is undefined: a side with
// fewer than two values, no variance at all, or a spread out of range.
func HedgesG(candidate, baseline Moments) (float64, bool) {
	if candidate.N < 2 || baseline.N < 2 || !candidate.usable() || !baseline.usable() {
		return 0, false
	}
	if candidate.Constant() && baseline.Constant() {
		return 0, false
	}
	m := float64(candidate.N + baseline.N - 2)
	d := (candidate.Mean - baseline.Mean) / math.Sqrt((candidate.M2+baseline.M2)/m)
	// J = Γ(m/2) / (√(m/2)·Γ((m−1)/2)), that is √(a/(a+½)) times the ratio below at a = (m−1)/2.
	a := float64((m - 1) / 2)
	j := float64(exp(logGammaRatio(a)) * math.Sqrt(a/(a+0.5)))
	g := float64(d * j)
	return g, finite(g)
}

// CohenDz is the mean of per-sample differences in their standard deviations (Cohen 1988, p. 48). It is false
// for fewer than two differences, when all are the same, and when their spread is out of range.
func CohenDz(diffs Moments) (float64, bool) {
	if diffs.N < 2 || diffs.Constant() || !diffs.usable() {
		return 0, false
	}
	dz := diffs.Mean / diffs.SD()
	return dz, finite(dz)
}

// CliffsDelta is P(candidate > baseline) − P(candidate < baseline) over all pairs of a value of each side
// (Cliff, Psychol. Bull. 114, 1993): 1 when every candidate value is above every baseline value, −1 when
// below. It is NaN when a side is empty: with no pair there is no share.
func CliffsDelta(candidate, baseline []float64) float64 {
	c, b := slices.Clone(candidate), slices.Clone(baseline)
	slices.Sort(c)
	slices.Sort(b)
	var below, notAbove int // baseline values < x, and ≤ x, for the current candidate value x
	var balance int64
	for _, x := range c {
		for below < len(b) && b[below] < x {
			below++
		}
		for notAbove < len(b) && b[notAbove] <= x {
			notAbove++
		}
		balance += int64(below) - int64(len(b)-notAbove)
	}
	return float64(balance) / (float64(len(c)) * float64(len(b)))
}
