package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A loss lowers the mean by as much, within the scale, from level to level where there are few, and leaves alone what other
// replays share.
func TestLower(t *testing.T) {
	t.Parallel()
	unit := score.Scale{Min: 0, Max: 1}
	for _, c := range []struct {
		name      string
		scores    []float64
		scale     *score.Scale
		direction Direction
		loss      float64
	}{
		{"levels", []float64{3, 3, 3, 2, 3, 1, 3, 2}, &score.Scale{Min: 1, Max: 3}, Higher, 0.5},
		{"every score twice", []float64{3, 3, 3, 3}, &score.Scale{Min: 1, Max: 3}, Higher, 1.7},
		{"a level below those seen", []float64{3, 3, 2, 3}, &score.Scale{Min: 1, Max: 3}, Higher, 1.5},
		{"pass or fail", []float64{1, 1, 1, 0, 1, 1, 0, 1}, &unit, Higher, 0.3},
		{"many values", spread(40), &unit, Higher, 0.2},
		{"no scale", spread(40), nil, Higher, 5},
		{"lower is better", []float64{1, 2, 2, 1, 1, 1}, &score.Scale{Min: 1, Max: 3}, Lower, 0.6},
		{"next to nothing", []float64{3, 3, 3, 2}, &score.Scale{Min: 1, Max: 3}, Higher, 0.001},
	} {
		levels, _ := stat.Levels(slices.Clone(c.scores), maxLevels)
		m := stat.Of(c.scores)
		side := &Summary{N: len(c.scores), Mean: m.Mean, SD: m.SD(), Levels: levels}
		w := newWorsening(Comparison{Candidate: side, Baseline: side, Scale: c.scale, Criterion: Criterion{Direction: c.direction}})
		var total float64
		const times = 400
		for seed := range uint64(times) {
			samples := make([]score.Sample, len(c.scores))
			for i, v := range c.scores {
				samples[i].Scores = []score.Value{{Metric: "other", Score: 7}, {Metric: "m", Score: v}}
			}
			shared := slices.Clone(samples)
			w.lower(rand.New(rand.NewPCG(seed, 1)), samples, "m", c.loss)
			is := make([]float64, len(samples))
			for i := range samples {
				is[i] = samples[i].Scores[1].Score
				if shared[i].Scores[1].Score != c.scores[i] || samples[i].Scores[0].Score != 7 {
					t.Fatalf("%s: what is shared was changed", c.name)
				}
				if c.scale != nil && !c.scale.Contains(is[i]) {
					t.Errorf("%s: %v lies off the scale", c.name, is[i])
				}
				if levels != nil && c.name != "a level below those seen" && c.direction == Higher && !slices.Contains(w.levels, is[i]) {
					t.Errorf("%s: %v is no level", c.name, is[i])
				}
			}
			fell := m.Mean - stat.Of(is).Mean
			if c.direction == Lower {
				fell = -fell
			}
			step := max(w.step, 1)
			for i := 1; i < len(w.levels); i++ {
				step = max(step, math.Abs(w.levels[i]-w.levels[i-1]))
			}
			if math.Abs(fell-c.loss) > step/float64(len(is))+1e-9 {
				t.Errorf("%s: the mean fell by %v, want %v", c.name, fell, c.loss)
			}
			total += fell
		}
		if mean := total / times; math.Abs(mean-c.loss) > 0.1*c.loss+0.01 {
			t.Errorf("%s: the mean fell by %v on average, want %v", c.name, mean, c.loss)
		}
	}
}

// spread are n values in [0.25, 1).
func spread(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 0.25 + 0.75*float64(i)/float64(n)
	}
	return out
}

func TestRoundUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, want float64 }{
		{0.0113, 0.015}, {0.01, 0.01}, {0.07, 0.08}, {9.5, 10}, {0.9, 1}, {123, 150}, {2.0000001, 2.5}, {0, 0}, {-1, 0}, {math.Inf(1), 0}, {5e-324, 5e-324},
	} {
		if got := roundUp(c.x); got != c.want {
			t.Errorf("roundUp(%v) = %v, want %v", c.x, got, c.want)
		}
	}
}

func TestSmallest(t *testing.T) {
	t.Parallel()
	rate := func(per100 int) Rate { return Rate{per100, 100} }
	for _, c := range []struct {
		alarms    int
		detection []Detection
		want      *float64
	}{
		{5, nil, nil},
		{5, []Detection{{0.1, rate(40)}, {0.2, rate(70)}}, nil},
		{5, []Detection{{0.1, rate(40)}, {0.2, rate(90)}}, new(0.18)},
		{5, []Detection{{0.1, rate(85)}}, new(0.094)},
		{80, []Detection{{0.1, rate(95)}}, nil}, // red as often without a loss
	} {
		s := CalibratedSeries{Alarms: rate(c.alarms), Detection: c.detection}
		if diff := cmp.Diff(s.smallest(0.8), c.want); diff != "" {
			t.Errorf("%v: got -, want +:\n%s", c.detection, diff)
		}
	}
}

// Groups are dealt whole, pairs swap whole, and what has no mate stays where it is.
func TestSides(t *testing.T) {
	t.Parallel()
	table := func(prefix string, n int) *score.Table {
		var b score.Builder
		for i := range n {
			id := fmt.Sprintf("q%02d", i)
			if i == n-1 {
				id = prefix
			}
			s := score.Sample{Key: score.Key{Model: "m"}, ID: id, Group: fmt.Sprint(i / 3), Scores: []score.Value{{Metric: prefix, Score: 1}}}
			if err := b.Add(s); err != nil {
				t.Fatal(err)
			}
		}
		tables, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return tables[0]
	}
	a, b := table("a", 31), table("b", 31)
	rng := rand.New(rand.NewPCG(1, 2))
	dealt, swapped := newStored(a, a), newStored(a, b)
	for range 20 {
		x, y := dealt.sides(rng)
		if len(x)+len(y) != 31 || len(x) < 15 || len(x) > 17 {
			t.Errorf("dealt to %d and %d", len(x), len(y))
		}
		for _, s := range x {
			if slices.ContainsFunc(y, func(o score.Sample) bool { return o.Group == s.Group }) {
				t.Errorf("group %s is on both sides", s.Group)
			}
		}
		x, y = swapped.sides(rng)
		if len(x) != 31 || len(y) != 31 || x[0].ID != "a" || y[0].ID != "b" {
			t.Fatalf("swapped to %d and %d, %s and %s", len(x), len(y), x[0].ID, y[0].ID)
		}
		from := map[string]string{} // by group
		for i := range x[1:] {
			if x[i+1].ID != y[i+1].ID || x[i+1].Scores[0].Metric == y[i+1].Scores[0].Metric {
				t.Errorf("%+v and %+v are no pair", x[i+1], y[i+1])
			}
			if g := x[i+1].Group; from[g] != "" && from[g] != x[i+1].Scores[0].Metric {
				t.Errorf("group %s was torn apart", g)
			}
			from[x[i+1].Group] = x[i+1].Scores[0].Metric
		}
	}
}
