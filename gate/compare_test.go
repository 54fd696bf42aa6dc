package gate_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

func TestComparePairs(t *testing.T) {
	t.Parallel()
	// Of 12 samples one lost 2, one lost 1, one gained 1: differences of mean −1/6, variance (4+1+1−12/36)/11.
	was := []float64{3, 3, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3}
	is := []float64{1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3}
	c := only(t, column(t, is...), column(t, was...), policy(maxLoss(0.1)))

	if c.Decided == nil || c.Decided.Method != stat.PairedT || c.Decided != &c.Tests[1] || c.Tests[0].Method != stat.WelchT {
		t.Fatalf("decided by %v of %v, want the paired test of both", c.Decided, c.Tests)
	}
	se := math.Sqrt((6 - 12./36) / 11 / 12)
	if !near(c.Decided.Diff, -2./12) || !near(c.Decided.SE, se) || !near(c.Loss(), 2./12) {
		t.Errorf("diff %v, se %v, loss %v, want %v, %v, %v", c.Decided.Diff, c.Decided.SE, c.Loss(), -2./12, se, 2./12)
	}
	if !near(c.Decided.Level, 0.9) {
		t.Errorf("level %v, want 0.9", c.Decided.Level)
	}
	if c.PWorse != c.Decided.PWorse || c.Family != 1 || c.PAdjusted != c.PWorse {
		t.Errorf("p %v adjusted %v over %d, want that of the test itself", c.PWorse, c.PAdjusted, c.Family)
	}
	if got, want := *c.MDE, stat.MDE(se, 11, 0.05, 0.8); !near(got, want) {
		t.Errorf("mde %v, want %v", got, want)
	}
	if want, _ := stat.NeededPaired((6-12./36)/11, 0.1, 0.05, 0.8); *c.Needed != want {
		t.Errorf("needed %v, want %v", *c.Needed, want)
	}
	want := []gate.Move{
		{ID: "q000", Was: 3, Is: 1, File: "scores.jsonl", Row: 1, BaseFile: "scores.jsonl", BaseRow: 1},
		{ID: "q001", Was: 3, Is: 2, File: "scores.jsonl", Row: 2, BaseFile: "scores.jsonl", BaseRow: 2},
	}
	if diff := cmp.Diff(c.MostMoved, want); diff != "" {
		t.Errorf("most moved, got − want +:\n%s", diff)
	}
}

