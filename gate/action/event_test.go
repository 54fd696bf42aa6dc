package action

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	headSHA  = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
	mergeSHA = "5a5cd5fd0d3c2d7ab9a1bd5a4e8c1a1b7a0b1c2d"
)

// env returns a getenv of a map.
func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// job returns the environment of a job for that event, as the runner makes it, without the event's file.
func job(event, ref string) map[string]string {
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref, "GITHUB_SHA": mergeSHA,
		"GITHUB_REPOSITORY": "acme/evals", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2",
		"GITHUB_WORKFLOW": "CI", "GITHUB_JOB": "gate",
	}
}

const repository = `"repository":{"full_name":"acme/evals","private":true,"default_branch":"main"}`

// pull is the payload of a pull request's event whose head lies in that repository, which is JSON.
func pull(head string) string {
	return `{"action":"synchronize","number":7,"pull_request":{"number":7,"head":{"ref":"topic","sha":"` + headSHA + `","repo":` + head + `},` +
		`"base":{"ref":"main","repo":{"full_name":"acme/evals"}}},` + repository + `}`
}

func TestEvent(t *testing.T) {
	t.Parallel()
	base := Event{
		Repository: "acme/evals", Private: true, DefaultBranch: "main", SHA: mergeSHA, Attempt: 2, Workflow: "CI", Job: "gate",
		RunURL: "https://github.com/acme/evals/actions/runs/77",
	}
	with := func(change func(*Event)) Event {
		e := base
		change(&e)
		return e
	}
	own, fork := pull(`{"full_name":"acme/evals"}`), pull(`{"full_name":"stranger/evals"}`)
	proposal := func(e *Event) { e.PullRequest, e.SHA = 7, headSHA }
	tests := []struct {
		name, event, ref, payload string
		want                      Event
		onDefault                 bool
	}{
		{"pull request", "pull_request", "refs/pull/7/merge", own, with(proposal), false},
		{"pull request, other case", "pull_request", "refs/pull/7/merge", pull(`{"full_name":"Acme/Evals"}`), with(proposal), false},
		{"from a fork", "pull_request", "refs/pull/7/merge", fork, with(func(e *Event) { proposal(e); e.Fork = true }), false},
		{"fork deleted", "pull_request", "refs/pull/7/merge", pull("null"), with(func(e *Event) { proposal(e); e.Fork = true }), false},
		{"target, whose ref is the base", "pull_request_target", "refs/heads/main", fork, with(func(e *Event) { proposal(e); e.Fork = true }), false},
		{"push", "push", "refs/heads/main", `{"ref":"refs/heads/main",` + repository + `}`, with(func(e *Event) { e.Branch = "main" }), true},
		{"push to a branch", "push", "refs/heads/feature/x", `{` + repository + `}`, with(func(e *Event) { e.Branch = "feature/x" }), false},
		{"push of a tag", "push", "refs/tags/main", `{` + repository + `}`, base, false},
		{"merge queue", "merge_group", "refs/heads/gh-readonly-queue/main/pr-7-" + headSHA,
			`{"action":"checks_requested","merge_group":{"head_sha":"` + mergeSHA + `","base_ref":"refs/heads/main"},` + repository + `}`, base, false},
		{"schedule", "schedule", "refs/heads/main", `{"schedule":"0 3 * * *",` + repository + `}`, with(func(e *Event) { e.Branch = "main" }), true},
		{"schedule that says little", "schedule", "refs/heads/main", `{"schedule":"0 3 * * *"}`,
			with(func(e *Event) { e.Branch, e.Private = "main", false }), true},
		{"dispatch", "workflow_dispatch", "refs/heads/main", `{"inputs":{"pull_request":"9"},` + repository + `}`,
			with(func(e *Event) { e.Branch = "main" }), true},
		{"dispatch on a branch", "workflow_dispatch", "refs/heads/topic", `{"inputs":null,` + repository + `}`,
			with(func(e *Event) { e.Branch = "topic" }), false},
		{"after a workflow, of a proposal perhaps", "workflow_run", "refs/heads/main",
			`{"workflow_run":{"head_branch":"topic","head_sha":"` + headSHA + `"},` + repository + `}`, base, false},
		{"comment, on a proposal perhaps", "issue_comment", "refs/heads/main", `{"issue":{"number":7,"pull_request":{}},` + repository + `}`, base, false},
		{"push that does not name the default branch", "push", "refs/heads/main", `{}`,
			with(func(e *Event) { e.Branch, e.DefaultBranch, e.Private = "main", "", false }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			vars := job(tt.event, tt.ref)
			vars["GITHUB_EVENT_PATH"] = filepath.Join(t.TempDir(), "event.json")
			if err := os.WriteFile(vars["GITHUB_EVENT_PATH"], []byte(tt.payload), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := New(env(vars), io.Discard, nil, "").Event()
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Name = tt.event
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if got, want := got.OnDefaultBranch(), tt.onDefault; got != want {
				t.Errorf("on default branch: got %v, want %v", got, want)
			}
		})
	}
}

func TestEventOutsideGitHub(t *testing.T) {
	t.Parallel()
	got, err := New(env(nil), io.Discard, nil, "").Event()
	if err != nil {
		t.Fatal(err)
	}
	if want := (Event{}); got != want {
		t.Errorf("got %+v, want nothing", got)
	}
}

func TestEventOnEnterprise(t *testing.T) {
	t.Parallel()
	vars := job("push", "refs/heads/main")
	vars["GITHUB_SERVER_URL"] = "https://ghe.example.com/"
	got, err := New(env(vars), io.Discard, nil, "").Event()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := got.RunURL, "https://ghe.example.com/acme/evals/actions/runs/77"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := got.Owner()+" "+got.RepositoryName(), "acme evals"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever is wrong with the file of a pull request's event, the run is never taken for one of a branch.
func TestEventRefused(t *testing.T) {
	t.Parallel()
	const absent = "absent"
	tests := []struct{ name, event, payload, want string }{
		{"file missing", "push", absent, "no such file or directory"},
		{"file empty", "push", "", "unexpected end of JSON input"},
		{"file cut short", "pull_request", `{"number":7,`, "unexpected end of JSON input"},
		{"no pull request", "pull_request", `{}`, "it does not say which pull request it is about"},
		{"null", "pull_request_target", `null`, "it does not say which pull request it is about"},
		{"no number", "pull_request", `{"pull_request":{"head":{}}}`, "it does not say which pull request it is about"},
		{"number below one", "pull_request", `{"pull_request":{"number":-7}}`, "it does not say which pull request it is about"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			vars := job(tt.event, "refs/heads/main")
			path := filepath.Join(t.TempDir(), "event.json")
			vars["GITHUB_EVENT_PATH"] = path
			if tt.payload != absent {
				if err := os.WriteFile(path, []byte(tt.payload), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			e, err := New(env(vars), io.Discard, nil, "").Event()
			if err == nil {
				t.Fatalf("got %+v, want an error", e)
			}
			want := "the event's file " + path + ": " + tt.want + "; was GITHUB_EVENT_PATH changed?"
			if got := err.Error(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		t.Parallel()
		_, err := New(env(job("pull_request", "refs/pull/7/merge")), io.Discard, nil, "").Event()
		want := "GITHUB_EVENT_PATH is not set; only that file says which pull request a pull_request event is of"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func FuzzEvent(f *testing.F) {
	for _, head := range []string{"null", `{"full_name":"acme/evals"}`} {
		f.Add("pull_request", "refs/pull/7/merge", pull(head))
		f.Add("pull_request_target", "refs/heads/main", pull(head))
	}
	f.Add("push", "refs/heads/main", `{`+repository+`}`)
	f.Add("push", "refs/heads/main", pull("null"))
	f.Add("schedule", "refs/heads/main", `{"schedule":"0 3 * * *"}`)
	f.Fuzz(func(t *testing.T, name, ref, payload string) {
		e := Event{Name: name, Branch: branch(name, ref), SHA: mergeSHA}
		if e.read([]byte(payload)) != nil {
			return
		}
		if e.proposal() && e.PullRequest <= 0 {
			t.Errorf("%s passes for something without a pull request: %+v", name, e)
		}
		if e.PullRequest < 0 || e.PullRequest > 0 && e.Branch != "" || e.SHA == "" {
			t.Errorf("contradiction: %+v", e)
		}
	})
}
