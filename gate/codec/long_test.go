package codec

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/hubgate/hubgate/gate/score"
)

// randomTables makes tables as readers may make them: models and tasks, with and without ids, trials, groups, and with
// scores missing for every reason.
func randomTables(tb testing.TB, seed uint64) []*score.Table {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	var b score.Builder
	b.File("x.jsonl")
	metrics := []string{"accuracy", "exact_match,strict-match", "rank", "model", "cause", "doc_id", "latency_ms", "style (metric)", "metric", "evaluation.x"}
	rng.Shuffle(len(metrics), func(i, j int) { metrics[i], metrics[j] = metrics[j], metrics[i] })
	metrics = metrics[:1+rng.IntN(len(metrics))]
	row := 0
	for m := range 1 + rng.IntN(3) {
		for task := range rng.IntN(3) {
			identified, trials, groups := rng.IntN(4) > 0, 1+rng.IntN(2), rng.IntN(3)
			derived := rng.IntN(2) == 0
			for i := range 1 + rng.IntN(20) {
				for trial := range trials {
					row++
					s := score.Sample{Key: score.Key{Model: fmt.Sprint("m", m), Task: fmt.Sprint("t", task)}, Trial: trial, Row: row}
					if task == 0 {
						s.Task = ""
					}
					if identified {
						s.ID, s.Derived = fmt.Sprintf("q\x00%d\n", i*7%11+i*100), derived
					}
					if groups > 0 {
						s.Group = fmt.Sprint("g", rng.IntN(groups+1))
						if s.Group == "g0" {
							s.Group = ""
						}
					}
					for k, metric := range metrics {
						if k > 0 && rng.IntN(5) == 0 {
							continue
						}
						v := score.Value{Metric: metric, Score: rng.NormFloat64()}
						if rng.IntN(4) == 0 && (k > 0 || i > 0) {
							v = score.Value{Metric: metric, Cause: score.Null + score.Cause(rng.IntN(5))}
						}
						s.Scores = append(s.Scores, v)
					}
					if err := b.Add(s); err != nil {
						tb.Fatal(err)
					}
				}
			}
		}
	}
	tables, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return tables
}

// written returns what a function writes as a file.
func written(tb testing.TB, write func(io.Writer) error) File {
	tb.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		tb.Fatal(err)
	}
	return File{Name: "x.parquet", Content: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
}

// The property that the history of runs and every baseline rest on: what is written reads back as the same scores.
func TestLongAndWideReadBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		tables := randomTables(t, seed)
		if len(tables) == 0 {
			continue
		}
		forms := map[string]func(io.Writer) error{
			"long": func(w io.Writer) error { return WriteLong(w, "run-1", tables) },
			"wide": func(w io.Writer) error { return WriteWide(w, tables, nil) },
			"wide with texts": func(w io.Writer) error {
				return WriteWide(w, tables, func(places []Place) (map[Place]Text, error) {
					out := map[Place]Text{}
					for _, p := range places {
						if p.Row%3 > 0 {
							out[p] = Text{Input: fmt.Sprint("what is ", p.Row), Answer: "?", Explanation: "{"}
						}
					}
					return out, nil
				})
			},
		}
		for name, write := range forms {
			f := written(t, write)
			if again := written(t, write); again.Size != f.Size || !equalContent(t, f, again) {
				t.Errorf("seed %d, %s: two writings differ", seed, name)
			}
			if name == "wide with texts" && anonymous(tables) {
				continue // input texts would become ids
			}
			got, err := Read(t.Context(), []File{f}, Options{})
			if err != nil {
				t.Errorf("seed %d, %s: %v", seed, name, err)
				continue
			}
			if got, want := score.SHA256(got.Tables), score.SHA256(tables); got != want {
				t.Errorf("seed %d, %s: the scores read back have digest %s, want %s", seed, name, got, want)
			}
		}
	}
}

func anonymous(tables []*score.Table) bool {
	for _, t := range tables {
		if !t.Identified() {
			return true
		}
	}
	return false
}

func equalContent(tb testing.TB, a, b File) bool {
	tb.Helper()
	x, y := make([]byte, a.Size), make([]byte, b.Size)
	if err := readAt(&a, x, 0); err != nil {
		tb.Fatal(err)
	}
	if err := readAt(&b, y, 0); err != nil {
		tb.Fatal(err)
	}
	return bytes.Equal(x, y)
}
