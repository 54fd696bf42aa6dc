package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
)

var (
	repo  = hub.Repo{Owner: "acme", Name: "tiny-llm-results"}
	epoch = time.Date(2026, 8, 1, 10, 0, 0, 0, time.UTC)
)

// at returns a Hub whose clock stands still.
func at(dir string) *Hub {
	h := Open(dir)
	h.now = func() time.Time { return epoch }
	return h
}

func create(t *testing.T, h *Hub) hub.Store {
	t.Helper()
	s, err := h.Create(t.Context(), repo)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(t *testing.T, s hub.Store, c hub.Change) hub.Commit {
	t.Helper()
	c.Branch = "main"
	if c.Message == "" {
		c.Message = "Change something"
	}
	done, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// content returns path=content of every file at a revision, or the error that reading it gives.
func content(t *testing.T, s hub.Store, revision string) string {
	t.Helper()
	at, err := s.Resolve(t.Context(), revision)
	if err != nil {
		return err.Error()
	}
	var all []string
	for e, err := range s.List(t.Context(), at, "") {
		if err != nil {
			return err.Error()
		}
		b, err := s.Open(t.Context(), at, e.Path)
		if err != nil {
			return err.Error()
		}
		p := make([]byte, b.Size())
		if _, err := b.ReadAt(p, 0); err != nil && len(p) > 0 {
			return err.Error()
		}
		b.Close()
		all = append(all, e.Path+"="+string(p))
	}
	return strings.Join(all, " ")
}

// shown returns path=content of every file in a snapshot, as a tool that knows only the cache's layout reads it.
func shown(t *testing.T, dir, id string) string {
	t.Helper()
	var all []string
	top := filepath.Join(dir, folderName(repo), "snapshots", id)
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(top, path)
		all = append(all, filepath.ToSlash(rel)+"="+string(data))
		return err
	})
	if err != nil {
		return err.Error()
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

var errCrash = errors.New("crash")

// crashAfter makes every change from the n-th on fail, counted from 0, and reports how many were asked for.
func crashAfter(h *Hub, n int) (asked *int) {
	asked = new(int)
	h.step = func(string, string) error {
		*asked++
		if *asked > n {
			return errCrash
		}
		return nil
	}
	return asked
}

// TestCrash stops a writer before each of its changes to the disk in turn. Whoever comes after finds the old state
// or the new one, whole, and can go on.
func TestCrash(t *testing.T) {
	t.Parallel()
	const before, after = "a=1 d/b=2 d/c=3", "a=one d/c=3 e/f/g=new h=same"
	first := hub.Change{Put: []hub.File{hub.Bytes("a", []byte("1")), hub.Bytes("d/b", []byte("2")), hub.Bytes("d/c", []byte("3"))}}
	second := func(parent string) hub.Change {
		return hub.Change{
			Branch: "main", Parent: parent, Message: "Second", Delete: []string{"d/b"},
			Put: []hub.File{
				hub.Bytes("a", []byte("one")), hub.Bytes("e/f/g", []byte("new")), hub.Bytes("h", []byte("same")),
			},
		}
	}
	oldState, newState := 0, 0
	for n := 0; ; n++ {
		dir := t.TempDir()
		old := commit(t, create(t, at(dir)), first)

		h := at(dir)
		crashAfter(h, n)
		s, err := h.Open(t.Context(), repo)
		if err != nil {
			t.Fatal(err)
		}
		_, crashed := s.Commit(t.Context(), second(old.ID))
		if crashed != nil && !errors.Is(crashed, errCrash) {
			t.Fatalf("crash at change %d: got %v, want %v", n, crashed, errCrash)
		}

		s, err = at(dir).Open(t.Context(), repo)
		if err != nil {
			t.Fatalf("after a crash at change %d: %v", n, err)
		}
		now, err := s.Resolve(t.Context(), "main")
		if err != nil {
			t.Fatalf("after a crash at change %d: %v", n, err)
		}
		want := before
		if now.ID == old.ID {
			oldState++
			if crashed == nil {
				t.Fatalf("crash at change %d: the commit was reported done and is not there", n)
			}
		} else {
			newState++
			want = after
		}
		if got := content(t, s, "main"); got != want {
			t.Errorf("after a crash at change %d: got %q, want %q", n, got, want)
		}
		if got := shown(t, dir, now.ID); got != want {
			t.Errorf("snapshot after a crash at change %d: got %q, want %q", n, got, want)
		}
		if got := content(t, s, old.ID); got != before {
			t.Errorf("old commit after a crash at change %d: got %q, want %q", n, got, before)
		}

		again, err := s.Commit(t.Context(), second(old.ID))
		if now.ID == old.ID && err != nil || now.ID != old.ID && !errors.Is(err, hub.ErrConflict) {
			t.Fatalf("second attempt after a crash at change %d, main at %s: %v", n, now.ID, err)
		}
		if err == nil && shown(t, dir, again.ID) != after || content(t, s, "main") != after {
			t.Errorf("second attempt after a crash at change %d: got %q, want %q", n, content(t, s, "main"), after)
		}
		if left, err := os.ReadDir(filepath.Join(dir, folderName(repo), tmpDir)); err == nil && now.ID == old.ID {
			t.Errorf("second attempt after a crash at change %d left %v", n, left)
		}
		if crashed == nil {
			break
		}
	}
	if oldState < 20 || newState < 3 {
		t.Errorf("crashes left the old state %d times and the new one %d times; is every change asked about?", oldState, newState)
	}
}

// TestCrashFirst stops the making of a dataset, of its first commit, and of a branch.
func TestCrashFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	work := func(h *Hub) error {
		s, err := h.Open(ctx, repo)
		if errors.Is(err, hub.ErrNotFound) {
			s, err = h.Create(ctx, repo)
		}
		if err != nil {
			return err
		}
		base, err := s.Resolve(ctx, "main")
		if errors.Is(err, hub.ErrNoRevision) {
			base, err = s.Commit(ctx, hub.Change{Branch: "main", Message: "First", Put: []hub.File{hub.Bytes("a/b", []byte("1"))}})
		}
		if err != nil {
			return err
		}
		if err := s.Branch(ctx, "refs/pr/1", base); !errors.Is(err, hub.ErrExists) {
			return err
		}
		return nil
	}
	for n, done := 0, false; !done; n++ {
		dir := t.TempDir()
		h := at(dir)
		crashAfter(h, n)
		err := work(h)
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatalf("crash at change %d: %v", n, err)
		}
		done = err == nil
		if s, err := at(dir).Open(ctx, repo); err == nil {
			if got := content(t, s, "main"); got != "a/b=1" && !strings.Contains(got, hub.ErrNoRevision.Error()) {
				t.Errorf("after a crash at change %d: got %q", n, got)
			}
		}
		if err := work(at(dir)); err != nil {
			t.Fatalf("second attempt after a crash at change %d: %v", n, err)
		}
		s, err := at(dir).Open(ctx, repo)
		if err != nil {
			t.Fatal(err)
		}
		for _, revision := range []string{"main", "refs/pr/1"} {
			if got := content(t, s, revision); got != "a/b=1" {
				t.Errorf("%s after a crash at change %d: got %q", revision, n, got)
			}
		}
		if n > 1000 {
			t.Fatal("the work never gets done")
		}
	}
}

