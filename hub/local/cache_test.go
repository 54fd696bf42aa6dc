package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

const (
	idA  = "3f0c1a9be7d24c5a8e61b0f2d7c94e1385ab6072"
	idB  = "3f0c1a9f00000000000000000000000000000000" // begins like idA
	lfs  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	xet  = "2e11000000000000000000000000000000000000000000000000000000000000"
	git  = "c1d0000000000000000000000000000000000000"
	name = "datasets--acme--tiny-llm-results"
)

// lay makes a directory of files given as path, content. A content that begins with "-> " is a link.
func lay(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		file := filepath.Join(dir, filepath.FromSlash(pairs[i]))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(pairs[i+1], "-> "); ok {
			err = os.Symlink(filepath.FromSlash(target), file)
		} else {
			err = os.WriteFile(file, []byte(pairs[i+1]), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) hub.Store {
	t.Helper()
	s, err := at(dir).Open(t.Context(), repo)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cache is what huggingface_hub leaves after downloading two revisions.
func cache(t *testing.T) string {
	return lay(t,
		"CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55",
		".locks/"+name+"/"+lfs+".lock", "",
		"models--acme--tiny-llm/refs/main", idA,
		"datasets--squad/refs/main", idA, // a dataset without an owner
		name+"/refs/main", idA,
		name+"/refs/v1.0", idB,
		name+"/refs/refs/pr/3", idB+"\n",
		name+"/blobs/"+lfs, "test",
		name+"/blobs/"+git, "# card",
		name+"/blobs/"+xet+".incomplete", "half a downl",
		name+"/snapshots/"+idA+"/data/train.parquet", "-> ../../../blobs/"+lfs,
		name+"/snapshots/"+idA+"/README.md", "-> ../../blobs/"+git,
		name+"/snapshots/"+idB+"/README.md", "a plain file, where links are not to be had",
		name+"/.no_exist/"+idA+"/dataset_infos.json", "",
	)
}

// What was downloaded by its commit alone has no main, and is no new dataset.
func TestCacheOfCommit(t *testing.T) {
	t.Parallel()
	s := open(t, lay(t, name+"/snapshots/"+idA+"/README.md", "# card"))
	if got := content(t, s, idA); got != "README.md=# card" {
		t.Errorf("got %q", got)
	}
	for range 2 { // trying to write changes nothing
		if _, err := s.Resolve(t.Context(), "main"); !errors.Is(err, hub.ErrCorrupt) {
			t.Errorf("got %v, want %v", err, hub.ErrCorrupt)
		}
		if _, err := s.Commit(t.Context(), hub.Change{Branch: "main", Message: "Begin", Put: []hub.File{hub.Bytes("a", nil)}}); !errors.Is(err, hub.ErrCorrupt) {
			t.Errorf("a first commit: got %v, want %v", err, hub.ErrCorrupt)
		}
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := cache(t)
	var names []string
	for r, err := range at(dir).Datasets(ctx, "acme") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, r.String())
	}
	if got, want := strings.Join(names, " "), repo.String(); got != want {
		t.Errorf("datasets: got %q, want %q", got, want)
	}

	s := open(t, dir)
	whole := "README.md=# card data/train.parquet=test"
	plain := "README.md=a plain file, where links are not to be had"
	for revision, want := range map[string]string{
		"main": whole, idA: whole, idA[:8]: whole, "v1.0": plain, "refs/pr/3": plain, idB[:8]: plain,
	} {
		if got := content(t, s, revision); got != want {
			t.Errorf("%s: got %q, want %q", revision, got, want)
		}
	}
	if got := content(t, s, idA[:7]); !strings.Contains(got, "2 commits begin like this") {
		t.Errorf("a prefix of two commits: got %q", got)
	}

	main, err := s.Resolve(ctx, "main")
	if want := (hub.Commit{ID: idA}); err != nil || main != want {
		t.Errorf("main: got %+v, %v, want %+v and nothing invented", main, err, want)
	}
	digests := map[string]string{}
	for e, err := range s.List(ctx, main, "") {
		if err != nil {
			t.Fatal(err)
		}
		digests[e.Path] = e.SHA256
	}
	if digests["data/train.parquet"] != lfs || digests["README.md"] != "" {
		t.Errorf("digests: got %q, want %s for the file in LFS and none for the other", digests, lfs)
	}
	n := 0
	for c, err := range s.Log(ctx, "main") {
		if n++; err != nil || c != main {
			t.Errorf("log: got %+v, %v", c, err)
		}
	}
	if n != 1 {
		t.Errorf("log: got %d commits, want 1", n)
	}
}

// TestCacheCommit goes on from a commit that huggingface_hub downloaded.
func TestCacheCommit(t *testing.T) {
	t.Parallel()
	dir := cache(t)
	s := open(t, dir)
	done := commit(t, s, hub.Change{Parent: idA, Put: []hub.File{hub.Bytes("new", []byte("n"))}})
	want := "README.md=# card data/train.parquet=test new=n"
	if got := content(t, s, "main"); got != want || done.Parent != idA {
		t.Errorf("got %q on parent %s, want %q on %s", got, done.Parent, want, idA)
	}
	if got := shown(t, dir, done.ID); got != want {
		t.Errorf("snapshot: got %q, want %q", got, want)
	}
	n := 0
	for _, err := range s.Log(t.Context(), "main") {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("log: got %d commits, want 2", n)
	}
	if got := content(t, s, "v1.0"); !strings.HasPrefix(got, "README.md=a plain") {
		t.Errorf("another ref: got %q", got)
	}
}

// TestSharedBlobs reads a cache whose datasets share blobs.
func TestSharedBlobs(t *testing.T) {
	t.Parallel()
	shared := "blobs/2e/" + xet
	dir := lay(t,
		"blobs/.huggingface-shared-blobs", "1\n",
		shared, "shared bytes",
		name+"/refs/main", idA,
		name+"/blobs/"+lfs, "-> ../../"+shared,
		name+"/snapshots/"+idA+"/a/b", "-> ../../../blobs/"+lfs,
	)
	s := open(t, dir)
	if got, want := content(t, s, "main"), "a/b=shared bytes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	commit(t, s, hub.Change{Parent: idA, Put: []hub.File{hub.Bytes("c", []byte("own"))}})
	if got, want := content(t, s, "main"), "a/b=shared bytes c=own"; got != want {
		t.Errorf("after a commit: got %q, want %q", got, want)
	}
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(shared))); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, s, "main"), "a/b=shared bytes c=own"; got != want {
		t.Errorf("without the shared blob: got %q, want %q", got, want)
	}
	if got := content(t, s, idA); !strings.Contains(got, "the shared "+shared+" is not there") {
		t.Errorf("the commit that shares: got %q", got)
	}
}

