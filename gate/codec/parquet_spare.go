package codec

import (
	"fmt"
	"slices"
)

// looked is for how many rows columns of text are looked into from which scores are not expected. Text is most of a file's bytes.
const looked = 1000

// guess reports whether a column of text holds scores only if its texts are numbers, which its name does not tell.
func (a *assembler) guess(i int, leaf *pqNode) bool {
	s := &a.slots[i]
	return s.role == roleScore && !s.deep && !leaf.number() && leaf.logical != logJSON && a.metricOf(s.name) == "" && !isScoreName(s.name)
}

// spare stops reading columns, once rows enough have been looked at: those of JSON text whose metrics have all turned out to stand
// in columns of their own, of which all that comes of the rest is how often the two disagree; and those of text that
// was no number so far. Columns that were expected to stop and do not are fetched too from a row group on.
func (r *parquetRows) spare(group int) {
	if r.row != looked || r.spared {
		return
	}
	r.spared = true
	var texts []string
	for i := 0; i < len(r.columns); i++ {
		c, s := r.columns[i], &r.a.slots[r.slots[i]]
		switch {
		case r.form != nil:
			continue
		case c.guess && !c.numbers:
			texts = append(texts, s.name)
		case s.deep && !c.leaf.number() && r.a.spares(s):
			r.a.st.log = append(r.a.st.log, fmt.Sprintf("%s: compared column %q with the scores beside it in the first %d rows only",
				r.a.file.Name, s.name, r.row))
		default:
			continue
		}
		r.columns = slices.Delete(r.columns, i, i+1)
		r.slots = slices.Delete(r.slots, i, i+1)
		r.metrics = slices.Delete(r.metrics, i, i+1)
		i--
	}
	if len(texts) > 0 {
		r.a.st.log = append(r.a.st.log, fmt.Sprintf("%s: text and no scores in the first %d rows, and not read further: %s",
			r.a.file.Name, r.row, list(texts)))
	}
	for _, c := range r.columns {
		if c.brief > 0 {
			c.brief, r.plan.next = 0, group
		}
	}
	r.all = r.columns
	if r.causes != nil {
		r.all = append(slices.Clone(r.columns), r.causes)
	}
	r.batch = newParquetBatch(r)
}
