package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"
)

// perPage is as much as GitHub lists at once.
const perPage = 100

// Resolve adds what only GitHub can tell: the pull request that a commit belongs to, the merge base, the default branch and
// visibility where the event says neither. What cannot be found stays unset, and is told in a notice.
//
// A pull request is found by the head commit, and by the repository and branch that it lies in; one that has moved on, or
// that only contains the commit, is not it. Without a token nothing is asked.
func (g *GitHub) Resolve(ctx context.Context, e Event) (Event, []string) {
	if g.token == "" || e.Repository == "" {
		return e, nil
	}
	var notices []string
	note := func(err error) {
		if err != nil {
			notices = append(notices, err.Error())
		}
	}
	if e.DefaultBranch == "" {
		note(g.repository(ctx, &e))
	}
	if e.PullRequest == 0 && e.ofCommit() {
		note(g.findPull(ctx, &e))
	}
	if e.PullRequest != 0 || e.InQueue() && e.MergeBase == "" {
		note(g.mergeBase(ctx, &e))
	}
	return e, notices
}

// ofCommit reports whether a run may be of a pull request that its event does not name.
func (e Event) ofCommit() bool {
	switch {
	case e.SHA == "" || e.InQueue() || e.OnDefaultBranch():
		return false
	case e.Name == "workflow_run":
		return true
	}
	return (e.Name == "push" || e.Name == "workflow_dispatch") && e.Branch != "" && e.DefaultBranch != ""
}

func (g *GitHub) repository(ctx context.Context, e *Event) error {
	what := errand{what: "repository", right: "contents: read", lost: "what it says", none: "no repository " + e.Repository}
	return g.run(ctx, *e, what, func(ctx context.Context, api *github.Client) error {
		r, _, err := api.Repositories.Get(ctx, e.Owner(), e.RepositoryName())
		if err != nil {
			return err
		}
		e.DefaultBranch, e.Private = r.GetDefaultBranch(), r.GetPrivate()
		return nil
	})
}

// findPull looks for the pull request of the head commit. GitHub lists none by commit for most commits of forks, so that the
// head's branch is asked for as well.
func (g *GitHub) findPull(ctx context.Context, e *Event) error {
	head, branch := e.Head, e.HeadBranch
	if e.Name != "workflow_run" {
		head, branch = e.Repository, e.Branch
	}
	what := errand{
		what: "pull request of commit " + short(e.SHA), right: "pull-requests: write", lost: "the comment",
		none: "no commit " + short(e.SHA) + " in " + e.Repository,
	}
	var found []*github.PullRequest
	err := g.run(ctx, *e, what, func(ctx context.Context, api *github.Client) error {
		all, _, err := api.PullRequests.ListPullRequestsWithCommit(ctx, e.Owner(), e.RepositoryName(), e.SHA, &github.ListOptions{PerPage: perPage})
		if found = e.heads(all, head); err == nil && len(found) > 0 || head == "" || branch == "" {
			return err
		}
		owner, _, _ := strings.Cut(head, "/")
		all, _, err = api.PullRequests.List(ctx, e.Owner(), e.RepositoryName(), &github.PullRequestListOptions{
			State: "open", Head: owner + ":" + branch, ListOptions: github.ListOptions{PerPage: perPage},
		})
		found = e.heads(all, head)
		return err
	})
	switch {
	case err != nil:
		return err
	case len(found) > 1:
		return fmt.Errorf("%s: it is the head of %s at once; none of them gets a comment", what.what, numbers(found))
	case len(found) == 1:
		e.takePull(found[0])
	case e.Branch == "": // a branch without a pull request is no news
		return fmt.Errorf("%s: no open pull request has it as its head now, so there is nowhere to comment", what.what)
	}
	return nil
}

