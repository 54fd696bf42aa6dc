package codec

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

// Limits on one page, which is what has to be in memory at a time. Writers aim at a megabyte; some put a whole row group
// into one page.
const (
	maxPage       = 128 << 20 // bytes, uncompressed
	maxPageValues = 16 << 20
	maxPageHeader = 4 << 20 // with the statistics in it, which may be long texts
)

// readAhead is how much of a column is read from the file at a time.
const readAhead = 64 << 10

// A column reads the values of one leaf, page by page, through all row groups. What it hands out stays as it is until
// its next page. It is used by one goroutine.
type column struct {
	p    *pqFile
	leaf *pqNode
	d    *decompressor

	ahead int64 // how much is read from the file at a time
	brief int64 // how many rows of the file are likely to be read at most; 0 for all

	guess   bool // of text that holds scores only if it is numbers
	numbers bool // some of it was

	group int    // the row group being read
	off   int64  // in the file, of the next page
	end   int64  // in the file, of the chunk
	buf   []byte // of the file from bufAt on
	bufAt int64
	left  int64 // values, with nulls, that the chunk still has after this page
	skip  int64 // values to pass over, with whole pages as long as they have no more than that

	// The dictionary of the chunk. Its cells are made when they are first needed.
	dictWords []uint64
	dictBytes [][]byte
	dictCells []cell
	dictPage  []byte
	dictGen   int // counts dictionaries

	// The page. Values are those that are not null.
	count int // values and nulls
	pos   int // how many of them were taken
	defs  []uint8
	reps  []uint8
	at    int // how many values were taken
	n     int // how many values there are
	coded bool
	index []int32 // into the dictionary, when coded
	words []uint64
	bytes [][]byte
	page  []byte
	spare []byte
}

func newColumn(p *pqFile, leaf *pqNode, d *decompressor) *column {
	return &column{p: p, leaf: leaf, d: d, ahead: readAhead}
}

// open starts at the first page of a row group.
func (c *column) open(group int) {
	chunk := &c.p.groups[group].chunks[c.leaf.index]
	c.group, c.off, c.end, c.left = group, chunk.offset, chunk.offset+chunk.size, chunk.values
	c.count, c.pos, c.at, c.n = 0, 0, 0, 0
	c.dictWords, c.dictBytes, c.dictCells = c.dictWords[:0], c.dictBytes[:0], c.dictCells[:0]
	c.buf, c.bufAt = c.buf[:0], 0
}

// available returns how many values and nulls of the current page are left, reading the next page when there are none.
// It is 0 at the end of the row group.
func (c *column) available() (int, error) {
	for c.pos == c.count && c.left > 0 {
		if err := c.next(); err != nil {
			return 0, c.fail(err)
		}
	}
	return c.count - c.pos, nil
}

// fail names the column in which something is wrong.
func (c *column) fail(err error) error {
	var e *Error
	var fetch *fetchError
	if errors.As(err, &e) || errors.As(err, &fetch) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errPage
	}
	return &Error{File: c.p.file.Name, Column: strings.Join(c.leaf.path, "."),
		Msg: fmt.Sprintf("row group %d is not readable: %v", c.group+1, err), Fix: "write or download it again"}
}

// window returns n bytes of the chunk from an offset in the file, fewer where the chunk ends. What it has of them is not read
// again.
func (c *column) window(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), c.end-off))
	if off >= c.bufAt && off+int64(n) <= c.bufAt+int64(len(c.buf)) {
		return c.buf[off-c.bufAt:][:n], nil
	}
	have := 0
	if off >= c.bufAt && off < c.bufAt+int64(len(c.buf)) {
		have = copy(c.buf, c.buf[off-c.bufAt:])
	}
	end := min(off+int64(have)+max(int64(n-have), c.ahead), c.end)
	c.buf = slices.Grow(c.buf[:have], int(end-off)-have)[:end-off]
	c.bufAt = off
	if err := readAt(c.p.file, c.buf[have:], off+int64(have)); err != nil {
		c.buf = c.buf[:0]
		return nil, err
	}
	return c.buf[:n], nil
}

