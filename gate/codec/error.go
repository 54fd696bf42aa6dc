package codec

import (
	"fmt"
	"strings"
	"unicode"
)

// An Error is something in a scores file that cannot be read. It prints as file:row: what; mend.
type Error struct {
	File   string
	Row    int    // 1-based line in text formats and row in Parquet; 0 for the file as a whole
	Column string // may be empty
	Msg    string // what is wrong, what was found beside what was expected
	Fix    string // how to mend it; may be empty
}

// Error returns one line: place, what is wrong, how to mend it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Row > 0 {
		fmt.Fprintf(&b, ":%d", e.Row)
	}
	b.WriteString(": ")
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q: ", e.Column)
	}
	b.WriteString(e.Msg)
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return strings.Map(inert, b.String())
}

// failed names the file of which bytes could not be had.
func (f *File) failed(err error) error { return fmt.Errorf("%s: %w", f.Name, err) }

// maxShown is how many of many errors, or of many missing scores, are named.
const maxShown = 3

// inert keeps an error on one line, whatever the names in it hold.
func inert(r rune) rune {
	if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

// A RowsError reports rows that cannot be parsed: the first few, and how many there are.
type RowsError struct {
	First   []*Error // at most maxShown
	Total   int
	Stopped bool // there may be more than Total, since reading was given up
}

// Error returns the first error and the number of further ones, in one line.
func (e *RowsError) Error() string {
	rows := "rows"
	switch {
	case e.Total == 1:
		return e.First[0].Error()
	case e.Total == 2:
		rows = "row"
	}
	least := ""
	if e.Stopped {
		least = "at least "
	}
	return fmt.Sprintf("%s (and %s%d more broken %s)", e.First[0].Error(), least, e.Total-1, rows)
}
