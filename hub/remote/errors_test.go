package remote

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// Section by section of the Hub's errors: what an answer says, and what that means.
func TestErrors(t *testing.T) {
	t.Parallel()
	const invalid = `{"error":"Invalid credentials in Authorization header"}`
	for name, c := range map[string]struct {
		resp *http.Response
		want error
		text string // in the message or the advice
	}{
		"missing":               {respond(404, `{"error":"Repository not found"}`, "X-Error-Code: RepoNotFound"), hub.ErrHidden, "may read it"},
		"missing, by text":      {respond(404, `{"error":"Repository not found"}`), hub.ErrHidden, ""},
		"hidden":                {respond(401, `{"error":"Invalid username or password."}`), hub.ErrHidden, ""},
		"hidden, by code":       {respond(401, "", "X-Error-Code: RepoNotFound"), hub.ErrHidden, ""},
		"bad token":             {respond(401, invalid), hub.ErrUnauthorized, "not expired"},
		"bad token, by header":  {respond(401, "", "X-Error-Message: Invalid credentials in Authorization header"), hub.ErrUnauthorized, ""},
		"gated":                 {respond(403, "", "X-Error-Code: GatedRepo"), hub.ErrGated, "https://hub.example/datasets/acme/tiny"},
		"gated, to a stranger":  {respond(401, "", "X-Error-Code: GatedRepo"), hub.ErrGated, ""},
		"no revision":           {respond(404, "", "X-Error-Code: RevisionNotFound"), hub.ErrNoRevision, ""},
		"no revision, by text":  {respond(404, `{"error":"Invalid rev id: nope"}`), hub.ErrNoRevision, ""},
		"no entry":              {respond(404, "", "X-Error-Code: EntryNotFound"), hub.ErrNoEntry, ""},
		"disabled":              {respond(403, "", "X-Error-Message: Access to this resource is disabled."), hub.ErrForbidden, "disabled the dataset"},
		"read-only":             {respond(403, `{"error":"You need write access"}`), hub.ErrForbidden, "You need write access"},
		"payment":               {respond(402, `{"error":"Quota exceeded"}`), hub.ErrForbidden, "billing"},
		"parent moved":          {respond(412, `{"error":"A commit has happened since."}`), hub.ErrConflict, ""},
		"limit of requests":     {respond(429, "", `RateLimit: "api";r=0;t=7199`), hub.ErrRateLimited, "lifted at 02:00:00 UTC"},
		"limit, without a time": {respond(429, ""), hub.ErrRateLimited, "later"},
		"limit, by retry-after": {respond(429, "", "Retry-After: 3600"), hub.ErrRateLimited, "after 01:00:00 UTC"},
		"server":                {respond(500, `{"error":"Internal"}`), hub.ErrUnavailable, "Internal"},
		"gateway":               {respond(502, "<html>Bad Gateway"), hub.ErrUnavailable, ""},
		"server, with a code":   {respond(503, "", "X-Error-Code: RepoNotFound"), hub.ErrUnavailable, ""},
		"limit, with a code":    {respond(429, "", "X-Error-Code: RevisionNotFound"), hub.ErrRateLimited, ""},
		"bad request":           {respond(400, `{"error":"Invalid YAML"}`), nil, "Invalid YAML"},
		"another site":          {respond(404, "<!doctype html><title>404</title>"), hub.ErrNotHub, "proxy"},
		"proxy's block":         {respond(400, "<html>blocked"), hub.ErrNotHub, ""},
		"proxy's page":          {respond(200, "<html>log in", "Content-Type: text/html"), hub.ErrNotHub, "a web page"},
		"other JSON":            {respond(200, `[1,2]`), hub.ErrNotHub, ""},
		"nothing":               {respond(200, ``), hub.ErrNotHub, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // its clock begins at midnight
				c.resp.Header.Set("X-Request-Id", "Root=1-abc")
				answers := 0
				h := openHub(t, Options{Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/whoami-v2") {
						return respond(401, invalid), nil
					}
					answers++
					return respond(c.resp.StatusCode, bodyOf(c.resp), headersOf(c.resp)...), nil
				})
				ctx, cancel := contextFor(t, time.Second/2) // so that nothing is repeated
				defer cancel()
				r := request{op: "open", target: tiny.String(), repo: tiny, path: "/api/datasets/acme/tiny"}
				_, err := h.call(ctx, r, &struct{ ID string }{})
				var e *hub.Error
				if !errors.As(err, &e) || c.want != nil && !errors.Is(err, c.want) {
					t.Fatalf("got %v, want a *hub.Error with %v", err, c.want)
				}
				if e.Status != c.resp.StatusCode || e.RequestID != "Root=1-abc" || e.Target != "acme/tiny" || e.Op != "open" {
					t.Errorf("got %+v, want the status, the request's id, what and where", e)
				}
				if said := err.Error() + "; " + e.Mend(); !strings.Contains(said, c.text) || strings.ContainsAny(said, "\n<") {
					t.Errorf("got %q, want %q in one line", said, c.text)
				}
				if c.want != nil && e.Mend() == "" {
					t.Errorf("%v: no advice", err)
				}
			})
		})
	}
}

