package remote_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// openHub opens a server with options of the test's own.
func openHub(t *testing.T, s *hubtest.Server, edit func(*remote.Options)) *remote.Hub {
	t.Helper()
	s.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	o := remote.Options{URL: s.URL(), Token: fixed(token), UserAgent: "hubgate/test"}
	edit(&o)
	h, err := remote.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A roundTrip is a transport that answers 200 with a text.
type roundTrip func(*http.Request) string

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f(r))), ContentLength: -1, Request: r}, nil
}
