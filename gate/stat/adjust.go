package stat

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of one family of tests so that rejecting those below alpha keeps the chance of any
// false rejection at alpha, whatever their dependence (Holm, Scand. J. Stat. 6, 1979). The result is in the
// order of p, which is not changed; no adjusted value is below its own or above 1. Values must be in [0, 1].
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(float64(p[i]*float64(len(p)-rank)), 1))
		adjusted[i] = highest
	}
	return adjusted
}
