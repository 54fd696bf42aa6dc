package gate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
)

// scored makes a run of n samples for each model, their marks drawn by value.
func scored(b *testing.B, models, metrics, n int, seed uint64, identified bool, value func(*rand.Rand) float64) gate.Run {
	rng := rand.New(rand.NewPCG(seed, seed))
	var samples []score.Sample
	for model := range models {
		for i := range n {
			s := score.Sample{Key: score.Key{Model: fmt.Sprintf("model-%d", model)}}
			if identified {
				s.ID = fmt.Sprintf("%08d", i)
			}
			for metric := range metrics {
				s.Scores = append(s.Scores, score.Value{Metric: fmt.Sprintf("metric-%02d", metric), Score: value(rng)})
			}
			samples = append(samples, s)
		}
	}
	return build(b, samples...)
}

func threeMarks(rng *rand.Rand) float64 { return float64(1 + rng.IntN(3)) }
func anyScore(rng *rand.Rand) float64   { return rng.Float64() }

func BenchmarkEvaluate(b *testing.B) {
	for _, bb := range []struct {
		name               string
		models, metrics, n int
		paired             bool
		value              func(*rand.Rand) float64
	}{
		{"10models_20metrics_1000samples", 10, 20, 1000, true, threeMarks},
		{"10models_20metrics_1000samples_unpaired", 10, 20, 1000, false, threeMarks},
		{"10models_20metrics_700samples_unpaired", 10, 20, 700, false, threeMarks},
		{"hundred_marks_unpaired", 1, 1, 100, false, threeMarks},
		{"million_marks", 1, 1, 1_000_000, true, threeMarks},
		{"million_marks_unpaired", 1, 1, 1_000_000, false, threeMarks},
		{"million_continuous", 1, 1, 1_000_000, true, anyScore},
	} {
		b.Run(bb.name, func(b *testing.B) {
			candidate := scored(b, bb.models, bb.metrics, bb.n, 1, bb.paired, bb.value)
			baseline := scored(b, bb.models, bb.metrics, bb.n, 2, bb.paired, bb.value)
			baselines := map[string]gate.Baseline{}
			for _, model := range baseline.Models() {
				run := baseline.Only(model)
				baselines[model] = gate.Baseline{Run: &run}
			}
			b.SetBytes(int64(2 * 8 * bb.models * bb.metrics * bb.n))
			b.ReportAllocs()
			for b.Loop() {
				gate.Evaluate(candidate, baselines, gate.DefaultPolicy())
			}
		})
	}
}

// BenchmarkReadTwice is the yardstick of BenchmarkEvaluate: to read both sides of the same runs from Parquet.
func BenchmarkReadTwice(b *testing.B) {
	for _, bb := range []struct {
		name               string
		models, metrics, n int
		value              func(*rand.Rand) float64
	}{
		{"10models_20metrics_1000samples", 10, 20, 1000, threeMarks},
		{"million_marks", 1, 1, 1_000_000, threeMarks},
		{"million_continuous", 1, 1, 1_000_000, anyScore},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var content bytes.Buffer
			if err := codec.WriteWide(&content, scored(b, bb.models, bb.metrics, bb.n, 1, true, bb.value).Tables, nil); err != nil {
				b.Fatal(err)
			}
			file := codec.File{Name: "run.parquet", Content: bytes.NewReader(content.Bytes()), Size: int64(content.Len())}
			b.SetBytes(int64(2 * 8 * bb.models * bb.metrics * bb.n))
			b.ReportAllocs()
			for b.Loop() {
				for range 2 {
					if _, err := codec.Read(b.Context(), []codec.File{file}, codec.Options{}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
