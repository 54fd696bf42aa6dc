package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A script answers requests one after the other, and writes down when they came and what they held. Its last answer is
// repeated.
type script struct {
	answers []func() (*http.Response, error)
	times   []time.Time
	bodies  []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		body = string(b)
	}
	s.times, s.bodies = append(s.times, time.Now()), append(s.bodies, body)
	return s.answers[min(len(s.times), len(s.answers))-1]()
}

// pauses returns the time between requests, in whole seconds rounded to the nearest.
func (s *script) pauses() []time.Duration {
	var d []time.Duration
	for i := 1; i < len(s.times); i++ {
		d = append(d, s.times[i].Sub(s.times[i-1]).Round(time.Second))
	}
	return d
}

func status(code int, headers ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return respond(code, "", headers...), nil }
}

func failure(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

var (
	refusal = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	reset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

func TestRetryWhatMayPass(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method     string
		repeatable bool
		first      func() (*http.Response, error)
		again      bool
	}{
		"get 500":                 {"GET", false, status(500), true},
		"get 502":                 {"GET", false, status(502), true},
		"get 503":                 {"GET", false, status(503), true},
		"get 504":                 {"GET", false, status(504), true},
		"get 408":                 {"GET", false, status(408), true},
		"get 429":                 {"GET", false, status(429), true},
		"head 503":                {"HEAD", false, status(503), true},
		"get 404":                 {"GET", false, status(404), false},
		"get 401":                 {"GET", false, status(401), false},
		"get 501":                 {"GET", false, status(501), false},
		"get reset":               {"GET", false, failure(reset), true},
		"get broken off":          {"GET", false, failure(io.ErrUnexpectedEOF), true},
		"get stalled":             {"GET", false, failure(errStalled), true},
		"get too long":            {"GET", false, failure(errTooLong), false},
		"get without token":       {"GET", false, failure(&tokenError{errors.New("no")}), false},
		"get unknown host":        {"GET", false, failure(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), false},
		"post 503":                {"POST", false, status(503), false},
		"post reset":              {"POST", false, failure(reset), false},
		"post 429":                {"POST", false, status(429), true},      // nothing happened
		"post refused":            {"POST", false, failure(refusal), true}, // nothing was sent
		"repeatable post 503":     {"POST", true, status(503), true},
		"repeatable post reset":   {"POST", true, failure(reset), true},
		"repeatable post 409":     {"POST", true, status(409), false},
		"unreadable content":      {"PUT", true, failure(&contentError{errors.New("gone")}), false},
		"plain http behind https": {"GET", false, failure(http.ErrSchemeMismatch), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []func() (*http.Response, error){c.first, status(200)}}
				ctx := withTraits(t.Context(), traits{repeatable: c.repeatable})
				body := ""
				if c.method == http.MethodPost {
					body = "content"
				}
				resp, err := (&retry{next: s, log: t.Logf}).RoundTrip(newRequest(ctx, t, c.method, acme, body))
				if got := len(s.times) == 2; got != c.again {
					t.Errorf("asked %d times, want again: %v", len(s.times), c.again)
				}
				if c.again && (err != nil || resp.StatusCode != http.StatusOK) {
					t.Errorf("got %v, %v, want the second answer", resp, err)
				}
				for i, b := range s.bodies {
					if b != body {
						t.Errorf("request %d: body %q, want %q", i, b, body)
					}
				}
			})
		})
	}
}

