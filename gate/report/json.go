package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// schemaID is the "schema" of every report that [Schema] describes.
const schemaID = "hubgate.report/1"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) that every report of [JSON] satisfies.
func Schema() []byte { return slices.Clone(schema) }

// A Tool names the program that made a report.
type Tool struct{ Name, Version string }

// JSON renders report.json, as [Schema] describes it, with a line end. The same report gives the same bytes on every
// machine: keys have a fixed order, numbers their shortest exact form, and nothing is NaN or infinite: what is undefined is null.
//
// Ids of the samples that moved most are in it where r has them; a caller that may not show them uses [WithoutSamples].
// It is an error when r holds a test that the schema has no name for.
func JSON(r gate.Report, tool Tool) ([]byte, error) {
	d, err := encodeReport(&r, tool)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding the report: %w", err)
	}
	return b.Bytes(), nil
}

// WithoutSamples returns the report without the ids of single samples, except those that its policy names, and without the names
// of their groups.
func WithoutSamples(r gate.Report) gate.Report {
	r.Models = slices.Clone(r.Models)
	for i := range r.Models {
		m := &r.Models[i]
		m.Findings = slices.Clone(m.Findings)
		for j := range m.Findings {
			m.Findings[j].MostMoved, m.Findings[j].Slices = nil, nil
		}
	}
	return r
}

func encodeReport(r *gate.Report, tool Tool) (*reportJSON, error) {
	out := &reportJSON{
		Schema:    schemaID,
		Tool:      toolJSON(tool),
		Policy:    encodePolicy(r.Policy),
		Candidate: encodeProvenance(r.Candidate),
		Models:    make([]modelJSON, 0, len(r.Models)),
		Warnings:  texts(r.Warnings),
	}
	if !r.Described {
		out.Decision = new(r.Decision().String())
	}
	if a := r.Accepted; a != nil {
		out.Accepted = &acceptedJSON{a.By, a.Reason, a.At.UTC().Format(time.RFC3339), a.SHA, known(a.URL)}
	}
	for i := range r.Models {
		m, err := encodeModel(r, &r.Models[i])
		if err != nil {
			return nil, err
		}
		out.Models = append(out.Models, m)
	}
	return out, nil
}

func encodePolicy(p gate.Policy) policyJSON {
	out := policyJSON{
		Rule: p.Rule.String(), Alpha: number(p.Alpha), Correction: p.Correction.String(), Test: p.Test.String(),
		Power: number(p.Power), MinSamples: p.MinSamples, MaxMissing: number(p.MaxMissing),
		OnInconclusive: p.OnInconclusive.String(), OnIncomparable: p.OnIncomparable.String(), OnNoBaseline: p.OnNoBaseline.String(),
		Seed: p.Seed, Defaults: encodePolicyMetric(p.Defaults),
		Metrics: make([]policyMetricJSON, 0, len(p.Criteria)), Models: make([]policyModelJSON, 0, len(p.Models)),
	}
	for _, c := range p.Criteria {
		out.Metrics = append(out.Metrics, encodePolicyMetric(c))
	}
	for _, m := range p.Models {
		out.Models = append(out.Models, policyModelJSON{m.Model, known(m.Baseline), known(m.Line)})
	}
	return out
}

func encodePolicyMetric(c gate.Criterion) policyMetricJSON {
	out := policyMetricJSON{
		Metric: c.Metric, Direction: known(c.Direction.String()), Min: optional(c.Min), Scale: encodeScale(c.Scale),
		Tier: known(c.Tier.String()), MustPass: texts(c.MustPass), Line: known(c.Line),
	}
	if c.MaxLoss != nil {
		out.MaxLoss = new(c.MaxLoss.String())
	}
	return out
}

func encodeProvenance(p gate.Provenance) provenanceJSON {
	out := provenanceJSON{
		Source: p.Source, Commit: known(p.Commit), SHA256: known(p.SHA256), GitSHA: known(p.GitSHA), RunURL: known(p.RunURL),
		Attempt: known(p.Attempt),
		EvalConfig: evalConfigJSON{
			Fingerprint: known(p.EvalConfig.Fingerprint()),
			Parts:       map[string]string(p.EvalConfig),
		},
	}
	if out.EvalConfig.Parts == nil {
		out.EvalConfig.Parts = map[string]string{}
	}
	if !p.Created.IsZero() {
		out.Created = new(p.Created.UTC().Format(time.RFC3339))
	}
	return out
}

func encodeModel(r *gate.Report, m *gate.ModelReport) (modelJSON, error) {
	out := modelJSON{
		Model:         m.Model,
		ConfigChanges: make([]changeJSON, 0, len(m.Changes)),
		Findings:      make([]findingJSON, 0, len(m.Findings)),
		Warnings:      texts(m.Warnings),
	}
	if !r.Described {
		out.Decision, out.Undecided = new(m.Decision().String()), known(m.Undecided)
	}
	if m.Baseline != nil && !r.Described {
		out.Baseline = new(encodeProvenance(*m.Baseline))
		out.Comparable, out.ConfigChecked = new(m.Comparable), new(!m.Unchecked)
	}
	for _, c := range m.Changes {
		out.ConfigChanges = append(out.ConfigChanges, changeJSON{c.Path, known(c.Baseline), known(c.Candidate)})
	}
	for i := range m.Findings {
		f, err := encodeFinding(r, &m.Findings[i])
		if err != nil {
			return modelJSON{}, fmt.Errorf("%s %s: %w", m.Findings[i].Key, m.Findings[i].Metric, err)
		}
		out.Findings = append(out.Findings, f)
	}
	if p := m.Published; p != nil {
		out.Published = &publishedJSON{p.Repo, known(p.URL), p.Commit, p.Branch, p.Baseline}
	}
	return out, nil
}

func encodeFinding(r *gate.Report, f *gate.Finding) (findingJSON, error) {
	out := findingJSON{
		Task: f.Task, Metric: f.Metric,
		Candidate: encodeSummary(f.Candidate),
		PassFail:  f.PassFail, OneSideConstant: f.OneSideConstant,
		Paired: f.Paired, OnlyCandidate: f.OnlyCandidate, OnlyBaseline: f.OnlyBaseline, Dropped: f.Dropped,
		Level: number(level(r)), Family: f.Family,
		Effect: effectJSON{optional(f.HedgesG), optional(f.CohenDz), optional(f.CliffsDelta)},
		MDE:    optional(f.MDE), Needed: f.Needed,
		Criterion: criterionJSON{
			Direction: f.Criterion.Direction.String(), MaxLoss: number(f.MaxLoss), Min: optional(f.Criterion.Min),
			Scale: encodeScale(f.Scale), Tier: f.Criterion.Tier.String(), MustPass: texts(f.Criterion.MustPass), Line: known(f.Criterion.Line),
		},
		BaselineScale: encodeScale(f.ScaleWas), MustPassLower: texts(f.Lowered),
		Shift: encodeShift(f.Shift), Reshaped: f.Reshaped, AtWorst: encodeWorst(f), Slices: encodeSlices(f.Slices),
		Replicates: f.Replicates, TrialNoise: encodeNoise(f.TrialNoise),
		MostMoved: make([]moveJSON, 0, len(f.MostMoved)),
		Warnings:  texts(f.Warnings),
	}
	for _, m := range f.MostMoved {
		out.MostMoved = append(out.MostMoved, moveJSON{
			m.ID, number(m.Was), number(m.Is), placeJSON{m.File, m.Row}, placeJSON{m.BaseFile, m.BaseRow},
		})
	}
	if !r.Described {
		out.Baseline = encodeSummary(f.Baseline)
		out.Outcome, out.Decision, out.Reason = known(f.Outcome.String()), new(f.Decision.String()), known(f.Reason)
	}
	if err := encodeTests(&out, f); err != nil {
		return findingJSON{}, err
	}
	encodeDecided(&out, f)
	return out, nil
}

// encodeDecided fills in what the deciding test says.
func encodeDecided(out *findingJSON, f *gate.Finding) {
	if f.Decided == nil {
		return
	}
	t := f.Decided
	out.DecidedBy = new(t.Method.String())
	out.Means = &meansJSON{number(f.Means[0]), number(f.Means[1])}
	out.Diff = new(number(t.Diff))
	out.CI = &[2]number{number(t.Lo), number(t.Hi)}
	p, log10 := encodeP(f.PWorse, log10Worse(t, f.Criterion.Direction))
	out.P, out.Log10P = &p, log10
	if f.Family > 0 {
		out.PAdjusted, out.PBetter = new(floor(f.PAdjusted)), new(floor(f.PBetter))
	}
}

// least is the smallest p-value that is written as such: near the end of float64's range readers differ.
const least = 1e-300

func floor(p float64) number {
	if p < least {
		return 0
	}
	return number(p)
}

func encodeP(p, log10 float64) (number, *number) {
	if p < least {
		return 0, new(number(log10))
	}
	return number(p), nil
}

func encodeSummary(s *gate.Summary) *summaryJSON {
	if s == nil {
		return nil
	}
	out := &summaryJSON{Rows: s.Rows, N: s.N, Missing: s.Missing, MissingBy: make(map[string]int, len(s.MissingBy))}
	for cause, n := range s.MissingBy {
		out.MissingBy[cause.String()] = n
	}
	if s.N > 0 {
		q := s.Quartiles
		out.Mean = new(number(s.Mean))
		out.Min, out.Q1, out.Median = new(number(q.Min)), new(number(q.Q1)), new(number(q.Median))
		out.Q3, out.Max = new(number(q.Q3)), new(number(q.Max))
	}
	if s.N > 1 && s.Interval { // else the spread is out of range
		out.SD, out.SE = new(number(s.SD)), new(number(s.SE))
	}
	if s.Interval {
		out.CI = &[2]number{number(s.Lo), number(s.Hi)}
	}
	for _, l := range s.Levels {
		out.Levels = append(out.Levels, levelJSON{number(l.Value), l.Count})
	}
	return out
}

func encodeScale(s *score.Scale) *[2]number {
	if s == nil {
		return nil
	}
	return &[2]number{number(s.Min), number(s.Max)}
}

// known returns nil for the zero value, which in the domain means "not known" or "not said".
func known[T comparable](x T) *T {
	var zero T
	if x == zero {
		return nil
	}
	return &x
}

func optional(x *float64) *number {
	if x == nil {
		return nil
	}
	return new(number(*x))
}

// texts makes an empty list of none, so that readers need not tell the two apart.
func texts(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
