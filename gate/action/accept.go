package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
)

// An Acceptance is somebody's decision to merge a head commit whatever its verdict is.
type Acceptance struct {
	By          string // login
	Reason      string // one line, not empty
	At          time.Time
	SHA         string // the head commit of PullRequest that was accepted, in full
	URL         string // of the comment
	PullRequest int
}

const (
	// command is what an acceptance begins with: /hubgate accept SHA reason.
	command = "/hubgate accept"

	// minSHA is how many digits of a commit have to be named: all. Who can make two commits that begin alike could have one
	// accepted and merge the other.
	minSHA = 40

	// maxReason bounds what is kept of a reason, in characters.
	maxReason = 500

	// maxRefusals bounds how many refused attempts are told of, the newest of them.
	maxRefusals = 3

	// maxAsked bounds whose permission is asked for: a crowd of strangers must not use up the rate limit.
	maxAsked = 20

	// maxPushed bounds how many commits of a push are asked about.
	maxPushed = 50
)

var shaPrefix = regexp.MustCompile(`^[0-9a-f]+$`)

// leadingBlank matches the blank lines that a comment begins with.
var leadingBlank = regexp.MustCompile(`^(?:[ \t\r]*\n)+`)

// An acceptance that a comment asks for; problem says why it asks for none that can be had.
type request struct{ sha, reason, problem string }

// parseAccept reads a comment, and reports whether it means to accept something: whether it begins with the command. Indented as
// code it is only shown.
func parseAccept(body string) (request, bool) {
	line, _, _ := strings.Cut(leadingBlank.ReplaceAllString(body, ""), "\n")
	text := strings.TrimLeft(line, " ")
	rest, ok := strings.CutPrefix(text, command)
	if !ok || len(line)-len(text) > 3 || rest != "" && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") && rest != "\r" {
		return request{}, false
	}
	words := strings.Fields(strings.ToValidUTF8(rest, "\uFFFD"))
	if len(words) == 0 {
		return request{problem: "it names no commit; write " + command + " SHA reason"}, true
	}
	r := request{sha: strings.ToLower(words[0]), reason: oneLine(strings.Join(words[1:], " "), maxReason)}
	switch {
	case !shaPrefix.MatchString(r.sha) || len(r.sha) > 64:
		return request{problem: fmt.Sprintf("%q is not a commit", oneLine(words[0], 64))}, true
	case len(r.sha) < minSHA:
		r.problem = fmt.Sprintf("%q is not the whole id of a commit, which has %d digits", r.sha, minSHA)
	case r.reason == "":
		r.problem = "it gives no reason"
	}
	return r, true
}

// A proposal is a pull request and the head that it was, or is to be, merged with.
type proposal struct {
	number int
	head   string
}

// Acceptance returns the newest valid acceptance of what the run is about, or nil, and why others are none. It is a comment on
// the pull request that begins with "/hubgate accept SHA reason", by a person who may write to the repository, for the head
// commit, and never edited since. A merge queue, and a push to the default branch, inherit that of a pull request that they
// contain, if it was given to the head that they contain. What cannot be read is not accepted.
func (g *GitHub) Acceptance(ctx context.Context, e Event) (*Acceptance, []string) {
	if g.token == "" || e.Repository == "" {
		return nil, nil
	}
	pulls, err := g.contained(ctx, e)
	if err != nil {
		return nil, []string{err.Error()}
	}
	var notices []string
	permissions := map[string]string{}
	for _, p := range pulls {
		a, refused, err := g.accepted(ctx, e, p, permissions)
		switch {
		case err != nil:
			notices = append(notices, err.Error())
		case a != nil:
			return a, nil
		default:
			notices = append(notices, refused...)
		}
	}
	return nil, notices
}

// contained returns the pull requests whose acceptance counts for a run.
func (g *GitHub) contained(ctx context.Context, e Event) ([]proposal, error) {
	switch {
	case e.PullRequest != 0:
		return []proposal{{e.PullRequest, e.SHA}}, nil
	case e.Queued != 0:
		return g.queuedPull(ctx, e)
	case e.InQueue():
		return nil, errors.New("acceptance: the event of the merge queue does not say which pull request it ends in; none is inherited")
	case e.OnDefaultBranch() && (e.Name == "push" || e.Name == "workflow_run"):
		return g.mergedPulls(ctx, e)
	}
	return nil, nil
}

// queuedPull returns the pull request of a merge queue's group. GitHub takes one out of the queue when its head moves.
func (g *GitHub) queuedPull(ctx context.Context, e Event) ([]proposal, error) {
	what := acceptErrand(fmt.Sprintf("no pull request %d in %s", e.Queued, e.Repository))
	var found []proposal
	err := g.run(ctx, e, what, func(ctx context.Context, api *github.Client) error {
		pr, _, err := api.PullRequests.Get(ctx, e.Owner(), e.RepositoryName(), e.Queued)
		if err == nil && isCommit(pr.GetHead().GetSHA()) && (e.Base == "" || pr.GetBase().GetRef() == e.Base) {
			found = []proposal{{e.Queued, pr.GetHead().GetSHA()}}
		}
		return err
	})
	return found, err
}

