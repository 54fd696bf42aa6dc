package gate_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
)

// outline is a report in brief: a line per model, and one per finding below it.
func outline(r gate.Report) []string {
	out := []string{r.Decision().String()}
	for _, m := range r.Models {
		line := fmt.Sprintf("%s: %s", m.Model, m.Decision())
		if m.Undecided != "" {
			line += ", " + m.Undecided
		}
		out = append(out, line)
		for _, f := range m.Findings {
			out = append(out, fmt.Sprintf("  %s %s: %s", f.Metric, f.Outcome, f.Decision))
		}
	}
	return out
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	good, bad := repeat(60, 1, 2, 3, 3), repeat(60, 1, 1, 2, 2)
	unreadable := map[string]gate.Baseline{"m": {Unreadable: errors.New("not found, or hidden")}}
	listed := policy(func(p *gate.Policy) { p.Models = []gate.ModelPolicy{{Model: "m"}, {Model: "n", Line: 7}} })
	floor := policy(criteria(gate.Criterion{Metric: "accuracy", Min: new(2.9)}))
	other := build(t, sample("m", "a", 1, 2))
	for _, tt := range []struct {
		name      string
		candidate gate.Run
		baselines map[string]gate.Baseline
		policy    gate.Policy
		want      []string
	}{
		{"regressed", column(t, bad...), against(column(t, good...)), policy(), []string{"fail", "m: fail", "  accuracy regressed: fail"}},
		{"held", column(t, good...), against(column(t, good...)), policy(), []string{"pass", "m: pass", "  accuracy held: pass"}},
		{"first run", column(t, good...), nil, policy(), []string{"warn", "m: warn", "  accuracy new: warn"}},
		{"first run below the floor", column(t, good...), nil, floor, []string{"fail", "m: fail", "  accuracy breached: fail"}},
		{"unreadable", column(t, good...), unreadable, policy(),
			[]string{"undecided", "m: undecided, the baseline could not be read: not found, or hidden", "  accuracy new: undecided"}},
		{"unreadable, and below the floor", column(t, good...), unreadable, floor,
			[]string{"fail", "m: fail, the baseline could not be read: not found, or hidden", "  accuracy breached: fail"}},
		{"unreadable, and half missing", column(t, repeat(60, 1, gone)...), unreadable, policy(),
			[]string{"fail", "m: fail, the baseline could not be read: not found, or hidden", "  accuracy breached: fail"}},
		{"nothing in common", column(t, good...), against(other), policy(),
			[]string{"fail", "m: fail, the baseline shares no task and metric with the candidate", "  m0 missing: fail", "  m1 missing: fail", "  accuracy new: warn"}},
		{"nothing in common, and nothing lost", column(t, good...), against(gate.Run{}), policy(),
			[]string{"undecided", "m: undecided, the baseline shares no task and metric with the candidate", "  accuracy new: warn"}},
		{"a listed model is not in the run", column(t, good...), against(column(t, good...)), listed,
			[]string{"fail", "m: pass", "  accuracy held: pass", "n: fail", "   missing: fail"}},
		{"a listed model that had a baseline", column(t, good...),
			map[string]gate.Baseline{"m": {Run: new(column(t, good...))}, "n": {Run: new(column(t, good...))}}, listed,
			[]string{"fail", "m: pass", "  accuracy held: pass", "n: fail", "   missing: fail"}},
		{"nothing at all", gate.Run{}, nil, policy(), []string{"undecided"}},
		{"a model without a series", build(t, sample("m", "a")), nil, policy(), []string{"undecided", "m: undecided"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := gate.Evaluate(tt.candidate, tt.baselines, tt.policy)
			if diff := cmp.Diff(outline(r), tt.want); diff != "" {
				t.Errorf("got − want +:\n%s", diff)
			}
			for _, m := range r.Models {
				for _, f := range m.Findings {
					sound(t, f)
				}
			}
		})
	}
}

