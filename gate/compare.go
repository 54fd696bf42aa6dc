package gate

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// smallSample is the number of samples below which t-tests of scores on few levels are rough, and a comparison without
// any spread shows nothing.
const smallSample = 30

// Compare measures every series of the candidate against the baseline of its model, by task and metric: the baseline's model
// may go by another name. A series that only one side has is there too, and so is each model that the policy lists
// and the run lacks. The result is sorted by model, task and metric.
//
// All models are compared at once because the correction for many tests runs over all of them: over the critical
// comparisons of the run, and apart from those over the supporting ones.
func Compare(candidate Run, baselines map[string]Baseline, p Policy) []Comparison {
	var all []measurement
	for _, model := range candidate.Models() {
		all = append(all, p.series(model, candidate.Only(model), baselines[model])...)
	}
	each(len(all), func(i int) { p.measure(&all[i]) })
	all = slices.DeleteFunc(all, func(m measurement) bool {
		return m.Candidate == nil && m.Baseline.N == 0 // a column without a score on one side, and nothing on the other, is no series
	})
	p.guard(all, candidate.Provenance.SHA256)
	p.correct(all)
	for i := range all {
		all[i].conclude(p)
	}

	out := make([]Comparison, 0, len(all)+len(p.Models))
	for _, m := range all {
		out = append(out, m.Comparison)
	}
	for _, model := range p.absent(candidate) {
		c := Comparison{Series: Series{Key: score.Key{Model: model.Model}}}
		c.Criterion = Criterion{Direction: Higher, Tier: Critical, Line: model.Line}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Comparison) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Metric, b.Metric))
	})
	return out
}

// absent returns the models that the policy lists and the run lacks.
func (p Policy) absent(candidate Run) []ModelPolicy {
	models := candidate.Models()
	var out []ModelPolicy
	for _, m := range p.Models {
		if !slices.Contains(models, m.Model) {
			models = append(models, m.Model)
			out = append(out, m)
		}
	}
	return out
}

// level is that of every two-sided interval: its ends are one-sided bounds at alpha.
func (p Policy) level() float64 { return 1 - 2*p.Alpha }

