package hubtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/hubgate/hubgate/hub"
)

func testCreate(t *testing.T, h place) {
	ctx := t.Context()
	_, err := h.Open(ctx, h.repo)
	h.wantErr(t, "open before create", err, hub.ErrNotFound)

	d := create(t, h)
	if got := d.Repo(); got != h.repo {
		t.Errorf("repo: got %v, want %v", got, h.repo)
	}
	_, err = h.Create(ctx, h.repo)
	h.wantErr(t, "create again", err, hub.ErrExists)

	want := d.put("README.md", "# results")
	again, err := h.Open(ctx, h.repo)
	if err != nil {
		t.Fatalf("open after create: %v", err)
	}
	if got := (dataset{again, t}).resolve("main"); got.ID != want.ID {
		t.Errorf("main of the opened dataset: got %s, want %s", got.ID, want.ID)
	}
	for _, r := range []hub.Repo{{}, {Owner: h.repo.Owner}, {Owner: h.repo.Owner, Name: "../x"}, {Owner: "a/b", Name: "c"}, {Owner: "a--b", Name: "c"}} {
		if _, err := h.Open(ctx, r); err == nil || errors.Is(err, hub.ErrNotFound) {
			t.Errorf("open %q: got %v, want the name refused", r, err)
		}
		if _, err := h.Create(ctx, r); err == nil {
			t.Errorf("create %q: got no error, want the name refused", r)
		}
	}
}

func testCreateRace(t *testing.T, h place) {
	const n = 6
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, errs[i] = h.Create(t.Context(), h.repo) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		h.wantErr(t, "create at once", err, hub.ErrExists)
	}
	if won != 1 {
		t.Errorf("%d of %d created the dataset, want 1", won, n)
	}
}

func testDatasets(t *testing.T, h place) {
	list := func(owner string) []string {
		t.Helper()
		var names []string
		for r, err := range h.Datasets(t.Context(), owner) {
			if err != nil {
				t.Fatalf("datasets of %s: %v", owner, err)
			}
			if strings.HasPrefix(r.Name, h.prefix) {
				names = append(names, r.String())
			}
		}
		return names
	}
	owner := h.repo.Owner
	if got := list(owner); len(got) != 0 {
		t.Errorf("datasets before any: got %q, want none", got)
	}
	for _, name := range []string{"b-results", "a_results", "a.results", "Z-results"} {
		if _, err := h.Create(t.Context(), hub.Repo{Owner: owner, Name: h.prefix + name}); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for _, name := range []string{"Z-results", "a.results", "a_results", "b-results"} {
		want = append(want, owner+"/"+h.prefix+name)
	}
	got := list(owner)
	if h.prefix != "" { // a Hub that others use has an index, and that may lag
		want = slices.DeleteFunc(want, func(name string) bool { return !slices.Contains(got, name) })
	}
	if !slices.Equal(got, want) {
		t.Errorf("datasets: got %q, want %q", got, want)
	}
	for _, other := range []string{owner[:len(owner)-1], owner + "-2", "nobody-at-all"} {
		if got := list(other); len(got) != 0 {
			t.Errorf("datasets of %s: got %q, want none", other, got)
		}
	}
	for range h.Datasets(t.Context(), owner) {
		break // a sequence can be left
	}
}

func testResolve(t *testing.T, h place) {
	d := create(t, h)
	if _, err := d.Resolve(t.Context(), "other"); !errors.Is(err, hub.ErrNoRevision) {
		t.Errorf("resolve in a new dataset: got %v, want %v", err, hub.ErrNoRevision)
	}
	base := d.put("a.txt", "one")
	at := d.commit(hub.Change{Message: "Add two\n\nand say why", Put: files("b.txt", "two")})
	if !hub.IsCommitID(at.ID) || at.Parent != base.ID || at.Title() != "Add two" {
		t.Errorf("commit: got %+v, want an id, parent %s and title %q", at, base.ID, "Add two")
	}
	if err := d.Branch(t.Context(), "exp/one", base); err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]hub.Commit{
		"main":      at,
		"exp/one":   base,
		at.ID:       at,
		base.ID:     base,
		at.ID[:7]:   at,
		at.ID[:39]:  at,
		base.ID[:9]: base,
	} {
		if got := d.resolve(revision); got.ID != want.ID {
			t.Errorf("resolve %s: got %s, want %s", revision, got.ID, want.ID)
		}
	}
	if got := d.resolve(at.ID); got.Message != at.Message || got.Parent != at.Parent || !got.Time.Equal(at.Time) {
		t.Errorf("resolve: got %+v, want what Commit returned, %+v", got, at)
	}
	unknown := "0123456789abcdef0123456789abcdef01234567"
	for _, revision := range []string{
		"", "nope", "refs", "refs/pr", "exp", "main/x", "exp/one/x", unknown, unknown[:7], at.ID[:6], strings.ToUpper(at.ID) + "X",
		at.ID + "0", "../main", "/main", "..", "ma\x00in", `refs\main`, "main ", "-main", ".git/HEAD",
	} {
		_, err := d.Resolve(t.Context(), revision)
		h.wantErr(t, "resolve "+revision, err, hub.ErrNoRevision)
	}
}

