package action

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

func TestFile(t *testing.T) {
	t.Parallel()
	const policy = ".github/hubgate.yml"
	lacks := actiontest.Fault{Status: 403, Message: "Resource not accessible by integration"}
	gone := actiontest.Fault{Status: 404, Message: "Not Found"}
	tests := []struct {
		name, revision, file, token string
		faults                      []actiontest.Fault
		want                        string
		err                         string
		absent                      bool
	}{
		{name: "there", file: policy, want: "version: 1\r\n\x00é"},
		{name: "odd name", file: "a b/ü%2F#?.yml", want: "odd"},
		{name: "at a branch with a slash", revision: "release/1.0", file: policy, want: "old"},
		{name: "absent", file: "none.yml", err: "none.yml at main: file does not exist", absent: true},
		{
			name: "no such revision", revision: "gone", file: policy,
			err: policy + " at gone: no revision gone in acme/evals, or the token cannot see it (404); give input github-token one that can",
		},
		{
			name: "hidden", file: policy, faults: []actiontest.Fault{gone, gone},
			err: policy + " at main: no revision main in acme/evals, or the token cannot see it (404); give input github-token one that can",
		},
		{
			name: "not allowed", file: policy, faults: []actiontest.Fault{lacks},
			err: policy + ` at main: token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`,
		},
		{name: "folder", file: ".github", err: ".github at main: not a file of at most 1048576 bytes"},
		{name: "large", file: "large.yml", err: "large.yml at main: not a file of at most 1048576 bytes"},
		{name: "broken", file: policy, faults: []actiontest.Fault{{Status: 500}}, err: policy + " at main: GitHub answered 500 Internal Server Error; run the job again for it"},
		{name: "out of the repository", file: "../x", err: "../x at main: not a path within the repository"},
		{name: "absolute", file: "/etc/passwd", err: "/etc/passwd at main: not a path within the repository"},
		{name: "itself", file: ".", err: ". at main: not a path within the repository"},
		{name: "no revision", revision: "-", file: policy, err: policy + ": the event names no revision to read it at"},
		{name: "no token", token: "-", file: policy, err: policy + " at main: not read without a token; set input github-token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := newGitHub(t)
			hub.SetFile("main", policy, "version: 1\r\n\x00é")
			hub.SetFile("main", "a b/ü%2F#?.yml", "odd")
			hub.SetFile("main", "large.yml", strings.Repeat("x", maxFile+1))
			hub.SetFile("release/1.0", policy, "old")
			for _, f := range tt.faults {
				hub.Fail(f)
			}
			revision, token := tt.revision, actiontest.WorkflowToken
			switch {
			case revision == "":
				revision = "main"
			case revision == "-":
				revision = ""
			}
			if tt.token == "-" {
				token = ""
			}
			got, err := edge(hub, token).File(t.Context(), Event{Repository: "acme/evals"}, revision, tt.file)
			if err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
				t.Fatalf("got error  %v\nwant %s", err, tt.err)
			}
			if string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := errors.Is(err, fs.ErrNotExist); got != tt.absent {
				t.Errorf("absent: got %v, want %v", got, tt.absent)
			}
		})
	}
}

// A fork may read: that its token cannot is a matter of the job's permissions.
func TestFileForAFork(t *testing.T) {
	t.Parallel()
	hub := newGitHub(t)
	hub.Fail(actiontest.Fault{Status: 403, Message: "Resource not accessible by integration"})
	_, err := edge(hub, actiontest.WorkflowToken).File(t.Context(), Event{Name: "pull_request", Repository: "acme/evals", Fork: true}, "main", "p.yml")
	want := `p.yml at main: token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	const file, none = "p.yml", "-"
	for _, tt := range []struct {
		name, before, after string
		want                bool
	}{
		{"alike", "a", "a", false}, {"changed", "a", "b", true}, {"removed", "a", none, true}, {"added", none, "a", true},
		{"added, empty", none, "", true}, {"never there", none, none, false},
	} {
		hub := newGitHub(t)
		for revision, content := range map[string]string{mergeSHA: tt.before, headSHA: tt.after} {
			hub.SetFile(revision, "", "")
			if content != none {
				hub.SetFile(revision, file, content)
			}
		}
		e := Event{Repository: "acme/evals", SHA: headSHA, MergeBase: mergeSHA}
		got, err := edge(hub, actiontest.WorkflowToken).Changes(t.Context(), e, file)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	hub := newGitHub(t)
	hub.SetFile(mergeSHA, file, "a")
	for _, e := range []Event{{Repository: "acme/evals", SHA: headSHA, MergeBase: mergeSHA}, {Repository: "acme/evals", SHA: headSHA}} {
		if got, err := edge(hub, actiontest.WorkflowToken).Changes(t.Context(), e, file); err == nil {
			t.Errorf("%+v: got %v, want an error: one side cannot be read", e, got)
		}
	}
}

// What was evaluated of a pull request is its merge with the base branch, which is known where one side alone changed a file.
func TestEvaluated(t *testing.T) {
	t.Parallel()
	const file, none = "judge.yaml", "-"
	neither := "judge.yaml: the branch main has changed it since " + short(headSHA) + " was made from it"
	proposed := Event{Name: "workflow_run", Repository: "acme/evals", SHA: headSHA, PullRequest: 7, MergeBase: mergeSHA, Base: "main", Fork: true}
	pushed := Event{Name: "workflow_run", Repository: "acme/evals", SHA: headSHA, Branch: "main", DefaultBranch: "main"}
	queue := Event{Name: "workflow_run", Repository: "acme/evals", SHA: headSHA, Queued: 7, MergeBase: mergeSHA, Base: "main"}
	for _, tt := range []struct {
		name               string
		e                  Event
		before, base, head string
		want, err          string
	}{
		{"nobody changed it", proposed, "a", "a", "a", "a", ""},
		{"the pull request changed it", proposed, "a", "a", "b", "b", ""},
		{"the base changed it", proposed, "a", "b", "a", "", neither},
		{"both changed it", proposed, "a", "b", "c", "", neither},
		{"both changed it alike", proposed, "a", "b", "b", "b", ""},
		{"the pull request added it", proposed, none, none, "b", "b", ""},
		{"the pull request removed it", proposed, "a", "a", none, "", "judge.yaml at " + headSHA + ": file does not exist"},
		{"the base removed it", proposed, "a", none, "a", "", neither},
		{"a pull request that was not found", Event{Name: "workflow_run", Repository: "acme/evals", SHA: headSHA}, "a", "a", "a", "",
			"judge.yaml: the event names no revision to read it at"},
		{"a push, whatever came after", pushed, "a", "b", "c", "c", ""},
		{"a queue, whatever came after", queue, "a", "b", "c", "c", ""},
	} {
		hub := newGitHub(t)
		for revision, content := range map[string]string{mergeSHA: tt.before, "main": tt.base, headSHA: tt.head} {
			hub.SetFile(revision, "", "")
			if content != none {
				hub.SetFile(revision, file, content)
			}
		}
		got, err := edge(hub, actiontest.WorkflowToken).Evaluated(t.Context(), tt.e, file)
		if (err != nil || tt.err != "") && (err == nil || err.Error() != tt.err) {
			t.Errorf("%s: got error %v, want %s", tt.name, err, tt.err)
		}
		if string(got) != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
