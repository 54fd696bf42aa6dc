package codec

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
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

// str reads a string.
func (s *scanner) str(t *token) bool {
	start := s.i + 1
	t.kind, t.escaped = text, false
	for i := start; ; {
		i = s.special(i)
		if i >= len(s.b) {
			s.i = i
			return s.cut()
		}
		if s.b[i] == '"' {
			t.raw = s.b[start:i]
			s.i = i + 1
			return s.clean || s.check(t, start)
		}
		t.escaped = true
		size := escapeSize(s.b[i:])
		if size == escapeCut {
			s.i = len(s.b)
			return s.cut()
		}
		if size == 0 {
			s.i = i
			return s.fail("unknown escape " + quote(s.b[i:i+2]))
		}
		i += size
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

// special returns the index of the next quote or backslash, at i or later, or the end. It looks at words of eight bytes:
// subtracting one from each byte sets the high bit of a zero, and of bytes beyond ASCII, which specials tells apart. Where
// in a block the first one is, is found without branches, which nothing could predict.
func (s *scanner) special(i int) int {
	b := s.b
	for ; i+32 <= len(b); i += 32 {
		w := b[i : i+32 : i+32]
		x, y := binary.LittleEndian.Uint64(w), binary.LittleEndian.Uint64(w[8:])
		z, v := binary.LittleEndian.Uint64(w[16:]), binary.LittleEndian.Uint64(w[24:])
		if ((x^quotes-ones)|(x^backslashes-ones)|(y^quotes-ones)|(y^backslashes-ones)|
			(z^quotes-ones)|(z^backslashes-ones)|(v^quotes-ones)|(v^backslashes-ones))&high != 0 {
			hits := specials(x) | specials(y)<<8 | specials(z)<<16 | specials(v)<<24
			if hits != 0 {
				return i + bits.TrailingZeros64(hits)
			}
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// specials returns a bit for each byte of a word: whether it is a quote or a backslash. Bits above the first that is set
// may be wrong. The product gathers the high bits of the bytes in the highest byte.
func specials(x uint64) uint64 {
	hit := ((x ^ quotes - ones) | (x ^ backslashes - ones)) &^ x & high
	return (hit >> 7) * 0x0102040810204080 >> 56
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

// escapeCut is the size of an escape that the text ends inside of.
const escapeCut = 16

// escapeSizes holds the length of an escape by its second character, 0 for none.
var escapeSizes = [256]uint8{'"': 2, '\\': 2, '/': 2, 'b': 2, 'f': 2, 'n': 2, 'r': 2, 't': 2, 'u': 6}

// escapeSize returns the length of the escape at the start of b, 0 when it is none.
func escapeSize(b []byte) int {
	if len(b) < 2 {
		return escapeCut
	}
	size := int(escapeSizes[b[1]])
	if size != 6 {
		return size
	}
	digits := b[2:min(6, len(b))]
	if _, ok := hexadecimal(digits); !ok {
		return 0
	}
	if len(digits) < 4 {
		return escapeCut
	}
	return size
}

// hex4 reads the four hexadecimal digits of the escape \u at the start of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 {
		return 0, false
	}
	return hexadecimal(b[2:6])
}

func hexadecimal(b []byte) (rune, bool) {
	var r rune
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Words of eight equal bytes.
const (
	ones        = 0x0101010101010101
	high        = 0x8080808080808080
	blanks      = 0x2020202020202020
	quotes      = 0x2222222222222222
	backslashes = 0x5c5c5c5c5c5c5c5c
)

// control returns the index of the first byte below a space, or −1. It looks at eight bytes at a time: subtracting a space
// from each sets the high bit of those below one, and of others only where a lower byte of the word is below one too.
func control(b []byte) int {
	i := 0
	for ; i+32 <= len(b); i += 32 {
		w := b[i : i+32 : i+32]
		x, y := binary.LittleEndian.Uint64(w), binary.LittleEndian.Uint64(w[8:])
		z, v := binary.LittleEndian.Uint64(w[16:]), binary.LittleEndian.Uint64(w[24:])
		if ((x-blanks)&^x|(y-blanks)&^y|(z-blanks)&^z|(v-blanks)&^v)&high != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] < ' ' {
			return i
		}
	}
	return -1
}

// unescape appends the text of a string, whose escapes were checked, to dst. A lone surrogate becomes U+FFFD, as in
// encoding/json.
func unescape(dst, raw []byte) []byte {
	dst = slices.Grow(dst, len(raw)+8)
	n, i := len(dst), 0
	out := dst[:cap(dst)]
	for {
		if n, i = copyUntil(out, n, raw, i, backslashes); i == len(raw) {
			return out[:n]
		}
		size := 0
		n, size = unescapeOne(out, n, raw[i:])
		i += size
	}
}

// copyUntil copies src[i:] to dst[n:] until a byte that stop consists of, and returns where the two then are. It copies by
// words, since JSON text inside other text has something to decode every few bytes, and may write up to seven bytes more.
func copyUntil(dst []byte, n int, src []byte, i int, stop uint64) (int, int) {
	for i+8 <= len(src) {
		word := binary.LittleEndian.Uint64(src[i:])
		binary.LittleEndian.PutUint64(dst[n:], word)
		word ^= stop
		if hit := (word - ones) &^ word & high; hit != 0 {
			k := bits.TrailingZeros64(hit) / 8
			return n + k, i + k
		}
		i, n = i+8, n+8
	}
	for ; i < len(src) && src[i] != byte(stop); i++ { //nolint:gosec // stop is one byte, eight times
		dst[n] = src[i]
		n++
	}
	return n, i
}

// unescapeOne writes the character that the escape at the start of raw stands for to out[n:], and returns where it ends
// and the length of the escape.
func unescapeOne(out []byte, n int, raw []byte) (int, int) {
	c := raw[1]
	switch c {
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		size := 6
		r, _ := hex4(raw)
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
				low, ok = hex4(raw[6:])
			}
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				size = 12
			}
		}
		return n + utf8.EncodeRune(out[n:n+4], r), size
	}
	out[n] = c
	return n + 1, 2
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

// cellOf makes a cell of a token, as far as its slot needs it. Escaped text is decoded to the end of scratch, which is
// returned: what was decoded there before stays valid where it is, even when scratch has to grow.
func cellOf(t *token, n need, scratch []byte) (cell, []byte) {
	c := cell{kind: t.kind, text: t.raw}
	switch t.kind {
	case number:
		c.num = numberOf(t.raw)
	case boolean:
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
	return c, scratch
}
