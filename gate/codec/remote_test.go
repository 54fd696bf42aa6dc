package codec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/score"
)

// A counter is a remote file in memory that counts what it is asked for.
type counter struct {
	io.ReaderAt

	size     int64
	held     [][2]int64
	requests int
	bytes    int64
	calls    int        // of Prefetch
	most     int64      // bytes held at a time
	alone    [][2]int64 // what was read without being held
	bad      []string
	err      error // of every Prefetch, when set
}

func (c *counter) Prefetch(ctx context.Context, ranges [][2]int64) error {
	if c.err != nil {
		return c.err
	}
	end, sum := int64(-1), int64(0)
	for _, r := range ranges {
		if r[0] <= end || r[1] <= 0 || r[0]+r[1] > c.size {
			c.bad = append(c.bad, fmt.Sprintf("range %v after %d of %d bytes", r, end, c.size))
		}
		end = r[0] + r[1] - 1
		sum += r[1]
	}
	c.held = ranges
	if len(ranges) == 0 {
		return nil
	}
	c.calls++
	c.requests += len(ranges)
	c.bytes += sum
	c.most = max(c.most, sum)
	return ctx.Err()
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	inside := false
	for _, r := range c.held {
		inside = inside || off >= r[0] && off+int64(len(p)) <= r[0]+r[1]
	}
	if !inside {
		c.requests++
		c.bytes += int64(len(p))
		c.alone = append(c.alone, [2]int64{off, int64(len(p))})
	}
	return c.ReaderAt.ReadAt(p, off)
}

// check holds that nothing was read but what had been planned, and the last bytes.
func (c *counter) check(t *testing.T) {
	t.Helper()
	for _, b := range c.bad {
		t.Error(b)
	}
	for i, r := range c.alone {
		if i > 0 || r[0]+r[1] != c.size {
			t.Errorf("got %d bytes at %d of %d read alone", r[1], r[0], c.size)
		}
	}
	if len(c.held) > 0 {
		t.Errorf("got %v still held in the end", c.held)
	}
}

// far returns a file as a remote one.
func far(f File) (File, *counter) {
	c := &counter{ReaderAt: f.Content, size: f.Size}
	f.Content = c
	return f, c
}

// tiny returns files as remote ones of which little is asked at a time, so that small files are read as large ones are.
func tiny(ctx context.Context, files []File) ([]File, []*counter) {
	var out []File
	var counts []*counter
	for _, f := range files {
		f, c := far(f)
		f.Content = &remote{ctx: ctx, from: c, ask: sizes{tail: 16, block: 64, held: 256, slice: 32}, size: f.Size}
		out, counts = append(out, f), append(counts, c)
	}
	return out, counts
}

// TestRemoteCorpus reads every file of the corpora as if it were large and far away.
func TestRemoteCorpus(t *testing.T) {
	t.Parallel()
	dirs := []string{filepath.Join(corpus, "ok"), filepath.Join(corpus, "err"), filepath.Join(parquetCorpus, "ok"), filepath.Join(parquetCorpus, "err")}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); ext == ".want" || ext == ".options" {
				continue
			}
			t.Run(e.Name(), func(t *testing.T) {
				t.Parallel()
				files, o := load(t, dir, e.Name())
				there, counts := tiny(t.Context(), files)
				if d := cmp.Diff(readAll(t, files, o), readAll(t, there, o)); d != "" {
					t.Errorf("differs from the file on disk (-disk +remote):\n%s", d)
				}
				for _, c := range counts {
					for _, b := range c.bad {
						t.Error(b)
					}
				}
			})
		}
	}
}

// readAll shows what files are read, copied and quoted as, or why not.
func readAll(t *testing.T, files []File, o Options) string {
	t.Helper()
	s, err := Read(t.Context(), files, o)
	if err != nil {
		return err.Error()
	}
	var places []Place
	for _, table := range s.Tables {
		for i := range table.Len() {
			places = append(places, placeOf(table, i))
		}
	}
	texts, err := Texts(t.Context(), files, o, places)
	out := dump(s) + fmt.Sprintln(texts, err)
	for _, text := range []bool{true, false} {
		var b bytes.Buffer
		n, err := WriteFlat(t.Context(), &b, files, o, FlatOptions{Text: text, SampleID: !text})
		out += fmt.Sprintf("%d %v %x\n", n, err, b.Bytes())
	}
	return out
}

// reference is a Parquet file in the layout that budgets are given for, scaled down: 100 row groups of 20 rows.
func reference(tb testing.TB) File {
	tb.Helper()
	var b bytes.Buffer
	writeParquet(20)(&b, 2000, 1)
	return memory("data/test-00000-of-00001.parquet", b.Bytes())
}

