package hubtest

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how a [Server] differs from the usual one. The zero Options differ in nothing.
type Options struct {
	PageSize      int           // most entries a page of any list holds; 0 for 100
	MultipartOver int64         // larger LFS objects are uploaded in parts, in bytes; 0 for 20 MiB
	PartSize      int64         // of such an upload, in bytes; 0 for 8 MiB
	ResolveCache  bool          // small files are reached by a redirect on the Hub's own host
	Latency       time.Duration // before each answer, of the Hub and of the storage
	CommitTime    time.Duration // that a commit takes; another to the same dataset meanwhile is refused with 409
}

// A Server is a Hugging Face Hub in memory, for tests. It answers as the Hub does, keeps what is committed, fails on
// demand ([Server.Fail]) and remembers what it was asked ([Server.Requests]). It is safe for concurrent use.
//
// Bytes of LFS files lie behind an origin of their own, whose links are signed and expire. It is an error of the test when
// that origin sees an Authorization header or a token, and when either origin sees a request that no Hub knows.
//
//	s := hubtest.NewServer(t)
//	s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
//	h, err := remote.Open(remote.Options{URL: s.URL(), Token: ...})
type Server struct {
	t                    testing.TB
	opts                 Options
	hub, storage, runner *httptest.Server
	routes               *http.ServeMux
	close                func()

	mu       sync.Mutex
	clock    int // counts commits, repositories and everything else that has a time or an id
	accounts map[string]*Account
	repos    map[string]*repository // by lower-case name
	renamed  map[string]string      // from a lower-case name to the name now
	objects  map[string][]byte      // LFS objects, by path in the storage
	parts    map[string][]byte      // of uploads that are not complete, by path
	links    int                    // generation of signed links; those of older ones have expired
	frozen   bool                   // the index takes nothing in
	latency  time.Duration
	second   int       // bytes that the line takes in a second; 0 for any number
	busy     time.Time // until when the line is taken
	faults   []*Fault
	requests []*Request
	asked    int // requests to the Hub so far
}

var _ http.Handler = (*Server)(nil)

// NewServer starts a Hub without datasets or accounts, which ends with the test.
func NewServer(t testing.TB) *Server { return NewServerWith(t, Options{}) }

// NewServerWith is [NewServer] for a Hub that differs from the usual one.
func NewServerWith(t testing.TB, o Options) *Server {
	o.PageSize = cmp.Or(o.PageSize, 100)
	o.MultipartOver = cmp.Or(o.MultipartOver, 20<<20)
	o.PartSize = cmp.Or(o.PartSize, 8<<20)
	s := &Server{
		t: t, opts: o, latency: o.Latency, accounts: map[string]*Account{}, repos: map[string]*repository{},
		renamed: map[string]string{}, objects: map[string][]byte{}, parts: map[string][]byte{},
	}
	s.routes = s.hubRoutes()
	s.hub = httptest.NewServer(s)
	s.storage = httptest.NewServer(s.witnessed(true, s.storageRoutes()))
	s.runner = httptest.NewServer(http.HandlerFunc(s.issueIdentity))
	s.close = sync.OnceFunc(func() {
		for _, origin := range []*httptest.Server{s.hub, s.storage, s.runner} {
			origin.CloseClientConnections()
			origin.Close()
		}
	})
	t.Cleanup(s.Close)
	return s
}

// Close ends the server and cuts its connections. The end of the test does it too.
func (s *Server) Close() { s.close() }

// URL is the Hub's address: what HF_ENDPOINT is set to.
func (s *Server) URL() string { return s.hub.URL }

// StorageURL is the address of the origin where bytes of LFS files lie.
func (s *Server) StorageURL() string { return s.storage.URL }

// SetLatency makes every answer from now on wait for d first.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// SetBandwidth makes all answers from now on share a line that takes so many bytes a second; 0 takes the limit away.
func (s *Server) SetBandwidth(second int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.second = second
}

// takes returns how long the line is taken until it has sent n bytes more. The caller holds the lock.
func (s *Server) takes(n int) time.Duration {
	if s.second == 0 {
		return 0
	}
	now := time.Now()
	if s.busy.Before(now) {
		s.busy = now
	}
	s.busy = s.busy.Add(time.Duration(n) * time.Second / time.Duration(s.second))
	return s.busy.Sub(now)
}

