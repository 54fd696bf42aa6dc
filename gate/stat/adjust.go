package stat

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of one family of tests so that rejecting those below alpha keeps the chance of any
// false rejection at alpha, whatever their dependence (Holm, Scand. J. Stat. 6, 1979). The result is in the
// order of p, which is not changed; no adjusted value is below its own or above 1. Values must be in [0, 1].
func Holm(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range ascending(p) {
		highest = max(highest, min(float64(p[i]*float64(len(p)-rank)), 1))
		adjusted[i] = highest
	}
	return adjusted
}

// Hochberg is a little more powerful than [Holm], and keeps its promise where tests are independent or positively
// dependent (Hochberg, Biometrika 75, 1988).
func Hochberg(p []float64) []float64 {
	return stepUp(p, func(rank int) float64 { return float64(len(p) - rank) })
}

// BenjaminiHochberg keeps the expected share of false rejections among all rejections at alpha, where tests are
// independent or positively dependent (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995). It does not keep the
// chance of any, which a gate needs.
func BenjaminiHochberg(p []float64) []float64 {
	return stepUp(p, func(rank int) float64 { return float64(len(p)) / float64(rank+1) })
}

// Bonferroni multiplies each p-value by their number. [Holm] promises the same and rejects more.
func Bonferroni(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	for i := range p {
		adjusted[i] = min(float64(p[i]*float64(len(p))), 1)
	}
	return adjusted
}

// stepUp adjusts from the largest p down: each by its factor, and none above the one before.
func stepUp(p []float64, factor func(rank int) float64) []float64 {
	adjusted := make([]float64, len(p))
	lowest := 1.0
	for rank, i := range slices.Backward(ascending(p)) {
		lowest = min(lowest, float64(p[i]*factor(rank)))
		adjusted[i] = lowest
	}
	return adjusted
}

// ascending lists the indices of p by ascending value.
func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	return order
}
