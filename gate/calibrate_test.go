package gate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// judged draws a run of scores 1 to 3 of some metrics, in groups of size when that is more than 1: all of a group score the same.
func judged(tb testing.TB, seed uint64, n, metrics, size int) gate.Run {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var samples []score.Sample
	scores := make([]float64, metrics)
	for i := range n {
		if i%size == 0 {
			for k := range scores {
				scores[k] = float64(3 - min(rng.IntN(4), 2)) // half of them 3 … a quarter each 1 and 2, turned round
			}
		}
		s := sample("m", fmt.Sprintf("q%03d", i), scores...)
		if size > 1 {
			s.Group = fmt.Sprint(i / size)
		}
		samples = append(samples, s)
	}
	run := build(tb, samples...)
	run.Provenance.SHA256 = score.SHA256(run.Tables)
	return run
}

func calibrated(tb testing.TB, candidate gate.Run, baseline *gate.Run, p gate.Policy, replays, perLoss int) gate.Calibration {
	tb.Helper()
	var baselines map[string]gate.Baseline
	if baseline != nil {
		baselines = against(*baseline)
	}
	c, err := gate.Calibrate(tb.Context(), candidate, baselines, p, gate.CalibrationOptions{Replays: replays, PerLoss: perLoss})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// within reports whether a rate's interval includes, or lies below, a bound.
func within(r gate.Rate, bound float64) bool {
	lo, _ := r.Interval()
	return lo <= bound
}

// Alpha bounds what is red where nothing changed: of one run split, of two in pairs, of groups, of many metrics.
func TestCalibrateFalseAlarms(t *testing.T) {
	t.Parallel()
	second := judged(t, 2, 120, 1, 1)
	grouped := judged(t, 5, 200, 1, 4)
	for _, c := range []struct {
		name      string
		candidate gate.Run
		baseline  *gate.Run
		design    gate.Design
		decided   stat.Method
	}{
		{"split", judged(t, 1, 120, 1, 1), nil, gate.Dealt, stat.WelchT},
		{"pairs", judged(t, 1, 120, 1, 1), &second, gate.Swapped, stat.PairedT},
		{"other samples", anonymous(t, repeat(80, 3, 3, 2, 1)...), new(anonymous(t, repeat(50, 3, 2, 3)...)), gate.Dealt, stat.WelchT},
		{"groups", judged(t, 4, 200, 1, 4), nil, gate.Dealt, stat.ClusteredT},
		{"groups in pairs", judged(t, 4, 200, 1, 4), &grouped, gate.Swapped, stat.ClusteredT},
		{"eight metrics", judged(t, 6, 60, 8, 1), nil, gate.Dealt, stat.WelchT},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := calibrated(t, c.candidate, c.baseline, policy(maxLoss(0)), 200, 0)
			if !within(got.Alarms, 0.05) {
				t.Errorf("%d of %d replays are red", got.Alarms.Count, got.Alarms.Of)
			}
			s := got.Series[0]
			if s.Design != c.design || s.Decided == nil || *s.Decided != c.decided {
				t.Errorf("%v, decided by %v; want %v, %v", s.Design, s.Decided, c.design, c.decided)
			}
			if all := s.Alarms.Count + s.Held.Count + s.Improved.Count + s.Inconclusive.Count; all != s.Alarms.Of {
				t.Errorf("outcomes of %d of %d replays", all, s.Alarms.Of)
			}
		})
	}
}

// A policy that is red on noise is shown to be.
func TestCalibrateShowsBadPolicies(t *testing.T) {
	t.Parallel()
	run := judged(t, 1, 60, 3, 1)
	for _, c := range []struct {
		name   string
		policy gate.Policy
		advice string
	}{
		{"threshold", policy(maxLoss(0.05), func(p *gate.Policy) { p.Rule = gate.Threshold }), "Rule threshold asks for no evidence"},
		{"noninferiority", policy(maxLoss(0.05), func(p *gate.Policy) { p.Rule = gate.NonInferiority }), "Rule noninferiority fails what it cannot show"},
		{"inconclusive fails", policy(maxLoss(0.05), func(p *gate.Policy) { p.OnInconclusive = gate.Fail }), "on-inconclusive: fail makes"},
		{"no correction", policy(maxLoss(0), func(p *gate.Policy) { p.Correction = gate.NoCorrection; p.Alpha = 0.1 }), "Without correction each of 3 tests"},
		{"floor", policy(maxLoss(0.05), func(p *gate.Policy) { p.Defaults.Min = new(2.9) }), "a floor (min)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := calibrated(t, run, nil, c.policy, 200, 0)
			if !got.TooMany() {
				t.Errorf("%d of %d replays are red", got.Alarms.Count, got.Alarms.Of)
			}
			if text := got.Advice()[0].Text; !strings.Contains(text, c.advice) {
				t.Errorf("advice %q, want %q", text, c.advice)
			}
		})
	}
}

