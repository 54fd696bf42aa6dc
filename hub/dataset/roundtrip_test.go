package dataset_test

import (
	"errors"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub/dataset"
)

const handbook = "../../testdata/scores/handbook/"

// publishAndFind publishes a run and returns the baseline of a later commit of the code.
func publishAndFind(t *testing.T, b *bench, p dataset.Push) dataset.Found {
	t.Helper()
	b.publish(p)
	q := dataset.Query{Repo: repo, Model: p.Model.Model, SHA256: "another", GitSHA: "later", Options: p.Options}
	found, err := dataset.Baseline(t.Context(), b.hub, q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(found.Close)
	return found
}

// checkSame holds a baseline to be the run that was published, read from data/ and without a warning.
func checkSame(t *testing.T, found dataset.Found, p dataset.Push) {
	t.Helper()
	if found.Unreadable != nil || found.Run == nil {
		t.Fatalf("unreadable: %v", found.Unreadable)
	}
	if got := digest(*found.Run); got != p.SHA256 || found.Run.Provenance.SHA256 != got {
		t.Errorf("digest %s, %s, want %s", got, found.Run.Provenance.SHA256, p.SHA256)
	}
	if len(found.Warnings) > 0 {
		t.Errorf("warnings %q", found.Warnings)
	}
}

// Whatever form a run came in, the baseline that is read back is the run that was published, to the last score, on the scales that
// it was judged on, and nothing was lost on the way: compared with itself it pairs whole.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	shapes, err := filepath.Glob(handbook + "shapes/*")
	if err != nil || len(shapes) < 9 {
		t.Fatal(shapes, err)
	}
	for _, shape := range append(shapes, handbook+"baseline/TwinLlama-3.1-8B.jsonl") {
		for _, withText := range []bool{true, false} {
			name := filepath.Base(shape)
			if !withText {
				name += "/no-text"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				o := codec.Options{Inputs: true}
				const twin = "acme/TwinLlama-3.1-8B"
				if name := filepath.Base(shape); name == "handbook-test.parquet" || name == "evaluation-text.parquet" {
					o.ModelID = twin
				}
				r := read(t, o, disk(t, filepath.ToSlash(shape)))
				p := only(b, r, twin)
				p.Text = withText
				found := publishAndFind(t, b, p)
				checkSame(t, found, p)
				for metric, hint := range r.Hints {
					if got := found.Run.Hints[metric]; (hint.Scale == nil) != (got.Scale == nil) || hint.Scale != nil && *got.Scale != *hint.Scale {
						t.Errorf("%s: scale %v, want %v", metric, got.Scale, hint.Scale)
					}
				}
				rep := gate.Evaluate(r.Run, map[string]gate.Baseline{twin: found.Baseline}, gate.DefaultPolicy())
				for _, f := range rep.Models[0].Findings {
					if f.Paired != f.Candidate.N || f.Baseline.N != f.Candidate.N {
						t.Errorf("%s: paired %d of %d", f.Metric, f.Paired, f.Candidate.N)
					}
				}
			})
		}
	}
}

// One of three models in one file, or in a file each, is published alone.
func TestRoundTripOfSeveralModels(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(handbook + "baseline/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var files []codec.File
	for _, name := range names {
		files = append(files, disk(t, filepath.ToSlash(name)))
	}
	r := read(t, codec.Options{}, files...)
	if len(r.Models()) != 3 {
		t.Fatalf("models %q", r.Models())
	}
	for _, name := range r.Models() {
		b := newBench(t)
		p := only(b, r, name)
		checkSame(t, publishAndFind(t, b, p), p)
	}
}

// Runs whose columns alone do not tell what was judged, and odd ones.
func TestRoundTripOfOddRuns(t *testing.T) {
	t.Parallel()
	marks := func(string) (score.Scale, bool) { return score.Scale{Min: 1, Max: 3}, true }
	for _, tt := range []struct {
		name    string
		options codec.Options
		content string
	}{
		{"renamed", codec.Options{Metrics: []codec.Metric{{Name: "right", Path: "judge.v.score"}}},
			`{"model":"acme/m","id":"a","judge":{"v":{"score":1,"why":"x"}},"accuracy":0.2}` + "\n" + `{"model":"acme/m","id":"b","judge":{"v":{"score":0}}}`},
		{"path", codec.Options{Metrics: []codec.Metric{{Name: "evaluation.accuracy.score", Path: "evaluation.accuracy.score"}}},
			`{"model":"acme/m","id":"a","evaluation":{"accuracy":{"score":1}}}` + "\n" + `{"model":"acme/m","id":"b","evaluation":{"accuracy":{"score":3}}}`},
		{"one metric of two columns", codec.Options{},
			`{"model":"acme/m","id":"a","accuracy":1}` + "\n" + `{"model":"acme/m","id":"b","evaluation":{"accuracy":{"score":3}}}`},
		{"named columns", codec.Options{ID: "meta.key", Model: "meta.model", Task: "suite", Group: "doc", Trial: "take"},
			`{"meta":{"key":"a","model":"acme/m"},"suite":"s","doc":"d","take":1,"accuracy":1}` + "\n" + `{"meta":{"key":"a","model":"acme/m"},"suite":"s","doc":"d","take":2,"accuracy":0}`},
		{"trials of inputs", codec.Options{Trial: "take"},
			`{"model":"acme/m","prompt":"a","accuracy":1,"take":0}` + "\n" + `{"model":"acme/m","prompt":"a","accuracy":0,"take":1}` + "\n" + `{"model":"acme/m","prompt":"b","accuracy":0,"take":0}`},
		{"inputs twice", codec.Options{},
			`{"model":"acme/m","prompt":"a","accuracy":1}` + "\n" + `{"model":"acme/m","prompt":"a","accuracy":0}` + "\n" + `{"model":"acme/m","prompt":"b","accuracy":0}`},
		{"declared scale", codec.Options{Scale: marks}, `{"model":"acme/m","id":"a","mark":1}` + "\n" + `{"model":"acme/m","id":"b","mark":0}`},
		{"causes", codec.Options{}, `{"model":"acme/m","id":"a","accuracy":NaN}` + "\n" + `{"model":"acme/m","id":"b","accuracy":Infinity}` + "\n" +
			`{"model":"acme/m","id":"c","accuracy":"none"}` + "\n" + `{"model":"acme/m","id":"d","accuracy":1}` + "\n" + `{"model":"acme/m","id":"e","accuracy":"0.5"}`},
		{"no ids", codec.Options{}, `{"model":"acme/m","accuracy":1}` + "\n" + `{"model":"acme/m","accuracy":0}`},
		{"ids that look like numbers", codec.Options{}, `{"model":"acme/m","id":"007","accuracy":1}` + "\n" + `{"model":"acme/m","id":"7","accuracy":0}`},
		{"long", codec.Options{}, `{"model":"acme/m","id":"a","metric":"evaluation.accuracy.score","score":1}` + "\n" + `{"model":"acme/m","id":"a","metric":"model","score":0}`},
		{"column names of ours", codec.Options{Metrics: []codec.Metric{{Path: "trial"}, {Path: "cause"}}},
			`{"model":"acme/m","id":"a","trial":1,"cause":0}` + "\n" + `{"model":"acme/m","id":"b","trial":0,"cause":1}`},
	} {
		for _, withText := range []bool{true, false} {
			name := tt.name
			if !withText {
				name += "/no-text"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				r := read(t, tt.options, text("run.jsonl", tt.content+"\n"))
				p := only(b, r, model)
				p.Text = withText
				checkSame(t, publishAndFind(t, b, p), p)
			})
		}
	}
}

