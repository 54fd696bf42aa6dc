package report

import (
	"fmt"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// What a terminal shows of many; calibration.md has all.
const (
	textCurves = 3
	textAdvice = 8
)

// CalibrationText renders a calibration for a terminal: the rate of false alarms in words, a table of the series, a plot of
// which losses are found in each, and what could be changed. Of the options it heeds Color, Width and Files.
func CalibrationText(c gate.Calibration, o TextOptions) string {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	o.Width = max(o.Width, leastWidth)
	t := &terminal{view: &view{ink: plainInk()}, TextOptions: o}
	p := &calibrated{plainInk(), &c}
	hue := green
	if c.TooMany() {
		hue = red
	}
	t.paragraph(paint("CALIBRATION", hue+bold, t.Color), "CALIBRATION", "  ", p.headline(), bold)
	t.wrap("", p.how(), dim)
	t.blank()
	t.calibrationGrid(p).write(&t.b, t.Width, t.Color)
	t.blank()
	for i := range c.Series[:min(len(c.Series), textCurves)] {
		t.curve(p, &c.Series[i])
	}
	if more := len(c.Series) - textCurves; more > 0 {
		t.wrap("", fmt.Sprintf("… and %s: see calibration.md.", count(more, "more series", "more series")), dim)
		t.blank()
	}
	t.adviceLines(p)
	for _, w := range c.Warnings {
		t.wrap("warning: ", t.span(w, saidLength), yellow)
	}
	if len(t.Files) > 0 {
		names := make([]string, len(t.Files))
		for i, f := range t.Files {
			names[i] = t.span(f, saidLength)
		}
		t.wrap("report: ", strings.Join(names, ", "), dim)
	}
	return t.b.String()
}

func (t *terminal) calibrationGrid(p *calibrated) *grid {
	kinds := []columnKind{nameColumn, numberColumn, detailColumn, fixedColumn, fixedColumn, fixedColumn, numberColumn, fixedColumn}
	g := &grid{}
	for i, head := range p.head() {
		g.columns = append(g.columns, column{head: head, kind: kinds[i], right: i > 2})
	}
	for i := range p.Series {
		for _, text := range p.row(&p.Series[i]) {
			g.add1(cell{text: text})
		}
	}
	return g
}

// curve plots how often a loss is found, a line for each size.
func (t *terminal) curve(p *calibrated, s *gate.CalibratedSeries) {
	if len(s.Detection) == 0 {
		return
	}
	t.wrap("", fmt.Sprintf("How often a loss in %s is red (┊ %s):", p.label(s), hundredths(p.Policy.Power)), "")
	const numbers = 26 // columns before the bars
	cells := min(t.Width-numbers, 50)
	for _, d := range curve(s) {
		fmt.Fprintf(&t.b, "  %10s  %8s  ", s.Format(d.Loss), d.Found)
		t.b.WriteString(paint(bar(d.Found.Share(), p.Policy.Power, max(cells, 8)), cyan, t.Color) + "\n")
	}
	t.blank()
}

func (t *terminal) adviceLines(p *calibrated) {
	advice := p.Advice()
	for i, a := range advice {
		if i == textAdvice && len(advice) > textAdvice+1 {
			t.wrap("", fmt.Sprintf("… and %d more: see calibration.md.", len(advice)-i), dim)
			break
		}
		words := a.Text
		if a.About != nil && len(p.Series) > 1 {
			words = p.label(a.About) + ": " + words
		}
		t.wrap("● ", words, yellow)
	}
	if len(advice) > 0 {
		t.blank()
	}
}
