package remote_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// openHub opens a server with options of the test's own. At the end of the test no connection may be in use.
func openHub(t *testing.T, s *hubtest.Server, edit func(*remote.Options)) *remote.Hub {
	t.Helper()
	s.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	o := remote.Options{URL: s.URL(), Token: fixed(token), UserAgent: "hubgate/test", Transport: tight(t)}
	edit(&o)
	h, err := remote.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	h.Hurry()
	return h
}

// tight returns a transport that fails the test for connections that are still in use when it ends.
func tight(t *testing.T) http.RoundTripper {
	t.Helper()
	var open atomic.Int64
	tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &conn{c, sync.OnceFunc(func() { open.Add(-1) })}, nil
	}}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		// What was cancelled is closed a moment later.
		for deadline := time.After(10 * time.Second); open.Load() > 0; {
			select {
			case <-time.After(time.Millisecond):
			case <-deadline:
				t.Errorf("%d connections are in use when all is done", open.Load())
				return
			}
		}
	})
	return tr
}

// lasting is a context that does not end with the test, so that its end closes no connection that was forgotten.
func lasting(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// A conn tells that it was closed.
type conn struct {
	net.Conn

	closed func()
}

func (c *conn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// A roundTrip is a transport that answers 200 with a text.
type roundTrip func(*http.Request) string

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f(r))), ContentLength: -1, Request: r}, nil
}

// A scene is a Hub with one dataset, which holds the file "README.md" and which is written to.
type scene struct {
	*testing.T
	server *hubtest.Server
	hub    *remote.Hub
	hub.Store
	head hub.Commit
}

func newScene(t *testing.T, o hubtest.Options) *scene {
	t.Helper()
	s := hubtest.NewServerWith(t, o)
	s.Add(results.String(), hubtest.Dataset{Private: true, Files: map[string]string{"README.md": "# results\n", "old.txt": "old"}})
	sc := &scene{T: t, server: s, hub: openHub(t, s, func(*remote.Options) {})}
	st, err := sc.hub.Open(t.Context(), results)
	if err != nil {
		t.Fatal(err)
	}
	sc.Store = st
	if sc.head, err = st.Resolve(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	s.ResetRequests()
	return sc
}

// push commits files on top of the head that the scene began with.
func (s *scene) push(files ...hub.File) (hub.Commit, error) {
	return s.Commit(lasting(s.T), hub.Change{Branch: "main", Parent: s.head.ID, Message: "Add run 42", Put: files})
}

// others commits what somebody else publishes.
func (s *scene) others() {
	if _, err := s.server.Commit(results.String(), "main", "Somebody else's", map[string]string{"theirs.txt": "theirs"}); err != nil {
		s.Error(err)
	}
}

// landed returns how often the change is on the branch.
func (s *scene) landed() int {
	s.Helper()
	titles, err := s.server.Log(results.String(), "main")
	if err != nil {
		s.Fatal(err)
	}
	return len(slices.DeleteFunc(titles, func(title string) bool { return title != "Add run 42" }))
}

// requests returns how many requests had a method and a path that begins and ends like this.
func (s *scene) requests(method, begin, end string) int {
	n := 0
	for _, r := range s.server.Requests() {
		if r.Method == method && strings.HasPrefix(r.Path, begin) && strings.HasSuffix(r.Path, end) {
			n++
		}
	}
	return n
}

// commits returns how often a commit was sent.
func (s *scene) commits() int { return s.requests("POST", "", "/commit/main") }

// wantError checks that an error is the one wanted, says where, is one line, and holds no secret.
func wantError(t *testing.T, err, want error, texts ...string) {
	t.Helper()
	e := (*hub.Error)(nil)
	if !errors.As(err, &e) || want != nil && !errors.Is(err, want) {
		t.Errorf("got %v, want a *hub.Error of %v", err, want)
		return
	}
	all := e.Error() + "; " + e.Mend()
	for _, text := range append(texts, results.String()) {
		if !strings.Contains(all, text) {
			t.Errorf("got %q, want it to say %q", all, text)
		}
	}
	for _, secret := range []string{token, "Signature=", "Bearer", "\n"} {
		if strings.Contains(all, secret) {
			t.Errorf("got %q, which holds %q", all, secret)
		}
	}
}

// rewrite answers rightly, save for what edit makes of the body.
func rewrite(edit func(string) string) hubtest.Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		right := httptest.NewRecorder()
		answer(right, r)
		for name, values := range right.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(right.Code)
		_, _ = io.WriteString(w, edit(right.Body.String()))
	}
}

// meanwhile does something before a trouble.
func meanwhile(do func(), then hubtest.Trouble) hubtest.Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		do()
		then(w, r, answer)
	}
}

func parquet(size int) []byte { return bytes.Repeat([]byte("PAR1"), size/4) }

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
