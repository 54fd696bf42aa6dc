package remote

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// told is a Hub with a dataset that has one file under data/, and what a test asks of it once the Hub says wrong things.
func told(t *testing.T) (*hubtest.Server, *Hub, hub.Store, hub.Commit) {
	t.Helper()
	s := hubtest.NewServer(t)
	s.Grant(secret, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Add(tiny.String(), hubtest.Dataset{Private: true, Files: map[string]string{"data/a.jsonl": "{}", "README.md": "x"}})
	if _, err := s.Commit(tiny.String(), "main", "More", map[string]string{"data/b.jsonl": "{}"}); err != nil {
		t.Fatal(err)
	}
	h, err := Open(Options{URL: s.URL(), Token: always(secret)})
	if err != nil {
		t.Fatal(err)
	}
	st, err := h.Open(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	at, err := st.Resolve(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	return s, h, st, at
}

// None of what is there is taken for absent because the Hub says so, however often: another of its answers says otherwise.
func TestAbsentNeedsTwoAnswers(t *testing.T) {
	t.Parallel()
	const api = "/api/datasets/acme/tiny"
	none := hubtest.Edit(func(_ http.Header, _ []byte) []byte { return []byte("[]") })
	noRevision := hubtest.Status(http.StatusNotFound, "Revision not found")
	noEntry := hubtest.Status(http.StatusNotFound, "Entry not found")
	for name, c := range map[string]struct {
		path    string
		trouble hubtest.Trouble
		do      func(h *Hub, st hub.Store, at hub.Commit) error
	}{
		"the dataset": {api, hubtest.Status(http.StatusNotFound, "Repository not found"), func(h *Hub, _ hub.Store, _ hub.Commit) error {
			_, err := h.Open(t.Context(), tiny)
			return err
		}},
		"main": {api + "/commits/main", noRevision, func(_ *Hub, st hub.Store, _ hub.Commit) error {
			_, err := st.Resolve(t.Context(), "main")
			return err
		}},
		"main, by an empty log": {api + "/commits/main", none, func(_ *Hub, st hub.Store, _ hub.Commit) error {
			_, err := st.Resolve(t.Context(), "main")
			return err
		}},
		"main, by every answer": {api + "*", noRevision, func(h *Hub, _ hub.Store, _ hub.Commit) error {
			st, err := h.Open(t.Context(), tiny)
			if err == nil {
				_, err = st.Resolve(t.Context(), "main")
			}
			return err
		}},
		"main, of a first commit": {api + "/commits/main", noRevision, func(_ *Hub, st hub.Store, _ hub.Commit) error {
			_, err := st.Commit(t.Context(), hub.Change{Branch: "main", Message: "Begin", Put: []hub.File{hub.Bytes("README.md", []byte("mine"))}})
			return err
		}},
		"a file": {"/datasets/acme/tiny/resolve/*", noEntry, func(_ *Hub, st hub.Store, at hub.Commit) error {
			_, err := st.Open(t.Context(), at, "README.md")
			return err
		}},
		"a folder": {api + "/tree/*", noEntry, func(_ *Hub, st hub.Store, at hub.Commit) error {
			_, err := last(st.List(t.Context(), at, "data"))
			return err
		}},
		"what is in a folder": {api + "/tree/*", none, func(_ *Hub, st hub.Store, at hub.Commit) error {
			_, err := last(st.List(t.Context(), at, "data"))
			return err
		}},
		"everything": {api + "/tree/*", none, func(_ *Hub, st hub.Store, at hub.Commit) error {
			_, err := last(st.List(t.Context(), at, ""))
			return err
		}},
		"a file, by every answer": {"*", noEntry, func(_ *Hub, st hub.Store, at hub.Commit) error {
			_, err := st.Open(t.Context(), at, "README.md")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, h, st, at := told(t)
			s.Fail(hubtest.Fault{Path: c.path, Times: -1, Trouble: c.trouble})
			err := c.do(h, st, at)
			if !errors.Is(err, hub.ErrUnavailable) || errors.Is(err, hub.ErrNotFound) || errors.Is(err, hub.ErrNoRevision) || errors.Is(err, hub.ErrNoEntry) {
				t.Errorf("got %v, want %v and nothing absent", err, hub.ErrUnavailable)
			}
		})
	}
}

// What is really not there costs one more request; a dataset, no more however often it is asked for.
func TestAbsentCosts(t *testing.T) {
	t.Parallel()
	s, h, st, at := told(t)
	for range 2 {
		if _, err := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "missing"}); !errors.Is(err, hub.ErrNotFound) {
			t.Errorf("got %v, want %v", err, hub.ErrNotFound)
		}
	}
	if n := asked(s, "/api/datasets"); n != 1 {
		t.Errorf("a dataset: searched %d times, want once", n)
	}
	made := hub.Repo{Owner: "acme", Name: "missing"}
	if _, err := h.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	s.Fail(hubtest.Fault{Path: "/api/datasets/acme/missing", Times: -1, Trouble: hubtest.Status(http.StatusNotFound, "Repository not found")})
	if _, err := h.Open(t.Context(), made); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("what was made since: got %v, want %v", err, hub.ErrUnavailable)
	}
	for _, name := range []string{"hubgate.json", "data", "x/y"} {
		if _, err := st.Open(t.Context(), at, name); !errors.Is(err, hub.ErrNoEntry) {
			t.Errorf("%s: got %v, want %v", name, err, hub.ErrNoEntry)
		}
		if n, err := last(st.List(t.Context(), at, name+"-2")); n != 0 || err != nil {
			t.Errorf("%s: got %d files, %v", name, n, err)
		}
	}
	if n := asked(s, "/api/datasets/acme/tiny/paths-info/"+at.ID); n != 6 {
		t.Errorf("files and folders: asked %d times, want 6", n)
	}
}

