package gate

import (
	"slices"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// maxMoves bounds Comparison.MostMoved.
const maxMoves = 10

// test makes the tests and says which one decides.
func (m *measurement) test(p Policy, pairs score.Pairs) {
	m.pair(pairs)
	m.Tests = make([]stat.Test, 0, 2) // basis points into it
	m.basis = m.add(stat.Welch(m.candidate.moments, m.baseline.moments, p.level()))
	n := min(m.candidate.n(), m.baseline.n())
	if m.pairable() || p.Test == PairedTest {
		paired := m.add(stat.Paired(m.diffs, p.level()))
		if p.Test != WelchTest {
			m.basis, n = paired, m.Paired
			m.Means = m.pairMeans(pairs)
		}
	}
	if m.pairable() {
		m.Dropped = m.dropped(pairs)
	}
	switch {
	case n < p.MinSamples:
		m.warn("%s: no test decides below min-samples, which is %d", count(n, m.counted(p), m.counted(p)+"s"), p.MinSamples)
		return
	case m.basis == nil:
		m.warn("no test could be made: the spread of the scores is beyond float64 arithmetic")
		return
	}
	m.Decided = m.basis
	m.PWorse, m.PBetter = m.Decided.PWorse, m.Decided.PBetter
	if m.Criterion.Direction == Lower {
		m.PWorse, m.PBetter = m.PBetter, m.PWorse
	}
}

// counted is what the deciding test counts.
func (m *measurement) counted(p Policy) string {
	if p.Test == PairedTest || p.Test == AutoTest && m.pairable() {
		return "pair"
	}
	return "sample"
}

// add keeps a test that could be made and returns where it lies.
func (m *measurement) add(t stat.Test, err error) *stat.Test {
	if err != nil {
		return nil
	}
	m.Tests = append(m.Tests, t)
	return &m.Tests[len(m.Tests)-1]
}

// pairable reports whether the pairs cover at least nine tenths of either side's samples, so that the paired test speaks
// for them all.
func (m *measurement) pairable() bool {
	return m.Paired > 0 && 10*m.Paired >= 9*m.candidate.n() && 10*m.Paired >= 9*m.baseline.n()
}

// pair takes the differences of the samples that are usable on both sides.
func (m *measurement) pair(pairs score.Pairs) {
	c, b := m.candidate.column, m.baseline.column
	diffs := make([]float64, 0, len(pairs.Candidate))
	slack := m.slack()
	for k, row := range pairs.Candidate {
		i, j := int(row), int(pairs.Baseline[k])
		if c.Scored(i) && b.Scored(j) {
			diff := clamp(c.Values[i] - b.Values[j])
			diffs = append(diffs, diff)
			if loss := m.turn(diff); loss > slack {
				m.moved(loss, i, j)
			}
		}
	}
	m.Paired = len(diffs)
	m.OnlyCandidate, m.OnlyBaseline = m.candidate.n()-m.Paired, m.baseline.n()-m.Paired
	m.diffs = m.settle(momentsOf(diffs))
}

// pairMeans returns the means of either side over the pairs; without pairs those of all.
func (m *measurement) pairMeans(pairs score.Pairs) [2]float64 {
	if m.Paired == 0 || m.OnlyCandidate+m.OnlyBaseline == 0 {
		return m.Means
	}
	c, b := m.candidate.column, m.baseline.column
	is, was := make([]float64, 0, m.Paired), make([]float64, 0, m.Paired)
	for k, row := range pairs.Candidate {
		if i, j := int(row), int(pairs.Baseline[k]); c.Scored(i) && b.Scored(j) {
			is, was = append(is, c.Values[i]), append(was, b.Values[j])
		}
	}
	return [2]float64{momentsOf(is).Mean, momentsOf(was).Mean}
}

// settle makes differences that differ by rounding alone the same, as 0.7 − 0.6 and 0.3 − 0.2 are: else their spread,
// about 1e-17, would make any difference certain.
func (m *measurement) settle(diffs stat.Moments) stat.Moments {
	slack := m.slack()
	if diffs.N == 0 || diffs.Max-diffs.Min > slack {
		return diffs
	}
	if max(diffs.Max, -diffs.Min) <= slack {
		diffs.Mean = 0
	}
	diffs.M2, diffs.Min, diffs.Max = 0, diffs.Mean, diffs.Mean
	return diffs
}

// moved keeps a pair that lost among the most moved if its loss is one of the largest. Pairs come in the order of their ids, so
// that of equal losses the first stays.
func (m *measurement) moved(loss float64, candidateRow, baselineRow int) {
	n := len(m.MostMoved)
	if n == maxMoves && loss <= m.MostMoved[n-1].loss(m.Comparison) {
		return
	}
	c, b := m.candidate, m.baseline
	move := Move{ID: c.table.ID(candidateRow), Is: c.column.Values[candidateRow], Was: b.column.Values[baselineRow]}
	move.File, move.Row = c.table.Source(candidateRow)
	move.BaseFile, move.BaseRow = b.table.Source(baselineRow)
	at := n
	for at > 0 && m.MostMoved[at-1].loss(m.Comparison) < loss {
		at--
	}
	m.MostMoved = slices.Insert(m.MostMoved[:min(n, maxMoves-1)], at, move)
}

func (v Move) loss(c Comparison) float64 { return clamp(c.turn(v.Is - v.Was)) }

// dropped counts the baseline's usable samples whose ids the candidate does not know at all.
func (m *measurement) dropped(pairs score.Pairs) int {
	if m.OnlyBaseline == 0 {
		return 0
	}
	base := m.baseline.table
	matched := make([]bool, base.Len())
	for _, row := range pairs.Baseline {
		matched[row] = true
	}
	n := 0
	for row, ok := range matched {
		if ok || !m.baseline.column.Scored(row) {
			continue
		}
		if _, known := m.candidate.row(base.ID(row)); !known {
			n++
		}
	}
	return n
}

// effects adds the sizes of the difference that no test needs.
func (m *measurement) effects() {
	c, b := m.candidate, m.baseline
	if g, ok := stat.HedgesG(c.moments, b.moments); ok {
		m.HedgesG = &g
	}
	if dz, ok := stat.CohenDz(m.diffs); ok && m.pairable() {
		m.CohenDz = &dz
	}
	if c.n() > 0 && b.n() > 0 {
		delta := stat.CliffsDelta(c.values, b.values)
		m.CliffsDelta = &delta
	}
}

// missing adds how likely chance alone loses so many of the candidate's scores, and what they could hide.
func (m *measurement) missing() {
	c, b := m.Candidate, m.Baseline
	lost := c.Missing + m.Dropped
	if lost+b.Missing == 0 {
		return
	}
	p := stat.FisherMidP(lost, c.N+lost, b.Missing, b.N+b.Missing)
	m.MissingRate = &p
	if m.Scale == nil || c.N == 0 || b.N == 0 || m.Loss() > m.MaxLoss {
		return
	}
	// The bound of the worst case: what the candidate lacks was worth the least, what the baseline lacks the most.
	worst, best := m.Scale.Min, m.Scale.Max
	if m.Criterion.Direction == Lower {
		worst, best = best, worst
	}
	fill := func(s *Summary, missing int, value float64) float64 {
		share := float64(missing) / float64(s.N+missing)
		return s.Mean + float64(share*(value-s.Mean))
	}
	loss := m.turn(fill(c, lost, worst) - fill(b, b.Missing, best))
	if loss > m.MaxLoss+m.slack() {
		m.warn("%s missing: at worst these hide a loss of %s, more than the tolerated %s",
			count(lost+b.Missing, "score is", "scores are"), m.Format(loss), m.Tolerance())
	}
}
