package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// Paths of the requests that reading makes.
const (
	infoPath    = "/api/datasets/" + tiny
	commitsPath = "/api/datasets/" + tiny + "/commits/*"
	treePath    = "/api/datasets/" + tiny + "/tree/*"
	resolvePath = "/datasets/" + tiny + "/resolve/*"
	storagePath = "/objects/*"
)

// noise returns n bytes that do not repeat.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b) // never fails
	return string(b)
}

var (
	card  = "# results"
	small = noise(100_000)
	large = noise(4<<20 + 1)
)

// add makes a dataset with a file of each kind.
func add(s *hubtest.Server) {
	s.Add(tiny, hubtest.Dataset{Files: map[string]string{"README.md": card, "data/small.parquet": small, "data/large.parquet": large}})
}

// readAll reads everything of the dataset that add makes: a part of the large file, the others whole.
func readAll(ctx context.Context, h *remote.Hub) error {
	st, err := h.Open(ctx, tinyRepo)
	if err != nil {
		return err
	}
	at, err := st.Resolve(ctx, "main")
	if err != nil {
		return err
	}
	n := 0
	for _, err := range st.List(ctx, at, "data") {
		if err != nil {
			return err
		}
		n++
	}
	if n != 2 {
		return fmt.Errorf("%d files are listed, want 2", n)
	}
	for _, f := range []struct{ path, want string }{{"README.md", card}, {"data/small.parquet", small}, {"data/large.parquet", large[:300_000]}} {
		b, err := st.Open(ctx, at, f.path)
		if err != nil {
			return err
		}
		got := make([]byte, len(f.want))
		_, err = b.ReadAt(got, 0)
		_ = b.Close()
		if err != nil {
			return err
		}
		if !bytes.Equal(got, []byte(f.want)) {
			return fmt.Errorf("%s has other bytes", f.path)
		}
	}
	return nil
}

// What passes is waited for, wherever it happens, and at most as long as it asks for.
func TestReadThroughPassingFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble hubtest.Trouble
		times   int
	}{
		"limit of requests": {hubtest.RateLimited(55), 1},
		"retry after":       {hubtest.RetryAfter(503, 20), 1},
		"408":               {hubtest.Status(408, "Request timeout"), 1},
		"500":               {hubtest.Status(500, "Internal error"), 2},
		"502":               {hubtest.Gateway(502), 2},
		"503":               {hubtest.Gateway(503), 5},
		"504":               {hubtest.Gateway(504), 2},
		"cut":               {hubtest.Cut(), 2},
		"lost":              {hubtest.Lost(), 1},
		"truncated":         {hubtest.Truncate(1), 2},
		"slow":              {hubtest.Slow(time.Millisecond, 200_000), 1},
	} {
		for _, path := range []string{infoPath, commitsPath, treePath, resolvePath, storagePath} {
			if name == "truncated" && path == resolvePath {
				continue // a redirect has no body
			}
			t.Run(name+" "+path, func(t *testing.T) {
				t.Parallel()
				inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
					add(s)
					s.Fail(hubtest.Fault{Path: path, Times: c.times, Trouble: c.trouble})
					if err := readAll(t.Context(), h); err != nil {
						t.Error(err)
					}
					if n := s.Unmet(); n != 0 {
						t.Errorf("%d faults were not met", n)
					}
				})
			})
		}
	}
}

