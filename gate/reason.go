package gate

import (
	"fmt"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// reason says in one sentence why a finding is what it is, with the numbers in it.
func (p Policy) reason(f Finding, breaches []string) string {
	c := f.Comparison
	switch f.Outcome {
	case Incomparable:
		return c.incomparableReason()
	case Missing:
		return c.missingReason()
	case Invalid:
		return c.invalidReason()
	case Breached:
		return strings.Join(breaches, "; ")
	case New:
		return c.newReason()
	case Regressed:
		return p.regressedReason(c)
	case Improved:
		return c.moved("fell") + p.evidence(c, c.PBetter)
	case Held:
		return p.heldReason(c)
	}
	return p.inconclusiveReason(c)
}

func (c Comparison) incomparableReason() string {
	s := fmt.Sprintf("%s cannot be compared: %s of the evaluation changed, %s", c.Metric,
		count(len(c.Changes), "part", "parts"), c.Changes[0].Path)
	if len(c.Changes) > 1 {
		s += " first"
	}
	return s
}

func (c Comparison) missingReason() string {
	if c.Metric == "" {
		return fmt.Sprintf("%s is listed by the policy and not in the run", c.Model)
	}
	return fmt.Sprintf("%s is in the baseline, with %s, and not in the candidate", c.Metric, count(c.Baseline.N, "score", "scores"))
}

func (c Comparison) invalidReason() string {
	switch {
	case c.Candidate.N == 0:
		return fmt.Sprintf("%s has no usable score: all %s missing%s", c.Metric,
			count(c.Candidate.Missing, "is", "are"), causes(c.Candidate.MissingBy))
	case c.ScaleWas != nil:
		return fmt.Sprintf("%s is on a scale of %s, and was on one of %s in the baseline", c.Metric, scale(c.Scale), scale(c.ScaleWas))
	}
	return fmt.Sprintf("%s is on a scale of %s, and the baseline's scores lie on another", c.Metric, scale(c.Scale))
}

func (c Comparison) newReason() string {
	switch {
	case c.Unreadable:
		return fmt.Sprintf("%s was not compared: the baseline could not be read", c.Metric)
	case c.Baseline == nil:
		return fmt.Sprintf("%s is not in the baseline; it is %s now", c.Metric, c.Format(c.Candidate.Mean))
	}
	return fmt.Sprintf("%s has no usable score in the baseline; it is %s now", c.Metric, c.Format(c.Candidate.Mean))
}

func (p Policy) regressedReason(c Comparison) string {
	limit := fmt.Sprintf("more than the tolerated %s", c.Tolerance())
	if c.MaxLoss == 0 {
		limit = "and no loss is tolerated"
	}
	if p.Rule == Threshold {
		return fmt.Sprintf("%s%s, %s (a threshold asks for no evidence)", c.moved("fell"), c.interval(), limit)
	}
	return fmt.Sprintf("%s%s, %s", c.moved("fell"), p.evidence(c, c.PAdjusted), limit)
}

func (p Policy) heldReason(c Comparison) string {
	s := c.moved("fell") + c.interval()
	switch {
	case c.Decided.Degenerate && c.Decided.Diff == 0:
		return s + ": no score differs, at " + c.sampleCount()
	case c.MaxLoss == 0:
		return s + ", and any loss is ruled out"
	}
	return s + fmt.Sprintf(", and a loss of more than the tolerated %s is ruled out", c.Tolerance())
}

func (p Policy) inconclusiveReason(c Comparison) string {
	loss, moved := c.Loss(), c.moved("dropped")
	switch {
	case c.Decided == nil:
		return moved + p.untested(c)
	case c.Idle:
		return moved + c.interval() + ", and this shows nothing: " + c.idleClause()
	case c.OneSideConstant:
		return fmt.Sprintf("%s, not distinguishable from noise at %s: one side has no spread at all", moved, c.sampleCount())
	case c.Decided.Degenerate && loss == 0:
		return fmt.Sprintf("%s at %s, too few (below %d) to rule out a loss", moved, c.sampleCount(), smallSample)
	}
	within := loss <= c.MaxLoss+c.slack()
	limit := "a loss"
	if c.MaxLoss > 0 {
		limit = "a loss of more than the tolerated " + c.Tolerance()
	}
	var s string
	switch {
	case loss <= 0:
		s = fmt.Sprintf("%s%s at %s, but %s is not ruled out", moved, c.interval(), c.sampleCount(), limit)
	case c.PAdjusted < p.Alpha:
		s = fmt.Sprintf("%s%s, within the tolerated %s, but a larger loss is not ruled out", c.moved("fell"), p.evidence(c, c.PAdjusted), c.Tolerance())
	case within:
		s = fmt.Sprintf("%s%s, not distinguishable from noise at %s, and %s is not ruled out", moved, p.evidence(c, c.PAdjusted), c.sampleCount(), limit)
	default:
		s = fmt.Sprintf("%s%s, not distinguishable from noise at %s", moved, p.evidence(c, c.PAdjusted), c.sampleCount())
	}
	return s + p.power(c)
}

// untested says why no test was made.
func (p Policy) untested(c Comparison) string {
	n, what := min(c.Candidate.N, c.Baseline.N), "sample"
	if p.Test == PairedTest {
		n, what = c.Paired, "pair"
	}
	if n < p.MinSamples {
		return fmt.Sprintf(", not distinguishable from noise: %s, and no test decides below %d", count(n, what, what+"s"), p.MinSamples)
	}
	if c.OneGroup {
		return ", and no test decides: all samples of a side are in one group"
	}
	return ", and no test could be made of these samples"
}

// power says what the comparison could have seen.
func (p Policy) power(c Comparison) string {
	if c.MDE == nil {
		return ""
	}
	if c.Needed == nil || *c.MDE <= c.MaxLoss {
		return fmt.Sprintf("; a loss of %s is found %s of the time", c.Format(*c.MDE), percent(p.Power))
	}
	what := "samples per side"
	if c.Pairs() {
		what = "pairs"
	}
	return fmt.Sprintf("; underpowered: a loss of %s is found %s of the time, one of %s needs about %d %s",
		c.Format(*c.MDE), percent(p.Power), c.Tolerance(), *c.Needed, what)
}

// moved says which way the metric went and how far, with the verb for a number that became smaller: "accuracy fell by 0.18".
func (c Comparison) moved(down string) string {
	diff, _ := c.Diff()
	amount := strings.TrimPrefix(c.Format(diff), minus)
	if strings.Trim(amount, "0.") == "" {
		amount = strings.TrimPrefix(shortest(diff, 2), minus)
	}
	switch {
	case diff < 0:
		return fmt.Sprintf("%s %s by %s", c.Metric, down, amount)
	case diff > 0:
		return fmt.Sprintf("%s rose by %s", c.Metric, amount)
	}
	return c.Metric + " did not change"
}

// interval is the interval of the change that [Comparison.moved] states, in parentheses after it.
func (c Comparison) interval() string {
	if s := c.bounds(); s != "" {
		return " (" + s + ")"
	}
	return ""
}

// evidence is the interval and a p-value, in parentheses.
func (p Policy) evidence(c Comparison, pValue float64) string {
	text := "p = " + FormatP(pValue)
	if strings.HasPrefix(FormatP(pValue), "<") {
		text = "p " + FormatP(pValue)
	}
	if c.Family > 1 {
		text += fmt.Sprintf(" after Holm over %d", c.Family)
	}
	if s := c.bounds(); s != "" {
		text = s + "; " + text
	}
	return " (" + text + ")"
}

// bounds is the interval of the change that [Comparison.moved] states: of a fall where it fell.
func (c Comparison) bounds() string {
	if c.Decided == nil || c.Decided.Degenerate {
		return ""
	}
	lo, hi := c.Decided.Lo, c.Decided.Hi
	if c.Decided.Diff < 0 {
		lo, hi = 0-hi, 0-lo
	}
	return fmt.Sprintf("%s CI %s to %s", percent(c.Decided.Level), c.Format(lo), c.Format(hi))
}

// sampleCount says how many samples the deciding test saw: "n=98 pairs", "n=100", "n=100 and 80", "n=98 pairs in 12 groups".
func (c Comparison) sampleCount() string {
	n, groups := c.Decided.N, c.Decided.Groups
	s := fmt.Sprintf("n=%d", n[0])
	switch {
	case c.Pairs():
		s += " pairs"
	case n[0] != n[1]:
		s = fmt.Sprintf("n=%d and %d", n[0], n[1])
	}
	switch {
	case c.Decided.Method != stat.ClusteredT:
		return s
	case groups[0] != groups[1]:
		return fmt.Sprintf("%s in %d and %d groups", s, groups[0], groups[1])
	}
	return fmt.Sprintf("%s in %d groups", s, groups[0])
}

func (c Comparison) floorClause(floor float64) string {
	side, limit := "below", "floor"
	if c.Criterion.Direction == Lower {
		side, limit = "above", "ceiling"
	}
	mean := c.Format(c.Candidate.Mean)
	if mean == c.limit(floor, 6) { // a breach smaller than the decimals shown
		mean = shortest(c.Candidate.Mean, -1)
	}
	return fmt.Sprintf("%s is %s, %s its %s of %s", c.Metric, mean, side, limit, c.limit(floor, 6))
}

func missingClause(c Comparison, lost, all int, most float64) string {
	s := fmt.Sprintf("%d of %d samples (%s) have no usable score of %s", lost, all, percent(float64(lost)/float64(all)), c.Metric)
	if c.Dropped > 0 {
		s += fmt.Sprintf(", %d of them only known from the baseline", c.Dropped)
	}
	return s + fmt.Sprintf(", more than the %s allowed", percent(most))
}

// maxNamed bounds the samples that a reason names.
const maxNamed = 5

func (c Comparison) loweredClause() string {
	names := c.Lowered[:min(len(c.Lowered), maxNamed)]
	s := strings.Join(names, ", ")
	if more := len(c.Lowered) - len(names); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s of must-pass samples is worse than in the baseline, or missing: %s", c.Metric, s)
}

// causes lists why scores are missing: " (3 null, 1 off_scale)".
func causes(by map[score.Cause]int) string {
	var parts []string
	for cause := score.Null; cause <= score.Failed; cause++ {
		if n := by[cause]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, cause))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func scale(s *score.Scale) string { return shortest(s.Min, 6) + " to " + shortest(s.Max, 6) }