// Requests about no dataset are not told of hidden ones.
func TestUnauthorizedAboutNoDataset(t *testing.T) {
	t.Parallel()
	h := openHub(t, Options{}, func(*http.Request) (*http.Response, error) { return respond(401, `{"error":"Please log in"}`), nil })
	for _, err := range h.Datasets(t.Context(), "acme") {
		if !errors.Is(err, hub.ErrUnauthorized) {
			t.Errorf("got %v, want %v", err, hub.ErrUnauthorized)
		}
	}
}

func TestBodyMessage(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":"text"}`:      "text",
		`{"error":["a","b"]}`:   "a; b",
		`{"error":["a","a",7]}`: "a",
		`{"error":"invalid_grant","error_description":"no publisher"}`: "invalid_grant; no publisher",
		`{"errors":[{"message":"a"},{"message":"b"},"c"]}`:             "a; b; c",
		`{"message":"a","error":"a"}`:                                  "a",
		`{"message":{"a":1}}`:                                          "",
		"plain":                                                        "plain",
		"  <html>":                                                     "",
		"{":                                                            "",
		"":                                                             "",
	} {
		if got := bodyMessage([]byte(body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// No error shows the token or a signature, wherever they stand in what went wrong.
func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	const signed = "https://cdn.example/objects/x?Signature=s3cr3tSignature&Expires=1"
	leak := "bad token " + secret + " for " + signed
	for name, f := range map[string]tripper{
		"connection": func(*http.Request) (*http.Response, error) { return nil, errors.New(leak) },
		"body":       func(*http.Request) (*http.Response, error) { return respond(400, `{"error":"`+leak+`"}`), nil },
		"header":     func(*http.Request) (*http.Response, error) { return respond(403, "", "X-Error-Message: "+leak), nil },
		"request id": func(*http.Request) (*http.Response, error) { return respond(403, "", "X-Request-Id: "+leak), nil },
		"next page": func(*http.Request) (*http.Response, error) {
			return respond(200, "[]", "Link: <"+signed+`>; rel="next"`), nil
		},
		"redirect": func(*http.Request) (*http.Response, error) {
			return respond(302, "", "Location: http://cdn.example/x?Signature=s3cr3tSignature"), nil
		},
		"storage": func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "cdn.example" {
				return respond(400, "<Error>"+leak+"</Error>"), nil
			}
			return respond(302, "", "Location: "+signed, "X-Repo-Commit: "+strings.Repeat("a", 40), "X-Linked-Size: 3", `X-Linked-Etag: "`+strings.Repeat("b", 64)+`"`), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := openHub(t, Options{Token: always(secret)}, f)
				s := &store{hub: h, repo: tiny}
				_, openErr := h.Open(t.Context(), tiny)
				var listErr, readErr error
				for _, err := range h.Datasets(t.Context(), "acme") {
					listErr = err
				}
				b, err := s.Open(t.Context(), hub.Commit{ID: strings.Repeat("a", 40)}, "x")
				if readErr = err; err == nil {
					_, readErr = b.ReadAt(make([]byte, 1), 0)
				}
				failed := 0
				for _, err := range []error{openErr, listErr, readErr} {
					if err == nil {
						continue
					}
					failed++
					said := err.Error()
					if e := (*hub.Error)(nil); errors.As(err, &e) {
						said += e.Mend() + e.RequestID
					}
					if strings.Contains(said, secret) || strings.Contains(said, "s3cr3t") {
						t.Errorf("the error shows a secret: %s", said)
					}
				}
				if failed == 0 {
					t.Error("nothing failed")
				}
			})
		})
	}
}
