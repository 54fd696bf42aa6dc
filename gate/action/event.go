package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// An Event says what a workflow run is about. Exactly the fields that are known are set.
type Event struct {
	Name          string // pull_request, push, merge_group, ...
	Repository    string // owner/name
	Private       bool   // the repository is not for everybody to see, as far as is known
	DefaultBranch string
	Branch        string // that was pushed to, or that a schedule or a manual run is of; empty for all others

	SHA         string   // the code under test: the head of a pull request or queue, else the commit of the run
	PullRequest int      // that is commented on; 0 when there is none
	Queued      int      // the pull request that a merge queue's group ends in; 0 outside a queue, or when it is not said
	Head        string   // owner/name of the repository that the head lies in; empty when unknown, or gone
	HeadBranch  string   // of Head
	Fork        bool     // the pull request comes from another repository
	Base        string   // the branch that the pull request or the queue merges into
	BaseSHA     string   // a commit of Base; of a pull request not always the newest
	MergeBase   string   // the newest commit that Base and the head share
	Pushed      []string // the commits of a push, oldest first, as far as the event lists them

	Run           string // id of the workflow run that made the scores; under workflow_run that is not this one
	Attempt       int    // of Run, from 1; 0 when unknown
	RunURL        string // of this workflow run
	Workflow, Job string
}

// OnDefaultBranch reports whether the run belongs to the default branch itself, and not to a proposal to change it.
func (e Event) OnDefaultBranch() bool {
	return e.PullRequest == 0 && e.Branch != "" && e.Branch == e.DefaultBranch
}

// InQueue reports whether the run is of a merge queue.
func (e Event) InQueue() bool { return e.Name == "merge_group" || e.Queued != 0 }

// Proposed reports whether what was judged is only proposed: the head of a pull request, whether or not it was found, or the
// group of a merge queue. It belongs on no branch that others compare with.
func (e Event) Proposed() bool {
	return e.PullRequest != 0 || e.Fork || e.proposal() || e.InQueue() || e.Name == "workflow_run" && e.Branch == ""
}

// Owner returns the part of Repository before the slash.
func (e Event) Owner() string {
	owner, _, _ := strings.Cut(e.Repository, "/")
	return owner
}

// RepositoryName returns the part of Repository after the slash.
func (e Event) RepositoryName() string {
	_, name, _ := strings.Cut(e.Repository, "/")
	return name
}

// proposal reports whether the event is of a pull request: pull_request, pull_request_target, pull_request_review, ...
func (e Event) proposal() bool { return strings.HasPrefix(e.Name, "pull_request") }

// readOnly reports whether a workflow's own token can only read, whatever the workflow asks for.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflows-in-forked-repositories
func (e Event) readOnly() bool {
	return e.Fork && e.Name != "pull_request_target" && e.Name != "workflow_run"
}

// Event reads what the run is about from the environment and the event's file, without asking GitHub: [GitHub.Resolve] does.
//
// It refuses a file that cannot be read, an event of a pull request that does not say which one, since a pull request must
// not pass for a push, and pull_request_target with the proposal checked out. Without a file only the environment counts.
func (g *GitHub) Event() (Event, error) {
	e := Event{
		Name: g.getenv("GITHUB_EVENT_NAME"), Repository: g.getenv("GITHUB_REPOSITORY"), SHA: g.getenv("GITHUB_SHA"),
		Branch: branch(g.getenv("GITHUB_EVENT_NAME"), g.getenv("GITHUB_REF")),
		Run:    g.getenv("GITHUB_RUN_ID"), Workflow: g.getenv("GITHUB_WORKFLOW"), Job: g.getenv("GITHUB_JOB"),
	}
	e.Attempt, _ = strconv.Atoi(g.getenv("GITHUB_RUN_ATTEMPT")) // 0 is "unknown"
	if e.Name == "merge_group" {
		e.Queued, e.Base = queued(g.getenv("GITHUB_REF"))
	}
	if e.Run != "" && e.Repository != "" {
		e.RunURL = fmt.Sprintf("%s/%s/actions/runs/%s", g.Server(), e.Repository, e.Run)
	}
	if err := e.readFile(g.getenv("GITHUB_EVENT_PATH"), g.getenv("GITHUB_WORKSPACE")); err != nil {
		return Event{}, err
	}
	return e, nil
}

