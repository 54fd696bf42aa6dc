package action

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

const (
	marker = "<!-- hubgate:evals -->"
	text   = marker + "\n> **1 regression**\n"
	older  = marker + "\n> all well\n"
)

// newGitHub returns the repository of the tests with pull request 7.
func newGitHub(t *testing.T) *actiontest.GitHub { return actiontest.New(t, "acme/evals", 7) }

// deliver has the workflow's token say d on pull request 7.
func deliver(ctx context.Context, hub *actiontest.GitHub, d Delivery) (string, []string) {
	return deliverAs(ctx, hub, actiontest.WorkflowToken, Event{Repository: "acme/evals", PullRequest: 7}, d)
}

func deliverAs(ctx context.Context, hub *actiontest.GitHub, token string, e Event, d Delivery) (string, []string) {
	getenv := env(map[string]string{"GITHUB_API_URL": actiontest.URL})
	return New(getenv, io.Discard, hub.Client(), token).Deliver(ctx, e, d)
}

func always() Delivery { return Delivery{Comment: text, Marker: marker} }

// sent returns the methods of the requests that were made, in order.
func sent(hub *actiontest.GitHub) string {
	var methods []string
	for _, r := range hub.Requests() {
		methods = append(methods, r.Method)
	}
	return strings.Join(methods, " ")
}

func bodies(hub *actiontest.GitHub) []string {
	var all []string
	for _, c := range hub.Comments(7) {
		all = append(all, c.Login+": "+c.Body)
	}
	return all
}

func TestCommentLife(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.Write(7, "reviewer", "nice")
	steps := []struct{ name, comment, requests string }{
		{"created", older, "GET POST GET"},
		{"unchanged", older, "GET GET POST"},
		{"updated in place", text, "GET GET POST PATCH"},
		{"unchanged again", text, "GET GET POST"},
	}
	before, first := 0, ""
	for _, s := range steps {
		url, notices := deliver(t.Context(), hub, Delivery{Comment: s.comment, Marker: marker})
		if notices != nil {
			t.Fatalf("%s: notices %q", s.name, notices)
		}
		all := strings.Fields(sent(hub))
		if got := strings.Join(all[before:], " "); got != s.requests {
			t.Errorf("%s: got requests %s, want %s", s.name, got, s.requests)
		}
		before = len(all)
		want := []string{"reviewer: nice", actiontest.WorkflowBot + ": " + s.comment}
		if diff := cmp.Diff(want, bodies(hub)); diff != "" {
			t.Errorf("%s: comments (-want +got):\n%s", s.name, diff)
		}
		if first == "" {
			first = url
		}
		if want := hub.CommentURL(hub.Comments(7)[1]); url != want || url != first {
			t.Errorf("%s: got url %q, want %q", s.name, url, want)
		}
	}
}

// A comment is ours when it begins with the marker and we wrote it; any other is left alone.
func TestCommentOwnership(t *testing.T) {
	t.Parallel()
	const bot, person = actiontest.WorkflowBot, "maintainer"
	tests := []struct {
		name, token, login, body string
		ours                     bool
	}{
		{"ours", actiontest.WorkflowToken, bot, older, true},
		{"a person's own token", "ghp_person", person, older, true},
		{"stranger quotes the marker", actiontest.WorkflowToken, "stranger", older, false},
		{"another bot", actiontest.WorkflowToken, "other-app[bot]", older, false},
		{"the workflow's, to a person's token", "ghp_person", bot, older, false},
		{"marker further down", actiontest.WorkflowToken, bot, "> " + older, false},
		{"another gate", actiontest.WorkflowToken, bot, "<!-- hubgate:evals2 -->\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.User("ghp_person", person)
			hub.Write(7, tt.login, tt.body)
			_, notices := deliverAs(t.Context(), hub, tt.token, Event{Repository: "acme/evals", PullRequest: 7}, always())
			if notices != nil {
				t.Errorf("notices: %q", notices)
			}
			cs := hub.Comments(7)
			if got, want := cs[0].Body == text, tt.ours; got != want {
				t.Errorf("first comment was overwritten: got %v, want %v", got, want)
			}
			if got, want := len(cs) == 1, tt.ours; got != want {
				t.Errorf("comments: got %q", bodies(hub))
			}
		})
	}
}

