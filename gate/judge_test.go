package gate_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// measured is a comparison of 100 pairs on a scale of 1 to 3 that fell by 0.18, judged on its own facts.
func measured(change func(*gate.Comparison)) gate.Comparison {
	c := gate.Comparison{
		Series:    gate.Series{Key: score.Key{Model: "m"}, Metric: "accuracy"},
		Criterion: gate.Criterion{Metric: "accuracy", Direction: gate.Higher, Tier: gate.Critical},
		MaxLoss:   0.1,
		Scale:     &score.Scale{Min: 1, Max: 3},
		Candidate: &gate.Summary{Rows: 100, N: 100, Mean: 2.41, Quartiles: stat.Quartiles{Min: 1, Max: 3}},
		Baseline:  &gate.Summary{Rows: 100, N: 100, Mean: 2.59, Quartiles: stat.Quartiles{Min: 1, Max: 3}},
		Paired:    100,
		Means:     [2]float64{2.41, 2.59},
		MDE:       new(0.19), Needed: new(355), Family: 4,
		PWorse: 0.0013, PAdjusted: 0.0052, PBetter: 1,
		Decided: &stat.Test{Method: stat.PairedT, N: [2]int{100, 100}, T: -3.1, DF: 99, Diff: -0.18, SE: 0.058, Lo: -0.276, Hi: -0.084, Level: 0.9},
	}
	change(&c)
	return c
}

func moved(c *gate.Comparison, diff, half, worse, better float64) {
	d := *c.Decided
	d.Diff, d.Lo, d.Hi = diff, diff-half, diff+half
	c.Decided, c.PAdjusted, c.PBetter = &d, worse, better
}

// gained rose by 0.19, held fell by 0.02 within narrow bounds, unsure fell by 0.04 within wide ones.
func gained(c *gate.Comparison) { moved(c, 0.19, 0.09, 1, 0.003) }
func held(c *gate.Comparison)   { moved(c, -0.02, 0.06, 0.3, 0.9) }
func unsure(c *gate.Comparison) { moved(c, -0.04, 0.1, 0.21, 0.9) }
func noisy(c *gate.Comparison)  { moved(c, -0.18, 0.2, 0.12, 0.99) }

