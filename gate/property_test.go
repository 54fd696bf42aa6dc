package gate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// marks draws marks of 1, 2 or 3 and, now and then, none.
func marks(rng *rand.Rand, n int, cuts [2]float64, missing float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		u := rng.Float64()
		switch {
		case rng.Float64() < missing:
			out[i] = gone
		case u < cuts[0]:
			out[i] = 1
		case u < cuts[1]:
			out[i] = 2
		default:
			out[i] = 3
		}
	}
	return out
}

// Swapping the sides turns every sign and nothing else.
func TestCompareSwapsSides(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		n := 5 + rng.IntN(60)
		a, b := column(t, marks(rng, n, [2]float64{0.2, 0.5}, 0.02)...), column(t, marks(rng, n, [2]float64{0.1, 0.4}, 0.02)...)
		p := policy(maxLoss(0.1))
		x, y := only(t, a, b, p), only(t, b, a, p)
		if len(x.Tests) != len(y.Tests) {
			t.Fatalf("%d tests and %d", len(x.Tests), len(y.Tests))
		}
		for i := range x.Tests {
			u, v := x.Tests[i], y.Tests[i]
			if !near(u.Diff, -v.Diff) || !near(u.Lo, -v.Hi) || !near(u.PWorse, v.PBetter) || !near(u.PTwoSided, v.PTwoSided) {
				t.Errorf("%+v\nswapped %+v", u, v)
			}
		}
		if !near(x.PAdjusted, y.PBetter) || x.Means != [2]float64{y.Means[1], y.Means[0]} || x.OnlyCandidate != y.OnlyBaseline {
			t.Errorf("%+v\nswapped %+v", x, y)
		}
	}
}

// The order of rows does not show, to the last bit.
func TestEvaluateDoesNotDependOnRowOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	var is, was []score.Sample
	for i := range 200 {
		id := fmt.Sprint(i)
		is = append(is, sample("m", id, rng.NormFloat64(), float64(rng.IntN(3))))
		was = append(was, sample("m", id, rng.NormFloat64(), float64(rng.IntN(3))))
	}
	want := gate.Evaluate(build(t, is...), against(build(t, was...)), policy())
	for range 5 {
		for _, s := range [][]score.Sample{is, was} {
			rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		}
		got := gate.Evaluate(build(t, is...), against(build(t, was...)), policy())
		if diff := cmp.Diff(got, want, cmp.FilterPath(func(p cmp.Path) bool { // where the samples stand does change
			return p.Last().String() == ".Row" || p.Last().String() == ".BaseRow"
		}, cmp.Ignore())); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Results depend neither on the number of processors nor on chance, to the last bit.
func TestEvaluateDoesNotDependOnProcessors(t *testing.T) { // not parallel: it sets the number of processors
	rng := rand.New(rand.NewPCG(6, 6))
	var is, was []score.Sample
	for i := range 120 {
		s := sample("m", "", rng.NormFloat64(), float64(rng.IntN(3)), float64(rng.IntN(2)), rng.Float64())
		s.Group = fmt.Sprint(i / 2)
		is = append(is, s)
		was = append(was, sample("m", "", rng.NormFloat64(), float64(rng.IntN(3)), float64(rng.IntN(2)), rng.Float64()))
	}
	candidate, baseline := build(t, is...), build(t, was...)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := gate.Evaluate(candidate, against(baseline), policy())
	for _, processors := range []int{2, 8} {
		runtime.GOMAXPROCS(processors)
		if diff := cmp.Diff(gate.Evaluate(candidate, against(baseline), policy()), want); diff != "" {
			t.Errorf("%d processors:\n%s", processors, diff)
		}
	}
}

// A constant added to all scores changes no test, and a factor scales differences and nothing else: paired, unpaired, in groups.
func TestCompareShiftsAndScales(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 60 {
		n := 10 + rng.IntN(60)
		is, was := marks(rng, n, [2]float64{0.2, 0.5}, 0), marks(rng, n, [2]float64{0.1, 0.4}, 0)
		group := func(int) string { return "" }
		if i%3 == 2 {
			group = byFive
		}
		move := func(xs []float64, factor, by float64) []float64 {
			out := make([]float64, len(xs))
			for i, x := range xs {
				out[i] = factor*x + by
			}
			return out
		}
		measured := func(factor, by float64) gate.Comparison {
			run := func(xs []float64) gate.Run { return grouped(t, i%3 > 0, move(xs, factor, by), group) }
			return only(t, run(is), run(was), policy(maxLoss(0.1*factor)))
		}
		want := measured(1, 0)
		for _, c := range []struct{ factor, by float64 }{{1, 100}, {1, -0.3}, {7, 0}, {0.01, 2}} {
			got := measured(c.factor, c.by)
			if !near(got.PWorse, want.PWorse) || !near(got.PBetter, want.PBetter) || !near(got.Decided.DF, want.Decided.DF) ||
				math.Abs(got.Decided.Diff-c.factor*want.Decided.Diff) > 1e-9 || math.Abs(got.Decided.Lo-c.factor*want.Decided.Lo) > 1e-9 ||
				got.Decided.Method != want.Decided.Method || (got.Shift == nil) != (want.Shift == nil) || got.Shift != nil && !near(got.Shift.P, want.Shift.P) {
				t.Errorf("times %v and %v more: %+v\nwas %+v", c.factor, c.by, got.Decided, want.Decided)
			}
		}
	}
}

// Negating the scores and the direction is the same comparison.
func TestCompareMirrorsDirection(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		n := 5 + rng.IntN(60)
		is, was := marks(rng, n, [2]float64{0.2, 0.5}, 0.02), marks(rng, n, [2]float64{0.1, 0.4}, 0.02)
		p := policy(maxLoss(0.1))
		p.MaxMissing = 0.5
		a := p.Judge(only(t, column(t, is...), column(t, was...), p))
		for i := range n {
			is[i], was[i] = -is[i], -was[i]
		}
		p.Defaults.Direction = gate.Lower
		b := p.Judge(only(t, column(t, is...), column(t, was...), p))
		if a.Outcome != b.Outcome || !near(a.Loss(), b.Loss()) || !near(a.PAdjusted, b.PAdjusted) || !near(a.PBetter, b.PBetter) || len(a.MostMoved) != len(b.MostMoved) {
			t.Errorf("%s: %s\nmirrored %s: %s", a.Outcome, a.Reason, b.Outcome, b.Reason)
		}
	}
}

