package gate

import (
	"math"
	"slices"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// maxLevels is the number of distinct values up to which a Summary counts each: a mark from 0 to 10 has 11.
const maxLevels = 11

// samples are one side of a model and task, one row per sample. A nil table says that the side lacks the task.
type samples struct {
	table  *score.Table
	trials *score.Table // before trials were averaged
	rows   int          // of trials
	groups []int        // of each row, those without one apart; nil where no two rows share one
}

func reduce(t *score.Table) samples {
	if t == nil {
		return samples{}
	}
	reduced := t.Reduce()
	return samples{table: reduced, trials: t, rows: t.Len(), groups: groupsOf(reduced.Len(), reduced.Group)}
}

// column returns the scores of a metric, nil when the side lacks it.
func (s samples) column(metric string) *score.Column {
	if s.table == nil {
		return nil
	}
	return s.table.Column(metric)
}

// A side is one metric of some samples.
type side struct {
	samples
	column  *score.Column
	values  []float64 // of the samples that have one, sorted
	moments stat.Moments
	levels  []stat.Level  // nil while there are more than maxLevels
	few     bool          // at most 256 distinct values
	grouped *stat.Grouped // nil where every sample stands alone
}

// newSide returns the side whose scores outside the scale are missing, or nil when the samples lack the metric.
func newSide(s samples, metric string, scale *score.Scale) *side {
	column := s.column(metric)
	if column == nil {
		return nil
	}
	out := &side{samples: s, column: onScale(column, scale)}
	var groups []int
	out.values, groups = out.inOrder()
	out.moments = momentsOf(out.values)
	out.grouped = groupedOf(out.values, groups)
	out.sort()
	return out
}

// inOrder returns the usable scores in canonical order, so that the order of rows does not show, and their groups, if any.
func (s *side) inOrder() (values []float64, groups []int) {
	values = make([]float64, 0, s.table.Len())
	for k := range s.table.Len() {
		row := s.table.Order(k)
		if !s.column.Scored(row) {
			continue
		}
		values = append(values, s.column.Values[row])
		if s.groups != nil {
			groups = append(groups, s.groups[row])
		}
	}
	return values, groups
}

// sort sorts the values, once for all who need an order. While there are few distinct ones it counts them instead.
func (s *side) sort() {
	const few = 256
	levels, ok := stat.Levels(s.values, few)
	if s.few = ok; !ok {
		slices.Sort(s.values)
		return
	}
	sorted := s.values[:0]
	for _, l := range levels {
		for range l.Count {
			sorted = append(sorted, l.Value)
		}
	}
	if len(levels) <= maxLevels {
		s.levels = levels
	}
}

// onScale returns the column with every score outside the scale missing. The column itself is returned when none is.
func onScale(c *score.Column, scale *score.Scale) *score.Column {
	if scale == nil {
		return c
	}
	out := c
	for i, v := range c.Values {
		if !c.Scored(i) || scale.Contains(v) {
			continue
		}
		if out == c {
			out = &score.Column{Metric: c.Metric, Values: append([]float64(nil), c.Values...), Causes: make([]score.Cause, len(c.Values))}
			copy(out.Causes, c.Causes)
		}
		out.Values[i], out.Causes[i] = 0, score.OffScale
	}
	return out
}

// momentsOf is stat.Of with a mean that is finite even where the spread of the values is not.
func momentsOf(xs []float64) stat.Moments {
	m := stat.Of(xs)
	if math.IsInf(m.Mean, 0) || math.IsNaN(m.Mean) {
		m.Mean = 0
		for _, x := range xs {
			m.Mean += x / float64(len(xs))
		}
		m.Mean = min(max(m.Mean, m.Min), m.Max)
	}
	return m
}

// n counts the samples with a usable score, 0 for a side that is not there.
func (s *side) n() int {
	if s == nil {
		return 0
	}
	return s.moments.N
}

// binary reports whether every usable score is 0 or 1.
func (s *side) binary() bool {
	other := func(l stat.Level) bool { return l.Value != 0 && l.Value != 1 }
	return s.n() == 0 || len(s.levels) > 0 && !slices.ContainsFunc(s.levels, other)
}

// within reports whether every usable score lies on the scale.
func (s *side) within(scale score.Scale) bool {
	return s.n() == 0 || scale.Contains(s.moments.Min) && scale.Contains(s.moments.Max)
}

// row returns the row of the sample with that id, false when there is none.
func (s samples) row(id string) (int, bool) {
	if s.table == nil || !s.table.Identified() {
		return 0, false
	}
	lo, hi := 0, s.table.Len()
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s.table.ID(s.table.Order(mid)) < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == s.table.Len() {
		return 0, false
	}
	row := s.table.Order(lo)
	return row, s.table.ID(row) == id
}

// Summarize describes one metric of a table that holds one row per sample, as [score.Table.Reduce] makes it; rows is the
// number of rows before that. Level is that of the interval, in (0, 1), and passFail asks for Wilson's where every usable
// score is 0 or 1. A table without the metric has the zero Summary.
func Summarize(t *score.Table, rows int, metric string, level float64, passFail bool) Summary {
	s := newSide(samples{table: t, rows: rows}, metric, nil)
	if s == nil {
		return Summary{}
	}
	return s.summary(level, passFail)
}

func (s *side) summary(level float64, passFail bool) Summary {
	m := s.moments
	out := Summary{Rows: s.rows, N: m.N, Missing: s.table.Len() - m.N, MissingBy: s.column.Missing()}
	if m.N == 0 {
		return out
	}
	out.Mean = m.Mean
	out.Lo, out.Hi, out.Interval = stat.MeanInterval(m, level)
	if out.Interval {
		out.SD, out.SE = m.SD(), m.SE()
	}
	if passFail && s.binary() {
		passed := int(math.Round(m.Mean * float64(m.N)))
		out.Lo, out.Hi = stat.Wilson(passed, m.N, level)
		out.Interval = true
	}
	out.Quartiles, _ = stat.QuartilesOf(s.values) // it refuses what is empty or not finite, and this is neither
	out.Levels = s.levels
	return out
}