// Nobody is not somebody: a comment whose author deleted the account is not that of a token without a name.
func TestCommentOfNobody(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.Write(7, "", older)
	hub.Fail(actiontest.Fault{Path: "/user", Status: 200, Message: "no login"})
	_, notices := deliver(t.Context(), hub, always())
	if diff := cmp.Diff([]string{"pull request comment: GitHub does not say whose the token is"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{": " + older}, bodies(hub)); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
}

func TestCommentOnAnyPage(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	for i := range 250 {
		hub.Write(7, "reviewer", fmt.Sprint("comment ", i))
	}
	id := hub.Write(7, actiontest.WorkflowBot, older)
	for i := range 20 {
		hub.Write(7, "reviewer", fmt.Sprint("later comment ", i))
	}
	if _, notices := deliver(t.Context(), hub, always()); notices != nil {
		t.Fatalf("notices: %q", notices)
	}
	cs := hub.Comments(7)
	if len(cs) != 271 || cs[250].ID != id || cs[250].Body != text || cs[250].Edits != 1 {
		t.Errorf("got %d comments, the 251st %+v; want 271, and that one updated once", len(cs), cs[250])
	}
	if got, want := sent(hub), "GET GET GET GET POST PATCH"; got != want {
		t.Errorf("requests: got %s, want %s", got, want)
	}
}

func TestCommentModes(t *testing.T) {
	t.Parallel()
	calm, changed, failed := Delivery{}, Delivery{Changed: true}, Delivery{Changed: true, Failed: true}
	tests := []struct {
		name string
		mode Mode
		d    Delivery
		want bool // a first comment is written
	}{
		{"always", Always, calm, true},
		{"on change, calm", OnChange, calm, false},
		{"on change, changed", OnChange, changed, true},
		{"on fail, changed", OnFail, changed, false},
		{"on fail, failed", OnFail, failed, true},
		{"never, failed", Never, failed, false},
		{"no mode", Never + 1, failed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.d.Comment, tt.d.Marker, tt.d.Mode = text, marker, tt.mode
			hub := newGitHub(t)
			url, notices := deliver(t.Context(), hub, tt.d)
			if notices != nil {
				t.Errorf("notices: %q", notices)
			}
			if got := len(hub.Comments(7)) == 1; got != tt.want || (url != "") != tt.want {
				t.Errorf("written: got %v with url %q, want %v", got, url, tt.want)
			}
			there := newGitHub(t)
			there.Write(7, actiontest.WorkflowBot, older)
			if _, notices := deliver(t.Context(), there, tt.d); notices != nil {
				t.Errorf("notices: %q", notices)
			}
			if diff := cmp.Diff([]string{actiontest.WorkflowBot + ": " + text}, bodies(there)); diff != "" {
				t.Errorf("the comment that was there (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommentNotAsked(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	pr := Event{Repository: "acme/evals", PullRequest: 7}
	for _, tt := range []struct {
		name, token string
		event       Event
	}{{"no token", "", pr}, {"no pull request", actiontest.WorkflowToken, Event{Repository: "acme/evals"}}} {
		if url, notices := deliverAs(t.Context(), hub, tt.token, tt.event, always()); url != "" || notices != nil {
			t.Errorf("%s: got %q, %q, want nothing", tt.name, url, notices)
		}
	}
	if got := sent(hub); got != "" {
		t.Errorf("got requests %s, want none", got)
	}
}

// Without its marker as the first line a comment would never be found again, and an empty marker would be found in all.
func TestCommentNeedsMarker(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.Write(7, actiontest.WorkflowBot, "another gate's")
	for _, d := range []Delivery{{Comment: text}, {Comment: "x" + text, Marker: marker}, {Comment: marker + "x", Marker: marker}} {
		_, notices := deliver(t.Context(), hub, d)
		want := []string{"pull request comment: not sent, because it does not begin with the marker that it would be found by"}
		if diff := cmp.Diff(want, notices); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
	}
	if got := sent(hub); got != "" {
		t.Errorf("got requests %s, want none", got)
	}
}

// Where no comment is wanted, not being allowed to look for one is no news.
func TestCommentNeverIsQuiet(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.Fail(actiontest.Fault{Status: 403, Message: "Resource not accessible by integration"})
	d := always()
	d.Mode = Never
	if url, notices := deliver(t.Context(), hub, d); url != "" || notices != nil {
		t.Errorf("got %q, %q, want nothing", url, notices)
	}
}

func TestCommentDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		d    Delivery
		want []string
	}{
		{"wanted", Delivery{}, []string{actiontest.WorkflowBot + ": " + text}},
		{"not wanted", Delivery{Mode: OnFail}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			id := hub.Write(7, actiontest.WorkflowBot, older)
			hub.Fail(actiontest.Fault{Method: "PATCH", Before: func() { hub.Delete(id) }})
			tt.d.Comment, tt.d.Marker = text, marker
			if _, notices := deliver(t.Context(), hub, tt.d); notices != nil {
				t.Errorf("notices: %q", notices)
			}
			if diff := cmp.Diff(tt.want, bodies(hub)); diff != "" {
				t.Errorf("comments (-want +got):\n%s", diff)
			}
		})
	}
}

// A run that is cancelled still says what it had decided, and leaves GitHub alone.
func TestCommentCancelled(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newStep(t)
	s.vars["GITHUB_API_URL"] = actiontest.URL
	g := New(env(s.vars), &s.log, hub.Client(), actiontest.WorkflowToken)
	d := always()
	d.Outputs = []Output{{"decision", "fail"}}
	_, notices := g.Deliver(ctx, Event{Repository: "acme/evals", PullRequest: 7}, d)
	if diff := cmp.Diff([]string{"pull request comment: context canceled"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Output{{"decision", "fail"}, {"comment-url", ""}}, s.outputs(t)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// Outputs are there before GitHub is asked for anything, and comment-url after.
func TestCommentURLOutput(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	s := newStep(t)
	s.vars["GITHUB_API_URL"] = actiontest.URL
	hub.Fail(actiontest.Fault{Before: func() {
		if diff := cmp.Diff([]Output{{"decision", "fail"}}, s.outputs(t)); diff != "" {
			t.Errorf("outputs before the comment (-want +got):\n%s", diff)
		}
	}})
	d := always()
	d.Outputs = []Output{{"decision", "fail"}}
	g := New(env(s.vars), &s.log, hub.Client(), actiontest.WorkflowToken)
	if _, notices := g.Deliver(t.Context(), Event{Repository: "acme/evals", PullRequest: 7}, d); notices != nil {
		t.Fatalf("notices: %q", notices)
	}
	want := []Output{{"decision", "fail"}, {"comment-url", hub.CommentURL(hub.Comments(7)[0])}}
	if diff := cmp.Diff(want, s.outputs(t)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

// On GitHub Enterprise Server the API lies below a path; here it is reached over a real connection.
func TestCommentOnEnterprise(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	for _, slash := range []string{"", "/"} {
		g := New(env(map[string]string{"GITHUB_API_URL": server.URL + actiontest.BasePath + slash}), io.Discard, server.Client(), actiontest.WorkflowToken)
		if _, notices := g.Deliver(t.Context(), Event{Repository: "acme/evals", PullRequest: 7}, always()); notices != nil {
			t.Errorf("notices: %q", notices)
		}
	}
	if got, want := sent(hub), "GET POST GET GET GET POST"; got != want {
		t.Errorf("requests: got %s, want %s", got, want)
	}
}

func TestCommentAPIURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"api.github.com", "ftp://github.test", "https://", "http://[", "file:///etc"} {
		g := New(env(map[string]string{"GITHUB_API_URL": base}), io.Discard, newGitHub(t).Client(), "token")
		_, notices := g.Deliver(t.Context(), Event{Repository: "acme/evals", PullRequest: 7}, always())
		want := fmt.Sprintf("pull request comment: GITHUB_API_URL is %q, not an http or https address; the runner sets it", base)
		if diff := cmp.Diff([]string{want}, notices); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
	}
}
