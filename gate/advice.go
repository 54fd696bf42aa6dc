package gate

import (
	"fmt"
)

// advise warns of what makes the comparison weaker than its numbers look.
func (m *measurement) advise(p Policy) {
	if m.Decided != nil {
		if n := min(m.Decided.N[0], m.Decided.N[1]); n < smallSample {
			m.warn("only %d %ss: below %d, p-values are rough and only large losses are found", n, m.counted(p), smallSample)
		}
	}
	if pairs := m.of.pairs; pairs.Changed > 0 {
		m.warn("%s another input text than in the baseline: not paired", count(pairs.Changed, "sample has", "samples have"))
	}
	m.adviseUnpaired(p)
	if m.Dropped > 0 {
		m.warn("%s not in the candidate: counted as missing", count(m.Dropped, "sample of the baseline is", "samples of the baseline are"))
	}
	m.adviseGroups()
}

// adviseConstant says which side has no spread.
func (m *measurement) adviseConstant() {
	if !m.candidate.moments.Constant() && !m.baseline.moments.Constant() {
		m.warn("the groups of one side do not differ at all: without spread on one side the test is too eager to decide")
		return
	}
	which, s := "candidate", m.candidate
	if m.baseline.moments.Constant() {
		which, s = "baseline", m.baseline
	}
	m.warn("all %d scores of the %s are %s: without spread on one side Welch's test is too eager to decide", s.n(), which, shortest(s.moments.Min, 6))
}

// adviseUnpaired says why samples could not be compared in pairs.
func (m *measurement) adviseUnpaired(p Policy) {
	c, b := m.candidate, m.baseline
	if m.pairable() || c.n() == 0 || b.n() == 0 {
		return
	}
	so := "the runs are compared as unrelated samples, which finds less"
	if p.Test == PairedTest {
		so = "the others do not count"
	}
	switch hasC, hasB := c.table.Identified(), b.table.Identified(); {
	case !hasC && !hasB:
		m.warn("samples have no ids: %s", so)
	case !hasC:
		m.warn("the candidate's samples have no ids: %s", so)
	case !hasB:
		m.warn("the baseline's samples have no ids: %s", so)
	case m.Paired == 0 && c.table.Derived() != b.table.Derived():
		m.warn("one side's samples are known by id and the other's by input text: %s", so)
	case m.Paired == 0:
		m.warn("no sample is on both sides: %s", so)
	case c.n() == b.n():
		m.warn("only %d of %d samples have a score on both sides: %s", m.Paired, c.n(), so)
	default:
		m.warn("only %d samples have a score on both sides, of the candidate's %d and the baseline's %d: %s", m.Paired, c.n(), b.n(), so)
	}
}

// count names a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