// each calls do for 0 … n−1 on all processors, in no order: do touches only what belongs to its number.
func each(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// A measurement is a Comparison in the making.
type measurement struct {
	Comparison
	of                  inputs
	candidate, baseline *side
	diffs               differences
	basis               *stat.Test // the test that decides, or would with more samples; one of Tests
	flat                bool       // basis allows for groups, which on exactly one side do not differ
	spread              [2]float64 // variances per sample that basis goes by, the candidate's and the baseline's; of the differences when paired
}

// inputs are what a series is measured from.
type inputs struct {
	candidate, baseline samples
	pairs               *pairing
	hints               [2]Hint // candidate's, baseline's
	replicates          []float64
}

// series lists the series of one model, not yet measured.
func (p Policy) series(model string, candidate Run, baseline Baseline) []measurement {
	var base Run
	if baseline.Run != nil {
		base = *baseline.Run
	}
	changes := evalconf.Diff(base.Provenance.EvalConfig, candidate.Provenance.EvalConfig)
	tables := map[string][2]*score.Table{} // by task
	for side, run := range []Run{candidate, base} {
		for _, t := range run.Tables {
			both := tables[t.Key().Task]
			both[side] = t
			tables[t.Key().Task] = both
		}
	}
	var out []measurement
	for _, task := range slices.Sorted(maps.Keys(tables)) {
		both := tables[task]
		c, b := reduce(both[0]), reduce(both[1])
		pairs := pair(c, b)
		for _, metric := range metrics(c, b) {
			series := Series{Key: score.Key{Model: model, Task: task}, Metric: metric}
			out = append(out, measurement{
				Comparison: Comparison{Series: series, Changes: changes, Unreadable: baseline.Unreadable != nil},
				of:         inputs{c, b, pairs, [2]Hint{candidate.Hints[metric], base.Hints[metric]}, baseline.Replicates[series]},
			})
		}
	}
	return out
}

// metrics returns the union of both sides' metrics.
func metrics(sides ...samples) []string {
	var out []string
	for _, s := range sides {
		if s.table == nil {
			continue
		}
		for _, c := range s.table.Columns() {
			out = append(out, c.Metric)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// measure fills in everything about one series but what needs to know the others.
func (p Policy) measure(m *measurement) {
	m.resolve(p)
	m.PassFail = m.candidate.n()+m.baseline.n() > 0
	for _, s := range []*side{m.candidate, m.baseline} {
		m.PassFail = m.PassFail && (s == nil || s.binary())
	}
	if m.candidate != nil {
		s := m.candidate.summary(p.level(), m.PassFail)
		m.Candidate = &s
	}
	if m.baseline != nil {
		s := m.baseline.summary(p.level(), m.PassFail)
		m.Baseline = &s
	}
	if m.candidate == nil {
		return
	}
	m.mustPass()
	m.noise(p)
	if m.candidate.n() == 0 || m.baseline.n() == 0 || m.ScaleWas != nil || m.BaselineOffScale {
		return
	}
	m.Means = [2]float64{m.candidate.moments.Mean, m.baseline.moments.Mean}
	m.test(p)
	m.effects()
	m.missing(p)
	m.slices()
	m.advise(p)
}

// resolve settles the criterion, the scale and the tolerance, and takes the scores that lie on the scale.
func (m *measurement) resolve(p Policy) {
	c, b, hints := m.of.candidate, m.of.baseline, m.of.hints
	m.Criterion = p.criterion(m.Metric, hints[0].merge(hints[1]))
	declared, was := m.Criterion.Scale, hints[1].Scale
	if was == nil {
		was = declared
	}
	each(2, func(i int) { // the most work, where there is one series of very many samples
		if i == 0 {
			m.candidate = newSide(c, m.Metric, declared)
		} else {
			m.baseline = newSide(b, m.Metric, was)
		}
	})
	if m.baseline != nil && was != nil && *was != *declared {
		m.ScaleWas = was
	}
	m.BaselineOffScale = declared != nil && hints[1].Scale == nil && m.baseline.elsewhere(*declared)
	m.Scale = declared
	cost := hints[0].merge(hints[1]).Direction == Lower // which happens to lie in [0, 1], in some unit
	if m.Scale == nil && !cost && m.candidate.within(unitScale()) && m.baseline.within(unitScale()) {
		unit := unitScale()
		m.Scale = &unit
	}
	// Policies and hints are told apart by whose pointer it is: of equal scales the policy's is the one taken.
	hinted := declared != nil && (declared == hints[0].Scale || declared == hints[1].Scale)
	m.MaxLoss = m.Criterion.MaxLoss.tolerance(m.Scale, hinted && (hints[0].Scale == nil) != (hints[1].Scale == nil), m.baseline)
	m.checkCriterion()
}

// elsewhere reports whether a side's scores are plainly of another scale: more of them lie off this one than on it, or some
// lie off it and the others are what 0 and 1 have in common with it.
func (s *side) elsewhere(scale score.Scale) bool {
	if s == nil {
		return false
	}
	off := s.column.Missing()[score.OffScale]
	unit := unitScale()
	holdsUnit := scale.Contains(unit.Min) && scale.Contains(unit.Max)
	return off > s.n() || off > 0 && !holdsUnit && s.within(unit)
}

// mustPass finds the must-pass samples that score lower than in the baseline, or have no usable score.
func (m *measurement) mustPass() {
	c, b := m.of.candidate, m.of.baseline
	unknown := 0
	for _, id := range m.Criterion.MustPass {
		is, inCandidate := m.candidate.score(id)
		was, inBaseline := m.baseline.score(id)
		_, known := c.row(id)
		if _, ok := b.row(id); ok {
			known = true
		}
		switch {
		case !known:
			unknown++
		case !inCandidate, inBaseline && m.turn(is-was) > m.slack():
			m.Lowered = append(m.Lowered, id)
		}
	}
	if unknown > 0 {
		m.warn("%s in neither run", count(unknown, "must-pass sample is", "must-pass samples are"))
	}
}

// score returns the usable score of the sample with that id, false when there is none.
func (s *side) score(id string) (float64, bool) {
	if s == nil {
		return 0, false
	}
	row, ok := s.row(id)
	if !ok || !s.column.Scored(row) {
		return 0, false
	}
	return s.column.Values[row], true
}

func (c *Comparison) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

// slack is what arithmetic may add to a difference: differences are not compared more finely than this.
func (c Comparison) slack() float64 {
	lo, hi, seen := 0.0, 0.0, false
	for _, s := range []*Summary{c.Candidate, c.Baseline} {
		if s == nil || s.N == 0 {
			continue
		}
		if !seen {
			lo, hi, seen = s.Quartiles.Min, s.Quartiles.Max, true
		}
		lo, hi = min(lo, s.Quartiles.Min), max(hi, s.Quartiles.Max)
	}
	width := clamp(hi - lo)
	if c.Scale != nil {
		width = clamp(c.Scale.Width())
	}
	return float64(1e-12*width) + float64(1e-15*max(hi, -lo))
}
