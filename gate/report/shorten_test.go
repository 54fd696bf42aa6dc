package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// wide is a report of n models and six metrics with names as long as they are, all of which have regressed when failing, and else
// improved.
func wide(n int, failing bool) gate.Report {
	r := gate.Report{Policy: gate.DefaultPolicy(), Candidate: gate.Provenance{GitSHA: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"}}
	levels := [][]stat.Level{{{Value: 1, Count: 10}, {Value: 2, Count: 27}, {Value: 3, Count: 63}}, {{Value: 1, Count: 22}, {Value: 2, Count: 31}, {Value: 3, Count: 47}}}
	for i := range n {
		m := gate.ModelReport{Model: wideModel(i), Comparable: true, Baseline: &gate.Provenance{Source: "x"}}
		for j := range 6 {
			f := gate.Finding{Outcome: gate.Improved, Decision: gate.Pass, Reason: "rose"}
			f.Series = gate.Series{Key: score.Key{Model: m.Model}, Metric: wideMetric(j)}
			f.Criterion = gate.Criterion{Direction: gate.Higher, Tier: gate.Critical}
			f.MaxLoss, f.Family, f.MDE, f.Needed, f.CohenDz, f.Paired = 0.1, 6*n, new(0.21), new(417), new(-0.4), 100
			f.Candidate = &gate.Summary{N: 100, Mean: 2.25, SD: 0.8, SE: 0.08, Levels: levels[1]}
			f.Baseline = &gate.Summary{N: 100, Mean: 2.52, SD: 0.67, SE: 0.067, Levels: levels[0]}
			f.Decided = &stat.Test{Method: stat.PairedT, N: [2]int{100, 100}, Diff: 0.27, SE: 0.06, Lo: 0.16, Hi: 0.38}
			f.Means = [2]float64{2.52, 2.25}
			if failing {
				f.Outcome, f.Decision, f.PAdjusted = gate.Regressed, gate.Fail, 0.0004
				f.Decided.Diff, f.Decided.Lo, f.Decided.Hi = -0.27, -0.38, -0.16
				f.MostMoved = []gate.Move{{ID: fmt.Sprint("question-", i), Was: 3, Is: 1}}
			}
			m.Findings = append(m.Findings, f)
		}
		r.Models = append(r.Models, m)
	}
	return r
}

func wideModel(i int) string {
	return fmt.Sprintf("acme-research/TwinLlama-3.1-8B-Instruct-DPO-checkpoint-%04d", i)
}

func wideMetric(j int) string { return fmt.Sprintf("evaluation.instruction_following.metric_%d", j) }

// stateRoom is what is added to a comment that has been rendered.
const stateRoom = 2048

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

// TestAllFailingFit holds that a comment on 400 models and six metrics has a word on each that fails, if all do.
func TestAllFailingFit(t *testing.T) {
	t.Parallel()
	p := page()
	p.Limit -= stateRoom
	md := report.Markdown(wide(400, true), p)
	if len(md) > p.Limit {
		t.Fatalf("the page has %d bytes, want at most %d", len(md), p.Limit)
	}
	for _, want := range []string{"**2400 regressions in 2400 comparisons.", "<sub>hubgate 1.0.0 · commit [`9f8e7d6`]", "Compared with `x`"} {
		if !strings.Contains(md, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	checkTables(t, parse([]byte(md)))
	checkLength(t, md)
	if got, want := shownRows(md), 2400; got != want || strings.Contains(md, "rows that fail") {
		t.Errorf("the page shows %d of what fails, want %d", got, want)
	}
}

// shownRows counts the comparisons that have a row of their own, or a cell in one of their model.
func shownRows(md string) int {
	shown := map[string]bool{}
	for line := range strings.Lines(md) {
		cells := strings.Split(line, "|")
		for i := range 400 {
			switch {
			case len(cells) < 3:
			case strings.Contains(cells[1], "`"+wideModel(i)+"` `"):
				shown[" "+cells[1][strings.IndexByte(cells[1], '`'):]] = true
			case strings.Contains(cells[1], "`"+report.Elide(wideModel(i), 40)+"`"):
				for j, cell := range cells[2:8] {
					if strings.TrimSpace(cell) != "" {
						shown[" `"+wideModel(i)+"` `"+wideMetric(j)+"` "] = true
					}
				}
			}
		}
	}
	return len(shown)
}

func TestMoreThanFits(t *testing.T) {
	t.Parallel()
	md := report.Markdown(wide(1500, true), page())
	if len(md) > report.CommentLimit {
		t.Errorf("the page has %d bytes", len(md))
	}
	if !strings.Contains(md, "9000 regressions in 9000 comparisons") || !strings.Contains(md, "rows that fail are left out for length") {
		t.Error("the page does not say what it left out")
	}
}

// TestSummaryFits holds that a summary of 400 models and six metrics leaves out nothing, whether all fail or none does.
func TestSummaryFits(t *testing.T) {
	t.Parallel()
	for _, failing := range []bool{true, false} {
		p := page()
		p.Limit = report.SummaryLimit
		md := report.Markdown(wide(400, failing), p)
		if len(md) > report.SummaryLimit || strings.Contains(md, "eft out for length") {
			t.Errorf("failing %v: a summary of %d bytes leaves something out", failing, len(md))
		}
		for j := range 6 {
			name := fmt.Sprintf("`%s` `%s`", wideModel(399), wideMetric(j))
			if !strings.Contains(md, name+" | ") {
				t.Errorf("failing %v: the summary has no row for %s", failing, name)
			}
		}
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
	for name, r := range map[string]gate.Report{"failing": wide(400, true), "passing": wide(400, false)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(report.Text(r, report.TextOptions{Color: true}))))
			}
		})
	}
}
