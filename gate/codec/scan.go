package codec

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// maxJSONDepth bounds how deep JSON values may nest, so that hostile input cannot exhaust the stack.
const maxJSONDepth = 500

// A scanner reads JSON values from text that is whole in memory. It checks the grammar of what it skips, and takes the
// bare NaN and Infinity that Python writes.
type scanner struct {
	b     []byte
	i     int
	clean bool   // the text has no control characters, so that strings need not be searched for them
	inner bool   // the text is itself the raw content of a JSON string, so that its quotes are written \"
	short bool   // the text ended inside a value
	msg   string // what is wrong at i, once a method has returned false
}

// A token is one value. raw of a text lies between its quotes, escaped or not.
type token struct {
	kind    kind
	escaped bool
	raw     []byte
}

func (s *scanner) fail(msg string) bool {
	if s.msg == "" {
		s.msg = msg
	}
	return false
}

func (s *scanner) cut() bool {
	s.short = true
	return s.fail("unexpected end")
}

// space skips white space and returns the next byte, or 0 at the end.
func (s *scanner) space() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// unexpected reports the byte at i, where something else had to be.
func (s *scanner) unexpected(want string) bool {
	if s.i >= len(s.b) {
		return s.cut()
	}
	r, _ := utf8.DecodeRune(s.b[s.i:])
	return s.fail(fmt.Sprintf("unexpected %q where %s was expected", r, want))
}

// value reads the value that begins at i, after white space.
func (s *scanner) value(t *token, depth int) bool {
	c := s.space()
	start := s.i
	switch {
	case c == '"' && !s.inner:
		return s.str(t)
	case c == '\\' && s.inner:
		return s.innerStr(t)
	case c == '{' || c == '[':
		t.kind, t.escaped = jsonValue, false
		if !s.nested(c, depth+1) {
			return false
		}
	case c == '-' || '0' <= c && c <= '9' || c == 'N' || c == 'I':
		t.kind, t.escaped = number, false
		if !s.number() {
			return false
		}
	case c == 't' && s.literal("true"), c == 'f' && s.literal("false"):
		t.kind, t.escaped = boolean, false
	case c == 'n' && s.literal("null"):
		t.kind, t.escaped = null, false
	default:
		return s.unexpected("a value")
	}
	t.raw = s.b[start:s.i]
	return true
}

