package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestClusterReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "cluster_se") {
		g := OfGroups(c.Input.X, c.Input.Cluster)
		test, err := ClusteredPaired(g, 0.9)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		n, groups, naive := float64(g.N), float64(g.Groups), g.Moments.SE()
		c.want(t, map[string]any{
			"n": n, "clusters": groups, "mean": test.Diff, "se_cr1": test.SE, "t_cr1": test.T, "df": test.DF,
			"p_less_cr1": test.PWorse, "p_greater_cr1": test.PBetter, "p_two_sided_cr1": test.PTwoSided,
			"log10_p_two_sided_cr1": test.Log10PTwoSided,
			// What the product does not show follows from the same sums.
			"se_naive": naive, "se_cr0": test.SE * math.Sqrt((groups-1)/groups),
			"se_miller":         math.Sqrt(naive*naive + (g.scatter-g.M2)/(n*n)),
			"design_effect_cr1": test.SE * test.SE / (naive * naive),
		})
	}
}

// With groups of one, clustered tests are the ordinary ones.
func TestClustersOfOne(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(51, 52))
	for range 100 {
		xs, ys := draw(rng, 2+rng.IntN(30)), draw(rng, 2+rng.IntN(30))
		got, err := ClusteredWelch(OfGroups(xs, apart(xs)), OfGroups(ys, apart(ys)), 0.9)
		if err != nil {
			t.Fatal(err)
		}
		sameTest(t, "unpaired", got, welch(t, xs, ys), 1)
		got, err = ClusteredPaired(OfGroups(xs, apart(xs)), 0.9)
		if err != nil {
			t.Fatal(err)
		}
		sameTest(t, "paired", got, paired(t, xs), 1)
	}
}

func TestClusteredProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(53, 54))
	for range 100 {
		xs, gs := family(rng, 4+rng.IntN(10), 0.5)
		ys, hs := family(rng, 4+rng.IntN(10), 0.5)
		test := clustered(t, xs, gs, ys, hs)
		swapped := clustered(t, ys, hs, xs, gs)
		if test.T != -swapped.T || test.PWorse != swapped.PBetter || test.Lo != -swapped.Hi {
			t.Errorf("swapping sides: %+v, %+v", test, swapped)
		}
		sameTest(t, "shift", clustered(t, scaled(xs, 1, 1024), gs, scaled(ys, 1, 1024), hs), test, 1)
		sameTest(t, "scale", clustered(t, scaled(xs, 0.3, 0), gs, scaled(ys, 0.3, 0), hs), test, 0.3)
		slices.Reverse(gs)
		sameTest(t, "order", clustered(t, reversed(xs), gs, ys, hs), test, 1)
	}
}

