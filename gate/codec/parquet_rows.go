package codec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Bounds of the small tables that ReadRows holds in memory.
const (
	maxTableRows = 4 << 20
	maxTable     = 64 << 20 // bytes of one that is remote, which is fetched whole
)

// A tableField is one column of a struct.
type tableField struct {
	index    int
	node     *pqNode
	optional bool // a zero is null
}

var timeType = reflect.TypeFor[time.Time]()

// fieldsOf returns the columns of a struct type, from tags such as `parquet:"name,optional"`. Fields are strings, bools,
// whole numbers, floats and times, or pointers to these.
func fieldsOf(t reflect.Type) ([]tableField, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	var out []tableField
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		typ := f.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		var n *pqNode
		switch {
		case typ == timeType:
			n = intColumn(name)
			n.logical, n.unit, n.utc = logTimestamp, "us", true
		case typ.Kind() == reflect.String:
			n = stringColumn(name)
		case typ.Kind() == reflect.Bool:
			n = boolColumn(name)
		case typ.Kind() == reflect.Float64:
			n = doubleColumn(name)
		case typ.Kind() == reflect.Int || typ.Kind() == reflect.Int64:
			n = intColumn(name)
		default:
			return nil, fmt.Errorf("field %s of %s: a column cannot hold a %s", f.Name, t, f.Type)
		}
		out = append(out, tableField{index: i, node: n, optional: option == "optional"})
	}
	return out, nil
}

// WriteRows writes a small table with a row per struct and a column per field. Tags name the columns, as in
// `parquet:"name,optional"`; fields are strings, bools, ints, floats and times (kept as UTC microseconds), or pointers to
// these. Null are nil pointers, zero times, and zeros of fields that are optional. Equal rows give equal bytes.
func WriteRows[T any](w io.Writer, rows []T) error {
	fields, err := fieldsOf(reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	schema := flatSchema()
	for _, f := range fields {
		schema.children = append(schema.children, f.node)
	}
	pw, err := newPqWriter(w, schema, pqFormat{})
	if err != nil {
		return err
	}
	out := newPqRows(pw)
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		for k, f := range fields {
			writeField(out, k, f, row.Field(f.index))
		}
		if err := out.end(); err != nil {
			return err
		}
	}
	return out.close()
}

func writeField(out *pqRows, k int, f tableField, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	} else if f.optional && v.IsZero() {
		return
	}
	switch {
	case v.Type() == timeType:
		if t := v.Interface().(time.Time); !t.IsZero() { //nolint:forcetypeassert // its type was just compared
			out.integer(k, t.UnixMicro())
		}
	case v.Kind() == reflect.String:
		out.bytes(k, []byte(v.String()))
	case v.Kind() == reflect.Bool:
		out.bool(k, v.Bool())
	case v.Kind() == reflect.Float64:
		out.double(k, v.Float())
	default:
		out.integer(k, v.Int())
	}
}

// ReadRows reads a table that [WriteRows] wrote, now or with an earlier or later version of T: columns that T lacks are
// passed over, and fields without a column, or whose value is null, stay zero. A column of another type than its field
// is an [Error], and so are more than four million rows, or more than 64 MiB behind a [Fetcher], of which all is fetched.
// Errors name no file.
func ReadRows[T any](r io.ReaderAt, size int64) ([]T, error) {
	fields, p, err := openRows[T](r, size)
	if err != nil {
		return nil, err
	}
	if p.rows > maxTableRows {
		return nil, &Error{File: "table", Msg: fmt.Sprintf("%d rows are more than the %d that such a table may have", p.rows, maxTableRows)}
	}
	rows := make([]T, p.rows)
	for _, f := range fields {
		for _, leaf := range p.leaves {
			if len(leaf.path) != 1 || leaf.name != f.node.name {
				continue
			}
			if leaf.rep > 0 || leaf.physical != f.node.physical || leaf.logical == logTimestamp != (f.node.logical == logTimestamp) {
				return nil, &Error{File: "table", Column: leaf.name, Msg: "its type is not the expected one"}
			}
			err := eachValue(newColumn(p, leaf, &decompressor{}), func(row int, c *column) {
				v := reflect.ValueOf(&rows[row]).Elem().Field(f.index)
				if v.Kind() == reflect.Pointer {
					v.Set(reflect.New(v.Type().Elem()))
					v = v.Elem()
				}
				c.assign(v)
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// UnreadColumns returns the names of the columns that [ReadRows] passes over: those that T lacks.
func UnreadColumns[T any](r io.ReaderAt, size int64) ([]string, error) {
	fields, p, err := openRows[T](r, size)
	if err != nil {
		return nil, err
	}
	var unread []string
	for _, leaf := range p.leaves {
		if len(leaf.path) != 1 || !slices.ContainsFunc(fields, func(f tableField) bool { return f.node.name == leaf.name }) {
			unread = append(unread, strings.Join(leaf.path, "."))
		}
	}
	return unread, nil
}

// openRows opens a table whose columns are fields of T, as far as either has them.
func openRows[T any](r io.ReaderAt, size int64) ([]tableField, *pqFile, error) {
	fields, err := fieldsOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, nil, err
	}
	f, err := openTable(r, size)
	if err != nil {
		return nil, nil, err
	}
	p, err := openParquet(f)
	return fields, p, err
}

// openTable returns a small table, in memory where it is remote.
func openTable(r io.ReaderAt, size int64) (*File, error) {
	f := &planned(context.Background(), []File{{Name: "table", Content: r, Size: size}})[0]
	if f.remote() == nil {
		return f, nil
	}
	if size > maxTable {
		return nil, &Error{File: f.Name, Msg: fmt.Sprintf("%d bytes are more than the %d that such a table may have", size, maxTable)}
	}
	b := make([]byte, size)
	_, err := io.ReadFull(f.reader(), b)
	f.release()
	if err != nil {
		return nil, f.failed(err)
	}
	f.Content = bytes.NewReader(b)
	return f, nil
}

// eachValue calls do for every row of the file in which the column is not null.
func eachValue(c *column, do func(row int, c *column)) error {
	row := 0
	for g := range c.p.groups {
		c.open(g)
		for {
			n, err := c.available()
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
			for range n {
				if c.leaf.def == 0 || int(c.defs[c.pos]) == c.leaf.def {
					do(row, c)
					c.at++
				}
				c.pos++
				row++
			}
		}
	}
	return nil
}

// raw returns the value that is next, in whichever form the column has.
func (c *column) raw() (word uint64, b []byte) {
	at := c.at
	words, values := c.words, c.bytes
	if c.coded {
		at, words, values = int(c.index[at]), c.dictWords, c.dictBytes
	}
	if c.leaf.wordy() {
		return words[at], nil
	}
	return 0, values[at]
}

// assign gives a field the value that is next.
func (c *column) assign(v reflect.Value) {
	word, b := c.raw()
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(c.leaf.time(int64(word)))) //nolint:gosec // two's complement
	case v.Kind() == reflect.String:
		v.SetString(string(b))
	case v.Kind() == reflect.Bool:
		v.SetBool(word != 0)
	case v.Kind() == reflect.Float64:
		v.SetFloat(math.Float64frombits(word))
	default:
		v.SetInt(int64(word)) //nolint:gosec // two's complement
	}
}

// time returns a timestamp in UTC.
func (n *pqNode) time(v int64) time.Time {
	switch n.unit {
	case "ms":
		return time.UnixMilli(v).UTC()
	case "ns":
		return time.Unix(0, v).UTC()
	}
	return time.UnixMicro(v).UTC()
}
