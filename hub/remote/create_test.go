package remote_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

func TestCreateFaults(t *testing.T) {
	t.Parallel()
	const conflicting = "Cannot create repo: another conflicting operation is in progress"
	for _, tt := range []struct {
		name   string
		fault  hubtest.Trouble
		times  int
		want   error
		says   string
		exists bool
		sent   int
	}{
		{name: "no fault", exists: true, sent: 1},
		{name: "busy", fault: hubtest.Status(409, conflicting), times: 2, exists: true, sent: 3},
		{name: "busy for ever", fault: hubtest.Status(409, conflicting), times: -1, says: "in progress", sent: 5},
		{name: "gateway before", fault: hubtest.Gateway(502), exists: true, sent: 2},
		{name: "gateway after", fault: hubtest.LostBehind(504), exists: true, sent: 1},
		{name: "cut before", fault: hubtest.Cut(), exists: true, sent: 2},
		{name: "cut after", fault: hubtest.Lost(), exists: true, sent: 1},
		{name: "gateway for ever", fault: hubtest.Gateway(503), times: -1, want: hub.ErrUnavailable, sent: 5},
		{name: "rate limited", fault: hubtest.RetryAfter(429, 0), exists: true, sent: 2},
		{name: "payment", fault: hubtest.Status(402, "Pay first"), want: hub.ErrForbidden, says: "Pay first", sent: 1},
		{name: "forbidden", fault: hubtest.Status(403, "no"), want: hub.ErrForbidden, says: "create the dataset on the Hub, private", sent: 1},
		{name: "expired token", fault: hubtest.Status(401, "Invalid credentials in Authorization header"), want: hub.ErrUnauthorized, sent: 1},
		{name: "refused name", fault: hubtest.Status(400, "Reserved name"), says: "Reserved name", sent: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := hubtest.NewServer(t)
			if tt.fault != nil {
				s.Fail(hubtest.Fault{Path: "/api/repos/create", Times: tt.times, Trouble: tt.fault})
			}
			st, err := openHub(t, s, func(*remote.Options) {}).Create(lasting(t), results)
			if tt.exists && (err != nil || st.Repo() != results) {
				t.Errorf("got %v", err)
			}
			if !tt.exists {
				wantError(t, err, tt.want, tt.says)
			}
			if _, err := s.Head(results.String(), "main"); (err == nil) != tt.exists {
				t.Errorf("the dataset: got %v", err)
			}
			if got := count(s, "/repos/create"); got != tt.sent {
				t.Errorf("sent %d times, want %d", got, tt.sent)
			}
		})
	}
}

// A dataset that is there already is told from one that may not be created, whoever asks.
func TestCreateWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		account hubtest.Account
		there   bool
		want    error
		advice  string
	}{
		{"writer, there", hubtest.Account{Name: "ada", Orgs: []string{"acme"}}, true, hub.ErrExists, ""},
		{"reader, there", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleRead}, true, hub.ErrExists, ""},
		{"reader, not there", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleRead}, false, hub.ErrForbidden, "of role write"},
		{"stranger, there", hubtest.Account{Name: "bob"}, true, hub.ErrForbidden, "may create datasets of acme"},
		{"for this dataset, not there", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleFineGrained, Write: []string{results.String()}},
			false, hub.ErrForbidden, "write access to all of acme"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := hubtest.NewServer(t)
			h := openHub(t, s, func(*remote.Options) {})
			s.Grant(token, tt.account)
			if tt.there {
				s.Add(results.String(), hubtest.Dataset{Private: true})
			}
			_, err := h.Create(lasting(t), results)
			wantError(t, err, tt.want, tt.advice)
		})
	}
}

// A server that knows only the older word for it is asked again with that, and one that heeds neither is told once more.
// What is not private in the end is an error.
func TestCreateIsPrivate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		knows           string // which word the server knows; it takes no other
		private, mended bool   // after the creation, and after the settings
		want            error
	}{
		{"newer", "visibility", true, true, nil},
		{"older", "private", true, true, nil},
		{"heedless", "", false, true, nil},
		{"stubborn", "", false, false, hub.ErrForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			private := false
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				switch r.Method + " " + r.URL.Path {
				case "POST /api/repos/create":
					var asked map[string]any
					_ = json.Unmarshal(body, &asked)
					if _, newer := asked["visibility"]; newer && tt.knows == "private" {
						w.WriteHeader(http.StatusBadRequest)
						_, _ = io.WriteString(w, `{"error":"\"visibility\" is not allowed"}`)
						return
					}
					if tt.knows != "" && asked[tt.knows] != "private" && asked[tt.knows] != true {
						t.Errorf("asked %s", body)
					}
					private = tt.private
				case "PUT /api/datasets/acme/tiny-llm-results/settings":
					private = tt.mended
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"private": private, "id": "acme/tiny-llm-results"})
			}))
			t.Cleanup(s.Close)
			h, err := remote.Open(remote.Options{URL: s.URL, Token: fixed(token)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = h.Create(lasting(t), results)
			switch {
			case tt.want == nil && err != nil:
				t.Errorf("got %v", err)
			case tt.want != nil:
				wantError(t, err, tt.want, "it was created", "delete it")
			}
		})
	}
}

func TestBranchFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault hubtest.Trouble
		times int
		want  error
		says  string
		sent  int
	}{
		{name: "no fault", sent: 1},
		{name: "busy", fault: hubtest.Busy(), sent: 2},
		{name: "gateway before", fault: hubtest.Gateway(503), times: 2, sent: 3},
		{name: "gateway after", fault: hubtest.LostBehind(504), sent: 1},
		{name: "cut after", fault: hubtest.Lost(), sent: 1},
		{name: "gateway for ever", fault: hubtest.Gateway(503), times: -1, want: hub.ErrUnavailable, sent: 4},
		{name: "exists", fault: hubtest.Status(409, "Reference already exists"), want: hub.ErrExists, sent: 1},
		{name: "forbidden", fault: hubtest.Status(403, "no"), want: hub.ErrForbidden, says: "role read", sent: 1},
		{name: "bad name", fault: hubtest.Status(400, "Invalid reference"), says: "Invalid reference", sent: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hubtest.Options{})
			if tt.fault != nil {
				s.server.Fail(hubtest.Fault{Path: "*/branch/*", Times: tt.times, Trouble: tt.fault})
			}
			err := s.Branch(lasting(t), "exp/one", s.head)
			if tt.want == nil && tt.says == "" {
				if at, headErr := s.server.Head(results.String(), "exp/one"); err != nil || headErr != nil || at != s.head.ID {
					t.Errorf("got %v; the branch is at %s, %v", err, at, headErr)
				}
			} else {
				wantError(t, err, tt.want, tt.says)
			}
			if got := s.requests("POST", "", "/branch/exp%2Fone"); got != tt.sent {
				t.Errorf("sent %d times, want %d", got, tt.sent)
			}
		})
	}
}

// A branch that somebody else makes while our answer is lost is theirs.
func TestBranchOfAnother(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	other := s.head.Parent
	s.server.Fail(hubtest.Fault{Path: "*/branch/*", Trouble: meanwhile(func() {
		if err := dialed(t, s).Branch(t.Context(), "one", hub.Commit{ID: other}); err != nil {
			t.Error(err)
		}
	}, hubtest.Cut())})
	if err := s.Branch(t.Context(), "one", s.head); !errors.Is(err, hub.ErrExists) {
		t.Errorf("got %v, want %v", err, hub.ErrExists)
	}
	if at, err := s.server.Head(results.String(), "one"); err != nil || at != other || strings.Contains(at, "\n") {
		t.Errorf("the branch is at %s, %v, want %s", at, err, other)
	}
}

func dialed(t *testing.T, s *scene) hub.Store {
	t.Helper()
	st, err := openAgain(t, s)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// A dataset that was created, and that the Hub does not show yet, is found by creating it again.
func TestCreateBehind(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	s.Fail(hubtest.Fault{Path: "/api/repos/create", Trouble: hubtest.LostBehind(504)})
	s.Fail(hubtest.Fault{Path: "/api/datasets/*", Trouble: hubtest.Status(404, "Repository not found")})
	if _, err := openHub(t, s, func(*remote.Options) {}).Create(lasting(t), results); err != nil {
		t.Error(err)
	}
	if got := count(s, "/repos/create"); got != 2 || s.Unmet() != 0 {
		t.Errorf("sent %d times, want 2; %d faults met nobody", got, s.Unmet())
	}
}

// A public dataset that is found after the answer was lost is somebody else's, and is left as it is.
func TestCreateFindsAnothers(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	s.Fail(hubtest.Fault{Path: "/api/repos/create", Trouble: meanwhile(func() { s.Add(results.String(), hubtest.Dataset{}) }, hubtest.Gateway(502))})
	_, err := openHub(t, s, func(*remote.Options) {}).Create(lasting(t), results)
	wantError(t, err, hub.ErrExists)
	if got := count(s, "/settings"); got != 0 {
		t.Errorf("its settings were changed")
	}
}
