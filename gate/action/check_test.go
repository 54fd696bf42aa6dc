package action

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// checked is the event whose head commit gets a check run.
var checked = Event{
	Name: "workflow_run", Repository: "acme/evals", SHA: headSHA, RunURL: "https://github.test/acme/evals/actions/runs/77", Fork: true,
}

// start begins a check run.
func start(t *testing.T, g *GitHub, gateName, key string) *Check {
	t.Helper()
	c, err := g.StartCheck(t.Context(), checked, gateName, key)
	if err != nil || c == nil {
		t.Fatalf("got %v, %v, want a check run", c, err)
	}
	return c
}

// one returns the only check run that there is.
func one(t *testing.T, hub *actiontest.GitHub) actiontest.CheckRun {
	t.Helper()
	all := hub.CheckRuns()
	if len(all) != 1 {
		t.Fatalf("got %d check runs, want one: %+v", len(all), all)
	}
	return all[0]
}

func TestCheckLife(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	g := edge(hub, actiontest.WorkflowToken)
	c := start(t, g, "evals", "evals")
	same := cmpopts.IgnoreUnexported(actiontest.CheckRun{})
	want := actiontest.CheckRun{
		ID: one(t, hub).ID, Name: "hubgate: evals", HeadSHA: headSHA, ExternalID: "evals", DetailsURL: checked.RunURL, Status: "in_progress",
		History: []string{"in_progress"},
	}
	if diff := cmp.Diff(want, one(t, hub), same); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	d := Delivery{
		Check: c, Decision: gate.Fail, Title: "1 regression\nin 6", Comment: text, Marker: marker,
		Annotations: []Annotation{{Error: true, Title: "accuracy", File: ".github/hubgate.yml", Line: 6, Message: "it fell"}, {Message: "nowhere"}},
	}
	if _, notices := g.Deliver(t.Context(), checked, d); notices != nil {
		t.Errorf("notices: %q", notices)
	}
	want.Status, want.Conclusion, want.Title, want.Summary = "completed", "failure", "1 regression in 6", "> **1 regression**"
	want.History = []string{"in_progress", "failure"}
	want.Annotations = []actiontest.CheckAnnotation{{Path: ".github/hubgate.yml", Start: 6, End: 6, Level: "failure", Title: "accuracy", Message: "it fell"}}
	if diff := cmp.Diff(want, one(t, hub), same); diff != "" {
		t.Errorf("completed (-want +got):\n%s", diff)
	}
}

// When the job is run again the check run starts over and is not doubled; another gate's, and one of another key, are others.
func TestCheckAgain(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	g := edge(hub, actiontest.WorkflowToken)
	for _, d := range []gate.Decision{gate.Fail, gate.Pass} {
		c := start(t, g, "", "CI:gate")
		if got := one(t, hub); got.Status != "in_progress" || got.Conclusion != "" {
			t.Errorf("begun: got %+v", got)
		}
		if _, notices := g.Deliver(t.Context(), checked, Delivery{Check: c, Decision: d}); notices != nil {
			t.Errorf("notices: %q", notices)
		}
	}
	if diff := cmp.Diff([]string{"in_progress", "failure", "in_progress", "success"}, one(t, hub).History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if got := one(t, hub).Name; got != "hubgate" {
		t.Errorf("got name %q", got)
	}
	start(t, g, "other", "CI:gate")
	start(t, g, "", "CI:gate2")
	if got := len(hub.CheckRuns()); got != 3 {
		t.Errorf("got %d check runs, want 3", got)
	}
}

func TestConclusion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		decision  gate.Decision
		tolerated bool
		want      string
	}{
		{gate.Pass, false, "success"}, {gate.Warn, false, "neutral"}, {gate.Fail, false, "failure"}, {gate.Undecided, false, "failure"},
		{gate.Pass, true, "success"}, {gate.Warn, true, "neutral"}, {gate.Fail, true, "neutral"}, {gate.Undecided, true, "neutral"},
	} {
		if got := conclusion(tt.decision, tt.tolerated); got != tt.want {
			t.Errorf("%s, tolerated %v: got %s, want %s", tt.decision, tt.tolerated, got, tt.want)
		}
	}
}