func TestJudge(t *testing.T) {
	t.Parallel()
	set := func(change func(*gate.Policy)) gate.Policy { return policy(change) }
	rule := func(r gate.Rule) gate.Policy { return set(func(p *gate.Policy) { p.Rule = r }) }
	const wide = " is not ruled out; underpowered: a loss of 0.19 is found 80 % of the time, one of 0.10 needs about 355 pairs"
	for _, tt := range []struct {
		name     string
		policy   gate.Policy
		change   func(*gate.Comparison)
		outcome  gate.Outcome
		decision gate.Decision
		reason   string
	}{
		{"regressed", policy(), func(*gate.Comparison) {}, gate.Regressed, gate.Fail,
			"accuracy fell by 0.18 (90 % CI 0.08 to 0.28; p = 0.005 after Holm over 4), more than the tolerated 0.10"},
		{"regressed, alone in its family", policy(), func(c *gate.Comparison) { c.Family = 1 }, gate.Regressed, gate.Fail,
			"accuracy fell by 0.18 (90 % CI 0.08 to 0.28; p = 0.005), more than the tolerated 0.10"},
		{"regressed, nothing tolerated", policy(), func(c *gate.Comparison) { c.MaxLoss = 0 }, gate.Regressed, gate.Fail,
			"accuracy fell by 0.18 (90 % CI 0.08 to 0.28; p = 0.005 after Holm over 4), and no loss is tolerated"},
		{"regressed, lower is better", policy(), func(c *gate.Comparison) {
			moved(c, 0.18, 0.096, 0.00001, 1)
			c.Criterion.Direction = gate.Lower
		}, gate.Regressed, gate.Fail,
			"accuracy rose by 0.18 (90 % CI 0.08 to 0.28; p < 0.0001 after Holm over 4), more than the tolerated 0.10"},
		{"regressed, supporting", policy(), func(c *gate.Comparison) { c.Criterion.Tier = gate.Supporting }, gate.Regressed, gate.Warn, ""},
		{"regressed, advisory", policy(), func(c *gate.Comparison) { c.Criterion.Tier = gate.Advisory }, gate.Regressed, gate.Pass, ""},
		{"p is not below alpha", policy(), func(c *gate.Comparison) { c.PAdjusted = 0.05 }, gate.Inconclusive, gate.Warn, ""},
		{"tolerance exactly met", policy(), func(c *gate.Comparison) { moved(c, -0.1-1e-13, 0.02, 1e-9, 1) }, gate.Inconclusive, gate.Warn,
			"accuracy fell by 0.100 (90 % CI 0.080 to 0.120; p < 0.0001 after Holm over 4), within the tolerated 0.100, but a larger loss is not ruled out; underpowered: a loss of 0.190 is found 80 % of the time, one of 0.100 needs about 355 pairs"},
		{"improved", policy(), gained, gate.Improved, gate.Pass,
			"accuracy rose by 0.19 (90 % CI 0.10 to 0.28; p = 0.003 after Holm over 4)"},
		{"a gain that is no evidence after correction", policy(), func(c *gate.Comparison) { moved(c, 0.19, 0.09, 1, 0.05) }, gate.Held, gate.Pass, ""},
		{"a gain of rounding alone", policy(), func(c *gate.Comparison) { moved(c, 1e-17, 0.02, 0.3, 0.001) }, gate.Held, gate.Pass, ""},
		{"held", policy(), held, gate.Held, gate.Pass,
			"accuracy fell by 0.02 (90 % CI −0.04 to 0.08), and a loss of more than the tolerated 0.10 is ruled out"},
		{"the bound meets the tolerance", policy(), func(c *gate.Comparison) { moved(c, -0.05, 0.05, 0.1, 1) }, gate.Inconclusive, gate.Warn, ""},
		{"inconclusive, lost too much to tolerate", policy(), noisy, gate.Inconclusive, gate.Warn,
			"accuracy dropped by 0.18 (90 % CI −0.02 to 0.38; p = 0.12 after Holm over 4), not distinguishable from noise at n=100 pairs; underpowered: a loss of 0.19 is found 80 % of the time, one of 0.10 needs about 355 pairs"},
		{"inconclusive, lost a little", policy(), unsure, gate.Inconclusive, gate.Warn,
			"accuracy dropped by 0.04 (90 % CI −0.06 to 0.14; p = 0.21 after Holm over 4), not distinguishable from noise at n=100 pairs, and a loss of more than the tolerated 0.10" + wide},
		{"inconclusive, gained", policy(), func(c *gate.Comparison) { moved(c, 0.04, 0.2, 0.7, 0.3) }, gate.Inconclusive, gate.Warn,
			"accuracy rose by 0.04 (90 % CI −0.16 to 0.24) at n=100 pairs, but a loss of more than the tolerated 0.10" + wide},
		{"inconclusive, on-inconclusive pass", set(func(p *gate.Policy) { p.OnInconclusive = gate.Pass }), noisy, gate.Inconclusive, gate.Pass, ""},
		{"inconclusive, on-inconclusive fail", set(func(p *gate.Policy) { p.OnInconclusive = gate.Fail }), noisy, gate.Inconclusive, gate.Fail, ""},
		{"no test", policy(), func(c *gate.Comparison) {
			c.Decided, c.Candidate.N, c.Baseline.N = nil, 4, 3
			c.Candidate.Missing = 0
		}, gate.Inconclusive, gate.Warn,
			"accuracy dropped by 0.18, not distinguishable from noise: 3 samples, and no test decides below 5"},
		{"one side constant", policy(), func(c *gate.Comparison) {
			c.OneSideConstant, c.PAdjusted, c.PBetter = true, 1, 1
			d := *c.Decided
			d.Method, d.N = stat.WelchT, [2]int{100, 10}
			c.Decided = &d
		}, gate.Inconclusive, gate.Warn,
			"accuracy dropped by 0.18, not distinguishable from noise at n=100 and 10: one side has no spread at all"},
		{"threshold, beyond", rule(gate.Threshold), noisy, gate.Regressed, gate.Fail,
			"accuracy fell by 0.18 (90 % CI −0.02 to 0.38), more than the tolerated 0.10 (a threshold asks for no evidence)"},
		{"threshold, no test", rule(gate.Threshold), func(c *gate.Comparison) { c.Decided = nil }, gate.Regressed, gate.Fail, ""},
		{"threshold, within", rule(gate.Threshold), unsure, gate.Inconclusive, gate.Warn, ""},
		{"non-inferiority, not shown", rule(gate.NonInferiority), unsure, gate.Inconclusive, gate.Fail, ""},
		{"non-inferiority, shown", rule(gate.NonInferiority), held, gate.Held, gate.Pass, ""},
		{"non-inferiority, supporting", rule(gate.NonInferiority), func(c *gate.Comparison) { unsure(c); c.Criterion.Tier = gate.Supporting }, gate.Inconclusive, gate.Warn, ""},
		{"new", policy(), func(c *gate.Comparison) { c.Baseline, c.Decided = nil, nil }, gate.New, gate.Warn,
			"accuracy is not in the baseline; it is 2.41 now"},
		{"new, on-no-baseline fail", set(func(p *gate.Policy) { p.OnNoBaseline = gate.Fail }), func(c *gate.Comparison) { c.Baseline, c.Decided = nil, nil }, gate.New, gate.Fail, ""},
		{"baseline without a score", policy(), func(c *gate.Comparison) { c.Baseline, c.Decided = &gate.Summary{Missing: 9}, nil }, gate.New, gate.Warn,
			"accuracy has no usable score in the baseline; it is 2.41 now"},
		{"unreadable", policy(), func(c *gate.Comparison) { c.Baseline, c.Decided, c.Unreadable = nil, nil, true }, gate.New, gate.Undecided,
			"accuracy was not compared: the baseline could not be read"},
		{"unreadable, advisory", policy(), func(c *gate.Comparison) {
			c.Baseline, c.Decided, c.Unreadable, c.Criterion.Tier = nil, nil, true, gate.Advisory
		}, gate.New, gate.Undecided, ""},
		{"unreadable, below the floor", policy(), func(c *gate.Comparison) {
			c.Baseline, c.Decided, c.Unreadable, c.Criterion.Min = nil, nil, true, new(2.5)
		}, gate.Breached, gate.Fail, "accuracy is 2.41, below its floor of 2.50"},
		{"missing", policy(), func(c *gate.Comparison) { c.Candidate, c.Decided = nil, nil }, gate.Missing, gate.Fail,
			"accuracy is in the baseline, with 100 scores, and not in the candidate"},
		{"missing, supporting", policy(), func(c *gate.Comparison) { c.Candidate, c.Decided, c.Criterion.Tier = nil, nil, gate.Supporting }, gate.Missing, gate.Warn, ""},
		{"missing model", policy(), func(c *gate.Comparison) {
			c.Candidate, c.Baseline, c.Decided, c.Metric, c.Paired = nil, nil, nil, "", 0
		}, gate.Missing, gate.Fail, "m is listed by the policy and not in the run"},
		{"invalid", policy(), func(c *gate.Comparison) {
			c.Candidate = &gate.Summary{Missing: 100, MissingBy: map[score.Cause]int{score.Null: 97, score.Text: 3}}
			c.Decided = nil
		}, gate.Invalid, gate.Fail, "accuracy has no usable score: all 100 are missing (97 null, 3 text)"},
		{"invalid, other scale", policy(), func(c *gate.Comparison) { c.ScaleWas, c.Decided = &score.Scale{Min: 0, Max: 1}, nil }, gate.Invalid, gate.Fail,
			"accuracy is on a scale of 1 to 3, and was on one of 0 to 1 in the baseline"},
		{"invalid before breached", policy(), func(c *gate.Comparison) { c.ScaleWas, c.Criterion.Min = &score.Scale{Min: 0, Max: 1}, new(2.5) }, gate.Invalid, gate.Fail, ""},
		{"floor", policy(), func(c *gate.Comparison) { held(c); c.Criterion.Min = new(2.5) }, gate.Breached, gate.Fail, "accuracy is 2.41, below its floor of 2.50"},
		{"floor met", policy(), func(c *gate.Comparison) { held(c); c.Criterion.Min = new(2.41) }, gate.Held, gate.Pass, ""},
		{"ceiling", policy(), func(c *gate.Comparison) {
			held(c)
			c.Criterion.Min, c.Criterion.Direction = new(2.4), gate.Lower
		}, gate.Breached, gate.Fail, "accuracy is 2.41, above its ceiling of 2.40"},
		{"floor missed by less than is shown", policy(), func(c *gate.Comparison) { held(c); c.Criterion.Min = new(2.41); c.Candidate.Mean = 2.4099999 }, gate.Breached, gate.Fail,
			"accuracy is 2.4099999, below its floor of 2.41"},
		{"max-missing", policy(), func(c *gate.Comparison) { held(c); c.Candidate.N, c.Candidate.Missing = 94, 6 }, gate.Breached, gate.Fail,
			"6 of 100 samples (6 %) have no usable score of accuracy, more than the 5 % allowed"},
		{"max-missing met", policy(), func(c *gate.Comparison) { held(c); c.Candidate.N, c.Candidate.Missing = 95, 5 }, gate.Held, gate.Pass, ""},
		{"max-missing, dropped samples", policy(), func(c *gate.Comparison) { held(c); c.Candidate.N, c.Candidate.Missing, c.Dropped = 95, 1, 9 }, gate.Breached, gate.Fail,
			"10 of 105 samples (9.52 %) have no usable score of accuracy, 9 of them only known from the baseline, more than the 5 % allowed"},
		{"must-pass", policy(), func(c *gate.Comparison) { gained(c); c.Lowered = []string{"q1", "q2", "q3", "q4", "q5", "q6", "q7"} }, gate.Breached, gate.Fail,
			"accuracy of must-pass samples is worse than in the baseline, or missing: q1, q2, q3, q4, q5 and 2 more"},
		{"breached twice", policy(), func(c *gate.Comparison) { c.Criterion.Min, c.Lowered = new(2.5), []string{"q1"} }, gate.Breached, gate.Fail,
			"accuracy is 2.41, below its floor of 2.50; accuracy of must-pass samples is worse than in the baseline, or missing: q1"},
		{"breached, supporting", policy(), func(c *gate.Comparison) { c.Criterion.Min, c.Criterion.Tier = new(2.5), gate.Supporting }, gate.Breached, gate.Warn, ""},
		{"incomparable", policy(), func(c *gate.Comparison) {
			c.Changes = []evalconf.Change{{Path: "judge.model", Baseline: "a", Candidate: "b"}, {Path: "x"}}
		}, gate.Incomparable, gate.Fail, "accuracy cannot be compared: 2 parts of the evaluation changed, judge.model first"},
		{"incomparable, on-incomparable warn", set(func(p *gate.Policy) { p.OnIncomparable = gate.Warn }), func(c *gate.Comparison) {
			c.Changes = []evalconf.Change{{Path: "judge.model"}}
		}, gate.Incomparable, gate.Warn, "accuracy cannot be compared: 1 part of the evaluation changed, judge.model"},
		{"incomparable before missing", policy(), func(c *gate.Comparison) {
			c.Candidate, c.Decided, c.Changes = nil, nil, []evalconf.Change{{Path: "judge.model"}}
		}, gate.Incomparable, gate.Fail, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := measured(tt.change)
			f := tt.policy.Judge(c)
			if f.Outcome != tt.outcome || f.Decision != tt.decision {
				t.Errorf("%s, %s, want %s, %s: %s", f.Outcome, f.Decision, tt.outcome, tt.decision, f.Reason)
			}
			if tt.reason != "" && f.Reason != tt.reason {
				t.Errorf("reason\n got %s\nwant %s", f.Reason, tt.reason)
			}
			sound(t, f)
		})
	}
}

