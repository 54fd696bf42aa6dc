package codec

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate/score"
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

// JSON text beside columns that hold its scores is most of a file, and is looked into only at first; where it holds a score
// of its own it is read to the end.
func TestParquetSparesRepeatedScores(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{false, true} {
		var b strings.Builder
		for i := range 3000 {
			more := ""
			if own {
				more = fmt.Sprintf(`, "safety": {"score": %d}`, i%2)
			}
			fmt.Fprintf(&b, `{"id": %d, "accuracy": %d, "evaluation": {"accuracy": {"analysis": "so", "score": %d}%s}}`+"\n",
				i*17, i%3, i%3+i%1700/1699, more)
		}
		in, o := textFile("x.jsonl", b.String()), Options{ModelID: "m"}
		want, err := Read(t.Context(), []File{in}, o)
		if err != nil {
			t.Fatal(err)
		}
		flat := written(t, func(w io.Writer) error {
			_, err := WriteFlat(t.Context(), w, []File{in}, o, FlatOptions{Text: true})
			return err
		})
		got, err := Read(t.Context(), []File{flat}, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := score.SHA256(got.Tables), score.SHA256(want.Tables); got != want {
			t.Errorf("own %v: the scores have digest %s, want %s", own, got, want)
		}
		const line = `x.parquet: compared column "evaluation" with the scores beside it in the first 1000 rows only`
		if slices.Contains(got.Log, line) == own {
			t.Errorf("own %v: log is\n%s", own, strings.Join(got.Log, "\n"))
		}
	}
}

func TestParquetStructBesideColumn(t *testing.T) {
	t.Parallel()
	type mark struct {
		Score *int64 `parquet:"score,optional"`
	}
	type row struct {
		ID         int64 `parquet:"id"`
		Evaluation struct {
			Accuracy mark `parquet:"accuracy"`
			Style    mark `parquet:"style"`
		} `parquet:"evaluation"`
		Accuracy *float64 `parquet:"accuracy,optional,dict"`
	}
	rows := make([]row, 9)
	for i := range rows {
		rows[i].ID, rows[i].Accuracy = int64(i), new(float64(1+i%3))
		rows[i].Evaluation.Accuracy.Score, rows[i].Evaluation.Style.Score = new(int64(1+i%3)), new(int64(2))
	}
	rows[3].Evaluation.Accuracy.Score, rows[5].Accuracy = new(int64(3)), nil
	got, err := Read(t.Context(), []File{*encode(t, rows, 4)}, Options{ModelID: "m"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"x.parquet:4: accuracy and evaluation.accuracy.score disagree in 2 rows; accuracy counts"}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Errorf("warnings differ (-want +got):\n%s", diff)
	}
	if a, s := got.Tables[0].Column("accuracy"), got.Tables[0].Column("style"); a.Scored(5) || a.Values[3] != 1 || s.Values[8] != 2 {
		t.Errorf("the columns of scores are %v and %v", a, s)
	}
}

// Text that is no number in the first rows is not read on; text that is a number is, wherever it begins to be one within them.
func TestTextIsNotReadOn(t *testing.T) {
	t.Parallel()
	type row struct {
		ID       string  `parquet:"id"`
		Accuracy float64 `parquet:"accuracy"`
		Notes    string  `parquet:"notes"`
		Odd      string  `parquet:"odd"`
	}
	for _, inputs := range []bool{false, true} { // by columns, and row by row
		rows := make([]row, 5000)
		for i := range rows {
			rows[i] = row{fmt.Sprint("q", i), float64(i%2) / 2, fmt.Sprint("a note on ", i), "-"}
			if i >= 900 {
				rows[i].Odd = fmt.Sprint(i % 2)
			}
		}
		var b bytes.Buffer
		if err := parquet.Write(&b, rows, parquet.MaxRowsPerRowGroup(500)); err != nil {
			t.Fatal(err)
		}
		f := File{Name: "f.parquet", Content: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
		s, err := Read(t.Context(), []File{f}, Options{ModelID: "m", Inputs: inputs, Metrics: nil})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range s.Tables[0].Columns() {
			names = append(names, c.Metric)
		}
		if got := strings.Join(names, " "); got != "accuracy odd" {
			t.Errorf("metrics %s, want accuracy odd", got)
		}
		odd := s.Tables[0].Column("odd")
		if n := len(odd.Usable()); n != 4100 {
			t.Errorf("%d usable scores of odd, want 4100", n)
		}
		if log := strings.Join(s.Log, "\n"); !strings.Contains(log, "not read further: notes") {
			t.Errorf("log %q", log)
		}
	}
}

// Before and after rows go in batches, an id or a model that is not UTF-8 is refused by its row.
func TestParquetRefusesWhatIsNotUTF8(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    string  `parquet:"id"`
		Model string  `parquet:"model,dict"`
		Acc   float64 `parquet:"acc"`
	}
	for _, tt := range []struct {
		row  int
		put  func(*row)
		want string
	}{
		{3, func(r *row) { r.ID = "caf\xe9" }, `x.parquet:3: column "id": id is "caf\xe9", not UTF-8; write the file as UTF-8`},
		{3, func(r *row) { r.Model = "\xff" }, `x.parquet:3: column "model": model is "\xff", not UTF-8; write the file as UTF-8`},
		{looked + 500, func(r *row) { r.ID = "caf\xe9" }, `x.parquet:1500: column "id": id is "caf\xe9", not UTF-8; write the file as UTF-8`},
		{looked + 500, func(r *row) { r.Model = "\xff" }, `x.parquet:1500: column "model": model is "\xff", not UTF-8; write the file as UTF-8`},
	} {
		rows := make([]row, 2*looked)
		for i := range rows {
			rows[i] = row{ID: fmt.Sprint("q", i), Model: "m", Acc: float64(i % 2)}
		}
		tt.put(&rows[tt.row-1])
		f := encode(t, rows, len(rows))
		if _, err := Read(t.Context(), []File{*f}, Options{}); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// A dictionary may hold labels that are not UTF-8 and that no row has.
func TestLabelsNotUTF8(t *testing.T) {
	t.Parallel()
	l := labels{names: []string{"", "\xff", "m", "\xfe"}}
	for _, tt := range []struct {
		rows []int32
		want int
	}{{[]int32{0, 2, 2}, -1}, {[]int32{2, 3, 1}, 1}, {[]int32{1}, 0}} {
		l.rows = tt.rows
		if got := l.notUTF8(); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.rows, got, tt.want)
		}
	}
}