// TestRemotePlan counts what reading the scores of a remote file costs.
func TestRemotePlan(t *testing.T) {
	t.Parallel()
	disk := reference(t)
	p, err := openParquet(&disk)
	if err != nil {
		t.Fatal(err)
	}
	footer, err := readFooter(&disk)
	if err != nil {
		t.Fatal(err)
	}
	chunks := func(groups int, columns ...string) int64 {
		n := int64(0)
		for _, g := range p.groups[:groups] {
			for _, leaf := range p.leaves {
				for _, c := range columns {
					if leaf.name == c {
						n += g.chunks[leaf.index].size
					}
				}
			}
		}
		return n
	}
	metrics := []Metric{{Path: "accuracy"}, {Path: "style"}}
	few := chunks(100, "accuracy", "style", "model")
	ids := few + chunks(100, "id")
	looked := chunks(50, "evaluation") // of a thousand rows
	for _, tt := range []struct {
		name   string
		o      Options
		needed int64
	}{
		{"scores and ids", Options{Metrics: metrics}, ids},
		{"by default", Options{}, ids + looked},
		{"scores alone", Options{Metrics: metrics, NoIDs: true}, few},
		{"with input texts", Options{Inputs: true}, ids + looked + chunks(100, "instruction")},
		{"ids from input texts", Options{ID: "instruction", Metrics: metrics}, few + chunks(100, "instruction")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			there, c := far(disk)
			got, err := Read(t.Context(), []File{there}, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Read(t.Context(), []File{disk}, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := score.SHA256(got.Tables), score.SHA256(want.Tables); got != want {
				t.Errorf("got scores %s, want %s as from disk", got, want)
			}
			c.check(t)
			if most := len(p.groups) + 3; c.requests > most {
				t.Errorf("got %d requests, want at most %d", c.requests, most)
			}
			if most := (int64(len(footer)) + tt.needed) * 110 / 100; c.bytes > most {
				t.Errorf("got %d bytes, want at most %d", c.bytes, most)
			}
			if c.calls > 2 {
				t.Errorf("got %d rounds of requests beside the first, want one for the footer and one for the columns", c.calls)
			}
		})
	}
}

// TestRemoteTime holds reading to the time that its plan should take, by a clock that only waiting moves.
func TestRemoteTime(t *testing.T) {
	t.Parallel()
	disk := reference(t)
	for _, o := range []Options{{}, {Inputs: true}, {NoIDs: true}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDistant(disk.Content, disk.Size)
			begin := time.Now()
			if _, err := Read(t.Context(), []File{{Name: disk.Name, Content: d, Size: disk.Size}}, o); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(begin), expected(d.requests-2, d.bytes); got > want*11/10 {
				t.Errorf("got %v, want at most a tenth more than %v", got, want)
			}
		})
	}
}

