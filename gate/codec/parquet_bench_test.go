package codec

import (
	"io"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// A generatedRow is a generated row as a table of the datasets library keeps it: texts do not repeat, so that their
// dictionaries are given up early.
type generatedRow struct {
	Instruction string   `parquet:"instruction"`
	Output      string   `parquet:"output"`
	Answers     string   `parquet:"answers"`
	Evaluation  string   `parquet:"evaluation"`
	Accuracy    *float64 `parquet:"accuracy,optional,dict"`
	Style       *float64 `parquet:"style,optional,dict"`
	Model       string   `parquet:"model,dict"`
	ID          string   `parquet:"id,dict"`
}

// writeParquet writes what writeJSONL writes, in row groups of some rows.
func writeParquet(group int) func(io.Writer, int, uint64) {
	return func(out io.Writer, rows int, seed uint64) {
		mark := func(s string) *float64 {
			if s == "null" {
				return nil
			}
			v := float64(s[0] - '0')
			return &v
		}
		g := newGenerator(seed)
		w := parquet.NewGenericWriter[generatedRow](out, parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1),
			parquet.DictionaryMaxBytes(1<<20), parquet.PageBufferSize(1<<20))
		for i := range rows {
			r := g.row()
			row := generatedRow{r[0], r[1], r[2], r[3], mark(r[4]), mark(r[5]), r[6], r[7]}
			if _, err := w.Write([]generatedRow{row}); err != nil {
				panic(err)
			}
			if (i+1)%group == 0 {
				if err := w.Flush(); err != nil {
					panic(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
	}
}

// BenchmarkParquetAggregate reads and builds the scores of 100,000 rows of 3 KB.
// The texts, which are nearly all of the file, are not touched: SetBytes counts them all the same, as for JSONL.
func BenchmarkParquetAggregate(b *testing.B) {
	rows := 100_000
	if testing.Short() {
		rows = 1000
	}
	for name, group := range map[string]int{"groups=1000": 1000, "groups=123000": 123_000} {
		b.Run(name, func(b *testing.B) {
			f, size := generate(b, "big.parquet", rows, writeParquet(group))
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(b.Context(), []File{{Name: "big.parquet", Content: f, Size: size}}, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
