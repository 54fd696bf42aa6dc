package stat

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fixtureDir = "../../testdata/stat"

// A fixture is one reference case; testdata/stat/README.md says how it was computed.
type fixture struct {
	Name   string         `json:"name"`
	Expect map[string]any `json:"expect"`
	TolRel float64        `json:"tol_rel"`
	TolAbs float64        `json:"tol_abs"`

	Generator struct {
		N             int       `json:"n"`
		BaselineSeed  uint32    `json:"baseline_seed"`
		CandidateSeed uint32    `json:"candidate_seed"`
		BaselineCuts  []float64 `json:"baseline_cuts"`
		CandidateCuts []float64 `json:"candidate_cuts"`
		Level         float64   `json:"level"`
	} `json:"generator"`

	Input struct {
		X, Probs            []float64
		Baseline, Candidate []float64
		Table               []int
		P                   json.RawMessage
		T, DF               float64
		K, N                int
		Level, Alpha        float64
		Margin              float64
		Paired              bool
		Type                string
		Delta, SD           float64
		Sided               float64
		TargetPower         float64 `json:"target_power"`
		Cluster             []string
		BaselineCounts      []int `json:"baseline_counts"`
		CandidateCounts     []int `json:"candidate_counts"`
		Worse, Better       int
		Exact               bool
	} `json:"input"`
}

func fixtures(t *testing.T, name string) []fixture {
	t.Helper()
	var file struct {
		Schema int       `json:"schema"`
		Cases  []fixture `json:"cases"`
	}
	readJSON(t, name+".json", &file)
	if file.Schema != 1 || len(file.Cases) == 0 {
		t.Fatalf("%s: schema %d with %d cases", name, file.Schema, len(file.Cases))
	}
	return file.Cases
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtureDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// want checks got against every expected key. A nil in got is an undefined value. Keys that the package
// does not compute are listed in other; any further key is a failure, so that none is skipped by oversight.
func (c fixture) want(t *testing.T, got map[string]any, other ...string) {
	t.Helper()
	for key, want := range c.Expect {
		g, ok := got[key]
		switch {
		case ok:
			c.wantValue(t, key, g, want)
		case !slices.Contains(other, key):
			t.Errorf("%s: %s is not computed", c.Name, key)
		}
	}
}

func (c fixture) wantValue(t *testing.T, key string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case []any:
		list, ok := got.([]float64)
		if !ok || len(list) != len(want) {
			t.Errorf("%s: %s = %v, want %v", c.Name, key, got, want)
			return
		}
		for i := range want {
			c.wantValue(t, key, list[i], want[i])
		}
	case float64:
		g, ok := got.(float64)
		if !ok || !c.close(key, g, want) {
			t.Errorf("%s: %s = %v, want %v (off by %.1e)", c.Name, key, got, want, math.Abs(g-want)/math.Abs(want))
		}
	default: // nil, bool
		if got != want {
			t.Errorf("%s: %s = %v, want %v", c.Name, key, got, want)
		}
	}
}

// close applies the case's tolerances. Tail quantities get no absolute slack, so that small ones are tested.
func (c fixture) close(key string, got, want float64) bool {
	slack := c.TolAbs
	for _, prefix := range []string{"p", "mean_p", "studentized_p", "sf", "cdf", "log", "holm", "bh", "hochberg", "bonferroni"} {
		if strings.HasPrefix(key, prefix) {
			slack = 1e-300
		}
	}
	return math.Abs(got-want) <= c.TolRel*math.Abs(want)+slack
}

func TestWelchReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "welch") {
		candidate, baseline := Of(c.Input.Candidate), Of(c.Input.Baseline)
		test, err := Welch(candidate, baseline, c.Input.Level)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		c.TolRel = strict(c.TolRel)
		got := testValues(test)
		got["mean_candidate"], got["mean_baseline"] = candidate.Mean, baseline.Mean
		c.want(t, got)
	}
}

func TestWelchGeneratedReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "welch_generated") {
		g := c.Generator
		xs, ys := lcgScores(g.CandidateSeed, g.N, g.CandidateCuts), lcgScores(g.BaselineSeed, g.N, g.BaselineCuts)
		candidate, baseline := Of(xs), Of(ys)
		test, err := Welch(candidate, baseline, g.Level)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got := testValues(test)
		got["mean_candidate"], got["mean_baseline"] = candidate.Mean, baseline.Mean
		got["sd_candidate"], got["sd_baseline"] = candidate.SD(), baseline.SD()
		got["counts_candidate"], got["counts_baseline"] = counts(t, xs), counts(t, ys)
		c.want(t, got)
	}
}

func TestPairedReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "paired_t") {
		test, err := Paired(Of(differences(c.Input.Candidate, c.Input.Baseline)), c.Input.Level)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		c.TolRel = strict(c.TolRel)
		got := testValues(test)
		got["n"] = float64(test.N[0])
		if test.Degenerate {
			got["df"] = float64(test.N[0] - 1) // the reference has n−1 here; ours is undefined
		}
		c.want(t, got)
	}
}

func TestNonInferiorityReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "noninferiority") {
		level := 1 - 2*c.Input.Alpha
		test, err := Welch(Of(c.Input.Candidate), Of(c.Input.Baseline), level)
		if c.Input.Paired {
			test, err = Paired(Of(differences(c.Input.Candidate, c.Input.Baseline)), level)
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		below, ok1 := test.NonInferior(c.Input.Margin)
		above, ok2 := test.Against(c.Input.Margin)
		if !ok1 || !ok2 {
			t.Errorf("%s: no test against the margin", c.Name)
		}
		c.want(t, map[string]any{
			"diff": test.Diff, "se": test.SE, "df": test.DF, "lower_bound": test.Lo,
			"t_lower": below.T, "p_noninferior": below.PBetter,
			"t_upper": above.T, "p_upper": above.PWorse,
			"p_tost": max(below.PBetter, above.PWorse),
		})
	}
}

func TestDescribeReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "describe") {
		xs := c.Input.X
		m := Of(xs)
		q, err := QuartilesOf(xs)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got := map[string]any{
			"n": float64(m.N), "mean": m.Mean, "min": q.Min, "max": q.Max, "median": q.Median,
			"variance": m.Var(), "sd": m.SD(), "se": m.SE(),
			"q25": q.Q1, "q75": q.Q3,
		}
		// The product shows quartiles only; the other quantiles test the same interpolation.
		sorted := slices.Sorted(slices.Values(xs))
		at := func(i int) float64 { return sorted[i] }
		got["q5"], got["q50"], got["q90"] = quantile(len(xs), at, .05), quantile(len(xs), at, .5), quantile(len(xs), at, .9)
		got["q95"], got["q99"] = quantile(len(xs), at, .95), quantile(len(xs), at, .99)
		lo, hi, ok := MeanInterval(m, c.Input.Level)
		switch {
		case ok:
			got["ci_low"], got["ci_high"] = lo, hi
		case c.Name == "tiny_scale": // its squares underflow; the reference's 0.0 is within tolerance of anything
			got["ci_low"], got["ci_high"] = m.Mean, m.Mean
		case m.N != 1:
			t.Errorf("%s: no interval for the mean", c.Name)
		}
		c.want(t, got)
	}
}

func TestStudentReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "student_t") {
		c.TolRel = 1e-12 // a thousand times stricter than asked
		c.want(t, map[string]any{
			"sf":     Tail(c.Input.T, c.Input.DF),
			"cdf":    Tail(-c.Input.T, c.Input.DF),
			"log_sf": LogTail(c.Input.T, c.Input.DF),
		})
	}
}

func TestStudentQuantileReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "student_t_quantile") {
		var p float64
		if err := json.Unmarshal(c.Input.P, &p); err != nil {
			t.Fatal(err)
		}
		c.TolRel = 1e-12
		c.want(t, map[string]any{"q": Quantile(p, c.Input.DF)})
	}
}

func TestAdjustReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "p_adjust") {
		var p []float64
		if err := json.Unmarshal(c.Input.P, &p); err != nil {
			t.Fatal(err)
		}
		c.want(t, map[string]any{"holm": Holm(p), "bh": BenjaminiHochberg(p), "hochberg": Hochberg(p), "bonferroni": Bonferroni(p)})
	}
}

func TestWilsonReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "wilson") {
		lo, hi := Wilson(c.Input.K, c.Input.N, c.Input.Level)
		c.want(t, map[string]any{"low": lo, "high": hi}, "p")
	}
}

func TestFisherReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "fisher_2x2") {
		b, c2 := c.Input.Table[:2], c.Input.Table[2:]
		p := FisherMidP(c2[0], c2[0]+c2[1], b[0], b[0]+b[1])
		c.want(t, map[string]any{"p_candidate_higher_mid": p}, "p_candidate_higher", "p_two_sided")
	}
}

func TestEffectSizeReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "effect_size") {
		delta := CliffsDelta(c.Input.Candidate, c.Input.Baseline)
		got := map[string]any{"cliffs_delta": delta, "prob_superiority": (1 + delta) / 2, "hedges_g": nil}
		if g, ok := HedgesG(Of(c.Input.Candidate), Of(c.Input.Baseline)); ok {
			got["hedges_g"] = g
		}
		c.want(t, got, "cohens_d", "hedges_g_approx")
	}
}

func TestPowerReference(t *testing.T) {
	t.Parallel()
	for _, c := range fixtures(t, "power_t") {
		n, alpha := float64(c.Input.N), c.Input.Alpha/c.Input.Sided
		variance := c.Input.SD * c.Input.SD
		se, df := math.Sqrt(variance/n), n-1
		required, ok := NeededPaired(variance, c.Input.Delta, alpha, c.Input.TargetPower)
		if c.Input.Type == "two.sample" {
			se, df = math.Sqrt(2*variance/n), 2*(n-1)
			required, ok = NeededUnpaired(variance, variance, c.Input.Delta, alpha, c.Input.TargetPower)
		}
		if !ok {
			t.Errorf("%s: no required n", c.Name)
		}
		power := Power(c.Input.Delta, se, df, alpha)
		if c.Input.Sided == 2 {
			power += Power(-c.Input.Delta, se, df, alpha)
		}
		c.want(t, map[string]any{
			"power":             power,
			"mde_t":             MDE(se, df, alpha, c.Input.TargetPower),
			"mde_normal":        MDE(se, math.Inf(1), alpha, c.Input.TargetPower),
			"n_required_normal": float64(required),
		})
	}
}

// strict raises the bar to 12 digits where the inputs allow them: cases that sit on a large offset lose digits
// in the difference of two means, and have a tolerance of 1e-5.
func strict(tol float64) float64 {
	if tol > 1e-9 {
		return tol
	}
	return 1e-12
}

// testValues names a test's fields as the reference does; nil where undefined.
func testValues(test Test) map[string]any {
	got := map[string]any{"diff": test.Diff, "se": test.SE}
	if test.Degenerate {
		got["degenerate"], got["t"], got["df"] = true, nil, nil
		got["p_permutation_less"], got["p_permutation_greater"] = test.PWorse, test.PBetter
		got["p_signflip_less"], got["p_signflip_greater"] = test.PWorse, test.PBetter
		return got
	}
	got["t"], got["df"] = test.T, test.DF
	got["ci_low"], got["ci_high"] = test.Lo, test.Hi
	got["p_less"], got["p_greater"], got["p_two_sided"] = test.PWorse, test.PBetter, test.PTwoSided
	got["log10_p_two_sided"] = test.Log10PTwoSided
	return got
}

func differences(candidate, baseline []float64) []float64 {
	ds := make([]float64, len(candidate))
	for i := range ds {
		ds[i] = candidate[i] - baseline[i]
	}
	return ds
}

// lcgScores draws scores 1, 2, 3 as the reference's generator says.
func lcgScores(seed uint32, n int, cuts []float64) []float64 {
	xs := make([]float64, n)
	x := seed
	for i := range xs {
		x = 1664525*x + 1013904223
		switch u := float64(x) / (1 << 32); {
		case u < cuts[0]:
			xs[i] = 1
		case u < cuts[1]:
			xs[i] = 2
		default:
			xs[i] = 3
		}
	}
	return xs
}

func counts(t *testing.T, xs []float64) []float64 {
	t.Helper()
	levels, ok := Levels(xs, 3)
	if !ok {
		t.Fatal("more than three levels")
	}
	var ns []float64
	for _, l := range levels {
		ns = append(ns, float64(l.Count))
	}
	return ns
}