// TestRemoteShards begins many small files at once, and holds none of them when it is done.
func TestRemoteShards(t *testing.T) {
	t.Parallel()
	const shards = 40
	var disk []File
	for i := range shards {
		disk = append(disk, textFile(fmt.Sprintf("%d.csv", i), fmt.Sprintf("id,model,acc\na%d,m,1\nb%d,m,0\n", i, i)))
	}
	want, err := Read(t.Context(), disk, Options{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var there []File
		for _, f := range disk {
			there = append(there, File{Name: f.Name, Content: newDistant(f.Content, f.Size), Size: f.Size})
		}
		begin := time.Now()
		got, err := Read(t.Context(), there, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(dump(want), dump(got)); d != "" {
			t.Errorf("differs from disk (-disk +remote):\n%s", d)
		}
		if took, most := time.Since(begin), roundTrip*(shards/manyFiles+2); took > most {
			t.Errorf("got %v, want at most %v", took, most)
		}
		for i, f := range there {
			d := f.Content.(*distant)
			if d.check(t); d.requests != 1 {
				t.Errorf("file %d: got %d requests, want one", i, d.requests)
			}
		}
	})
}

// TestMerge joins ranges between which little lies.
func TestMerge(t *testing.T) {
	t.Parallel()
	const k = 1 << 10
	for _, tt := range []struct {
		name     string
		in, want [][2]int64
	}{
		{"none", nil, nil},
		{"neighbours, in any order", [][2]int64{{30, 10}, {10, 10}, {20, 10}}, [][2]int64{{10, 30}}},
		{"a small gap", [][2]int64{{0, 10}, {10 + 4*k, 10}}, [][2]int64{{0, 20 + 4*k}}},
		{"a larger gap", [][2]int64{{0, 10}, {11 + 4*k, 10}}, [][2]int64{{0, 10}, {11 + 4*k, 10}}},
		{"a larger gap beside much", [][2]int64{{0, 400 * k}, {410 * k, 400 * k}}, [][2]int64{{0, 810 * k}}},
		{"the smaller gap of two, beside too little for both", [][2]int64{{0, 400 * k}, {420 * k, 400 * k}, {830 * k, 10}},
			[][2]int64{{0, 400 * k}, {420 * k, 410*k + 10}}},
		{"a gap that takes longer than a request", [][2]int64{{0, 1 << 30}, {1<<30 + 200*k, 10}}, [][2]int64{{0, 1 << 30}, {1<<30 + 200*k, 10}}},
		{"the same twice, and one inside another", [][2]int64{{5, 10}, {5, 10}, {0, 100}, {100, 1}}, [][2]int64{{0, 101}}},
	} {
		if d := cmp.Diff(tt.want, merge(tt.in)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestRemoteText reads text from the beginning in blocks.
func TestRemoteText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	writeJSONL(&b, 3000, 1)
	plain, packed := memory("rows.jsonl", b.Bytes()), memory("rows.jsonl.gz", gzipped(t, b.Bytes()))
	for _, disk := range []File{plain, packed} {
		there, c := far(disk)
		got, err := Read(t.Context(), []File{there}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := Read(t.Context(), []File{disk}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := score.SHA256(got.Tables), score.SHA256(want.Tables); got != want {
			t.Errorf("%s: got scores %s, want %s as from disk", disk.Name, got, want)
		}
		c.check(t)
		if blocks := int((disk.Size + usualSizes.block - 1) / usualSizes.block); c.requests > 1+blocks || c.bytes != disk.Size {
			t.Errorf("%s: got %d requests for %d bytes, want at most %d for %d", disk.Name, c.requests, c.bytes, 1+blocks, disk.Size)
		}
		if c.most > manyBlocks*usualSizes.block {
			t.Errorf("%s: got %d bytes held", disk.Name, c.most)
		}
	}
}

// TestRemoteTexts fetches the row groups of a few samples.
func TestRemoteTexts(t *testing.T) {
	t.Parallel()
	disk := reference(t)
	there, c := far(disk)
	want := []Place{{disk.Name, 1}, {disk.Name, 20}, {disk.Name, 21}, {disk.Name, 1003}, {disk.Name, 2000}}
	got, err := Texts(t.Context(), []File{there}, Options{}, want)
	if err != nil {
		t.Fatal(err)
	}
	local, err := Texts(t.Context(), []File{disk}, Options{}, want)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(local, got); d != "" || len(got) != len(want) {
		t.Errorf("differs from the file on disk (-disk +remote):\n%s", d)
	}
	c.check(t)
	footer, err := readFooter(&disk)
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(len(footer)) + disk.Size*4/100; c.requests > 2+4 || c.bytes > most {
		t.Errorf("got %d requests for %d bytes, want 2 for the footer and 4 for row groups, %d bytes", c.requests, c.bytes, most)
	}
}

// TestRemoteCopy copies a remote file column by column.
func TestRemoteCopy(t *testing.T) {
	t.Parallel()
	disk := reference(t)
	for _, sel := range []FlatOptions{{Text: true}, {SampleID: true}, {Model: "acme/model-3"}} {
		there, c := far(disk)
		var got, want bytes.Buffer
		if _, err := WriteFlat(t.Context(), &got, []File{there}, Options{}, sel); err != nil {
			t.Fatal(err)
		}
		if _, err := WriteFlat(t.Context(), &want, []File{disk}, Options{}, sel); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%+v: differs from what the file on disk is copied to", sel)
		}
		c.check(t)
		if c.requests > 120 || c.bytes > disk.Size*110/100 || c.most > usualSizes.held {
			t.Errorf("%+v: got %d requests for %d bytes of %d, %d at a time", sel, c.requests, c.bytes, disk.Size, c.most)
		}
	}
}

// TestRemoteRows reads a small table whole.
func TestRemoteRows(t *testing.T) {
	t.Parallel()
	type row struct {
		Name string `parquet:"name"`
		N    int    `parquet:"n"`
	}
	var want []row
	for i := range 50_000 {
		want = append(want, row{fmt.Sprintf("name %x", i*i*i), i})
	}
	var b bytes.Buffer
	if err := WriteRows(&b, want); err != nil {
		t.Fatal(err)
	}
	there, c := far(memory("", b.Bytes()))
	got, err := ReadRows[row](there.Content.(*counter), there.Size)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	c.check(t)
	if c.requests > 1 || c.bytes != there.Size {
		t.Errorf("got %d requests for %d bytes of %d", c.requests, c.bytes, there.Size)
	}
	if _, err := ReadRows[row](there.Content.(*counter), maxTable+1); err == nil || c.requests > 1 {
		t.Errorf("got %v and %d requests for a table that is too large, want an error and no more requests", err, c.requests)
	}
}
