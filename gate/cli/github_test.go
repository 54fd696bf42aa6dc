package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// The repository that scripts are of.
const (
	repository    = "acme/models"
	defaultBranch = "main"
)

// pushed is the commit of pushes, from which pull requests were made.
var pushed = strings.Repeat("a", 40)

// queued is the head of the merge queue.
var queued = strings.Repeat("d", 40)

type githubKey struct{}

// A github is GitHub as one script sees it.
type github struct {
	*actiontest.GitHub
	server *httptest.Server
}

func newGitHub(tb testing.TB) *github {
	g := &github{GitHub: actiontest.New(tb, repository, 7, 8)}
	g.SetFile(defaultBranch, "", "")
	g.SetHistory(pushed)
	g.User("ghs_topsecret", "ada")
	for _, number := range []int{7, 8} {
		g.SetMergeBase(defaultBranch, actiontest.Head(number), pushed)
	}
	g.server = httptest.NewServer(g.GitHub)
	tb.Cleanup(g.server.Close)
	return g
}

// onGitHub makes the commands that follow be a step of a workflow run, with the token of a job that may comment:
//
//	github pull_request NUMBER    a pull request, 7 or 8; fork after it for one from a fork
//	github push [BRANCH]          a push
//	github merge_group            a merge queue
//	github workflow_run EVENT N   a workflow that follows on one of a push, or of pull request N
//	github file REVISION NAME F   the repository has a file there; N for the head of pull request N
//	github readonly               from now on the token may not write
//	github fail STATUS [PATH]     the next request, of a path that ends so, gets that answer
//	github say NUMBER LOGIN TEXT  somebody comments
//	github private                the repository of the following events is private
//	github policy FILE            the policy of the default branch, and of the commit that pull requests were made from
//	github permit LOGIN RIGHT     somebody has that permission
//	github accept NUMBER LOGIN    somebody accepts the head commit
//	github merged NUMBER COMMIT   the pull request was merged as that commit
//	github attempt N              the job is run again
//
// The step's summary and outputs are the files summary.md and output.txt.
func onGitHub(ts *testscript.TestScript, neg bool, args []string) {
	g, ok := ts.Value(githubKey{}).(*github)
	if neg || !ok || len(args) == 0 {
		ts.Fatalf("usage: github EVENT [ARGS...]")
	}
	what, rest := args[0], args[1:]
	if !g.happens(ts, what, rest) && !g.becomes(ts, what, rest) {
		ts.Fatalf("github: unknown %v", args)
	}
}

// happens sets what a workflow run is about, and reports whether that is what was asked for.
func (g *github) happens(ts *testscript.TestScript, what string, rest []string) bool {
	switch {
	case what == "pull_request" && len(rest) > 0:
		number := numbered(ts, rest[0])
		head := repository
		if len(rest) > 1 {
			head = "somebody/models"
		}
		g.event(ts, what, fmt.Sprintf("refs/pull/%d/merge", number), map[string]any{"number": number, "pull_request": map[string]any{
			"number": number,
			"head":   map[string]any{"sha": actiontest.Head(number), "ref": "topic", "repo": map[string]any{"full_name": head}},
			"base":   map[string]any{"sha": pushed, "ref": defaultBranch, "repo": map[string]any{"full_name": repository}},
		}})
	case what == "push":
		g.event(ts, what, "refs/heads/"+append(rest, defaultBranch)[0], map[string]any{})
	case what == "merge_group":
		ref := "refs/heads/gh-readonly-queue/main/pr-7-" + pushed
		g.SetMergeBase(defaultBranch, queued, pushed)
		g.event(ts, what, ref, map[string]any{"merge_group": map[string]any{
			"head_sha": queued, "head_ref": ref, "base_sha": pushed, "base_ref": "refs/heads/" + defaultBranch,
		}})
	case what == "workflow_run" && len(rest) > 0:
		sha, branch := strings.Repeat("b", 40), defaultBranch
		if len(rest) > 1 {
			number := numbered(ts, rest[1])
			sha, branch = actiontest.Head(number), "topic"
		}
		g.event(ts, what, "refs/heads/"+defaultBranch, map[string]any{"workflow_run": map[string]any{
			"id": 99, "run_attempt": 1, "event": rest[0], "head_sha": sha, "head_branch": branch,
			"head_repository": map[string]any{"full_name": repository},
		}})
	default:
		return false
	}
	return true
}

