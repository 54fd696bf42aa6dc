package report

import (
	"fmt"

	"github.com/hubgate/hubgate/gate"
)

// CalibrationMarkdown renders calibration.md: what [CalibrationText] shows, and every interval and curve. It has at most limit
// bytes, 0 for no limit, and says what it left out.
func CalibrationMarkdown(c gate.Calibration, version string, limit int) string {
	p := &calibrated{markdownInk(), &c}
	kind := "TIP"
	if c.TooMany() {
		kind = "WARNING"
	}
	d := &document{whole: "calibration.json", blocks: []block{
		&alert{kind: kind, title: p.headline(), lines: []string{p.how()}},
		p.table(),
	}}
	if advice := p.adviceList(); len(advice) > 0 {
		d.blocks = append(d.blocks, advice)
	}
	for i := range c.Series {
		if s := &c.Series[i]; len(s.Detection) > 0 {
			d.blocks = append(d.blocks, p.curveSection(s))
		}
	}
	if len(c.Warnings) > 0 {
		var warnings list
		for _, w := range c.Warnings {
			warnings = append(warnings, codeSpan(w, saidLength))
		}
		d.blocks = append(d.blocks, paragraph("Warnings:"), warnings)
	}
	d.blocks = append(d.blocks, footer{calibrationNote + " · hubgate " + version})
	return d.fit(limit)
}

// calibrationNote is the small print.
const calibrationNote = "Red counts a series that fails, or would if its tier were critical. A loss was put into one series at a time, by lowering " +
	"random scores of the candidate. Replays know the noise of sampling alone: what a judge does differently from day to day is not in them"

func (c *calibrated) table() *table {
	t := &table{head: c.head(), alignment: "lclccccc"}
	for i := range c.Series {
		s := &c.Series[i]
		cells := c.row(s)
		for k, r := range []gate.Rate{s.Alarms, s.Held, s.Inconclusive} {
			cells[3+k] = solid(r.String() + " [" + rateInterval(r) + "]")
		}
		t.rows = append(t.rows, row{passing, cells})
	}
	return t
}

func (c *calibrated) adviceList() list {
	var out list
	for _, a := range c.Advice() {
		text := a.Text
		if a.About != nil && len(c.Series) > 1 {
			text = c.label(a.About) + ": " + text
		}
		out = append(out, text)
	}
	return out
}

// curveSection is the plot of a series, as a table.
func (c *calibrated) curveSection(s *gate.CalibratedSeries) *details {
	const cells = 20
	t := &table{head: []string{"loss", "red", "95 % CI", "┊ " + hundredths(c.Policy.Power)}, alignment: "rrcl"}
	for _, d := range curve(s) {
		t.rows = append(t.rows, row{passing, []string{
			s.Format(d.Loss), solid(d.Found.String()), solid(rateInterval(d.Found)), "`" + bar(d.Found.Share(), c.Policy.Power, cells) + "`",
		}})
	}
	return &details{
		summary: fmt.Sprintf("Which losses are found, %d of %d", c.number(s), len(c.Series)), keep: detail,
		blocks: []block{paragraph("Losses put into " + c.label(s) + ":"), t},
	}
}

// number is a series' place in the table, from 1. A summary is HTML, where no name from outside belongs.
func (c *calibrated) number(s *gate.CalibratedSeries) int {
	for i := range c.Series {
		if s == &c.Series[i] {
			return i + 1
		}
	}
	return 0
}