// literal reads one word.
func (s *scanner) literal(word string) bool {
	rest := s.b[s.i:]
	if len(rest) < len(word) {
		if string(rest) == word[:len(rest)] {
			s.i = len(s.b)
		}
		return false
	}
	if string(rest[:len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// nested skips an object or array, whose first byte is open.
func (s *scanner) nested(open byte, depth int) bool {
	if depth > maxJSONDepth {
		return s.fail(fmt.Sprintf("values nest more than %d deep", maxJSONDepth))
	}
	s.i++
	end := byte('}')
	if open == '[' {
		end = ']'
	}
	if s.space() == end {
		s.i++
		return true
	}
	var t token
	for {
		if open == '{' && !s.key(&t) {
			return false
		}
		if !s.value(&t, depth) {
			return false
		}
		switch s.space() {
		case ',':
			s.i++
		case end:
			s.i++
			return true
		default:
			return s.unexpected(`"," or "` + string(end) + `"`)
		}
	}
}

// key reads a key and the colon behind it.
func (s *scanner) key(t *token) bool {
	c := s.space()
	switch {
	case c == '"' && !s.inner:
		if !s.str(t) {
			return false
		}
	case c == '\\' && s.inner:
		if !s.innerStr(t) {
			return false
		}
	default:
		return s.unexpected("a key in quotes")
	}
	if s.space() != ':' {
		return s.unexpected(`":"`)
	}
	s.i++
	return true
}

// number reads a number, NaN or an infinity.
func (s *scanner) number() bool {
	c := s.b[s.i]
	if c == 'N' && s.literal("NaN") {
		return true
	}
	if c == '-' {
		s.i++
	}
	switch c := s.at(); {
	case c == 'I' && s.literal("Infinity"):
		return true
	case c == '0':
		s.i++
	case '1' <= c && c <= '9':
		s.digits()
	default:
		return s.unexpected("a digit")
	}
	if s.at() == '.' {
		s.i++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if c := s.at(); c == 'e' || c == 'E' {
		s.i++
		if c := s.at(); c == '+' || c == '-' {
			s.i++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return true
}

func (s *scanner) at() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		s.i++
	}
	return s.i > start
}

// str reads a string: up to the next quote, unless one of the escapes before it is that of the quote.
func (s *scanner) str(t *token) bool {
	b, start := s.b, s.i+1
	t.kind, t.escaped = text, false
	for i := start; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			s.i = len(b)
			return s.cut()
		}
		for end := i + n; i <= end; {
			n := bytes.IndexByte(b[i:end], '\\')
			if n < 0 {
				t.raw = b[start:end]
				s.i = end + 1
				return s.clean || s.check(t, start)
			}
			i += n
			size := escapeSize(b[i:])
			if size == 0 {
				s.i = i
				return s.fail("unknown escape " + quote(b[i:i+2]))
			}
			if size == escapeCut {
				s.i = len(b)
				return s.cut()
			}
			t.escaped = true
			i += size
		}
	}
}

// innerStr reads a string of JSON text that is still escaped as the content of another string: {\"a\": \"b\\\"c\"}. It checks the
// outer escapes, not the inner ones: like all of what is looked into, text is not checked.
func (s *scanner) innerStr(t *token) bool {
	b, start := s.b, s.i+2
	t.kind, t.escaped = text, false
	if start > len(b) || b[s.i+1] != '"' {
		return s.unexpected("a quote")
	}
	for i := start; ; {
		i = s.special(i)
		if i+3 > len(b) || b[i] == '"' {
			return s.cut() // the outer string ends first
		}
		size := escapeSize(b[i:])
		switch b[i+1] {
		case '"':
			t.raw = b[start:i]
			s.i = i + 2
			return true
		case '\\': // an inner escape, whose second character may be escaped for the outer string
			size = 3
			if b[i+2] == '\\' {
				if size = escapeSize(b[i+2:]); size > 0 {
					size += 2
				}
			} else if b[i+2] == '"' {
				return s.cut()
			}
		case 'u':
			if r, _ := hex4(b[i:]); r == '"' || r == '\\' {
				return s.unexpected("a plain character")
			}
		}
		if size == 0 || size >= escapeCut {
			return s.unexpected("an escape")
		}
		t.escaped = true
		i += size
	}
}

// check looks for control characters between the quotes of a string.
func (s *scanner) check(t *token, start int) bool {
	i := control(t.raw)
	if i < 0 {
		return true
	}
	s.i = start + i
	return s.fail(fmt.Sprintf("control character %#02x inside a string", t.raw[i]))
}

// numberOf returns the value of a number that the scanner has accepted. One beyond the range of float64 is an infinity.
func numberOf(raw []byte) float64 {
	n := 0
	for _, c := range raw {
		if c < '0' || c > '9' || len(raw) > 15 {
			n = -1
			break
		}
		n = n*10 + int(c-'0')
	}
	if n >= 0 {
		return float64(n)
	}
	v, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(raw), len(raw)), 64) // on overflow v is an infinity
	return v
}

// of makes a cell of a token, as far as its slot needs it. Escaped text is decoded to the end of scratch, which is returned:
// what was decoded there before stays valid where it is, even when scratch has to grow.
func (c *cell) of(t *token, n need, scratch []byte) []byte {
	c.kind, c.text = t.kind, t.raw
	switch t.kind {
	case number:
		c.num = numberOf(t.raw)
	case boolean:
		c.num = 0
		if t.raw[0] == 't' {
			c.num = 1
		}
	case text:
		if t.escaped && (n >= needText || len(t.raw) <= maxNumberText) {
			start := len(scratch)
			scratch = unescape(scratch, t.raw)
			c.text = scratch[start:len(scratch):len(scratch)]
		}
	}
	return scratch
}
