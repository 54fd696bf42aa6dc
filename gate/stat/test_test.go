package stat

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWelchRefuses(t *testing.T) {
	t.Parallel()
	good := Of([]float64{1, 2, 3})
	for name, c := range map[string]struct {
		candidate, baseline []float64
		level               float64
		want                error
	}{
		"empty":            {nil, []float64{1, 2}, 0.9, ErrTooFew},
		"one value":        {[]float64{1, 2}, []float64{1}, 0.9, ErrTooFew},
		"squares overflow": {[]float64{1e200, -1e200}, []float64{1, 2}, 0.9, ErrRange},
		"sum overflows":    {[]float64{1.7e308, -1.7e308}, []float64{1, 2}, 0.9, ErrRange},
		"squares vanish":   {[]float64{1e-200, 2e-200}, []float64{1, 1}, 0.9, ErrRange},
		"NaN":              {[]float64{1, math.NaN()}, []float64{1, 2}, 0.9, ErrRange},
		"infinity":         {[]float64{1, 2}, []float64{1, math.Inf(1)}, 0.9, ErrRange},
		"far constants":    {[]float64{1.7e308, 1.7e308}, []float64{-1.7e308, -1.7e308}, 0.9, ErrRange},
	} {
		if _, err := Welch(Of(c.candidate), Of(c.baseline), c.level); !errors.Is(err, c.want) {
			t.Errorf("%s: Welch: %v, want %v", name, err, c.want)
		}
	}
	for _, level := range []float64{0, 1, -1, 2, math.NaN()} {
		if _, err := Welch(good, good, level); err == nil {
			t.Errorf("level %v: no error", level)
		}
		if _, err := Paired(good, level); err == nil {
			t.Errorf("level %v: no error", level)
		}
	}
	if _, err := Paired(Of([]float64{1}), 0.9); !errors.Is(err, ErrTooFew) {
		t.Errorf("one difference: %v", err)
	}
}

func TestDegenerate(t *testing.T) {
	t.Parallel()
	constant := func(x float64, n int) Moments { return Of(slices.Repeat([]float64{x}, n)) }
	for name, c := range map[string]struct {
		candidate, baseline       Moments
		worse, better, two, log10 float64 // log10 of the two-sided p
	}{
		"equal":      {constant(0.7, 10), constant(0.7, 9), 1, 1, 1, 0},
		"drop 3+3":   {constant(2, 3), constant(3, 3), 1. / 20, 1, 1. / 10, -1},
		"drop 4+4":   {constant(2, 4), constant(3, 4), 1. / 70, 1, 1. / 35, -math.Log10(35)},
		"gain 2+5":   {constant(3, 2), constant(2, 5), 1, 1. / 21, 2. / 21, math.Log10(2. / 21)},
		"underflows": {constant(2, 1000), constant(3, 1000), 0, 1, 0, math.Log10(2) - 600.3114}, // log10 C(2000,1000)
	} {
		got, err := Welch(c.candidate, c.baseline, 0.9)
		if err != nil || !got.Degenerate || got.T != 0 || got.DF != 0 || got.SE != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !near(got.PWorse, c.worse, 1e-14) || !near(got.PBetter, c.better, 1e-14) || !near(got.PTwoSided, c.two, 1e-14) {
			t.Errorf("%s: p = %v, %v, %v, want %v, %v, %v", name, got.PWorse, got.PBetter, got.PTwoSided, c.worse, c.better, c.two)
		}
		if !near(got.Log10PTwoSided, c.log10, 1e-4) {
			t.Errorf("%s: log10 p = %v, want %v", name, got.Log10PTwoSided, c.log10)
		}
		if got.Lo != got.Diff || got.Hi != got.Diff {
			t.Errorf("%s: bounds %v and %v, want both %v", name, got.Lo, got.Hi, got.Diff)
		}
		if _, ok := got.Against(-1); ok {
			t.Errorf("%s: tested against another difference", name)
		}
	}
	got, err := Paired(constant(-0.5, 2000), 0.9)
	if err != nil || got.PWorse != 0 || !near(got.Log10PWorse, -2000*math.Log10(2), 1e-9) || got.PBetter != 1 {
		t.Errorf("paired drop: %+v, %v", got, err)
	}
}

