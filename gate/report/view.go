package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/stat"
)

// A line is one finding with the model it is about.
type line struct {
	model *gate.ModelReport
	*gate.Finding
}

// An ink is how a form of page writes what is more than its letters.
type ink struct {
	span   func(s string, n int) string      // foreign text, made inert and cut to n characters
	strong func(s string) string             // our own words
	link   func(text, address string) string // the text alone where there is no link
}

func markdownInk() ink {
	return ink{
		span:   codeSpan,
		strong: func(s string) string { return "**" + s + "**" },
		link:   link,
	}
}

func plainInk() ink {
	return ink{
		span:   func(s string, n int) string { return withoutCommands(cut(clean(s), n)) },
		strong: func(s string) string { return s },
		link:   func(text, _ string) string { return text },
	}
}

// name writes a name, cut where it differs least from its neighbours.
func (i ink) name(s string) string { return i.span(elide(s, nameLength), nameLength) }

// A view is a report in the order in which pages show it: worst first, whatever the model.
type view struct {
	ink
	report   *gate.Report
	decision gate.Decision
	lines    []line
	outcomes map[gate.Outcome]int
}

func newView(r *gate.Report, i ink) *view {
	v := &view{ink: i, report: r, decision: r.Decision(), outcomes: map[gate.Outcome]int{}}
	for i := range r.Models {
		m := &r.Models[i]
		for j := range m.Findings {
			v.lines = append(v.lines, line{m, &m.Findings[j]})
			v.outcomes[m.Findings[j].Outcome]++
		}
	}
	if !r.Described {
		slices.SortStableFunc(v.lines, func(a, b line) int {
			return cmp.Or(
				cmp.Compare(severity(a.Decision), severity(b.Decision)),
				cmp.Compare(b.accepted(), a.accepted()),
				cmp.Compare(prominence(a.Outcome), prominence(b.Outcome)),
				cmp.Compare(b.excess(), a.excess()))
		})
	}
	return v
}

// severity orders decisions, the worst first.
func severity(d gate.Decision) int {
	return slices.Index([]gate.Decision{gate.Fail, gate.Undecided, gate.Warn, gate.Pass}, d)
}

// prominence orders outcomes of the same decision, what a reviewer asks about first before the rest.
func prominence(o gate.Outcome) int {
	return slices.Index([]gate.Outcome{
		gate.Regressed, gate.Breached, gate.Missing, gate.Invalid, gate.Incomparable,
		gate.Inconclusive, gate.New, gate.Improved, gate.Held,
	}, o)
}

// only reports whether every finding has the outcome, and there is one.
func (v *view) only(o gate.Outcome) bool { return len(v.lines) > 0 && v.outcomes[o] == len(v.lines) }

// with returns the lines for which keep holds.
func (v *view) with(keep func(line) bool) []line {
	var out []line
	for _, l := range v.lines {
		if keep(l) {
			out = append(out, l)
		}
	}
	return out
}

// firstRun reports whether nothing was compared because there is no baseline yet, and nothing else is amiss.
func (v *view) firstRun() bool {
	return v.only(gate.New) && (v.decision == gate.Pass || v.decision == gate.Warn)
}

// itself reports whether a baseline that is there is this very run.
func (v *view) itself() bool {
	return slices.ContainsFunc(v.report.Models, func(m gate.ModelReport) bool { return m.Itself })
}

// blind reports whether tests were made and not one of them could tell anything.
func (v *view) blind() bool {
	return v.outcomes[gate.Inconclusive] > 0 &&
		v.outcomes[gate.Regressed]+v.outcomes[gate.Improved]+v.outcomes[gate.Held] == 0
}

// undecided returns the models whose baseline could not be read or compared with.
func (v *view) undecided() []*gate.ModelReport {
	var out []*gate.ModelReport
	for i := range v.report.Models {
		if m := &v.report.Models[i]; m.Undecided != "" {
			out = append(out, m)
		}
	}
	return out
}

// accepted is 1 for what failed and was accepted, and 0 for the rest.
func (l line) accepted() int {
	if l.Accepted {
		return 1
	}
	return 0
}

// excess is how many times what is tolerated a regression lost, infinite where nothing is; 0 for other lines.
func (l line) excess() float64 {
	switch {
	case l.Outcome != gate.Regressed || l.Decided == nil:
		return 0
	case l.MaxLoss == 0:
		return math.Inf(1)
	}
	return l.Loss() / l.MaxLoss
}

