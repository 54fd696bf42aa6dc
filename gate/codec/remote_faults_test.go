package codec

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pqthrift "github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hubgate/hubgate/gate/score"
)

// TestRemoteErrors says what kept bytes from being had, and not that the file is damaged.
func TestRemoteErrors(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	there, _ := far(reference(t))
	if _, err := Read(ended, []File{there}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	broken := errors.New("the hub is on fire")
	var b bytes.Buffer
	writeJSONL(&b, 100, 1)
	for _, f := range []File{reference(t), memory("a.jsonl", b.Bytes()), memory("a.jsonl.gz", gzipped(t, b.Bytes()))} {
		there, c := far(f)
		c.err = broken
		_, err := Read(t.Context(), []File{there}, Options{})
		if !errors.Is(err, broken) || err.Error() != f.Name+": "+broken.Error() {
			t.Errorf("got %v", err)
		}
		_, err = Texts(t.Context(), []File{there}, Options{}, []Place{{f.Name, 3}})
		if !errors.Is(err, broken) || err.Error() != f.Name+": "+broken.Error() {
			t.Errorf("got %v", err)
		}
		_, err = WriteFlat(t.Context(), io.Discard, []File{there}, Options{}, FlatOptions{})
		if !errors.Is(err, broken) || err.Error() != f.Name+": "+broken.Error() {
			t.Errorf("got %v", err)
		}
	}
}

// TestRemoteLies refuses a footer that claims what cannot be before anything but the footer is fetched.
func TestRemoteLies(t *testing.T) {
	t.Parallel()
	whole := reference(t).Content.(*bytes.Reader)
	size := int(whole.Size())
	lie := func(change func(*format.FileMetaData)) []byte {
		b := make([]byte, size)
		_, _ = whole.ReadAt(b, 0) // from memory
		return withMetadata(t, b, change)
	}
	for _, tt := range []struct {
		name, want string
		b          []byte
	}{
		{"a footer longer than the file", "its footer claims 2147483647 bytes of a file of 1048588",
			[]byte("PAR1" + strings.Repeat("x", 1<<20) + "\xff\xff\xff\x7fPAR1")},
		{"a column beyond the file", "row group 100, column id: 400 bytes at 1099511627776 do not lie within the file of ",
			lie(func(m *format.FileMetaData) {
				c := &m.RowGroups[99].Columns[7].MetaData
				c.DataPageOffset, c.DictionaryPageOffset, c.TotalCompressedSize = 1<<40, 0, 400
			})},
		{"every column is most of the file", "row group 1, column output: its ",
			lie(func(m *format.FileMetaData) {
				for g := range m.RowGroups {
					for i := range m.RowGroups[g].Columns {
						c := &m.RowGroups[g].Columns[i].MetaData
						c.DataPageOffset, c.DictionaryPageOffset, c.TotalCompressedSize = 0, 0, int64(size)*9/10
					}
				}
			})},
		{"rows without end", "row group 1 claims 1125899906842624 rows, and the file 2000 in all",
			lie(func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 50 })},
	} {
		there, c := far(memory("lie.parquet", tt.b))
		_, err := Read(t.Context(), []File{there}, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "lie.parquet: not readable as Parquet: "+tt.want) {
			t.Errorf("%s: got %v\nwant %s", tt.name, err, tt.want)
		}
		c.check(t)
		if c.requests > 2 || c.bytes > 1<<20 {
			t.Errorf("%s: got %d requests for %d bytes, want the footer's alone", tt.name, c.requests, c.bytes)
		}
	}
}

// withMetadata changes what the footer of a file says.
func withMetadata(t *testing.T, b []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	footer, err := readFooter(&File{Content: bytes.NewReader(b), Size: int64(len(b))})
	if err != nil {
		t.Fatal(err)
	}
	var m format.FileMetaData
	if err := pqthrift.Unmarshal(new(pqthrift.CompactProtocol), footer, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	changed, err := pqthrift.Marshal(new(pqthrift.CompactProtocol), &m)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b[:len(b)-len(footer)-8], changed...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(changed))), "PAR1"...)
}