// Where the second answer cannot be had, or is none, nothing is certain.
func TestAbsentUnconfirmed(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]hubtest.Trouble{
		"refused": hubtest.Status(http.StatusGone, "Gone"), "a proxy": hubtest.Proxy(),
		"something else": hubtest.Edit(func(_ http.Header, _ []byte) []byte { return []byte(`{"id":"acme/tiny"}`) }),
		"no entry":       hubtest.Status(http.StatusNotFound, "Entry not found"),
		"no revision":    hubtest.Status(http.StatusNotFound, "Revision not found"),
		"no dataset":     hubtest.Status(http.StatusNotFound, "Repository not found"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, h, st, at := told(t)
			for _, path := range []string{"/api/datasets", "/api/datasets/acme/tiny/refs", "/api/datasets/acme/tiny/paths-info/*"} {
				s.Fail(hubtest.Fault{Path: path, Times: -1, Trouble: trouble})
			}
			s.Fail(hubtest.Fault{Path: "*/commits/main", Trouble: hubtest.Status(http.StatusNotFound, "Revision not found")})
			_, noDataset := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "missing"})
			_, noFile := st.Open(t.Context(), at, "missing")
			_, noFolder := last(st.List(t.Context(), at, "missing"))
			_, noMain := st.Resolve(t.Context(), "main")
			for what, err := range map[string]error{"dataset": noDataset, "file": noFile, "folder": noFolder, "main": noMain} {
				if err == nil || errors.Is(err, hub.ErrNotFound) || errors.Is(err, hub.ErrNoRevision) || errors.Is(err, hub.ErrNoEntry) {
					t.Errorf("%s: got %v, want an error that says nothing is absent", what, err)
				}
			}
			if !errors.Is(noDataset, hub.ErrHidden) {
				t.Errorf("dataset: got %v, want %v", noDataset, hub.ErrHidden)
			}
		})
	}
}

// A log that lags behind what the Hub told when the dataset was opened does not take main back; one that is ahead is believed.
func TestResolveNewer(t *testing.T) {
	t.Parallel()
	s, h, st, at := told(t)
	api := "/api/datasets/" + tiny.String()
	var ids []string
	for range 5 {
		id, err := s.Commit(tiny.String(), "main", "More", map[string]string{"x": strings.Repeat("x", len(ids)+1)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	newest := ids[len(ids)-1]
	if got, err := st.Resolve(t.Context(), "main"); err != nil || got.ID != newest { // which st was opened long before
		t.Errorf("a log that is ahead: got %s, %v, want %s", got.ID, err, newest)
	}
	// The log of main stays where it was before all that.
	behind := hubtest.Edit(func(_ http.Header, _ []byte) []byte { return []byte(logOf(at.ID, at.Parent)) })
	s.Fail(hubtest.Fault{Path: api + "/commits/main", Times: -1, Trouble: behind})
	again, err := h.Open(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	for name, st := range map[string]hub.Store{"opened before": st, "opened after": again} {
		if got, err := st.Resolve(t.Context(), "main"); err != nil || got.ID != newest || got.Parent != ids[len(ids)-2] {
			t.Errorf("%s, a log that lags: got %+v, %v, want %s", name, got, err, newest)
		}
	}
	// Two heads that have nothing to do with each other.
	s.Fail(hubtest.Fault{Path: api, Trouble: hubtest.Edit(func(_ http.Header, _ []byte) []byte {
		return []byte(`{"id":"` + tiny.String() + `","sha":"` + hex40("ab12") + `"}`)
	})})
	odd, err := h.Open(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := odd.Resolve(t.Context(), "main"); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("two heads: got %v, want %v", err, hub.ErrUnavailable)
	}
}
