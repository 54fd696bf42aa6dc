package config

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
)

var update = flag.Bool("update", false, "write golden files")

const testdata = "../../testdata/config"

// getenv answers from "NAME=VALUE" entries.
func getenv(environ []string) func(string) string {
	return func(name string) string {
		for _, e := range environ {
			if k, v, _ := strings.Cut(e, "="); k == name {
				return v
			}
		}
		return ""
	}
}

// files reads from a map.
func files(m map[string]string) PolicyReader {
	return func(path string, _ Config) ([]byte, error) {
		if s, ok := m[path]; ok {
			return []byte(s), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
}

// parse parses arguments, of which those of the form NAME=VALUE without a dash are variables, and a policy in the usual place.
func parse(t *testing.T, policy string, args ...string) Config {
	t.Helper()
	var flags, environ []string
	for _, a := range args {
		if name, _, ok := strings.Cut(a, "="); ok && strings.ToUpper(name) == name {
			environ = append(environ, a)
		} else {
			flags = append(flags, a)
		}
	}
	m := map[string]string{}
	if policy != "" {
		m[defaultPolicy] = policy
	}
	c, err := Parse(flags, getenv(environ), environ, files(m))
	if err != nil {
		t.Fatalf("Parse(%q):\n%v", args, err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got := parse(t, "", "--results", "x.jsonl", "--namespace", "acme")
	want := Config{
		Command: "check", Results: []string{"x.jsonl"}, Format: "auto", Policy: gate.DefaultPolicy(),
		Hub: "https://huggingface.co", Namespace: "acme", Dataset: "{namespace}/{model}-results",
		BaselineRevision: "auto", PublishText: true, ReportDir: "hubgate-report", Timeout: 10 * time.Minute,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const hub, results = "--hub=h", "--results=x.jsonl"
	tests := []struct {
		name   string
		policy string
		args   []string
		got    func(Config) any
		want   any
	}{
		{"a flag wins over an input", "", []string{hub, results, "--gate=a", "INPUT_GATE=b"}, func(c Config) any { return c.Gate }, "a"},
		{"an input wins over the policy", "version: 1\nnamespace: c", []string{hub, results, "INPUT_NAMESPACE=b"}, func(c Config) any { return c.Namespace }, "b"},
		{"the policy wins over the environment", "version: 1\nhub: c", []string{results, "HF_ENDPOINT=https://e.example"}, func(c Config) any { return c.Hub }, "c"},
		{"the environment wins over the default", "", []string{results, "--namespace=a", "HF_ENDPOINT=https://e.example/"}, func(c Config) any { return c.Hub }, "https://e.example"},
		{"an empty input is not given", "version: 1\npublish: never", []string{hub, results, "INPUT_PUBLISH= \n"}, func(c Config) any { return c.Publish }, PublishNever},
		{"a value of the policy is overridden even by the default's text", "version: 1\npublish: never", []string{hub, results, "INPUT_PUBLISH=auto"}, func(c Config) any { return c.Publish }, PublishAuto},
		{"the last flag wins", "", []string{hub, results, "--gate=a", "--gate", "b"}, func(c Config) any { return c.Gate }, "b"},
		{"lists add up", "", []string{hub, "--results=a,b", "--results", "c"}, func(c Config) any { return c.Results }, []string{"a", "b", "c"}},
		{"lists of two sources do not", "", []string{hub, "--results=a", "INPUT_RESULTS=b"}, func(c Config) any { return c.Results }, []string{"a"}},
		{"lines of an action's list", "", []string{hub, "INPUT_RESULTS=a.jsonl\n  {b,c}.jsonl, d\r\n\n"}, func(c Config) any { return c.Results }, []string{"a.jsonl", "{b,c}.jsonl", "d"}},
		{"flags before the command", "", []string{"--report-only", hub, "describe", results}, func(c Config) any { return []any{c.Command, c.ReportOnly} }, []any{"describe", true}},
		{"a boolean flag", "", []string{hub, results, "--report-only=True", "--verbose"}, func(c Config) any { return []bool{c.ReportOnly, c.Verbose} }, []bool{true, true}},
		{"a boolean turned off", "version: 1\nreport-only: true", []string{hub, results, "--report-only=false"}, func(c Config) any { return c.ReportOnly }, false},
		{"words after two dashes", "", []string{hub, results, "--", "describe"}, func(c Config) any { return c.Command }, "describe"},
		{"a negative value is a value", "", []string{hub, results, "--id-column", "-x"}, func(c Config) any { return c.IDColumn }, "-x"},
		{"dashes stay in a variable's name", "", []string{hub, results, "INPUT_ID-COLUMN=qid"}, func(c Config) any { return c.IDColumn }, "qid"},
		{"metrics", "", []string{hub, results, "--metrics=acc=evaluation.accuracy.score, style"}, func(c Config) any { return c.Metrics },
			[]codec.Metric{{Name: "acc", Path: "evaluation.accuracy.score"}, {Path: "style"}}},
		{"a directory is a hub with a namespace of its own", "", []string{hub, results}, func(c Config) any { return []any{c.Hub, c.HubIsDir, c.Namespace} }, []any{"h", true, "local"}},
		{"a directory under home", "", []string{"--hub=~/hub", results, "HOME=/home/u"}, func(c Config) any { return []any{c.Hub, c.HubIsDir} }, []any{"/home/u/hub", true}},
		{"a baseline does without a namespace", "", []string{results, "--baseline=old.jsonl"}, func(c Config) any { return []any{c.Namespace, c.HubIsDir} }, []any{"", false}},
		{"so does a template without one", "", []string{results, "--dataset=acme/{model}"}, func(c Config) any { return c.Dataset }, "acme/{model}"},
		{"so does describe", "", []string{"describe", results}, func(c Config) any { return c.Namespace }, ""},
		{"the whole template", "", []string{hub, results, "--gate=nightly", "GITHUB_REPOSITORY=o/r", "--dataset={owner}/{repo}-{gate}-{model}"}, func(c Config) any { return c.Dataset }, "{owner}/{repo}-{gate}-{model}"},
		{"an empty matrix", "", []string{hub, results, "INPUT_MATRIX=null"}, func(c Config) any { return c.Matrix }, ""},
		{"a matrix without axes", "", []string{hub, results, "INPUT_MATRIX={}"}, func(c Config) any { return c.Matrix }, ""},
		{"a matrix in one spelling", "", []string{hub, results, "INPUT_MATRIX={\n  \"os\": \"<a>\",\n  \"n\": 1.0\n}"}, func(c Config) any { return c.Matrix }, `{"n":1.0,"os":"<a>"}`},
		{"timeout", "", []string{hub, results, "--timeout=1h30m"}, func(c Config) any { return c.Timeout }, 90 * time.Minute},
		{"tokens", "", []string{hub, results, "HF_TOKEN=hf_x", "INPUT_GITHUB-TOKEN= ghs_y\n"}, func(c Config) any { return []string{string(c.HFToken), string(c.GitHubToken)} }, []string{"hf_x", "ghs_y"}},
		{"an input's token before the environment's", "", []string{hub, results, "HF_TOKEN=hf_x", "INPUT_HF-TOKEN=hf_y"}, func(c Config) any { return string(c.HFToken) }, "hf_y"},
		{"on GitHub", "", []string{hub, results, "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=o/r", "INPUT_SOMETHING=1"}, func(c Config) any { return []any{c.GitHub, c.Repository} }, []any{true, "o/r"}},
		{"elsewhere a slip in a variable is nobody's business", "", []string{hub, results, "INPUT_RESULT=y"}, func(c Config) any { return c.GitHub }, false},
		{"enumerations", "", []string{hub, results, "--publish=always", "--comment=on-change", "--samples=none", "--check-run=false"},
			func(c Config) any { return []any{c.Publish, c.Comment, c.Samples, c.CheckRun} }, []any{PublishAlways, CommentOnChange, SamplesNone, CheckRunFalse}},
		{"a tag as baseline", "", []string{hub, results, "--baseline-revision=v1.0"}, func(c Config) any { return c.BaselineRevision }, "v1.0"},
		{"a commit as baseline", "", []string{hub, results, "--baseline-revision=" + strings.Repeat("a", 40)}, func(c Config) any { return len(c.BaselineRevision) }, 40},
		{"policy flags", "version: 1\npolicy: {alpha: 0.1}", []string{hub, results, "--alpha=0.01", "--rule=threshold", "--test=welch", "--correction=none", "--seed=9"},
			func(c Config) any {
				return []any{c.Policy.Alpha, c.Policy.Rule, c.Policy.Test, c.Policy.Correction, c.Policy.Seed}
			}, []any{0.01, gate.Threshold, gate.WelchTest, gate.NoCorrection, uint64(9)}},
		{"max-loss overrides metrics too", "version: 1\nmetrics: {a: {max-loss: 0.1}}", []string{hub, results, "--max-loss", "0"},
			func(c Config) any { return []any{*c.Policy.Defaults.MaxLoss, c.Policy.Criteria[0].MaxLoss == nil} }, []any{gate.Loss{}, true}},
		{"eval-config overrides the policy's", "version: 1\neval-config: [a]", []string{hub, results, "--eval-config=b,c"}, func(c Config) any { return c.EvalConfig }, []string{"b", "c"}},
		{"init reads no policy", "nonsense: [", []string{"init"}, func(c Config) any { return []any{c.Command, c.PolicyFile} }, []any{"init", ".github/hubgate.yml"}},
		{"init may write elsewhere", "", []string{"init", "--policy=p.yml"}, func(c Config) any { return c.PolicyFile }, "p.yml"},
		{"version needs nothing", "nonsense: [", []string{"version"}, func(c Config) any { return c.Command }, "version"},
		{"leaderboard needs no results", "", []string{"leaderboard", hub, "--model=Twin*"}, func(c Config) any { return []any{c.Command, c.Namespace, c.Model} }, []any{"leaderboard", "local", "Twin*"}},
		{"calibrate replays what is recorded of a model", "", []string{"calibrate", hub, "--model=m"}, func(c Config) any { return []any{len(c.Results), c.Namespace, c.Model} }, []any{0, "local", "m"}},
		{"history needs neither results nor namespace", "", []string{"history", "acme/m-results"}, func(c Config) any { return []any{c.Command, c.History.String(), c.Namespace} }, []any{"history", "acme/m-results", ""}},
		{"help on history", "", []string{"history", "-h"}, func(c Config) any { return []any{c.Help, c.HelpCommand} }, []any{true, "history"}},
		{"help", "", []string{"help"}, func(c Config) any { return []any{c.Help, c.HelpCommand} }, []any{true, ""}},
		{"help on a command", "", []string{"help", "check"}, func(c Config) any { return []any{c.Help, c.HelpCommand} }, []any{true, "check"}},
		{"-h among mistakes", "", []string{"check", "--nonsense", "-h", "--alpha=9"}, func(c Config) any { return []any{c.Help, c.HelpCommand} }, []any{true, "check"}},
		{"--help alone", "", []string{"--help"}, func(c Config) any { return []any{c.Help, c.HelpCommand} }, []any{true, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.got(parse(t, tt.policy, tt.args...)), tt.want); diff != "" {
				t.Errorf("Parse(%q): got -, want +:\n%s", tt.args, diff)
			}
		})
	}
}

func TestPolicyWithOtherExtension(t *testing.T) {
	t.Parallel()
	_, err := Parse([]string{"--hub=h", "--results=x"}, getenv(nil), nil, files(map[string]string{".github/hubgate.yaml": "version: 1"}))
	want := "input policy: .github/hubgate.yaml is not looked for; rename it to .github/hubgate.yml, or name it as policy"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPolicyOfInterface(t *testing.T) {
	t.Parallel()
	file := readPolicy(t, "handbook.yml")
	floor := 2.2
	want := gate.DefaultPolicy()
	want.Defaults.Line = 4
	want.Criteria = []gate.Criterion{
		{Metric: "accuracy", Scale: &score.Scale{Min: 1, Max: 3}, MaxLoss: &gate.Loss{Value: 0.1}, Min: &floor, Tier: gate.Critical, MustPass: []string{"q17", "q42"}, Line: 6},
		{Metric: "style", Scale: &score.Scale{Min: 1, Max: 3}, Line: 7},
		{Metric: "latency_ms", Direction: gate.Lower, MaxLoss: &gate.Loss{Value: 10, Percent: true}, Tier: gate.Advisory, Line: 8},
	}
	want.Models = []gate.ModelPolicy{
		{Model: "TwinLlama-3.1-8B", Line: 10},
		{Model: "TwinLlama-3.1-8B-DPO", Baseline: "hf://datasets/acme/TwinLlama-DPO-old-results", Line: 11},
	}
	if diff := cmp.Diff(file.Policy, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if diff := cmp.Diff(file.EvalConfig, []string{"evals/judge.yaml", "evals/rubric.md"}); diff != "" {
		t.Errorf("eval-config: got -, want +:\n%s", diff)
	}
}

func TestPolicyOfSettings(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(testdata, "ok", "settings.yml"))
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, string(data))
	policy := gate.DefaultPolicy()
	policy.Rule, policy.Test, policy.Correction = gate.NonInferiority, gate.PairedTest, gate.NoCorrection
	policy.Seed, policy.MaxMissing, policy.OnInconclusive = 7, 0, gate.Pass
	policy.Defaults.Line = 21
	want := Config{
		Command: "check", Results: []string{"results/*.jsonl", "odd,name.jsonl"}, Format: "jsonl",
		IDColumn: "qid", ModelColumn: "meta.model", TaskColumn: "subset", GroupColumn: "passage", TrialColumn: "epoch",
		Policy: policy, PolicyFile: ".github/hubgate.yml", EvalConfig: []string{"evals/judge.yaml", "evals/rubric.md"},
		Hub: "./hub", HubIsDir: true, Namespace: "acme", Dataset: "{namespace}/evals-{model}", Baseline: "old/", BaselineRevision: "auto",
		Publish: PublishNever, Comment: CommentOnFail, Samples: SamplesIDs, CheckRun: CheckRunTrue, ReportOnly: true,
		ReportDir: "hubgate-report", Timeout: 10 * time.Minute,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	for _, in := range Inputs() { // the file shows all that a policy may set
		if in.InPolicy && !strings.Contains(string(data), "\n"+in.Name+":") {
			t.Errorf("settings.yml does not set %s", in.Name)
		}
	}
}

func TestPolicyWithAliases(t *testing.T) {
	t.Parallel()
	got := readPolicy(t, "aliases.yml").Policy.Criteria
	loss := &gate.Loss{Value: 2, Percent: true}
	want := []gate.Criterion{
		{Metric: "exact_match", Scale: &score.Scale{Max: 1}, MaxLoss: loss, Line: 4},
		{Metric: "f1", MaxLoss: loss, MustPass: []string{"1", "02", "true", "q 3"}, Line: 5},
		{Metric: "null", Tier: gate.Supporting, Line: 6},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func readPolicy(t *testing.T, name string) PolicyFile {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "ok", name))
	if err != nil {
		t.Fatal(err)
	}
	file, problems := ParsePolicy(name, data)
	if len(problems) > 0 {
		t.Fatalf("ParsePolicy(%s):\n%v", name, problems)
	}
	return file
}

// A file that asks for more work than its size is refused, and soon.
func TestPolicyLimits(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString("version: 1\ndefaults: {must-pass: &ids [" + strings.Repeat("a, ", 10_000) + "]}\nmetrics:\n")
	for i := range 5_000 {
		fmt.Fprintf(&many, "  m%d: {must-pass: *ids}\n", i)
	}
	tests := []struct{ name, data, want string }{
		{"size", strings.Repeat("#", maxPolicySize+1), "p.yml: has 262145 bytes; a policy has at most 262144"},
		{"aliases", many.String(), "p.yml:1: more than 20000 keys and values; use globs, or fewer aliases"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, problems := ParsePolicy("p.yml", []byte(tt.data))
			if got := problems.Error(); got != tt.want {
				t.Errorf("got %.200s, want %s", got, tt.want)
			}
		})
	}
}

// Every broken policy, and every broken set of flags and variables, has its messages beside it: refresh with -update.
func TestProblems(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(testdata, "err", "*.*"))
	paths = slices.DeleteFunc(paths, func(p string) bool { return filepath.Ext(p) == ".want" })
	if err != nil || len(paths) < 60 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		ext := filepath.Ext(path)
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if ext == ".yml" {
				_, err := Parse(nil, getenv(nil), nil, files(map[string]string{defaultPolicy: string(data)}))
				got = fmt.Sprint(err)
			} else {
				got = settingsError(string(data))
			}
			golden(t, strings.TrimSuffix(path, ext)+".want", got)
			for line := range strings.SplitSeq(got, "\n") {
				checkMessage(t, line)
			}
		})
	}
}

