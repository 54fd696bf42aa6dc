package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/go-github/v62/github"
)

const (
	// shortPause is what a gateway that failed is given before it is asked again.
	shortPause = 2 * time.Second

	// maxPause is the longest that GitHub may ask to be left alone for, to be asked again at all.
	maxPause = 30 * time.Second
)

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

// advise restates why there is no comment as a line that says how to mend it.
func advise(err error, e Event) error {
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("GitHub did not answer in time; run the job again for the comment")
	case errors.As(err, &limit):
		err = fmt.Errorf("rate limit reached; run the job again after %s", limit.Rate.Reset.UTC().Format("15:04 UTC"))
	case errors.As(err, &abuse), answered(err, http.StatusTooManyRequests):
		err = errors.New("GitHub asks for fewer requests; run the job again later")
	case errors.As(err, &answer):
		err = errors.New(mend(answer, e))
	}
	return fmt.Errorf("pull request comment: %w", err)
}

// GitHub's words for a token that lacks a permission, by the kind of token. Other answers 403 have other causes: a locked
// conversation, an organisation's rules.
const (
	workflowLacks = "Resource not accessible by integration"
	personLacks   = "Resource not accessible by personal access token"
)

func mend(answer *github.ErrorResponse, e Event) string {
	status := answer.Response.StatusCode
	switch {
	case status == http.StatusUnauthorized:
		return "token is not valid (401); leave input github-token out, or renew it"
	case status == http.StatusForbidden && answer.Message == personLacks:
		return `token lacks permission (403); give input github-token one with "Pull requests: write"`
	case status == http.StatusForbidden && answer.Message == workflowLacks && e.Fork:
		return `token lacks permission (403): "pull-requests: write" is never given to a pull request from a fork;` +
			" the report is in the job summary"
	case status == http.StatusForbidden && answer.Message == workflowLacks:
		return `token lacks permission (403); add "permissions: {contents: read, pull-requests: write}" to the job`
	case status == http.StatusNotFound:
		return fmt.Sprintf("no pull request %d in %s, or the token cannot see it (404); give input github-token one that can",
			e.PullRequest, e.Repository)
	}
	text := answer.Message
	for _, detail := range answer.Errors {
		if detail.Message != "" {
			text += ": " + detail.Message
		}
	}
	if text == "" {
		return fmt.Sprintf("GitHub answered %d %s; run the job again for the comment", status, http.StatusText(status))
	}
	return fmt.Sprintf("GitHub answered %d: %q", status, text)
}
