package action

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	headSHA  = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
	baseSHA  = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
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
		`"base":{"ref":"main","sha":"` + baseSHA + `","repo":{"full_name":"acme/evals"}},"merge_commit_sha":"` + mergeSHA + `"},` + repository + `}`
}

// after is the payload of a workflow that runs after another one, which ran for that event on a branch of that repository.
func after(event, branch, head string) string {
	return `{"action":"completed","workflow_run":{"id":66,"run_attempt":3,"event":"` + event + `","head_branch":"` + branch + `","head_sha":"` + headSHA +
		`","head_repository":` + head + `,"pull_requests":[{"number":99}]},` + repository + `}`
}

// group is the payload of a merge queue.
const group = `{"action":"checks_requested","merge_group":{"head_sha":"` + mergeSHA + `","head_ref":"refs/heads/gh-readonly-queue/release/1.0/pr-7-` + headSHA +
	`","base_sha":"` + baseSHA + `","base_ref":"refs/heads/release/1.0"},` + repository + `}`

func TestEvent(t *testing.T) {
	t.Parallel()
	base := Event{
		Repository: "acme/evals", Private: true, DefaultBranch: "main", SHA: mergeSHA, Run: "77", Attempt: 2, Workflow: "CI", Job: "gate",
		RunURL: "https://github.com/acme/evals/actions/runs/77",
	}
	with := func(change func(*Event)) Event {
		e := base
		change(&e)
		return e
	}
	const ownRepo, forkRepo = `{"full_name":"acme/evals"}`, `{"full_name":"stranger/evals"}`
	own, fork := pull(ownRepo), pull(forkRepo)
	proposal := func(head string) Event {
		return with(func(e *Event) {
			e.PullRequest, e.SHA, e.Head, e.HeadBranch, e.Base, e.BaseSHA = 7, headSHA, head, "topic", "main", baseSHA
			e.Fork = head == "" || head == "stranger/evals"
		})
	}
	onBranch := func(name string) Event { return with(func(e *Event) { e.Branch = name }) }
	followed := func(head, branch string) Event {
		return with(func(e *Event) {
			e.SHA, e.Head, e.HeadBranch, e.Run, e.Attempt, e.Fork = headSHA, head, branch, "66", 3, head != "acme/evals"
		})
	}
	tests := []struct {
		name, event, ref, payload string
		want                      Event
		onDefault                 bool
	}{
		{"pull request", "pull_request", "refs/pull/7/merge", own, proposal("acme/evals"), false},
		{"pull request, other case", "pull_request", "refs/pull/7/merge", pull(`{"full_name":"Acme/Evals"}`), proposal("Acme/Evals"), false},
		{"from a fork", "pull_request", "refs/pull/7/merge", fork, proposal("stranger/evals"), false},
		{"fork deleted", "pull_request", "refs/pull/7/merge", pull("null"), proposal(""), false},
		{"target, whose ref is the base", "pull_request_target", "refs/heads/main", fork, proposal("stranger/evals"), false},
		{"push", "push", "refs/heads/main", `{"ref":"refs/heads/main","commits":[{"id":"` + headSHA + `"},{"id":"x"},{"id":"` + mergeSHA + `"}],` + repository + `}`,
			with(func(e *Event) { e.Branch, e.Pushed = "main", []string{headSHA, mergeSHA} }), true},
		{"push to a branch", "push", "refs/heads/feature/x", `{` + repository + `}`, onBranch("feature/x"), false},
		{"push of a tag", "push", "refs/tags/main", `{` + repository + `}`, base, false},
		{"merge queue", "merge_group", "refs/heads/gh-readonly-queue/release/1.0/pr-7-" + headSHA, group,
			with(func(e *Event) { e.Queued, e.Base, e.BaseSHA, e.MergeBase = 7, "release/1.0", baseSHA, baseSHA }), false},
		{"merge queue that says little", "merge_group", "refs/heads/gh-readonly-queue/main/pr-7-" + headSHA, `{` + repository + `}`,
			with(func(e *Event) { e.Queued, e.Base = 7, "main" }), false},
		{"merge queue that says nothing", "merge_group", "refs/heads/queue", `{"merge_group":{},` + repository + `}`, base, false},
		{"schedule", "schedule", "refs/heads/main", `{"schedule":"0 3 * * *",` + repository + `}`, onBranch("main"), true},
		{"schedule that says little", "schedule", "refs/heads/main", `{"schedule":"0 3 * * *"}`,
			with(func(e *Event) { e.Branch, e.Private = "main", false }), true},
		{"dispatch", "workflow_dispatch", "refs/heads/main", `{"inputs":{"pull_request":"9"},` + repository + `}`, onBranch("main"), true},
		{"dispatch on a branch", "workflow_dispatch", "refs/heads/topic", `{"inputs":null,` + repository + `}`, onBranch("topic"), false},
		{"after a pull request's run", "workflow_run", "refs/heads/main", after("pull_request", "topic", ownRepo), followed("acme/evals", "topic"), false},
		{"after a fork's run, of a branch of the same name", "workflow_run", "refs/heads/main", after("pull_request", "main", forkRepo),
			followed("stranger/evals", "main"), false},
		{"after a fork's push", "workflow_run", "refs/heads/main", after("push", "main", forkRepo), followed("stranger/evals", "main"), false},
		{"after the run of a fork that is gone", "workflow_run", "refs/heads/main", after("push", "main", "null"), followed("", "main"), false},
		{"after a push", "workflow_run", "refs/heads/main", after("push", "main", ownRepo),
			with(func(e *Event) { *e = followed("acme/evals", "main"); e.Branch = "main" }), true},
		{"after a merge queue's run", "workflow_run", "refs/heads/main", after("merge_group", "gh-readonly-queue/main/pr-7-"+baseSHA, ownRepo),
			with(func(e *Event) {
				*e = followed("acme/evals", "gh-readonly-queue/main/pr-7-"+baseSHA)
				e.Queued, e.Base = 7, "main"
			}), false},
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
			if got, want := got.Proposed(), !slices.Contains([]string{"push", "schedule", "workflow_dispatch", "issue_comment"}, tt.event) && !tt.onDefault; got != want {
				t.Errorf("proposed: got %v, want %v", got, want)
			}
			if got, want := got.OnDefaultBranch(), tt.onDefault; got != want {
				t.Errorf("on default branch: got %v, want %v", got, want)
			}
		})
	}
}

