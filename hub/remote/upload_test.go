package remote_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

const lfsBatch = "*.git/info/lfs/objects/batch"

// Whatever happens on the way to the storage, what is committed is whole, and what cannot be sent is not committed.
func TestUploadFaults(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) hubtest.Trouble {
		return rewrite(func(s string) string { return strings.ReplaceAll(s, old, with) })
	}
	const uncounted = -1 // parts that were under way are given up, or not
	parts := hubtest.Options{MultipartOver: 1 << 10, PartSize: 1000}
	for _, tt := range []struct {
		name   string
		o      hubtest.Options
		fault  hubtest.Fault
		want   error
		says   string // of an error; empty when it goes well
		put    int    // requests to the storage
		batch  int
		verify int
	}{
		{name: "no fault", put: 1, batch: 1, verify: 1},
		{name: "storage fails once", fault: hubtest.Fault{Method: "PUT", Trouble: hubtest.Gateway(503)}, put: 2, batch: 1, verify: 1},
		{name: "storage cuts once", fault: hubtest.Fault{Method: "PUT", Trouble: hubtest.Cut()}, put: 2, batch: 1, verify: 1},
		{name: "link expired", fault: hubtest.Fault{Method: "PUT", Trouble: hubtest.Expired()}, put: 2, batch: 2, verify: 1},
		{name: "links expire for ever", fault: hubtest.Fault{Method: "PUT", Times: -1, Trouble: hubtest.Expired()},
			want: hub.ErrUnavailable, says: "its storage refuses the addresses that it gives", put: 3, batch: 3},
		{name: "storage refuses", fault: hubtest.Fault{Method: "PUT", Trouble: hubtest.Status(400, "BadDigest")}, says: "refuses", put: 1, batch: 1},
		{name: "preupload fails once", fault: hubtest.Fault{Path: "*/preupload/main", Trouble: hubtest.Gateway(503)}, put: 1, batch: 1, verify: 1},
		{name: "preupload forgets", fault: hubtest.Fault{Path: "*/preupload/main", Trouble: replace("lfs", "odd")}, want: hub.ErrNotHub, says: `path "data/a.parquet"`},
		{name: "ignored", fault: hubtest.Fault{Path: "*/preupload/main", Trouble: replace(`"shouldIgnore":false`, `"shouldIgnore":true`)},
			says: `path "data/a.parquet" is left out by the dataset's .gitignore`},
		{name: "batch fails once", fault: hubtest.Fault{Path: lfsBatch, Trouble: hubtest.Gateway(502)}, put: 1, batch: 2, verify: 1},
		{name: "object refused", fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"authenticated":true`, `"error":{"code":422,"message":"too\nlarge"}`)},
			says: "data/a.parquet: the Hub's storage refuses it: too large (422)", batch: 1},
		{name: "object forgotten", fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"oid":"`, `"oid":"0`)}, want: hub.ErrNotHub, says: "data/a.parquet", batch: 1},
		{name: "xet", fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"basic"`, `"xet"`)}, want: hub.ErrNotHub, says: `"xet", which was not offered`, batch: 1},
		{name: "verify fails once", fault: hubtest.Fault{Path: "*/verify", Trouble: hubtest.Gateway(503)}, put: 1, batch: 1, verify: 2},
		{name: "did not arrive", fault: hubtest.Fault{Path: "*/verify", Trouble: hubtest.Status(404, "Object does not exist")},
			says: "the upload did not arrive whole: Object does not exist", put: 1, batch: 1, verify: 1},

		{name: "parts", o: parts, put: 3, batch: 1, verify: 1},
		{name: "a part fails once", o: parts, fault: hubtest.Fault{Method: "PUT", Path: "*/parts/*", After: 1, Trouble: hubtest.Gateway(500)}, put: 4, batch: 1, verify: 1},
		{name: "a part's link expired", o: parts, fault: hubtest.Fault{Method: "PUT", Path: "*/parts/*3", Trouble: hubtest.Expired()}, put: uncounted, batch: 2, verify: 1},
		{name: "a part is not confirmed", o: parts, fault: hubtest.Fault{Method: "PUT", Path: "*/parts/*2", Trouble: hubtest.Without("Etag")},
			want: hub.ErrNotHub, says: "does not confirm part 2", put: uncounted, batch: 1},
		{name: "a part is missing", o: parts, fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"00003"`, `"x0003"`)},
			want: hub.ErrNotHub, says: "2 places for the 3 parts", batch: 1},
		{name: "a part is elsewhere", o: parts, fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"00002"`, `"00004"`)},
			want: hub.ErrNotHub, says: "for the 3 parts", batch: 1},
		{name: "odd part size", o: parts, fault: hubtest.Fault{Path: lfsBatch, Trouble: replace(`"1000"`, `"-5"`)},
			want: hub.ErrNotHub, says: `in parts of "-5" bytes`, batch: 1},
		{name: "completion fails once", o: parts, fault: hubtest.Fault{Path: "*/complete/*", Trouble: hubtest.Gateway(502)}, put: 3, batch: 1, verify: 1},
		{name: "completion lost", o: parts, fault: hubtest.Fault{Path: "*/complete/*", Trouble: hubtest.Lost()}, put: 3, batch: 1, verify: 1},
		{name: "completion's link expired", o: parts, fault: hubtest.Fault{Path: "*/complete/*", Trouble: hubtest.Status(403, "The link has expired")},
			put: 6, batch: 2, verify: 1},
		{name: "completion refused", o: parts, fault: hubtest.Fault{Path: "*/complete/*", Trouble: hubtest.Status(400, "part 1 has another ETag")},
			says: "part 1 has another ETag", put: 3, batch: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, tt.o)
			if tt.fault.Trouble != nil {
				if tt.fault.Path == "" {
					tt.fault.Path = "/objects/*"
				}
				s.server.Fail(tt.fault)
			}
			at, err := s.push(hub.Bytes("data/a.parquet", parquet(2900)))
			if tt.says != "" {
				wantError(t, err, tt.want, tt.says)
				if s.landed() != 0 {
					t.Error("landed")
				}
			} else if err != nil {
				t.Fatal(err)
			} else if got, err := s.server.File(results.String(), at.ID, "data/a.parquet"); err != nil || !bytes.Equal(got, parquet(2900)) {
				t.Errorf("the commit holds %d bytes, %v, want those that were given", len(got), err)
			}
			if put := s.requests("PUT", "/objects/", ""); put != tt.put && tt.put != uncounted {
				t.Errorf("%d requests to the storage, want %d", put, tt.put)
			}
			if batch := s.requests("POST", "", "/batch"); batch != tt.batch {
				t.Errorf("%d batches, want %d", batch, tt.batch)
			}
			if verify := s.requests("POST", "", "/verify"); verify != tt.verify {
				t.Errorf("%d times verified, want %d", verify, tt.verify)
			}
		})
	}
}

// One content is sent once, and not at all when the Hub has it.
func TestUploadOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	at, err := s.push(hub.Bytes("a.parquet", parquet(400)), hub.Bytes("b.parquet", parquet(400)), hub.Bytes("c.parquet", parquet(800)))
	if err != nil {
		t.Fatal(err)
	}
	if put := s.requests("PUT", "/objects/", ""); put != 2 {
		t.Errorf("%d requests to the storage, want 2", put)
	}
	s.head = at
	if s.head, err = s.push(hub.Bytes("d.parquet", parquet(400))); err != nil {
		t.Fatal(err)
	}
	if put := s.requests("PUT", "/objects/", ""); put != 2 {
		t.Errorf("%d requests to the storage after a copy, want 2", put)
	}
	if got, err := s.server.File(results.String(), "main", "d.parquet"); err != nil || !bytes.Equal(got, parquet(400)) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// Content that changes while it is sent is found out by the storage, which knows what was announced.
func TestUploadOfChangingContent(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	_, err := s.push(hub.File{Path: "a.parquet", Content: &fickle{}, Size: 100})
	wantError(t, err, nil, "a.parquet", "refuses")
	if s.landed() != 0 {
		t.Error("landed")
	}
}

// Fickle content is another each time it is read.
type fickle struct{ n atomic.Int32 }

func (f *fickle) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		f.n.Add(1)
	}
	for i := range p {
		p[i] = byte(f.n.Load())
	}
	return len(p), nil
}

// However many files there are, they are one commit.
func TestCommitOfManyFiles(t *testing.T) {
	t.Parallel()
	const n = 600
	s := newScene(t, hubtest.Options{})
	files := make([]hub.File, n)
	for i := range files {
		files[i] = hub.Bytes(fmt.Sprintf("data/%03d.txt", i), []byte(strings.Repeat("x", i)))
	}
	files[0] = hub.Bytes("data/000.parquet", parquet(40))
	if _, err := s.push(files...); err != nil {
		t.Fatal(err)
	}
	if s.landed() != 1 || s.commits() != 1 {
		t.Errorf("landed as %d commits, sent %d times", s.landed(), s.commits())
	}
	if got := s.requests("POST", "", "/preupload/main"); got != 3 {
		t.Errorf("%d times preupload, want 3", got)
	}
	paths, err := s.server.Files(results.String(), "main")
	if err != nil || len(paths) != n+3 {
		t.Errorf("got %d files, %v, want %d", len(paths), err, n+3)
	}
}

// A large file is never held in memory whole, whether it goes to the storage or into the commit.
func TestUploadStreams(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	for path, size := range map[string]int64{"big.parquet": 6 << 20, "big.txt": 6 << 20} {
		content := &text{size: size}
		at, err := s.push(hub.File{Path: path, Content: content, Size: size})
		if err != nil {
			t.Fatal(err)
		}
		s.head = at
		if got := content.longest; got > 1<<20 {
			t.Errorf("%s: %d bytes were asked for at once", path, got)
		}
		got, err := s.server.File(results.String(), "main", path)
		want := make([]byte, size)
		_, _ = content.ReadAt(want, 0) // it has them all
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d other bytes, %v", path, len(got), err)
		}
	}
}

// Text is content of some size that remembers the longest piece that it was asked for.
type text struct {
	size    int64
	mu      sync.Mutex
	longest int
}

func (c *text) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	c.longest = max(c.longest, len(p))
	c.mu.Unlock()
	n := int(min(int64(len(p)), c.size-off))
	for i := range p[:n] {
		p[i] = "abcdefgh\n"[(off+int64(i))%9]
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Cancelled while bytes are on their way, a commit stops at once.
func TestUploadCancelled(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.server.Fail(hubtest.Fault{Method: "PUT", Path: "/objects/*", Trouble: meanwhile(cancel, hubtest.Stall(0))})
	_, err := s.Commit(ctx, hub.Change{Branch: "main", Parent: s.head.ID, Message: "Add run 42", Put: []hub.File{hub.Bytes("a.parquet", parquet(40))}})
	wantError(t, err, context.Canceled)
	if s.commits() != 0 {
		t.Error("sent the commit")
	}
}

// The requests that a commit takes, held where they are.
func TestCommitRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files []hub.File
		want  int
	}{
		{"nothing", nil, 1}, // where the branch is
		{"unchanged", []hub.File{hub.Bytes("README.md", []byte("# results\n"))}, 2},               // what is there, where the branch is
		{"text", []hub.File{hub.Bytes("a.txt", []byte("a")), hub.Bytes("b.txt", []byte("b"))}, 3}, // what is there, how to send it, the commit
		{"a table", []hub.File{hub.Bytes("a.parquet", parquet(40))}, 6},                           // and the batch, the bytes, their verification
		{"three tables and text", []hub.File{
			hub.Bytes("data/a.parquet", parquet(40)), hub.Bytes("history/b.parquet", parquet(80)), hub.Bytes("runs/c.parquet", parquet(120)),
			hub.Bytes("README.md", []byte("# new\n")), hub.Bytes("hubgate.json", []byte("{}")),
		}, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hubtest.Options{})
			if _, err := s.push(tt.files...); err != nil {
				t.Fatal(err)
			}
			if got := s.server.Requests(); len(got) != tt.want {
				t.Errorf("%d requests, want %d: %v", len(got), tt.want, got)
			}
		})
	}
}

// A change that does not fit its parent is refused before anything is sent.
func TestCommitRefusedEarly(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	at, err := s.push(hub.Bytes("dir/a", []byte("a")), hub.Bytes("dir/b", []byte("b")))
	if err != nil {
		t.Fatal(err)
	}
	s.server.ResetRequests()
	for name, c := range map[string]hub.Change{
		"file in place of a file's folder": {Put: []hub.File{hub.Bytes("old.txt/x", nil)}},
		"file in place of a folder":        {Put: []hub.File{hub.Bytes("dir", nil)}},
		"file in place of half a folder":   {Put: []hub.File{hub.Bytes("dir", nil)}, Delete: []string{"dir/a"}},
		"two that exclude each other":      {Put: []hub.File{hub.Bytes("a", nil), hub.Bytes("a/b", nil)}},
		"delete of nothing":                {Delete: []string{"nope"}},
		"delete of a folder":               {Delete: []string{"dir"}},
		"short content":                    {Put: []hub.File{{Path: "a", Content: strings.NewReader("a"), Size: 2}}},
	} {
		c.Branch, c.Parent, c.Message = "main", at.ID, "Malformed"
		if _, err := s.Commit(t.Context(), c); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	for _, r := range s.server.Requests() {
		if !strings.HasSuffix(r.Path, "/paths-info/"+at.ID) && !strings.HasSuffix(r.Path, "/tree/"+at.ID+"/dir") {
			t.Errorf("asked %s %s", r.Method, r.Path)
		}
	}
}

// What is there already is not committed again, in LFS or not.
func TestCommitOfTheSame(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	files := []hub.File{hub.Bytes("a.parquet", parquet(400)), hub.Bytes("a.txt", []byte("a"))}
	at, err := s.push(files...)
	if err != nil {
		t.Fatal(err)
	}
	s.head = at
	s.server.ResetRequests()
	if again, err := s.push(files...); err != nil || again != at {
		t.Errorf("got %+v, %v, want the parent %+v", again, err, at)
	}
	if got := s.server.Requests(); len(got) != 2 {
		t.Errorf("%d requests, want 2: %v", len(got), got)
	}
	// Beside something new, they are left out.
	if _, err := s.push(append(files, hub.Bytes("b.txt", []byte("b")))...); err != nil {
		t.Fatal(err)
	}
	if got := s.requests("POST", "", "/batch"); got != 0 {
		t.Errorf("%d batches, want none", got)
	}
}

// Nothing new on top of a commit that is not the head is a conflict: what it was compared with is not what is there.
func TestCommitOfTheSameOnOldParent(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	s.others()
	for _, files := range [][]hub.File{nil, {hub.Bytes("README.md", []byte("# results\n"))}} {
		_, err := s.push(files...)
		wantError(t, err, hub.ErrConflict)
	}
}

// An empty file goes into the commit, whatever its name says: the storage takes nothing empty.
func TestUploadOfNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t, hubtest.Options{})
	if _, err := s.push(hub.Bytes("data/empty.parquet", nil)); err != nil {
		t.Fatal(err)
	}
	if got := s.requests("POST", "", "/batch"); got != 0 {
		t.Errorf("%d batches, want none", got)
	}
	if got, err := s.server.File(results.String(), "main", "data/empty.parquet"); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}
