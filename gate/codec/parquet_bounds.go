package codec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// maxBound is the length from which on bounds are not written: of texts, which would fill the footer.
const maxBound = 64

// bounds are the least and the greatest of some values. NaN and null are neither.
type bounds struct {
	order     func(a, b *pqValue) int // nil where nothing is kept
	some      bool
	low, high pqValue
}

func (b *bounds) clear() { b.some = false }

// include makes room for a value.
func (b *bounds) include(v *pqValue) {
	if b.order == nil || b.order(v, v) != 0 { // NaN
		return
	}
	if !b.some || b.order(v, &b.low) < 0 {
		b.low.set(v)
	}
	if !b.some || b.order(v, &b.high) > 0 {
		b.high.set(v)
	}
	b.some = true
}

// set copies a value.
func (v *pqValue) set(other *pqValue) {
	v.word, v.bytes = other.word, append(v.bytes[:0], other.bytes...)
}

// orderOf returns the order of a column's values, by what the footer says of their type. It is nil where there is none. A
// NaN does not compare as equal to itself.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, ColumnOrder
func orderOf(n *pqNode) func(a, b *pqValue) int {
	var e format.SchemaElement
	n.annotate(&e)
	switch typ := e.LogicalType.Value.(type) {
	case *format.Float16Type:
		return floatOrder(func(v *pqValue) float64 { return float16(binary.LittleEndian.Uint16(v.bytes)) })
	case *format.DecimalType:
		if !n.wordy() {
			return func(a, b *pqValue) int { return twosComplement(a.bytes).Cmp(twosComplement(b.bytes)) }
		}
	case *format.IntType:
		if !typ.IsSigned { // 32 bits were extended by their sign, which keeps this order too
			return func(a, b *pqValue) int { return cmp.Compare(a.word, b.word) }
		}
	}
	switch n.physical {
	case physInt96:
		return nil
	case physFloat:
		return floatOrder(func(v *pqValue) float64 { return float64(math.Float32frombits(uint32(v.word))) }) //nolint:gosec // 32 bits have a meaning
	case physDouble:
		return floatOrder(func(v *pqValue) float64 { return math.Float64frombits(v.word) })
	case physBytes, physFixed:
		return func(a, b *pqValue) int { return bytes.Compare(a.bytes, b.bytes) }
	}
	return func(a, b *pqValue) int { return cmp.Compare(int64(a.word), int64(b.word)) } //nolint:gosec // two's complement
}

func floatOrder(value func(*pqValue) float64) func(a, b *pqValue) int {
	return func(a, b *pqValue) int {
		x, y := value(a), value(b)
		switch {
		case x < y:
			return -1
		case x == y:
			return 0
		}
		return 1 // greater, or NaN
	}
}

// half reports whether values are half-precision numbers.
func (n *pqNode) half() bool {
	return n.logical == logFloat16 && n.physical == physFixed && n.length == 2
}

// shownBounds returns bounds as they are written, which is PLAIN but for lengths. They are nil where there are none, or
// where one is long. A bound of zero stands for both zeros.
func (n *pqNode) shownBounds(b *bounds) (low, high []byte) {
	if !b.some || len(b.low.bytes) > maxBound || len(b.high.bytes) > maxBound {
		return nil, nil
	}
	low, high = n.bound(&b.low), n.bound(&b.high)
	if n.physical == physFloat || n.physical == physDouble || n.half() {
		if last := len(low) - 1; zero(low) {
			low[last] = 0x80
		}
		if last := len(high) - 1; zero(high) {
			high[last] = 0
		}
	}
	return low, high
}

func (n *pqNode) bound(v *pqValue) []byte {
	if !n.wordy() {
		return append([]byte{}, v.bytes...)
	}
	return n.appendPlain(nil, v, 0)
}

// zero reports whether the bytes of a float, least significant first, are those of a zero.
func zero(b []byte) bool {
	for _, c := range b[:len(b)-1] {
		if c != 0 {
			return false
		}
	}
	return b[len(b)-1]&0x7f == 0
}
