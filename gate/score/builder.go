package score

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// maxRows bounds a table, whose rows are numbered by int32.
const maxRows = math.MaxInt32

// maxIDBytes bounds the ids of one table, which are addressed by uint32.
const maxIDBytes = math.MaxUint32

func (a *arena) add(s string) {
	if a.offsets == nil {
		a.offsets = []uint32{0}
	}
	a.bytes = append(a.bytes, s...)
	a.offsets = append(a.offsets, uint32(len(a.bytes))) //nolint:gosec // bounded by maxIDBytes in Add
}

func (a *arena) at(i int) string {
	b := a.bytes[a.offsets[i]:a.offsets[i+1]]
	return unsafe.String(unsafe.SliceData(b), len(b)) // the arena is never modified once built
}

// A DuplicateError reports one sample that stands twice.
type DuplicateError struct {
	Key    Key
	ID     string
	Metric string // set when rows hold one score each
	Trial  int
	Files  [2]string // where the first and the second stand
	Rows   [2]int
}

// Error names both places.
func (e *DuplicateError) Error() string {
	what := fmt.Sprintf("sample %q", e.ID)
	if e.Metric != "" {
		what += fmt.Sprintf(" metric %q", e.Metric)
	}
	if e.Trial > 0 {
		what += fmt.Sprintf(" trial %d", e.Trial)
	}
	return fmt.Sprintf("%s:%d: %s was already read from %s:%d", e.Files[1], e.Rows[1], what, e.Files[0], e.Rows[0])
}

// Mend says how to tell the two apart.
func (e *DuplicateError) Mend() string {
	if e.Files[0] != e.Files[1] {
		return "read each sample from one file only, or name the column that tells runs apart with trial-column or task-column"
	}
	return "remove one, or name the column that tells repeated runs apart with trial-column"
}

// A Builder collects samples into tables. Its zero value is ready; it is used once, by one goroutine.
type Builder struct {
	tables map[Key]*build
	last   *build
	file   string

	batched int // samples that came in batches
}

// build is one table in the making.
type build struct {
	table   Table
	columns []*columnBuild
	byName  map[string]*columnBuild
	groups  map[string]uint32
	long    map[string]int32 // row of (id, trial), for samples whose scores come one by one
	trials  map[idOf]int     // of derived ids that stood there before: the last trial, where the next may be looked for
	derived int              // how many ids were derived
	explain int              // how many were explicit
}

// A columnBuild holds causes only until its first number, so that a text column costs a byte a row.
type columnBuild struct {
	metric  string
	values  []float64
	causes  []Cause
	rows    int
	missing bool
}

// File names the file that the following samples come from.
func (b *Builder) File(name string) { b.file = name }

// Add takes one sample with all its scores. It refuses a value that is not finite without a cause, and a table that
// grows beyond 2³¹−1 rows or 4 GiB of ids. That an id stands twice is found by Build.
func (b *Builder) Add(s Sample) error {
	t := b.build(s.Key)
	row, err := t.addRow(b.file, &s)
	if err != nil {
		return err
	}
	for i := range s.Scores {
		if err := t.set(row, i, &s.Scores[i]); err != nil {
			return err
		}
	}
	return nil
}

// AddScore takes one score of a sample whose other scores come in calls of their own, as in files with a row per sample
// and metric. s.Scores holds exactly that one. A second score of the same sample, trial and metric is a [DuplicateError],
// or the next trial where the id was derived. Samples without an id are told apart by their position within the metric.
func (b *Builder) AddScore(s Sample) error {
	t := b.build(s.Key)
	v := &s.Scores[0]
	col := t.column(v.Metric)
	if s.ID == "" {
		row := col.rows
		if row == t.table.rows {
			if _, err := t.addRow(b.file, &s); err != nil {
				return err
			}
		}
		return t.put(col, row, v)
	}
	if s.Derived {
		s.Trial = max(s.Trial, t.trials[idOf{v.Metric, s.ID}])
	}
	for {
		row, err := t.longRow(b.file, &s)
		if err != nil {
			return err
		}
		if row >= col.rows || col.causes != nil && col.causes[row] == absent {
			return t.put(col, row, v)
		}
		file, line := t.table.Source(row)
		if !s.Derived || file != b.file {
			return &DuplicateError{Key: s.Key, ID: strings.Clone(s.ID), Metric: v.Metric, Trial: s.Trial,
				Files: [2]string{file, b.file}, Rows: [2]int{line, s.Row}}
		}
		s.Trial++
		if t.trials == nil {
			t.trials = map[idOf]int{}
		}
		t.trials[idOf{col.metric, strings.Clone(s.ID)}] = s.Trial
	}
}

