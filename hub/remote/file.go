package remote

import (
	"context"
	"crypto/sha1" //nolint:gosec // git names its blobs by it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/hub"
)

// Limits of files, in bytes.
const (
	maxGit     = 16 << 20 // that are not in LFS and come at once; the Hub takes up to 10 MiB
	maxIgnored = 64 << 20 // that a host sends whole when it was asked for a range
)

// A file is where one file of a commit is to be had.
type file struct {
	store  *store
	commit string
	path   string

	size   int64  // in bytes
	digest string // of the content: its SHA-256, or what git calls the blob; empty where the Hub does not say

	locating sync.Mutex // held while the address is asked for anew
	mu       sync.Mutex
	from     source
	data     []byte // the whole content, verified, once it was fetched
}

// A source is an address that gives ranges of a file, for some time.
type source struct {
	url  string
	etag string // which all ranges must have in common; empty until one has come
}

// request asks the Hub for the file.
func (f *file) request() request {
	s := f.store
	return request{
		op: "open", target: s.target(f.commit, f.path), repo: s.repo, accept: "*/*",
		path:   "/datasets/" + s.hub.current(s.repo).String() + "/resolve/" + f.commit + escapePath(f.path),
		header: http.Header{"Accept-Encoding": {"identity"}}, // sizes and ranges are those of the content
	}
}

// locate asks the Hub for the file: it gives a small one at once, and of others size, digest and an address.
func (f *file) locate(ctx context.Context) error {
	h, r := f.store.hub, f.request()
	unread := false
	limit := func(resp *http.Response) int64 {
		if unread = resp.ContentLength > maxGit; unread {
			return -1
		}
		return maxGit
	}
	a, err := h.do(ctx, r, limit, isElsewhere)
	if err != nil {
		return err
	}
	redirect := isRedirect(a)
	if a.status != http.StatusOK && !redirect {
		return h.fail(ctx, r, a)
	}
	switch at := a.header.Get("X-Repo-Commit"); {
	case at == "":
		return h.notHub(r, a, "it does not say of which commit it is")
	case at != f.commit:
		return f.fail(fmt.Errorf("%w: the Hub answers with the file of commit %.40q", hub.ErrCorrupt, at))
	case redirect:
		return f.linked(a)
	}
	size, digest := int64(len(a.body)), etag(a.header.Get("ETag"))
	if linked := etag(a.header.Get("X-Linked-Etag")); isSHA256(linked) {
		digest = linked
	}
	if unread {
		size = a.size
	}
	if err := f.is(size, digest); err != nil {
		return err
	}
	if unread {
		f.setSource(a.url.String())
		return nil
	}
	return f.keep(a.body)
}

// isElsewhere tells whether a redirect is the answer for a file that is elsewhere, and not merely to another address of the Hub.
func isElsewhere(a *answer) bool {
	u, err := location(a)
	return err == nil && (isSHA256(etag(a.header.Get("X-Linked-Etag"))) || origin(u) != origin(a.url))
}

// linked takes an answer that tells where the content is.
func (f *file) linked(a *answer) error {
	u, err := location(a)
	if err != nil {
		return f.fail(err)
	}
	size, err := strconv.ParseInt(a.header.Get("X-Linked-Size"), 10, 64)
	digest := etag(a.header.Get("X-Linked-Etag"))
	if err != nil || size < 0 || !isSHA256(digest) {
		return f.store.hub.notHub(f.request(), a, "it does not say how large the file is, or what digest it has")
	}
	if err := f.is(size, digest); err != nil {
		return err
	}
	f.setSource(u.String())
	return nil
}

// is takes size and digest when the file is located, and holds later answers to them.
func (f *file) is(size int64, digest string) error {
	if f.url() == "" && f.content() == nil {
		f.size, f.digest = size, digest
		return nil
	}
	if size != f.size || digest != f.digest {
		return f.fail(fmt.Errorf("%w: the file of one commit has changed", hub.ErrCorrupt))
	}
	return nil
}

// fetch returns n bytes from off on, which lie within the file.
func (f *file) fetch(ctx context.Context, off, n int64) ([]byte, error) {
	from := f.source()
	a, err := f.ask(ctx, from, off, n)
	if err == nil && a.foreign && (a.status == http.StatusForbidden || a.status == http.StatusUnauthorized) { // the address has expired
		if err := f.relocate(ctx, from.url); err != nil {
			return nil, err
		}
		from = f.source()
		a, err = f.ask(ctx, from, off, n)
	}
	if err != nil {
		return nil, err
	}
	switch a.status {
	case http.StatusOK: // the whole file, asked for or not
		if err := f.keep(a.body); err != nil {
			return nil, err
		}
		return a.body[off:][:n], nil
	case http.StatusPartialContent:
		return a.body, f.checkRange(a, from, off, n)
	case http.StatusNotFound, http.StatusGone:
		return nil, f.fail(fmt.Errorf("%w: its content is not at %s, where the Hub says it is", hub.ErrCorrupt, a.url.Host))
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, f.fail(fmt.Errorf("%w: the Hub says that it has %d bytes, and it has fewer", hub.ErrCorrupt, f.size))
	}
	return nil, f.store.hub.fail(ctx, f.request(), a)
}

