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
	atWorst := make([]float64, len(tested))
	for i, m := range tested {
		worse[i], better[i], atWorst[i] = m.PAdjusted, m.PBetter, m.PAdjusted
		if m.Worst != nil {
			atWorst[i] = m.Worst.PAdjusted
		}
	}
	family := 1
	if p.Correction == Holm {
		worse, better, atWorst = stat.Holm(worse), stat.Holm(better), stat.Holm(atWorst)
		family = max(1, len(tested))
	}
	for i, m := range tested {
		m.PAdjusted, m.PBetter, m.Family = worse[i], better[i], family
		if m.Worst != nil {
			m.Worst.PAdjusted = atWorst[i]
			m.Worst.PBetter = min(1, float64(m.Worst.PBetter*float64(family)))
		}
	}
	return family
}

// conclude adds what rests on corrected p-values and guarded bounds.
func (m *measurement) conclude(p Policy) {
	if m.Decided == nil {
		return
	}
	unseen := m.PAdjusted >= p.Alpha && m.PBetter >= p.Alpha
	m.Reshaped = m.Shift != nil && unseen && float64(m.Shift.P*float64(max(1, m.Family))) < p.Alpha
	if p.Rule != NonInferiority {
		return
	}
	margin := m.MaxLoss
	if m.Criterion.Direction == Lower {
		margin = -margin
	}
	if t, ok := m.Decided.NonInferior(margin); ok {
		m.NonInferior = &t
	}
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
	// The second variance is 0 for pairs, whose differences have one.
	if n, ok := stat.NeededUnpaired(m.spread[0], m.spread[1], m.MaxLoss, alpha, p.Power); ok {
		m.Needed = &n
	}
}
