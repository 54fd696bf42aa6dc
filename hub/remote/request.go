package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/hubgate/hubgate/hub"
)

// Limits of answers, in bytes.
const (
	maxJSON  = 32 << 20 // one page; 10,000 entries of a tree take about 3 MB
	maxError = 64 << 10 // the text of an error; the rest is cut off
)

// A request is one call of the Hub's API.
type request struct {
	op, target string   // for errors, as in hub.Error
	repo       hub.Repo // that it is about; the zero Repo for none
	method     string   // GET when empty
	path       string   // below the Hub's URL, escaped already
	query      url.Values
	url        string // in place of path and query: an absolute URL that the Hub gave, on whatever host

	header      http.Header // besides what the layers set; given by the Hub together with url, or nil
	contentType string      // application/json when empty
	accept      string      // application/json when empty
	body        []byte
	content     func() io.Reader // in place of body: a new reader of size bytes for each attempt
	size        int64

	repeatable bool // may be sent again when nobody knows whether the last one was acted upon; GET and HEAD always are
	anonymous  bool // without a token, whatever there is
	reads      bool // changes nothing; GET and HEAD never do
}

// call makes a request and decodes the JSON of its answer into out, unless that is nil. An answer with another status than
// 2xx, and none at all, are a *hub.Error: see Hub.fail for which.
func (h *Hub) call(ctx context.Context, r request, out any) (http.Header, error) {
	a, err := h.do(ctx, r, func(*http.Response) int64 { return maxJSON }, nil)
	if err != nil {
		return nil, err
	}
	if a.status < 200 || a.status > 299 {
		return nil, h.fail(ctx, r, a)
	}
	if out == nil {
		return a.header, nil
	}
	if err := json.Unmarshal(a.body, out); err != nil || string(bytes.TrimSpace(a.body)) == "null" {
		return nil, h.notHub(r, a, "it is not the JSON of a Hub")
	}
	return a.header, nil
}

// newRequest makes the HTTP request.
func (h *Hub) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := r.url
	if target == "" {
		target = h.base.String() + r.path
		if len(r.query) > 0 {
			target += "?" + r.query.Encode()
		}
	}
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, errors.New("the Hub gave an address that cannot be read") // which err would show with its query
	}
	req.URL.User = nil
	if r.header != nil {
		req.Header = r.header.Clone()
	}
	setDefault(req.Header, "Accept", r.accept, "application/json")
	if r.content == nil && r.body != nil {
		r.content, r.size = func() io.Reader { return bytes.NewReader(r.body) }, int64(len(r.body))
	}
	if r.content != nil {
		setDefault(req.Header, "Content-Type", r.contentType, "application/json")
		req.ContentLength = r.size
		req.GetBody = func() (io.ReadCloser, error) {
			if r.size == 0 {
				return http.NoBody, nil // else Go sends it chunked, which storage refuses
			}
			return io.NopCloser(r.content()), nil
		}
		req.Body, _ = req.GetBody()
	}
	return req, nil
}

// setDefault sets a header to the first value that is not empty, unless it is set.
func setDefault(h http.Header, name string, values ...string) {
	for _, v := range values {
		if v != "" && h.Get(name) == "" {
			h.Set(name, v)
		}
	}
}

// A parcel is bytes for a URL that the Hub gave, which is signed and mostly on another host.
type parcel struct {
	op, target string // for errors
	repo       hub.Repo
	method     string // PUT when empty
	url        string
	header     http.Header // given by the Hub together with the URL
	content    io.ReaderAt
	size       int64
}

// send sends a parcel, again where that may help, and returns the headers of the answer. Storage hosts get no token of ours.
// An answer with another status than 2xx is a *hub.Error: 403 says that the URL has expired.
func (h *Hub) send(ctx context.Context, p parcel) (http.Header, error) {
	if p.method == "" {
		p.method = http.MethodPut
	}
	r := request{
		op: p.op, target: p.target, repo: p.repo, method: p.method, url: p.url, header: p.header, repeatable: true,
		contentType: "application/octet-stream", accept: "*/*", size: p.size,
		content: func() io.Reader { return io.NewSectionReader(p.content, 0, p.size) },
	}
	a, err := h.do(ctx, r, func(*http.Response) int64 { return maxError }, func(*answer) bool { return true })
	if err != nil {
		return nil, err
	}
	if a.status < 200 || a.status > 299 {
		return nil, h.fail(ctx, r, a)
	}
	return a.header, nil
}

// An answer is a response that was read to its end.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	size    int64    // of the body as announced, where it was left unread; -1 when unknown
	url     *url.URL // that gave it
	foreign bool     // the URL is not the Hub's
}

// maxRedirects is how many redirects one request follows.
const maxRedirects = 5

// do makes a request and follows redirects by hand until stop, when it is not nil, says that one is the answer itself.
// limit says how long an answer may be, as layer whole takes it.
func (h *Hub) do(ctx context.Context, r request, limit func(*http.Response) int64, stop func(*answer) bool) (*answer, error) {
	ctx = withTraits(ctx, traits{
		repo: r.repo, anonymous: r.anonymous, reads: r.reads, repeatable: r.repeatable, given: r.header.Get("Authorization") != "", limit: limit,
	})
	req, err := h.newRequest(ctx, r)
	if err != nil {
		return nil, h.wrap(ctx, r, err)
	}
	for range maxRedirects + 1 {
		if err := ctx.Err(); err != nil {
			return nil, h.wrap(ctx, r, err)
		}
		resp, err := h.transport.RoundTrip(req) //nolint:bodyclose // layer whole has read and closed it
		if err != nil {
			return nil, h.wrap(ctx, r, err)
		}
		a := &answer{status: resp.StatusCode, header: resp.Header, size: resp.ContentLength, url: req.URL, foreign: origin(req.URL) != origin(h.base)}
		if body, ok := resp.Body.(*buffered); ok { // always, from layer whole
			a.body = body.b
		}
		if !isRedirect(a) || stop != nil && stop(a) {
			return a, nil
		}
		if req, err = h.redirected(req, a); err != nil {
			return nil, h.wrap(ctx, r, err)
		}
		h.noteRename(r.repo, req.URL)
	}
	return nil, h.wrap(ctx, r, fmt.Errorf("%w: it redirects more than %d times", hub.ErrNotHub, maxRedirects))
}
