package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

func TestCriterionPrecedence(t *testing.T) {
	t.Parallel()
	p := policy(criteria(
		gate.Criterion{Metric: "exact_match,*", MaxLoss: &gate.Loss{Value: 0.2}, Line: 4},
		gate.Criterion{Metric: "acc*", Tier: gate.Supporting, Line: 5},
		gate.Criterion{Metric: "accuracy", Tier: gate.Advisory, Line: 6},
	))
	for _, tt := range []struct {
		name, metric string
		hint         gate.Hint
		want         gate.Criterion
	}{
		{"a filter is part of the name", "exact_match,strict-match", gate.Hint{}, gate.Criterion{Direction: gate.Higher, Tier: gate.Critical, MaxLoss: &gate.Loss{Value: 0.2}, Line: 4}},
		{"the first that matches", "accuracy", gate.Hint{}, gate.Criterion{Direction: gate.Higher, Tier: gate.Supporting, MaxLoss: p.Defaults.MaxLoss, Line: 5}},
		{"policy before hints", "accuracy", gate.Hint{Tier: gate.Advisory, Direction: gate.Lower}, gate.Criterion{Direction: gate.Lower, Tier: gate.Supporting, MaxLoss: p.Defaults.MaxLoss, Line: 5}},
		{"hints before defaults", "latency_ms", gate.Hint{Tier: gate.Advisory, Direction: gate.Lower}, gate.Criterion{Direction: gate.Lower, Tier: gate.Advisory, MaxLoss: p.Defaults.MaxLoss}},
		{"defaults", "f1", gate.Hint{}, gate.Criterion{Direction: gate.Higher, Tier: gate.Critical, MaxLoss: p.Defaults.MaxLoss}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sample("m", "a", 1)
			s.Scores[0].Metric = tt.metric
			run := build(t, s)
			run.Hints = map[string]gate.Hint{tt.metric: tt.hint}
			got := gate.Compare(run, nil, p)[0].Criterion
			if got.Direction != tt.want.Direction || got.Tier != tt.want.Tier || *got.MaxLoss != *tt.want.MaxLoss || got.Line != tt.want.Line || got.Metric != tt.metric {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// The tolerance is the policy's business: it never grows by what the candidate's own scores tell, nor by what was recorded.
func TestTolerance(t *testing.T) {
	t.Parallel()
	unit, marks, hundred := &score.Scale{Min: 0, Max: 1}, &score.Scale{Min: 1, Max: 3}, &score.Scale{Min: 0, Max: 100}
	for _, tt := range []struct {
		name                  string
		candidate, baseline   []float64
		policy, cHint, bHint  *score.Scale
		want                  float64
		scale                 *score.Scale
		scaleWas              *score.Scale
		offScale              bool
		candidateN, baselineN int
	}{
		{name: "width of the declared scale", candidate: []float64{1, 2, 3}, baseline: []float64{1, 2, 3}, policy: marks, want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
		{name: "width of the recorded scale", candidate: []float64{1, 2, 3}, baseline: []float64{1, 2, 3}, bHint: marks, want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
		{name: "known on both sides", candidate: []float64{1, 2, 3}, baseline: []float64{1, 2, 3}, cHint: marks, bHint: new(*marks), want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
		{name: "plainly [0, 1]", candidate: []float64{0, 1, 0.5}, baseline: []float64{0.1, 0, 0}, want: 0.05, scale: unit, candidateN: 3, baselineN: 3},
		{name: "only the candidate is on [0, 1]", candidate: []float64{0, 1, 0.5}, baseline: []float64{0, 1.5, 1.5}, want: 0.05, candidateN: 3, baselineN: 3},
		{name: "only the baseline is on [0, 1]", candidate: []float64{0, 50, 100}, baseline: []float64{0.1, 0.2, 0.3}, want: 0.01, candidateN: 3, baselineN: 3},
		{name: "of the mean's magnitude", candidate: []float64{-3, -5}, baseline: []float64{-2, -4}, want: 0.15, candidateN: 2, baselineN: 2},
		{name: "the candidate's format alone cannot widen", candidate: []float64{1, 2, 3}, baseline: []float64{1, 1, 1}, cHint: marks, want: 0.05, scale: marks, candidateN: 3, baselineN: 3},
		{name: "nor by far", candidate: []float64{1, 0, 0}, baseline: []float64{1, 2, 3}, cHint: hundred, want: 0.1, scale: hundred, candidateN: 3, baselineN: 3},
		{name: "nor can a recorded scale alone", candidate: []float64{1, 2, 3}, baseline: []float64{1, 2, 3}, bHint: hundred, want: 0.1, scale: hundred, candidateN: 3, baselineN: 3},
		{name: "a recorded scale narrows", candidate: []float64{1, 2, 3}, baseline: []float64{3, 3, 3}, bHint: marks, want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
		{name: "what both tell of counts", candidate: []float64{1, 2, 3}, baseline: []float64{1, 1, 1}, cHint: marks, bHint: new(*marks), want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
		{name: "off scale on both sides", candidate: []float64{1, 2, 0}, baseline: []float64{4, 2, 3}, policy: marks, want: 0.1, scale: marks, candidateN: 2, baselineN: 2},
		{name: "declared scales differ", candidate: []float64{0, 1}, baseline: []float64{1, 2, 3}, policy: unit, bHint: marks, want: 0.05, scale: unit, scaleWas: marks, candidateN: 2, baselineN: 3},
		{name: "recorded scales differ", candidate: []float64{0, 1}, baseline: []float64{1, 2, 3}, cHint: unit, bHint: marks, want: 0.05, scale: unit, scaleWas: marks, candidateN: 2, baselineN: 3},
		{name: "baseline plainly elsewhere", candidate: []float64{1, 2, 3}, baseline: []float64{0, 1, 1}, cHint: marks, want: 0.05, scale: marks, offScale: true, candidateN: 3, baselineN: 2},
		{name: "baseline mostly elsewhere", candidate: []float64{0, 1}, baseline: []float64{1, 2, 3, 3}, policy: unit, want: 0.05, scale: unit, offScale: true, candidateN: 2, baselineN: 1},
		{name: "policy before the candidate's hint", candidate: []float64{1, 2, 3}, baseline: []float64{1, 2, 3}, policy: marks, cHint: hundred, want: 0.1, scale: marks, candidateN: 3, baselineN: 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := policy()
			if tt.policy != nil {
				p.Criteria = []gate.Criterion{{Metric: "*", Scale: tt.policy}}
			}
			candidate, baseline := column(t, tt.candidate...), column(t, tt.baseline...)
			candidate.Hints = map[string]gate.Hint{"accuracy": {Scale: tt.cHint}}
			baseline.Hints = map[string]gate.Hint{"accuracy": {Scale: tt.bHint}}
			c := only(t, candidate, baseline, p)
			if !near(c.MaxLoss, tt.want) {
				t.Errorf("max loss %v, want %v", c.MaxLoss, tt.want)
			}
			if !same(c.Scale, tt.scale) || !same(c.ScaleWas, tt.scaleWas) || c.BaselineOffScale != tt.offScale {
				t.Errorf("scale %v, was %v, elsewhere %t, want %v, %v, %t", c.Scale, c.ScaleWas, c.BaselineOffScale, tt.scale, tt.scaleWas, tt.offScale)
			}
			if c.Candidate.N != tt.candidateN || c.Baseline.N != tt.baselineN {
				t.Errorf("n %d and %d, want %d and %d", c.Candidate.N, c.Baseline.N, tt.candidateN, tt.baselineN)
			}
			if invalid := p.Judge(c).Outcome == gate.Invalid; invalid != (tt.scaleWas != nil || tt.offScale) {
				t.Errorf("invalid: %t", invalid)
			}
		})
	}
}

func same(a, b *score.Scale) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// A recorded scale that no score lies on, whoever wrote it, is no reason to pass.
func TestOddRecordedScale(t *testing.T) {
	t.Parallel()
	for _, scale := range []score.Scale{{Min: 3, Max: 1}, {Min: 5, Max: 9}, {Min: 7, Max: 7}} {
		for _, declared := range []*score.Scale{nil, {Min: 1, Max: 3}} {
			candidate, baseline := column(t, 1, 1, 1, 1, 2), column(t, 3, 3, 3, 3, 2)
			baseline.Hints = map[string]gate.Hint{"accuracy": {Scale: &scale}}
			p := policy()
			p.Defaults.Scale = declared
			if f := gate.Evaluate(candidate, against(baseline), p).Models[0].Findings[0]; f.Outcome != gate.Invalid || f.Decision != gate.Fail {
				t.Errorf("%v recorded, %v declared: %v, %v", scale, declared, f.Outcome, f.Decision)
			}
		}
	}
}

// A tolerance that no loss can exceed, on a scale that the scores turn out to have, holds nothing and is told of.
func TestIdleTolerance(t *testing.T) {
	t.Parallel()
	var half, tenths, spread []float64
	for i := range 40 {
		half = append(half, float64(i%2))
		tenths = append(tenths, 0.3+float64(i%5)/10)
		spread = append(spread, 20+float64(i%7))
	}
	marks := gate.Hint{Scale: &score.Scale{Min: 1, Max: 3}}
	cost := gate.Hint{Direction: gate.Lower, Tier: gate.Advisory}
	for _, tt := range []struct {
		name                string
		loss                gate.Loss
		hint                gate.Hint
		tier                gate.Tier
		candidate, baseline []float64
		warning             string // empty where the tolerance does its work
		outcome             gate.Outcome
	}{
		{"pass or fail, in per cent without the sign", gate.Loss{Value: 5}, gate.Hint{}, 0, repeated(0, 40), half,
			"max-loss 5 tolerates everything on the scale of 0 to 1; for 5 per cent write 5%, or declare the scale where it is another", gate.Inconclusive},
		{"in pass or fail", gate.Loss{Value: 0.05}, gate.Hint{}, 0, repeated(0, 40), half, "", gate.Regressed},
		{"plainly 0 to 1", gate.Loss{Value: 5}, gate.Hint{}, 0, tenths, tenths,
			"max-loss 5 tolerates everything on the scale of 0 to 1; for 5 per cent write 5%, or declare the scale where it is another", gate.Inconclusive},
		{"as wide as the scale", gate.Loss{Value: 100, Percent: true}, gate.Hint{}, 0, tenths, tenths,
			"max-loss 100% tolerates everything on the scale of 0 to 1; write a smaller one, or declare the scale where it is another", gate.Inconclusive},
		{"known by format", gate.Loss{Value: 10}, marks, 0, repeated(1, 40), repeated(3, 40),
			"max-loss 10 tolerates everything on the scale of 1 to 3; for 10 per cent write 10%", gate.Inconclusive},
		{"just narrower", gate.Loss{Value: 1.5}, marks, 0, repeated(1, 40), repeated(3, 40), "", gate.Regressed},
		{"a gain all the same", gate.Loss{Value: 10}, marks, 0, repeated(3, 40), repeated(1, 40),
			"max-loss 10 tolerates everything on the scale of 1 to 3; for 10 per cent write 10%", gate.Improved},
		{"advisory", gate.Loss{Value: 5}, gate.Hint{}, gate.Advisory, repeated(0, 40), half, "", gate.Held},
		{"seconds, which happen to be below 1", gate.Loss{Value: 2}, cost, gate.Critical, tenths, tenths, "", gate.Held},
		{"units of no scale", gate.Loss{Value: 50}, gate.Hint{}, 0, spread, spread, "", gate.Held},
		{"more than there is", gate.Loss{Value: 150, Percent: true}, gate.Hint{}, 0, spread, spread,
			"max-loss 150% tolerates everything; write a smaller one", gate.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			candidate, baseline := column(t, tt.candidate...), column(t, tt.baseline...)
			candidate.Hints = map[string]gate.Hint{"accuracy": tt.hint}
			baseline.Hints = candidate.Hints
			p := policy(criteria(gate.Criterion{Metric: "accuracy", MaxLoss: &tt.loss, Tier: tt.tier}))
			f := gate.Evaluate(candidate, against(baseline), p).Models[0].Findings[0]
			told := slices.Contains(f.Warnings, tt.warning)
			if f.Outcome != tt.outcome || f.Idle != (tt.warning != "") || f.Idle != told {
				t.Errorf("%v, idle %t: %s; warnings %q", f.Outcome, f.Idle, f.Reason, f.Warnings)
			}
			if f.Outcome == gate.Inconclusive && !strings.HasSuffix(f.Reason, ", and this shows nothing: "+tt.warning) {
				t.Errorf("reason %q", f.Reason)
			}
		})
	}
}

// A floor outside the scale that the scores turn out to have is breached always or never.
func TestFloorOffScale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		min       float64
		shown     string
		direction gate.Direction
		outcome   gate.Outcome
	}{{85, "85", gate.Higher, gate.Breached}, {85, "85", gate.Lower, gate.Held}, {-1, "−1", gate.Higher, gate.Held}} {
		scores := column(t, repeated(0.9, 40)...)
		p := policy(criteria(gate.Criterion{Metric: "accuracy", Min: &tt.min, Direction: tt.direction}))
		f := gate.Evaluate(scores, against(scores), p).Models[0].Findings[0]
		want := "min " + tt.shown + " lies outside the scale of 0 to 1; write a score on the scale, or declare another"
		if f.Outcome != tt.outcome || !slices.Contains(f.Warnings, want) {
			t.Errorf("min %g, %s: %s, warnings %q", tt.min, tt.direction, f.Outcome, f.Warnings)
		}
	}
}

// What a baseline far away costs in digits makes no room below a floor.
func TestFloorBesideHugeBaseline(t *testing.T) {
	t.Parallel()
	floor := 0.5
	p := policy(criteria(gate.Criterion{Metric: "accuracy", Min: &floor}))
	f := gate.Evaluate(column(t, 0, 0), against(column(t, -1e308, 1)), p).Models[0].Findings[0]
	if f.Outcome != gate.Breached || f.Decision != gate.Fail {
		t.Errorf("%s, %s: %s", f.Outcome, f.Decision, f.Reason)
	}
}
