package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// openRows is the number of rows that are shown unfolded; the rest is a click away. With all that may stand around them these
// make a comment of forty lines, which is still read.
const openRows = 16

// Markdown renders the page that is a pull request's comment, a job's summary and report.md: the verdict in words, one
// table with what moved, worst first, what was compared with what, and, folded, what reviewers and skeptics ask for.
//
// A page beyond p.Limit loses rows that passed, then folded sections, then texts of samples; never the verdict, the line
// with the provenance, or, while there is any other way, a row that fails. It says what it left out. The same report and
// page give the same bytes.
func Markdown(r gate.Report, p Page) string {
	v := newView(&r, markdownInk())
	d := &document{whole: cmp.Or(p.Whole, "report.json")}
	if m := Marker(p.Key); m != "" {
		d.blocks = append(d.blocks, marker(m))
	}
	if r.Described {
		d.blocks = append(d.blocks, v.describedBlocks()...)
	} else {
		d.blocks = append(d.blocks, v.blocks(&p)...)
	}
	if w := v.warningsSection(p.Remarks); w != nil {
		d.blocks = append(d.blocks, w)
	}
	d.blocks = append(d.blocks, v.footer(&p))
	return d.fit(p.Limit)
}

// Headline returns the verdict in one sentence, without a name that came from outside.
func Headline(r gate.Report) string { return newView(&r, plainInk()).said() }

// blocks are the parts of the page of a comparison.
func (v *view) blocks(p *Page) []block {
	blocks := []block{v.alert(p)}
	blocks = append(blocks, v.verdictTables()...)
	if r := v.reshapedSaid(); r != "" {
		blocks = append(blocks, paragraph(r))
	}
	if c := v.coverage(p.Links); c != "" {
		blocks = append(blocks, paragraph(c))
	}
	if len(p.Remarks) > 0 {
		var items list
		for _, r := range p.Remarks {
			items = append(items, "⚠️ "+r.with(func(s string) string { return v.span(s, textLength) }))
		}
		blocks = append(blocks, items)
	}
	for _, s := range []*details{v.samplesSection(p), v.slicesSection(p), v.allSection(), v.changesSection(), v.methodSection()} {
		if s != nil {
			blocks = append(blocks, s)
		}
	}
	return blocks
}

// alert is the verdict: its kind by what a reader should feel, its words by what there is to do.
func (v *view) alert(p *Page) *alert {
	return &alert{kind: v.kind(), title: v.headline(p.ReportOnly), lines: v.alertLines(p)}
}

func (v *view) kind() string {
	switch {
	case v.report.Accepted != nil:
		return "WARNING"
	case v.firstRun():
		return "NOTE"
	case v.outcomes[gate.Incomparable] > 0 && v.outcomes[gate.Regressed]+v.outcomes[gate.Breached]+v.outcomes[gate.Missing]+v.outcomes[gate.Invalid] == 0:
		return "IMPORTANT"
	case v.decision == gate.Fail:
		return "CAUTION"
	case v.decision != gate.Pass || v.blind():
		return "WARNING"
	case v.couldFail():
		return "WARNING"
	case v.outcomes[gate.Inconclusive] > 0 || len(v.atWorst()) > 0:
		return "NOTE" // the policy lets it pass; it is still not the green of "nothing was lost"
	}
	return "TIP"
}

// mostSaid is the number of findings that an alert speaks of one by one.
const mostSaid = 3

func (v *view) alertLines(p *Page) []string {
	var lines []string
	for _, m := range v.undecided() {
		lines = append(lines, v.name(m.Model)+": "+codeSpan(m.Undecided, saidLength))
	}
	if v.firstRun() && v.report.Accepted == nil {
		return append(lines, v.fromNowOn())
	}
	changed := map[*gate.ModelReport]bool{}
	for _, l := range v.lines {
		switch {
		case l.Decision == gate.Pass && !(l.Outcome == gate.Inconclusive && v.blind()), l.Decision == gate.Undecided:
			continue
		case l.Decision != gate.Fail && v.decision == gate.Fail, v.report.Accepted != nil && !l.Accepted:
			continue
		case l.Outcome == gate.Incomparable && changed[l.model]:
			continue
		}
		changed[l.model] = changed[l.model] || l.Outcome == gate.Incomparable
		lines = append(lines, v.sentence(l, p))
	}
	if n := len(lines) - mostSaid; n > 1 {
		lines = append(lines[:mostSaid:mostSaid], fmt.Sprintf("%d more: see below.", n))
	}
	for _, s := range []string{v.acceptedSaid(), v.atWorstSaid()} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

// acceptedSaid is who accepted what failed, and why.
func (v *view) acceptedSaid() string {
	a := v.report.Accepted
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%s %s at %s on %s: %s", v.name(a.By), v.link("accepted what failed", a.URL), v.commit(a.SHA),
		a.At.UTC().Format("2 January 2006"), v.span(a.Reason, saidLength))
}

