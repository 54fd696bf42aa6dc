package remote_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// A clientFile is what the official client knows of a file: see .ci/hub/check.mjs.
type clientFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// officialClient runs the official JavaScript client of the Hub on a dataset, and returns the files that it read or wrote.
func officialClient(t *testing.T, s *hubtest.Server, mode string) []clientFile {
	t.Helper()
	dir := os.Getenv("HUBGATE_HUB_CLIENT")
	if dir == "" {
		t.Skip("HUBGATE_HUB_CLIENT does not name a folder with the official client: see .ci/hub/check")
	}
	out, err := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "check.mjs"), mode, s.URL(), token, results.String()).Output()
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		t.Fatalf("%s: %v: %s", mode, err, e.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var files []clientFile
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatalf("%s: %v: %s", mode, err, out)
	}
	return slices.DeleteFunc(files, func(f clientFile) bool { return f.Path == ".gitattributes" })
}

// What is pushed from here the official client reads.
func TestOfficialClientReads(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]hubtest.Options{"basic": {}, "in parts": {MultipartOver: 1 << 20, PartSize: 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hubtest.NewServerWith(t, o)
			h := openHub(t, s, func(*remote.Options) {})
			st, err := h.Create(t.Context(), results)
			if err != nil {
				t.Fatal(err)
			}
			at, err := st.Resolve(t.Context(), "main")
			if err != nil {
				t.Fatal(err)
			}
			put := []hub.File{
				hub.Bytes("README.md", []byte("---\ntags:\n- eval-gate-results\n---\n# results\n")), hub.Bytes("data/test-00000-of-00001.parquet", parquet(3<<20)),
				hub.Bytes("empty.txt", nil), hub.Bytes("notes/résumé 1.txt", []byte("naïve\n")), hub.Bytes("runs/2026-05/a.parquet", parquet(4)),
			}
			if _, err := st.Commit(t.Context(), hub.Change{Branch: "main", Parent: at.ID, Message: "Add run 42", Put: put}); err != nil {
				t.Fatal(err)
			}
			var want []clientFile
			for _, f := range put {
				b := make([]byte, f.Size)
				if _, err := f.Content.ReadAt(b, 0); err != nil && f.Size > 0 {
					t.Fatal(err)
				}
				want = append(want, clientFile{f.Path, f.Size, sha256Hex(b)})
			}
			if got := officialClient(t, s, "read"); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// What the official client pushes is read here.
func TestOfficialClientWrites(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	st, err := openHub(t, s, func(*remote.Options) {}).Create(t.Context(), results)
	if err != nil {
		t.Fatal(err)
	}
	want := officialClient(t, s, "write")
	at, err := st.Resolve(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	var got []clientFile
	for e, err := range st.List(t.Context(), at, "") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Path == ".gitattributes" {
			continue
		}
		b, err := st.Open(t.Context(), at, e.Path)
		if err != nil {
			t.Fatal(err)
		}
		content := make([]byte, b.Size())
		if _, err := b.ReadAt(content, 0); err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		got = append(got, clientFile{e.Path, e.Size, sha256Hex(content)})
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
