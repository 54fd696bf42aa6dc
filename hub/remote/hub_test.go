package remote

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
)

func TestOpenURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{ // the error's words; empty when it is accepted
		"https://huggingface.co":     "",
		"https://huggingface.co/":    "",
		"https://hub.example:8443/x": "",
		"http://localhost:8080":      "",
		"http://127.0.0.1":           "",
		"http://[::1]:80/":           "",

		"":                           "cannot be read",
		"huggingface.co":             "cannot be read",
		"https:huggingface.co":       "cannot be read",
		"https://":                   "cannot be read",
		"https://a b":                "cannot be read",
		"http://hub.example":         "plain http",
		"http://127.0.0.1.evil.test": "plain http",
		"ftp://hub.example":          "https://",
		"https://ada:pw@hub.example": "user",
		"https://hub.example?a=b":    "query",
	} {
		_, err := Open(Options{URL: url})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got error %v, want %q", url, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: the error %q shows a password or is not one line", url, err)
		}
	}
	if _, err := Open(Options{URL: "http://hub.example", PlainHTTP: true}); err != nil {
		t.Errorf("plain http where it is allowed: %v", err)
	}
}

// Paths are below the Hub's own, each part escaped as one segment.
func TestPaths(t *testing.T) {
	t.Parallel()
	var got []string
	h := openHub(t, Options{URL: "https://hub.example/mirror/"}, func(r *http.Request) (*http.Response, error) {
		got = append(got, r.URL.EscapedPath())
		return respond(404, "", "X-Error-Code: EntryNotFound"), nil
	})
	s := &store{hub: h, repo: tiny}
	at := hub.Commit{ID: strings.Repeat("a", 40)}
	_, _ = s.Resolve(t.Context(), "refs/pr/3")
	_, _ = last(s.List(t.Context(), at, "data/a b"))
	_, _ = s.Open(t.Context(), at, "100%/a?b#c")
	want := []string{
		"/mirror/api/datasets/acme/tiny/commits/refs%2Fpr%2F3",
		"/mirror/api/datasets/acme/tiny/tree/" + at.ID + "/data/a%20b",
		"/mirror/api/datasets/acme/tiny/paths-info/" + at.ID,
		"/mirror/datasets/acme/tiny/resolve/" + at.ID + "/100%25/a%3Fb%23c",
		"/mirror/api/datasets/acme/tiny/paths-info/" + at.ID,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, location string
		status           int
		token            bool   // at the last address
		err              string // the error's words; empty when it is followed
	}{
		"relative":              {"GET", "/api/y", 307, true, ""},
		"own, absolute":         {"GET", "https://hub.example/api/y", 302, true, ""},
		"foreign":               {"GET", "https://other.example/y", 302, false, ""},
		"another port":          {"GET", "https://hub.example:444/y", 302, false, ""},
		"https to http":         {"GET", "http://hub.example/y", 302, false, "plain http"},
		"to nowhere":            {"GET", "", 302, false, "nowhere"},
		"another scheme":        {"GET", "file:///etc/passwd", 302, false, "nowhere"},
		"javascript":            {"GET", "ftp://x/y", 302, false, `"ftp" address`},
		"to itself":             {"GET", "/api/x", 302, true, "more than 5 times"},
		"post, kept":            {"POST", "/api/y", 307, true, ""},
		"post, turned into get": {"POST", "/api/y", 302, true, "what is written"},
		"post, foreign":         {"POST", "https://other.example/y", 307, false, "what is written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var last *http.Request
			h := openHub(t, Options{Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
				last = r
				if r.URL.Path == "/api/x" {
					return respond(c.status, "", "Location: "+c.location), nil
				}
				return respond(200, "{}"), nil
			})
			r := request{op: "test", target: "acme/tiny", repo: tiny, method: c.method, path: "/api/x"}
			if c.method == http.MethodPost {
				r.body = []byte("content")
			}
			_, err := h.call(t.Context(), r, nil)
			if c.err != "" {
				if !errors.Is(err, hub.ErrNotHub) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %v and %q", err, hub.ErrNotHub, c.err)
				}
				return
			}
			if err != nil || last.URL.Path == "/api/x" {
				t.Fatalf("got %v at %s, want it followed", err, last.URL)
			}
			if got := last.Header.Get("Authorization") != ""; got != c.token {
				t.Errorf("token at %s: got %v, want %v", last.URL, got, c.token)
			}
		})
	}
}

// A dataset that was renamed is asked for by its new name afterwards.
func TestRename(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func() *http.Response{
		"redirect":   func() *http.Response { return respond(307, "", "Location: /api/datasets/acme/new-name?expand=sha") },
		"another id": func() *http.Response { return respond(200, `{"id":"acme/new-name"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
				paths = append(paths, r.URL.Path)
				switch {
				case len(paths) == 1:
					return first(), nil
				case strings.HasSuffix(r.URL.Path, "/commits/main"):
					return respond(200, `[{"id":"`+strings.Repeat("a", 40)+`","title":"x"}]`), nil
				}
				return respond(200, `{"id":"acme/new-name"}`), nil
			})
			for range 2 {
				st, err := h.Open(t.Context(), tiny)
				if err != nil || st.Repo().Name != "new-name" {
					t.Fatalf("got %v, %v, want the new name", st, err)
				}
				if _, err := st.Resolve(t.Context(), "main"); err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range paths[1:] {
				if !strings.HasPrefix(p, "/api/datasets/acme/new-name") {
					t.Errorf("asked for %s, want the new name", p)
				}
			}
		})
	}
}

// Names that lead elsewhere are not taken from an answer.
func TestOpenRefusesNames(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"id":"x"}`, `{"id":"../../whoami"}`, `{"id":"a/b/c"}`, `null`, `[]`, `<html>`} {
		h := openHub(t, Options{}, func(*http.Request) (*http.Response, error) { return respond(200, body), nil })
		if st, err := h.Open(t.Context(), tiny); !errors.Is(err, hub.ErrNotHub) {
			t.Errorf("%s: got %v, %v, want %v", body, st, err, hub.ErrNotHub)
		}
	}
}

// What a request failed for is told as the end of its context, whatever broke first.
func TestCancellation(t *testing.T) {
	t.Parallel()
	why := errors.New("the job was cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
		cancel(why)
		<-r.Context().Done()
		return nil, errors.New("connection reset")
	})
	_, err := h.Open(ctx, tiny)
	if e := (*hub.Error)(nil); !errors.As(err, &e) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("got %v, want a *hub.Error with %v and %v", err, context.Canceled, why)
	}
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	_, err = h.Open(late, tiny)
	if e := (*hub.Error)(nil); !errors.As(err, &e) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(e.Mend(), "timeout") {
		t.Errorf("got %v, want a *hub.Error with %v and advice", err, context.DeadlineExceeded)
	}
}
