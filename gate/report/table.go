package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// verdictTables are the open table, worst first, with only what moved, and folded what is too long for it.
func (v *view) verdictTables() []block {
	moved := v.with(line.moved)
	if v.only(gate.New) {
		return v.newTables(moved)
	}
	var blocks []block
	openLines, folded := moved, []line(nil)
	if len(moved) > openRows {
		openLines, folded = moved[:openRows], moved[openRows:]
	}
	t := v.comparisonTable(openLines)
	v.addUndecided(t)
	if still := len(v.lines) - len(moved); still > 0 && len(t.rows) > 0 {
		t.rows = append(t.rows, row{counting, []string{fmt.Sprintf("⚪ %d more held", still)}})
	}
	if len(t.rows) > 0 {
		blocks = append(blocks, t)
	}
	if len(folded) > 0 {
		blocks = append(blocks, &details{
			summary: "The other " + count(len(folded), "comparison", "comparisons") + " that moved",
			keep:    verdict,
			blocks:  []block{v.comparisonTable(folded)},
		})
	}
	return blocks
}

// badged is a verdict and what it is on, below it where models make that long.
func (v *view) badged(l line) string {
	if len(v.report.Models) == 1 {
		return solidBadge(l) + " " + v.label(l)
	}
	return solidBadge(l) + "<br>" + v.label(l)
}

// addUndecided adds a row for each model that has no findings to show for it.
func (v *view) addUndecided(t *table) {
	for _, m := range v.undecided() {
		if len(m.Findings) == 0 {
			t.rows = append(t.rows, row{warning, []string{"🟠 undecided<br>" + v.name(m.Model)}})
		}
	}
}

// comparisonTable lays lines out as baseline and candidate. The verdict and what it is on share a column, so that the numbers
// beside it are seen on a phone too.
func (v *view) comparisonTable(lines []line) *table {
	head := levelHead(lines)
	t := &table{
		head:      []string{"verdict", "baseline → candidate", "difference, " + solid(v.levelName()), "p", "n"},
		alignment: "lcccc",
		brief:     func() *table { return v.briefTable(lines) },
	}
	if head != nil {
		t.head = append(t.head, levelName(head))
		t.alignment += "l"
	}
	for _, l := range lines {
		cells := []string{v.badged(l), solid(meansCell(l)), differenceCell(l), solid(v.pCell(l)), solid(l.samplesCell())}
		if head != nil {
			cells = append(cells, solidSides(v.levelsCell(l, head)))
		}
		t.rows = append(t.rows, row{rankOf(l), cells})
	}
	t.compact()
	return t
}

// newTables lay out the lines of a first run, which have no baseline.
func (v *view) newTables(lines []line) []block {
	if len(lines) <= openRows {
		return []block{v.meansTable(lines)}
	}
	return []block{v.meansTable(lines[:openRows]), &details{
		summary: "The other " + count(len(lines)-openRows, "metric", "metrics"),
		keep:    verdict,
		blocks:  []block{v.meansTable(lines[openRows:])},
	}}
}

// meansTable lays lines out as what the candidate scored.
func (v *view) meansTable(lines []line) *table {
	head := levelHead(lines)
	t := &table{
		head:      []string{v.labelHead(), "mean, " + solid(v.levelName()), "SD", "n", "missing"},
		alignment: "lcccc",
	}
	if head != nil {
		t.head = append(t.head, levelName(head))
		t.alignment += "l"
	}
	for _, l := range lines {
		cells := []string{v.label(l), "–", "–", "0", ""}
		if s := l.Candidate; s != nil {
			cells = []string{v.label(l), meanCell(s), deviationCell(s), fmt.Sprint(s.N), fmt.Sprint(s.Missing)}
		}
		if head != nil {
			cells = append(cells, v.levelsCell(l, head))
		}
		t.rows = append(t.rows, row{rankOf(l), cells})
	}
	return t
}

func rankOf(l line) rank {
	switch l.Decision {
	case gate.Fail:
		return failing
	case gate.Pass:
		return passing
	}
	return warning
}

// icon is a line's decision as a colour, never without the word beside it or, in the briefest form, the sign of what moved.
func icon(l line) string {
	switch {
	case l.Decision == gate.Fail:
		return "🔴"
	case l.Decision == gate.Undecided:
		return "🟠"
	case l.Decision == gate.Warn && l.Outcome != gate.New:
		return "🟡"
	case l.Outcome == gate.Improved:
		return "🟢"
	case l.Outcome == gate.New:
		return "🔵"
	}
	return "⚪"
}

