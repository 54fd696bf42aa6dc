package report_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// mark is in every hostile text: where a parser finds it outside of code, the text has come to life, or might.
const mark = "zqx"

// pieces are what hostile texts are made of.
var pieces = append([]string{
	"`", "``", "```", "|", `\`, `\|`, "<", ">", "[", "](", ")", "!", "@", "#", "*", "**", "_", "~", "~~", ":", "::", "\n", "\n\n", "\r\n", "\t", " ", "    ",
	"- ", "> ", "# ", "1. ", "---\n", "|--|\n", "<!--", "-->", "</sub>", "<sub>", "</details>", "<details><summary>", "<script>", "<a href=x>", "&lt;", "&#64;",
	"@octocat", "@acme/team", "acme/app#1", "GH-1", "#1", "https://evil.example/", "www.evil.example", "mailto:a@b.example", "ftp://x.example",
	"![x](https://evil.example/x.png)", "[x]: https://evil.example", "[^1]", "[^1]: note", "$$x$$", "$`x`$", ":tada:", "[ ] ", "- [x] ", "\u00a0", "\u2028", "\u200b",
	"::error::x", "::add-mask::", "##[error]", "##[", "\x1b[2J", "\x00", "\xff", "…", "é", "東京", "0123456789abcdef0123456789abcdef01234567",
}, hostileNames...)

// hostileTexts returns a source of hostile texts, always the same ones.
func hostileTexts(seed uint64) func() string {
	rng := rand.New(rand.NewPCG(seed, 1))
	return func() string {
		var b strings.Builder
		at := rng.IntN(4)
		for i := range at + 1 + rng.IntN(5) {
			if i == at {
				b.WriteString(mark)
			}
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		return b.String()
	}
}

// textsPerPage is at least how many texts hostilePage takes.
const textsPerPage = 150

// hostilePage is a report, and a page of it, in which every text that comes from outside is another hostile one. By rank, it fails,
// is accepted, or is undecided.
func hostilePage(rank int, next func() string) golden {
	g := golden{gate.Report{Policy: gate.DefaultPolicy(), Warnings: []string{next(), next()}}, page()}
	r := &g.report
	r.Policy.Models = []gate.ModelPolicy{{Model: next(), Baseline: next()}}
	g.page.Remarks = []report.Remark{{Format: "%s", Args: r.Warnings[:1]}}
	r.Candidate = gate.Provenance{Source: next(), Commit: next(), GitSHA: next(), RunURL: next(), Created: time.Unix(1e9, 0), Attempt: 2}
	g.page.Key, g.page.Rerun, g.page.Samples = next(), next(), report.SampleTexts
	g.page.Links = report.Links{PolicyURL: next(), CommitURL: next()}
	g.page.Texts = map[report.Place]report.SampleText{}
	for i := range 2 {
		m := gate.ModelReport{Model: next(), Comparable: i == 0, Warnings: []string{next()}, Published: &gate.Publication{URL: next()}}
		m.Baseline = &gate.Provenance{Source: next(), Commit: next(), GitSHA: []string{"", next()}[i], Created: time.Unix(9e8, 0)}
		for range 2 {
			m.Changes = append(m.Changes, evalconf.Change{Path: next(), Baseline: next(), Candidate: next()})
		}
		if i == 1 && rank%3 == 2 {
			m.Undecided = next()
		}
		for o := gate.Incomparable; o <= gate.Inconclusive; o++ {
			m.Findings = append(m.Findings, hostileFinding(&g, m.Model, o, next))
		}
		r.Models = append(r.Models, m)
	}
	if rank%3 == 1 {
		*r = r.Accept(gate.Acceptance{By: next(), Reason: next(), SHA: next(), URL: next(), At: time.Unix(1e9, 0)})
	}
	return g
}

// hostileFinding is a finding of that outcome, with the texts of its samples on the page.
func hostileFinding(g *golden, model string, o gate.Outcome, next func() string) gate.Finding {
	f := gate.Finding{Outcome: o, Decision: gate.Fail, Reason: next()}
	f.Series = gate.Series{Key: score.Key{Model: model, Task: next()}, Metric: next()}
	f.Criterion = gate.Criterion{Metric: next(), Direction: gate.Higher, Tier: gate.Critical}
	f.Candidate, f.Baseline = &gate.Summary{N: 9, Mean: 0.5}, &gate.Summary{N: 9, Mean: 0.9}
	if o == gate.Improved || o == gate.Held {
		f.Decision = gate.Pass
	}
	if o == gate.Breached {
		f.Lowered = []string{next(), next()}
	}
	if o == gate.Regressed || o == gate.Improved {
		f.Decided = &stat.Test{Method: stat.WelchT, N: [2]int{9, 9}, Diff: -0.4, Lo: -0.5, Hi: -0.3}
		f.Slices = []gate.Slice{{Group: next(), N: [2]int{3, 3}, Loss: 0.1}}
		f.Warnings = []string{next()}
		move := gate.Move{ID: next(), File: next(), Row: len(g.page.Texts), BaseFile: "base", BaseRow: len(g.page.Texts), Was: 3, Is: 1}
		f.MostMoved = []gate.Move{move}
		g.page.Texts[report.Place{File: move.File, Row: move.Row}] = report.SampleText{Input: next(), Answer: next(), Explanation: next()}
		g.page.Texts[report.Place{File: "base", Row: move.BaseRow}] = report.SampleText{Input: next(), Answer: next(), Explanation: f.Metric + ": " + next()}
	}
	return f
}

// A parser finds what is alive in a page, a sentence each.
type parser func(md []byte) []string

// TestHostile holds pages of hostile texts against two parsers of GitHub's Markdown, as different as they can be, the second where
// the environment names it: HUBGATE_CMARK is the path of cmark-gfm, and HUBGATE_HOSTILE says how many texts there shall be.
func TestHostile(t *testing.T) {
	t.Parallel()
	parsers := map[string]parser{"goldmark": alive}
	if name := os.Getenv("HUBGATE_CMARK"); name != "" {
		parsers["cmark-gfm"] = func(md []byte) []string { return aliveForCmark(t, name, md) }
	} else {
		t.Log("HUBGATE_CMARK does not name cmark-gfm, which .ci/cmark installs: goldmark parses alone")
	}
	texts := 6000
	if n, err := strconv.Atoi(os.Getenv("HUBGATE_HOSTILE")); err == nil {
		texts = n
	}
	taken := 0
	for seed := range uint64(texts / textsPerPage) {
		next := hostileTexts(seed)
		g := hostilePage(int(seed), func() string { taken++; return next() })
		checkHostile(t, fmt.Sprint("seed ", seed), g, parsers)
		if t.Failed() {
			return
		}
	}
	if taken < texts {
		t.Errorf("%d texts were tried, want %d", taken, texts)
	}
	t.Logf("%d texts, %d parsers", taken, len(parsers))
}

// FuzzPage puts one text wherever a text from outside may come to stand.
func FuzzPage(f *testing.F) {
	for _, s := range pieces {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := hostilePage(len(s), func() string { return s + mark + s })
		checkHostile(t, "page", g, map[string]parser{"goldmark": alive})
	})
}

func checkHostile(t *testing.T, name string, g golden, parsers map[string]parser) {
	t.Helper()
	md := report.Markdown(g.report, g.page)
	for which, find := range parsers {
		for _, live := range find([]byte(md)) {
			t.Errorf("%s, %s: %s\n%s", name, which, live, md)
		}
	}
	for _, width := range []int{100, 60} {
		checkText(t, report.Text(g.report, report.TextOptions{Width: width}), width)
	}
}

// alive is what goldmark finds.
func alive(md []byte) []string {
	var out []string
	root := parse(md)
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			out = append(out, aliveText(string(n.Segment.Value(md)))...)
		case *ast.Link:
			out = append(out, aliveLink(string(n.Destination))...)
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				out = append(out, aliveHTML(string(segmentValue(n.Segments.At(i), md)))...)
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				out = append(out, aliveHTML(string(line.Value(md)))...)
			}
		case *ast.Image, *ast.AutoLink, *ast.Heading, *ast.FencedCodeBlock, *ast.CodeBlock, *ast.ThematicBreak, *east.Strikethrough, *east.TaskCheckBox:
			out = append(out, "a "+n.Kind().String())
		case *east.Table:
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				out = append(out, aliveRow(row.ChildCount(), len(n.Alignments))...)
			}
		}
		return ast.WalkContinue, nil
	})
	return append(out, aliveLines(md)...)
}

// reference is what GitHub makes a link or a mention of in plain text.
var reference = regexp.MustCompile(`@|#\d|GH-\d|://|www\.`)

func aliveText(s string) []string {
	if strings.Contains(s, mark) || reference.MatchString(s) {
		return []string{fmt.Sprintf("the text %q is not code", s)}
	}
	return nil
}

func aliveLink(to string) []string {
	if !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
		return []string{fmt.Sprintf("a link to %q", to)}
	}
	return nil
}

func aliveHTML(html string) []string {
	for line := range strings.Lines(strings.TrimSpace(html)) {
		if line = strings.TrimSpace(line); line != "" && !ownHTML.MatchString(line) {
			return []string{fmt.Sprintf("the HTML %q", line)}
		}
	}
	return nil
}

func aliveRow(cells, columns int) []string {
	if cells != columns {
		return []string{fmt.Sprintf("a row of %d cells where there are %d columns", cells, columns)}
	}
	return nil
}

// aliveLines looks at rows as they are written, since parsers fill up short rows and cut long ones: a "|" that is not escaped
// divides.
func aliveLines(md []byte) []string {
	columns := 0
	for line := range strings.Lines(string(md)) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(line, "|") - strings.Count(line, `\|`)
		if columns > 0 && n != columns {
			return []string{fmt.Sprintf("a row with %d dividers where the head has %d: %q", n, columns, line)}
		}
		columns = n
	}
	return nil
}
