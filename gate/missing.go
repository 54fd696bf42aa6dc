package gate

import (
	"math"

	"github.com/hubgate/hubgate/gate/stat"
)

// dropped counts the baseline's usable samples whose ids the candidate does not know at all, where the sides share samples: what is
// not even in the run has no score either. Where no id is shared the samples are others, and nothing is counted.
func (m *measurement) dropped() int {
	n := 0
	for range m.lost() {
		n++
	}
	return n
}

// lost yields the rows of the samples that [measurement.dropped] counts.
func (m *measurement) lost() func(yield func(row int) bool) {
	return func(yield func(row int) bool) {
		pairs, base := m.of.pairs, m.baseline.table
		if m.OnlyBaseline == 0 || len(pairs.Candidate)+pairs.Changed == 0 {
			return
		}
		matched := make([]bool, base.Len())
		for _, row := range pairs.Baseline {
			matched[row] = true
		}
		for k := range base.Len() {
			row := base.Order(k)
			if matched[row] || !m.baseline.column.Scored(row) {
				continue
			}
			if _, known := m.candidate.row(base.ID(row)); !known && !yield(row) {
				return
			}
		}
	}
}

// missing adds how likely chance alone loses so many of the candidate's scores, and what they could hide.
func (m *measurement) missing(p Policy) {
	c, b := m.Candidate, m.Baseline
	lost := c.Missing + m.Dropped
	if lost+b.Missing == 0 {
		return
	}
	rate := stat.FisherMidP(lost, c.N+lost, b.Missing, b.N+b.Missing)
	m.MissingRate = &rate
	switch {
	case m.Decided == nil:
	case m.Scale == nil:
		m.warn("%s missing, and without a scale nothing bounds what they could hide: declare one in the policy",
			count(lost+b.Missing, "score is", "scores are"))
	default:
		m.worst(p)
	}
}

// worst makes the deciding kind of test with what the candidate lacks worth the least, and what the baseline lacks the most.
func (m *measurement) worst(p Policy) {
	worst, best := m.Scale.Min, m.Scale.Max
	if m.Criterion.Direction == Lower {
		worst, best = best, worst
	}
	var t stat.Test
	var err error
	if m.Pairs() {
		diffs, groups := m.worstPairs(worst, best)
		if g := groupedOf(diffs, groups); g != nil {
			t, err = stat.ClusteredPaired(*g, p.level())
		} else {
			t, err = stat.Paired(m.settle(momentsOf(diffs)), p.level())
		}
	} else {
		c := m.candidate.filled(m.Candidate.Missing+m.Dropped, worst)
		b := m.baseline.filled(m.Baseline.Missing, best)
		if m.Decided.Method == stat.ClusteredT {
			t, err = stat.ClusteredWelch(c, b, p.level())
		} else {
			t, err = stat.Welch(c.Moments, b.Moments, p.level())
		}
	}
	if err != nil {
		m.warn("what the missing scores could hide is not known: the spread with them is beyond float64 arithmetic")
		return
	}
	m.Worst = &WorstCase{Test: t}
	m.Worst.PAdjusted, m.Worst.PBetter = m.turnP(t.PWorse, t.PBetter)
}

// worstPairs returns the differences of all pairs and lost samples, with their groups if any.
func (m *measurement) worstPairs(worst, best float64) (diffs []float64, groups []int) {
	c, b, pairs := m.candidate.column, m.baseline.column, m.of.pairs
	add := func(is, was float64, group int) {
		diffs = append(diffs, clamp(is-was))
		if pairs.groups != nil {
			groups = append(groups, group)
		}
	}
	for k, row := range pairs.Candidate {
		i, j, group := int(row), int(pairs.Baseline[k]), 0
		if pairs.groups != nil {
			group = pairs.groups[k]
		}
		is, was := worst, best
		if c.Scored(i) {
			is = c.Values[i]
		}
		if b.Scored(j) {
			was = b.Values[j]
		}
		add(is, was, group)
	}
	alone := math.MaxInt // groups of their own
	for row := range m.lost() {
		add(worst, b.Values[row], alone)
		alone--
	}
	return diffs, groups
}

// filled returns a side's moments with so many missing scores worth value, each in a group of its own.
func (s *side) filled(missing int, value float64) stat.Grouped {
	values, groups := s.inOrder()
	for i := range missing {
		values = append(values, value)
		if groups != nil {
			groups = append(groups, -1-i)
		}
	}
	if groups == nil {
		groups = make([]int, len(values))
		for i := range groups {
			groups[i] = i
		}
	}
	return stat.OfGroups(values, groups)
}
