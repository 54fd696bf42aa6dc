package score

import (
	"fmt"
	"math"
	"slices"
)

// A Batch holds consecutive samples by column, as columnar formats have them: without trials, groups or input texts.
// A [Builder] copies what it keeps.
type Batch struct {
	Keys   []Key   // those that may occur
	Key    []int32 // of each sample: its index in Keys
	IDs    []string
	First  int // row of the first sample; the others follow it
	Left   int // how many samples the file still has after these, as far as is known: room is made for them
	Scores []BatchScores
}

// BatchScores are the scores of one metric, one per sample of a [Batch]. Values counts where Causes is Scored.
type BatchScores struct {
	Metric string
	Values []float64
	Causes []Cause
}

// AddBatch does what [Builder.Add] does for each sample in turn, in a fraction of the time.
func (b *Builder) AddBatch(s *Batch) error {
	tables := make([]*build, len(s.Keys))
	columns := make([][]*columnBuild, len(s.Keys))
	for i, k := range s.Key {
		t := tables[k]
		if t == nil {
			t = b.build(s.Keys[k])
			tables[k] = t
			columns[k] = make([]*columnBuild, len(s.Scores))
			for m := range s.Scores {
				columns[k][m] = t.column(s.Scores[m].Metric)
			}
		}
		row := t.table.rows
		if t.odd(b.file, row, len(s.IDs[i])) {
			var err error
			if row, err = t.addRow(b.file, &Sample{ID: s.IDs[i], Row: s.First + i}); err != nil {
				return err
			}
		} else {
			t.table.lines = append(t.table.lines, uint32(min(s.First+i, math.MaxUint32))) //nolint:gosec // clamped
			t.table.rows++
			t.explain++
			t.table.ids.add(s.IDs[i])
		}
		for m, c := range columns[k] {
			v, cause := s.Scores[m].Values[i], s.Scores[m].Causes[i]
			if cause == Scored && c.rows == row && c.values != nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
				c.values = append(c.values, v)
				c.causes = append(c.causes, Scored)
				c.rows++
				continue
			}
			if err := t.put(c, row, &Value{Metric: c.metric, Score: v, Cause: cause}); err != nil {
				return fmt.Errorf("row %d: %w", s.First+i, err)
			}
		}
	}
	b.batched += len(s.Key)
	for k, t := range tables {
		if t != nil {
			t.reserve(columns[k], len(s.Key), int(float64(s.Left)*min(1, float64(t.table.rows)/float64(b.batched))))
		}
	}
	return nil
}

// reserve makes room for the samples that are expected, once the next batch may need it: growing step by step would copy
// every column several times.
func (t *build) reserve(columns []*columnBuild, batch, expected int) {
	tb := &t.table
	if expected += expected/32 + batch; expected <= batch || cap(tb.lines)-len(tb.lines) >= batch {
		return
	}
	tb.lines = slices.Grow(tb.lines, expected)
	if n := len(tb.ids.offsets) - 1; n > 0 {
		tb.ids.offsets = slices.Grow(tb.ids.offsets, expected)
		tb.ids.bytes = slices.Grow(tb.ids.bytes, min(maxReserved, expected*(len(tb.ids.bytes)/n+1)))
	}
	for _, c := range columns {
		c.causes = slices.Grow(c.causes, expected)
		if c.values != nil {
			c.values = slices.Grow(c.values, expected)
		}
	}
}

// maxReserved bounds the room made for ids, whose length may differ.
const maxReserved = 64 << 20

// odd reports whether a row needs more than to be appended: it is the first of its table or file, has no id, follows rows
// with trials, groups or inputs, or may be one too many.
func (t *build) odd(file string, row, id int) bool {
	tb := &t.table
	n := len(tb.files)
	return n == 0 || tb.files[n-1].name != file || id == 0 || row >= maxRows || len(tb.ids.bytes)+id > maxIDBytes ||
		tb.trials != nil || tb.groups != nil || tb.inputs != nil
}
