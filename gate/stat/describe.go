package stat

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/montanaflynn/stats"
)

// Quartiles are a sample's extremes, quartiles and median.
type Quartiles struct{ Min, Q1, Median, Q3, Max float64 }

// QuartilesOf returns the quartiles of xs by linear interpolation between order statistics: type 7 of
// Hyndman and Fan (1996), what R, NumPy and spreadsheets do by default. xs is not changed. While there are few distinct
// values it counts them and does not sort. It returns [ErrTooFew] when xs is empty and [ErrRange] when a value is NaN or infinite.
func QuartilesOf(xs []float64) (Quartiles, error) {
	const few = 256 // a table of this many levels stays in the first-level cache
	if len(xs) == 0 {
		return Quartiles{}, ErrTooFew
	}
	if levels, ok := Levels(xs, few); ok {
		return quartiles(len(xs), func(i int) float64 { return orderStatistic(levels, i) })
	}
	sorted := slices.Clone(xs)
	slices.Sort(sorted)
	return quartiles(len(sorted), func(i int) float64 { return sorted[i] })
}

// quartiles takes the order statistics of n values from at, which answers for 0 ≤ i < n.
func quartiles(n int, at func(i int) float64) (Quartiles, error) {
	if !finite(at(0), at(n-1)) { // NaN sorts first
		return Quartiles{}, ErrRange
	}
	// Of the library only Median is used, on the middle values: each of its order statistics sorts a copy, and its
	// Percentile adds a product, which compilers for some machines round differently.
	median, err := stats.Median(stats.Float64Data{at((n - 1) / 2), at(n / 2)})
	if err != nil {
		return Quartiles{}, fmt.Errorf("median: %w", err)
	}
	return Quartiles{
		Min:    at(0),
		Q1:     quantile(n, at, 0.25),
		Median: median,
		Q3:     quantile(n, at, 0.75),
		Max:    at(n - 1),
	}, nil
}

// quantile is the type 7 quantile for p in [0, 1].
func quantile(n int, at func(i int) float64, p float64) float64 {
	rank := float64(p * float64(n-1))
	k := int(rank)
	frac := rank - float64(k)
	lo := at(k)
	if frac == 0 {
		return lo
	}
	hi := at(k + 1)
	if d := hi - lo; !math.IsInf(d, 0) {
		return lo + float64(frac*d)
	}
	return float64((1-frac)*lo) + float64(frac*hi)
}

// A Level is one distinct score with the number of samples that have it.
type Level struct {
	Value float64
	Count int
}

// Levels counts the distinct values of xs, which must be finite, in ascending order; −0 counts as 0. It is
// false, and stops reading, when there are more than most.
func Levels(xs []float64, most int) ([]Level, bool) {
	// A hash table with linear probing, at most half full: three times as fast as a map at a million rows.
	size, shift := 4, 62
	for size < 2*min(most, len(xs)) {
		size, shift = 2*size, shift-1
	}
	table := make([]Level, size)
	distinct := 0
	for _, x := range xs {
		x += 0                                                 // −0 becomes 0
		i := math.Float64bits(x) * 0x9E3779B97F4A7C15 >> shift // Fibonacci hashing, Knuth vol. 3, 6.4
		for table[i].Count != 0 && table[i].Value != x {
			i = (i + 1) & uint64(size-1) //nolint:gosec // size is a power of two
		}
		if table[i].Count == 0 {
			if distinct >= most {
				return nil, false
			}
			distinct++
			table[i].Value = x
		}
		table[i].Count++
	}
	levels := slices.DeleteFunc(table, func(l Level) bool { return l.Count == 0 })
	slices.SortFunc(levels, func(a, b Level) int { return cmp.Compare(a.Value, b.Value) })
	return slices.Clone(levels), true
}

// orderStatistic is the i-th smallest, from 0, of the values counted in levels.
func orderStatistic(levels []Level, i int) float64 {
	for _, l := range levels {
		if i -= l.Count; i < 0 {
			return l.Value
		}
	}
	return levels[len(levels)-1].Value
}
