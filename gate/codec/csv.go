package codec

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// A csvScanner splits delimited text into records, as RFC 4180 says and encoding/csv does: fields in quotes may hold
// delimiters, newlines and doubled quotes; blank lines are skipped.
type csvScanner struct {
	w      *window
	comma  byte
	row    int      // line on which the current record starts
	next   int      // line after it
	fields [][]byte // raw, without the quotes around them
	quoted []bool   // whether the field holds doubled quotes
	msg    string   // what is wrong with the current record
}

// record reads the next record, whose fields stay valid until the following call. It returns false after the last.
// A record that is not well formed leaves msg set, and reading goes on behind its line.
func (c *csvScanner) record() (bool, error) {
	for {
		c.blank()
		used, status := c.scan(c.w.rest())
		switch {
		case status == csvShort && !c.w.eof:
			if err := c.w.fill(); err != nil {
				return false, err
			}
			continue
		case status == csvNone:
			return false, nil
		case status == csvShort:
			c.msg = "a quoted field does not end"
		}
		c.w.start += used
		return true, nil
	}
}

type csvStatus uint8

const (
	csvRecord csvStatus = iota
	csvShort            // the record goes on beyond the text
	csvNone             // there is no record left
)

// scan splits the record at the start of b, and returns how many bytes it takes with its line end.
func (c *csvScanner) scan(b []byte) (int, csvStatus) {
	c.fields, c.quoted, c.msg = c.fields[:0], c.quoted[:0], ""
	if len(b) == 0 || len(b) == 1 && b[0] == '\r' {
		if c.w.eof {
			return 0, csvNone
		}
		return 0, csvShort
	}
	c.row = c.next
	i := 0
	newline := -1 // the next one at i or later; looked for once per line, or short lines would cost whole buffers
	for {
		if i < len(b) && b[i] == '"' {
			end, doubled := quotedEnd(b, i+1)
			if end < 0 {
				return len(b), csvShort
			}
			c.fields, c.quoted = append(c.fields, b[i+1:end]), append(c.quoted, doubled)
			i = end + 1
		} else {
			if newline < i {
				newline = indexFrom(b, i, '\n')
			}
			end := c.plainEnd(b, i, newline)
			if end < 0 {
				return 0, csvShort
			}
			c.plain(b[i:end])
			i = end
		}
		switch {
		case i+1 >= len(b) && !c.w.eof: // a quote may be half of two, and a return half of a line end
			return 0, csvShort
		case i < len(b) && b[i] == c.comma:
			i++
		case i < len(b) && b[i] != '\n' && (b[i] != '\r' || i+1 < len(b) && b[i+1] != '\n'):
			rest, _, _ := bytes.Cut(b[i:min(len(b), i+maxQuoted)], []byte("\n"))
			c.msg = "text behind the end of a quoted field: " + quote(rest)
			return c.resume(b, i)
		default:
			c.next = c.row + bytes.Count(b[:i], []byte{'\n'}) + 1
			return i + lineEnd(b[i:]), csvRecord
		}
	}
}

// lineEnd returns the length of the line end at the start of b, which the end of the text is too.
func lineEnd(b []byte) int {
	if len(b) > 1 && b[0] == '\r' {
		return 2
	}
	return min(len(b), 1)
}

// blank passes over empty lines.
func (c *csvScanner) blank() {
	b := c.w.rest()
	i := 0
	for {
		switch {
		case i < len(b) && b[i] == '\n':
			i++
		case i+1 < len(b) && b[i] == '\r' && b[i+1] == '\n':
			i += 2
		default:
			c.w.start += i
			return
		}
		c.next++
	}
}

// plainEnd returns where a field without quotes ends that begins at i, in a line that ends at newline. It is −1 when it
// goes on beyond the text.
func (c *csvScanner) plainEnd(b []byte, i, newline int) int {
	end := newline
	if end < 0 {
		end = len(b)
	}
	if n := bytes.IndexByte(b[i:end], c.comma); n >= 0 {
		return i + n
	}
	if newline < 0 && !c.w.eof {
		return -1
	}
	if end > i && b[end-1] == '\r' {
		end--
	}
	return end
}

// plain takes a field without quotes.
func (c *csvScanner) plain(field []byte) {
	if bytes.IndexByte(field, '"') >= 0 {
		c.msg = "a quote inside a field that does not begin with one: " + quote(field)
	}
	c.fields, c.quoted = append(c.fields, field), append(c.quoted, false)
}

// resume skips what is left of a broken record's line.
func (c *csvScanner) resume(b []byte, i int) (int, csvStatus) {
	n := indexFrom(b, i, '\n')
	if n < 0 {
		if !c.w.eof {
			return 0, csvShort
		}
		n = len(b) - 1
	}
	c.next = c.row + bytes.Count(b[:i], []byte{'\n'}) + 1
	return n + 1, csvRecord
}

func indexFrom(b []byte, i int, c byte) int {
	n := bytes.IndexByte(b[i:], c)
	if n < 0 {
		return -1
	}
	return i + n
}