func TestRetryWaits(t *testing.T) {
	t.Parallel()
	s := time.Second
	for name, c := range map[string]struct {
		first    func() (*http.Response, error)
		min, max []time.Duration // of each pause
	}{
		"exponential":         {status(503), []time.Duration{1 * s, 1 * s, 3 * s, 6 * s, 6 * s}, []time.Duration{1 * s, 3 * s, 5 * s, 10 * s, 10 * s}},
		"limit of requests":   {status(429, `RateLimit: "api";r=0;t=55`), []time.Duration{56 * s}, []time.Duration{56 * s}},
		"limit, for too long": {status(429, `RateLimit: "api";r=0;t=200`), []time.Duration{201 * s}, []time.Duration{201 * s}},
		"retry after":         {status(429, "Retry-After: 20"), []time.Duration{20 * s}, []time.Duration{20 * s}},
		"busy, retry after":   {status(503, "Retry-After: 20"), []time.Duration{20 * s}, []time.Duration{20 * s}},
		"limit not reached":   {status(429, `RateLimit: "api";r=3;t=55`, "Retry-After: 7"), []time.Duration{7 * s}, []time.Duration{7 * s}},
		"a date":              {status(429, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"), []time.Duration{1 * s}, []time.Duration{1 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := &script{answers: []func() (*http.Response, error){c.first}}
				if _, err := (&retry{next: sc, log: t.Logf}).RoundTrip(newRequest(t.Context(), t, "GET", acme, "")); err != nil {
					t.Fatal(err)
				}
				pauses := sc.pauses()
				if len(pauses) < len(c.min) {
					t.Fatalf("got %d pauses, want %d", len(pauses), len(c.min))
				}
				for i := range c.min {
					if pauses[i] < c.min[i] || pauses[i] > c.max[i] {
						t.Errorf("pause %d: got %s, want %s to %s", i, pauses[i], c.min[i], c.max[i])
					}
				}
				if total := sc.times[len(sc.times)-1].Sub(sc.times[0]); total > maxWait || len(sc.times) > maxRetries+1 {
					t.Errorf("%d requests in %s, want at most %d in %s", len(sc.times), total, maxRetries+1, maxWait)
				}
			})
		})
	}
}

// A wait that would outlast the context does not begin: the answer comes at once.
func TestRetryDoesNotWaitInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		s := &script{answers: []func() (*http.Response, error){status(429, `RateLimit: "api";r=0;t=55`)}}
		resp, err := (&retry{next: s, log: t.Logf}).RoundTrip(newRequest(ctx, t, "GET", acme, ""))
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || time.Since(began) != 0 {
			t.Errorf("got %v, %v after %s, want the 429 at once", resp, err, time.Since(began))
		}
	})
}

func TestRetryStopsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(20*time.Second, cancel)
		s := &script{answers: []func() (*http.Response, error){status(429, `RateLimit: "api";r=0;t=55`)}}
		_, err := (&retry{next: s, log: t.Logf}).RoundTrip(newRequest(ctx, t, "GET", acme, ""))
		if !errors.Is(err, context.Canceled) || time.Since(began) != 20*time.Second {
			t.Errorf("got %v after %s, want %v after 20s", err, time.Since(began), context.Canceled)
		}
	})
}

// A host that takes no connection is given up after 30 seconds, and asked once from then on until it takes one.
func TestRetryGivesUpAHost(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]time.Duration{"refused at once": 0, "no answer": dialTimeout} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, up := 0, false
				r := &retry{log: t.Logf, next: tripper(func(*http.Request) (*http.Response, error) {
					if n++; up {
						return respond(200, ""), nil
					}
					time.Sleep(each)
					return nil, refusal
				})}
				get := func() (time.Duration, error) {
					began := time.Now()
					_, err := r.RoundTrip(newRequest(t.Context(), t, "GET", acme, ""))
					return time.Since(began), err
				}
				if d, err := get(); !errors.Is(err, syscall.ECONNREFUSED) || d > 30*time.Second || n < 3 {
					t.Errorf("got %v after %s and %d requests, want it refused within 30s after several", err, d, n)
				}
				if each == 0 {
					return // five repetitions are over before 30 seconds are
				}
				n = 0
				if d, err := get(); err == nil || d > each || n != 1 {
					t.Errorf("then: got %v after %s and %d requests, want one", err, d, n)
				}
				up = true
				if _, err := get(); err != nil {
					t.Errorf("back again: got %v", err)
				}
			})
		})
	}
}

func TestRetrySaysThatItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		s := &script{answers: []func() (*http.Response, error){status(429, `RateLimit: "api";r=0;t=9`), status(503), status(200)}}
		if _, err := (&retry{next: s, log: j.log}).RoundTrip(newRequest(t.Context(), t, "GET", acme, "")); err != nil {
			t.Fatal(err)
		}
		if len(j.lines) != 1 || !strings.Contains(j.lines[0], "waiting 10s") {
			t.Errorf("got %q, want one line about 10s", j.lines)
		}
	})
}
