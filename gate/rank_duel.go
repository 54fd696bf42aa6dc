package gate

import (
	"math"
	"slices"

	"github.com/hubgate/hubgate/gate/stat"
)

// summarize adds what a report shows of a mean.
func (pl *Place) summarize(level float64) {
	if pl.N == 0 {
		return
	}
	if pl.SD != nil {
		m := pl.moments()
		pl.Lo, pl.Hi, pl.Interval = stat.MeanInterval(m, level)
		if pl.Interval {
			pl.SE = m.SE()
		}
	}
	if pl.PassFail {
		pl.Lo, pl.Hi = stat.Wilson(pl.passed(), pl.N, level)
		pl.Interval = true
	}
}

// passed counts the ones of scores that are 0 or 1.
func (m *Measured) passed() int {
	return min(max(int(math.Round(m.Mean*float64(m.N))), 0), m.N)
}

// constant reports whether the scores are known to have no spread.
func (m *Measured) constant() bool { return m.SD != nil && *m.SD == 0 }

// moments returns the moments behind n, mean and standard deviation. The extremes are not known: they only tell whether the
// scores are all the same.
func (m *Measured) moments() stat.Moments {
	out := stat.Moments{N: m.N, Mean: m.Mean, M2: *m.SD * *m.SD * float64(m.N-1), Min: m.Mean, Max: m.Mean}
	if !m.constant() {
		out.Min, out.Max = math.Nextafter(m.Mean, math.Inf(-1)), math.Nextafter(m.Mean, math.Inf(1))
	}
	return out
}

// A duel is two ranked models that were compared.
type duel struct {
	i, j           int       // places, i above j
	above, reverse float64   // p-values: that i is better, and that j is
	contrast       *Contrast // of j with i; nil where nobody asks for it
}

// duels compares a place with every ranked one below it.
func (r *Ranking) duels(i, ranked int, p Policy) []duel {
	out := make([]duel, 0, ranked-i-1)
	for j := i + 1; j < ranked; j++ {
		above, reverse, ok := r.compare(i, j, p)
		if !ok {
			continue
		}
		d := duel{i: i, j: j, above: above, reverse: reverse}
		if i == 0 || j == i+1 {
			d.contrast = r.contrast(i, j, above, p)
		}
		out = append(out, d)
	}
	return out
}

// rank compares the ranked models with each other and bounds their ranks.
func (r *Ranking) rank(p Policy) {
	ranked := 0
	for ranked < len(r.Places) && r.Places[ranked].Standing == Ranked {
		ranked++
	}
	byPlace := make([][]duel, ranked)
	each(ranked, func(i int) {
		r.Places[i].First, r.Places[i].Last = 1, ranked
		byPlace[i] = r.duels(i, ranked, p)
	})
	duels := slices.Concat(byPlace...)
	ps := make([]float64, 0, 2*len(duels))
	for _, d := range duels {
		ps = append(ps, d.above, d.reverse)
	}
	if r.Family = min(len(ps), 1); p.Correction == Holm {
		r.Family, ps = len(ps), stat.Holm(ps)
	}
	for k, d := range duels {
		above, below := &r.Places[d.i], &r.Places[d.j]
		adjusted := ps[2*k] // the other is 0.5 at least: a worse mean is never shown to be better
		if adjusted < p.Alpha {
			below.First++
			above.Last--
		}
		if d.contrast == nil {
			continue
		}
		d.contrast.PAdjusted, d.contrast.Apart = adjusted, adjusted < p.Alpha
		if d.i == 0 {
			below.Best = d.contrast
		}
		if d.j == d.i+1 {
			below.Above = d.contrast
		}
	}
}

// compare tests whether a place is better than one below it, and the reverse. It is false where no test can be made.
func (r *Ranking) compare(above, below int, p Policy) (better, reverse float64, ok bool) {
	a, b := &r.Places[above].Measured, &r.Places[below].Measured
	if a.SD == nil || b.SD == nil || min(a.N, b.N) < p.MinSamples {
		return 0, 0, false
	}
	better, reverse, err := stat.WelchP(b.moments(), a.moments())
	if err != nil {
		return 0, 0, false
	}
	switch {
	case a.PassFail && b.PassFail && a.constant() != b.constant():
		better, reverse = exact(a, b, r.Direction)
	case a.constant() != b.constant():
		better, reverse = 1, 1 // the variance of one side is a guess then, and Welch's test too eager
	case r.Direction == Lower:
		better, reverse = reverse, better
	}
	return better, reverse, true
}

// contrast is what readers are told of a comparison, by the p-value for "the one above is better". What is adjusted is left out.
func (r *Ranking) contrast(above, below int, better float64, p Policy) *Contrast {
	a, b := &r.Places[above].Measured, &r.Places[below].Measured
	c := Contrast{Diff: b.Mean - a.Mean, P: better}
	if t, err := stat.Welch(b.moments(), a.moments(), p.level()); err == nil && a.constant() == b.constant() {
		c.Lo, c.Hi = t.Lo, t.Hi // without width where neither has any spread
	}
	return &c
}

// exact compares two shares by Fisher's test: small when a is better, and when b is.
func exact(a, b *Measured, d Direction) (aBetter, bBetter float64) {
	more := stat.FisherMidP(a.passed(), a.N, b.passed(), b.N) // small when a passes more often
	if d == Lower {
		return 1 - more, more
	}
	return more, 1 - more
}
