package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/hubgate/hubgate/hub"
)

// maxWhole is the size up to which a file is read whole, in bytes: that takes about as long as planning what to read of it.
const maxWhole = 4 << 20

// A blob is a file, or as much of it as was asked for.
type blob struct {
	file *file
	size int64

	ctx    context.Context // that it was opened with; its end, or Close, ends reading
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	reading sync.WaitGroup
	spans   []span // of Prefetch, sorted by offset
	ahead   window

	whole sync.Mutex // held while the whole file is fetched, which is done once
}

// Open implements hub.Reader with one request, whose answer is a small file itself or tells where a larger one is. Until it is
// closed the blob reads with ctx.
//
// A file of up to 4 MiB is fetched at the first read, whole, and its digest is verified. Of a larger one what is asked for is
// fetched by ranges, of one version, whose bytes nothing verifies. The blob has a method Prefetch, which fetches many
// ranges at once.
// A file is missing once a second request says so too.
// The request is GET /datasets/{repo}/resolve/{commit}/{path}.
func (s *store) Open(ctx context.Context, at hub.Commit, path string) (hub.Blob, error) {
	if err := hub.CheckPath(path); err != nil {
		return nil, s.fail("open", at.ID, path, err)
	}
	if !hub.IsCommitID(at.ID) {
		return nil, s.fail("open", at.ID, path, hub.ErrNoRevision)
	}
	f := &file{store: s, commit: at.ID, path: path}
	if err := f.locate(ctx); errors.Is(err, hub.ErrNoEntry) {
		return nil, s.confirmNoFile(ctx, at.ID, path, err)
	} else if err != nil {
		return nil, err
	}
	b := &blob{file: f, size: f.size}
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b, nil
}

// Size implements hub.Blob.
func (b *blob) Size() int64 { return b.size }

// Close implements hub.Blob. It ends what is being read, and waits until it has ended.
func (b *blob) Close() error {
	b.mu.Lock()
	b.closed = true
	b.spans, b.ahead = nil, window{}
	b.mu.Unlock()
	b.cancel()
	b.reading.Wait()
	return nil
}

// enter keeps Close waiting until b.reading is done.
func (b *blob) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return b.file.fail(fs.ErrClosed)
	}
	b.reading.Add(1)
	return nil
}

// ReadAt implements io.ReaderAt: from what Prefetch fetched, or with a request of its own, which reads ahead where the reads
// follow each other.
func (b *blob) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, b.file.fail(errors.New("an offset is negative"))
	}
	if off >= b.size && len(p) > 0 {
		return 0, io.EOF
	}
	rest := int64(len(p))
	p = p[:min(rest, b.size-min(off, b.size))]
	if len(p) > 0 {
		if err := b.enter(); err != nil {
			return 0, err
		}
		defer b.reading.Done()
		if n, err := b.read(p, off); err != nil {
			return n, b.ended(err)
		}
	}
	if int64(len(p)) < rest {
		return len(p), io.EOF
	}
	return len(p), nil
}

// read fills p, which lies within the file.
func (b *blob) read(p []byte, off int64) (int, error) {
	if b.prefetched(p, off) {
		return len(p), nil
	}
	if b.size <= maxWhole || b.file.content() != nil {
		data, err := b.all(b.ctx)
		if err != nil {
			return 0, err
		}
		return copy(p, data[off:]), nil
	}
	return b.readAhead(p, off)
}

// all returns the whole file, verified.
func (b *blob) all(ctx context.Context) ([]byte, error) {
	b.whole.Lock()
	defer b.whole.Unlock()
	if data := b.file.content(); data != nil {
		return data, nil
	}
	_, err := b.file.fetch(ctx, 0, b.size)
	return b.file.content(), err
}

// ended reports what Close broke off as such.
func (b *blob) ended(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed && errors.Is(err, context.Canceled) {
		return b.file.fail(fs.ErrClosed)
	}
	return err
}
