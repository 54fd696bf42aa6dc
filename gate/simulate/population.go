package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A Mix is a population of scores 1, 2 and 3, by the shares of 1 and of 2.
type Mix struct {
	Name      string
	One, Two  float64
	PassOrNot bool // the scores are 0 and 1 instead, One the share of 0
	LogNormal bool // the scores are minus a log-normal deviate instead: many values, some far below the others
}

// The populations. Most evaluations by a judge look like the first, and good models like the third.
var (
	high    = Mix{Name: "high", One: 0.05, Two: 0.15}
	mid     = Mix{Name: "mid", One: 0.20, Two: 0.30}
	ceiling = Mix{Name: "ceiling", One: 0.01, Two: 0.04}
	boolean = Mix{Name: "bool", One: 0.15, PassOrNot: true}
	wide    = Mix{Name: "wide", One: 0.25}
	narrow  = Mix{Name: "narrow", Two: 0.50}
	skewed  = Mix{Name: "skewed", LogNormal: true}
)

// score returns the score at a standard normal deviate, the lower the worse.
func (m Mix) score(z float64) float64 {
	below := stat.Tail(-z, math.Inf(1))
	switch {
	case m.LogNormal:
		return -math.Exp(-z)
	case m.PassOrNot && below < m.One:
		return 0
	case m.PassOrNot, below < m.One:
		return 1
	case below < m.One+m.Two:
		return 2
	}
	return 3
}

// scale is that of the scores where they are marks.
func (m Mix) scale() *score.Scale {
	if m.PassOrNot || m.LogNormal {
		return nil
	}
	return &score.Scale{Min: 1, Max: 3}
}

// mean is that of the scores at deviates moved down by shift.
func (m Mix) mean(shift float64) float64 {
	worse := func(share float64) float64 {
		if share == 0 {
			return 0
		}
		return stat.Tail(-stat.Quantile(share, math.Inf(1))-shift, math.Inf(1))
	}
	switch {
	case m.PassOrNot:
		return 1 - worse(m.One)
	case m.LogNormal:
		return -math.Exp(shift + 0.5)
	}
	return 3 - worse(m.One) - worse(m.One+m.Two)
}

// shift returns how far deviates must move down for the mean to fall by loss.
func (m Mix) shift(loss float64) float64 {
	lo, hi := 0.0, 8.0
	for range 60 {
		if middle := (lo + hi) / 2; m.mean(0)-m.mean(middle) < loss {
			lo = middle
		} else {
			hi = middle
		}
	}
	return lo
}

// A sampler draws the runs of one cell.
type sampler struct {
	Cell
	shift float64
}

// runs draws one pair of runs.
func (s *sampler) runs(rng *rand.Rand) (candidate, baseline gate.Run) {
	if s.Paired {
		return s.paired(rng)
	}
	return s.run(rng, 1, s.Candidate, s.N[1]), s.run(rng, 0, s.Baseline, s.N[0])
}

// run draws a run of samples that are in no other. Its side is 0 for the baseline and 1 for the candidate.
func (s *sampler) run(rng *rand.Rand, side int, m Mix, n int) gate.Run {
	var b builder
	var shared float64
	for i := range n {
		if s.Cluster > 0 && i%s.Cluster == 0 {
			shared = rng.NormFloat64()
		}
		b.next(side, i, s.Cluster)
		for k := range s.Series {
			z := rng.NormFloat64()
			if s.Cluster > 0 {
				z = mixed(within, shared, z)
			}
			if side == 1 && k == 0 {
				z -= s.shift
			}
			b.score(k, m.score(z))
		}
		b.add()
	}
	return b.run()
}

// paired draws two runs of the same samples.
func (s *sampler) paired(rng *rand.Rand) (candidate, baseline gate.Run) {
	var b [2]builder
	var shared [2]float64
	for i := range s.N[0] {
		if s.Cluster > 0 && i%s.Cluster == 0 {
			shared[0] = rng.NormFloat64()
			shared[1] = mixed(s.Correlation, shared[0], rng.NormFloat64())
		}
		b[0].next(-1, i, s.Cluster)
		b[1].next(-1, i, s.Cluster)
		for k := range s.Series {
			x := rng.NormFloat64()
			y := mixed(s.Correlation, x, rng.NormFloat64())
			if s.Cluster > 0 {
				x, y = mixed(within, shared[0], x), mixed(within, shared[1], y)
			}
			if k == 0 {
				y -= s.shift
			}
			b[0].score(k, s.Baseline.score(x))
			b[1].score(k, s.Candidate.score(y))
		}
		b[0].add()
		b[1].add()
	}
	return b[1].run(), b[0].run()
}

// within is the loading of a sample's deviate on its group's: its square is the correlation within groups, 0.3.
var within = math.Sqrt(0.3)

// mixed returns a standard normal deviate that has correlation r with x, from another that has none.
func mixed(r, x, other float64) float64 { return r*x + math.Sqrt(1-r*r)*other }

// A builder makes a run of one model.
type builder struct {
	scores score.Builder
	sample score.Sample
}

// next begins the i-th sample. Sides that share samples give the same one.
func (b *builder) next(side, i, cluster int) {
	b.sample = score.Sample{Key: score.Key{Model: "m"}, ID: fmt.Sprintf("%d.%d", side, i), Scores: b.sample.Scores[:0]}
	if cluster > 0 {
		b.sample.Group = fmt.Sprintf("%d.%d", side, i/cluster)
	}
}

func (b *builder) score(k int, v float64) {
	b.sample.Scores = append(b.sample.Scores, score.Value{Metric: fmt.Sprintf("m%02d", k), Score: v})
}

func (b *builder) add() {
	if err := b.scores.Add(b.sample); err != nil {
		panic("simulate: " + err.Error()) // a finite score with an id of its own
	}
}

func (b *builder) run() gate.Run {
	tables, err := b.scores.Build()
	if err != nil {
		panic("simulate: " + err.Error())
	}
	return gate.Run{Tables: tables, Provenance: gate.Provenance{SHA256: score.SHA256(tables)}}
}
