package action

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// A runner is a machine that runs a leg of a workflow's run.
type runner struct{ job, step, matrix, name string }

var gateLeg = runner{job: "gate", step: "__hubgate", name: "GitHub Actions 1"}

// judge has a leg of a run deliver a decision on pull request 7, and returns the URL and the notices.
func judge(t *testing.T, hub *actiontest.GitHub, r runner, sha, run string, attempt int, d gate.Decision) (string, []string) {
	t.Helper()
	e := Event{Name: "pull_request", Repository: "acme/evals", PullRequest: 7, SHA: sha, Run: run, Attempt: attempt, Workflow: "CI", Job: r.job}
	getenv := env(map[string]string{"GITHUB_API_URL": actiontest.URL, "GITHUB_ACTION": r.step, "RUNNER_NAME": r.name})
	return New(getenv, io.Discard, hub.Client(), actiontest.WorkflowToken).Deliver(t.Context(), e, Delivery{
		Comment: marker + "\nby " + r.job + r.step + r.matrix + ": " + d.String(), Marker: marker, Matrix: r.matrix, Decision: d,
	})
}

// past returns what is remembered of a commit before an attempt of a run.
func past(t *testing.T, hub *actiontest.GitHub, sha, run string, attempt int) []Attempt {
	t.Helper()
	e := Event{Repository: "acme/evals", PullRequest: 7, SHA: sha, Run: run, Attempt: attempt}
	got, err := edge(hub, actiontest.WorkflowToken).Past(t.Context(), e, marker)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The verdicts of earlier attempts at a commit are carried on, and those of other commits are not.
func TestPast(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	if got := past(t, hub, headSHA, "77", 1); got != nil {
		t.Errorf("before the first: got %v", got)
	}
	steps := []struct {
		sha, run string
		attempt  int
		decision gate.Decision
		want     []Attempt // before it
	}{
		{headSHA, "77", 1, gate.Fail, nil},
		{headSHA, "77", 2, gate.Undecided, []Attempt{{"77", 1, "fail"}}},
		{headSHA, "77", 3, gate.Pass, []Attempt{{"77", 1, "fail"}, {"77", 2, "undecided"}}},
		{headSHA, "80", 1, gate.Warn, []Attempt{{"77", 1, "fail"}, {"77", 2, "undecided"}, {"77", 3, "pass"}}}, // closed and opened again
		{mergeSHA, "81", 1, gate.Pass, nil},
		{mergeSHA, "81", 2, gate.Pass, []Attempt{{"81", 1, "pass"}}},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.want, past(t, hub, s.sha, s.run, s.attempt)); diff != "" {
			t.Errorf("before attempt %d of run %s (-want +got):\n%s", s.attempt, s.run, diff)
		}
		if _, notices := judge(t, hub, gateLeg, s.sha, s.run, s.attempt, s.decision); notices != nil {
			t.Errorf("attempt %d of run %s: notices %q", s.attempt, s.run, notices)
		}
	}
	if got := len(hub.Comments(7)); got != 1 {
		t.Errorf("got %d comments, want 1", got)
	}
}

func TestPastIsBounded(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	for i := range 20 {
		judge(t, hub, gateLeg, headSHA, "12345678901234567890", i+1, gate.Undecided)
	}
	got := past(t, hub, headSHA, "12345678901234567890", 21)
	if len(got) != maxPast || got[0].Number != 9 || got[maxPast-1].Number != 20 {
		t.Errorf("got %v, want attempts 9 to 20", got)
	}
	body := hub.Comments(7)[0].Body
	if added := len(body) - len(marker+"\nby gate__hubgate: undecided"); added > StateRoom {
		t.Errorf("%d bytes were added, more than %d: %s", added, StateRoom, body)
	}
}