func TestSummarizeAgreesWithCompare(t *testing.T) {
	t.Parallel()
	run := column(t, 1, 2, 3, 3, gone, 2)
	c := only(t, run, column(t, 1, 2), policy())
	got := gate.Summarize(run.Tables[0], run.Tables[0].Len(), "accuracy", 0.9, false)
	if diff := cmp.Diff(got, *c.Candidate); diff != "" {
		t.Error(diff)
	}
	want := gate.Summary{
		Rows: 6, N: 5, Missing: 1, MissingBy: map[score.Cause]int{score.Null: 1}, Mean: 2.2, SD: math.Sqrt(0.7), SE: math.Sqrt(0.7 / 5),
		Lo: got.Lo, Hi: got.Hi, Interval: true, Quartiles: stat.Quartiles{Min: 1, Q1: 2, Median: 2, Q3: 3, Max: 3},
		Levels: []stat.Level{{Value: 1, Count: 1}, {Value: 2, Count: 2}, {Value: 3, Count: 2}},
	}
	if diff := cmp.Diff(got, want, cmp.Comparer(near)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(gate.Summarize(run.Tables[0], 6, "style", 0.9, false), gate.Summary{}); diff != "" {
		t.Error(diff)
	}
}

// Under no difference the whole gate is red as often as alpha allows: six metrics, nothing tolerated, in both designs. 2,000 runs
// put three standard errors of a rate of 0.05 at 0.0146.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a simulation of 4,000 runs")
	}
	const runs, metrics, n = 2000, 6, 60
	p := policy(maxLoss(0))
	bound := p.Alpha + 3*math.Sqrt(p.Alpha*(1-p.Alpha)/runs)
	for _, design := range []string{"paired", "unpaired"} {
		t.Run(design, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(4, uint64(len(design))))
			red, better := 0, 0
			for range runs {
				is, was := make([]score.Sample, n), make([]score.Sample, n)
				for i := range n {
					id, shared := "", 0.0
					if design == "paired" {
						id, shared = fmt.Sprint(i), 0.7
					}
					is[i], was[i] = twins(rng, id, metrics, shared)
				}
				r := gate.Evaluate(build(t, is...), against(build(t, was...)), p)
				if r.Decision() == gate.Fail {
					red++
				}
				for _, f := range r.Models[0].Findings {
					if f.Outcome == gate.Improved {
						better++
						break
					}
				}
			}
			for what, k := range map[string]int{"red": red, "improved": better} {
				rate := float64(k) / runs
				t.Logf("%s: %.4f", what, rate)
				if rate > bound {
					t.Errorf("%s in %.4f of unchanged runs, want at most %.4f", what, rate, bound)
				}
				if rate < 0.02 {
					t.Errorf("%s in %.4f of unchanged runs: the gate is far more timid than alpha", what, rate)
				}
			}
		})
	}
}

