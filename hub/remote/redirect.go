package remote

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

func isRedirect(a *answer) bool {
	switch a.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// location returns where a redirect leads. It refuses to give up https.
func location(a *answer) (*url.URL, error) {
	s := a.header.Get("Location")
	u, err := a.url.Parse(s)
	switch {
	case s == "" || err != nil || u.Host == "":
		return nil, fmt.Errorf("%w: it redirects to nowhere", hub.ErrNotHub)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%w: it redirects to a %q address", hub.ErrNotHub, u.Scheme)
	case a.url.Scheme == "https" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: it redirects from https to plain http, at %s", hub.ErrNotHub, u.Host)
	}
	u.User, u.Fragment = nil, ""
	return u, nil
}

// redirected returns the request to make after a redirect. Content goes nowhere but to the Hub, and is sent again only
// where the redirect says so.
func (h *Hub) redirected(req *http.Request, a *answer) (*http.Request, error) {
	u, err := location(a)
	if err != nil {
		return nil, err
	}
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	keeps := a.status == http.StatusTemporaryRedirect || a.status == http.StatusPermanentRedirect
	if !reads && (!keeps || origin(u) != origin(h.base) || a.foreign) {
		return nil, fmt.Errorf("%w: it redirects what is written to %s", hub.ErrNotHub, u.Host)
	}
	next := req.Clone(req.Context())
	next.URL, next.Host = u, ""
	next.Header.Del("X-Request-Id") // another request
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		next.Body = body
	}
	return next, nil
}

// noteRename remembers what a dataset is called now, when a redirect of the Hub tells.
func (h *Hub) noteRename(r hub.Repo, u *url.URL) {
	if r == (hub.Repo{}) || origin(u) != origin(h.base) {
		return
	}
	rest, ok := strings.CutPrefix(u.EscapedPath(), h.base.EscapedPath())
	if !ok {
		return
	}
	rest = strings.TrimPrefix(rest, "/api")
	if rest, ok = strings.CutPrefix(rest, "/datasets/"); !ok {
		return
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) < 2 {
		return
	}
	h.rename(r, hub.Repo{Owner: parts[0], Name: strings.TrimSuffix(parts[1], ".git")})
}

// rename remembers that r is called now, unless that is no name.
func (h *Hub) rename(r, now hub.Repo) {
	if r == now || now.Check() != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.renamed[r] = now
}

// current returns what a dataset is called now, as far as is known.
func (h *Hub) current(r hub.Repo) hub.Repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now, ok := h.renamed[r]; ok {
		return now
	}
	return r
}
