package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/gate"
)

const root = "../.."

// actionYAML returns what action.yml has to be.
func actionYAML() string {
	var b strings.Builder
	b.WriteString(`# Inputs and outputs are listed in gate/config/inputs.go; after a change there: go test ./gate/config -update
name: hubgate
description: A merge gate for model quality. Compares evaluation scores with a baseline and blocks the merge on a real regression
author: hubgate
branding:
  icon: shield
  color: blue
inputs:
`)
	for _, in := range Inputs() {
		if in.FlagOnly {
			continue
		}
		doc := in.Doc
		if in.Absent == required {
			doc += " (required, here or in the policy file)"
		} else if s := in.Shown(); s != "" && !in.byRunner() {
			doc += " (default: " + s + ")"
		}
		fmt.Fprintf(&b, "  %s:\n    description: %s\n    required: false\n", in.Name, strconv.Quote(doc))
		if in.byRunner() { // what the policy can set has no default: the runner would give it, and it would win
			fmt.Fprintf(&b, "    default: %s\n", in.Default)
		}
	}
	b.WriteString("outputs:\n")
	for _, out := range Outputs() {
		fmt.Fprintf(&b, "  %s:\n    description: %s\n", out.Name, strconv.Quote(out.Doc))
	}
	b.WriteString("runs:\n  using: docker\n  image: Dockerfile\n")
	return b.String()
}

func TestActionYAML(t *testing.T) {
	t.Parallel()
	want := actionYAML()
	path := filepath.Join(root, "action.yml")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("action.yml: got -, want +:\n%s", diff)
	}
}

// What GitHub makes of action.yml, read by a YAML reader as GitHub does.
func TestActionAsRead(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Description string
		Inputs      map[string]struct{ Description, Default string }
		Outputs     map[string]struct{ Description string }
		Runs        struct{ Using, Image string }
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	if n := len(action.Description); n > 125 { // the Marketplace cuts what is longer
		t.Errorf("description has %d characters, more than 125", n)
	}
	if got, want := action.Runs.Using+" "+action.Runs.Image, "docker Dockerfile"; got != want {
		t.Errorf("runs %s, want %s", got, want)
	}
	for _, in := range Inputs() {
		got, declared := action.Inputs[in.Name]
		if declared == in.FlagOnly {
			t.Errorf("%s: declared %t, flag only %t", in.Name, declared, in.FlagOnly)
		}
		if got.Default != "" && in.InPolicy {
			t.Errorf("%s: a default in action.yml would win over the policy file", in.Name)
		}
		delete(action.Inputs, in.Name)
	}
	for _, out := range Outputs() {
		if action.Outputs[out.Name].Description != out.Doc {
			t.Errorf("output %s: got %q, want %q", out.Name, action.Outputs[out.Name].Description, out.Doc)
		}
	}
	if len(action.Inputs) > 0 || len(action.Outputs) != len(Outputs()) {
		t.Errorf("declared beside the table: inputs %v, outputs %v", action.Inputs, action.Outputs)
	}
}

// The README's table of inputs is InputsTable.
func TestREADME(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- inputs -->\n", "<!-- /inputs -->"
	before, rest, found := strings.Cut(string(data), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("README.md has no table between %q and %q", begin, end)
	}
	want := strings.TrimSpace(InputsTable())
	table = strings.TrimSpace(table)
	if *update {
		if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(before+begin+"\n"+want+"\n\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		table = want
	}
	if diff := cmp.Diff(table, want); diff != "" {
		t.Errorf("README.md: got -, want +:\n%s", diff)
	}
}

func TestInputsTable(t *testing.T) {
	t.Parallel()
	golden(t, filepath.Join(testdata, "help", "inputs.md"), InputsTable())
}

// Each row of the table is sound in itself.
func TestInputs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, in := range Inputs() {
		if seen[in.Name] {
			t.Errorf("%s is there twice", in.Name)
		}
		seen[in.Name] = true
		if in.Doc == "" || strings.HasSuffix(in.Doc, ".") || strings.ContainsAny(in.Doc, "\n`\"") {
			t.Errorf("%s: not a plain sentence without its full stop: %q", in.Name, in.Doc)
		}
		if len(in.Commands) == 0 || in.set == nil {
			t.Errorf("%s: no command uses it, or nothing parses it", in.Name)
		}
		for _, c := range in.Commands {
			if !isCommand(c) {
				t.Errorf("%s: unknown command %q", in.Name, c)
			}
		}
		if in.byRunner() && in.InPolicy {
			t.Errorf("%s: action.yml would override the policy file", in.Name)
		}
		if in.Default != "" && !in.byRunner() {
			if err := in.set(&Config{}, []string{in.Default}); err != nil {
				t.Errorf("%s: the default: %v", in.Name, err)
			}
		}
	}
}

