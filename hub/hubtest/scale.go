package hubtest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

// noise is n bytes that do not compress, other ones for another seed.
func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{seed})
	_, _ = rng.Read(b)
	return b
}

// testMany puts more files than fit a page or a request of the Hub's, in one commit, and takes most of them away in another.
func testMany(t *testing.T, h place) {
	d := create(t, h)
	var pairs, kept, gone []string
	for i := range 300 {
		pairs = append(pairs, fmt.Sprintf("runs/%d/%03d.txt", i%7, i), fmt.Sprint("file ", i))
	}
	for pair := range slices.Chunk(pairs, 2) {
		if strings.HasPrefix(pair[0], "runs/3/") {
			kept = append(kept, pair...)
		} else {
			gone = append(gone, pair[0])
		}
	}
	all := d.put(pairs...)
	paths := make([]string, 0, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		paths = append(paths, pair[0])
	}
	slices.Sort(paths)
	if got := d.paths(all); !slices.Equal(got, paths) {
		t.Errorf("got %d paths, want the %d sorted", len(got), len(paths))
	}
	if got, want := d.read(all, "runs/4/298.txt"), "file 298"; got != want {
		t.Errorf("one of many: got %q, want %q", got, want)
	}
	d.wantFiles(d.commit(hub.Change{Delete: gone}), kept...)
	if got := len(d.list(all, "runs")); got != 300 {
		t.Errorf("the commit before: got %d files, want 300", got)
	}
}

// testSizes holds content to the byte at the sizes where stores and transfers change their ways.
func testSizes(t *testing.T, h place) {
	d := create(t, h)
	want := map[string][]byte{}
	var put []hub.File
	add := func(path string, content []byte) {
		want[path] = content
		put = append(put, hub.Bytes(path, content))
	}
	for _, n := range []int{0, 1, 511, 512, 513, 4095, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
		add(fmt.Sprintf("sizes/%d.dat", n), noise(n, 1))
		add(fmt.Sprintf("sizes/%d.parquet", n), noise(n, 2)) // which the Hub keeps elsewhere, whatever its size
	}
	large := 10<<20 + 12_345
	if testing.Short() {
		large = 1<<20 + 12_345
	}
	add("text.jsonl", bytes.Repeat([]byte("{\"score\": 1}\n"), large/13))
	add("binary.bin", noise(large, 3))
	at := d.commit(hub.Change{Put: put})

	for _, e := range d.list(at, "") {
		content := want[e.Path]
		if e.Size != int64(len(content)) || e.SHA256 != "" && e.SHA256 != digest(string(content)) {
			t.Errorf("entry: got %+v, want size %d and SHA-256 %s or none", e, len(content), digest(string(content)))
		}
		if got := d.read(at, e.Path); got != string(content) {
			t.Errorf("%s: got %d other bytes", e.Path, len(got))
		}
		delete(want, e.Path)
	}
	if len(want) != 0 {
		t.Errorf("%d files are not listed", len(want))
	}
	readHereAndThere(t, d, at, "binary.bin", noise(large, 3))
}

// readHereAndThere reads a file at offsets in no order, at its end and beyond.
func readHereAndThere(t *testing.T, d dataset, at hub.Commit, path string, content []byte) {
	t.Helper()
	b, err := d.Open(t.Context(), at, path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		p := make([]byte, rng.IntN(100_000))
		off := rng.IntN(len(content))
		if i == 0 {
			off = len(content) - len(p)/2 // over the end
		}
		want := content[off:min(len(content), off+len(p))]
		n, err := b.ReadAt(p, int64(off))
		if (err == nil) != (n == len(p)) || !bytes.Equal(p[:n], want) {
			t.Errorf("read of %d at %d: got %d bytes, %v, want %d", len(p), off, n, err, len(want))
		}
	}
	if n, err := b.ReadAt(make([]byte, 1), -1); n != 0 || err == nil {
		t.Errorf("read before the beginning: got %d, %v, want an error", n, err)
	}
	if n, err := b.ReadAt(make([]byte, 1), int64(len(content))+1); n != 0 || err != io.EOF { //nolint:errorlint // a ReaderAt answers io.EOF bare
		t.Errorf("read beyond the end: got %d, %v, want EOF", n, err)
	}
}