// word is the verdict on a line, in a word or two.
func (l line) word() string {
	if l.Accepted {
		return l.Outcome.String() + ", accepted"
	}
	if l.Decision == gate.Undecided {
		return gate.Undecided.String()
	}
	if l.Criterion.Tier == gate.Advisory && l.Outcome == gate.Regressed {
		return "worse" // nobody asked for evidence, and nothing depends on it
	}
	return l.Outcome.String()
}

// moved reports whether a line belongs in the open table: it held, or nothing depends on it, otherwise.
func (l line) moved() bool {
	quiet := l.Outcome == gate.Held || l.Outcome == gate.Inconclusive && l.Criterion.Tier == gate.Advisory
	return l.Decision != gate.Pass || !quiet
}

// compared reports whether the line's difference means something: not when the evaluation itself changed.
func (l line) compared() bool { return l.Decided != nil && l.Outcome != gate.Incomparable }

// means returns the baseline's and the candidate's mean as the deciding test saw them, else of all their samples. A side
// without a mean is nil.
func (l line) means() (baseline, candidate *float64) {
	if l.Decided != nil {
		return &l.Means[1], &l.Means[0]
	}
	mean := func(s *gate.Summary) *float64 {
		if s == nil || s.N == 0 {
			return nil
		}
		return &s.Mean
	}
	return mean(l.Baseline), mean(l.Candidate)
}

// p returns the adjusted p-value that the line's verdict rests on, false where it rests on none.
func (l line) p() (float64, bool) {
	switch {
	case !l.compared() || l.Family == 0: // not tested for
		return 0, false
	case l.Outcome == gate.Regressed:
		return l.PAdjusted, true
	case l.Outcome == gate.Improved:
		return l.PBetter, true
	}
	return 0, false
}

// samplesCell says how many samples the deciding test saw, else how many the candidate has.
func (l line) samplesCell() string {
	if l.Decided == nil {
		if l.Candidate == nil {
			return ""
		}
		return fmt.Sprint(l.Candidate.N)
	}
	return l.sampled("%[2]d → %[1]d", "%d each", ", %d groups")
}

// samplesSaid is what the deciding test saw, in words.
func (l line) samplesSaid() string {
	return l.sampled("%d samples, and %d in the baseline", "%d samples a side", " in %d groups")
}

// sampled says what the deciding test saw, in the words for sides of different size, for sides alike, and for groups.
func (l line) sampled(sides, alike, grouped string) string {
	n, groups := l.Decided.N, l.Decided.Groups
	s := fmt.Sprintf(sides, n[0], n[1])
	switch {
	case l.Pairs():
		s = count(n[0], "pair", "pairs")
	case n[0] == n[1]:
		s = fmt.Sprintf(alike, n[0])
	}
	if l.Decided.Method == stat.ClusteredT {
		s += fmt.Sprintf(grouped, min(groups[0], groups[1]))
	}
	return s
}

// The states of the gate, in the last words of every headline.
const (
	closed     = "The gate is closed."
	open       = "The gate is open."
	reportOnly = "Report only: the gate stays open."
)

// headline is the verdict in words, without a name that came from outside.
func (v *view) headline(onlyReport bool) string {
	state := closed
	switch {
	case v.decision == gate.Pass || v.decision == gate.Warn:
		state = open
	case onlyReport:
		state = reportOnly
	}
	return v.said() + " " + state
}

func (v *view) said() string {
	comparisons := count(len(v.lines), "comparison", "comparisons")
	switch {
	case len(v.report.Models) == 0:
		return "No model was found, so nothing was compared."
	case v.decision == gate.Fail && v.fails(gate.Incomparable):
		return v.changedSaid(comparisons)
	case v.decision == gate.Fail:
		return v.nouns(failed) + " in " + comparisons + "."
	case v.decision == gate.Undecided:
		return v.undecidedSaid()
	case v.report.Accepted != nil:
		return v.nouns(func(l line) bool { return l.Accepted }) + " in " + comparisons + ", accepted."
	case v.firstRun():
		if v.itself() {
			return "These scores are the baseline itself: there is no other run to compare with."
		}
		return "First run: there is no baseline to compare with yet."
	case v.nouns(warned) != "":
		return v.nouns(warned) + " in " + comparisons + ", none in a critical metric."
	case v.outcomes[gate.Incomparable] > 0:
		return v.changedSaid(comparisons)
	case v.blind():
		return "Nothing was shown, either way, in " + comparisons + "."
	case v.outcomes[gate.Inconclusive] > 0:
		return fmt.Sprintf("No regression shown, but %d of %s could not rule one out.", v.outcomes[gate.Inconclusive], comparisons)
	}
	if v.outcomes[gate.Regressed] > 0 { // advisory
		return "No metric that counts regressed in " + comparisons + "."
	}
	return "No regression in " + comparisons + ": " + v.tally(gate.Improved, gate.Held, gate.New) + "."
}

