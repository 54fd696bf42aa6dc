package codec

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hubgate/hubgate/gate/score"
)

// A kind says what a cell holds.
type kind uint8

const (
	absent    kind = iota // the row does not have this column
	null                  // it has it, and it is null or an empty cell
	boolean               // num is 0 or 1
	number                // num; NaN and infinities are allowed
	text                  // text, decoded
	jsonValue             // text is a raw JSON object or array
	missing               // a score that was recorded as missing; num is its score.Cause, text the cause's name
)

// A cell is one value of one row. Its text belongs to the reader and must stay as it is until the row ends.
type cell struct {
	kind kind
	num  float64
	text []byte // of a text or jsonValue; of a number as the file spells it, or nil
}

// maxFileColumns bounds the columns of a file: data beyond it is keyed by something that is no column, such as an id.
const maxFileColumns = 10_000

// maxLabels is how many names of models, tasks and groups are kept so that rows can share them.
const maxLabels = 10_000

// maxBroken is how many broken rows are counted before reading gives up.
const maxBroken = 10_000

// readState is what the files of one Read share.
type readState struct {
	ctx       context.Context
	builder   score.Builder
	broken    RowsError
	notes     map[string][]note // by metric: the first scores that are no numbers
	sources   map[string]string // by metric: the column it was taken from first
	named     map[string]bool   // metrics met in long form
	columns   []string          // of all files
	described map[string]bool   // columns that describe the sample, by their names, and are not taken for metrics
	handbook  bool              // some file is a results dataset of the LLM Engineer's Handbook
	long      bool              // some row holds one score
	wide      bool              // some row holds all scores of a sample
	rows      int
	read      []description
	log       []string // what else there is to say of files, whose names the lines begin with
	noID      noID
	unlike    []disagreement
}

func newReadState(ctx context.Context) *readState {
	return &readState{ctx: ctx, notes: map[string][]note{}, sources: map[string]string{}, named: map[string]bool{}, described: map[string]bool{}}
}

// A note remembers what stood where a score was expected.
type note struct {
	file  string
	row   int
	cause score.Cause
	found string

	inside string // of an object: the path to the first number in it; empty when there is none
}

// noted reports whether a metric has its notes of scores that are missing by a cause.
func (st *readState) noted(metric string, cause score.Cause) bool {
	n := 0
	for i := range st.notes[metric] {
		if st.notes[metric][i].cause == cause {
			n++
		}
	}
	return n >= maxShown
}

// A slot is one column of a file, or one path inside a column.
type slot struct {
	name  string // as in the file; dotted for a path inside a column
	role  role
	need  need
	rank  int // among the columns that could play the same role: lower is better
	row   int // generation of the row that cell belongs to
	cell  cell
	seen  bool  // some row had it
	prose bool  // by its name it holds what people read of a sample
	deep  bool  // values are looked into for paths below name
	trail trail // through the values that are looked into
}

// A need says how much of a column's values matter, so that readers can skip the rest.
type need uint8

const (
	needNothing need = iota // do not read it at all
	needScalar              // numbers; of text only whether it is a number, so that long text may come as anything that is none
	needText                // text, decoded whole
	needValue               // decoded text, and raw objects and arrays
)

// An assembler makes samples of the cells of one file's rows and hands them on. A reader maps each column to a slot once
// (by declare where it knows all columns before the first row, else by slot), sets cells, and ends the row. Columns that
// turn up after the first row cannot take a role away from one that has it.
type assembler struct {
	file    *File
	o       *Options
	st      *readState
	slots   []slot
	byName  map[string]int
	roles   [roles]int      // the slot that plays each role, or -1
	metrics []metricColumn  // in order of appearance
	inside  map[string]bool // proper prefixes of the paths that options name
	gen     int             // number of the row being filled; cells of other rows are absent
	rows    int
	locked  bool            // the first row has ended, and roles that are taken stay
	names   map[string]bool // metric names met in long form
	scores  []score.Value
	labels  map[string]string // texts of models, tasks and groups met so far
	key     score.Key
	group   string
	hex     [32]byte
	path    []byte // of the value being looked into
	scratch []byte // texts decoded while looking into values
	noID    int    // rows without an id though a column for ids, or input texts, is there
	noIDRow int    // the first of them
	noIDs   bool   // ids are not read
	rowErr  *Error // what makes the current row unusable

	yield func(row int, fields []field) error // takes whole rows of JSON in place of the builder; may be nil
}

