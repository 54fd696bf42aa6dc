package codec

import (
	"slices"
	"unicode/utf8"
	"unsafe"

	"github.com/hubgate/hubgate/gate/score"
)

// A parquetBatch hands rows on by column. It does what the assembler does for rows that have an id, perhaps a model and a
// task, and metrics in columns of their own, which is most files; a test holds the two against each other.
type parquetBatch struct {
	a       *assembler
	id      *column
	model   labels
	task    labels
	metrics [][]batchMetric // of each, the columns that it may be read from: the first counts
	slots   []int
	other   score.BatchScores
	keys    map[[2]int32]int32 // of labels of model and task
	batch   score.Batch
}

// labels numbers the texts of a column that has few different ones. Number 0 is the empty one.
type labels struct {
	column *column
	names  []string
	number map[string]int32
	coded  []int32 // by index into the dictionary
	dict   int     // the generation of the dictionary that coded is of
	rows   []int32
	seen   int     // how many of names were looked at
	bad    []int32 // those of them that are not UTF-8; a dictionary may hold some that no row has
}

// A batchMetric is the column of one metric.
type batchMetric struct {
	column *column
	slot   int
	values []float64 // by index into the dictionary
	causes []score.Cause
	dict   int
}

// newParquetBatch returns nil where the rows are not of the simple kind.
func newParquetBatch(r *parquetRows) *parquetBatch {
	a := r.a
	if r.form != nil || !a.simple() {
		return nil
	}
	b := &parquetBatch{a: a, slots: r.slots, keys: map[[2]int32]int32{}}
	bySlot := map[int]*column{}
	for i, c := range r.columns {
		s := &a.slots[r.slots[i]]
		bySlot[r.slots[i]] = c
		if s.deep && !c.leaf.number() || c.leaf.logical == logJSON {
			return nil
		}
		switch s.role {
		case roleID:
			b.id = c
		case roleModel:
			b.model.column = c
		case roleTask:
			b.task.column = c
		case roleScore:
		default:
			return nil
		}
	}
	for k := range a.metrics {
		var places []batchMetric
		for _, i := range a.metrics[k].slots {
			if c := bySlot[i]; c != nil {
				places = append(places, batchMetric{column: c, slot: i, dict: -1})
			}
		}
		if len(places) == 0 {
			continue // no column of its own is left of it: JSON text that is not looked into any more
		}
		if places[0].slot != a.metrics[k].slots[0] {
			return nil
		}
		b.metrics = append(b.metrics, places)
		b.batch.Scores = append(b.batch.Scores, score.BatchScores{Metric: a.metrics[k].name})
	}
	if b.id == nil && !a.noIDs {
		return nil
	}
	b.model.reset()
	b.task.reset()
	return b
}

// simple reports whether samples have an id or need none, and neither trials nor groups, nor rows that hold one score each.
func (a *assembler) simple() bool {
	ids := a.noIDs || a.roles[roleID] >= 0 && !a.o.Inputs
	return ids && a.roles[roleTrial] < 0 && a.roles[roleGroup] < 0 && a.roles[roleMetricName] < 0
}

// number reports whether a leaf's values are numbers or booleans.
func (n *pqNode) number() bool {
	return n.logical == logDecimal || n.logical == logFloat16 || n.logical == logNull || n.wordy()
}

func (l *labels) reset() {
	l.names, l.number, l.dict = []string{""}, map[string]int32{"": 0}, -1
}

// read hands on the next n rows, of which the first has the number first, and which left others follow.
func (b *parquetBatch) read(n, first int, left int64) error {
	b.a.rows += n
	b.a.st.rows += n
	b.a.st.wide = true
	for _, i := range b.slots {
		b.a.slots[i].seen = true
	}
	b.batch.First, b.batch.Left = first, int(left)
	b.readIDs(n)
	b.model.read(b.a, n)
	b.task.read(b.a, n)
	if err := b.checkUTF8(first); err != nil {
		return err
	}
	b.readKeys(n)
	for k, places := range b.metrics {
		out := &b.batch.Scores[k]
		places[0].read(b.a, out, n, first)
		for i := 1; i < len(places); i++ {
			places[i].read(nil, &b.other, n, first)
			for row := range n {
				if out.Causes[row] != b.other.Causes[row] || out.Values[row] != b.other.Values[row] {
					b.a.disagree(out.Metric, places[0].slot, places[i].slot, first+row)
				}
			}
		}
	}
	if err := b.a.st.builder.AddBatch(&b.batch); err != nil {
		return &Error{File: b.a.file.Name, Row: first, Msg: err.Error()}
	}
	return nil
}

// readIDs reads the ids of the next n samples, which share the memory of the page.
func (b *parquetBatch) readIDs(n int) {
	c := b.id
	b.batch.IDs = b.batch.IDs[:0]
	if c == nil {
		b.batch.IDs = append(b.batch.IDs, make([]string, n)...)
		return
	}
	direct := c.leaf.physical == physBytes && c.leaf.logical != logDecimal
	for i := range n {
		var id []byte
		if direct && c.coded {
			if k := c.coding(); k >= 0 {
				id = c.dictBytes[k]
			}
		} else if v := c.cell(); v.kind == text {
			id = v.text
		} else if v.kind != null {
			id = b.a.plain(v)
		}
		if len(id) == 0 {
			if b.a.noID++; b.a.noID == 1 {
				b.a.noIDRow = b.batch.First + i
			}
		}
		b.batch.IDs = append(b.batch.IDs, unsafe.String(unsafe.SliceData(id), len(id)))
	}
}