// The same attempt, judged again, is not an earlier one.
func TestPastAfterTheSameAttempt(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	judge(t, hub, gateLeg, headSHA, "77", 1, gate.Fail)
	if got := past(t, hub, headSHA, "77", 1); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

// Another leg of the same run that writes under the same key is told, and what it finds is left as it is.
func TestOtherLeg(t *testing.T) {
	t.Parallel()
	first := runner{job: "gate", step: "__hubgate", matrix: `{"shard":1}`, name: "GitHub Actions 1"}
	with := func(change func(*runner)) runner {
		r := first
		change(&r)
		return r
	}
	tests := []struct {
		name    string
		second  runner
		run     string
		attempt int
		other   bool
	}{
		{"same", first, "77", 2, false},
		{"same, on another machine later", with(func(r *runner) { r.name = "GitHub Actions 9" }), "77", 2, false},
		{"same, laid out otherwise", with(func(r *runner) { r.matrix = "{ \"shard\": 1 }" }), "77", 2, false},
		{"another matrix leg", with(func(r *runner) { r.matrix = `{"shard":2}` }), "77", 1, true},
		{"another matrix leg, run again", with(func(r *runner) { r.matrix = `{"shard":2}` }), "77", 2, true},
		{"another job", with(func(r *runner) { r.job = "other" }), "77", 1, true},
		{"another step", with(func(r *runner) { r.step = "__hubgate_2" }), "77", 1, true},
		{"another machine at the same time", with(func(r *runner) { r.name = "GitHub Actions 2" }), "77", 1, true},
		{"another job in a later run", with(func(r *runner) { r.job = "other" }), "78", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			firstURL, _ := judge(t, hub, first, headSHA, "77", 1, gate.Fail)
			before := bodies(hub)
			url, notices := judge(t, hub, tt.second, headSHA, tt.run, tt.attempt, gate.Pass)
			var want []string
			if tt.other {
				want = []string{"pull request comment: another job or step of this run, or leg of its matrix, has written " + firstURL +
					" under the same key; it is left as it is: give each its own input gate"}
			}
			if diff := cmp.Diff(want, notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
			if got := slices.Equal(before, bodies(hub)); got != tt.other || (url == "") != tt.other {
				t.Errorf("left as it was: got %v with url %q, want %v", got, url, tt.other)
			}
		})
	}
}

// Under workflow_run the attempt is that of the run before: judging it again, on another machine, is not another leg.
func TestJudgedAgainAfterAWorkflow(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	for _, name := range []string{"GitHub Actions 1", "GitHub Actions 2"} {
		e := Event{Name: "workflow_run", Repository: "acme/evals", PullRequest: 7, SHA: headSHA, Run: "66", Attempt: 1, Workflow: "gate", Job: "gate"}
		getenv := env(map[string]string{"GITHUB_API_URL": actiontest.URL, "RUNNER_NAME": name})
		g := New(getenv, io.Discard, hub.Client(), actiontest.WorkflowToken)
		if _, notices := g.Deliver(t.Context(), e, Delivery{Comment: marker + "\n" + name, Marker: marker}); notices != nil {
			t.Errorf("%s: notices %q", name, notices)
		}
	}
	if cs := hub.Comments(7); len(cs) != 1 || !strings.HasSuffix(cs[0].Body, "GitHub Actions 2") {
		t.Errorf("got %q", bodies(hub))
	}
}

// A run of an earlier commit that ends late, or is run again, does not cover what a later one said.
func TestOlderRun(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	url, _ := judge(t, hub, gateLeg, mergeSHA, "100", 1, gate.Pass)
	before := bodies(hub)
	_, notices := judge(t, hub, gateLeg, headSHA, "99", 2, gate.Fail)
	want := []string{"pull request comment: " + url + " tells of the later commit 5a5cd5f by now, and is left as it is"}
	if diff := cmp.Diff(want, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, bodies(hub)); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if _, notices = judge(t, hub, gateLeg, mergeSHA, "99", 1, gate.Fail); notices != nil {
		t.Errorf("an earlier run of the same commit: notices %q", notices)
	}
}

// The state lies behind the marker on a line of its own, and nothing visible changes.
func TestStamp(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	judge(t, hub, gateLeg, headSHA, "77", 1, gate.Fail)
	want := "^" + regexp.QuoteMeta(marker) + "\n" + `<!-- hubgate-state \{"sha":"` + headSHA +
		`","run":"77","attempt":1,"decision":"fail","leg":"[0-9a-f]{12}","runner":"[0-9a-f]{12}"\} -->` + "\nby gate__hubgate: fail$"
	if got := hub.Comments(7)[0].Body; !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("got %q, want %s", got, want)
	}
	long := marker + "\n" + strings.Repeat("é", commentLimit-len(marker)-1)
	if got := stamp(long, marker, state{}); got != long {
		t.Error("a comment of the full length was made longer")
	}
}