// atWorst returns the lines that would make the verdict of the whole worse if their missing scores were counted at the worst.
func (v *view) atWorst() []line {
	return v.with(func(l line) bool {
		switch v.decision {
		case gate.Fail, gate.Undecided:
			return false
		case gate.Warn:
			return l.AtWorst == gate.Regressed
		}
		return l.AtWorst != 0
	})
}

// couldFail reports whether one of them would fail a gate that is open.
func (v *view) couldFail() bool {
	return slices.ContainsFunc(v.atWorst(), func(l line) bool { return l.AtWorst == gate.Regressed })
}

// atWorstSaid is the warning about them in one line: that `accuracy` would be regressed, and not held.
func (v *view) atWorstSaid() string {
	lines := v.atWorst()
	if len(lines) == 0 {
		return ""
	}
	var parts []string
	for _, l := range lines[:min(len(lines), mostSaid)] {
		parts = append(parts, fmt.Sprintf("%s would be %s, and not %s", v.label(l), l.AtWorst, l.Outcome))
	}
	if more := len(lines) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more would change", more))
	}
	return "With the missing scores counted at the worst, " + strings.Join(parts, "; ") + "."
}

// reshapedSaid names, in one line, the comparisons of which equal means hide a change.
func (v *view) reshapedSaid() string {
	lines := v.with(func(l line) bool { return l.Reshaped })
	if len(lines) == 0 {
		return ""
	}
	var parts []string
	for _, l := range lines[:min(len(lines), mostSaid)] {
		part := v.label(l)
		if set := l.levelSet(); set != nil {
			part += " (" + levelName(set) + ": " + l.sharesSaid(set) + ", " + equals(l.Shift.P) + ")"
		}
		parts = append(parts, part)
	}
	if more := len(lines) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return "The means hide a change: scores are distributed otherwise than in the baseline in " + strings.Join(parts, ", ") + "."
}

// fromNowOn says what a first run leads to, or one that was compared with nothing but itself.
func (v *view) fromNowOn() string {
	recorded := true
	var limits []string
	for _, m := range v.report.Models {
		recorded = recorded && m.Published != nil && m.Published.Baseline
	}
	seen := map[string]bool{}
	for _, l := range v.lines {
		if l.Criterion.Tier == gate.Critical && !seen[l.Metric] && len(limits) < 4 {
			seen[l.Metric] = true
			limits = append(limits, v.name(l.Metric)+" "+l.Tolerance())
		}
	}
	s := "The first run published from the default branch becomes the baseline. From then on a run"
	switch {
	case v.itself():
		s = "Any other run"
	case recorded:
		s = "This run is the baseline now. From now on a run"
	}
	s += " that is shown to be worse by more than what is tolerated closes the gate"
	if len(limits) > 0 && v.knowsLimits() {
		s += ": " + strings.Join(limits, ", ")
	}
	return s + "."
}

// knowsLimits reports whether tolerances are known without a baseline; a percentage of its mean is not.
func (v *view) knowsLimits() bool {
	for _, l := range v.lines {
		if c := l.Criterion.MaxLoss; l.Scale == nil && (c == nil || c.Percent) {
			return false
		}
	}
	return true
}

// named names a line in a sentence.
func (v *view) named(l line) string {
	var names []string
	for _, name := range []string{l.model.Model, l.Task, l.Metric} {
		if name != "" {
			names = append(names, v.name(name))
		}
	}
	return strings.Join(names, " ")
}

// sentence says what a finding means, with the numbers that a person would quote.
func (v *view) sentence(l line, p *Page) string {
	switch l.Outcome {
	case gate.Regressed:
		return v.named(l) + " " + v.lossSaid(l)
	case gate.Breached:
		return v.named(l) + " " + v.breachSaid(l, p)
	case gate.Missing:
		if l.Metric == "" || l.Baseline == nil {
			return v.named(l) + " is asked for by the policy and not in this run."
		}
		return v.named(l) + " is in the baseline and not in this run."
	case gate.Invalid:
		return v.named(l) + " " + invalidSaid(l)
	case gate.Incomparable:
		return v.changesSaid(l.model)
	case gate.New:
		return v.named(l) + " has no baseline."
	case gate.Inconclusive:
		if !l.Idle {
			return v.named(l) + v.blindSaid(l)
		}
	}
	return v.named(l) + ": " + codeSpan(l.Reason, saidLength)
}

// lossSaid is "fell from 2.59 to 2.41: a loss of 0.18, more than the 0.10 tolerated, and not noise (p = 0.005)".
func (v *view) lossSaid(l line) string {
	if l.Decided == nil {
		return "is worse: " + codeSpan(l.Reason, saidLength)
	}
	s := l.movedSaid() + ": a loss of **" + l.beyond(l.Loss(), l.Tolerance()) + "**"
	if l.MaxLoss > 0 {
		s += ", more than the " + l.Tolerance() + " tolerated"
	}
	if p, ok := l.p(); ok && v.report.Policy.Rule == gate.Regression {
		s += ", and not noise (" + equals(p) + ")"
	}
	if l.Within() {
		s += fmt.Sprintf("; yet %d runs of unchanged code differ by as much", l.BetweenRuns.Runs)
	}
	return s + "."
}

