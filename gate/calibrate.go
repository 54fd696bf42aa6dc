package gate

import (
	"context"
	"slices"
	"strconv"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A Design says how stored scores become two runs of unchanged code.
type Design uint8

// The designs.
const (
	Dealt   Design = iota + 1 // all samples are dealt anew to the two sides: of one run, or of two that do not pair
	Swapped                   // two runs of the same samples, whose scores change sides by the toss of a coin, sample by sample
)

var designNames = []string{"", "dealt", "swapped"}

// String returns the name that calibration.json uses.
func (d Design) String() string { return designNames[d] }

// A Rate counts in how many replays something happened.
type Rate struct{ Count, Of int }

// Share returns the rate as a number in [0, 1], 0 where nothing was replayed.
func (r Rate) Share() float64 { return float64(r.Count) / float64(max(r.Of, 1)) }

// Interval bounds the rate behind the count, two-sided at 95 %, by the score interval of Wilson.
func (r Rate) Interval() (lo, hi float64) { return stat.Wilson(r.Count, r.Of, 0.95) }

// A Calibration is what a policy does where nothing changed, and where a loss was put in.
type Calibration struct {
	Policy    Policy // as given
	Candidate Provenance
	Baseline  *Provenance        // of the second run; nil where one run was split
	Alarms    Rate               // replays of unchanged code whose decision was fail
	Recorded  Recorded           // what the policy makes of the replicates
	Series    []CalibratedSeries // by model, task and metric
	Warnings  []string
}

// A Recorded says how often the decision was fail where each of some recorded runs of unchanged code was compared with each other
// one as it is. The comparisons share runs, so that they are no sample to bound a rate by.
type Recorded struct{ Runs, Comparisons, Failed int }

// A CalibratedSeries is what replays say of one series. A series raises an alarm when it fails, or would were its tier
// critical.
type CalibratedSeries struct {
	Series
	Criterion Criterion    // the effective one
	MaxLoss   float64      // tolerated worsening in the metric's own units
	Scale     *score.Scale // nil when unknown
	Design    Design
	Decided   *stat.Method // of the test that decides, Welch's where it is guarded; nil when none could be made
	N         [2]int       // samples a side that the first replay tested: candidate, baseline; the pairs twice where it paired
	Samples   int          // of the stored candidate with a usable score
	Mean, SD  float64      // of the stored candidate

	// Without a change. Outcomes that are none of these are alarms.
	Alarms, Improved, Held, Inconclusive Rate

	Family    int         // number of tests that p is corrected for
	MDE       *float64    // smallest loss that the test finds with the policy's power, by formula: the median over replays
	Detection []Detection // by loss, the smallest first
	Smallest  *float64    // loss found with the policy's power, read off Detection; nil when there is none, or alarms are as many
}

// A Detection says how often a loss was found.
type Detection struct {
	Loss  float64 // that was put in, in the metric's own units
	Found Rate
}

// CalibrationOptions say how much is replayed.
type CalibrationOptions struct {
	Replays int // of unchanged code, at least 1
	PerLoss int // replays for each size of loss in each series; more than two series share twice as many
	// Replicates are recorded runs of unchanged code. Each is compared with each other one: noise between runs, which no replay
	// has, is in these.
	Replicates []Run
	Progress   func(done, total int64) // told of every replay, from several goroutines; nil for nobody
}

// Calibrate replays a policy on stored scores, through [Evaluate], to measure how often it is red where nothing changed and
// which losses it finds. What a replay compares comes from the scores alone: where a baseline has the same samples, the two
// scores of each change sides at random, and else all samples are dealt to the sides at random. Either makes the sides
// exchangeable, so that every alarm is a false one. Samples of a group stay together. A loss is put in by lowering
// randomly chosen scores of the candidate within their scale, one series at a time, until the mean has fallen by as much.
//
// Baselines are keyed by the candidate's model ids, as for Evaluate; a model without one is split. Must-pass samples count
// only where all is swapped, since a split has each on one side alone. Whether the models are there that the policy lists
// is not asked.
//
// The same scores, policy and options give the same Calibration, on any number of processors. It is an error when no
// series that is judged has two samples, when the policy demands pairs and there are none, and when ctx ends.
func Calibrate(ctx context.Context, candidate Run, baselines map[string]Baseline, p Policy, o CalibrationOptions) (Calibration, error) {
	c, err := newCalibrator(candidate, baselines, p)
	if err != nil {
		return Calibration{}, err
	}
	out := Calibration{Policy: p, Candidate: candidate.Provenance, Warnings: c.warnings}
	for _, model := range candidate.Models() {
		if b := baselines[model].Run; b != nil && out.Baseline == nil {
			out.Baseline = &b.Provenance
		}
	}
	c.progress = o.Progress
	c.total = int64(o.Replays + expectedLosses*c.perSize(o.PerLoss))
	unchanged, err := c.unchanged(ctx, o.Replays)
	if err != nil {
		return Calibration{}, err
	}
	for _, r := range unchanged {
		out.Alarms.add(r.failed)
	}
	out.Recorded = c.recorded(ctx, o.Replicates)
	out.Series = c.tally(unchanged)
	for i := range out.Series {
		c.lossesOf(&out.Series[i])
	}
	if err := c.detect(ctx, out.Series, o.PerLoss); err != nil {
		return Calibration{}, err
	}
	for i := range out.Series {
		out.Series[i].Smallest = out.Series[i].smallest(p.Power)
	}
	return out, nil
}

// recorded compares each run with each other one, until ctx ends.
func (c *calibrator) recorded(ctx context.Context, runs []Run) Recorded {
	failed := make([]bool, len(runs)*len(runs))
	each(len(failed), func(i int) {
		candidate, baseline := i/len(runs), i%len(runs)
		if candidate != baseline && ctx.Err() == nil {
			failed[i] = Evaluate(runs[candidate], byEachModel(runs[baseline]), c.policy).Decision() == Fail
		}
	})
	out := Recorded{Runs: len(runs), Comparisons: len(runs) * max(len(runs)-1, 0)}
	for _, f := range failed {
		if f {
			out.Failed++
		}
	}
	return out
}

func (r *Rate) add(happened bool) {
	r.Of++
	if happened {
		r.Count++
	}
}

// tally sums up the replays of unchanged code by series.
func (c *calibrator) tally(replays []replayed) []CalibratedSeries {
	out := make([]CalibratedSeries, len(c.series))
	for i, s := range c.series {
		out[i] = s.CalibratedSeries
		var mdes []float64
		for _, r := range replays {
			f := r.series[i]
			out[i].Alarms.add(f.alarm)
			out[i].Improved.add(!f.alarm && f.outcome == Improved)
			out[i].Held.add(!f.alarm && f.outcome == Held)
			out[i].Inconclusive.add(!f.alarm && f.outcome == Inconclusive)
			if f.mde > 0 {
				mdes = append(mdes, f.mde)
			}
		}
		first := replays[0].series[i]
		out[i].Family, out[i].N = first.family, first.n
		if first.method != 0 {
			out[i].Decided = &first.method
		}
		if len(mdes) > 0 {
			slices.Sort(mdes)
			out[i].MDE = &mdes[len(mdes)/2]
		}
	}
	return out
}

// smallest returns the loss at which Detection first reaches the power, between two sizes in proportion; nil where the series is
// red as often without a loss.
func (s *CalibratedSeries) smallest(power float64) *float64 {
	loss, share := 0.0, s.Alarms.Share()
	if share >= power {
		return nil
	}
	for _, d := range s.Detection {
		if next := d.Found.Share(); next >= power {
			at := loss + float64((d.Loss-loss)*((power-share)/(next-share)))
			at, _ = strconv.ParseFloat(strconv.FormatFloat(at, 'g', 2, 64), 64) // more digits would be made up
			return &at
		}
		loss, share = d.Loss, d.Found.Share()
	}
	return nil
}

// Format formats a loss of the series with at most three significant digits.
func (s *CalibratedSeries) Format(loss float64) string { return shortest(loss, 3) }
