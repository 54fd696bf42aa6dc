package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
)

func parse(source []byte) ast.Node {
	return goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
}

// nodes returns all nodes of a kind.
func nodes(root ast.Node, kind ast.NodeKind) []ast.Node {
	var out []ast.Node
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == kind {
			out = append(out, n)
		}
		return ast.WalkContinue, nil
	})
	return out
}

// content is the text of a node as a reader sees it.
func content(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(n.Segment.Value(source))
			}
		case *ast.String:
			if entering {
				b.Write(n.Value)
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// ownHTML is the only HTML that a page may hold.
var ownHTML = regexp.MustCompile(`^(<!-- hubgate:[A-Za-z0-9_.~%+-]+ -->|<details><summary>[A-Za-z0-9 ,:'-]+</summary>|</details>|</?sub>|<br>)$`)

// checkInert holds a page to have no HTML but our own, and nothing of the kinds that it has no use for.
func checkInert(t *testing.T, root ast.Node, source []byte, unwanted ...ast.NodeKind) {
	t.Helper()
	for _, n := range nodes(root, ast.KindHTMLBlock) {
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			checkHTML(t, strings.TrimSpace(string(line.Value(source))))
		}
	}
	for _, n := range nodes(root, ast.KindRawHTML) {
		segments := n.(*ast.RawHTML).Segments
		for i := range segments.Len() {
			checkHTML(t, string(segmentValue(segments.At(i), source)))
		}
	}
	for _, kind := range unwanted {
		if n := nodes(root, kind); len(n) > 0 {
			t.Errorf("the page has a %v: %q", kind, content(n[0], source))
		}
	}
}

// checkMarkdown holds a page to what every page promises, whatever the report.
func checkMarkdown(t *testing.T, g golden, md string) {
	t.Helper()
	if len(md) > g.page.Limit {
		t.Errorf("the page has %d bytes, want at most %d", len(md), g.page.Limit)
	}
	if marker := report.Marker(g.page.Key); !strings.HasPrefix(md, marker+"\n> [!") {
		t.Errorf("the page does not begin with %q and an alert", marker)
	}
	source := []byte(md)
	root := parse(source)
	checkInert(t, root, source, ast.KindImage, ast.KindAutoLink, ast.KindHeading, ast.KindFencedCodeBlock, ast.KindCodeBlock, ast.KindThematicBreak, east.KindStrikethrough, east.KindTaskCheckBox)
	for _, n := range nodes(root, ast.KindLink) {
		to := string(n.(*ast.Link).Destination)
		if !strings.HasPrefix(to, "https://github.com/acme/") && !strings.HasPrefix(to, "https://huggingface.co/datasets/") {
			t.Errorf("the page links to %q", to)
		}
	}
	checkTables(t, root)
	checkFailures(t, g, root, source)
	checkLength(t, md)
}

func segmentValue(s text.Segment, source []byte) []byte { return s.Value(source) }

func checkHTML(t *testing.T, html string) {
	t.Helper()
	if !ownHTML.MatchString(html) {
		t.Errorf("the page holds HTML that is not ours: %q", html)
	}
}

// checkTables wants every row to have as many cells as its head; the parser pads and cuts, so it goes by the source.
func checkTables(t *testing.T, root ast.Node) {
	t.Helper()
	for _, table := range nodes(root, east.KindTable) {
		columns := len(table.(*east.Table).Alignments)
		for row := table.FirstChild(); row != nil; row = row.NextSibling() {
			if got := row.ChildCount(); got != columns {
				t.Errorf("a row has %d cells, want %d", got, columns)
			}
		}
	}
}

// checkFailures wants each failing finding in a row of its own, with its names as they are.
func checkFailures(t *testing.T, g golden, root ast.Node, source []byte) {
	t.Helper()
	rows := map[string]bool{}
	for _, row := range nodes(root, east.KindTableRow) {
		if !strings.Contains(content(row.FirstChild(), source), "🔴") {
			continue
		}
		var names []string
		for _, cell := range []ast.Node{row.FirstChild(), row.FirstChild().NextSibling()} { // beside the verdict, or in a column of its own
			for _, span := range nodes(cell, ast.KindCodeSpan) {
				names = append(names, content(span, source))
			}
		}
		rows[strings.Join(names, "\x00")] = true
	}
	for _, m := range g.report.Models {
		for _, f := range m.Findings {
			if f.Decision != gate.Fail {
				continue
			}
			var names []string
			for i, name := range []string{f.Model, f.Task, f.Metric} {
				if name != "" && (i > 0 || len(g.report.Models) > 1) {
					names = append(names, report.Clean(report.Elide(name, 80)))
				}
			}
			if key := strings.Join(names, "\x00"); !rows[key] {
				t.Errorf("no row for the failing %q", names)
			}
		}
	}
}

