package report_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens make reports of every kind, by the name of their files.
func goldens(tb testing.TB) map[string]func() golden {
	tb.Helper()
	base := func() gate.Run { return asBaseline(handbook(tb, 1, 100, three(0, 0), 0)) }
	big := func() gate.Run { return asBaseline(handbook(tb, 1, 600, only(0, 0), 0)) }
	return map[string]func() golden{
		"regression": func() golden {
			shift := map[string][2]float64{llama: {0.45, 0.1}, dpo: {0, -0.5}, mini: {}}
			return withTexts(published(evaluate(handbook(tb, 2, 102, shift, 2), base(), policy())))
		},
		"held":     func() golden { return evaluate(handbook(tb, 3, 600, only(0, 0), 0), big(), policy()) },
		"improved": func() golden { return evaluate(handbook(tb, 3, 600, only(-0.5, 0), 0), big(), policy()) },
		"inconclusive": func() golden {
			return evaluate(handbook(tb, 4, 12, only(0.2, 0), 0), asBaseline(handbook(tb, 1, 12, only(0, 0), 0)), policy())
		},
		"accepted": func() golden {
			g := published(evaluate(handbook(tb, 2, 102, three(0.45, 0.1), 2), base(), policy()))
			g.report = g.report.Accept(gate.Acceptance{
				By: "ada", Reason: "the old judge was too kind: see the discussion in #12", At: time.Date(2026, 11, 23, 9, 20, 0, 0, time.UTC),
				SHA: g.report.Candidate.GitSHA, URL: "https://github.com/acme/app/pull/7#issuecomment-1",
			})
			g.report.Candidate.Attempt = 3
			g.page.Attempts = []report.Attempt{{Number: 1, Decision: gate.Fail}, {Number: 2, Decision: gate.Fail}}
			return g
		},
		"first-run": func() golden { return published(evaluate(handbook(tb, 2, 100, only(0, 0), 0), gate.Run{}, policy())) },
		"no-models": func() golden { return golden{gate.Evaluate(gate.Run{}, nil, policy()), page()} },
		"described": func() golden { return golden{gate.Describe(handbook(tb, 2, 102, three(0, 0), 2), policy()), page()} },
		"unpaired": func() golden {
			return evaluate(anonymous(tb, 2, 100, 0.9), asBaseline(anonymous(tb, 1, 120, 0.6)), gate.DefaultPolicy())
		},
		"latency":      func() golden { return evaluate(latency(tb, 2, 200, 30), asBaseline(latency(tb, 1, 200, 0)), lower()) },
		"hostile":      func() golden { return hostile(tb) },
		"many":         func() golden { return many(tb) },
		"incomparable": func() golden { return evaluate(rejudged(handbook(tb, 2, 100, only(0.4, 0), 0)), base(), policy()) },
		"report-only": func() golden {
			unchecked := handbook(tb, 2, 600, only(0.2, 0), 0)
			unchecked.Provenance.EvalConfig = nil
			g := evaluate(unchecked, big(), policy())
			g.page.ReportOnly, g.page.Accept, g.page.Samples = true, false, report.NoSamples
			return g
		},
		"undecided": func() golden {
			candidate := handbook(tb, 2, 100, three(0, 0), 0)
			baselines := against(candidate, base())
			baselines[dpo] = gate.Baseline{Unreadable: errors.New("hf://datasets/acme/TwinLlama-3.1-8B-DPO-results@main: not found, or the token cannot see it (404); set hf-token to a token with read access")}
			return golden{gate.Evaluate(candidate, baselines, policy()), page()}
		},
		"missing": func() golden {
			return evaluate(without(tb, handbook(tb, 2, 100, three(0, 0), 0), "style"), base(), policy(func(p *gate.Policy) {
				p.Models = []gate.ModelPolicy{{Model: "acme/Gone", Line: 12}}
			}))
		},
		"groups": func() golden {
			candidate, baseline := passages(tb, 2, 4), asBaseline(passages(tb, 1, 0))
			baselines := against(candidate, baseline)
			b := baselines[llama]
			b.Replicates = map[gate.Series][]float64{{Key: score.Key{Model: llama}, Metric: "accuracy"}: {2.31, 2.29, 2.34, 2.30}}
			baselines[llama] = b
			return golden{gate.Evaluate(candidate, baselines, policy()), page()}
		},
		"reshaped": func() golden {
			return evaluate(shaped(tb, 1, 3, 3, 3), asBaseline(shaped(tb, 2, 2, 3, 3)), policy())
		},
		"noninferiority": func() golden {
			return evaluate(answers(tb, 7, 7), asBaseline(answers(tb, 9, 0)), policy(func(p *gate.Policy) { p.Rule = gate.NonInferiority }))
		},
		"missing-at-worst": func() golden {
			return evaluate(handbook(tb, 3, 600, only(0, 0), 25), big(), policy())
		},
		"breached": func() golden {
			return evaluate(handbook(tb, 2, 100, only(0.1, 0), 9), base(), policy(func(p *gate.Policy) {
				p.Criteria[0].MustPass = []string{"q002", "q013", "q045", "q099"}
				p.Criteria[1].Min = new(2.6)
			}))
		},
	}
}

