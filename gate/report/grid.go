package report

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/hubgate/hubgate/gate"
)

// ANSI renditions (ECMA-48, SGR). Eight colours are what every terminal lets its owner choose.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	reset  = "\x1b[0m"
)

func paint(s, rendition string, color bool) string {
	if !color || rendition == "" || s == "" {
		return s
	}
	return rendition + s + reset
}

// hueOf is the rendition of a line's verdict.
func hueOf(l line) string {
	switch {
	case l.Decision == gate.Fail:
		return red
	case l.Decision == gate.Undecided, l.Decision == gate.Warn && l.Outcome != gate.New:
		return yellow
	case l.Outcome == gate.Improved:
		return green
	case l.Outcome == gate.New:
		return cyan
	}
	return dim
}

// plainHue is the rendition of the rest of a line: what held steps back.
func plainHue(l line) string {
	if l.Outcome == gate.Held && l.Decision == gate.Pass {
		return dim
	}
	return ""
}

// cells of text as terminals measure it, whatever the locale of the machine that writes the text.
func width(s string) int { return terminalWidth().StringWidth(s) }

func terminalWidth() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

// fitName cuts a name from the middle until it fits w columns.
func fitName(s string, w int) string {
	for n := len([]rune(s)) - 1; width(s) > w && n > 0; n-- {
		s = elide(s, n)
	}
	return s
}

// A cell is a text of one line and its rendition.
type cell struct{ text, rendition string }

// A columnKind says what becomes of a column when the grid is too wide.
type columnKind uint8

const (
	fixedColumn  columnKind = iota // stays
	nameColumn                     // is cut
	detailColumn                   // leaves first
	numberColumn                   // leaves when names are cut already
	boundsColumn                   // leaves last
)

// A column is one column of a grid.
type column struct {
	head  string
	right bool
	kind  columnKind
	cells []cell
	limit int // names are cut to it; 0 means whole
}

// A grid is a table of aligned columns.
type grid struct {
	columns []column
	next    int  // column that add1 adds to
	wraps   bool // what is too wide goes on below, under the first column again
}

// add adds cells to the columns in turn, and add1 one.
func (g *grid) add(cells ...cell) {
	for _, c := range cells {
		g.add1(c)
	}
}

func (g *grid) add1(c cell) {
	g.columns[g.next].cells = append(g.columns[g.next].cells, c)
	g.next = (g.next + 1) % len(g.columns)
}

func (g *grid) remove(i int) { g.columns = append(g.columns[:i:i], g.columns[i+1:]...) }

func (c *column) width() int {
	w := width(c.head)
	for i := range c.cells {
		w = max(w, width(c.at(i).text))
	}
	return w
}

// at is a cell as it is shown.
func (c *column) at(row int) cell {
	x := c.cells[row]
	if c.limit > 0 {
		x.text = fitName(x.text, c.limit)
	}
	return x
}

const gap = 2 // blank columns between two columns

func (g *grid) width() int {
	w := -gap
	for i := range g.columns {
		w += gap + g.columns[i].width()
	}
	return w
}

// Names are cut to the length of a good name before columns leave that matter, and to the shortest after.
const (
	goodName     = 18
	shortestName = 8
)

// write lays the grid out in a terminal of that many columns.
func (g *grid) write(b *strings.Builder, columns int, color bool) {
	if g.wraps {
		g.writeWrapped(b, columns, color)
		return
	}
	g.dropEmpty()
	g.dropColumns(columns, detailColumn)
	g.cutNames(columns, goodName)
	g.dropColumns(columns, numberColumn)
	g.cutNames(columns, shortestName)
	g.dropColumns(columns, boundsColumn)
	g.wholeNames()
	g.cutNames(columns, shortestName)
	g.lay(b, color)
}

// wholeNames takes back what was cut, for columns that left since have made room.
func (g *grid) wholeNames() {
	for i := range g.columns {
		g.columns[i].limit = 0
	}
}

// writeWrapped lays the grid out in as many blocks as it takes.
func (g *grid) writeWrapped(b *strings.Builder, columns int, color bool) {
	g.columns[0].limit = max(goodName, columns/3)
	first := g.columns[0]
	for rest, block := g.columns[1:], 0; len(rest) > 0; block++ {
		part := grid{columns: []column{first, rest[0]}}
		rest = rest[1:]
		for len(rest) > 0 && part.width()+gap+rest[0].width() <= columns {
			part.columns = append(part.columns, rest[0])
			rest = rest[1:]
		}
		if block > 0 {
			b.WriteByte('\n')
		}
		part.lay(b, color)
	}
}