func badge(l line) string {
	if l.Decision == gate.Fail {
		return icon(l) + " **" + l.word() + "**"
	}
	return icon(l) + " " + l.word()
}

// labelHead and label leave the model out where the report is about one.
func (v *view) labelHead() string {
	if len(v.report.Models) == 1 {
		return "metric"
	}
	return "model, metric"
}

func (v *view) label(l line) string {
	if len(v.report.Models) != 1 || l.Metric == "" {
		return v.named(l)
	}
	if l.Task == "" {
		return v.name(l.Metric)
	}
	return v.name(l.Task) + " " + v.name(l.Metric)
}

// levelName names the interval: "90 % CI".
func (v *view) levelName() string { return hundredths(level(v.report)) + " CI" }

// level is the level of the report's two-sided intervals, each end of which is the one-sided bound at alpha.
func level(r *gate.Report) float64 { return 1 - 2*r.Policy.Alpha }

func meansCell(l line) string {
	baseline, candidate := l.means()
	if baseline == nil && candidate == nil {
		return ""
	}
	c := l.meanText(candidate)
	if l.Outcome == gate.Regressed || l.Outcome == gate.Improved || l.Decision == gate.Fail && l.Outcome != gate.Incomparable && candidate != nil {
		c = "**" + c + "**"
	}
	return l.meanText(baseline) + " → " + c
}

func differenceCell(l line) string {
	if !l.compared() {
		return ""
	}
	d := l.FormatSigned(l.Decided.Diff)
	if _, ok := l.p(); ok {
		d = "**" + d + "**"
	}
	return d + " " + solid(l.signedRange(l.Decided.Lo, l.Decided.Hi))
}

// solid keeps a cell on one line, so that a narrow screen does not tear a number apart.
func solid(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

// solidBadge breaks, if at all, where it says that what happened was accepted.
func solidBadge(l line) string { return strings.ReplaceAll(solid(badge(l)), ",\u00a0", ", ") }

// solidSides keeps each side of a cell on one line, the arrow with the baseline's.
func solidSides(s string) string {
	return strings.ReplaceAll(solid(s), "→\u00a0", "→ ")
}

// pCell has the p-value where something was found, and "~" where nothing was.
func (v *view) pCell(l line) string {
	if p, ok := l.p(); ok {
		return gate.FormatP(p)
	}
	if !l.compared() || l.Family == 0 {
		return ""
	}
	return "~"
}

// ownUnit is what a side's own figures are rounded by: the width of its interval, two digits of which are shown.
func ownUnit(s *gate.Summary) float64 {
	if s.Interval && s.Hi > s.Lo {
		return s.Hi - s.Lo
	}
	return math.Abs(s.Mean) / 10
}

func meanCell(s *gate.Summary) string {
	switch unit := ownUnit(s); {
	case s.N == 0:
		return "–"
	case !s.Interval:
		return gate.FormatNumber(s.Mean, unit)
	default:
		return gate.FormatNumber(s.Mean, unit) + " " + bounds(s, unit)
	}
}

func bounds(s *gate.Summary, unit float64) string {
	return "[" + gate.FormatNumber(s.Lo, unit) + ", " + gate.FormatNumber(s.Hi, unit) + "]"
}

func deviationCell(s *gate.Summary) string {
	if s.N < 2 || !s.Interval {
		return "–"
	}
	return gate.FormatNumber(s.SD, ownUnit(s))
}

// deviation is deviationCell with the decimals of the line's other figures.
func (l line) deviation(s *gate.Summary) string {
	if s.N < 2 || !s.Interval {
		return "–"
	}
	return l.Format(s.SD)
}

// levelHead returns the levels that head the column of levels: those of the first line that has any. Lines on other levels
// name their own.
func levelHead(lines []line) []float64 {
	for _, l := range lines {
		if set := l.levelSet(); set != nil {
			return set
		}
	}
	return nil
}

// levelsCell shows how the levels moved: two runs with the same mean can differ in kind.
func (v *view) levelsCell(l line, head []float64) string {
	set := l.levelSet()
	if set == nil {
		return ""
	}
	prefix := ""
	if !isSubset(set, head) {
		prefix = levelName(set) + ": "
	} else if len(set) < len(head) {
		set = head // a level that nobody has any more is 0 %
	}
	return prefix + l.sharesSaid(set)
}

func isSubset(set, of []float64) bool {
	return !slices.ContainsFunc(set, func(x float64) bool { return !slices.Contains(of, x) })
}

func scaleName(s score.Scale) string {
	return "[" + short(s.Min) + ", " + short(s.Max) + "]"
}
