package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	pqthrift "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A tape is a source of choices: bytes, then zeros.
type tape struct{ b []byte }

func (t *tape) next() byte {
	if len(t.b) == 0 {
		return 0
	}
	c := t.b[0]
	t.b = t.b[1:]
	return c
}

func (t *tape) below(n int) int { return int(t.next()) % n }

func (t *tape) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = t.next()
	}
	return b
}

// leafTypes are all types of columns that are written.
var leafTypes = []pqNode{
	{physical: physBoolean},
	{physical: physInt32}, {physical: physInt32, logical: logDate},
	{physical: physInt32, logical: logInteger, bits: 8}, {physical: physInt32, logical: logInteger, bits: 16, unsigned: true},
	{physical: physInt32, logical: logInteger, bits: 32, unsigned: true}, {physical: physInt32, logical: logDecimal, precision: 9, scale: 2},
	{physical: physInt32, logical: logTime, unit: "ms", utc: true},
	{physical: physInt64}, {physical: physInt64, logical: logInteger, bits: 64}, {physical: physInt64, logical: logInteger, bits: 64, unsigned: true},
	{physical: physInt64, logical: logDecimal, precision: 18, scale: 3}, {physical: physInt64, logical: logTime, unit: "us"},
	{physical: physInt64, logical: logTime, unit: "ns", utc: true}, {physical: physInt64, logical: logTimestamp, unit: "ms", utc: true},
	{physical: physInt64, logical: logTimestamp, unit: "us"}, {physical: physInt64, logical: logTimestamp, unit: "ns", utc: true},
	{physical: physInt96}, {physical: physFloat}, {physical: physDouble},
	{physical: physBytes}, {physical: physBytes, logical: logString}, {physical: physBytes, logical: logEnum}, {physical: physBytes, logical: logJSON},
	{physical: physBytes, logical: logBSON}, {physical: physBytes, logical: logDecimal, precision: 30, scale: 4},
	{physical: physFixed, length: 5}, {physical: physFixed, length: 16, logical: logUUID}, {physical: physFixed, length: 2, logical: logFloat16},
	{physical: physFixed, length: 16, logical: logDecimal, precision: 38, scale: 10},
}

// column returns a column or a group of some, of any type and repetition.
func (t *tape) column(name string, depth int) *pqNode {
	kind := t.below(len(leafTypes) + 4)
	repetition := t.below(3)
	var n pqNode
	switch {
	case kind < len(leafTypes) || depth == 0:
		n = leafTypes[kind%len(leafTypes)]
	case kind == len(leafTypes): // of three levels, as lists are
		element := t.column("element", depth-1)
		n = pqNode{physical: physGroup, logical: logList, children: []*pqNode{
			{name: "list", physical: physGroup, repetition: pqRepeated, children: []*pqNode{element}}}}
		repetition %= pqRepeated
	default:
		n = pqNode{physical: physGroup}
		for i := range 1 + t.below(3) {
			n.children = append(n.children, t.column(fmt.Sprint(string(rune('z'-i)), i), depth-1))
		}
	}
	n.name, n.repetition = name, repetition
	return &n
}

// value returns a value of a column.
func (t *tape) value(n *pqNode) pqValue {
	switch n.physical {
	case physBoolean:
		return pqValue{word: uint64(t.below(2))}
	case physInt32:
		return pqValue{word: uint64(int64(int32(binary.BigEndian.Uint32(t.bytes(4)))))}
	case physFloat:
		odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), -1, 1.5}
		return pqValue{word: uint64(math.Float32bits(odd[t.below(len(odd))]))}
	case physDouble:
		odd := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(-1), -1, 1.5, 1e300}
		return pqValue{word: math.Float64bits(odd[t.below(len(odd))])}
	case physInt64:
		return pqValue{word: binary.LittleEndian.Uint64(t.bytes(8))}
	case physInt96:
		return pqValue{bytes: t.bytes(12)}
	case physFixed:
		return pqValue{bytes: t.bytes(n.length)}
	}
	switch k := t.below(16); {
	case n.logical == logDecimal:
		return pqValue{bytes: t.bytes(1 + k)}
	case n.logical == logJSON:
		return pqValue{bytes: fmt.Appendf(nil, `{"k":%d}`, k)}
	case k == 15:
		return pqValue{bytes: bytes.Repeat([]byte("long "), 20)}
	default:
		return pqValue{bytes: bytes.Repeat([]byte{'a' + t.next()%26}, k)}
	}
}

