package cli

import (
	"net/http"
	"net/url"
	"time"

	"github.com/hubgate/hubgate/hub/remote"
)

// traced returns what logs every request, where that is asked for.
func (e Env) traced(verbose bool) Env {
	if !verbose {
		return e
	}
	client := http.Client{Transport: remote.NewTransport()}
	if e.HTTP != nil {
		client = *e.HTTP
	}
	client.Transport = tracer{log: e.log, now: e.Now, next: client.Transport}
	e.HTTP = &client
	return e
}

// A tracer logs what is asked of whom, the answer, and how long it took. It leaves queries out: those of signed addresses are as
// good as a token.
type tracer struct {
	log  func(format string, args ...any)
	now  func() time.Time
	next http.RoundTripper // nil for http.DefaultTransport
}

// RoundTrip asks as the next one does.
func (t tracer) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	began := t.now()
	resp, err := next.RoundTrip(r)
	at := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path}
	took := t.now().Sub(began).Round(time.Millisecond)
	if err != nil {
		t.log("debug: %s %s: %v, after %s", r.Method, &at, err, took)
		return nil, err
	}
	t.log("debug: %s %s: %s, in %s", r.Method, &at, resp.Status, took)
	return resp, nil
}
