package codec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// Read reads files as shards of one run. Rows that cannot be parsed are a [RowsError], a sample that stands twice is a
// [score.DuplicateError], and everything else that makes the files unusable is an [Error]: no rows, no usable score, a
// column that options name and that is not there, a row that names no model. A score that is missing is none of these.
func Read(ctx context.Context, files []File, o Options) (*Scores, error) {
	if len(files) == 0 {
		return nil, errors.New("no files of scores; set input results to files that exist")
	}
	files = planned(ctx, files)
	st := newReadState(ctx)
	out := &Scores{}
	var done, total int64
	for i := range files {
		total += files[i].Size
	}
	for i := range files {
		f, fo := &files[i], o
		if o.Progress != nil {
			fo.Progress = func(read, _ int64) { o.Progress(done+read, total) }
		}
		if i%manyFiles == 0 {
			readTails(files[i:])
		}
		format, err := st.readFile(f, &fo)
		f.release()
		if err != nil {
			return nil, err
		}
		done += f.Size
		if i == 0 {
			out.Format = format
		}
	}
	if st.broken.Total > 0 {
		return nil, &st.broken
	}
	tables, err := st.builder.Build()
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return nil, &Error{File: files[0].Name, Msg: "no row holds a score", Fix: "set input metrics to the columns that hold scores"}
	}
	if tables, err = nameModel(tables, o.ModelID, o.Unnamed); err != nil {
		return nil, err
	}
	out.Flat = !st.long
	out.Log, out.Warnings = st.told(), st.warned()
	if err := out.decide(tables, st, &o); err != nil {
		return nil, err
	}
	return out, nil
}

// readFile reads one file into the builder and returns its format.
func (st *readState) readFile(f *File, o *Options) (string, error) {
	read := int64(0)
	c, err := f.open(o, func(n int) {
		if read += int64(n); o.Progress != nil && n > 0 {
			o.Progress(min(read, f.Size), f.Size)
		}
	})
	if err != nil {
		return "", err
	}
	defer c.close()
	broken := st.broken.Total
	a := newAssembler(f, o, st)
	switch c.format {
	case formatParquet:
		err = readParquet(st.ctx, f, a, o)
	default:
		c.r = &cancelable{ctx: st.ctx, r: c.r}
		err = c.read(a)
	}
	if err != nil {
		return "", err
	}
	if st.broken.Total > broken {
		return "", nil // what follows from missing rows is not worth telling
	}
	format, err := a.finish(c.format)
	return format, err
}

// read reads text.
func (c *content) read(a *assembler) error {
	switch c.format {
	case formatJSONL:
		return readJSONLines(c.r, a)
	case formatJSON:
		return readJSON(c.r, a)
	}
	return readCSV(c.r, a, c.comma)
}

// finish checks what only the whole file can tell, and says what was taken for what.
func (a *assembler) finish(format string) (string, error) {
	if a.rows == 0 {
		return "", &Error{File: a.file.Name, Msg: "no rows", Fix: "did the evaluation write any?"}
	}
	if err := a.checkColumns(true); err != nil {
		err.File = a.file.Name
		return "", err
	}
	for _, m := range a.metrics {
		for _, i := range m.slots {
			if a.slots[i].seen && a.st.sources[m.name] == "" {
				a.st.sources[m.name] = a.slots[i].name
			}
		}
	}
	maps.Copy(a.st.named, a.names)
	a.st.columns = append(a.st.columns, a.columns()...)
	for i := range a.slots {
		if s := &a.slots[i]; s.role == roleNone && len(a.o.Metrics) == 0 && slices.Contains(sampleColumns, strings.ToLower(s.name)) {
			a.st.described[s.name] = true
		}
	}
	reader := format
	if a.isHandbook() {
		a.st.handbook = true
		format = "handbook"
	}
	a.describe(reader)
	return format, nil
}

// isHandbook reports whether the file has the columns that the LLM Engineer's Handbook writes.
func (a *assembler) isHandbook() bool {
	has := func(names ...string) bool {
		for _, n := range names {
			if _, ok := a.byName[n]; !ok {
				return false
			}
		}
		return true
	}
	nested := has("evaluation.accuracy.score") || has("evaluation.style.score")
	return nested || has("instruction", "answers") && (has("accuracy", "style") || has("evaluation"))
}

// nameModel gives every table a model: the one given, where the results name none or one, else unnamed where they name none.
func nameModel(tables []*score.Table, model, unnamed string) ([]*score.Table, error) {
	var models []string
	for _, t := range tables {
		if m := t.Key().Model; len(models) == 0 || models[len(models)-1] != m {
			models = append(models, m)
		}
	}
	file, row := tables[0].Source(0)
	switch {
	case model != "" && len(models) > 1:
		if models[0] == "" {
			models[0] = `""`
		}
		return nil, &Error{File: file, Msg: fmt.Sprintf("%d models in the results (%s), where input model names one", len(models), list(models)),
			Fix: "leave input model empty, or give the results of one model"}
	case model != "":
		out := make([]*score.Table, len(tables))
		for i, t := range tables {
			out[i] = t.WithModel(model)
		}
		return out, nil
	case models[0] != "":
		return tables, nil
	case len(models) == 1 && unnamed != "":
		return nameModel(tables, unnamed, "")
	case len(models) == 1:
		return nil, &Error{File: file, Msg: "no column names the model", Fix: "set input model, or input model-column to the column that does"}
	}
	return nil, &Error{File: file, Row: row, Msg: "the row names no model, as others do", Fix: "name it, or set input model-column to another column"}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// cancelable ends a stream when its context ends.
type cancelable struct {
	ctx context.Context
	r   interface{ Read([]byte) (int, error) }
}

func (c *cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