// row appends a row to the columns of a schema, as it is taken apart for them.
func (t *tape) row(n *pqNode, columns [][]pqValue, rep, def int) {
	if n.leaf() {
		v := t.value(n)
		v.rep, v.def = uint8(rep), uint8(def)
		columns[n.index] = append(columns[n.index], v)
		return
	}
	for _, c := range n.children {
		times := 1
		if c.repetition != pqRequired {
			times = t.below(2 * c.repetition) // at most one of what is optional, at most three of what is repeated
		}
		if times == 0 {
			nulls(c, columns, rep, def)
		}
		for i := range times {
			if i == 0 {
				t.row(c, columns, rep, c.def)
			} else {
				t.row(c, columns, c.rep, c.def)
			}
		}
	}
}

func nulls(n *pqNode, columns [][]pqValue, rep, def int) {
	if n.leaf() {
		columns[n.index] = append(columns[n.index], pqValue{rep: uint8(rep), def: uint8(def)})
	}
	for _, c := range n.children {
		nulls(c, columns, rep, def)
	}
}

// A shredded table is a schema, and the values of its columns by row group.
type shredded struct {
	root   *pqNode
	format pqFormat
	groups [][][]pqValue // by row group and column
	rows   []int
}

// add adds a row group.
func (s *shredded) add(t *tape, rows int) {
	columns := make([][]pqValue, len(numberLeaves(s.root)))
	for range rows {
		t.row(s.root, columns, 0, 0)
	}
	s.groups, s.rows = append(s.groups, columns), append(s.rows, rows)
}

// write writes the table, some rows of a column at a time.
func (s *shredded) write(tb testing.TB, batch int) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := newPqWriter(&b, s.root, s.format)
	if err != nil {
		tb.Fatal(err)
	}
	for g, columns := range s.groups {
		for i, values := range columns {
			for len(values) > 0 {
				n := 0
				for rows := 0; n < len(values); n++ {
					if values[n].rep == 0 {
						if rows++; rows > batch {
							break
						}
					}
				}
				w.write(i, values[:n])
				values = values[n:]
			}
		}
		if err := w.endRows(s.rows[g]); err != nil {
			tb.Fatal(err)
		}
		w.endGroup()
	}
	if err := w.close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// check writes the table, and holds that the library and our own reader read what was written.
func (s *shredded) check(tb testing.TB) {
	tb.Helper()
	b := s.write(tb, math.MaxInt)
	if !bytes.Equal(b, s.write(tb, 1)) {
		tb.Error("two writings differ")
	}
	groups := slices.DeleteFunc(slices.Clone(s.groups), func(columns [][]pqValue) bool { return len(columns) == 0 || len(columns[0]) == 0 })
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		tb.Fatal(err)
	}
	if len(f.RowGroups()) != len(groups) {
		tb.Fatalf("%d row groups, want %d", len(f.RowGroups()), len(groups))
	}
	ours, err := openParquet(&File{Name: "x", Content: bytes.NewReader(b), Size: int64(len(b))})
	if err != nil {
		tb.Fatal(err)
	}
	for g, group := range f.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			name := fmt.Sprintf("row group %d, column %s", g, strings.Join(ours.leaves[i].path, "."))
			if got, want := shown(theirValues(tb, chunk)), shown(groups[g][i]); !slices.Equal(got, want) {
				tb.Errorf("%s: the library differs (-want +got):\n%.1000s", name, cmp.Diff(want, got))
			}
			if got, want := shown(ourValues(tb, ours, g, i)), shown(groups[g][i]); !slices.Equal(got, want) {
				tb.Errorf("%s: our reader differs (-want +got):\n%.1000s", name, cmp.Diff(want, got))
			}
			checkBounds(tb, name, b, f, g, i)
		}
	}
}

// shown shows values, nulls by their levels alone.
func shown(values []pqValue) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%d %d %x %x", v.rep, v.def, v.word, v.bytes)
	}
	return out
}

// theirValues reads a column with the library.
func theirValues(tb testing.TB, chunk parquet.ColumnChunk) []pqValue {
	tb.Helper()
	var out []pqValue
	for _, v := range pageValues(tb, chunk) {
		for _, v := range v {
			p := pqValue{rep: uint8(v.RepetitionLevel()), def: uint8(v.DefinitionLevel())}
			switch v.Kind() {
			case parquet.Boolean:
				if v.Boolean() {
					p.word = 1
				}
			case parquet.Int32:
				p.word = uint64(int64(v.Int32()))
			case parquet.Int64:
				p.word = uint64(v.Int64())
			case parquet.Float:
				p.word = uint64(math.Float32bits(v.Float()))
			case parquet.Double:
				p.word = math.Float64bits(v.Double())
			default:
				if !v.IsNull() {
					p.bytes = v.Bytes()
				}
			}
			out = append(out, p)
		}
	}
	return out
}

