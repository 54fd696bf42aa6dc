package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/hub"
)

// Authorise adds the token to requests to the Hub's own scheme, host and port, and takes it off all others. Host names
// alone would not do: net/http keeps it for sub-domains, for other ports, and when https turns into http.
type authorise struct {
	origin  string // of the Hub
	token   func(context.Context, hub.Repo) (string, error)
	secrets *secrets
	refused *sync.Map // see Hub.refused
	next    http.RoundTripper
}

func (a *authorise) RoundTrip(req *http.Request) (*http.Response, error) {
	t := traitsOf(req)
	req = req.Clone(req.Context())
	own := origin(req.URL) == a.origin
	if !t.given {
		req.Header.Del("Authorization")
	}
	if a.token == nil || t.anonymous || !own {
		if !own && a.secrets.in(req.Header.Get("Authorization")) {
			req.Header.Del("Authorization") // who gave it does not matter
		}
		return a.next.RoundTrip(req)
	}
	token, err := a.token(req.Context(), t.repo)
	if errors.Is(err, hub.ErrForbidden) && (t.reads || req.Method == http.MethodGet || req.Method == http.MethodHead) {
		a.refused.Store(t.repo, err) // the Hub may show it to everyone; what is to be written is another matter
		return a.next.RoundTrip(req)
	}
	if err != nil {
		closeBody(req)
		return nil, &tokenError{err}
	}
	if token = strings.TrimSpace(token); token != "" {
		if err := checkToken(token); err != nil {
			closeBody(req)
			return nil, &tokenError{fmt.Errorf("%w: it %w", hub.ErrUnauthorized, err)}
		}
		a.secrets.add(token)
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return a.next.RoundTrip(req)
}

// A tokenError says why there is no token. Nothing was sent.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// closeBody closes what a RoundTripper must close even when it sends nothing.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
