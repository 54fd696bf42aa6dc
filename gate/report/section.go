package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// shownSamples is the number of samples that a page shows: what one person reads and argues about.
const shownSamples = 10

// A move is a sample of a line whose score changed.
type move struct {
	line
	gate.Move
}

// samplesSection shows the samples that moved most, those of the worst findings first. No finding takes the room of all
// others while there are others.
func (v *view) samplesSection(p *Page) *details {
	if p.Samples == NoSamples {
		return nil
	}
	moves := v.moves()
	if len(moves) == 0 {
		return nil
	}
	return &details{
		summary: "What changed most: " + count(len(moves), "sample", "samples"),
		keep:    samples,
		blocks:  []block{v.samplesTable(moves, p)},
	}
}

func (v *view) moves() []move {
	var first, rest []move
	share := shownSamples
	lines := v.with(func(l line) bool { return l.moved() && l.compared() && len(l.MostMoved) > 0 })
	if len(lines) > 1 {
		share = shownSamples / 2
	}
	for _, l := range lines {
		for i, m := range l.MostMoved {
			if i < share {
				first = append(first, move{l, m})
			} else {
				rest = append(rest, move{l, m})
			}
		}
	}
	all := append(first, rest...)
	return all[:min(len(all), shownSamples)]
}

func (v *view) samplesTable(moves []move, p *Page) *table {
	if p.Samples == SampleIDs {
		return v.sampleIDs(moves)
	}
	said := "judge on the candidate's answer"
	if !slices.ContainsFunc(moves, func(m move) bool { return p.Texts[Place{m.File, m.Row}].Explanation != "" }) {
		said = "the candidate's answer"
	}
	t := &table{
		head:      []string{"sample", v.labelHead(), "was → is", said},
		alignment: "llcl",
		brief:     func() *table { return v.sampleIDs(moves) },
	}
	for _, m := range moves {
		text := p.Texts[Place{m.File, m.Row}]
		said := ""
		if s := cmp.Or(text.about(m.Metric), text.Answer); s != "" {
			said = codeSpan(s, textLength)
		}
		input := cmp.Or(text.Input, m.ID)
		t.rows = append(t.rows, row{sample, []string{codeSpan(input, textLength), v.label(m.line), scores(m.Move), said}})
	}
	return t
}

