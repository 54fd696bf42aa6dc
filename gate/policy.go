package gate

import (
	"fmt"

	"github.com/hubgate/hubgate/gate/score"
)

// A Direction says which way a metric improves. Its zero value is "not said".
type Direction uint8

// The directions.
const (
	Higher Direction = iota + 1 // higher is better
	Lower                       // lower is better
)

// A Tier says what a failed metric means for the job. Its zero value is "not said".
// Critical and Supporting are each a family of tests of their own.
type Tier uint8

// The tiers.
const (
	Critical   Tier = iota + 1 // a failure fails the job
	Supporting                 // a failure warns
	Advisory                   // shown, not tested for
)

// A Rule is the way in which a loss becomes a failure.
type Rule uint8

// The rules.
const (
	Regression     Rule = iota // fails on a loss beyond the tolerance that is shown to be real
	NonInferiority             // fails unless a loss beyond the tolerance is ruled out
	Threshold                  // fails on a loss beyond the tolerance, evidence or not
)

// A TestChoice says which test decides.
type TestChoice uint8

// The choices of test.
const (
	AutoTest   TestChoice = iota // paired where samples match, else Welch
	WelchTest                    // always Welch
	PairedTest                   // always paired; without enough pairs nothing is decided
)

// A Correction is the adjustment of p-values for the number of tests.
type Correction uint8

// The corrections.
const (
	Holm         Correction = iota // family-wise error rate, per tier
	NoCorrection                   // none
)

// A Loss is a tolerance as the policy states it: in the metric's own units, or in per cent of the width of the scale where
// one is known, else of the magnitude of the baseline's mean.
type Loss struct {
	Value   float64 // not negative; 5 for 5 %
	Percent bool
}

// A Criterion says how far one metric may move. The first whose Metric matches wins.
// Fields that the policy does not set are zero or nil, and then the defaults' apply.
type Criterion struct {
	Metric    string       // a name, or a glob as in path.Match
	Direction Direction    // which way it improves
	MaxLoss   *Loss        // tolerated worsening
	Min       *float64     // floor, or ceiling when lower is better: the candidate's mean may not be worse than this
	Scale     *score.Scale // declared
	Tier      Tier         // what a failure means for the job
	MustPass  []string     // ids of samples that may not score lower than in the baseline
	Line      int          // in the policy file, for annotations; 0 when defaulted
}

// A ModelPolicy is a model that the policy lists: it must be in the run.
type ModelPolicy struct {
	Model    string
	Baseline string // where to look for its baseline; empty for the results dataset
	Line     int
}

// A Policy is the criteria and what to do in each case. DefaultPolicy returns the one used when nothing is said.
type Policy struct {
	Rule           Rule
	Test           TestChoice
	Alpha          float64 // in (0, 0.5), one-sided, family-wise
	Correction     Correction
	Power          float64 // in (0, 1), for detectable losses and sample sizes
	MinSamples     int     // at least 2; below it no test decides
	MaxMissing     float64 // in [0, 1], share of the candidate's samples without a usable score
	OnInconclusive Decision
	OnIncomparable Decision
	OnNoBaseline   Decision
	Seed           uint64 // for resampling, beside the scores' own digest
	Defaults       Criterion
	Criteria       []Criterion
	Models         []ModelPolicy
}

// DefaultPolicy returns the policy of an empty policy file.
func DefaultPolicy() Policy {
	return Policy{
		Alpha: 0.05, Power: 0.8, MinSamples: 5, MaxMissing: 0.05,
		OnInconclusive: Warn, OnIncomparable: Fail, OnNoBaseline: Warn,
		Defaults: Criterion{Metric: "*", Direction: Higher, MaxLoss: &Loss{Value: 5, Percent: true}, Tier: Critical},
	}
}

var (
	directionNames  = []string{"", "higher", "lower"}
	tierNames       = []string{"", "critical", "supporting", "advisory"}
	ruleNames       = []string{"regression", "noninferiority", "threshold"}
	testNames       = []string{"auto", "welch", "paired"}
	correctionNames = []string{"holm", "none"}
)

// String returns the name that policies and reports use.
func (d Direction) String() string { return directionNames[d] }

// String returns the name that policies and reports use.
func (t Tier) String() string { return tierNames[t] }

// String returns the name that policies and reports use.
func (r Rule) String() string { return ruleNames[r] }

// String returns the name that policies and reports use.
func (t TestChoice) String() string { return testNames[t] }

// String returns the name that policies and reports use.
func (c Correction) String() string { return correctionNames[c] }

// String returns the loss as policies write it.
func (l Loss) String() string {
	if l.Percent {
		return fmt.Sprintf("%g%%", l.Value)
	}
	return fmt.Sprintf("%g", l.Value)
}

// ParseDirection returns the direction of that name.
func ParseDirection(name string) (Direction, bool) { return parse[Direction](directionNames, name) }

// ParseTier returns the tier of that name.
func ParseTier(name string) (Tier, bool) { return parse[Tier](tierNames, name) }

// ParseRule returns the rule of that name.
func ParseRule(name string) (Rule, bool) { return parse[Rule](ruleNames, name) }

// ParseTestChoice returns the choice of that name.
func ParseTestChoice(name string) (TestChoice, bool) { return parse[TestChoice](testNames, name) }

// ParseCorrection returns the correction of that name.
func ParseCorrection(name string) (Correction, bool) { return parse[Correction](correctionNames, name) }

func parse[E ~uint8](names []string, name string) (E, bool) {
	for i, n := range names {
		if n == name && n != "" {
			return E(i), true
		}
	}
	return 0, false
}
