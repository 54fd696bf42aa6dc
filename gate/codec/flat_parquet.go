package codec

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

// A copier copies Parquet files of one schema into one file, column by column.
type copier struct {
	sel    *FlatOptions
	roles  *flatRoles
	derive *deriver
	kept   []int // leaves of the input that are written
	strip  map[int]bool
	skip   int // derived columns before the first of kept
	out    *pqWriter
	rows   *pqRows // of the derived columns
	n      int64
}

// copyParquet copies files of one schema, which is kept but for columns that are not wanted.
func copyParquet(ctx context.Context, w io.Writer, files []*pqFile, o *Options, sel *FlatOptions) (int64, error) {
	first := files[0]
	_, names, err := first.scalars()
	if err != nil {
		return 0, err
	}
	c := &copier{sel: sel, roles: newFlatRoles(first.file, o, names), strip: map[int]bool{}}
	c.derive = newDeriver(c.roles, sel)
	f := pqFormat{plain: map[*pqNode]bool{}, meta: sel.Metadata, features: featuresOf(first)}
	keep, err := c.choose(ctx, files, &f)
	if err != nil {
		return 0, err
	}
	schema := flatSchema(c.derive.columns()...)
	c.skip = len(schema.children)
	for _, n := range first.root.children {
		whole := true
		if n = prune(n, keep, f.plain, &whole); n == nil {
			continue
		}
		if !whole {
			delete(f.features, n.name)
		}
		schema.children = append(schema.children, n)
	}
	delete(f.features, "sample_id") // it may be ours
	if c.out, err = newPqWriter(w, schema, f); err != nil {
		return 0, err
	}
	for i := range first.leaves {
		if keep[first.leaves[i]] {
			c.kept = append(c.kept, i)
		}
	}
	for _, p := range files {
		if err := c.file(ctx, p); err != nil {
			return c.n, err
		}
	}
	return c.n, c.out.close()
}

// featuresOf returns what the datasets library wrote of a file's columns.
func featuresOf(p *pqFile) map[string]json.RawMessage {
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(p.meta["huggingface"]), &meta) != nil { // absent, or not what we know
		return nil
	}
	return meta.Info.Features
}

// prune returns a copy of a node with the leaves that are kept, or nil.
func prune(n *pqNode, keep, plain map[*pqNode]bool, whole *bool) *pqNode {
	out := *n
	out.children = nil
	if n.leaf() {
		if !keep[n] {
			*whole = false
			return nil
		}
		plain[&out] = plain[n]
		return &out
	}
	for _, c := range n.children {
		if c = prune(c, keep, plain, whole); c != nil {
			out.children = append(out.children, c)
		}
	}
	if len(out.children) == 0 {
		return nil
	}
	return &out
}

// choose says which leaves are kept. Without texts it has to look into text columns, to tell names from prose.
func (c *copier) choose(ctx context.Context, files []*pqFile, f *pqFormat) (map[*pqNode]bool, error) {
	keep := map[*pqNode]bool{}
	for i, leaf := range files[0].leaves {
		name := strings.Join(leaf.path, ".")
		if c.derive.replaces(name) {
			continue
		}
		if leaf.physical != physBytes && leaf.physical != physFixed || leaf.logical == logDecimal || c.roles.keeps(name) {
			keep[leaf] = true
			continue
		}
		if leaf.rep > 0 || leaf.physical == physFixed {
			keep[leaf] = c.sel.Text
			f.plain[leaf] = true
			continue
		}
		enum := enumeration{broken: isProse(name)}
		for _, p := range files {
			err := enum.column(ctx, newColumn(p, p.leaves[i], &decompressor{}))
			p.file.release()
			if err != nil {
				return nil, err
			}
		}
		c.strip[i] = !c.sel.Text && !enum.is() && enum.json
		keep[leaf] = c.sel.Text || enum.is() || c.strip[i]
		f.plain[leaf] = enum.broken
	}
	return keep, nil
}

// column counts the values of a column, until it is known to be no enumeration.
func (e *enumeration) column(ctx context.Context, c *column) error {
	pl := plan{p: c.p, limit: 1} // one row group, since most text is no enumeration
	for g := range c.p.groups {
		if e.broken {
			return nil
		}
		if err := pl.open(g, []*column{c}); err != nil {
			return err
		}
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := c.available()
			if err != nil {
				return err
			}
			if n == 0 || e.broken {
				break
			}
			for range n {
				if v := c.cell(); v.kind != null {
					e.add(v.text)
				}
			}
		}
	}
	return nil
}

// file copies one file.
func (c *copier) file(ctx context.Context, p *pqFile) error {
	defer p.file.release()
	d := &decompressor{}
	columns := make([]*column, len(c.kept))
	for k, i := range c.kept {
		columns[k] = newColumn(p, p.leaves[i], d)
	}
	by, err := newRowChooser(p, c.derive, d)
	if err != nil {
		return err
	}
	if c.skip > 0 {
		c.rows = &pqRows{w: c.out, batch: make([][]pqValue, c.skip), part: true}
	}
	all := slices.Concat(columns, by.columns)
	pl := plan{p: p}
	for g, group := range p.groups {
		if err := pl.open(g, all); err != nil {
			return err
		}
		for left := group.rows; left > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := int(min(left, rowBatch))
			for _, col := range all {
				have, err := col.available()
				if err != nil {
					return err
				}
				if col.leaf.rep == 0 {
					n = min(n, have)
				}
			}
			if err := c.batch(by, columns, n); err != nil {
				return err
			}
			left -= int64(n)
		}
	}
	return nil
}