// movedSaid is "fell from 2.59 to 2.41".
func (l line) movedSaid() string {
	verb := "fell"
	if l.Decided.Diff > 0 {
		verb = "rose"
	}
	return verb + " from " + l.Format(l.Means[1]) + " to " + l.Format(l.Means[0])
}

func (v *view) breachSaid(l line, p *Page) string {
	var parts []string
	if c, m := l.Candidate, l.Criterion.Min; c != nil && c.N > 0 && m != nil {
		limit := l.limit(*m)
		if l.Criterion.Direction == gate.Lower && c.Mean > *m {
			parts = append(parts, "is "+l.beyond(c.Mean, limit)+", above its ceiling of "+limit)
		} else if l.Criterion.Direction != gate.Lower && c.Mean < *m {
			parts = append(parts, "is "+l.beyond(c.Mean, limit)+", below its floor of "+limit)
		}
	}
	if c, most := l.Candidate, v.report.Policy.MaxMissing; c != nil {
		lost := c.Missing + l.Dropped
		if all := c.N + lost; float64(lost) > most*float64(all) {
			s := fmt.Sprintf("has no usable score of %d of %d samples", lost, all)
			if l.Dropped > 0 {
				s += fmt.Sprintf(", %d of them only known from the baseline", l.Dropped)
			}
			parts = append(parts, s+", more than the "+hundredths(most)+" allowed")
		}
	}
	if k := len(l.Lowered); k > 0 {
		s := "scores lower on " + count(k, "must-pass sample", "must-pass samples")
		if p.Samples != NoSamples {
			ids := make([]string, min(k, mostSaid))
			for i := range ids {
				ids[i] = v.name(l.Lowered[i])
			}
			s += ": " + strings.Join(ids, ", ")
			if k > len(ids) {
				s += ", …"
			}
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return "breaches a limit: " + codeSpan(l.Reason, saidLength)
	}
	return strings.Join(parts, "; ") + "."
}

func invalidSaid(l line) string {
	switch {
	case l.ScaleWas != nil && l.Scale != nil:
		return fmt.Sprintf("is on the scale %s, the baseline on %s: they cannot be compared.", scaleName(*l.Scale), scaleName(*l.ScaleWas))
	case l.Candidate != nil && l.Candidate.N == 0:
		return fmt.Sprintf("has no usable score: %s.", missingSaid(l.Candidate))
	}
	return "cannot be used: " + codeSpan(l.Reason, saidLength)
}

// changesSaid names the first parts of an evaluation that changed.
func (v *view) changesSaid(m *gate.ModelReport) string {
	s := "The evaluation of " + v.name(m.Model) + " is not the baseline's"
	var parts []string
	for _, c := range m.Changes[:min(len(m.Changes), mostSaid)] {
		parts = append(parts, v.name(c.Path)+" "+changeSaid(c.Baseline, c.Candidate))
	}
	if more := len(m.Changes) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	return s + ". A difference in scores would say nothing about the model."
}

func changeSaid(baseline, candidate string) string {
	switch {
	case baseline == "":
		return "is new"
	case candidate == "":
		return "is gone"
	case strings.HasPrefix(baseline, "sha256:") && strings.HasPrefix(candidate, "sha256:"):
		return "changed"
	}
	return "was " + codeSpan(baseline, nameLength) + " and is " + codeSpan(candidate, nameLength)
}

// blindSaid says what an inconclusive comparison can neither show nor rule out, and what it could have seen.
func (v *view) blindSaid(l line) string {
	if l.Decided == nil || l.Candidate == nil {
		if l.Candidate != nil && l.Candidate.N < v.report.Policy.MinSamples {
			return fmt.Sprintf(": %s, and nothing is tested below %d.", count(l.Candidate.N, "sample", "samples"), v.report.Policy.MinSamples)
		}
		return ": " + codeSpan(l.Reason, saidLength)
	}
	s := ": a loss of more than " + l.Tolerance() + " is neither shown nor ruled out with " + l.samplesSaid()
	if l.Loss() > l.MaxLoss {
		s = " " + l.movedSaid() + ", not distinguishable from noise with " + l.samplesSaid()
	}
	if l.MDE == nil || *l.MDE <= l.MaxLoss {
		return s + "."
	}
	return s + ": " + v.powerSaid(l)
}

// powerSaid says what a comparison can see, and what it takes to see what is tolerated.
func (v *view) powerSaid(l line) string {
	if l.MDE == nil {
		return "what it can see is not known."
	}
	s := "a loss of " + l.Format(*l.MDE) + " or more is found " + often(v.report.Policy.Power)
	if l.Needed == nil || *l.MDE <= l.MaxLoss {
		return s + "."
	}
	noun := "samples a side"
	if l.Pairs() {
		noun = "pairs"
	}
	return fmt.Sprintf("%s; %s needs about %d %s.", s, l.Tolerance(), *l.Needed, noun)
}
