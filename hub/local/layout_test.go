package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/hub"
)

func TestFolderName(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]string{
		"datasets--acme--x":            "acme/x",
		"datasets--a-b--c.d_e-results": "a-b/c.d_e-results",
		"datasets--squad":              "",
		"datasets--a--b--c":            "",
		"datasets--a---b":              "",
		"datasets----b":                "",
		"datasets--a--":                "",
		"models--acme--x":              "",
		"xdatasets--acme--x":           "",
		"datasets--acme--x.git":        "",
		"":                             "",
	} {
		r, ok := parseFolder(folder)
		if ok != (want != "") || ok && r.String() != want {
			t.Errorf("%q: got %q, %t, want %q", folder, r, ok, want)
		}
		if ok && folderName(r) != folder {
			t.Errorf("%q: got %q back", folder, folderName(r))
		}
	}
}

// TestLayout holds what other programs look for, byte by byte.
func TestLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := create(t, at(dir))
	done := commit(t, s, hub.Change{Message: "Add <run> & card", Put: []hub.File{hub.Bytes("data/a", []byte("test"))}})
	top := filepath.Join(dir, name)
	read := func(parts ...string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(append([]string{top}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got, want := read("refs", "main"), done.ID; got != want {
		t.Errorf("refs/main: got %q, want %q", got, want)
	}
	if got, want := read("blobs", lfs), "test"; got != want {
		t.Errorf("blob: got %q, want %q", got, want)
	}
	want := `{
 "schema": "hubgate.commit/1",
 "parent": "",
 "time": "2026-08-01T10:00:00Z",
 "message": "Add <run> & card",
 "tree": [
  {
   "path": "data/a",
   "size": 4,
   "sha256": "` + lfs + `"
  }
 ]
}
`
	if diff := cmp.Diff(want, read("commits", done.ID+".json")); diff != "" {
		t.Errorf("commit file (-want +got):\n%s", diff)
	}
	if got, want := done.ID, "b2f598286afcf0f3d4b3695292f74b8318374d68"; got != want {
		t.Errorf("id: got %s, want %s, the first 40 digits of sha256sum of the commit file", got, want)
	}
	link, err := os.Readlink(filepath.Join(top, "snapshots", done.ID, "data", "a"))
	if want := "../../../blobs/" + lfs; err != nil || filepath.ToSlash(link) != want {
		t.Errorf("snapshot: got a link to %q, %v, want %q", link, err, want)
	}
	entries, err := os.ReadDir(top)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), "blobs commits lock refs snapshots"; got != want {
		t.Errorf("folder: got %q, want %q", got, want)
	}
}

// TestSameID makes the same commits in two directories, at a given time and by the clock.
func TestSameID(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 2*3600)
	ids := func(files ...string) (a, b string) {
		s := create(t, at(t.TempDir()))
		var put []hub.File
		for _, f := range files {
			put = append(put, hub.Bytes(f, []byte(f)))
		}
		one := commit(t, s, hub.Change{Put: put})
		two := commit(t, s, hub.Change{Parent: one.ID, Time: epoch.Add(time.Hour).In(zone), Delete: []string{"x"}})
		if want := epoch.Add(time.Hour); two.Time != want || one.Time != epoch {
			t.Errorf("times: got %v and %v, want %v and %v", one.Time, two.Time, epoch, want)
		}
		return one.ID, two.ID
	}
	a1, a2 := ids("x", "y")
	b1, b2 := ids("y", "x") // the order in which files are put does not matter
	if a1 != b1 || a2 != b2 {
		t.Errorf("ids: got %s %s and %s %s, want the same", a1, a2, b1, b2)
	}
	if c1, _ := ids("x", "z"); c1 == a1 {
		t.Error("another tree has the same id")
	}
}

func TestNothingMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there")
	h := Open(dir)
	if _, err := h.Open(t.Context(), repo); err == nil {
		t.Error("open: got no error")
	}
	for r, err := range h.Datasets(t.Context(), "acme") {
		t.Errorf("datasets: got %v, %v", r, err)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Errorf("reading made %s", filepath.Dir(dir))
	}
}

// A dataset whose main is gone is damaged, and no new one that may be begun again. Whoever died at the first commit may.
func TestMainLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grow func(s hub.Store, first hub.Commit)
		want error
	}{
		"one commit":     {func(hub.Store, hub.Commit) {}, hub.ErrNoRevision},
		"two commits":    {func(s hub.Store, first hub.Commit) { commit(t, s, hub.Change{Parent: first.ID, Delete: []string{"a"}}) }, hub.ErrCorrupt},
		"another branch": {func(s hub.Store, first hub.Commit) { _ = s.Branch(t.Context(), "pr-1", first) }, hub.ErrCorrupt},
	} {
		h := at(t.TempDir())
		s := create(t, h)
		put := []hub.File{hub.Bytes("a", []byte("a")), hub.Bytes("b", []byte("b"))}
		c.grow(s, commit(t, s, hub.Change{Put: put}))
		if err := os.Remove(filepath.Join(h.dir, folderName(repo), "refs", "main")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resolve(t.Context(), "main"); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if _, err := s.Commit(t.Context(), hub.Change{Branch: "main", Message: "Begin", Put: put}); errors.Is(err, hub.ErrCorrupt) != (c.want == hub.ErrCorrupt) { //nolint:errorlint // a table's own
			t.Errorf("%s: a first commit: got %v", name, err)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	_, data, err := record{
		Schema: recordSchema, Parent: idA, Time: epoch, Message: "m",
		Tree: []node{{"a", 1, lfs}, {"b/c", 2, xet}},
	}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schema":"hubgate.commit/1","time":"2026-08-01T10:00:00.5+02:00","tree":[]}`))
	f.Add([]byte(`{"schema":"hubgate.commit/1","tree":[{"path":"../x","size":-1,"sha256":"/etc"}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		if r.Time.Location() != time.UTC {
			t.Errorf("accepted the time %v, not in UTC", r.Time)
		}
		last := ""
		for _, n := range r.Tree {
			if hub.CheckPath(n.Path) != nil || n.Path <= last || n.Size < 0 || !isSHA256(n.SHA256) {
				t.Errorf("accepted %+v after %q", n, last)
			}
			last = n.Path
		}
		_, again, err := r.encode()
		if err != nil {
			t.Fatalf("cannot write %+v: %v", r, err)
		}
		back, err := decodeRecord(again)
		if err != nil {
			t.Fatalf("cannot read back %s: %v", again, err)
		}
		a, _ := json.Marshal(r)
		b, _ := json.Marshal(back)
		if string(a) != string(b) {
			t.Errorf("read %s, then %s", a, b)
		}
	})
}
