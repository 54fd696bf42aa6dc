package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// wrap says where something went wrong that was not an answer. What is a *hub.Error already stays what it is, and the end of
// ctx is what it is reported as, whatever it broke.
func (h *Hub) wrap(ctx context.Context, r request, err error) error {
	if e := (*hub.Error)(nil); errors.As(err, &e) {
		return err
	}
	e := &hub.Error{Op: r.op, Target: r.target, Err: err}
	var token *tokenError
	var content *contentError
	switch {
	case ctx.Err() != nil:
		e.Err = context.Cause(ctx)
		if !errors.Is(e.Err, ctx.Err()) {
			e.Err = fmt.Errorf("%w: %w", ctx.Err(), e.Err)
		}
		if errors.Is(e.Err, context.DeadlineExceeded) {
			e.Advice = "set timeout to a longer time, or run again later"
		}
	case errors.Is(err, hub.ErrNotHub), errors.As(err, &token), errors.As(err, &content): // in our own words
	case errors.Is(err, errTooLong):
		e.Err = fmt.Errorf("%w: %w", hub.ErrNotHub, err)
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Err = fmt.Errorf("%w: %s answers plain http", hub.ErrNotHub, h.base.Host)
	default:
		e.Err = fmt.Errorf("%w: %s", hub.ErrUnavailable, h.secrets.redact(oneLine(err.Error())))
		if isUnconnected(err) {
			e.Advice = "see whether the address of the Hub is right and can be reached from here, or run again later"
		}
	}
	return e
}

// fail says what an answer refuses, by status, then X-Error-Code, then X-Error-Message, then the body.
func (h *Hub) fail(ctx context.Context, r request, a *answer) error {
	e := &hub.Error{Op: r.op, Target: r.target, Status: a.status, RequestID: h.requestID(a)}
	if a.foreign {
		e.Err = h.foreignFailure(a)
		return e
	}
	code, message := a.header.Get("X-Error-Code"), h.message(a)
	switch {
	case a.status == http.StatusRequestTimeout, a.status == http.StatusTooManyRequests, a.status >= 500:
		code = "" // what failed knows nothing of datasets
	case code == "":
		code = codeOf(a.status, message)
	}
	switch {
	case code == "GatedRepo":
		e.Err = hub.ErrGated
		e.Advice = fmt.Sprintf("ask for access on %s/datasets/%s, and give a token of whoever was let in", h.base, r.repo)
	case code == "RevisionNotFound":
		e.Err = hub.ErrNoRevision
	case code == "EntryNotFound":
		e.Err = hub.ErrNoEntry
	case code == "RepoNotFound", a.status == http.StatusUnauthorized && r.repo != (hub.Repo{}) && !strings.HasPrefix(message, badToken):
		e.Err, e.Advice = hub.ErrHidden, h.wayToToken(r.repo)
		if a.status == http.StatusUnauthorized || r.repo == (hub.Repo{}) { // as who is let in is not; who asks is one that is about none
			break
		}
		if h.certain(ctx, r.repo) {
			e.Err = h.confirmAbsent(ctx, r.repo)
		}
		if errors.Is(e.Err, hub.ErrHidden) && h.caller.known() {
			e.Advice = "check its owner and name; where there is none yet, create it, empty and private"
		}
	default:
		e.Advice, e.Err = refusalOf(a, message)
	}
	return e
}

// refusalOf says what an answer refuses that has no code, and how to mend it where package hub does not say.
func refusalOf(a *answer, message string) (advice string, err error) {
	switch {
	case a.status == http.StatusUnauthorized:
		return "", hub.ErrUnauthorized
	case a.status == http.StatusForbidden && strings.HasPrefix(message, "Access to this resource is disabled"):
		return "see the dataset's page for the reason, or use another dataset", fmt.Errorf("%w: the Hub has disabled the dataset", hub.ErrForbidden)
	case a.status == http.StatusForbidden:
		return "", with(hub.ErrForbidden, message)
	case a.status == http.StatusPaymentRequired:
		return "the Hub asks for payment: see the owner's billing page", with(hub.ErrForbidden, message)
	case a.status == http.StatusPreconditionFailed:
		return "", hub.ErrConflict
	case a.status == http.StatusTooManyRequests:
		return rateLimited(a)
	case a.status == http.StatusRequestTimeout, a.status >= 500:
		return "", with(hub.ErrUnavailable, message)
	case message == "": // what refuses, and does not say what, is no Hub: a proxy, a login page, another site
		return "", hub.ErrNotHub
	}
	return "", errors.New(message)
}