// becomes changes the repository, the token or the job, and reports whether that is what was asked for.
func (g *github) becomes(ts *testscript.TestScript, what string, rest []string) bool {
	switch {
	case what == "file" && len(rest) == 3:
		revision := rest[0]
		if number, err := strconv.Atoi(revision); err == nil {
			revision = actiontest.Head(number)
		}
		g.SetFile(revision, rest[1], ts.ReadFile(rest[2]))
	case what == "policy" && len(rest) == 1:
		for _, revision := range []string{defaultBranch, pushed} {
			g.SetFile(revision, ".github/hubgate.yml", ts.ReadFile(rest[0]))
		}
		g.SetFile(actiontest.Head(7), "", "")
	case what == "permit" && len(rest) == 2:
		g.Permit(rest[0], rest[1])
	case what == "accept" && len(rest) == 2:
		number := numbered(ts, rest[0])
		g.Write(number, rest[1], "/hubgate accept "+actiontest.Head(number)+" the old judge was wrong")
	case what == "merged" && len(rest) == 2:
		number := numbered(ts, rest[0])
		g.SetPull(actiontest.Pull{Number: number, MergeCommit: rest[1]})
		g.SetHistory(rest[1], pushed)
		g.SetMergeBase(defaultBranch, actiontest.Head(8), rest[1]) // which is made after that
	case what == "attempt" && len(rest) == 1:
		ts.Setenv("GITHUB_RUN_ATTEMPT", rest[0])
	case what == "readonly":
		g.ReadOnly(actiontest.WorkflowToken)
	case what == "private":
		ts.Setenv("TEST_PRIVATE", "true")
	case what == "fail" && len(rest) > 0:
		g.Fail(actiontest.Fault{Status: numbered(ts, rest[0]), Path: append(rest, "")[1], Message: "Server Error"})
	case what == "say" && len(rest) == 3:
		number := numbered(ts, rest[0])
		g.Write(number, rest[1], strings.ReplaceAll(rest[2], `\n`, "\n"))
	default:
		return false
	}
	return true
}

func numbered(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

// event sets what the runner sets. https://docs.github.com/en/actions/reference/workflows-and-actions/variables
func (g *github) event(ts *testscript.TestScript, name, ref string, payload map[string]any) {
	payload["repository"] = map[string]any{
		"full_name": repository, "private": ts.Getenv("TEST_PRIVATE") == "true", "default_branch": defaultBranch,
	}
	content, err := json.Marshal(payload)
	ts.Check(err)
	dir := ts.MkAbs(".runner")
	ts.Check(os.MkdirAll(dir, 0o755))
	path := filepath.Join(dir, "event.json")
	ts.Check(os.WriteFile(path, content, 0o600))
	for _, file := range []string{"output.txt", "summary.md"} {
		ts.Check(os.WriteFile(ts.MkAbs(file), nil, 0o600))
	}
	for key, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": path, "GITHUB_REF": ref,
		"GITHUB_REPOSITORY": repository, "GITHUB_SHA": pushed, "GITHUB_SERVER_URL": "https://github.test",
		"GITHUB_API_URL": g.server.URL + actiontest.BasePath, "GITHUB_RUN_ID": "4242", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_WORKFLOW": "evals", "GITHUB_JOB": "gate",
		"GITHUB_OUTPUT": ts.MkAbs("output.txt"), "GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"),
		"INPUT_GITHUB-TOKEN": actiontest.WorkflowToken, "INPUT_MATRIX": "null",
	} {
		ts.Setenv(key, value)
	}
}

// comments prints how many comments a pull request has, then who wrote each, how often
// its text was sent again, and the text.
func comments(ts *testscript.TestScript, neg bool, args []string) {
	g, ok := ts.Value(githubKey{}).(*github)
	if neg || !ok || len(args) != 1 {
		ts.Fatalf("usage: comments NUMBER")
	}
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	all := g.Comments(number)
	fmt.Fprintln(ts.Stdout(), len(all), "comments")
	for _, c := range all {
		fmt.Fprintf(ts.Stdout(), "== %s, %d edits\n%s\n", c.Login, c.Edits, c.Body)
	}
}

// checks prints the states that each check run was in, its name, its conclusion and what it says.
func checks(ts *testscript.TestScript, neg bool, args []string) {
	g, ok := ts.Value(githubKey{}).(*github)
	if neg || !ok || len(args) != 0 {
		ts.Fatalf("usage: checks")
	}
	for _, c := range g.CheckRuns() {
		fmt.Fprintf(ts.Stdout(), "%s: %s, %s\n%s\n%s\n", c.Name, strings.Join(c.History, " "), c.Conclusion, c.Title, c.Summary)
	}
}