func evaluate(candidate, baseline gate.Run, p gate.Policy) golden {
	return golden{gate.Evaluate(candidate, against(candidate, baseline), p), page()}
}

func only(accuracy, style float64) map[string][2]float64 {
	return map[string][2]float64{llama: {accuracy, style}}
}

// passages is a run of 200 questions about 20 passages, three trials each, in which the first few passages are worse.
func passages(tb testing.TB, seed uint64, worse int) gate.Run {
	m := newMaker(tb)
	difficulty := rand.New(rand.NewPCG(7, 7))
	m.rng = rand.New(rand.NewPCG(seed, seed))
	for i := range 200 {
		d, shift := difficulty.NormFloat64(), 0.0
		if i/10 < worse {
			shift = 1.5
		}
		for trial := range 3 {
			m.sample(score.Sample{
				Key: score.Key{Model: llama}, ID: fmt.Sprintf("q%03d", i), Group: fmt.Sprintf("passage %d", i/10), Trial: trial,
				Scores: []score.Value{{Metric: "accuracy", Score: marks(m.rng, d, shift)}},
			})
		}
	}
	return m.run()
}

// shaped is a run of 200 samples with the scores by turns, not one as before.
func shaped(tb testing.TB, scores ...float64) gate.Run {
	m := newMaker(tb)
	for i := range 200 {
		m.add(llama, "", fmt.Sprintf("q%03d", i), score.Value{Metric: "accuracy", Score: scores[i%len(scores)]})
	}
	return m.run()
}

// answers is a run of 300 samples of two tasks that pass or fail, one in so many failing, and of the rest some others.
func answers(tb testing.TB, every, more int) gate.Run {
	m := newMaker(tb)
	for i := range 300 {
		pass := 1.0
		if i%every == 0 || more > 0 && i%(5*more) == 1 {
			pass = 0
		}
		m.add(llama, []string{"arithmetic", "geometry"}[i%2], fmt.Sprintf("q%03d", i), score.Value{Metric: "exact_match", Score: pass})
	}
	return m.run()
}

// rejudged is a run of another judge, rubric and temperature.
func rejudged(r gate.Run) gate.Run {
	r.Provenance.EvalConfig = evalconf.Parts{"judge.model": "gpt-4.1", "judge.temperature": "0", "file:evals/rubric.md": digest('b')}
	return r
}

func published(g golden) golden {
	for i := range g.report.Models {
		m := &g.report.Models[i]
		repo := m.Model + "-results"
		m.Published = &gate.Publication{Repo: repo, URL: "https://huggingface.co/datasets/" + repo, Commit: digest('c')[7:47], Branch: "main",
			Baseline: m.Decision() != gate.Fail}
	}
	return g
}

// withTexts gives the samples of a page texts, as a judge would.
func withTexts(g golden) golden {
	g.page.Samples = report.SampleTexts
	g.page.Texts = map[report.Place]report.SampleText{}
	for _, m := range g.report.Models {
		for _, f := range m.Findings {
			for i := range f.MostMoved {
				move := &f.MostMoved[i]
				move.BaseFile = "hf://datasets/acme/m-results@c0ffee012345/data/test-00000-of-00001.parquet"
				input := fmt.Sprintf("Explain vector indexes in %d sentences.", i+2)
				g.page.Texts[report.Place{File: move.File, Row: move.Row}] = report.SampleText{
					Input:       input,
					Answer:      "A vector index finds near neighbours.",
					Explanation: "Confuses IVF with HNSW and states that a product quantiser is exact, which it is not; the second sentence repeats the first, and there is no third.",
				}
				g.page.Texts[report.Place{File: move.BaseFile, Row: move.BaseRow}] = report.SampleText{
					Input:       input,
					Answer:      "A vector index groups similar vectors, so that a search looks at a few groups only. It trades recall for speed.",
					Explanation: "Correct, and as long as was asked for.",
				}
			}
		}
	}
	return g
}

