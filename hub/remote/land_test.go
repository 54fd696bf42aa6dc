package remote_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// Whatever happens to the answer, the change lands once or not at all, and the error says which.
func TestCommitFaults(t *testing.T) {
	t.Parallel()
	const always = -1
	for _, tt := range []struct {
		name   string
		fault  func(*scene) hubtest.Trouble
		times  int
		want   error  // nil when it lands
		says   string // what the error says
		landed int
		sent   int
	}{
		{name: "no fault", landed: 1, sent: 1},
		{name: "busy", fault: plain(hubtest.Busy()), times: 3, landed: 1, sent: 4},
		{name: "busy for ever", fault: plain(hubtest.Busy()), times: always, want: hub.ErrUnavailable, says: "another commit to the dataset is in progress", sent: 8},
		{name: "busy, then another's", fault: func(s *scene) hubtest.Trouble { return meanwhile(s.others, hubtest.Busy()) },
			want: hub.ErrConflict, says: "it is at", sent: 1},
		{name: "another's", fault: func(s *scene) hubtest.Trouble { return meanwhile(s.others, answered) },
			want: hub.ErrConflict, says: "it is at", sent: 1},
		{name: "stale for a moment", fault: plain(hubtest.Stale()), times: 2, landed: 1, sent: 3},
		{name: "stale for ever", fault: plain(hubtest.Stale()), times: always, want: hub.ErrForbidden, says: "may only open pull requests", sent: 6},
		{name: "connection cut before", fault: plain(hubtest.Cut()), times: 2, landed: 1, sent: 3},
		{name: "connection cut after", fault: plain(hubtest.Lost()), landed: 1, sent: 1},
		{name: "gateway before", fault: plain(hubtest.Gateway(503)), times: 1, landed: 1, sent: 2},
		{name: "gateway after", fault: plain(hubtest.LostBehind(504)), landed: 1, sent: 1},
		{name: "gateway for ever", fault: plain(hubtest.Gateway(502)), times: always, want: hub.ErrUnavailable, sent: 3},
		{name: "answer breaks off", fault: plain(hubtest.Truncate(10)), landed: 1, sent: 1},
		{name: "answer without an id", fault: plain(rewrite(func(string) string { return `{"success":true}` })), landed: 1, sent: 1},
		{name: "a proxy's page", fault: plain(hubtest.Proxy()), landed: 1, sent: 2},
		{name: "cut before, then another's", fault: func(s *scene) hubtest.Trouble { return meanwhile(s.others, hubtest.Cut()) },
			want: hub.ErrConflict, says: "it is at", sent: 1},
		{name: "cut after, then another's", fault: func(s *scene) hubtest.Trouble {
			return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
				answer(httptest.NewRecorder(), r)
				s.others()
				panic(http.ErrAbortHandler)
			}
		}, landed: 1, sent: 1},
		{name: "rate limited", fault: plain(hubtest.RetryAfter(429, 0)), landed: 1, sent: 2},
		{name: "forbidden", fault: plain(hubtest.Status(403, "no")), want: hub.ErrForbidden, says: "token of role read", sent: 1},
		{name: "bad request", fault: plain(hubtest.Status(400, "Invalid YAML in README.md")), says: "Invalid YAML in README.md", sent: 1},
		{name: "expired token", fault: plain(hubtest.Status(401, "Invalid credentials in Authorization header")), want: hub.ErrUnauthorized, sent: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hubtest.Options{})
			if tt.fault != nil {
				s.server.Fail(hubtest.Fault{Method: "POST", Path: "*/commit/main", Times: tt.times, Trouble: tt.fault(s)})
			}
			at, err := s.push(hub.Bytes("run.txt", []byte("42")))
			if tt.want == nil && tt.says == "" {
				if err != nil {
					t.Fatalf("got %v", err)
				}
				if got, err := s.server.File(results.String(), at.ID, "run.txt"); err != nil || string(got) != "42" || at.Parent != s.head.ID || at.Message != "Add run 42" {
					t.Errorf("commit %+v holds %q, %v", at, got, err)
				}
			} else {
				wantError(t, err, tt.want, tt.says)
			}
			if got := s.landed(); got != tt.landed {
				t.Errorf("landed %d times, want %d", got, tt.landed)
			}
			if got := s.commits(); got != tt.sent {
				t.Errorf("sent %d times, want %d", got, tt.sent)
			}
		})
	}
}

func plain(trouble hubtest.Trouble) func(*scene) hubtest.Trouble {
	return func(*scene) hubtest.Trouble { return trouble }
}

func answered(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) { answer(w, r) }

// Where the Hub does not even tell what became of the commit, the error says that it may have landed.
func TestCommitOutcomeUnknown(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	s.server.Fail(hubtest.Fault{Method: "POST", Path: "*/commit/main", Trouble: hubtest.Lost()})
	s.server.Fail(hubtest.Fault{Path: "*/commits/*", Times: -1, Trouble: hubtest.Status(403, "no")})
	_, err := s.push(hub.Bytes("run.txt", []byte("42")))
	wantError(t, err, hub.ErrUnavailable, "the change may have been made", "see the dataset's history")
	if got := s.landed(); got != 1 {
		t.Errorf("landed %d times, want 1", got)
	}
}

// A token that may only open pull requests is answered like one whose parent is not the head.
func TestCommitOfPullRequestsOnly(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	s.server.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}, PullRequestsOnly: true})
	_, err := s.push(hub.Bytes("run.txt", []byte("42")))
	wantError(t, err, hub.ErrForbidden)
	if n := s.commits(); n > 6 || s.landed() != 0 {
		t.Errorf("sent %d times, landed %d times", n, s.landed())
	}
}

