package codec

import (
	"cmp"
	"slices"
)

// Ranges with a gap between them are fetched as one where the gap takes less time than a request would: round trip times
// bandwidth over requests in flight, which is 150 KB for 50 ms, 100 MB/s and 32. Those of some size are for as long as all
// of them together are little beside what is wanted.
const (
	smallGap = 4 << 10
	largeGap = 150 << 10
	gapShare = 32 // what is wanted has at least so many times the bytes of the larger gaps
)

// A plan fetches what columns of a remote file are about to read, of as many row groups at a time as may be held. Of files
// on disk there is nothing to fetch.
type plan struct {
	p     *pqFile
	reads func(group int) bool // which row groups are read; nil for all
	next  int                  // the first row group that is not fetched
	limit int64                // of the next fetch, which has at least one row group; 0 for as much as may be held
	early [2]int64             // what is held already of the row group after those that are
}

// open opens columns at a row group. A plan's row groups are opened in ascending order, and with the same columns or fewer.
func (pl *plan) open(group int, columns []*column) error {
	if r := pl.p.file.remote(); r != nil && group >= pl.next && len(columns) > 0 {
		if err := r.keep(pl.early); err != nil {
			return pl.p.file.failed(err)
		}
		if err := r.fetch(pl.ranges(r, group, columns)); err != nil {
			return pl.p.file.failed(err)
		}
	}
	for _, c := range columns {
		c.open(group)
	}
	return nil
}

// ranges returns the ranges of columns from a row group on, as far as they may be held. The last one goes on into the row group
// after these where that begins at its end, since to fetch that later would take one more request.
func (pl *plan) ranges(r *remote, group int, columns []*column) [][2]int64 {
	slice := min(max(r.ask.held/int64(len(columns)), r.ask.slice/16), r.ask.slice)
	for _, c := range columns {
		c.ahead = slice
	}
	limit := cmp.Or(pl.limit, r.ask.held)
	pl.limit = 0
	var out, after [][2]int64
	total := int64(0)
	for pl.next = group; pl.next < len(pl.p.groups); pl.next++ {
		if pl.reads != nil && !pl.reads(pl.next) {
			continue
		}
		first := len(out)
		for _, c := range columns {
			off, n := c.wants(pl.next)
			if n = min(n, r.begin()-off); n > 0 && !r.keeps(off, n) {
				out = append(out, [2]int64{off, n})
				total += n
			}
		}
		if total > limit && first > 0 {
			out, after = out[:first], out[first:]
			break
		}
		if total > r.ask.held {
			for i := range out {
				out[i][1] = min(out[i][1], slice)
			}
		}
	}
	out = merge(out)
	pl.early = extend(out, merge(after), r.ask.slice)
	return out
}

// extend joins to the last of some ranges the first of those that come after them, if it is close and not long. It returns that
// range, which is empty if not.
func extend(ranges, after [][2]int64, most int64) (early [2]int64) {
	if len(ranges) == 0 || len(after) == 0 {
		return early
	}
	last, next := &ranges[len(ranges)-1], after[0]
	if gap := next[0] - last[0] - last[1]; gap < 0 || gap > smallGap || next[1] > most {
		return early
	}
	last[1] = next[0] + next[1] - last[0]
	return next
}

// wants returns where of a row group the bytes lie that the column is going to read.
func (c *column) wants(group int) (off, n int64) {
	g := &c.p.groups[group]
	chunk := &g.chunks[c.leaf.index]
	switch {
	case g.rows == 0, c.brief > 0 && g.first >= c.brief:
		return chunk.offset, 0
	case c.brief > 0 && g.first+g.rows > c.brief:
		return chunk.offset, min(chunk.size, c.ahead)
	}
	return chunk.offset, chunk.size
}

// merge sorts ranges, and makes one of those that overlap or have a gap between them that is not worth a request.
func merge(ranges [][2]int64) [][2]int64 {
	slices.SortFunc(ranges, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	ranges, wanted := join(ranges, func(_ int, gap int64) bool { return gap <= smallGap })
	var gaps []int
	for i := 1; i < len(ranges); i++ {
		gaps = append(gaps, i)
	}
	gap := func(i int) int64 { return ranges[i][0] - ranges[i-1][0] - ranges[i-1][1] }
	slices.SortStableFunc(gaps, func(a, b int) int { return cmp.Compare(gap(a), gap(b)) })
	closed := make([]bool, len(ranges))
	for spare := wanted / gapShare; len(gaps) > 0 && gap(gaps[0]) <= min(largeGap, spare); gaps = gaps[1:] {
		spare -= gap(gaps[0])
		closed[gaps[0]] = true
	}
	ranges, _ = join(ranges, func(i int, _ int64) bool { return closed[i] })
	return ranges
}

// join makes one of sorted ranges that belong together, and counts the bytes of all.
func join(ranges [][2]int64, together func(i int, gap int64) bool) (out [][2]int64, total int64) {
	for i, r := range ranges {
		if k := len(out) - 1; k >= 0 {
			end := out[k][0] + out[k][1]
			if together(i, r[0]-end) {
				out[k][1] = max(end, r[0]+r[1]) - out[k][0]
				continue
			}
		}
		out = append(out, r)
	}
	for _, r := range out {
		total += r[1]
	}
	return out, total
}
