package codec

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// recordKeys are keys under which tools put a list of records when they write one object.
var recordKeys = []string{"results", "data", "rows", "samples", "records", "examples", "instances", "items"}

// A jsonDocument reads the records of one JSON text: a list of objects, or an object that holds one. Records are numbered
// from 1; errors name the line besides, since a list may stand on one line or on many.
type jsonDocument struct {
	w     *window
	rows  jsonRows
	row   int // records read
	line  int // on which the text that is not consumed begins
	lists int // of records
	keys  []string
}

// readJSON reads a file that is one JSON text.
func readJSON(r io.Reader, a *assembler) error {
	d := &jsonDocument{w: newWindow(r), rows: jsonRows{a: a, yield: a.yield}, line: 1}
	if err := d.read(); err != nil {
		return a.streamError(err, d.row+1)
	}
	return nil
}

func (d *jsonDocument) read() error {
	c, err := d.next()
	if err != nil {
		return err
	}
	d.w.start++
	ok := false
	switch c {
	case '[':
		d.lists++
		ok, err = d.records()
	case '{':
		ok, err = d.wrapped()
	default:
		d.w.start--
		return d.broken("not JSON: begins with " + quote(d.w.rest()[:min(20, len(d.w.rest()))]))
	}
	if !ok || err != nil {
		return err
	}
	if _, err = d.next(); err != nil {
		return err
	}
	if d.w.start < d.w.end { // a NUL too is text
		return d.broken("not JSON: more text behind its end")
	}
	if d.lists == 0 {
		return &Error{File: d.rows.a.file.Name, Msg: "a JSON object without a list of records" + d.found(),
			Fix: "write a list of objects, or one object per line"}
	}
	return nil
}

// found lists the keys of the object.
func (d *jsonDocument) found() string {
	if len(d.keys) == 0 {
		return ""
	}
	return " (found keys: " + list(d.keys) + ")"
}

// broken counts the record that is being read as broken. Nothing behind it can be read.
func (d *jsonDocument) broken(msg string) error {
	return d.rows.a.broken(d.row+1, "", fmt.Sprintf("%s at line %d", msg, d.line), "write it with a JSON library")
}

// next skips white space and returns the next byte, which is not consumed, or 0 at the end.
func (d *jsonDocument) next() (byte, error) {
	for {
		for d.w.start < d.w.end {
			switch c := d.w.buf[d.w.start]; c {
			case '\n':
				d.line++
				d.w.start++
			case ' ', '\t', '\r':
				d.w.start++
			default:
				return c, nil
			}
		}
		if d.w.eof {
			return 0, nil
		}
		if err := d.w.fill(); err != nil {
			return 0, err
		}
	}
}

// scan has f read something off the text, again with more of it until it is whole in memory.
func (d *jsonDocument) scan(f func(*scanner) bool) (bool, error) {
	s := &d.rows.s
	for {
		*s = scanner{b: d.w.rest()}
		ok := f(s)
		if (s.short || ok && s.i == len(s.b)) && !d.w.eof { // a number may go on where the text ends
			d.rows.a.drop()
			if err := d.w.fill(); err != nil {
				return false, err
			}
			continue
		}
		d.line += bytes.Count(s.b[:min(s.i, len(s.b))], []byte{'\n'})
		if !ok {
			if s.short {
				return false, d.rows.a.broken(d.row+1, "", "not JSON: unexpected end of file", "was the file cut short?")
			}
			return false, d.broken("not JSON: " + s.msg)
		}
		d.w.start += s.i
		return true, nil
	}
}

// records reads a list whose bracket is consumed. It returns false when the text is broken.
func (d *jsonDocument) records() (bool, error) {
	c, err := d.next()
	if err != nil {
		return false, err
	}
	if c == ']' {
		d.w.start++
		return true, nil
	}
	for {
		if ok, err := d.record(c); !ok || err != nil {
			return false, err
		}
		d.row++
		if c, err = d.next(); err != nil {
			return false, err
		}
		switch c {
		case ',':
			d.w.start++
			if c, err = d.next(); err != nil {
				return false, err
			}
		case ']':
			d.w.start++
			return true, nil
		case 0:
			return false, d.rows.a.broken(d.row+1, "", "not JSON: unexpected end of file", "was the file cut short?")
		default:
			return false, d.broken(fmt.Sprintf("not JSON: unexpected %q where \",\" or \"]\" was expected", c))
		}
	}
}

// record reads one element of the list, which begins with c.
func (d *jsonDocument) record(c byte) (bool, error) {
	if c != '{' {
		var t token
		if ok, err := d.scan(func(s *scanner) bool { return s.value(&t, 1) }); !ok || err != nil {
			return false, err
		}
		err := d.rows.a.broken(d.row+1, "", "not a JSON object: "+quote(t.raw), "write a list of objects, with a key per column")
		return err == nil, err
	}
	if ok, err := d.scan(func(*scanner) bool { return d.rows.object() }); !ok || err != nil {
		return false, err
	}
	err := d.rows.end(d.row + 1)
	return err == nil, err
}

// wrapped reads an object whose brace is consumed, and the list of records in it.
func (d *jsonDocument) wrapped() (bool, error) {
	c, err := d.next()
	if err != nil {
		return false, err
	}
	if c == '}' {
		d.w.start++
		return true, nil
	}
	for {
		if ok, err := d.member(); !ok || err != nil {
			return false, err
		}
		if c, err = d.next(); err != nil {
			return false, err
		}
		d.w.start++
		switch c {
		case ',':
		case '}':
			return true, nil
		case 0:
			d.w.start--
			return false, d.rows.a.broken(d.row+1, "", "not JSON: unexpected end of file", "was the file cut short?")
		default:
			return false, d.broken(fmt.Sprintf("not JSON: unexpected %q where \",\" or \"}\" was expected", c))
		}
	}
}

// member reads one key and its value.
func (d *jsonDocument) member() (bool, error) {
	var key string
	ok, err := d.scan(func(s *scanner) bool {
		var t token
		ok := s.key(&t)
		key = string(t.raw)
		return ok
	})
	if !ok || err != nil {
		return false, err
	}
	c, err := d.next()
	if err != nil {
		return false, err
	}
	if len(d.keys) < maxFileColumns {
		d.keys = append(d.keys, key)
	}
	if c == '[' && slices.Contains(recordKeys, key) {
		if d.lists++; d.lists > 1 {
			return false, &Error{File: d.rows.a.file.Name, Msg: "a JSON object with two lists of records" + d.found(),
				Fix: "write one of them to a file of its own"}
		}
		d.w.start++
		return d.records()
	}
	var t token
	return d.scan(func(s *scanner) bool { return s.value(&t, 1) })
}
