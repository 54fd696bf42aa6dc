package gate_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// gone stands for a score that is missing.
var gone = math.NaN()

// sample makes a sample with the scores of metrics m0, m1, …, or of "accuracy" when there is one.
func sample(model, id string, scores ...float64) score.Sample {
	s := score.Sample{Key: score.Key{Model: model}, ID: id}
	for i, v := range scores {
		value := score.Value{Metric: fmt.Sprintf("m%d", i), Score: v}
		if len(scores) == 1 {
			value.Metric = "accuracy"
		}
		if math.IsNaN(v) {
			value.Score, value.Cause = 0, score.Null
		}
		s.Scores = append(s.Scores, value)
	}
	return s
}

func build(tb testing.TB, samples ...score.Sample) gate.Run {
	tb.Helper()
	var b score.Builder
	b.File("scores.jsonl")
	for i, s := range samples {
		s.Row = i + 1
		if err := b.Add(s); err != nil {
			tb.Fatal(err)
		}
	}
	tables, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return gate.Run{Tables: tables}
}

// column makes a run of model "m" with ids q000, q001, … and one metric, accuracy.
func column(tb testing.TB, scores ...float64) gate.Run {
	tb.Helper()
	samples := make([]score.Sample, len(scores))
	for i, v := range scores {
		samples[i] = sample("m", fmt.Sprintf("q%03d", i), v)
	}
	return build(tb, samples...)
}

// anonymous is column without ids.
func anonymous(tb testing.TB, scores ...float64) gate.Run {
	tb.Helper()
	samples := make([]score.Sample, len(scores))
	for i, v := range scores {
		samples[i] = sample("m", "", v)
	}
	return build(tb, samples...)
}

func repeat(n int, pattern ...float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = pattern[i%len(pattern)]
	}
	return out
}

func against(run gate.Run) map[string]gate.Baseline {
	return map[string]gate.Baseline{"m": {Run: &run}}
}

// only is the one comparison of two runs.
func only(tb testing.TB, candidate, baseline gate.Run, p gate.Policy) gate.Comparison {
	tb.Helper()
	cs := gate.Compare(candidate, against(baseline), p)
	if len(cs) != 1 {
		tb.Fatalf("%d comparisons, want 1", len(cs))
	}
	return cs[0]
}

func policy(change ...func(*gate.Policy)) gate.Policy {
	p := gate.DefaultPolicy()
	for _, c := range change {
		c(&p)
	}
	return p
}

func maxLoss(v float64) func(*gate.Policy) {
	return func(p *gate.Policy) { p.Defaults.MaxLoss = &gate.Loss{Value: v} }
}

func criteria(cs ...gate.Criterion) func(*gate.Policy) {
	return func(p *gate.Policy) { p.Criteria = cs }
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*max(1, math.Abs(want)) }
