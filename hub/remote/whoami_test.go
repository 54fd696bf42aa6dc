package remote

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// Where it is known that the caller may write is certain, and nothing else is.
func TestWrites(t *testing.T) {
	t.Parallel()
	const user = `"type":"user","name":"ada"`
	const write = `"auth":{"type":"access_token","accessToken":{"displayName":"ci","role":"write"}}`
	fine := func(scoped string) string {
		return `"auth":{"accessToken":{"role":"fineGrained","fineGrained":{"global":["discussion.write"],"scoped":[` + scoped + `]}}}`
	}
	for _, tt := range []struct {
		name, who string
		ada, acme bool // may write in the namespaces of these
	}{
		{"nobody", `{}`, false, false},
		{"writer", `{` + user + `,"orgs":[],` + write + `}`, true, false},
		{"another case", `{"type":"user","name":"Ada",` + write + `}`, true, false},
		{"writer in an organisation", `{` + user + `,"orgs":[{"name":"acme","type":"org"}],` + write + `}`, true, true},
		{"admin of it", `{` + user + `,"orgs":[{"name":"Acme","roleInOrg":"admin"}],` + write + `}`, true, true},
		{"admin with groups", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"admin","resourceGroups":[{"name":"x"}]}],` + write + `}`, true, true},
		{"role write in it", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"write"}],` + write + `}`, true, true},
		{"role read in it", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"read"}],` + write + `}`, true, false},
		{"contributor to it", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"contributor"}],` + write + `}`, true, false},
		{"a role yet to come", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"auditor"}],` + write + `}`, true, false},
		{"in one of its groups", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"write","resourceGroups":[{"name":"x"}]}],` + write + `}`, true, false},
		{"without its single sign-on", `{` + user + `,"orgs":[{"name":"acme","roleInOrg":"admin","securityRestrictions":["sso"]}],` + write + `}`, true, false},
		{"another organisation", `{` + user + `,"orgs":[{"name":"acme2","roleInOrg":"admin"}],` + write + `}`, true, false},
		{"reader", `{` + user + `,"orgs":[{"name":"acme"}],"auth":{"accessToken":{"role":"read"}}}`, false, false},
		{"a token's role yet to come", `{` + user + `,"orgs":[{"name":"acme"}],"auth":{"accessToken":{"role":"god"}}}`, false, false},
		{"signed in otherwise", `{` + user + `,"orgs":[{"name":"acme"}],"auth":{"type":"oauth"}}`, false, false},
		{"token of an organisation", `{"type":"org","name":"acme",` + write + `}`, false, false},
		{"token of an app", `{"type":"app","name":"ada",` + write + `}`, false, false},
		{"fine-grained, user", `{` + user + `,"orgs":[{"name":"acme"}],` +
			fine(`{"entity":{"type":"user","name":"ada"},"permissions":["repo.content.read","repo.write"]}`) + `}`, true, false},
		{"fine-grained, organisation", `{` + user + `,"orgs":[{"name":"acme"}],` +
			fine(`{"entity":{"type":"org","name":"acme"},"permissions":["repo.write"]}`) + `}`, false, true},
		{"fine-grained, reading", `{` + user + `,"orgs":[{"name":"acme"}],` +
			fine(`{"entity":{"type":"org","name":"acme"},"permissions":["repo.content.read"]}`) + `}`, false, false},
		{"fine-grained, one dataset", `{` + user + `,"orgs":[{"name":"acme"}],` +
			fine(`{"entity":{"type":"dataset","name":"acme"},"permissions":["repo.write"]}`) + `}`, false, false},
		{"fine-grained, not a member", `{` + user + `,` + fine(`{"entity":{"type":"org","name":"acme"},"permissions":["repo.write"]}`) + `}`, false, false},
	} {
		var w whoami
		if err := json.Unmarshal([]byte(tt.who), &w); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := [2]bool{w.writes("ada"), w.writes("acme")}; got != [2]bool{tt.ada, tt.acme} {
			t.Errorf("%s: got %v, want %v", tt.name, got, [2]bool{tt.ada, tt.acme})
		}
		if w.writes("") || w.writes("nobody") {
			t.Errorf("%s: writes where nobody does", tt.name)
		}
	}
}

// However often and by however many it is asked, the Hub is asked once who asks; and not at all by one who finds what it looks for.
func TestWhoamiOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		account hubtest.Account
		want    error
	}{
		{"writer", hubtest.Account{Name: "ada", Orgs: []string{"acme"}}, hub.ErrNotFound},
		{"reader", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleRead}, hub.ErrHidden},
		{"fine-grained", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleFineGrained, Write: []string{"acme"}}, hub.ErrNotFound},
		{"fine-grained, elsewhere", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleFineGrained, Write: []string{"ada"}}, hub.ErrHidden},
		{"stranger", hubtest.Account{Name: "bob"}, hub.ErrHidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := hubtest.NewServer(t)
			s.Grant("hf_token", tt.account)
			s.Add("acme/open-results", hubtest.Dataset{})
			h, err := Open(Options{URL: s.URL(), Token: always("hf_token")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "open-results"}); err != nil {
				t.Error(err)
			}
			if got := asked(s, "/api/whoami-v2"); got != 0 {
				t.Errorf("asked %d times before it mattered", got)
			}
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if _, err := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "missing-results"}); !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					} else if e := (*hub.Error)(nil); tt.want == hub.ErrHidden && (!errors.As(err, &e) || !strings.Contains(e.Mend(), "create it")) { //nolint:errorlint // the table's own
						t.Errorf("got the advice %q, want one that makes a first run possible", e.Mend())
					}
				})
			}
			wg.Wait()
			if got := asked(s, "/api/whoami-v2"); got != 1 {
				t.Errorf("asked %d times, want once", got)
			}
		})
	}
}

func asked(s *hubtest.Server, path string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Path == path {
			n++
		}
	}
	return n
}

// Who is not known is nobody, for good.
func TestWhoamiFails(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"page": "<html>", "null": "null", "list": "[]", "numbers": `{"type":1}`, "nothing": "",
	} {
		var n atomic.Int32
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/whoami-v2" {
				n.Add(1)
				_, _ = w.Write([]byte(answer))
				return
			}
			w.Header().Set("X-Error-Code", "RepoNotFound")
			w.WriteHeader(http.StatusNotFound)
		}))
		t.Cleanup(s.Close)
		h, err := Open(Options{URL: s.URL, Token: always("hf_token")})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "x"}); !errors.Is(err, hub.ErrHidden) {
				t.Errorf("%s: got %v, want %v", name, err, hub.ErrHidden)
			}
		}
		if n.Load() != 1 {
			t.Errorf("%s: asked %d times", name, n.Load())
		}
	}
}

// Only 404 tells a writer that a dataset is not there: 401 says that this request was not let in, whatever the token may do otherwise.
func TestUnauthorizedIsNotAbsent(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"by message": "X-Error-Message: Invalid username or password.", "by code": "X-Error-Code: RepoNotFound"} {
		h := openHub(t, Options{Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api/whoami-v2" {
				return respond(200, `{"type":"user","name":"acme","auth":{"accessToken":{"role":"write"}}}`), nil
			}
			return respond(401, "", header), nil
		})
		if _, err := h.Open(t.Context(), tiny); !errors.Is(err, hub.ErrHidden) {
			t.Errorf("%s: got %v, want %v", name, err, hub.ErrHidden)
		}
	}
}
