package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type runRow struct {
	Run     string    `parquet:"run_id"`
	At      time.Time `parquet:"created"`
	Mean    *float64  `parquet:"mean"`
	N       int       `parquet:"n"`
	Pass    *bool     `parquet:"pass"`
	Note    string    `parquet:"note,optional"`
	Ignored []string  `parquet:"-"`
}

func runRows(n int) []runRow {
	rows := make([]runRow, n)
	for i := range rows {
		rows[i] = runRow{Run: fmt.Sprint("run", i), At: time.UnixMicro(int64(i) * 1e12).UTC(), N: i - 2}
		if i%3 > 0 {
			rows[i].Mean, rows[i].Pass, rows[i].Note = new(float64(i)/7), new(i%2 == 0), strings.Repeat("n", i%5)
		}
	}
	if n > 1 {
		rows[1].At = time.Time{}
	}
	return rows
}

func TestRowsReadBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5, 9000} {
		want := runRows(n)
		f := written(t, func(w io.Writer) error { return WriteRows(w, want) })
		if again := written(t, func(w io.Writer) error { return WriteRows(w, want) }); !equalContent(t, f, again) {
			t.Errorf("%d rows: two writings differ", n)
		}
		got, err := ReadRows[runRow](f.Content, f.Size)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d rows differ (-want +got):\n%.1000s", n, diff)
		}
		theirs, err := parquet.Read[runRow](f.Content, f.Size)
		if err != nil {
			t.Fatal(err)
		}
		if len(theirs) != n || n > 4 && (theirs[4].Run != "run4" || *theirs[4].Mean != 4.0/7 || theirs[3].Mean != nil || !theirs[4].At.Equal(want[4].At)) {
			t.Errorf("the library reads something else of %d rows", n)
		}
	}
}

// The history outlives versions of hubgate: columns come, and older files lack them.
func TestReadRowsAcrossVersions(t *testing.T) {
	t.Parallel()
	type newer struct {
		N     int      `parquet:"n"`
		Run   string   `parquet:"run_id"`
		Extra *float64 `parquet:"extra"`
	}
	f := written(t, func(w io.Writer) error { return WriteRows(w, runRows(3)) })
	got, err := ReadRows[newer](f.Content, f.Size)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]newer{{-2, "run0", nil}, {-1, "run1", nil}, {0, "run2", nil}}, got); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
	type other struct {
		N string `parquet:"n"`
	}
	_, err = ReadRows[other](f.Content, f.Size)
	var e *Error
	if !errors.As(err, &e) || e.Column != "n" {
		t.Errorf("a column of another type: got %v, want an Error for column n", err)
	}
	if _, err := ReadRows[newer](strings.NewReader("PAR1"), 4); !errors.As(err, &e) {
		t.Errorf("a broken file: got %v, want an *Error", err)
	}
	type unsupported struct{ X []string }
	if err := WriteRows(io.Discard, []unsupported{{}}); err == nil {
		t.Error("no error for a field that no column can hold")
	}
}

func TestParquetTexts(t *testing.T) {
	t.Parallel()
	type row struct {
		Instruction string  `parquet:"instruction,dict"`
		Answers     *string `parquet:"answers,optional"`
		Evaluation  struct {
			Accuracy struct {
				Analysis *string `parquet:"analysis,optional,dict"`
				Score    int64   `parquet:"score"`
			} `parquet:"accuracy"`
			Style struct {
				Analysis string `parquet:"analysis"`
			} `parquet:"style"`
		} `parquet:"evaluation"`
	}
	var rows []row
	want := map[int]Text{}
	for i := range 500 {
		var r row
		r.Instruction = fmt.Sprint("q", i%7)
		r.Evaluation.Style.Analysis = fmt.Sprint("style ", i)
		text := Text{Input: r.Instruction, Explanation: "style: " + r.Evaluation.Style.Analysis}
		if i%3 > 0 {
			r.Answers = new(strings.Repeat("a", i%11) + fmt.Sprint(i))
			text.Answer = *r.Answers
		}
		if i%5 > 0 {
			r.Evaluation.Accuracy.Analysis = new(fmt.Sprint("acc ", i))
			text.Explanation = "accuracy: acc " + fmt.Sprint(i) + "\n" + text.Explanation
		}
		rows = append(rows, r)
		want[i+1] = text
	}
	for _, group := range []int{1, 7, 100, 1000} {
		f := encode(t, rows, group, parquet.PageBufferSize(200), parquet.DictionaryMaxBytes(100), parquet.Compression(&parquet.Snappy))
		for _, picked := range [][]int{{1}, {500}, {7, 8, 9}, {3, 101, 100, 250, 499, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, nil, {501, 0}} {
			got, err := parquetTexts(t.Context(), f, picked)
			if err != nil {
				t.Fatal(err)
			}
			some := map[int]Text{}
			for _, row := range picked {
				if text, ok := want[row]; ok {
					some[row] = text
				}
			}
			if diff := cmp.Diff(some, got); diff != "" {
				t.Errorf("groups of %d, rows %v (-want +got):\n%s", group, picked, diff)
			}
		}
	}
}

// A footer names every column to the datasets library, in order.
func TestFeatures(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteRows(&b, runRows(1)); err != nil {
		t.Fatal(err)
	}
	p, err := openParquet(&File{Name: "x", Content: bytes.NewReader(b.Bytes()), Size: int64(b.Len())})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"info":{"features":{"run_id":{"dtype":"string","_type":"Value"},"created":{"dtype":"timestamp[us, tz=UTC]","_type":"Value"},` +
		`"mean":{"dtype":"float64","_type":"Value"},"n":{"dtype":"int64","_type":"Value"},"pass":{"dtype":"bool","_type":"Value"},` +
		`"note":{"dtype":"string","_type":"Value"}}}}`
	if got := p.meta["huggingface"]; got != want {
		t.Errorf("features are\n%s\nwant\n%s", got, want)
	}
	for _, leaf := range p.leaves {
		if leaf.physical == physBytes && leaf.logical != logString {
			t.Errorf("column %s is bytes, not text", leaf.name)
		}
	}
}
