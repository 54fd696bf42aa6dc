package report

import (
	"fmt"
	"slices"
	"strings"
)

// A document is a Markdown page as a tree of blocks, so that it can be made shorter without being broken.
type document struct {
	blocks []block
	whole  string // what has all that is left out
}

// A block is one part of a document. It writes itself with a line end and no blank line around it.
type block interface{ write(b *strings.Builder) }

// A marker is an HTML comment, invisible to people. It does not end with a blank line, since what follows may not need one.
type marker string

func (m marker) write(b *strings.Builder) { b.WriteString(string(m) + "\n") }

// A paragraph is one line of inline Markdown.
type paragraph string

func (p paragraph) write(b *strings.Builder) { b.WriteString(string(p) + "\n") }

// An alert is a GitHub alert: a bold title, then one line, or a list where there are several.
type alert struct {
	kind  string // TIP, NOTE, IMPORTANT, WARNING, CAUTION
	title string
	lines []string
}

func (a *alert) write(b *strings.Builder) {
	b.WriteString("> [!" + a.kind + "]\n> **" + a.title + "**\n")
	if len(a.lines) == 1 {
		b.WriteString("> " + a.lines[0] + "\n")
		return
	}
	for _, l := range a.lines {
		b.WriteString("> - " + l + "\n")
	}
}

// A list is a list of lines of inline Markdown. Those that begin with nested are below the last that does not.
type list []string

const nested = "\x00"

func (l list) write(b *strings.Builder) {
	for _, item := range l {
		if below, ok := strings.CutPrefix(item, nested); ok {
			b.WriteString("  ")
			item = below
		}
		b.WriteString("- " + item + "\n")
	}
}

// A rank says which rows are left out first when a page is too long.
type rank uint8

const (
	passing  rank = iota // says that all is well
	sample               // shows a sample
	warning              // warns, or is undecided
	failing              // fails: left out only when nothing else is left, and then counted
	counting             // stands for other rows: never left out
)

// A row is one row of a table. Its cells are inline Markdown; a missing last cell is empty.
type row struct {
	rank  rank
	cells []string
}

// A table is a GFM table. Alignment has a letter per column: l, c or r.
type table struct {
	head      []string
	alignment string
	rows      []row
	left      [counting]int // how many rows were left out, by rank
	whole     string        // what has those
	brief     func() *table // the same in less space; nil when there is no such form
}

func (t *table) write(b *strings.Builder) {
	if len(t.rows) > 0 {
		writeRow(b, t.head, len(t.head))
		for _, a := range t.alignment {
			b.WriteString("|" + delimiter(a))
		}
		b.WriteString("|\n")
	}
	for _, r := range t.rows {
		writeRow(b, r.cells, len(t.head))
	}
	if n := t.left[passing]; n > 0 {
		fmt.Fprintf(b, "\n%s left out for length; %s has all.\n", count(n, "row that passed is", "rows that passed are"), t.whole)
	}
	if n := t.left[warning]; n > 0 {
		fmt.Fprintf(b, "\n%s left out for length; %s has all.\n", count(n, "row that warns is", "rows that warn are"), t.whole)
	}
	if n := t.left[failing]; n > 0 {
		fmt.Fprintf(b, "\n**%s left out for length; %s has all.**\n", count(n, "row that fails is", "rows that fail are"), t.whole)
	}
}

// compact takes away the columns that no row has anything in.
func (t *table) compact() {
	for c := range slices.Backward(t.head) {
		if slices.ContainsFunc(t.rows, func(r row) bool { return c < len(r.cells) && r.cells[c] != "" }) {
			continue
		}
		t.head = slices.Delete(t.head, c, c+1)
		t.alignment = t.alignment[:c] + t.alignment[c+1:]
		for i := range t.rows {
			if r := &t.rows[i]; c < len(r.cells) {
				r.cells = slices.Delete(r.cells, c, c+1)
			}
		}
	}
}

func delimiter(alignment rune) string {
	switch alignment {
	case 'c':
		return ":-:"
	case 'r':
		return "--:"
	}
	return ":--"
}

func writeRow(b *strings.Builder, cells []string, columns int) {
	for i := range columns {
		b.WriteString("| ")
		if i < len(cells) {
			b.WriteString(strings.ReplaceAll(cells[i], "|", `\|`))
		}
		b.WriteByte(' ')
	}
	b.WriteString("|\n")
}

// A details is a folded section. Its summary is plain text of our own.
type details struct {
	summary string
	keep    importance
	blocks  []block
	brief   func() []block // the same in less space; nil when there is no such form
}

// An importance says which folded sections are left out first when a page is too long.
type importance uint8

const (
	detail  importance = iota // can be looked up in report.json
	samples                   // what reviewers argue about
	verdict                   // never left out
)

func (d *details) write(b *strings.Builder) {
	// Markdown inside HTML needs the blank lines: https://spec.commonmark.org/0.31.2/#html-blocks, condition 6.
	b.WriteString("<details><summary>" + d.summary + "</summary>\n\n")
	writeBlocks(b, d.blocks)
	b.WriteString("\n</details>\n")
}

// A footer is small print, in lines of inline Markdown.
type footer []string

