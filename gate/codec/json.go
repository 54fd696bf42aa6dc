package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// jsonRows reads JSON objects as rows.
type jsonRows struct {
	a     *assembler
	s     scanner
	keys  []knownKey // those of the last row, by position: rows mostly have the same keys in the same order
	texts []byte     // texts of the current row that had to be decoded

	yield  func(row int, fields []field) error // takes whole rows in place of the assembler; may be nil
	fields []field
}

// A knownKey is a key as it was spelled: from its quote to its value.
type knownKey struct {
	spelled []byte
	slot    int
}

// readJSONLines reads a file with one JSON object per line.
func readJSONLines(r io.Reader, a *assembler) error {
	w, rows := newWindow(r), &jsonRows{a: a, yield: a.yield}
	for row := 1; ; row++ {
		line, clean, ok, err := w.line()
		if err != nil {
			return a.streamError(err, row)
		}
		if !ok {
			return nil
		}
		if len(line) == 0 || len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := rows.line(line, clean, row); err != nil {
			return err
		}
	}
}

// streamError places an error that does not know yet where it is.
func (a *assembler) streamError(err error, row int) error {
	var e *Error
	if !errors.As(err, &e) {
		return a.file.failed(err)
	}
	if e.File != "" {
		return e
	}
	placed := *e
	placed.File, placed.Row = a.file.Name, row
	return &placed
}

// line reads one row, and counts it as broken when it is not exactly one object.
func (j *jsonRows) line(line []byte, clean bool, row int) error {
	j.s = scanner{b: line, clean: clean}
	if c := j.s.space(); c != '{' {
		if c != 0 && !j.isValue() {
			return j.malformed(row, "")
		}
		return j.a.broken(row, "", "not a JSON object: "+quote(line), "write one object per line, with a key per column")
	}
	if !j.object() {
		return j.malformed(row, "")
	}
	if j.s.space(); j.s.i < len(line) {
		j.s.unexpected("the end of the line")
		return j.malformed(row, "")
	}
	return j.end(row)
}

// end hands the row on.
func (j *jsonRows) end(row int) error {
	if j.yield == nil {
		return j.a.end(row)
	}
	if err := j.a.rowErr; err != nil {
		return j.a.broken(row, err.Column, err.Msg, err.Fix)
	}
	j.a.drop()
	return j.yield(row, j.fields)
}

// isValue reports whether the text is one JSON value.
func (j *jsonRows) isValue() bool {
	var t token
	if !j.s.value(&t, 0) {
		return false
	}
	if j.s.space(); j.s.i < len(j.s.b) {
		return j.s.unexpected("the end of the line")
	}
	return true
}

// malformed counts a row that is not JSON.
func (j *jsonRows) malformed(row int, where string) error {
	switch {
	case where == "" && string(bytes.TrimSpace(j.s.b)) == "{":
		return j.a.broken(row, "", "an object over several lines", "write one object per line, with a key per column")
	case j.s.short:
		return j.a.broken(row, "", "not a JSON object: unexpected end of line", "was the file cut short?")
	}
	if where == "" {
		where = fmt.Sprintf(" at byte %d of the line", j.s.i+1)
	}
	return j.a.broken(row, "", "not JSON: "+j.s.msg+where, "write it with a JSON library")
}

// object reads the object at the scanner into the assembler's row.
func (j *jsonRows) object() bool {
	s := &j.s
	s.i++
	j.texts, j.fields = j.texts[:0], j.fields[:0]
	if s.space() == '}' {
		s.i++
		return true
	}
	var t token
	for n := 0; ; n++ {
		slot, ok := j.key(n)
		if !ok {
			return false
		}
		if slot >= 0 && j.a.has(slot) {
			j.a.refuse(&Error{Msg: fmt.Sprintf("key %q stands twice in the object", j.a.slots[slot].name),
				Fix: "keep one of the two"})
		}
		if deep := slot >= 0 && j.a.slots[slot].deep && j.yield == nil; !deep || s.space() != '"' || !j.a.lookEscaped(slot, s) {
			if !s.value(&t, 1) {
				return false
			}
			if slot >= 0 {
				j.set(slot, &t)
			}
		}
		switch s.space() {
		case ',':
			s.i++
		case '}':
			s.i++
			return true
		default:
			return s.unexpected(`"," or "}"`)
		}
	}
}

// key reads the n-th key of the row and returns its slot.
func (j *jsonRows) key(n int) (int, bool) {
	s := &j.s
	s.space()
	if n < len(j.keys) && bytes.HasPrefix(s.b[s.i:], j.keys[n].spelled) {
		s.i += len(j.keys[n].spelled)
		return j.keys[n].slot, true
	}
	start := s.i
	var t token
	if !s.key(&t) {
		return -1, false
	}
	name := t.raw
	if t.escaped {
		name = unescape(nil, t.raw)
	}
	i := j.a.slot(name)
	if n == len(j.keys) {
		j.keys = append(j.keys, knownKey{})
	}
	if n < len(j.keys) {
		s.space()
		j.keys[n] = knownKey{spelled: append(j.keys[n].spelled[:0], s.b[start:s.i]...), slot: i}
	}
	return i, true
}

// set hands a value on, as far as it is needed.
func (j *jsonRows) set(i int, t *token) {
	s := &j.a.slots[i]
	switch {
	case j.yield != nil:
		f := field{name: s.name}
		j.texts = f.cell.of(t, needValue, j.texts)
		j.fields = append(j.fields, f)
		j.a.mark(i)
	case s.need == needNothing:
		j.a.mark(i)
	default:
		j.texts = s.cell.of(t, s.need, j.texts)
		s.row, s.seen = j.a.gen, true
		if s.deep {
			j.a.look(i, s.cell)
		}
	}
}
