package codec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hubgate/hubgate/gate/score"
)

// endless is a file of one byte repeated, of which nothing lies in memory.
type endless struct {
	head string
	fill byte
	size int64
}

func (e *endless) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		switch at := off + int64(i); {
		case at >= e.size:
			return i, io.EOF
		case at < int64(len(e.head)):
			p[i] = e.head[at]
		default:
			p[i] = e.fill
		}
	}
	return len(p), nil
}

// TestLimits reads what would fill a machine's memory or keep it busy for hours.
func TestLimits(t *testing.T) {
	t.Parallel()
	wide := func(rows, columns int) []byte {
		var b bytes.Buffer
		for r := range rows {
			b.WriteString(`{"model": "m"`)
			for c := range columns {
				fmt.Fprintf(&b, `, "c%d-%d": 1`, r, c)
			}
			b.WriteString("}\n")
		}
		return b.Bytes()
	}
	long := &endless{head: `{"id": "`, fill: 'a', size: 1 << 30}
	quoted := &endless{head: "id,model,acc\n1,\"", fill: '\n', size: 1 << 30}
	for _, tt := range []struct {
		name string
		file File
		want string
	}{
		{"a row that does not end", File{Name: "long.jsonl", Content: long, Size: long.size},
			"long.jsonl:1: a row is longer than 64 MiB; write one sample per row, and shorten its texts"},
		{"a quoted field that does not end", File{Name: "quoted.csv", Content: quoted, Size: quoted.size},
			"quoted.csv:2: a row is longer than 64 MiB; write one sample per row, and shorten its texts"},
		{"a few kilobytes of zstd that expand to gigabytes", memory("bomb.jsonl.zst", bomb(t)),
			": the zstd data expands beyond what scores do; give the file uncompressed"},
		{"a quarter of a megabyte of gzip that expands to millions of rows", memory("rows.jsonl.gz", rowBomb(t)),
			": the gzip data expands beyond what scores do; give the file uncompressed"},
		{"keys that are no columns", memory("wide.jsonl", wide(3, 4000)),
			"wide.jsonl:3: more than 10000 columns; write one row per sample, with the same columns in every row"},
		{"nothing but broken rows", memory("junk.jsonl", bytes.Repeat([]byte("{}{\n"), 20_000)),
			"junk.jsonl:1: not JSON: unexpected '{' where the end of the line was expected at byte 3 of the line; write it with a JSON library (and at least 9999 more broken rows)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(t.Context(), []File{tt.file}, Options{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.file.Name) || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// bomb returns two rows and gigabytes of spaces behind them, as zstd.
func bomb(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(z, `{"id": 1, "model": "m", "acc": 1}`+"\n"+`{"id": 2, "model": "m", "acc": 0}`+"\n") // a buffer takes every write
	line := []byte(strings.Repeat(" ", 1<<20-1) + "\n")
	for range 300 {
		_, _ = z.Write(line)
	}
	_ = z.Close()
	return out.Bytes()
}

// rowBomb returns ninety million rows without a score, as gzip.
func rowBomb(t *testing.T) []byte {
	return bytes.Repeat(gzipped(t, bytes.Repeat([]byte("{}\n"), 1<<20/3)), 256)
}

// TestMemory reads rows whose texts are a hundred times as long with the same number of allocations.
func TestMemory(t *testing.T) {
	rows := func(text int) []byte {
		var b bytes.Buffer
		for i := range 2000 {
			fmt.Fprintf(&b, `{"id": "q%d", "model": "m", "acc": %d, "answer": %q}`+"\n", i, i%2, strings.Repeat("a \" b ", text))
		}
		return b.Bytes()
	}
	allocated := func(b []byte) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Read(context.Background(), []File{memory("rows.jsonl", b)}, Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	short, long := allocated(rows(2)), allocated(rows(200))
	if long > short+short/10 {
		t.Errorf("got %d bytes allocated for long texts, want about the %d of short ones", long, short)
	}
}

// TestRowAllocations holds that a row costs no allocation of its own.
func TestRowAllocations(t *testing.T) {
	const rows = 2000
	for _, tt := range []struct {
		name  string
		write func(io.Writer, int, uint64)
	}{{"rows.jsonl", writeJSONL}, {"rows.csv", writeCSV}} {
		var b bytes.Buffer
		tt.write(&b, rows, 1)
		file := memory(tt.name, b.Bytes())
		got := testing.AllocsPerRun(3, func() {
			if _, err := Read(context.Background(), []File{file}, Options{}); err != nil {
				t.Fatal(err)
			}
		})
		if got > rows/2 {
			t.Errorf("%s: got %v allocations for %d rows", tt.name, got, rows)
		}
	}
}

// TestCancel ends in the middle of a file.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var b bytes.Buffer
	writeJSONL(&b, 1000, 1)
	o := Options{Progress: func(read, total int64) {
		if read > total/2 {
			cancel()
		}
	}}
	if _, err := Read(ctx, []File{memory("rows.jsonl", b.Bytes())}, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestProgress tells of all files together, never backwards, up to the end.
func TestProgress(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	writeJSONL(&first, 200, 1)
	writeCSV(&second, 200, 2)
	last := int64(0)
	total := int64(first.Len() + second.Len())
	o := Options{Progress: func(read, of int64) {
		if read < last || of != total {
			t.Errorf("got %d of %d after %d, want it to grow up to %d", read, of, last, total)
		}
		last = read
	}}
	files := []File{memory("a.jsonl", first.Bytes()), memory("b.csv", second.Bytes())}
	if _, err := Read(t.Context(), files, o); err != nil {
		t.Fatal(err)
	}
	if last != total {
		t.Errorf("got %d bytes read in the end, want %d", last, total)
	}
}

// TestSameScoresFromAnyFormat reads the same rows from JSON lines and CSV, of which the latter stops looking into JSON text
// after some rows.
func TestSameScoresFromAnyFormat(t *testing.T) {
	t.Parallel()
	sums := map[string]string{}
	for name, write := range map[string]func(io.Writer, int, uint64){"a.jsonl": writeJSONL, "a.csv": writeCSV} {
		var b bytes.Buffer
		write(&b, looked+500, 7)
		s, err := Read(t.Context(), []File{memory(name, b.Bytes())}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = score.SHA256(s.Tables)
		if got, want := strings.Contains(strings.Join(s.Log, "\n"), "in the first 1000 rows only"), name == "a.csv"; got != want {
			t.Errorf("%s: the log says %t that JSON text was looked into no more, want %t", name, got, want)
		}
	}
	if sums["a.jsonl"] != sums["a.csv"] {
		t.Errorf("got different scores: %v", sums)
	}
}
