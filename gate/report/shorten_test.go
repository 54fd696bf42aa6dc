package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

// wide is a report of n models and six metrics, all of which breach their floor when failing, and else held.
func wide(n int, failing bool) gate.Report {
	r := gate.Report{Policy: gate.DefaultPolicy(), Candidate: gate.Provenance{GitSHA: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"}}
	floor := 0.9
	for i := range n {
		m := gate.ModelReport{Model: fmt.Sprintf("acme/TwinLlama-3.1-8B-checkpoint-%04d", i), Comparable: true, Baseline: &gate.Provenance{Source: "x"}}
		for j := range 6 {
			f := gate.Finding{Outcome: gate.Improved, Decision: gate.Pass, Reason: "rose"}
			f.Series = gate.Series{Key: score.Key{Model: m.Model}, Metric: fmt.Sprintf("metric_%d", j)}
			f.Criterion = gate.Criterion{Direction: gate.Higher, Tier: gate.Critical}
			f.Candidate, f.Baseline = &gate.Summary{N: 100, Mean: 0.5}, &gate.Summary{N: 100, Mean: 0.4}
			if failing {
				f.Outcome, f.Decision, f.Criterion.Min = gate.Breached, gate.Fail, &floor
			}
			m.Findings = append(m.Findings, f)
		}
		r.Models = append(r.Models, m)
	}
	return r
}

func TestShorterPages(t *testing.T) {
	t.Parallel()
	g := goldens(t)["regression"]()
	g.page.Limit = 0
	whole := report.Markdown(g.report, g.page)
	for limit := len(whole) - 1; limit > 1700; limit -= 97 {
		g.page.Limit = limit
		md := report.Markdown(g.report, g.page)
		if len(md) > limit {
			t.Fatalf("the page has %d bytes, want at most %d", len(md), limit)
		}
		for _, want := range []string{"> [!CAUTION]", "**1 regression in 6 comparisons.", "| 🔴", "<sub>hubgate 1.0.0 · commit", "left out for length"} {
			if !strings.Contains(strings.ReplaceAll(md, "Left out", "left out"), want) {
				t.Fatalf("at %d bytes the page lacks %q:\n%s", limit, want, md)
			}
		}
		checkTables(t, parse([]byte(md)))
	}
}

// TestFirstToGo holds the order in which a page loses what it loses.
func TestFirstToGo(t *testing.T) {
	t.Parallel()
	g := goldens(t)["regression"]()
	has := func(md string) (s string) {
		for letter, sign := range map[string]string{
			"a passing row": "🟢", "b detail": "<summary>How this was decided", "c texts": "Explain vector", "d samples": "<summary>What changed most",
			"e warning row": "🟡\u00a0inconclusive", "f failing row": "🔴",
		} {
			if strings.Contains(md, sign) {
				s += letter[:1]
			}
		}
		return s
	}
	seen := map[byte]int{} // the smallest page that still has it
	g.page.Limit = 0
	for limit := len(report.Markdown(g.report, g.page)); limit > 1700; limit -= 53 {
		g.page.Limit = limit
		for _, letter := range []byte(has(report.Markdown(g.report, g.page))) {
			seen[letter] = limit
		}
	}
	for pair := range strings.SplitSeq("ab bc cd de ef", " ") {
		if seen[pair[0]] < seen[pair[1]] {
			t.Errorf("%c goes at %d bytes, after %c at %d", pair[0], seen[pair[0]], pair[1], seen[pair[1]])
		}
	}
}

func TestAllFailingFit(t *testing.T) {
	t.Parallel()
	r := wide(400, true)
	md := report.Markdown(r, page())
	if len(md) > report.CommentLimit {
		t.Fatalf("the page has %d bytes", len(md))
	}
	if strings.Contains(md, "rows that fail") {
		t.Error("rows that fail are left out")
	}
	source := []byte(md)
	spans := map[string]int{}
	for _, n := range nodes(parse(source), ast.KindCodeSpan) {
		spans[content(n, source)]++
	}
	for i := range 400 {
		whole := fmt.Sprintf("acme/TwinLlama-3.1-8B-checkpoint-%04d", i)
		if spans[whole]+spans[report.Elide(whole, 20)] == 0 {
			t.Fatalf("the page lacks %s", whole)
		}
	}
	if got := spans["metric_5"]; got < 400 {
		t.Errorf("metric_5 is there %d times, want 400", got)
	}
}

func TestMoreThanFits(t *testing.T) {
	t.Parallel()
	md := report.Markdown(wide(1500, true), page())
	if len(md) > report.CommentLimit {
		t.Errorf("the page has %d bytes", len(md))
	}
	if !strings.Contains(md, "9000 breached limits in 9000 comparisons") || !strings.Contains(md, "rows that fail are left out for length") {
		t.Error("the page does not say what it left out")
	}
}

func TestSummaryFits(t *testing.T) {
	t.Parallel()
	p := page()
	p.Limit = report.SummaryLimit
	md := report.Markdown(wide(400, true), p)
	if len(md) > report.SummaryLimit || strings.Contains(md, "eft out for length") {
		t.Errorf("a summary of %d bytes leaves something out", len(md))
	}
}

func BenchmarkMarkdown(b *testing.B) {
	for name, g := range map[string]golden{"handbook": goldens(b)["regression"](), "failing": {wide(400, true), page()}, "passing": {wide(400, false), page()}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(report.Markdown(g.report, g.page))))
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	r := wide(400, false)
	b.ReportAllocs()
	for b.Loop() {
		j, err := report.JSON(r, report.Tool{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(j)))
	}
}

func BenchmarkText(b *testing.B) {
	r := wide(400, false)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(report.Text(r, report.TextOptions{Color: true}))))
	}
}
