package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	// Of 2, 4, 6: mean 4, SD 2; t for 2 degrees of freedom at 0.95 is 2.919986.
	got, err := SpreadOf([]float64{4, 2, 6}, 0.9)
	if err != nil || got.Runs != 3 || got.Mean != 4 || got.SD != 2 || got.Level != 0.9 ||
		!near(got.Hi, 4+2*2.919985580*math.Sqrt(4./3), 1e-8) || !near(got.Lo, 8-got.Hi, 1e-14) || !near(got.Change, 2*2.919985580*math.Sqrt2, 1e-8) {
		t.Errorf("%+v, %v", got, err)
	}
	still, err := SpreadOf([]float64{0.7, 0.7, 0.7}, 0.9)
	if err != nil || still.SD != 0 || still.Lo != 0.7 || still.Hi != 0.7 || still.Change != 0 {
		t.Errorf("no spread: %+v, %v", still, err)
	}
	for name, c := range map[string]struct {
		means []float64
		want  error
	}{
		"two runs": {[]float64{1, 2}, ErrTooFew}, "NaN": {[]float64{1, 2, math.NaN()}, ErrRange}, "overflow": {[]float64{1e300, -1e300, 0}, ErrRange},
	} {
		if _, err := SpreadOf(c.means, 0.9); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := SpreadOf([]float64{1, 2, 3}, 1); err == nil {
		t.Error("level 1: no error")
	}
}

// A further run falls within the bounds as often as they say, and so does the difference of two further ones.
func TestSpreadCovers(t *testing.T) {
	t.Parallel()
	const runs = 20_000
	rng := rand.New(rand.NewPCG(81, 82))
	for _, n := range []int{3, 5, 20} {
		var one, two int
		for range runs {
			s, err := SpreadOf(draw(rng, n), 0.9)
			if err != nil {
				t.Fatal(err)
			}
			a, b := rng.NormFloat64(), rng.NormFloat64()
			one += count(s.Lo <= a && a <= s.Hi)
			two += count(math.Abs(a-b) <= s.Change)
		}
		for what, got := range map[string]int{"one run": one, "two runs": two} {
			if share := float64(got) / runs; !near(share, 0.9, 3.5*math.Sqrt(0.09/runs)) {
				t.Errorf("%d replicates: the bounds hold %s in %.4f", n, what, share)
			}
		}
	}
}

func TestNoiseOf(t *testing.T) {
	t.Parallel()
	of := func(samples ...[]float64) []Moments {
		var ms []Moments
		for _, xs := range samples {
			ms = append(ms, Of(xs))
		}
		return ms
	}
	for name, c := range map[string]struct {
		samples []Moments
		want    Noise
	}{
		// Variances 2 and 0; means 2 and 5, whose variance is 4.5; share 1/(2·4.5).
		"two trials":     {of([]float64{1, 3}, []float64{5, 5}), Noise{2, 1, 1. / 9}},
		"uneven":         {of([]float64{1, 3}, []float64{5}, []float64{8}), Noise{1, 2, 2 * (2.5 / 3) / 9}},
		"without scores": {of([]float64{1, 3}, nil, []float64{5, 5}), Noise{2, 1, 1. / 9}},
		"all noise":      {of([]float64{1, 3}, []float64{2, 2}), Noise{2, 1, 1}},
		"no noise":       {of([]float64{1, 1}, []float64{2, 2}), Noise{2, 0, 0}},
		"nothing varies": {of([]float64{1, 1}, []float64{1, 1}), Noise{2, 0, 0}},
	} {
		got, err := NoiseOf(c.samples)
		if err != nil || got.Samples != c.want.Samples || !near(got.Within, c.want.Within, 1e-15) || !near(got.Share, c.want.Share, 1e-15) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		samples []Moments
		want    error
	}{
		"no samples": {nil, ErrTooFew},
		"one sample": {of([]float64{1, 2}), ErrTooFew},
		"no trials":  {of([]float64{1}, []float64{2}), ErrTooFew},
		"NaN":        {of([]float64{1, math.NaN()}, []float64{2, 3}), ErrRange},
		"overflow":   {of([]float64{1e200, -1e200}, []float64{2, 3}), ErrRange},
		"far apart":  {of([]float64{1e200, 1e200}, []float64{2, 3}), ErrRange},
	} {
		if _, err := NoiseOf(c.samples); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Five trials of a judge as noisy as the samples are different: its share is 1/5 in 1 + 1/5.
func TestNoiseOfEstimates(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(83, 84))
	samples := make([]Moments, 20_000)
	for i := range samples {
		samples[i] = Of(scaled(draw(rng, 5), 1, rng.NormFloat64()))
	}
	got, err := NoiseOf(samples)
	if err != nil || !near(got.Within, 1, 0.03) || !near(got.Share, 1./6, 0.01) {
		t.Errorf("%+v, %v", got, err)
	}
	slices.Reverse(samples)
	if back, err := NoiseOf(samples); err != nil || !near(back.Share, got.Share, 1e-12) {
		t.Errorf("in reverse: %+v, %v", back, err)
	}
}
