package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Whatever the scores, no function panics or answers with a NaN, an infinity or a p outside [0, 1]: it gives an error with a
// name. The inputs are seeded, small, and nasty: ties, constants, offsets, subnormals, overflow, NaN and infinities.
func TestNothingIsEverNaN(t *testing.T) {
	t.Parallel()
	inputs := 100_000
	if testing.Short() {
		inputs = 5_000
	}
	rng := rand.New(rand.NewPCG(101, 102))
	refused := 0
	for range inputs {
		xs, ys := nasty(rng), nasty(rng)
		if !answersAreSound(t, rng, xs, ys) {
			refused++
		}
		if t.Failed() {
			t.Fatalf("scores %v and %v", xs, ys)
		}
	}
	if share := float64(refused) / float64(inputs); share > 0.9 {
		t.Errorf("%.2f of the inputs were refused: they test little", share)
	}
}

// answersAreSound reports whether the permutation test took the input.
func answersAreSound(t *testing.T, rng *rand.Rand, xs, ys []float64) bool {
	t.Helper()
	level := []float64{0.9, 0.5, 1e-9, 1 - 1e-12}[rng.IntN(4)]
	o := Resampling{Alpha: []float64{0.05, 0.5, 0.999}[rng.IntN(3)], Family: 1 + rng.IntN(3), Seed: rng.Uint64()}
	groups := func(n int) []int {
		gs := make([]int, n)
		for i := range gs {
			gs[i] = rng.IntN(1 + n/2)
		}
		return gs
	}
	p, refusal := Permutation(xs, ys, o)
	if refusal == nil {
		probabilities(t, "permutation", p.PWorse, p.PBetter)
	}
	if test, err := Welch(Of(xs), Of(ys), level); err == nil {
		sound(t, test)
		if refusal == nil {
			sound(t, test.Guarded(p))
		}
		if moved, ok := test.NonInferior(rng.ExpFloat64()); ok {
			sound(t, moved)
		}
	}
	if test, err := ClusteredWelch(OfGroups(xs, groups(len(xs))), OfGroups(ys, groups(len(ys))), level); err == nil {
		sound(t, test)
	}
	if test, err := BrunnerMunzel(xs, ys, level); err == nil {
		sound(t, test)
	}
	if c, err := MannWhitney(xs, ys); err == nil {
		probabilities(t, "rank sum", c.PWorse, c.PBetter, c.PTwoSided)
	}
	if s, err := ChiSquare(xs, ys, o); err == nil {
		probabilities(t, "chi-square", s.P)
		numbers(t, "chi-square", s.Statistic)
	}
	if s, err := KolmogorovSmirnov(xs, ys); err == nil {
		probabilities(t, "Kolmogorov-Smirnov", s.P, s.Statistic)
	}
	n := min(len(xs), len(ys))
	diffs := differences(xs[:n], ys[:n])
	if test, err := ClusteredPaired(OfGroups(diffs, groups(n)), level); err == nil {
		sound(t, test)
	}
	if c, err := Wilcoxon(diffs); err == nil {
		probabilities(t, "signed rank", c.PWorse, c.PBetter, c.PTwoSided)
	}
	if c, err := SignFlip(diffs); err == nil {
		probabilities(t, "sign flip", c.PWorse, c.PBetter, c.PTwoSided)
		numbers(t, "sign flip", c.Statistic)
	}
	if s, err := SpreadOf(xs, level); err == nil {
		numbers(t, "spread", s.Mean, s.SD, s.Lo, s.Hi, s.Change)
	}
	if s, err := NoiseOf([]Moments{Of(xs), Of(ys), Of(diffs)}); err == nil {
		probabilities(t, "noise", s.Share)
		numbers(t, "noise", s.Within)
	}
	if rng.IntN(20) == 0 {
		probabilities(t, "power", Power(rng.NormFloat64(), rng.ExpFloat64(), 0.1+rng.ExpFloat64(), o.Alpha))
	}
	return refusal == nil
}

func probabilities(t *testing.T, what string, ps ...float64) {
	t.Helper()
	for _, p := range ps {
		if !(p >= 0 && p <= 1) {
			t.Errorf("%s: %v is no probability", what, p)
		}
	}
}

func numbers(t *testing.T, what string, xs ...float64) {
	t.Helper()
	if !finite(xs...) {
		t.Errorf("%s: %v", what, xs)
	}
}

// nasty draws a few scores of one kind, seldom more; now and then one of them is replaced by another kind's.
func nasty(rng *rand.Rand) []float64 {
	kinds := []func() float64{
		func() float64 { return float64(1 + rng.IntN(3)) },
		func() float64 { return float64(rng.IntN(2)) },
		func() float64 { return float64(rng.IntN(11)) / 10 },
		func() float64 { return 0.7 },
		func() float64 { return rng.NormFloat64() },
		func() float64 { return 1e9 + float64(rng.IntN(3)) },
		func() float64 { return float64(rng.IntN(3)) * 5e-324 },
		func() float64 { return rng.NormFloat64() * 1e-160 },
		func() float64 { return rng.NormFloat64() * 1e153 },
		func() float64 { return math.Copysign(1.7e308, rng.NormFloat64()) },
		func() float64 {
			return []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[rng.IntN(4)]
		},
		func() float64 { return math.Float64frombits(rng.Uint64()) },
	}
	kind := kinds[rng.IntN(len(kinds)-5*rng.IntN(2))] // half of the time from the tame ones
	most := 7
	if rng.IntN(50) == 0 {
		most = 30
	}
	xs := make([]float64, rng.IntN(most))
	for i := range xs {
		xs[i] = kind()
		if rng.IntN(40) == 0 {
			xs[i] = kinds[rng.IntN(len(kinds))]()
		}
	}
	return xs
}
