package simulate

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/stat"
)

// A Cell is a situation that is drawn many times.
type Cell struct {
	Baseline, Candidate Mix
	N                   [2]int  // samples a side: baseline, candidate
	Paired              bool    // both sides answer the same samples, N[0] of them
	Correlation         float64 // of the two deviates behind a sample's scores
	Cluster             int     // samples in a group, whose deviates correlate at 0.3; 0 for none
	Series              int     // metrics of the run, drawn apart
	Loss                float64 // of the first metric's mean
	MaxLoss             float64 // tolerated
}

// Rates are what came of a cell: shares of its draws.
type Rates struct {
	Runs                          int
	Red                           float64 // the run fails
	Regressed, Held, Inconclusive float64 // of the first metric
	Plain                         float64 // Welch's test alone finds a loss of the first metric, and it is beyond MaxLoss
}

// alpha is the default policy's.
const alpha = 0.05

// Run draws the cell so many times and judges each. The same seed gives the same rates, on any number of workers; 0 workers
// are as many as there are processors.
func (c Cell) Run(seed uint64, runs, workers int) Rates {
	s := &sampler{Cell: c, shift: c.Candidate.shift(c.Loss)}
	p := gate.DefaultPolicy()
	p.Defaults.MaxLoss = &gate.Loss{Value: c.MaxLoss}
	p.Defaults.Scale = c.Baseline.scale()
	var next, red, regressed, held, inconclusive, plain atomic.Int64
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := next.Add(1); i <= int64(runs); i = next.Add(1) {
				candidate, baseline := s.runs(rand.New(rand.NewPCG(seed, uint64(i)))) //nolint:gosec // a simulation
				r := gate.Evaluate(candidate, map[string]gate.Baseline{"m": {Run: &baseline}}, p)
				count(&red, r.Decision() == gate.Fail)
				f := first(r)
				count(&regressed, f.Outcome == gate.Regressed)
				count(&held, f.Outcome == gate.Held)
				count(&inconclusive, f.Outcome == gate.Inconclusive)
				count(&plain, plainly(f))
			}
		})
	}
	group.Wait()
	share := func(n *atomic.Int64) float64 { return float64(n.Load()) / float64(runs) }
	return Rates{
		Runs: runs, Red: share(&red), Regressed: share(&regressed), Held: share(&held), Inconclusive: share(&inconclusive), Plain: share(&plain),
	}
}

func count(n *atomic.Int64, happened bool) {
	if happened {
		n.Add(1)
	}
}

// first returns the finding of the first metric.
func first(r gate.Report) gate.Finding {
	for _, f := range r.Models[0].Findings {
		if f.Metric == "m00" {
			return f
		}
	}
	return gate.Finding{}
}

// plainly reports what Welch's test by itself would say.
func plainly(f gate.Finding) bool {
	for _, t := range f.Tests {
		if t.Method == stat.WelchT {
			return t.PWorse < alpha && -t.Diff > f.MaxLoss
		}
	}
	return false
}
