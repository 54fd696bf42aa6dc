package codec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A field is a column of one row.
type field struct {
	name string
	cell cell
}

// errEnough ends a pass over a file whose remaining rows nobody wants.
var errEnough = errors.New("enough rows")

// records yields every row of a text file: its columns in the order of the file, nested values as raw JSON. Rows are
// numbered as in [Place]. Names and texts are valid until yield returns. Rows that cannot be parsed are an error.
func records(ctx context.Context, f *File, o *Options, yield func(format string, row int, fields []field) error) error {
	c, err := f.open(o, func(int) {})
	if err != nil {
		return err
	}
	defer c.close()
	c.r = &cancelable{ctx: ctx, r: c.r}
	each := func(row int, fields []field) error { return yield(c.format, row, fields) }
	switch c.format {
	case formatCSV, formatTSV:
		return csvRecords(c, f.Name, each)
	case formatParquet:
		return fmt.Errorf("%s: a Parquet file is not read by records", f.Name)
	}
	st := newReadState(ctx)
	a := newAssembler(f, o, st)
	a.yield = each
	if err := c.read(a); err != nil {
		return err
	}
	if st.broken.Total > 0 {
		return &st.broken
	}
	return nil
}

// csvRecords yields the rows of delimited text.
func csvRecords(c *content, file string, yield func(int, []field) error) error {
	s := &csvScanner{w: newWindow(c.r), comma: c.comma, next: 1}
	place := func(err error, row int) error {
		return (&assembler{file: &File{Name: file}}).streamError(err, row)
	}
	header, err := s.header()
	if err != nil {
		return place(err, 1)
	}
	fields := make([]field, len(header))
	var texts []byte
	for {
		ok, err := s.record()
		if err != nil {
			return place(err, s.next)
		}
		if !ok {
			return nil
		}
		if msg, fix := s.fault(len(header)); msg != "" {
			return &RowsError{First: []*Error{{File: file, Row: s.row, Msg: msg, Fix: fix}}, Total: 1}
		}
		texts = texts[:0]
		for k := range header {
			fields[k].name = header[k]
			fields[k].cell, texts = s.cell(k, texts)
		}
		if err := yield(s.row, fields); err != nil {
			return err
		}
	}
}

// Texts reads again what people want to read of a few samples. Places that are not there are left out of the answer.
func Texts(ctx context.Context, files []File, o Options, want []Place) (map[Place]Text, error) {
	files = planned(ctx, files)
	byFile := map[string][]int{}
	for _, p := range want {
		byFile[p.File] = append(byFile[p.File], p.Row)
	}
	out := map[Place]Text{}
	for i := range files {
		f := &files[i]
		rows := byFile[f.Name]
		if len(rows) == 0 {
			continue
		}
		slices.Sort(rows)
		texts, err := f.texts(ctx, &o, slices.Compact(rows))
		f.release()
		if err != nil {
			return nil, err
		}
		for row, t := range texts {
			out[Place{File: f.Name, Row: row}] = t
		}
	}
	return out, nil
}

func (f *File) texts(ctx context.Context, o *Options, rows []int) (map[int]Text, error) {
	if ok, err := isParquet(f); err != nil {
		return nil, err
	} else if ok {
		return parquetTexts(ctx, f, rows)
	}
	out := map[int]Text{}
	err := records(ctx, f, o, func(_ string, row int, fields []field) error {
		if _, ok := slices.BinarySearch(rows, row); ok {
			out[row] = textOf(fields)
		}
		if row >= rows[len(rows)-1] {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return out, nil
}

// textOf picks what people read out of a row.
func textOf(fields []field) Text {
	t := Text{
		Input:       pick(fields, roleColumns[roleInput]),
		Answer:      pick(fields, answerColumns),
		Explanation: pick(fields, explanationColumns),
	}
	if t.Explanation == "" {
		t.Explanation = analyses(fields)
	}
	return t
}

// pick returns the text of the first of some columns that the row has.
func pick(fields []field, names []string) string {
	for _, name := range names {
		for i := range fields {
			f := &fields[i]
			if !strings.EqualFold(f.name, name) || f.cell.kind == null || f.cell.kind == absent {
				continue
			}
			return string((*assembler)(nil).plain(f.cell))
		}
	}
	return ""
}

// analyses joins what the Handbook's judge wrote of each metric, a line each.
func analyses(fields []field) string {
	var lines []string
	for i := range fields {
		f := &fields[i]
		if f.name == "evaluation" {
			eachMember(f.cell.text, func(metric string, value []byte) {
				eachMember(value, func(key string, value []byte) {
					if key == "analysis" && len(value) > 1 && value[0] == '"' {
						lines = append(lines, metric+": "+string(unescape(nil, value[1:len(value)-1])))
					}
				})
			})
		}
	}
	return strings.Join(lines, "\n")
}

// eachMember calls f with the members of a JSON object: none where it is something else, and those before the break where
// it is broken.
func eachMember(b []byte, f func(key string, value []byte)) {
	s := scanner{b: bytes.TrimSpace(b), clean: true}
	if s.space() != '{' {
		return
	}
	s.i++
	for s.space() != '}' {
		var k, v token
		if !s.key(&k) {
			return
		}
		if s.space(); !s.value(&v, 1) {
			return
		}
		raw := v.raw
		if v.kind == text {
			raw = s.b[s.i-len(raw)-2 : s.i]
		}
		f(string(unescape(nil, k.raw)), raw)
		if s.space() == ',' {
			s.i++
		} else if s.space() != '}' {
			return
		}
	}
}
