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

// errStalled says that nothing moved for too long.
var errStalled = errors.New("the transfer stood still")

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

// readBody replaces the body of an answer by what it holds.
func readBody(req *http.Request, resp *http.Response, limit func(*http.Response) int64) error {
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		text, err := readLimited(resp.Body, maxError)
		if err != nil {
			text = nil // the status says enough; a long text is a page for people
		}
		resp.Body = io.NopCloser(bytes.NewReader(text))
		return nil
	}
	n := int64(maxJSON)
	if limit != nil {
		n = limit(resp)
	}
	if n < 0 || req.Method == http.MethodHead {
		resp.Body = http.NoBody
		return nil
	}
	if resp.ContentLength > n {
		return errTooLong
	}
	b, err := readLimited(resp.Body, n)
	if err == nil && resp.ContentLength >= 0 && int64(len(b)) != resp.ContentLength {
		err = fmt.Errorf("%w: %d bytes of %d", io.ErrUnexpectedEOF, len(b), resp.ContentLength)
	}
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return nil
}

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
