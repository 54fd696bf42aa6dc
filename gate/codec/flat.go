package codec

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// FlatOptions say what WriteFlat keeps of the tables that it is given.
type FlatOptions struct {
	// Model keeps only the rows of one model; empty for all rows. Rows of a file without a model column, or read with
	// Options.ModelID, belong to every model.
	Model string

	// Text keeps texts. Without it input texts, answers and explanations go, whatever they are used for; another text column
	// stays only where it is an id, model, task, group, trial or metric name, or has few and short values that repeat; of
	// JSON text and of structs stay the numbers.
	Text bool

	// SampleID puts a column sample_id first, with the ids that were derived from input texts, and a column trial after it,
	// so that samples pair even where the texts are not kept. Explicit ids need it not.
	SampleID bool

	Metadata map[string]string // more key-value metadata of the file
}

// WriteFlat writes the tables that some files hold as one Parquet file, as they are: the files' own columns in their own
// order, one after the other, and null where a file lacks a column. Parquet files of one schema keep it. In other files a
// column is boolean, int64, double or text by all its values: whole numbers and others make double, numbers and text make
// text, and objects and lists are kept as JSON text. NaN and infinities stay what they are. It returns the number of rows.
//
// What it writes reads back, through Read with the same options, as the tables that the files read as; but where the scale
// of a metric was known by the columns of its file, and texts are not kept, Options.Scale has to tell it, and groups that
// are texts go with them. Files in which
// [Scores].Flat is false are not for it. Equal files give equal bytes.
func WriteFlat(ctx context.Context, w io.Writer, files []File, o Options, sel FlatOptions) (int64, error) {
	files = planned(ctx, files)
	opened, err := openAll(files)
	if err != nil {
		return 0, err
	}
	if opened != nil {
		return copyParquet(ctx, w, opened, &o, &sel)
	}
	t := &flatTable{o: &o, sel: &sel}
	for i := range files {
		if err := t.observe(ctx, &files[i]); err != nil {
			return 0, err
		}
	}
	return t.write(ctx, w, files)
}

// openAll opens files that are all Parquet of one schema. Else it returns nil.
func openAll(files []File) ([]*pqFile, error) {
	var out []*pqFile
	for i := range files {
		if i%manyFiles == 0 {
			readTails(files[i:])
		}
		if ok, err := isParquet(&files[i]); !ok || err != nil {
			return nil, err
		}
		p, err := openParquet(&files[i])
		files[i].release()
		if err != nil {
			return nil, err
		}
		if len(out) > 0 && !sameSchema(out[0].root, p.root) {
			return nil, nil
		}
		out = append(out, p)
	}
	return out, nil
}

// isParquet reports whether a file is a Parquet file by its magic bytes.
func isParquet(f *File) (bool, error) {
	if f.Size < minParquet {
		return false, nil
	}
	head, err := f.magic()
	if err != nil {
		return false, f.failed(err)
	}
	return string(head) == magicParquet, nil
}

// sameSchema reports whether columns have the same names, types and nesting.
func sameSchema(a, b *pqNode) bool {
	return a.name == b.name && a.repetition == b.repetition && a.physical == b.physical && a.length == b.length &&
		a.logical == b.logical && a.scale == b.scale && a.precision == b.precision && a.bits == b.bits && a.unsigned == b.unsigned &&
		a.unit == b.unit && a.utc == b.utc && slices.EqualFunc(a.children, b.children, sameSchema)
}

// A flatRoles says which columns play which role, by the rules that readers go by.
type flatRoles struct {
	a *assembler
}

func newFlatRoles(f *File, o *Options, names []string) *flatRoles {
	a := newAssembler(f, o, newReadState(context.Background()))
	for _, n := range names {
		_, _ = a.column(n) // too many columns are found when the file is read
	}
	return &flatRoles{a: a}
}

// column returns the name of the column that plays a role, or "".
func (r *flatRoles) column(role role) string {
	if i := r.a.roles[role]; i >= 0 {
		return r.a.slots[i].name
	}
	return ""
}

// keeps reports whether a column plays a role that has to stay, whatever it holds.
func (r *flatRoles) keeps(name string) bool {
	if name == "" || isProse(name) {
		return false
	}
	for _, k := range []role{roleID, roleModel, roleTask, roleGroup, roleTrial, roleMetricName} {
		if r.column(k) == name {
			return true
		}
	}
	return false
}

// A flatTable merges the rows of some files into one table.
type flatTable struct {
	o       *Options
	sel     *FlatOptions
	columns []*flatColumn
	byName  map[string]*flatColumn
	roles   *flatRoles
	derive  *deriver
}

