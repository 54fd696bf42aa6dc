package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// createdBy names the writer in every file. It has no version, so that equal scores give equal bytes.
const createdBy = "hubgate"

// Sizes of what is written. The Hub's dataset viewer reads whole row groups and asks for at most some 100 MB; values
// longer than a bound are left out of the statistics, of which a footer has one per row group and column.
const (
	maxGroupBytes = 32 << 20 // uncompressed
	maxGroupRows  = 1 << 20
	maxDictionary = 1 << 20
)

// A pqWriter writes one Parquet file with a schema of our own, column by column.
type pqWriter struct {
	w       *parquet.GenericWriter[any] // nil for some columns of another's file
	columns []*parquet.ColumnWriter
	leaves  []*pqNode
	size    int64 // of the row group so far, uncompressed
	rows    int64
	err     error
}

// A pqFormat says how the columns of a file are written.
type pqFormat struct {
	features map[string]json.RawMessage // what another writer said of top-level columns, to be kept
	plain    map[*pqNode]bool           // columns without a dictionary: long texts, which rarely repeat
	meta     map[string]string          // more key-value metadata
}

// newPqWriter begins a file. Errors of w come with Close at the latest.
func newPqWriter(w io.Writer, root *pqNode, f pqFormat) (*pqWriter, error) {
	features, err := featuresJSON(root, f.features)
	if err != nil {
		return nil, err
	}
	leaves := numberLeaves(root)
	node, err := schemaOf(root, f.plain)
	if err != nil {
		return nil, err
	}
	options := []parquet.WriterOption{
		parquet.NewSchema("schema", node), &parquet.WriterConfig{CreatedBy: createdBy}, parquet.Compression(&parquet.Snappy),
		parquet.DataPageVersion(1), // the version that every reader reads
		parquet.DictionaryMaxBytes(maxDictionary), parquet.KeyValueMetadata("huggingface", features),
	}
	for _, key := range slices.Sorted(maps.Keys(f.meta)) {
		options = append(options, parquet.KeyValueMetadata(key, f.meta[key]))
	}
	for _, leaf := range leaves {
		if f.plain[leaf] {
			options = append(options, parquet.SkipPageBounds(leaf.path...))
		}
	}
	out := &pqWriter{w: parquet.NewGenericWriter[any](w, options...), leaves: leaves}
	out.columns = out.w.ColumnWriters()
	return out, nil
}

// write adds values to a column. Every column must get the same rows before endRows.
func (w *pqWriter) write(leaf int, values []parquet.Value) {
	if w.err != nil {
		return
	}
	for i := range values {
		w.size += 8
		if k := values[i].Kind(); k == parquet.ByteArray || k == parquet.FixedLenByteArray {
			w.size += int64(len(values[i].ByteArray()))
		}
	}
	_, w.err = w.columns[leaf].WriteRowValues(values)
}

// endRows says that n rows were written to every column, and begins another row group when this one is large enough.
func (w *pqWriter) endRows(n int) error {
	w.rows += int64(n)
	if w.err == nil && w.w != nil && (w.size >= maxGroupBytes || w.rows >= maxGroupRows) {
		w.size, w.rows = 0, 0
		w.err = w.w.Flush()
	}
	return w.err
}