func TestParseState(t *testing.T) {
	t.Parallel()
	valid := state{SHA: headSHA, Attempt: Attempt{"77", 1, "fail"}, Leg: digest("a"), Runner: digest("b")}
	good := stamp(marker+"\ntext", marker, valid)
	for _, body := range []string{good, strings.ReplaceAll(good, "\n", "\r\n"), good + "\n" + good} {
		if got, ok := parseState(body, marker); !ok || got.Decision != "fail" {
			t.Errorf("%q: got %+v, %v", body, got, ok)
		}
	}
	bad := map[string]string{
		"no state":          marker + "\ntext",
		"no marker":         strings.TrimPrefix(good, marker),
		"further down":      marker + "\ntext\n" + strings.TrimPrefix(good, marker+"\n"),
		"open":              strings.Replace(good, " -->\ntext", "\ntext", 1),
		"unknown decision":  strings.Replace(good, `"fail"`, `"green"`, 1),
		"unknown field":     strings.Replace(good, `{"sha"`, `{"x":1,"sha"`, 1),
		"no commit":         strings.Replace(good, headSHA, "HEAD", 1),
		"run in words":      strings.Replace(good, `"77"`, `"seven"`, 1),
		"attempt below 0":   strings.Replace(good, `"attempt":1`, `"attempt":-1`, 1),
		"two values":        strings.Replace(good, "} -->", "}{} -->", 1),
		"long":              strings.Replace(good, "} -->", strings.Repeat(" ", StateRoom)+"} -->", 1),
		"past of no run":    strings.Replace(good, "} -->", `,"past":[{"run":"","attempt":1,"decision":"fail"}]} -->`, 1),
		"past without end":  strings.Replace(good, "} -->", `,"past":[`+strings.Repeat(`{"run":"1","attempt":1,"decision":"fail"},`, maxPast)+`{"run":"1","attempt":1,"decision":"fail"}]} -->`, 1),
		"markup in the run": strings.Replace(good, `"77"`, `"7\u002d\u002d\u003e"`, 1),
	}
	for name, body := range bad {
		if got, ok := parseState(body, marker); ok {
			t.Errorf("%s: got %+v, want nothing", name, got)
		}
	}
}

func FuzzParseState(f *testing.F) {
	valid := state{SHA: headSHA, Attempt: Attempt{"77", 1, "fail"}, Leg: digest("a"), Runner: digest("b"), Past: []Attempt{{"7", 0, "pass"}}}
	f.Add(stamp(marker+"\ntext", marker, valid))
	f.Add(marker + "\n" + stateStart + "{}" + stateEnd)
	f.Fuzz(func(t *testing.T, body string) {
		s, ok := parseState(body, marker)
		if !ok {
			return
		}
		again := stamp(marker+"\ntext", marker, s)
		line, rest, _ := strings.Cut(strings.TrimPrefix(again, marker+"\n"), "\n")
		if strings.Count(line, "--") != 2 || !strings.HasSuffix(line, " -->") || rest != "text" {
			t.Errorf("the state does not stay in its HTML comment: %q", again)
		}
		if got, ok := parseState(again, marker); !ok || !cmp.Equal(s, got, cmpopts.EquateEmpty()) {
			t.Errorf("got %+v, %v back, want %+v", got, ok, s)
		}
	})
}

