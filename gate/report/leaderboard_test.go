package report_test

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

// A field is what a namespace holds, by series.
type field struct {
	gate.Leaderboard
	measured []gate.Measured
}

func newField() *field {
	return &field{Leaderboard: gate.Leaderboard{Hub: "https://huggingface.co", Namespace: "acme", Policy: gate.DefaultPolicy()}}
}

// recorded adds a model that this program recorded: a mean and a spread by metric.
func (f *field) recorded(model string, config evalconf.Parts, ms ...gate.Measured) {
	created := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	f.Sets = append(f.Sets, gate.ResultSet{
		Dataset: "acme/" + model + "-results", Model: model, Recorded: true, Run: "20261121T080000Z-0123456789ab",
		Provenance: gate.Provenance{
			Source: "hf://datasets/acme/" + model + "-results@main", Commit: "c0ffee0123456789c0ffee0123456789c0ffee01", SHA256: digest('d'),
			GitSHA: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", RunURL: "https://github.com/acme/app/actions/runs/40", Attempt: 1,
			Created: created, EvalConfig: config,
		},
	})
	f.add(model, config.Fingerprint(), created, ms...)
}

// foreign adds a model whose scores another tool wrote.
func (f *field) foreign(model string, warnings []string, ms ...gate.Measured) {
	created := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	f.Sets = append(f.Sets, gate.ResultSet{Dataset: "acme/" + model + "-results", Model: model, Warnings: warnings, Provenance: gate.Provenance{
		Source: "hf://datasets/acme/" + model + "-results@main", Commit: "beef", Created: created,
	}})
	f.add(model, "", created, ms...)
}

func (f *field) add(model, fingerprint string, created time.Time, ms ...gate.Measured) {
	for _, m := range ms {
		m.Model, m.Dataset, m.Fingerprint, m.Created = model, "acme/"+model+"-results", fingerprint, created
		f.measured = append(f.measured, m)
	}
}

func (f *field) board() gate.Leaderboard {
	f.Rankings = gate.Rank(f.measured, f.Policy)
	return f.Leaderboard
}

// of is a mean of a metric, with a negative spread for none that is known.
func of(task, metric string, n, missing int, mean, sd float64) gate.Measured {
	m := gate.Measured{Series: gate.Series{Key: score.Key{Task: task}, Metric: metric}, N: n, Missing: missing, Mean: mean}
	if sd >= 0 {
		m.SD = &sd
	}
	return m
}

func marked(m gate.Measured) gate.Measured {
	m.Hint.Scale = &score.Scale{Min: 1, Max: 3}
	return m
}

// boards make leaderboards of every kind, by the name of their files.
func boards() map[string]func() gate.Leaderboard {
	judge := evalconf.Parts{"judge.model": "gpt-4o-mini", "file:evals/rubric.md": digest('a')}
	return map[string]func() gate.Leaderboard{
		"leaderboard": func() gate.Leaderboard {
			f := newField()
			cost := of("", "latency_ms", 100, 0, 1210, 88)
			cost.Hint.Direction = gate.Lower
			f.recorded("TwinLlama-3.1-8B", judge, marked(of("", "accuracy", 100, 2, 2.59, 0.64)), marked(of("", "style", 100, 2, 2.05, 0.69)), cost)
			cost = of("", "latency_ms", 102, 0, 1450, 92)
			cost.Hint.Direction = gate.Lower
			f.recorded("TwinLlama-3.1-8B-DPO", judge, marked(of("", "accuracy", 102, 0, 2.55, 0.66)), marked(of("", "style", 102, 0, 2.31, 0.65)), cost)
			f.recorded("TinyLlama", judge, marked(of("", "accuracy", 102, 0, 1.9, 0.7)), marked(of("", "style", 4, 98, 2.25, 0.5)))
			f.recorded("Rejudged", evalconf.Parts{"judge.model": "gpt-4.1"}, marked(of("", "accuracy", 102, 0, 2.9, 0.3)), of("", "style", 102, 0, 4.1, 0.7))
			f.foreign("Handbook", []string{"of the splits of acme/Handbook-results, all, test hold scores: test was taken"},
				marked(of("", "accuracy", 1000, 0, 2.7, 0.6)), marked(of("", "style", 0, 1000, 0, -1)))
			f.Skipped = []gate.SkippedSet{{Dataset: "acme/notes-results", Reason: "it holds no scores"}, {Dataset: "acme/secret-results", Reason: "dataset not found, or hidden; set hf-token to a token with read access"}}
			return f.board()
		},
		"leaderboard-unknown": func() gate.Leaderboard {
			f := newField()
			f.Hub = "hub"
			pass := of("arithmetic", "exact_match,strict-match", 200, 0, 1, 0)
			pass.PassFail = true
			f.foreign("a", nil, pass, of("geometry", "exact_match,strict-match", 200, 0, 0.61, 0.4883))
			pass = of("arithmetic", "exact_match,strict-match", 200, 0, 0.5, 0.5013)
			pass.PassFail = true
			f.foreign("b", nil, pass, of("geometry", "exact_match,strict-match", 2000, 0, 0.64, 0.4801))
			up, down := of("", "speed", 9, 0, 3, 1), of("", "speed", 9, 0, 4, 1)
			up.Hint.Direction, down.Hint.Direction = gate.Higher, gate.Lower
			f.foreign("c", nil, up)
			f.foreign("d", nil, down)
			return f.board()
		},
		"leaderboard-empty": func() gate.Leaderboard { return newField().board() },
		"leaderboard-hostile": func() gate.Leaderboard {
			f := newField()
			f.Hub, f.Namespace = "https://x](https://example.org)", "a|`b`\n# c"
			for i, name := range hostileNames {
				f.recorded(name, evalconf.Parts{name: name}, of("", "accuracy", 10, 0, float64(i), 1))
				f.foreign(name, []string{"saw " + name}, of(name, name, 10, 0, float64(i), 1))
				f.Skipped = append(f.Skipped, gate.SkippedSet{Dataset: name, Reason: name + name})
			}
			return f.board()
		},
	}
}

