package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/montanaflynn/stats"
)

func TestQuartilesOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		xs   []float64
		want Quartiles
	}{
		"one":       {[]float64{5}, Quartiles{5, 5, 5, 5, 5}},
		"two":       {[]float64{3, 1}, Quartiles{1, 1.5, 2, 2.5, 3}},
		"four":      {[]float64{4, 1, 3, 2}, Quartiles{1, 1.75, 2.5, 3.25, 4}}, // type 4 would say 1 for Q1
		"five":      {[]float64{5, 4, 3, 2, 1}, Quartiles{1, 2, 3, 4, 5}},
		"ties":      {[]float64{1, 3, 3, 3, 3, 3, 2}, Quartiles{1, 2.5, 3, 3, 3}},
		"negatives": {[]float64{-1, math.Copysign(0, -1), 0, 1}, Quartiles{-1, -0.25, 0, 0.25, 1}},
		"huge":      {[]float64{-1.7e308, 1.7e308}, Quartiles{-1.7e308, -0.8499999999999999e308, 0, 0.8499999999999999e308, 1.7e308}},
	} {
		before := slices.Clone(c.xs)
		got, err := QuartilesOf(c.xs)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
		if !slices.Equal(c.xs, before) {
			t.Errorf("%s: the input was changed", name)
		}
	}
	if _, err := QuartilesOf(nil); !errors.Is(err, ErrTooFew) {
		t.Errorf("no values: %v", err)
	}
	many := normals(1000, 1)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, xs := range [][]float64{{1, bad, 2}, append(slices.Clone(many), bad)} {
			if _, err := QuartilesOf(xs); !errors.Is(err, ErrRange) {
				t.Errorf("%v among %d values: %v", bad, len(xs), err)
			}
		}
	}
}

// Counting and sorting agree to the bit, and with the library to rounding.
func TestQuartilesByCountAndBySort(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		xs := make([]float64, 1+rng.IntN(700))
		distinct := 1 + rng.IntN(300) // some beyond what is counted
		for i := range xs {
			xs[i] = float64(rng.IntN(distinct)) / 7
		}
		got, err := QuartilesOf(xs)
		if err != nil {
			t.Fatal(err)
		}
		sorted := slices.Sorted(slices.Values(xs))
		want, err := quartiles(len(xs), func(i int) float64 { return sorted[i] })
		if err != nil || got != want {
			t.Fatalf("n %d, %d distinct: %+v, sorted %+v, %v", len(xs), distinct, got, want, err)
		}
		for p, q := range map[float64]float64{25: got.Q1, 50: got.Median, 75: got.Q3} {
			if want, err := stats.Percentile(xs, p); err != nil || !near(q, want, 1e-14*want) {
				t.Fatalf("percentile %v: %v, want %v, %v", p, q, want, err)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		xs   []float64
		most int
		want []Level
		ok   bool
	}{
		"none":          {nil, 3, []Level{}, true},
		"none allowed":  {[]float64{1}, 0, nil, false},
		"less than 0":   {[]float64{1}, -1, nil, false},
		"scores":        {[]float64{3, 1, 3, 2, 3, 1}, 3, []Level{{1, 2}, {2, 1}, {3, 3}}, true},
		"one too many":  {[]float64{3, 1, 3, 2, 3, 1}, 2, nil, false},
		"negative zero": {[]float64{0, math.Copysign(0, -1), -2}, 9, []Level{{-2, 1}, {0, 2}}, true},
		"extremes":      {[]float64{5e-324, math.MaxFloat64, -5e-324}, 3, []Level{{-5e-324, 1}, {5e-324, 1}, {math.MaxFloat64, 1}}, true},
	} {
		got, ok := Levels(c.xs, c.most)
		if ok != c.ok || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v, %v", name, got, ok, c.want, c.ok)
		}
		if len(got) > 0 && got[0].Value == 0 && math.Signbit(got[0].Value) {
			t.Errorf("%s: level −0", name)
		}
	}
}

func TestLevelsAgainstMap(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(13, 14))
	for range 200 {
		xs := make([]float64, 1+rng.IntN(2000))
		distinct := 1 + rng.IntN(300)
		want := map[float64]int{}
		for i := range xs {
			xs[i] = math.Ldexp(float64(rng.IntN(distinct)), rng.IntN(2)-1)
			want[xs[i]]++
		}
		levels, ok := Levels(xs, len(want))
		if _, more := Levels(xs, len(want)-1); !ok || more {
			t.Fatalf("%d distinct: %v when just as many are allowed, %v when fewer", len(want), ok, more)
		}
		got := map[float64]int{}
		for _, l := range levels {
			got[l.Value] = l.Count
		}
		if !cmp.Equal(got, want) || !slices.IsSortedFunc(levels, func(a, b Level) int { return int(math.Copysign(1, a.Value-b.Value)) }) {
			t.Fatalf("%v, want %v", levels, want)
		}
	}
}

func BenchmarkQuartilesOf(b *testing.B) {
	rng := rand.New(rand.NewPCG(15, 16))
	for name, xs := range map[string][]float64{
		"scores 1 to 3": ordinals(rng, 1_000_000),
		"continuous":    normals(1_000_000, 1),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(8 * len(xs)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := QuartilesOf(xs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