func (v *view) changedSaid(comparisons string) string {
	return fmt.Sprintf("The evaluation itself changed: %d of %s cannot be made.", v.outcomes[gate.Incomparable], comparisons)
}

// fails reports whether all that fails has the outcome.
func (v *view) fails(o gate.Outcome) bool {
	return !slices.ContainsFunc(v.lines, func(l line) bool { return l.Decision == gate.Fail && l.Outcome != o })
}

func (v *view) undecidedSaid() string {
	n := len(v.undecided())
	if n == 0 {
		return "Nothing could be compared: undecided."
	}
	if n == 1 && len(v.report.Models) == 1 {
		return "The baseline could not be used: undecided."
	}
	return fmt.Sprintf("The baseline of %d of %s could not be used: undecided.", n, count(len(v.report.Models), "model", "models"))
}

// noun is what counts of an outcome are called.
func noun(o gate.Outcome) (one, many string) {
	switch o {
	case gate.Regressed:
		return "regression", "regressions"
	case gate.Breached:
		return "breached limit", "breached limits"
	case gate.Missing:
		return "missing result", "missing results"
	case gate.Invalid:
		return "unusable result", "unusable results"
	case gate.Incomparable:
		return "result of a changed evaluation", "results of a changed evaluation"
	case gate.New:
		return "result without a baseline", "results without a baseline"
	}
	return "unproven result", "unproven results"
}

func failed(l line) bool { return l.Decision == gate.Fail }

// warned reports whether a line only warns because it is in a supporting metric.
func warned(l line) bool {
	return l.Decision == gate.Warn && prominence(l.Outcome) < prominence(gate.Incomparable)
}

// nouns counts some lines by what happened: "1 regression, 2 missing results".
func (v *view) nouns(keep func(line) bool) string {
	counts := map[gate.Outcome]int{}
	for _, l := range v.with(keep) {
		counts[l.Outcome]++
	}
	var parts []string
	for _, o := range []gate.Outcome{
		gate.Regressed, gate.Breached, gate.Missing, gate.Invalid, gate.Incomparable, gate.Inconclusive, gate.New,
	} {
		if n := counts[o]; n > 0 {
			one, many := noun(o)
			parts = append(parts, count(n, one, many))
		}
	}
	return strings.Join(parts, ", ")
}

// tally counts outcomes by their names, as in "2 improved, 4 held".
func (v *view) tally(outcomes ...gate.Outcome) string {
	var parts []string
	for _, o := range outcomes {
		if n := v.outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}

// levelSet returns the distinct values of both sides, in order, nil unless there are few enough for a column and more to say
// than a mean does.
func (l line) levelSet() []float64 {
	const few = 5
	if l.PassFail {
		return nil
	}
	var set []float64
	for _, s := range []*gate.Summary{l.Candidate, l.Baseline} {
		if s == nil || s.N == 0 {
			continue
		}
		if s.Levels == nil {
			return nil
		}
		for _, level := range s.Levels {
			set = append(set, level.Value)
		}
	}
	slices.Sort(set)
	if set = slices.Compact(set); len(set) > few {
		return nil
	}
	return set
}

// levelName writes values as a column's head does: "1 · 2 · 3".
func levelName(set []float64) string {
	names := make([]string, len(set))
	for i, x := range set {
		names[i] = short(x)
	}
	return strings.Join(names, " · ")
}

// shares writes what per cent of a side's samples, of which there are some, have each of the values.
func shares(s *gate.Summary, set []float64) string {
	parts := make([]string, len(set))
	for i, x := range set {
		n := 0
		for _, level := range s.Levels {
			if level.Value == x {
				n = level.Count
			}
		}
		parts[i] = percent(n, s.N)
	}
	return strings.Join(parts, "·")
}

// sharesSaid writes both sides' shares of the values, "8·25·67 → 13·33·54 %", or the one side's that there is.
func (l line) sharesSaid(set []float64) string {
	if l.Baseline == nil || l.Baseline.N == 0 {
		return shares(l.Candidate, set) + " %"
	}
	if l.Candidate == nil || l.Candidate.N == 0 {
		return shares(l.Baseline, set) + " % → –"
	}
	return shares(l.Baseline, set) + " → " + shares(l.Candidate, set) + " %"
}
