package action

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// edge returns the edge to that GitHub with a token.
func edge(hub *actiontest.GitHub, token string) *GitHub {
	return New(env(map[string]string{"GITHUB_API_URL": actiontest.URL}), io.Discard, hub.Client(), token)
}

// asked returns what was requested, in order, without queries.
func asked(hub *actiontest.GitHub) string {
	var all []string
	for _, r := range hub.Requests() {
		path, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/repos/acme/evals"), "?")
		all = append(all, r.Method+" "+path)
	}
	return strings.Join(all, "\n")
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const otherSHA = "0123456789012345678901234567890123456789"
	base := Event{Repository: "acme/evals", DefaultBranch: "main", SHA: headSHA}
	run := func(head string) Event {
		e := base
		e.Name, e.Head, e.HeadBranch, e.Fork = "workflow_run", head, "topic", head != "acme/evals"
		return e
	}
	on := func(name, branch string) Event {
		e := base
		e.Name, e.Branch = name, branch
		return e
	}
	found := func(e Event, number int, head string) Event {
		e.PullRequest, e.Head, e.HeadBranch, e.Base, e.BaseSHA, e.MergeBase = number, head, "topic", "main", baseSHA, mergeSHA
		e.Fork, e.Branch = head != "acme/evals", ""
		return e
	}
	own := actiontest.Pull{Number: 7, Head: headSHA, HeadBranch: "topic", BaseSHA: baseSHA}
	fork := actiontest.Pull{Number: 8, Head: headSHA, HeadRepo: "stranger/evals", HeadBranch: "topic", BaseSHA: baseSHA}
	with := func(p actiontest.Pull, change func(*actiontest.Pull)) actiontest.Pull {
		change(&p)
		return p
	}
	const nowhere = "pull request of commit ec26c3e: no open pull request has it as its head now, so there is nowhere to comment"
	tests := []struct {
		name   string
		event  Event
		pulls  []actiontest.Pull
		want   Event
		notice string
	}{
		{"after a workflow, own", run("acme/evals"), []actiontest.Pull{own}, found(run("acme/evals"), 7, "acme/evals"), ""},
		{"after a workflow, fork", run("stranger/evals"), []actiontest.Pull{fork}, found(run("stranger/evals"), 8, "stranger/evals"), ""},
		{
			"a fork whose commit is the head of another's pull request too", run("stranger/evals"),
			[]actiontest.Pull{own, fork}, found(run("stranger/evals"), 8, "stranger/evals"), "",
		},
		{"fork that is gone", run(""), []actiontest.Pull{own, fork}, run(""), nowhere},
		{
			"moved on", run("stranger/evals"), []actiontest.Pull{with(fork, func(p *actiontest.Pull) { p.Head = otherSHA })},
			run("stranger/evals"), nowhere,
		},
		{"closed", run("acme/evals"), []actiontest.Pull{with(own, func(p *actiontest.Pull) { p.Closed = true })}, run("acme/evals"), nowhere},
		{
			"only contained", run("acme/evals"),
			[]actiontest.Pull{with(own, func(p *actiontest.Pull) { p.Head, p.Commits = otherSHA, []string{headSHA} })}, run("acme/evals"), nowhere,
		},
		{
			"of the repository that this one is a fork of", run("acme/evals"),
			[]actiontest.Pull{with(own, func(p *actiontest.Pull) { p.BaseRepo = "upstream/evals" })}, run("acme/evals"), nowhere,
		},
		{
			"two at once", run("acme/evals"), []actiontest.Pull{own, with(own, func(p *actiontest.Pull) { p.Number, p.Base = 9, "next" })},
			run("acme/evals"), "pull request of commit ec26c3e: it is the head of #9 and #7 at once; none of them gets a comment",
		},
		{"push to a branch", on("push", "topic"), []actiontest.Pull{own}, found(on("push", "topic"), 7, "acme/evals"), ""},
		{"manual run on a branch", on("workflow_dispatch", "topic"), []actiontest.Pull{own}, found(on("workflow_dispatch", "topic"), 7, "acme/evals"), ""},
		{"push to a branch of no pull request", on("push", "topic"), nil, on("push", "topic"), ""},
		{"push to the default branch", on("push", "main"), []actiontest.Pull{own}, on("push", "main"), ""},
		{"schedule", on("schedule", "main"), []actiontest.Pull{own}, on("schedule", "main"), ""},
		{"comment", on("issue_comment", ""), []actiontest.Pull{own}, on("issue_comment", ""), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := actiontest.New(t, "acme/evals")
			hub.SetMergeBase("main", headSHA, mergeSHA)
			for _, p := range tt.pulls {
				hub.SetPull(p)
			}
			got, notices := edge(hub, actiontest.WorkflowToken).Resolve(t.Context(), tt.event)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if got := strings.Join(notices, "\n"); got != tt.notice {
				t.Errorf("notices:\ngot  %q\nwant %q", got, tt.notice)
			}
		})
	}
}

