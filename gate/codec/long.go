package codec

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/hubgate/hubgate/gate/score"
)

// formKey is the footer key by which our own tables are known when they are read again, formLong and formWide its values.
const (
	formKey  = "hubgate"
	formLong = "long"
	formWide = "wide"
)

// longColumns are the columns of the long form. All files of a dataset's config must have the same.
var longColumns = []string{"run_id", "model", "task", "sample_id", "trial", "group", "metric", "score", "cause"}

// WriteLong writes tables with one row per sample and metric: run_id, model, task, sample_id, trial, group, metric, score,
// cause. An empty text is null, a score that is missing is null and has its cause. Samples without ids have a null
// sample_id, and are told apart by their order within their metric.
//
// What it writes reads back, through Read, as tables with the same [score.SHA256]. Equal tables give equal bytes.
func WriteLong(w io.Writer, runID string, tables []*score.Table) error {
	schema := flatSchema()
	for _, name := range longColumns {
		schema.children = append(schema.children, stringColumn(name))
	}
	schema.children[4], schema.children[7] = intColumn("trial"), doubleColumn("score")
	pw, err := newPqWriter(w, schema, pqFormat{meta: map[string]string{formKey: formLong}})
	if err != nil {
		return err
	}
	rows := newPqRows(pw)
	for _, t := range tables {
		for _, c := range t.Columns() {
			for i := range t.Len() {
				rows.text(0, runID)
				writeSample(rows, 1, t, i)
				rows.text(6, c.Metric)
				if c.Scored(i) {
					rows.double(7, c.Values[i])
				} else if cause := c.Causes[i]; cause != score.Null {
					rows.text(8, cause.String())
				}
				if err := rows.end(); err != nil {
					return err
				}
			}
		}
	}
	return rows.close()
}

// writeSample writes model, task, sample_id, trial and group from column at.
func writeSample(rows *pqRows, at int, t *score.Table, i int) {
	rows.text(at, t.Key().Model)
	rows.text(at+1, t.Key().Task)
	rows.text(at+2, t.ID(i))
	rows.integer(at+3, int64(t.Trial(i)))
	rows.text(at+4, t.Group(i))
}

// wideColumns are the columns of the wide form beside its metrics.
var wideColumns = []string{"model", "task", "sample_id", "trial", "group", "input", "answer", "explanation", "cause"}

// textBatch is how many samples' texts are in memory at a time.
const textBatch = 1024

// A wideForm is kept in the footer of wide tables.
type wideForm struct {
	Form    string            `json:"form"`
	Metrics map[string]string `json:"metrics"` // the column of each
}

// metricSuffix marks the column of a metric whose name would be taken for something else.
const metricSuffix = " (metric)"

// WriteWide writes tables with one row per sample: model, task, sample_id, trial, group, then a column per metric, named
// like it, with " (metric)" behind a name that is no metric's by itself. Where scores are missing for another reason than
// being null, cause holds a JSON object of metrics and causes. With texts not nil, input, answer and explanation follow;
// texts is asked for some samples at a time, and null stands for what it does not know.
//
// What it writes reads back, through Read, as tables with the same [score.SHA256], save for metrics that are null
// throughout a table. Equal tables give equal bytes.
func WriteWide(w io.Writer, tables []*score.Table, texts func([]Place) (map[Place]Text, error)) error {
	out, err := newWide(w, tables, texts)
	if err != nil {
		return err
	}
	for _, t := range tables {
		for lo := 0; lo < t.Len(); lo += textBatch {
			if err := out.batch(t, lo, min(t.Len(), lo+textBatch)); err != nil {
				return err
			}
		}
	}
	return out.rows.close()
}

// wide writes the wide form.
type wide struct {
	rows    *pqRows
	metrics []string // sorted
	text    int      // the column of the input text
	cause   int      // -1 where no score needs one
	texts   func([]Place) (map[Place]Text, error)
}

func newWide(w io.Writer, tables []*score.Table, texts func([]Place) (map[Place]Text, error)) (*wide, error) {
	out := &wide{texts: texts, cause: -1}
	caused := false
	for _, t := range tables {
		for _, c := range t.Columns() {
			out.metrics = append(out.metrics, c.Metric)
			caused = caused || slices.ContainsFunc(c.Causes, func(c score.Cause) bool { return c > score.Null })
		}
	}
	slices.Sort(out.metrics)
	out.metrics = slices.Compact(out.metrics)
	form := wideForm{Form: formWide, Metrics: wideMetrics(out.metrics)}
	schema := flatSchema()
	for _, name := range wideColumns[:5] {
		schema.children = append(schema.children, stringColumn(name))
	}
	schema.children[3] = intColumn("trial")
	for _, m := range out.metrics {
		schema.children = append(schema.children, doubleColumn(form.Metrics[m]))
	}
	f := pqFormat{plain: map[*pqNode]bool{}}
	out.text = len(schema.children)
	if texts != nil {
		for _, name := range wideColumns[5:8] {
			n := stringColumn(name)
			schema.children = append(schema.children, n)
			f.plain[n] = true
		}
	}
	if caused {
		out.cause = len(schema.children)
		schema.children = append(schema.children, stringColumn("cause"))
	}
	meta, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("naming the metrics: %w", err)
	}
	f.meta = map[string]string{formKey: string(meta)}
	pw, err := newPqWriter(w, schema, f)
	if err != nil {
		return nil, err
	}
	out.rows = newPqRows(pw)
	return out, nil
}

