package codec

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// parquetTexts returns the texts of some rows, which are numbered from 1. Of a file on disk only the headers are
// read of pages without one of them, of a remote one the row groups with one are.
func parquetTexts(ctx context.Context, f *File, rows []int) (map[int]Text, error) {
	p, err := openParquet(f)
	if err != nil {
		return nil, err
	}
	columns, shown, err := p.textColumns()
	if err != nil {
		return nil, err
	}
	byGroup := p.byGroup(slices.Compact(slices.Sorted(slices.Values(rows))))
	pl := plan{p: p, reads: func(group int) bool { return len(byGroup[group]) > 0 }}
	fields := make(map[int][]field, len(rows))
	for g := range p.groups {
		if !pl.reads(g) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := pl.open(g, columns); err != nil {
			return nil, err
		}
		for k, c := range columns {
			err := c.pick(byGroup[g], func(row int, v cell) {
				v.text = bytes.Clone(v.text)
				fields[row] = append(fields[row], field{shown[k], v})
			})
			if err != nil {
				return nil, err
			}
		}
	}
	out := make(map[int]Text, len(rows))
	for row, f := range fields {
		t := textOf(f)
		if t.Explanation == "" {
			t.Explanation = structAnalyses(f)
		}
		out[row] = t
	}
	return out, nil
}

// textColumns returns the columns that may hold what people read of a sample, and their names.
func (p *pqFile) textColumns() (columns []*column, shown []string, err error) {
	leaves, names, err := p.scalars()
	d := &decompressor{}
	for i, name := range names {
		if textual(name) {
			columns, shown = append(columns, newColumn(p, leaves[i], d)), append(shown, name)
		}
	}
	return columns, shown, err
}

// textual reports whether a column may hold what people read of a sample.
func textual(name string) bool {
	if metric := analysed(name); metric != "" || name == "evaluation" {
		return true
	}
	for _, known := range [][]string{roleColumns[roleInput], answerColumns, explanationColumns} {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			return true
		}
	}
	return false
}

// analysed returns the metric of which the Handbook's judge wrote in a column of a struct, or "".
func analysed(name string) string {
	metric, ok1 := strings.CutPrefix(name, "evaluation.")
	metric, ok2 := strings.CutSuffix(metric, ".analysis")
	if !ok1 || !ok2 {
		return ""
	}
	return metric
}

// structAnalyses joins what the Handbook's judge wrote of each metric, a line each.
func structAnalyses(fields []field) string {
	var lines []string
	for _, f := range fields {
		if metric := analysed(f.name); metric != "" && f.cell.kind == text {
			lines = append(lines, metric+": "+string(f.cell.text))
		}
	}
	return strings.Join(lines, "\n")
}

// byGroup returns the rows that stand in each row group, of some that are sorted and numbered from 1 over the file.
func (p *pqFile) byGroup(rows []int) [][]int {
	out := make([][]int, len(p.groups))
	from, _ := slices.BinarySearch(rows, 1)
	rows = rows[from:]
	for i, g := range p.groups {
		n, _ := slices.BinarySearch(rows, int(g.first+g.rows)+1)
		out[i], rows = rows[:n], rows[n:]
	}
	return out
}

// pick reads the values of some rows of the row group that is open. They are sorted, and numbered from 1 over the file.
func (c *column) pick(rows []int, yield func(row int, c cell)) error {
	group := &c.p.groups[c.group]
	for _, row := range rows {
		done := group.first + group.rows - c.left - int64(c.count-c.pos)
		if err := c.seek(int64(row) - 1 - done); err != nil {
			return err
		}
		yield(row, c.cell())
	}
	return nil
}

// seek passes over n values and leaves one available.
func (c *column) seek(n int64) error {
	if here := int64(c.count - c.pos); n < here || here > 0 && n == 0 {
		c.pass(int(n))
		return nil
	}
	n -= int64(c.count - c.pos)
	c.pass(c.count - c.pos)
	c.skip = n
	if _, err := c.available(); err != nil {
		return err
	}
	n, c.skip = c.skip, 0
	c.pass(int(n))
	return nil
}

// pass takes n values of the page without looking at them.
func (c *column) pass(n int) {
	if c.leaf.def == 0 {
		c.at += n
	} else {
		for _, d := range c.defs[c.pos : c.pos+n] {
			if int(d) == c.leaf.def {
				c.at++
			}
		}
	}
	c.pos += n
}