// The worst ten stand beside the code, and a report that is too long is cut where a line ends.
func TestCheckLimits(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	g := edge(hub, actiontest.WorkflowToken)
	var as []Annotation
	for i := range 12 {
		as = append(as, Annotation{File: "f", Title: strings.Repeat("é", 300), Message: fmt.Sprint(i, strings.Repeat("é", 70_000))})
	}
	long := strings.Repeat("é\n", 30_000)
	if _, notices := g.Deliver(t.Context(), checked, Delivery{Check: start(t, g, "", "k"), Summary: long, Annotations: as}); notices != nil {
		t.Errorf("notices: %q", notices)
	}
	got := one(t, hub)
	if len(got.Annotations) != 10 || !strings.HasPrefix(got.Annotations[9].Message, "9é") || got.Annotations[0].Start != 1 {
		t.Errorf("got %d annotations, the last %.20q", len(got.Annotations), got.Annotations[len(got.Annotations)-1].Message)
	}
	if n := utf8.RuneCountInString(got.Annotations[0].Title); n != maxCheckTitle {
		t.Errorf("got a title of %d characters, want %d", n, maxCheckTitle)
	}
	if len(got.Summary) > maxCheckText || !strings.HasSuffix(got.Summary, "é\n\nThe rest is in the job summary.\n") || !utf8.ValidString(got.Summary) {
		t.Errorf("got a summary of %d bytes that ends in %q", len(got.Summary), got.Summary[len(got.Summary)-60:])
	}
	if got := cut(strings.Repeat("é", 40_000)); len(got) > maxCheckText || !utf8.ValidString(got) {
		t.Errorf("one long line: got %d bytes, valid %v", len(got), utf8.ValidString(got))
	}
}

// An annotation that GitHub does not take costs itself and not the conclusion.
func TestCheckAnnotationRefused(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	g := edge(hub, actiontest.WorkflowToken)
	c := start(t, g, "", "k")
	hub.Fail(actiontest.Fault{Method: "PATCH", Status: 422, Message: "Invalid request.\n\nFor 'properties/path', ..."})
	d := Delivery{Check: c, Decision: gate.Fail, Annotations: []Annotation{{File: "../x", Message: "m"}}}
	if _, notices := g.Deliver(t.Context(), checked, d); notices != nil {
		t.Errorf("notices: %q", notices)
	}
	if got := one(t, hub); got.Conclusion != "failure" || got.Annotations != nil {
		t.Errorf("got %+v", got)
	}
}