// TestDamage meets what contradicts itself, or leads out of the dataset: ErrCorrupt with a reason, and never "absent".
func TestDamage(t *testing.T) {
	t.Parallel()
	snapshot := name + "/snapshots/" + idA
	own := `{"schema":"hubgate.commit/1","parent":"","time":"2026-08-01T10:00:00Z","message":"m","tree":[{"path":"a","size":4,"sha256":"` + lfs + `"}]}`
	id := commitID([]byte(own))
	orphan := strings.Replace(own, `"parent":""`, `"parent":"`+idB+`"`, 1)
	hostile := strings.Replace(own, `"path":"a"`, `"path":"../../a"`, 1)
	for _, tt := range []struct {
		name string
		want string // in the message
		lay  []string
	}{
		{"dangling ref", "refs/main names commit " + idA + ", which is not there", []string{name + "/refs/main", idA}},
		{"empty ref", `refs/main holds "" where 40 hexadecimal digits belong`, []string{name + "/refs/main", ""}},
		{"short ref", "where 40 hexadecimal digits belong", []string{name + "/refs/main", idA[:12]}},
		{"symbolic ref", "where 40 hexadecimal digits belong", []string{name + "/refs/main", "ref: refs/heads/main"}},
		{"huge ref", "is longer than", []string{name + "/refs/main", strings.Repeat("0", maxRef+1)}},
		{"linked ref", "refs/main is not a file", []string{"secret", idA, name + "/refs/main", "-> ../../secret", snapshot + "/a", "x"}},
		{"broken link", "which is not there", []string{name + "/refs/main", idA, snapshot + "/a", "-> ../../blobs/" + lfs}},
		{"link out of the dataset", "not one of the dataset's blobs", []string{"secret", "s", name + "/refs/main", idA, snapshot + "/a", "-> ../../../secret"}},
		{"absolute link", "not one of the dataset's blobs", []string{name + "/refs/main", idA, snapshot + "/a", "-> /etc/hostname"}},
		{"link to a ref", "not one of the dataset's blobs", []string{name + "/refs/main", idA, snapshot + "/a", "-> ../../refs/main"}},
		{"blob out of the dataset", "outside the dataset", []string{"secret", "s", name + "/refs/main", idA, snapshot + "/a", "-> ../../blobs/" + lfs, name + "/blobs/" + lfs, "-> ../../secret"}},
		{"blob in another folder", "outside the dataset", []string{"other/2e/" + xet, "s", name + "/refs/main", idA, snapshot + "/a", "-> ../../blobs/" + lfs, name + "/blobs/" + lfs, "-> ../../other/2e/" + xet}},
		{"blob that is a folder", "is not a file", []string{name + "/refs/main", idA, snapshot + "/a", "-> ../../blobs/" + lfs, name + "/blobs/" + lfs + "/x", ""}},
		{"git's own file", "belongs to git", []string{name + "/refs/main", idA, snapshot + "/.git/config", "x"}},
		{"changed commit", "was changed after it was written", []string{name + "/refs/main", idA, name + "/commits/" + idA + ".json", own}},
		{"empty commit", "was changed after it was written", []string{name + "/refs/main", idA, name + "/commits/" + idA + ".json", ""}},
		{"hostile commit", "write the path in full", []string{name + "/refs/main", commitID([]byte(hostile)), name + "/commits/" + commitID([]byte(hostile)) + ".json", hostile}},
		{"lost blob", "is not there", []string{name + "/refs/main", id, name + "/commits/" + id + ".json", own}},
		{"cut blob", "has 3 bytes, not 4", []string{name + "/refs/main", id, name + "/commits/" + id + ".json", own, name + "/blobs/" + lfs, "tes"}},
		{"linked blob", "is not a file", []string{"secret", "test", name + "/refs/main", id, name + "/commits/" + id + ".json", own, name + "/blobs/" + lfs, "-> ../../secret"}},
		{"lost parent", "names its parent " + idB + ", which is not there", []string{name + "/refs/main", commitID([]byte(orphan)), name + "/commits/" + commitID([]byte(orphan)) + ".json", orphan, name + "/blobs/" + lfs, "test"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, lay(t, tt.lay...))
			err := readAll(t, s)
			if !errors.Is(err, hub.ErrCorrupt) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %v with %q", err, hub.ErrCorrupt, tt.want)
			}
			for _, absent := range []error{hub.ErrNotFound, hub.ErrNoRevision, hub.ErrNoEntry} {
				if errors.Is(err, absent) {
					t.Errorf("got %v, which passes for %q", err, absent)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line", err)
			}
		})
	}
}

