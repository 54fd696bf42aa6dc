package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
)

const (
	// shortPause is what a gateway that failed is given before it is asked again.
	shortPause = 2 * time.Second

	// maxPause is the longest that GitHub may ask to be left alone for, to be asked again at all.
	maxPause = 30 * time.Second

	// patience bounds all that one errand takes, so that an unresponsive GitHub costs a notice and not the job's time.
	patience = time.Minute
)

// An errand is something that GitHub is asked for, in the words of the notice that says why it was not to be had.
type errand struct {
	what  string // "pull request comment"
	right string // the permission that it takes: "pull-requests: write"
	lost  string // what running the job again is for: "the comment"
	none  string // what an answer 404 may mean besides a token that cannot see it: "no pull request 7 in acme/evals"
}

// run asks GitHub, and once more after the pause that it asks for, where what went wrong may pass. What ask does must be
// right to do twice: what seemed to fail may have been done.
func (g *GitHub) run(ctx context.Context, e Event, what errand, ask func(context.Context, *github.Client) error) error {
	client, err := g.api()
	if err != nil {
		return fmt.Errorf("%s: %w", what.what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = ask(ctx, client)
	if wait, ok := pause(err); ok && sleep(ctx, wait) {
		err = ask(ctx, client)
	}
	if err != nil {
		return failure{what.advise(err, e), unavailable(err)}
	}
	return nil
}

// ErrUnavailable is what an error is that came of GitHub, or the way there: nothing that people gave is wrong.
var ErrUnavailable = errors.New("GitHub is not available")

// A failure is why an errand came to nothing, in words that say how to mend it.
type failure struct {
	error
	passing bool // it is ErrUnavailable
}

func (f failure) Unwrap() error { return f.error }

// Is makes a failure that may pass be ErrUnavailable.
func (f failure) Is(target error) bool { return f.passing && target == ErrUnavailable }

// unavailable reports whether GitHub did not answer, or said that it cannot for now.
func unavailable(err error) bool {
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	var broken *url.Error
	switch {
	case errors.As(err, &answer):
		status := answer.Response.StatusCode
		return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
	case errors.As(err, &limit), errors.As(err, &abuse), errors.As(err, &broken):
		return true
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// answered reports whether err is GitHub's answer with that status, other than the status of a rate limit.
func answered(err error, status int) bool {
	var answer *github.ErrorResponse
	return errors.As(err, &answer) && answer.Response.StatusCode == status
}

// pause returns how long to wait before asking again, and false where that is of no use.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
func pause(err error) (time.Duration, bool) {
	var abuse *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	switch {
	case errors.As(err, &abuse):
		return abuse.GetRetryAfter(), abuse.RetryAfter != nil && *abuse.RetryAfter <= maxPause
	case errors.As(err, &answer):
		switch answer.Response.StatusCode {
		case http.StatusTooManyRequests:
			seconds, err := strconv.Atoi(answer.Response.Header.Get("Retry-After"))
			wait := time.Duration(seconds) * time.Second
			return wait, err == nil && 0 <= wait && wait <= maxPause
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return shortPause, true
		}
	}
	return 0, false
}

// sleep waits and reports true, or false when the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// advise restates why an errand came to nothing as a line that says how to mend it.
func (w errand) advise(err error, e Event) error {
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("GitHub did not answer in time; run the job again for " + w.lost)
	case errors.As(err, &limit):
		err = fmt.Errorf("rate limit reached; run the job again after %s", limit.Rate.Reset.UTC().Format("15:04 UTC"))
	case errors.As(err, &abuse), answered(err, http.StatusTooManyRequests):
		err = errors.New("GitHub asks for fewer requests; run the job again later")
	case errors.As(err, &answer):
		err = errors.New(w.mend(answer, e))
	}
	return fmt.Errorf("%s: %w", w.what, err)
}

// GitHub's words for a token that lacks a permission, by the kind of token. Other answers 403 have other causes: a locked
// conversation, an organisation's rules.
const (
	workflowLacks = "Resource not accessible by integration"
	personLacks   = "Resource not accessible by personal access token"
)

func (w errand) mend(answer *github.ErrorResponse, e Event) string {
	status := answer.Response.StatusCode
	switch {
	case status == http.StatusUnauthorized:
		return "token is not valid (401); leave input github-token out, or renew it"
	case status == http.StatusForbidden && answer.Message == personLacks:
		return fmt.Sprintf("token lacks permission (403); give input github-token one with %q", w.title())
	case status == http.StatusForbidden && answer.Message == workflowLacks && e.readOnly() && strings.HasSuffix(w.right, ": write"):
		return fmt.Sprintf("token lacks permission (403): %q is never given to a pull request from a fork;"+
			" the report is in the job summary", w.right)
	case status == http.StatusForbidden && answer.Message == workflowLacks:
		return fmt.Sprintf("token lacks permission (403); add %q to the job", w.permissions())
	case status == http.StatusNotFound:
		return fmt.Sprintf("%s, or the token cannot see it (404); give input github-token one that can", w.none)
	}
	text := answer.Message
	for _, detail := range answer.Errors {
		if detail.Message != "" {
			text += ": " + detail.Message
		}
	}
	if text == "" {
		return fmt.Sprintf("GitHub answered %d %s; run the job again for %s", status, http.StatusText(status), w.lost)
	}
	return fmt.Sprintf("GitHub answered %d: %q", status, text)
}

// permissions returns the line of YAML that grants what the errand takes, beside what every job of a gate needs: a job that
// names one permission loses all that it does not name.
func (w errand) permissions() string {
	switch w.right {
	case "contents: read", "pull-requests: write":
		return "permissions: {contents: read, pull-requests: write}"
	}
	return "permissions: {contents: read, pull-requests: write, " + w.right + "}"
}

// title returns the permission as the settings of a personal access token call it.
func (w errand) title() string {
	return strings.ToUpper(w.right[:1]) + strings.ReplaceAll(w.right[1:], "-", " ")
}
