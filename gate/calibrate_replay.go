package gate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A calibrator replays one policy on some stored scores.
type calibrator struct {
	policy   Policy // without what concerns the run as a whole
	hints    [2]map[string]Hint
	tables   []stored
	series   []replaySeries
	index    map[Series]int
	seed     uint64
	warnings []string

	progress    func(done, total int64)
	done, total int64
}

// A replaySeries is one series with what it takes to put a loss into it.
type replaySeries struct {
	CalibratedSeries
	worse worsening
}

// stored are the samples of one model and task.
type stored struct {
	key    score.Key
	design Design
	units  []unit
	alone  [2][]score.Sample // samples that have no mate, and so stay on their side
	deal   int               // how many samples go to the candidate where all are dealt
}

// A unit is what changes sides together: a sample or a pair, or all those of a group.
// Where samples are dealt only the first side has any.
type unit [2][]score.Sample

func newCalibrator(candidate Run, baselines map[string]Baseline, p Policy) (*calibrator, error) {
	c := &calibrator{policy: p, index: map[Series]int{}}
	c.policy.Models = nil
	reference, base, err := c.store(candidate, baselines)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(c.tables, func(s stored) bool { return s.design == Dealt }) {
		c.dropMustPass()
	}
	advisory := false
	for _, m := range Compare(reference, byEachModel(base), c.policy) {
		advisory = advisory || m.Criterion.Tier == Advisory
		c.take(m)
	}
	if len(c.series) == 0 {
		return nil, c.nothingToReplay(candidate.Provenance.Source, advisory)
	}
	for i := range c.tables {
		c.tables[i].keep(c.index)
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", reference.Provenance.SHA256, base.Provenance.SHA256, p.Seed))
	c.seed = binary.BigEndian.Uint64(digest[:])
	return c, nil
}

// nothingToReplay says of which run, why, and how to mend it.
func (c *calibrator) nothingToReplay(source string, advisory bool) error {
	why, mend := "", "give a run of more samples"
	if len(c.warnings) > 0 {
		why = ": " + c.warnings[0]
	}
	if advisory {
		mend += ", or judge a metric that is advisory by giving it another tier in the policy"
	}
	return fmt.Errorf("%s: no metric that is judged has two samples to replay%s; %s", cmp.Or(source, "the run"), why, mend)
}

// store takes the samples apart. It returns what was stored as two runs, for the criteria and tolerances of the series.
func (c *calibrator) store(candidate Run, baselines map[string]Baseline) (reference, base Run, err error) {
	reference = Run{Hints: candidate.Hints, Provenance: Provenance{SHA256: candidate.Provenance.SHA256}}
	base = Run{Hints: candidate.Hints}
	for _, t := range candidate.Tables {
		t = t.Reduce()
		mate := t
		if b := baselines[t.Key().Model].Run; b != nil {
			i := slices.IndexFunc(b.Tables, func(o *score.Table) bool { return o.Key().Task == t.Key().Task })
			if i < 0 {
				c.warn("%s is not in the baseline, and left out", t.Key())
				continue
			}
			mate = b.Tables[i].Reduce()
			base.Hints, base.Provenance.SHA256 = b.Hints, b.Provenance.SHA256
		}
		s := newStored(t, mate)
		if c.policy.Test == PairedTest && s.design == Dealt {
			return Run{}, Run{}, fmt.Errorf("the policy demands paired tests, and %s has no two runs of the same samples; name the second run as baseline", t.Key())
		}
		c.tables = append(c.tables, s)
		reference.Tables = append(reference.Tables, t)
		base.Tables = append(base.Tables, mate.WithModel(t.Key().Model))
	}
	c.hints = [2]map[string]Hint{reference.Hints, base.Hints}
	return reference, base, nil
}

// take keeps a series that can be replayed and is judged.
func (c *calibrator) take(m Comparison) {
	switch {
	case m.Criterion.Tier == Advisory:
		return
	case m.Candidate == nil || m.Baseline == nil || min(m.Candidate.N, m.Baseline.N) < 2:
		c.warn("%s %s has fewer than two samples on a side, and is left out", m.Key, m.Metric)
		return
	case m.ScaleWas != nil || m.BaselineOffScale:
		c.warn("%s %s has another scale in the baseline, and is left out", m.Key, m.Metric)
		return
	}
	s := replaySeries{CalibratedSeries: CalibratedSeries{
		Series: m.Series, Criterion: m.Criterion, MaxLoss: m.MaxLoss, Scale: m.Scale,
		Samples: m.Candidate.N, Mean: m.Candidate.Mean, SD: m.Candidate.SD,
	}}
	for _, t := range c.tables {
		if t.key == m.Key {
			s.Design = t.design
		}
	}
	if m.Idle {
		c.warn("%s %s: %s", m.Key, m.Metric, m.idleClause())
	}
	s.worse = newWorsening(m)
	c.index[m.Series] = len(c.series)
	c.series = append(c.series, s)
}

func (c *calibrator) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}

