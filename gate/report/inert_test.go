package report_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/hubgate/hubgate/gate/report"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"accuracy", "accuracy"},
		{"exact_match,strict-match", "exact_match,strict-match"},
		{"a\nb\r\n\tc", `a\nb\r\n\tc`},
		{"\x1b[31mred", `\x1b[31mred`},
		{"a\u202eb", `a\u202eb`},
		{"\u200b\ufeff\u00ad", `\u200b\ufeff\u00ad`},
		{"\xff", `\xff`},
		{"\xef\xbf", `\xef\xbf`},
		{"\ufffd", "\ufffd"},
		{"\U000e0041", `\U000e0041`},
		{"", `""`},
		{"  ", `"  "`},
		{"東京 🗼 👩‍👩‍👧‍👦 é", "東京 🗼 👩‍👩‍👧‍👦 é"},
	} {
		if got := report.Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestCodeSpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"accuracy", 80, "`accuracy`"},
		{"a`b", 80, "`` a`b ``"},
		{"``", 80, "``` `` ```"},
		{" a ", 80, "`  a  `"},
		{"a|b", 80, "`a|b`"},
		{"abcdef", 4, "`abc…`"},
		{"日本語日本語", 4, "`日本語…`"},
		{"", 80, "`\"\"`"},
	} {
		if got := report.CodeSpan(c.in, c.n); got != c.want {
			t.Errorf("CodeSpan(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestElide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 8, "short"},
		{"acme/TwinLlama-3.1-8B-DPO", 12, "acme/Tw…-DPO"},
		{"abcdef", 3, "ab…"},
		{"東京東京東京東京", 6, "東京東…東京"},
	} {
		if got := report.Elide(c.in, c.n); got != c.want {
			t.Errorf("Elide(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

// FuzzCodeSpan holds the one promise on which everything that came from outside relies: in a paragraph, in a list, in a
// quotation and in a table, there is one code span with the cleaned text, and there is nothing else.
func FuzzCodeSpan(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		span := report.CodeSpan(s, 1<<20)
		want := report.Clean(s)
		if !utf8.ValidString(want) || strings.ContainsFunc(want, unicode.IsControl) {
			t.Fatalf("Clean(%q) = %q does not print", s, want)
		}
		for place, source := range map[string]string{
			"paragraph": span + "\n",
			"quotation": "> [!NOTE]\n> **x**\n> - " + span + "\n",
			"list":      "- " + span + "\n",
			"table":     "| a | b |\n|:--|:--|\n| " + strings.ReplaceAll(span, "|", `\|`) + " | x |\n",
			"footer":    "<sub>hubgate " + span + "</sub>\n",
		} {
			checkSpan(t, place, []byte(source), want)
		}
	})
}

func checkSpan(t *testing.T, place string, source []byte, want string) {
	t.Helper()
	root := parse(source)
	spans := nodes(root, ast.KindCodeSpan)
	if len(spans) != 1 {
		t.Fatalf("%s: %q has %d code spans, want 1", place, source, len(spans))
	}
	got := content(spans[0], source)
	if got != want {
		t.Fatalf("%s: the code span of %q shows %q, want %q", place, source, got, want)
	}
	if cells := nodes(root, east.KindTableCell); place == "table" && len(cells) != 4 {
		t.Fatalf("%q has %d cells, want 4", source, len(cells))
	}
	for _, kind := range []ast.NodeKind{
		ast.KindLink, ast.KindImage, ast.KindAutoLink, ast.KindHTMLBlock, ast.KindHeading, ast.KindFencedCodeBlock, ast.KindCodeBlock,
		ast.KindThematicBreak, east.KindStrikethrough, east.KindTaskCheckBox,
	} {
		if n := nodes(root, kind); len(n) > 0 {
			t.Fatalf("%s: %q has a %v", place, source, kind)
		}
	}
	if n := nodes(root, ast.KindRawHTML); place != "footer" && len(n) > 0 {
		t.Fatalf("%s: %q has HTML", place, source)
	}
}

func TestMarker(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"":           "",
		"evals":      "<!-- hubgate:evals -->",
		"a --> <b>":  "<!-- hubgate:a+--%3E+%3Cb%3E -->",
		`{"os":"x"}`: "<!-- hubgate:%7B%22os%22%3A%22x%22%7D -->",
	} {
		if got := report.Marker(key); got != want {
			t.Errorf("Marker(%q) = %q, want %q", key, got, want)
		}
	}
}
