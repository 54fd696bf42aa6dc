package gate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// entrant is a model's accuracy over n samples.
func entrant(model string, n int, mean, sd float64, change ...func(*gate.Measured)) gate.Measured {
	m := gate.Measured{
		Series: gate.Series{Key: score.Key{Model: model}, Metric: "accuracy"}, Dataset: "acme/" + model + "-results",
		Created: time.Date(2026, 5, 17, 0, 0, 0, 0, time.UTC), Fingerprint: "sha256:a", N: n, Mean: mean, SD: &sd,
	}
	if n < 2 {
		m.SD = nil
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func judgedBy(fingerprint string) func(*gate.Measured) {
	return func(m *gate.Measured) { m.Fingerprint = fingerprint }
}

func onScale(lo, hi float64) func(*gate.Measured) {
	return func(m *gate.Measured) { m.Hint.Scale = &score.Scale{Min: lo, Max: hi} }
}

func improving(d gate.Direction) func(*gate.Measured) {
	return func(m *gate.Measured) { m.Hint.Direction = d }
}

func passFail(m *gate.Measured) { m.PassFail = true }

// ranks describes the places of the one ranking: model, rank and standing.
func ranks(t *testing.T, ms []gate.Measured, p gate.Policy) []string {
	t.Helper()
	rs := gate.Rank(ms, p)
	if len(rs) != 1 {
		t.Fatalf("%d rankings, want 1", len(rs))
	}
	var out []string
	for _, pl := range rs[0].Places {
		s := pl.Model
		if pl.Standing == gate.Ranked {
			s += fmt.Sprintf(" %d-%d", pl.First, pl.Last)
		} else {
			s += " " + pl.Standing.String()
		}
		out = append(out, s)
	}
	return out
}

func TestRank(t *testing.T) {
	t.Parallel()
	newer := func(m *gate.Measured) { m.Created = m.Created.AddDate(0, 1, 0) }
	for _, tt := range []struct {
		name   string
		ms     []gate.Measured
		policy gate.Policy
		want   []string
	}{
		{"all apart", []gate.Measured{entrant("a", 400, 1, 1), entrant("b", 400, 3, 1), entrant("c", 400, 2, 1)}, policy(), []string{"b 1-1", "c 2-2", "a 3-3"}},
		{"two tied above a third", []gate.Measured{entrant("a", 100, 2.55, 0.7), entrant("b", 100, 2.59, 0.7), entrant("c", 100, 2.0, 0.7)}, policy(), []string{"b 1-2", "a 1-2", "c 3-3"}},
		{"a chain", []gate.Measured{entrant("a", 100, 2.6, 0.7), entrant("b", 100, 2.4, 0.7), entrant("c", 100, 2.2, 0.7)}, policy(), []string{"a 1-2", "b 1-3", "c 2-3"}},
		{"lower by its name", []gate.Measured{entrant("a", 400, 1, 1, improving(gate.Lower)), entrant("b", 400, 3, 1)}, policy(), []string{"a 1-1", "b 2-2"}},
		{"lower by policy", []gate.Measured{entrant("a", 400, 1, 1, improving(gate.Higher)), entrant("b", 400, 3, 1, improving(gate.Higher))},
			policy(criteria(gate.Criterion{Metric: "acc*", Direction: gate.Lower})), []string{"a 1-1", "b 2-2"}},
		{"contradiction", []gate.Measured{entrant("a", 400, 1, 1, improving(gate.Higher)), entrant("b", 400, 3, 1, improving(gate.Lower))}, policy(),
			[]string{"a unknown_direction", "b unknown_direction"}},
		{"contradiction settled", []gate.Measured{entrant("a", 400, 1, 1, improving(gate.Higher)), entrant("b", 400, 3, 1, improving(gate.Lower))},
			policy(criteria(gate.Criterion{Metric: "accuracy", Direction: gate.Higher})), []string{"b 1-1", "a 2-2"}},
		{"alone", []gate.Measured{entrant("a", 9, 1, 1)}, policy(), []string{"a 1-1"}},
		{"few samples tell nothing", []gate.Measured{entrant("a", 4, 1, 0.1), entrant("b", 400, 3, 0.1)}, policy(), []string{"b 1-2", "a 1-2"}},
		{"nor does one", []gate.Measured{entrant("a", 1, 1, 0), entrant("b", 400, 3, 0.1)}, policy(func(p *gate.Policy) { p.MinSamples = 0 }), []string{"b 1-2", "a 1-2"}},
		{"no score", []gate.Measured{entrant("a", 0, 0, 0), entrant("b", 9, 3, 1), entrant("c", 9, 9, 1, judgedBy("sha256:b"))}, policy(),
			[]string{"b 1-1", "c other_config", "a unscored"}},
		{"nobody has a score", []gate.Measured{entrant("a", 0, 0, 0)}, policy(), []string{"a unscored"}},

		{"another configuration", []gate.Measured{entrant("a", 400, 9, 1, judgedBy("sha256:b")), entrant("b", 400, 3, 1), entrant("c", 400, 2, 1)}, policy(),
			[]string{"b 1-1", "c 2-2", "a other_config"}},
		{"unknown beside known", []gate.Measured{entrant("a", 400, 9, 1, judgedBy("")), entrant("b", 400, 3, 1), entrant("c", 400, 2, 1)}, policy(),
			[]string{"b 1-1", "c 2-2", "a unknown_config"}},
		{"known by two comes before unknown by three",
			[]gate.Measured{entrant("a", 9, 1, 1, judgedBy("")), entrant("b", 9, 1, 1, judgedBy("")), entrant("c", 9, 1, 1, judgedBy("")), entrant("d", 9, 1, 1), entrant("e", 9, 1, 1)}, policy(),
			[]string{"d 1-2", "e 1-2", "a unknown_config", "b unknown_config", "c unknown_config"}},
		{"unknown by two comes before known by one", []gate.Measured{entrant("a", 400, 1, 1, judgedBy("")), entrant("b", 400, 2, 1, judgedBy("")), entrant("c", 400, 9, 1)}, policy(),
			[]string{"b 1-1", "a 2-2", "c unknown_config"}},
		{"one of each", []gate.Measured{entrant("a", 400, 9, 1, judgedBy("")), entrant("b", 400, 2, 1)}, policy(), []string{"b 1-1", "a unknown_config"}},
		{"the newer of two", []gate.Measured{entrant("a", 400, 9, 1), entrant("b", 400, 2, 1, judgedBy("sha256:b"), newer)}, policy(), []string{"b 1-1", "a other_config"}},
		{"the shared one before the newer", []gate.Measured{entrant("a", 400, 9, 1), entrant("c", 400, 1, 1), entrant("b", 400, 2, 1, judgedBy("sha256:b"), newer)}, policy(),
			[]string{"a 1-1", "c 2-2", "b other_config"}},

		{"who has no score has no say", []gate.Measured{entrant("a", 0, 0, 0, judgedBy("sha256:b")), entrant("b", 0, 0, 0, judgedBy("sha256:b")), entrant("c", 9, 1, 1)}, policy(),
			[]string{"c 1-1", "a unscored", "b unscored"}},
		{"nor on the scale who is judged otherwise",
			[]gate.Measured{entrant("a", 400, 85, 1), entrant("b", 400, 80, 1), entrant("c", 400, 0.5, 0.1, judgedBy("sha256:b"), onScale(0, 1))}, policy(),
			[]string{"a 1-1", "b 2-2", "c other_config"}},

		{"another scale", []gate.Measured{entrant("a", 400, 2, 1, onScale(1, 3)), entrant("b", 400, 2.5, 1, onScale(1, 3)), entrant("c", 400, 4, 1, onScale(1, 5))}, policy(),
			[]string{"b 1-1", "a 2-2", "c other_scale"}},
		{"off the scale", []gate.Measured{entrant("a", 400, 0.85, 0.1, onScale(0, 1)), entrant("b", 400, 85, 10)}, policy(), []string{"a 1-1", "b other_scale"}},
		{"the policy's scale", []gate.Measured{entrant("a", 400, 2, 1, onScale(1, 3)), entrant("b", 400, 2.5, 1, onScale(1, 3)), entrant("c", 400, 4, 1, onScale(1, 5))},
			policy(criteria(gate.Criterion{Metric: "accuracy", Scale: &score.Scale{Min: 1, Max: 5}})), []string{"c 1-1", "a other_scale", "b other_scale"}},

		{"no spread on one side", []gate.Measured{entrant("a", 50, 3, 0), entrant("b", 50, 2, 0.5)}, policy(), []string{"a 1-2", "b 1-2"}},
		{"no spread on either", []gate.Measured{entrant("a", 50, 3, 0), entrant("b", 50, 2, 0)}, policy(), []string{"a 1-1", "b 2-2"}},
		{"all passed", []gate.Measured{entrant("a", 50, 1, 0, passFail), entrant("b", 50, 0.5, 0.505, passFail)}, policy(), []string{"a 1-1", "b 2-2"}},
		{"all passed, where Welch is too eager", []gate.Measured{entrant("a", 20, 1, 0, passFail), entrant("b", 20, 0.8, 0.4104, passFail)}, policy(), []string{"a 1-2", "b 1-2"}},
		{"all passed and nearly all", []gate.Measured{entrant("a", 50, 1, 0, passFail), entrant("b", 50, 0.98, 0.1414, passFail)}, policy(), []string{"a 1-2", "b 1-2"}},
		{"all failed, and that is better", []gate.Measured{entrant("a", 50, 0, 0, passFail, improving(gate.Lower)), entrant("b", 50, 0.5, 0.505, passFail)}, policy(), []string{"a 1-1", "b 2-2"}},
		{"a spread beyond arithmetic", []gate.Measured{entrant("a", 50, 3, math.MaxFloat64), entrant("b", 50, 2, 0.5)}, policy(), []string{"a 1-2", "b 1-2"}},
		{"a spread that is not known", []gate.Measured{entrant("a", 50, 3, 0, func(m *gate.Measured) { m.SD = nil }), entrant("b", 50, 2, 0.5)}, policy(), []string{"a 1-2", "b 1-2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(ranks(t, tt.ms, tt.policy), tt.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func TestRankTables(t *testing.T) {
	t.Parallel()
	series := func(task, metric string) func(*gate.Measured) {
		return func(m *gate.Measured) { m.Task, m.Metric = task, metric }
	}
	lacking := func(m *gate.Measured) { m.Missing = 9 }
	rs := gate.Rank([]gate.Measured{
		entrant("c", 4, 1, 1, series("u", "style")), entrant("d", 100, 1, 1, series("u", "style"), lacking),
		entrant("b", 9, 1, 1, series("t", "style")), entrant("a", 9, 1, 1, series("", "style")), entrant("a", 900, 1, 1, series("t", "accuracy")),
		entrant("b", 100, 1, 1, series("t", "accuracy")),
	}, policy())
	var got []string
	for _, r := range rs {
		got = append(got, fmt.Sprintf("%s/%s %d absent %v %v", r.Task, r.Metric, len(r.Places), r.Absent, r.Warnings))
	}
	want := []string{
		"/style 1 absent [b c d] []",
		"t/accuracy 2 absent [c d] [between 100 and 900 samples were asked: these models did not answer the same questions]",
		"t/style 1 absent [a c d] []",
		"u/style 2 absent [a b] [1 model has fewer than 5 scored samples (min-samples), too few to be told apart " +
			"1 model lacks more than 5 % of the scores (max-missing), and what is missing need not be like the rest " +
			"between 4 and 109 samples were asked: these models did not answer the same questions]",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// The numbers of a contrast are those of Welch's test of the same moments, adjusted for all comparisons in both directions.
func TestRankContrasts(t *testing.T) {
	t.Parallel()
	ms := []gate.Measured{entrant("a", 100, 2.59, 0.7), entrant("b", 120, 2.41, 0.6), entrant("c", 90, 2.3, 0.8)}
	r := gate.Rank(ms, policy())[0]
	moments := func(m gate.Measured) stat.Moments {
		return stat.Moments{N: m.N, Mean: m.Mean, M2: *m.SD * *m.SD * float64(m.N-1), Min: 0, Max: 3}
	}
	var all []float64
	test := func(i, j int) stat.Test {
		w, err := stat.Welch(moments(ms[j]), moments(ms[i]), 0.9)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w.PWorse, w.PBetter)
		return w
	}
	ab, ac, bc := test(0, 1), test(0, 2), test(1, 2)
	holm := stat.Holm(all)
	check := func(name string, c *gate.Contrast, w stat.Test, adjusted float64) {
		t.Helper()
		if c == nil || !near(c.Diff, w.Diff) || !near(c.Lo, w.Lo) || !near(c.Hi, w.Hi) || !near(c.P, w.PWorse) || !near(c.PAdjusted, adjusted) || c.Apart != (adjusted < 0.05) {
			t.Errorf("%s: got %+v, want %+v with p %v", name, c, w, adjusted)
		}
	}
	if r.Family != 6 || r.Places[0].Best != nil || r.Places[0].Above != nil {
		t.Errorf("family %d, the first's contrasts %v, %v", r.Family, r.Places[0].Best, r.Places[0].Above)
	}
	check("b with a", r.Places[1].Best, ab, holm[0])
	check("b with the one above", r.Places[1].Above, ab, holm[0])
	check("c with a", r.Places[2].Best, ac, holm[2])
	check("c with b", r.Places[2].Above, bc, holm[4])
	if raw := gate.Rank(ms, policy(func(p *gate.Policy) { p.Correction = gate.NoCorrection }))[0]; raw.Places[1].Best.PAdjusted != raw.Places[1].Best.P || raw.Family != 1 {
		t.Errorf("without correction: %+v, family %d", raw.Places[1].Best, raw.Family)
	}
	lo, hi, _ := stat.MeanInterval(moments(ms[0]), 0.9)
	if p := r.Places[0]; !p.Interval || !near(p.Lo, lo) || !near(p.Hi, hi) || !near(p.SE, 0.07) {
		t.Errorf("the interval of a: %+v, want [%v, %v]", p, lo, hi)
	}
}

func TestRankIntervals(t *testing.T) {
	t.Parallel()
	rs := gate.Rank([]gate.Measured{entrant("a", 50, 1, 0, passFail), entrant("b", 1, 1, 0, passFail), entrant("c", 1, 1, 0)}, policy())
	lo, hi := stat.Wilson(50, 50, 0.9)
	if p := rs[0].Places[0]; !p.Interval || p.Lo != lo || p.Hi != hi {
		t.Errorf("50 of 50 passed: [%v, %v], want [%v, %v]", p.Lo, p.Hi, lo, hi)
	}
	if p := rs[0].Places[1]; !p.Interval || p.Lo >= p.Hi {
		t.Errorf("1 of 1 passed: %+v, want an interval", p)
	}
	if p := rs[0].Places[2]; p.Interval {
		t.Errorf("one score: %+v, want no interval", p)
	}
}

// draw draws the models of one ranking, some of them alike.
func draw(rng *rand.Rand) []gate.Measured {
	ms := make([]gate.Measured, 2+rng.IntN(9))
	for i := range ms {
		ms[i] = entrant(fmt.Sprint("m", i), rng.IntN(200), float64(rng.IntN(16))/8, float64(rng.IntN(9))/8)
		if rng.IntN(6) == 0 {
			ms[i].Fingerprint = []string{"", "sha256:b"}[rng.IntN(2)]
		}
	}
	return ms
}

func TestRankDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		ms := draw(rng)
		want := gate.Rank(ms, policy())
		rng.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
		if diff := cmp.Diff(gate.Rank(ms, policy()), want); diff != "" {
			t.Fatalf("shuffled -, sorted +:\n%s", diff)
		}
	}
}

// Moving or stretching all scores moves no rank; turning them around with their direction moves none either.
func TestRankInvariants(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		ms := draw(rng)
		want := ranks(t, ms, policy())
		for name, to := range map[string]func(x float64) float64{
			"shifted": func(x float64) float64 { return x + 1024 }, "stretched": func(x float64) float64 { return 64 * x }, "mirrored": func(x float64) float64 { return -x },
		} {
			moved, p := slices.Clone(ms), policy()
			for i := range moved {
				if moved[i].SD != nil {
					sd := *moved[i].SD * math.Abs(to(1)-to(0))
					moved[i].SD = &sd
				}
				moved[i].Mean = to(moved[i].Mean)
			}
			if name == "mirrored" {
				p.Defaults.Direction = gate.Lower
			}
			if diff := cmp.Diff(ranks(t, moved, p), want); diff != "" {
				t.Errorf("%s -, as drawn +:\n%s", name, diff)
			}
		}
	}
}

// Bounds hold the order that they are given with, and who is apart from the first is not first.
func TestRankBounds(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		r := gate.Rank(draw(rng), policy())[0]
		ranked := 0
		for _, pl := range r.Places {
			if pl.Standing == gate.Ranked {
				ranked++
			}
		}
		for i, pl := range r.Places {
			switch {
			case pl.Standing != gate.Ranked:
				if pl.First != 0 || pl.Last != 0 || pl.Best != nil || pl.Above != nil {
					t.Errorf("not ranked, and yet %+v", pl)
				}
			case pl.First < 1 || pl.First > i+1 || pl.Last < i+1 || pl.Last > ranked:
				t.Errorf("place %d of %d has the rank %d to %d", i+1, ranked, pl.First, pl.Last)
			case pl.Best != nil && pl.Best.Apart && pl.First == 1:
				t.Errorf("%s is apart from the first, and may be first", pl.Model)
			}
		}
	}
}

// Of models that are all alike, hardly any ranking tells any two apart: with probability alpha at most. 3,000 rankings of ten put three
// standard errors of a rate of 0.05 at 0.012.
func TestRankFalseAlarms(t *testing.T) {
	t.Parallel()
	const rankings, models, n = 3000, 10, 40
	rng := rand.New(rand.NewPCG(8, 8))
	p := policy()
	wrong, naive := 0, 0
	for range rankings {
		ms := make([]gate.Measured, models)
		for i := range ms {
			xs := make([]float64, n)
			for k := range xs {
				xs[k] = rng.NormFloat64()
			}
			m := stat.Of(xs)
			ms[i] = entrant(fmt.Sprint("m", i), n, m.Mean, m.SD())
		}
		r := gate.Rank(ms, p)[0]
		if slices.ContainsFunc(r.Places, func(pl gate.Place) bool { return pl.First != 1 || pl.Last != models }) {
			wrong++
		}
		if slices.ContainsFunc(r.Places, func(pl gate.Place) bool { return pl.Best != nil && float64(pl.Best.P)*(models-1) < p.Alpha }) {
			naive++
		}
	}
	bound := p.Alpha + 3*math.Sqrt(p.Alpha*(1-p.Alpha)/rankings)
	if got := float64(wrong) / rankings; got > bound || got == 0 {
		t.Errorf("%.4f of the rankings tell equal models apart, want at most %.4f and some", got, bound)
	}
	if got := float64(naive) / rankings; got < 2*bound {
		t.Errorf("corrected for the comparisons with the best alone it were %.4f: then there is no need to correct for all", got)
	}
}

func TestStandingNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for s := gate.Unscored; s <= gate.Undirected; s++ {
		if name := s.String(); name == "" || seen[name] || strings.ContainsAny(name, " ") {
			t.Errorf("standing %d is called %q", s, name)
		}
		seen[s.String()] = true
	}
}

func BenchmarkRank(b *testing.B) {
	for _, models := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(models), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(9, 9))
			ms := make([]gate.Measured, models)
			for i := range ms {
				ms[i] = entrant(fmt.Sprint("m", i), 100+rng.IntN(900), rng.Float64(), 0.1+rng.Float64())
			}
			p := gate.DefaultPolicy()
			b.ReportAllocs()
			for b.Loop() {
				gate.Rank(ms, p)
			}
		})
	}
}