// readAll reads all that main leads to and returns the first error.
func readAll(t *testing.T, s hub.Store) error {
	at, err := s.Resolve(t.Context(), "main")
	if err != nil {
		return err
	}
	for e, err := range s.List(t.Context(), at, "") {
		if err != nil {
			return err
		}
		b, err := s.Open(t.Context(), at, e.Path)
		if err != nil {
			return err
		}
		b.Close()
	}
	for _, err := range s.Log(t.Context(), "main") {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestDamageStopsCommits leaves a dataset whose branch dangles as it is.
func TestDamageStopsCommits(t *testing.T) {
	t.Parallel()
	dir := lay(t, name+"/refs/main", idA)
	for _, parent := range []string{"", idA} {
		_, err := open(t, dir).Commit(t.Context(), hub.Change{Branch: "main", Parent: parent, Message: "m", Put: []hub.File{hub.Bytes("a", nil)}})
		if !errors.Is(err, hub.ErrCorrupt) {
			t.Errorf("commit on parent %q: got %v, want %v", parent, err, hub.ErrCorrupt)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, name, "refs", "main")); err != nil || string(got) != idA {
		t.Errorf("refs/main: got %q, %v", got, err)
	}
}

// TestDamageMended stores a blob again whose bytes were cut off.
func TestDamageMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := create(t, at(dir))
	done := commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("a", []byte("test"))}})
	if err := os.Truncate(filepath.Join(dir, name, "blobs", lfs), 2); err != nil {
		t.Fatal(err)
	}
	if got := content(t, s, "main"); !strings.Contains(got, "has 2 bytes, not 4") {
		t.Errorf("a cut blob: got %q", got)
	}
	commit(t, s, hub.Change{Parent: done.ID, Put: []hub.File{hub.Bytes("b", []byte("test"))}})
	if got, want := content(t, s, "main"), "a=test b=test"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFolderLinks refuses folders of a dataset that lead out of it, in reading and in writing.
func TestFolderLinks(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"refs", "blobs", "snapshots", "commits", "lock"} {
		dir := lay(t, "outside/x", "", name+"/"+folder, "-> ../outside")
		if folder == "lock" {
			dir = lay(t, "outside", "", name+"/"+folder, "-> ../outside")
		}
		_, err := open(t, dir).Commit(t.Context(), hub.Change{Branch: "main", Message: "m", Put: []hub.File{hub.Bytes("a", nil)}})
		if err == nil {
			t.Errorf("commit through %s, a link out of the dataset: got no error", folder)
		}
		if left, err := os.ReadDir(filepath.Join(dir, "outside")); err == nil && len(left) != 1 {
			t.Errorf("commit through %s wrote outside the dataset: %v", folder, left)
		}
	}
}