// Losses are found the more often the larger they are, and what is found with the policy's power is what the formula says.
func TestCalibrateDetection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		direction gate.Direction
		baseline  bool
	}{{"higher is better", gate.Higher, false}, {"lower is better", gate.Lower, false}, {"in pairs", gate.Higher, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy(maxLoss(0), criteria(gate.Criterion{Metric: "*", Direction: c.direction, Scale: &score.Scale{Min: 1, Max: 3}}))
			var second *gate.Run
			if c.baseline {
				second = new(judged(t, 9, 160, 1, 1))
			}
			s := calibrated(t, judged(t, 1, 160, 1, 1), second, p, 60, 60).Series[0]
			if len(s.Detection) < 5 {
				t.Fatalf("%d sizes of loss", len(s.Detection))
			}
			for i := 1; i < len(s.Detection); i++ {
				if is, was := s.Detection[i].Found.Share(), s.Detection[i-1].Found.Share(); is < was-0.1 {
					t.Errorf("a loss of %v is found in %.2f, one of %v in %.2f", s.Detection[i-1].Loss, was, s.Detection[i].Loss, is)
				}
			}
			if last := s.Detection[len(s.Detection)-1].Found.Share(); last < 0.9 {
				t.Errorf("the largest loss is found in %.2f", last)
			}
			if s.Smallest == nil || *s.Smallest < 0.7**s.MDE || *s.Smallest > 1.3**s.MDE {
				t.Errorf("smallest loss found %v, by formula %v", s.Smallest, *s.MDE)
			}
		})
	}
}

// The tolerance counts: a loss just as large as max-loss is red half of the time at most.
func TestCalibrateMaxLoss(t *testing.T) {
	t.Parallel()
	p := policy(criteria(gate.Criterion{Metric: "*", Scale: &score.Scale{Min: 1, Max: 3}}))
	second := judged(t, 2, 600, 1, 1)
	s := calibrated(t, judged(t, 1, 600, 1, 1), &second, p, 20, 80).Series[0]
	for _, d := range s.Detection {
		if lo, _ := d.Found.Interval(); d.Loss <= s.MaxLoss && lo > 0.5 {
			t.Errorf("a loss of %v, max-loss %v, is found in %.2f", d.Loss, s.MaxLoss, d.Found.Share())
		}
	}
}