// header reads the header of the next page, and moves to its bytes.
func (c *column) header() (pageHeader, error) {
	for n := 4 << 10; ; n *= 8 {
		b, err := c.window(c.off, n)
		if err != nil {
			return pageHeader{}, err
		}
		var h pageHeader
		t := &thrift{b: b}
		h.decode(t)
		if t.err == nil {
			c.off += int64(t.pos)
			return h, nil
		}
		if len(b) < n || n > maxPageHeader {
			return h, fmt.Errorf("a page header is corrupted, or its page is larger than %d MiB", maxPage>>20)
		}
	}
}

// next reads pages up to and with the next data page.
func (c *column) next() error {
	c.count, c.pos, c.at, c.n = 0, 0, 0, 0
	for {
		if c.off >= c.end {
			return fmt.Errorf("its pages lack %d values", c.left)
		}
		h, err := c.header()
		if err != nil {
			return err
		}
		if int64(h.compressed) > c.end-c.off {
			return errPage
		}
		if h.typ != pageData && h.typ != pageDictionary && h.typ != pageDataV2 { // an index, or what a later version of the format adds
			c.off += int64(h.compressed)
			continue
		}
		if h.typ != pageDictionary && int64(h.values) <= min(c.skip, c.left) {
			c.skip -= int64(h.values)
			c.left -= int64(h.values)
			c.off += int64(h.compressed)
			continue
		}
		b, err := c.window(c.off, h.compressed)
		if err != nil {
			return err
		}
		c.off += int64(h.compressed)
		if h.hasCRC && crc32.ChecksumIEEE(b) != h.crc {
			return fmt.Errorf("a page has another checksum than its bytes")
		}
		if h.typ == pageDictionary {
			if err := c.dictionary(&h, b); err != nil {
				return err
			}
			continue
		}
		if int64(h.values) > c.left {
			return fmt.Errorf("its pages have more values than the row group")
		}
		c.left -= int64(h.values)
		return c.data(&h, b)
	}
}

// uncompress returns a page's bytes, in memory that is used again for the next page.
func (c *column) uncompress(into, b []byte, size int) ([]byte, error) {
	codec := c.p.groups[c.group].chunks[c.leaf.index].codec
	if codec == packNone {
		return append(into[:0], b...), nil
	}
	// What compresses better than this is not a page, but an attempt on our memory: zstd reaches some 16,000.
	if size > 1<<20 && size/(1<<15) > len(b) {
		return nil, errPage
	}
	into = slices.Grow(into[:0], size)[:size]
	if size == 0 {
		return into, nil
	}
	return into, c.d.decode(codec, into, b)
}

func (c *column) dictionary(h *pageHeader, b []byte) error {
	if h.encoding != encPlain && h.encoding != encPlainDict {
		return fmt.Errorf("its dictionary has encoding %d", h.encoding)
	}
	c.dictGen++
	var err error
	if c.dictPage, err = c.uncompress(c.dictPage, b, h.uncompressed); err != nil {
		return err
	}
	c.dictWords, c.dictBytes, c.dictCells = c.dictWords[:0], c.dictBytes[:0], c.dictCells[:0]
	if c.leaf.wordy() {
		c.dictWords, err = sized(c.dictWords, h.values, len(c.dictPage)*8)
		if err != nil {
			return err
		}
	} else if c.dictBytes, err = sized(c.dictBytes, h.values, len(c.dictPage)+1); err != nil {
		return err
	}
	return c.plain(c.dictWords, c.dictBytes, c.dictPage)
}

// wordy reports whether values fit into 64 bits.
func (n *pqNode) wordy() bool {
	return n.physical != physBytes && n.physical != physFixed && n.physical != physInt96
}

// sized makes room for n values, of which a page cannot hold more than most.
func sized[T any](s []T, n, most int) ([]T, error) {
	if n > most {
		return s, errPage
	}
	return slices.Grow(s[:0], n)[:n], nil
}

// plain decodes PLAIN into whichever of words and bytes the column has.
func (c *column) plain(words []uint64, values [][]byte, src []byte) error {
	switch c.leaf.physical {
	case physBoolean:
		return plainBits(words, src)
	case physBytes:
		return plainBytes(values, src)
	case physFixed:
		return fixedBytes(values, src, c.leaf.length)
	case physInt96:
		return fixedBytes(values, src, 12)
	}
	return plainWords(words, src, c.leaf.physical)
}

