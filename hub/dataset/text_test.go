package dataset_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub/dataset"
)

// columns returns the names of the columns of data/, and all its bytes uncompressed enough to search for texts.
func (b *bench) columns(path string) []string {
	b.t.Helper()
	content := b.content("main", path)
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, field := range f.Schema().Fields() {
		out = append(out, field.Name())
	}
	return out
}

const dataFile = "data/test-00000-of-00001.parquet"

func TestPublishText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		edit  func(*dataset.Push)
		want  []string
		notes int
	}{
		{"with texts", func(*dataset.Push) {}, []string{"model", "question", "answer", "accuracy"}, 0},
		{"without", func(p *dataset.Push) { p.Text = false }, []string{"sample_id", "trial", "model", "accuracy"}, 0},
		{"at the limit", func(p *dataset.Push) { p.MaxText = 1 << 20 }, []string{"model", "question", "answer", "accuracy"}, 0},
		{"above it", func(p *dataset.Push) { p.MaxText = 100 }, []string{"sample_id", "trial", "model", "accuracy"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := job(t, 0, "aaa", 0.8)
			p := b.push(r)
			tt.edit(&p)
			_, notes, err := dataset.Publish(t.Context(), b.hub, p)
			if err != nil || len(notes) != tt.notes {
				t.Fatalf("notes %q, %v", notes, err)
			}
			if got := b.columns(dataFile); !slices.Equal(got, tt.want) {
				t.Errorf("columns %q, want %q", got, tt.want)
			}
			later := job(t, 1, "bbb", 0.7)
			found := b.find(later)
			if len(found.Warnings) > 0 || found.Run.Provenance.SHA256 != p.SHA256 {
				t.Errorf("the baseline is not what was published: %q", found.Warnings)
			}
			f := b.judged(later, found.Baseline).Model.Findings[0]
			if f.Paired != 200 || f.OnlyBaseline+f.OnlyCandidate != 0 {
				t.Errorf("paired %d of 200", f.Paired)
			}
		})
	}
}

// A handful of short texts are texts all the same, whatever the format.
func TestPublishFewWithoutText(t *testing.T) {
	t.Parallel()
	type sample struct {
		Model    string `parquet:"model"`
		Question string `parquet:"question"`
		Note     string `parquet:"note"`
		Kind     string `parquet:"kind"`
		Accuracy bool   `parquet:"accuracy"`
	}
	rows := []sample{{model, "first", "mine", "easy", true}, {model, "second", "yours", "easy", false}, {model, "third", "theirs", "hard", true}}
	var lines string
	for _, r := range rows {
		lines += fmt.Sprintf(`{"model":%q,"question":%q,"note":%q,"kind":%q,"accuracy":%t}`+"\n", r.Model, r.Question, r.Note, r.Kind, r.Accuracy)
	}
	for name, content := range map[string]string{"jsonl": lines, "parquet": string(table(t, rows))} {
		b := newBench(t)
		p := only(b, read(t, codec.Options{}, text("run."+name, content)), model)
		p.Text = false
		checkSame(t, publishAndFind(t, b, p), p)
		if got, want := b.columns(dataFile), []string{"sample_id", "trial", "model", "kind", "accuracy"}; !slices.Equal(got, want) {
			t.Errorf("%s: columns %q, want %q", name, got, want)
		}
	}
}

// Of JSON text and structs, only numbers are left where texts are not published.
func TestPublishNestedWithoutText(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := read(t, codec.Options{}, disk(t, "../../testdata/scores/handbook/shapes/evaluation-text.jsonl"))
	p := only(b, r, "acme/TwinLlama-3.1-8B")
	p.Text = false
	b.publish(p)
	content := b.content("main", dataFile)
	type row struct {
		ID         string `parquet:"sample_id"`
		Evaluation string `parquet:"evaluation,optional"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(content), int64(len(content)))
	if err != nil || len(rows) == 0 {
		t.Fatal(len(rows), err)
	}
	for i, r := range rows {
		if len(r.ID) != 32 {
			t.Errorf("row %d: sample_id %q", i, r.ID)
		}
		var v map[string]map[string]json.RawMessage
		if r.Evaluation == "" {
			continue
		}
		if err := json.Unmarshal([]byte(r.Evaluation), &v); err != nil || strings.Contains(r.Evaluation, "analysis") {
			t.Errorf("row %d: %s, %v", i, r.Evaluation, err)
		}
	}
}

// only makes a push of one of a run's models, whose dataset is the one that all tests use. Whatever was found, it passes: some
// runs of the Handbook have more scores missing than a policy allows.
func only(b *bench, r *run, name string) dataset.Push {
	b.t.Helper()
	part := r.Only(name)
	rep := gate.Evaluate(part, nil, gate.DefaultPolicy())
	if len(rep.Models) != 1 {
		b.t.Fatalf("%d models", len(rep.Models))
	}
	for i := range rep.Models[0].Findings {
		rep.Models[0].Findings[i].Decision = gate.Pass
	}
	return dataset.Push{
		Repo: repo, Branch: "main", Model: rep.Models[0], Candidate: part, SHA256: digest(part),
		Files: r.files, Options: r.options, Scores: r.scores, Text: true, TempDir: b.temp, Card: "summary",
	}
}