// close writes what is left, and the footer.
func (w *pqWriter) close() error {
	if w.err != nil {
		return w.err
	}
	return w.w.Close()
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
	return &pqNode{physical: physGroup, children: columns}
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

// A schemaField is a node of ours as the library wants to see it. The library's own groups sort their columns by name.
type schemaField struct {
	node   *pqNode
	fields []parquet.Field
	typ    parquet.Type
	enc    encoding.Encoding
}

var _ parquet.Field = (*schemaField)(nil)

func schemaOf(n *pqNode, plain map[*pqNode]bool) (*schemaField, error) {
	out := &schemaField{node: n}
	if n.leaf() {
		var err error
		if out.typ, err = n.libraryType(); err != nil {
			return nil, err
		}
		if n.physical == physBytes && !plain[n] {
			out.enc = &parquet.RLEDictionary
		}
		return out, nil
	}
	out.typ = parquet.Group{}.Type()
	switch n.logical {
	case logList:
		out.typ = parquet.List(parquet.String()).Type()
	case logMap:
		out.typ = parquet.Map(parquet.String(), parquet.String()).Type()
	}
	for _, c := range n.children {
		f, err := schemaOf(c, plain)
		if err != nil {
			return nil, err
		}
		out.fields = append(out.fields, f)
	}
	return out, nil
}

func (f *schemaField) ID() int                                { return 0 }
func (f *schemaField) String() string                         { return f.node.name }
func (f *schemaField) Name() string                           { return f.node.name }
func (f *schemaField) Type() parquet.Type                     { return f.typ }
func (f *schemaField) Optional() bool                         { return f.node.repetition == pqOptional }
func (f *schemaField) Repeated() bool                         { return f.node.repetition == pqRepeated }
func (f *schemaField) Required() bool                         { return f.node.repetition == pqRequired }
func (f *schemaField) Leaf() bool                             { return f.node.leaf() }
func (f *schemaField) Fields() []parquet.Field                { return f.fields }
func (f *schemaField) Encoding() encoding.Encoding            { return f.enc }
func (f *schemaField) Compression() compress.Codec            { return nil }
func (f *schemaField) GoType() reflect.Type                   { return reflect.TypeFor[any]() }
func (f *schemaField) Value(base reflect.Value) reflect.Value { return base }

// A halfType is two bytes that are a number, for which the library has no name.
type halfType struct{ parquet.Type }

// LogicalType says so.
func (halfType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: new(format.Float16Type)}
}

// libraryType returns the library's name for a leaf's type.
func (n *pqNode) libraryType() (parquet.Type, error) {
	units := map[string]parquet.TimeUnit{"ms": parquet.Millisecond, "us": parquet.Microsecond, "ns": parquet.Nanosecond}
	stored := [...]parquet.Type{parquet.BooleanType, parquet.Int32Type, parquet.Int64Type, parquet.Int96Type, parquet.FloatType,
		parquet.DoubleType, parquet.ByteArrayType, nil}[n.physical]
	if n.physical == physFixed {
		stored = parquet.FixedLenByteArrayType(n.length)
	}
	switch n.logical {
	case logString:
		return parquet.String().Type(), nil
	case logEnum:
		return parquet.Enum().Type(), nil
	case logJSON:
		return parquet.JSON().Type(), nil
	case logBSON:
		return parquet.BSON().Type(), nil
	case logUUID:
		return parquet.UUID().Type(), nil
	case logDecimal:
		return parquet.Decimal(n.scale, n.precision, stored).Type(), nil
	case logDate:
		return parquet.Date().Type(), nil
	case logFloat16:
		return halfType{stored}, nil
	case logInteger:
		if n.bits%8 != 0 || n.bits == 0 || n.bits > 64 || n.bits > 32 != (n.physical == physInt64) {
			return nil, fmt.Errorf("column %s: an integer of %d bits cannot be stored as it is", n.name, n.bits)
		}
		if n.unsigned {
			return parquet.Uint(n.bits).Type(), nil
		}
		return parquet.Int(n.bits).Type(), nil
	case logTime, logTimestamp:
		unit, ok := units[n.unit]
		if !ok {
			break
		}
		if n.logical == logTime {
			return parquet.TimeAdjusted(unit, n.utc).Type(), nil
		}
		return parquet.TimestampAdjusted(unit, n.utc).Type(), nil
	}
	return stored, nil
}

// value returns one of a column's values, as the library wants it. The value shares b.
func (n *pqNode) value(word uint64, b []byte) parquet.Value {
	switch n.physical {
	case physBoolean:
		return parquet.BooleanValue(word != 0)
	case physInt32:
		return parquet.Int32Value(int32(word)) //nolint:gosec // 32 bits were read
	case physInt64:
		return parquet.Int64Value(int64(word)) //nolint:gosec // two's complement
	case physInt96:
		var v deprecated.Int96
		for i := range v {
			v[i] = uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24
		}
		return parquet.Int96Value(v)
	case physFloat:
		return parquet.FloatValue(math.Float32frombits(uint32(word))) //nolint:gosec // 32 bits were read
	case physDouble:
		return parquet.DoubleValue(math.Float64frombits(word))
	case physBytes:
		return parquet.ByteArrayValue(b)
	}
	return parquet.FixedLenByteArrayValue(b)
}

// featuresJSON describes a schema as the datasets library does, in the order of its columns. What a writer before us
// said of a column is kept, such as the names of its classes.
// https://huggingface.co/docs/datasets/about_dataset_features
func featuresJSON(root *pqNode, known map[string]json.RawMessage) (string, error) {
	var b bytes.Buffer
	b.WriteString(`{"info":{"features":`)
	if err := writeStruct(&b, root.children, known); err != nil {
		return "", err
	}
	b.WriteString(`}}`)
	return b.String(), nil
}

