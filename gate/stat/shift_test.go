package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestChiSquareReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "chi2_homogeneity") {
		xs, ys := expand(c.Input.CandidateCounts), expand(c.Input.BaselineCounts)
		test, err := ChiSquare(xs, ys, Resampling{Alpha: 0.05, Family: 1})
		p, err2 := newPool(xs, ys, 1)
		if err != nil || err2 != nil {
			t.Errorf("%s: %v, %v", c.Name, err, err2)
			continue
		}
		s := newSplits(p.totals, p.candidateN)
		byTables := s.enumerate(chiSquared(s), test.Statistic).asExtreme()
		byFormula := chiSquareTail(test.Statistic, test.DF)
		c.want(t, map[string]any{
			"chi2": test.Statistic, "df": float64(test.DF), "min_expected": p.leastExpected(),
			"p": byFormula, "p_permutation": byTables,
		})
		want := byFormula
		if p.leastExpected() < 5 {
			want = byTables
		}
		if test.P != want || test.Exact != (p.leastExpected() < 5) {
			t.Errorf("%s: %+v, want p %v", c.Name, test, want)
		}
	}
}

func TestKolmogorovSmirnovReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "ks_2samp") {
		test, err := KolmogorovSmirnov(c.Input.Candidate, c.Input.Baseline)
		if err != nil || !test.Exact {
			t.Errorf("%s: %+v, %v", c.Name, test, err)
			continue
		}
		p := test.P
		if !c.Input.Exact {
			n, m := float64(len(c.Input.Candidate)), float64(len(c.Input.Baseline))
			p = kolmogorovTail(test.Statistic * math.Sqrt(n*m/(n+m)))
		}
		c.want(t, map[string]any{"d": test.Statistic, "p_two_sided": p}, "method")
	}
}

// The tail at even df is a Poisson sum; at df 1 a normal tail; and its mean is df whatever df is.
func TestChiSquareTail(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{1e-9, 0.5, 3, 40, 900} {
		if got, want := chiSquareTail(x, 1), 2*Tail(math.Sqrt(x), math.Inf(1)); !near(got, want, 1e-14*want) {
			t.Errorf("df 1: P(> %v) = %v, want %v", x, got, want)
		}
		if got, want := chiSquareTail(x, 4), math.Exp(-x/2)*(1+x/2); !near(got, want, 1e-13*want) {
			t.Errorf("df 4: P(> %v) = %v, want %v", x, got, want)
		}
	}
	for _, df := range []int{1, 2, 3, 7, 100, 5001} {
		if got := chiSquareTail(0, df); got != 1 {
			t.Errorf("df %d: P(> 0) = %v", df, got)
		}
		const steps = 200_000 // ∫ P(> x) dx by the midpoint rule
		to, mean := float64(df)+60*math.Sqrt(float64(df)), 0.0
		if df < 10 {
			for i := range steps {
				mean += chiSquareTail(to*(float64(i)+0.5)/steps, df) * to / steps
			}
			if !near(mean, float64(df), 1e-4*float64(df)) {
				t.Errorf("df %d: mean %v", df, mean)
			}
		}
		// Wilson and Hilferty's normal approximation, in the middle.
		v := 2. / 9 / float64(df)
		x := float64(df) * math.Pow(1-v+math.Sqrt(v), 3)
		if got := chiSquareTail(x, df); !near(got, Tail(1, math.Inf(1)), 0.012/float64(df)) {
			t.Errorf("df %d: P(> %v) = %v", df, x, got)
		}
	}
}

// Both series of the limit agree where one takes over from the other.
func TestKolmogorovTail(t *testing.T) {
	t.Parallel()
	if a, b := kolmogorovTail(math.Nextafter(1, 0)), kolmogorovTail(1); !near(a, b, 1e-14) || !near(b, 0.2699996716773546, 1e-14) {
		t.Errorf("at 1: %v and %v", a, b)
	}
	last := 1.0
	for x := 0.0; x < 20; x += 0.01 {
		p := kolmogorovTail(x)
		if !(p >= 0 && p <= last+1e-15) {
			t.Fatalf("at %v: %v after %v", x, p, last)
		}
		last = p
	}
}

