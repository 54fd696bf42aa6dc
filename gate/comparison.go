package gate

import (
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A Summary describes one side of a series. Trials are averaged first: N and Missing count samples, Rows counts trials.
// Mean, Quartiles and Levels are meaningless when N is 0. SD and SE are meaningless when N is below 2, or when there is no
// Interval because the spread of the scores leaves float64's range.
type Summary struct {
	Rows, N, Missing int
	MissingBy        map[score.Cause]int // nil when nothing is missing
	Mean, SD, SE     float64
	Lo, Hi           float64 // bound the mean at the level of the report; Wilson's where PassFail
	Interval         bool    // whether Lo and Hi could be had
	Quartiles        stat.Quartiles
	Levels           []stat.Level // each distinct value with its count, sorted; nil while there are more than 11
}

// A Comparison is what was measured about one series. It holds no judgement.
// Candidate or Baseline is nil when that side lacks the series; Metric is empty, and both are nil, for a model that the
// policy lists and the run lacks. Warnings do not prevent analysis; they are shown beside it. All numbers are finite.
type Comparison struct {
	Series
	Criterion           Criterion    // the effective one: policy, hints and defaults resolved
	MaxLoss             float64      // tolerated worsening in the metric's own units, not negative; 0 for a percentage of nothing
	Idle                bool         // MaxLoss is so wide that no loss can exceed it, of a series that is not advisory
	Scale               *score.Scale // declared, known by format, or plainly [0, 1]; nil when unknown
	Candidate, Baseline *Summary
	PassFail            bool // every usable value on both sides is 0 or 1

	// What stands in the way of a comparison. The sides are measured all the same.
	Changes          []evalconf.Change // parts of the evaluation's configuration that differ
	Unreadable       bool              // a baseline exists, or may exist, and could not be read
	ScaleWas         *score.Scale      // the baseline's declared scale where it differs from the candidate's
	BaselineOffScale bool              // the baseline declares no scale, and its scores are plainly not on the candidate's

	Paired, OnlyCandidate, OnlyBaseline int // samples usable on both sides; the rest of each side's usable ones
	Dropped                             int // where the sides share samples: the baseline's of which the candidate has no trace

	Tests           []stat.Test      // every t-test made, on raw differences candidate − baseline
	Companions      []stat.Companion // of pairs, likewise: McNemar's where PassFail, else Wilcoxon's
	NonInferior     *stat.Test       // Decided against a loss of MaxLoss, under the rule of that name
	Decided         *stat.Test       // the one that decides: of Tests, or Welch's with what Permutation adds to it; nil when none could be made
	Permutation     *stat.Permuted   // guards Welch's test where that decides; nil where it does not or with too many scores
	GroupedPairs    bool             // Decided allows for groups, and is of differences within pairs
	OneGroup        bool             // no test decides, since all samples of a side are in one group
	OneSideConstant bool             // Decided is unpaired and unguarded, and exactly one side has no spread, so that its p cannot be trusted
	Means           [2]float64       // candidate's and baseline's mean as Decided saw them: of the pairs when paired, else of all
	MissingRate     *float64         // one-sided Fisher mid-p for "more is missing than in the baseline"; nil when nothing is missing
	PWorse          float64          // of Decided, turned by direction: small when the candidate is worse
	PAdjusted       float64          // PWorse after correction; 1 when OneSideConstant
	PBetter         float64          // for "candidate better", after correction within its own family; 1 when OneSideConstant
	Family          int              // number of tests that PAdjusted is corrected for; 0 when not tested for

	HedgesG, CohenDz, CliffsDelta *float64 // nil where undefined
	MDE                           *float64 // smallest loss found with the policy's power, at Holm's first step
	Needed                        *int     // samples per side to find a loss of MaxLoss with that power; nil when MaxLoss is 0

	Shift    *stat.Shift // whether the distributions differ, whatever their means; nil where none could be made, and for samples in groups
	Reshaped bool        // they do, allowing for Family, though the means show nothing
	Worst    *WorstCase  // the missing scores counted against the candidate; nil when nothing is missing, or without a scale
	Slices   []Slice     // groups of samples that lost, by what they add to the loss; at most 5

	Replicates  int          // recorded runs of unchanged code
	BetweenRuns *stat.Spread // of their means; nil while there are fewer than three
	TrialNoise  *stat.Noise  // of the candidate's trials; nil without any

	Lowered   []string // must-pass samples that score lower than in the baseline, or have no score any more
	Warnings  []string
	MostMoved []Move // paired samples that became worse, by the most first, then by id; at most 10
}

// Diff returns the difference of the means, candidate − baseline, as Decided saw it; without a test, of all usable
// scores. It is false when a side has none.
func (c Comparison) Diff() (float64, bool) {
	switch {
	case c.Decided != nil:
		return c.Decided.Diff, true
	case c.Candidate == nil || c.Baseline == nil || c.Candidate.N == 0 || c.Baseline.N == 0:
		return 0, false
	}
	return clamp(c.Means[0] - c.Means[1]), true
}

// Pairs reports whether Decided is of differences within pairs.
func (c Comparison) Pairs() bool {
	return c.Decided != nil && (c.Decided.Method == stat.PairedT || c.GroupedPairs)
}

// Loss returns how much worse the candidate is: Diff turned by direction, negative for a gain, 0 where there is none.
func (c Comparison) Loss() float64 {
	diff, _ := c.Diff()
	return c.turn(diff)
}

// turn makes a difference of scores a loss.
func (c Comparison) turn(diff float64) float64 {
	if c.Criterion.Direction == Lower {
		return diff
	}
	return 0 - diff // not −diff, which would make a 0 negative
}

// LossBounds returns the interval of Decided turned by direction: the smallest and the largest loss it leaves possible.
// It is false without a test, and where Decided is degenerate, whose interval has no width and bounds nothing.
func (c Comparison) LossBounds() (lo, hi float64, ok bool) {
	if c.Decided == nil || c.Decided.Degenerate {
		return 0, 0, false
	}
	lo, hi = c.turn(c.Decided.Lo), c.turn(c.Decided.Hi)
	return min(lo, hi), max(lo, hi), true
}

// A WorstCase is a comparison in which every missing score is counted at the end of the scale that speaks against the
// candidate: its own at the worst, the baseline's at the best. PAdjusted and PBetter are as in [Comparison], with every series
// of the family at its worst.
type WorstCase struct {
	Test               stat.Test // Welch's, or the paired one where that decides; not guarded
	PAdjusted, PBetter float64
}

// A Slice is a group of samples.
type Slice struct {
	Group string
	N     [2]int     // the candidate's samples, the baseline's
	Means [2]float64 // likewise
	Loss  float64    // what the group adds to the loss of the whole, in the metric's units
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