// The defaults that the table shows for what stands in for the policy are the policy's.
func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	var got Config
	for _, in := range policyFlags() {
		if in.Default == "" {
			continue
		}
		if err := in.set(&got, []string{in.Default}); err != nil {
			t.Errorf("%s: %v", in.Name, err)
		}
	}
	p := gate.DefaultPolicy()
	want := gate.Policy{Rule: p.Rule, Test: p.Test, Alpha: p.Alpha, Correction: p.Correction, Seed: p.Seed, Defaults: gate.Criterion{MaxLoss: p.Defaults.MaxLoss}}
	if diff := cmp.Diff(got.Policy, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range Commands() {
		text, ok := Help(c.Name)
		if !ok {
			t.Fatalf("no help on %s", c.Name)
		}
		golden(t, filepath.Join(testdata, "help", c.Name+".txt"), text)
		for _, in := range Inputs() {
			uses := false
			for _, name := range in.Commands {
				uses = uses || name == c.Name
			}
			if got := strings.Contains(text, "  --"+in.Name+" ") || strings.Contains(text, "  --"+in.Name+"\n"); got != uses {
				t.Errorf("help on %s names --%s: got %t, want %t", c.Name, in.Name, got, uses)
			}
		}
	}
	text, _ := Help("")
	golden(t, filepath.Join(testdata, "help", "hubgate.txt"), text)
	for _, in := range Inputs() {
		if !strings.Contains(text, "--"+in.Name) || !in.FlagOnly && !strings.Contains(text, in.Variable()) || !strings.Contains(text, in.Shown()) {
			t.Errorf("help lacks --%s, %s or its default %q", in.Name, in.Variable(), in.Shown())
		}
	}
	if text, ok := Help("serve"); ok {
		t.Errorf("help on a command that there is none of: %s", text)
	}
}

// Every name of an enumeration parses to the value that prints it.
func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		input string
		names []string
		of    func(Config) fmt.Stringer
	}{
		{"publish", publishNames, func(c Config) fmt.Stringer { return c.Publish }},
		{"comment", commentNames, func(c Config) fmt.Stringer { return c.Comment }},
		{"samples", samplesNames, func(c Config) fmt.Stringer { return c.Samples }},
		{"check-run", checkRunNames, func(c Config) fmt.Stringer { return c.CheckRun }},
		{"rule", ruleNames, func(c Config) fmt.Stringer { return c.Policy.Rule }},
		{"test", testNames, func(c Config) fmt.Stringer { return c.Policy.Test }},
		{"correction", correctionNames, func(c Config) fmt.Stringer { return c.Policy.Correction }},
	}
	for _, tt := range tests {
		in, _ := find(Inputs(), tt.input)
		if !strings.Contains(in.Doc, anyOf(tt.names)) {
			t.Errorf("%s: %q does not list %s", tt.input, in.Doc, anyOf(tt.names))
		}
		for _, name := range tt.names {
			var c Config
			if err := in.set(&c, []string{name}); err != nil {
				t.Errorf("%s %s: %v", tt.input, name, err)
			}
			if got := tt.of(c).String(); got != name {
				t.Errorf("%s: got %q, want %q", tt.input, got, name)
			}
			if err := in.set(&c, []string{name + "x"}); err == nil {
				t.Errorf("%s: %q was taken", tt.input, name+"x")
			}
		}
	}
}