// Payloads that GitHub sent are read as they are.
func TestRecordedEvents(t *testing.T) {
	t.Parallel()
	const octo, hello = "octo-org/octo-repo", "Codertocat/Hello-World"
	want := map[string]Event{
		"pull_request": {
			Repository: hello, DefaultBranch: "master", SHA: headSHA, PullRequest: 2, Head: hello, HeadBranch: "changes", Base: "master", BaseSHA: baseSHA,
		},
		"push": {Repository: hello, DefaultBranch: "master", SHA: mergeSHA, Pushed: []string{"6113728f27ae82c7b1a177c8d03f9e96e0adf246"}},
		"merge_group": {
			Repository: octo, Private: true, DefaultBranch: "main", SHA: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", Queued: 104, Base: "main",
			BaseSHA: "380387fbc80638b734a49e1be1c4dfec1c01b33c", MergeBase: "380387fbc80638b734a49e1be1c4dfec1c01b33c",
		},
		"workflow_run": { // after a repository_dispatch, which is of no branch
			Repository: octo, DefaultBranch: "master", SHA: "3484a3fb816e0859fd6e1cea078d76385ff50625", Head: octo, HeadBranch: "master",
			Run: "289782451", Attempt: 1,
		},
		"workflow_dispatch": {Repository: octo, DefaultBranch: "main", SHA: mergeSHA},
	}
	var records []struct {
		Name    string
		Payload json.RawMessage
	}
	data, err := os.ReadFile("testdata/events.json")
	if err == nil {
		err = json.Unmarshal(data, &records)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		got := Event{Name: r.Name, SHA: mergeSHA}
		if _, err := got.read(r.Payload); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		w := want[r.Name]
		w.Name = r.Name
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.Name, diff)
		}
	}
	if len(records) != len(want) {
		t.Errorf("got %d records, want %d", len(records), len(want))
	}
}

