package gate

import (
	"slices"
	"testing"

	"github.com/hubgate/hubgate/gate/score"
)

func TestWeaker(t *testing.T) {
	t.Parallel()
	floor, lower := 2.2, 2.0
	base := DefaultPolicy()
	base.Criteria = []Criterion{{
		Metric: "accuracy", MaxLoss: &Loss{Value: 0.1}, Min: &floor, Tier: Critical, MustPass: []string{"q1", "q2"}, Scale: &score.Scale{Min: 1, Max: 3},
	}}
	base.Models = []ModelPolicy{{Model: "m"}}
	for _, tt := range []struct {
		name   string
		change func(p *Policy, c *Criterion)
		want   []string
	}{
		{"nothing", func(*Policy, *Criterion) {}, nil},
		{"stricter", func(p *Policy, c *Criterion) {
			p.MaxMissing, p.OnInconclusive, c.MaxLoss, p.Rule = 0.01, Fail, &Loss{Value: 0.05}, NonInferiority
		}, nil},
		{"a larger tolerance", func(_ *Policy, c *Criterion) { c.MaxLoss = &Loss{Value: 0.2} }, []string{`"accuracy": max-loss 0.2 in place of 0.1`}},
		{"another kind of it", func(_ *Policy, c *Criterion) { c.MaxLoss = &Loss{Value: 1, Percent: true} }, []string{`"accuracy": max-loss 1% in place of 0.1`}},
		{"a lower floor", func(_ *Policy, c *Criterion) { c.Min = &lower }, []string{`"accuracy": min 2 in place of 2.2`}},
		{"no floor", func(_ *Policy, c *Criterion) { c.Min = nil }, []string{`"accuracy": min 2.2 is gone`}},
		{"a lower tier", func(_ *Policy, c *Criterion) { c.Tier = Advisory }, []string{`"accuracy": tier advisory in place of critical`}},
		{"fewer samples that must pass", func(_ *Policy, c *Criterion) { c.MustPass = []string{"q2", "q3"} }, []string{`"accuracy": 1 samples of must-pass are gone`}},
		{"the other direction", func(_ *Policy, c *Criterion) { c.Direction = Lower }, []string{`"accuracy": direction lower in place of higher`}},
		{"a wider scale", func(_ *Policy, c *Criterion) { c.Scale = &score.Scale{Min: 0, Max: 9} }, []string{`"accuracy": another scale`}},
		{"less evidence taken", func(p *Policy, _ *Criterion) { p.Alpha, p.MinSamples = 0.01, 500 }, []string{"alpha 0.01 in place of 0.05", "min-samples 500 in place of 5"}},
		{"milder decisions", func(p *Policy, _ *Criterion) { p.OnIncomparable, p.OnNoBaseline = Warn, Pass },
			[]string{"on-incomparable warn in place of fail", "on-no-baseline pass in place of warn"}},
		{"a model less", func(p *Policy, _ *Criterion) { p.Models = nil }, []string{`model "m" is no longer required`}},
	} {
		p := base
		p.Criteria = slices.Clone(base.Criteria)
		p.Models = slices.Clone(base.Models)
		tt.change(&p, &p.Criteria[0])
		if got := p.Weaker(base, []string{"accuracy", "style"}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
