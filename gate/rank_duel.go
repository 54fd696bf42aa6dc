package gate

import (
	"math"

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

// A duel is two ranked models and the test between them.
type duel struct {
	i, j   int // places, i above j
	test   stat.Test
	bounds bool       // whether the test's interval bounds anything
	p      [2]float64 // one-sided: small when i is better, and when j is
}

// rank compares the ranked models with each other and bounds their ranks.
func (r *Ranking) rank(p Policy) {
	ranked := 0
	for ranked < len(r.Places) && r.Places[ranked].Standing == Ranked {
		ranked++
	}
	var duels []duel
	var ps []float64
	for i := range ranked {
		r.Places[i].First, r.Places[i].Last = 1, ranked
		for j := i + 1; j < ranked; j++ {
			if d, ok := r.duel(i, j, p); ok {
				duels = append(duels, d)
				ps = append(ps, d.p[0], d.p[1])
			}
		}
	}
	adjusted := ps
	if p.Correction == Holm {
		adjusted = stat.Holm(ps)
		r.Family = len(ps)
	} else if len(ps) > 0 {
		r.Family = 1
	}
	for k, d := range duels {
		above, below := &r.Places[d.i], &r.Places[d.j]
		if adjusted[2*k] < p.Alpha { // a worse mean is never shown to be better: its p is 0.5 at least
			below.First++
			above.Last--
		}
		c := d.contrast(adjusted[2*k], p.Alpha)
		if d.i == 0 {
			below.Best = &c
		}
		if d.i == d.j-1 {
			below.Above = &c
		}
	}
}

// duel tests whether one of two models is better. It is false where no test can be made.
func (r *Ranking) duel(i, j int, p Policy) (duel, bool) {
	a, b := &r.Places[i].Measured, &r.Places[j].Measured
	if a.SD == nil || b.SD == nil || min(a.N, b.N) < p.MinSamples {
		return duel{}, false
	}
	t, err := stat.Welch(b.moments(), a.moments(), p.level())
	if err != nil {
		return duel{}, false
	}
	d := duel{i: i, j: j, test: t, bounds: !t.Degenerate, p: [2]float64{t.PWorse, t.PBetter}}
	if r.Direction == Lower {
		d.p[0], d.p[1] = d.p[1], d.p[0]
	}
	if a.constant() != b.constant() {
		d.bounds = false
		d.p = [2]float64{1, 1} // the variance of one side is a guess then, and Welch's test too eager
		if a.PassFail && b.PassFail {
			d.p = exact(a, b, r.Direction)
		}
	}
	return d, true
}

// exact compares two shares by Fisher's test: small when a is better, and when b is.
func exact(a, b *Measured, d Direction) [2]float64 {
	higher := stat.FisherMidP(a.passed(), a.N, b.passed(), b.N) // small when a passes more often
	if d == Lower {
		return [2]float64{1 - higher, higher}
	}
	return [2]float64{higher, 1 - higher}
}

// contrast is what the duel says of the lower place.
func (d duel) contrast(adjusted, alpha float64) Contrast {
	c := Contrast{Diff: clamp(d.test.Diff), P: d.p[0], PAdjusted: adjusted, Apart: adjusted < alpha}
	if d.bounds {
		c.Lo, c.Hi = clamp(d.test.Lo), clamp(d.test.Hi)
	}
	return c
}