func encodeBoard(tb testing.TB, l gate.Leaderboard) []byte {
	tb.Helper()
	b, err := report.LeaderboardJSON(l, report.Tool{Name: "hubgate", Version: "1.0.0"})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestLeaderboardGolden(t *testing.T) {
	t.Parallel()
	for name, make := range boards() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := make()
			md := report.LeaderboardMarkdown(l, "1.0.0")
			checkBoard(t, md)
			compareGolden(t, name+".md", []byte(md))
			o := report.TextOptions{Files: []string{"hubgate-report/leaderboard.md"}}
			text := report.LeaderboardText(l, o)
			o.Width = 60
			narrow := report.LeaderboardText(l, o)
			checkText(t, text, 100)
			checkText(t, narrow, 60)
			compareGolden(t, name+".txt", []byte(text+"\n"+strings.Repeat("=", 60)+"\n"+narrow))
			if name != "leaderboard-hostile" { // the file would say nothing more, at length
				compareGolden(t, name+".json", encodeBoard(t, l))
			}
		})
	}
}

// checkBoard holds a page to be inert: no HTML but our own, no link but to datasets, every row as wide as its head.
func checkBoard(t *testing.T, md string) {
	t.Helper()
	source := []byte(md)
	root := parse(source)
	checkInert(t, root, source, ast.KindImage, ast.KindAutoLink, ast.KindFencedCodeBlock, ast.KindCodeBlock, ast.KindThematicBreak, ast.KindBlockquote, east.KindStrikethrough, east.KindTaskCheckBox)
	for _, n := range nodes(root, ast.KindLink) {
		if to := string(n.(*ast.Link).Destination); !strings.HasPrefix(to, "https://huggingface.co/datasets/acme/") {
			t.Errorf("the page links to %q", to)
		}
	}
	checkTables(t, root)
}

func compileBoardSchema(tb testing.TB) *jsonschema.Schema {
	tb.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", decode(tb, report.LeaderboardSchema())); err != nil {
		tb.Fatal(err)
	}
	return c.MustCompile("schema.json")
}

