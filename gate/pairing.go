package gate

import (
	"cmp"
	"slices"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// maxMoves bounds Comparison.MostMoved.
const maxMoves = 10

// A pairing is how the samples of both sides match.
type pairing struct {
	score.Pairs
	groups []int // of each pair, as the baseline has them, else the candidate; nil where no two pairs share one
}

func pair(c, b samples) *pairing {
	p := &pairing{}
	if c.table == nil || b.table == nil {
		return p
	}
	p.Pairs = score.Pair(c.table, b.table)
	if c.groups != nil || b.groups != nil {
		p.groups = groupsOf(len(p.Candidate), func(k int) string { return p.group(k, c, b) })
	}
	return p
}

// group names the group of the k-th pair. The baseline's counts first: a candidate must not choose what it is tested by.
func (p *pairing) group(k int, c, b samples) string {
	return cmp.Or(b.table.Group(int(p.Baseline[k])), c.table.Group(int(p.Candidate[k])))
}

// differences are candidate − baseline of the pairs that are usable on both sides, in the order of their ids.
type differences struct {
	stat.Moments
	values []float64
	pairs  []int // the number of each in the pairing
}

// test makes the tests and says which one decides.
func (m *measurement) test(p Policy) {
	m.pair()
	m.Tests = make([]stat.Test, 0, 3) // basis points into it
	m.basis = m.add(stat.Welch(m.candidate.moments, m.baseline.moments, p.level()))
	m.spread = [2]float64{m.candidate.moments.Var(), m.baseline.moments.Var()}
	n, inPairs := min(m.candidate.n(), m.baseline.n()), false
	if m.pairable() || p.Test == PairedTest {
		paired := m.add(stat.Paired(m.diffs.Moments, p.level()))
		m.companion()
		if inPairs = p.Test != WelchTest; inPairs {
			m.basis, n, m.spread = paired, m.Paired, [2]float64{m.diffs.Var()}
			m.Means = m.pairMeans()
		}
	}
	m.cluster(p, inPairs)
	m.Dropped = m.dropped()
	switch {
	case n < p.MinSamples:
		m.warn("%s: no test decides below min-samples, which is %d", count(n, m.counted(p), m.counted(p)+"s"), p.MinSamples)
		return
	case m.OneGroup:
		m.warn("all samples of a side are in one group: how much groups differ is not known, and no test decides")
		return
	case m.basis == nil:
		m.warn("no test could be made: the spread of the scores is beyond float64 arithmetic")
		return
	}
	m.Decided = m.basis
	m.PWorse, m.PBetter = m.turnP(m.Decided.PWorse, m.Decided.PBetter)
}

// turnP turns the one-sided p-values for a lower and a higher candidate into those for a worse and a better one.
func (c Comparison) turnP(lower, higher float64) (worse, better float64) {
	if c.Criterion.Direction == Lower {
		return higher, lower
	}
	return lower, higher
}

// companion adds the test of pairs that asks no t: McNemar's where they pass or fail, else Wilcoxon's.
func (m *measurement) companion() {
	if m.PassFail {
		lower, higher := 0, 0
		for _, d := range m.diffs.values {
			switch {
			case d < 0:
				lower++
			case d > 0:
				higher++
			}
		}
		m.Companions = append(m.Companions, stat.McNemar(lower, higher))
		return
	}
	if ranks, err := stat.Wilcoxon(m.diffs.values); err == nil {
		m.Companions = append(m.Companions, ranks)
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
func (m *measurement) pair() {
	c, b, pairs := m.candidate.column, m.baseline.column, m.of.pairs
	d := differences{values: make([]float64, 0, len(pairs.Candidate)), pairs: make([]int, 0, len(pairs.Candidate))}
	slack := m.slack()
	for k, row := range pairs.Candidate {
		i, j := int(row), int(pairs.Baseline[k])
		if c.Scored(i) && b.Scored(j) {
			diff := clamp(c.Values[i] - b.Values[j])
			d.values, d.pairs = append(d.values, diff), append(d.pairs, k)
			if loss := m.turn(diff); loss > slack {
				m.moved(loss, i, j)
			}
		}
	}
	m.Paired = len(d.values)
	m.OnlyCandidate, m.OnlyBaseline = m.candidate.n()-m.Paired, m.baseline.n()-m.Paired
	if d.Moments = m.settle(momentsOf(d.values)); d.Constant() {
		for i := range d.values {
			d.values[i] = d.Mean
		}
	}
	m.diffs = d
}

// pairMeans returns the means of either side over the pairs; without pairs those of all.
func (m *measurement) pairMeans() [2]float64 {
	if m.Paired == 0 || m.OnlyCandidate+m.OnlyBaseline == 0 {
		return m.Means
	}
	c, b, pairs := m.candidate.column, m.baseline.column, m.of.pairs
	is, was := make([]float64, 0, m.Paired), make([]float64, 0, m.Paired)
	for _, k := range m.diffs.pairs {
		is, was = append(is, c.Values[pairs.Candidate[k]]), append(was, b.Values[pairs.Baseline[k]])
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

// effects adds the sizes of the difference that no test needs.
func (m *measurement) effects() {
	c, b := m.candidate, m.baseline
	if g, ok := stat.HedgesG(c.moments, b.moments); ok {
		m.HedgesG = &g
	}
	if dz, ok := stat.CohenDz(m.diffs.Moments); ok && m.pairable() {
		m.CohenDz = &dz
	}
	if c.n() > 0 && b.n() > 0 {
		delta := stat.CliffsDelta(c.values, b.values)
		m.CliffsDelta = &delta
	}
}