// wideMetrics returns the columns of metrics, by metric: called alike, save where that name is no metric's by itself.
func wideMetrics(metrics []string) map[string]string {
	names := newAssembler(&File{}, &Options{}, newReadState(context.Background()))
	out := make(map[string]string, len(metrics))
	for _, m := range metrics {
		out[m] = m
		if r, _ := names.classify(m); r != roleScore || slices.Contains(wideColumns, m) || metricName(m) != m {
			out[m] += metricSuffix
		}
	}
	return out
}

// batch writes some rows of a table, and their texts.
func (w *wide) batch(t *score.Table, lo, hi int) error {
	var known map[Place]Text
	if w.texts != nil {
		places := make([]Place, 0, hi-lo)
		for i := lo; i < hi; i++ {
			places = append(places, placeOf(t, i))
		}
		var err error
		if known, err = w.texts(places); err != nil {
			return err
		}
	}
	for i := lo; i < hi; i++ {
		writeSample(w.rows, 0, t, i)
		causes := map[string]string{}
		for _, c := range t.Columns() {
			if c.Scored(i) {
				k, _ := slices.BinarySearch(w.metrics, c.Metric)
				w.rows.double(5+k, c.Values[i])
			} else if c.Causes[i] != score.Null {
				causes[c.Metric] = c.Causes[i].String()
			}
		}
		if len(causes) > 0 {
			b, err := json.Marshal(causes)
			if err != nil {
				return fmt.Errorf("naming causes: %w", err)
			}
			w.rows.text(w.cause, string(b))
		}
		if w.texts != nil {
			text := known[placeOf(t, i)]
			w.rows.text(w.text, text.Input)
			w.rows.text(w.text+1, text.Answer)
			w.rows.text(w.text+2, text.Explanation)
		}
		if err := w.rows.end(); err != nil {
			return err
		}
	}
	if w.texts == nil {
		return nil
	}
	return w.rows.flush() // the texts are about to be forgotten
}

func placeOf(t *score.Table, i int) Place {
	file, row := t.Source(i)
	return Place{File: file, Row: row}
}

// parseWide reads what the footer of a wide table says of its metrics.
func parseWide(mark string) (form wideForm, ok bool) {
	err := json.Unmarshal([]byte(mark), &form)
	return form, err == nil && form.Form == formWide
}

// own finds out whether a file is one of ours, and takes the column of causes out of its columns.
func (r *parquetRows) own(p *pqFile, leaves []*pqNode, names []string, d *decompressor) ([]*pqNode, []string, error) {
	switch mark := p.meta[formKey]; {
	case mark == "":
		return leaves, names, nil
	case mark == formLong:
		r.long, r.form = true, map[string]string{"score": "score"}
	default:
		form, ok := parseWide(mark)
		if !ok {
			return leaves, names, nil // a later version's: read it as anyone's table
		}
		r.form = make(map[string]string, len(form.Metrics))
		for metric, column := range form.Metrics {
			r.form[column] = metric
			r.a.names[metric] = true
		}
	}
	i := slices.Index(names, "cause")
	if i < 0 {
		return leaves, names, nil
	}
	if leaves[i].logical != logString {
		return nil, nil, &Error{File: p.file.Name, Column: "cause", Msg: "is not text", Fix: "leave the table as it was written"}
	}
	r.causes = newColumn(p, leaves[i], d)
	return slices.Delete(leaves, i, i+1), slices.Delete(names, i, i+1), nil
}

// setOwn sets the cells of a row of ours. A score that is null was recorded with its cause, or the sample has none.
func (r *parquetRows) setOwn() {
	var cause cell
	if r.causes != nil {
		cause = r.causes.cell()
	}
	for i, c := range r.columns {
		v := c.cell()
		if metric := r.metrics[i]; metric != "" && v.kind == null {
			if v = r.missing(metric, cause.text); v.kind == null && !r.long {
				continue // the sample's table need not have the metric at all
			}
		}
		r.a.set(r.slots[i], v)
	}
}

// missing returns the cell of a score that is null.
func (r *parquetRows) missing(metric string, cause []byte) cell {
	if cause == nil {
		return cell{kind: null}
	}
	name := string(cause)
	if !r.long {
		var causes map[string]string
		if json.Unmarshal(cause, &causes) != nil {
			return cell{kind: null}
		}
		name = causes[metric]
	}
	for _, c := range []score.Cause{score.Infinite, score.Text, score.OffScale, score.Failed} {
		if c.String() == name {
			return cell{kind: missing, num: float64(c), text: []byte(name)}
		}
	}
	return cell{kind: null}
}
