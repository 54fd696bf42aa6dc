package dataset_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

type mark struct {
	Instruction string `parquet:"instruction"`
	Answers     string `parquet:"answers"`
	Accuracy    *int64 `parquet:"accuracy,optional"`
	Style       *int64 `parquet:"style,optional"`
}

type question struct {
	Instruction string `parquet:"instruction"`
	Answers     string `parquet:"answers"`
}

func table[T any](t *testing.T, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// marks returns what the Handbook pushes: no ids and no model; from row lo on.
func marks(t *testing.T, lo, n int, accuracy int64) []byte {
	rows := make([]mark, n)
	for i := range rows {
		style := int64(1 + i%3)
		rows[i] = mark{fmt.Sprintf("question %d", lo+i), "an answer", &accuracy, &style}
	}
	return table(t, rows)
}

func questions(t *testing.T, n int) []byte {
	rows := make([]question, n)
	for i := range rows {
		rows[i] = question{fmt.Sprintf("question %d", i), "an answer"}
	}
	return table(t, rows)
}

func TestBaselineOfAnotherTool(t *testing.T) {
	t.Parallel()
	two := marks(t, 0, 20, 2)
	jsonl := []byte(`{"instruction":"q","answers":"a","accuracy":1,"style":1}` + "\n")
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		rows  int
		mean  float64
		warns string
		fails string // part of why it is unreadable
	}{
		{"test", map[string][]byte{"data/test-00000-of-00001.parquet": two}, 20, 2, "", ""},
		{"all", map[string][]byte{"data/all-00000-of-00001.parquet": two, "README.md": []byte("---\ntags: []\n---\n")}, 20, 2, "", ""},
		{"train", map[string][]byte{"data/train-00000-of-00001.parquet": two}, 20, 2, "", ""},
		{"two shards", map[string][]byte{"data/test-00000-of-00002.parquet": marks(t, 0, 5, 1), "data/test-00001-of-00002.parquet": marks(t, 5, 5, 3)}, 10, 2, "", ""},
		{"judged later", map[string][]byte{"data/all-00000-of-00001.parquet": two, "data/test-00000-of-00001.parquet": questions(t, 20)}, 20, 2,
			"of the splits of acme/m-results, only all holds scores", ""},
		{"judged twice", map[string][]byte{"data/all-00000-of-00001.parquet": marks(t, 0, 5, 1), "data/test-00000-of-00001.parquet": two}, 20, 2,
			"of the splits of acme/m-results, all, test hold scores: test was taken", ""},
		{"beside data", map[string][]byte{"data/test-00000-of-00001.parquet": two, "results.jsonl": jsonl}, 20, 2, "", ""},
		{"in its root", map[string][]byte{"results.jsonl": jsonl}, 1, 1, "", ""},
		{"missing shard", map[string][]byte{"data/test-00000-of-00002.parquet": two}, 0, 0, "",
			"the split has 1 files, and they are not shards 0 to 1 of 2; upload what is missing, or delete what is left over"},
		{"shards left over", map[string][]byte{"data/test-00000-of-00001.parquet": two, "data/test-00001-of-00002.parquet": two}, 0, 0, "", "the split has 2 files"},
		{"a shard twice", map[string][]byte{"data/test-00000-of-00002.parquet": two, "data/old/test-00000-of-00002.parquet": two}, 0, 0, "", "the split has 2 files"},
		{"a shard too far", map[string][]byte{"data/test-00000-of-00002.parquet": two, "data/test-00002-of-00002.parquet": two}, 0, 0, "", "the split has 2 files"},
		{"no scores", map[string][]byte{"data/test-00000-of-00001.parquet": questions(t, 3)}, 0, 0, "", "no column of scores (found: instruction, answers)"},
		{"no scores in any", map[string][]byte{"data/a-00000-of-00001.parquet": questions(t, 3), "data/b-00000-of-00001.parquet": questions(t, 3)}, 0, 0, "",
			"none of the splits a, b holds scores: hf://datasets/acme/m-results@"},
		{"which one", map[string][]byte{"data/a-00000-of-00001.parquet": two, "data/b-00000-of-00001.parquet": two}, 0, 0, "", "the splits a, b all hold scores; name the file or the folder of one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			at := b.commit(tt.files)
			found := b.find(read(t, codec.Options{ModelID: model}, text("run.jsonl", string(jsonl[:len(jsonl)-1])+"\n"+`{"instruction":"z","answers":"a","accuracy":2,"style":1}`+"\n")))
			if tt.fails != "" {
				if found.Run != nil || found.Unreadable == nil || !strings.Contains(found.Unreadable.Error(), tt.fails) {
					t.Errorf("got %v, want %s", found.Unreadable, tt.fails)
				}
				return
			}
			if found.Run == nil {
				t.Fatal(found.Unreadable)
			}
			table := found.Run.Tables[0]
			sum := 0.0
			for _, v := range table.Column("accuracy").Usable() {
				sum += v
			}
			if table.Len() != tt.rows || sum != tt.mean*float64(tt.rows) || table.Key().Model != model {
				t.Errorf("%s: %d rows with the sum %g, want %d and a mean of %g", table.Key(), table.Len(), sum, tt.rows, tt.mean)
			}
			if got := strings.Join(found.Warnings, "\n"); got != tt.warns {
				t.Errorf("warnings %q, want %q", got, tt.warns)
			}
			if p := found.Run.Provenance; p.Commit != at.ID || p.EvalConfig != nil || p.GitSHA != "" {
				t.Errorf("provenance %+v", p)
			}
		})
	}
}

