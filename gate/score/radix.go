package score

import (
	"encoding/binary"
	"slices"
)

// An entry is a row, and the first eight bytes of its id.
type entry struct {
	prefix uint64
	row    int32
}

// A sorter keeps the memory of one sort for the next.
type sorter struct{ entries, spare []entry }

// prefixes returns the rows of a table in order of the first eight bytes of their ids, and by row among equal ones. It sorts
// byte by byte, the last first, and passes over bytes that all ids share; for ids that differ early, as most do, that is
// several times faster than by comparing. The entries stay as they are until the next call.
func (s *sorter) prefixes(t *Table) []entry {
	entries, spare := slices.Grow(s.entries[:0], t.rows)[:t.rows], s.spare
	var counts [8][256]int32
	for i := range entries {
		id := t.ids.at(i)
		var first [8]byte
		copy(first[:], id)
		for k, c := range first {
			counts[k][c]++
		}
		entries[i] = entry{binary.BigEndian.Uint64(first[:]), int32(i)}
	}
	for k := 7; k >= 0; k-- {
		shift := 8 * (7 - k)
		if t.rows == 0 || int(counts[k][entries[0].prefix>>shift&0xff]) == t.rows {
			continue
		}
		spare = slices.Grow(spare[:0], t.rows)[:t.rows]
		var next [256]int32
		for c, sum := 0, int32(0); c < 256; c++ {
			next[c] = sum
			sum += counts[k][c]
		}
		for _, e := range entries {
			c := e.prefix >> shift & 0xff
			spare[next[c]] = e
			next[c]++
		}
		entries, spare = spare, entries
	}
	s.entries, s.spare = entries, spare
	return entries
}