// checkLength wants a page that people read: forty lines as they are written, without those that nobody sees.
func checkLength(t *testing.T, md string) {
	t.Helper()
	const most = 40
	visible, folded := 0, false
	for _, line := range strings.Split(md, "\n") {
		switch {
		case strings.HasPrefix(line, "<!--"), strings.HasPrefix(line, "|:"):
		case strings.HasPrefix(line, "<details>"):
			folded = true
			visible++
		case strings.HasPrefix(line, "</details>"):
			folded = false
		case !folded && line != "":
			visible++
		}
	}
	if visible > most {
		t.Errorf("the page has %d visible lines, want at most %d", visible, most)
	}
}

// TestNumbersAgree holds the page to the digits of the report.
func TestNumbersAgree(t *testing.T) {
	t.Parallel()
	for name, make := range goldens(t) {
		if name == "many" || name == "described" {
			continue
		}
		g := make()
		md := report.Markdown(g.report, g.page)
		for _, m := range g.report.Models {
			for _, f := range m.Findings {
				if f.Decided == nil || f.Outcome == gate.Incomparable {
					continue
				}
				want := f.FormatSigned(f.Decided.Diff)
				ci := fmt.Sprintf("[%s,\u00a0%s]", f.FormatSigned(f.Decided.Lo), f.FormatSigned(f.Decided.Hi))
				if !strings.Contains(md, want) || !strings.Contains(md, ci) {
					t.Errorf("%s: %s %s: the page lacks %s %s", name, f.Model, f.Metric, want, ci)
				}
			}
		}
		if strings.Contains(md, "p = 0.000)") || strings.Contains(md, "NaN") || strings.Contains(md, "Inf") {
			t.Errorf("%s: the page has a number that is none", name)
		}
	}
}

// TestWorstFirst holds the order of regressions: by how many times what is tolerated was lost.
func TestWorstFirst(t *testing.T) {
	t.Parallel()
	r := wide(3, true)
	for i, loss := range []float64{0.2, 0.9, 0.5} {
		f := &r.Models[i].Findings[i]
		f.Decided.Diff, f.MaxLoss = -loss, 0.01
	}
	r.Models[0].Findings[5].MaxLoss = 0
	want := []string{
		"`" + wideModel(0) + "` `" + wideMetric(5) + "`", "`" + wideModel(1) + "` `" + wideMetric(1) + "`",
		"`" + wideModel(2) + "` `" + wideMetric(2) + "`", "`" + wideModel(0) + "` `" + wideMetric(0) + "`",
	}
	var got []string
	for line := range strings.Lines(report.Markdown(r, page())) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| 🔴") && len(got) < len(want) {
			got = append(got, cells[0][strings.IndexByte(cells[0], '`'):])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestSampleSaysItsMetric holds that of what a judge said of each metric, a sample shows what it said of the one that changed.
func TestSampleSaysItsMetric(t *testing.T) {
	t.Parallel()
	g := goldens(t)["regression"]()
	for place, text := range g.page.Texts {
		text.Explanation = "accuracy: mixes up two things\nstyle: a bit dry"
		g.page.Texts[place] = text
	}
	md := report.Markdown(g.report, g.page)
	found, want := 0, ""
	for line := range strings.Lines(md) {
		for metric, said := range map[string]string{"`accuracy` ": "`mixes up two things`", "`style` ": "`a bit dry`"} {
			if strings.HasPrefix(line, "- ") && strings.Contains(line, metric+"3 → 1: ") {
				want = said
			}
		}
		if strings.HasPrefix(line, "  - ") && want != "" {
			found++
			if !strings.Contains(line, want) {
				t.Errorf("the line lacks %s: %s", want, line)
			}
		}
	}
	if found == 0 {
		t.Error("no sample has its texts")
	}
}
