package gate_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

func TestBetweenRuns(t *testing.T) {
	t.Parallel()
	was := repeat(100, 1, 2, 3, 3)
	is := repeat(100, 1, 1, 3, 3) // by 0.25
	run := column(t, was...)
	series := gate.Series{Key: score.Key{Model: "m"}, Metric: "accuracy"}
	for _, tt := range []struct {
		name       string
		replicates []float64
		known      bool
		within     bool
	}{
		{"none", nil, false, false},
		{"two", []float64{2.2, 2.3}, false, false},
		{"quiet", []float64{2.25, 2.26, 2.24, 2.25}, true, false},
		{"loud", []float64{2.25, 2.4, 2.1, 2.3}, true, true},
		{"deterministic", []float64{2.25, 2.25, 2.25}, true, false},
	} {
		baselines := map[string]gate.Baseline{"m": {Run: &run, Replicates: map[gate.Series][]float64{series: tt.replicates}}}
		f := gate.Evaluate(column(t, is...), baselines, policy()).Models[0].Findings[0]
		if (f.BetweenRuns != nil) != tt.known || f.Within() != tt.within || f.Replicates != len(tt.replicates) {
			t.Errorf("%s: %+v, within %t, of %d", tt.name, f.BetweenRuns, f.Within(), f.Replicates)
		}
		if f.Outcome != gate.Regressed {
			t.Errorf("%s: noise between runs decided: %s", tt.name, f.Outcome)
		}
		sound(t, f)
		if !tt.known {
			continue
		}
		want, err := stat.SpreadOf(tt.replicates, 0.9)
		if diff := cmp.Diff(*f.BetweenRuns, want); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", tt.name, err, diff)
		}
	}
	baselines := map[string]gate.Baseline{"m": {Run: &run, Replicates: map[gate.Series][]float64{series: {1e308, -1e308, 0}}}}
	f := gate.Evaluate(column(t, is...), baselines, policy()).Models[0].Findings[0]
	if f.BetweenRuns != nil || !strings.Contains(fmt.Sprint(f.Warnings), "beyond float64") {
		t.Errorf("%+v, warnings %q", f.BetweenRuns, f.Warnings)
	}
}

func TestTrialNoise(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(61, 62))
	for _, noise := range []float64{0.1, 3} {
		var samples []score.Sample
		var moments []stat.Moments
		for i := range 60 {
			ability := rng.NormFloat64()
			var trials []float64
			for trial := range 4 {
				v := ability + noise*rng.NormFloat64()
				s := sample("m", fmt.Sprintf("q%03d", i), v)
				s.Trial = trial
				samples, trials = append(samples, s), append(trials, v)
			}
			moments = append(moments, stat.Of(trials))
		}
		run := build(t, samples...)
		c := only(t, run, run, policy())
		want, err := stat.NoiseOf(moments)
		if err != nil || c.TrialNoise == nil || !near(c.TrialNoise.Share, want.Share) || !near(c.TrialNoise.Within, want.Within) || c.TrialNoise.Samples != 60 {
			t.Errorf("%+v, want %+v, %v", c.TrialNoise, want, err)
		}
		if (c.TrialNoise.Share > 0.5) != (noise > 1) {
			t.Errorf("noise %v: share %v", noise, c.TrialNoise.Share)
		}
	}
	if c := only(t, column(t, 1, 2, 3), column(t, 1, 2, 3), policy()); c.TrialNoise != nil {
		t.Errorf("without trials: %+v", c.TrialNoise)
	}
}