func TestCompareKeepsTheTenWorstMoves(t *testing.T) {
	t.Parallel()
	is := repeat(40, 0)
	for i := range is {
		is[i] = -float64(i % 4) // ten samples each lost 3, 2, 1 and 0
	}
	c := only(t, column(t, is...), column(t, repeat(40, 0)...), policy())
	var got []string
	for _, m := range c.MostMoved {
		got = append(got, m.ID)
	}
	want := []string{"q003", "q007", "q011", "q015", "q019", "q023", "q027", "q031", "q035", "q039"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

// Which test decides, and what is said where it is not the paired one.
func TestCompareChoosesTheTest(t *testing.T) {
	t.Parallel()
	full := repeat(100, 1, 2, 3, 3)
	renamed := build(t, sample("m", "x", 1), sample("m", "y", 2), sample("m", "z", 3), sample("m", "u", 3), sample("m", "v", 3))
	gaps := slices.Clone(full)
	for i := range 11 {
		gaps[9*i] = gone
	}
	with := func(choice gate.TestChoice) gate.Policy {
		return policy(func(p *gate.Policy) { p.Test = choice })
	}
	for _, tt := range []struct {
		name                string
		candidate, baseline gate.Run
		policy              gate.Policy
		want                string // methods made, the deciding one starred
		paired, dropped     int
		warning             string
	}{
		{"all pair", column(t, full...), column(t, full...), policy(), "welch paired_t*", 100, 0, ""},
		{"90 of 100 pair", column(t, full[:90]...), column(t, full...), policy(), "welch paired_t*", 90, 10, "10 samples of the baseline are not in the candidate"},
		{"89 of 100 pair", column(t, full[:89]...), column(t, full...), policy(), "welch*", 89, 11, "only 89 samples have a score on both sides, of the candidate's 89 and the baseline's 100"},
		{"89 usable on both sides", column(t, gaps...), column(t, full...), policy(), "welch*", 89, 0, "only 89 samples have a score"},
		{"missing on both sides", column(t, gaps...), column(t, gaps...), policy(), "welch paired_t*", 89, 0, "22 scores are missing, and without a scale nothing bounds what they could hide"},
		{"no ids", anonymous(t, full...), anonymous(t, full...), policy(), "welch*", 0, 0, "samples have no ids"},
		{"ids on one side", column(t, full...), anonymous(t, full...), policy(), "welch*", 0, 0, "the baseline's samples have no ids"},
		{"other ids", renamed, column(t, full...), policy(), "welch*", 0, 0, "no sample is on both sides"},
		{"welch asked for", column(t, full...), column(t, full...), with(gate.WelchTest), "welch* paired_t", 100, 0, ""},
		{"paired asked for", column(t, full[:40]...), column(t, full...), with(gate.PairedTest), "welch paired_t*", 40, 60, "the others do not count"},
		{"paired asked for, no pairs", renamed, column(t, full...), with(gate.PairedTest), "welch", 0, 0, "0 pairs: no test decides below min-samples, which is 5"},
		{"too few", column(t, full[:4]...), column(t, full[:4]...), policy(), "welch paired_t", 4, 0, "4 pairs: no test decides below min-samples, which is 5"},
		{"one each", column(t, 1), column(t, 2), policy(), "", 1, 0, "1 pair: no test decides"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := only(t, tt.candidate, tt.baseline, tt.policy)
			var made []string
			for i := range c.Tests {
				name := c.Tests[i].Method.String()
				if d := c.Decided; d != nil && (d.Method == c.Tests[i].Method || d.Method == stat.PermutationT && i == 0) {
					name += "*"
				}
				made = append(made, name)
			}
			if got := strings.Join(made, " "); got != tt.want {
				t.Errorf("tests %q, want %q", got, tt.want)
			}
			if c.Paired != tt.paired || c.Dropped != tt.dropped {
				t.Errorf("paired %d, dropped %d, want %d, %d", c.Paired, c.Dropped, tt.paired, tt.dropped)
			}
			if c.OnlyCandidate != c.Candidate.N-c.Paired || c.OnlyBaseline != c.Baseline.N-c.Paired {
				t.Errorf("only %d and %d beside %d pairs of %d and %d", c.OnlyCandidate, c.OnlyBaseline, c.Paired, c.Candidate.N, c.Baseline.N)
			}
			if got := strings.Join(c.Warnings, "\n"); tt.warning == "" && got != "" || !strings.Contains(got, tt.warning) {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
		})
	}
}

// The edge cases of the method, each with what the comparison says and what is made of it.
func TestEdgeCases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		candidate, baseline []float64
		unpaired            bool
		maxLoss             float64
		diff, p             float64
		degenerate          bool
		outcome             gate.Outcome
	}{
		{name: "n=0 in the candidate", candidate: []float64{gone, gone}, baseline: repeat(9, 1, 2), outcome: gate.Invalid},
		{name: "n=0 in the baseline", candidate: repeat(9, 1, 2), baseline: []float64{gone, gone}, outcome: gate.New},
		{name: "n=1", candidate: []float64{1}, baseline: []float64{3}, diff: -2, outcome: gate.Inconclusive},
		{name: "both constant, equal, few", unpaired: true, candidate: repeat(29, 1), baseline: repeat(29, 1), p: 1, degenerate: true, outcome: gate.Inconclusive},
		{name: "both constant, equal", unpaired: true, candidate: repeat(30, 1), baseline: repeat(30, 1), p: 1, degenerate: true, outcome: gate.Held},
		// 1/C(8, 4) = 1/70
		{name: "both constant, differ", unpaired: true, candidate: repeat(4, 1), baseline: repeat(4, 3), diff: -2, p: 0, outcome: gate.Inconclusive},
		{name: "both constant, differ, enough", unpaired: true, candidate: repeat(5, 1), baseline: repeat(5, 3), diff: -2, p: 1. / 252, degenerate: true, outcome: gate.Regressed},
		{name: "paired constant drop", candidate: repeat(6, 1, 2), baseline: repeat(6, 2, 3), diff: -1, p: 1. / 64, degenerate: true, outcome: gate.Regressed},
		{name: "paired constant drop, tolerated, few", candidate: repeat(6, 1, 2), baseline: repeat(6, 2, 3), maxLoss: 1, diff: -1, p: 1. / 64, degenerate: true, outcome: gate.Inconclusive},
		{name: "paired constant drop, tolerated", candidate: repeat(30, 1, 2), baseline: repeat(30, 2, 3), maxLoss: 1, diff: -1, p: math.Exp2(-30), degenerate: true, outcome: gate.Held},
		// half of C(110, 10)/C(210, 10)
		{name: "one side constant", unpaired: true, candidate: repeat(200, 1, 2, 3, 3), baseline: repeat(10, 3), diff: -0.75, p: 0.000634147112938087, outcome: gate.Regressed},
		{name: "one side constant, gain", unpaired: true, candidate: repeat(50, 3), baseline: repeat(50, 1, 2), diff: 1.5, p: 1, outcome: gate.Improved},
		{name: "paired, all differences 0, few", candidate: repeat(29, 1, 2), baseline: repeat(29, 1, 2), p: 1, degenerate: true, outcome: gate.Inconclusive},
		{name: "paired, all differences 0", candidate: repeat(30, 1, 2), baseline: repeat(30, 1, 2), p: 1, degenerate: true, outcome: gate.Held},
		{name: "differences that differ by rounding", candidate: repeat(30, 0.6, 0.2), baseline: repeat(30, 0.7, 0.3), maxLoss: 0.2, diff: -0.1, p: math.Exp2(-30), degenerate: true, outcome: gate.Held},
		{name: "t=0", candidate: repeat(40, 1, 2), baseline: repeat(40, 2, 1), maxLoss: 0.5, p: 0.5, outcome: gate.Held},
		{name: "tolerance exactly met", candidate: repeat(40, 2.9, 1.7), baseline: repeat(40, 3, 1.8), maxLoss: 0.1, diff: -0.1, p: math.Exp2(-40), degenerate: true, outcome: gate.Held},
		{name: "tolerance passed", candidate: repeat(40, 2.9, 1.7), baseline: repeat(40, 3, 1.8), maxLoss: 0.0999, diff: -0.1, p: math.Exp2(-40), degenerate: true, outcome: gate.Regressed},
		{name: "p underflows", candidate: repeat(1000, 0, 1, 0, 1e-9), baseline: repeat(1000, 1e6, 1e6+1), diff: 0.25 + 0.25e-9 - 1e6 - 0.5, p: 0, outcome: gate.Regressed},
		{name: "spread beyond float64", candidate: repeat(9, 1e308, -1e308), baseline: repeat(9, 1e308), diff: 1e308/9 - 1e308, outcome: gate.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := column
			if tt.unpaired {
				run = anonymous
			}
			p := policy(maxLoss(tt.maxLoss), func(p *gate.Policy) { p.MaxMissing = 1 })
			c := only(t, run(t, tt.candidate...), run(t, tt.baseline...), p)
			if got, _ := c.Diff(); !near(got, tt.diff) {
				t.Errorf("diff %v, want %v", got, tt.diff)
			}
			if !near(c.PAdjusted, tt.p) {
				t.Errorf("p %v, want %v", c.PAdjusted, tt.p)
			}
			if got := c.Decided != nil && c.Decided.Degenerate; got != tt.degenerate {
				t.Errorf("degenerate %t, want %t", got, tt.degenerate)
			}
			f := p.Judge(c)
			if f.Outcome != tt.outcome {
				t.Errorf("outcome %s, want %s: %s", f.Outcome, tt.outcome, f.Reason)
			}
			sound(t, f)
		})
	}
}