// Reading tells where a metric came from, and what is published keeps it.
func TestPathsOfMetrics(t *testing.T) {
	t.Parallel()
	r := read(t, codec.Options{}, disk(t, handbook+"shapes/evaluation-struct.jsonl"))
	got := map[string]string{}
	for metric, fact := range r.scores.Metrics {
		got[metric] = fact.Path
	}
	want := map[string]string{"accuracy": "evaluation.accuracy.score", "style": "evaluation.style.score"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	b := newBench(t)
	p := only(b, r, "acme/TwinLlama-3.1-8B")
	checkSame(t, publishAndFind(t, b, p), p)
	if columns := b.columns(dataFile); !slices.Contains(columns, "evaluation") || slices.Contains(columns, "accuracy") {
		t.Errorf("columns %q", columns)
	}
}

// A zero on a scale from one to three is no score when it is read back, and the scale is the one that the baseline was judged on,
// whatever the policy says now.
func TestRecordedScale(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	on := func(lo, hi float64) func(string) (score.Scale, bool) {
		return func(string) (score.Scale, bool) { return score.Scale{Min: lo, Max: hi}, true }
	}
	var content string
	for i, mark := range []string{"2", "0", "1", "3"} {
		content += `{"model":"acme/m","id":"` + string(rune('a'+i)) + `","mark":` + mark + "}\n"
	}
	policy := gate.DefaultPolicy()
	policy.MaxMissing = 1
	policy.Defaults.Scale = &score.Scale{Min: 1, Max: 3}
	r := read(t, codec.Options{Scale: on(1, 3)}, text("run.jsonl", content))
	p := only(b, r, model)
	p.Model = gate.Evaluate(r.Run, nil, policy).Models[0]
	b.publish(p)

	later := read(t, codec.Options{Scale: on(0, math.MaxFloat64)}, text("run.jsonl", content))
	found := b.find(later)
	if found.Run == nil || len(found.Warnings) > 0 {
		t.Fatalf("%v, %q", found.Unreadable, found.Warnings)
	}
	column := found.Run.Tables[0].Column("mark")
	if diff := cmp.Diff(map[score.Cause]int{score.OffScale: 1}, column.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if got := found.Run.Hints["mark"].Scale; got == nil || *got != (score.Scale{Min: 1, Max: 3}) {
		t.Errorf("scale %v", got)
	}
}

// Metrics that the candidate was not read for are left out of the baseline.
func TestBaselineMetrics(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := only(b, read(t, codec.Options{}, disk(t, handbook+"shapes/evaluation-struct.jsonl")), "acme/TwinLlama-3.1-8B")
	b.publish(p)
	for _, m := range []codec.Metric{{Path: "accuracy"}, {Name: "accuracy", Path: "accuracy"}, {Name: "accuracy", Path: "x"},
		{Name: "evaluation.accuracy.score", Path: "evaluation.accuracy.score"}} {
		q := dataset.Query{Repo: repo, Model: p.Model.Model, Options: codec.Options{Metrics: []codec.Metric{m}}}
		found, err := dataset.Baseline(t.Context(), b.hub, q)
		if err := errors.Join(err, found.Unreadable); err != nil {
			t.Fatal(err)
		}
		found.Close()
		for _, table := range found.Run.Tables {
			if c := table.Columns(); len(c) != 1 || c[0].Metric != "accuracy" {
				t.Errorf("%+v: %d columns", m, len(c))
			}
		}
	}
}