// heads returns the open pull requests among some whose head is the commit of the event, in that repository; an empty name
// is that of a fork that is gone.
func (e *Event) heads(all []*github.PullRequest, head string) []*github.PullRequest {
	return slices.DeleteFunc(slices.Clone(all), func(pr *github.PullRequest) bool {
		return pr.GetState() != "open" || pr.GetHead().GetSHA() != e.SHA || pr.GetNumber() <= 0 ||
			!strings.EqualFold(pr.GetHead().GetRepo().GetFullName(), head) || !e.proposedHere(pr)
	})
}

// proposedHere reports whether a pull request is one of this repository. By commit, GitHub lists those of a fork's parent too.
func (e *Event) proposedHere(pr *github.PullRequest) bool {
	return !e.elsewhere(pr.GetBase().GetRepo().GetFullName())
}

func numbers(pulls []*github.PullRequest) string {
	var list []string
	for _, pr := range pulls {
		list = append(list, fmt.Sprintf("#%d", pr.GetNumber()))
	}
	return strings.Join(list, " and ")
}

// takePull makes a pull request that was found what the run is about.
func (e *Event) takePull(pr *github.PullRequest) {
	e.PullRequest, e.Branch = pr.GetNumber(), ""
	e.Head, e.HeadBranch = pr.GetHead().GetRepo().GetFullName(), pr.GetHead().GetRef()
	e.Fork = e.elsewhere(e.Head)
	e.Base, e.BaseSHA = pr.GetBase().GetRef(), pr.GetBase().GetSHA()
}

// mergeBase finds the newest commit that base and head share. The base branch as it is now is asked for, because the base
// commit that a pull request names may be old; once the pull request is merged its head is part of that branch, and the base
// commit has to do.
func (g *GitHub) mergeBase(ctx context.Context, e *Event) error {
	what := errand{
		what: "merge base", right: "contents: read", lost: "the baseline of the merge base",
		none: fmt.Sprintf("no commits %s and %s in %s", e.Base, short(e.SHA), e.Repository),
	}
	if e.Base == "" || e.SHA == "" {
		return errors.New("merge base: the event names no base branch; the newest baseline is compared with")
	}
	return g.run(ctx, *e, what, func(ctx context.Context, api *github.Client) error {
		for _, base := range []string{e.Base, e.BaseSHA} {
			if base == "" {
				break
			}
			c, _, err := api.Repositories.CompareCommits(ctx, e.Owner(), e.RepositoryName(), base, e.SHA, &github.ListOptions{PerPage: 1})
			if err != nil {
				return err
			}
			if id := c.GetMergeBaseCommit().GetSHA(); isCommit(id) {
				e.MergeBase = id
			}
			if e.MergeBase != e.SHA {
				break
			}
		}
		return nil
	})
}

// ancestorPages bounds how far back a recorded ancestor is looked for.
const ancestorPages = 3

// Ancestors returns a commit and those before it, newest first, at most 300 of them: among these a recorded run of the nearest
// is a baseline.
func (g *GitHub) Ancestors(ctx context.Context, e Event, commit string) ([]string, error) {
	what := errand{
		what: "commits before " + short(commit), right: "contents: read", lost: "the baseline of the nearest of them",
		none: "no commit " + short(commit) + " in " + e.Repository,
	}
	var ids []string
	err := g.run(ctx, e, what, func(ctx context.Context, api *github.Client) error {
		ids = nil
		opts := &github.CommitsListOptions{SHA: commit, ListOptions: github.ListOptions{PerPage: perPage}}
		for range ancestorPages {
			page, resp, err := api.Repositories.ListCommits(ctx, e.Owner(), e.RepositoryName(), opts)
			if err != nil {
				return err
			}
			for _, c := range page {
				ids = append(ids, c.GetSHA())
			}
			if opts.Page = resp.NextPage; opts.Page == 0 {
				break
			}
		}
		return nil
	})
	return ids, err
}

// short returns the first seven digits of a commit's id.
func short(commit string) string { return commit[:min(7, len(commit))] }
