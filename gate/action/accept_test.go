package action

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

func TestParseAccept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body string
		want request
		ok   bool
	}{
		{"/hubgate accept " + headSHA + " we changed the rubric", request{headSHA, "we changed the rubric", ""}, true},
		{"\n  /hubgate accept EC26C3E57CA3A959CA5AAD62DE7213C562F8C821\ttoo  slow \r\nmore", request{headSHA, "too slow", ""}, true},
		{"/hubgate accept " + headSHA, request{headSHA, "", "it gives no reason"}, true},
		{"/hubgate accept " + headSHA + " \n because", request{headSHA, "", "it gives no reason"}, true},
		{"/hubgate accept ec26c3e because", request{"ec26c3e", "because", `"ec26c3e" is not the whole id of a commit, which has 40 digits`}, true},
		{"/hubgate accept", request{problem: "it names no commit; write /hubgate accept SHA reason"}, true},
		{"/hubgate accept\r\nx", request{problem: "it names no commit; write /hubgate accept SHA reason"}, true},
		{"/hubgate accept HEAD because", request{problem: `"HEAD" is not a commit`}, true},
		{"/hubgate accept we changed it", request{problem: `"we" is not a commit`}, true},
		{"/hubgate accept " + strings.Repeat("a", 65) + " because", request{problem: `"` + strings.Repeat("a", 63) + `…" is not a commit`}, true},
		{"/hubgate accept " + headSHA + " a\x00\u202eb\xff", request{headSHA, "a\x00\u202eb\uFFFD", ""}, true},
		{"/hubgate accepted ec26c3e because", request{}, false},
		{"/Hubgate accept ec26c3e because", request{}, false},
		{"please /hubgate accept " + headSHA + " because", request{}, false},
		{"> /hubgate accept " + headSHA + " because", request{}, false},
		{"`/hubgate accept " + headSHA + " because`", request{}, false},
		{" \r\n   /hubgate accept " + headSHA + " because", request{headSHA, "because", ""}, true},
		{"\n    /hubgate accept " + headSHA + " because", request{}, false},
		{"\t/hubgate accept " + headSHA + " because", request{}, false},
		{"```\n/hubgate accept " + headSHA + " because\n```", request{}, false},
		{"<!--\n/hubgate accept " + headSHA + " because -->", request{}, false},
		{"yes\n/hubgate accept " + headSHA + " because", request{}, false},
		{"", request{}, false},
	}
	for _, tt := range tests {
		got, ok := parseAccept(tt.body)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(request{})); diff != "" || ok != tt.ok {
			t.Errorf("%q: ok %v, want %v (-want +got):\n%s", tt.body, ok, tt.ok, diff)
		}
	}
}

func FuzzParseAccept(f *testing.F) {
	f.Add("/hubgate accept " + headSHA + " because\nmore")
	f.Add("/hubgate accept\t\u2028ec26c3e\u0085because")
	f.Add("/hubgate accept EC26C3E \xff")
	f.Fuzz(func(t *testing.T, body string) {
		r, ok := parseAccept(body)
		if ok != strings.HasPrefix(strings.TrimSpace(body)+" ", command) && ok {
			t.Errorf("%q accepts without beginning with the command", body)
		}
		if !ok || r.problem != "" {
			return
		}
		if len(r.sha) < minSHA || len(r.sha) > 64 || !shaPrefix.MatchString(r.sha) {
			t.Errorf("%q: commit %q", body, r.sha)
		}
		if r.reason == "" || strings.ContainsAny(r.reason, "\r\n\u2028\u0085") || len([]rune(r.reason)) > maxReason ||
			strings.TrimFunc(r.reason, unicode.IsSpace) != r.reason {
			t.Errorf("%q: reason %q", body, r.reason)
		}
	})
}

const (
	good  = "/hubgate accept " + headSHA + " we changed the rubric"
	login = "maintainer"
)

// acceptable is the event of pull request 7.
var acceptable = Event{Name: "pull_request", Repository: "acme/evals", DefaultBranch: "main", PullRequest: 7, SHA: headSHA, Base: "main"}

// newAcceptable returns a repository whose pull request 7 has the head commit of the tests, and a maintainer.
func newAcceptable(t *testing.T) *actiontest.GitHub {
	t.Helper()
	hub := newGitHub(t)
	hub.SetPull(actiontest.Pull{Number: 7, Head: headSHA})
	hub.Permit(login, "write")
	return hub
}

// accepted7 is what the first comment accepts.
func accepted7(hub *actiontest.GitHub) *Acceptance {
	return &Acceptance{
		By: login, Reason: "we changed the rubric", At: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC), SHA: headSHA,
		URL: hub.CommentURL(hub.Comments(7)[0]), PullRequest: 7,
	}
}

