package remote

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

func hex40(c string) string { return strings.Repeat(c, 40/len(c)) }

// logOf makes a page of a log.
func logOf(ids ...string) string {
	var entries []string
	for _, id := range ids {
		entries = append(entries, fmt.Sprintf(`{"id":%q,"title":"Commit %.2s","message":"","date":"2026-08-01T10:00:00.000Z"}`, id, id))
	}
	return "[" + strings.Join(entries, ",") + "]"
}

func TestResolveAnswers(t *testing.T) {
	t.Parallel()
	a, b := hex40("ab12"), hex40("cd34")
	noRevision := func() *http.Response { return respond(404, "", "X-Error-Code: RevisionNotFound") }
	for name, c := range map[string]struct {
		revision string
		answers  map[string]func() *http.Response // by revision; none: no such revision
		want     hub.Commit
		err      error
	}{
		"branch":                    {"main", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf(a, b)) }}, hub.Commit{ID: a, Parent: b}, nil},
		"first commit":              {"main", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf(a)) }}, hub.Commit{ID: a}, nil},
		"no commit":                 {"main", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, "[]") }}, hub.Commit{}, hub.ErrNoRevision},
		"no list":                   {"main", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, "null") }}, hub.Commit{}, hub.ErrNotHub},
		"no revision":               {"v2", nil, hub.Commit{}, hub.ErrNoRevision},
		"short, known to the Hub":   {a[:9], map[string]func() *http.Response{a[:9]: func() *http.Response { return respond(200, logOf(a, b)) }}, hub.Commit{ID: a, Parent: b}, nil},
		"short, in the log":         {b[:9], map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf(a, b)) }}, hub.Commit{ID: b}, nil},
		"short, of two":             {a[:8], map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf(a, a[:8]+b[8:])) }}, hub.Commit{}, hub.ErrNoRevision},
		"short, of none":            {"0123456", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf(a, b)) }}, hub.Commit{}, hub.ErrNoRevision},
		"too short, guessed":        {a[:6], map[string]func() *http.Response{a[:6]: func() *http.Response { return respond(200, logOf(a)) }}, hub.Commit{}, hub.ErrNoRevision},
		"a branch of few digits":    {"2024", map[string]func() *http.Response{"2024": func() *http.Response { return respond(200, logOf(a)) }}, hub.Commit{ID: a}, nil},
		"another commit than asked": {b, map[string]func() *http.Response{b: func() *http.Response { return respond(200, logOf(a, b)) }}, hub.Commit{}, hub.ErrCorrupt},
		"not an id":                 {"main", map[string]func() *http.Response{"main": func() *http.Response { return respond(200, logOf("../../etc")) }}, hub.Commit{}, hub.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
				_, revision, _ := strings.Cut(r.URL.Path, "/commits/")
				if f := c.answers[revision]; f != nil {
					return f(), nil
				}
				if strings.HasSuffix(r.URL.Path, "/refs") {
					return respond(200, `{"branches":[]}`), nil
				}
				if revision == a && c.answers["main"] != nil { // what main was resolved to
					return c.answers["main"](), nil
				}
				return noRevision(), nil
			})
			got, err := (&store{hub: h, repo: tiny}).Resolve(t.Context(), c.revision)
			if got.ID != c.want.ID || got.Parent != c.want.Parent || !errors.Is(err, c.err) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}

// A log that goes in a ring, or that holds what is no commit, ends in an error.
func TestLogRefuses(t *testing.T) {
	t.Parallel()
	a, b := hex40("ab12"), hex40("cd34")
	for name, page := range map[string]string{"a ring": logOf(a, b, a), "no id": logOf(a, "x"), "no log": `[1]`, "nothing": "[]", "the head alone": logOf(a), "another head": logOf(b)} {
		h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("limit") == "2" {
				return respond(200, logOf(a, b)), nil
			}
			return respond(200, page), nil
		})
		if _, err := last((&store{hub: h, repo: tiny}).Log(t.Context(), "main")); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestLogParents(t *testing.T) {
	t.Parallel()
	a, b, c := hex40("ab12"), hex40("cd34"), hex40("ef56")
	h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("cursor") != "" {
			return respond(200, logOf(c)), nil
		}
		return respond(200, logOf(a, b), `Link: </api/datasets/acme/tiny/commits/x?cursor=2&limit=100>; rel="next"`), nil
	})
	var got []string
	for commit, err := range (&store{hub: h, repo: tiny}).Log(t.Context(), "main") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%.2s on %.2s", commit.ID, commit.Parent))
	}
	if want := "[ab on cd cd on ef ef on ]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
