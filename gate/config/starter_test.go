package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

func TestStarterPolicy(t *testing.T) {
	t.Parallel()
	found := []gate.Criterion{
		{Metric: "accuracy", Direction: gate.Higher, Scale: &score.Scale{Min: 1, Max: 3}, Tier: gate.Critical},
		{Metric: "exact_match,strict-match", Scale: &score.Scale{Max: 1}},
		{Metric: "latency_ms", Direction: gate.Lower, Tier: gate.Advisory},
		{Metric: "a*"},
		{Metric: "abc"}, // which a* must not hide
		{Metric: "null"},
		{Metric: strings.Repeat("x", 2000)},
	}
	tests := []struct {
		name        string
		found, want []gate.Criterion
	}{
		{"bare", nil, nil},
		{"full", found, []gate.Criterion{
			{Metric: "accuracy", Direction: gate.Higher, Scale: &score.Scale{Min: 1, Max: 3}, Line: 12},
			{Metric: "exact_match,strict-match", Direction: gate.Higher, Scale: &score.Scale{Max: 1}, Line: 13},
			{Metric: "latency_ms", Direction: gate.Lower, Tier: gate.Advisory, Line: 14},
			{Metric: `a\*`, Direction: gate.Higher, Line: 15},
			{Metric: "abc", Direction: gate.Higher, Line: 16},
			{Metric: "null", Direction: gate.Higher, Line: 17},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := StarterPolicy(tt.found)
			golden(t, filepath.Join(testdata, "starter", tt.name+".yml"), string(data))
			file, problems := ParsePolicy("p.yml", data)
			if len(problems) > 0 {
				t.Fatalf("it does not parse:\n%v", problems)
			}
			want := gate.DefaultPolicy()
			want.Defaults.Line, want.Criteria = file.Policy.Defaults.Line, tt.want
			if diff := cmp.Diff(file.Policy, want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// FuzzStarter holds that whatever a metric is called, its starter policy parses and names it.
func FuzzStarter(f *testing.F) {
	for _, name := range []string{"accuracy", "*", "a b", "", "true", "~", "-", "a: b", "#", "\\", "[x", "\x7f\u2028", "ü", "é", "-1"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || len(name) > maxKey/4 { // each byte may become an escape of four
			return
		}
		file, problems := ParsePolicy("p.yml", StarterPolicy([]gate.Criterion{{Metric: name, Direction: gate.Lower}}))
		if len(problems) > 0 {
			t.Fatalf("%q: %v", name, problems)
		}
		if got := file.Policy.Criteria[0].Direction; got != gate.Lower {
			t.Errorf("%q: got %s, want lower", name, got)
		}
	})
}

// The workflow gives the action inputs that it has.
func TestStarterWorkflow(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(StarterWorkflow(), &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs["gate"].Steps
	if len(steps) != 3 || steps[2].Uses != "hubgate/hubgate@v1" || workflow.Permissions["pull-requests"] != "write" {
		t.Fatalf("not the workflow: %+v", workflow)
	}
	var c Config
	for name, v := range steps[2].With {
		in, ok := find(Inputs(), name)
		if !ok || in.FlagOnly {
			t.Errorf("the action has no input %q", name)
			continue
		}
		if err := in.set(&c, in.split(v)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(c.Results) != 1 || c.Namespace == "" || c.Model == "" {
		t.Errorf("got %+v", c)
	}
}