func TestAcceptance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		login, level string // empty: the maintainer, who may write
		body         string // empty: a good one
		edited       bool
		why          string // empty: accepted
	}{
		{name: "by someone who may write"},
		{name: "by an administrator", level: "admin"},
		{name: "whole commit", body: "/hubgate accept " + headSHA + " we changed the rubric"},
		{name: "by someone who may read", level: "read", why: `the permission of maintainer is "read", and it takes write`},
		{name: "by someone who may triage", level: "triage", why: `the permission of maintainer is "triage", and it takes write`},
		{name: "by nobody known", level: "unknown", why: `the permission of maintainer is "none", and it takes write`},
		{name: "by a robot", login: "github-actions[bot]", level: "admin", why: "only a person can accept"},
		{name: "for another commit", body: "/hubgate accept " + baseSHA + " x", why: "f95f852 is not the head commit; a new push needs a new acceptance"},
		{name: "for a longer commit", body: "/hubgate accept " + headSHA + "0 x", why: "ec26c3e is not the head commit; a new push needs a new acceptance"},
		{name: "without a reason", body: "/hubgate accept " + headSHA, why: "it gives no reason"},
		{name: "edited", edited: true, why: "it was edited, and GitHub does not say by whom; write it anew"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newAcceptable(t)
			who, body := login, good
			if tt.login != "" {
				who = tt.login
			}
			if tt.body != "" {
				body = tt.body
			}
			if tt.level != "" {
				hub.Permit(who, tt.level)
			}
			id := hub.Write(7, who, body)
			if tt.edited {
				hub.Edit(id, body)
			}
			got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable)
			want, wantNotices := accepted7(hub), []string(nil)
			if tt.why != "" {
				want, wantNotices = nil, []string{hub.CommentURL(hub.Comments(7)[0]) + " by " + who + " does not accept ec26c3e: " + tt.why}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("acceptance (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(wantNotices, notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

// A comment that is none, and our own that prints the line, accept nothing and are no news.
func TestAcceptanceOfNothing(t *testing.T) {
	t.Parallel()
	hub := newAcceptable(t)
	hub.Write(7, login, "looks good")
	hub.Write(7, actiontest.WorkflowBot, marker+"\nto accept: comment `/hubgate accept "+headSHA+" reason` and re-run")
	hub.Write(7, "stranger", "> "+good)
	if got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable); got != nil || notices != nil {
		t.Errorf("got %+v and %q, want nothing", got, notices)
	}
}

// One valid acceptance is enough, wherever it stands among others, and the newest counts.
func TestAcceptanceAmongOthers(t *testing.T) {
	t.Parallel()
	hub := newAcceptable(t)
	hub.Write(7, login, good)
	for i := range 150 {
		hub.Write(7, "stranger", fmt.Sprint("/hubgate accept "+headSHA+" please ", i))
	}
	got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable)
	if diff := cmp.Diff(accepted7(hub), got); diff != "" || notices != nil {
		t.Errorf("notices %q, acceptance (-want +got):\n%s", notices, diff)
	}
	if n := strings.Count(asked(hub), "permission"); n != 2 {
		t.Errorf("asked for permissions %d times, want once each", n)
	}
	hub.Write(7, login, "/hubgate accept "+headSHA+" another reason")
	if got, _ = edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable); got == nil || got.Reason != "another reason" {
		t.Errorf("got %+v, want the newest", got)
	}
}

// A crowd of strangers costs a bounded number of requests and notices.
func TestAcceptanceCrowd(t *testing.T) {
	t.Parallel()
	hub := newAcceptable(t)
	for i := range 60 {
		hub.Write(7, fmt.Sprint("stranger", i), good)
	}
	got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable)
	if got != nil || len(notices) != maxRefusals {
		t.Errorf("got %+v and notices %q, want nobody and %d notices", got, notices, maxRefusals)
	}
	if n := strings.Count(asked(hub), "permission"); n != maxAsked {
		t.Errorf("asked for permissions %d times, want %d", n, maxAsked)
	}
}

// An author whose account is gone, or whose login is none, is nobody: no permission is asked for.
func TestAcceptanceOfNobody(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"", "a/../b"} {
		hub := newAcceptable(t)
		hub.Write(7, who, good)
		got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable)
		if got != nil || len(notices) != 1 || !strings.HasSuffix(notices[0], "its author is not known") {
			t.Errorf("%q: got %+v and %q", who, got, notices)
		}
		if strings.Contains(asked(hub), "permission") {
			t.Errorf("%q: asked %s", who, asked(hub))
		}
	}
}

