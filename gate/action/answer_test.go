package action

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// Whatever GitHub answers costs one notice that says how to mend it.
func TestCommentRefused(t *testing.T) {
	t.Parallel()
	const again = `; run the job again for the comment`
	json := func(status int, message string) actiontest.Fault {
		return actiontest.Fault{Status: status, Message: message, Docs: "https://docs.github.com/rest"}
	}
	exhausted := json(http.StatusForbidden, "API rate limit exceeded for installation ID 1.")
	exhausted.Header = http.Header{"X-Ratelimit-Limit": {"1000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"4102444800"}}
	tests := []struct {
		name     string
		faults   []actiontest.Fault
		token    string
		readOnly bool
		event    Event
		comment  string
		want     string
	}{
		{name: "read-only", readOnly: true, want: `token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`},
		{
			name: "fork", readOnly: true, event: Event{Fork: true},
			want: `token lacks permission (403): "pull-requests: write" is never given to a pull request from a fork;` +
				" the report is in the job summary",
		},
		{
			name: "read-only, a person's", readOnly: true, token: "ghp_person",
			want: `token lacks permission (403); give input github-token one with "Pull requests: write"`,
		},
		{name: "unknown token", token: "ghp_old", want: "token is not valid (401); leave input github-token out, or renew it"},
		{
			name: "unknown pull request", event: Event{PullRequest: 8},
			want: "no pull request 8 in acme/evals, or the token cannot see it (404); give input github-token one that can",
		},
		{
			name: "locked", faults: []actiontest.Fault{{Method: "POST", Status: 403, Message: "Unable to create comment because issue is locked."}},
			want: `GitHub answered 403: "Unable to create comment because issue is locked."`,
		},
		{
			name: "too long", comment: marker + "\n" + strings.Repeat("é", 65536),
			want: `GitHub answered 422: "Validation Failed: Body is too long (maximum is 65536 characters)"`,
		},
		{name: "line ends in the answer", faults: []actiontest.Fault{json(400, "a\n::error::b")}, want: `GitHub answered 400: "a\n::error::b"`},
		{name: "broken", faults: []actiontest.Fault{{Status: 500}}, want: "GitHub answered 500 Internal Server Error" + again},
		{name: "rate limit", faults: []actiontest.Fault{exhausted}, want: "rate limit reached; run the job again after 00:00 UTC"},
		{name: "long rest", faults: []actiontest.Fault{actiontest.SecondaryLimit(600)}, want: "GitHub asks for fewer requests; run the job again later"},
		{name: "too many", faults: []actiontest.Fault{json(429, "Too many requests")}, want: "GitHub asks for fewer requests; run the job again later"},
		{
			name: "sent elsewhere", faults: []actiontest.Fault{{Status: 302, Header: http.Header{"Location": {"https://evil.test/x"}}, Message: "Found"}},
			want: `Get "https://evil.test/x": redirected from github.test to https://evil.test, which is not given the token`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.User("ghp_person", "maintainer")
			for _, f := range tt.faults {
				hub.Fail(f)
			}
			d := always()
			if tt.comment != "" {
				d.Comment = tt.comment
			}
			e := Event{Repository: "acme/evals", PullRequest: max(7, tt.event.PullRequest), Fork: tt.event.Fork}
			token := actiontest.WorkflowToken
			if tt.token != "" {
				token = tt.token
			}
			if tt.readOnly {
				hub.ReadOnly(token)
			}
			url, notices := deliverAs(t.Context(), hub, token, e, d)
			if diff := cmp.Diff([]string{"pull request comment: " + tt.want}, notices); diff != "" || url != "" {
				t.Errorf("url %q, notices (-want +got):\n%s", url, diff)
			}
		})
	}
}

// What may pass is tried once more, after the pause that GitHub asks for, and never makes a second comment.
func TestCommentRetry(t *testing.T) {
	t.Parallel()
	lost := actiontest.BadGateway()
	lost.Method, lost.Done = "POST", true
	failing := actiontest.Fault{Method: "POST", Status: 503}
	whoAmI := actiontest.Fault{Path: "/user", Status: 502}
	viewer := actiontest.Fault{Path: "/graphql", Status: 502}
	tooMany := actiontest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Message: "Too many requests"}
	tests := []struct {
		name     string
		faults   []actiontest.Fault
		there    bool
		requests string
		took     time.Duration
		notice   string
	}{
		{"bad gateway", []actiontest.Fault{actiontest.BadGateway()}, false, "GET GET POST GET", 2 * time.Second, ""},
		{"unavailable", []actiontest.Fault{failing}, false, "GET POST GET POST GET", 2 * time.Second, ""},
		{"answer lost", []actiontest.Fault{lost}, false, "GET POST GET GET POST", 2 * time.Second, ""},
		{"short rest", []actiontest.Fault{actiontest.SecondaryLimit(20)}, false, "GET GET POST GET", 20 * time.Second, ""},
		{"too many", []actiontest.Fault{tooMany}, false, "GET GET POST GET", 7 * time.Second, ""},
		{"who are we", []actiontest.Fault{whoAmI}, true, "GET GET GET GET POST PATCH", 2 * time.Second, ""},
		{"who are we, an App", []actiontest.Fault{viewer}, true, "GET GET POST GET GET POST PATCH", 2 * time.Second, ""},
		{
			"rest too long to wait for", []actiontest.Fault{actiontest.SecondaryLimit(31)}, false, "GET", 0,
			"pull request comment: GitHub asks for fewer requests; run the job again later",
		},
		{
			"twice", []actiontest.Fault{actiontest.BadGateway(), actiontest.BadGateway()}, false, "GET GET", 2 * time.Second,
			"pull request comment: GitHub answered 502 Bad Gateway; run the job again for the comment",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hub := newGitHub(t)
				if tt.there {
					hub.Write(7, actiontest.WorkflowBot, older)
				}
				for _, f := range tt.faults {
					hub.Fail(f)
				}
				start := time.Now()
				_, notices := deliver(t.Context(), hub, always())
				if got := strings.Join(notices, "\n"); got != tt.notice {
					t.Errorf("notices: got %q, want %q", got, tt.notice)
				}
				if got := sent(hub); got != tt.requests {
					t.Errorf("requests: got %s, want %s", got, tt.requests)
				}
				if got := time.Since(start); got != tt.took {
					t.Errorf("took %v, want %v", got, tt.took)
				}
				if got := len(hub.Comments(7)); tt.notice == "" && got != 1 {
					t.Errorf("got %d comments, want 1: %q", got, bodies(hub))
				}
			})
		})
	}
}

