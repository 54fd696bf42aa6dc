package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// TextOptions are how [Text] writes.
type TextOptions struct {
	Color       bool     // with ANSI colours and weights
	Width       int      // of the terminal in columns; 0 means 100, and less than 40 is treated as 40
	ReportOnly  bool     // the exit code is 0 for fail and undecided
	Unpublished bool     // what was to be recorded was not, so that a verdict that passes does not
	Files       []string // where the report was written, as the user may open them
}

// Widths of a terminal.
const (
	defaultWidth = 100
	leastWidth   = 40
)

// Most lines of a kind before the rest is only counted; what fails is never counted out.
const (
	textRows     = 60
	textReasons  = 20
	textWarnings = 10
)

// Text renders the report for a terminal: the verdict in words, a table, worst first, the reason for every finding that
// did not simply hold, and what the exit code means. Columns are aligned by what the terminal shows, wide
// characters included; a table that is too wide loses its least columns, which report.json has. Nothing that came from
// outside reaches the terminal other than as printable characters.
func Text(r gate.Report, o TextOptions) string {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	o.Width = max(o.Width, leastWidth)
	t := &terminal{view: newView(&r, plainInk()), TextOptions: o}
	if r.Described {
		t.described()
	} else {
		t.compared()
	}
	return t.b.String()
}

// A terminal is a text in the making.
type terminal struct {
	*view
	TextOptions
	b strings.Builder
}

func (t *terminal) compared() {
	t.verdictLine()
	if s := t.acceptedSaid(); s != "" {
		t.wrap("", s, "")
	}
	if c := t.coverage(Links{}); c != "" {
		t.wrap("", c, dim)
	}
	t.blank()
	if t.firstRun() {
		t.summaries()
		t.wrap("", t.fromNowOn(), "")
		t.blank()
	} else {
		t.comparisons()
		t.remarks()
		t.reasons()
	}
	t.caveatLines()
	t.closing()
}

func (t *terminal) comparisons() {
	shown := t.lines
	for len(shown) > textRows && shown[len(shown)-1].Decision != gate.Fail {
		shown = shown[:len(shown)-1]
	}
	if len(shown) > 0 {
		t.comparisonGrid(shown).write(&t.b, t.Width, t.Color)
		if more := len(t.lines) - len(shown); more > 0 {
			t.wrap("", fmt.Sprintf("… and %d more, none of which fails.", more), dim)
		}
		t.blank()
	}
}

// remarks are what the verdicts do not say: what missing scores and equal means may hide.
func (t *terminal) remarks() {
	for _, s := range []string{t.atWorstSaid(), t.reshapedSaid()} {
		if s != "" {
			t.wrap("! ", s, yellow)
			t.blank()
		}
	}
}

// verdictLine is the decision in a word and in words.
func (t *terminal) verdictLine() {
	word, hue := "FAIL", red
	switch t.decision {
	case gate.Pass:
		word, hue = "PASS", green
	case gate.Warn:
		word, hue = "WARN", yellow
	case gate.Undecided:
		word, hue = "UNDECIDED", yellow
	}
	t.paragraph(paint(word, hue+bold, t.Color), word, "  ", t.headline(t.ReportOnly), bold)
}

// comparisonGrid is the table of the findings.
func (t *terminal) comparisonGrid(lines []line) *grid {
	g := &grid{columns: []column{
		{head: "verdict"}, {head: "model", kind: nameColumn}, {head: "metric", kind: nameColumn},
		{head: "baseline → candidate", kind: numberColumn}, {head: "difference", right: true},
		{head: t.levelName(), kind: boundsColumn}, {head: "p", right: true, kind: numberColumn}, {head: "n", kind: detailColumn},
		{head: "found " + hundredths(t.report.Policy.Power), kind: detailColumn},
	}}
	head := levelHead(lines)
	if head != nil {
		g.columns = append(g.columns, column{head: levelName(head), kind: detailColumn})
	}
	for _, l := range lines {
		difference, interval := "", ""
		if l.compared() {
			difference, interval = l.FormatSigned(l.Decided.Diff), l.signedRange(l.Decided.Lo, l.Decided.Hi)
		}
		hue := hueOf(l)
		g.add(
			cell{l.word(), hue}, cell{t.name(l.model.Model), plainHue(l)}, cell{t.metric(l), plainHue(l)},
			cell{t.meansText(l), plainHue(l)}, cell{difference, hue}, cell{interval, plainHue(l)},
			cell{t.pCell(l), plainHue(l)}, cell{l.samplesCell(), plainHue(l)}, cell{detectsText(l), plainHue(l)})
		if head != nil {
			g.add1(cell{t.levelsCell(l, head), plainHue(l)})
		}
	}
	if len(t.report.Models) == 1 {
		g.remove(1)
	}
	return g
}

// detectsText is "0.21, needs 417".
func detectsText(l line) string {
	found, needed := l.detects()
	if needed == 0 {
		return found
	}
	return fmt.Sprintf("%s, needs %d", found, needed)
}

func (t *terminal) meansText(l line) string {
	baseline, candidate := l.means()
	if baseline == nil && candidate == nil {
		return ""
	}
	return l.meanText(baseline) + " → " + l.meanText(candidate)
}