// without is a run that lacks a metric.
func without(tb testing.TB, r gate.Run, metric string) gate.Run {
	tb.Helper()
	tables := slices.Clone(r.Tables)
	for i, t := range tables {
		tables[i] = t.WithColumns(slices.DeleteFunc(slices.Clone(t.Columns()), func(c score.Column) bool { return c.Metric == metric }))
	}
	r.Tables = tables
	return r
}

// anonymous is a run of pass/fail scores without ids, on two tasks.
func anonymous(tb testing.TB, seed uint64, n int, share float64) gate.Run {
	m := newMaker(tb)
	for _, task := range []string{"arithmetic", "geometry"} {
		for i := range n {
			pass := 0.0
			if float64((i*7+int(seed)*3)%n) < share*float64(n) {
				pass = 1
			}
			m.add(llama, task, "", score.Value{Metric: "exact_match,strict-match", Score: pass})
		}
	}
	return m.run()
}

// latency is a run of a metric of which less is better.
func latency(tb testing.TB, seed uint64, n int, more float64) gate.Run {
	m := newMaker(tb)
	for i := range n {
		ms := 1200 + 400*float64((i*37)%n)/float64(n) + float64((i*int(seed)*13)%50) + more*4
		m.add(llama, "", fmt.Sprint("q", i), score.Value{Metric: "latency_ms", Score: ms})
	}
	return m.run()
}

func lower() gate.Policy {
	return policy(func(p *gate.Policy) {
		p.Criteria = []gate.Criterion{{Metric: "latency_*", Direction: gate.Lower, MaxLoss: &gate.Loss{Value: 5, Percent: true}, Tier: gate.Supporting}}
	})
}

// hostileNames try everything that Markdown and terminals do with text.
var hostileNames = []string{
	"a|b", "`", "``", "a`b``c```d", "` |", "|", `\`, `\|`, "a\nb", "a\r\n\r\n# heading", "@octocat", "#1", "acme/app#2", "GH-3",
	"<img src=x onerror=alert(1)>", "</details>", "<!-- hubgate:evals -->", "-->", "[x](https://example.org)", "![x](https://example.org/x.png)",
	"https://example.org", "www.example.org", "me@example.org", "**bold**", "_em_", "~~gone~~", "$x^2$", ":tada:", "::error::no",
	"\x1b[31mred\x1b[0m", "\x00", "a\u202eb", "a\u2066b", "\u200b", " ", "  lead and trail  ", "\xff\xfe", "ﷺ", "東京の🗼モデル", "👩‍👩‍👧‍👦", "é\u0301\u0301",
	"---", "> quote", "- item", "1. item", "    code", "&lt;b&gt;", "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
	strings.Repeat("long ", 60), "\ufeffbom", "\u2028line", "a\tb", "\u00ad", "{{ secrets.X }}", "##[error]no", "\u3000::add-mask::x",
}

// hostile is a report whose every name is hostile.
func hostile(tb testing.TB) golden {
	run := func(worse float64) gate.Run {
		m := newMaker(tb)
		for i, name := range hostileNames {
			for j := range 8 {
				v := float64(1 + j%3)
				if j > 2 {
					v -= worse * float64(j%2)
				}
				m.add(name, hostileNames[(i+1)%len(hostileNames)], fmt.Sprint(name, j), score.Value{Metric: hostileNames[(i+2)%len(hostileNames)], Score: v})
			}
		}
		return m.run()
	}
	candidate, baseline := run(1), run(0)
	for i, name := range hostileNames {
		if candidate.Provenance.EvalConfig == nil || i == 0 {
			candidate.Provenance.EvalConfig, baseline.Provenance.EvalConfig = evalconf.Parts{}, evalconf.Parts{}
		}
		candidate.Provenance.EvalConfig[name], baseline.Provenance.EvalConfig[name] = "same", "same"
	}
	baseline = asBaseline(baseline)
	baseline.Provenance.Source, baseline.Provenance.GitSHA, baseline.Provenance.Commit = "data/`a`|b.jsonl\n# x", "", "main](https://example.org)"
	zero := 5.0
	g := golden{gate.Evaluate(candidate, against(candidate, baseline), policy(func(p *gate.Policy) {
		p.Criteria = nil
		p.Defaults.Min = &zero
	})), page()}
	for i := range g.report.Models {
		g.report.Models[i].Warnings = append(g.report.Models[i].Warnings, "saw "+g.report.Models[i].Model)
	}
	g.report.Warnings = append(g.report.Warnings, "a\n\n| b |\n|---|\n")
	g.page.Samples, g.page.Texts = report.SampleTexts, map[report.Place]report.SampleText{}
	for i := range 1000 {
		name := hostileNames[i%len(hostileNames)]
		g.page.Texts[report.Place{File: "results/scores.jsonl", Row: i}] = report.SampleText{Input: name, Explanation: name + name}
	}
	g.page.Key, g.page.Rerun = "a --><script>", "hubgate '`'\n| x"
	g.page.Links.PolicyURL = "javascript:alert(1)"
	return g
}