// idOf is a sample's id within a metric.
type idOf struct{ metric, id string }

// absent marks, while building, a row to which no score was given yet; it is Null once built.
const absent = causes

// longRow returns the row of the sample's id and trial, adding it when it is new.
func (t *build) longRow(file string, s *Sample) (int, error) {
	key := binary.AppendVarint(make([]byte, 0, 64), int64(s.Trial))
	key = append(key, s.ID...)
	if row, ok := t.long[string(key)]; ok {
		return int(row), nil
	}
	row, err := t.addRow(file, s)
	if err != nil {
		return 0, err
	}
	if t.long == nil {
		t.long = map[string]int32{}
	}
	t.long[string(key)] = int32(row) //nolint:gosec // bounded by maxRows
	return row, nil
}

func (b *Builder) build(k Key) *build {
	if b.last != nil && b.last.table.key == k {
		return b.last
	}
	t := b.tables[k]
	if t == nil {
		if b.tables == nil {
			b.tables = map[Key]*build{}
		}
		k = Key{Model: strings.Clone(k.Model), Task: strings.Clone(k.Task)}
		t = &build{table: Table{key: k}, byName: map[string]*columnBuild{}}
		b.tables[k] = t
	}
	b.last = t
	return t
}

func (t *build) addRow(file string, s *Sample) (int, error) {
	tb := &t.table
	row := tb.rows
	if row >= maxRows {
		return 0, fmt.Errorf("more than %d rows for %s", maxRows, tb.key)
	}
	if len(tb.ids.bytes)+len(s.ID) > maxIDBytes {
		return 0, fmt.Errorf("ids of %s take more than 4 GiB; name a shorter id-column", tb.key)
	}
	if n := len(tb.files); n == 0 || tb.files[n-1].name != file {
		tb.files = append(tb.files, fileStart{name: file, row: row})
	}
	tb.lines = append(tb.lines, uint32(max(0, min(s.Row, math.MaxUint32)))) //nolint:gosec // clamped
	tb.rows++
	t.addID(s)
	if s.Trial != 0 && tb.trials == nil {
		tb.trials = make([]int32, row, max(16, 2*row))
	}
	if tb.trials != nil {
		tb.trials = append(tb.trials, int32(s.Trial)) //nolint:gosec // readers hand on small trial numbers
	}
	t.addGroup(row, s.Group)
	if s.Input != (Fingerprint{}) && tb.inputs == nil {
		tb.inputs = make([]Fingerprint, row, max(16, 2*row))
	}
	if tb.inputs != nil {
		tb.inputs = append(tb.inputs, s.Input)
	}
	return row, nil
}

func (t *build) addID(s *Sample) {
	switch {
	case s.ID == "":
	case s.Derived:
		t.derived++
	default:
		t.explain++
	}
	t.table.ids.add(s.ID)
}

func (t *build) addGroup(row int, group string) {
	tb := &t.table
	if group == "" && tb.groups == nil {
		return
	}
	if tb.groups == nil {
		t.groups = map[string]uint32{"": 0}
		tb.names = []string{""}
		tb.groups = make([]uint32, row, max(16, 2*row))
	}
	g, ok := t.groups[group]
	if !ok {
		group = strings.Clone(group)
		g = uint32(len(tb.names)) //nolint:gosec // at most one per row
		tb.names = append(tb.names, group)
		t.groups[group] = g
	}
	tb.groups = append(tb.groups, g)
}

