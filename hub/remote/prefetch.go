package remote

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// maxPiece is the most that one request fetches of a longer range, in bytes: what breaks off is fetched again.
const maxPiece = 8 << 20

// A span is a range of the file in memory.
type span struct {
	off, size int64
	data      []byte
}

// Prefetch fetches ranges of the file, each an offset and a length in bytes, up to 32 at once, and keeps them in memory until the
// next Prefetch or Close: a ReadAt within one of them then takes no request. It refuses ranges outside of the file. After an
// error nothing is kept.
func (b *blob) Prefetch(ctx context.Context, ranges [][2]int64) error {
	if err := b.enter(); err != nil {
		return err
	}
	defer b.reading.Done()
	b.keep(nil)
	for _, r := range ranges {
		if r[0] < 0 || r[1] < 0 || r[0] > b.size || r[1] > b.size-r[0] {
			return b.file.fail(fmt.Errorf("no range of %d bytes from %d on is in a file of %d", r[1], r[0], b.size))
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	if b.size <= maxWhole || b.file.content() != nil {
		_, err := b.all(ctx)
		return b.ended(err)
	}
	spans := make([]span, 0, len(ranges))
	for _, r := range ranges {
		if r[1] > 0 {
			spans = append(spans, span{off: r[0], size: r[1]})
		}
	}
	slices.SortFunc(spans, func(a, c span) int { return cmp.Compare(a.off, c.off) })
	if err := b.fetchAll(ctx, spans); err != nil {
		return b.ended(err)
	}
	b.keep(spans)
	return nil
}

// keep replaces what is kept of the last Prefetch.
func (b *blob) keep(spans []span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.spans = spans
	}
}

// prefetched fills p where that lies within one span.
func (b *blob) prefetched(p []byte, off int64) bool {
	b.mu.Lock()
	spans := b.spans // which are not modified
	b.mu.Unlock()
	i, _ := slices.BinarySearchFunc(spans, off, func(s span, off int64) int { return cmp.Compare(s.off, off+1) })
	for i--; i >= 0; i-- { // of those that begin at off or before: with overlaps, another than the last may reach further
		if end := spans[i].off + spans[i].size; off+int64(len(p)) <= end {
			copy(p, spans[i].data[off-spans[i].off:])
			return true
		} else if off >= end {
			return false
		}
	}
	return false
}

// gather fetches one range, which may be long.
func (b *blob) gather(ctx context.Context, off, n int64) ([]byte, error) {
	spans := []span{{off: off, size: n}}
	err := b.fetchAll(ctx, spans)
	return spans[0].data, err
}

// fetchAll fetches spans, up to 32 pieces of them at once. All requests have ended when it returns; after the first that fails no
// other begins.
func (b *blob) fetchAll(ctx context.Context, spans []span) error {
	var pieces []piece
	for i := range spans {
		pieces = append(pieces, spans[i].cut()...)
	}
	if len(pieces) == 1 {
		data, err := b.file.fetch(ctx, pieces[0].off, pieces[0].size)
		pieces[0].fill(data)
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	for _, p := range pieces {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			data, err := b.file.fetch(ctx, p.off, p.size)
			p.fill(data)
			return err
		})
	}
	return g.Wait()
}

// A piece is what one request fetches of a span.
type piece struct {
	span      *span
	off, size int64
}

// cut divides a span into pieces.
func (s *span) cut() []piece {
	if s.size <= maxPiece {
		return []piece{{s, s.off, s.size}}
	}
	s.data = make([]byte, s.size)
	var pieces []piece
	for off := s.off; off < s.off+s.size; off += maxPiece {
		pieces = append(pieces, piece{s, off, min(maxPiece, s.off+s.size-off)})
	}
	return pieces
}

// fill puts what was fetched in its place.
func (p piece) fill(data []byte) {
	if p.span.data == nil {
		p.span.data = data
		return
	}
	copy(p.span.data[p.off-p.span.off:], data)
}
