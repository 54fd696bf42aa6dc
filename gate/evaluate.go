package gate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate/evalconf"
)

// Evaluate compares a run with the baselines of its models, which are keyed by the candidate's model ids, and judges it. A
// model without a baseline there is new. Models come sorted, and so do those that the policy lists and the run lacks.
func Evaluate(candidate Run, baselines map[string]Baseline, p Policy) Report {
	report := Report{Policy: p, Candidate: candidate.Provenance}
	series := byModel(Compare(candidate, baselines, p))
	models := candidate.Models()
	for _, m := range p.absent(candidate) {
		models = append(models, m.Model)
	}
	slices.Sort(models)
	for _, model := range models {
		m := modelReport(candidate, model, baselines[model])
		for _, c := range series[model] {
			m.Findings = append(m.Findings, p.Judge(c))
		}
		slices.SortFunc(m.Findings, worstFirst)
		if m.Baseline != nil && !slices.ContainsFunc(series[model], Comparison.accountedFor) {
			m.Undecided = "the baseline shares no task and metric with the candidate"
		}
		report.Models = append(report.Models, m)
	}
	return report
}

// Describe summarizes a run and judges nothing: no finding has a baseline, an outcome or a decision.
func Describe(candidate Run, p Policy) Report {
	report := Report{Policy: p, Candidate: candidate.Provenance, Described: true}
	p.Models = nil // whether all are there is judged, not described
	series := byModel(Compare(candidate, nil, p))
	for _, model := range candidate.Models() {
		m := ModelReport{Model: model, Comparable: true}
		for _, c := range series[model] {
			m.Findings = append(m.Findings, Finding{Comparison: c})
		}
		report.Models = append(report.Models, m)
	}
	return report
}

func byModel(cs []Comparison) map[string][]Comparison {
	out := map[string][]Comparison{}
	for _, c := range cs {
		out[c.Model] = append(out[c.Model], c)
	}
	return out
}

// modelReport says what a model is compared with.
func modelReport(candidate Run, model string, b Baseline) ModelReport {
	m := ModelReport{Model: model, Comparable: true, Itself: b.Itself, Warnings: b.Warnings}
	if b.Unreadable != nil {
		m.Undecided = fmt.Sprintf("the baseline could not be read: %v", b.Unreadable)
		return m
	}
	if b.Run == nil {
		return m
	}
	m.Baseline = &b.Run.Provenance
	was, is := b.Run.Provenance.EvalConfig, candidate.Provenance.EvalConfig
	m.Unchecked = len(was) == 0 || len(is) == 0
	m.Changes = evalconf.Diff(was, is)
	m.Comparable = len(m.Changes) == 0
	return m
}

// accountedFor reports whether both sides have the series, or the whole model is known to be missing.
func (c Comparison) accountedFor() bool {
	return c.Candidate != nil && c.Baseline != nil || c.Metric == ""
}

// worstFirst orders findings: by decision, by outcome within it, then by task and metric.
func worstFirst(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Decision.severity(), a.Decision.severity()),
		cmp.Compare(a.Outcome, b.Outcome),
		cmp.Compare(a.Task, b.Task),
		cmp.Compare(a.Metric, b.Metric),
	)
}
