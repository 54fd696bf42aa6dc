package codec

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// randomTape returns a tape of n random bytes.
func randomTape(seed uint64, n int) *tape {
	rng := rand.New(rand.NewPCG(seed, 5))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return &tape{b}
}

// listOf returns a list of columns, as the format wants lists.
func listOf(name string, element *pqNode) *pqNode {
	element.name = "element"
	return &pqNode{name: name, repetition: pqOptional, physical: physGroup, logical: logList, children: []*pqNode{
		{name: "list", repetition: pqRepeated, physical: physGroup, children: []*pqNode{element}}}}
}

// Every type reads back, with nulls at every level, whatever is around it.
func TestParquetWriterTypes(t *testing.T) {
	t.Parallel()
	for i, typ := range leafTypes {
		t.Run(fmt.Sprintf("%s/%d", typ.dtype(), i), func(t *testing.T) {
			t.Parallel()
			of := func(name string, repetition int) *pqNode {
				n := typ
				n.name, n.repetition = name, repetition
				return &n
			}
			root := flatSchema(of("required", pqRequired), of("optional", pqOptional), of("repeated", pqRepeated),
				listOf("list", of("", pqOptional)), listOf("lists", listOf("", of("", pqRequired))),
				&pqNode{name: "struct", repetition: pqOptional, physical: physGroup, children: []*pqNode{of("z", pqRequired), of("a", pqOptional)}})
			s := &shredded{root: root}
			for k, rows := range []int{1, 0, 7, 300} {
				s.add(randomTape(uint64(i*10+k), rows*200), rows)
			}
			s.check(t)
		})
	}
}

