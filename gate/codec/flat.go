package codec

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate/score"
)

// FlatOptions say what WriteFlat keeps of the tables that it is given.
type FlatOptions struct {
	// Model keeps only the rows of one model; empty for all rows. Rows of a file without a model column, or read with
	// Options.ModelID, belong to every model.
	Model string

	// Text keeps texts. Without it a text column stays only where it is an id, model, task, group, trial or metric name,
	// or has few and short values; of JSON text and of structs stay the numbers.
	Text bool

	// SampleID puts a column sample_id first, with the ids that were derived from input texts, and a column trial after it,
	// so that samples pair even where the texts are not kept. Explicit ids need it not.
	SampleID bool

	Metadata map[string]string // more key-value metadata of the file
}

// Bounds of a text column that is an enumeration and no text.
const (
	maxEnumeration = 64 // values
	maxEnumerated  = 64 // bytes of a value
)

// WriteFlat writes the tables that some files hold as one Parquet file, as they are: the files' own columns in their own
// order, one after the other, and null where a file lacks a column. Parquet files of one schema keep it. In other files a
// column is boolean, int64, double or text by all its values: whole numbers and others make double, numbers and text make
// text, and objects and lists are kept as JSON text. NaN and infinities stay what they are. It returns the number of rows.
//
// What it writes reads back, through Read with the same options, as the tables that the files read as. Files in which
// [Scores].Flat is false are refused. Equal files give equal bytes.
func WriteFlat(ctx context.Context, w io.Writer, files []File, o Options, sel FlatOptions) (int64, error) {
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
		if !isParquet(&files[i]) {
			return nil, nil
		}
		p, err := openParquet(&files[i])
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

// isParquet reports whether a file begins as a Parquet file does.
func isParquet(f *File) bool {
	var head [4]byte
	return f.Size >= 12 && readAt(f, head[:], 0) == nil && string(head[:]) == "PAR1"
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
	if name == "" {
		return false
	}
	for _, k := range []role{roleID, roleModel, roleTask, roleGroup, roleTrial, roleMetricName} {
		if r.column(k) == name {
			return true
		}
	}
	return false
}

// An enumeration counts the values of a text column, for as long as they are few and short.
type enumeration struct {
	values map[string]bool
	json   bool // some value looks like a JSON object
	broken bool
}

func (e *enumeration) add(b []byte) {
	e.json = e.json || len(b) > 0 && b[0] == '{'
	if e.broken || e.values[string(b)] {
		return
	}
	if len(b) > maxEnumerated || len(e.values) == maxEnumeration {
		e.broken, e.values = true, nil
		return
	}
	if e.values == nil {
		e.values = map[string]bool{}
	}
	e.values[strings.Clone(string(b))] = true
}

// A flatColumn is a column of the file that is written, with what all its values have in common.
type flatColumn struct {
	name    string
	node    *pqNode
	role    bool // it stays even without texts
	exact   bool // an id or the like, whose spelling matters
	kinds   [missing + 1]bool
	real    bool // some number is not whole
	big     bool // some whole number is beyond what a float64 holds exactly
	huge    bool // some whole number does not fit into 64 bits
	odd     bool // some number is spelt in a way that a number would not keep
	numeric bool // some text is a number
	enum    enumeration
}

// observe widens the column to hold one more value.
func (c *flatColumn) observe(v cell) {
	c.kinds[v.kind] = true
	switch v.kind {
	case number:
		c.observeNumber(v)
	case text:
		_, cause := parseNumber(v.text)
		c.numeric = c.numeric || cause == score.Scored
		c.enum.add(v.text)
	case jsonValue:
		c.enum.broken = true
	}
}

func (c *flatColumn) observeNumber(v cell) {
	if !whole(v) {
		c.real = true
		return
	}
	if v.text == nil {
		return
	}
	n, err := strconv.ParseInt(string(v.text), 10, 64)
	switch {
	case err != nil:
		c.huge = true
	case n > exactInteger || n < -exactInteger:
		c.big = true
	}
	c.odd = c.odd || err == nil && strconv.FormatInt(n, 10) != string(v.text)
}

// whole reports whether a number is a whole one, by its spelling where there is one: 1.0 is not.
func whole(v cell) bool {
	if v.text != nil {
		return isInteger(v.text)
	}
	return v.num == math.Trunc(v.num) && math.Abs(v.num) <= exactInteger
}

// settle gives the column its type.
func (c *flatColumn) settle() {
	switch {
	case c.kinds[text] || c.kinds[jsonValue] || c.huge || c.big && c.real || c.odd || c.exact && c.real:
		c.node = stringColumn(c.name)
	case c.kinds[number] && (c.real || c.kinds[boolean] && !c.exact):
		c.node = doubleColumn(c.name)
	case c.kinds[number] && c.kinds[boolean]:
		c.node = stringColumn(c.name)
	case c.kinds[number]:
		c.node = intColumn(c.name)
	case c.kinds[boolean]:
		c.node = boolColumn(c.name)
	default:
		c.node = stringColumn(c.name) // null throughout
	}
}

// stays reports whether the column is written where texts are not kept, and whether only its numbers are.
func (c *flatColumn) stays() (stays, stripped bool) {
	switch {
	case c.role || c.node.physical != physBytes:
		return true, false
	case c.kinds[jsonValue] || c.enum.broken && c.enum.json:
		return true, true
	}
	return !c.enum.broken, false
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

// write writes one value of the column.
func (c *flatColumn) write(out *pqRows, at int, v cell, strip bool) {
	if v.kind == absent || v.kind == null {
		return
	}
	switch c.node.physical {
	case physBoolean:
		out.bool(at, v.num != 0)
	case physDouble:
		out.double(at, v.num)
	case physInt64:
		n := int64(v.num)
		if v.text != nil {
			n, _ = strconv.ParseInt(string(v.text), 10, 64) // it was tried when the column was given its type
		}
		out.integer(at, n)
	default:
		b := (*assembler)(nil).plain(v)
		switch _, stripped := c.stays(); {
		case strip && stripped:
			if b = numbersOf(b); b == nil {
				return
			}
		case v.kind == boolean && c.kinds[text]: // so that it stays the score that it is
			b = strconv.AppendInt(nil, int64(v.num), 10)
		case v.kind == number && v.text != nil && !c.exact:
			b = v.text
		}
		out.set(at, parquet.ByteArrayValue(bytes.Clone(b)))
	}
}

// numbersOf returns a JSON value without its texts: of objects the members that are numbers, booleans, null, or objects
// that have some. It is nil where nothing is left, or where the text is not a JSON object.
func numbersOf(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	var members []struct {
		key   string
		value []byte
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		var raw json.RawMessage
		if err != nil || !ok || d.Decode(&raw) != nil {
			return nil
		}
		if raw = numbersIn(raw); raw != nil {
			members = append(members, struct {
				key   string
				value []byte
			}{name, raw})
		}
	}
	if len(members) == 0 {
		return nil
	}
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(m.key) // a string that was decoded
		out = append(append(append(out, key...), ':'), m.value...)
	}
	return append(out, '}')
}

func numbersIn(raw json.RawMessage) []byte {
	switch raw[0] {
	case '{':
		return numbersOf(raw)
	case '[':
		return nil
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil
		}
		if _, cause := parseNumber([]byte(s)); cause != score.Scored {
			return nil
		}
	}
	return raw
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