// ServeHTTP answers as the Hub does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.witnessed(false, s.routes).ServeHTTP(w, r)
}

// now is a time that no clock shows, a second later each time. The caller holds the lock.
func (s *Server) now() time.Time {
	s.clock++
	return time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(s.clock) * time.Second)
}

// wait waits for d, and tells whether the request is still wanted then.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// A Request is one that reached the server. Its numbers grow while its answer is being sent.
type Request struct {
	Method   string
	Path     string // escaped, without the query
	Query    string
	Range    string // the Range header
	Storage  bool   // it went to the storage's origin, not to the Hub's
	Status   int    // of the answer; 0 when there is none, or not yet
	Received int64  // bytes of its body
	Sent     int64  // bytes of the answer's body
}

// Requests returns the requests so far, in the order they came in. The exchange of identities with the runner is not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Request, len(s.requests))
	for i, r := range s.requests {
		list[i] = *r
	}
	return list
}

// ResetRequests forgets the requests so far.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// maxBody is the longest body of a request that the server takes, in bytes.
const maxBody = 1 << 30

// witnessed writes down each request to an origin, checks it for secrets, and answers it by next or by a fault.
func (s *Server) witnessed(storage bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var whole bytes.Buffer
		whole.Grow(int(max(0, min(r.ContentLength, maxBody))) + bytes.MinRead)
		if _, err := whole.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			panic(http.ErrAbortHandler) // the client went away in the middle of its own request
		}
		body := whole.Bytes()
		r.Body = received{io.NopCloser(bytes.NewReader(body)), body}
		seen := &Request{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Range: r.Header.Get("Range"), Storage: storage, Received: int64(len(body)),
		}
		s.mu.Lock()
		s.requests = append(s.requests, seen)
		fault, latency := s.takeFault(r), s.latency
		s.checkSecrets(r, body, storage)
		if !storage {
			s.headers(w, r)
		}
		s.mu.Unlock()

		out := &recorder{ResponseWriter: w, s: s, seen: seen}
		if !wait(r, latency) {
			panic(http.ErrAbortHandler)
		}
		if fault == nil {
			next.ServeHTTP(out, r)
			return
		}
		fault(out, r, func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
	})
}

// received is the body of a request that has come in whole.
type received struct {
	io.ReadCloser
	bytes []byte
}

// bodyOf returns the body of a request that was witnessed. The caller may keep it.
func bodyOf(r *http.Request) []byte {
	body, ok := r.Body.(received)
	if !ok {
		panic("hubtest: a request that was not witnessed")
	}
	return body.bytes
}

// checkSecrets fails the test for a token where none belongs: anywhere at the storage, and in any URL. The caller holds the lock.
func (s *Server) checkSecrets(r *http.Request, body []byte, storage bool) {
	if storage && r.Header.Get("Authorization") != "" {
		s.t.Errorf("hubtest: %s %s: the storage was sent an Authorization header", r.Method, r.URL.Path)
	}
	for token := range s.accounts {
		if strings.Contains(r.URL.String(), token) {
			s.t.Errorf("hubtest: %s %s: there is a token in the URL", r.Method, r.URL.Path)
		}
		if !storage {
			continue
		}
		if bytes.Contains(body, []byte(token)) {
			s.t.Errorf("hubtest: %s %s: the storage was sent a token in the body", r.Method, r.URL.Path)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, "\n"), token) {
				s.t.Errorf("hubtest: %s %s: the storage was sent a token in the header %s", r.Method, r.URL.Path, name)
			}
		}
	}
}

// A recorder writes down what is answered to a request.
type recorder struct {
	http.ResponseWriter
	s    *Server
	seen *Request
}

func (w *recorder) WriteHeader(status int) {
	w.s.mu.Lock()
	w.seen.Status = status
	w.s.mu.Unlock()
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	w.seen.Status = cmp.Or(w.seen.Status, http.StatusOK)
	w.seen.Sent += int64(len(p))
	pause := w.s.takes(len(p))
	w.s.mu.Unlock()
	time.Sleep(pause)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] flush.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
