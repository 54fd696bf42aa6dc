package remote

import (
	"context"
	"crypto/sha1" //nolint:gosec // git names its blobs by it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/hubgate/hubgate/hub"
)

// sampleSize is how much of a file the Hub looks at to tell text from other content.
const sampleSize = 512

// An upload is a file on its way.
type upload struct {
	hub.File

	sample []byte // its first bytes
	sha256 string // of the content: what LFS calls it
	blob   string // what git calls it outside LFS; empty where that does not matter
	lfs    bool   // how the Hub wants it
}

// measure reads f once and says what it is called, by git only where that is asked for. It refuses content that is not as long as
// it says.
func measure(ctx context.Context, f hub.File, git bool) (*upload, error) {
	u := &upload{File: f, sample: make([]byte, min(f.Size, sampleSize))}
	sum, blob := sha256.New(), sha1.New() //nolint:gosec // as above
	to := []io.Writer{sum}
	if git {
		_, _ = fmt.Fprintf(blob, "blob %d\x00", f.Size) // a hash takes everything
		to = append(to, blob)
	}
	all := io.MultiWriter(to...)
	r := newContent(ctx, f, 0, f.Size)
	if _, err := io.ReadFull(r, u.sample); err != nil {
		return nil, err
	}
	_, _ = all.Write(u.sample)
	buf := make([]byte, 128<<10) // the slice keeps io.Copy from a larger step, between which ctx is asked
	if _, err := io.CopyBuffer(all, r, buf); err != nil {
		return nil, err
	}
	u.sha256 = hex.EncodeToString(sum.Sum(nil))
	if git {
		u.blob = hex.EncodeToString(blob.Sum(nil))
	}
	return u, nil
}

// content reads a part of a file in order, until ctx ends. Bytes that are not there are an error that names the file.
type content struct {
	ctx      context.Context
	file     hub.File
	off, end int64
}

// newContent returns the n bytes of f from off on.
func newContent(ctx context.Context, f hub.File, off, n int64) *content {
	return &content{ctx: ctx, file: f, off: off, end: off + n}
}

func (c *content) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	if c.off >= c.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), c.end-c.off)]
	n, err := c.file.Content.ReadAt(p, c.off)
	c.off += int64(n)
	switch {
	case n == len(p):
		return n, nil
	case err == nil || err == io.EOF: // a ReaderAt answers it bare
		return n, fmt.Errorf("path %q holds %d bytes and not %d: %w", c.file.Path, c.off, c.file.Size, io.ErrUnexpectedEOF)
	}
	return n, fmt.Errorf("path %q: %w", c.file.Path, err)
}

// base64Reader encodes what it reads, so that a file can stand in the middle of a JSON text without being held in memory.
type base64Reader struct {
	src  io.Reader
	raw  []byte // whole groups of three bytes; made when reading begins, for a commit may hold many files
	text []byte
	rest []byte // of text, not yet read
	err  error
}

func (b *base64Reader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		if b.raw == nil {
			b.raw, b.text = make([]byte, 3<<12), make([]byte, 4<<12)
		}
		n, err := io.ReadFull(b.src, b.raw)
		if err == io.ErrUnexpectedEOF { // bare; wrapped, it is the file that is too short
			err = io.EOF
		}
		base64.StdEncoding.Encode(b.text, b.raw[:n])
		b.rest, b.err = b.text[:base64.StdEncoding.EncodedLen(n)], err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