func TestCommitOfReader(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	s.server.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleRead})
	_, err := s.push(hub.Bytes("run.txt", []byte("42")))
	wantError(t, err, hub.ErrForbidden, "write token", "role read")
}

// The Hub's word on where the branch is may lag behind a commit that was made here.
func TestResolveAfterCommit(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	at, err := s.push(hub.Bytes("run.txt", []byte("42")))
	if err != nil {
		t.Fatal(err)
	}
	s.server.Fail(hubtest.Fault{Path: "*", Times: -1, Trouble: hubtest.Behind()})
	if got, err := s.Resolve(s.Context(), "main"); err != nil || got != at {
		t.Errorf("resolve: got %+v, %v, want %+v", got, err, at)
	}
	for c, err := range s.Log(s.Context(), "main") {
		if err != nil || c.ID != at.ID {
			t.Errorf("log: got %+v, %v, want %s", c, err, at.ID)
		}
		break
	}
}

// Cancelled between two attempts, a commit stops at once.
func TestCommitCancelled(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.server.Fail(hubtest.Fault{Method: "POST", Path: "*/commit/main", Times: -1, Trouble: meanwhile(cancel, hubtest.Busy())})
	began := time.Now()
	_, err := s.Commit(ctx, hub.Change{Branch: "main", Parent: s.head.ID, Message: "Add run 42", Put: []hub.File{hub.Bytes("a", []byte("1"))}})
	wantError(t, err, context.Canceled)
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}

// What the log says of a commit is what was committed: the line by which it is found is not part of it.
func TestCommitMessage(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	const message = "Add run 42\n\nIt is the baseline now.\n\nSee https://ci.example/42"
	c := hub.Change{Branch: "main", Parent: s.head.ID, Message: message, Put: []hub.File{hub.Bytes("a", []byte("1"))}}
	at, err := s.Commit(t.Context(), c)
	if err != nil || at.Message != message {
		t.Errorf("commit: got %q, %v", at.Message, err)
	}
	fresh, err := openAgain(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fresh.Resolve(t.Context(), at.ID); err != nil || got.Message != message {
		t.Errorf("resolve: got %q, %v", got.Message, err)
	}
	if strings.Contains(at.Message, "hubgate-change") {
		t.Errorf("got %q", at.Message)
	}
}

// openAgain opens the dataset as another process would.
func openAgain(t *testing.T, s *scene) (hub.Store, error) {
	t.Helper()
	return dial(t, s.server).Open(t.Context(), results)
}

// The second of two commits on one parent is told so before anything lands, wherever the first came from.
func TestCommitOnOldParent(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	s.others()
	_, err := s.push(hub.Bytes("run.txt", []byte("42")))
	wantError(t, err, hub.ErrConflict)
	if !errors.Is(err, hub.ErrConflict) || s.commits() != 1 {
		t.Errorf("sent %d times", s.commits())
	}
}

// Content that cannot be read when it is sent is no lost answer.
func TestCommitOfVanishingContent(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	_, err := s.push(hub.File{Path: "run.txt", Content: &vanishing{}, Size: 100})
	wantError(t, err, errVanished, `path "run.txt"`)
	if s.landed() != 0 || s.requests("GET", "", "/commits/main") != 0 {
		t.Errorf("landed %d times; looked for it %d times", s.landed(), s.requests("GET", "", "/commits/main"))
	}
}

var errVanished = errors.New("the file is gone")

// Vanishing content can be read once.
type vanishing struct{ read int }

func (v *vanishing) ReadAt(p []byte, _ int64) (int, error) {
	if v.read += len(p); v.read > 100 {
		return 0, errVanished
	}
	clear(p)
	return len(p), nil
}

// A dataset without any commit, as other servers than the Hub have, gets its first one without a parent, once.
func TestCommitFirst(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("a1", 20)
	sent, bodies := 0, []string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch path.Base(path.Dir(r.URL.Path)) {
		case "commits":
			w.Header().Set("X-Error-Code", "RevisionNotFound")
			w.WriteHeader(http.StatusNotFound)
		case "preupload":
			_, _ = io.WriteString(w, `{"files":[{"path":"a.txt","uploadMode":"regular"}]}`)
		case "commit":
			bodies = append(bodies, string(body))
			if sent++; sent == 1 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = io.WriteString(w, `{"commitOid":"`+id+`"}`)
		default: // refs as well
			_, _ = io.WriteString(w, `{"id":"acme/tiny-llm-results","branches":[]}`)
		}
	}))
	t.Cleanup(s.Close)
	h, err := remote.Open(remote.Options{URL: s.URL, Token: fixed(token)})
	if err != nil {
		t.Fatal(err)
	}
	h.Hurry()
	st, err := h.Open(t.Context(), results)
	if err != nil {
		t.Fatal(err)
	}
	at, err := st.Commit(t.Context(), hub.Change{Branch: "main", Message: "Begin", Put: []hub.File{hub.Bytes("a.txt", []byte("a"))}})
	if err != nil || at.ID != id || at.Parent != "" || sent != 2 {
		t.Errorf("got %+v, %v, after %d times sent", at, err, sent)
	}
	for _, body := range bodies {
		if strings.Contains(body, "parentCommit") || !strings.Contains(body, `"key":"file"`) {
			t.Errorf("sent %s", body)
		}
	}
	if _, err := st.Commit(t.Context(), hub.Change{Branch: "other", Message: "Begin", Put: []hub.File{hub.Bytes("a.txt", nil)}}); !errors.Is(err, hub.ErrNoRevision) {
		t.Errorf("on another branch: got %v, want %v", err, hub.ErrNoRevision)
	}
	if _, err := st.Commit(t.Context(), hub.Change{Branch: "main", Message: "Begin"}); err == nil {
		t.Error("of nothing: got no error")
	}
}
