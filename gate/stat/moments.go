package stat

import "math"

// Moments are a sample's count, mean, sum of squared deviations from the mean, and extremes. They merge, so
// that parts of a column can be reduced in parallel or as they stream, and the tests need nothing else.
// The zero value is the empty sample. Mean and M2 are not finite when squared spreads exceed float64's range.
type Moments struct {
	N        int
	Mean, M2 float64
	Min, Max float64
}

// Of returns the moments of xs, which must be finite.
//
// It subtracts the first value from all, sums with Neumaier's compensation (ZAMM 54, 1974) and takes a second pass over
// the deviations from the mean with the correction of Chan, Golub and LeVeque (1983, eq. 1.7). M2 thus keeps its
// digits under any offset of the values, and their order does not show. A constant column has exactly its value
// as mean and exactly 0 as M2.
func Of(xs []float64) Moments {
	if len(xs) == 0 {
		return Moments{}
	}
	first := xs[0]
	lo, hi := first, first
	var shift sum
	for _, x := range xs {
		if x < lo {
			lo = x
		}
		if x > hi {
			hi = x
		}
		shift = shift.add(x - first)
	}
	m := Moments{N: len(xs), Mean: first, Min: lo, Max: hi}
	offset := shift.value()
	if lo == hi && offset == 0 { // a NaN is neither below nor above, but does show in the sum
		return m
	}
	n := float64(len(xs))
	mean := first + offset/n
	var dev, square sum
	for _, x := range xs {
		d := x - mean
		dev = dev.add(d)
		square = square.add(float64(d * d))
	}
	rest := dev.value() // 0 but for the rounding of mean
	m.Mean = min(max(mean+rest/n, lo), hi)
	m.M2 = max(square.value()-float64(rest*rest)/n, 0)
	return m
}

// Merge returns the moments of both samples together: Chan, Golub and LeVeque (1983), eq. 2.1. Results differ from [Of] of the
// whole by rounding only; for identical bits merge in a fixed order.
func (m Moments) Merge(o Moments) Moments {
	switch {
	case m.N == 0:
		return o
	case o.N == 0:
		return m
	}
	all := Moments{N: m.N + o.N, Mean: m.Mean, Min: min(m.Min, o.Min), Max: max(m.Max, o.Max)}
	if all.Constant() {
		return all
	}
	share := float64(o.N) / float64(all.N)
	d := o.Mean - m.Mean
	all.Mean = min(max(m.Mean+float64(d*share), all.Min), all.Max)
	all.M2 = m.M2 + o.M2 + float64(float64(float64(d*d)*share)*float64(m.N))
	return all
}

// Var is the unbiased variance; NaN when N < 2, exactly 0 when Constant.
func (m Moments) Var() float64 {
	if m.N < 2 {
		return math.NaN()
	}
	if m.Constant() {
		return 0
	}
	return m.M2 / float64(m.N-1)
}

// SD is the square root of Var: the sample standard deviation.
func (m Moments) SD() float64 { return math.Sqrt(m.Var()) }

// SE is the standard error of the mean, SD/√N.
func (m Moments) SE() float64 { return math.Sqrt(m.Var() / float64(m.N)) }

// Constant reports whether all values are the same. It looks at the extremes and not at the variance,
// which rounding can leave above 0.
func (m Moments) Constant() bool { return m.N > 0 && m.Min == m.Max && !math.IsNaN(m.Mean) }

// usable reports whether the spread of m lies where its square keeps full precision.
func (m Moments) usable() bool {
	const tiny = 1e-290 // the smallest normal float64 is 2.2e-308: below this, M2 has lost digits
	return finite(m.Mean, m.M2) && (m.Constant() || m.M2 > tiny)
}

// A sum adds float64 values as Neumaier does, in Knuth's form without a branch: lost collects exactly what
// each addition rounds away.
type sum struct{ total, lost float64 }

func (s sum) add(x float64) sum {
	t := s.total + x
	z := t - s.total
	return sum{t, s.lost + ((s.total - (t - z)) + (x - z))}
}

func (s sum) value() float64 { return s.total + s.lost }

func finite(xs ...float64) bool {
	for _, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
