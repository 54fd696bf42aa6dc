package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
)

const (
	// workflowBot is who writes with a workflow's own token, which may not ask who it is.
	workflowBot = "github-actions[bot]"

	// maxPages bounds the search for an earlier comment: 10,000 comments, four times what GitHub lets an issue have.
	maxPages = 100

	// patience bounds all that the comment takes, so that an unresponsive GitHub costs a notice and not the job's time.
	patience = time.Minute
)

// comment creates or updates the one comment of this gate. Without a token or a pull request there is nothing to do.
func (g *GitHub) comment(ctx context.Context, e Event, d Delivery) (string, error) {
	if g.token == "" || e.PullRequest == 0 {
		return "", nil
	}
	if d.Marker == "" || !strings.HasPrefix(d.Comment, d.Marker) {
		return "", errors.New("pull request comment: not sent, because it does not begin with the marker that it would be found by")
	}
	client, err := g.api()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	t := thread{client, e.Owner(), e.RepositoryName(), e.PullRequest}
	written, err := t.put(ctx, d)
	if wait, ok := pause(err); ok && sleep(ctx, wait) {
		written, err = t.put(ctx, d) // which looks again first: what seemed to fail may have been done
	}
	if err != nil {
		return "", advise(err, e)
	}
	return written, nil
}

// api returns a client for the GitHub that the runner belongs to.
func (g *GitHub) api() (*github.Client, error) {
	base := cmp.Or(g.getenv("GITHUB_API_URL"), "https://api.github.com")
	u, err := url.Parse(strings.TrimRight(base, "/") + "/")
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("pull request comment: GITHUB_API_URL is %q, not an http or https address; the runner sets it", base)
	}
	client := *g.client
	client.CheckRedirect = sameHost
	api := github.NewClient(&client).WithAuthToken(g.token)
	api.BaseURL, api.UserAgent = u, "hubgate"
	return api, nil
}

// sameHost refuses redirects to another host, which would be shown the token. GitHub's own, of a renamed repository,
// stay on theirs.
func sameHost(to *http.Request, via []*http.Request) error {
	if from := via[0].URL; to.URL.Scheme != from.Scheme || to.URL.Host != from.Host {
		return fmt.Errorf("redirected from %s to %s://%s, which is not given the token", from.Host, to.URL.Scheme, to.URL.Host)
	}
	if len(via) == 10 {
		return errors.New("redirected ten times")
	}
	return nil
}

// A thread is the comments of one pull request.
type thread struct {
	client      *github.Client
	owner, name string
	number      int
}

// put brings the comment up to date where there is one, else writes it if its mode wants one, and returns its URL.
func (t thread) put(ctx context.Context, d Delivery) (string, error) {
	found, err := t.find(ctx, d.Marker)
	if err != nil && d.Mode == Never {
		return "", nil // a job that wants no comment need not be allowed to read any
	}
	if err != nil {
		return "", err
	}
	if found != nil {
		written, err := t.update(ctx, found, d.Comment)
		if !answered(err, http.StatusNotFound) {
			return written, err
		} // else it was deleted meanwhile
	}
	if !d.wanted() {
		return "", nil
	}
	created, _, err := t.client.Issues.CreateComment(ctx, t.owner, t.name, t.number, &github.IssueComment{Body: &d.Comment})
	return created.GetHTMLURL(), err
}

// wanted reports whether a pull request without a comment gets one.
func (d Delivery) wanted() bool {
	switch d.Mode {
	case Always:
		return true
	case OnChange:
		return d.Changed
	case OnFail:
		return d.Failed
	}
	return false
}

// update sends the text only where it differs, blanks at the ends apart.
func (t thread) update(ctx context.Context, c *github.IssueComment, text string) (string, error) {
	if strings.TrimSpace(c.GetBody()) == strings.TrimSpace(text) {
		return c.GetHTMLURL(), nil
	}
	c, _, err := t.client.Issues.EditComment(ctx, t.owner, t.name, c.GetID(), &github.IssueComment{Body: &text})
	return c.GetHTMLURL(), err
}

// find returns the comment that begins with the marker and was written by us, or nil. A comment of somebody else that
// quotes the marker is not ours, and all pages are looked through.
func (t thread) find(ctx context.Context, marker string) (*github.IssueComment, error) {
	self := ""
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		page, resp, err := t.client.Issues.ListComments(ctx, t.owner, t.name, t.number, opts)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if !strings.HasPrefix(c.GetBody(), marker) {
				continue
			}
			if self == "" {
				if self, err = t.self(ctx); err != nil {
					return nil, err
				}
			}
			if c.GetUser().GetLogin() == self {
				return c, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil
		}
		opts.Page = resp.NextPage
	}
	return nil, fmt.Errorf("no end of comments after %d pages", maxPages)
}

// self returns the login that the token writes as, never empty. Only a person can ask; a token that may not is taken for
// the workflow's own.
func (t thread) self(ctx context.Context) (string, error) {
	user, _, err := t.client.Users.Get(ctx, "")
	switch {
	case answered(err, http.StatusForbidden):
		return workflowBot, nil
	case err == nil && user.GetLogin() == "":
		return "", errors.New("GitHub does not say whose the token is")
	}
	return user.GetLogin(), err
}