func TestEvaluateOrdersFindingsWorstFirst(t *testing.T) {
	t.Parallel()
	var is, was []score.Sample
	for i := range 60 {
		id := fmt.Sprintf("%02d", i)
		v := float64(i % 4)
		was = append(was, sample("m", id, v, v, v, v, v))
		is = append(is, sample("m", id, v, v+1, v, v-1, v-1))
	}
	p := policy(criteria(gate.Criterion{Metric: "m3", Tier: gate.Supporting}))
	r := gate.Evaluate(build(t, is...), against(build(t, was...)), p)
	want := []string{"fail", "m: fail", "  m4 regressed: fail", "  m3 regressed: warn", "  m1 improved: pass", "  m0 held: pass", "  m2 held: pass"}
	if diff := cmp.Diff(outline(r), want); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateComparability(t *testing.T) {
	t.Parallel()
	a, b := evalconf.Parts{"judge.model": "a"}, evalconf.Parts{"judge.model": "b"}
	for _, tt := range []struct {
		name                  string
		candidate, baseline   evalconf.Parts
		comparable, unchecked bool
		changes               int
		decision              gate.Decision
	}{
		{"same", a, a, true, false, 0, gate.Pass},
		{"differ", b, a, false, false, 1, gate.Fail},
		{"candidate unknown", nil, a, true, true, 0, gate.Pass},
		{"baseline unknown", a, nil, true, true, 0, gate.Pass},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			candidate, baseline := column(t, repeat(60, 1, 2)...), column(t, repeat(60, 1, 2)...)
			candidate.Provenance.EvalConfig, baseline.Provenance.EvalConfig = tt.candidate, tt.baseline
			m := gate.Evaluate(candidate, against(baseline), policy()).Models[0]
			if m.Comparable != tt.comparable || m.Unchecked != tt.unchecked || len(m.Changes) != tt.changes || m.Decision() != tt.decision {
				t.Errorf("comparable %t, unchecked %t, %d changes, %s", m.Comparable, m.Unchecked, len(m.Changes), m.Decision())
			}
		})
	}
}

func TestEvaluateKeepsProvenance(t *testing.T) {
	t.Parallel()
	candidate, baseline := column(t, 1, 2), column(t, 1, 2)
	candidate.Provenance = gate.Provenance{Source: "results/*.jsonl", GitSHA: "9f8e7d6"}
	baseline.Provenance = gate.Provenance{Source: "hf://datasets/acme/m-results@main", Created: time.Unix(1700000000, 0).UTC()}
	r := gate.Evaluate(candidate, map[string]gate.Baseline{"m": {Run: &baseline, Warnings: []string{"2 years old"}}}, policy())
	if r.Candidate.GitSHA != "9f8e7d6" || r.Models[0].Baseline.Source != baseline.Provenance.Source || r.Described {
		t.Errorf("provenance of %+v", r)
	}
	if diff := cmp.Diff(r.Models[0].Warnings, []string{"2 years old"}); diff != "" {
		t.Error(diff)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	p := policy(func(p *gate.Policy) { p.Models = []gate.ModelPolicy{{Model: "elsewhere"}} })
	r := gate.Describe(column(t, 1, 2, 3, gone), p)
	if !r.Described || len(r.Models) != 1 || len(r.Models[0].Findings) != 1 {
		t.Fatalf("got %+v", r)
	}
	f := r.Models[0].Findings[0]
	if f.Outcome != 0 || f.Baseline != nil || f.Decision != gate.Undecided || f.Reason != "" {
		t.Errorf("judged: %+v", f)
	}
	if f.Candidate.N != 3 || f.Candidate.Missing != 1 || !near(f.Candidate.Mean, 2) || !near(f.Candidate.SD, 1) {
		t.Errorf("summary %+v", f.Candidate)
	}
}

func ExampleEvaluate() {
	run := func(marks ...float64) gate.Run {
		var b score.Builder
		for i, mark := range marks {
			err := b.Add(score.Sample{
				Key: score.Key{Model: "acme/TwinLlama"}, ID: fmt.Sprintf("q%02d", i),
				Scores: []score.Value{{Metric: "accuracy", Score: mark}},
			})
			if err != nil {
				panic(err)
			}
		}
		tables, err := b.Build()
		if err != nil {
			panic(err)
		}
		return gate.Run{Tables: tables}
	}
	baseline := run(3, 3, 2, 3, 3, 3, 2, 3, 3, 1, 3, 3, 3, 2, 3, 3, 3, 3, 3, 2)
	candidate := run(2, 3, 2, 1, 3, 2, 2, 3, 1, 1, 3, 2, 3, 2, 3, 1, 3, 2, 3, 2)

	p := gate.DefaultPolicy()
	p.Criteria = []gate.Criterion{{Metric: "accuracy", Scale: &score.Scale{Min: 1, Max: 3}}}
	report := gate.Evaluate(candidate, map[string]gate.Baseline{"acme/TwinLlama": {Run: &baseline}}, p)

	fmt.Println(report.Decision())
	for _, f := range report.Models[0].Findings {
		fmt.Printf("%s: %s\n", f.Outcome, f.Reason)
	}
	// Output:
	// fail
	// regressed: accuracy fell by 0.50 (90 % CI 0.21 to 0.79; p = 0.004), more than the tolerated 0.10
}
