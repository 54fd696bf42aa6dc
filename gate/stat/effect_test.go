package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEffectsUndefined(t *testing.T) {
	t.Parallel()
	some, one, none := Of([]float64{1, 2, 3}), Of([]float64{2}), Of(nil)
	constant, vast := Of([]float64{2, 2}), Of([]float64{-1e200, 1e200})
	for name, sides := range map[string][2]Moments{
		"no candidate": {none, some}, "one candidate": {one, some}, "one baseline": {some, one},
		"both constant": {constant, constant}, "out of range": {vast, some},
	} {
		if g, ok := HedgesG(sides[0], sides[1]); ok || g != 0 {
			t.Errorf("%s: Hedges' g %v, %v", name, g, ok)
		}
	}
	for name, m := range map[string]Moments{"none": none, "one": one, "constant": constant, "out of range": vast} {
		if dz, ok := CohenDz(m); ok || dz != 0 {
			t.Errorf("%s: Cohen's dz %v, %v", name, dz, ok)
		}
	}
	if g, ok := HedgesG(constant, some); !ok || g != 0 { // equal means, one side with variance
		t.Errorf("one side constant: %v, %v", g, ok)
	}
	if dz, ok := CohenDz(Of([]float64{1, 2, 3})); !ok || dz != 2 {
		t.Errorf("Cohen's dz of 1, 2, 3 is %v, %v, want 2", dz, ok)
	}
	if got := CliffsDelta(nil, []float64{1}); !math.IsNaN(got) {
		t.Errorf("Cliff's delta of an empty side is %v", got)
	}
}

func TestCliffsDeltaCountsPairs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(17, 18))
	for range 200 {
		c, b := ordinals(rng, 1+rng.IntN(40)), ordinals(rng, 1+rng.IntN(40))
		if rng.IntN(2) == 0 {
			c = draw(rng, len(c))
		}
		balance := 0
		for _, x := range c {
			for _, y := range b {
				balance += count(x > y) - count(x < y)
			}
		}
		before := slices.Clone(c)
		want := float64(balance) / float64(len(c)*len(b))
		if got := CliffsDelta(c, b); got != want || CliffsDelta(b, c) != -want {
			t.Fatalf("CliffsDelta(%v, %v) = %v, want %v", c, b, got, want)
		}
		if !slices.Equal(c, before) {
			t.Fatal("the input was changed")
		}
	}
}

func BenchmarkCliffsDelta(b *testing.B) {
	rng := rand.New(rand.NewPCG(19, 20))
	xs, ys := ordinals(rng, 1_000_000), ordinals(rng, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		CliffsDelta(xs, ys)
	}
}