// A metricColumn is one metric and the slots it may be read from: the first that the row has counts.
type metricColumn struct {
	name  string
	slots []int
}

func newAssembler(file *File, o *Options, st *readState) *assembler {
	a := &assembler{
		file: file, o: o, st: st, gen: 1,
		byName: map[string]int{}, names: map[string]bool{},
		inside: prefixes(o), labels: map[string]string{},
	}
	for r := range a.roles {
		a.roles[r] = -1
	}
	st.builder.File(file.Name)
	return a
}

// prefixes returns the columns and paths that must be looked into to reach what the options name.
func prefixes(o *Options) map[string]bool {
	out := map[string]bool{}
	add := func(path string) {
		for i := range len(path) {
			if path[i] == '.' {
				out[path[:i]] = true
			}
		}
	}
	for _, m := range o.Metrics {
		add(m.Path)
	}
	for _, p := range []string{o.ID, o.Model, o.Task, o.Group, o.Trial} {
		add(p)
	}
	return out
}

// declare takes the columns of a file that knows them before its first row: names of a header, or dotted paths of
// leaves. It returns a slot per column, -1 for those that nobody needs. A column that an option names and that is not
// there is an [Error] without a row.
func (a *assembler) declare(columns []string) ([]int, error) {
	for _, c := range columns {
		if _, err := a.column(c); err != nil {
			return nil, err
		}
	}
	a.lock()
	if err := a.checkColumns(false); err != nil {
		return nil, err
	}
	a.leaveIDs()
	out := make([]int, len(columns))
	for i, c := range columns {
		out[i] = a.byName[c]
		if a.slots[out[i]].need == needNothing {
			out[i] = -1
		}
	}
	return out, nil
}

// leaveIDs leaves ids unread where options do without.
func (a *assembler) leaveIDs() {
	if !a.o.NoIDs || a.roles[roleTrial] >= 0 {
		return
	}
	for _, r := range []role{roleID, roleInput} {
		if i := a.roles[r]; i >= 0 && !a.slots[i].deep {
			a.slots[i].need = needNothing
			a.noIDs = true
		}
	}
}

// slot returns the slot of a column of a format that meets its columns as it goes. It is -1 beyond maxFileColumns, after
// which the row is broken.
func (a *assembler) slot(column []byte) int {
	if i, ok := a.byName[string(column)]; ok {
		return i
	}
	i, err := a.column(string(column))
	if err != nil {
		a.refuse(err)
		return -1
	}
	return i
}

// column makes the slot of a new column, or path inside a column.
func (a *assembler) column(name string) (int, *Error) {
	if i, ok := a.byName[name]; ok {
		return i, nil
	}
	if len(a.slots) >= maxFileColumns {
		return -1, &Error{File: a.file.Name, Msg: fmt.Sprintf("more than %d columns", maxFileColumns),
			Fix: "write one row per sample, with the same columns in every row"}
	}
	if !utf8.ValidString(name) {
		return -1, &Error{File: a.file.Name, Msg: "the name of column " + quote([]byte(name)) + " is not UTF-8", Fix: saveUTF8}
	}
	i := len(a.slots)
	s := slot{name: strings.Clone(name)}
	s.role, s.rank = a.classify(s.name)
	s.prose = isProse(s.name)
	s.deep = a.inside[s.name] || a.discovers(s.name)
	a.slots = append(a.slots, s)
	a.byName[s.name] = i
	a.take(i)
	return i, nil
}

