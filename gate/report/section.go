package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// allSection is every comparison with its evidence and its distributions, for those who check.
func (v *view) allSection() *details {
	tested := v.with(func(l line) bool { return l.Baseline != nil && l.Candidate != nil && l.Outcome != gate.Incomparable })
	if len(tested) == 0 {
		return nil
	}
	t := &table{
		head: []string{"verdict", v.labelHead(), "baseline → candidate", "difference, " + solid(v.levelName()), "tolerated loss", "p worse",
			"found " + often(v.report.Policy.Power), "effect size", "SD", "missing", "distribution"},
		alignment: "llcccccccll",
	}
	for _, l := range tested {
		p := ""
		if l.Decided != nil && l.Family > 0 {
			p = gate.FormatP(l.PAdjusted)
		}
		t.rows = append(t.rows, row{rankOf(l), []string{
			solidBadge(l), v.label(l), solid(meansCell(l)), differenceCell(l), l.Tolerance(), solid(p),
			detectsCell(l), solid(effectCell(l)), solid(l.deviation(l.Baseline) + " → " + l.deviation(l.Candidate)),
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

// detects returns the smallest loss that is found, and how many samples it takes to find the tolerated one, where that is smaller.
func (l line) detects() (found string, needed int) {
	if l.MDE == nil || !l.compared() {
		return "", 0
	}
	if l.Needed != nil && *l.MDE > l.MaxLoss {
		needed = *l.Needed
	}
	return l.Format(*l.MDE), needed
}

// detectsCell is "0.21; 0.10 at n=417".
func detectsCell(l line) string {
	found, needed := l.detects()
	if needed == 0 {
		return found
	}
	return fmt.Sprintf("%s; %s at n=%d", found, l.Tolerance(), needed)
}

// effectUnit gives standardised differences two decimals.
const effectUnit = 0.1

func effectCell(l line) string {
	switch {
	case l.Decided == nil:
		return ""
	case l.Pairs() && l.CohenDz != nil:
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
	t := lacking(s.Missing, strconv.Itoa(s.N+s.Missing))
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

// missingCount is a side's missing scores with their causes.
func missingCount(s *gate.Summary) string {
	t := strconv.Itoa(s.Missing)
	if causes := causesSaid(s); causes != "" {
		t += " (" + causes + ")"
	}
	return t
}