func testList(t *testing.T, h place) {
	d := create(t, h)
	// "-" sorts before "/", so that folder by folder is another order than path by path.
	at := d.put("data/b.txt", "bb", "data/a/z.txt", "z", "data-2/x.txt", "xxx", "README.md", "", "data/a.txt", "a", "Data/c.txt", "cc")
	names := func(entries []hub.Entry) []string {
		var paths []string
		for _, e := range entries {
			paths = append(paths, e.Path)
		}
		return paths
	}
	for _, tt := range []struct {
		dir  string
		want []string
	}{
		{"", []string{"Data/c.txt", "README.md", "data-2/x.txt", "data/a.txt", "data/a/z.txt", "data/b.txt"}},
		{"data", []string{"data/a.txt", "data/a/z.txt", "data/b.txt"}},
		{"data/", []string{"data/a.txt", "data/a/z.txt", "data/b.txt"}},
		{"data/a", []string{"data/a/z.txt"}},
		{"dat", nil},
		{"nope", nil},
		{"README.md", nil},
	} {
		if got := names(d.list(at, tt.dir)); !slices.Equal(got, tt.want) {
			t.Errorf("list %q: got %q, want %q", tt.dir, got, tt.want)
		}
	}
	for _, e := range d.list(at, "data-2") {
		if e.Size != 3 || e.SHA256 != "" && e.SHA256 != digest("xxx") {
			t.Errorf("entry: got %+v, want size 3 and sha256 %s or none", e, digest("xxx"))
		}
	}
	for range d.List(t.Context(), at, "") {
		break // a sequence can be left
	}
	unknown := hub.Commit{ID: "0123456789abcdef0123456789abcdef01234567"}
	h.wantErr(t, "list at an unknown commit", first(t, d.List(t.Context(), unknown, "")), hub.ErrNoRevision)
	h.wantErr(t, "list at no commit", first(t, d.List(t.Context(), hub.Commit{}, "")), hub.ErrNoRevision)
}

func testRead(t *testing.T, h place) {
	d := create(t, h)
	// A few megabytes that do not compress, so that a store that packs or sends in parts has several.
	large := make([]byte, 5<<20+17)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(large)
	at := d.put("large.bin", string(large), "empty.txt", "", "small.txt", "0123456789")

	if got := d.read(at, "large.bin"); got != string(large) {
		t.Errorf("large file: got %d other bytes", len(got))
	}
	if got := d.read(at, "empty.txt"); got != "" {
		t.Errorf("empty file: got %q", got)
	}
	b, err := d.Open(t.Context(), at, "small.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got := b.Size(); got != 10 {
		t.Errorf("size: got %d, want 10", got)
	}
	if err := iotest.TestReader(io.NewSectionReader(b, 0, 10), []byte("0123456789")); err != nil {
		t.Errorf("random access: %v", err)
	}
	p := make([]byte, 4)
	if n, err := b.ReadAt(p, 3); n != 4 || err != nil || string(p) != "3456" {
		t.Errorf("read at 3: got %q, %d, %v", p, n, err)
	}
	if n, err := b.ReadAt(p, 8); n != 2 || err != io.EOF || string(p[:n]) != "89" { //nolint:errorlint // a ReaderAt answers io.EOF bare
		t.Errorf("read at 8: got %q, %d, %v, want the last two bytes and EOF", p[:n], n, err)
	}
	if n, err := b.ReadAt(p, 10); n != 0 || err != io.EOF { //nolint:errorlint // as above
		t.Errorf("read at the end: got %d, %v, want EOF", n, err)
	}
	readAtOnce(t, d, at, large)

	for path, want := range map[string]error{"nope": hub.ErrNoEntry, "large.bin/x": hub.ErrNoEntry} {
		_, err := d.Open(t.Context(), at, path)
		h.wantErr(t, "open "+path, err, want)
	}
	_, err = d.Open(t.Context(), hub.Commit{ID: "0123456789abcdef0123456789abcdef01234567"}, "small.txt")
	h.wantErr(t, "open at an unknown commit", err, hub.ErrNoRevision)
	_, err = d.Open(t.Context(), hub.Commit{}, "small.txt")
	h.wantErr(t, "open at no commit", err, hub.ErrNoRevision)
}

