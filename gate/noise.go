package gate

import (
	"errors"

	"github.com/hubgate/hubgate/gate/stat"
)

// noise adds what is known of noise that a test across samples cannot see: between runs of unchanged code, and between trials.
func (m *measurement) noise(p Policy) {
	m.Replicates = len(m.of.replicates)
	switch spread, err := stat.SpreadOf(m.of.replicates, p.level()); {
	case err == nil:
		m.BetweenRuns = &spread
	case !errors.Is(err, stat.ErrTooFew):
		m.warn("the noise between %d runs of unchanged code is not known: their spread is beyond float64 arithmetic", m.Replicates)
	}
	if noise, err := stat.NoiseOf(m.candidate.byTrial(m.Criterion)); err == nil {
		m.TrialNoise = &noise
	}
}

// byTrial returns the moments of each sample's trials, nil without any.
func (s *side) byTrial(c Criterion) []stat.Moments {
	if s.trials.Len() == s.table.Len() {
		return nil
	}
	column := onScale(s.trials.Column(c.Metric), c.Scale)
	var out []stat.Moments
	var values []float64
	for k := range s.trials.Len() {
		row := s.trials.Order(k)
		if k > 0 && s.trials.ID(row) != s.trials.ID(s.trials.Order(k-1)) {
			out, values = append(out, stat.Of(values)), values[:0]
		}
		if column.Scored(row) {
			values = append(values, column.Values[row])
		}
	}
	return append(out, stat.Of(values))
}

// Within reports whether a difference lies within what runs of unchanged code do. It is false without [Comparison.BetweenRuns].
func (c Comparison) Within() bool {
	diff, ok := c.Diff()
	return ok && c.BetweenRuns != nil && max(diff, -diff) <= c.BetweenRuns.Change+c.slack()
}