// Only what the event does not say is asked for, and nothing without a token.
func TestResolveAsksLittle(t *testing.T) {
	t.Parallel()
	queue := Event{Name: "merge_group", Repository: "acme/evals", DefaultBranch: "main", SHA: headSHA, Queued: 7, Base: "main", MergeBase: baseSHA}
	push := Event{Name: "push", Repository: "acme/evals", DefaultBranch: "main", Branch: "main", SHA: headSHA}
	for _, tt := range []struct {
		name, token string
		event       Event
	}{
		{"queue", actiontest.WorkflowToken, queue}, {"push", actiontest.WorkflowToken, push},
		{"no token", "", Event{Name: "workflow_run", Repository: "acme/evals", SHA: headSHA}}, {"outside GitHub", actiontest.WorkflowToken, Event{}},
	} {
		hub := newGitHub(t)
		got, notices := edge(hub, tt.token).Resolve(t.Context(), tt.event)
		if diff := cmp.Diff(tt.event, got); diff != "" || notices != nil {
			t.Errorf("%s: notices %q, event (-want +got):\n%s", tt.name, notices, diff)
		}
		if got := asked(hub); got != "" {
			t.Errorf("%s: asked %s, want nothing", tt.name, got)
		}
	}
}

func TestResolveRepository(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.SetPrivate()
	got, notices := edge(hub, actiontest.WorkflowToken).Resolve(t.Context(), Event{Name: "schedule", Repository: "acme/evals", Branch: "main", SHA: headSHA})
	want := Event{Name: "schedule", Repository: "acme/evals", Branch: "main", SHA: headSHA, DefaultBranch: "main", Private: true}
	if diff := cmp.Diff(want, got); diff != "" || notices != nil {
		t.Errorf("notices %q, event (-want +got):\n%s", notices, diff)
	}
}

func TestMergeBase(t *testing.T) {
	t.Parallel()
	const none = "merge base: no commits main and ec26c3e in acme/evals, or the token cannot see it (404); give input github-token one that can"
	lacks := actiontest.Fault{Status: 403, Message: "Resource not accessible by integration"}
	proposal := Event{Name: "pull_request", Repository: "acme/evals", DefaultBranch: "main", PullRequest: 7, SHA: headSHA, Base: "main", BaseSHA: baseSHA}
	queue := Event{Name: "workflow_run", Repository: "acme/evals", DefaultBranch: "main", Queued: 7, SHA: headSHA, Base: "main"}
	tests := []struct {
		name   string
		event  Event
		bases  map[string]string // by base
		fault  *actiontest.Fault
		want   string
		notice string
	}{
		{"of the base as it is now", proposal, map[string]string{"main": mergeSHA, baseSHA: baseSHA}, nil, mergeSHA, ""},
		{"merged already", proposal, map[string]string{"main": headSHA, baseSHA: mergeSHA}, nil, mergeSHA, ""},
		{"queue after a workflow", queue, map[string]string{"main": mergeSHA}, nil, mergeSHA, ""},
		{"unknown", proposal, nil, nil, "", none},
		{
			"not allowed", proposal, map[string]string{"main": mergeSHA}, &lacks, "",
			`merge base: token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`,
		},
		{
			"no base", Event{Name: "pull_request", Repository: "acme/evals", DefaultBranch: "main", PullRequest: 7, SHA: headSHA}, nil, nil, "",
			"merge base: the event names no base branch; the newest baseline is compared with",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			for base, commit := range tt.bases {
				hub.SetMergeBase(base, headSHA, commit)
			}
			if tt.fault != nil {
				hub.Fail(*tt.fault)
			}
			got, notices := edge(hub, actiontest.WorkflowToken).Resolve(t.Context(), tt.event)
			if got.MergeBase != tt.want {
				t.Errorf("got %q, want %q", got.MergeBase, tt.want)
			}
			if got := strings.Join(notices, "\n"); got != tt.notice {
				t.Errorf("notices:\ngot  %q\nwant %q", got, tt.notice)
			}
		})
	}
}

// A branch's name may hold a slash, which is not one of the address.
func TestMergeBaseOfABranchWithASlash(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.SetMergeBase("release/1.0", headSHA, mergeSHA)
	e := Event{Name: "pull_request", Repository: "acme/evals", DefaultBranch: "main", PullRequest: 7, SHA: headSHA, Base: "release/1.0"}
	if got, notices := edge(hub, actiontest.WorkflowToken).Resolve(t.Context(), e); got.MergeBase != mergeSHA || notices != nil {
		t.Errorf("got %q and notices %q, want %q", got.MergeBase, notices, mergeSHA)
	}
}

func TestAncestors(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	var history []string
	for i := range 420 {
		history = append(history, fmt.Sprintf("%040x", i+1))
	}
	hub.SetHistory(history...)
	g := edge(hub, actiontest.WorkflowToken)
	e := Event{Repository: "acme/evals"}
	got, err := g.Ancestors(t.Context(), e, history[10])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(history[10:310], got); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
	if got, err = g.Ancestors(t.Context(), e, history[419]); err != nil || len(got) != 1 {
		t.Errorf("of the first commit: got %q, %v", got, err)
	}
	_, err = g.Ancestors(t.Context(), e, headSHA)
	want := "commits before ec26c3e: no commit ec26c3e in acme/evals, or the token cannot see it (404); give input github-token one that can"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
