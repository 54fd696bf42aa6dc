package gate

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hubgate/hubgate/gate/stat"
)

// maxGuarded is the number of scores, both sides together, up to which Welch's test is guarded: with more it is right
// by itself, unless a side has no spread.
const maxGuarded = 2000

// guard has the studentized permutation test confirm what Welch's test decides: of either p the larger counts. Welch's
// alone sees a loss where a small side happens to have little spread.
func (p Policy) guard(ms []measurement, digest string) {
	families := map[Tier]int{}
	for i := range ms {
		if ms[i].Decided != nil {
			families[ms[i].Criterion.Tier]++
		}
	}
	for i := range ms {
		m := &ms[i]
		if m.Decided == nil || m.Decided.Method != stat.WelchT {
			continue
		}
		family := families[m.Criterion.Tier]
		if p.Correction != Holm || m.Criterion.Tier == Advisory {
			family = 1
		}
		m.guard(stat.Resampling{Alpha: p.Alpha, Family: family, Seed: p.seed(digest, m.Series), Most: maxGuarded})
		if m.Permutation == nil && m.candidate.moments.Constant() != m.baseline.moments.Constant() {
			m.OneSideConstant = true
			m.adviseConstant()
		}
	}
}

// seed gives each series a stream of its own, which depends on the scores and not on what else is compared.
func (p Policy) seed(digest string, s Series) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q %q", digest, p.Seed, s.Model, s.Task, s.Metric))
	return binary.BigEndian.Uint64(sum[:])
}

// guard adds the permutation test, where it can be made and anything varies, and lets the larger p decide.
func (m *measurement) guard(o stat.Resampling) {
	if m.Decided.Degenerate {
		return
	}
	permuted, err := stat.Permutation(m.candidate.values, m.baseline.values, o)
	if errors.Is(err, stat.ErrTooMany) {
		o.Family = 1 // fewer draws leave p valid, and only less small
		permuted, err = stat.Permutation(m.candidate.values, m.baseline.values, o)
	}
	if err != nil {
		return
	}
	m.Permutation = &permuted
	guarded := m.Decided.Guarded(permuted)
	welch, worse, better := m.PWorse, guarded.PWorse, guarded.PBetter
	if m.Criterion.Direction == Lower {
		worse, better = better, worse
	}
	if worse > welch {
		guarded.Method = stat.PermutationT
	}
	m.Decided, m.PWorse, m.PBetter = &guarded, worse, better
}
