package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"strings"

	"github.com/golang/snappy"
	"github.com/parquet-go/parquet-go/encoding/rle"
	pqthrift "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Sizes of what a column is written in, uncompressed.
const (
	maxDataPage   = 256 << 10 // but a row is never split
	maxDictionary = 1 << 20
)

// A pqColumn writes one column: it makes pages of the values that it is given, and keeps them until their row group ends.
// Text goes into a dictionary, for as long as that is small; what follows in the row group is written as it is.
type pqColumn struct {
	leaf  *pqNode
	plain bool // never with a dictionary
	pack  *packer

	// The page.
	reps, defs []uint8
	values     []byte  // in the encoding PLAIN
	index      []int32 // into the dictionary, in place of values
	n          int     // values and nulls
	nulls      int
	pageRows   int64
	bounds     bounds

	// The chunk, which is the column's part of the row group.
	size    int64 // of all values
	coded   bool  // the dictionary is in use
	codes   map[string]int32
	dict    []byte // in the encoding PLAIN
	pages   []byte
	rows    int64
	chunk   format.ColumnMetaData
	places  []format.PageLocation
	all     bounds
	perPage *format.ColumnIndex // nil once a page has no bounds
}

func newPqColumn(leaf *pqNode, plain bool, pack *packer) *pqColumn {
	c := &pqColumn{leaf: leaf, plain: plain, pack: pack}
	if !plain {
		order := orderOf(leaf)
		c.bounds.order, c.all.order = order, order
	}
	c.begin()
	return c
}

// begin begins a chunk.
func (c *pqColumn) begin() {
	c.coded = c.leaf.physical == physBytes && !c.plain
	c.size, c.rows = 0, 0
	c.codes, c.dict, c.pages = map[string]int32{}, c.dict[:0], c.pages[:0]
	c.chunk = format.ColumnMetaData{Type: format.Type(c.leaf.physical), PathInSchema: c.leaf.path, Codec: format.Snappy}
	c.places, c.perPage = nil, &format.ColumnIndex{}
	c.all.clear()
}

// write adds the values of whole rows.
func (c *pqColumn) write(values []pqValue) error {
	for len(values) > 0 {
		n, size := 1, len(values[0].bytes)
		for ; n < len(values) && values[n].rep > 0; n++ {
			size += len(values[n].bytes)
		}
		if err := c.room(n, size); err != nil {
			return err
		}
		for i := range values[:n] {
			c.add(&values[i])
		}
		c.pageRows++
		c.size += int64(8*n + size)
		values = values[n:]
	}
	return nil
}

// room ends the page where a row of n values with so many bytes had better begin another one.
func (c *pqColumn) room(n, size int) error {
	uncoded := c.coded && len(c.dict)+4*n+size > maxDictionary
	if have := len(c.values) + 4*len(c.index) + len(c.reps) + len(c.defs); !uncoded && (have == 0 || have+8*n+size <= maxDataPage) {
		return nil
	}
	if err := c.endPage(); err != nil {
		return err
	}
	c.coded = c.coded && !uncoded
	return nil
}

// add adds a value to the page.
func (c *pqColumn) add(v *pqValue) {
	c.n++
	if c.leaf.rep > 0 {
		c.reps = append(c.reps, v.rep)
	}
	if c.leaf.def > 0 {
		c.defs = append(c.defs, v.def)
	}
	if int(v.def) < c.leaf.def {
		c.nulls++
		return
	}
	c.bounds.include(v)
	if !c.coded {
		c.values = c.leaf.appendPlain(c.values, v, c.n-c.nulls-1)
		return
	}
	code, ok := c.codes[string(v.bytes)]
	if !ok {
		code = int32(len(c.codes)) //nolint:gosec // bounded by maxDictionary
		c.codes[string(v.bytes)] = code
		c.dict = c.leaf.appendPlain(c.dict, v, len(c.codes)-1)
	}
	c.index = append(c.index, code)
}

// appendPlain appends the i-th value of a page.
func (n *pqNode) appendPlain(dst []byte, v *pqValue, i int) []byte {
	switch n.physical {
	case physBoolean:
		if i%8 == 0 {
			dst = append(dst, 0)
		}
		dst[len(dst)-1] |= byte(v.word << (i % 8)) //nolint:gosec // a word is 0 or 1
		return dst
	case physInt32, physFloat:
		return binary.LittleEndian.AppendUint32(dst, uint32(v.word)) //nolint:gosec // 32 bits have a meaning
	case physInt64, physDouble:
		return binary.LittleEndian.AppendUint64(dst, v.word)
	case physBytes:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v.bytes))) //nolint:gosec // bounded by maxPage
	}
	return append(dst, v.bytes...)
}

// endPage makes a page of the values so far.
func (c *pqColumn) endPage() error {
	if c.n == 0 {
		return nil
	}
	body, err := c.pack.levels(c.pack.body[:0], c.reps, c.leaf.rep)
	if err == nil {
		body, err = c.pack.levels(body, c.defs, c.leaf.def)
	}
	encoding := format.Plain
	if len(c.index) > 0 {
		encoding = format.RLEDictionary
		body, err = c.pack.indexes(body, c.index)
	}
	body = append(body, c.values...)
	c.pack.body = body
	if err == nil && len(body) > maxPage {
		err = &Error{Column: strings.Join(c.leaf.path, "."), Msg: fmt.Sprintf("one of its rows has %d bytes, and %d can be written", len(body), maxPage),
			Fix: "cut it short"}
	}
	if err != nil {
		return err
	}
	start := len(c.pages)
	c.pages, err = c.pack.page(c.pages, &c.chunk, body, &format.PageHeader{Type: format.DataPage,
		DataPageHeader: pqthrift.New(format.DataPageHeader{NumValues: int32(c.n), Encoding: encoding, //nolint:gosec // bounded by maxPage
			DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})})
	c.places = append(c.places, format.PageLocation{Offset: int64(start), CompressedPageSize: int32(len(c.pages) - start), //nolint:gosec // as above
		FirstRowIndex: c.rows})
	c.record(encoding)
	return err
}

