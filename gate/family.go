package gate

import (
	"slices"

	"github.com/hubgate/hubgate/gate/stat"
)

// correct adjusts the p-values within each tier, and says what its comparisons could have seen.
func (p Policy) correct(ms []measurement) {
	byTier := map[Tier][]*measurement{}
	for i := range ms {
		m := &ms[i]
		m.PAdjusted = m.PWorse
		if m.OneSideConstant {
			m.PAdjusted, m.PBetter = 1, 1
		}
		byTier[m.Criterion.Tier] = append(byTier[m.Criterion.Tier], m)
	}
	for tier, members := range byTier {
		family := 1
		if tier != Advisory {
			family = p.correctFamily(members)
		}
		for _, m := range members {
			m.power(p, p.Alpha/float64(family))
		}
	}
}

// correctFamily adjusts the p-values of one tier and returns the number of tests adjusted for, at least 1. Worse and better
// are families of their own, so that a gain elsewhere never makes a loss easier to find.
func (p Policy) correctFamily(members []*measurement) int {
	tested := slices.DeleteFunc(slices.Clone(members), func(m *measurement) bool { return m.Decided == nil })
	worse, better := make([]float64, len(tested)), make([]float64, len(tested))
	for i, m := range tested {
		worse[i], better[i] = m.PAdjusted, m.PBetter
	}
	family := 1
	if p.Correction == Holm {
		worse, better = stat.Holm(worse), stat.Holm(better)
		family = max(1, len(tested))
	}
	for i, m := range tested {
		m.PAdjusted, m.PBetter, m.Family = worse[i], better[i], family
	}
	return family
}

// power adds the smallest loss that a test at alpha finds, and the samples it takes to find the tolerated one.
func (m *measurement) power(p Policy, alpha float64) {
	if p.Rule == NonInferiority {
		alpha = p.Alpha // each comparison has to pass, which needs no correction (Berger 1982)
	}
	if m.basis == nil || m.basis.Degenerate || m.OneSideConstant {
		return
	}
	if mde := stat.MDE(m.basis.SE, m.basis.DF, alpha, p.Power); mde > 0 {
		mde = clamp(mde)
		m.MDE = &mde
	}
	n, ok := 0, false
	if m.basis.Method == stat.PairedT {
		n, ok = stat.NeededPaired(m.diffs.Var(), m.MaxLoss, alpha, p.Power)
	} else {
		n, ok = stat.NeededUnpaired(m.candidate.moments.Var(), m.baseline.moments.Var(), m.MaxLoss, alpha, p.Power)
	}
	if ok {
		m.Needed = &n
	}
}