// read numbers the labels of the next n samples.
func (l *labels) read(a *assembler, n int) {
	c := l.column
	if c == nil {
		return
	}
	l.rows = l.rows[:0]
	for range n {
		if !c.coded {
			l.rows = append(l.rows, l.of(a, c.cell()))
			continue
		}
		if l.dict != c.dictGen {
			l.dict, l.coded = c.dictGen, l.coded[:0]
			for _, v := range c.codedCells() {
				l.coded = append(l.coded, l.of(a, v))
			}
		}
		if i := c.coding(); i >= 0 {
			l.rows = append(l.rows, l.coded[i])
		} else {
			l.rows = append(l.rows, 0)
		}
	}
}

func (l *labels) of(a *assembler, v cell) int32 {
	if v.kind == null {
		return 0
	}
	name := a.plain(v)
	i, ok := l.number[string(name)]
	if !ok {
		i = int32(len(l.names)) //nolint:gosec // at most one per row
		l.names = append(l.names, string(name))
		l.number[l.names[i]] = i
	}
	return i
}

// checkUTF8 refuses ids and labels that are not UTF-8, as the assembler does.
func (b *parquetBatch) checkUTF8(first int) error {
	refused := func(r role, i int, found string) error {
		err := b.a.notUTF8(r, []byte(found))
		err.File, err.Row = b.a.file.Name, first+i
		return err
	}
	for i, id := range b.batch.IDs {
		if !utf8.ValidString(id) {
			return refused(roleID, i, id)
		}
	}
	for _, of := range []struct {
		role   role
		labels *labels
	}{{roleModel, &b.model}, {roleTask, &b.task}} {
		if i := of.labels.notUTF8(); i >= 0 {
			return refused(of.role, i, of.labels.names[of.labels.rows[i]])
		}
	}
	return nil
}

// notUTF8 returns the first of the rows whose label is not UTF-8, −1 for none.
func (l *labels) notUTF8() int {
	for ; l.seen < len(l.names); l.seen++ {
		if !utf8.ValidString(l.names[l.seen]) {
			l.bad = append(l.bad, int32(l.seen)) //nolint:gosec // at most one per row
		}
	}
	if len(l.bad) == 0 {
		return -1
	}
	return slices.IndexFunc(l.rows, func(label int32) bool { return slices.Contains(l.bad, label) })
}

// readKeys makes keys of the labels.
func (b *parquetBatch) readKeys(n int) {
	b.batch.Key = b.batch.Key[:0]
	if b.model.column != nil && b.task.column == nil {
		for label := len(b.batch.Keys); label < len(b.model.names); label++ { // so that a label is its key
			b.batch.Keys = append(b.batch.Keys, score.Key{Model: b.model.names[label]})
		}
		b.batch.Key = append(b.batch.Key, b.model.rows...)
		return
	}
	last, key := [2]int32{-1, -1}, int32(0)
	for i := range n {
		var at [2]int32
		if b.model.column != nil {
			at[0] = b.model.rows[i]
		}
		if b.task.column != nil {
			at[1] = b.task.rows[i]
		}
		if at != last {
			last = at
			key = b.key(at)
		}
		b.batch.Key = append(b.batch.Key, key)
	}
}

func (b *parquetBatch) key(at [2]int32) int32 {
	k, ok := b.keys[at]
	if !ok {
		k = int32(len(b.batch.Keys)) //nolint:gosec // at most one per row
		b.keys[at] = k
		b.batch.Keys = append(b.batch.Keys, score.Key{Model: b.model.names[at[0]], Task: b.task.names[at[1]]})
	}
	return k
}

// read reads the scores of the next n samples. Those that are no numbers are noted for a.
func (m *batchMetric) read(a *assembler, out *score.BatchScores, n, first int) {
	c := m.column
	out.Values, out.Causes = slices.Grow(out.Values[:0], n)[:n], slices.Grow(out.Causes[:0], n)[:n]
	if c.coded {
		m.look()
	}
	defer func() { c.numbers = c.numbers || c.guess && slices.Contains(out.Causes, score.Scored) }()
	for i := range n {
		if !c.coded {
			v := c.cell()
			num, cause := scoreOf(v)
			if a != nil {
				a.note(out.Metric, first+i, v, cause)
			}
			out.Values[i], out.Causes[i] = num, cause
			continue
		}
		k := c.coding()
		if k < 0 {
			out.Values[i], out.Causes[i] = 0, score.Null
			continue
		}
		out.Values[i], out.Causes[i] = m.values[k], m.causes[k]
		if m.causes[k] != score.Scored && a != nil {
			a.note(out.Metric, first+i, c.dictCells[k], m.causes[k])
		}
	}
}

// look finds out what the values of a new dictionary are as scores.
func (m *batchMetric) look() {
	if m.dict == m.column.dictGen {
		return
	}
	m.dict, m.values, m.causes = m.column.dictGen, m.values[:0], m.causes[:0]
	for _, v := range m.column.codedCells() {
		num, cause := scoreOf(v)
		m.values, m.causes = append(m.values, num), append(m.causes, cause)
	}
}
