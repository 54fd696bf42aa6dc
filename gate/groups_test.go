package gate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// grouped makes a run of samples q000, q001, … whose groups are given by name; ids are left out where identified is false.
func grouped(tb testing.TB, identified bool, values []float64, group func(i int) string) gate.Run {
	tb.Helper()
	samples := make([]score.Sample, len(values))
	for i, v := range values {
		samples[i] = sample("m", "", v)
		if identified {
			samples[i].ID = fmt.Sprintf("q%03d", i)
		}
		samples[i].Group = group(i)
	}
	return build(tb, samples...)
}

func byFive(i int) string { return fmt.Sprint("g", i/5) }

// lumpy are n scores of which each five in a row have something in common.
func lumpy(rng *rand.Rand, n int, share float64) []float64 {
	out := make([]float64, n)
	common := 0.0
	for i := range out {
		if i%5 == 0 {
			common = rng.NormFloat64() * math.Sqrt(share)
		}
		out[i] = common + rng.NormFloat64()*math.Sqrt(1-share)
	}
	return out
}

func TestGroupsDecide(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(31, 32))
	is, was := lumpy(rng, 100, 0.5), lumpy(rng, 100, 0.5)
	diffs := make([]float64, 100)
	for i := range diffs {
		diffs[i] = is[i] - was[i]
	}
	names := make([]string, 100)
	for i := range names {
		names[i] = byFive(i)
	}
	paired, err := stat.ClusteredPaired(stat.OfGroups(diffs, names), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	unpaired, err := stat.ClusteredWelch(stat.OfGroups(is, names), stat.OfGroups(was, names), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	none := func(int) string { return "" }
	alone := func(i int) string { return fmt.Sprint("g", i) }
	one := func(int) string { return "all" }
	three := func(i int) string { return fmt.Sprint("g", i%3) }
	for _, tt := range []struct {
		name                string
		candidate, baseline gate.Run
		test                gate.TestChoice
		method              stat.Method
		groups              [2]int
		want                *stat.Test
		warning             string
	}{
		{"paired", grouped(t, true, is, byFive), grouped(t, true, was, byFive), gate.AutoTest, stat.ClusteredT, [2]int{20, 20}, &paired, ""},
		{"paired, known in the baseline alone", grouped(t, true, is, none), grouped(t, true, was, byFive), gate.AutoTest, stat.ClusteredT, [2]int{20, 20}, &paired, ""},
		{"paired, the candidate's groups are others", grouped(t, true, is, one), grouped(t, true, was, byFive), gate.AutoTest, stat.ClusteredT, [2]int{20, 20}, &paired, ""},
		{"unpaired", grouped(t, false, is, byFive), grouped(t, false, was, byFive), gate.AutoTest, stat.ClusteredT, [2]int{20, 20}, &unpaired, ""},
		{"welch asked for", grouped(t, true, is, byFive), grouped(t, true, was, byFive), gate.WelchTest, stat.ClusteredT, [2]int{20, 20}, &unpaired, ""},
		{"unpaired, known in the candidate alone", grouped(t, false, is, byFive), grouped(t, false, was, none), gate.AutoTest, stat.ClusteredT, [2]int{20, 100}, nil,
			"only the candidate's samples come in groups"},
		{"each sample its own group", grouped(t, true, is, alone), grouped(t, true, was, alone), gate.AutoTest, stat.PairedT, [2]int{}, nil, ""},
		{"each its own, unpaired", grouped(t, false, is, alone), grouped(t, false, was, alone), gate.AutoTest, stat.WelchT, [2]int{}, nil, ""},
		{"few groups", grouped(t, true, is, three), grouped(t, true, was, three), gate.AutoTest, stat.ClusteredT, [2]int{3, 3}, nil, "only 3 groups of samples"},
		{"one group", grouped(t, true, is, one), grouped(t, true, was, one), gate.AutoTest, 0, [2]int{}, nil, "all samples of a side are in one group"},
		{"half without a group", grouped(t, true, is, func(i int) string {
			if i < 50 {
				return byFive(i)
			}
			return ""
		}), grouped(t, true, was, none), gate.AutoTest, stat.ClusteredT, [2]int{60, 60}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := policy(maxLoss(0.1), func(p *gate.Policy) { p.Test = tt.test })
			c := only(t, tt.candidate, tt.baseline, p)
			f := p.Judge(c)
			sound(t, f)
			if tt.method == 0 {
				if c.Decided != nil || f.Outcome != gate.Inconclusive || !strings.Contains(f.Reason, "one group") {
					t.Errorf("decided by %+v, %s: %s", c.Decided, f.Outcome, f.Reason)
				}
			} else if c.Decided.Method != tt.method && !(tt.method == stat.WelchT && c.Decided.Method == stat.PermutationT) || c.Decided.Groups != tt.groups {
				t.Errorf("decided by %v with groups %v, want %v with %v", c.Decided.Method, c.Decided.Groups, tt.method, tt.groups)
			}
			if tt.want != nil && (!near(c.Decided.SE, tt.want.SE) || !near(c.PWorse, tt.want.PWorse) || c.Decided.DF != tt.want.DF) {
				t.Errorf("got %+v, want %+v", c.Decided, tt.want)
			}
			if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, tt.warning) || tt.warning == "" && strings.Contains(got, "group") {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
		})
	}
}