// pageValues reads the pages of a column with the library.
func pageValues(tb testing.TB, chunk parquet.ColumnChunk) [][]parquet.Value {
	tb.Helper()
	var out [][]parquet.Value
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		values := make([]parquet.Value, page.NumValues())
		if n, err := page.Values().ReadValues(values); n != len(values) || err != nil && !errors.Is(err, io.EOF) {
			tb.Fatalf("%d of %d values: %v", n, len(values), err)
		}
		for i := range values {
			values[i] = values[i].Clone()
		}
		out = append(out, values)
		parquet.Release(page)
	}
}

// ourValues reads a column with our own reader.
func ourValues(tb testing.TB, p *pqFile, group, leaf int) []pqValue {
	tb.Helper()
	var out []pqValue
	c := newColumn(p, p.leaves[leaf], &decompressor{})
	c.open(group)
	for range p.groups[group].rows {
		if _, err := c.available(); err != nil {
			tb.Fatal(err)
		}
		from := len(out)
		var err error
		if out, err = c.row(out, false); err != nil {
			tb.Fatal(err)
		}
		for i := range out[from:] {
			out[from+i].bytes = bytes.Clone(out[from+i].bytes)
		}
	}
	return out
}

// checkBounds holds that all bounds of a column chunk are bounds, by the library's order, and that pages and their rows are
// where the index says.
func checkBounds(tb testing.TB, name string, b []byte, f *parquet.File, group, column int) {
	tb.Helper()
	chunk := f.RowGroups()[group].ColumnChunks()[column]
	meta := f.Metadata().RowGroups[group].Columns[column].MetaData
	pages := pageValues(tb, chunk)
	var nulls int64
	for _, values := range pages {
		nulls += within(tb, name, chunk.Type(), values, meta.Statistics.MinValue, meta.Statistics.MaxValue)
	}
	if meta.Statistics.NullCount != nulls {
		tb.Errorf("%s: %d nulls are claimed, and there are %d", name, meta.Statistics.NullCount, nulls)
	}
	places, err := chunk.OffsetIndex()
	if err != nil || places.NumPages() != len(pages) {
		tb.Fatalf("%s: an index of %v pages, want %d: %v", name, places, len(pages), err)
	}
	row := int64(0)
	for p, values := range pages {
		if places.FirstRowIndex(p) != row {
			tb.Errorf("%s: page %d begins at row %d, want %d", name, p, places.FirstRowIndex(p), row)
		}
		for _, v := range values {
			if v.RepetitionLevel() == 0 {
				row++
			}
		}
	}
	at := f.Metadata().RowGroups[group].Columns[column]
	if at.ColumnIndexOffset == 0 {
		return
	}
	var index format.ColumnIndex // the library reads none where the first column has none
	if err := pqthrift.Unmarshal(new(pqthrift.CompactProtocol), b[at.ColumnIndexOffset:][:at.ColumnIndexLength], &index); err != nil {
		tb.Fatal(err)
	}
	for p, values := range pages {
		low, high := index.MinValues[p], index.MaxValues[p]
		if index.NullPages[p] {
			low, high = nil, nil
		}
		nulls := within(tb, fmt.Sprintf("%s, page %d", name, p), chunk.Type(), values, low, high)
		if index.NullCounts[p] != nulls || index.NullPages[p] != (int(nulls) == len(values)) {
			tb.Errorf("%s, page %d: %d nulls are claimed, and there are %d of %d", name, p, index.NullCounts[p], nulls, len(values))
		}
	}
}

// within holds that values lie within bounds, if there are any, and counts the nulls.
func within(tb testing.TB, name string, typ parquet.Type, values []parquet.Value, low, high []byte) (nulls int64) {
	tb.Helper()
	for _, v := range values {
		switch {
		case v.IsNull():
			nulls++
		case low == nil || v.Kind() == parquet.Float && v.Float() != v.Float() || v.Kind() == parquet.Double && v.Double() != v.Double():
		case strings.HasPrefix(typ.String(), "FIXED_LEN_BYTE_ARRAY(2)"), strings.HasPrefix(typ.String(), "DECIMAL"):
			// The library does not know the order of half-precision numbers, nor that of decimals in bytes.
		case typ.Compare(v, typ.Kind().Value(low)) < 0 || typ.Compare(v, typ.Kind().Value(high)) > 0:
			tb.Errorf("%s: %v is not from %x to %x", name, v, low, high)
		}
	}
	return nulls
}
