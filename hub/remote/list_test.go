package remote

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

var someCommit = hub.Commit{ID: strings.Repeat("a", 40)}

// last returns how many values a sequence yields, and its error.
func last[T any](seq iter.Seq2[T, error]) (n int, err error) {
	for _, err := range seq {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// A hostile list ends in an error that says what is wrong with it, before anything of it is handed on.
func TestListRefuses(t *testing.T) {
	t.Parallel()
	const fine = `{"type":"file","path":"data/a","size":1}`
	for entry, want := range map[string]string{
		`{"type":"file","path":"../x","size":1}`:                                                    `".."`,
		`{"type":"file","path":"data/../../x","size":1}`:                                            `".."`,
		`{"type":"file","path":"/etc/passwd","size":1}`:                                             `begins with "/"`,
		`{"type":"file","path":"data/.git/hooks/x","size":1}`:                                       "belongs to git",
		`{"type":"file","path":"data\\x","size":1}`:                                                 "backslash",
		`{"type":"file","path":"data/a\u0000b","size":1}`:                                           "control character",
		`{"type":"file","path":"","size":1}`:                                                        "is empty",
		`{"type":"file","path":"other/x","size":1}`:                                                 `not under "data"`,
		`{"type":"file","path":"data/b","size":-1}`:                                                 "-1 bytes",
		`{"type":"file","path":"data/b","lfs":{"oid":"` + strings.Repeat("b", 64) + `","size":-5}}`: "-5 bytes",
		`{"type":"file","path":"data/b","lfs":{"oid":"../../x","size":5}}`:                          "digest",
		`{"type":"file","path":"data/a","size":2}`:                                                  "twice",
	} {
		h := openHub(t, Options{}, func(*http.Request) (*http.Response, error) { return respond(200, "["+fine+","+entry+"]"), nil })
		s := &store{hub: h, repo: tiny}
		n, err := last(s.List(t.Context(), someCommit, "data"))
		if n != 0 || !errors.Is(err, hub.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %d entries and %v, want none, %v and %q", entry, n, err, hub.ErrCorrupt, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("b", 64)
	pages := []string{
		`[{"type":"directory","path":"data","size":0},{"type":"file","path":"data/b","size":3,"unknown":{"x":1}}]`,
		`[{"type":"file","path":"data-2","size":1},{"type":"file","path":"README.md","size":130,"lfs":{"oid":"` + digest + `","size":9,"pointerSize":130}}]`,
	}
	h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("cursor") == "" {
			return respond(200, pages[0], `Link: <https://hub.example/api/next?cursor=2>; rel="next"`), nil
		}
		return respond(200, pages[1]), nil
	})
	s := &store{hub: h, repo: tiny}
	var got []hub.Entry
	for e, err := range s.List(t.Context(), someCommit, "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	want := []hub.Entry{{Path: "README.md", Size: 9, SHA256: digest}, {Path: "data-2", Size: 1}, {Path: "data/b", Size: 3}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A list that does not end is given up.
func TestPagesEnd(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(n int) string{
		"the same page":       func(int) string { return "/api/datasets?cursor=1" },
		"two pages in a ring": func(n int) string { return fmt.Sprintf("/api/datasets?cursor=%d", n%2) },
		"ever new ones":       func(n int) string { return fmt.Sprintf("/api/datasets?cursor=%d", n) },
		"another host":        func(int) string { return "https://evil.example/?cursor=1" },
		"another port":        func(int) string { return "https://hub.example:444/?cursor=1" },
		"plain http":          func(int) string { return "http://hub.example/?cursor=1" },
		"not an address":      func(int) string { return "https://a b/%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			h := openHub(t, Options{Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
				if r.URL.Hostname() != "hub.example" || r.URL.Scheme != "https" || r.URL.Port() != "" {
					t.Errorf("asked %s", r.URL)
				}
				n++
				return respond(200, `[]`, "Link: <"+link(n)+`>; rel="next"`), nil
			})
			if _, err := last(h.Datasets(t.Context(), "acme")); !errors.Is(err, hub.ErrCorrupt) || n > maxPages+1 {
				t.Errorf("got %v after %d pages, want %v", err, n, hub.ErrCorrupt)
			}
		})
	}
}

// A mirror hands on the Hub's own addresses: the next page is asked of the mirror.
func TestPagesOfMirror(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://mirror.example", "https://hub.example/mirror"} {
		var got []string
		h := openHub(t, Options{URL: base, Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
			got = append(got, r.URL.String())
			if len(got) == 2 {
				return respond(200, `[{"id":"acme/b"}]`), nil
			}
			return respond(200, `[{"id":"acme/a"}]`, `Link: <https://hub.example/api/datasets?cursor=x%2By>; rel="next"`), nil
		})
		if n, err := last(h.Datasets(t.Context(), "acme")); n != 2 || err != nil {
			t.Errorf("%s: got %d datasets, %v, want 2", base, n, err)
		}
		if want := base + "/api/datasets?cursor=x%2By"; len(got) != 2 || got[1] != want {
			t.Errorf("asked %q, want %q for the second page", got, want)
		}
	}
}

