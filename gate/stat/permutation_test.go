package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPermutationReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "permutation_2samp") {
		p, err := newPool(c.Input.Candidate, c.Input.Baseline, 2)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		s := newSplits(p.totals, p.candidateN)
		mean := func(counts []int) float64 { // of the dealt side; a linear function of the difference of means
			total := 0.0
			for k, n := range counts {
				total += float64(n) * p.values[k]
			}
			return total
		}
		diff := Of(c.Input.Candidate).Mean - Of(c.Input.Baseline).Mean
		got := map[string]any{"diff": diff}
		for name, statistic := range map[string]func([]int) float64{"mean": mean, "studentized": newStudentized(p.values, s).ofCounts} {
			found := s.enumerate(statistic, statistic(p.candidate))
			got[name+"_p_less"] = found.below + found.same
			got[name+"_p_less_mid"], _ = found.midP()
			got[name+"_p_greater"] = found.above + found.same
		}
		c.want(t, got)

		test, err := Permutation(c.Input.Candidate, c.Input.Baseline, Resampling{Alpha: 0.05, Family: 1})
		if err != nil || !test.Exact || test.Resamples != 0 || !near(test.PWorse, got["studentized_p_less_mid"].(float64), 1e-14) {
			t.Errorf("%s: %+v, %v", c.Name, test, err)
		}
	}
}

// Drawn p-values agree with the enumerated ones, whichever way the tables are dealt.
func TestDrawnAgreesWithEnumerated(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(41, 42))
	for _, n := range [][2]int{{12, 9}, {60, 60}, {400, 300}} { // by value, and by level
		xs, ys := ordinals(rng, n[0]), ordinals(rng, n[1])
		p, err := newPool(xs, ys, 2)
		if err != nil {
			t.Fatal(err)
		}
		s := newSplits(p.totals, p.candidateN)
		statistic := newStudentized(p.values, s).ofCounts
		seen := statistic(p.candidate)
		exact := s.enumerate(statistic, seen)

		deal, _ := s.dealer()
		for name, deal := range map[string]func(*rand.PCG, []int){"dealer": deal, "by level": s.dealLevels} {
			const draws = 200_000
			source, counts := rand.NewPCG(43, 44), make([]int, len(p.totals))
			var below, same int
			for range draws {
				deal(source, counts)
				below += count(side(statistic(counts), seen) < 0)
				same += count(side(statistic(counts), seen) == 0)
			}
			for what, pair := range map[string][2]float64{
				"below": {float64(below) / draws, exact.below},
				"same":  {float64(same) / draws, exact.same},
			} {
				if !near(pair[0], pair[1], 4*math.Sqrt(pair[1]*(1-pair[1])/draws)+1e-9) {
					t.Errorf("%v, %s: %s in %v of draws, want %v", n, name, what, pair[0], pair[1])
				}
			}
		}
	}
}

// Tables are counted without visiting them, to the last one.
func TestFew(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(47, 48))
	for range 200 {
		totals := make([]int, 1+rng.IntN(6))
		all := 0
		for k := range totals {
			totals[k] = 1 + rng.IntN(30)
			all += totals[k]
		}
		s := newSplits(totals, rng.IntN(all+1))
		visited := 0
		s.each(func(counts []int, _ float64) {
			sum := 0
			for k, c := range counts {
				sum += c
				if c < 0 || c > totals[k] {
					t.Fatalf("%v of %v", counts, totals)
				}
			}
			if sum != s.n {
				t.Fatalf("%v deals %d, want %d", counts, sum, s.n)
			}
			visited++
		})
		if got, want := s.few(), visited <= mostTables; got != want {
			t.Errorf("%d of %v: few is %v with %d tables", s.n, totals, got, visited)
		}
	}
	for _, c := range []struct {
		totals []int
		n      int
		want   bool
	}{
		{[]int{mostTables - 1, mostTables}, mostTables - 1, true}, // one table for each count of the first level
		{[]int{mostTables, mostTables}, mostTables, false},
		{slices.Repeat([]int{1}, 20), 10, true}, // 184,756
		{slices.Repeat([]int{1}, 21), 10, false},
		{slices.Repeat([]int{1}, 5000), 1, true},
		{slices.Repeat([]int{1}, 5000), 2500, false},
	} {
		if got := newSplits(c.totals, c.n).few(); got != c.want {
			t.Errorf("%d of %d levels: few is %v", c.n, len(c.totals), got)
		}
	}
}