func TestLeaderboardSchemaHolds(t *testing.T) {
	t.Parallel()
	schema := compileBoardSchema(t)
	for name, make := range boards() {
		if err := schema.Validate(decode(t, encodeBoard(t, make()))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLeaderboardSchemaRefuses mutates a leaderboard everywhere and wants every mutant refused.
func TestLeaderboardSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := compileBoardSchema(t)
	doc := decode(t, encodeBoard(t, boards()["leaderboard"]())).(map[string]any)
	first := doc["rankings"].([]any)[0].(map[string]any)
	first["places"] = first["places"].([]any)[1:2] // which has every key, and none of them null
	refused := 0
	wantRefused := func(what string) {
		t.Helper()
		var e *jsonschema.ValidationError
		if err := schema.Validate(doc); !errors.As(err, &e) {
			t.Errorf("%s: got %v, want it refused", what, err)
		}
		refused++
	}
	walkObjects("", doc, func(path string, o map[string]any) {
		free := strings.HasSuffix(path, "/parts")
		for _, k := range slices.Sorted(maps.Keys(o)) {
			old := o[k]
			if !free {
				delete(o, k)
				wantRefused(path + "/" + k + " deleted")
			}
			o[k] = []any{[]any{}}
			wantRefused(path + "/" + k + " made a list of lists")
			o[k] = old
		}
		if !free {
			o["another"] = 1
			wantRefused(path + " with another key")
			delete(o, "another")
		}
	})
	for _, mutant := range []struct {
		key   string
		value any
	}{{"standing", "first"}, {"standing", "unscored"}, {"rank", nil}, {"mean", nil}, {"n", -1}, {"rank", []any{0, 1}}} {
		place := first["places"].([]any)[0].(map[string]any)
		old := place[mutant.key]
		place[mutant.key] = mutant.value
		wantRefused(mutant.key)
		place[mutant.key] = old
	}
	if err := schema.Validate(doc); err != nil || refused < 100 {
		t.Errorf("after %d mutants: %v", refused, err)
	}
}

// Numbers that are none are null, and the same leaderboard has the same bytes.
func TestLeaderboardBytes(t *testing.T) {
	t.Parallel()
	for name, make := range boards() {
		a, b := make(), make()
		if !bytes.Equal(encodeBoard(t, a), encodeBoard(t, b)) || report.LeaderboardMarkdown(a, "") != report.LeaderboardMarkdown(b, "") {
			t.Errorf("%s: two files differ", name)
		}
	}
	f := newField()
	f.recorded("a", nil, of("", "accuracy", 9, 0, math.MaxFloat64, math.MaxFloat64), of("", "style", 1, 0, 1, -1))
	f.recorded("b", nil, of("", "accuracy", 9, 0, -math.MaxFloat64, 0))
	got := encodeBoard(t, f.board())
	if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("Inf")) {
		t.Error("a number that JSON has not")
	}
	if err := compileBoardSchema(t).Validate(decode(t, got)); err != nil {
		t.Error(err)
	}
}

// No name begins a line, or stands in one, so that a runner takes it for a command.
func TestLeaderboardHoldsNoCommands(t *testing.T) {
	t.Parallel()
	f := newField()
	for _, name := range []string{"::add-mask::x", "a ##[error]x", strings.Repeat("::stop-commands::x ", 9)} {
		f.recorded(name, nil, of(name, name, 9, 0, 1, 1), of("", name, 9, 0, 1, 1))
	}
	l := f.board()
	run := gate.RecordedRun{AcceptedBy: "::add-mask::x", AcceptedWhy: strings.Repeat("::add-mask::x ", 9) + "##[error]"}
	for _, width := range []int{40, 60, 100} {
		o := report.TextOptions{Width: width}
		text := report.LeaderboardText(l, o) + report.HistoryText("acme/x", []gate.RecordedRun{run}, o)
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
				t.Errorf("at width %d a line is a command: %q", width, line)
			}
		}
		if !strings.Contains(text, `\x3a:add-mask::x`) || !strings.Contains(text, `#\x23[error]x`) {
			t.Errorf("at width %d the names are lost:\n%s", width, text)
		}
	}
}

// What is not ranked never looks as if it were.
func TestLeaderboardSaysWhy(t *testing.T) {
	t.Parallel()
	l := boards()["leaderboard"]()
	text := report.LeaderboardText(l, report.TextOptions{Width: 140})
	for _, want := range []string{"judged by another configuration", "not known to be judged alike", "no usable score", "acme/notes-results is not used: it holds no scores",
		"Not measured on this: Handbook, Rejudged, TinyLlama."} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	unknown := report.LeaderboardText(boards()["leaderboard-unknown"](), report.TextOptions{Width: 140})
	for _, want := range []string{"judge and rubric: not checked", "did not answer the same questions", "nothing is ranked; set the direction"} {
		if !strings.Contains(unknown, want) {
			t.Errorf("the text lacks %q:\n%s", want, unknown)
		}
	}
	twice := newField()
	twice.recorded("m", nil, of("", "accuracy", 9, 0, 1, 1))
	twice.add("m", "", time.Time{}, of("", "accuracy", 9, 0, 2, 1))
	twice.measured[1].Dataset = "acme/m-nightly-results"
	if text := report.LeaderboardText(twice.board(), report.TextOptions{}); !strings.Contains(text, "m of acme/m-results") || !strings.Contains(text, "m of acme/m-nightly-results") {
		t.Errorf("two datasets of one model are not told apart:\n%s", text)
	}
	narrow := strings.Join(strings.Fields(report.LeaderboardText(l, report.TextOptions{Width: 40})), " ")
	for _, want := range []string{"– Rejudged", "Not ranked, judged by another configuration: Rejudged."} {
		if !strings.Contains(narrow, want) {
			t.Errorf("at width 40 the text lacks %q:\n%s", want, narrow)
		}
	}
}
