package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// A tripper is a transport that a test makes up.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond makes an answer. Headers are given as "Name: value".
func respond(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		resp.Header.Add(name, value)
	}
	return resp
}

// newRequest makes a request with a body that can be sent again, or without one.
func newRequest(ctx context.Context, t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = bytes.NewReader([]byte(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// openHub opens a Hub whose connections a test makes up.
func openHub(t *testing.T, o Options, f tripper) *Hub {
	t.Helper()
	if o.URL == "" {
		o.URL = "https://hub.example"
	}
	o.Transport = f
	h, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func always(token string) func(context.Context, hub.Repo) (string, error) {
	return func(context.Context, hub.Repo) (string, error) { return token, nil }
}

// A journal is what was logged.
type journal struct{ lines []string }

func (j *journal) log(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

const acme = "https://hub.example/api/datasets/acme/tiny"

var tiny = hub.Repo{Owner: "acme", Name: "tiny"}

func bodyOf(resp *http.Response) string {
	b, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return string(b)
}

func headersOf(resp *http.Response) []string {
	var list []string
	for name := range resp.Header {
		list = append(list, name+": "+resp.Header.Get(name))
	}
	return list
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
