package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// Missing scores that could flip the verdict are said to, in either design and direction.
func TestMissingAtWorst(t *testing.T) {
	t.Parallel()
	full := repeat(600, 1, 2, 3, 3)
	gaps := repeat(600, 1, 2, 3, 3)
	for i := range 24 {
		gaps[4*i+2] = gone // 4 % of the best
	}
	scale := &score.Scale{Min: 1, Max: 3}
	for _, tt := range []struct {
		name        string
		is, was     []float64
		unpaired    bool
		scale       *score.Scale
		maxLoss     float64
		outcome, at gate.Outcome
		warning     string
	}{
		{"held, or regressed", gaps, full, false, scale, 0.05, gate.Held, gate.Regressed, "24 scores are missing: counted at the worst, the loss would be 0.08 and the verdict regressed"},
		{"held, or inconclusive", gaps, full, false, scale, 0.09, gate.Held, gate.Inconclusive, "the verdict inconclusive"},
		{"held all the same", gaps, full, false, scale, 0.2, gate.Held, 0, ""},
		{"nothing is missing", full, full, false, scale, 0.05, gate.Held, 0, ""},
		{"of the baseline", full, gaps, false, scale, 0.001, gate.Held, 0, ""}, // counted at its best, which it was
		{"unpaired", gaps, full, true, scale, 0.15, gate.Held, gate.Inconclusive, "the verdict inconclusive"},
		{"no scale", gaps, full, false, nil, 0.05, gate.Held, 0, "without a scale nothing bounds what they could hide"},
	} {
		for _, direction := range []gate.Direction{gate.Higher, gate.Lower} {
			p := policy(maxLoss(tt.maxLoss))
			p.Defaults.Direction, p.Defaults.Scale = direction, tt.scale
			is, was := tt.is, tt.was
			if direction == gate.Lower {
				is, was = negated(is), negated(was)
				if tt.scale != nil {
					p.Defaults.Scale = &score.Scale{Min: -3, Max: -1}
				}
			}
			run := column
			if tt.unpaired {
				run = anonymous
			}
			f := gate.Evaluate(run(t, is...), against(run(t, was...)), p).Models[0].Findings[0]
			if f.Outcome != tt.outcome || f.AtWorst != tt.at || !strings.Contains(strings.Join(f.Warnings, "\n"), tt.warning) {
				t.Errorf("%s, %s is better: %s, at worst %q, warnings %q", tt.name, direction, f.Outcome, f.AtWorst, f.Warnings)
			}
			if tt.at != 0 && f.Worst.Test.Diff == f.Decided.Diff {
				t.Errorf("%s: the worst case is the case: %+v", tt.name, f.Worst)
			}
		}
	}
}

// Missing scores of samples in groups are counted in their groups.
func TestMissingAtWorstInGroups(t *testing.T) {
	t.Parallel()
	was := repeat(100, 1, 2, 3, 3)
	is := repeat(100, 1, 2, 3, 3)
	is[7] = gone
	for _, identified := range []bool{true, false} {
		p := policy(maxLoss(0.1))
		p.Defaults.Scale = &score.Scale{Min: 1, Max: 3}
		c := only(t, grouped(t, identified, is, byFive), grouped(t, identified, was, byFive), p)
		if c.Worst == nil || c.Worst.Test.Groups[0] < 20 || !near(c.Worst.Test.Diff, -0.02) {
			t.Errorf("identified %t: %+v", identified, c.Worst)
		}
	}
}

// To lose more of the baseline's samples is never milder than to lose fewer.
func TestLosingMoreIsNeverMilder(t *testing.T) {
	t.Parallel()
	full := repeat(200, 1, 2, 3, 3)
	for _, test := range []gate.TestChoice{gate.AutoTest, gate.WelchTest, gate.PairedTest} {
		was := gate.Pass
		for lost := range 199 {
			p := policy(maxLoss(0.3), func(p *gate.Policy) { p.Test = test })
			f := gate.Evaluate(column(t, full[:200-lost]...), against(column(t, full...)), p).Models[0].Findings[0]
			if f.Decision < was && f.Decision != gate.Undecided {
				t.Fatalf("%v: %d lost is %s, one less was %s: %s", test, lost, f.Decision, was, f.Reason)
			}
			if was = f.Decision; lost == 30 {
				want := "30 of 200 samples (15 %) have no usable score of accuracy, 30 of them only known from the baseline, more than the 5 % allowed"
				if f.Outcome != gate.Breached || f.Reason != want {
					t.Errorf("%s: %s", f.Outcome, f.Reason)
				}
			}
		}
	}
}

// Runs that share no sample at all lost nothing: the questions are others.
func TestOtherSamplesAreNotLost(t *testing.T) {
	t.Parallel()
	var other []score.Sample
	for i := range 100 {
		other = append(other, sample("m", fmt.Sprint("x", i), float64(i%3)))
	}
	c := only(t, build(t, other...), column(t, repeat(100, 0, 1, 2)...), policy())
	if c.Dropped != 0 || c.MissingRate != nil {
		t.Errorf("dropped %d, missing rate %v", c.Dropped, c.MissingRate)
	}
}