// branch returns the branch that an event is of. Other events name one as well, but are about something else: the ref of
// pull_request_target, workflow_run or issue_comment is the base or default branch, while the code under test is a proposal's.
func branch(event, ref string) string {
	switch event {
	case "push", "schedule", "workflow_dispatch":
		if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
			return name
		}
	}
	return ""
}

// queueRef is what GitHub calls the branch of a merge queue's group. Nobody else may create branches of such names.
var queueRef = regexp.MustCompile(`^(?:refs/heads/)?gh-readonly-queue/(.+)/pr-([1-9][0-9]{0,8})-[0-9a-f]+$`)

// queued returns the pull request that the branch of a merge queue is named for, or 0, and the branch that it merges into.
func queued(ref string) (number int, base string) {
	m := queueRef.FindStringSubmatch(ref)
	if m == nil {
		return 0, ""
	}
	number, _ = strconv.Atoi(m[2]) // at most nine digits
	return number, m[1]
}

func (e *Event) readFile(path, workspace string) error {
	if path == "" {
		if e.proposal() || e.Name == "workflow_run" {
			return fmt.Errorf("GITHUB_EVENT_PATH is not set; only that file says what a %s event is of", e.Name)
		}
		return nil
	}
	var p payload
	data, err := os.ReadFile(path)
	if err == nil {
		p, err = e.read(data)
	}
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err // its path is in the sentence below
	}
	if err != nil {
		return fmt.Errorf("the event's file %s: %w; was GITHUB_EVENT_PATH changed?", path, err)
	}
	if e.Name != "pull_request_target" {
		return nil
	}
	switch proposed, err := checkedOut(workspace, e.PullRequest, e.SHA, p.PullRequest.MergeSHA); {
	case err != nil:
		return fmt.Errorf("pull_request_target: it cannot be told whether the workspace holds the pull request's own files: %w;"+
			" check the base branch out with actions/checkout", err)
	case proposed:
		return errors.New("pull_request_target: the workspace holds the pull request's own files, which would run and be judged with" +
			" this repository's secrets; run on pull_request, or take its results as an artifact under workflow_run")
	}
	return nil
}

// A payload is what is read of an event's file.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
type payload struct {
	PullRequest *struct {
		Number   int    `json:"number"`
		Head     side   `json:"head"`
		Base     side   `json:"base"`
		MergeSHA string `json:"merge_commit_sha"`
	} `json:"pull_request"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	WorkflowRun *struct {
		ID         int64      `json:"id"`
		Attempt    int        `json:"run_attempt"`
		Event      string     `json:"event"`
		HeadSHA    string     `json:"head_sha"`
		HeadBranch string     `json:"head_branch"`
		Head       *forkOrOwn `json:"head_repository"`
	} `json:"workflow_run"`
	Commits []struct {
		ID string `json:"id"`
	} `json:"commits"`
	Repository struct {
		FullName      string `json:"full_name"`
		Private       bool   `json:"private"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"` // a schedule's file may lack it
}

// A side is the head or the base of a pull request.
type side struct {
	Ref  string     `json:"ref"`
	SHA  string     `json:"sha"`
	Repo *forkOrOwn `json:"repo"`
}

// A forkOrOwn is a repository; there is none when a fork is gone.
type forkOrOwn struct {
	FullName string `json:"full_name"`
}

func (r *forkOrOwn) name() string {
	if r == nil {
		return ""
	}
	return r.FullName
}

// elsewhere reports whether a head lies in another repository than this one: a fork, which may be gone.
func (e *Event) elsewhere(head string) bool { return !strings.EqualFold(head, e.Repository) }