// observe passes over a file to learn its columns.
func (t *flatTable) observe(ctx context.Context, f *File) error {
	if t.byName == nil {
		t.byName = map[string]*flatColumn{}
	}
	return eachRow(ctx, f, t.o, func(fields []field) error {
		for _, f := range fields {
			if f.cell.kind == absent {
				continue
			}
			c := t.byName[f.name]
			if c == nil {
				c = &flatColumn{name: strings.Clone(f.name)}
				t.byName[c.name] = c
				t.columns = append(t.columns, c)
			}
			c.observe(f.cell)
		}
		return nil
	})
}

// write makes the second pass.
func (t *flatTable) write(ctx context.Context, w io.Writer, files []File) (int64, error) {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	t.roles = newFlatRoles(&files[0], t.o, names)
	t.derive = newDeriver(t.roles, t.sel)
	out, places, err := t.schema(w)
	if err != nil {
		return 0, err
	}
	var n int64
	for i := range files {
		err := eachRow(ctx, &files[i], t.o, func(fields []field) error {
			get := func(name string) cell {
				if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 && name != "" {
					return fields[i].cell
				}
				return cell{}
			}
			if !t.derive.selects(get) {
				return nil
			}
			n++
			t.derive.write(out, get)
			for _, f := range fields {
				if at, ok := places[f.name]; ok {
					t.byName[f.name].write(out, at, f.cell, !t.sel.Text)
				}
			}
			return out.end()
		})
		if err != nil {
			return n, err
		}
	}
	return n, out.close()
}

// schema begins the file, and says which of its columns holds which column of the input.
func (t *flatTable) schema(w io.Writer) (*pqRows, map[string]int, error) {
	schema := flatSchema(t.derive.columns()...)
	f := pqFormat{plain: map[*pqNode]bool{}, meta: t.sel.Metadata}
	places := map[string]int{}
	for _, c := range t.columns {
		c.role = t.roles.keeps(c.name)
		c.exact = c.role && c.name != t.roles.column(roleTrial)
		c.enum.broken = c.enum.broken || isProse(c.name)
		c.settle()
		if stays, _ := c.stays(); !stays && !t.sel.Text || t.derive.replaces(c.name) {
			continue
		}
		places[c.name] = len(schema.children)
		schema.children = append(schema.children, c.node)
		f.plain[c.node] = c.enum.broken && !c.role
	}
	pw, err := newPqWriter(w, schema, f)
	if err != nil {
		return nil, nil, err
	}
	return newPqRows(pw), places, nil
}

// A deriver makes the columns that stand for input texts, and chooses rows by their model.
type deriver struct {
	model, task, input, trial string
	want                      string
	ids                       bool
	seen                      map[string]int
	texts                     *assembler
}

func newDeriver(r *flatRoles, sel *FlatOptions) *deriver {
	d := &deriver{
		model: r.column(roleModel), task: r.column(roleTask), input: r.column(roleInput), trial: r.column(roleTrial),
		want: sel.Model, ids: sel.SampleID && r.column(roleID) == "" && r.column(roleInput) != "", seen: map[string]int{}, texts: r.a,
	}
	if r.a.o.ModelID != "" {
		d.want = ""
	}
	return d
}

// selects reports whether a row is of the wanted model.
func (d *deriver) selects(get func(string) cell) bool {
	if d.want == "" || d.model == "" {
		return true
	}
	c := get(d.model)
	return c.kind != absent && c.kind != null && string(d.texts.plain(c)) == d.want
}

// replaces reports whether a column of the input makes way for a derived one.
func (d *deriver) replaces(name string) bool { return d.ids && name == d.trial && name != "" }

// columns returns the derived columns, which come first.
func (d *deriver) columns() []*pqNode {
	if !d.ids {
		return nil
	}
	return []*pqNode{stringColumn("sample_id"), intColumn("trial")}
}

// write writes the derived columns of a row. The same input again is the next trial.
func (d *deriver) write(out *pqRows, get func(string) cell) {
	if !d.ids {
		return
	}
	f := d.texts.fingerprint(get(d.input))
	if f == (score.Fingerprint{}) {
		return
	}
	id := hex.EncodeToString(f[:])
	key := string(d.texts.plain(get(d.model))) + "\x00" + string(d.texts.plain(get(d.task))) + "\x00" + id
	out.text(0, id)
	out.integer(1, int64(d.seen[key]))
	d.seen[key]++
}