// dropMustPass leaves out the samples that may not score lower.
func (c *calibrator) dropMustPass() {
	dropped := len(c.policy.Defaults.MustPass) > 0
	c.policy.Defaults.MustPass = nil
	c.policy.Criteria = slices.Clone(c.policy.Criteria)
	for i := range c.policy.Criteria {
		dropped = dropped || len(c.policy.Criteria[i].MustPass) > 0
		c.policy.Criteria[i].MustPass = nil
	}
	if dropped {
		c.warn("must-pass samples are left out: where samples are dealt, each is on one side alone")
	}
}

// newStored takes the samples of one model and task apart: of one run, when both tables are the same, else of two.
func newStored(candidate, baseline *score.Table) stored {
	s := stored{key: candidate.Key(), design: Dealt, deal: candidate.Len() / 2}
	if candidate == baseline {
		s.gather(ordered(candidate, samplesOf(candidate, false)), nil)
		return s
	}
	pairs := score.Pair(candidate, baseline)
	if n := 10 * len(pairs.Candidate); n == 0 || n < 9*candidate.Len() || n < 9*baseline.Len() {
		s.deal = candidate.Len()
		s.gather(append(ordered(candidate, samplesOf(candidate, false)), ordered(baseline, samplesOf(baseline, false))...), nil)
		return s
	}
	s.design = Swapped
	c, b := samplesOf(candidate, true), samplesOf(baseline, true)
	firsts, seconds := make([]score.Sample, 0, len(pairs.Candidate)), make([]score.Sample, 0, len(pairs.Candidate))
	for k, i := range pairs.Candidate {
		j := pairs.Baseline[k]
		firsts, seconds = append(firsts, c[i]), append(seconds, b[j])
		c[i].ID, b[j].ID = "", ""
	}
	s.gather(firsts, seconds)
	taken := func(v score.Sample) bool { return v.ID == "" }
	s.alone = [2][]score.Sample{slices.DeleteFunc(ordered(candidate, c), taken), slices.DeleteFunc(ordered(baseline, b), taken)}
	return s
}

// ordered brings a table's samples into canonical order, so that the order of the files does not show.
func ordered(t *score.Table, samples []score.Sample) []score.Sample {
	out := make([]score.Sample, len(samples))
	for k := range out {
		out[k] = samples[t.Order(k)]
	}
	return out
}

// samplesOf returns a table's samples by row. Where they are dealt ids would only be in the way.
func samplesOf(t *score.Table, ids bool) []score.Sample {
	out := make([]score.Sample, t.Len())
	for i := range out {
		out[i] = score.Sample{Key: t.Key(), Group: t.Group(i), Input: t.Input(i)}
		if ids {
			out[i].ID = t.ID(i)
		}
		for _, col := range t.Columns() {
			v := score.Value{Metric: col.Metric}
			if col.Scored(i) {
				v.Score = col.Values[i]
			} else {
				v.Cause = col.Causes[i]
			}
			out[i].Scores = append(out[i].Scores, v)
		}
	}
	return out
}

// gather makes units of samples and, unless seconds is nil, their mates.
func (s *stored) gather(firsts, seconds []score.Sample) {
	at := map[string]int{}
	for i, sample := range firsts {
		u, ok := at[sample.Group]
		if !ok || sample.Group == "" {
			u = len(s.units)
			at[sample.Group] = u
			s.units = append(s.units, unit{})
		}
		s.units[u][0] = append(s.units[u][0], sample)
		if seconds != nil {
			seconds[i].Key = s.key
			s.units[u][1] = append(s.units[u][1], seconds[i])
		}
	}
}

// keep leaves only the metrics that are replayed.
func (s *stored) keep(index map[Series]int) {
	trim := func(samples []score.Sample) {
		for i := range samples {
			samples[i].Key = s.key
			samples[i].Scores = slices.DeleteFunc(samples[i].Scores, func(v score.Value) bool {
				_, ok := index[Series{Key: s.key, Metric: v.Metric}]
				return !ok
			})
		}
	}
	for i := range s.units {
		trim(s.units[i][0])
		trim(s.units[i][1])
	}
	trim(s.alone[0])
	trim(s.alone[1])
}