// A silence is a GitHub that accepts requests and never answers.
type silence struct{}

func (silence) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestCommentTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := newStep(t)
		g := New(env(s.vars), &s.log, &http.Client{Transport: silence{}}, "token")
		_, notices := g.Deliver(t.Context(), Event{Repository: "acme/evals", PullRequest: 7}, always())
		if diff := cmp.Diff([]string{"pull request comment: GitHub did not answer in time; run the job again for the comment"}, notices); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
		if got, want := time.Since(start), time.Minute; got != want {
			t.Errorf("took %v, want %v", got, want)
		}
	})
}

// Whose fault it is, whatever the words.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	exhausted := http.Header{"X-Ratelimit-Limit": {"1000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"4102444800"}}
	for _, tt := range []struct {
		name  string
		fault actiontest.Fault
		want  bool
	}{
		{"broken", actiontest.Fault{Status: http.StatusInternalServerError, Message: "Server Error"}, true},
		{"too many requests", actiontest.Fault{Status: http.StatusTooManyRequests, Message: "slow down"}, true},
		{"asks for rest", actiontest.SecondaryLimit(3600), true},
		{"rate limit", actiontest.Fault{Status: http.StatusForbidden, Header: exhausted, Message: "API rate limit exceeded"}, true},
		{"forbidden", actiontest.Fault{Status: http.StatusForbidden, Message: "Resource not accessible by integration"}, false},
		{"not valid", actiontest.Fault{Status: http.StatusUnauthorized, Message: "Bad credentials"}, false},
	} {
		hub := newGitHub(t)
		hub.SetFile("main", "policy.yml", "version: 1")
		if tt.fault.Docs == "" {
			tt.fault.Docs = "https://docs.github.com/rest"
		}
		hub.Fail(tt.fault)
		_, err := edge(hub, actiontest.WorkflowToken).File(t.Context(), Event{Repository: "acme/evals"}, "main", "policy.yml")
		if got := errors.Is(err, ErrUnavailable); err == nil || got != tt.want {
			t.Errorf("%s: got %t of %v, want %t", tt.name, got, err, tt.want)
		}
	}
	gone := New(env(map[string]string{"GITHUB_API_URL": "http://127.0.0.1:1"}), io.Discard, nil, "token")
	if _, err := gone.File(t.Context(), Event{Repository: "acme/evals"}, "main", "policy.yml"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("no connection: got %v", err)
	}
}