func TestCompareAveragesTrials(t *testing.T) {
	t.Parallel()
	var is, was []score.Sample
	for i := range 8 {
		for trial := range 4 {
			s := sample("m", fmt.Sprint(i), float64((i+trial)%2))
			s.Trial = trial
			is = append(is, s)
		}
		was = append(was, sample("m", fmt.Sprint(i), 0.5))
	}
	c := only(t, build(t, is...), build(t, was...), policy())
	if c.Candidate.Rows != 32 || c.Candidate.N != 8 || c.Baseline.Rows != 8 || c.Paired != 8 {
		t.Errorf("rows %d, n %d, baseline rows %d, paired %d, want 32, 8, 8, 8", c.Candidate.Rows, c.Candidate.N, c.Baseline.Rows, c.Paired)
	}
	if c.PassFail {
		t.Error("halves are not pass or fail")
	}
	if !c.Decided.Degenerate || c.Decided.Diff != 0 {
		t.Errorf("trials were not averaged: %+v", c.Decided)
	}
}

func TestCompareUsesWilsonForPassFail(t *testing.T) {
	t.Parallel()
	c := only(t, column(t, repeat(20, 1)...), column(t, repeat(20, 1, 1, 1, 0)...), policy())
	if !c.PassFail {
		t.Fatal("not pass/fail")
	}
	lo, hi := stat.Wilson(20, 20, 0.9)
	if !near(c.Candidate.Lo, lo) || !near(c.Candidate.Hi, hi) {
		t.Errorf("interval %v to %v, want %v to %v", c.Candidate.Lo, c.Candidate.Hi, lo, hi)
	}
}

