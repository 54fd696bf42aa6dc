package report_test

import (
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

// TestAligned holds the columns of names that are as wide as they like.
func TestAligned(t *testing.T) {
	t.Parallel()
	names := []string{"plain", "東京タワー", "👩‍👩‍👧‍👦", "e\u0301te\u0301", "ａｂｃ", "🇩🇪 model", "한국어"}
	var r gate.Report
	r.Policy = gate.DefaultPolicy()
	for _, name := range names {
		f := gate.Finding{Outcome: gate.Held, Decision: gate.Pass}
		f.Series = gate.Series{Key: score.Key{Model: name}, Metric: "accuracy"}
		f.Candidate, f.Baseline = &gate.Summary{N: 9, Mean: 0.5}, &gate.Summary{N: 9, Mean: 0.5}
		r.Models = append(r.Models, gate.ModelReport{Model: name, Comparable: true, Findings: []gate.Finding{f}})
	}
	for _, width := range []int{100, 60, 40} {
		column := -1
		for l := range strings.SplitSeq(report.Text(r, report.TextOptions{Width: width}), "\n") {
			before, _, found := strings.Cut(l, "accuracy")
			if !found {
				continue
			}
			if at := report.Width(before); column < 0 {
				column = at
			} else if at != column {
				t.Errorf("at width %d a metric begins in column %d, want %d: %q", width, at, column, l)
			}
		}
		if column < 0 {
			t.Errorf("at width %d no line has the metric", width)
		}
	}
}

func TestExitMeaning(t *testing.T) {
	t.Parallel()
	all := goldens(t)
	for name, want := range map[string]string{
		"held": "exit 0: passed\n", "inconclusive": "exit 0: passed, with warnings\n", "regression": "exit 1: ", "undecided": "exit 2: ",
		"report-only": "exit 0: report only",
	} {
		g := all[name]()
		text := report.Text(g.report, report.TextOptions{ReportOnly: g.page.ReportOnly})
		last := text[strings.LastIndex(text, "exit "):]
		if !strings.HasPrefix(last, want) {
			t.Errorf("%s ends in %q, want %q", name, last, want)
		}
	}
}

// TestBlindIsNotGreen holds a run that could see nothing to be no TIP, whatever the policy makes of it.
func TestBlindIsNotGreen(t *testing.T) {
	t.Parallel()
	shift := map[string][2]float64{llama: {0.2, 0.2}}
	candidate := handbook(t, 5, 8, shift, 0)
	base := asBaseline(handbook(t, 1, 8, map[string][2]float64{llama: {}}, 0))
	r := gate.Evaluate(candidate, against(candidate, base), policy(func(p *gate.Policy) { p.OnInconclusive = gate.Pass }))
	for _, f := range r.Models[0].Findings {
		if f.Outcome != gate.Inconclusive || f.Decision != gate.Pass {
			t.Fatalf("%s is %v, %v; the test needs inconclusive and pass", f.Metric, f.Outcome, f.Decision)
		}
	}
	md := report.Markdown(r, page())
	if !strings.Contains(md, "> [!WARNING]\n> **Nothing was shown, either way, in 2 comparisons. The gate is open.**") || !strings.Contains(md, "or more is found 8 times in 10") {
		t.Errorf("the page looks green, or does not say what it could see:\n%s", md[:min(len(md), 900)])
	}
}

// TestCounted holds the sentence on missing scores to agree with their number.
func TestCounted(t *testing.T) {
	t.Parallel()
	side := func(n, missing int) *gate.Summary { return &gate.Summary{N: n, Missing: missing, Mean: 0.5} }
	for _, tt := range []struct {
		candidate, baseline *gate.Summary
		want                string
	}{
		{side(1, 0), nil, "The one score is usable."},
		{side(2, 0), nil, "All 2 scores are usable."},
		{side(0, 1), nil, "1 of 1 score is missing."},
		{side(21, 1), side(22, 0), "1 of 22 scores is missing (baseline: 0 of 22)."},
		{side(20, 2), side(22, 0), "2 of 22 scores are missing (baseline: 0 of 22)."},
		{side(22, 0), side(21, 1), "0 of 22 scores are missing (baseline: 1 of 22)."},
	} {
		f := gate.Finding{Outcome: gate.Held, Decision: gate.Pass}
		f.Series, f.Candidate, f.Baseline = gate.Series{Metric: "accuracy"}, tt.candidate, tt.baseline
		r := gate.Report{Policy: gate.DefaultPolicy(), Models: []gate.ModelReport{{Model: "m", Comparable: true, Findings: []gate.Finding{f}}}}
		if text := report.Text(r, report.TextOptions{}); !strings.Contains(text, "\n"+tt.want+"\n") {
			t.Errorf("no line is %q:\n%s", tt.want, text)
		}
	}
}

// TestDescribedWithoutLevels holds a table to have no column that is empty.
func TestDescribedWithoutLevels(t *testing.T) {
	t.Parallel()
	f := gate.Finding{}
	f.Series, f.Candidate = gate.Series{Metric: "latency_ms"}, &gate.Summary{N: 9, Mean: 731.5}
	r := gate.Report{Described: true, Policy: gate.DefaultPolicy(), Models: []gate.ModelReport{{Model: "m", Findings: []gate.Finding{f}}}}
	for name, text := range map[string]string{"text": report.Text(r, report.TextOptions{}), "page": report.Markdown(r, page())} {
		if strings.Contains(text, "levels") {
			t.Errorf("the %s has a column of levels:\n%s", name, text)
		}
	}
}

func TestCard(t *testing.T) {
	t.Parallel()
	g := goldens(t)["regression"]()
	card := report.Card(g.report.Models[0], "acme/TwinLlama-3.1-8B-results")
	compareGolden(t, "card.md", []byte(card))
}
