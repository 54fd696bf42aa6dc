package action

import (
	"regexp"
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	t.Parallel()
	ci := Event{Workflow: "CI", Job: "gate"}
	tests := []struct {
		name, gate string
		event      Event
		matrix     string
		want       string // with # for the hash
	}{
		{"named", "evals", ci, "", "evals"},
		{"workflow and job", "", ci, "", "CI:gate"},
		{"no matrix", "", ci, "null", "CI:gate"},
		{"empty matrix", "evals", ci, "{ }", "evals"},
		{"leg", "", ci, `{"model":"acme/tiny","shard":1}`, "CI:gate:model-acme-tiny-shard-1-#"},
		{"named leg", "evals", ci, `{"shard":1}`, "evals:shard-1-#"},
		{"workflow without a name", "", Event{Workflow: ".github/workflows/evals.yml", Job: "gate"}, "", ".github-workflows-evals.yml:gate-#"},
		{"end of a comment", "x--><script>", ci, "", "x-script-#"},
		{"letters of no ASCII", "тест", ci, "", "#"},
		{"nothing", "", Event{}, "", "#"},
		{"long", strings.Repeat("a", 500), ci, "", strings.Repeat("a", maxKey) + "-#"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Key(tt.gate, tt.event, tt.matrix)
			want := "^" + strings.ReplaceAll(regexp.QuoteMeta(tt.want), "#", "[0-9a-f]{12}") + "$"
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("got %q, want %s", got, want)
			}
		})
	}
}

// Blanks that only lay a matrix out do not make another comment.
func TestKeyIgnoresLayout(t *testing.T) {
	t.Parallel()
	got, want := Key("", Event{Workflow: "CI", Job: "gate"}, "{\n  \"shard\": 1\n}\n"), Key("", Event{Workflow: "CI", Job: "gate"}, `{"shard":1}`)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKeyTellsApart(t *testing.T) {
	t.Parallel()
	type in struct {
		gate, workflow, job, matrix string
	}
	ins := []in{
		{"", "CI", "gate", `{"model":"a/b"}`}, {"", "CI", "gate", `{"model":"a-b"}`}, {"", "CI", "gate", `{"model":"a b"}`},
		{"", "CI", "gate", `{"model":"é"}`}, {"", "CI", "gate", `{"model":"ü"}`}, {"", "CI", "gate", `{"v":1}`}, {"", "CI", "gate", `{"v":"1"}`},
		{"", "CI", "gate", strings.Repeat("x", 200) + "1"}, {"", "CI", "gate", strings.Repeat("x", 200) + "2"},
		{"", "CI", "gate", ""}, {"CI:gate", "", "", ""}, {"CI", "", "", "gate"}, {"", "CI", "", "gate"}, {"CI-gate", "", "", ""}, {"CI gate", "", "", ""},
		{"", "CI:gate", "x", ""}, {"", "CI", "gate:x", ""}, {"", "CI", "gate", "x"}, {"CI", "", "", ""}, {"-CI", "", "", ""}, {"CI-", "", "", ""},
	}
	seen := map[string]in{}
	for _, i := range ins {
		key := Key(i.gate, Event{Workflow: i.workflow, Job: i.job}, i.matrix)
		if other, ok := seen[key]; ok {
			t.Errorf("%+v and %+v share the key %q", i, other, key)
		}
		seen[key] = i
	}
}

func FuzzKey(f *testing.F) {
	f.Add("", "CI", "gate", `{"model":"a/b"}`, "", "CI", "gate", `{"model":"a-b"}`)
	f.Add("-->", "", "", "", "--!>", "", "", "")
	f.Add("", "a", "b", "", "a:b", "", "", "")
	safe := regexp.MustCompile(`^[A-Za-z0-9._:]+(-[A-Za-z0-9._:]+)*$`)
	f.Fuzz(func(t *testing.T, gate, workflow, job, matrix, gate2, workflow2, job2, matrix2 string) {
		a, b := Key(gate, Event{Workflow: workflow, Job: job}, matrix), Key(gate2, Event{Workflow: workflow2, Job: job2}, matrix2)
		for _, key := range []string{a, b} {
			if !safe.MatchString(key) || len(key) > 100 {
				t.Errorf("key %q", key)
			}
		}
		if gate == gate2 && workflow == workflow2 && job == job2 && compact(matrix) != compact(matrix2) && a == b {
			t.Errorf("legs %q and %q share the key %q", matrix, matrix2, a)
		}
	})
}