// Of groups without any difference among them nothing is ruled out while they are few, however many samples are in them.
func TestFewGroupsWithoutSpreadHoldNothing(t *testing.T) {
	t.Parallel()
	for groups, want := range map[int]gate.Outcome{6: gate.Inconclusive, 10: gate.Held} {
		run := grouped(t, true, repeat(60, 1, 2), func(i int) string { return fmt.Sprint(i % groups) })
		p := policy(maxLoss(0.1))
		if f := p.Judge(only(t, run, run, p)); f.Outcome != want {
			t.Errorf("%d groups: %s, want %s: %s", groups, f.Outcome, want, f.Reason)
		}
	}
}

// One side whose groups do not differ makes the test too eager, as a side without spread does.
func TestGroupsWithoutSpreadOnOneSide(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(33, 34))
	p := policy(maxLoss(0))
	c := only(t, grouped(t, false, lumpy(rng, 100, 0.5), byFive), grouped(t, false, repeat(100, 3, 2, 3, 2, 2.5), byFive), p)
	if !c.OneSideConstant || c.PAdjusted != 1 || p.Judge(c).Outcome != gate.Inconclusive {
		t.Errorf("one side constant %t, p %v, %s", c.OneSideConstant, c.PAdjusted, p.Judge(c).Reason)
	}
}

// Groups of samples that are alike keep alpha, though tests of independent samples would not.
func TestGroupsErrorRate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a simulation of 4,000 runs")
	}
	const runs = 2000
	p := policy(maxLoss(0))
	for _, identified := range []bool{true, false} {
		rng := rand.New(rand.NewPCG(35, 36))
		red, naive := 0, 0
		for range runs {
			c := only(t, grouped(t, identified, lumpy(rng, 100, 0.3), byFive), grouped(t, identified, lumpy(rng, 100, 0.3), byFive), p)
			if c.PAdjusted < p.Alpha {
				red++
			}
			if c.Tests[0].PWorse < p.Alpha {
				naive++
			}
		}
		got, without := float64(red)/runs, float64(naive)/runs
		t.Logf("paired %t: %.4f, without groups %.4f", identified, got, without)
		if got < 0.035 || got > 0.065 || without < 0.09 {
			t.Errorf("paired %t: type I error %.4f, without groups %.4f, want 4 to 6.5 %% and more than 9 %%", identified, got, without)
		}
	}
}

// Slices name the groups that lost, the worst first, and what all of them add is the loss.
func TestSlices(t *testing.T) {
	t.Parallel()
	was := repeat(60, 1, 0.5, 0.75)
	is := slices.Clone(was)
	for i := range 10 {
		is[i] -= 0.3 + float64(i/5)/10 // g0 and g1
	}
	is[20] -= 0.01 // g4
	for _, identified := range []bool{true, false} {
		candidate, baseline := grouped(t, identified, is, byFive), grouped(t, identified, was, byFive)
		c := only(t, candidate, baseline, policy())
		var names []string
		sum := 0.0
		for _, s := range c.Slices {
			names = append(names, s.Group)
			if s.N != [2]int{5, 5} || s.Loss <= 0 {
				t.Errorf("slice %+v", s)
			}
			sum += s.Loss
		}
		if strings.Join(names, " ") != "g1 g0 g4" || !near(sum, c.Loss()) || !near(c.Slices[0].Loss, 2./60) {
			t.Errorf("identified %t: slices %+v add up to %v, the loss is %v", identified, c.Slices, sum, c.Loss())
		}
		p := policy(func(p *gate.Policy) { p.Defaults.Direction = gate.Lower })
		if c := only(t, baseline, candidate, p); len(c.Slices) != 3 || c.Slices[0].Group != "g1" {
			t.Errorf("lower is better: %+v", c.Slices)
		}
	}
	if c := only(t, column(t, is...), column(t, was...), policy()); c.Slices != nil {
		t.Errorf("slices without groups: %+v", c.Slices)
	}
}
