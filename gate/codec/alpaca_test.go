package codec

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate/score"
)

const alpacaDir = "../../../shared/data/alpaca_eval"

// TestAlpacaEval reads real judgements, whose mean their authors published.
func TestAlpacaEval(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join(alpacaDir, "published.csv"))
	if err != nil {
		t.Skip("no alpaca_eval data here")
	}
	defer f.Close()
	published, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range published[1:] {
		t.Run(p[0]+" by "+p[1], func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(alpacaDir, p[0]+"."+p[1]+".jsonl.gz")
			s, err := Read(t.Context(), []File{openFile(t, name)}, Options{Metrics: []Metric{{Name: "preference", Path: "preference"}}})
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Tables) != 1 || s.Tables[0].Key() != (score.Key{Model: p[0]}) || s.Tables[0].Len() != 805 {
				t.Fatalf("got %d tables, first of %v with %d rows", len(s.Tables), s.Tables[0].Key(), s.Tables[0].Len())
			}
			if !s.Tables[0].Derived() {
				t.Error("ids are not derived from the instructions")
			}
			if p[4] == "" {
				return
			}
			want, err := strconv.ParseFloat(p[4], 64)
			if err != nil {
				t.Fatal(err)
			}
			got := 100 * (mean(s.Tables[0].Column("preference").Usable()) - 1)
			if math.Abs(got-want) > 1e-9*want {
				t.Errorf("got a win rate of %v, want %v", got, want)
			}
		})
	}
}

// TestAlpacaEvalRaw reads one JSON array as the harness wrote it: it holds the same scores as its JSON lines.
func TestAlpacaEvalRaw(t *testing.T) {
	t.Parallel()
	raw := filepath.Join(alpacaDir, "alpaca-7b.raw-annotations.json.gz")
	if _, err := os.Stat(raw); err != nil {
		t.Skip("no alpaca_eval data here")
	}
	o := Options{ModelID: "alpaca-7b", Metrics: []Metric{{Name: "preference", Path: "preference"}}}
	array, err := Read(t.Context(), []File{openFile(t, raw)}, o)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Read(t.Context(), []File{openFile(t, filepath.Join(alpacaDir, "alpaca-7b.weighted_alpaca_eval_gpt4_turbo.jsonl.gz"))}, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := score.SHA256(array.Tables), score.SHA256(lines.Tables); got != want {
		t.Errorf("got scores %s from the array, want %s; log:\n%s", got, want, strings.Join(array.Log, "\n"))
	}
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// openFile opens a file for reading by the code under test.
func openFile(t *testing.T, name string) File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: filepath.ToSlash(name), Content: f, Size: info.Size()}
}
