package codec

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
)

// A Fetcher is a file whose bytes cost a request each time they are asked for. What a reader needs of one is planned: it
// asks by ReadAt for the last bytes, by Prefetch for the rest, and then by ReadAt for what Prefetch holds. Only a column of
// a Parquet file whose row group is too large to be held is asked for by ReadAt alone, some megabytes at a time.
type Fetcher interface {
	io.ReaderAt

	// Prefetch fetches ranges, each {offset, length}, many at a time, and holds them for ReadAt until the next Prefetch, or
	// until the file is closed. The ranges are sorted, lie within the file, are not empty and do not overlap; none at all
	// ask for nothing to be held any more.
	Prefetch(ctx context.Context, ranges [][2]int64) error
}

// Sizes are how much is asked of a remote file at a time, in bytes.
type sizes struct {
	tail  int64 // what is read first: it holds the footer of a Parquet file, or the end of it
	block int64 // of text, which is read from the beginning, one block and then several at a time
	held  int64 // whole row groups of a Parquet file
	slice int64 // of each column, where a row group has more than may be held
}

var usualSizes = sizes{tail: 64 << 10, block: 4 << 20, held: 32 << 20, slice: 4 << 20}

const (
	manyBlocks = 4  // of text are fetched at a time, once reading has got beyond the first
	manyFiles  = 16 // are begun at a time
)

// A remote is the content of a file behind a Fetcher, for the time of one operation.
type remote struct {
	ctx  context.Context
	from Fetcher
	ask  sizes
	size int64
	tail []byte     // the last bytes, once they were read
	err  error      // of reading them
	held [][2]int64 // what was fetched last
	kept []byte     // of what was fetched before that
	at   int64      // where kept begins
}

// A fetchError is a failure to get bytes. It says nothing about the file that they are of.
type fetchError struct{ err error }

func (e *fetchError) Error() string { return e.err.Error() }
func (e *fetchError) Unwrap() error { return e.err }

// planned returns files with the contents of those that are remote made ready for one operation.
func planned(ctx context.Context, files []File) []File {
	out := slices.Clone(files)
	for i := range out {
		if from, ok := out[i].Content.(Fetcher); ok {
			out[i].Content = &remote{ctx: ctx, from: from, ask: usualSizes, size: out[i].Size}
		}
	}
	return out
}

// remote returns the content of a file that is remote, nil for others.
func (f *File) remote() *remote {
	r, _ := f.Content.(*remote)
	return r
}

// ReadAt reads what is held or kept. Anything else costs a request.
func (r *remote) ReadAt(p []byte, off int64) (n int, err error) {
	if r.keeps(off, int64(len(p))) {
		return copy(p, r.kept[off-r.at:]), nil
	}
	if before := min(r.begin()-off, int64(len(p))); before > 0 {
		n, err = r.from.ReadAt(p[:before], off)
		if err != nil && err != io.EOF { //nolint:errorlint // a ReaderAt answers io.EOF bare
			return n, &fetchError{err}
		}
		if n < int(before) {
			return n, io.EOF
		}
	}
	if at := off + int64(n) - r.begin(); n < len(p) && at < int64(len(r.tail)) {
		n += copy(p[n:], r.tail[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// begin returns where the tail begins.
func (r *remote) begin() int64 { return r.size - int64(len(r.tail)) }

// readTail reads the last bytes, unless that was tried before.
func (r *remote) readTail() error {
	if r.tail != nil || r.err != nil {
		return r.err
	}
	b := make([]byte, min(r.size, r.ask.tail))
	if n, err := r.ReadAt(b, r.size-int64(len(b))); n < len(b) {
		r.err = short(err)
		return r.err
	}
	r.tail = b
	return nil
}

// readTails reads the last bytes of the next of some files at once, as far as they are remote. What fails is told when the
// file is read.
func readTails(files []File) {
	var wg sync.WaitGroup
	for i := range min(len(files), manyFiles) {
		if r := files[i].remote(); r != nil {
			wg.Go(func() { _ = r.readTail() })
		}
	}
	wg.Wait()
}

// release lets go of what is in memory of a remote file.
func (f *File) release() {
	r := f.remote()
	if r == nil {
		return
	}
	r.tail, r.kept = nil, nil
	if r.held != nil {
		r.held = nil
		_ = r.from.Prefetch(r.ctx, nil) // of nothing nothing can fail
	}
}

// short is the error for bytes that are not there although the file is said to have them.
func short(err error) error {
	if err == io.EOF { //nolint:errorlint // as above
		return &fetchError{io.ErrUnexpectedEOF}
	}
	return err
}

// fetch has ranges held, unless they are.
func (r *remote) fetch(ranges [][2]int64) error {
	if len(ranges) == 0 || slices.Equal(ranges, r.held) {
		return nil
	}
	r.held = nil
	if err := r.from.Prefetch(r.ctx, ranges); err != nil {
		return &fetchError{err}
	}
	r.held = ranges
	return nil
}

// keep copies a range that is held, so that it outlasts the next fetch.
func (r *remote) keep(held [2]int64) error {
	b := make([]byte, held[1])
	if n, err := r.ReadAt(b, held[0]); n < len(b) {
		return short(err)
	}
	r.kept, r.at = b, held[0]
	return nil
}

// keeps reports whether bytes are kept.
func (r *remote) keeps(off, n int64) bool { return off >= r.at && off+n <= r.at+int64(len(r.kept)) }

// blocks has the blocks from an offset on held, and returns where they end.
func (r *remote) blocks(off int64) (end int64, err error) {
	n := manyBlocks
	if off == 0 {
		n = 1
	}
	var ranges [][2]int64
	for end = off; n > 0 && end < r.begin(); n-- {
		size := min(r.ask.block, r.begin()-end)
		ranges = append(ranges, [2]int64{end, size})
		end += size
	}
	if end == r.begin() {
		end = r.size
	}
	return end, r.fetch(ranges)
}

// A blockReader reads a remote file from its beginning.
type blockReader struct {
	r        *remote
	off, end int64 // what is held and not read yet
}

func (b *blockReader) Read(p []byte) (int, error) {
	if b.off >= b.r.size {
		return 0, io.EOF
	}
	if b.off >= b.end {
		end, err := b.r.blocks(b.off)
		if err != nil {
			return 0, err
		}
		b.end = end
	}
	p = p[:min(int64(len(p)), b.end-b.off, b.r.ask.block-b.off%b.r.ask.block)] // of one block
	n, err := b.r.ReadAt(p, b.off)
	b.off += int64(n)
	if n < len(p) {
		return n, short(err)
	}
	return n, nil
}

// reader returns a reader of the whole file.
func (f *File) reader() io.Reader {
	if r := f.remote(); r != nil {
		return &blockReader{r: r}
	}
	return io.NewSectionReader(f.Content, 0, f.Size)
}

const magicParquet = "PAR1"

// magic returns the first bytes of a file, by which formats are told apart. Those of a remote file that ends as Parquet does
// are not asked for.
func (f *File) magic() ([]byte, error) {
	if r := f.remote(); r != nil {
		if err := r.readTail(); err != nil {
			return nil, err
		}
		if r.begin() > 0 && bytes.HasSuffix(r.tail, []byte(magicParquet)) {
			return []byte(magicParquet), nil
		}
		if _, err := r.blocks(0); err != nil {
			return nil, err
		}
	}
	head := make([]byte, len(magicParquet))
	n, err := f.Content.ReadAt(head, 0)
	if err == io.EOF {
		err = nil
	}
	return head[:n], err
}
