package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v62/github"
)

// workflowBot is who writes with a workflow's own token, which may not ask who it is.
const workflowBot = "github-actions[bot]"

// maxPages bounds the search for an earlier comment: 10,000 comments.
const maxPages = 100

// comment creates or updates the one comment of this gate. Without a token, a pull request or the need there is nothing to do.
func (g *GitHub) comment(ctx context.Context, e Event, d Delivery) (string, error) {
	if g.token == "" || e.PullRequest == 0 || d.Mode == Never {
		return "", nil
	}
	client, err := g.api()
	if err != nil {
		return "", err
	}
	found, err := g.find(ctx, client, e, d.Marker)
	if err != nil {
		return "", advise(err)
	}
	body := &github.IssueComment{Body: &d.Comment}
	switch {
	case found == nil && (d.Mode == OnChange && !d.Changed || d.Mode == OnFail && !d.Failed):
		return "", nil
	case found == nil:
		found, _, err = client.Issues.CreateComment(ctx, e.Owner(), e.RepositoryName(), e.PullRequest, body)
	case found.GetBody() != d.Comment:
		found, _, err = client.Issues.EditComment(ctx, e.Owner(), e.RepositoryName(), found.GetID(), body)
	}
	if err != nil {
		return "", advise(err)
	}
	return found.GetHTMLURL(), nil
}

func (g *GitHub) api() (*github.Client, error) {
	client := github.NewClient(g.client).WithAuthToken(g.token)
	base := g.getenv("GITHUB_API_URL")
	if base == "" {
		return client, nil
	}
	u, err := url.Parse(strings.TrimRight(base, "/") + "/")
	if err != nil {
		return nil, fmt.Errorf("pull request comment: GITHUB_API_URL: %w", err)
	}
	client.BaseURL = u
	return client, nil
}

// find returns the comment that begins with the marker and was written by us, or nil. A comment of somebody else that quotes
// the marker is not ours, and all pages are looked through.
func (g *GitHub) find(ctx context.Context, client *github.Client, e Event, marker string) (*github.IssueComment, error) {
	self := ""
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		page, resp, err := client.Issues.ListComments(ctx, e.Owner(), e.RepositoryName(), e.PullRequest, opts)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if !strings.HasPrefix(c.GetBody(), marker) {
				continue
			}
			if self == "" {
				self = identity(ctx, client)
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
	return nil, nil
}

// identity returns the login that this token writes as.
func identity(ctx context.Context, client *github.Client) string {
	user, _, err := client.Users.Get(ctx, "")
	if err != nil || user.GetLogin() == "" {
		return workflowBot
	}
	return user.GetLogin()
}

// advise restates what GitHub answered as a line that says how to mend it.
func advise(err error) error {
	var answer *github.ErrorResponse
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	switch {
	case errors.As(err, &limit):
		return fmt.Errorf("pull request comment: rate limit reached until %s; run the job again then", limit.Rate.Reset.UTC().Format("15:04 UTC"))
	case errors.As(err, &abuse):
		return errors.New("pull request comment: GitHub asks for fewer requests; run the job again later")
	case errors.As(err, &answer) && answer.Response.StatusCode == http.StatusForbidden:
		return errors.New(`pull request comment: token lacks permission (403); add "permissions: pull-requests: write" to the job` +
			" (a pull request from a fork never has it)")
	case errors.As(err, &answer) && answer.Response.StatusCode == http.StatusUnauthorized:
		return errors.New("pull request comment: token is not valid (401); leave input github-token out, or renew it")
	case errors.As(err, &answer):
		return fmt.Errorf("pull request comment: GitHub answered %d: %q", answer.Response.StatusCode, answer.Message)
	}
	return fmt.Errorf("pull request comment: %w", err)
}