// The newest commits of a large push are asked about.
func TestAcceptanceOfALargePush(t *testing.T) {
	t.Parallel()
	hub := newAcceptable(t)
	e := Event{Name: "push", Repository: "acme/evals", DefaultBranch: "main", Branch: "main", SHA: headSHA}
	for i := range 70 {
		e.Pushed = append(e.Pushed, fmt.Sprintf("%040x", i+1))
	}
	if got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), e); got != nil || notices != nil {
		t.Errorf("got %+v and %q, want nothing", got, notices)
	}
	lines := strings.Split(asked(hub), "\n")
	if len(lines) != maxPushed || lines[0] != "GET /commits/"+headSHA+"/pulls" || lines[1] != "GET /commits/"+e.Pushed[69]+"/pulls" {
		t.Errorf("asked %d times, first %q", len(lines), lines[:2])
	}
}

// What cannot be read is not accepted.
func TestAcceptanceUnreadable(t *testing.T) {
	t.Parallel()
	const lacks = `acceptance: token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`
	for _, path := range []string{"/issues/7/comments", "/permission"} {
		hub := newAcceptable(t)
		hub.Write(7, login, good)
		hub.Fail(actiontest.Fault{Path: path, Status: http.StatusForbidden, Message: "Resource not accessible by integration"})
		got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), acceptable)
		if diff := cmp.Diff([]string{lacks}, notices); diff != "" || got != nil {
			t.Errorf("%s: got %+v, notices (-want +got):\n%s", path, got, diff)
		}
	}
	if got, notices := edge(newAcceptable(t), "").Acceptance(t.Context(), acceptable); got != nil || notices != nil {
		t.Errorf("without a token: got %+v and %q", got, notices)
	}
}

// The merge queue and the push to the default branch inherit from the pull request that they contain, for the head that they
// contain, and from no other.
func TestAcceptanceInherited(t *testing.T) {
	t.Parallel()
	const squash, other = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	queue := Event{Name: "merge_group", Repository: "acme/evals", DefaultBranch: "main", Queued: 7, SHA: squash, Base: "main"}
	push := Event{Name: "push", Repository: "acme/evals", DefaultBranch: "main", Branch: "main", SHA: squash, Pushed: []string{other, squash}}
	merged := actiontest.Pull{Number: 7, Head: headSHA, MergeCommit: squash}
	with := func(e Event, change func(*Event)) Event {
		change(&e)
		return e
	}
	pull := func(change func(*actiontest.Pull)) actiontest.Pull {
		p := merged
		change(&p)
		return p
	}
	tests := []struct {
		name  string
		event Event
		pull  actiontest.Pull
		want  bool
	}{
		{"queue", queue, actiontest.Pull{Number: 7, Head: headSHA}, true},
		{"queue, after a workflow", with(queue, func(e *Event) { e.Name = "workflow_run" }), actiontest.Pull{Number: 7, Head: headSHA}, true},
		{"queue, of another head", queue, actiontest.Pull{Number: 7, Head: other}, false},
		{"queue, of another branch", queue, actiontest.Pull{Number: 7, Head: headSHA, Base: "next"}, false},
		{"queue that names none", with(queue, func(e *Event) { e.Queued = 0 }), actiontest.Pull{Number: 7, Head: headSHA}, false},
		{"push of a squash", push, merged, true},
		{"push after a workflow", with(push, func(e *Event) { e.Name, e.Pushed = "workflow_run", nil }), merged, true},
		{"push that holds the merge further down", with(push, func(e *Event) { e.SHA, e.Pushed = other, []string{squash, other} }), merged, true},
		{"push of a rebase", with(push, func(e *Event) { e.Pushed = []string{other, squash} }), pull(func(p *actiontest.Pull) { p.Commits = []string{other} }), true},
		{"push of one commit of a pull request merged before", push, pull(func(p *actiontest.Pull) { p.MergeCommit, p.Commits = headSHA, []string{squash} }), false},
		{"push of a pull request's commit that is not merged", push, actiontest.Pull{Number: 7, Head: headSHA, Commits: []string{squash}}, false},
		{"push of what a pull request was only tried as", push, actiontest.Pull{Number: 7, Head: headSHA, TestMerge: squash, Commits: []string{squash}}, false},
		{"push of one that was merged elsewhere", push, pull(func(p *actiontest.Pull) { p.Base = "next" }), false},
		{"push of one that was merged in the parent repository", push, pull(func(p *actiontest.Pull) { p.BaseRepo = "upstream/evals" }), false},
		{"push of another head", push, pull(func(p *actiontest.Pull) { p.Head = other }), false},
		{"push to another branch", with(push, func(e *Event) { e.Branch = "next" }), pull(func(p *actiontest.Pull) { p.Base = "next" }), false},
		{"schedule", with(push, func(e *Event) { e.Name = "schedule" }), merged, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newAcceptable(t)
			hub.SetPull(tt.pull)
			hub.Write(7, login, good)
			got, notices := edge(hub, actiontest.WorkflowToken).Acceptance(t.Context(), tt.event)
			want := accepted7(hub)
			if !tt.want {
				want = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("notices %q, acceptance (-want +got):\n%s", notices, diff)
			}
		})
	}
}
