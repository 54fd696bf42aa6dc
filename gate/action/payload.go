package action

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// read takes over what the event's file says, and refuses what it must not be wrong about.
func (e *Event) read(data []byte) (payload, error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return p, err
	}
	e.Private, e.DefaultBranch = p.Repository.Private, p.Repository.DefaultBranch
	e.Repository = cmp.Or(e.Repository, p.Repository.FullName)
	switch {
	case e.proposal() || p.PullRequest != nil:
		if err := e.ofPull(p); err != nil {
			return p, err
		}
	case e.Name == "workflow_run":
		if err := e.ofRun(p); err != nil {
			return p, err
		}
	case e.Name == "merge_group":
		e.ofGroup(p)
	case e.Name == "push":
		for _, c := range p.Commits {
			if isCommit(c.ID) {
				e.Pushed = append(e.Pushed, c.ID)
			}
		}
	case e.Name == "schedule":
		e.DefaultBranch = cmp.Or(e.DefaultBranch, e.Branch) // schedules run nowhere else
	}
	for _, id := range []string{e.SHA, e.BaseSHA} {
		if id != "" && !isCommit(id) {
			return p, fmt.Errorf("it names %q, which is not the id of a commit", id)
		}
	}
	return p, nil
}

func (e *Event) ofPull(p payload) error {
	pr := p.PullRequest
	if pr == nil || pr.Number <= 0 {
		return errors.New("it does not say which pull request it is about")
	}
	if pr.Head.SHA == "" || pr.Base.Ref == "" { // by whose policy it is judged, and what may be accepted
		return errors.New("it does not say which commit is the head of the pull request, and which branch it would change")
	}
	e.PullRequest, e.Branch = pr.Number, ""
	e.SHA = pr.Head.SHA // GITHUB_SHA is a merge that nobody wrote
	e.Head, e.HeadBranch = pr.Head.Repo.name(), pr.Head.Ref
	e.Fork = e.elsewhere(e.Head)
	e.Base, e.BaseSHA = pr.Base.Ref, pr.Base.SHA
	return nil
}

// ofGroup takes over what a merge queue asks about. What the payload lacks is left as the environment has it: a queue waits
// for an answer, whatever is known.
func (e *Event) ofGroup(p payload) {
	group := p.MergeGroup
	e.SHA = cmp.Or(group.HeadSHA, e.SHA)
	if number, base := queued(group.HeadRef); number != 0 {
		e.Queued, e.Base = number, base
	}
	e.Base = cmp.Or(strings.TrimPrefix(group.BaseRef, "refs/heads/"), e.Base)
	e.BaseSHA, e.MergeBase = group.BaseSHA, group.BaseSHA // the group is built on top of it
}

// ofRun takes over the run that came before: whose code it ran, and for what event. GITHUB_SHA and GITHUB_REF are those of the
// default branch, which the scores have nothing to do with. Which pull request it was is not taken from the payload: it says so
// for none from a fork, and names others of the same branch; [GitHub.Resolve] looks for it.
func (e *Event) ofRun(p payload) error {
	run := p.WorkflowRun
	if run == nil || run.HeadSHA == "" {
		return errors.New("it does not say which commit the workflow run was of")
	}
	e.SHA, e.Head, e.HeadBranch = run.HeadSHA, run.Head.name(), run.HeadBranch
	e.Fork = e.elsewhere(e.Head)
	e.Run, e.Attempt = strconv.FormatInt(run.ID, 10), run.Attempt
	if e.Fork {
		return nil
	}
	switch run.Event {
	case "push", "schedule", "workflow_dispatch":
		e.Branch = run.HeadBranch
	case "merge_group":
		e.Queued, e.Base = queued(run.HeadBranch)
	}
	return nil
}

var commitID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// isCommit reports whether s is the whole id of a commit, of either kind of repository.
func isCommit(s string) bool { return commitID.MatchString(s) }
