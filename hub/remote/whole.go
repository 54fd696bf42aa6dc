package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// How long a request may stand still.
const (
	answerTimeout = 90 * time.Second // from the last byte sent to the answer; the Hub gives itself 60 s for a commit
	stallTimeout  = 60 * time.Second // between two bytes of an answer
)

var (
	// errStalled says that nothing moved for too long.
	errStalled = errors.New("the transfer stood still")
	// errTooLong says that an answer is longer than the request allows.
	errTooLong = errors.New("the answer is longer than it may be")
)

// Whole reads answers to their end, so that the layer above can repeat a request whose answer breaks off, stands still, or is
// longer than the request allows. Everything that is read from a Hub is small: large files are read by ranges.
type whole struct {
	next http.RoundTripper
}

func (w *whole) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil) // the answer was read, or is given up
	t := time.AfterFunc(answerTimeout, func() { cancel(errStalled) })
	defer t.Stop()
	limit := traitsOf(req).limit
	req = req.WithContext(ctx)
	sent := &progress{ReadCloser: req.Body, timer: t, d: answerTimeout}
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = sent
	}
	resp, err := w.next.RoundTrip(req)
	if err == nil {
		resp.Body = &progress{ReadCloser: resp.Body, timer: t, d: stallTimeout}
		err = readBody(req, resp, limit)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // rather than what became of it
	} else if broken := sent.failed.Load(); err != nil && broken != nil {
		err = broken
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// readBody replaces the body of an answer by what it holds. What an error says is cut off where it is too long.
func readBody(req *http.Request, resp *http.Response, limit func(*http.Response) int64) error {
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
		if err != nil {
			text = nil // the status says enough
		}
		resp.Body = newBuffered(text)
		return nil
	}
	n := int64(maxJSON)
	if limit != nil {
		n = limit(resp)
	}
	if n < 0 || req.Method == http.MethodHead {
		resp.Body = newBuffered(nil)
		return nil
	}
	b, err := readAll(resp.Body, resp.ContentLength, n)
	resp.Body = newBuffered(b)
	return err
}

// readAll reads r to its end: size bytes, or for size -1 however many there are, but no more than limit.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, errTooLong
	}
	if size >= 0 {
		b := make([]byte, size)
		n, err := io.ReadFull(r, b)
		if err != nil {
			err = fmt.Errorf("%w: %d bytes of %d", io.ErrUnexpectedEOF, n, size)
		}
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errTooLong
	}
	return b, err
}

// A buffered is a body in memory.
type buffered struct {
	*bytes.Reader
	b []byte
}

func newBuffered(b []byte) *buffered { return &buffered{bytes.NewReader(b), b} }

func (*buffered) Close() error { return nil }

// progress puts off a timer with each read, and remembers why reading failed.
type progress struct {
	io.ReadCloser
	timer  *time.Timer
	d      time.Duration
	failed atomic.Pointer[contentError]
}

func (p *progress) Read(b []byte) (int, error) {
	p.timer.Reset(p.d)
	n, err := p.ReadCloser.Read(b)
	p.timer.Reset(p.d)
	if err != nil && !errors.Is(err, io.EOF) {
		p.failed.Store(&contentError{err})
	}
	return n, err
}

// A contentError says that what is to be sent cannot be read.
type contentError struct{ err error }

func (e *contentError) Error() string { return e.err.Error() }
func (e *contentError) Unwrap() error { return e.err }