func TestJudgeWarnsOfAWeakNonInferiorityGate(t *testing.T) {
	t.Parallel()
	p := policy(func(p *gate.Policy) { p.Rule = gate.NonInferiority })
	const want = "an unchanged model would pass less than 80 % of the time with these samples"
	c := measured(held)
	if f := p.Judge(c); !slices.Contains(f.Warnings, want) {
		t.Errorf("warnings %q", f.Warnings)
	}
	c.MDE = new(0.1)
	if f := p.Judge(c); len(f.Warnings) > 0 {
		t.Errorf("warnings %q", f.Warnings)
	}
}

func TestJudgeTellsOfBreachesBesideAChangedEvaluation(t *testing.T) {
	t.Parallel()
	c := measured(func(c *gate.Comparison) {
		c.Changes, c.Criterion.Min = []evalconf.Change{{Path: "judge.model"}}, new(2.5)
		c.Warnings = append(make([]string, 0, 8), "first")
	})
	f := policy().Judge(c)
	if diff := cmp.Diff(f.Warnings, []string{"first", "accuracy is 2.41, below its floor of 2.50"}); diff != "" {
		t.Error(diff)
	}
	if spare := c.Warnings[:2][1]; spare != "" {
		t.Errorf("the comparison's own warnings were written to: %q", spare)
	}
}