// testSameContent commits bytes that are there already: under another name, again after they were deleted, on another branch.
func testSameContent(t *testing.T, h place) {
	d := create(t, h)
	content := string(noise(2<<20, 4))
	first := d.put("a.parquet", content, "b.parquet", content)
	d.wantFiles(first, "a.parquet", content, "b.parquet", content)
	if err := d.Branch(t.Context(), "other", first); err != nil {
		t.Fatal(err)
	}
	d.wantFiles(d.commit(hub.Change{Delete: []string{"a.parquet", "b.parquet"}, Put: files("c.parquet", content)}), "c.parquet", content)
	d.wantFiles(d.put("a.parquet", content), "a.parquet", content, "c.parquet", content)
	at := d.commit(hub.Change{Branch: "other", Put: files("d.bin", content), Delete: []string{"b.parquet"}})
	d.wantFiles(at, "a.parquet", content, "d.bin", content)
}

// testGrowing lets one path hold little and much, text and binary, in turn: the Hub keeps these in two ways.
func testGrowing(t *testing.T, h place) {
	d := create(t, h)
	contents := []string{"small", string(noise(3<<20, 5)), "small again", "", string(noise(3<<20, 6)), strings.Repeat("text\n", 1<<20)}
	var commits []hub.Commit
	for _, content := range contents {
		commits = append(commits, d.put("history/runs.dat", content, "beside.txt", fmt.Sprint(len(commits))))
	}
	for i, at := range commits {
		d.wantFiles(at, "beside.txt", fmt.Sprint(i), "history/runs.dat", contents[i])
	}
}

// testMessages commits with titles and bodies that a protocol of lines could break.
func testMessages(t *testing.T, h place) {
	d := create(t, h)
	for i, message := range []string{
		`Add "run" \ 42`, "Füge 🙂 hinzu", "Title\n\nBody of\ntwo lines\n\nand a second part", "{\"key\":\"header\"}", strings.Repeat("long ", 50) + "end",
	} {
		at := d.commit(hub.Change{Message: message, Put: files("n", fmt.Sprint(i))})
		if at.Message != message {
			t.Errorf("commit: got message %q, want %q", at.Message, message)
		}
		if got := d.resolve("main"); got.Message != message || got.ID != at.ID {
			t.Errorf("resolve: got message %q, want %q", got.Message, message)
		}
	}
}

// testConsistent reads while others write: what one commit says always fits together.
func testConsistent(t *testing.T, h place) {
	d := create(t, h)
	d.put("a", "0", "b/data.parquet", "0")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		s, err := h.Open(t.Context(), h.repo)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { readPairs(t, s, stop) })
	}
	for i := range 12 {
		n := fmt.Sprint(i)
		d.put("a", n, "b/data.parquet", n)
	}
	close(stop)
	wg.Wait()
}

// readPairs reads two files at whatever the head is, which must be alike, until it is stopped, once at least.
func readPairs(t *testing.T, s hub.Store, stop <-chan struct{}) {
	for {
		at, err := s.Resolve(t.Context(), "main")
		if err != nil {
			t.Errorf("resolve: %v", err)
			return
		}
		var got []string
		for _, path := range []string{"a", "b/data.parquet"} {
			content, err := readAll(t, s, at, path)
			if err != nil {
				t.Errorf("read %s at %s: %v", path, at.ID, err)
				return
			}
			got = append(got, content)
		}
		if got[0] != got[1] {
			t.Errorf("at %s: got %q and %q of one commit", at.ID, got[0], got[1])
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

func readAll(t *testing.T, s hub.Store, at hub.Commit, path string) (string, error) {
	b, err := s.Open(t.Context(), at, path)
	if err != nil {
		return "", err
	}
	defer b.Close()
	data, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	return string(data), err
}

// testTwoBranches commits to two branches at once: neither is in the other's way.
func testTwoBranches(t *testing.T, h place) {
	d := create(t, h)
	base := d.put("a", "1")
	branches := []string{"pr-acme-repo-1", "pr-acme-repo-2"}
	var wg sync.WaitGroup
	for _, branch := range branches {
		if err := d.Branch(t.Context(), branch, base); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			parent := base.ID
			for i := range 4 {
				c := hub.Change{Branch: branch, Parent: parent, Message: "Add", Put: files(branch, fmt.Sprint(i))}
				at, err := d.Commit(t.Context(), c)
				if err != nil {
					t.Errorf("commit to %s: %v", branch, err)
					return
				}
				parent = at.ID
			}
		})
	}
	wg.Wait()
	for _, branch := range branches {
		d.wantFiles(d.resolve(branch), "a", "1", branch, "3")
	}
	d.wantFiles(d.resolve("main"), "a", "1")
}
