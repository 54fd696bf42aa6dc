package stat

import (
	"math"
	"slices"
)

// A Shift is the outcome of a test of whether two samples come from one distribution, whatever differs: equal means can
// hide that scores moved from the middle to both ends.
type Shift struct {
	Method    Method
	Statistic float64
	DF        int // of [ChiSquared]; 0 otherwise
	P         float64
	// Exact says that P is exact given the ties. If it is not, it comes from Resamples permutations, or, where these
	// are 0, from a formula for large samples.
	Exact     bool
	Resamples int
}

// ChiSquare is Pearson's test of homogeneity: whether the shares of the levels are the same on both sides. Where a level
// is expected fewer than five times on a side, P is by permutation, enumerated or drawn as o says, and else by the chi-square
// distribution. With just one level P is 1.
//
// It is for scores with few levels. It returns [ErrTooFew] when a side is empty, [ErrRange], and [ErrTooMany].
func ChiSquare(candidate, baseline []float64, o Resampling) (Shift, error) {
	const sparse = 5 // Cochran's rule
	if err := o.check(); err != nil {
		return Shift{}, err
	}
	p, err := newPool(candidate, baseline, 1)
	if err != nil {
		return Shift{}, err
	}
	s := newSplits(p.totals, p.candidateN)
	statistic := chiSquared(s)
	out := Shift{Method: ChiSquared, Statistic: statistic(p.candidate), DF: len(p.totals) - 1}
	if p.leastExpected() >= sparse {
		out.P = chiSquareTail(out.Statistic, out.DF)
		return out, nil
	}
	found, err := s.compare(statistic, out.Statistic, o, func(t tally, draws int) bool {
		return t.above+t.same+1 >= float64(o.Alpha*float64(draws+1))
	})
	if err != nil {
		return Shift{}, err
	}
	out.P, out.Exact, out.Resamples = found.asExtreme(), found.draws == 0, found.draws
	return out, nil
}

// asExtreme is the p-value for a statistic as high as was seen, or higher.
func (t tally) asExtreme() float64 {
	if t.draws == 0 {
		return min(t.above+t.same, 1)
	}
	return (1 + t.above + t.same) / float64(t.draws+1)
}

// leastExpected is the lowest count of a level that either side would have, were the shares the same.
func (p pool) leastExpected() float64 {
	least := math.Inf(1)
	for _, t := range p.totals {
		least = min(least, float64(t))
	}
	return least * float64(min(p.candidateN, p.baselineN)) / float64(p.candidateN+p.baselineN)
}

// chiSquared returns Pearson's statistic as a function of the dealt side's counts.
func chiSquared(s *splits) func(counts []int) float64 {
	n, all := float64(s.n), float64(s.all)
	share := n / all
	scale := all / n * (all / (all - n))
	return func(counts []int) float64 {
		total := 0.0
		for k, c := range counts {
			t := float64(s.totals[k])
			off := float64(c) - float64(t*share)
			total += float64(off*off) / t
		}
		return float64(total * scale)
	}
}

// chiSquareTail is P(χ² > x) for df degrees of freedom: the incomplete gamma function at a = df/2 and y = x/2, whose
// recurrence in a ends at e^−y or erfc √y (DLMF 8.8.10). All terms are positive.
func chiSquareTail(x float64, df int) float64 {
	if df == 0 {
		return 1
	}
	const logHalfSqrtPi = -0.120782237635245222345518445781647212
	y := float64(x / 2)
	var total sum
	j, logTerm := 0.0, -y // terms are y^j·e^−y/Γ(j+1) for j below a
	if df%2 == 1 {
		total = total.add(2 * Tail(math.Sqrt(x), math.Inf(1)))
		j, logTerm = 0.5, float64(ln(y)/2)-y-logHalfSqrtPi
	}
	if y > 0 || df%2 == 0 {
		for ; j < float64(float64(df)/2); j++ {
			total = total.add(exp(logTerm))
			logTerm += ln(y / (j + 1))
		}
	}
	return min(total.value(), 1)
}