// What is lost, in whatever direction, is told the same: the mirror image has the same outcome and the same numbers.
func TestJudgeMirrorsDirection(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*gate.Comparison){func(*gate.Comparison) {}, gained, held, unsure, noisy} {
		c := measured(change)
		mirror := measured(change)
		d := *mirror.Decided
		d.Diff, d.Lo, d.Hi = -d.Diff, -d.Hi, -d.Lo
		mirror.Decided, mirror.Criterion.Direction = &d, gate.Lower
		a, b := policy().Judge(c), policy().Judge(mirror)
		if a.Outcome != b.Outcome || a.Decision != b.Decision {
			t.Errorf("%s %s, mirrored %s %s", a.Outcome, a.Decision, b.Outcome, b.Decision)
		}
		if math.Abs(c.Loss()-mirror.Loss()) > 1e-15 {
			t.Errorf("loss %v, mirrored %v", c.Loss(), mirror.Loss())
		}
		swap := strings.NewReplacer("rose", "fell", "fell", "rose", "dropped", "rose")
		if got := b.Reason; got != swap.Replace(a.Reason) && swap.Replace(got) != strings.ReplaceAll(a.Reason, "dropped", "fell") {
			t.Errorf("reasons differ in more than the verb:\n%s\n%s", a.Reason, got)
		}
	}
}
