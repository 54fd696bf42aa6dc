package remote

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hubgate/hubgate/hub"
)

// The digests are those of sha256sum and git hash-object.
func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ content, sha256, blob string }{
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
		{"hello\n", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", "ce013625030ba8dba906f756967f9e9ca394464a"},
	} {
		u, err := measure(t.Context(), hub.Bytes("a", []byte(tt.content)), true)
		if err != nil {
			t.Fatal(err)
		}
		if u.sha256 != tt.sha256 || u.blob != tt.blob || string(u.sample) != tt.content {
			t.Errorf("measure %q: got %s, %s and sample %q, want %s and %s", tt.content, u.sha256, u.blob, u.sample, tt.sha256, tt.blob)
		}
	}
	long := bytes.Repeat([]byte("0123456789"), 100_000)
	u, err := measure(t.Context(), hub.Bytes("a", long), false)
	if err != nil || !bytes.Equal(u.sample, long[:512]) {
		t.Errorf("sample: got %d bytes, %v, want the first 512", len(u.sample), err)
	}
}

func TestMeasureRefuses(t *testing.T) {
	t.Parallel()
	short := hub.File{Path: "data/x", Content: strings.NewReader("abc"), Size: 4}
	if _, err := measure(t.Context(), short, false); !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != `path "data/x" holds 3 bytes and not 4: unexpected EOF` {
		t.Errorf("short content: got %v", err)
	}
	cause := errors.New("the job was cancelled")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := measure(ctx, hub.Bytes("a", []byte("abc")), false); !errors.Is(err, cause) {
		t.Errorf("cancelled: got %v, want %v", err, cause)
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	f := hub.Bytes("a", []byte("0123456789"))
	if err := iotest.TestReader(newContent(t.Context(), f, 3, 4), []byte("3456")); err != nil {
		t.Error(err)
	}
}

func TestBase64Reader(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 4, 512, 3<<12 - 1, 3 << 12, 3<<12 + 1, 100_000} {
		content := make([]byte, n)
		rng := rand.NewChaCha8([32]byte{byte(n)})
		_, _ = rng.Read(content)
		r := &base64Reader{src: iotest.HalfReader(bytes.NewReader(content))}
		if err := iotest.TestReader(r, []byte(base64.StdEncoding.EncodeToString(content))); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	broken := errors.New("broken")
	r := &base64Reader{src: io.MultiReader(strings.NewReader("abcdef"), iotest.ErrReader(broken))}
	if _, err := io.ReadAll(r); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// The body of a commit is one line of JSON for each thing that it does, is as long as it says, and can be sent again.
func TestCommitBody(t *testing.T) {
	t.Parallel()
	small, err := measure(t.Context(), hub.Bytes(`od"d/<é>.txt`, []byte("hello")), true)
	if err != nil {
		t.Fatal(err)
	}
	large := &upload{File: hub.File{Path: "data/a.parquet", Size: 20480}, sha256: strings.Repeat("9f", 32), lfs: true}
	parent := strings.Repeat("3f", 20)
	b := &commitBody{
		header:  headerLine{Summary: "Add \"run\"", Description: "why\n", Parent: parent},
		deletes: []string{"old.txt"}, uploads: []*upload{small, large},
	}
	text, err := io.ReadAll(b.open(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := io.ReadAll(b.open(t.Context())); err != nil || !bytes.Equal(again, text) {
		t.Errorf("opened again: got %q, %v, want %q", again, err, text)
	}
	if got := b.size(); got != int64(len(text)) {
		t.Errorf("size: got %d, want %d", got, len(text))
	}
	want := []map[string]any{
		{"summary": "Add \"run\"", "description": "why\n", "parentCommit": parent},
		{"path": "old.txt"},
		{"path": `od"d/<é>.txt`, "encoding": "base64", "content": "aGVsbG8="},
		{"path": "data/a.parquet", "algo": "sha256", "oid": large.sha256, "size": 20480.0},
	}
	keys := []string{"header", "deletedFile", "file", "lfsFile"}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d: %s", len(lines), len(want), text)
	}
	for i, l := range lines {
		var got struct {
			Key   string
			Value map[string]any
		}
		if err := json.Unmarshal(l, &got); err != nil {
			t.Errorf("line %d: %v", i, err)
			continue
		}
		if got.Key != keys[i] || !sameJSON(t, got.Value, want[i]) {
			t.Errorf("line %d: got %s, want key %s and %v", i, l, keys[i], want[i])
		}
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

// A first commit names no parent at all.
func TestCommitBodyOfFirst(t *testing.T) {
	t.Parallel()
	b := &commitBody{header: headerLine{Summary: "Begin"}}
	text, err := io.ReadAll(b.open(t.Context()))
	if err != nil || strings.Contains(string(text), "parentCommit") {
		t.Errorf("got %s, %v, want no parentCommit", text, err)
	}
}

func BenchmarkMeasure(b *testing.B) {
	const size = 16 << 20
	f := hub.Bytes("data/a.parquet", make([]byte, size))
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := measure(b.Context(), f, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitBody(b *testing.B) {
	const size = 8 << 20
	u, err := measure(b.Context(), hub.Bytes("a.json", make([]byte, size)), false)
	if err != nil {
		b.Fatal(err)
	}
	body := &commitBody{header: headerLine{Summary: "Add"}, uploads: []*upload{u}}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if n, err := io.Copy(io.Discard, body.open(b.Context())); err != nil || n != body.size() {
			b.Fatal(n, err)
		}
	}
}
