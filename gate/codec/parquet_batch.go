package codec

import (
	"slices"
	"unsafe"

	"github.com/hubgate/hubgate/gate/score"
)

// A parquetBatch hands rows on by column. It does what the assembler does for rows that have an id, perhaps a model and a
// task, and one column per metric, which is most files; a test holds the two against each other.
type parquetBatch struct {
	a       *assembler
	id      *column
	model   labels
	task    labels
	metrics []batchMetric
	slots   []int
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
}

// A batchMetric is the column of one metric.
type batchMetric struct {
	column *column
	values []float64 // by index into the dictionary
	causes []score.Cause
	dict   int
}

// newParquetBatch returns nil where the rows are not of the simple kind.
func newParquetBatch(r *parquetRows) *parquetBatch {
	a := r.a
	if r.form != nil || a.o.Inputs || a.roles[roleID] < 0 || a.roles[roleTrial] >= 0 || a.roles[roleGroup] >= 0 || a.roles[roleMetricName] >= 0 {
		return nil
	}
	b := &parquetBatch{a: a, slots: r.slots, keys: map[[2]int32]int32{}}
	for i, c := range r.columns {
		s := &a.slots[r.slots[i]]
		if s.deep || c.leaf.logical == logJSON {
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
			b.metrics = append(b.metrics, batchMetric{column: c, dict: -1})
			name := a.metrics[len(b.metrics)-1].name
			if len(a.metrics[len(b.metrics)-1].slots) > 1 || a.metrics[len(b.metrics)-1].slots[0] != r.slots[i] {
				return nil
			}
			b.batch.Scores = append(b.batch.Scores, score.BatchScores{Metric: name})
		default:
			return nil
		}
	}
	if b.id == nil || len(b.metrics) != len(a.metrics) {
		return nil
	}
	b.model.reset()
	b.task.reset()
	return b
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
	b.readKeys(n)
	for k := range b.metrics {
		b.metrics[k].read(b.a, &b.batch.Scores[k], n, first)
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

// read reads the scores of the next n samples.
func (m *batchMetric) read(a *assembler, out *score.BatchScores, n, first int) {
	c := m.column
	out.Values, out.Causes = slices.Grow(out.Values[:0], n)[:n], slices.Grow(out.Causes[:0], n)[:n]
	if c.coded {
		m.look()
	}
	for i := range n {
		if !c.coded {
			v := c.cell()
			num, cause := scoreOf(v)
			a.note(out.Metric, first+i, v, cause)
			out.Values[i], out.Causes[i] = num, cause
			continue
		}
		k := c.coding()
		if k < 0 {
			out.Values[i], out.Causes[i] = 0, score.Null
			continue
		}
		out.Values[i], out.Causes[i] = m.values[k], m.causes[k]
		if m.causes[k] != score.Scored {
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
