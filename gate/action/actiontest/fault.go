package actiontest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Fault is what one request meets instead of the right answer. Its zero value is none.
type Fault struct {
	Method string // of the request that meets it; empty for any
	Path   string // that its path ends in, query apart; empty for any

	Before func() // what happens before the request is looked at; nil for nothing
	Done   bool   // the request is carried out, and its answer lost

	Status  int // of the answer; 0 for the right one
	Header  http.Header
	Message string // of the answer's JSON; empty for the page of a gateway
	Docs    string // the answer's documentation_url
}

// BadGateway is a gateway that lost the service behind it.
func BadGateway() Fault { return Fault{Status: http.StatusBadGateway} }

// SecondaryLimit is GitHub asking for some seconds of rest.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
func SecondaryLimit(seconds int) Fault {
	return Fault{
		Status: http.StatusForbidden, Header: http.Header{"Retry-After": {strconv.Itoa(seconds)}},
		Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		Docs:    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits",
	}
}

// Fail makes the next request that fits meet a fault. Several are met in the order they were given in.
func (g *GitHub) Fail(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// fault takes the first fault that a request meets, or returns nil.
func (g *GitHub) fault(method, path string) *Fault {
	path, _, _ = strings.Cut(path, "?")
	i := slices.IndexFunc(g.faults, func(f *Fault) bool {
		return (f.Method == "" || f.Method == method) && strings.HasSuffix(path, f.Path)
	})
	if i < 0 {
		return nil
	}
	f := g.faults[i]
	g.faults = slices.Delete(g.faults, i, i+1)
	return f
}

func (f *Fault) answer(w http.ResponseWriter) {
	maps.Copy(w.Header(), f.Header)
	if f.Message == "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>", f.Status, http.StatusText(f.Status)))
		return
	}
	refuse(w, f.Status, f.Message, f.Docs)
}
