package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

func compileSchema(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		tb.Fatal(err)
	}
	return c.MustCompile("schema.json")
}

func encode(tb testing.TB, r gate.Report) []byte {
	tb.Helper()
	b, err := report.JSON(r, report.Tool{Name: "hubgate", Version: "1.0.0"})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func decode(tb testing.TB, b []byte) any {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestSchemaHolds(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	all := goldens(t)
	all["degenerate"] = func() golden { return degenerate(t) }
	for name, make := range all {
		if err := schema.Validate(decode(t, encode(t, make().report))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// degenerate is a report of two constant sides that differ, whose p-value is below what float64 holds.
func degenerate(tb testing.TB) golden {
	run := func(v float64) gate.Run {
		m := newMaker(tb)
		for i := range 2000 {
			m.add(llama, "", fmt.Sprint("q", i), score.Value{Metric: "accuracy", Score: v})
		}
		return m.run()
	}
	candidate := run(2)
	return golden{gate.Evaluate(candidate, against(candidate, asBaseline(run(3))), policy()), page()}
}

func TestUnderflow(t *testing.T) {
	t.Parallel()
	var r struct {
		Models []struct {
			Findings []struct {
				Diff   float64  `json:"diff"`
				P      *float64 `json:"p"`
				Log10P *float64 `json:"log10_p"`
				Tests  map[string]struct {
					T, DF       *float64
					PWorse      float64  `json:"p_worse"`
					Log10PWorse *float64 `json:"log10_p_worse"`
				} `json:"tests"`
			} `json:"findings"`
		} `json:"models"`
	}
	if err := json.Unmarshal(encode(t, degenerate(t).report), &r); err != nil {
		t.Fatal(err)
	}
	f := r.Models[0].Findings[0]
	want := -2000 * math.Log10(2) // 2⁻ⁿ: of all signs, one is as extreme
	if f.P == nil || *f.P != 0 || f.Log10P == nil || math.Abs(*f.Log10P-want) > 1e-6 {
		t.Errorf("p and log10_p are %v and %v, want 0 and %v", f.P, f.Log10P, want)
	}
	paired := f.Tests["paired_t"]
	if paired.T != nil || paired.DF != nil || paired.PWorse != 0 || paired.Log10PWorse == nil {
		t.Errorf("the degenerate test is %+v, want no t and df, and p 0 with its logarithm", paired)
	}
}

// TestDirection holds p to mean "the candidate is worse" whichever way is better, and differences to keep their sign.
func TestDirection(t *testing.T) {
	t.Parallel()
	test := stat.Test{Method: stat.WelchT, N: [2]int{9, 9}, T: 2, DF: 16, Diff: 1.5, SE: 0.75, Lo: 0.2, Hi: 2.8, Level: 0.9, PWorse: 0.97, PBetter: 0.03, PTwoSided: 0.06}
	f := gate.Finding{Outcome: gate.Regressed, Decision: gate.Fail}
	f.Tests = []stat.Test{test}
	f.Decided = &f.Tests[0]
	f.PWorse, f.PAdjusted, f.Family = 0.03, 0.03, 1
	f.Criterion = gate.Criterion{Direction: gate.Lower, Tier: gate.Critical}
	f.Metric = "latency_ms"
	got := string(encode(t, gate.Report{Policy: gate.DefaultPolicy(), Models: []gate.ModelReport{{Model: "m", Comparable: true, Findings: []gate.Finding{f}}}}))
	for _, want := range []string{`"p_worse": 0.03`, `"p": 0.03`, `"diff": 1.5`} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %s", want)
		}
	}
}

func TestUnknownTest(t *testing.T) {
	t.Parallel()
	f := gate.Finding{Outcome: gate.Held, Decision: gate.Pass}
	f.Criterion = gate.Criterion{Direction: gate.Higher, Tier: gate.Critical}
	test, companion := f, f
	test.Tests = []stat.Test{{Method: 99}}
	companion.Companions = []stat.Companion{{Method: stat.RankSum}}
	for _, f := range []gate.Finding{test, companion} {
		_, err := report.JSON(gate.Report{Models: []gate.ModelReport{{Findings: []gate.Finding{f}}}}, report.Tool{})
		if err == nil || !strings.Contains(err.Error(), "no name for the test") {
			t.Errorf("the error is %v, want one that names the test", err)
		}
	}
}

// TestNothingUndefined holds numbers that are none to be null.
func TestNothingUndefined(t *testing.T) {
	t.Parallel()
	r := goldens(t)["regression"]().report
	f := &r.Models[1].Findings[0]
	nan, inf := math.NaN(), math.Inf(-1)
	f.HedgesG, f.MDE = &nan, &inf
	got := encode(t, r)
	if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("Inf")) {
		t.Error("the report has a number that JSON has not")
	}
	if err := compileSchema(t).Validate(decode(t, got)); err != nil {
		t.Error(err)
	}
}

// optionalKeys may be absent, and mapKeys hold keys that come from outside.
var (
	optionalKeys = []string{"n", "log10_p", "log10_p_worse", "log10_p_two_sided", "welch", "paired_t", "missing_rate", "null",
		"groups", "groups_baseline", "clustered", "permutation", "mcnemar", "wilcoxon", "noninferiority", "between_runs"}
	mapKeys = []string{"parts"}
)

// TestSchemaRefuses mutates a report everywhere and wants every mutant refused.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for _, name := range []string{"regression", "groups"} {
		refused := refusals(t, schema, decode(t, encode(t, goldens(t)[name]().report)).(map[string]any))
		if refused < 200 {
			t.Errorf("%s: only %d mutants were tried", name, refused)
		}
	}
}

