package score

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"slices"
)

// SHA256 returns, in hex, the digest of the scores of some tables: of model, task, id, trial, group, metric and value or
// cause in canonical order. Files that hold the same scores have the same digest, whatever their format, the order of
// their samples or their texts. A metric that is null throughout counts as one that is not there.
func SHA256(tables []*Table) string {
	sorted := slices.Clone(tables)
	slices.SortFunc(sorted, func(a, b *Table) int { return a.key.Compare(b.key) })
	d := digest{sum: sha256.New()}
	for _, t := range sorted {
		d.table(t)
	}
	d.flush()
	return hex.EncodeToString(d.sum.Sum(nil))
}

// A digest encodes tables so that no two different ones read alike: every text has its length before it, every list its
// count, and a metric's name stands once, before the rows, and not with each of a million scores.
type digest struct {
	sum hash.Hash
	buf []byte
}

// digestBuffer is how much is hashed at a time.
const digestBuffer = 1 << 15

func (d *digest) table(t *Table) {
	d.text(t.key.Model)
	d.text(t.key.Task)
	columns := slices.DeleteFunc(slices.Clone(t.columns), func(c Column) bool { return c.null() })
	d.count(len(columns))
	for _, c := range columns {
		d.text(c.Metric)
	}
	d.count(t.rows)
	for k := range t.rows {
		row := t.Order(k)
		d.text(t.ID(row))
		d.count(t.Trial(row))
		d.text(t.Group(row))
		for i := range columns {
			c := &columns[i]
			if !c.Scored(row) {
				d.buf = append(d.buf, byte(c.Causes[row]))
				continue
			}
			d.buf = append(d.buf, byte(Scored))
			d.buf = binary.LittleEndian.AppendUint64(d.buf, math.Float64bits(c.Values[row]+0)) // −0 is 0
		}
		if len(d.buf) >= digestBuffer {
			d.flush()
		}
	}
}

// null reports whether no row has anything but a null.
func (c *Column) null() bool {
	return c.Causes != nil && !slices.ContainsFunc(c.Causes, func(cause Cause) bool { return cause != Null })
}

func (d *digest) text(s string) {
	d.count(len(s))
	d.buf = append(d.buf, s...)
}

func (d *digest) count(n int) {
	d.buf = binary.AppendUvarint(d.buf, uint64(n)) //nolint:gosec // counts are not negative
}

func (d *digest) flush() {
	_, _ = d.sum.Write(d.buf) // a hash takes every write
	d.buf = d.buf[:0]
}