// Too much at once is given up as well.
func TestPagesBounded(t *testing.T) {
	t.Parallel()
	page := "[" + strings.TrimSuffix(strings.Repeat(`{"id":"acme/x"},`, 100_000), ",") + "]"
	n := 0
	h := openHub(t, Options{}, func(*http.Request) (*http.Response, error) {
		n++
		return respond(200, page, fmt.Sprintf(`Link: </api/datasets?cursor=%d>; rel="next"`, n)), nil
	})
	if _, err := last(h.Datasets(t.Context(), "acme")); !errors.Is(err, hub.ErrCorrupt) || n != 3 {
		t.Errorf("got %v after %d pages, want %v after 3", err, n, hub.ErrCorrupt)
	}
	h = openHub(t, Options{}, func(*http.Request) (*http.Response, error) {
		return unsized(respond(200, `["`+strings.Repeat("x", maxJSON)+`"]`)), nil
	})
	if _, err := last(h.Datasets(t.Context(), "acme")); !errors.Is(err, hub.ErrNotHub) {
		t.Errorf("an endless page: got %v, want %v", err, hub.ErrNotHub)
	}
}

// Only datasets of just that owner are his, each once, in order of their names.
func TestDatasets(t *testing.T) {
	t.Parallel()
	var asked string
	h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
		asked = r.URL.RequestURI()
		return respond(200, `[{"id":"acme/b"},{"id":"acme/a"},{"id":"Acme/c"},{"id":"acme-2/d"},{"id":"acme/../e"},{"id":"legacy"},{"id":"acme/b"}]`), nil
	})
	var got []string
	for r, err := range h.Datasets(t.Context(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.String())
	}
	if !slices.Equal(got, []string{"acme/a", "acme/b"}) || asked != "/api/datasets?author=acme&full=false&limit=100" {
		t.Errorf("got %q from %s", got, asked)
	}
	asked = ""
	if n, err := last(h.Datasets(t.Context(), "a&b=c")); n != 0 || err != nil || asked != "" {
		t.Errorf("an impossible owner: got %d, %v after asking %q", n, err, asked)
	}
}

func TestNextLink(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`<https://h/x?cursor=a%2Cb>; rel="next"`:               "https://h/x?cursor=a%2Cb",
		`<https://h/x?a=1,2;3>; rel="next"`:                    "https://h/x?a=1,2;3",
		`<https://h/p>; rel="prev", <https://h/n>; rel="next"`: "https://h/n",
		`<https://h/n>; title="a"; REL=next`:                   "https://h/n",
		`<https://h/x>; rel="xet-auth"`:                        "",
		`<https://h/x>`:                                        "",
		`<https://h/x; rel="next"`:                             "",
		`https://h/x; rel="next"`:                              "",
		``:                                                     "",
	} {
		if got := nextLink(http.Header{"Link": {value}}); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

// Only a folder can be missing: not the root, nor a page of what has begun. A part must not pass for all there is.
func TestListOfNothing(t *testing.T) {
	t.Parallel()
	missing := func() *http.Response { return respond(404, "", "X-Error-Code: EntryNotFound") }
	info := func() *http.Response {
		return respond(200, `[{"type":"file","path":"data"}]`)
	}
	begun := func() *http.Response {
		return respond(200, `[{"type":"file","path":"data/a","size":1}]`, `Link: </api/datasets/acme/tiny/tree/x?cursor=2>; rel="next"`)
	}
	for _, tt := range []struct {
		name, dir string
		pages     []func() *http.Response
		want      error
	}{
		{"a folder", "data", []func() *http.Response{missing, info}, nil},
		{"the root", "", []func() *http.Response{missing}, hub.ErrNoEntry},
		{"the second page", "data", []func() *http.Response{begun, missing}, hub.ErrNoEntry},
	} {
		pages := tt.pages
		h := openHub(t, Options{}, func(*http.Request) (*http.Response, error) {
			page := pages[0]
			pages = pages[1:]
			return page(), nil
		})
		n, err := last((&store{hub: h, repo: tiny}).List(t.Context(), someCommit, tt.dir))
		if n != 0 || !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: got %d entries and %v, want none and %v", tt.name, n, err, tt.want)
		}
	}
}