// set stores the i-th value of a sample. Samples mostly name the same metrics in the same order, so that the i-th column
// is tried before the map.
func (t *build) set(row, i int, v *Value) error {
	if i < len(t.columns) && t.columns[i].metric == v.Metric {
		return t.put(t.columns[i], row, v)
	}
	return t.put(t.column(v.Metric), row, v)
}

func (t *build) column(metric string) *columnBuild {
	c := t.byName[metric]
	if c == nil {
		c = &columnBuild{metric: strings.Clone(metric)}
		t.byName[c.metric] = c
		t.columns = append(t.columns, c)
	}
	return c
}

func (t *build) put(c *columnBuild, row int, v *Value) error {
	cause := v.Cause
	if cause == Scored && (math.IsNaN(v.Score) || math.IsInf(v.Score, 0)) {
		return fmt.Errorf("metric %q: a score of %v needs a cause", v.Metric, v.Score)
	}
	if row < c.rows { // a row that an earlier score of another sample passed over
		c.causes[row] = cause
		if cause == Scored {
			c.grow(c.rows)
			c.values[row] = v.Score
		}
		c.missing = true // until Build looks again
		return nil
	}
	c.pad(row)
	if cause == Scored {
		c.grow(row)
		c.values = append(c.values, v.Score)
	} else {
		c.missing = true
		if c.values != nil {
			c.values = append(c.values, 0)
		}
	}
	c.causes = append(c.causes, cause)
	c.rows = row + 1
	return nil
}

// grow makes the values slice, once there is a first number to hold.
func (c *columnBuild) grow(rows int) {
	if c.values == nil {
		c.values = make([]float64, rows, max(16, 2*rows))
	}
}

// pad marks the rows that had no score of this metric.
func (c *columnBuild) pad(rows int) {
	for c.rows < rows {
		c.causes = append(c.causes, absent)
		if c.values != nil {
			c.values = append(c.values, 0)
		}
		c.rows++
		c.missing = true
	}
}

// Build returns the tables, sorted by key. It reports a sample that stands twice as a [DuplicateError]: an explicit id
// with the same trial, or any sample in two files. Where ids were derived from input texts, repetitions within a file
// become trials, numbered in the order of their rows. Columns that hold not one number are kept, for callers to decide.
func (b *Builder) Build() ([]*Table, error) {
	out := make([]*Table, 0, len(b.tables))
	var s sorter
	for _, t := range b.tables {
		t.finishColumns()
		if err := t.finishIDs(&s); err != nil {
			return nil, err
		}
		out = append(out, &t.table)
	}
	slices.SortFunc(out, func(a, b *Table) int { return a.key.Compare(b.key) })
	b.tables, b.last = nil, nil
	return out, nil
}

func (t *build) finishColumns() {
	tb := &t.table
	var zeros []float64 // of every column without a number, since nobody may modify them
	for _, c := range t.columns {
		c.pad(tb.rows)
		if c.values == nil {
			if zeros == nil {
				zeros = make([]float64, tb.rows)
			}
			c.values = zeros
		}
		col := Column{Metric: c.metric, Values: c.values}
		if c.missing {
			scored := true
			for i, cause := range c.causes {
				if cause == absent {
					c.causes[i] = Null
				}
				scored = scored && cause == Scored
			}
			if !scored {
				col.Causes = c.causes
			}
		}
		tb.columns = append(tb.columns, col)
	}
	slices.SortFunc(tb.columns, func(a, b Column) int { return strings.Compare(a.Metric, b.Metric) })
}

// finishIDs brings the rows into order by their ids, and drops the ids where not every row has one: half a pairing would be
// read as a whole one.
func (t *build) finishIDs(s *sorter) error {
	tb := &t.table
	tb.derived = t.explain == 0
	if t.derived+t.explain > 0 {
		if err := tb.sort(s); err != nil {
			return err
		}
	}
	if t.derived+t.explain < tb.rows {
		tb.ids, tb.order, tb.trials, tb.repeats, tb.derived = arena{}, nil, nil, false, false
	}
	return nil
}
