package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

func TestCompanions(t *testing.T) {
	t.Parallel()
	was := repeat(40, 1, 1, 1, 0)
	is := repeat(40, 1, 0, 1, 1) // of each four one falls and one rises
	is[3], is[7] = 0, 0          // two do not rise
	marks := repeat(40, 1, 2, 3)
	ranks, err := stat.Wilcoxon(repeat(39, 1, -1, -1))
	if err != nil {
		t.Fatal(err)
	}
	withTrials := func(values []float64) gate.Run {
		var samples []score.Sample
		for i, v := range values {
			for trial := range 3 {
				s := sample("m", fmt.Sprintf("q%03d", i), v)
				s.Trial = trial
				samples = append(samples, s)
			}
		}
		return build(t, samples...)
	}
	for _, tt := range []struct {
		name                string
		candidate, baseline gate.Run
		want                []stat.Companion
	}{
		{"pass or fail", column(t, is...), column(t, was...), []stat.Companion{stat.McNemar(10, 8)}},
		{"trials are averaged first", withTrials(is), withTrials(was), []stat.Companion{stat.McNemar(10, 8)}},
		{"marks", column(t, repeat(39, 2, 1, 2)...), column(t, repeat(39, 1, 2, 3)...), []stat.Companion{ranks}},
		{"unpaired", anonymous(t, marks...), anonymous(t, marks...), nil},
	} {
		c := only(t, tt.candidate, tt.baseline, policy())
		if diff := cmp.Diff(c.Companions, tt.want); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

// Of two metrics a shift has to be seen as plainly as a difference would.
func TestShiftInFamily(t *testing.T) {
	t.Parallel()
	var is, was []score.Sample
	for i := range 80 {
		before, now := float64(2+i%2), float64(2+i%2)
		switch {
		case i < 10 && i%2 == 0: // 5 fall from 2 to 1, and 5 rise from 2 to 3
			now = 1
		case i >= 10 && i < 20 && i%2 == 0:
			now = 3
		}
		was = append(was, sample("m", "", before, float64(1+i%3)))
		is = append(is, sample("m", "", now, float64(1+i%3)))
	}
	p := policy(maxLoss(0.5))
	both := gate.Compare(build(t, is...), against(build(t, was...)), p)[0]
	p.Correction = gate.NoCorrection
	alone := gate.Compare(build(t, is...), against(build(t, was...)), p)[0]
	if both.Reshaped || !alone.Reshaped || both.Shift.P != alone.Shift.P {
		t.Errorf("p %v: reshaped %t among two, %t without correction", both.Shift.P, both.Reshaped, alone.Reshaped)
	}
}

// Equal means can hide that marks moved from the middle to both ends.
func TestShift(t *testing.T) {
	t.Parallel()
	was, is := repeat(80, 2, 2, 3, 3), repeat(80, 1, 3, 3, 3)
	for _, tt := range []struct {
		name                string
		candidate, baseline gate.Run
		reshaped            bool
		method              stat.Method
	}{
		{"hidden", anonymous(t, is...), anonymous(t, was...), true, stat.ChiSquared},
		{"hidden, paired", column(t, is...), column(t, was...), true, stat.ChiSquared},
		{"the same", anonymous(t, was...), anonymous(t, was...), false, stat.ChiSquared},
		{"shown by the means", anonymous(t, repeat(80, 1, 1, 2, 2)...), anonymous(t, was...), false, stat.ChiSquared},
		{"many values", anonymous(t, ascending(80)...), anonymous(t, ascending(80)...), false, stat.KolmogorovD},
		{"many values, hidden", anonymous(t, repeat(80, 0, 1)...), anonymous(t, ascending(80)...), true, stat.KolmogorovD},
	} {
		p := policy(maxLoss(0.5))
		c := only(t, tt.candidate, tt.baseline, p)
		if c.Shift == nil || c.Shift.Method != tt.method || c.Reshaped != tt.reshaped {
			t.Errorf("%s: %+v, reshaped %t", tt.name, c.Shift, c.Reshaped)
		}
		sound(t, p.Judge(c))
	}
	c := only(t, grouped(t, true, is, byFive), grouped(t, true, was, byFive), policy())
	if c.Shift != nil {
		t.Errorf("samples in groups: %+v", c.Shift)
	}
}

// The rules, each as the whole gate applies it: what is red, and why.
func TestRules(t *testing.T) {
	t.Parallel()
	was := repeat(100, 1, 2, 3, 3)
	worse := repeat(100, 1, 1, 2, 3) // by 0.5
	slight := repeat(100, 1, 2, 3, 3)
	for i := range 20 {
		slight[4*i] = 0 // by 0.2, of which 0.12 to 0.28 is left possible
	}
	noisy := repeat(10, 3, 2, 3, 1, 2, 3, 1, 2, 3, 1) // by 0.2 of 10 samples
	small := repeat(10, 1, 2, 3, 3, 2, 1, 3, 3, 2, 3)
	for _, tt := range []struct {
		rule     gate.Rule
		is, was  []float64
		maxLoss  float64
		outcome  gate.Outcome
		decision gate.Decision
	}{
		{gate.Regression, worse, was, 0.1, gate.Regressed, gate.Fail},
		{gate.Regression, noisy, small, 0.1, gate.Inconclusive, gate.Warn},
		{gate.Regression, slight, was, 0.25, gate.Inconclusive, gate.Warn},
		{gate.Regression, slight, was, 0.3, gate.Held, gate.Pass},
		{gate.NonInferiority, worse, was, 0.1, gate.Regressed, gate.Fail},
		{gate.NonInferiority, noisy, small, 0.1, gate.Inconclusive, gate.Fail},
		{gate.NonInferiority, slight, was, 0.25, gate.Inconclusive, gate.Fail},
		{gate.NonInferiority, slight, was, 0.3, gate.Held, gate.Pass},
		{gate.Threshold, worse, was, 0.1, gate.Regressed, gate.Fail},
		{gate.Threshold, noisy, small, 0.1, gate.Regressed, gate.Fail},
		{gate.Threshold, slight, was, 0.25, gate.Inconclusive, gate.Warn},
		{gate.Threshold, slight, was, 0.3, gate.Held, gate.Pass},
	} {
		p := policy(maxLoss(tt.maxLoss), func(p *gate.Policy) { p.Rule = tt.rule })
		for _, direction := range []gate.Direction{gate.Higher, gate.Lower} {
			is, was := column(t, tt.is...), column(t, tt.was...)
			p.Defaults.Direction = direction
			if direction == gate.Lower {
				is, was = column(t, negated(tt.is)...), column(t, negated(tt.was)...)
			}
			f := gate.Evaluate(is, against(was), p).Models[0].Findings[0]
			if f.Outcome != tt.outcome || f.Decision != tt.decision {
				t.Errorf("%s, tolerated %v, %s: %s, %s, want %s, %s: %s", tt.rule, tt.maxLoss, direction, f.Outcome, f.Decision, tt.outcome, tt.decision, f.Reason)
			}
			if (f.NonInferior != nil) != (tt.rule == gate.NonInferiority) {
				t.Errorf("%s: test of non-inferiority %+v", tt.rule, f.NonInferior)
			}
			if n := f.NonInferior; n != nil {
				p := n.PBetter
				if direction == gate.Lower {
					p = n.PWorse
				}
				if (p < 0.05) != (f.Outcome == gate.Held) {
					t.Errorf("p %v for non-inferiority, %s", p, f.Outcome)
				}
			}
			if f.Outcome == gate.Inconclusive && !strings.Contains(f.Reason, "not ruled out") && !strings.Contains(f.Reason, "not distinguishable") {
				t.Errorf("an open question reads like an answer: %s", f.Reason)
			}
		}
	}
}

func negated(xs []float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = -x
	}
	return out
}
