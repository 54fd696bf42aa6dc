package stat

import (
	"errors"
	"testing"
)

func TestMcNemarReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "mcnemar") {
		worse, better := c.Input.Worse, c.Input.Better
		test := McNemar(worse, better)
		exact := atLeast(worse+better, worse)
		c.want(t, map[string]any{
			"p_mid_worse": test.PWorse, "p_exact_worse": exact, "degenerate": test.N == 0,
			"p_exact_two_sided": min(2*min(exact, atLeast(worse+better, better)), 1),
		})
	}
}

func TestSignFlipReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "signflip") {
		diffs := differences(c.Input.Candidate, c.Input.Baseline)
		test, err := SignFlip(diffs)
		changed, err2 := bySize(diffs)
		all, _, err3 := signFlips(changed)
		if err != nil || err2 != nil || err3 != nil {
			t.Errorf("%s: %v, %v, %v", c.Name, err, err2, err3)
			continue
		}
		less, greater := all.below+all.same, all.above+all.same
		c.want(t, map[string]any{
			"mean_diff": test.Statistic, "p_less_mid": test.PWorse, "p_less": less, "p_greater": greater,
			"p_two_sided": min(2*min(less, greater), 1),
		})
	}
}

func TestMcNemarProperties(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		for worse := range n + 1 {
			a, b := McNemar(worse, n-worse), McNemar(n-worse, worse)
			if !near(a.PWorse, b.PBetter, 1e-12) || !near(a.PWorse+a.PBetter, 1, 1e-12) || a.N != n {
				t.Fatalf("%d of %d: %+v, %+v", worse, n, a, b)
			}
		}
	}
	if got := McNemar(1e6, 1e6); !near(got.PWorse, 0.5, 1e-9) {
		t.Errorf("a million each: %+v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a negative count: no panic")
		}
	}()
	McNemar(-1, 1)
}

// The sign-flip test of differences of one size is McNemar's.
func TestSignFlipIsMcNemar(t *testing.T) {
	t.Parallel()
	for worse := range 30 {
		diffs := make([]float64, 50)
		for i := range worse {
			diffs[i] = -0.1
		}
		for i := worse; i < 40; i++ {
			diffs[i] = 0.1
		}
		got, err := SignFlip(diffs)
		if want := McNemar(worse, 40-worse); err != nil || got.N != 40 || !near(got.PWorse, want.PWorse, 1e-13) || !near(got.PBetter, want.PBetter, 1e-13) {
			t.Errorf("%d of 40: %+v, %v, want %+v", worse, got, err, want)
		}
	}
	if _, err := SignFlip(normals(40, 1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("40 differences without ties: %v", err)
	}
}