func (l line) meanText(x *float64) string {
	if x == nil {
		return "–"
	}
	return l.Format(*x)
}

// metric names a line's task and metric.
func (t *terminal) metric(l line) string {
	if s := l.taskAndMetric(); s != "" {
		return t.name(s)
	}
	return ""
}

// reasons says why, for every finding that did not simply hold.
func (t *terminal) reasons() {
	for _, m := range t.undecided() {
		t.wrap("● ", t.name(m.Model)+": "+t.span(m.Undecided, saidLength), yellow)
	}
	said, left := len(t.undecided()), 0
	for _, l := range t.lines {
		if l.Outcome == gate.Held || l.Reason == "" || l.Decision == gate.Undecided && l.model.Undecided != "" {
			continue
		}
		if said++; said > textReasons && l.Decision != gate.Fail {
			left++
			continue
		}
		t.wrap("● ", t.about(l)+t.span(l.Reason, saidLength), hueOf(l))
	}
	if left > 0 {
		t.wrap("", fmt.Sprintf("… and %d more reasons.", left), dim)
	}
	if said > 0 {
		t.blank()
	}
}

// about names a line before its reason, which names the metric, as far as it is not the only one.
func (t *terminal) about(l line) string {
	var names []string
	if len(t.report.Models) > 1 && l.Metric != "" {
		names = append(names, t.name(l.model.Model))
	}
	if l.Task != "" {
		names = append(names, t.name(l.Task))
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, " ") + ": "
}

func (t *terminal) caveatLines() {
	all := t.caveats()
	for _, w := range all[:min(len(all), textWarnings)] {
		t.wrap("warning: ", w.said(), yellow)
	}
	if more := len(all) - textWarnings; more > 0 {
		t.wrap("", fmt.Sprintf("… and %s.", count(more, "more warning", "more warnings")), dim)
	}
	if len(all) > 0 {
		t.blank()
	}
}

// closing says where the report is and what the exit code will mean.
func (t *terminal) closing() {
	if len(t.Files) > 0 {
		names := make([]string, len(t.Files))
		for i, f := range t.Files {
			names[i] = t.span(f, saidLength)
		}
		t.wrap("report: ", strings.Join(names, ", "), dim)
	}
	if !t.report.Described {
		t.wrap("", t.exitMeaning(), dim)
	}
}

func (t *terminal) exitMeaning() string {
	switch {
	case t.Unpublished && (t.ReportOnly || t.decision == gate.Pass || t.decision == gate.Warn):
		return "not published: see the last lines of the log"
	case t.decision == gate.Pass:
		return "exit 0: passed"
	case t.decision == gate.Warn:
		return "exit 0: passed, with warnings"
	case t.ReportOnly:
		return "exit 0: report only; it would fail otherwise"
	case t.decision == gate.Undecided && len(t.undecided()) == 0:
		return "exit 2: undecided"
	case t.decision == gate.Undecided:
		return "exit 2: undecided, since a baseline exists, or may, and could not be used"
	}
	return "exit 1: failed"
}

// described is the whole text of scores that were compared with nothing.
func (t *terminal) described() {
	t.paragraph(paint("SCORES", bold, t.Color), "SCORES", "  ", t.describedSaid(), bold)
	if u := t.unscored(); u != "" {
		t.wrap("", u, dim)
	}
	t.blank()
	t.summaries()
	t.caveatLines()
	t.closing()
}

// summaries are a table per model of what the candidate scored.
func (t *terminal) summaries() {
	for i := range t.report.Models {
		m := &t.report.Models[i]
		if len(t.report.Models) > 1 {
			t.wrap("", t.name(m.Model), bold)
		}
		if len(m.Findings) > 0 {
			t.summaryGrid(m).write(&t.b, t.Width, t.Color)
		}
		t.blank()
	}
}

// summaryGrid is the table of one model's summaries. No column is lost: what is too wide goes on below.
func (t *terminal) summaryGrid(m *gate.ModelReport) *grid {
	g := &grid{wraps: true, columns: []column{
		{head: "metric", kind: nameColumn}, {head: "n", right: true}, {head: "missing", right: true}, {head: "mean ± se", right: true},
		{head: t.levelName()}, {head: "sd", right: true}, {head: "min", right: true}, {head: "q1", right: true}, {head: "median", right: true},
		{head: "q3", right: true}, {head: "max", right: true},
	}}
	levels := slices.ContainsFunc(m.Findings, func(f gate.Finding) bool { return f.Candidate != nil && f.Candidate.Levels != nil })
	if levels {
		g.columns = append(g.columns, column{head: "levels"})
	}
	for i := range m.Findings {
		f := &m.Findings[i]
		s := f.Candidate
		if s == nil {
			s = &gate.Summary{}
		}
		c := summaryCells(s)
		mean := c.mean
		if c.se != "" {
			mean += " ± " + c.se
		}
		texts := append([]string{t.metric(line{m, f}), fmt.Sprint(s.N), missingCount(s), mean, c.interval, c.sd}, c.five[:]...)
		switch {
		case s.Levels != nil:
			texts = append(texts, distribution(s))
		case levels:
			texts = append(texts, "")
		}
		for _, text := range texts {
			g.add1(cell{text: text})
		}
	}
	return g
}
