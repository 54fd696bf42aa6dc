package gate_test

import (
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