// What does not pass is told as what it is.
func TestReadLastingFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path    string
		trouble hubtest.Trouble
		want    error
	}{
		"503 for ever":             {infoPath, hubtest.Gateway(503), hub.ErrUnavailable},
		"cut for ever":             {commitsPath, hubtest.Cut(), hub.ErrUnavailable},
		"truncated for ever":       {treePath, hubtest.Truncate(1), hub.ErrUnavailable},
		"storage fails":            {storagePath, hubtest.Gateway(500), hub.ErrUnavailable},
		"limit for an hour":        {commitsPath, hubtest.RateLimited(3600), hub.ErrRateLimited},
		"links expire at once":     {storagePath, hubtest.Expired(), hub.ErrUnavailable},
		"proxy for the dataset":    {infoPath, hubtest.Proxy(), hub.ErrNotHub},
		"proxy for commits":        {commitsPath, hubtest.Proxy(), hub.ErrNotHub},
		"proxy for the tree":       {treePath, hubtest.Proxy(), hub.ErrNotHub},
		"proxy for a file":         {resolvePath, hubtest.Proxy(), hub.ErrNotHub},
		"proxy before the storage": {storagePath, hubtest.Proxy(), hub.ErrCorrupt},
		"cut off short":            {commitsPath, hubtest.Short(5), hub.ErrNotHub},
		"no commit told":           {resolvePath, hubtest.Without("X-Repo-Commit"), hub.ErrNotHub},
		"another commit":           {resolvePath, hubtest.With("X-Repo-Commit", strings.Repeat("0", 40)), hub.ErrCorrupt},
		"no size told":             {resolvePath, hubtest.Without("X-Linked-Size"), hub.ErrNotHub},
		"no digest told":           {resolvePath, hubtest.With("X-Linked-Etag", "x"), hub.ErrNotHub},
		"a size below zero":        {resolvePath, hubtest.With("X-Linked-Size", "-1"), hub.ErrNotHub},
		"another size":             {resolvePath, hubtest.With("X-Linked-Size", "99999"), hub.ErrCorrupt},
		"a byte of text is wrong":  {resolvePath, hubtest.Flip(3), hub.ErrCorrupt},
		"a byte of LFS is wrong":   {storagePath, hubtest.Flip(3), hub.ErrCorrupt},
		"LFS is cut off short":     {storagePath, hubtest.Short(1000), hub.ErrCorrupt},
		"object is gone":           {storagePath, hubtest.Status(404, "NoSuchKey"), hub.ErrCorrupt},
		"range is not there":       {storagePath, hubtest.Status(416, ""), hub.ErrCorrupt},
		"disabled":                 {infoPath, disabled, hub.ErrForbidden},
		"list that leads back":     {treePath, hubtest.With("Link", `</api/datasets/x?cursor=1>; rel="next"`), hub.ErrCorrupt},
		"list that leads away":     {treePath, hubtest.With("Link", `<https://evil.example/x?cursor=1>; rel="next"`), hub.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
				add(s)
				s.Fail(hubtest.Fault{Path: c.path, Times: -1, Trouble: c.trouble})
				if strings.HasPrefix(name, "list that leads") {
					s.Fail(hubtest.Fault{Path: "/api/datasets/x", Times: -1, Trouble: endless})
				}
				err := readAll(t.Context(), h)
				if e := (*hub.Error)(nil); !errors.As(err, &e) || c.want != nil && !errors.Is(err, c.want) {
					t.Fatalf("got %v, want a *hub.Error with %v", err, c.want)
				}
				if strings.Contains(err.Error(), "Signature") || strings.Contains(err.Error(), token) || strings.ContainsAny(err.Error(), "\n<?") {
					t.Errorf("got %q, want one line without secrets", err)
				}
			})
		})
	}
}

func disabled(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	w.Header().Set("X-Error-Message", "Access to this resource is disabled.")
	w.WriteHeader(http.StatusForbidden)
}

// endless is a page whose next page is itself.
func endless(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	w.Header().Set("Link", `</api/datasets/x?cursor=1>; rel="next"`)
	_, _ = io.WriteString(w, "[]")
}

// A limit that lasts longer than the caller does is not waited for.
func TestRateLimitBeyondDeadline(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		s.Fail(hubtest.Fault{Path: infoPath, Times: -1, Trouble: hubtest.RateLimited(55)})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, err := h.Open(ctx, tinyRepo)
		if !errors.Is(err, hub.ErrRateLimited) || time.Since(began) > time.Second {
			t.Errorf("got %v after %s, want %v at once", err, time.Since(began), hub.ErrRateLimited)
		}
		if e := (*hub.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Mend(), "after 00:00:56 UTC") {
			t.Errorf("advice: got %q, want the time", e.Mend())
		}
	})
}

