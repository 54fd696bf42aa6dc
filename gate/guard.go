package gate

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hubgate/hubgate/gate/stat"
)

// maxGuarded is how many scores on many values the smaller side may have for Welch's test to be guarded, and maxAlike how many where
// neither side is more than twice the other: beyond, the test is right by itself. On few values there is no bound, nor
// where a side has no spread.
const (
	maxGuarded = 1000
	maxAlike   = 200
)

// fewDraws is how many relabellings are drawn where p decides nothing: enough for a bound.
const fewDraws = 1999

// guard has the studentized permutation test confirm what Welch's test decides: of either p the larger counts, and of either bound
// the one further out, where they do not say the same. Welch's alone sees a loss where a small side happens to have little spread. The shift of the
// distributions, which is by permutation too, comes with it.
func (p Policy) guard(ms []measurement, digest string) {
	families := p.families(ms)
	found := p.found(ms)
	each(len(ms), func(i int) {
		m := &ms[i]
		if m.Decided == nil {
			return
		}
		seed := p.seed(digest, m.Series)
		m.shift(stat.Resampling{Alpha: p.Alpha, Family: 1, Seed: seed, Most: maxGuarded, Draws: 5 * fewDraws})
		if m.Decided.Method == stat.WelchT {
			o := stat.Resampling{Alpha: p.Alpha, Family: 1, Seed: seed, Most: maxGuarded}
			o.Draws = fewDraws // where no p is small enough to need more
			if found[i] {
				o.Draws = manyDraws(p.Alpha, families[m.Criterion.Tier])
			}
			m.guard(o)
			m.flat = m.Permutation == nil && m.candidate.moments.Constant() != m.baseline.moments.Constant()
		}
		if m.flat {
			m.OneSideConstant = true
			m.adviseConstant()
		}
	})
}

// manyDraws is how many relabellings tell a p from Holm's first threshold: four times as many as one among them would take.
func manyDraws(alpha float64, family int) int {
	return max(9_999, int(4*float64(family)/alpha))
}

// families counts the tests of each tier that are corrected together.
func (p Policy) families(ms []measurement) map[Tier]int {
	out := map[Tier]int{Advisory: 1}
	for i := range ms {
		if tier := ms[i].Criterion.Tier; tier != Advisory && ms[i].Decided != nil && (p.Correction == Holm || out[tier] == 0) {
			out[tier]++
		}
	}
	return out
}

// found reports, for each measurement, whether its test finds anything before it is guarded, which only makes p larger.
func (p Policy) found(ms []measurement) []bool {
	byTier := map[Tier][]int{}
	for i := range ms {
		if ms[i].Decided != nil {
			byTier[ms[i].Criterion.Tier] = append(byTier[ms[i].Criterion.Tier], i)
		}
	}
	out := make([]bool, len(ms))
	for tier, members := range byTier {
		worse, better := make([]float64, len(members)), make([]float64, len(members))
		for k, i := range members {
			worse[k], better[k] = ms[i].PWorse, ms[i].PBetter
		}
		if p.Correction == Holm && tier != Advisory {
			worse, better = stat.Holm(worse), stat.Holm(better)
		}
		for k, i := range members {
			out[i] = min(worse[k], better[k]) < p.Alpha
		}
	}
	return out
}

// seed gives each series a stream of its own, which depends on the scores and not on what else is compared.
func (p Policy) seed(digest string, s Series) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q %q", digest, p.Seed, s.Model, s.Task, s.Metric))
	return binary.BigEndian.Uint64(sum[:])
}

// guard adds the permutation test, where it can be made and anything varies. It decides where its p is the larger, or where its bounds
// do not exclude what Welch's do.
func (m *measurement) guard(o stat.Resampling) {
	if m.Decided.Degenerate {
		return
	}
	if m.claims(*m.Decided) != [3]bool{} {
		o.Critical = -stat.Quantile(o.Alpha, m.Decided.DF)
	}
	permuted, err := m.permute(o)
	switch {
	case errors.Is(err, stat.ErrTooMany):
		return
	case err != nil:
		m.warn("the permutation test that confirms Welch's could not be made: the spread of all scores together is beyond float64 arithmetic")
		return
	}
	m.Permutation = &permuted
	guarded := m.Decided.Guarded(permuted)
	welch := m.PWorse
	if m.PWorse, m.PBetter = m.turnP(guarded.PWorse, guarded.PBetter); m.PWorse > welch || m.claims(guarded) != m.claims(*m.Decided) {
		guarded.Method = stat.PermutationT
		if m.Scale != nil { // no difference is wider than the scale
			width := clamp(m.Scale.Width())
			guarded.Lo, guarded.Hi = max(guarded.Lo, min(-width, m.Decided.Lo)), min(guarded.Hi, max(width, m.Decided.Hi))
		}
	} else {
		guarded.Lo, guarded.Hi = m.Decided.Lo, m.Decided.Hi // which the permutations bear out
	}
	m.Decided = &guarded
}

// claims are what the bounds of a test exclude: a gain, a loss, and a loss beyond the tolerance.
func (m *measurement) claims(t stat.Test) [3]bool {
	slack := m.slack()
	worst := max(m.turn(t.Lo), m.turn(t.Hi))
	return [3]bool{t.Hi < -slack, t.Lo > slack, worst < m.MaxLoss-slack}
}

// permute refuses many values before it counts them.
func (m *measurement) permute(o stat.Resampling) (stat.Permuted, error) {
	c, b := m.candidate.n(), m.baseline.n()
	switch {
	case m.candidate.moments.Constant() || m.baseline.moments.Constant():
		o.Most = 0
	case max(c, b) <= 2*min(c, b):
		o.Most = maxAlike
	}
	if o.Most > 0 && min(c, b) > o.Most && !(m.candidate.few && m.baseline.few) {
		return stat.Permuted{}, stat.ErrTooMany
	}
	return stat.Permutation(m.candidate.values, m.baseline.values, o)
}

// shift adds the test whether the distributions differ, whatever their means: by counts where there are few levels, else by the
// widest gap. Samples in groups have none: as independent ones they would differ too easily.
func (m *measurement) shift(o stat.Resampling) {
	if m.Decided.Method == stat.ClusteredT {
		return
	}
	var s stat.Shift
	var err error
	if m.candidate.levels != nil && m.baseline.levels != nil {
		s, err = stat.ChiSquare(m.candidate.values, m.baseline.values, o)
	} else {
		s, err = stat.KolmogorovSmirnov(m.candidate.values, m.baseline.values)
	}
	if err == nil {
		m.Shift = &s
	}
}
