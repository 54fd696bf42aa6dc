package gate

import (
	"slices"
	"time"
)

// An Acceptance is somebody's decision to take a run in spite of what failed.
type Acceptance struct {
	By     string    // login of who decided it
	Reason string    // one line
	At     time.Time // UTC
	SHA    string    // the commit of the code that it is about
	URL    string    // where it was said; empty when unknown
}

// Accept returns the report with a warning in the place of every failure, whatever its outcome. What is undecided stays so:
// nobody has seen how it compares. A report without a failure stays as it is.
func (r Report) Accept(a Acceptance) Report {
	failed := func(f Finding) bool { return f.Decision == Fail }
	if !slices.ContainsFunc(r.Models, func(m ModelReport) bool { return slices.ContainsFunc(m.Findings, failed) }) {
		return r
	}
	r.Accepted = &a
	r.Models = slices.Clone(r.Models)
	for i := range r.Models {
		m := &r.Models[i]
		m.Findings = slices.Clone(m.Findings)
		for j := range m.Findings {
			if failed(m.Findings[j]) {
				m.Findings[j].Decision, m.Findings[j].Accepted = Warn, true
			}
		}
	}
	return r
}
