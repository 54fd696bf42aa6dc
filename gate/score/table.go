package score

import (
	"slices"
	"strings"
)

// A Column is one metric's scores, one slot per row of its [Table].
// Values[i] is finite when row i was scored, otherwise 0. A nil Causes means that every row was scored,
// and Values may then be used whole, without a copy.
type Column struct {
	Metric string
	Values []float64
	Causes []Cause
}

// Scored reports whether row i has a usable score.
func (c *Column) Scored(i int) bool { return c.Causes == nil || c.Causes[i] == Scored }

// Usable returns the scores of the rows that have one, in row order.
// It is Values itself where nothing is missing; callers must not modify it.
func (c *Column) Usable() []float64 {
	if c.Causes == nil {
		return c.Values
	}
	out := make([]float64, 0, len(c.Values))
	for i, v := range c.Values {
		if c.Causes[i] == Scored {
			out = append(out, v)
		}
	}
	return out
}

// Missing counts the rows without a usable score, by cause. It is nil when there are none.
func (c *Column) Missing() map[Cause]int {
	var n [causes]int
	for _, cause := range c.Causes {
		n[cause]++
	}
	var out map[Cause]int
	for cause := Null; cause < causes; cause++ {
		if n[cause] > 0 {
			if out == nil {
				out = map[Cause]int{}
			}
			out[cause] = n[cause]
		}
	}
	return out
}

// A Table holds every sample of one [Key]. Tables are immutable once built and safe for concurrent use.
// Columns are sorted by metric; (id, trial) is unique where rows have ids; row order is the order of the input.
type Table struct {
	key     Key
	rows    int
	ids     arena
	derived bool // the ids were derived from input texts
	trials  []int32
	groups  []uint32 // index into names, 0 for none; nil when no row has a group
	names   []string
	inputs  []Fingerprint
	columns []Column
	order   []int32 // rows sorted by (id, trial); nil when that is the row order
	repeats bool    // some id has more than one trial
	lines   []uint32
	files   []fileStart
}

type fileStart struct {
	name string
	row  int // the first row that came from this file
}

// Key returns what the table's samples evaluated.
func (t *Table) Key() Key { return t.key }

// Len returns the number of rows: of trials, where samples were run several times.
func (t *Table) Len() int { return t.rows }

// Identified reports whether rows have ids, without which runs cannot be paired.
func (t *Table) Identified() bool { return t.ids.offsets != nil }

// Derived reports whether the ids were derived from input texts.
func (t *Table) Derived() bool { return t.derived }

// ID returns row i's id, or "" where rows have none. The string shares the table's memory.
func (t *Table) ID(i int) string {
	if t.ids.offsets == nil {
		return ""
	}
	return t.ids.at(i)
}

// Trial returns the number of row i's trial, counted from 0.
func (t *Table) Trial(i int) int {
	if t.trials == nil {
		return 0
	}
	return int(t.trials[i])
}

// Grouped reports whether any row has a group.
func (t *Table) Grouped() bool { return t.groups != nil }

// Group returns row i's group, or "" for none.
func (t *Table) Group(i int) string {
	if t.groups == nil {
		return ""
	}
	return t.names[t.groups[i]]
}

// Input returns the fingerprint of row i's input text, zero when it is not known.
func (t *Table) Input(i int) Fingerprint {
	if t.inputs == nil {
		return Fingerprint{}
	}
	return t.inputs[i]
}

// Source returns the file that row i was read from and its 1-based line or row there.
// In a table made by [Table.Reduce] it is where the sample's first trial stands.
func (t *Table) Source(i int) (file string, row int) {
	k, found := slices.BinarySearchFunc(t.files, i, func(f fileStart, row int) int { return f.row - row })
	if !found {
		k--
	}
	if k < 0 || t.lines == nil {
		return "", 0
	}
	return t.files[k].name, int(t.lines[i])
}

// Columns returns the metrics' columns, sorted by metric. Callers must not modify them.
func (t *Table) Columns() []Column { return t.columns }

// Column returns the column of a metric, or nil when the table has none.
func (t *Table) Column(metric string) *Column {
	i, ok := slices.BinarySearchFunc(t.columns, metric, func(c Column, m string) int { return strings.Compare(c.Metric, m) })
	if !ok {
		return nil
	}
	return &t.columns[i]
}

// WithColumns returns a table with the same rows and other columns, sorted here by metric.
// It panics when a column has not one slot per row, or when two have the same metric.
func (t *Table) WithColumns(columns []Column) *Table {
	out := *t
	out.columns = slices.Clone(columns)
	slices.SortFunc(out.columns, func(a, b Column) int { return strings.Compare(a.Metric, b.Metric) })
	for i, c := range out.columns {
		if len(c.Values) != t.rows || c.Causes != nil && len(c.Causes) != t.rows {
			panic("score: column " + c.Metric + " has another number of rows than its table")
		}
		if i > 0 && out.columns[i-1].Metric == c.Metric {
			panic("score: two columns for metric " + c.Metric)
		}
	}
	return &out
}

// WithModel returns the same table for another model's id.
func (t *Table) WithModel(model string) *Table {
	out := *t
	out.key.Model = model
	return &out
}

// Order returns the k-th row in canonical order: by id and trial, or as read where rows have no ids.
func (t *Table) Order(k int) int {
	if t.order == nil {
		return k
	}
	return int(t.order[k])
}

// An arena holds strings end to end. A nil offsets means that there are none.
type arena struct {
	bytes   []byte
	offsets []uint32 // len = strings + 1
}