func TestEventOutsideGitHub(t *testing.T) {
	t.Parallel()
	got, err := New(env(nil), io.Discard, nil, "").Event()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Event{}, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
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
	const sides = "it does not say which commit is the head of the pull request, and which branch it would change"
	tests := []struct{ name, event, payload, want string }{
		{"file missing", "push", absent, "no such file or directory"},
		{"file empty", "push", "", "unexpected end of JSON input"},
		{"file cut short", "pull_request", `{"number":7,`, "unexpected end of JSON input"},
		{"no pull request", "pull_request", `{}`, "it does not say which pull request it is about"},
		{"null", "pull_request_target", `null`, "it does not say which pull request it is about"},
		{"no number", "pull_request", `{"pull_request":{"head":{}}}`, "it does not say which pull request it is about"},
		{"head that is no commit", "pull_request", `{"pull_request":{"number":7,"head":{"sha":"../../x"},"base":{"ref":"main"}}}`, `it names "../../x", which is not the id of a commit`},
		{"base that is no commit", "pull_request", `{"pull_request":{"number":7,"head":{"sha":"` + headSHA + `"},"base":{"ref":"main","sha":"main"}}}`, `it names "main", which is not the id of a commit`},
		{"no head", "pull_request", `{"pull_request":{"number":7,"base":{"ref":"main"}}}`, sides},
		{"no base", "pull_request", `{"pull_request":{"number":7,"head":{"sha":"` + headSHA + `"}}}`, sides},
		{"no run", "workflow_run", `{}`, "it does not say which commit the workflow run was of"},
		{"run without a commit", "workflow_run", `{"workflow_run":{"id":1}}`, "it does not say which commit the workflow run was of"},
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
	for _, event := range []string{"pull_request", "workflow_run"} {
		_, err := New(env(job(event, "refs/heads/main")), io.Discard, nil, "").Event()
		want := "GITHUB_EVENT_PATH is not set; only that file says what a " + event + " event is of"
		if err == nil || err.Error() != want {
			t.Errorf("no file: got %v, want %s", err, want)
		}
	}
}

func FuzzEvent(f *testing.F) {
	for _, head := range []string{"null", `{"full_name":"acme/evals"}`} {
		f.Add("pull_request", "refs/pull/7/merge", pull(head))
		f.Add("pull_request_target", "refs/heads/main", pull(head))
	}
	f.Add("push", "refs/heads/main", `{`+repository+`}`)
	f.Add("push", "refs/heads/main", pull("null"))
	f.Add("schedule", "refs/heads/main", `{"schedule":"0 3 * * *"}`)
	f.Add("workflow_run", "refs/heads/main", after("push", "main", `{"full_name":"acme/evals"}`))
	f.Add("workflow_run", "refs/heads/main", after("pull_request", "main", "null"))
	f.Add("merge_group", "refs/heads/gh-readonly-queue/main/pr-7-"+headSHA, group)
	f.Fuzz(func(t *testing.T, name, ref, payload string) {
		e := Event{Name: name, Repository: "acme/evals", Branch: branch(name, ref), SHA: mergeSHA}
		if _, err := e.read([]byte(payload)); err != nil {
			return
		}
		if e.proposal() && e.PullRequest <= 0 {
			t.Errorf("%s passes for something without a pull request: %+v", name, e)
		}
		if e.PullRequest < 0 || e.Queued < 0 || e.PullRequest > 0 && e.Branch != "" || !isCommit(e.SHA) {
			t.Errorf("contradiction: %+v", e)
		}
		if e.Proposed() && e.OnDefaultBranch() {
			t.Errorf("a proposal passes for the default branch: %+v", e)
		}
		if name == "workflow_run" && e.Fork && (e.Branch != "" || e.Queued != 0) {
			t.Errorf("a fork passes for a branch of the repository: %+v", e)
		}
	})
}