// dropEmpty takes away the columns that no row has anything in.
func (g *grid) dropEmpty() {
	for i, v := range slices.Backward(g.columns) {
		if !slices.ContainsFunc(v.cells, func(c cell) bool { return c.text != "" }) {
			g.remove(i)
		}
	}
}

// dropColumns takes away columns of a kind, the last first, while the grid is too wide.
func (g *grid) dropColumns(columns int, kind columnKind) {
	for i := len(g.columns) - 1; i >= 0 && g.width() > columns; i-- {
		if g.columns[i].kind == kind {
			g.remove(i)
		}
	}
}

// cutNames shortens names, the longest first, until the grid fits or none is longer than shortest.
func (g *grid) cutNames(columns, shortest int) {
	for over := g.width() - columns; over > 0; over = g.width() - columns {
		longest := -1
		for i := range g.columns {
			if c := &g.columns[i]; c.kind == nameColumn && c.width() > shortest && (longest < 0 || c.width() > g.columns[longest].width()) {
				longest = i
			}
		}
		if longest < 0 {
			return
		}
		c := &g.columns[longest]
		c.limit = max(c.width()-max(over/2, 1), shortest)
	}
}

func (g *grid) lay(b *strings.Builder, color bool) {
	head, widths := make([]cell, len(g.columns)), make([]int, len(g.columns))
	for i, c := range g.columns {
		head[i], widths[i] = cell{c.head, dim}, c.width()
	}
	g.layRow(b, head, widths, color)
	for r := range g.columns[0].cells {
		row := make([]cell, len(g.columns))
		for i, c := range g.columns {
			row[i] = c.at(r)
		}
		g.layRow(b, row, widths, color)
	}
}

func (g *grid) layRow(b *strings.Builder, row []cell, widths []int, color bool) {
	pending := 0 // blanks, written only before text, so that no line ends in them
	for i, c := range row {
		c.text = strings.TrimRight(c.text, " ")
		pad := widths[i] - width(c.text)
		if g.columns[i].right {
			pending += pad
			pad = 0
		}
		if c.text != "" {
			b.WriteString(strings.Repeat(" ", pending))
			b.WriteString(paint(c.text, c.rendition, color))
			pending = 0
		}
		pending += pad + gap
	}
	b.WriteByte('\n')
}

func (t *terminal) blank() { t.b.WriteByte('\n') }

// wrap writes words in lines of the terminal's width, the first after a lead and the others indented by as much.
func (t *terminal) wrap(lead, words, rendition string) {
	t.paragraph(paint(lead, rendition, t.Color), lead, "", words, renditionOfWords(lead, rendition))
}

// renditionOfWords leaves words plain where their lead is coloured.
func renditionOfWords(lead, rendition string) string {
	if lead != "" && rendition != dim {
		return ""
	}
	return rendition
}

// paragraph is wrap with a lead that is painted already.
func (t *terminal) paragraph(painted, lead, space, words, rendition string) {
	indent := width(lead) + len(space)
	t.b.WriteString(painted + space)
	for i, l := range fill(words, t.Width-indent) {
		if i > 0 {
			t.b.WriteString(strings.Repeat(" ", indent))
		}
		t.b.WriteString(paint(l, rendition, t.Color) + "\n")
	}
}

// fill breaks text at spaces into lines of at most w columns; what has no space is broken where it must.
func fill(s string, w int) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(s) {
		for word = withoutCommands(word); width(word) > w; word = withoutCommands(word) {
			if current != "" {
				lines = append(lines, current)
				current = ""
			}
			head := terminalWidth().Truncate(word, w, "")
			if head == "" {
				break
			}
			lines = append(lines, head)
			word = word[len(head):]
		}
		switch {
		case current == "":
			current = word
		case width(current)+1+width(word) <= w:
			current += " " + word
		default:
			lines = append(lines, current)
			current = word
		}
	}
	if current != "" || len(lines) == 0 {
		lines = append(lines, current)
	}
	return lines
}
