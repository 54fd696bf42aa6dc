package codec

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unsafe"

	pqthrift "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// createdBy names the writer in every file. It has no version, so that equal scores give equal bytes.
const createdBy = "hubgate"

// Sizes of what is written. The Hub's dataset viewer reads whole row groups, and asks for at most some 100 MB.
const (
	maxGroupBytes = 32 << 20 // uncompressed, and before any dictionary
	maxGroupRows  = 1 << 20
)

// A pqValue is what a column holds in one place: null, unless its definition level is the column's highest.
type pqValue struct {
	word     uint64 // of types that fit into 64 bits, as in column.words
	bytes    []byte // of the others
	rep, def uint8
}

// A pqWriter writes one Parquet file with a schema of our own, column by column, of which a row group is in memory at a
// time. Pages are of version 1, which every reader reads.
//
// The library's own writer makes files like these, but makes the program three quarters larger with what it brings.
type pqWriter struct {
	w       io.Writer
	off     int64 // in the file, of what comes next
	columns []*pqColumn
	rows    int64 // of the row group so far
	meta    format.FileMetaData
	indexes [][]pageIndex // by row group and column
	err     error
}

// A pageIndex lets readers choose among the pages of a column without reading them.
type pageIndex struct {
	bounds *format.ColumnIndex // nil where some page has none
	places format.OffsetIndex
}

// A pqFormat says how the columns of a file are written.
type pqFormat struct {
	features map[string]json.RawMessage // what another writer said of top-level columns, to be kept
	plain    map[*pqNode]bool           // columns with neither dictionary nor bounds: long texts, which rarely repeat
	meta     map[string]string          // more key-value metadata
}

// newPqWriter begins a file. Errors of w come with close at the latest.
func newPqWriter(w io.Writer, root *pqNode, f pqFormat) (*pqWriter, error) {
	features, err := featuresJSON(root, f.features)
	if err != nil {
		return nil, err
	}
	out := &pqWriter{w: w}
	out.meta = format.FileMetaData{Version: 2, CreatedBy: createdBy, KeyValueMetadata: []format.KeyValue{{Key: "huggingface", Value: features}}}
	for _, key := range slices.Sorted(maps.Keys(f.meta)) {
		out.meta.KeyValueMetadata = append(out.meta.KeyValueMetadata, format.KeyValue{Key: key, Value: f.meta[key]})
	}
	pack := &packer{}
	for _, leaf := range numberLeaves(root) {
		out.columns = append(out.columns, newPqColumn(leaf, f.plain[leaf], pack))
		out.meta.ColumnOrders = append(out.meta.ColumnOrders, format.ColumnOrder{Value: new(format.TypeDefinedOrder)})
	}
	out.meta.Schema = appendElements(nil, root)
	out.put([]byte("PAR1"))
	return out, nil
}

// put writes bytes to the file.
func (w *pqWriter) put(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
		w.off += int64(len(b))
	}
}

// write adds the values of whole rows to a column. Every column must get the same rows before endRows.
func (w *pqWriter) write(leaf int, values []pqValue) {
	if w.err == nil {
		w.err = w.columns[leaf].write(values)
	}
}

// endRows says that n rows were written to every column, and begins another row group when this one is large enough.
func (w *pqWriter) endRows(n int) error {
	w.rows += int64(n)
	var size int64
	for _, c := range w.columns {
		size += c.size
	}
	if size >= maxGroupBytes || w.rows >= maxGroupRows {
		w.endGroup()
	}
	return w.err
}

// endGroup writes the row group. One without rows is none.
func (w *pqWriter) endGroup() {
	if w.rows == 0 || len(w.columns) == 0 || w.err != nil {
		return
	}
	g := format.RowGroup{NumRows: w.rows, FileOffset: w.off, Ordinal: int16(len(w.meta.RowGroups))} //nolint:gosec // of 32 MiB each
	indexes := make([]pageIndex, len(w.columns))
	for i, c := range w.columns {
		var chunk format.ColumnMetaData
		chunk, indexes[i] = c.end(w)
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: chunk})
		g.TotalByteSize += chunk.TotalUncompressedSize
		g.TotalCompressedSize += chunk.TotalCompressedSize
	}
	w.meta.RowGroups = append(w.meta.RowGroups, g)
	w.meta.NumRows += w.rows
	w.indexes = append(w.indexes, indexes)
	w.rows = 0
}

// close writes what is left, and the footer.
func (w *pqWriter) close() error {
	w.endGroup()
	w.putIndexes()
	n := w.putThrift(&w.meta)
	w.put(binary.LittleEndian.AppendUint32(nil, uint32(n))) //nolint:gosec // a footer is far smaller
	w.put([]byte("PAR1"))
	return w.err
}