func writeStruct(b *bytes.Buffer, nodes []*pqNode, known map[string]json.RawMessage) error {
	b.WriteByte('{')
	for i, n := range nodes {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(n.name)
		if err != nil {
			return err
		}
		b.Write(name)
		b.WriteByte(':')
		if raw, ok := known[n.name]; ok {
			b.Write(raw)
			continue
		}
		if err := writeFeature(b, n); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeFeature(b *bytes.Buffer, n *pqNode) error {
	open := ""
	switch {
	case n.logical == logList && n.repetition != pqRepeated && len(n.children) == 1 && n.children[0].repetition == pqRepeated:
		n, open = n.children[0], `{"feature":`
		// Three levels, as the standard has it; else the repeated node is the element itself.
		if !n.leaf() && len(n.children) == 1 && n.name != "array" {
			n = n.children[0]
		}
	case n.logical == logMap:
		// A list of pairs is what Arrow makes of it, too.
		if len(n.children) == 1 && n.children[0].repetition == pqRepeated {
			n, open = n.children[0], `{"feature":`
		}
	case n.repetition == pqRepeated:
		open = `{"feature":`
	}
	b.WriteString(open)
	if n.leaf() {
		fmt.Fprintf(b, `{"dtype":%q,"_type":"Value"}`, n.dtype())
	} else if open != "" && n.logical == logList {
		if err := writeFeature(b, n); err != nil {
			return err
		}
	} else if err := writeStruct(b, n.children, nil); err != nil {
		return err
	}
	if open != "" {
		b.WriteString(`,"_type":"List"}`)
	}
	return nil
}

// dtype names a leaf's type as Arrow reads it.
func (n *pqNode) dtype() string {
	switch n.logical {
	case logString, logEnum, logJSON:
		return "string"
	case logNull:
		return "null"
	case logDecimal:
		return fmt.Sprintf("decimal128(%d, %d)", n.precision, n.scale)
	case logDate:
		return "date32"
	case logFloat16:
		return "float16"
	case logInteger:
		if n.unsigned {
			return fmt.Sprintf("uint%d", n.bits)
		}
		return fmt.Sprintf("int%d", n.bits)
	case logTime:
		if n.physical == physInt32 {
			return "time32[" + n.unit + "]"
		}
		return "time64[" + n.unit + "]"
	case logTimestamp:
		if n.utc {
			return "timestamp[" + n.unit + ", tz=UTC]"
		}
		return "timestamp[" + n.unit + "]"
	}
	return [...]string{"bool", "int32", "int64", "timestamp[ns]", "float32", "float64", "binary", "binary"}[n.physical]
}

// A pqRows writes the rows of a flat table: cell by cell, in batches.
type pqRows struct {
	w     *pqWriter
	batch [][]parquet.Value
	n     int
}

func newPqRows(w *pqWriter) *pqRows {
	return &pqRows{w: w, batch: make([][]parquet.Value, len(w.leaves))}
}

func (r *pqRows) set(i int, v parquet.Value) { r.batch[i] = append(r.batch[i], v.Level(0, 1, i)) }

// text writes a text; the empty one is null. It must stay as it is until the batch is written, which is at flush at the latest.
func (r *pqRows) text(i int, s string) {
	if s != "" {
		r.set(i, parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s))))
	}
}

func (r *pqRows) double(i int, v float64) { r.set(i, parquet.DoubleValue(v)) }
func (r *pqRows) integer(i int, v int64)  { r.set(i, parquet.Int64Value(v)) }
func (r *pqRows) bool(i int, v bool)      { r.set(i, parquet.BooleanValue(v)) }

// end ends the row. Columns that were not set are null.
func (r *pqRows) end() error {
	r.n++
	for i, b := range r.batch {
		if len(b) < r.n {
			r.batch[i] = append(b, parquet.NullValue().Level(0, 0, i))
		}
	}
	if r.n < rowBatch {
		return nil
	}
	return r.flush()
}

func (r *pqRows) flush() error {
	n := r.n
	for i, b := range r.batch {
		r.w.write(i, b)
		clear(b)
		r.batch[i] = b[:0]
	}
	r.n = 0
	return r.w.endRows(n)
}

// close writes what is left.
func (r *pqRows) close() error {
	if err := r.flush(); err != nil {
		return err
	}
	return r.w.close()
}