// Types are named in the footer as the library names them.
func TestParquetWriterNamesTypes(t *testing.T) {
	t.Parallel()
	root := flatSchema()
	for i, typ := range leafTypes {
		typ.name = fmt.Sprint("c", i)
		root.children = append(root.children, &typ)
	}
	s := &shredded{root: root}
	b := s.write(t, 1)
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, field := range f.Schema().Fields() {
		got = append(got, field.Type().String())
	}
	want := []string{"BOOLEAN", "INT32", "DATE", "INT(8,true)", "INT(16,false)", "INT(32,false)", "DECIMAL(9,2)", "TIME(isAdjustedToUTC=true,unit=MILLIS)",
		"INT64", "INT(64,true)", "INT(64,false)", "DECIMAL(18,3)", "TIME(isAdjustedToUTC=false,unit=MICROS)", "TIME(isAdjustedToUTC=true,unit=NANOS)",
		"TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS)", "TIMESTAMP(isAdjustedToUTC=false,unit=MICROS)", "TIMESTAMP(isAdjustedToUTC=true,unit=NANOS)",
		"INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "STRING", "ENUM", "JSON", "BSON", "DECIMAL(30,4)", "FIXED_LEN_BYTE_ARRAY(5)", "UUID",
		"FIXED_LEN_BYTE_ARRAY(2)", "DECIMAL(38,10)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
	p, err := openParquet(&File{Name: "x", Content: bytes.NewReader(b), Size: int64(len(b))})
	if err != nil {
		t.Fatal(err)
	}
	for i, leaf := range p.leaves {
		if !sameSchema(leaf, root.children[i]) {
			t.Errorf("column %s reads back as %+v, want %+v", leaf.name, leaf, root.children[i])
		}
	}
}

// What other writers say of a type that is not stored in that way is not passed on, and bounds go by what is stored.
func TestParquetWriterLeavesOddTypesUnnamed(t *testing.T) {
	t.Parallel()
	odd := []pqNode{
		{physical: physFixed, length: 3, logical: logString}, {physical: physInt64, logical: logDate}, {physical: physFixed, length: 15, logical: logUUID},
		{physical: physInt64, logical: logInteger, bits: 8, unsigned: true}, {physical: physInt32, logical: logInteger, bits: 7},
		{physical: physDouble, logical: logDecimal, precision: 5}, {physical: physBytes, logical: logDecimal}, {physical: physFixed, length: 2, logical: logDecimal, scale: 3, precision: 2},
		{physical: physInt32, logical: logTime, unit: "us"}, {physical: physInt32, logical: logTimestamp, unit: "ms"}, {physical: physInt64, logical: logTimestamp},
		{physical: physInt32, logical: logNull}, {physical: physFixed, length: 12, logical: logOther},
	}
	s := &shredded{root: flatSchema()}
	for i, typ := range odd {
		typ.name = fmt.Sprint("c", i)
		s.root.children = append(s.root.children, &typ)
	}
	s.add(randomTape(1, 20_000), 200)
	s.check(t)
	b := s.write(t, 1)
	p, err := openParquet(&File{Name: "x", Content: bytes.NewReader(b), Size: int64(len(b))})
	if err != nil {
		t.Fatal(err)
	}
	for i, leaf := range p.leaves {
		if leaf.logical != logNone || leaf.physical != odd[i].physical {
			t.Errorf("column %d reads back as type %d of %d, want none of %d", i, leaf.logical, leaf.physical, odd[i].physical)
		}
	}
}

// textTable returns a table of one column of texts, every tenth of which is null, in one row group.
func textTable(n int, text func(i int) string) *shredded {
	s := &shredded{root: flatSchema(stringColumn("text")), rows: []int{n}}
	values := make([]pqValue, n)
	for i := range values {
		values[i] = pqValue{def: 1, bytes: []byte(text(i))}
		if i%10 == 9 {
			values[i] = pqValue{}
		}
	}
	numberLeaves(s.root)
	s.groups = [][][]pqValue{{values}}
	return s
}

// encodingsOf lists the encodings of a column's pages, and how many there are of each.
func encodingsOf(t *testing.T, b []byte) []string {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range f.Metadata().RowGroups[0].Columns[0].MetaData.EncodingStats {
		out = append(out, fmt.Sprint(s.PageType, " ", s.Encoding, " ", s.Count))
	}
	slices.Sort(out)
	return out
}

func TestParquetWriterDictionary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		n     int
		text  func(i int) string
		plain bool
		want  []string
	}{
		{"few texts", 1000, func(i int) string { return strings.Repeat("x", i%7) }, false,
			[]string{"DATA_PAGE RLE_DICTIONARY 1", "DICTIONARY_PAGE PLAIN 1"}},
		{"one text", 1000, func(int) string { return "same" }, false, []string{"DATA_PAGE RLE_DICTIONARY 1", "DICTIONARY_PAGE PLAIN 1"}},
		{"many rows", 200_000, func(i int) string { return fmt.Sprint(i % 300) }, false,
			[]string{"DATA_PAGE RLE_DICTIONARY 4", "DICTIONARY_PAGE PLAIN 1"}},
		{"more than the dictionary holds", 6000, func(i int) string { return fmt.Sprintf("%0300d", i) }, false,
			[]string{"DATA_PAGE PLAIN 3", "DATA_PAGE RLE_DICTIONARY 1", "DICTIONARY_PAGE PLAIN 1"}},
		{"a text that no dictionary holds", 3, func(i int) string { return strings.Repeat("long", i<<19) }, false,
			[]string{"DATA_PAGE PLAIN 2", "DATA_PAGE RLE_DICTIONARY 1", "DICTIONARY_PAGE PLAIN 1"}},
		{"no dictionary", 1000, func(i int) string { return fmt.Sprint(i % 3) }, true, []string{"DATA_PAGE PLAIN 1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := textTable(test.n, test.text)
			s.format.plain = map[*pqNode]bool{s.root.children[0]: test.plain}
			s.check(t)
			if diff := cmp.Diff(test.want, encodingsOf(t, s.write(t, 100))); diff != "" {
				t.Errorf("encodings differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Bounds are exact, leave out what has no order, and are not there where they would be long.
func TestParquetWriterBounds(t *testing.T) {
	t.Parallel()
	nan, negative := math.NaN(), math.Copysign(0, -1)
	double := func(values ...float64) (*pqNode, []pqValue) {
		var out []pqValue
		for _, v := range values {
			out = append(out, pqValue{def: 1, word: math.Float64bits(v)})
		}
		return doubleColumn("c"), out
	}
	text := func(values ...string) (*pqNode, []pqValue) {
		var out []pqValue
		for _, v := range values {
			out = append(out, pqValue{def: 1, bytes: []byte(v)})
		}
		return stringColumn("c"), out
	}
	fixed := func(logical logical, values ...string) (*pqNode, []pqValue) {
		n, out := text(values...)
		n.physical, n.logical, n.length, n.precision = physFixed, logical, len(values[0]), 4
		return n, out
	}
	word := func(typ pqNode, values ...int64) (*pqNode, []pqValue) {
		typ.name, typ.repetition = "c", pqOptional
		var out []pqValue
		for _, v := range values {
			out = append(out, pqValue{def: 1, word: uint64(v)})
		}
		return &typ, out
	}
	type made struct {
		n      *pqNode
		values []pqValue
	}
	of := func(n *pqNode, values []pqValue) made { return made{n, values} }
	long := strings.Repeat("z", maxBound+1)
	tests := []struct {
		name      string
		made      made
		low, high string
		indexed   bool
	}{
		{"doubles", of(double(1, -2, 3)), "\x00\x00\x00\x00\x00\x00\x00\xc0", "\x00\x00\x00\x00\x00\x00\x08@", true},
		{"with NaN", of(double(nan, 1, nan)), "\x00\x00\x00\x00\x00\x00\xf0?", "\x00\x00\x00\x00\x00\x00\xf0?", true},
		{"only NaN", of(double(nan, nan)), "", "", false},
		{"both zeros", of(double(0)), "\x00\x00\x00\x00\x00\x00\x00\x80", "\x00\x00\x00\x00\x00\x00\x00\x00", true},
		{"the negative zero", of(double(negative)), "\x00\x00\x00\x00\x00\x00\x00\x80", "\x00\x00\x00\x00\x00\x00\x00\x00", true},
		{"texts", of(text("b", "é", "")), "", "é", true},
		{"a long text in the middle", of(text("a", "aa"+long, "b")), "a", "b", true},
		{"a long text at the end", of(text("a", long)), "", "", false},
		{"signed", of(word(pqNode{physical: physInt32}, -1, 5)), "\xff\xff\xff\xff", "\x05\x00\x00\x00", true},
		{"unsigned", of(word(pqNode{physical: physInt32, logical: logInteger, bits: 32, unsigned: true}, -1, 5)), "\x05\x00\x00\x00", "\xff\xff\xff\xff", true},
		{"booleans", of(word(pqNode{physical: physBoolean}, 1, 0, 1)), "\x00", "\x01", true},
		{"decimals", of(fixed(logDecimal, "\xff\xfe", "\x00\x01")), "\xff\xfe", "\x00\x01", true},
		{"half precision", of(fixed(logFloat16, "\x00\xc0", "\x00\x3c", "\x00\x7e")), "\x00\xc0", "\x00\x3c", true}, // -2, 1, NaN
		{"old times", of(pqNode{physical: physInt96}.with(strings.Repeat("t", 12))), "", "", false},
		{"nulls", of(doubleColumn("c"), make([]pqValue, 3)), "", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &shredded{root: flatSchema(test.made.n), groups: [][][]pqValue{{test.made.values}}, rows: []int{len(test.made.values)}}
			numberLeaves(s.root)
			s.check(t)
			b := s.write(t, 1)
			f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			c := f.Metadata().RowGroups[0].Columns[0]
			if low, high := string(c.MetaData.Statistics.MinValue), string(c.MetaData.Statistics.MaxValue); low != test.low || high != test.high {
				t.Errorf("bounds are %q and %q, want %q and %q", low, high, test.low, test.high)
			}
			if got := c.ColumnIndexOffset > 0; got != test.indexed {
				t.Errorf("bounds of pages are there: %t, want %t", got, test.indexed)
			}
			if got := f.Metadata().ColumnOrders; len(got) != 1 {
				t.Errorf("orders of columns are %v, want one, without which no reader takes the bounds", got)
			}
		})
	}
}

// with makes an optional column of a value's bytes.
func (n pqNode) with(value string) (*pqNode, []pqValue) {
	n.name, n.repetition = "c", pqOptional
	return &n, []pqValue{{def: 1, bytes: []byte(value)}}
}

func TestParquetWriterRowGroups(t *testing.T) {
	t.Parallel()
	// Without rows, and without columns.
	for _, root := range []*pqNode{flatSchema(stringColumn("a"), doubleColumn("b")), flatSchema()} {
		s := &shredded{root: root}
		s.add(&tape{}, 0)
		s.check(t)
	}
	// Many.
	s := &shredded{root: flatSchema(stringColumn("a"), doubleColumn("b"), listOf("c", stringColumn("")))}
	for i := range 200 {
		s.add(randomTape(uint64(i), 40), i%5)
	}
	s.check(t)
	// By size: 1 MiB a row.
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	var b bytes.Buffer
	w, err := newPqWriter(&b, flatSchema(stringColumn("a")), pqFormat{})
	if err != nil {
		t.Fatal(err)
	}
	for range 70 {
		w.write(0, []pqValue{{def: 1, bytes: text}})
		if err := w.endRows(1); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var rows []int64
	for _, g := range f.RowGroups() {
		rows = append(rows, g.NumRows())
	}
	if want := []int64{32, 32, 6}; !slices.Equal(rows, want) {
		t.Errorf("row groups have %v rows, want %v", rows, want)
	}
	var codec format.CompressionCodec = format.Snappy
	if got := f.Metadata().RowGroups[2].Columns[0].MetaData.Codec; got != codec {
		t.Errorf("pages are compressed with %v, want %v", got, codec)
	}
}

// A row that no page holds is refused, and so is what w refuses.
func TestParquetWriterErrors(t *testing.T) {
	t.Parallel()
	w, err := newPqWriter(new(bytes.Buffer), flatSchema(stringColumn("a")), pqFormat{})
	if err != nil {
		t.Fatal(err)
	}
	w.write(0, []pqValue{{def: 1, bytes: make([]byte, maxPage+1)}, {}})
	_ = w.endRows(2)
	err = w.close()
	if want := `column "a": one of its rows has`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
	whole := textTable(1, func(int) string { return "text" })
	for room := range len(whole.write(t, 1)) {
		w, err := newPqWriter(&full{room}, whole.root, pqFormat{})
		if err != nil {
			t.Fatal(err)
		}
		w.write(0, []pqValue{{def: 1, bytes: []byte("text")}})
		_ = w.endRows(1)
		if err := w.close(); err == nil {
			t.Errorf("no error, and only room for %d bytes", room)
		}
	}
}

// A full writer has room for some bytes.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.room {
		return 0, fmt.Errorf("no room for %d bytes", len(b))
	}
	f.room -= len(b)
	return len(b), nil
}

// FuzzParquetWriter makes a schema and rows of the bytes it is given, and holds that the library and our reader read them
// back.
func FuzzParquetWriter(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(randomTape(seed, 40*int(seed+1)).b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := &tape{b}
		root := flatSchema()
		for i := range 1 + in.below(4) {
			root.children = append(root.children, in.column(fmt.Sprint("c", i), 3))
		}
		s := &shredded{root: root, format: pqFormat{plain: map[*pqNode]bool{}}}
		for _, leaf := range numberLeaves(root) {
			s.format.plain[leaf] = in.below(4) == 0
		}
		for len(in.b) > 0 && len(s.groups) < 5 {
			s.add(in, 1+in.below(40))
		}
		s.check(t)
	})
}
