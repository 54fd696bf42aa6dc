package hubtest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is what some requests meet instead of the right answer.
type Fault struct {
	Method string // of the requests that meet it; empty for any
	// Path is what the request's escaped path must be, the query apart; a "*" stands for any text, "/" included. Empty is
	// any path of the Hub. Paths of the storage are /objects/REPO/SHA256, and below that /parts/N.
	Path  string
	After int // how many such requests go well first
	Times int // how many meet it then; 0 for one, negative for all
	Trouble
}

// A Trouble answers a request. It may call answer, which gives the right answer to the writer it is handed.
type Trouble func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc)

// Fail makes requests meet a fault. A request that fits several meets the one that was given first.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// takeFault takes what a request meets, nil for nothing. The caller holds the lock.
func (s *Server) takeFault(r *http.Request) Trouble {
	for i, f := range s.faults {
		switch {
		case !f.meets(r):
		case f.After > 0:
			f.After--
		default:
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
			return f.Trouble
		}
	}
	return nil
}

func (f *Fault) meets(r *http.Request) bool {
	path := r.URL.EscapedPath()
	if f.Path == "" {
		return (f.Method == "" || f.Method == r.Method) && !strings.HasPrefix(path, "/objects/")
	}
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(f.Path), `\*`, ".*") + "$"
	return (f.Method == "" || f.Method == r.Method) && regexp.MustCompile(pattern).MatchString(path)
}

// Unmet returns how many requests have still to meet a fault; those of faults without end do not count.
func (s *Server) Unmet() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range s.faults {
		n += max(0, f.Times)
	}
	return n
}

// Status answers with a status, and a message as the Hub gives it.
func Status(status int, message string) Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		refuse(status, "", message).send(w, r)
	}
}

// Busy answers 409: another commit is under way.
func Busy() Trouble { return Status(http.StatusConflict, busyMessage) }

// Stale answers 412: the parent is not the head.
func Stale() Trouble { return Status(http.StatusPreconditionFailed, staleMessage) }

// Gateway answers with a status and the HTML page of a gateway: 502, 503, 504.
func Gateway(status int) Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		sendPage(w, r, status, http.StatusText(status))
	}
}

// Proxy answers 200 with the page of a proxy that wants its user to log in.
func Proxy() Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		sendPage(w, r, http.StatusOK, "Please log in to use this network")
	}
}

// sendPage answers for something in front of the Hub, which does not know the Hub's headers.
func sendPage(w http.ResponseWriter, r *http.Request, status int, text string) {
	clear(w.Header())
	body := fmt.Sprintf("<!DOCTYPE html>\n<html><head><title>%d</title></head><body><h1>%s</h1></body></html>\n", status, text)
	(&answer{status: status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte(body)}).send(w, r)
}

// RateLimited answers 429 by the Hub's own headers: nothing remains for some seconds.
func RateLimited(seconds int) Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		a := refuse(http.StatusTooManyRequests, "", "We had to rate limit you.")
		a.set("RateLimit", fmt.Sprintf(`"api";r=0;t=%d`, seconds)).set("RateLimit-Policy", `"fixed window";"api";q=500;w=300`).send(w, r)
	}
}

// RetryAfter answers 429, or another status, and names the seconds to wait by Retry-After.
func RetryAfter(status, seconds int) Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		refuse(status, "", "Please wait.").set("Retry-After", strconv.Itoa(seconds)).send(w, r)
	}
}

// Expired answers as the storage does to a link that is not good any more.
func Expired() Trouble {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		denied(http.StatusForbidden, "AccessDenied", "Request has expired").send(w, r)
	}
}

// Lost carries the request out and cuts the connection instead of answering.
func Lost() Trouble {
	return func(_ http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		answer(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// LostBehind carries the request out and answers with a gateway's page.
func LostBehind(status int) Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		answer(httptest.NewRecorder(), r)
		sendPage(w, r, status, http.StatusText(status))
	}
}

// Cut cuts the connection without doing anything.
func Cut() Trouble {
	return func(http.ResponseWriter, *http.Request, http.HandlerFunc) { panic(http.ErrAbortHandler) }
}

// Behind answers from the state before the last commit, as caches of the Hub do for a while.
func Behind() Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) { answer(w, stale(r)) }
}

// IgnoreRange answers with the whole file whatever range was asked for.
func IgnoreRange() Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
		answer(w, r)
	}
}

// Without answers rightly, except for some headers that are left out.
func Without(headers ...string) Trouble {
	return Edit(func(h http.Header, body []byte) []byte {
		for _, name := range headers {
			h.Del(name)
		}
		return body
	})
}

// Meanwhile does something before a request meets another trouble: what others do in between.
func Meanwhile(do func(), then Trouble) Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		do()
		then(w, r, answer)
	}
}

// Answered is the right answer, where a trouble is asked for.
func Answered() Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) { answer(w, r) }
}

// With answers rightly, except for one header.
func With(header, value string) Trouble {
	return Edit(func(h http.Header, body []byte) []byte {
		h.Set(header, value)
		return body
	})
}

// Flip answers with one byte of the body changed, at an offset.
func Flip(offset int) Trouble {
	return Edit(func(_ http.Header, body []byte) []byte {
		if offset < len(body) {
			body[offset] ^= 1
		}
		return body
	})
}

// Short answers with the first n bytes of the body as if they were all.
func Short(n int) Trouble {
	return Edit(func(_ http.Header, body []byte) []byte {
		return body[:min(n, len(body))]
	})
}

// Edit changes the right answer before it is sent: its headers, and its body into what change returns.
func Edit(change func(http.Header, []byte) []byte) Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		right := httptest.NewRecorder()
		answer(right, r)
		told := right.Body.Len()
		body := change(right.Header(), right.Body.Bytes())
		maps.Copy(w.Header(), right.Header())
		if w.Header().Get("Content-Length") == strconv.Itoa(told) && r.Method != http.MethodHead {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(right.Code)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	}
}

// Truncate sends the right headers and the first n bytes of the body, and cuts the connection.
func Truncate(n int) Trouble { return broken(n, func(*http.Request) {}) }

// Stall sends the right headers and the first n bytes of the body, and then nothing more until the client goes away.
func Stall(n int) Trouble { return broken(n, func(r *http.Request) { <-r.Context().Done() }) }

// broken sends the first n bytes of the right answer, does something, and cuts the connection.
func broken(n int, then func(*http.Request)) Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		right := httptest.NewRecorder()
		answer(right, r)
		maps.Copy(w.Header(), right.Header())
		w.WriteHeader(right.Code)
		_, _ = w.Write(right.Body.Bytes()[:min(n, right.Body.Len())])
		_ = http.NewResponseController(w).Flush() // else the part would go with the connection
		then(r)
		panic(http.ErrAbortHandler)
	}
}

// Slow waits for d before each n bytes of the right body.
func Slow(d time.Duration, n int) Trouble {
	return func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		answer(&slow{ResponseWriter: w, wait: func() bool { return wait(r, d) }, n: n}, r)
	}
}

type slow struct {
	http.ResponseWriter
	wait func() bool
	n    int
}

func (w *slow) Write(p []byte) (int, error) {
	sent := 0
	for part := range slices.Chunk(p, w.n) {
		if !w.wait() {
			return sent, io.ErrClosedPipe
		}
		n, err := w.ResponseWriter.Write(part)
		sent += n
		if err != nil {
			return sent, err
		}
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return sent, nil
}
