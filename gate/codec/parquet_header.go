package codec

import (
	"fmt"
	"math/bits"
	"slices"
)

// The types of pages, numbered as in parquet.thrift.
const (
	pageData       = 0
	pageDictionary = 2
	pageDataV2     = 3
)

// A pageHeader is what counts of a PageHeader.
type pageHeader struct {
	typ          int64
	uncompressed int
	compressed   int
	crc          uint32
	hasCRC       bool
	values       int
	encoding     int64
	levels       [2]int64 // the encodings of definition and repetition levels in version 1
	sizes        [2]int   // their bytes in version 2
	plain        bool     // version 2, and not compressed
}

func (h *pageHeader) decode(t *thrift) {
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch {
		case id == 1:
			h.typ = t.int(typ)
		case id == 2:
			h.uncompressed = t.small(typ, maxPage)
		case id == 3:
			h.compressed = t.small(typ, maxPage)
		case id == 4:
			h.crc, h.hasCRC = uint32(t.int(typ)), true //nolint:gosec // bits
		case (id == 5 || id == 7 || id == 8) && typ == thriftStruct:
			h.decodeData(t, id == 8)
		default:
			t.skip(typ)
		}
	}
}

// decodeData reads a DataPageHeader, DictionaryPageHeader or DataPageHeaderV2, which begin alike.
func (h *pageHeader) decodeData(t *thrift, v2 bool) {
	for id, typ := t.field(0); typ != thriftStop; id, typ = t.field(id) {
		switch {
		case id == 1:
			h.values = t.small(typ, maxPageValues)
		case !v2 && id == 2, v2 && id == 4:
			h.encoding = t.int(typ)
		case !v2 && (id == 3 || id == 4) && typ != thriftTrue && typ != thriftFalse: // a dictionary's third is a boolean
			h.levels[id-3] = t.int(typ)
		case v2 && (id == 5 || id == 6):
			h.sizes[id-5] = t.small(typ, maxPage)
		case v2 && id == 7:
			h.plain = typ == thriftFalse
		default:
			t.skip(typ)
		}
	}
}

// levelsV2 decodes the levels, which stand uncompressed before the values, and returns the values.
func (c *column) levelsV2(h *pageHeader, b []byte) ([]byte, error) {
	def, rep := h.sizes[0], h.sizes[1]
	if def+rep > len(b) || def+rep > h.uncompressed {
		return nil, errPage
	}
	var err error
	if c.reps, err = levels(c.reps, b[:rep], h.values, c.leaf.rep); err != nil {
		return nil, err
	}
	c.defs, err = levels(c.defs, b[rep:rep+def], h.values, c.leaf.def)
	return b[rep+def:], err
}

// levelsV1 decodes the levels, each of which follows its length, and returns the values.
func (c *column) levelsV1(h *pageHeader, b []byte) (_ []byte, err error) {
	for k, most := range []int{c.leaf.rep, c.leaf.def} {
		if most == 0 {
			continue
		}
		if h.levels[1-k] != encRLE {
			return nil, fmt.Errorf("levels with encoding %d are not supported", h.levels[1-k])
		}
		if len(b) < 4 {
			return nil, errPage
		}
		n := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 | int64(b[3])<<24
		if n > int64(len(b)-4) {
			return nil, errPage
		}
		into := &c.reps
		if k == 1 {
			into = &c.defs
		}
		if *into, err = levels(*into, b[4:4+n], h.values, most); err != nil {
			return nil, err
		}
		b = b[4+n:]
	}
	return b, nil
}

func levels(into []uint8, src []byte, n, most int) ([]uint8, error) {
	if most == 0 {
		return into[:0], nil
	}
	into = slices.Grow(into[:0], n)[:n]
	return into, decodeRLE(into, src, bits.Len(uint(most)), uint8(most)) //nolint:gosec // at most maxNesting
}
