package gate

import (
	"fmt"
	"slices"
)

// Weaker says in what p asks less of the given metrics than another policy does, a clause each; nothing where it asks for
// as much or more. Tolerances of different kinds, as 5% and 0.1, cannot be ordered, and count as weaker when they differ.
func (p Policy) Weaker(than Policy, metrics []string) []string {
	var out []string
	add := func(weaker bool, format string, args ...any) {
		if weaker {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(p.Rule != than.Rule && (than.Rule != Regression || p.Rule == Regression), "rule %s in place of %s", p.Rule, than.Rule)
	add(p.Test != than.Test, "test %s in place of %s", p.Test, than.Test)
	add(p.Alpha < than.Alpha, "alpha %g in place of %g", p.Alpha, than.Alpha)
	add(p.Correction == Holm && than.Correction == NoCorrection, "correction %s in place of %s", p.Correction, than.Correction)
	add(p.MinSamples > than.MinSamples, "min-samples %d in place of %d", p.MinSamples, than.MinSamples)
	add(p.MaxMissing > than.MaxMissing, "max-missing %g in place of %g", p.MaxMissing, than.MaxMissing)
	milder := func(key string, a, b Decision) {
		add(a.severity() < b.severity(), "%s %s in place of %s", key, a, b)
	}
	milder("on-inconclusive", p.OnInconclusive, than.OnInconclusive)
	milder("on-incomparable", p.OnIncomparable, than.OnIncomparable)
	milder("on-no-baseline", p.OnNoBaseline, than.OnNoBaseline)
	for _, m := range than.Models {
		same := func(o ModelPolicy) bool { return o.Model == m.Model }
		i := slices.IndexFunc(p.Models, same)
		add(i < 0, "model %q is no longer required", m.Model)
		add(i >= 0 && p.Models[max(i, 0)].Baseline != m.Baseline, "model %q has another baseline", m.Model)
	}
	for _, metric := range metrics {
		for _, what := range p.criterion(metric, Hint{}).weaker(than.criterion(metric, Hint{})) {
			out = append(out, fmt.Sprintf("%q: %s", metric, what))
		}
	}
	return out
}

// weaker says in what c asks less of its metric than another criterion does.
func (c Criterion) weaker(than Criterion) []string {
	var out []string
	if c.Direction != than.Direction {
		out = append(out, fmt.Sprintf("direction %s in place of %s", c.Direction, than.Direction))
	}
	if a, b := *c.MaxLoss, *than.MaxLoss; a != b && (a.Percent != b.Percent || a.Value > b.Value) {
		out = append(out, fmt.Sprintf("max-loss %s in place of %s", a, b))
	}
	switch a, b := c.Min, than.Min; {
	case b == nil || a != nil && *a == *b:
	case a == nil:
		out = append(out, fmt.Sprintf("min %g is gone", *b))
	case (*a < *b) == (than.Direction == Higher):
		out = append(out, fmt.Sprintf("min %g in place of %g", *a, *b))
	}
	if c.Tier > than.Tier {
		out = append(out, fmt.Sprintf("tier %s in place of %s", c.Tier, than.Tier))
	}
	if a, b := c.Scale, than.Scale; b != nil && (a == nil || *a != *b) {
		out = append(out, "another scale")
	}
	gone := slices.DeleteFunc(slices.Clone(than.MustPass), func(id string) bool { return slices.Contains(c.MustPass, id) })
	if len(gone) > 0 {
		out = append(out, fmt.Sprintf("%d samples of must-pass are gone", len(gone)))
	}
	return out
}