func TestClusteredDegenerate(t *testing.T) {
	t.Parallel()
	groups := []string{"a", "a", "b", "b", "c", "c"}
	for name, c := range map[string]struct {
		diffs       []float64
		worse, diff float64
	}{
		"one loss everywhere":     {[]float64{-1, -1, -1, -1, -1, -1}, 1. / 8, -1},
		"the same mean per group": {[]float64{-2, 0, -1, -1, 0, -2}, 1. / 8, -1},
		"in tenths":               {[]float64{-0.3, -0.1, -0.2, -0.2, -0.1, -0.3}, 1. / 8, -0.2},
		"nothing":                 {[]float64{0, 0, 0, 0, 0, 0}, 1, 0},
		"nothing on balance":      {[]float64{-0.1, 0.1, 0.3, -0.3, 0.7, -0.7}, 1, 0},
		"far from zero":           {[]float64{1e9 - 1, 1e9 + 1, 1e9, 1e9, 1e9 + 2, 1e9 - 2}, 1, 1e9},
	} {
		got, err := ClusteredPaired(OfGroups(c.diffs, groups), 0.9)
		if err != nil || !got.Degenerate || !near(got.PWorse, c.worse, 1e-15) || !near(got.Diff, c.diff, 1e-15) || got.SE != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	a, b := OfGroups([]float64{2, 2, 1, 3, 2, 2}, groups), OfGroups([]float64{3, 3, 3, 3, 3, 3}, groups)
	got, err := ClusteredWelch(a, b, 0.9)
	if err != nil || !got.Degenerate || !near(got.PWorse, 1./20, 1e-15) {
		t.Errorf("unpaired: %+v, %v", got, err)
	}
}

func TestClusteredRefuses(t *testing.T) {
	t.Parallel()
	xs := []float64{1, 2, 3, 4}
	good := OfGroups(xs, []int{1, 1, 2, 2})
	for name, c := range map[string]struct {
		g    Grouped
		want error
	}{
		"none":      {OfGroups(nil, []int{}), ErrTooFewGroups},
		"one group": {OfGroups(xs, []string{"", "", "", ""}), ErrTooFewGroups},
		"NaN":       {OfGroups([]float64{1, math.NaN(), 2, 3}, []int{1, 1, 2, 2}), ErrRange},
		"overflow":  {OfGroups([]float64{1e200, -1e200, 2, 3}, []int{1, 1, 2, 2}), ErrRange},
	} {
		if _, err := ClusteredPaired(c.g, 0.9); !errors.Is(err, c.want) {
			t.Errorf("%s: paired: %v, want %v", name, err, c.want)
		}
		if _, err := ClusteredWelch(good, c.g, 0.9); !errors.Is(err, c.want) {
			t.Errorf("%s: unpaired: %v, want %v", name, err, c.want)
		}
	}
	if _, err := ClusteredPaired(good, 1); err == nil {
		t.Error("level 1: no error")
	}
	defer func() {
		if recover() == nil {
			t.Error("two scores with one group: no panic")
		}
	}()
	OfGroups([]float64{1, 2}, []int{1})
}

// Under no difference and with groups of five whose scores are alike, clustered tests keep alpha where plain ones have 13 %.
func TestClusteredCalibration(t *testing.T) {
	t.Parallel()
	const runs, alpha = 10_000, 0.05
	rng := rand.New(rand.NewPCG(55, 56))
	for _, groups := range []int{5, 10, 20, 50} {
		var plain, one, two int
		for range runs {
			xs, gs := family(rng, groups, 0.3)
			ys, hs := family(rng, groups, 0.3)
			test, err := ClusteredPaired(OfGroups(xs, gs), 0.9)
			if err != nil {
				t.Fatal(err)
			}
			plain += count(paired(t, xs).PWorse < alpha)
			one += count(test.PWorse < alpha)
			two += count(clustered(t, xs, gs, ys, hs).PWorse < alpha)
		}
		shares := [3]float64{float64(plain) / runs, float64(one) / runs, float64(two) / runs}
		if !(shares[0] > 0.11) || !(0.04 <= shares[1] && shares[1] <= 0.065) || !(0.04 <= shares[2] && shares[2] <= 0.065) {
			t.Errorf("%d groups: type I error %.4f", groups, shares)
		}
	}
}

// family draws groups of five normals, of which icc is the share of variance between groups.
func family(rng *rand.Rand, groups int, icc float64) (xs []float64, group []int) {
	for g := range groups {
		shared := math.Sqrt(icc) * rng.NormFloat64()
		for range 5 {
			xs, group = append(xs, shared+math.Sqrt(1-icc)*rng.NormFloat64()), append(group, g)
		}
	}
	return xs, group
}

func apart(xs []float64) []int {
	groups := make([]int, len(xs))
	for i := range groups {
		groups[i] = i
	}
	return groups
}

func clustered(t *testing.T, xs []float64, gs []int, ys []float64, hs []int) Test {
	t.Helper()
	test, err := ClusteredWelch(OfGroups(xs, gs), OfGroups(ys, hs), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	return test
}