// One side constant is a Welch test with that variance 0, whose degrees of freedom are the other side's.
func TestOneSideConstant(t *testing.T) {
	t.Parallel()
	got, err := Welch(Of([]float64{1, 2, 3, 3}), Of([]float64{3, 3, 3, 3, 3, 3}), 0.9)
	if err != nil || got.Degenerate || got.DF != 3 || got.PWorse == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWelchProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		xs, ys := draw(rng, 2+rng.IntN(50)), draw(rng, 2+rng.IntN(50))
		test := welch(t, xs, ys)

		swapped := welch(t, ys, xs)
		if test.T != -swapped.T || test.Diff != -swapped.Diff || test.Lo != -swapped.Hi || test.PWorse != swapped.PBetter ||
			test.PTwoSided != swapped.PTwoSided || !near(test.DF, swapped.DF, 1e-14*test.DF) {
			t.Errorf("swapping sides:\n%+v\n%+v", test, swapped)
		}
		shifted := welch(t, scaled(xs, 1, 1024), scaled(ys, 1, 1024))
		sameTest(t, "shift", shifted, test, 1)
		scaled := welch(t, scaled(xs, 0.3, 0), scaled(ys, 0.3, 0))
		sameTest(t, "scale", scaled, test, 0.3)

		rng.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
		sameTest(t, "order", welch(t, xs, ys), test, 1)

		if !(test.Lo <= test.Diff && test.Diff <= test.Hi) {
			t.Errorf("bounds %v and %v do not enclose %v", test.Lo, test.Hi, test.Diff)
		}
		// The interval at 1−2α excludes 0 just where the one-sided test rejects.
		if p := min(test.PWorse, test.PBetter); (p < 0.05) != (test.Lo > 0 || test.Hi < 0) {
			t.Errorf("p %v with bounds %v and %v", p, test.Lo, test.Hi)
		}
		at, ok := test.Against(test.Lo) // the bound is the null that is rejected at just α
		if !ok || !near(at.PBetter, 0.05, 1e-12) || at.Lo != test.Lo {
			t.Errorf("against its bound: %+v", at)
		}
	}
}

func TestPairedIsOneSampleOfDifferences(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		n := 2 + rng.IntN(60)
		xs, ys := draw(rng, n), draw(rng, n)
		test, err := Paired(Of(differences(xs, ys)), 0.9)
		swapped, err2 := Paired(Of(differences(ys, xs)), 0.9)
		if err != nil || err2 != nil || test.T != -swapped.T || test.PWorse != swapped.PBetter {
			t.Errorf("swapping sides: %+v, %v, %+v, %v", test, err, swapped, err2)
		}
		if lo, hi, ok := MeanInterval(Of(differences(xs, ys)), 0.9); !ok || lo != test.Lo || hi != test.Hi {
			t.Errorf("mean interval %v to %v (%v), want %v to %v", lo, hi, ok, test.Lo, test.Hi)
		}
	}
}

