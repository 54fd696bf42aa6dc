package hubtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub/hubtest"
)

// fetch reads an address, and says how far that went.
func fetch(t *testing.T, s *hubtest.Server, path string) (status int, header http.Header, body []byte, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ada)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // which repeats nothing by itself
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	const file = "/datasets/" + results + "/resolve/main/a.txt"
	if _, err := s.Commit(results, "main", "Add", map[string]string{"a.txt": "0123456789"}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		trouble hubtest.Trouble
		status  int
		header  string // name: part of the value
		body    string // part of it
		broken  bool   // the body ends too early, or there is no answer
	}{
		"status":       {hubtest.Status(418, "no tea"), 418, "X-Error-Message: no tea", `{"error":"no tea"}`, false},
		"busy":         {hubtest.Busy(), 409, "X-Request-Id: Root", "Another commit", false},
		"stale":        {hubtest.Stale(), 412, "", "A commit has happened since", false},
		"gateway":      {hubtest.Gateway(503), 503, "X-Request-Id: ", "<h1>Service Unavailable", false},
		"proxy":        {hubtest.Proxy(), 200, "Content-Type: text/html", "log in", false},
		"rate limited": {hubtest.RateLimited(55), 429, `RateLimit: "api";r=0;t=55`, "", false},
		"retry after":  {hubtest.RetryAfter(503, 7), 503, "Retry-After: 7", "", false},
		"expired":      {hubtest.Expired(), 403, "Content-Type: application/xml", "Request has expired", false},
		"without":      {hubtest.Without("X-Repo-Commit"), 200, "X-Repo-Commit: ", "0123456789", false},
		"with":         {hubtest.With("X-HF-Warning", "a; b"), 200, "X-HF-Warning: a; b", "0123456789", false},
		"flip":         {hubtest.Flip(2), 200, "Content-Length: 10", "0133456789", false},
		"short":        {hubtest.Short(3), 200, "Content-Length: 3", "012", false},
		"edit":         {hubtest.Edit(func(h http.Header, b []byte) []byte { h.Set("ETag", "x"); return append(b, '!') }), 200, "ETag: x", "0123456789!", false},
		"meanwhile":    {hubtest.Meanwhile(func() { s.Grant("hf_new", hubtest.Account{}) }, hubtest.Answered()), 200, "Content-Length: 10", "0123456789", false},
		"truncate":     {hubtest.Truncate(3), 200, "Content-Length: 10", "012", true},
		"slow":         {hubtest.Slow(time.Microsecond, 3), 200, "Content-Length: 10", "0123456789", false},
		"cut":          {hubtest.Cut(), 0, "", "", true},
		"lost":         {hubtest.Lost(), 0, "", "", true},
		"lost behind":  {hubtest.LostBehind(504), 504, "Content-Type: text/html", "Gateway Timeout", false},
	} {
		s.Fail(hubtest.Fault{Method: http.MethodGet, Path: "/datasets/*/a.txt", Trouble: tt.trouble})
		status, header, body, err := fetch(t, s, file)
		key, value, _ := strings.Cut(tt.header, ": ")
		if status != tt.status || !strings.Contains(string(body), tt.body) || !strings.Contains(header.Get(key), value) || (err != nil) != tt.broken {
			t.Errorf("%s: got %d, %v, %q, %v", name, status, header, body, err)
		}
		if value == "" && key != "" && header.Get(key) != "" {
			t.Errorf("%s: got %s %q, want none", name, key, header.Get(key))
		}
		if status, _, body, err := fetch(t, s, file); status != 200 || string(body) != "0123456789" || err != nil {
			t.Errorf("after %s: got %d, %q, %v", name, status, body, err)
		}
	}
}

func TestFaultsMeetInTurn(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	path := "/api/datasets/" + results
	s.Fail(hubtest.Fault{Method: http.MethodPost, Trouble: hubtest.Status(418, "")})
	s.Fail(hubtest.Fault{Path: "/api/datasets/*/refs", Times: -1, Trouble: hubtest.Status(500, "")})
	s.Fail(hubtest.Fault{Path: path, After: 1, Times: 2, Trouble: hubtest.Status(502, "")})
	s.Fail(hubtest.Fault{Path: path, Trouble: hubtest.Status(503, "")})
	var got []int
	for range 5 {
		status, _, _, err := fetch(t, s, path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
		if status, _, _, _ := fetch(t, s, path+"/refs"); status != 500 {
			t.Errorf("refs: got %d, want 500 for ever", status)
		}
	}
	if want := "[503 502 502 200 200]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if got := s.Unmet(); got != 1 {
		t.Errorf("unmet: got %d, want the one for POST", got)
	}
}

