package gate

import (
	"github.com/hubgate/hubgate/gate/evalconf"
)

// An Outcome says what happened to a series. Its zero value is invalid.
type Outcome uint8

// The outcomes, in the order in which they are decided.
const (
	Incomparable Outcome = iota + 1 // the evaluation itself changed
	Missing                         // in the baseline, or listed by the policy, and not in the candidate
	Invalid                         // no usable score, or the declared scales differ
	Breached                        // a floor, the cap on missing scores, or a must-pass sample
	New                             // the baseline lacks it
	Regressed                       // a loss beyond the tolerance, and evidence for it
	Improved                        // a gain, and evidence for it
	Held                            // a loss beyond the tolerance is ruled out
	Inconclusive                    // neither: a loss this size cannot be told from noise with these samples
)

var outcomeNames = []string{"", "incomparable", "missing", "invalid", "breached", "new", "regressed", "improved", "held", "inconclusive"}

// String returns the name that report.json uses.
func (o Outcome) String() string { return outcomeNames[o] }

// A Decision is what the policy makes of an outcome. Its zero value, Undecided, never passes.
type Decision uint8

// The decisions.
const (
	Undecided Decision = iota // a baseline exists, or may, and could not be read or compared with
	Pass
	Warn
	Fail
)

var decisionNames = []string{"undecided", "pass", "warn", "fail"}

// String returns the name that policies and reports use.
func (d Decision) String() string { return decisionNames[d] }

// ParseDecision returns the decision of that name.
func ParseDecision(name string) (Decision, bool) { return parse[Decision](decisionNames, name) }

// severity orders decisions: fail outranks undecided, then warn, then pass.
func (d Decision) severity() int { return [...]int{Pass: 0, Warn: 1, Undecided: 2, Fail: 3}[d] }

// Worst returns the decision that outranks the others, Undecided when there are none: a gate that compared nothing has
// not passed.
func Worst(ds ...Decision) Decision {
	if len(ds) == 0 {
		return Undecided
	}
	worst := ds[0]
	for _, d := range ds[1:] {
		if d.severity() > worst.severity() {
			worst = d
		}
	}
	return worst
}

// A Finding is one comparison judged by one criterion. Reason is a full sentence with the numbers in it.
type Finding struct {
	Comparison
	Outcome  Outcome
	Decision Decision
	Reason   string
	Accepted bool    // it failed, and somebody accepted that
	AtWorst  Outcome // what it would be with the missing scores at the worst, where that decides worse; else zero
}

// A Baseline is what one model is compared with.
type Baseline struct {
	Run *Run // nil when there is none: a first run, when Unreadable is nil too
	// Unreadable says why a baseline that exists, or may exist, could not be read: the model is then undecided.
	Unreadable error
	// Itself says that the only runs there are the candidate's own scores, with which it is not compared. Run is nil then.
	Itself bool
	// Warnings are shown with the model's findings.
	Warnings []string
	// Replicates are the means of recorded runs of unchanged code: of one commit, under one evaluation. Keys name the model as the
	// candidate does. From three on they tell how much scores differ from run to run.
	Replicates map[Series][]float64
}

// A ModelReport is the judgement of one model, its findings worst first, then by task and metric.
type ModelReport struct {
	Model      string
	Baseline   *Provenance // nil when there is none
	Itself     bool        // the only baseline there holds the candidate's own scores
	Undecided  string      // why a baseline could not be read or compared with; empty when it could
	Comparable bool        // the evaluation's configuration is the same on both sides, as far as it is known
	Unchecked  bool        // the configuration of one side is not known, so that nothing could be checked
	Changes    []evalconf.Change
	Findings   []Finding
	Published  *Publication // nil when nothing was published
	Warnings   []string
}

// Decision returns the worst of the model's decisions.
func (m ModelReport) Decision() Decision {
	ds := make([]Decision, 0, len(m.Findings)+1)
	for _, f := range m.Findings {
		ds = append(ds, f.Decision)
	}
	if m.Undecided != "" {
		ds = append(ds, Undecided)
	}
	return Worst(ds...)
}

// A Publication says where a model's results now lie.
type Publication struct {
	Repo     string // owner/name
	URL      string // of the dataset; for people
	Commit   string
	Branch   string
	Baseline bool // the run became the baseline
}

// A Report is everything a renderer needs. Renderers format; they compute nothing.
type Report struct {
	Policy    Policy
	Candidate Provenance
	Models    []ModelReport // by model
	Described bool          // only described: nothing was compared, no decision was made
	Accepted  *Acceptance   // by whom what failed was accepted; nil when nothing was
	Warnings  []string
}

// Decision returns the worst of the models' decisions, Undecided when there are none.
func (r Report) Decision() Decision {
	ds := make([]Decision, 0, len(r.Models))
	for _, m := range r.Models {
		ds = append(ds, m.Decision())
	}
	return Worst(ds...)
}