// take gives a new slot its role, unless another column plays it better.
func (a *assembler) take(i int) {
	s := &a.slots[i]
	switch s.role {
	case roleNone:
	case roleScore:
		a.addMetric(i)
	default:
		held := a.roles[s.role]
		if held >= 0 && (a.locked || a.slots[held].rank <= s.rank) {
			s.role = roleNone
			break
		}
		if held >= 0 {
			a.slots[held].role = roleNone
			a.setNeed(held)
		}
		a.roles[s.role] = i
		if s.role == roleID {
			if in := a.roles[roleInput]; in >= 0 {
				a.setNeed(in)
			}
		}
	}
	a.setNeed(i)
}

// setNeed says how much of the slot's values is needed. An input text beside an id is needed when options ask for it, and
// until the first row ends, since nothing tells before that whether there will be an id.
func (a *assembler) setNeed(i int) {
	s := &a.slots[i]
	switch {
	case s.deep:
		s.need = needValue
	case s.role == roleInput && a.roles[roleID] >= 0 && !a.o.Inputs:
		s.need = needNothing
	case s.role == roleInput:
		s.need = needValue
	case s.role == roleScore:
		s.need = needScalar
	case s.role == roleNone:
		s.need = needNothing
	default:
		s.need = needText
	}
}

// lock ends the search for columns that play roles.
func (a *assembler) lock() { a.locked = true }

// set gives the current row its value in a slot. What it refuses makes the row broken when it ends.
func (a *assembler) set(i int, c cell) {
	if i < 0 {
		return
	}
	a.put(i, c)
	if a.slots[i].deep {
		a.look(i, c)
	}
}

// put is set without a look inside.
func (a *assembler) put(i int, c cell) {
	s := &a.slots[i]
	s.cell, s.row, s.seen = c, a.gen, true
}

// mark gives the current row a value in a slot that nobody needs.
func (a *assembler) mark(i int) {
	s := &a.slots[i]
	s.cell.kind, s.row, s.seen = absent, a.gen, true
}

// has reports whether the current row already has a value in a slot.
func (a *assembler) has(i int) bool { return a.slots[i].row == a.gen }

func (a *assembler) get(i int) cell {
	if i < 0 || a.slots[i].row != a.gen {
		return cell{}
	}
	return a.slots[i].cell
}

// refuse makes the current row a broken one.
func (a *assembler) refuse(e *Error) {
	if a.rowErr == nil {
		a.rowErr = e
	}
}

// drop forgets the cells of the current row.
func (a *assembler) drop() {
	a.gen++
	a.rowErr = nil
	a.scratch = a.scratch[:0]
}

// broken counts a row that cannot be parsed and forgets its cells. It returns an error when it is time to give up.
func (a *assembler) broken(row int, column, msg, fix string) error {
	return a.brokenRow(&Error{File: a.file.Name, Row: row, Column: column, Msg: msg, Fix: fix})
}

func (a *assembler) brokenRow(e *Error) error {
	a.drop()
	b := &a.st.broken
	b.Total++
	if len(b.First) < maxShown {
		b.First = append(b.First, e)
	}
	if b.Total >= maxBroken {
		b.Stopped = true
		return b
	}
	return nil
}

// end makes a sample of the current row's cells and hands it on. An error means that nothing more can be read.
func (a *assembler) end(row int) error {
	if !a.locked {
		a.lock()
	}
	s, err := a.sample(row)
	name, value, long := a.longForm()
	if err == nil && long && !utf8.Valid(name) {
		err = a.notUTF8(roleMetricName, name)
	}
	if err != nil {
		err.File, err.Row = a.file.Name, row
		return a.brokenRow(err)
	}
	a.rows++
	a.st.rows++
	defer a.drop()
	if long {
		return a.addLong(s, name, value)
	}
	a.st.wide = true
	s.Scores = a.values(row)
	if err := a.st.builder.Add(s); err != nil {
		return &Error{File: a.file.Name, Row: row, Msg: err.Error()}
	}
	return nil
}