// many is a report of 400 models and six metrics, of which forty models have regressed.
func many(tb testing.TB) golden {
	run := func(worse bool) gate.Run {
		m := newMaker(tb)
		for i := range 400 {
			for j := range 40 {
				values := make([]score.Value, 6)
				for k := range values {
					values[k] = score.Value{Metric: fmt.Sprint("metric_", k+1), Score: float64(1 + (i+j*k+j)%3)}
					if worse && i%10 == 3 && j%8 != 0 {
						values[k].Score = 1
					}
				}
				m.add(fmt.Sprintf("acme/TwinLlama-3.1-8B-checkpoint-%04d", i*50), "", fmt.Sprint("q", j), values...)
			}
		}
		return m.run()
	}
	candidate := run(true)
	g := golden{gate.Evaluate(candidate, against(candidate, asBaseline(run(false))), gate.DefaultPolicy()), page()}
	g.page.Samples = report.SampleIDs
	return g
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./gate/report -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-want +got); after a look, run go test ./gate/report -update\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, make := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := make()
			md := report.Markdown(g.report, g.page)
			checkMarkdown(t, g, md)
			compareGolden(t, name+".md", []byte(md))
			o := report.TextOptions{ReportOnly: g.page.ReportOnly, Files: []string{"hubgate-report/report.md"}}
			text := report.Text(g.report, o)
			o.Width = 60
			narrow := report.Text(g.report, o)
			checkText(t, text, 100)
			checkText(t, narrow, 60)
			compareGolden(t, name+".txt", []byte(text+"\n"+strings.Repeat("=", 60)+"\n"+narrow))
			j, err := report.JSON(g.report, report.Tool{Name: "hubgate", Version: "1.0.0"})
			if err != nil {
				t.Fatal(err)
			}
			if name == "many" || name == "hostile" {
				return // the files would say nothing more, at length
			}
			compareGolden(t, name+".json", j)
		})
	}
}

// checkText looks for what may not reach a terminal.
func checkText(t *testing.T, text string, width int) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("the text is not UTF-8")
	}
	for i, line := range strings.Split(text, "\n") {
		if got := report.Width(line); got > width {
			t.Errorf("line %d is %d columns wide, want at most %d: %s", i+1, got, width, line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("line %d is a command to a runner: %q", i+1, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends in spaces: %q", i+1, line)
		}
		if clean := report.Clean(line); line != "" && clean != line {
			t.Errorf("line %d holds what does not print: %q", i+1, line)
		}
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	g := goldens(t)["regression"]()
	plain := report.Text(g.report, report.TextOptions{})
	coloured := report.Text(g.report, report.TextOptions{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("plain text has escape sequences")
	}
	if !strings.Contains(coloured, "\x1b[31m\x1b[1mFAIL\x1b[0m") {
		t.Errorf("the verdict is not red: %q", strings.SplitN(coloured, "\n", 2)[0])
	}
	stripped := coloured
	for _, code := range []string{"0", "1", "2", "31", "32", "33", "36"} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+code+"m", "")
	}
	if diff := cmp.Diff(plain, stripped); diff != "" {
		t.Errorf("colour changes more than colour (-plain +coloured):\n%s", diff)
	}
}

func TestSameBytes(t *testing.T) {
	t.Parallel()
	all := goldens(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a, b := all[name](), all[name]()
		if report.Markdown(a.report, a.page) != report.Markdown(b.report, b.page) {
			t.Errorf("%s: two pages differ", name)
		}
		if !bytes.Equal(encode(t, a.report), encode(t, b.report)) {
			t.Errorf("%s: two reports differ", name)
		}
	}
}
