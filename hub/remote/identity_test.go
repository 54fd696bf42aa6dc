package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// trusted returns a Hub with a private dataset that takes the identity of a job, and that job's.
func trusted(t *testing.T) (*hubtest.Server, *remote.Identity) {
	t.Helper()
	s := hubtest.NewServer(t)
	s.Add(results.String(), hubtest.Dataset{Private: true})
	job := hubtest.Publisher{Repository: "acme/tiny-llm", Branch: "main", Workflow: "eval.yml"}
	if err := s.Trust(results.String(), job); err != nil {
		t.Fatal(err)
	}
	url, token := s.Identity(job)
	return s, &remote.Identity{Endpoint: s.URL(), RequestURL: url, RequestToken: token}
}

func TestIdentityPublishes(t *testing.T) {
	t.Parallel()
	s, id := trusted(t)
	var masked []string
	id.Mask = func(secret string) { masked = append(masked, secret) }
	h := openHub(t, s, func(o *remote.Options) { o.Token = id.Token })
	st, err := h.Open(t.Context(), results)
	if err != nil {
		t.Fatal(err)
	}
	at, err := st.Resolve(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	c := hub.Change{Branch: "main", Parent: at.ID, Message: "Add", Put: []hub.File{hub.Bytes("data/a.parquet", []byte("PAR1"))}}
	if _, err := st.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := count(s, "/oauth/token"); got != 1 {
		t.Errorf("%d exchanges, want 1", got)
	}
	if len(masked) != 2 || strings.Count(masked[0], ".") != 2 || !strings.HasPrefix(masked[1], "hf_jwt_") {
		t.Errorf("masked %q, want the job's proof and the token", masked)
	}
}

// Twenty requests at once wait for one exchange.
func TestIdentityAtOnce(t *testing.T) {
	t.Parallel()
	s, id := trusted(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := id.Token(t.Context(), results); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := count(s, "/oauth/token"); got != 1 {
		t.Errorf("%d exchanges, want 1", got)
	}
}

// What the Hub does not trust is asked for as a stranger, and what then cannot be seen is hidden: never a first run. The error
// says what to configure, and asking goes on without another exchange.
func TestIdentityRefused(t *testing.T) {
	t.Parallel()
	s, id := trusted(t)
	s.Add("acme/open-results", hubtest.Dataset{Files: map[string]string{"a": "1"}})
	h := openHub(t, s, func(o *remote.Options) { o.Token = id.Token })
	for _, r := range []hub.Repo{{Owner: "acme", Name: "missing-results"}, {Owner: "other", Name: "tiny-llm-results"}} {
		_, err := h.Open(t.Context(), r)
		if !errors.Is(err, hub.ErrHidden) || errors.Is(err, hub.ErrNotFound) {
			t.Errorf("open %s: got %v, want %v", r, err, hub.ErrHidden)
		}
		e := (*hub.Error)(nil)
		if errors.As(err, &e) && !strings.Contains(e.Mend(), s.URL()+"/datasets/"+r.String()+"/settings add a trusted publisher") {
			t.Errorf("open %s: got advice %q", r, e.Mend())
		}
	}
	st, err := h.Open(t.Context(), hub.Repo{Owner: "acme", Name: "open-results"})
	if err != nil {
		t.Fatalf("a public dataset: %v", err)
	}
	at, err := st.Resolve(t.Context(), "main")
	if err != nil {
		t.Fatalf("a public dataset: %v", err)
	}
	_, err = st.Commit(t.Context(), hub.Change{Branch: "main", Parent: at.ID, Message: "Add", Put: []hub.File{hub.Bytes("b", nil)}})
	if !errors.Is(err, hub.ErrForbidden) || !strings.Contains(err.Error(), "No trusted publisher of datasets/acme/open-results matches the token") {
		t.Errorf("commit: got %v, want %v and what the Hub says", err, hub.ErrForbidden)
	}
	if got := count(s, "/oauth/token"); got != 3 {
		t.Errorf("%d exchanges, want one for each dataset", got)
	}
}

// An issuer stands for GitHub and the Hub at once, and answers what a test says.
type issuer struct {
	*httptest.Server
	prove, exchange http.HandlerFunc

	mu    sync.Mutex
	asked []string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{
		prove: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":"the-proof"}`) },
		exchange: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"access_token":"hf_jwt_1","token_type":"bearer","expires_in":3600}`)
		},
	}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked = append(i.asked, r.Method+" "+r.URL.Path)
		i.mu.Unlock()
		if r.URL.Path == "/oauth/token" {
			i.exchange(w, r)
			return
		}
		i.prove(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) identity() *remote.Identity {
	return &remote.Identity{Endpoint: i.URL, RequestURL: i.URL + "/id?x=1", RequestToken: "ghs_secret"}
}

func TestIdentityAsks(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.prove = func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.URL.Query().Encode(), "audience="+strings.NewReplacer(":", "%3A", "/", "%2F").Replace(i.URL)+"&x=1"; got != want {
			t.Errorf("query: got %s, want %s", got, want)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer ghs_secret" {
			t.Errorf("GitHub was sent %q", got)
		}
		fmt.Fprint(w, `{"value":" the-proof\n"}`)
	}
	i.exchange = func(w http.ResponseWriter, r *http.Request) {
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if got["subject_token"] != "the-proof" || got["resource"] != "datasets/acme/tiny-llm-results" || len(got) != 4 {
			t.Errorf("exchange: got %v", got)
		}
		if got := r.Header.Get("Authorization"); got != "" {
			t.Errorf("the Hub was sent %q", got)
		}
		fmt.Fprint(w, `{"access_token":"hf_jwt_1","expires_in":3600}`)
	}
	if got, err := i.identity().Token(t.Context(), results); got != "hf_jwt_1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// A job of another CI system has its proof already.
func TestIdentityProven(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	id := &remote.Identity{Endpoint: i.URL, Proof: "ready"}
	if got, err := id.Token(t.Context(), results); got != "hf_jwt_1" || err != nil || len(i.asked) != 1 {
		t.Errorf("got %q, %v, after %q", got, err, i.asked)
	}
}

func TestIdentityFails(t *testing.T) {
	t.Parallel()
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for _, tt := range []struct {
		name            string
		prove, exchange http.HandlerFunc
		want            error
		text            string
	}{
		{"no permission", say(403, `{"message":"ghs_secret may not"}`), nil, hub.ErrForbidden, "GitHub"},
		{"empty proof", say(200, `{"value":""}`), nil, nil, "the identity that GitHub gave is empty"},
		{"proof of two lines", say(200, `{"value":"the-proof\nX: y"}`), nil, nil, "holds white space"},
		{"page for proof", say(200, "<html>the-proof"), nil, hub.ErrNotHub, "no JSON"},
		{"redirected proof", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, nil, nil, "302"},
		{"refused", nil, say(400, `{"error":"invalid_grant","error_description":"the-proof is not\u001b[31m\nknown"}`), hub.ErrForbidden, "invalid_grant"},
		{"redirected exchange", nil, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/else", http.StatusTemporaryRedirect)
		}, nil, "307"},
		{"no token", nil, say(200, `{}`), nil, "is empty"},
		{"odd token", nil, say(200, `{"access_token":"hf jwt"}`), nil, "holds white space"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			if tt.prove != nil {
				i.prove = tt.prove
			}
			if tt.exchange != nil {
				i.exchange = tt.exchange
			}
			got, err := i.identity().Token(t.Context(), results)
			e := (*hub.Error)(nil)
			if got != "" || !errors.As(err, &e) || tt.want != nil && !errors.Is(err, tt.want) || e.Target != results.String() {
				t.Fatalf("got %q, %v, want a *hub.Error of %v", got, err, tt.want)
			}
			text := err.Error() + " " + e.Mend()
			if !strings.Contains(text, tt.text) || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("got %q, want one line that says %q", text, tt.text)
			}
			for _, secret := range []string{"the-proof", "ghs_secret", "hf_jwt"} {
				if strings.Contains(text, secret) {
					t.Errorf("got %q, which holds %q", text, secret)
				}
			}
			if len(i.asked) > 2 {
				t.Errorf("asked %q", i.asked)
			}
		})
	}
}

func TestIdentityRetries(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	right, failed := i.exchange, false
	i.exchange = func(w http.ResponseWriter, r *http.Request) {
		if !failed {
			failed = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		right(w, r)
	}
	if got, err := i.identity().Token(t.Context(), results); got != "hf_jwt_1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// A token is exchanged anew some minutes before it ends.
func TestIdentityRenews(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lasts, exchanges int }{{3600, 1}, {300, 2}, {0, 2}, {-1, 2}} {
		i := newIssuer(t)
		n := 0
		i.exchange = func(w http.ResponseWriter, _ *http.Request) {
			n++
			fmt.Fprintf(w, `{"access_token":"hf_jwt_%d","expires_in":%d}`, n, tt.lasts)
		}
		id := i.identity()
		for range 2 {
			if _, err := id.Token(t.Context(), results); err != nil {
				t.Fatal(err)
			}
		}
		if n != tt.exchanges {
			t.Errorf("a token for %d s: %d exchanges of two uses, want %d", tt.lasts, n, tt.exchanges)
		}
	}
}

// Used after 54 minutes of an hour, the token is the same; after 56 it is another.
func TestIdentityRenewsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		id := &remote.Identity{Endpoint: "https://hub.example", Proof: "ready", Transport: roundTrip(func(*http.Request) string {
			n++
			return fmt.Sprintf(`{"access_token":"hf_jwt_%d","expires_in":3600}`, n)
		})}
		began := time.Now()
		for _, use := range []struct {
			after time.Duration
			want  string
		}{{0, "hf_jwt_1"}, {54 * time.Minute, "hf_jwt_1"}, {56 * time.Minute, "hf_jwt_2"}} {
			time.Sleep(time.Until(began.Add(use.after)))
			if got, err := id.Token(t.Context(), results); got != use.want || err != nil {
				t.Errorf("after %s: got %q, %v, want %q", use.after, got, err, use.want)
			}
		}
	})
}

func TestIdentityCancelled(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	ctx, cancel := context.WithCancel(t.Context())
	i.prove = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	if _, err := i.identity().Token(ctx, results); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// The proof goes over TLS alone.
func TestIdentityInTheOpen(t *testing.T) {
	t.Parallel()
	for _, id := range []*remote.Identity{
		{Endpoint: "https://hub.example", RequestURL: "http://actions.example/id?x=1", RequestToken: "ghs_secret"},
		{Endpoint: "http://hub.example", Proof: "the-proof"},
	} {
		id.Transport = roundTrip(func(r *http.Request) string {
			t.Errorf("asked %s", r.URL)
			return "{}"
		})
		if _, err := id.Token(t.Context(), results); err == nil {
			t.Errorf("%+v: got no error", id)
		}
	}
}
