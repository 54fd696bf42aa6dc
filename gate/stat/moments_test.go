package stat

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOfEdges(t *testing.T) {
	t.Parallel()
	if got := Of(nil); got != (Moments{}) || !math.IsNaN(got.Var()) || got.Constant() {
		t.Errorf("Of(nil) = %+v, variance %v, constant %v", got, got.Var(), got.Constant())
	}
	if got, want := Of([]float64{7}), (Moments{N: 1, Mean: 7, Min: 7, Max: 7}); got != want || !math.IsNaN(got.SD()) {
		t.Errorf("Of(7) = %+v with sd %v, want %+v with NaN", got, got.SD(), want)
	}
	// 0.7 ten times has a standard deviation of 1.2e-16 in common code.
	c := Of(slices.Repeat([]float64{0.7}, 10))
	if c.Mean != 0.7 || c.M2 != 0 || c.Var() != 0 || !c.Constant() {
		t.Errorf("constant sample: %+v", c)
	}
	if got := c.Merge(c); got.Mean != 0.7 || got.N != 20 || !got.Constant() {
		t.Errorf("constant samples merged: %+v", got)
	}
}

func TestNISTCertified(t *testing.T) {
	t.Parallel()
	var data struct{ Sets map[string][]float64 }
	readJSON(t, "nist_data.json", &data)
	sets := data.Sets
	for _, c := range fixtures(t, "describe") {
		switch c.Name {
		case "nist_Michelso":
			sets["Michelso"] = c.Input.X
		case "nist_NumAcc1":
			sets["NumAcc1"] = c.Input.X
		}
	}
	for name, xs := range map[string][3]float64{
		"NumAcc2": {1.2, 1.1, 1.3},
		"NumAcc3": {1000000.2, 1000000.1, 1000000.3},
		"NumAcc4": {10000000.2, 10000000.1, 10000000.3},
	} {
		sets[name] = append(xs[:1:1], slices.Repeat(xs[1:], 500)...)
	}
	c := fixtures(t, "nist_univariate")[0]
	for name, want := range c.Expect {
		xs, ok := sets[name]
		if !ok {
			t.Errorf("%s: no data", name)
			continue
		}
		m := Of(xs)
		one := fixture{Name: name, Expect: want.(map[string]any), TolRel: 1e-13, TolAbs: c.TolAbs}
		switch name { // rounding of the data itself, see testdata/stat/README.md
		case "NumAcc3":
			one.TolRel = 4e-10
		case "NumAcc4":
			one.TolRel = 7e-9
		}
		one.want(t, map[string]any{"n": float64(m.N), "mean": m.Mean, "sd": m.SD()})
		wantExact(t, name, xs)
	}
}

// wantExact holds mean and M2 to 14 digits of exact arithmetic on the same float64 values.
func wantExact(t *testing.T, name string, xs []float64) {
	t.Helper()
	num := func(x float64) *big.Float { return new(big.Float).SetPrec(600).SetFloat64(x) }
	total := num(0)
	for _, x := range xs {
		total.Add(total, num(x))
	}
	mean := num(0).Quo(total, num(float64(len(xs))))
	squares := num(0)
	for _, x := range xs {
		d := num(0).Sub(num(x), mean)
		squares.Add(squares, d.Mul(d, d))
	}
	wantMean, _ := mean.Float64()
	wantM2, _ := squares.Float64()
	m := Of(xs)
	if !near(m.Mean, wantMean, 2e-16*math.Abs(wantMean)+1e-16*(m.Max-m.Min)) {
		t.Errorf("%s: mean %v, exact %v", name, m.Mean, wantMean)
	}
	if !near(m.M2, wantM2, 1e-14*wantM2) {
		t.Errorf("%s: M2 %v, exact %v (off by %.1e)", name, m.M2, wantM2, math.Abs(m.M2-wantM2)/wantM2)
	}
}

func near(got, want, tol float64) bool { return math.Abs(got-want) <= tol }

func TestOfIsAccurateAndOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"ordinal":       func() float64 { return float64(1 + rng.IntN(3)) },
		"unit":          rng.Float64,
		"offset":        func() float64 { return 1e9 + rng.NormFloat64() },
		"heavy tailed":  func() float64 { return math.Exp(8 * rng.NormFloat64()) },
		"near constant": func() float64 { return 0.7 + float64(rng.IntN(2))*0x1p-53 },
	} {
		xs := make([]float64, 5000)
		for i := range xs {
			xs[i] = draw()
		}
		wantExact(t, name, xs)
		slices.Sort(xs)
		wantExact(t, name+", ascending", xs)
		slices.Reverse(xs)
		wantExact(t, name+", descending", xs)
	}
	// The origin is the first value; an outlier there must not cost the others their digits.
	wantExact(t, "outlier first", append([]float64{1e12}, slices.Repeat([]float64{1, 2, 3}, 1000)...))
}

func TestMergeEqualsWhole(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		xs := make([]float64, 2+rng.IntN(300))
		for i := range xs {
			xs[i] = 100 + rng.NormFloat64()
		}
		cut := rng.IntN(len(xs) + 1)
		cut2 := cut + rng.IntN(len(xs)-cut+1)
		got := Of(xs[:cut]).Merge(Of(xs[cut:cut2])).Merge(Of(xs[cut2:]))
		want := Of(xs)
		if got.N != want.N || got.Min != want.Min || got.Max != want.Max ||
			!near(got.Mean, want.Mean, 1e-13*100) || !near(got.M2, want.M2, 1e-11*want.M2) {
			t.Fatalf("cut at %d and %d of %d: got %+v, want %+v", cut, cut2, len(xs), got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	xs := normals(1_000_000, 1)
	b.Run("compensated", func(b *testing.B) {
		b.SetBytes(int64(8 * len(xs)))
		b.ReportAllocs()
		for b.Loop() {
			Of(xs)
		}
	})
	b.Run("plain", func(b *testing.B) { // the same two passes with bare sums, for comparison
		b.SetBytes(int64(8 * len(xs)))
		b.ReportAllocs()
		for b.Loop() {
			plain(xs)
		}
	})
}

func plain(xs []float64) Moments {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	mean := total / float64(len(xs))
	squares := 0.0
	for _, x := range xs {
		squares += (x - mean) * (x - mean)
	}
	return Moments{N: len(xs), Mean: mean, M2: squares}
}

func normals(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = rng.NormFloat64()
	}
	return xs
}