// The same scores give the same calibration, in whatever order they are read, and every replay is told of.
func TestCalibrateIsRepeatable(t *testing.T) {
	t.Parallel()
	run := judged(t, 1, 40, 2, 1)
	var backwards []score.Sample
	table := run.Tables[0]
	for i := range table.Len() {
		s := score.Sample{Key: table.Key(), ID: table.ID(table.Len() - 1 - i)}
		for _, col := range table.Columns() {
			s.Scores = append(s.Scores, score.Value{Metric: col.Metric, Score: col.Values[table.Len()-1-i]})
		}
		backwards = append(backwards, s)
	}
	other := build(t, backwards...)
	other.Provenance = run.Provenance
	var told atomic.Int64
	o := gate.CalibrationOptions{Replays: 50, PerLoss: 10, Progress: func(done, total int64) {
		if done > total {
			t.Errorf("%d of %d replays", done, total)
		}
		told.Add(1)
	}}
	first, err := gate.Calibrate(t.Context(), run, nil, policy(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Progress = nil
	again, err := gate.Calibrate(t.Context(), other, nil, policy(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("first -, again +:\n%s", diff)
	}
	replays := int64(first.Alarms.Of)
	for _, s := range first.Series {
		for _, d := range s.Detection {
			replays += int64(d.Found.Of)
		}
	}
	if told.Load() != replays {
		t.Errorf("told of %d replays, want %d", told.Load(), replays)
	}
	seeded := policy(func(p *gate.Policy) { p.Seed = 1 })
	if other := calibrated(t, run, nil, seeded, 50, 10); cmp.Equal(first.Series, other.Series) {
		t.Error("another seed gives the very same rates")
	}
}

// What cannot be replayed is refused or left out by name.
func TestCalibrateRefuses(t *testing.T) {
	t.Parallel()
	o := gate.CalibrationOptions{Replays: 10}
	_, err := gate.Calibrate(t.Context(), judged(t, 1, 40, 1, 1), nil, policy(func(p *gate.Policy) { p.Test = gate.PairedTest }), o)
	if err == nil || !strings.Contains(err.Error(), "name the second run as baseline") {
		t.Errorf("pairs of one run: %v", err)
	}
	if _, err = gate.Calibrate(t.Context(), column(t, 1), nil, policy(), o); err == nil || !strings.Contains(err.Error(), "two samples to replay") {
		t.Errorf("one sample: %v", err)
	}
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(stopped)
	if _, err = gate.Calibrate(ctx, judged(t, 1, 40, 1, 1), nil, policy(), o); !errors.Is(err, stopped) {
		t.Errorf("after the end of its context: %v", err)
	}
	advisory := policy(criteria(gate.Criterion{Metric: "m0", Tier: gate.Advisory}))
	if got := calibrated(t, judged(t, 1, 40, 2, 1), nil, advisory, 10, 0); len(got.Series) != 1 || got.Series[0].Metric != "m1" {
		t.Errorf("beside an advisory metric: %+v", got.Series)
	}
	must := policy(criteria(gate.Criterion{Metric: "*", MustPass: []string{"q001"}}))
	if got := calibrated(t, judged(t, 1, 40, 1, 1), nil, must, 10, 0); len(got.Warnings) != 1 || got.Alarms.Count == got.Alarms.Of {
		t.Errorf("must-pass in a split: %v, %v", got.Warnings, got.Alarms)
	}
}

// A split of very few samples says that nothing decides.
func TestCalibrateTooFew(t *testing.T) {
	t.Parallel()
	got := calibrated(t, column(t, 1, 2, 3, 2, 1, 3), nil, policy(), 20, 5)
	s := got.Series[0]
	if s.Decided != nil || s.Inconclusive.Count != 20 || len(s.Detection) != 0 || s.Smallest != nil {
		t.Errorf("decided by %v, %d inconclusive, %d sizes of loss", s.Decided, s.Inconclusive.Count, len(s.Detection))
	}
	if text := got.Advice()[0].Text; !strings.Contains(text, "No test decides with 6 samples stored") {
		t.Errorf("advice: %q", text)
	}
}

// Where the stored scores are red by themselves no loss is said to be found, nor another max-loss to help.
func TestCalibrateRedByItself(t *testing.T) {
	t.Parallel()
	floor := policy(maxLoss(0.05), func(p *gate.Policy) { p.Defaults.Min = new(3.0) })
	got := calibrated(t, judged(t, 1, 60, 1, 1), nil, floor, 50, 5)
	if s := got.Series[0]; s.Alarms.Count != 50 || s.Smallest != nil {
		t.Errorf("%d of 50 replays are red, and a loss is found of %v", s.Alarms.Count, s.Smallest)
	}
	for _, a := range got.Advice() {
		if a.About != nil {
			t.Errorf("advice: %q", a.Text)
		}
	}
}

// Samples of one group cannot lie on both sides, and more of them would not help.
func TestCalibrateOneGroup(t *testing.T) {
	t.Parallel()
	got := calibrated(t, judged(t, 1, 60, 1, 60), nil, policy(), 20, 5)
	if text := got.Advice()[0].Text; !strings.Contains(text, "too few groups") || strings.Contains(text, "min-samples") {
		t.Errorf("advice: %q", text)
	}
}

// Recorded runs of unchanged code are compared as they are, in both directions, and what drifts between them is red.
func TestCalibrateRecorded(t *testing.T) {
	t.Parallel()
	steady, drifted := column(t, repeat(10, 3, 3, 2, 1)...), column(t, repeat(10, 2, 2, 1, 1)...)
	c, err := gate.Calibrate(t.Context(), steady, nil, policy(maxLoss(0)),
		gate.CalibrationOptions{Replays: 20, Replicates: []gate.Run{steady, steady, drifted}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Recorded, (gate.Recorded{Runs: 3, Comparisons: 6, Failed: 2}); got != want {
		t.Errorf("%v, want %v: the drifted run is worse than the two others", got, want)
	}
	told := false
	for _, a := range c.Advice() {
		told = told || strings.Contains(a.Text, "each of 3 runs") && strings.Contains(a.Text, "2 of 6 comparisons are red")
	}
	if !told {
		t.Errorf("nothing is said of them: %v", c.Advice())
	}
}