// mergedPulls returns the pull requests that a push to the default branch merged: those that GitHub merged there as one of
// the commits that were pushed.
func (g *GitHub) mergedPulls(ctx context.Context, e Event) ([]proposal, error) {
	commits := slices.Clone(e.Pushed)
	if !slices.Contains(commits, e.SHA) {
		commits = append(commits, e.SHA)
	}
	slices.Reverse(commits) // the newest first
	var found []proposal
	err := g.run(ctx, e, acceptErrand("no commit "+short(e.SHA)+" in "+e.Repository), func(ctx context.Context, api *github.Client) error {
		found = nil
		for _, id := range commits[:min(len(commits), maxPushed)] {
			all, _, err := api.PullRequests.ListPullRequestsWithCommit(ctx, e.Owner(), e.RepositoryName(), id, &github.ListOptions{PerPage: perPage})
			if err != nil {
				return err
			}
			for _, pr := range all {
				p := proposal{pr.GetNumber(), pr.GetHead().GetSHA()}
				if pr.MergedAt != nil && pr.GetBase().GetRef() == e.Branch && slices.Contains(commits, pr.GetMergeCommitSHA()) &&
					e.proposedHere(pr) && isCommit(p.head) && !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
		}
		return nil
	})
	return found, err
}

func acceptErrand(none string) errand {
	return errand{what: "acceptance", right: "pull-requests: write", lost: "the acceptance", none: none}
}

// accepted looks for the newest valid acceptance of one pull request's head.
func (g *GitHub) accepted(ctx context.Context, e Event, p proposal, permissions map[string]string) (found *Acceptance, refused []string, err error) {
	what := acceptErrand(fmt.Sprintf("no pull request %d in %s", p.number, e.Repository))
	err = g.run(ctx, e, what, func(ctx context.Context, api *github.Client) error {
		found, refused = nil, nil
		comments, err := acceptComments(ctx, api, e, p.number)
		if err != nil {
			return err
		}
		for _, c := range comments {
			r, _ := parseAccept(c.GetBody())
			why := r.problem
			if why == "" {
				why = invalid(c, r, p)
			}
			if why == "" {
				if why, err = mayWrite(ctx, api, e, c.GetUser().GetLogin(), permissions); err != nil {
					return err
				}
			}
			if why == "" {
				found = &Acceptance{
					By: c.GetUser().GetLogin(), Reason: r.reason, At: c.GetCreatedAt().UTC(), SHA: p.head,
					URL: c.GetHTMLURL(), PullRequest: p.number,
				}
				return nil
			}
			if len(refused) < maxRefusals {
				refused = append(refused, fmt.Sprintf("%s by %s does not accept %s: %s",
					c.GetHTMLURL(), cmp.Or(c.GetUser().GetLogin(), "nobody"), short(p.head), why))
			}
		}
		return nil
	})
	return found, refused, err
}

// acceptComments returns the comments that mean to accept something, newest first.
func acceptComments(ctx context.Context, api *github.Client, e Event, number int) ([]*github.IssueComment, error) {
	var found []*github.IssueComment
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for range maxPages {
		page, resp, err := api.Issues.ListComments(ctx, e.Owner(), e.RepositoryName(), number, opts)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if _, ok := parseAccept(c.GetBody()); ok {
				found = append(found, c)
			}
		}
		if opts.Page = resp.NextPage; opts.Page == 0 {
			slices.Reverse(found)
			return found, nil
		}
	}
	return nil, fmt.Errorf("no end of comments after %d pages", maxPages)
}

// invalid says why a comment accepts nothing, whoever wrote it. GitHub does not tell who edited a comment, and everybody who may
// write can edit those of others: an edited one counts for nothing.
func invalid(c *github.IssueComment, r request, p proposal) string {
	switch {
	case !strings.HasPrefix(p.head, r.sha):
		return short(r.sha) + " is not the head commit; a new push needs a new acceptance"
	case c.GetUser().GetType() != "User":
		return "only a person can accept"
	case !c.GetUpdatedAt().Equal(c.GetCreatedAt()) || c.GetCreatedAt().IsZero():
		return "it was edited, and GitHub does not say by whom; write it anew"
	}
	return ""
}

// login is what GitHub lets a person be called; companies' own people have an underscore in it.
var loginName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// mayWrite says why a person cannot accept, empty for somebody who may write. What GitHub says of an author beside
// a comment does not tell it: a member of the organisation may be allowed to read only.
func mayWrite(ctx context.Context, api *github.Client, e Event, login string, asked map[string]string) (string, error) {
	if !loginName.MatchString(login) {
		return "its author is not known", nil
	}
	permission, ok := asked[login]
	if !ok && len(asked) == maxAsked {
		return fmt.Sprintf("the permissions of %d others were asked for already", maxAsked), nil
	}
	if !ok {
		level, _, err := api.Repositories.GetPermissionLevel(ctx, e.Owner(), e.RepositoryName(), login)
		if err != nil && !answered(err, http.StatusNotFound) {
			return "", err
		}
		permission = cmp.Or(level.GetPermission(), "none") // 404 is for people that the repository does not know
		asked[login] = permission
	}
	switch permission {
	case "admin", "maintain", "write":
		return "", nil
	}
	return fmt.Sprintf("the permission of %s is %q, and it takes write", login, permission), nil
}