// about returns what was said about one metric: of an explanation that has a line "metric: …" for each, that line's rest.
func (t SampleText) about(metric string) string {
	for line := range strings.Lines(t.Explanation) {
		if rest, ok := strings.CutPrefix(line, metric+": "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return t.Explanation
}

func (v *view) sampleIDs(moves []move) *table {
	t := &table{head: []string{"sample", v.labelHead(), "was → is"}, alignment: "llc"}
	for _, m := range moves {
		t.rows = append(t.rows, row{sample, []string{v.name(m.ID), v.label(m.line), scores(m.Move)}})
	}
	return t
}

func scores(m gate.Move) string {
	return short(m.Was) + " → " + short(m.Is)
}

// allSection is every comparison with its evidence and its distributions, for those who check.
func (v *view) allSection() *details {
	tested := v.with(func(l line) bool { return l.Baseline != nil && l.Candidate != nil && l.Outcome != gate.Incomparable })
	if len(tested) == 0 {
		return nil
	}
	t := &table{
		head: []string{"verdict", v.labelHead(), "baseline → candidate", "difference, " + v.levelName(), "tolerated loss", "p worse",
			"effect size", "SD", "missing", "distribution"},
		alignment: "llccccccll",
	}
	for _, l := range tested {
		p := ""
		if l.Decided != nil && l.Family > 0 {
			p = gate.FormatP(l.PAdjusted)
		}
		t.rows = append(t.rows, row{rankOf(l), []string{
			badge(l), v.label(l), meansCell(l), differenceCell(l), l.Tolerance(), p,
			effectCell(l), l.deviation(l.Baseline) + " → " + l.deviation(l.Candidate),
			missingCell(l), distributions(l),
		}})
	}
	return &details{
		summary: allOf(len(tested)) + ", with distributions",
		keep:    detail,
		blocks: []block{t, paragraph("Adjusted p-values; Hedges' g unpaired, Cohen's d of the differences paired. " +
			"A distribution is the number of samples at each value, or minimum, quartiles and maximum where values are many.")},
	}
}

func allOf(n int) string {
	if n == 1 {
		return "The comparison"
	}
	return fmt.Sprintf("All %d comparisons", n)
}

// effectUnit gives standardised differences two decimals.
const effectUnit = 0.1

func effectCell(l line) string {
	switch {
	case l.Decided == nil:
		return ""
	case l.Decided.Method == stat.PairedT && l.CohenDz != nil:
		return "d " + gate.FormatSigned(*l.CohenDz, effectUnit)
	case l.HedgesG != nil:
		return "g " + gate.FormatSigned(*l.HedgesG, effectUnit)
	}
	return ""
}

func missingCell(l line) string {
	return strconv.Itoa(l.Baseline.Missing) + " → " + missingCount(l.Candidate)
}

// missingSaid is "12 of 12 are missing (null 10, text 2)".
func missingSaid(s *gate.Summary) string {
	t := fmt.Sprintf("%d of %d are missing", s.Missing, s.N+s.Missing)
	if causes := causesSaid(s); causes != "" {
		t += " (" + causes + ")"
	}
	return t
}

func causesSaid(s *gate.Summary) string {
	var parts []string
	for _, c := range sortedCauses(s.MissingBy) {
		parts = append(parts, strings.ReplaceAll(c.String(), "_", " ")+" "+strconv.Itoa(s.MissingBy[c]))
	}
	return strings.Join(parts, ", ")
}

func sortedCauses(by map[score.Cause]int) []score.Cause {
	var causes []score.Cause
	for c := range by {
		causes = append(causes, c)
	}
	slices.Sort(causes)
	return causes
}

// distributions writes both sides' in the same form.
func distributions(l line) string {
	if l.Baseline.Levels == nil || l.Candidate.Levels == nil {
		return quartiles(l.Baseline) + " → " + quartiles(l.Candidate)
	}
	return distribution(l.Baseline) + " → " + distribution(l.Candidate)
}

// distribution writes the number of samples at each level, or the quartiles where levels are many.
func distribution(s *gate.Summary) string {
	if s.N == 0 || s.Levels == nil {
		return quartiles(s)
	}
	var parts []string
	for _, l := range s.Levels {
		parts = append(parts, short(l.Value)+": "+strconv.Itoa(l.Count))
	}
	return strings.Join(parts, ", ")
}

func quartiles(s *gate.Summary) string {
	if s.N == 0 {
		return "–"
	}
	var parts []string
	for _, x := range fiveNumbers(s) {
		parts = append(parts, short(x))
	}
	return strings.Join(parts, " · ")
}

func fiveNumbers(s *gate.Summary) [5]float64 {
	q := s.Quartiles
	return [5]float64{q.Min, q.Q1, q.Median, q.Q3, q.Max}
}

// changesSection lists what is different about the evaluation.
func (v *view) changesSection() *details {
	const most = 50
	t := &table{head: []string{"model", "part", "baseline", "candidate"}, alignment: "llll"}
	n := 0
	for _, m := range v.report.Models {
		n += len(m.Changes)
		for _, c := range m.Changes {
			if len(t.rows) < most {
				t.rows = append(t.rows, row{warning, []string{
					v.name(m.Model), v.name(c.Path),
					partValue(c.Baseline), partValue(c.Candidate),
				}})
			}
		}
	}
	if n == 0 {
		return nil
	}
	blocks := []block{t}
	if n > most {
		blocks = append(blocks, paragraph(fmt.Sprintf("The first %d of %d; report.json has all.", most, n)))
	}
	return &details{summary: "What changed in the evaluation: " + count(n, "part", "parts"), keep: detail, blocks: blocks}
}

func partValue(s string) string {
	if s == "" {
		return "–"
	}
	return codeSpan(s, nameLength)
}

// methodSection says how this was decided, and what it can see.
func (v *view) methodSection(p *Page) *details {
	items := list{}
	if m := v.methods(); m != "" {
		items = append(items, m)
	}
	items = append(items, v.ruleSaid())
	const most = 10
	seen := v.with(func(l line) bool { return l.MDE != nil })
	for _, l := range seen[:min(len(seen), most)] {
		items = append(items, v.named(l)+": "+v.powerSaid(l)+v.companion(l))
	}
	if len(seen) > most {
		items = append(items, fmt.Sprintf("%d more in report.json.", len(seen)-most))
	}
	items = append(items, v.publications()...)
	items = append(items, "This counts sampling noise only: how much the same model scores differently from run to run is not in it.")
	if p.Rerun != "" {
		items = append(items, "The same on a laptop: "+codeSpan(p.Rerun, saidLength))
	}
	return &details{summary: "How this was decided, and what it can see", keep: detail, blocks: []block{items}}
}

// publications links where the runs of several models lie; that of one is in the footer.
func (v *view) publications() []string {
	const most = 10
	if len(v.report.Models) == 1 {
		return nil
	}
	var links []string
	for _, m := range v.report.Models {
		if m.Published != nil && m.Published.URL != "" && len(links) < most {
			links = append(links, v.link(v.name(m.Model), m.Published.URL))
		}
	}
	if len(links) == 0 {
		return nil
	}
	return []string{"Results: " + strings.Join(links, ", ") + "."}
}

// methods names the tests that decided.
func (v *view) methods() string {
	paired, welch, permuted := 0, 0, 0
	for _, l := range v.lines {
		switch {
		case l.Decided == nil:
		case l.Decided.Method == stat.PairedT:
			paired++
		case l.Decided.Method == stat.PermutationT:
			permuted++
		default:
			welch++
		}
	}
	var parts []string
	if paired > 0 {
		parts = append(parts, fmt.Sprintf("the paired t-test, on the differences of samples scored on both sides, decided %d of %d", paired, len(v.lines)))
	}
	if welch > 0 {
		parts = append(parts, fmt.Sprintf("Welch's t-test, on all scores of both sides, decided %d of %d", welch, len(v.lines)))
	}
	if permuted > 0 {
		parts = append(parts, fmt.Sprintf("the permutation test of Welch's t, whose p was the larger, decided %d of %d", permuted, len(v.lines)))
	}
	if len(parts) == 0 {
		return ""
	}
	s := strings.Join(parts, "; ") + ". Each end of the " + v.levelName() + " is the one-sided bound that decides."
	return strings.ToUpper(s[:1]) + s[1:]
}

// ruleSaid is the policy in a sentence.
func (v *view) ruleSaid() string {
	pol := v.report.Policy
	switch pol.Rule {
	case gate.NonInferiority:
		return "A metric fails unless a loss beyond what is tolerated is ruled out with " + hundredths(1-pol.Alpha) + " confidence (one-sided)."
	case gate.Threshold:
		return "A metric fails when it is worse by more than what is tolerated, whether or not that could be noise."
	}
	s := "A metric fails when it is worse by more than what is tolerated and chance explains that less than " +
		hundredths(pol.Alpha) + " of the time (one-sided)"
	family := 0
	for _, l := range v.lines {
		if l.Criterion.Tier == gate.Critical {
			family = max(family, l.Family)
		}
	}
	switch {
	case pol.Correction == gate.NoCorrection:
		return s + ", each by itself: no correction for the number of tests."
	case family > 1:
		return s + fmt.Sprintf(", for the %d critical comparisons together (Holm's correction).", family)
	}
	return s + "."
}

// companion gives Welch's p beside a paired verdict that fails, since it is the weaker claim to fall back on.
func (v *view) companion(l line) string {
	if l.Outcome != gate.Regressed || l.Decided == nil || l.Decided.Method != stat.PairedT {
		return ""
	}
	for _, t := range l.Tests {
		if t.Method == stat.WelchT {
			return " Unpaired, by Welch's t-test: " + equals(worse(t, l.Criterion.Direction)) + " before correction."
		}
	}
	return ""
}

// worse is a test's p-value for "the candidate is worse".
func worse(t stat.Test, d gate.Direction) float64 {
	if d == gate.Lower {
		return t.PBetter
	}
	return t.PWorse
}

// often says a power in words.
func often(power float64) string {
	if tenths := math.Round(10 * power); math.Abs(10*power-tenths) < 1e-9 {
		return fmt.Sprintf("%.0f times in 10", tenths)
	}
	return hundredths(power) + " of the time"
}

// missingCount is a side's missing scores with their causes.
func missingCount(s *gate.Summary) string {
	t := strconv.Itoa(s.Missing)
	if causes := causesSaid(s); causes != "" {
		t += " (" + causes + ")"
	}
	return t
}