// ask makes one request for n bytes from off on, or for the whole file when those are all.
func (f *file) ask(ctx context.Context, from source, off, n int64) (*answer, error) {
	r := f.request()
	r.path, r.url = "", from.url
	if n < f.size {
		r.header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
		if from.etag != "" {
			r.header.Set("If-Range", from.etag)
		}
	}
	unread := false
	limit := func(resp *http.Response) int64 {
		unread = resp.StatusCode == http.StatusOK && f.size > max(n, maxIgnored)
		switch {
		case unread:
			return -1
		case resp.StatusCode == http.StatusOK:
			return f.size
		}
		return n
	}
	a, err := f.store.hub.do(ctx, r, limit, nil)
	switch {
	case errors.Is(err, errTooLong):
		return nil, f.fail(fmt.Errorf("%w: more bytes come than the %d that were asked for", hub.ErrCorrupt, n))
	case err == nil && unread:
		return nil, f.fail(fmt.Errorf("%w: %s sends all of its %d bytes when asked for a range", hub.ErrNotHub, a.url.Host, f.size))
	}
	return a, err
}

// relocate asks the Hub for another address in place of one that has expired, unless that was done meanwhile.
func (f *file) relocate(ctx context.Context, expired string) error {
	f.locating.Lock()
	defer f.locating.Unlock()
	if f.url() != expired {
		return nil
	}
	return f.locate(ctx)
}

// checkRange holds a 206 to what was asked for, and to the version of the ranges before it.
func (f *file) checkRange(a *answer, from source, off, n int64) error {
	first, last, size, ok := contentRange(a.header.Get("Content-Range"))
	if !ok || first != off || last != off+n-1 || size != f.size && size >= 0 || int64(len(a.body)) != n {
		return f.fail(fmt.Errorf("%w: asked for the bytes %d-%d of %d, %s sends %d bytes as %.80q",
			hub.ErrCorrupt, off, off+n-1, f.size, a.url.Host, len(a.body), a.header.Get("Content-Range")))
	}
	tag := a.header.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") { // a weak one tells nothing of bytes
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.from.url != from.url: // which expired meanwhile
	case f.from.etag == "":
		f.from.etag = tag
	case f.from.etag != tag:
		return f.fail(fmt.Errorf("%w: it changed while it was read", hub.ErrCorrupt))
	}
	return nil
}

// keep takes the whole content, and refuses another than the Hub says.
func (f *file) keep(data []byte) error {
	if int64(len(data)) != f.size {
		return f.fail(fmt.Errorf("%w: %d bytes came of %d", hub.ErrCorrupt, len(data), f.size))
	}
	if got := digest(data, f.digest); got != f.digest {
		return f.fail(fmt.Errorf("%w: its bytes have the digest %.12s where the Hub says %.12s", hub.ErrCorrupt, got, f.digest))
	}
	if data == nil {
		data = []byte{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = data
	return nil
}

func (f *file) source() source {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.from
}

func (f *file) url() string { return f.source().url }

func (f *file) setSource(u string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from = source{url: u}
}

// content returns the whole content, or nil where it was not fetched.
func (f *file) content() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.data
}

func (f *file) fail(err error) error { return f.store.fail("open", f.commit, f.path, err) }

// etag returns an entity tag without its quotes.
func etag(s string) string { return strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`) }

// digest returns that digest of data which want is: a SHA-256, or git's of a blob; want itself where it is neither.
func digest(data []byte, want string) string {
	switch {
	case isSHA256(want):
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	case hub.IsCommitID(want): // as long as a commit's
		sum := sha1.New()                                         //nolint:gosec // as above
		_, _ = fmt.Fprintf(sum, "blob %d\x00%s", len(data), data) // never fails
		return hex.EncodeToString(sum.Sum(nil))
	}
	return want
}

// contentRange reads "bytes first-last/size"; the size is -1 where it is "*".
func contentRange(s string) (first, last, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, total, found := strings.Cut(s, "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !found || !dash {
		return 0, 0, 0, false
	}
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	size, err3 := int64(-1), error(nil)
	if total != "*" {
		size, err3 = strconv.ParseInt(total, 10, 64)
	}
	return first, last, size, errors.Join(err1, err2, err3) == nil && first >= 0 && last >= first && (size == -1 || size > last)
}