// TestOrder holds the order on which survival rests: what is named is complete and synced before its name appears.
func TestOrder(t *testing.T) {
	t.Parallel()
	h := at(t.TempDir())
	s := create(t, h)
	var steps []string
	h.step = func(op, name string) error {
		steps = append(steps, op+" "+name)
		return nil
	}
	done := commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("a", []byte("1"))}})
	sum := "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b" // sha256sum of "1"
	order := []string{
		"write tmp/blob", "fsync tmp/blob", "rename blobs/" + sum, "fsync blobs",
		"symlink tmp/snapshot/a", "fsync tmp/snapshot", "rename snapshots/" + done.ID, "fsync snapshots",
		"write tmp/file", "fsync tmp/file", "rename commits/" + done.ID + ".json", "fsync commits", "fsync .",
		"write tmp/file", "fsync tmp/file", "rename refs/main", "fsync refs",
	}
	rest := steps
	for _, want := range order {
		i := slices.Index(rest, want)
		if i < 0 {
			t.Fatalf("no %q where it belongs, in %q", want, steps)
		}
		rest = rest[i+1:]
	}
}

// TestNoLinks writes where the file system has no symbolic links.
func TestNoLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := at(dir)
	h.step = func(op, _ string) error {
		if op == "symlink" {
			return errors.ErrUnsupported
		}
		return nil
	}
	s := create(t, h)
	done := commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("a/b", []byte("1")), hub.Bytes("c", nil)}})
	if got, want := shown(t, dir, done.ID), "a/b=1 c="; got != want {
		t.Errorf("snapshot of copies: got %q, want %q", got, want)
	}
	if got, want := content(t, s, "main"), "a/b=1 c="; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLockWaits gives up waiting for another process's lock, and does not keep it when it comes after all.
func TestLockWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := create(t, at(dir))
	root, err := os.OpenRoot(filepath.Join(dir, folderName(repo)))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	unlock, err := lock(t.Context(), root, root.Name())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lock(ctx, root, root.Name()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: got %v, want %v", err, context.Canceled)
	}
	unlock()
	commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("a", nil)}})
}

// BenchmarkCommit adds a file to a dataset of many, as publishing a run does.
func BenchmarkCommit(b *testing.B) {
	h := Open(b.TempDir())
	s, err := h.Create(b.Context(), repo)
	if err != nil {
		b.Fatal(err)
	}
	var put []hub.File
	for i := range 500 {
		put = append(put, hub.Bytes(fmt.Sprintf("runs/%d.parquet", i), fmt.Append(nil, i)))
	}
	c, err := s.Commit(b.Context(), hub.Change{Branch: "main", Message: "Many", Put: put})
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 1<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		copy(data, fmt.Sprint(n))
		c, err = s.Commit(b.Context(), hub.Change{Branch: "main", Parent: c.ID, Message: "One", Put: []hub.File{hub.Bytes("data/x", data)}})
		if err != nil {
			b.Fatal(err)
		}
	}
}
