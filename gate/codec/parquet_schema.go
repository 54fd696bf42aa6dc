package codec

import (
	"fmt"
	"slices"
)

// A physical is a type that Parquet stores, numbered as in parquet.thrift.
type physical uint8

const (
	physBoolean physical = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physBytes
	physFixed
	physGroup // of our own: not a leaf
)

// A logical says what stored values stand for.
type logical uint8

const (
	logNone logical = iota
	logString
	logMap
	logList
	logEnum
	logDecimal
	logDate
	logTime
	logTimestamp
	logInteger
	logNull
	logJSON
	logBSON
	logUUID
	logFloat16
	logOther // one that is passed on as it is stored
)

// The repetition types.
const (
	pqRequired = iota
	pqOptional
	pqRepeated
)

// A pqNode is one element of a Parquet schema: a group of others, or a leaf, which is a column.
type pqNode struct {
	name       string
	path       []string // from the root, which is not in it
	repetition int
	physical   physical
	length     int // of values of physFixed
	logical    logical
	scale      int // of decimals
	precision  int
	bits       int    // of logInteger
	unsigned   bool   // of logInteger
	unit       string // of times: "ms", "us", "ns"
	utc        bool   // of times
	children   []*pqNode
	index      int // of a leaf among the leaves
	def, rep   int // the maximum levels
}

// leaf reports whether the node is a column.
func (n *pqNode) leaf() bool { return n.physical != physGroup }

// decodeSchema reads the flattened tree of SchemaElements.
func (p *pqFile) decodeSchema(t *thrift, typ byte) error {
	n, elem := t.list(typ)
	if n == 0 || elem != thriftStruct {
		return errThrift
	}
	if n > maxNodes {
		return fmt.Errorf("a schema of %d elements is larger than %d", n, maxNodes)
	}
	nodes, counts := make([]*pqNode, n), make([]int, n)
	for i := range nodes {
		nodes[i], counts[i] = decodeElement(t)
	}
	if t.err != nil {
		return t.err
	}
	next := 1
	p.root = nodes[0]
	p.root.physical, p.root.repetition = physGroup, pqRequired
	if err := p.nest(p.root, nodes, counts, 0, &next, 0); err != nil {
		return err
	}
	if next != n {
		return fmt.Errorf("schema elements that belong to no column")
	}
	return nil
}

// nest gives a node its children, and the leaves their numbers and levels.
func (p *pqFile) nest(n *pqNode, nodes []*pqNode, counts []int, i int, next *int, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("columns nested deeper than %d", maxNesting)
	}
	if n.leaf() {
		n.index = len(p.leaves)
		p.leaves = append(p.leaves, n)
		return nil
	}
	if counts[i] > len(nodes)-*next {
		return fmt.Errorf("a schema that lacks elements")
	}
	for range counts[i] {
		if *next >= len(nodes) {
			return fmt.Errorf("a schema that lacks elements")
		}
		k := *next
		*next++
		c := nodes[k]
		c.path = append(slices.Clone(n.path), c.name)
		c.def, c.rep = n.def, n.rep
		if c.repetition != pqRequired {
			c.def++
		}
		if c.repetition == pqRepeated {
			c.rep++
		}
		n.children = append(n.children, c)
		if err := p.nest(c, nodes, counts, k, next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// decodeElement reads one SchemaElement, and how many children it has.
func decodeElement(t *thrift) (*pqNode, int) {
	n := &pqNode{physical: physGroup}
	children, converted := 0, int64(-1)
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch id {
		case 1:
			v := t.int(typ)
			if v < 0 || v >= int64(physGroup) {
				t.fail()
				break
			}
			n.physical = physical(v)
		case 2:
			n.length = t.small(typ, 1<<20)
		case 3:
			n.repetition = t.small(typ, pqRepeated)
		case 4:
			n.name = string(t.binary(typ))
		case 5:
			children = t.small(typ, maxNodes)
		case 6:
			converted = t.int(typ)
		case 7:
			n.scale = t.small(typ, 1<<10)
		case 8:
			n.precision = t.small(typ, 1<<10)
		case 10:
			n.decodeLogical(t, typ)
		default:
			t.skip(typ)
		}
	}
	if n.logical == logNone {
		n.convert(converted)
	}
	return n, children
}

// small reads an integer from 0 to most.
func (t *thrift) small(typ byte, most int64) int {
	v := t.int(typ)
	if v < 0 || v > most {
		t.fail()
		return 0
	}
	return int(v)
}

// logicalTypes are the members of the LogicalType union, by field id.
var logicalTypes = [...]logical{1: logString, 2: logMap, 3: logList, 4: logEnum, 5: logDecimal, 6: logDate, 7: logTime,
	8: logTimestamp, 9: logOther, 10: logInteger, 11: logNull, 12: logJSON, 13: logBSON, 14: logUUID, 15: logFloat16}

func (n *pqNode) decodeLogical(t *thrift, typ byte) {
	if typ != thriftStruct {
		t.fail()
		return
	}
	for id, f := t.field(0); f != thriftStop; id, f = t.field(id) {
		n.logical = logOther
		if id > 0 && int(id) < len(logicalTypes) {
			n.logical = logicalTypes[id]
		}
		if f != thriftStruct {
			t.fail()
			return
		}
		for arg, a := t.field(0); a != thriftStop; arg, a = t.field(arg) {
			n.decodeArgument(t, arg, a)
		}
	}
}

// decodeArgument reads one field of a logical type that has any.
func (n *pqNode) decodeArgument(t *thrift, id int16, typ byte) {
	switch {
	case n.logical == logDecimal && id == 1:
		n.scale = t.small(typ, 1<<10)
	case n.logical == logDecimal && id == 2:
		n.precision = t.small(typ, 1<<10)
	case n.logical == logInteger && id == 1:
		n.bits = t.small(typ, 64)
	case n.logical == logInteger && id == 2:
		n.unsigned = typ == thriftFalse
	case (n.logical == logTime || n.logical == logTimestamp) && id == 1:
		n.utc = typ == thriftTrue
	case (n.logical == logTime || n.logical == logTimestamp) && id == 2 && typ == thriftStruct:
		for unit, f := t.field(0); f != thriftStop; unit, f = t.field(unit) {
			if 1 <= unit && unit <= 3 {
				n.unit = [...]string{1: "ms", 2: "us", 3: "ns"}[unit]
			}
			t.skip(f)
		}
	default:
		t.skip(typ)
	}
}

// convert takes the logical type from the older ConvertedType, which files without a LogicalType have.
func (n *pqNode) convert(c int64) {
	switch c {
	case 0:
		n.logical = logString
	case 1, 2:
		n.logical = logMap
	case 3:
		n.logical = logList
	case 4:
		n.logical = logEnum
	case 5:
		n.logical = logDecimal
	case 6:
		n.logical = logDate
	case 7, 8:
		n.logical, n.unit, n.utc = logTime, [...]string{"ms", "us"}[c-7], true
	case 9, 10:
		n.logical, n.unit, n.utc = logTimestamp, [...]string{"ms", "us"}[c-9], true
	case 11, 12, 13, 14:
		n.logical, n.bits, n.unsigned = logInteger, 8<<(c-11), true
	case 15, 16, 17, 18:
		n.logical, n.bits = logInteger, 8<<(c-15)
	case 19:
		n.logical = logJSON
	case 20:
		n.logical = logBSON
	case 21:
		n.logical = logOther
	}
}
