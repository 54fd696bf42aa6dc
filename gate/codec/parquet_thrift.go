package codec

import (
	"encoding/binary"
	"errors"
)

// errThrift reports bytes that are not what the Thrift compact protocol allows, or that end too early.
var errThrift = errors.New("its footer is corrupted")

// The types of the Thrift compact protocol that Parquet uses.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxThriftDepth bounds the nesting of what is skipped; Parquet's own metadata nests five deep.
const maxThriftDepth = 32

// A thrift reads the compact protocol from memory. Its first error sticks, and ends every loop over fields or lists, so
// that callers look at it once. It allocates nothing: no count in the bytes is believed before its elements were seen.
type thrift struct {
	b   []byte
	pos int
	err error
}

func (t *thrift) fail() {
	if t.err == nil {
		t.err = errThrift
	}
	t.pos = len(t.b)
}

func (t *thrift) byte() byte {
	if t.pos >= len(t.b) {
		t.fail()
		return 0
	}
	t.pos++
	return t.b[t.pos-1]
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.b[t.pos:])
	if n <= 0 {
		t.fail()
		return 0
	}
	t.pos += n
	return v
}

// field returns the next field of a struct after the one numbered last; its type is thriftStop at the struct's end.
func (t *thrift) field(last int16) (id int16, typ byte) {
	head := t.byte()
	typ = head & 0x0f
	if t.err != nil || typ == thriftStop {
		return 0, thriftStop
	}
	if delta := int16(head >> 4); delta != 0 {
		return last + delta, typ
	}
	return int16(t.zigzag()), typ //nolint:gosec // an id that does not fit is an unknown field
}

func (t *thrift) zigzag() int64 {
	u := t.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// int reads an integer field of any width.
func (t *thrift) int(typ byte) int64 {
	switch typ {
	case thriftByte:
		return int64(int8(t.byte())) //nolint:gosec // a signed byte
	case thriftI16, thriftI32, thriftI64:
		return t.zigzag()
	}
	t.fail()
	return 0
}

// binary returns the bytes of a string field, which share the reader's memory.
func (t *thrift) binary(typ byte) []byte {
	if typ != thriftBinary {
		t.fail()
		return nil
	}
	n := t.uvarint()
	if n > uint64(len(t.b)-t.pos) { //nolint:gosec // not negative
		t.fail()
		return nil
	}
	t.pos += int(n)                          //nolint:gosec // bounded by the length of b
	return t.b[t.pos-int(n) : t.pos : t.pos] //nolint:gosec // as above
}

// list returns the length and the element type of a list field. Every element takes at least one byte.
func (t *thrift) list(typ byte) (n int, elem byte) {
	if typ != thriftList && typ != thriftSet {
		t.fail()
		return 0, 0
	}
	head := t.byte()
	size := uint64(head >> 4)
	if size == 15 {
		size = t.uvarint()
	}
	if size > uint64(len(t.b)-t.pos) { //nolint:gosec // not negative
		t.fail()
		return 0, 0
	}
	return int(size), head & 0x0f
}

// skip passes over a field of any type.
func (t *thrift) skip(typ byte) { t.skipAt(typ, 0) }

func (t *thrift) skipAt(typ byte, depth int) {
	if depth > maxThriftDepth {
		t.fail()
	}
	if t.err != nil {
		return
	}
	switch typ {
	case thriftTrue, thriftFalse: // a field's value is its type
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		t.pos += 8
		if t.pos > len(t.b) {
			t.fail()
		}
	case thriftBinary:
		t.binary(typ)
	case thriftList, thriftSet:
		n, elem := t.list(typ)
		for ; n > 0 && t.err == nil; n-- {
			t.skipElem(elem, depth+1)
		}
	case thriftMap:
		n := t.uvarint()
		if n == 0 {
			return
		}
		kinds := t.byte()
		for ; n > 0 && t.err == nil; n-- {
			t.skipElem(kinds>>4, depth+1)
			t.skipElem(kinds&0x0f, depth+1)
		}
	case thriftStruct:
		for id, f := t.field(0); f != thriftStop; id, f = t.field(id) {
			t.skipAt(f, depth+1)
		}
	default:
		t.fail()
	}
}

// skipElem passes over an element of a list, set or map, in which booleans take a byte.
func (t *thrift) skipElem(typ byte, depth int) {
	if typ == thriftTrue || typ == thriftFalse {
		t.byte()
		return
	}
	t.skipAt(typ, depth)
}