// Recording a failed run does not make another tool's data any less the baseline: else the next run would be a first one, and pass.
func TestBaselineOfAnotherToolOutlivesFailedRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.commit(map[string][]byte{
		"data/all-00000-of-00001.parquet": marks(t, 0, 100, 3),
		"README.md":                       readFile(t, "testdata/card/handbook.md"),
	})
	bad := read(t, codec.Options{ModelID: model}, codec.File{Name: "bad.parquet", Content: bytes.NewReader(marks(t, 0, 100, 1)), Size: int64(len(marks(t, 0, 100, 1)))})
	for i := range 2 {
		bad.Provenance.GitSHA = fmt.Sprint("bad", i)
		p := b.push(bad)
		if p.Model.Decision() != gate.Fail || p.Model.Findings[0].Baseline == nil {
			t.Fatalf("run %d: %s", i, p.Model.Decision())
		}
		b.publish(p)
	}
	card := string(b.content("main", "README.md"))
	if !strings.Contains(card, "num_examples: 120") || !strings.Contains(card, "path: data/train-*\n") {
		t.Errorf("the card no longer describes data that is still there:\n%s", card)
	}
	good := read(t, codec.Options{ModelID: model}, codec.File{Name: "good.parquet", Content: bytes.NewReader(marks(t, 0, 101, 3)), Size: int64(len(marks(t, 0, 101, 3)))})
	good.Provenance.GitSHA = "good"
	if pub := b.publish(b.push(good)); !pub.Baseline {
		t.Error("a good run did not become the baseline")
	}
	if card := string(b.content("main", "README.md")); strings.Contains(card, "dataset_info") || strings.Contains(card, "train") {
		t.Errorf("the card describes data that is gone:\n%s", card)
	}
	if _, there := b.files("main")["data/all-00000-of-00001.parquet"]; there {
		t.Error("the other tool's data is still there")
	}
}

func TestOpenLocation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := []byte(`{"model":"acme/m","id":"a","accuracy":1}` + "\n")
	at := b.commit(map[string][]byte{
		"data/all-00000-of-00001.parquet": marks(t, 0, 5, 1), "data/test-00000-of-00001.parquet": questions(t, 5),
		"more/a.jsonl": one, "more/b.csv": one, "more/notes.txt": one, "README.md": one, "odd.scores": one,
	})
	for _, tt := range []struct {
		location string
		want     []string
		fails    error
	}{
		{"hf://datasets/acme/m-results", []string{"data/all-00000-of-00001.parquet"}, nil},
		{"hf://datasets/acme/m-results@main/data", []string{"data/all-00000-of-00001.parquet"}, nil},
		{"hf://datasets/acme/m-results@" + at.ID + "/more", []string{"more/a.jsonl", "more/b.csv"}, nil},
		{"hf://datasets/acme/m-results/odd.scores", []string{"odd.scores"}, nil},
		{"hf://datasets/acme/m-results/none", nil, hub.ErrNoEntry},
		{"hf://datasets/acme/m-results@v2", nil, hub.ErrNoRevision},
		{"hf://datasets/acme/other", nil, hub.ErrNotFound},
	} {
		l, err := dataset.ParseLocation(tt.location)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := dataset.OpenLocation(t.Context(), b.hub, l, codec.Options{ModelID: model})
		if tt.fails != nil {
			if !errors.Is(err, tt.fails) {
				t.Errorf("%s: got %v, want %v", l, err, tt.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", l, err)
			continue
		}
		var got []string
		for _, f := range opened.Files {
			got = append(got, strings.TrimPrefix(f.Name, "hf://datasets/acme/m-results@"+at.ID[:12]+"/"))
		}
		opened.Close()
		if !slices.Equal(got, tt.want) || opened.At.ID != at.ID {
			t.Errorf("%s: got %q at %s, want %q", l, got, opened.At.ID, tt.want)
		}
	}
	empty := newBench(t)
	empty.commit(map[string][]byte{"README.md": one, "hubgate.json": []byte("{}")})
	_, err := dataset.OpenLocation(t.Context(), empty.hub, dataset.Location{Repo: repo}, codec.Options{})
	if want := "hf://datasets/acme/m-results holds no scores; name a file or a folder of it, or another dataset"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