// twins are one sample of two runs of the same model: marks from a latent ability, whose variance is shared to that part.
func twins(rng *rand.Rand, id string, metrics int, shared float64) (a, b score.Sample) {
	var is, was []float64
	mark := func(x float64) float64 {
		switch {
		case x < -0.84: // a fifth
			return 1
		case x < 0: // half
			return 2
		}
		return 3
	}
	for range metrics {
		common := rng.NormFloat64() * math.Sqrt(shared)
		is = append(is, mark(common+rng.NormFloat64()*math.Sqrt(1-shared)))
		was = append(was, mark(common+rng.NormFloat64()*math.Sqrt(1-shared)))
	}
	return sample("m", id, is...), sample("m", id, was...)
}

func FuzzEvaluate(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, []byte{1, 2, 3, 4, 5, 6, 7, 8}, uint16(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0}, []byte{9, 9, 9, 9, 9, 9}, uint16(0x1ff))
	f.Add([]byte{}, []byte{250, 251, 252, 253, 254, 255}, uint16(7))
	f.Add([]byte{250, 251, 252, 253, 254, 255}, []byte{255, 254, 253, 252, 251, 250}, uint16(0x0a3))
	f.Fuzz(func(t *testing.T, a, b []byte, bits uint16) {
		flag := func(i int) bool { return bits>>i&1 == 1 }
		p := policy(maxLoss(float64(bits%5) / 10))
		p.Rule, p.Test = gate.Rule(bits>>8%3), gate.TestChoice(bits>>10%3)
		p.Defaults.MaxLoss.Percent = flag(0)
		p.Defaults.MustPass = []string{"3", "nowhere"}
		if flag(1) {
			p.Defaults.Direction = gate.Lower
		}
		if flag(2) {
			p.Defaults.Scale = &score.Scale{Min: 1, Max: 3}
		}
		if flag(3) {
			p.Defaults.Min = new(1.5)
		}
		if flag(4) {
			p.Correction = gate.NoCorrection
		}
		candidate, baseline := fuzzed(t, a, flag(5), flag(13), flag(14)), fuzzed(t, b, flag(6), flag(13), flag(15))
		baselines := against(baseline)
		if flag(12) {
			series := gate.Series{Key: score.Key{Model: "m"}, Metric: "accuracy"}
			run := baselines["m"].Run
			baselines = map[string]gate.Baseline{"m": {Run: run, Replicates: map[gate.Series][]float64{series: {float64(bits), 1, 1e300, 2}}}}
		}
		if flag(7) {
			baselines = map[string]gate.Baseline{"m": {Unreadable: fmt.Errorf("hidden")}}
		}
		r := gate.Evaluate(candidate, baselines, p)
		for _, m := range r.Models {
			for _, finding := range m.Findings {
				sound(t, finding)
			}
		}
		if len(a) == 0 && r.Decision() == gate.Pass {
			t.Error("passed without a score")
		}
	})
}

// fuzzed makes a run of a score per byte, some of them strange, in two metrics by turns; in groups and of several trials if asked.
func fuzzed(tb testing.TB, data []byte, identified, grouped, repeated bool) gate.Run {
	strange := []float64{gone, 1e308, -1e308, 5e-324, 1e-300, math.Copysign(0, -1), 1e16, 0.1 + 0.2}
	samples := make([]score.Sample, 0, len(data))
	for i, b := range data {
		v := float64(b%16) / 4
		if int(b) >= 256-len(strange) {
			v = strange[255-int(b)]
		}
		s := sample("m", "", v)
		if b%7 == 0 {
			s = sample("m", "", v, -v)
		}
		if identified {
			s.ID = fmt.Sprint(i)
		}
		if identified && repeated {
			s.ID, s.Trial = fmt.Sprint(i/2), i%2
		}
		if grouped && b%5 > 0 {
			s.Group = fmt.Sprint(b % 5)
		}
		samples = append(samples, s)
	}
	return build(tb, samples...)
}
