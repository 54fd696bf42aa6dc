package remote

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// Bounds of one list.
const (
	maxPages   = 2000
	maxEntries = 250_000 // the Hub allows 100,000 files in a dataset
)

// pages makes a request for a list, and then for its further pages as each answer names the next. It refuses a list that leads
// to something else on another host, that leads back to a page that was read, or that does not end.
func pages[T any](ctx context.Context, h *Hub, r request) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		seen := map[string]bool{}
		entries := 0
		for {
			var page []T
			header, err := h.call(ctx, r, &page)
			if err != nil {
				yield(nil, err)
				return
			}
			entries += len(page)
			next := nextLink(header)
			if !yield(page, nil) || next == "" {
				return
			}
			why := ""
			u, err := h.base.Parse(next)
			if err == nil && u.EscapedPath() == r.path { // a mirror may hand on the Hub's own address of it
				u, err = url.Parse(h.base.String() + r.path + "?" + u.RawQuery)
			}
			switch {
			case err != nil:
				why = "the address of its next page cannot be read"
			case origin(u) != origin(h.base):
				why = "its next page is on another host, " + oneLine(u.Host)
			case seen[next] || u.String() == r.url:
				why = "its next page is one that was read already"
			case len(seen) == maxPages || entries > maxEntries:
				why = fmt.Sprintf("it goes on after %d pages and %d entries", len(seen), entries)
			}
			if why != "" {
				yield(nil, &hub.Error{Op: r.op, Target: r.target, Err: fmt.Errorf("%w: the list does not end well: %s", hub.ErrCorrupt, why)})
				return
			}
			seen[next] = true
			r.url = u.String()
		}
	}
}

// nextLink returns the address in `<address>; rel="next"`, one of the links that a Link header may hold.
// https://datatracker.ietf.org/doc/html/rfc8288#section-3
func nextLink(header http.Header) string {
	for _, value := range header.Values("Link") {
		for {
			_, rest, ok := strings.Cut(value, "<")
			if !ok {
				break
			}
			address, rest, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			parameters, _, _ := strings.Cut(rest, "<") // of this link; the comma before the next does no harm
			for p := range strings.FieldsFuncSeq(parameters, func(c rune) bool { return c == ';' || c == ',' }) {
				name, rel, _ := strings.Cut(strings.TrimSpace(p), "=")
				if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(rel, `"`), "next") {
					return address
				}
			}
			value = rest
		}
	}
	return ""
}