// A hidden dataset, a missing one, a bad token and a gate are told apart as far as the Hub does.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	s.Add("acme/private-results", hubtest.Dataset{Private: true, Files: map[string]string{"a": "x"}})
	s.Add("other/gated-results", hubtest.Dataset{Gated: "manual", Files: map[string]string{"a": "x"}})
	s.Add("other/disabled-results", hubtest.Dataset{Disabled: true, Files: map[string]string{"a": "x"}})
	s.Grant("hf_writes", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Grant("hf_reads", hubtest.Account{Name: "bob", Orgs: []string{"acme"}, Role: hubtest.RoleRead})
	s.Grant("hf_stranger", hubtest.Account{Name: "eve"})
	s.Grant("hf_expired", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Expire("hf_expired")
	for _, c := range []struct {
		token, repo string
		want        error
	}{
		{"hf_writes", "acme/private-results", nil},
		{"hf_reads", "acme/private-results", nil},
		{"hf_stranger", "acme/private-results", hub.ErrHidden},
		{"", "acme/private-results", hub.ErrHidden},
		{"hf_expired", "acme/private-results", hub.ErrUnauthorized},
		{"hf_unknown", "acme/private-results", hub.ErrUnauthorized},

		{"hf_writes", "acme/missing-results", hub.ErrNotFound}, // it would see it
		{"hf_reads", "acme/missing-results", hub.ErrHidden},
		{"hf_stranger", "acme/missing-results", hub.ErrHidden},
		{"", "acme/missing-results", hub.ErrHidden},
		{"hf_writes", "acmee/missing-results", hub.ErrHidden},

		{"hf_writes", "other/gated-results", hub.ErrGated},
		{"", "other/gated-results", hub.ErrGated},
		{"hf_writes", "other/disabled-results", hub.ErrForbidden},
	} {
		t.Run(c.token+" "+c.repo, func(t *testing.T) {
			t.Parallel()
			h, err := remote.Open(remote.Options{URL: s.URL(), Token: fixed(c.token)})
			if err != nil {
				t.Fatal(err)
			}
			repo, _ := hub.ParseRepo(c.repo)
			err = readOne(t.Context(), h, repo)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			for _, other := range []error{hub.ErrNotFound, hub.ErrHidden} {
				if !errors.Is(c.want, other) && errors.Is(err, other) {
					t.Errorf("got %v, which is also %v", err, other)
				}
			}
		})
	}
}

func readOne(ctx context.Context, h *remote.Hub, r hub.Repo) error {
	st, err := h.Open(ctx, r)
	if err != nil {
		return err
	}
	at, err := st.Resolve(ctx, "main")
	if err != nil {
		return err
	}
	b, err := st.Open(ctx, at, "a")
	if err != nil {
		return err
	}
	return b.Close()
}

func TestRenamedDataset(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		old, err := h.Open(t.Context(), tinyRepo)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Rename(tiny, "acme/renamed-results"); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Resolve(t.Context(), "main"); err != nil {
			t.Errorf("a dataset that was opened before: %v", err)
		}
		if err := readAll(t.Context(), h); err != nil {
			t.Error(err)
		}
		st, err := h.Open(t.Context(), tinyRepo)
		if err != nil || st.Repo().Name != "renamed-results" {
			t.Errorf("got %v, %v, want the new name", st, err)
		}
		s.ResetRequests()
		if err := readAll(t.Context(), h); err != nil {
			t.Error(err)
		}
		for _, r := range s.Requests() {
			if strings.Contains(r.Path, tiny) {
				t.Errorf("%s is asked for by the old name", r.Path)
			}
		}
	})
}
