package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWilcoxonReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "wilcoxon_signed_rank") {
		r, err := signedRanks(differences(c.Input.Candidate, c.Input.Baseline))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		found := r.approximate()
		if c.Input.Exact {
			found = r.exact()
		}
		got := companionValues(found)
		got["v_plus"], got["n_nonzero"], got["degenerate"] = found.Statistic, float64(found.N), found.N == 0
		c.want(t, got, "method")
	}
}

func TestMannWhitneyReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "mann_whitney") {
		p, err := newPool(c.Input.Candidate, c.Input.Baseline, 1)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		found := p.rankSumApproximate()
		if c.Input.Exact {
			found = p.rankSumExact(newSplits(p.totals, p.candidateN))
		}
		got := companionValues(found)
		got["u_candidate"], got["degenerate"] = found.Statistic, len(p.values) == 1
		c.want(t, got, "method")
	}
}

func TestBrunnerMunzelReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "brunner_munzel") {
		test, err := BrunnerMunzel(c.Input.Candidate, c.Input.Baseline, 0.9)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got := testValues(test)
		got["p_superiority"], got["statistic"] = test.Diff+0.5, got["t"]
		c.want(t, got)
	}
}

// companionValues names a companion's p-values as the reference does.
func companionValues(c Companion) map[string]any {
	return map[string]any{"p_less": c.PWorse, "p_greater": c.PBetter, "p_two_sided": c.PTwoSided}
}

func TestRankTestsChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n     int
		exact bool
	}{{1, true}, {50, true}, {51, false}} {
		got, err := Wilcoxon(normals(c.n, 3))
		if err != nil || got.Exact != c.exact || got.N != c.n {
			t.Errorf("%d differences: %+v, %v", c.n, got, err)
		}
	}
	few, err := MannWhitney([]float64{1, 2, 2}, []float64{3, 3, 1, 2})
	many, err2 := MannWhitney(normals(50, 3), normals(50, 4))
	if err != nil || err2 != nil || !few.Exact || many.Exact {
		t.Errorf("%+v, %v; %+v, %v", few, err, many, err2)
	}
	// Where both are to be had, they agree.
	r, err := signedRanks(normals(50, 3))
	if a, b := r.exact(), r.approximate(); err != nil || !near(a.PWorse, b.PWorse, 0.005) {
		t.Errorf("signed rank: exact %v, approximate %v", a.PWorse, b.PWorse)
	}
}

func TestRankTestsRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		xs   []float64
		want error
	}{"empty": {nil, ErrTooFew}, "NaN": {[]float64{math.NaN(), 1}, ErrRange}, "infinity": {[]float64{1, math.Inf(1)}, ErrRange}} {
		_, err1 := Wilcoxon(c.xs)
		_, err2 := SignFlip(c.xs)
		_, err3 := MannWhitney(c.xs, []float64{1, 2})
		_, err4 := BrunnerMunzel([]float64{1, 2}, c.xs, 0.9)
		for _, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
	}
	if _, err := BrunnerMunzel([]float64{1, 2}, []float64{1, 2}, 1); err == nil {
		t.Error("level 1: no error")
	}
}

func TestRankProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(61, 62))
	for i := range 200 {
		xs, ys := draw(rng, 2+rng.IntN(70)), draw(rng, 2+rng.IntN(70))
		if i%2 == 0 {
			xs, ys = ordinals(rng, len(xs)), ordinals(rng, len(ys))
		}
		both := min(len(xs), len(ys))
		diffs, back := differences(xs[:both], ys[:both]), differences(ys[:both], xs[:both])
		for name, pair := range map[string][2]Companion{
			"signed rank": {wilcoxon(t, diffs), wilcoxon(t, back)},
			"rank sum":    {mannWhitney(t, xs, ys), mannWhitney(t, ys, xs)},
		} {
			if a, b := pair[0], pair[1]; !near(a.PWorse, b.PBetter, 1e-12) || !near(a.PBetter, b.PWorse, 1e-12) || a.N != b.N {
				t.Errorf("%s: swapping sides: %+v, %+v", name, a, b)
			}
		}
		// Ranks know no scale, and signed ranks no scale of differences.
		if a, b := mannWhitney(t, xs, ys), mannWhitney(t, scaled(reversed(xs), 3, 7), scaled(ys, 3, 7)); a.Statistic != b.Statistic || a.PWorse != b.PWorse {
			t.Errorf("rank sum: scale and order: %+v, %+v", a, b)
		}
		if a, b := wilcoxon(t, diffs), wilcoxon(t, scaled(reversed(diffs), 3, 0)); a != b {
			t.Errorf("signed rank: scale and order: %+v, %+v", a, b)
		}
		bm, err := BrunnerMunzel(xs, ys, 0.9)
		if delta := CliffsDelta(xs, ys); err != nil || !near(bm.Diff, delta/2, 1e-14) {
			t.Errorf("Brunner-Munzel: %v, %v, want half of Cliff's delta %v", bm.Diff, err, delta)
		}
		sound(t, bm)
	}
}

// Decimal scores leave rounding in their differences, which neither breaks ties nor makes zeros into changes.
func TestDecimalTies(t *testing.T) {
	t.Parallel()
	diffs := []float64{0.3 - 0.2, 0.2 - 0.1, 0.1 - 0.2, 0.1 + 0.2 - 0.3} // 0.1 three times, and 0, but for rounding
	got := wilcoxon(t, diffs)
	if got.N != 3 || got.Statistic != 4 || got.PBetter != 0.5 { // ranks 2, 2, −2: of eight sign patterns one has 6, three have 4
		t.Errorf("%+v", got)
	}
	flipped, err := SignFlip(diffs)
	if err != nil || flipped.N != 3 || !near(flipped.PBetter, 1./8+3./16, 1e-15) {
		t.Errorf("%+v, %v", flipped, err)
	}
	if zeros := wilcoxon(t, slices.Repeat([]float64{0}, 9)); zeros.N != 0 || zeros.PWorse != 1 || zeros.PTwoSided != 1 {
		t.Errorf("no difference: %+v", zeros)
	}
}

func wilcoxon(t *testing.T, diffs []float64) Companion {
	t.Helper()
	c, err := Wilcoxon(diffs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mannWhitney(t *testing.T, candidate, baseline []float64) Companion {
	t.Helper()
	c, err := MannWhitney(candidate, baseline)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
