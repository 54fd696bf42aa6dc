package gate_test

import (
	"math/rand/v2"
	"testing"

	"github.com/hubgate/hubgate/gate"
)

// BenchmarkCalibrate measures what one replay of 800 samples takes: of a split of one run, or of two runs in pairs.
func BenchmarkCalibrate(b *testing.B) {
	values := func(seed uint64) []float64 {
		rng := rand.New(rand.NewPCG(seed, 1))
		out := make([]float64, 800)
		for i := range out {
			out[i] = rng.Float64()
		}
		return out
	}
	second := column(b, values(2)...)
	for _, bb := range []struct {
		name      string
		candidate gate.Run
		baseline  *gate.Run
	}{
		{"split_levels", judged(b, 1, 800, 1, 1), nil},
		{"split_many_values", column(b, values(1)...), nil},
		{"pairs", column(b, values(1)...), &second},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				calibrated(b, bb.candidate, bb.baseline, policy(maxLoss(0)), 10, 0)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(10*b.N), "µs/replay")
		})
	}
}
