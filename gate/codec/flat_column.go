package codec

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// Bounds of a text column that is an enumeration and no text.
const (
	maxEnumeration = 64 // values
	maxEnumerated  = 64 // bytes of a value
)

// An enumeration counts the values of a text column, for as long as they are few and short.
type enumeration struct {
	values map[string]bool
	n      int  // values, as often as they stand
	json   bool // some value looks like a JSON object
	broken bool
}

// is reports whether the column is an enumeration: its values are few, and stand twice on average. In a handful of rows
// every text is short and one of few.
func (e *enumeration) is() bool { return !e.broken && 2*len(e.values) <= e.n+1 }

func (e *enumeration) add(b []byte) {
	e.n++
	e.json = e.json || len(b) > 0 && b[0] == '{'
	if e.broken || e.values[string(b)] {
		return
	}
	if len(b) > maxEnumerated || len(e.values) == maxEnumeration {
		e.broken, e.values = true, nil
		return
	}
	if e.values == nil {
		e.values = map[string]bool{}
	}
	e.values[strings.Clone(string(b))] = true
}

// A flatColumn is a column of the file that is written, with what all its values have in common.
type flatColumn struct {
	name    string
	node    *pqNode
	role    bool // it stays even without texts
	exact   bool // an id or the like, whose spelling matters
	kinds   [missing + 1]bool
	real    bool // some number is not whole
	big     bool // some whole number is beyond what a float64 holds exactly
	huge    bool // some whole number does not fit into 64 bits
	odd     bool // some number is spelt in a way that a number would not keep
	numeric bool // some text is a number
	enum    enumeration
}

// observe widens the column to hold one more value.
func (c *flatColumn) observe(v cell) {
	c.kinds[v.kind] = true
	switch v.kind {
	case number:
		c.observeNumber(v)
	case text:
		_, cause := parseNumber(v.text)
		c.numeric = c.numeric || cause == score.Scored
		c.enum.add(v.text)
	case jsonValue:
		c.enum.broken = true
	}
}

func (c *flatColumn) observeNumber(v cell) {
	if !whole(v) {
		c.real = true
		return
	}
	if v.text == nil {
		return
	}
	n, err := strconv.ParseInt(string(v.text), 10, 64)
	switch {
	case err != nil:
		c.huge = true
	case n > exactInteger || n < -exactInteger:
		c.big = true
	}
	c.odd = c.odd || err == nil && strconv.FormatInt(n, 10) != string(v.text)
}

// whole reports whether a number is a whole one, by its spelling where there is one: 1.0 is not.
func whole(v cell) bool {
	if v.text != nil {
		return isInteger(v.text)
	}
	return v.num == math.Trunc(v.num) && math.Abs(v.num) <= exactInteger
}

// settle gives the column its type.
func (c *flatColumn) settle() {
	switch {
	case c.kinds[text] || c.kinds[jsonValue] || c.huge || c.big && c.real || c.odd || c.exact && c.real:
		c.node = stringColumn(c.name)
	case c.kinds[number] && (c.real || c.kinds[boolean] && !c.exact):
		c.node = doubleColumn(c.name)
	case c.kinds[number] && c.kinds[boolean]:
		c.node = stringColumn(c.name)
	case c.kinds[number]:
		c.node = intColumn(c.name)
	case c.kinds[boolean]:
		c.node = boolColumn(c.name)
	default:
		c.node = stringColumn(c.name) // null throughout
	}
}

// stays reports whether the column is written where texts are not kept, and whether only its numbers are.
func (c *flatColumn) stays() (stays, stripped bool) {
	switch {
	case c.role || c.node.physical != physBytes:
		return true, false
	case c.kinds[jsonValue] || !c.enum.is() && c.enum.json:
		return true, true
	}
	return c.enum.is(), false
}

// write writes one value of the column.
func (c *flatColumn) write(out *pqRows, at int, v cell, strip bool) {
	if v.kind == absent || v.kind == null {
		return
	}
	switch c.node.physical {
	case physBoolean:
		out.bool(at, v.num != 0)
	case physDouble:
		out.double(at, v.num)
	case physInt64:
		n := int64(v.num)
		if v.text != nil {
			n, _ = strconv.ParseInt(string(v.text), 10, 64) // it was tried when the column was given its type
		}
		out.integer(at, n)
	default:
		b := (*assembler)(nil).plain(v)
		switch _, stripped := c.stays(); {
		case strip && stripped:
			if b = numbersOf(b); b == nil {
				return
			}
		case v.kind == boolean && c.kinds[text]: // so that it stays the score that it is
			b = strconv.AppendInt(nil, int64(v.num), 10)
		case v.kind == number && v.text != nil && !c.exact:
			b = v.text
		}
		out.bytes(at, bytes.ToValidUTF8(b, []byte("\uFFFD"))) // a copy, since b is the reader's
	}
}

// numbersOf returns a JSON value without its texts: of objects the members that are numbers, booleans, null, or objects
// that have some. It is nil where nothing is left, or where the text is not a JSON object.
func numbersOf(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	var members []struct {
		key   string
		value []byte
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var raw json.RawMessage
		if err != nil || !ok || d.Decode(&raw) != nil {
			return nil
		}
		if raw = numbersIn(raw); raw != nil {
			members = append(members, struct {
				key   string
				value []byte
			}{name, raw})
		}
	}
	if len(members) == 0 {
		return nil
	}
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(m.key) // a string that was decoded
		out = append(append(append(out, key...), ':'), m.value...)
	}
	return append(out, '}')
}

func numbersIn(raw json.RawMessage) []byte {
	switch raw[0] {
	case '{':
		return numbersOf(raw)
	case '[':
		return nil
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil
		}
		if _, cause := parseNumber([]byte(s)); cause != score.Scored {
			return nil
		}
	}
	return raw
}