// TestRemoteMistake fetches again where JSON text turns out to hold scores that stand nowhere else.
func TestRemoteMistake(t *testing.T) {
	t.Parallel()
	type row struct {
		Evaluation string  `parquet:"evaluation"`
		Text       string  `parquet:"answer"`
		Other      float64 `parquet:"correctness,dict"`
		ID         int     `parquet:"id"`
	}
	var rows []row
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 4000 {
		rows = append(rows, row{fmt.Sprintf(`{"accuracy": {"score": %d}}`, 1+i%3), fmt.Sprintf("%x", rng.Uint64()), float64(i % 2), i})
	}
	for _, size := range []int{100, 1000, 1500, 4000} {
		disk := memory("x.parquet", fixture(t, rows, size))
		want, err := Read(t.Context(), []File{disk}, Options{ModelID: "m"})
		if err != nil {
			t.Fatal(err)
		}
		there, c := far(disk)
		there.Content = &remote{ctx: t.Context(), from: c, ask: sizes{tail: 100, block: 100, held: 1 << 20, slice: 20_000}, size: disk.Size}
		got, err := Read(t.Context(), []File{there}, Options{ModelID: "m"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(dump(want), dump(got)); d != "" {
			t.Errorf("row groups of %d: differs from disk (-disk +remote):\n%.1000s", size, d)
		}
		for _, b := range c.bad {
			t.Error(b)
		}
		if len(c.alone) > 6 || c.calls > 3 {
			t.Errorf("row groups of %d: got %d reads alone and %d fetches", size, len(c.alone), c.calls)
		}
	}
}

// TestRemoteBatches fetches some row groups at a time, and none of their ranges in two parts.
func TestRemoteBatches(t *testing.T) {
	t.Parallel()
	disk := reference(t)
	want, err := Read(t.Context(), []File{disk}, Options{Inputs: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []int64{20 << 10, 50 << 10, 200 << 10} {
		there, c := far(disk)
		ask := usualSizes
		ask.held = held
		there.Content = &remote{ctx: t.Context(), from: c, ask: ask, size: disk.Size}
		got, err := Read(t.Context(), []File{there}, Options{Inputs: true})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := score.SHA256(got.Tables), score.SHA256(want.Tables); got != want {
			t.Errorf("got scores %s, want %s as from disk", got, want)
		}
		c.check(t)
		if c.requests > 103 || c.calls < 3 {
			t.Errorf("%d bytes held: got %d requests in %d fetches, want at most 103, and several", held, c.requests, c.calls)
		}
	}
}

// TestRemoteLargeGroups reads row groups that are larger than what may be held, in slices.
func TestRemoteLargeGroups(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	writeParquet(1000)(&b, 2000, 1)
	disk := memory("x.parquet", b.Bytes())
	there, c := far(disk)
	ask := sizes{tail: 100, block: 100, held: 64 << 10, slice: 16 << 10}
	there.Content = &remote{ctx: t.Context(), from: c, ask: ask, size: disk.Size}
	got, err := Read(t.Context(), []File{there}, Options{Inputs: true})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Read(t.Context(), []File{disk}, Options{Inputs: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := score.SHA256(got.Tables), score.SHA256(want.Tables); got != want {
		t.Errorf("got scores %s, want %s as from disk", got, want)
	}
	if c.most > 2*ask.held {
		t.Errorf("got %d bytes held, want at most %d", c.most, 2*ask.held)
	}
	seen := map[int64]bool{}
	for _, r := range c.alone[1:] {
		if seen[r[0]] {
			t.Errorf("got bytes at %d twice", r[0])
		}
		seen[r[0]] = true
	}
	if most := int(disk.Size / (8 << 10)); c.requests > most {
		t.Errorf("got %d requests, want at most %d", c.requests, most)
	}
}