func (f footer) write(b *strings.Builder) {
	for i, line := range f {
		b.WriteString("<sub>" + line + "</sub>")
		if i < len(f)-1 {
			b.WriteByte('\\') // a line break: https://spec.commonmark.org/0.31.2/#hard-line-breaks
		}
		b.WriteByte('\n')
	}
}

// String returns the page.
func (d *document) String() string {
	var b strings.Builder
	writeBlocks(&b, d.blocks)
	return b.String()
}

func writeBlocks(b *strings.Builder, blocks []block) {
	for i, bl := range blocks {
		if i > 0 {
			if _, ok := blocks[i-1].(marker); !ok {
				b.WriteByte('\n')
			}
		}
		bl.write(b)
	}
}

// fit returns the page in at most limit bytes, if need be without saying things twice, then without rows that passed, without folded detail,
// texts of samples, samples, rows that warn, most of what the failing rows say, and at the very last without some of those.
// Whatever is left out is counted or named. A limit of 0 is none.
func (d *document) fit(limit int) string {
	text := d.String()
	if limit <= 0 {
		return text
	}
	for _, shorten := range []func(over int) bool{
		func(int) bool { return d.repeatLess(limit) },
		func(over int) bool { return d.dropRows(passing, over) },
		func(int) bool { return d.dropDetails(detail) },
		func(int) bool { return d.abbreviateDetails() },
		func(int) bool { return d.dropDetails(samples) },
		func(over int) bool { return d.dropRows(warning, over) },
		func(int) bool { return d.abbreviate() },
		func(over int) bool { return d.dropRows(failing, over) },
	} {
		for len(text) > limit && shorten(len(text)-limit) {
			text = d.String()
		}
	}
	return text
}

// noteLength is more than a table's notes on what it left out need.
const noteLength = 256

// dropRows leaves out rows of a rank until over bytes are saved, the last tables' last rows first. It is false when there
// was none to leave out.
func (d *document) dropRows(r rank, over int) bool {
	dropped := false
	var size strings.Builder
	for t := range d.tables() {
		kept := len(t.rows) // rows[kept:] are those that stay, moved to the end
		for i := range slices.Backward(t.rows) {
			if t.rows[i].rank != r || over+noteLength <= 0 {
				kept--
				t.rows[kept] = t.rows[i]
				continue
			}
			size.Reset()
			writeRow(&size, t.rows[i].cells, len(t.head))
			over -= size.Len()
			t.left[r]++
			t.whole = d.whole
			dropped = true
		}
		t.rows = t.rows[kept:]
	}
	return dropped
}

// tables yields every table of the document, the last first.
func (d *document) tables() func(yield func(*table) bool) {
	return func(yield func(*table) bool) {
		for i := range slices.Backward(d.blocks) {
			inside := d.blocks[i : i+1]
			if s, ok := d.blocks[i].(*details); ok {
				inside = s.blocks
			}
			for j := range slices.Backward(inside) {
				if t, ok := inside[j].(*table); ok && !yield(t) {
					return
				}
			}
		}
	}
}

// dropDetails leaves out the first folded section of an importance and leaves its summary in its place.
func (d *document) dropDetails(keep importance) bool {
	for i, b := range d.blocks {
		if s, ok := b.(*details); ok && s.keep == keep {
			d.blocks[i] = paragraph("Left out for length: " + s.summary + "; " + d.whole + " has it.")
			return true
		}
	}
	return false
}

// abbreviateDetails puts the first folded section that has a brief form into that form.
func (d *document) abbreviateDetails() bool {
	for _, b := range d.blocks {
		if s, ok := b.(*details); ok && s.brief != nil {
			s.blocks, s.brief = s.brief(), nil
			return true
		}
	}
	return false
}

// abbreviate puts the last table that has failing rows and a brief form into that form. Other rows have been left
// out by then, and stay so.
func (d *document) abbreviate() bool {
	for t := range d.tables() {
		if t.brief == nil || !t.has(failing) {
			continue
		}
		*t = *t.abbreviated(failing)
		return true
	}
	return false
}

// abbreviated returns the brief form of a table without the rows below a rank.
func (t *table) abbreviated(least rank) *table {
	brief := t.brief()
	brief.left, brief.whole = t.left, t.whole
	brief.rows = slices.DeleteFunc(brief.rows, func(row row) bool { return row.rank < least })
	for _, row := range t.rows {
		if row.rank == counting {
			brief.rows = append(brief.rows, row)
		}
	}
	return brief
}

// repeatLess puts folded verdicts, all of which the folded detail repeats, into their brief form, if the page then is within the limit.
func (d *document) repeatLess(limit int) bool {
	less := &document{blocks: slices.Clone(d.blocks), whole: d.whole}
	for i, b := range less.blocks {
		s, ok := b.(*details)
		if !ok || s.keep != verdict {
			continue
		}
		short := *s
		short.blocks = slices.Clone(s.blocks)
		for j, inside := range short.blocks {
			if t, ok := inside.(*table); ok && t.brief != nil {
				short.blocks[j] = t.abbreviated(passing)
			}
		}
		less.blocks[i] = &short
	}
	if len(less.String()) > limit {
		return false
	}
	d.blocks = less.blocks
	return true
}

func (t *table) has(r rank) bool {
	for _, row := range t.rows {
		if row.rank == r {
			return true
		}
	}
	return false
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