// Whoever the token belongs to, its own comment is found again and no other one.
func TestIdentity(t *testing.T) {
	t.Parallel()
	failing := actiontest.Fault{Path: "/graphql", Status: 404, Message: "Not Found"}
	tests := []struct {
		name, token, author string
		fault               *actiontest.Fault
		ours                bool
	}{
		{"the workflow's", actiontest.WorkflowToken, actiontest.WorkflowBot, nil, true},
		{"an App's", "ghs_app", "evals-bot[bot]", nil, true},
		{"the workflow's, to an App's", "ghs_app", actiontest.WorkflowBot, nil, false},
		{"an App's, to the workflow's", actiontest.WorkflowToken, "evals-bot[bot]", nil, false},
		{"a person who is called like the App", "ghs_app", "evals-bot", nil, false},
		{"a person's", "ghp_person", "maintainer", nil, true},
		{"the workflow's, without GraphQL", actiontest.WorkflowToken, actiontest.WorkflowBot, &failing, true},
		{"an App's, without GraphQL: by what it has just written", "ghs_app", "evals-bot[bot]", &failing, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.App("ghs_app", "evals-bot[bot]")
			hub.User("ghp_person", "maintainer")
			if tt.fault != nil {
				hub.Fail(*tt.fault)
			}
			hub.Write(7, tt.author, older)
			_, notices := deliverAs(t.Context(), hub, tt.token, Event{Repository: "acme/evals", PullRequest: 7}, always())
			if notices != nil {
				t.Errorf("notices: %q", notices)
			}
			cs := hub.Comments(7)
			if got := len(cs) == 1 && cs[0].Body == text; got != tt.ours {
				t.Errorf("taken for ours: got %v, want %v; %q", got, tt.ours, bodies(hub))
			}
		})
	}
}

// The GraphQL API is where the runner says, else beside the REST API.
func TestGraphQLAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ rest, named, want string }{
		{"https://api.github.com", "", "https://api.github.com/graphql"},
		{"https://ghe.test/api/v3", "", "https://ghe.test/api/graphql"},
		{"https://ghe.test/api/v3/", "https://ghe.test/other/graphql/", "https://ghe.test/other/graphql"},
		{"https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql", "https://api.acme.ghe.com/graphql"},
	} {
		g := New(env(map[string]string{"GITHUB_API_URL": tt.rest, "GITHUB_GRAPHQL_URL": tt.named}), io.Discard, nil, "token")
		api, err := g.api()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := g.graphql(api.BaseURL); err != nil || got.String() != tt.want {
			t.Errorf("%s, %s: got %v, %v, want %s", tt.rest, tt.named, got, err, tt.want)
		}
	}
}

// Two runs that both find no comment leave one behind, whichever comes first.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		other  runner
		run    string
		notice bool
	}{
		{"of another run", gateLeg, "76", false},
		{"of another leg", runner{job: "other"}, "77", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.Fail(actiontest.Fault{Method: http.MethodPost, Path: "/issues/7/comments", Before: func() {
				judge(t, hub, tt.other, headSHA, tt.run, 1, gate.Fail)
			}})
			_, notices := judge(t, hub, gateLeg, headSHA, "77", 1, gate.Pass)
			if got := notices != nil; got != tt.notice {
				t.Errorf("notices: got %q, want some: %v", notices, tt.notice)
			}
			want := "by gate__hubgate: pass"
			if tt.notice {
				want = "by other: fail"
			}
			if cs := hub.Comments(7); len(cs) != 1 || !strings.HasSuffix(cs[0].Body, want) {
				t.Errorf("got %q, want one that ends in %q", bodies(hub), want)
			}
		})
	}
}

// GraphQL is reached over a real connection where the runner says that it lies.
func TestGraphQLOnEnterprise(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.App("ghs_app", "evals-bot[bot]")
	hub.Write(7, "evals-bot[bot]", older)
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	g := New(env(map[string]string{"GITHUB_API_URL": server.URL + actiontest.BasePath, "GITHUB_GRAPHQL_URL": server.URL + "/api/graphql"}),
		io.Discard, server.Client(), "ghs_app")
	if _, notices := g.Deliver(t.Context(), Event{Repository: "acme/evals", PullRequest: 7}, always()); notices != nil {
		t.Errorf("notices: %q", notices)
	}
	if got, want := sent(hub), "GET GET POST PATCH"; got != want {
		t.Errorf("requests: got %s, want %s", got, want)
	}
}
