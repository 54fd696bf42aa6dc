package gate_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// unrelated makes a run of samples that pair with no other run.
func unrelated(t *testing.T, values []float64) gate.Run {
	t.Helper()
	samples := make([]score.Sample, len(values))
	for i, v := range values {
		samples[i] = sample("m", "", v)
	}
	return build(t, samples...)
}

func repeated(value float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = value
	}
	return out
}

// ascending are n distinct values from 0 up to 1.
func ascending(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i) / float64(n)
	}
	return out
}

// A small side without spread no longer makes Welch's test see a loss, nor keep a clear one from being seen.
func TestGuard(t *testing.T) {
	t.Parallel()
	mixed := append(repeated(3, 95), 1, 2, 2, 2, 2)
	low := append(repeated(1, 90), repeated(2, 10)...)
	tests := []struct {
		name              string
		is, was           []float64
		direction         gate.Direction
		method            stat.Method
		guarded, constant bool
		outcome           gate.Outcome
	}{
		{"noise against a constant", mixed, repeated(3, 10), gate.Higher, stat.PermutationT, true, false, gate.Inconclusive},
		{"a loss against a constant", low, repeated(3, 10), gate.Higher, stat.PermutationT, true, false, gate.Regressed},
		{"a gain from a constant, turned", low, repeated(3, 10), gate.Lower, stat.WelchT, true, false, gate.Improved},
		{"thousands on few values", append(repeated(2, 2000), 1), repeated(3, 10), gate.Higher, stat.PermutationT, true, false, gate.Regressed},
		{"a loss on many values against a constant", ascending(2001), repeated(3, 10), gate.Higher, stat.PermutationT, true, false, gate.Regressed},
		{"a constant too large to guard", ascending(20_000), repeated(3, 20_000), gate.Higher, stat.WelchT, false, true, gate.Inconclusive},
		{"alike, and too many values to guard", ascending(402), ascending(201), gate.Higher, stat.WelchT, false, false, gate.Held},
		{"unlike, on many values", ascending(603), ascending(201), gate.Higher, stat.WelchT, true, false, gate.Held},
		{"unlike, and too many values to guard", ascending(3003), ascending(1001), gate.Higher, stat.WelchT, false, false, gate.Held},
		{"nothing varies", repeated(3, 40), repeated(3, 40), gate.Higher, stat.WelchT, false, false, gate.Held},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := policy()
			p.Defaults.Direction = tt.direction
			report := gate.Evaluate(unrelated(t, tt.is), against(unrelated(t, tt.was)), p)
			f := report.Models[0].Findings[0]
			if f.Outcome != tt.outcome || f.Decided.Method != tt.method || f.OneSideConstant != tt.constant || (f.Permutation != nil) != tt.guarded {
				t.Errorf("%v by %v, one side constant %t, permutation %+v, p %v",
					f.Outcome, f.Decided.Method, f.OneSideConstant, f.Permutation, f.PAdjusted)
			}
			again := gate.Evaluate(unrelated(t, tt.is), against(unrelated(t, tt.was)), p)
			if diff := cmp.Diff(again.Models[0].Findings[0].Permutation, f.Permutation); diff != "" {
				t.Errorf("a rerun differs:\n%s", diff)
			}
		})
	}
}

// Of unchanged models near the ceiling Welch's test alone sees a loss in half, with a baseline of 10 against 100.
func TestGuardErrorRate(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(71, 72))
	draw := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = 3
			switch u := rng.Float64(); {
			case u < 0.01:
				out[i] = 1
			case u < 0.05:
				out[i] = 2
			}
		}
		return out
	}
	const runs = 400
	welch, guarded := 0, 0
	p := policy()
	for range runs {
		report := gate.Evaluate(unrelated(t, draw(100)), against(unrelated(t, draw(10))), p)
		c := report.Models[0].Findings[0].Comparison
		if c.Tests[0].PWorse < p.Alpha {
			welch++
		}
		if c.PAdjusted < p.Alpha {
			guarded++
		}
	}
	if welch < runs/3 || guarded > runs/20 {
		t.Errorf("of %d unchanged runs Welch's test sees a loss in %d, guarded in %d; want about half, and at most 5 %%", runs, welch, guarded)
	}
}

// A guard that cannot be made says so.
func TestGuardOutOfRange(t *testing.T) {
	t.Parallel()
	is, was := repeat(100, 0, 1e-145), repeat(100, 0, 0, 1e-145)
	c := only(t, unrelated(t, is), unrelated(t, was), policy())
	if c.Decided == nil || c.Permutation != nil {
		t.Fatalf("decided %+v, permutation %+v", c.Decided, c.Permutation)
	}
	if !slices.ContainsFunc(c.Warnings, func(w string) bool { return strings.Contains(w, "could not be made") }) {
		t.Errorf("warnings %q do not tell of it", c.Warnings)
	}
}

// The interval of an unpaired comparison and its p say the same of no difference, guarded or not.
func TestGuardedIntervalAgreesWithP(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(73, 74))
	p := policy(maxLoss(0))
	guarded := 0
	for range 200 {
		n, m := 5+rng.IntN(30), 5+rng.IntN(200)
		c := only(t, unrelated(t, marks(rng, n, [2]float64{0.05, 0.2}, 0)), unrelated(t, marks(rng, m, [2]float64{0.05, 0.2}, 0)), p)
		if c.Decided.Degenerate {
			continue
		}
		if (c.Decided.Hi < -1e-12) != (c.PAdjusted < p.Alpha) || (c.Decided.Lo > 1e-12) != (c.PBetter < p.Alpha) {
			t.Errorf("%v to %v, p %v and %v", c.Decided.Lo, c.Decided.Hi, c.PAdjusted, c.PBetter)
		}
		if welch := c.Tests[0]; c.Decided.Lo < welch.Lo || c.Decided.Hi > welch.Hi {
			guarded++
			if c.Decided.Method != stat.PermutationT {
				t.Errorf("%v to %v is not Welch's %v to %v, which is said to decide", c.Decided.Lo, c.Decided.Hi, welch.Lo, welch.Hi)
			}
		}
	}
	if guarded == 0 {
		t.Error("the guard moved no bound")
	}
}

// Nothing is called held more often than alpha allows where a small candidate is compared with a large baseline near the
// ceiling, though Welch's bound would.
func TestGuardHoldsHeld(t *testing.T) {
	t.Parallel()
	const runs = 1000
	for _, size := range [][2]int{{20, 200}, {50, 500}} {
		rng := rand.New(rand.NewPCG(75, 76))
		p := policy(maxLoss(0))
		held, welch := 0, 0
		for range runs {
			c := only(t, unrelated(t, marks(rng, size[0], [2]float64{0.05, 0.2}, 0)), unrelated(t, marks(rng, size[1], [2]float64{0.05, 0.2}, 0)), p)
			if o := p.Judge(c).Outcome; o == gate.Held || o == gate.Improved { // with nothing tolerated either says that there is no loss
				held++
			}
			if c.Tests[0].Lo > 0 {
				welch++
			}
		}
		t.Logf("%v: %d of %d, by Welch's bound %d", size, held, runs, welch)
		if float64(held) > 0.065*runs || welch <= held {
			t.Errorf("%v: no loss is claimed in %d of %d unchanged runs, by Welch's bound in %d", size, held, runs, welch)
		}
	}
}