func TestCompareUnionOfSeries(t *testing.T) {
	t.Parallel()
	task := func(s score.Sample, name string) score.Sample {
		s.Task = name
		return s
	}
	candidate := build(t, task(sample("m", "a", 1, 2), "t1"), task(sample("m", "a", 1), "t2"), sample("n", "a", 1))
	// The baseline of m is a model of another name.
	baseline := build(t, task(sample("champion", "a", 1), "t2"), task(sample("champion", "a", 1, 2, 3), "t1"), task(sample("champion", "a", gone), "t3"))
	var got []string
	for _, c := range gate.Compare(candidate, against(baseline), policy()) {
		got = append(got, fmt.Sprintf("%s/%s/%s %t %t", c.Model, c.Task, c.Metric, c.Candidate != nil, c.Baseline != nil))
	}
	want := []string{
		"m/t1/m0 true true", "m/t1/m1 true true", "m/t1/m2 false true", "m/t2/accuracy true true",
		"n//accuracy true false",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestCompareCorrectsPerTier(t *testing.T) {
	t.Parallel()
	var is, was []score.Sample
	for i := range 40 {
		id := fmt.Sprintf("%02d", i)
		v, few := float64(i%4)/4, gone
		if i < 3 { // of m5 there are too few to test, which costs the others nothing
			few = v
		}
		was = append(was, sample("m", id, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5))
		is = append(is, sample("m", id, v, v+0.05, v+0.02, v+0.01, v, few))
	}
	p := policy(criteria(
		gate.Criterion{Metric: "m1", Tier: gate.Supporting}, gate.Criterion{Metric: "m2", Tier: gate.Supporting},
		gate.Criterion{Metric: "m3", Tier: gate.Advisory},
	))
	cs := gate.Compare(build(t, is...), against(build(t, was...)), p)
	var families []int
	for _, c := range cs {
		families = append(families, c.Family)
	}
	if diff := cmp.Diff(families, []int{2, 2, 2, 0, 2, 0}); diff != "" {
		t.Errorf("families:\n%s", diff)
	}
	for i, other := range map[int]int{0: 4, 1: 2} {
		want := stat.Holm([]float64{cs[i].PWorse, cs[other].PWorse})[0]
		if cs[i].PAdjusted != want {
			t.Errorf("%s: adjusted %v, want %v", cs[i].Metric, cs[i].PAdjusted, want)
		}
	}
	if cs[3].PAdjusted != cs[3].PWorse {
		t.Errorf("advisory: adjusted %v, want %v", cs[3].PAdjusted, cs[3].PWorse)
	}
	if got, want := *cs[0].MDE, stat.MDE(cs[0].Decided.SE, 39, 0.025, 0.8); !near(got, want) {
		t.Errorf("mde at alpha/2: %v, want %v", got, want)
	}
	p.Correction = gate.NoCorrection
	c := gate.Compare(build(t, is...), against(build(t, was...)), p)[0]
	if c.PAdjusted != c.PWorse || c.Family != 1 {
		t.Errorf("without correction: adjusted %v over %d, want %v over 1", c.PAdjusted, c.Family, c.PWorse)
	}
}

// A comparison whose p cannot be trusted counts in the family and makes nothing else easier to find.
func TestCompareDoesNotSpendAnUntrustedP(t *testing.T) {
	t.Parallel()
	var is, was []score.Sample
	for i := range 12_000 { // too many to guard
		is = append(is, sample("m", "", float64(i)/12_000, float64(i%4)))
		was = append(was, sample("m", "", 1, float64((i+1)%4)))
	}
	cs := gate.Compare(build(t, is...), against(build(t, was...)), policy())
	if !cs[0].OneSideConstant || cs[0].PWorse > 1e-4 || cs[0].PAdjusted != 1 {
		t.Errorf("one side constant %t, p %v, adjusted %v, want true, tiny, 1", cs[0].OneSideConstant, cs[0].PWorse, cs[0].PAdjusted)
	}
	if want := min(1, 2*cs[1].PWorse); cs[1].PAdjusted != want {
		t.Errorf("the other: adjusted %v, want %v", cs[1].PAdjusted, want)
	}
}

func TestMustPass(t *testing.T) {
	t.Parallel()
	p := policy(criteria(gate.Criterion{Metric: "accuracy", MustPass: []string{"q004", "q000", "q001", "q002", "q003", "nowhere"}}))
	candidate := build(t, sample("m", "q000", 1), sample("m", "q001", 3), sample("m", "q002", 2), sample("m", "q003", gone))
	baseline := column(t, 2, 2, 2, 2, 2)
	c := only(t, candidate, baseline, p)
	if diff := cmp.Diff(c.Lowered, []string{"q004", "q000", "q003"}); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(c.Warnings, "1 must-pass sample is in neither run") {
		t.Errorf("warnings %q do not tell of the unknown sample", c.Warnings)
	}

	p.Defaults.Direction = gate.Lower
	if diff := cmp.Diff(only(t, candidate, baseline, p).Lowered, []string{"q004", "q001", "q003"}); diff != "" {
		t.Errorf("lower is better:\n%s", diff)
	}
	first := gate.Compare(candidate, nil, p)[0]
	if diff := cmp.Diff(first.Lowered, []string{"q003"}); diff != "" {
		t.Errorf("without a baseline:\n%s", diff)
	}
}

func TestMissingScores(t *testing.T) {
	t.Parallel()
	is, was := repeat(100, 0, 1, 1, 1), repeat(100, 0, 1, 1, 1)
	for i := range 4 {
		is[4*i] = gone // what was worth nothing went missing, which flatters the candidate
	}
	c := only(t, column(t, is...), column(t, was...), policy(maxLoss(0.001)))
	if c.MissingRate == nil || !near(*c.MissingRate, stat.FisherMidP(4, 100, 0, 100)) {
		t.Errorf("missing rate %v, want Fisher's", c.MissingRate)
	}
	if c.Candidate.Missing != 4 || c.Candidate.MissingBy[score.Null] != 4 {
		t.Errorf("missing %d by %v, want 4 null", c.Candidate.Missing, c.Candidate.MissingBy)
	}
	if c := only(t, column(t, was...), column(t, was...), policy()); c.MissingRate != nil {
		t.Errorf("missing rate %v where nothing is", *c.MissingRate)
	}
}

func TestCompareNotesWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	candidate, baseline := column(t, 1, 2, 3), column(t, 1, 2, 3)
	candidate.Provenance.EvalConfig = evalconf.Parts{"judge.model": "b"}
	if c := only(t, candidate, baseline, policy()); c.Changes != nil {
		t.Errorf("changes %v though one side is unknown", c.Changes)
	}
	baseline.Provenance.EvalConfig = evalconf.Parts{"judge.model": "a"}
	c := only(t, candidate, baseline, policy())
	if diff := cmp.Diff(c.Changes, []evalconf.Change{{Path: "judge.model", Baseline: "a", Candidate: "b"}}); diff != "" {
		t.Error(diff)
	}
	if len(c.Tests) == 0 {
		t.Error("what is not comparable is still measured")
	}

	changed := sample("m", "a", 1)
	changed.Input = score.FingerprintOf([]byte("new text"))
	same := sample("m", "a", 1)
	same.Input = score.FingerprintOf([]byte("old text"))
	c = only(t, build(t, changed), build(t, same), policy())
	if c.Paired != 0 || !slices.Contains(c.Warnings, "1 sample has another input text than in the baseline: not paired") {
		t.Errorf("paired %d, warnings %q", c.Paired, c.Warnings)
	}
}