// The exact distribution of the largest gap, by enumeration of all tables.
func TestKolmogorovExactAgainstTables(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(71, 72))
	for range 100 {
		xs, ys := ordinals(rng, 1+rng.IntN(25)), ordinals(rng, 1+rng.IntN(25))
		p, err := newPool(xs, ys, 1)
		if err != nil {
			t.Fatal(err)
		}
		s := newSplits(p.totals, p.candidateN)
		gap := func(counts []int) float64 {
			c, all, widest := 0, 0, 0.0
			for k, n := range counts {
				c, all = c+n, all+p.totals[k]
				widest = max(widest, math.Abs(float64(c)/float64(len(xs))-float64(all-c)/float64(len(ys))))
			}
			return widest
		}
		test, err := KolmogorovSmirnov(xs, ys)
		if want := s.enumerate(gap, gap(p.candidate)).asExtreme(); err != nil || !near(test.P, want, 1e-12) || !near(test.Statistic, gap(p.candidate), 1e-15) {
			t.Errorf("%v and %v: %+v, %v, want p %v", xs, ys, test, err, want)
		}
		if swapped, err := KolmogorovSmirnov(ys, xs); err != nil || !near(swapped.P, test.P, 1e-12) || swapped.Statistic != test.Statistic {
			t.Errorf("swapping sides: %+v, %+v, %v", test, swapped, err)
		}
	}
}

// Equal means can hide a change: half of the middling scores became good, half bad.
func TestShiftBehindEqualMeans(t *testing.T) {
	t.Parallel()
	baseline, candidate := slices.Repeat([]float64{2, 2, 3, 3}, 5), slices.Repeat([]float64{1, 3, 3, 3}, 5)
	if d := Of(candidate).Mean - Of(baseline).Mean; d != 0 {
		t.Fatalf("means differ by %v", d)
	}
	test, err := ChiSquare(candidate, baseline, Resampling{Alpha: 0.05, Family: 1})
	if err != nil || !(test.P < 0.01) || !test.Exact {
		t.Errorf("%+v, %v", test, err)
	}
}

func TestShiftEdges(t *testing.T) {
	t.Parallel()
	o := Resampling{Alpha: 0.05, Family: 1}
	threes := slices.Repeat([]float64{3}, 9)
	chi2, err := ChiSquare(threes, threes[:4], o)
	ks, err2 := KolmogorovSmirnov(threes, threes[:4])
	if err != nil || err2 != nil || chi2.P != 1 || chi2.DF != 0 || ks.P != 1 || ks.Statistic != 0 {
		t.Errorf("one level: %+v, %v; %+v, %v", chi2, err, ks, err2)
	}
	for name, c := range map[string]struct {
		xs   []float64
		want error
	}{"empty": {nil, ErrTooFew}, "NaN": {[]float64{math.NaN()}, ErrRange}, "infinity": {[]float64{math.Inf(1)}, ErrRange}} {
		_, err1 := ChiSquare(c.xs, threes, o)
		_, err2 := KolmogorovSmirnov(threes, c.xs)
		if !errors.Is(err1, c.want) || !errors.Is(err2, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, err1, err2, c.want)
		}
	}
	if _, err := ChiSquare(threes, threes, Resampling{}); err == nil {
		t.Error("no alpha: no error")
	}
	drawn, err := ChiSquare(normals(200, 1), normals(200, 2), o)
	if err != nil || drawn.Exact || drawn.Resamples == 0 || drawn.P != 1 { // without ties all tables have one statistic
		t.Errorf("continuous: %+v, %v", drawn, err)
	}
	if large, err := KolmogorovSmirnov(normals(5000, 1), normals(5000, 2)); err != nil || large.Exact || !(large.P > 0.01) {
		t.Errorf("large: %+v, %v", large, err)
	}
}

func BenchmarkKolmogorovSmirnov(b *testing.B) {
	xs, ys := normals(1000, 1), normals(1000, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := KolmogorovSmirnov(xs, ys); err != nil {
			b.Fatal(err)
		}
	}
}

func expand(counts []int) []float64 {
	var xs []float64
	for level, n := range counts {
		xs = append(xs, slices.Repeat([]float64{float64(level)}, n)...)
	}
	return xs
}
