package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
)

func TestUnmatched(t *testing.T) {
	t.Parallel()
	floor := 2.0
	c := Config{PolicyFile: "p.yml", Policy: gate.Policy{Criteria: []gate.Criterion{
		{Metric: "Accuracy", Line: 3},
		{Metric: "rouge1", Line: 4},
		{Metric: "rouge2", Line: 5},
		{Metric: "bleu", Line: 6, Min: &floor},
		{Metric: "nothing*", Line: 7, Min: &floor},
		{Metric: "safety", Line: 8, MustPass: []string{"q1"}},
	}}}
	got := c.Unmatched([]string{"accuracy", "rouge1"})
	want := Problems{
		{"p.yml:3", `the run has no metric "Accuracy"`, `did you mean "accuracy"?`},
		{"p.yml:5", `the run has no metric "rouge2"`, ""},
		{"p.yml:6", `the run has no metric "bleu"`, "correct the name, or nothing is held to its min and must-pass"},
		{"p.yml:8", `the run has no metric "safety"`, "correct the name, or nothing is held to its min and must-pass"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if got := c.Unmatched([]string{"Accuracy", "rouge1", "rouge2", "bleu", "safety"}); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}