// batch copies the next n rows, which lie in one page of every column that does not repeat.
func (c *copier) batch(by *rowChooser, columns []*column, n int) error {
	chosen := make([]bool, n)
	count := 0
	for i := range chosen {
		get := by.next()
		if chosen[i] = c.derive.selects(get); !chosen[i] {
			continue
		}
		count++
		if c.rows != nil {
			c.derive.write(c.rows, get)
			if err := c.rows.end(); err != nil {
				return err
			}
		}
	}
	if c.rows != nil {
		if err := c.rows.flush(); err != nil {
			return err
		}
	}
	var values []pqValue
	for k, col := range columns {
		values = values[:0]
		at := c.skip + k
		var err error
		for i := range n {
			if values, err = col.row(values, c.strip[c.kept[k]]); err != nil {
				return err
			}
			if !chosen[i] {
				values = values[:lastRow(values)]
			}
		}
		c.out.write(at, values)
	}
	c.n += int64(count)
	return c.out.endRows(count)
}

// lastRow returns where the last row of some values begins.
func lastRow(values []pqValue) int {
	i := len(values) - 1
	for i > 0 && values[i].rep != 0 {
		i--
	}
	return i
}

// row appends the values of the next row. Of a column that repeats they may lie in several pages, and are copied.
func (c *column) row(values []pqValue, strip bool) ([]pqValue, error) {
	for first := true; ; first = false {
		n, err := c.available()
		if err != nil {
			return values, err
		}
		if n == 0 {
			if first {
				err = c.fail(errPage)
			}
			return values, err
		}
		rep, def := 0, c.leaf.def
		if c.leaf.rep > 0 {
			rep = int(c.reps[c.pos])
		}
		if first != (rep == 0) {
			if first {
				err = c.fail(errPage)
			}
			return values, err
		}
		if c.leaf.def > 0 {
			def = int(c.defs[c.pos])
		}
		c.pos++
		var v pqValue
		if def == c.leaf.def {
			v.word, v.bytes = c.raw()
			c.at++
			switch {
			case strip:
				if v.bytes = numbersOf(v.bytes); v.bytes == nil && c.leaf.repetition == pqOptional {
					def--
				}
			case c.leaf.rep > 0:
				v.bytes = bytes.Clone(v.bytes)
			}
		}
		v.rep, v.def = uint8(rep), uint8(def) //nolint:gosec // at most maxNesting
		values = append(values, v)
		if c.leaf.rep == 0 {
			return values, nil
		}
	}
}

// A rowChooser reads the columns by which rows are chosen and ids derived.
type rowChooser struct {
	names   []string
	columns []*column
	cells   []cell
}

func newRowChooser(p *pqFile, d *deriver, decomp *decompressor) (*rowChooser, error) {
	leaves, names, err := p.scalars()
	if err != nil {
		return nil, err
	}
	out := &rowChooser{}
	for i, name := range names {
		if d.want != "" && name == d.model || d.ids && (name == d.model || name == d.task || name == d.input) {
			out.names = append(out.names, name)
			out.columns = append(out.columns, newColumn(p, leaves[i], decomp))
		}
	}
	out.cells = make([]cell, len(out.columns))
	return out, nil
}

// next takes the next row.
func (r *rowChooser) next() func(name string) cell {
	for i, c := range r.columns {
		r.cells[i] = c.cell()
	}
	return func(name string) cell {
		for i, n := range r.names {
			if n == name {
				return r.cells[i]
			}
		}
		return cell{}
	}
}

// parquetRecords yields the rows of a file whose columns are to be merged with those of others. Structs come as dotted
// columns, and times as text; lists are refused, since they cannot be merged.
func parquetRecords(ctx context.Context, f *File, yield func(fields []field) error) error {
	p, err := openParquet(f)
	if err != nil {
		return err
	}
	var columns []*column
	var fields []field
	d := &decompressor{}
	for _, leaf := range p.leaves {
		name := strings.Join(leaf.path, ".")
		if leaf.rep > 0 || !leaf.scalar() && !leaf.instant() {
			return &Error{File: f.Name, Column: name, Msg: "cannot be merged with files of other columns",
				Fix: "give all files the same columns, or leave this one out"}
		}
		columns, fields = append(columns, newColumn(p, leaf, d)), append(fields, field{name: name})
	}
	row := 0
	pl := plan{p: p}
	for g, group := range p.groups {
		if err := pl.open(g, columns); err != nil {
			return err
		}
		for range group.rows {
			if row++; row%rowBatch == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			for i, c := range columns {
				if _, err := c.available(); err != nil {
					return err
				}
				fields[i].cell = c.cell()
			}
			if err := yield(fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// instant reports whether a leaf is a date or a time on the calendar.
func (n *pqNode) instant() bool {
	return n.logical == logDate && n.physical == physInt32 || n.logical == logTimestamp && n.physical == physInt64 && n.unit != ""
}

// instantText spells a date or time as ISO 8601 has it.
func (n *pqNode) instantText(v int64) string {
	if n.logical == logDate {
		return time.Unix(v*86400, 0).UTC().Format(time.DateOnly)
	}
	return n.time(v).Format(time.RFC3339Nano)
}