func TestPermutationRefuses(t *testing.T) {
	t.Parallel()
	good, o := []float64{1, 2, 3}, Resampling{Alpha: 0.05, Family: 1}
	for name, c := range map[string]struct {
		candidate, baseline []float64
		want                error
	}{
		"empty":    {nil, good, ErrTooFew},
		"one":      {good, []float64{1}, ErrTooFew},
		"NaN":      {[]float64{1, math.NaN()}, good, ErrRange},
		"infinity": {good, []float64{1, math.Inf(-1)}, ErrRange},
		"overflow": {[]float64{1e300, -1e300}, good, ErrRange},
	} {
		if _, err := Permutation(c.candidate, c.baseline, o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, o := range []Resampling{{}, {Alpha: 0.05}, {Alpha: 1, Family: 1}, {Alpha: math.NaN(), Family: 1}} {
		if _, err := Permutation(good, good, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	o.Most = 49
	if _, err := Permutation(normals(90, 1), normals(50, 2), o); !errors.Is(err, ErrTooMany) {
		t.Errorf("50 values to deal one by one, at most 49: %v", err)
	}
	if p, err := Permutation(normals(49, 1), normals(100_000, 2), o); err != nil || p.Exact {
		t.Errorf("49 values to deal one by one, of very many: %+v, %v", p, err)
	}
	if p, err := Permutation(ordinals(rand.New(rand.NewPCG(1, 1)), 5000), ordinals(rand.New(rand.NewPCG(2, 2)), 5000), o); err != nil || p.Exact {
		t.Errorf("10,000 values on three levels: %+v, %v", p, err)
	}
	xs := normals(200_000, 1) // each draw would pick 100,000 of 200,000 values
	if _, err := Permutation(xs[:100_000], xs[100_000:], Resampling{Alpha: 0.05, Family: 1}); !errors.Is(err, ErrTooMany) {
		t.Errorf("continuous: %v", err)
	}
}

func TestPermutationProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(45, 46))
	for i := range 60 {
		xs, ys := ordinals(rng, 2+rng.IntN(40)), ordinals(rng, 2+rng.IntN(40))
		if i%3 == 0 { // drawn and not enumerated
			xs, ys = draw(rng, 20+rng.IntN(20)), draw(rng, 20+rng.IntN(20))
		}
		o := Resampling{Alpha: 0.05, Family: 1, Seed: rng.Uint64()}
		test := permuted(t, xs, ys, o)
		if test != permuted(t, xs, ys, o) {
			t.Errorf("%v and %v: two answers", xs, ys)
		}
		if swapped := permuted(t, ys, xs, o); test.PWorse != swapped.PBetter || test.PBetter != swapped.PWorse {
			t.Errorf("%v and %v: swapping sides: %+v, %+v", xs, ys, test, swapped)
		}
		for what, moved := range map[string]Permuted{
			"shift":   permuted(t, scaled(xs, 1, 1024), scaled(ys, 1, 1024), o),
			"scale":   permuted(t, scaled(xs, 0.3, 0), scaled(ys, 0.3, 0), o),
			"reorder": permuted(t, reversed(xs), reversed(ys), o),
		} {
			if !near(moved.PWorse, test.PWorse, 1e-12) || moved.Resamples != test.Resamples {
				t.Errorf("%v and %v: %s: %+v, want %+v", xs, ys, what, moved, test)
			}
		}
	}
}

func TestPermutationStopsEarly(t *testing.T) {
	t.Parallel()
	xs, ys := normals(100, 1), normals(100, 2)
	o := Resampling{Alpha: 0.05, Family: 1}
	same := permuted(t, xs, ys, o)
	if same.Resamples > 5000 || min(same.PWorse, same.PBetter) < 0.05 {
		t.Errorf("no difference: %+v", same)
	}
	worse := permuted(t, scaled(xs, 1, -1), ys, o)
	if worse.Resamples != leastDraws || worse.PWorse != 1./(leastDraws+1) {
		t.Errorf("a clear loss: %+v", worse)
	}
	o.Family = 100
	if many := permuted(t, scaled(xs, 1, -1), ys, o); many.Resamples != 40_000 { // 20·100/0.05
		t.Errorf("in a family of 100: %+v", many)
	}
	// Stopping changes no decision: what stopped would have ended above alpha with the same stream.
	for seed := range uint64(40) {
		o := Resampling{Alpha: 0.05, Family: 1, Seed: seed}
		xs, ys := normals(30, 2*seed), scaled(normals(30, 2*seed+1), 1, 0.3)
		early := permuted(t, xs, ys, o)
		p, err := newPool(xs, ys, 2)
		if err != nil {
			t.Fatal(err)
		}
		// newSplits deals the side that Permutation would.
		dealt, sign := p.candidate, 1
		if slices.Compare(p.candidate, p.baseline) > 0 {
			dealt, sign = p.baseline, -1
		}
		s := newSplits(p.totals, 30)
		statistic := newStudentized(p.values, s).ofCounts
		full, err := s.compare(statistic, statistic(dealt), o, func(tally, int) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		worse, better := full.midP()
		if sign < 0 {
			worse, better = better, worse
		}
		if (early.PWorse < 0.05) != (worse < 0.05) || (early.PBetter < 0.05) != (better < 0.05) {
			t.Errorf("seed %d: %+v, in full %v and %v", seed, early, worse, better)
		}
	}
}

// A seed fixes the draws, to the bit and on every machine: reports that are made twice are the same. Dealing by level and by value.
func TestDrawsAreFixed(t *testing.T) {
	t.Parallel()
	o := Resampling{Alpha: 0.05, Family: 1, Seed: 7}
	byLevel := permuted(t, lcgScores(1, 2000, []float64{0.2, 0.5}), lcgScores(2, 1500, []float64{0.2, 0.48}), o)
	var steps []float64
	for i := range 80 {
		steps = append(steps, float64(i*i%97)/64)
	}
	byValue := permuted(t, steps[:35], steps[35:], o)
	for name, pair := range map[string][2]Permuted{
		"by level": {byLevel, {PWorse: 0.05862351975612616, PBetter: 0.9414937272833861, Resamples: 8528}},
		"by value": {byValue, {PWorse: 0.0675949709341625, PBetter: 0.9325402190077058, Resamples: 7396}},
	} {
		if got, want := pair[0], pair[1]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestGuarded(t *testing.T) {
	t.Parallel()
	baseline := slices.Repeat([]float64{3}, 10)
	candidate := append(slices.Repeat([]float64{3}, 90), 1, 2, 2, 2, 2, 2, 2, 2, 2, 2)
	alone := welch(t, candidate, baseline)
	p := permuted(t, candidate, baseline, Resampling{Alpha: 0.05, Family: 1})
	got := alone.Guarded(p)
	if !(alone.PWorse < 0.01) || !(p.PWorse > 0.1) || got.PWorse != p.PWorse || got.PBetter != alone.PBetter {
		t.Errorf("%v raised to %v, p %+v", alone.PWorse, got.PWorse, p)
	}
	if got.PTwoSided != 2*p.PWorse || !near(got.Log10PTwoSided, math.Log10(2*p.PWorse), 1e-14) || got.Diff != alone.Diff {
		t.Errorf("%+v", got)
	}
	sound(t, got)
	if same := alone.Guarded(Permuted{}); same != alone {
		t.Errorf("a smaller p changes %+v to %+v", alone, same)
	}
}

// The bounds exclude 0 where the guarded p is under alpha, and nowhere else: enumerated, drawn by value, and by level.
func TestGuardedBoundsAgreeWithP(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(51, 52))
	for i := range 400 {
		n, m := 2+rng.IntN(30), 2+rng.IntN(60)
		if i%20 == 0 {
			n, m = 300+rng.IntN(300), 2000
		}
		xs, ys := mixture(rng, "high", n), mixture(rng, "high", m)
		if i%3 == 0 {
			xs = normals(n, rng.Uint64())
		}
		test := welch(t, xs, ys)
		if test.Degenerate {
			continue
		}
		o := Resampling{Alpha: 0.05, Family: 1, Seed: rng.Uint64(), Critical: -Quantile(0.05, test.DF)}
		p := permuted(t, xs, ys, o)
		if !(p.Low <= -o.Critical) || !(p.High >= o.Critical) {
			t.Errorf("critical values %v and %v, Welch's %v", p.Low, p.High, o.Critical)
		}
		got := test.Guarded(p)
		sound(t, got)
		if (got.Hi < -1e-12) != (got.PWorse < 0.05) || (got.Lo > 1e-12) != (got.PBetter < 0.05) || got.Lo > test.Lo || got.Hi < test.Hi {
			t.Errorf("bounds %v to %v, p %v and %v, by %+v of %+v", got.Lo, got.Hi, got.PWorse, got.PBetter, p, test)
		}
		o.Critical = 0
		if bare := permuted(t, xs, ys, o); bare.Low != 0 || bare.High != 0 || p.Exact && bare.PWorse != p.PWorse {
			t.Errorf("without a critical value %+v, with one %+v", bare, p)
		}
	}
}

// Fewer draws than usual give a coarser p, and leave tables to be drawn that would be enumerated.
func TestPermutationDraws(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(53, 54))
	xs, ys := ordinals(rng, 200), ordinals(rng, 200)
	o := Resampling{Alpha: 0.05, Family: 1, Seed: 3, Critical: 1.65}
	exact := permuted(t, xs, ys, o)
	o.Draws = 1999
	drawn := permuted(t, xs, ys, o)
	if !exact.Exact || drawn.Exact || drawn.Resamples != 1999 {
		t.Fatalf("%+v and %+v", exact, drawn)
	}
	if !near(drawn.PWorse, exact.PWorse, 0.05) || !near(drawn.High, exact.High, 0.15) || !near(drawn.Low, exact.Low, 0.15) {
		t.Errorf("drawn %+v, exact %+v", drawn, exact)
	}
	o.Draws = -1
	if _, err := Permutation(xs, ys, o); err == nil {
		t.Error("a negative number of draws is taken")
	}
}

func permuted(t *testing.T, candidate, baseline []float64, o Resampling) Permuted {
	t.Helper()
	p, err := Permutation(candidate, baseline, o)
	if err != nil {
		t.Fatalf("Permutation(%v, %v): %v", candidate, baseline, err)
	}
	return p
}

func reversed(xs []float64) []float64 {
	out := slices.Clone(xs)
	slices.Reverse(out)
	return out
}

func BenchmarkPermutation(b *testing.B) {
	// Ten thousand draws: the loss is clear, so that nothing stops early.
	scores := func(n int, shift uint64) []float64 {
		rng := rand.New(rand.NewPCG(shift, 1))
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = float64(1 + rng.IntN(3+int(shift))/2)
			xs[i] = min(xs[i], 3)
		}
		return xs
	}
	run := func(name string, candidate, baseline []float64, o Resampling) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var p Permuted
			for b.Loop() {
				var err error
				if p, err = Permutation(candidate, baseline, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(p.Resamples), "draws")
		})
	}
	o := Resampling{Alpha: 0.05, Family: 1}
	for _, size := range []struct {
		name string
		n    int
	}{{"1k", 1000}, {"100k", 100_000}, {"1M", 1_000_000}} {
		run("3 values "+size.name, scores(size.n, 1), scores(size.n, 3), o)
	}
	run("continuous 1k", normals(1000, 1), scaled(normals(1000, 2), 1, 0.3), o)
	run("continuous 1k unchanged", normals(1000, 1), normals(1000, 2), o)
	run("exact 20", scores(20, 1), scores(20, 3), o)
	run("exact 300", scores(300, 1), scores(300, 3), o)
	run("3 values unchanged 1k", scores(1000, 3), append(scores(999, 3), 3), o)
}