// A commit whose answer is lost has landed, and one that was cut before has not.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Fail(hubtest.Fault{Path: "*/commit/*", Trouble: hubtest.LostBehind(502)})
	s.Fail(hubtest.Fault{Path: "*/commit/*", Trouble: hubtest.Gateway(502)})
	commit(t, s, ada, "main", header("Landed", ""), regular("a", "1")).want(502)
	commit(t, s, ada, "main", header("Not landed", ""), regular("a", "2")).want(502)
	if got, err := s.Log(results, "main"); err != nil || fmt.Sprint(got) != "[Landed initial commit]" {
		t.Errorf("log: got %q, %v", got, err)
	}
}

func TestBehind(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	api := s.URL() + "/api/datasets/" + results
	old, err := s.Head(results, "main")
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Commit(results, "main", "Add", map[string]string{"a": "1"})
	if err != nil {
		t.Fatal(err)
	}
	s.Fail(hubtest.Fault{Path: "/api/datasets/" + results, Trouble: hubtest.Behind()})
	s.Fail(hubtest.Fault{Path: "/api/datasets/*/refs", Trouble: hubtest.Behind()})
	s.Fail(hubtest.Fault{Path: "/api/datasets/*/revision/*", Trouble: hubtest.Behind()})
	for _, tt := range []struct{ path, want string }{{"", old}, {"/refs", old}, {"/revision/" + done, done}, {"", done}, {"/refs", done}} {
		if got := string(ask(t, ada, "GET", api+tt.path, "").want(200).body); !strings.Contains(got, tt.want) {
			t.Errorf("%q: got %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestIgnoreRange(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Add(results, hubtest.Dataset{Files: map[string]string{"x.parquet": "0123456789"}})
	link := ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/main/x.parquet", "").want(302).header.Get("Location")
	s.Fail(hubtest.Fault{Path: "/objects/*", Trouble: hubtest.IgnoreRange()})
	ask(t, "", "GET", link, "", "Range", "bytes=1-2").want(200)
	ask(t, "", "GET", link, "", "Range", "bytes=1-2").want(206)
}

// A stalled answer ends when its client gives up, and when the server does.
func TestStall(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Fail(hubtest.Fault{Times: 2, Trouble: hubtest.Stall(5)})
	ctx, cancel := context.WithCancel(t.Context())
	for _, end := range []func(){cancel, s.Close} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/api/whoami-v2", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		ctx = t.Context()
		req.Header.Set("Authorization", "Bearer "+ada)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 5)
		if _, err := io.ReadFull(resp.Body, first); err != nil {
			t.Errorf("the first bytes: got %q, %v", first, err)
		}
		end()
		if _, err := resp.Body.Read(first); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after the end: got %v, want a cut connection", err)
		}
		resp.Body.Close()
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Add(results, hubtest.Dataset{Files: map[string]string{"x.parquet": "0123456789"}})
	link := ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/main/x.parquet?a=b", "").want(302).header.Get("Location")
	ask(t, "", "GET", link, "", "Range", "bytes=1-2").want(206)
	commit(t, s, ada, "main", header("x", "")).want(200)
	got := s.Requests()
	if len(got) != 3 {
		t.Fatalf("got %d requests, want 3", len(got))
	}
	if r := got[0]; r.Storage || r.Status != 302 || r.Path != "/datasets/"+results+"/resolve/main/x.parquet" || r.Query != "a=b" || r.Method != http.MethodGet {
		t.Errorf("first: got %+v", r)
	}
	if r := got[1]; !r.Storage || r.Status != 206 || r.Sent != 2 || r.Range != "bytes=1-2" {
		t.Errorf("second: got %+v", r)
	}
	if r := got[2]; r.Storage || r.Status != 200 || r.Received != int64(len(`{"key":"header","value":{"summary":"x"}}`)+1) {
		t.Errorf("third: got %+v", r)
	}
	s.ResetRequests()
	if got := s.Requests(); len(got) != 0 {
		t.Errorf("after a reset: got %d requests", len(got))
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	const d = 20 * time.Millisecond
	s.SetLatency(d)
	began := time.Now()
	ask(t, ada, "GET", s.URL()+"/api/datasets/"+results, "").want(200)
	if got := time.Since(began); got < d {
		t.Errorf("an answer took %v, want %v or more", got, d)
	}
}

// Answers wait for the line that they share.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.SetBandwidth(10_000)
	began := time.Now()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { ask(t, ada, "GET", s.URL()+"/api/datasets/"+results, "").want(200) })
	}
	wg.Wait()
	sent := int64(0)
	for _, r := range s.Requests() {
		sent += r.Sent
	}
	if got, want := time.Since(began), time.Duration(sent)*time.Second/10_000; got < want {
		t.Errorf("%d bytes took %v, want %v or more", sent, got, want)
	}
}

