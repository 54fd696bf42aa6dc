package codec

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
)

// rowsFor returns how many rows benchmarks read: 100,000 of 3 KB, and a million where HUBGATE_BENCH_LARGE is set.
func rowsFor() int {
	if os.Getenv("HUBGATE_BENCH_LARGE") != "" {
		return 1_000_000
	}
	return 100_000
}

// benchmark reads generated rows, and counts newlines in the same file: the yardstick, which is what wc -l does.
func benchmark(b *testing.B, name string, write func(io.Writer, int, uint64)) {
	f, size := generate(b, name, rowsFor(), write)
	b.Run("newlines", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		buf := make([]byte, bufferSize)
		for b.Loop() {
			r := io.NewSectionReader(f, 0, size)
			for lines := 0; ; {
				n, err := r.Read(buf)
				lines += bytes.Count(buf[:n], []byte{'\n'})
				if err != nil {
					break
				}
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			s, err := Read(context.Background(), []File{{Name: name, Content: f, Size: size}}, Options{})
			if err != nil {
				b.Fatal(err)
			}
			if len(s.Tables) != 8 {
				b.Fatalf("got %d models", len(s.Tables))
			}
		}
	})
}

func BenchmarkJSONL(b *testing.B) { benchmark(b, "rows.jsonl", writeJSONL) }

func BenchmarkCSV(b *testing.B) { benchmark(b, "rows.csv", writeCSV) }
