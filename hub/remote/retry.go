package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Bounds of repeating one request.
const (
	maxRetries   = 5
	maxWait      = 5*time.Minute + 10*time.Second // in all: one window of the Hub's rate limit
	maxBackoff   = 8 * time.Second
	refusedAfter = 30 * time.Second // when a host that takes no connection is given up
)

// Retry repeats a request after an answer or a failure that may pass: 408, 429, 500, 502, 503, 504, a connection that cannot be
// made or breaks, an answer that breaks off. A request that is neither GET nor HEAD nor said to be repeatable is only repeated
// where nothing can have come of it: after 429, and where there was no connection. It waits about 1, 2, 4 and 8 seconds, or as
// long as the answer asks for; it does not begin to wait longer than the context lasts, nor longer than maxWait in all. When
// it gives up it returns what it got last.
type retry struct {
	log  func(format string, args ...any)
	next http.RoundTripper

	mu   sync.Mutex
	down map[string]bool // hosts that were given up because they take no connection: they are asked once from then on
}

func (r *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	var waited time.Duration
	for attempt := range maxRetries + 1 {
		if attempt > 0 && req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			req.Body = body
		}
		sent := time.Now()
		resp, err := r.next.RoundTrip(req)
		wait := max(backoff(attempt), askedFor(resp))
		end := time.Since(began) + wait + time.Since(sent) // of the next attempt, if that takes as long
		again := attempt < maxRetries && waited+wait <= maxWait && mayRepeat(req, resp, err) && r.reaches(req.URL.Host, err, end)
		if deadline, ok := req.Context().Deadline(); !again || ok && time.Until(deadline) <= wait {
			return resp, err
		}
		if err := r.wait(req.Context(), resp, wait); err != nil {
			return nil, err
		}
		waited += wait
	}
	panic("unreachable: the last attempt returns")
}

// mayRepeat tells whether it helps to send a request again, and does no harm.
func mayRepeat(req *http.Request, resp *http.Response, err error) bool {
	if req.Context().Err() != nil || req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	safe := req.Method == http.MethodGet || req.Method == http.MethodHead || traitsOf(req).repeatable
	if err != nil {
		return !isPermanent(err) && (safe || isUnconnected(err))
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return safe
	}
	return false
}

// isUnconnected tells whether there was no connection, so that nothing was sent.
func isUnconnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isPermanent tells whether an error will be the same next time.
func isPermanent(err error) bool {
	var token *tokenError
	var content *contentError
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return errors.As(err, &token) || errors.As(err, &content) || errors.As(err, &certificate) || errors.As(err, &name) && name.IsNotFound ||
		errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errTooLong)
}

// reaches tells whether a host may still be waited for until end, and remembers those that may not.
func (r *retry) reaches(host string, err error, end time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || !isUnconnected(err) {
		delete(r.down, host)
		return true
	}
	if r.down[host] {
		return false
	}
	if end < refusedAfter {
		return true
	}
	if r.down == nil {
		r.down = map[string]bool{}
	}
	r.down[host] = true
	return false
}

// backoff returns how long to wait after so many repetitions when nobody says: 1, 2, 4, 8 seconds, more or less, so that
// jobs that failed together do not come back together.
func backoff(attempt int) time.Duration {
	d := min(time.Second<<attempt, maxBackoff)
	return d*3/4 + rand.N(d/2)
}

// wait lets time pass, unless the context ends.
func (r *retry) wait(ctx context.Context, resp *http.Response, d time.Duration) error {
	if resp != nil {
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusTooManyRequests {
			r.log("the Hub's limit of requests is reached: waiting %s", d.Round(time.Second))
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
