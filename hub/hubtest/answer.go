package hubtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type object = map[string]any

// An answer is what a handler decided. A handler that runs under the lock returns it, and it is sent afterwards.
type answer struct {
	status int  // 0 for a file, whose status is its range's
	text   bool // a file that may be compressed on its way
	header http.Header
	body   []byte
}

func (a *answer) set(key, value string) *answer {
	a.header.Set(key, value)
	return a
}

func reply(status int, v any) *answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps and slices of strings and numbers only
	}
	return (&answer{status: status, header: http.Header{}, body: body}).set("Content-Type", "application/json; charset=utf-8")
}

// refuse is an error as the Hub tells it: in headers, and again in the body. An empty code is left out.
func refuse(status int, code, message string) *answer {
	a := reply(status, object{"error": message}).set("X-Error-Message", message)
	if code != "" {
		a.set("X-Error-Code", code)
	}
	return a
}

func redirect(status int, location string) *answer {
	a := &answer{status: status, header: http.Header{}, body: []byte("Redirecting to " + location)}
	return a.set("Location", location).set("Content-Type", "text/plain; charset=utf-8")
}

// send writes an answer, a file by the range that was asked for.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), a.header)
	switch {
	case a.status == 0 && a.text && len(a.body) >= minPacked && r.Header.Get("Range") == "" && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		a.sendPacked(w, r)
	case a.status == 0:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(a.body) // a client that went away misses nothing
		}
	}
}

// minPacked is the shortest text that is compressed on its way, in bytes.
const minPacked = 1000

// sendPacked sends a text as the network in front of the Hub does to whoever takes gzip: without its length, and with a
// weak ETag.
func (a *answer) sendPacked(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("ETag", "W/"+w.Header().Get("ETag"))
	w.Header().Del("Accept-Ranges")
	if r.Method == http.MethodHead {
		return
	}
	z := gzip.NewWriter(w)
	_, _ = z.Write(a.body) // as in send
	_ = z.Close()
}

// A call is a request to the Hub, with who sent it.
type call struct {
	*http.Request
	account *Account // nil when anonymous
	body    []byte
}

// decode reads the body as JSON into v, and returns what to answer when it is none.
func (c *call) decode(v any) *answer {
	if err := json.Unmarshal(c.body, v); err != nil {
		return refuse(http.StatusBadRequest, "", "Invalid JSON: "+err.Error())
	}
	return nil
}

// page cuts the page that was asked for from a list of n, and returns its bounds and the header that leads to the next page.
func (s *Server) page(c *call, n, most int) (from, to int, link string, refused *answer) {
	q := c.URL.Query()
	limit := most
	if text := q.Get("limit"); text != "" {
		asked, err := strconv.Atoi(text)
		if err != nil || asked < 1 {
			return 0, 0, "", refuse(http.StatusBadRequest, "", `"limit" must be a positive integer`)
		}
		limit = min(limit, asked)
	}
	if cursor := q.Get("cursor"); cursor != "" {
		at, err := strconv.Atoi(strings.TrimPrefix(cursor, "after:"))
		if err != nil || at < 0 || at > n {
			return 0, 0, "", refuse(http.StatusBadRequest, "", "Invalid cursor")
		}
		from = at
	}
	to = min(n, from+limit)
	if to < n {
		q.Set("cursor", fmt.Sprint("after:", to))
		next := url.URL{Path: c.URL.Path, RawPath: c.URL.RawPath, RawQuery: q.Encode()}
		link = fmt.Sprintf(`<%s%s>; rel="next"`, s.hub.URL, next.String())
	}
	return from, to, link, nil
}

// headers sets what every answer of the Hub carries. The caller holds the lock.
// https://huggingface.co/docs/hub/rate-limits
func (s *Server) headers(w http.ResponseWriter, r *http.Request) {
	s.asked++
	bucket, quota := "pages", 100
	switch {
	case strings.Contains(r.URL.Path, "/resolve"):
		bucket, quota = "resolvers", 5000
	case strings.HasPrefix(r.URL.Path, "/api/"):
		bucket, quota = "api", 1000
	}
	w.Header().Set("X-Request-Id", fmt.Sprintf("Root=1-hubtest-%06d", s.asked))
	w.Header().Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", bucket, max(1, quota-s.asked), 55))
	w.Header().Set("RateLimit-Policy", fmt.Sprintf("%q;%q;q=%d;w=300", "fixed window", bucket, quota))
}