// record counts the page in the metadata of its chunk, and begins another one.
func (c *pqColumn) record(encoding format.Encoding) {
	c.chunk.NumValues += int64(c.n)
	c.chunk.Statistics.NullCount += int64(c.nulls)
	c.count(format.DataPage, encoding)
	low, high := c.leaf.shownBounds(&c.bounds)
	if c.perPage != nil && (low != nil || c.nulls == c.n) {
		c.perPage.NullPages = append(c.perPage.NullPages, low == nil)
		c.perPage.NullCounts = append(c.perPage.NullCounts, int64(c.nulls))
		c.perPage.MinValues, c.perPage.MaxValues = append(c.perPage.MinValues, low), append(c.perPage.MaxValues, high)
	} else {
		c.perPage = nil
	}
	if c.bounds.some {
		c.all.include(&c.bounds.low)
		c.all.include(&c.bounds.high)
	}
	c.rows += c.pageRows
	c.reps, c.defs, c.values, c.index = c.reps[:0], c.defs[:0], c.values[:0], c.index[:0]
	c.n, c.nulls, c.pageRows = 0, 0, 0
	c.bounds.clear()
}

// count counts a page by its type and encoding.
func (c *pqColumn) count(typ format.PageType, encoding format.Encoding) {
	for i := range c.chunk.EncodingStats {
		if s := &c.chunk.EncodingStats[i]; s.PageType == typ && s.Encoding == encoding {
			s.Count++
			return
		}
	}
	c.chunk.EncodingStats = append(c.chunk.EncodingStats, format.PageEncodingStats{PageType: typ, Encoding: encoding, Count: 1})
}

// end writes the chunk to the file, and begins another one.
func (c *pqColumn) end(w *pqWriter) (format.ColumnMetaData, pageIndex) {
	err := c.endPage()
	if w.err == nil {
		w.err = err
	}
	if len(c.codes) > 0 {
		c.chunk.DictionaryPageOffset = w.off
		c.count(format.DictionaryPage, format.Plain)
		page, err := c.pack.page(nil, &c.chunk, c.dict, &format.PageHeader{Type: format.DictionaryPage,
			DictionaryPageHeader: pqthrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.codes)), Encoding: format.Plain})}) //nolint:gosec // bounded by maxDictionary
		if w.err == nil {
			w.err = err
		}
		w.put(page)
	}
	c.chunk.DataPageOffset = w.off
	for i := range c.places {
		c.places[i].Offset += w.off
	}
	w.put(c.pages)
	c.chunk.Encoding = c.encodings()
	if low, high := c.leaf.shownBounds(&c.all); low != nil {
		c.chunk.Statistics.MinValue, c.chunk.Statistics.MaxValue = low, high
	}
	chunk, index := c.chunk, pageIndex{bounds: c.perPage, places: format.OffsetIndex{PageLocations: c.places}}
	c.begin()
	return chunk, index
}

// encodings lists the encodings of the chunk.
func (c *pqColumn) encodings() []format.Encoding {
	out := []format.Encoding{format.Plain}
	if c.leaf.def > 0 || c.leaf.rep > 0 {
		out = append(out, format.RLE)
	}
	if len(c.codes) > 0 {
		out = append(out, format.RLEDictionary)
	}
	return out
}

// A packer makes pages, and keeps memory for the next one.
type packer struct {
	body, scratch, packed []byte
	header                bytes.Buffer
	encoder               *pqthrift.Encoder
}

// levels appends levels and, before them, how many bytes they take. A column whose levels are all 0 has none.
func (p *packer) levels(dst []byte, levels []uint8, most int) (_ []byte, err error) {
	if most == 0 {
		return dst, nil
	}
	p.scratch, err = (&rle.Encoding{BitWidth: bits.Len(uint(most))}).EncodeLevels(p.scratch, levels)
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(p.scratch))), p.scratch...), err //nolint:gosec // of one page
}

// indexes appends indexes into a dictionary.
func (p *packer) indexes(dst []byte, index []int32) (_ []byte, err error) {
	p.scratch, err = new(rle.DictionaryEncoding).EncodeInt32(p.scratch, index)
	return append(dst, p.scratch...), err
}

// page appends a compressed page and its header to some others, and adds its size to that of the chunk.
func (p *packer) page(dst []byte, chunk *format.ColumnMetaData, body []byte, h *format.PageHeader) ([]byte, error) {
	p.packed = snappy.Encode(p.packed[:cap(p.packed)], body)
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(body)), int32(len(p.packed)) //nolint:gosec // bounded by maxPage
	h.CRC = int32(crc32.ChecksumIEEE(p.packed))                                           //nolint:gosec // bits
	if p.encoder == nil {
		p.encoder = pqthrift.NewEncoder(new(pqthrift.CompactProtocol).NewWriter(&p.header))
	}
	p.header.Reset()
	if err := p.encoder.Encode(h); err != nil {
		return dst, err
	}
	chunk.TotalUncompressedSize += int64(p.header.Len() + len(body))
	chunk.TotalCompressedSize += int64(p.header.Len() + len(p.packed))
	return append(append(dst, p.header.Bytes()...), p.packed...), nil
}