// Under no difference p is uniform, so that the share of p < α is α: within three standard errors, at a fixed seed.
func TestCalibration(t *testing.T) {
	t.Parallel()
	const runs = 20000
	for name, p := range map[string]func(*rand.Rand) Test{
		"welch, normal, unequal n and variance": func(rng *rand.Rand) Test {
			return welch(t, scaled(draw(rng, 60), 3, 0), draw(rng, 30))
		},
		"welch, scores 1 to 3": func(rng *rand.Rand) Test {
			return welch(t, ordinals(rng, 100), ordinals(rng, 100))
		},
		"paired, normal": func(rng *rand.Rand) Test {
			return paired(t, draw(rng, 8))
		},
		"paired, scores 1 to 3": func(rng *rand.Rand) Test {
			return paired(t, differences(ordinals(rng, 100), ordinals(rng, 100)))
		},
	} {
		rng := rand.New(rand.NewPCG(9, 10))
		for _, alpha := range []float64{0.05, 0.2} {
			var worse, better, two, covered int
			for range runs {
				test := p(rng)
				worse += count(test.PWorse < alpha)
				better += count(test.PBetter < alpha)
				two += count(test.PTwoSided < alpha)
				covered += count(test.Lo <= 0 && 0 <= test.Hi)
			}
			for what, got := range map[string]int{"worse": worse, "better": better, "two-sided": two} {
				if share := float64(got) / runs; !near(share, alpha, 3*math.Sqrt(alpha*(1-alpha)/runs)) {
					t.Errorf("%s: p %s < %v in %.4f of runs", name, what, alpha, share)
				}
			}
			if share := float64(covered) / runs; !near(share, 0.9, 3*math.Sqrt(0.9*0.1/runs)) {
				t.Errorf("%s: the 90 %% interval covers 0 in %.4f of runs", name, share)
			}
		}
	}
}

func FuzzTests(f *testing.F) {
	add := func(cut uint8, level float64, xs ...float64) {
		var data []byte
		for _, x := range xs {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
		}
		f.Add(data, cut, level)
	}
	add(2, 0.9, 1, 2, 3, 4)
	add(2, 0.9, 1, 1, 1, 1)
	add(2, 0.9, 1, 1, 2, 2)
	add(2, 0.999999, 1e308, -1e308, 1, 2)
	add(3, 1e-9, 1e-170, 3e-170, 2e-170, 5, 5)
	add(2, 0.5, 1e150, 1e150, -1e-140, 2e-140)
	f.Fuzz(func(t *testing.T, data []byte, cut uint8, level float64) {
		var xs []float64
		for ; len(data) >= 8; data = data[8:] {
			if x := math.Float64frombits(binary.LittleEndian.Uint64(data)); finite(x) {
				xs = append(xs, x)
			}
		}
		c := min(int(cut), len(xs))
		if test, err := Welch(Of(xs[:c]), Of(xs[c:]), level); err == nil {
			sound(t, test)
			if moved, ok := test.Against(0.1); ok {
				sound(t, moved)
			}
		}
		if test, err := Paired(Of(xs), level); err == nil {
			sound(t, test)
		}
		if g, ok := HedgesG(Of(xs[:c]), Of(xs[c:])); ok && !finite(g) {
			t.Errorf("Hedges' g %v", g)
		}
		if dz, ok := CohenDz(Of(xs)); ok && !finite(dz) {
			t.Errorf("Cohen's dz %v", dz)
		}
		if lo, hi, ok := MeanInterval(Of(xs), level); ok && !(finite(lo, hi) && lo <= hi) {
			t.Errorf("interval %v to %v", lo, hi)
		}
		if q, err := QuartilesOf(xs); err == nil && !(q.Min <= q.Q1 && q.Q1 <= q.Median && q.Median <= q.Q3 && q.Q3 <= q.Max) {
			t.Errorf("quartiles out of order: %+v", q)
		}
	})
}

// sound checks what Test promises whatever the input.
func sound(t *testing.T, test Test) {
	t.Helper()
	ok := finite(test.T, test.DF, test.Diff, test.SE, test.Lo, test.Hi, test.Level, test.Log10PWorse, test.Log10PBetter, test.Log10PTwoSided)
	for _, p := range []float64{test.PWorse, test.PBetter, test.PTwoSided} {
		ok = ok && p >= 0 && p <= 1
	}
	ok = ok && max(test.Log10PWorse, test.Log10PBetter, test.Log10PTwoSided) <= 0
	ok = ok && test.Lo <= test.Diff && test.Diff <= test.Hi && (test.Degenerate || test.SE > 0 && test.DF > 0)
	if !ok {
		t.Errorf("unsound test: %+v", test)
	}
}