// data decodes a data page.
func (c *column) data(h *pageHeader, b []byte) error {
	var err error
	if h.typ == pageDataV2 {
		if b, err = c.levelsV2(h, b); err != nil {
			return err
		}
	}
	if h.typ == pageDataV2 && h.plain {
		c.page = append(c.page[:0], b...)
	} else if c.page, err = c.uncompress(c.page, b, h.uncompressed-h.sizes[0]-h.sizes[1]); err != nil {
		return err
	}
	body := c.page
	if h.typ == pageData {
		if body, err = c.levelsV1(h, body); err != nil {
			return err
		}
	}
	c.n = h.values
	if c.leaf.def > 0 {
		c.n = 0
		for _, d := range c.defs {
			if int(d) == c.leaf.def {
				c.n++
			}
		}
	}
	if err := c.values(h.encoding, body); err != nil {
		return err
	}
	c.count = h.values
	return nil
}

// values decodes the n values of the page.
func (c *column) values(encoding int64, b []byte) (err error) {
	c.coded = encoding == encDict || encoding == encPlainDict
	if c.n == 0 {
		return nil
	}
	if c.coded {
		return c.indexes(b)
	}
	if !c.leaf.wordy() {
		c.bytes = slices.Grow(c.bytes[:0], c.n)[:c.n]
		return c.texts(encoding, b)
	}
	c.words = slices.Grow(c.words[:0], c.n)[:c.n]
	switch {
	case encoding == encPlain:
		return c.plain(c.words, nil, b)
	case encoding == encRLE && c.leaf.physical == physBoolean:
		return c.booleans(b)
	case encoding == encDelta && (c.leaf.physical == physInt32 || c.leaf.physical == physInt64):
		_, err = decodeDelta(c.words, b)
		if c.leaf.physical == physInt32 {
			for i, v := range c.words {
				c.words[i] = uint64(int64(int32(v))) //nolint:gosec // arithmetic of 32 bits, by definition
			}
		}
		return err
	case encoding == encSplit && c.leaf.physical != physBoolean:
		size := 8
		if c.leaf.physical == physInt32 || c.leaf.physical == physFloat {
			size = 4
		}
		if b, err = c.joined(b, size); err != nil {
			return err
		}
		return c.plain(c.words, nil, b)
	}
	return fmt.Errorf("encoding %d is not supported here", encoding)
}

// booleans decodes run lengths of booleans.
func (c *column) booleans(b []byte) (err error) {
	if len(b) < 4 { // the length that follows is the rest of the page
		return errPage
	}
	if c.index, err = sized(c.index, c.n, maxPageValues); err != nil {
		return err
	}
	err = decodeRLE(c.index, b[4:], 1, 1)
	for i, v := range c.index {
		c.words[i] = uint64(v) //nolint:gosec // 0 or 1
	}
	return err
}

// joined undoes BYTE_STREAM_SPLIT.
func (c *column) joined(b []byte, size int) ([]byte, error) {
	c.spare = slices.Grow(c.spare[:0], len(b))[:len(b)]
	return c.spare, unsplit(c.spare, b, size)
}

// texts decodes values that are bytes.
func (c *column) texts(encoding int64, b []byte) (err error) {
	switch encoding {
	case encPlain:
		return c.plain(nil, c.bytes, b)
	case encDeltaLength:
		c.words = slices.Grow(c.words[:0], c.n)[:c.n]
		return deltaLengthBytes(c.bytes, b, c.words)
	case encDeltaBytes:
		c.words = slices.Grow(c.words[:0], c.n)[:c.n]
		return deltaBytes(c.bytes, b, c.words)
	case encSplit:
		if c.leaf.physical == physFixed {
			if b, err = c.joined(b, c.leaf.length); err != nil {
				return err
			}
			return c.plain(nil, c.bytes, b)
		}
	}
	return fmt.Errorf("encoding %d is not supported here", encoding)
}

// indexes decodes indexes into the dictionary.
func (c *column) indexes(b []byte) error {
	size := max(len(c.dictWords), len(c.dictBytes))
	if len(b) == 0 || size == 0 {
		return errPage
	}
	c.index = slices.Grow(c.index[:0], c.n)[:c.n]
	return decodeRLE(c.index, b[1:], int(b[0]), int32(size-1)) //nolint:gosec // at most maxPageValues
}