// putIndexes writes the indexes of pages: first all bounds, then all places, as readers read them at once.
func (w *pqWriter) putIndexes() {
	for g, group := range w.indexes {
		for i := range group {
			if c := &w.meta.RowGroups[g].Columns[i]; group[i].bounds != nil {
				c.ColumnIndexOffset = w.off
				c.ColumnIndexLength = w.putThrift(group[i].bounds)
			}
		}
	}
	for g, group := range w.indexes {
		for i := range group {
			c := &w.meta.RowGroups[g].Columns[i]
			c.OffsetIndexOffset = w.off
			c.OffsetIndexLength = w.putThrift(&group[i].places)
		}
	}
}

// putThrift writes a struct of the format, and returns its bytes.
func (w *pqWriter) putThrift(v any) int32 {
	b, err := pqthrift.Marshal(new(pqthrift.CompactProtocol), v)
	if w.err == nil {
		w.err = err
	}
	w.put(b)
	return int32(len(b)) //nolint:gosec // metadata is far smaller
}

// numberLeaves gives leaves their numbers, and all nodes their paths and levels.
func numberLeaves(root *pqNode) []*pqNode {
	var leaves []*pqNode
	var walk func(n *pqNode)
	walk = func(n *pqNode) {
		if n.leaf() {
			n.index = len(leaves)
			leaves = append(leaves, n)
		}
		for _, c := range n.children {
			c.path = append(slices.Clone(n.path), c.name)
			c.def, c.rep = n.def, n.rep
			if c.repetition != pqRequired {
				c.def++
			}
			if c.repetition == pqRepeated {
				c.rep++
			}
			walk(c)
		}
	}
	walk(root)
	return leaves
}

// flatSchema returns a schema of the given columns.
func flatSchema(columns ...*pqNode) *pqNode {
	return &pqNode{name: "schema", physical: physGroup, children: columns}
}

// The columns of our own tables may all be null.
func stringColumn(name string) *pqNode {
	return &pqNode{name: name, repetition: pqOptional, physical: physBytes, logical: logString}
}
func doubleColumn(name string) *pqNode {
	return &pqNode{name: name, repetition: pqOptional, physical: physDouble}
}
func intColumn(name string) *pqNode {
	return &pqNode{name: name, repetition: pqOptional, physical: physInt64}
}
func boolColumn(name string) *pqNode {
	return &pqNode{name: name, repetition: pqOptional, physical: physBoolean}
}

// A pqRows writes the rows of a flat table: cell by cell, in batches.
type pqRows struct {
	w     *pqWriter
	batch [][]pqValue
	n     int
	part  bool // there are more columns, and whoever writes them ends the rows
}

func newPqRows(w *pqWriter) *pqRows {
	return &pqRows{w: w, batch: make([][]pqValue, len(w.columns))}
}

func (r *pqRows) set(i int, v pqValue) {
	v.def = 1
	r.batch[i] = append(r.batch[i], v)
}

// bytes writes bytes, which must stay as they are until the batch is written: that is at flush at the latest.
func (r *pqRows) bytes(i int, b []byte) { r.set(i, pqValue{bytes: b}) }

// text writes a text; the empty one is null. What is not UTF-8 in it would make the column unreadable to others.
func (r *pqRows) text(i int, s string) {
	if s = strings.ToValidUTF8(s, "\uFFFD"); s != "" {
		r.bytes(i, unsafe.Slice(unsafe.StringData(s), len(s)))
	}
}

func (r *pqRows) double(i int, v float64) { r.set(i, pqValue{word: math.Float64bits(v)}) }
func (r *pqRows) integer(i int, v int64)  { r.set(i, pqValue{word: uint64(v)}) } //nolint:gosec // two's complement
func (r *pqRows) bool(i int, v bool) {
	word := uint64(0)
	if v {
		word = 1
	}
	r.set(i, pqValue{word: word})
}

// end ends the row. Columns that were not set are null.
func (r *pqRows) end() error {
	r.n++
	for i, b := range r.batch {
		if len(b) < r.n {
			r.batch[i] = append(b, pqValue{})
		}
	}
	if r.n < rowBatch {
		return r.w.err
	}
	return r.flush()
}

// flush writes the batch.
func (r *pqRows) flush() error {
	for i, b := range r.batch {
		r.w.write(i, b)
		clear(b)
		r.batch[i] = b[:0]
	}
	n := r.n
	r.n = 0
	if r.part {
		return r.w.err
	}
	return r.w.endRows(n)
}

// close writes what is left, and the footer.
func (r *pqRows) close() error {
	if err := r.flush(); err != nil {
		return err
	}
	return r.w.close()
}