// quotedEnd returns where the quoted field whose text starts at i ends, −1 when it does not, and whether it holds doubled
// quotes.
func quotedEnd(b []byte, i int) (end int, doubled bool) {
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1, false
		}
		i += n
		if i+1 == len(b) || b[i+1] != '"' {
			return i, doubled
		}
		doubled = true
		i += 2
	}
}

// undouble appends a quoted field's text to dst.
func undouble(dst, field []byte) []byte {
	dst = slices.Grow(dst, len(field)+8)
	n, i := len(dst), 0
	out := dst[:cap(dst)]
	for {
		if n, i = copyUntil(out, n, field, i, quotes); i == len(field) {
			return out[:n]
		}
		out[n] = '"'
		n, i = n+1, i+2
	}
}

// readCSV reads delimited text with a header.
func readCSV(r io.Reader, a *assembler, comma byte) error {
	c := &csvScanner{w: newWindow(r), comma: comma, next: 1}
	header, err := c.header()
	if err != nil {
		return a.streamError(err, 1)
	}
	slots, err := a.declare(header)
	if err != nil {
		return a.streamError(err, c.row)
	}
	commented := strings.HasPrefix(header[0], "#")
	var texts []byte
	for {
		if a.rows == looked {
			a.spare(slots)
		}
		ok, err := c.record()
		if err != nil {
			return a.streamError(err, c.next)
		}
		if !ok {
			return nil
		}
		if commented && c.namesColumns() {
			return a.streamError(&Error{Msg: "the first line is a comment: " + quote([]byte(header[0])), Fix: "begin with the line that names the columns"}, 1)
		}
		commented = false
		if msg, fix := c.fault(len(header)); msg != "" {
			if err := a.broken(c.row, "", msg, fix); err != nil {
				return err
			}
			continue
		}
		texts = texts[:0]
		for k, i := range slots {
			if i < 0 {
				continue
			}
			var v cell
			v, texts = c.cell(k, texts)
			a.set(i, v)
		}
		if err := a.end(c.row); err != nil {
			return err
		}
	}
}

// fault says what makes the current record unusable.
func (c *csvScanner) fault(columns int) (msg, fix string) {
	switch {
	case c.msg != "":
		return c.msg, `put such a field in quotes, and write a quote inside it as ""`
	case len(c.fields) != columns:
		return fmt.Sprintf("%d fields where the header has %d", len(c.fields), columns),
			"put fields that hold the separator or a newline in quotes"
	}
	return "", ""
}

// cell returns a field as a cell. Text that had to be decoded is appended to texts.
func (c *csvScanner) cell(k int, texts []byte) (cell, []byte) {
	field := c.fields[k]
	if c.quoted[k] {
		start := len(texts)
		texts = undouble(texts, field)
		field = texts[start:len(texts):len(texts)]
	}
	switch len(field) {
	case 0:
		return cell{kind: null}, texts
	case 4:
		if s := string(field); s == "True" || s == "true" || s == "TRUE" {
			return cell{kind: boolean, num: 1, text: field}, texts
		}
	case 5:
		if s := string(field); s == "False" || s == "false" || s == "FALSE" {
			return cell{kind: boolean, text: field}, texts
		}
	}
	return cell{kind: text, text: field}, texts
}

// namesColumns reports whether the record could be a header: no field is empty, a number or a boolean.
func (c *csvScanner) namesColumns() bool {
	for k := range c.fields {
		v, _ := c.cell(k, nil)
		if _, cause := scoreOf(v); cause != score.Text {
			return false
		}
	}
	return true
}

// header reads the names of the columns.
func (c *csvScanner) header() ([]string, error) {
	ok, err := c.record()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &Error{Msg: "no header and no rows", Fix: "write a first line with the names of the columns"}
	}
	if strings.Contains(c.msg, `"\r`) || bytes.ContainsRune(bytes.Join(c.fields, nil), '\r') {
		return nil, &Error{Msg: "lines end with a carriage return alone", Fix: "save the file with Unix or Windows line ends"}
	}
	if c.msg != "" {
		return nil, &Error{Msg: "header: " + c.msg, Fix: `put such a name in quotes, and write a quote inside it as ""`}
	}
	var names []string
	for k, f := range c.fields {
		if c.quoted[k] {
			f = undouble(nil, f)
		}
		name := strings.TrimSpace(string(f))
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			return nil, &Error{Msg: fmt.Sprintf("the first line must name the columns, but holds %s", quote(bytes.Join(c.fields, []byte{c.comma}))),
				Fix: "write a first line with a name for each column"}
		}
		if slices.Contains(names, name) && name != "" {
			return nil, &Error{Msg: "two columns are called " + quote([]byte(name)), Fix: "rename or remove one"}
		}
		names = append(names, name)
	}
	if len(names) == 1 && strings.ContainsAny(names[0], "|,;\t") {
		return nil, &Error{Msg: "one column " + quote([]byte(names[0])), Fix: "part columns by comma, semicolon or tab"}
	}
	if len(names) == 1 && len(names[0]) == 0 {
		return nil, &Error{Msg: "the header is empty", Fix: "write a first line with a name for each column"}
	}
	return names, nil
}