// KolmogorovSmirnov tests by the largest gap between the two empirical distributions, for scores with many values. P is exact
// given the ties (Hodges, Ark. Mat. 3, 1958) while the work is small, up to 1,000 samples a side, and beyond
// by the limit distribution, which is right without ties and timid with them.
//
// It returns [ErrTooFew] when a side is empty, and [ErrRange].
func KolmogorovSmirnov(candidate, baseline []float64) (Shift, error) {
	if min(len(candidate), len(baseline)) == 0 {
		return Shift{}, ErrTooFew
	}
	c, b := ordered(candidate), ordered(baseline)
	if !finite(c[0], c[len(c)-1], b[0], b[len(b)-1]) { // NaN sorts first
		return Shift{}, ErrRange
	}
	// Gaps are counted in units of 1/(n·m), in which they are whole numbers.
	n, m := int64(len(c)), int64(len(b))
	var widest, i, j int64
	for i < n && j < m {
		value := min(c[i], b[j])
		for i < n && c[i] == value {
			i++
		}
		for j < m && b[j] == value {
			j++
		}
		gap := i*m - j*n
		widest = max(widest, gap, -gap)
	}
	out := Shift{Method: KolmogorovD, Statistic: float64(widest) / float64(n*m)}
	if min(n, m)*(n+m) > mostSteps {
		out.P = kolmogorovTail(out.Statistic * math.Sqrt(float64(n)/float64(n+m)*float64(m)))
		return out, nil
	}
	totals := make([]int, 0, n+m)
	for _, l := range runs(ordered(slices.Concat(c, b))) {
		totals = append(totals, l.Count)
	}
	out.P, out.Exact = kolmogorovExact(totals, min(n, m), max(n, m), widest), true
	return out, nil
}

// mostSteps bounds the work of an exact test of Kolmogorov and Smirnov to a few milliseconds.
const mostSteps = 2_000_000

// ordered is xs in ascending order, xs itself where it is.
func ordered(xs []float64) []float64 {
	if slices.IsSorted(xs) {
		return xs
	}
	out := slices.Clone(xs)
	slices.Sort(out)
	return out
}

// kolmogorovExact is the chance that dealing values with these totals to sides of n and m opens a gap of widest or more.
// It deals value by value in ascending order, keeps the chance of each number dealt to the first side, and takes out
// what has opened the gap at the end of a level.
func kolmogorovExact(totals []int, n, m, widest int64) float64 {
	chance := make([]float64, n+1) // of so many dealt to the first side, without a gap so far
	chance[0] = 1
	var opened sum
	dealt := int64(0)
	for _, total := range totals {
		for range total {
			left := float64(n + m - dealt)
			for a := min(dealt, n); a >= max(0, dealt-m); a-- {
				first := float64(chance[a] * (float64(n-a) / left))
				chance[a] -= first
				if a < n {
					chance[a+1] += first
				}
			}
			dealt++
		}
		for a := max(0, dealt-m); a <= min(dealt, n); a++ {
			if gap := a*m - (dealt-a)*n; max(gap, -gap) >= widest {
				opened = opened.add(chance[a])
				chance[a] = 0
			}
		}
	}
	return min(opened.value(), 1)
}

// kolmogorovTail is the limit of P(√(nm/(n+m))·D > t) (Kolmogorov 1933), by the one of its two series that converges at once.
func kolmogorovTail(t float64) float64 {
	var total sum
	if t < 1 {
		if t < 0.04 { // all terms underflow
			return 1
		}
		for k := 1.0; k <= 9; k += 2 {
			total = total.add(exp(-float64(k*k) * (math.Pi * math.Pi / 8) / float64(t*t)))
		}
		return 1 - float64(math.Sqrt(2*math.Pi)/t*total.value())
	}
	for k := 1.0; k <= 9; k++ {
		sign := 1.0
		if int(k)%2 == 0 {
			sign = -1
		}
		total = total.add(float64(sign * exp(-2*float64(float64(k*k)*float64(t*t)))))
	}
	return float64(2 * total.value())
}
