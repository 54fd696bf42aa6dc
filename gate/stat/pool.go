package stat

import "slices"

// A pool counts the scores of two samples at each of their distinct values, which ascend.
type pool struct {
	values                []float64
	candidate, baseline   []int
	totals                []int
	candidateN, baselineN int
}

// newPool returns [ErrTooFew] when a side has fewer than least values, of which there must be one, and [ErrRange].
func newPool(candidate, baseline []float64, least int) (pool, error) {
	if min(len(candidate), len(baseline)) < least {
		return pool{}, ErrTooFew
	}
	p := pool{candidateN: len(candidate), baselineN: len(baseline)}
	c, b := allLevels(candidate), allLevels(baseline)
	if !finite(c[0].Value, c[len(c)-1].Value, b[0].Value, b[len(b)-1].Value) { // NaN sorts first
		return pool{}, ErrRange
	}
	for len(c) > 0 || len(b) > 0 {
		value := 0.0
		if len(b) == 0 || len(c) > 0 && c[0].Value < b[0].Value {
			value = c[0].Value
		} else {
			value = b[0].Value
		}
		inC, inB := 0, 0
		if len(c) > 0 && c[0].Value == value {
			inC, c = c[0].Count, c[1:]
		}
		if len(b) > 0 && b[0].Value == value {
			inB, b = b[0].Count, b[1:]
		}
		p.values = append(p.values, value)
		p.candidate, p.baseline = append(p.candidate, inC), append(p.baseline, inB)
		p.totals = append(p.totals, inC+inB)
	}
	if !Of(p.values).usable() {
		return pool{}, ErrRange
	}
	return p, nil
}

// allLevels are the levels of xs, however many. Sorted values are just counted.
func allLevels(xs []float64) []Level {
	const few = 256 // a small table is faster while it holds
	if slices.IsSorted(xs) {
		return runs(xs)
	}
	levels, ok := Levels(xs, few)
	if !ok {
		levels, _ = Levels(xs, len(xs))
	}
	return levels
}

// runs are the levels of sorted values.
func runs(xs []float64) []Level {
	var out []Level
	for _, x := range xs {
		if last := len(out) - 1; last >= 0 && out[last].Value == x {
			out[last].Count++
			continue
		}
		out = append(out, Level{x + 0, 1}) // −0 becomes 0
	}
	return out
}

// midranks are the ranks, from 1, of values of which counts[k] have the k-th smallest value; equal ones share the mean
// of their ranks.
func midranks(counts []int) []float64 {
	ranks := make([]float64, len(counts))
	before := 0
	for k, n := range counts {
		ranks[k] = float64(before) + float64(float64(n+1)/2)
		before += n
	}
	return ranks
}