func TestMethodString(t *testing.T) {
	t.Parallel()
	for m, want := range map[Method]string{
		WelchT: "welch", PairedT: "paired_t", PermutationT: "permutation", ClusteredT: "clustered", McNemarMidP: "mcnemar", SignedRank: "wilcoxon",
		MissingRate: "missing_rate", NonInferiority: "noninferiority", BetweenRuns: "between_runs", ChiSquared: "chi_square",
		0: "Method(0)", 99: "Method(99)",
	} {
		if got := m.String(); got != want {
			t.Errorf("Method %d is %q, want %q", uint8(m), got, want)
		}
	}
}

func BenchmarkWelch(b *testing.B) {
	c, d := Of(normals(1000, 1)), Of(normals(1000, 2))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Welch(c, d, 0.9); err != nil {
			b.Fatal(err)
		}
	}
}

func welch(t *testing.T, candidate, baseline []float64) Test {
	t.Helper()
	test, err := Welch(Of(candidate), Of(baseline), 0.9)
	if err != nil {
		t.Fatalf("Welch(%v, %v): %v", candidate, baseline, err)
	}
	return test
}

func paired(t *testing.T, diffs []float64) Test {
	t.Helper()
	test, err := Paired(Of(diffs), 0.9)
	if err != nil {
		t.Fatalf("Paired(%v): %v", diffs, err)
	}
	return test
}

// sameTest holds got to want, whose units are a factor smaller, to what rounding the inputs again leaves.
func sameTest(t *testing.T, what string, got, want Test, factor float64) {
	t.Helper()
	for name, pair := range map[string][2]float64{
		"t":        {got.T, want.T},
		"df":       {got.DF, want.DF},
		"diff":     {got.Diff, want.Diff * factor},
		"se":       {got.SE, want.SE * factor},
		"lo":       {got.Lo, want.Lo * factor},
		"hi":       {got.Hi, want.Hi * factor},
		"p worse":  {got.PWorse, want.PWorse},
		"p better": {got.PBetter, want.PBetter},
	} {
		if scale := max(math.Abs(pair[1]), 1); !near(pair[0], pair[1], 1e-11*scale) {
			t.Errorf("%s: %s = %v, want %v", what, name, pair[0], pair[1])
		}
	}
}

func draw(rng *rand.Rand, n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = rng.NormFloat64()
	}
	return xs
}

func ordinals(rng *rand.Rand, n int) []float64 {
	xs := make([]float64, n)
	for i := range xs {
		xs[i] = []float64{1, 2, 2, 3, 3}[rng.IntN(5)]
	}
	return xs
}

func scaled(xs []float64, factor, shift float64) []float64 {
	out := slices.Clone(xs)
	for i := range out {
		out[i] = out[i]*factor + shift
	}
	return out
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// The p-values alone are the test's, to the last bit, and so is what cannot be tested.
func TestWelchP(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(41, 42))
	samples := [][]float64{{1}, {1, 1, 1}, {2, 2}, {1e300, -1e300}, {math.MaxFloat64, -math.MaxFloat64}, {0, 5e-324}}
	for n := 2; n < 60; n += 7 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = rng.NormFloat64() * float64(n)
		}
		samples = append(samples, xs)
	}
	for _, c := range samples {
		for _, b := range samples {
			want, wantErr := Welch(Of(c), Of(b), 0.9)
			worse, better, err := WelchP(Of(c), Of(b))
			if worse != want.PWorse || better != want.PBetter || !errors.Is(err, wantErr) {
				t.Errorf("%v, %v: got %v, %v, %v; want %v, %v, %v", c, b, worse, better, err, want.PWorse, want.PBetter, wantErr)
			}
		}
	}
}
