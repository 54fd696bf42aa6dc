package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &progress{req.Body, t, answerTimeout}
	}
	resp, err := w.next.RoundTrip(req)
	if err == nil {
		resp.Body = &progress{resp.Body, t, stallTimeout}
		err = readBody(req, resp, limit)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // rather than what became of it
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

// progress puts off a timer with each read.
type progress struct {
	io.ReadCloser
	timer *time.Timer
	d     time.Duration
}

func (p *progress) Read(b []byte) (int, error) {
	p.timer.Reset(p.d)
	n, err := p.ReadCloser.Read(b)
	p.timer.Reset(p.d)
	return n, err
}
