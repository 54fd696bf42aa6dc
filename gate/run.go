package gate

import (
	"time"

	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
)

// A Run is one evaluation: its scores and where they came from.
// Tables are sorted by key and no key occurs twice.
type Run struct {
	Tables     []*score.Table
	Hints      map[string]Hint // by metric; what reading the scores told about it
	Provenance Provenance
}

// Models returns the ids of the run's models, sorted.
func (r Run) Models() []string {
	var out []string
	for _, t := range r.Tables {
		if m := t.Key().Model; len(out) == 0 || out[len(out)-1] != m {
			out = append(out, m)
		}
	}
	return out
}

// Only returns the part of the run that belongs to one model.
func (r Run) Only(model string) Run {
	out := r
	out.Tables = nil
	for _, t := range r.Tables {
		if t.Key().Model == model {
			out.Tables = append(out.Tables, t)
		}
	}
	return out
}

// A Hint is what the scores themselves, their format or their records say about a metric. A policy overrides it.
type Hint struct {
	Scale     *score.Scale // known by format or recorded with the run; nil when unknown
	Direction Direction    // zero when unknown
	Tier      Tier         // zero when unknown
}

// Provenance is enough to fetch the same bytes again and to know what produced them.
// Exactly the fields that are known are set; a report prints what is set and invents nothing.
type Provenance struct {
	Source     string         // as the user gave it: paths, or hf://datasets/owner/name@revision/path
	Commit     string         // the immutable commit that Source resolved to; empty for plain files
	SHA256     string         // of the scores as read, in canonical order; the same for any file format
	GitSHA     string         // the code under test
	RunURL     string         // the workflow run
	Created    time.Time      // UTC; zero when unknown
	Attempt    int            // of the workflow run, from 1; 0 when unknown
	EvalConfig evalconf.Parts // nil when unknown
}

// A Series names one line of the comparison: a model, a task, a metric.
type Series struct {
	score.Key
	Metric string
}
