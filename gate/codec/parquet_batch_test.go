package codec

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// Rows that are handed on by column come out as rows that are handed on one by one: a table reads as the JSON lines that
// it was made of, in whatever way its pages are laid out, to the last warning.
func TestParquetReadsAsJSONLines(t *testing.T) {
	t.Parallel()
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 9))
		task, textScores, numbers := rng.IntN(2) == 0, rng.IntN(2) == 0, rng.IntN(3) == 0
		var b strings.Builder
		for i := range 1 + rng.IntN(300) {
			id := fmt.Sprintf("%q", strings.Repeat("q", rng.IntN(3))+fmt.Sprint(i))
			if numbers {
				id = fmt.Sprint(i * 1_000_003)
			}
			if seed%7 == 0 && rng.IntN(9) == 0 {
				id = "null"
			}
			fmt.Fprintf(&b, `{"id": %s, "model": "acme/m%d", `, id, rng.IntN(3))
			if task {
				fmt.Fprintf(&b, `"task": "t%d", `, rng.IntN(2))
			}
			style := fmt.Sprint(rng.IntN(3))
			switch rng.IntN(8) {
			case 0:
				style = "null"
			case 1:
				style = "NaN"
			case 2:
				style = "-Infinity"
			case 3:
				if textScores {
					style = []string{`"n/a"`, `"2"`, `""`, `" 1 "`}[rng.IntN(4)]
				}
			}
			fmt.Fprintf(&b, `"accuracy": %g, "style": %s, "pass": %t}`+"\n", rng.Float64(), style, rng.IntN(2) == 0)
		}
		in := textFile("x", b.String())
		o := Options{Format: "jsonl"}
		if seed%2 == 0 {
			o.Metrics = []Metric{{Path: "accuracy"}, {Path: "style", Name: "manner"}}
		}
		want, err := Read(t.Context(), []File{in}, o)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, b.String())
		}
		flat := written(t, func(w io.Writer) error {
			_, err := WriteFlat(t.Context(), w, []File{in}, o, FlatOptions{Text: true})
			return err
		})
		o.Format = ""
		again := rewritten(t, flat, rng)
		again.Name = "x"
		got, err := Read(t.Context(), []File{again}, o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		show := func(s string) string {
			return strings.NewReplacer("parquet", "jsonl", `"-Infinity"`, "-Inf", "-Infinity", "-Inf").Replace(s)
		}
		if diff := cmp.Diff(show(dump(want)), show(dump(got))); diff != "" {
			t.Fatalf("seed %d: scores differ (-JSON lines +Parquet):\n%s", seed, diff)
		}
	}
}

// rewritten lays a file out anew, with small pages, dictionaries that overflow, and several row groups.
func rewritten(tb testing.TB, f File, rng *rand.Rand) File {
	tb.Helper()
	p, err := parquet.OpenFile(f.Content, f.Size)
	if err != nil {
		tb.Fatal(err)
	}
	return written(tb, func(w io.Writer) error {
		out := parquet.NewWriter(w, p.Schema(), parquet.PageBufferSize(64<<rng.IntN(6)), parquet.DictionaryMaxBytes(32<<rng.IntN(6)),
			parquet.DataPageVersion(1+rng.IntN(2)), parquet.MaxRowsPerRowGroup(int64(7+rng.IntN(300))))
		for _, g := range p.RowGroups() {
			rows := g.Rows()
			if _, err := parquet.CopyRows(out, rows); err != nil {
				return err
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		return out.Close()
	})
}