// One commit at a time: the others are told that the dataset is busy, and land when they come again.
func TestCommitTime(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{CommitTime: 10 * time.Millisecond})
	const n = 8
	busy := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for {
				e := commit(t, s, ada, "main", header(fmt.Sprint("by ", i), ""), regular(fmt.Sprint(i), "x"))
				if e.status != http.StatusConflict {
					e.want(http.StatusOK)
					return
				}
				busy[i]++
			}
		})
	}
	wg.Wait()
	if got, err := s.Log(results, "main"); err != nil || len(got) != n+1 {
		t.Errorf("log: got %q, %v, want every commit once", got, err)
	}
	if fmt.Sprint(busy) == fmt.Sprint(make([]int, n)) {
		t.Error("nobody was told that the dataset is busy")
	}
}

// A witness is a test whose failures are looked at and not counted.
type witness struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

// What leaks a secret, and what no Hub knows, is an error of the test.
func TestLeaksAreErrors(t *testing.T) {
	t.Parallel()
	w := &witness{TB: t}
	s := hubtest.NewServer(w)
	s.Grant(ada, hubtest.Account{Name: "ada"})
	s.Add("ada/x", hubtest.Dataset{Files: map[string]string{"x.parquet": "0123456789"}})
	link := ask(t, ada, "GET", s.URL()+"/datasets/ada/x/resolve/main/x.parquet", "").want(302).header.Get("Location")
	ask(t, "", "GET", link, "").want(200)
	if len(w.failures) != 0 {
		t.Errorf("before any leak: got %q", w.failures)
	}
	for _, tt := range []struct {
		want string
		leak func()
	}{
		{"Authorization", func() { ask(t, "anything", "GET", link, "").want(403) }},
		{"token in the header Cookie", func() { ask(t, "", "GET", link, "", "Cookie", "token="+ada) }},
		{"token in the URL", func() { ask(t, "", "GET", link+"&token="+ada, "") }},
		{"token in the body", func() { ask(t, "", "PUT", link, "it is "+ada) }},
		{"token in the URL", func() { ask(t, "", "GET", s.URL()+"/api/datasets/ada/x?token="+ada, "") }},
		{"not a request that this Hub knows", func() { ask(t, ada, "GET", s.URL()+"/api/dataset/ada/x", "").want(404) }},
		{"not a request that the storage knows", func() { ask(t, "", "POST", link, "").want(404) }},
	} {
		w.failures = nil
		tt.leak()
		if len(w.failures) != 1 || !strings.Contains(w.failures[0], tt.want) {
			t.Errorf("%s: got %q", tt.want, w.failures)
		}
		if strings.Contains(fmt.Sprint(w.failures), ada) {
			t.Errorf("the error itself holds the token: %q", w.failures)
		}
	}
}

// A client of Go that follows redirects by itself takes its token along to another port of one host, which is what the
// server is there to see.
func TestDefaultClientLeaks(t *testing.T) {
	t.Parallel()
	w := &witness{TB: t}
	s := hubtest.NewServer(w)
	s.Grant(ada, hubtest.Account{Name: "ada"})
	s.Add("ada/x", hubtest.Dataset{Files: map[string]string{"x.parquet": "0123456789"}})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/datasets/ada/x/resolve/main/x.parquet", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ada)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusForbidden || err != nil || bytes.Contains(body, []byte("0123")) || len(w.failures) != 2 {
		t.Errorf("got %d, %q, %v, errors %q", resp.StatusCode, body, err, w.failures)
	}
}