// sides returns the candidate's and the baseline's samples of one replay. Callers may modify the slices, not what they share.
func (s *stored) sides(rng *rand.Rand) (candidate, baseline []score.Sample) {
	if s.design == Swapped {
		candidate, baseline = slices.Clone(s.alone[0]), slices.Clone(s.alone[1])
		for i := range s.units {
			coin := rng.IntN(2)
			candidate = append(candidate, s.units[i][coin]...)
			baseline = append(baseline, s.units[i][1-coin]...)
		}
		return candidate, baseline
	}
	for _, i := range rng.Perm(len(s.units)) {
		if len(candidate) < s.deal {
			candidate = append(candidate, s.units[i][0]...)
		} else {
			baseline = append(baseline, s.units[i][0]...)
		}
	}
	return candidate, baseline
}

// replayed is what came of one replay.
type replayed struct {
	failed bool
	series []replayedSeries
}

type replayedSeries struct {
	outcome Outcome
	alarm   bool
	mde     float64 // 0 for none
	method  stat.Method
	n       [2]int
	family  int
}

// alarms reports whether a finding fails, or would were its tier critical.
func (p Policy) alarms(f Finding) bool {
	switch f.Outcome {
	case Improved, Held, New:
		return false
	case Inconclusive:
		return p.Rule == NonInferiority || p.OnInconclusive == Fail
	}
	return true
}

// replay evaluates one pair of runs that the random source makes of the stored scores. A loss other than 0 is put into one
// of the series.
func (c *calibrator) replay(rng *rand.Rand, digest string, series int, loss float64) replayed {
	var builders [2]score.Builder
	for i := range c.tables {
		t := &c.tables[i]
		candidate, baseline := t.sides(rng)
		if s := &c.series[series]; loss > 0 && s.Key == t.key {
			s.worse.lower(rng, candidate, s.Metric, loss)
		}
		for side, samples := range [2][]score.Sample{candidate, baseline} {
			for _, sample := range samples {
				must(builders[side].Add(sample))
			}
		}
	}
	var runs [2]Run
	for side := range builders {
		tables, err := builders[side].Build()
		must(err)
		runs[side] = Run{Tables: tables, Hints: c.hints[side], Provenance: Provenance{SHA256: digest}}
	}
	return c.sum(Evaluate(runs[0], byEachModel(runs[1]), c.policy))
}

// byEachModel makes a run the baseline of each of its models.
func byEachModel(r Run) map[string]Baseline {
	out := map[string]Baseline{}
	for _, model := range r.Models() {
		run := r.Only(model)
		out[model] = Baseline{Run: &run}
	}
	return out
}

// must holds what a table that was built once promises of its samples.
func must(err error) {
	if err != nil {
		panic("gate: replaying stored scores: " + err.Error())
	}
}

// sum keeps of a report what is counted.
func (c *calibrator) sum(rep Report) replayed {
	out := replayed{failed: rep.Decision() == Fail, series: make([]replayedSeries, len(c.series))}
	for _, m := range rep.Models {
		for _, f := range m.Findings {
			i, ok := c.index[f.Series]
			if !ok {
				continue
			}
			s := replayedSeries{outcome: f.Outcome, alarm: c.policy.alarms(f), family: f.Family}
			if f.MDE != nil {
				s.mde = *f.MDE
			}
			if f.Decided != nil {
				s.method, s.n = f.Decided.Method, f.Decided.N
				if s.method == stat.PermutationT {
					s.method = stat.WelchT // which of the two p-values is the larger changes from replay to replay
				}
			}
			out.series[i] = s
		}
	}
	return out
}

// unchanged replays unchanged code n times.
func (c *calibrator) unchanged(ctx context.Context, n int) ([]replayed, error) {
	out := make([]replayed, n)
	err := c.each(ctx, n, func(i int) {
		out[i] = c.replay(c.stream(0, i), fmt.Sprintf("%016x %d", c.seed, i), 0, 0)
	})
	return out, err
}

// stream returns the random numbers of one replay, which depend on nothing but the scores, the seed and the replay's number.
func (c *calibrator) stream(phase uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed+phase, uint64(i))) //nolint:gosec // a simulation; i is not negative
}

// each does n pieces of work on all processors, until ctx ends.
func (c *calibrator) each(ctx context.Context, n int, do func(i int)) error {
	each(n, func(i int) {
		if ctx.Err() != nil {
			return
		}
		do(i)
		if done := atomic.AddInt64(&c.done, 1); c.progress != nil {
			c.progress(done, max(c.total, done))
		}
	})
	return context.Cause(ctx)
}