// settingsError parses a file with an argument, or "env NAME=VALUE", in each line, and policies beside it.
func settingsError(data string) string {
	var args, environ []string
	for line := range strings.Lines(data) {
		line = strings.TrimSuffix(line, "\n")
		if e, ok := strings.CutPrefix(line, "env "); ok {
			environ = append(environ, e)
		} else {
			args = append(args, line)
		}
	}
	_, err := Parse(args, getenv(environ), environ, func(path string, _ Config) ([]byte, error) {
		return os.ReadFile(filepath.Join(testdata, "err", path))
	})
	if err == nil {
		return ""
	}
	return err.Error()
}

// checkMessage holds a line to what every message promises.
func checkMessage(t *testing.T, line string) {
	t.Helper()
	switch {
	case line == "":
		t.Error("no problem was found")
	case strings.HasSuffix(line, "."), strings.Contains(line, "failed to"), strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }):
		t.Errorf("not a message: %q", line)
	case !strings.Contains(line, "; "):
		t.Errorf("no mend: %q", line)
	case strings.Contains(line, "secret@"), strings.Contains(line, "hf_"), strings.Contains(line, "ghs_"):
		t.Errorf("a secret: %q", line)
	}
}

// golden compares text with a file that ends in one more line end.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got+"\n", string(want)); diff != "" {
		t.Errorf("%s: got -, want +:\n%s", path, diff)
	}
}

func TestPolicyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := Parse([]string{"--hub=h"}, getenv(nil), nil, func(string, Config) ([]byte, error) { return nil, errors.New("connection refused") })
	want := `input policy: ".github/hubgate.yml" cannot be read: connection refused; run again, or name another policy`
	if err == nil || err.Error() != want { // and not that results are required, which the policy may name
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	c := Config{HFToken: "hf_x"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t", "%10s"} {
		if got := fmt.Sprintf(verb, c.HFToken) + fmt.Sprintf(verb, c); strings.Contains(got, "hf_x") || strings.Contains(got, "68665f78") {
			t.Errorf("%s shows %q", verb, got)
		}
	}
	if got, err := json.Marshal(c); err != nil || strings.Contains(string(got), "hf_x") {
		t.Errorf("json.Marshal: %s, %v", got, err)
	}
	if got := Secret("").String(); got != "" {
		t.Errorf("no secret: got %q", got)
	}
}

func TestSplitList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" , \n,", nil},
		{"a", []string{"a"}},
		{"a, b\nc\r\n d ", []string{"a", "b", "c", "d"}},
		{"{a,b}.jsonl,c", []string{"{a,b}.jsonl", "c"}},
		{"{a,{b,c}},d", []string{"{a,{b,c}}", "d"}},
		{"{a,b", []string{"{a", "b"}},
		{"{a\nb,c}", []string{"{a", "b", "c}"}},
		{"a},b", []string{"a}", "b"}},
		{"a b,ü", []string{"a b", "ü"}},
		{`"exact_match,strict-match", acc`, []string{"exact_match,strict-match", "acc"}},
		{"acc\n\"n=exact_match,none\"\r\n", []string{"acc", "n=exact_match,none"}},
		{`"{a,b" ,"say ""hi""",`, []string{"{a,b", `say "hi"`}},
		{`"",""," "`, []string{" "}},
		{`"a,b`, []string{`"a`, "b"}},
		{`"a"b,c`, []string{`"a"b`, "c"}},
		{"\"a\nb\"", []string{`"a`, `b"`}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(SplitList(tt.in), tt.want); diff != "" {
			t.Errorf("SplitList(%q): got -, want +:\n%s", tt.in, diff)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	c := parse(t, "", "--hub=h", "--results=x", "--format=csv", "--model=m", "--metrics=a", "--id-column=i", "--model-column=n", "--task-column=t", "--group-column=g", "--trial-column=e")
	want := codec.Options{Format: "csv", ModelID: "m", Metrics: []codec.Metric{{Path: "a"}}, ID: "i", Model: "n", Task: "t", Group: "g", Trial: "e"}
	if diff := cmp.Diff(c.Read(), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}
