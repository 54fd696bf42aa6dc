package gate

import (
	"cmp"
	"fmt"
	"math"
	"path"

	"github.com/hubgate/hubgate/gate/score"
)

// unitScale is the scale of a metric that nobody declared and whose every score lies on it.
func unitScale() score.Scale { return score.Scale{Min: 0, Max: 1} }

// criterion returns what the policy demands of a metric: of the first criterion that names it, then what the scores
// themselves tell, then the policy's defaults, then those of an empty policy.
func (p Policy) criterion(metric string, hint Hint) Criterion {
	named := Criterion{}
	for _, c := range p.Criteria {
		if c.matches(metric) {
			named = c
			break
		}
	}
	def, base := p.Defaults, DefaultPolicy().Defaults
	out := Criterion{
		Metric:    metric,
		Direction: cmp.Or(named.Direction, hint.Direction, def.Direction, base.Direction),
		MaxLoss:   cmp.Or(named.MaxLoss, def.MaxLoss, base.MaxLoss),
		Min:       cmp.Or(named.Min, def.Min),
		Scale:     cmp.Or(named.Scale, def.Scale, hint.Scale),
		Tier:      cmp.Or(named.Tier, hint.Tier, def.Tier, base.Tier),
		MustPass:  named.MustPass,
		Line:      cmp.Or(named.Line, def.Line),
	}
	if len(out.MustPass) == 0 {
		out.MustPass = def.MustPass
	}
	return out
}

// Scale returns the scale that the policy itself declares for a metric, whatever the scores tell of theirs.
func (p Policy) Scale(metric string) (score.Scale, bool) {
	if s := p.criterion(metric, Hint{}).Scale; s != nil {
		return *s, true
	}
	return score.Scale{}, false
}

// matches reports whether the criterion names the metric, as it is or by a glob. A metric's filter is part of its name.
func (c Criterion) matches(metric string) bool {
	ok, err := path.Match(c.Metric, metric)
	return c.Metric == metric || err == nil && ok
}

// merge fills in what the candidate's hint leaves open from the baseline's.
func (h Hint) merge(baseline Hint) Hint {
	return Hint{
		Scale:     cmp.Or(h.Scale, baseline.Scale),
		Direction: cmp.Or(h.Direction, baseline.Direction),
		Tier:      cmp.Or(h.Tier, baseline.Tier),
	}
}

// tolerance resolves the tolerated loss to the metric's own units. It is 0 for a percentage of a baseline mean that is
// not there.
//
// The candidate must not widen it, nor whoever may write a dataset. So a scale that one side alone tells of, by its format or by what is
// recorded with it, counts where it makes the tolerance smaller, and a scale is plainly [0, 1] by the scores of both sides.
func (l Loss) tolerance(scale *score.Scale, oneSided bool, baseline *side) float64 {
	if !l.Percent {
		return l.Value
	}
	share := l.Value / 100
	ofMean := 0.0
	if baseline.n() > 0 {
		ofMean = share * math.Abs(baseline.moments.Mean)
	}
	if scale == nil {
		return ofMean
	}
	ofWidth := clamp(share * scale.Width())
	if oneSided && baseline.n() > 0 && *scale != unitScale() {
		return min(ofWidth, ofMean)
	}
	return ofWidth
}

// clamp keeps what leaves float64's range at its end, so that no infinity reaches a report.
func clamp(x float64) float64 { return min(max(x, -math.MaxFloat64), math.MaxFloat64) }

// checkCriterion sees whether the criterion can do what it is for on the scale that the scores turn out to have.
func (m *measurement) checkCriterion() {
	c := m.Criterion
	switch {
	case c.Tier == Advisory, m.candidate.n()+m.baseline.n() == 0:
		return
	case m.Scale != nil:
		m.Idle = m.MaxLoss >= m.Scale.Width()
	default: // no loss takes scores below zero that never are
		positive := score.Scale{Max: math.MaxFloat64}
		m.Idle = c.MaxLoss.Percent && c.MaxLoss.Value >= 100 && c.Direction == Higher && m.candidate.within(positive) && m.baseline.within(positive)
	}
	if m.Idle {
		m.warn("%s", m.idleClause())
	}
	if c.Min != nil && m.Scale != nil && !m.Scale.Contains(*c.Min) {
		m.warn("min %s lies outside the scale of %s; write a score on the scale, or declare another", shortest(*c.Min, 6), scale(m.Scale))
	}
}

// idleClause says that nothing can exceed the tolerance, and how to mend it.
func (c Comparison) idleClause() string {
	loss, where, mend := *c.Criterion.MaxLoss, "", "write a smaller one"
	if c.Scale != nil {
		where = " on the scale of " + scale(c.Scale)
	}
	if !loss.Percent && loss.Value < 100 {
		mend = fmt.Sprintf("for %g per cent write %[1]g%%", loss.Value)
	}
	if c.Criterion.Scale == nil && c.Scale != nil {
		mend += ", or declare the scale where it is another"
	}
	return fmt.Sprintf("max-loss %s tolerates everything%s; %s", loss, where, mend)
}