// wayToToken says how to get the token for a dataset that was asked for and refused; nothing where none was.
func (h *Hub) wayToToken(r hub.Repo) string {
	why, _ := h.refused.Load(r)
	err, _ := why.(error)
	if e := (*hub.Error)(nil); errors.As(err, &e) {
		return e.Mend()
	}
	return ""
}

// badToken begins the only message of a 401 that is about the token and not about the dataset.
const badToken = "Invalid credentials in Authorization header"

// codeOf returns the X-Error-Code that an answer would have, had whatever stands between left it in.
func codeOf(status int, message string) string {
	message = strings.ToLower(message)
	switch {
	case status != http.StatusNotFound:
	case strings.HasPrefix(message, "repository not found"):
		return "RepoNotFound"
	case strings.HasPrefix(message, "revision not found"), strings.HasPrefix(message, "invalid rev id"):
		return "RevisionNotFound"
	case strings.HasPrefix(message, "entry not found"):
		return "EntryNotFound"
	}
	return ""
}

// foreignFailure says what a storage host refuses. Its text is left out: it repeats signatures, and nobody can act on it.
func (h *Hub) foreignFailure(a *answer) error {
	switch {
	case a.status == http.StatusForbidden, a.status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the storage host %s refuses the address that the Hub gave", hub.ErrUnavailable, a.url.Host)
	case a.status == http.StatusRequestTimeout, a.status == http.StatusTooManyRequests, a.status >= 500:
		return fmt.Errorf("%w: the storage host %s fails", hub.ErrUnavailable, a.url.Host)
	}
	return fmt.Errorf("the storage host %s refuses what the Hub said to ask for", a.url.Host)
}

// rateLimited says until when.
func rateLimited(a *answer) (advice string, err error) {
	d, ok := untilReset(a.header)
	if !ok {
		d, ok = seconds(a.header.Get("Retry-After"))
	}
	if !ok {
		return "", hub.ErrRateLimited
	}
	at := time.Now().Add(d).UTC().Format("15:04:05 UTC")
	return fmt.Sprintf("run again after %s, give a longer timeout, or a token, which has a higher limit", at),
		fmt.Errorf("%w: the limit is lifted at %s", hub.ErrRateLimited, at)
}

// notHub says that an answer is no Hub's.
func (h *Hub) notHub(r request, a *answer, why string) error {
	err := fmt.Errorf("%w: %s", hub.ErrNotHub, why)
	if strings.Contains(a.header.Get("Content-Type"), "html") {
		err = fmt.Errorf("%w: %s, but a web page", hub.ErrNotHub, why)
	}
	return &hub.Error{Op: r.op, Target: r.target, Status: a.status, RequestID: h.requestID(a), Err: err}
}

// with adds what the Hub says to an error.
func with(err error, message string) error {
	if message == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, message)
}

// requestID returns the id by which the Hub's operators find a request.
func (h *Hub) requestID(a *answer) string {
	for _, name := range []string{"X-Request-Id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id"} {
		if id := a.header.Get(name); id != "" {
			return h.secrets.redact(oneLine(id))
		}
	}
	return ""
}

// message returns what an answer says of itself, in one line; nothing where that is a page for people.
func (h *Hub) message(a *answer) string {
	text := a.header.Get("X-Error-Message")
	if text == "" {
		text = bodyMessage(a.body)
	}
	return h.secrets.redact(oneLine(text))
}

// bodyMessage reads the texts that an error's body may hold: {"error": "text"}, {"error": ["a", "b"]}, {"error": "code",
// "error_description": "text"}, {"errors": [{"message": "text"}]}, {"message": "text"}, and plain text.
func bodyMessage(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' {
		return ""
	}
	if body[0] != '{' {
		return string(body)
	}
	var v struct {
		Error       any    `json:"error"`
		Description string `json:"error_description"`
		Message     any    `json:"message"`
		Errors      []any  `json:"errors"`
	}
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	var texts []string
	add := func(v any) {
		if s, ok := v.(string); ok && s != "" && !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
	}
	add(v.Error)
	if list, ok := v.Error.([]any); ok {
		for _, s := range list {
			add(s)
		}
	}
	add(v.Description)
	add(v.Message)
	for _, s := range v.Errors {
		add(s)
		if m, ok := s.(map[string]any); ok {
			add(m["message"])
		}
	}
	return strings.Join(texts, "; ")
}