// readAtOnce reads one Blob from several goroutines.
func readAtOnce(t *testing.T, d dataset, at hub.Commit, want []byte) {
	t.Helper()
	b, err := d.Open(t.Context(), at, "large.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := make([]byte, 64<<10)
			off := int64(i) * 600_001
			if _, err := b.ReadAt(p, off); err != nil || !bytes.Equal(p, want[off:][:len(p)]) {
				t.Errorf("read at %d beside others: other bytes, %v", off, err)
			}
		})
	}
	wg.Wait()
}

func testOddPaths(t *testing.T, h place) {
	d := create(t, h)
	paths := []string{
		" leading space", "-dash", ".hidden/.file", "100%/50%25.txt", "a#b", "a+b@c=d&e;f", "a/b/c/d/e/f/g/h",
		"data/with space.txt", "données/ü.txt", "gitignore/.gitkeep", "main", "refs/main", "x.git", "日本語/結果.txt", "🙂",
	}
	var pairs []string
	for _, p := range paths {
		pairs = append(pairs, p, "content of "+p)
	}
	d.wantFiles(d.put(pairs...), pairs...)
}

func testHostilePaths(t *testing.T, h place) {
	d := create(t, h)
	at := d.put("a/b.txt", "x")
	for _, path := range []string{
		"", "/etc/passwd", "..", "../x", "a/../../x", "a/../a/b.txt", "a//b.txt", "a/b.txt/", "./a/b.txt", "a/./b.txt", ".git/config",
		"a/.GIT/x", `a\b.txt`, "a\x00b", "a\nb", "\xff",
	} {
		if b, err := d.Open(t.Context(), at, path); err == nil {
			_ = b.Close()
			t.Errorf("open %q: got a blob, want the path refused", path)
		}
		c := hub.Change{Branch: "main", Parent: at.ID, Message: "Put", Put: files(path, "x")}
		if _, err := d.Commit(t.Context(), c); err == nil {
			t.Errorf("put %q: got no error, want the path refused", path)
		}
		c.Put, c.Delete = nil, []string{path}
		if _, err := d.Commit(t.Context(), c); err == nil {
			t.Errorf("delete %q: got no error, want the path refused", path)
		}
	}
	if got := d.head("main"); got != at.ID {
		t.Errorf("main moved to %s", got)
	}
}

func testCancel(t *testing.T, h place) {
	d := create(t, h)
	at := d.put("a.txt", "one")
	ctx := cancelled(t)
	calls := map[string]func() error{
		"resolve": func() error { _, err := d.Resolve(ctx, "main"); return err },
		"list":    func() error { return first(t, d.List(ctx, at, "")) },
		"open":    func() error { _, err := d.Open(ctx, at, "a.txt"); return err },
		"log":     func() error { return first(t, d.Log(ctx, "main")) },
		"branch":  func() error { return d.Branch(ctx, "other", at) },
		"commit": func() error {
			_, err := d.Commit(ctx, hub.Change{Branch: "main", Parent: at.ID, Message: "Put", Put: files("b", "b")})
			return err
		},
		"open hub": func() error { _, err := h.Open(ctx, h.repo); return err },
		"create": func() error {
			_, err := h.Create(ctx, hub.Repo{Owner: h.repo.Owner, Name: h.prefix + "other"})
			return err
		},
		"datasets": func() error { return first(t, h.Datasets(ctx, h.repo.Owner)) },
	}
	for name, call := range calls {
		h.wantErr(t, name+" with a cancelled context", call(), context.Canceled)
	}
	// Cancelled in the middle of the content, nothing is committed either.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := &stopper{cancel: cancel}
	content := hub.File{Path: "big", Size: 4 << 20, Content: stop}
	_, err := d.Commit(ctx, hub.Change{Branch: "main", Parent: at.ID, Message: "Put", Put: []hub.File{content}})
	h.wantErr(t, "commit cancelled half-way", err, context.Canceled)
	if stop.read >= content.Size {
		t.Error("commit cancelled half-way: the content was read to its end")
	}
	if got := d.head("main"); got != at.ID {
		t.Errorf("main moved to %s", got)
	}
	d.put("b.txt", "two") // and the dataset is not locked for ever
}

// A stopper is content whose reading cancels a context. It counts the bytes that are read all the same.
type stopper struct {
	cancel func()
	read   int64
}

func (s *stopper) ReadAt(p []byte, _ int64) (int, error) {
	s.cancel()
	s.read += int64(len(p))
	clear(p)
	return len(p), nil
}
