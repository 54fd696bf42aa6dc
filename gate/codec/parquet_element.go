package codec

import (
	"github.com/parquet-go/parquet-go/deprecated"
	pqthrift "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// appendElements appends a node and all below it as the footer lists them: parents before their children.
func appendElements(dst []format.SchemaElement, n *pqNode) []format.SchemaElement {
	e := format.SchemaElement{Name: n.name}
	if len(dst) > 0 { // not the root
		e.RepetitionType = pqthrift.New(format.FieldRepetitionType(n.repetition)) //nolint:gosec // up to pqRepeated
	}
	if n.leaf() {
		e.Type = pqthrift.New(format.Type(n.physical))
	} else {
		e.NumChildren = pqthrift.New(int32(len(n.children))) //nolint:gosec // at most maxNodes
	}
	if n.physical == physFixed {
		e.TypeLength = pqthrift.New(int32(n.length)) //nolint:gosec // bounded when it was read
	}
	n.annotate(&e)
	dst = append(dst, e)
	for _, c := range n.children {
		dst = appendElements(dst, c)
	}
	return dst
}

// A plainType is a logical type without parameters, and how it is stored.
type plainType struct {
	of     physical
	length int // of physFixed
	value  format.LogicalTypeValue
	old    deprecated.ConvertedType // -1 where there is none
}

var plainTypes = map[logical]plainType{
	logString:  {of: physBytes, value: new(format.StringType), old: deprecated.UTF8},
	logEnum:    {of: physBytes, value: new(format.EnumType), old: deprecated.Enum},
	logJSON:    {of: physBytes, value: new(format.JsonType), old: deprecated.Json},
	logBSON:    {of: physBytes, value: new(format.BsonType), old: deprecated.Bson},
	logDate:    {of: physInt32, value: new(format.DateType), old: deprecated.Date},
	logUUID:    {of: physFixed, length: 16, value: new(format.UUIDType), old: -1},
	logFloat16: {of: physFixed, length: 2, value: new(format.Float16Type), old: -1},
	logList:    {of: physGroup, value: new(format.ListType), old: deprecated.List},
	logMap:     {of: physGroup, value: new(format.MapType), old: deprecated.Map},
}

// annotate says what the values of an element stand for, in today's way and for old readers. Nothing is said of what is
// not stored as the format has it, which files of other writers may contain.
func (n *pqNode) annotate(e *format.SchemaElement) {
	old := func(c deprecated.ConvertedType) { e.ConvertedType = pqthrift.New(c) }
	is := func(v format.LogicalTypeValue) { e.LogicalType.Value = v }
	switch t, ok := plainTypes[n.logical]; {
	case ok:
		if t.of == n.physical && (n.physical != physFixed || t.length == n.length) {
			is(t.value)
			if t.old >= 0 {
				old(t.old)
			}
		}
	case n.logical == logDecimal:
		n.annotateDecimal(e, is, old)
	case n.logical == logInteger:
		n.annotateInteger(is, old)
	case n.logical == logTime || n.logical == logTimestamp:
		n.annotateTime(is, old)
	}
}

func (n *pqNode) annotateDecimal(e *format.SchemaElement, is func(format.LogicalTypeValue), old func(deprecated.ConvertedType)) {
	switch n.physical {
	case physInt32, physInt64, physBytes, physFixed:
	default:
		return
	}
	if n.precision == 0 || n.scale > n.precision {
		return
	}
	scale, precision := int32(n.scale), int32(n.precision) //nolint:gosec // bounded when they were read
	is(&format.DecimalType{Scale: scale, Precision: precision})
	old(deprecated.Decimal)
	e.Scale, e.Precision = pqthrift.New(scale), pqthrift.New(precision)
}

func (n *pqNode) annotateInteger(is func(format.LogicalTypeValue), old func(deprecated.ConvertedType)) {
	converted := map[int]deprecated.ConvertedType{8: deprecated.Int8, 16: deprecated.Int16, 32: deprecated.Int32, 64: deprecated.Int64}
	c, ok := converted[n.bits]
	stored := physInt32
	if n.bits == 64 {
		stored = physInt64
	}
	if !ok || n.physical != stored {
		return
	}
	if n.unsigned {
		c += deprecated.Uint8 - deprecated.Int8
	}
	is(&format.IntType{BitWidth: int8(n.bits), IsSigned: !n.unsigned}) //nolint:gosec // at most 64
	old(c)
}

func (n *pqNode) annotateTime(is func(format.LogicalTypeValue), old func(deprecated.ConvertedType)) {
	units := map[string]format.TimeUnitValue{"ms": new(format.MilliSeconds), "us": new(format.MicroSeconds), "ns": new(format.NanoSeconds)}
	unit := format.TimeUnit{Value: units[n.unit]}
	var converted map[string]deprecated.ConvertedType
	switch {
	case n.logical == logTimestamp && n.physical == physInt64 && unit.Value != nil:
		is(&format.TimestampType{IsAdjustedToUTC: n.utc, Unit: unit})
		converted = map[string]deprecated.ConvertedType{"ms": deprecated.TimestampMillis, "us": deprecated.TimestampMicros}
	case n.logical == logTime && (n.physical == physInt32 && n.unit == "ms" || n.physical == physInt64 && (n.unit == "us" || n.unit == "ns")):
		is(&format.TimeType{IsAdjustedToUTC: n.utc, Unit: unit})
		converted = map[string]deprecated.ConvertedType{"ms": deprecated.TimeMillis, "us": deprecated.TimeMicros}
	}
	if c, ok := converted[n.unit]; ok && n.utc { // the old types know no other times
		old(c)
	}
}
