package codec

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

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
