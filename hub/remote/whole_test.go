package remote

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWholeReadsToTheEnd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		resp  *http.Response
		limit int64
		want  string
		err   error
	}{
		"whole":                    {respond(200, "content"), 7, "content", nil},
		"of unknown length":        {unsized(respond(200, "content")), 7, "content", nil},
		"too long":                 {respond(200, "content"), 6, "", errTooLong},
		"too long, unknown length": {unsized(respond(200, "content")), 6, "", errTooLong},
		"left unread":              {respond(200, "content"), -1, "", nil},
		"shorter than announced":   {sized(respond(200, "content"), 9), 20, "", io.ErrUnexpectedEOF},
		"a long error":             {respond(500, long), 6, long, nil},
		"an error that breaks off": {sized(respond(500, "{"), 9), 20, "{", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &whole{next: tripper(func(*http.Request) (*http.Response, error) { return c.resp, nil })}
			ctx := withTraits(t.Context(), traits{limit: func(*http.Response) int64 { return c.limit }})
			resp, err := w.RoundTrip(newRequest(ctx, t, "GET", acme, ""))
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Fatalf("got error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if got := string(resp.Body.(*buffered).b); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func unsized(resp *http.Response) *http.Response { return sized(resp, -1) }

func sized(resp *http.Response, n int64) *http.Response {
	resp.ContentLength = n
	return resp
}

func TestWholeCutsErrors(t *testing.T) {
	t.Parallel()
	w := &whole{next: tripper(func(*http.Request) (*http.Response, error) { return respond(500, strings.Repeat("x", maxError+1)), nil })}
	resp, err := w.RoundTrip(newRequest(t.Context(), t, "GET", acme, ""))
	if err != nil || len(resp.Body.(*buffered).b) != maxError {
		t.Errorf("got %v, %v, want %d bytes", resp, err, maxError)
	}
}

// A slow body gives a byte at a time.
type slowBody struct {
	every time.Duration
	n     int
	ctx   context.Context
}

func (s *slowBody) Read(p []byte) (int, error) {
	if s.n == 0 {
		return 0, io.EOF
	}
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-time.After(s.every):
	}
	s.n--
	p[0] = 'x'
	return 1, nil
}

func (s *slowBody) Close() error { return nil }

func TestWholeCutsWhatStandsStill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, every time.Duration
		want          error
	}{
		"slow but moving":      {30 * time.Second, 50 * time.Second, nil},
		"answer does not come": {answerTimeout + time.Second, 0, errStalled},
		"body stands still":    {0, stallTimeout + time.Second, errStalled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &whole{next: tripper(func(req *http.Request) (*http.Response, error) {
					select {
					case <-req.Context().Done():
						return nil, req.Context().Err()
					case <-time.After(c.answer):
					}
					resp := unsized(respond(200, ""))
					resp.Body = &slowBody{every: c.every, n: 10, ctx: req.Context()}
					return resp, nil
				})}
				if _, err := w.RoundTrip(newRequest(t.Context(), t, "GET", acme, "")); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

// While content is being sent there is no answer yet to wait for.
func TestWholeWaitsWhileSending(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every time.Duration
		want  error
	}{"slow but moving": {80 * time.Second, nil}, "stands still": {answerTimeout + time.Second, errStalled}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &whole{next: tripper(func(req *http.Request) (*http.Response, error) {
					for {
						if _, err := req.Body.Read(make([]byte, 1)); err == io.EOF {
							return respond(200, ""), nil
						}
						select { // the other side takes its time
						case <-req.Context().Done():
							return nil, req.Context().Err()
						case <-time.After(c.every):
						}
					}
				})}
				if _, err := w.RoundTrip(newRequest(t.Context(), t, "PUT", acme, "content")); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestWholeTellsUnreadableContent(t *testing.T) {
	t.Parallel()
	gone := errors.New("the file is gone")
	req := newRequest(t.Context(), t, "PUT", acme, "content")
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("con"), errorReader{gone}))
	w := &whole{next: tripper(func(req *http.Request) (*http.Response, error) {
		_, err := io.ReadAll(req.Body)
		return nil, errors.New("write: " + err.Error())
	})}
	_, err := w.RoundTrip(req)
	if c := (*contentError)(nil); !errors.As(err, &c) || !errors.Is(err, gone) {
		t.Errorf("got %v, want the content's own error", err)
	}
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }
