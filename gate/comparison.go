package gate

import (
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A Summary describes one side of a series. Trials are averaged first: N and Missing count samples, Rows counts trials.
// Mean is meaningless when N is 0, SD and SE when N is below 2.
type Summary struct {
	Rows, N, Missing int
	MissingBy        map[score.Cause]int // nil when nothing is missing
	Mean, SD, SE     float64
	Lo, Hi           float64 // bound the mean at the level of the report; Wilson's where PassFail
	Interval         bool    // whether Lo and Hi could be had
	Quartiles        stat.Quartiles
	Levels           []stat.Level // each distinct value with its count, sorted; nil while there are many
}

// A Comparison is what was measured about one series. It holds no judgement.
// Candidate or Baseline is nil when that side lacks the series. Warnings do not prevent analysis; they are shown beside it.
type Comparison struct {
	Series
	Criterion           Criterion // the effective one: policy, hints and defaults resolved
	MaxLoss             float64   // tolerated worsening in the metric's own units, not negative
	Scale               *score.Scale    // declared, known by format, or plainly [0, 1]; nil when unknown
	Candidate, Baseline *Summary
	PassFail            bool // every usable value on both sides is 0 or 1

	Paired, OnlyCandidate, OnlyBaseline int // samples usable on both sides; the rest of each side

	Tests       []stat.Test // every test made, on raw differences candidate − baseline
	Decided     *stat.Test  // the one that decides, one of Tests; nil when none could be made
	Means       [2]float64  // candidate's and baseline's mean as Decided saw them: of the pairs when paired
	MissingRate *float64    // one-sided Fisher mid-p for "more is missing than in the baseline"
	PWorse      float64     // of Decided, turned by direction: small when the candidate is worse
	PAdjusted   float64     // PWorse after correction
	PBetter     float64     // for "candidate better", after correction within its own family
	Family      int         // number of tests that PAdjusted is corrected for; 0 when not tested for

	HedgesG, CohenDz, CliffsDelta *float64 // nil where undefined
	MDE                           *float64 // smallest loss found with the policy's power, at Holm's first step
	Needed                        *int     // samples per side to find a loss of MaxLoss with that power; nil when MaxLoss is 0

	Lowered   []string // must-pass samples that score lower than in the baseline, or have no score any more
	ScaleWas  *score.Scale   // the baseline's declared scale where it differs from the candidate's
	Warnings  []string
	MostMoved []Move // samples that moved most between paired sides, worst first, at most maxMoves
}

// Loss returns how much worse the candidate is: Diff turned by direction, negative for a gain. It is 0 without a test.
func (c Comparison) Loss() float64 {
	if c.Decided == nil {
		return 0
	}
	if c.Criterion.Direction == Lower {
		return c.Decided.Diff
	}
	return -c.Decided.Diff
}

// A Move is one sample whose score differs between the sides.
type Move struct {
	ID       string
	File     string // of the candidate, where the sample's text is found
	Row      int
	Was, Is  float64
	BaseFile string // of the baseline
	BaseRow  int
}