func TestCheckRefused(t *testing.T) {
	t.Parallel()
	fork, target := checked, checked
	fork.Name, target.Name = "pull_request", "pull_request_target"
	for _, tt := range []struct {
		name, token string
		event       Event
		fault       actiontest.Fault
		want        string
	}{
		{
			"not allowed", actiontest.WorkflowToken, checked, actiontest.Fault{Method: "POST", Status: 403, Message: "Resource not accessible by integration"},
			`check run: token lacks permission (403); add "permissions: {contents: read, pull-requests: write, checks: write}" to the job`,
		},
		{
			"never allowed", actiontest.WorkflowToken, fork, actiontest.Fault{Method: "POST", Status: 403, Message: "Resource not accessible by integration"},
			`check run: token lacks permission (403): "checks: write" is never given to a pull request from a fork; the report is in the job summary`,
		},
		{
			"allowed to a fork", actiontest.WorkflowToken, target, actiontest.Fault{Method: "POST", Status: 403, Message: "Resource not accessible by integration"},
			`check run: token lacks permission (403); add "permissions: {contents: read, pull-requests: write, checks: write}" to the job`,
		},
		{
			"a person's", "ghp_person", checked, actiontest.Fault{Method: "POST", Status: 403, Message: "Resource not accessible by personal access token"},
			`check run: token lacks permission (403); give input github-token one with "Checks: write"`,
		},
		{"no commit", actiontest.WorkflowToken, checked, actiontest.Fault{Status: 404, Message: "Not Found"},
			"check run: no commit ec26c3e in acme/evals, or the token cannot see it (404); give input github-token one that can"},
		{"broken", actiontest.WorkflowToken, checked, actiontest.Fault{Status: 500}, "check run: GitHub answered 500 Internal Server Error; run the job again for the check run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.User("ghp_person", "maintainer")
			hub.Fail(tt.fault)
			c, err := edge(hub, tt.token).StartCheck(t.Context(), tt.event, "", "k")
			if c != nil || err == nil || err.Error() != tt.want {
				t.Errorf("got  %v, %v\nwant %s", c, err, tt.want)
			}
			if _, notices := edge(hub, tt.token).Deliver(t.Context(), tt.event, Delivery{Check: c}); notices != nil {
				t.Errorf("a check run that was not begun was completed: %q", notices)
			}
		})
	}
}

// An answer that was lost does not make a second check run.
func TestCheckAnswerLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := newGitHub(t)
		lost := actiontest.BadGateway()
		lost.Method, lost.Done = "POST", true
		hub.Fail(lost)
		begun := time.Now()
		start(t, edge(hub, actiontest.WorkflowToken), "", "k")
		if got := one(t, hub); got.Status != "in_progress" || time.Since(begun) != shortPause {
			t.Errorf("got %+v after %v", got, time.Since(begun))
		}
	})
}

// A job that is cancelled, or that comes to no decision, leaves no check run in progress.
func TestCheckAborted(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		hub := newGitHub(t)
		g := edge(hub, actiontest.WorkflowToken)
		c := start(t, g, "", "k")
		ctx, cancel := context.WithCancel(t.Context())
		if ended {
			cancel()
		}
		if err := g.AbortCheck(ctx, checked, c, "results.jsonl:3: not a JSON object\n# [x](y)"); err != nil {
			t.Error(err)
		}
		got := one(t, hub)
		if got.Conclusion != "failure" || got.Title != "no decision" || got.Summary != "    results.jsonl:3: not a JSON object # [x](y)" {
			t.Errorf("got %+v", got)
		}
		cancel()
	}
}

func TestCheckCompletedAfterCancel(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	g := edge(hub, actiontest.WorkflowToken)
	c := start(t, g, "", "k")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, notices := g.Deliver(ctx, checked, Delivery{Check: c, Decision: gate.Pass}); notices != nil {
		t.Errorf("notices: %q", notices)
	}
	if got := one(t, hub).Conclusion; got != "success" {
		t.Errorf("got %q, want success", got)
	}
}

func TestCheckNotAsked(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	for _, tt := range []struct {
		token string
		event Event
	}{{"", checked}, {actiontest.WorkflowToken, Event{}}, {actiontest.WorkflowToken, Event{Repository: "acme/evals"}}} {
		if c, err := edge(hub, tt.token).StartCheck(t.Context(), tt.event, "", "k"); c != nil || err != nil {
			t.Errorf("got %v, %v, want nothing", c, err)
		}
	}
	if err := edge(hub, actiontest.WorkflowToken).AbortCheck(t.Context(), checked, nil, "why"); err != nil {
		t.Error(err)
	}
	if got := sent(hub); got != "" {
		t.Errorf("got requests %s, want none", got)
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	s.github().Notify("a\n::error::b", "c")
	if got, want := s.log.String(), "::notice::a%0A::error::b\n::notice::c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	New(env(s.vars), brokenPipe{}, nil, "").Notify("a")
	New(env(nil), io.Discard, nil, "").Notify("a")
}
