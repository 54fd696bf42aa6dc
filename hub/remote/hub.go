package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// Options describe a Hub.
type Options struct {
	// URL is where the Hub is: a scheme, a host, and perhaps a port and a path in front of all others.
	URL string
	// Token returns the token for requests about a dataset, or for the zero Repo those about none. No function, and an
	// empty token, ask as a stranger. It is called for each request, perhaps by several goroutines at once.
	Token func(ctx context.Context, r hub.Repo) (string, error)
	// Transport makes the connections; nil for what NewTransport returns.
	Transport http.RoundTripper
	// UserAgent says who asks, as in "hubgate/1.2.0".
	UserAgent string
	// PlainHTTP allows http:// to other hosts than this machine: whoever is on the way then reads the token.
	PlainHTTP bool
	// Log takes what the Hub warns of, once a topic, and why a request is waiting; may be nil. It is called by several
	// goroutines at once.
	Log func(format string, args ...any)
}

// A Hub is a Hugging Face Hub.
type Hub struct {
	base      *url.URL
	transport http.RoundTripper // of all layers
	secrets   *secrets
	refused   *sync.Map // by hub.Repo: why there is no token for it, so that it is read as by a stranger
	caller    caller    // who asks; see Hub.certain
	pace      time.Duration

	mu      sync.Mutex
	renamed map[hub.Repo]hub.Repo // what a dataset was asked for as, and its name now
	landed  map[step]landing      // see Hub.committed
	made    map[string]hub.Commit // by id, as Commit returned them
	absent  map[hub.Repo]bool     // the datasets that are certainly not there; see Hub.confirmAbsent
}

// Open returns the Hub at a URL without asking it anything. It refuses a URL that is not https, or http to this machine
// or with PlainHTTP.
func Open(o Options) (*Hub, error) {
	base, err := parseBase(o.URL, o.PlainHTTP)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Transport == nil {
		o.Transport = NewTransport()
	}
	h := &Hub{
		base: base, secrets: &secrets{}, refused: &sync.Map{}, pace: pace,
		renamed: map[hub.Repo]hub.Repo{}, landed: map[step]landing{}, made: map[string]hub.Commit{}, absent: map[hub.Repo]bool{},
	}
	h.transport = &agent{
		name: o.UserAgent, origin: origin(base), log: o.Log, secrets: h.secrets,
		next: &retry{log: o.Log, next: &whole{next: &authorise{
			origin: origin(base), token: o.Token, secrets: h.secrets, refused: h.refused, next: o.Transport,
		}}},
	}
	return h, nil
}

// parseBase reads the URL of a Hub.
func parseBase(s string, plain bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(s), "/"))
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("the Hub's URL cannot be read; write it as in https://huggingface.co") // it may hold a password
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the Hub's URL %s://%s holds a user, a query or a fragment; give a token as hf-token and leave the rest out", u.Scheme, u.Host)
	case u.Scheme == "https":
	case u.Scheme != "http":
		return nil, fmt.Errorf("the Hub's URL %s does not begin with https://", u)
	case !plain && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("the Hub's URL %s is plain http, over which others can read the token; write https://", u)
	}
	return u, nil
}

// isLoopback tells whether a host is this machine, as far as can be told without asking anybody.
func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// origin returns scheme, host and port of a URL, in a form that can be compared.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Bounds of connections.
const (
	dialTimeout = 8 * time.Second
	inFlight    = 32 // requests of one Prefetch at once
)

// NewTransport returns http.DefaultTransport with the bounds of this package.
func NewTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody replaced it, who knows why
		return http.DefaultTransport
	}
	t = t.Clone()
	t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	t.MaxIdleConnsPerHost = inFlight // else all but two are closed after each batch of ranges
	t.MaxConnsPerHost = 2 * inFlight
	t.MaxResponseHeaderBytes = 256 << 10
	return t
}
