package report_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

// A maker makes runs of generated scores, always the same ones.
type maker struct {
	tb      testing.TB
	builder score.Builder
	rng     *rand.Rand
	rows    int
}

func newMaker(tb testing.TB) *maker {
	m := &maker{tb: tb, rng: rand.New(rand.NewPCG(1, 2))}
	m.builder.File("results/scores.jsonl")
	return m
}

func (m *maker) add(model, task, id string, values ...score.Value) {
	m.tb.Helper()
	m.sample(score.Sample{Key: score.Key{Model: model, Task: task}, ID: id, Scores: values})
}

func (m *maker) sample(s score.Sample) {
	m.tb.Helper()
	m.rows++
	s.Row = m.rows
	if err := m.builder.Add(s); err != nil {
		m.tb.Fatal(err)
	}
}

func (m *maker) run() gate.Run {
	m.tb.Helper()
	tables, err := m.builder.Build()
	if err != nil {
		m.tb.Fatal(err)
	}
	return gate.Run{Tables: tables, Provenance: gate.Provenance{
		Source: "results/*.jsonl", SHA256: score.SHA256(tables), GitSHA: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
		RunURL: "https://github.com/acme/app/actions/runs/42", Created: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), Attempt: 2,
		EvalConfig: evalconf.Parts{"judge.model": "gpt-4o-mini", "file:evals/rubric.md": digest('a')},
	}}
}

func digest(c byte) string { return "sha256:" + strings.Repeat(string(c), 64) }

// asBaseline is the run as it was recorded two days earlier.
func asBaseline(r gate.Run) gate.Run {
	p := r.Provenance
	p.Source, p.Commit = "hf://datasets/acme/TwinLlama-3.1-8B-results@main", "c0ffee0123456789c0ffee0123456789c0ffee01"
	p.GitSHA, p.RunURL, p.Attempt = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "https://github.com/acme/app/actions/runs/40", 1
	p.Created = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	r.Provenance = p
	return r
}

// marks are scores from 1 to 3: worse ones with more of shift, from −1 to 1, than the sample's own difficulty gives.
func marks(rng *rand.Rand, difficulty, shift float64) float64 {
	x := difficulty + 0.6*rng.NormFloat64() - shift
	switch {
	case x < -1.2:
		return 1
	case x < -0.3:
		return 2
	}
	return 3
}

// handbook is a run of n samples of models, marked for accuracy and style. shift is how much worse each model's accuracy
// and style are.
func handbook(tb testing.TB, seed uint64, n int, shift map[string][2]float64, missing int) gate.Run {
	m := newMaker(tb)
	for _, model := range sortedKeys(shift) {
		difficulty := rand.New(rand.NewPCG(7, 7)) // the same questions in every run
		m.rng = rand.New(rand.NewPCG(seed, uint64(len(model))))
		for i := range n {
			d := difficulty.NormFloat64()
			accuracy := score.Value{Metric: "accuracy", Score: marks(m.rng, d, shift[model][0])}
			style := score.Value{Metric: "style", Score: marks(m.rng, d, shift[model][1])}
			if i < missing {
				accuracy = score.Value{Metric: "accuracy", Cause: score.Null}
			}
			m.add(model, "", fmt.Sprintf("q%03d", i), accuracy, style)
		}
	}
	return m.run()
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i; j > 0 && keys[j] < keys[j-1]; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	return keys
}

func policy(change ...func(*gate.Policy)) gate.Policy {
	p := gate.DefaultPolicy()
	scale := score.Scale{Min: 1, Max: 3}
	p.Criteria = []gate.Criterion{
		{Metric: "accuracy", Scale: &scale, Line: 5},
		{Metric: "style", Scale: &scale, Line: 6},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// against gives every model of the candidate its part of the baseline.
func against(candidate, baseline gate.Run) map[string]gate.Baseline {
	out := map[string]gate.Baseline{}
	for _, model := range candidate.Models() {
		if only := baseline.Only(model); len(only.Tables) > 0 {
			out[model] = gate.Baseline{Run: &only}
		}
	}
	return out
}

// A golden is a report and the page made of it.
type golden struct {
	report gate.Report
	page   report.Page
}

func page() report.Page {
	return report.Page{
		Limit: report.CommentLimit, Key: "evals", Samples: report.SampleIDs, Version: "1.0.0",
		Links: report.Links{
			CommitURL: "https://github.com/acme/app/commit/",
			PolicyURL: "https://github.com/acme/app/blob/main/.github/hubgate.yml",
		},
		Rerun:  "hubgate check --results 'results/*.jsonl' --namespace acme",
		Accept: true,
	}
}

const (
	llama = "acme/TwinLlama-3.1-8B"
	dpo   = "acme/TwinLlama-3.1-8B-DPO"
	mini  = "acme/Mini"
)

func three(accuracy, style float64) map[string][2]float64 {
	return map[string][2]float64{llama: {accuracy, style}, dpo: {}, mini: {}}
}
