package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v62/github"
)

const (
	// workflowBot is who writes with a workflow's own token.
	workflowBot = "github-actions[bot]"

	// maxPages bounds the search for an earlier comment: 10,000 comments, four times what GitHub lets an issue have.
	maxPages = 100
)

// commentErrand is what reading and writing the comment takes.
func commentErrand(e Event) errand {
	return errand{
		what: "pull request comment", right: "pull-requests: write", lost: "the comment",
		none: fmt.Sprintf("no pull request %d in %s", e.PullRequest, e.Repository),
	}
}

// comment creates or updates the one comment of this gate. Without a token or a pull request there is nothing to do.
func (g *GitHub) comment(ctx context.Context, e Event, d Delivery) (string, error) {
	if g.token == "" || e.PullRequest == 0 {
		return "", nil
	}
	if d.Marker == "" || !strings.HasPrefix(d.Comment, d.Marker+"\n") {
		return "", errors.New("pull request comment: not sent, because it does not begin with the marker that it would be found by")
	}
	var written string
	err := g.run(ctx, e, commentErrand(e), func(ctx context.Context, api *github.Client) error {
		var err error
		written, err = g.thread(api, e).put(ctx, e, d)
		return err
	})
	if err != nil {
		return "", err
	}
	return written, nil
}

// Past returns the earlier judgements of the same commit, oldest first, as the comment with that marker remembers them:
// none where there is no comment, or nobody to ask. What Deliver writes remembers them and the present one.
func (g *GitHub) Past(ctx context.Context, e Event, marker string) ([]Attempt, error) {
	if g.token == "" || e.PullRequest == 0 || marker == "" {
		return nil, nil
	}
	var past []Attempt
	err := g.run(ctx, e, commentErrand(e), func(ctx context.Context, api *github.Client) error {
		c, err := g.thread(api, e).find(ctx, marker, "")
		if earlier, ok := parseState(c.GetBody(), marker); ok && err == nil {
			now := state{SHA: e.SHA, Attempt: Attempt{Run: e.Run, Number: e.Attempt}}
			past = now.after(earlier).Past
		}
		return err
	})
	return past, err
}

// A thread is the comments of one pull request.
type thread struct {
	g           *GitHub
	api         *github.Client
	owner, name string
	number      int
}

func (g *GitHub) thread(api *github.Client, e Event) thread {
	return thread{g, api, e.Owner(), e.RepositoryName(), e.PullRequest}
}

// put brings the comment up to date where there is one, else writes it if its mode wants one, and returns its URL.
func (t thread) put(ctx context.Context, e Event, d Delivery) (string, error) {
	found, err := t.find(ctx, d.Marker, "")
	if err != nil && d.Mode == Never {
		return "", nil // a job that wants no comment need not be allowed to read any
	}
	if err != nil {
		return "", err
	}
	if found != nil {
		written, err := t.update(ctx, found, e, d)
		if !answered(err, http.StatusNotFound) {
			return written, err
		} // else it was deleted meanwhile
	}
	if !d.wanted() {
		return "", nil
	}
	return t.create(ctx, e, d)
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

// create writes a first comment. Another run may have done so at the same time: then the earlier comment is the one that is
// kept, as both will find.
func (t thread) create(ctx context.Context, e Event, d Delivery) (string, error) {
	text := d.Comment
	if now, ok := t.g.state(e, d); ok {
		text = stamp(text, d.Marker, now)
	}
	created, _, err := t.api.Issues.CreateComment(ctx, t.owner, t.name, t.number, &github.IssueComment{Body: &text})
	if err != nil {
		return "", err
	}
	first, err := t.find(ctx, d.Marker, created.GetUser().GetLogin())
	if err == nil && first != nil && first.GetID() < created.GetID() {
		return t.yield(ctx, first, created, e, d)
	}
	return created.GetHTMLURL(), nil // it is written: that the look behind came to nothing is no harm
}

// yield takes back a comment that was written while another run wrote the first, and brings that one up to date.
func (t thread) yield(ctx context.Context, first, created *github.IssueComment, e Event, d Delivery) (string, error) {
	if _, err := t.api.Issues.DeleteComment(ctx, t.owner, t.name, created.GetID()); err != nil && !answered(err, http.StatusNotFound) {
		return "", err
	}
	return t.update(ctx, first, e, d)
}

// update sends the text only where it differs, blanks at the ends apart. A comment that tells of another leg of the same run,
// or of a later commit, is left alone.
func (t thread) update(ctx context.Context, c *github.IssueComment, e Event, d Delivery) (string, error) {
	text := d.Comment
	if now, ok := t.g.state(e, d); ok {
		earlier, known := parseState(c.GetBody(), d.Marker)
		switch {
		case known && now.sameRunOther(earlier):
			return "", fmt.Errorf("another job or step of this run, or leg of its matrix, has written %s under the same key;"+
				" it is left as it is: give each its own input gate", c.GetHTMLURL())
		case known && now.older(earlier):
			return "", fmt.Errorf("%s tells of the later commit %s by now, and is left as it is", c.GetHTMLURL(), short(earlier.SHA))
		case known:
			now = now.after(earlier)
		}
		text = stamp(text, d.Marker, now)
	}
	if strings.TrimSpace(c.GetBody()) == strings.TrimSpace(text) {
		return c.GetHTMLURL(), nil
	}
	c, _, err := t.api.Issues.EditComment(ctx, t.owner, t.name, c.GetID(), &github.IssueComment{Body: &text})
	return c.GetHTMLURL(), err
}

// find returns the first comment that begins with the marker and was written by us, or nil. A comment of somebody else that
// quotes the marker is not ours, and all pages are looked through. Self is our login; empty to ask for it when it is needed.
func (t thread) find(ctx context.Context, marker, self string) (*github.IssueComment, error) {
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for range maxPages {
		page, resp, err := t.api.Issues.ListComments(ctx, t.owner, t.name, t.number, opts)
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

// self returns the login that the token writes as, never empty. A person's token says so itself; an App's may not ask there,
// and is asked about by GraphQL. Where that is not to be had either, the token is taken for the workflow's own.
func (t thread) self(ctx context.Context) (string, error) {
	user, _, err := t.api.Users.Get(ctx, "")
	switch {
	case answered(err, http.StatusForbidden):
		return t.viewer(ctx)
	case err == nil && user.GetLogin() == "":
		return "", errors.New("GitHub does not say whose the token is")
	}
	return user.GetLogin(), err
}

// viewer asks who an App's token writes as. https://docs.github.com/en/graphql/reference/queries#user
func (t thread) viewer(ctx context.Context) (string, error) {
	at, err := t.g.graphql(t.api.BaseURL)
	if err != nil {
		return "", err
	}
	req, err := t.api.NewRequest(http.MethodPost, at.String(), map[string]string{"query": "{ viewer { login } }"})
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	_, err = t.api.Do(ctx, req, &answer)
	if _, passing := pause(err); passing || ctx.Err() != nil {
		return "", err
	}
	login := strings.TrimSuffix(answer.Data.Viewer.Login, "[bot]")
	if err == nil && login != "" {
		return login + "[bot]", nil // only Apps get here, and their comments' author is called so
	}
	return workflowBot, nil
}
