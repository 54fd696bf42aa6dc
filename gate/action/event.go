package action

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// An Event says what a workflow run is about. Exactly the fields that are known are set.
type Event struct {
	Name          string // pull_request, push, merge_group, ...
	Repository    string // owner/name
	Private       bool   // the repository is private, as far as the event tells
	DefaultBranch string
	Branch        string // that was pushed to, or that a schedule or a manual run is of; empty for all others
	PullRequest   int    // 0 when there is none
	Fork          bool   // the pull request comes from another repository
	SHA           string // the code under test: the head of a pull request, else the commit of the run
	RunURL        string
	Attempt       int // from 1; 0 when unknown
	Workflow, Job string
}

// OnDefaultBranch reports whether the run belongs to the default branch itself, and not to a proposal to change it.
func (e Event) OnDefaultBranch() bool {
	return e.PullRequest == 0 && e.Branch != "" && e.Branch == e.DefaultBranch
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

// Event reads what the run is about from the environment and the event's file. It refuses a file that cannot be read, and
// an event of a pull request that does not say which one: a pull request must not pass for a push. Without a file only
// the environment counts.
func (g *GitHub) Event() (Event, error) {
	e := Event{
		Name: g.getenv("GITHUB_EVENT_NAME"), Repository: g.getenv("GITHUB_REPOSITORY"), SHA: g.getenv("GITHUB_SHA"),
		Branch:   branch(g.getenv("GITHUB_EVENT_NAME"), g.getenv("GITHUB_REF")),
		Workflow: g.getenv("GITHUB_WORKFLOW"), Job: g.getenv("GITHUB_JOB"),
	}
	e.Attempt, _ = strconv.Atoi(g.getenv("GITHUB_RUN_ATTEMPT")) // 0 is "unknown"
	if err := e.readFile(g.getenv("GITHUB_EVENT_PATH")); err != nil {
		return Event{}, err
	}
	if id := g.getenv("GITHUB_RUN_ID"); id != "" && e.Repository != "" {
		server := cmp.Or(strings.TrimRight(g.getenv("GITHUB_SERVER_URL"), "/"), "https://github.com")
		e.RunURL = fmt.Sprintf("%s/%s/actions/runs/%s", server, e.Repository, id)
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

func (e *Event) readFile(path string) error {
	if path == "" {
		if e.proposal() {
			return fmt.Errorf("GITHUB_EVENT_PATH is not set; only that file says which pull request a %s event is of", e.Name)
		}
		return nil
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = e.read(data)
	}
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err // its path is in the sentence below
	}
	if err != nil {
		return fmt.Errorf("the event's file %s: %w; was GITHUB_EVENT_PATH changed?", path, err)
	}
	return nil
}

// proposal reports whether the event is of a pull request: pull_request, pull_request_target, pull_request_review, ...
func (e *Event) proposal() bool { return strings.HasPrefix(e.Name, "pull_request") }

// payload is what is read of an event's file.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
type payload struct {
	PullRequest *struct {
		Number int `json:"number"`
		Head   struct {
			SHA  string `json:"sha"`
			Repo *struct {
				FullName string `json:"full_name"`
			} `json:"repo"` // null when the fork is gone
		} `json:"head"`
	} `json:"pull_request"`
	Repository struct {
		FullName      string `json:"full_name"`
		Private       bool   `json:"private"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"` // a schedule's file may lack it
}

func (e *Event) read(data []byte) error {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	e.Private, e.DefaultBranch = p.Repository.Private, p.Repository.DefaultBranch
	if e.Name == "schedule" {
		e.DefaultBranch = cmp.Or(e.DefaultBranch, e.Branch) // schedules run nowhere else
	}
	e.Repository = cmp.Or(e.Repository, p.Repository.FullName)
	pr := p.PullRequest
	switch {
	case pr == nil && !e.proposal():
		return nil
	case pr == nil || pr.Number <= 0:
		return errors.New("it does not say which pull request it is about")
	}
	e.PullRequest, e.Branch = pr.Number, ""
	e.SHA = cmp.Or(pr.Head.SHA, e.SHA) // GITHUB_SHA is a merge that nobody wrote
	e.Fork = pr.Head.Repo == nil || !strings.EqualFold(pr.Head.Repo.FullName, e.Repository)
	return nil
}