// refusals counts the mutants of a report that the schema refuses, which should be all.
func refusals(t *testing.T, schema *jsonschema.Schema, doc map[string]any) int {
	t.Helper()
	refused := 0
	mutate := func(path string, change func() (undo func()), doc any) {
		undo := change()
		if err := schema.Validate(doc); err == nil {
			t.Errorf("%s: the schema takes it", path)
		} else {
			var e *jsonschema.ValidationError
			if !errors.As(err, &e) {
				t.Errorf("%s: %v", path, err)
			}
			refused++
		}
		undo()
	}
	models := doc["models"].([]any)
	models = models[min(1, len(models)-1):][:1] // one model, its worst finding and one more, says it all
	doc["models"] = models
	model := models[0].(map[string]any)
	model["findings"] = model["findings"].([]any)[:1]
	walkObjects("", doc, func(path string, o map[string]any) {
		last := path[strings.LastIndexByte(path, '/')+1:]
		for _, k := range slices.Sorted(maps.Keys(o)) {
			old := o[k]
			put := func(v any) func() (undo func()) {
				return func() func() { o[k] = v; return func() { o[k] = old } }
			}
			if !slices.Contains(optionalKeys, k) && !slices.Contains(mapKeys, last) {
				mutate(path+"/"+k+" deleted", func() func() { delete(o, k); return func() { o[k] = old } }, doc)
			}
			switch old.(type) {
			case string, json.Number, bool, nil:
				mutate(path+"/"+k+" made a list of lists", put([]any{[]any{}}), doc)
			case map[string]any, []any:
				mutate(path+"/"+k+" made a text", put("x"), doc)
			}
		}
		if !slices.Contains(mapKeys, last) {
			mutate(path+" with another key", func() func() { o["another"] = 1; return func() { delete(o, "another") } }, doc)
		}
	})
	return refused
}

func walkObjects(path string, v any, visit func(path string, o map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(path, v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walkObjects(path+"/"+k, v[k], visit)
		}
	case []any:
		for i, e := range v[:min(len(v), 1)] {
			walkObjects(fmt.Sprintf("%s/%d", path, i), e, visit)
		}
	}
}

// TestSchemaSays refuses what has the right shape and the wrong meaning.
func TestSchemaSays(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	report := string(encode(t, goldens(t)["regression"]().report))
	for _, c := range []struct{ name, old, new string }{
		{"another version", `"hubgate.report/1"`, `"hubgate.report/2"`},
		{"an unknown decision", `"decision": "fail"`, `"decision": "red"`},
		{"an unknown outcome", `"outcome": "regressed"`, `"outcome": "worse"`},
		{"a p beyond 1", `"p_worse": 0.`, `"p_worse": 1.`},
		{"a decided report without a decision", "{\n \"schema\": \"hubgate.report/1\",\n \"tool\": {\n  \"name\": \"hubgate\",\n  \"version\": \"1.0.0\"\n },\n \"decision\": \"fail\"",
			"{\n \"schema\": \"hubgate.report/1\",\n \"tool\": {\n  \"name\": \"hubgate\",\n  \"version\": \"1.0.0\"\n },\n \"decision\": null"},
		{"a time that is none", `"created": "2026-11-23T09:30:00Z"`, `"created": "yesterday"`},
		{"a third bound", `"scale": [`, `"scale": [0,`},
	} {
		mutant := strings.Replace(report, c.old, c.new, 1)
		if mutant == report {
			t.Fatalf("%s: the report has no %s", c.name, c.old)
		}
		if err := schema.Validate(decode(t, []byte(mutant))); err == nil {
			t.Errorf("%s: the schema takes it", c.name)
		}
	}
}

func TestDescribedIsNull(t *testing.T) {
	t.Parallel()
	var r struct {
		Decision *string
		Models   []struct {
			Decision *string
			Baseline *struct{}
			Findings []struct {
				Baseline          *struct{}
				Outcome, Decision *string
				Candidate         *struct{ Mean float64 }
			}
		}
	}
	if err := json.Unmarshal(encode(t, goldens(t)["described"]().report), &r); err != nil {
		t.Fatal(err)
	}
	if r.Decision != nil || len(r.Models) != 3 {
		t.Fatalf("the report has the decision %v and %d models", r.Decision, len(r.Models))
	}
	for _, m := range r.Models {
		if m.Decision != nil || m.Baseline != nil {
			t.Error("a model has a decision or a baseline")
		}
		for _, f := range m.Findings {
			if f.Baseline != nil || f.Outcome != nil || f.Decision != nil || f.Candidate.Mean == 0 {
				t.Errorf("a finding is %+v", f)
			}
		}
	}
}

func TestWithoutSamples(t *testing.T) {
	t.Parallel()
	r := goldens(t)["regression"]().report
	bare := encode(t, report.WithoutSamples(r))
	if bytes.Contains(bare, []byte(`"q002"`)) {
		t.Error("an id is left")
	}
	if !bytes.Contains(encode(t, r), []byte(`"q002"`)) {
		t.Error("the report itself has lost its ids")
	}
}
