package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// A prefetcher is what a Blob of this package is, and readers of planned ranges look for.
type prefetcher interface {
	hub.Blob
	Prefetch(ctx context.Context, ranges [][2]int64) error
}

// open opens a file of the dataset that add makes, and forgets the requests that this took.
func open(ctx context.Context, t *testing.T, s *hubtest.Server, h *remote.Hub, path string) prefetcher {
	t.Helper()
	st, err := h.Open(ctx, tinyRepo)
	if err != nil {
		t.Fatal(err)
	}
	at, err := st.Resolve(ctx, "main")
	if err != nil {
		t.Fatal(err)
	}
	s.ResetRequests()
	b, err := st.Open(ctx, at, path)
	if err != nil {
		t.Fatal(err)
	}
	return b.(prefetcher)
}

// storage counts the requests to the storage, and the bytes it sent.
func storage(s *hubtest.Server) (requests int, sent int64) {
	for _, r := range s.Requests() {
		if r.Storage {
			requests++
			sent += r.Sent
		}
	}
	return requests, sent
}

func wantRead(t *testing.T, b io.ReaderAt, off, n int) {
	t.Helper()
	p := make([]byte, n)
	if got, err := b.ReadAt(p, int64(off)); err != nil || got != n || !bytes.Equal(p, []byte(large[off:][:n])) {
		t.Errorf("read %d bytes at %d: got %d, %v, or other bytes", n, off, got, err)
	}
}

func wantRequests(t *testing.T, s *hubtest.Server, what string, want int) {
	t.Helper()
	if got, _ := storage(s); got != want {
		t.Errorf("%s: got %d requests to the storage, want %d", what, got, want)
	}
}

// A small file takes one request, and one more when it is in LFS, however it is read.
func TestBlobSmall(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		for path, want := range map[string]string{"README.md": card, "data/small.parquet": small} {
			b := open(t.Context(), t, s, h, path)
			if err := b.Prefetch(t.Context(), [][2]int64{{1, 2}}); err != nil {
				t.Errorf("%s: prefetch: %v", path, err)
			}
			for off := 0; off < len(want); off += 1 + len(want)/3 {
				p := make([]byte, 3)
				n, err := b.ReadAt(p, int64(off))
				if n < 3 && !errors.Is(err, io.EOF) || !strings.HasPrefix(want[off:], string(p[:n])) {
					t.Errorf("%s at %d: got %q, %v", path, off, p[:n], err)
				}
			}
			if got, most := len(s.Requests()), 2; got > most || path == "README.md" && got != 1 {
				t.Errorf("%s: took %d requests", path, got)
			}
			_ = b.Close()
		}
	})
}

func TestBlobRanges(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		wantRequests(t, s, "opening", 0)
		wantRead(t, b, 3_000_000, 1000)
		wantRead(t, b, 1_000_000, 200_000)
		wantRead(t, b, len(large)-9, 9)
		requests, sent := storage(s)
		if requests != 3 || sent != 201_009 {
			t.Errorf("three reads: got %d requests and %d bytes, want 3 and 201009", requests, sent)
		}
		if got := len(s.Requests()); got != 4 {
			t.Errorf("got %d requests, want the address asked for once", got)
		}
		for _, bad := range []struct {
			off  int64
			want error
		}{{-1, nil}, {b.Size(), io.EOF}, {1 << 62, io.EOF}} {
			if n, err := b.ReadAt(make([]byte, 1), bad.off); n != 0 || err == nil || bad.want != nil && !errors.Is(err, bad.want) {
				t.Errorf("read at %d: got %d, %v, want %v", bad.off, n, err, bad.want)
			}
		}
	})
}

// Reads that follow each other are answered ahead, so that a whole file takes few requests and none of its bytes twice.
func TestBlobReadsAhead(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		var got bytes.Buffer
		buf := make([]byte, 10_000)
		if _, err := io.CopyBuffer(&got, struct{ io.Reader }{io.NewSectionReader(b, 0, b.Size())}, buf); err != nil || got.String() != large {
			t.Fatalf("got %d bytes, %v", got.Len(), err)
		}
		if requests, sent := storage(s); requests > 8 || sent != b.Size() {
			t.Errorf("got %d requests and %d bytes, want 8 at most and %d", requests, sent, b.Size())
		}
	})
}

func TestBlobPrefetch(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		var ranges [][2]int64
		for i := range int64(100) {
			ranges = append(ranges, [2]int64{(99 - i) * 40_000, 500})
		}
		ranges = append(ranges, [2]int64{10, 0}, [2]int64{100, 600}) // an empty one, and one that overlaps the first
		if err := b.Prefetch(t.Context(), ranges); err != nil {
			t.Fatal(err)
		}
		wantRequests(t, s, "prefetch", 101)
		for i := range 100 {
			wantRead(t, b, i*40_000, 500)
			wantRead(t, b, i*40_000+7, 400)
		}
		wantRead(t, b, 400, 300)
		wantRequests(t, s, "reading what was prefetched", 101)
		wantRead(t, b, 499, 700)
		wantRequests(t, s, "reading beyond it", 102)

		if err := b.Prefetch(t.Context(), [][2]int64{{1_000_000, 10}}); err != nil {
			t.Fatal(err)
		}
		wantRead(t, b, 40_000, 500)
		wantRequests(t, s, "reading what was prefetched before", 104)
		for _, bad := range [][2]int64{{-1, 1}, {0, -1}, {0, b.Size() + 1}, {b.Size(), 1}, {1, 1<<63 - 1}} {
			if err := b.Prefetch(t.Context(), [][2]int64{{5, 5}, bad}); err == nil {
				t.Errorf("prefetch of %v: got no error", bad)
			}
		}
		wantRequests(t, s, "prefetch of what is not there", 104)
	})
}

// A long range is fetched in pieces, each of which may fail by itself.
func TestBlobPrefetchLong(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		huge := noise(18 << 20)
		s.Add(tiny, hubtest.Dataset{Files: map[string]string{"huge.parquet": huge}})
		b := open(t.Context(), t, s, h, "huge.parquet")
		defer b.Close()
		s.Fail(hubtest.Fault{Path: storagePath, After: 1, Trouble: hubtest.Truncate(1000)})
		if err := b.Prefetch(t.Context(), [][2]int64{{5, 17 << 20}}); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 17<<20)
		if _, err := b.ReadAt(p, 5); err != nil || string(p) != huge[5:][:17<<20] {
			t.Errorf("got %v or other bytes", err)
		}
		wantRequests(t, s, "three pieces, one of them twice", 4)
	})
}

// An address that has expired is asked for again, once for all that wait for it.
func TestBlobLinkExpires(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		wantRead(t, b, 1000, 10)
		s.ExpireLinks()
		s.ResetRequests()
		ranges := [][2]int64{{0, 10}, {100_000, 10}, {200_000, 10}, {300_000, 10}}
		if err := b.Prefetch(t.Context(), ranges); err != nil {
			t.Fatal(err)
		}
		for _, r := range ranges {
			wantRead(t, b, int(r[0]), int(r[1]))
		}
		again := 0
		for _, r := range s.Requests() {
			if !r.Storage {
				again++
			}
		}
		if again != 1 {
			t.Errorf("the address was asked for %d times again, want once", again)
		}
	})
}

// A host that pays no heed to ranges sends the whole file: that is taken, verified, and not asked for again.
func TestBlobRangeIgnored(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		s.Fail(hubtest.Fault{Path: storagePath, Times: -1, Trouble: hubtest.IgnoreRange()})
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		wantRead(t, b, 3_000_000, 1000)
		wantRead(t, b, 1_000_000, 1000)
		if err := b.Prefetch(t.Context(), [][2]int64{{7, 7}, {70_000, 7}}); err != nil {
			t.Error(err)
		}
		wantRead(t, b, 70_000, 7)
		wantRequests(t, s, "all reads", 1)
	})
}

// Ranges are of one version, and are those that were asked for.
func TestBlobRangesDiffer(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]hubtest.Trouble{
		"another version":       hubtest.With("ETag", `"another"`),
		"another range":         hubtest.With("Content-Range", "bytes 7-16/"+strconv.Itoa(len(large))),
		"of another size":       hubtest.With("Content-Range", "bytes 1000-1009/12345678"),
		"no range told":         hubtest.Without("Content-Range"),
		"fewer bytes":           hubtest.Short(4),
		"another whole file":    other,
		"more bytes than asked": more,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
				add(s)
				b := open(t.Context(), t, s, h, "data/large.parquet")
				defer b.Close()
				wantRead(t, b, 500_000, 10)
				s.Fail(hubtest.Fault{Path: storagePath, Times: -1, Trouble: trouble})
				if _, err := b.ReadAt(make([]byte, 10), 1000); !errors.Is(err, hub.ErrCorrupt) {
					t.Errorf("got %v, want %v", err, hub.ErrCorrupt)
				}
				if err := b.Prefetch(t.Context(), [][2]int64{{1000, 10}, {2000, 10}}); !errors.Is(err, hub.ErrCorrupt) {
					t.Errorf("prefetch: got %v, want %v", err, hub.ErrCorrupt)
				}
			})
		})
	}
}

// other answers with a whole file of the same length, as a host does where If-Range does not hold.
func other(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	_, _ = w.Write(make([]byte, len(large)))
}

func more(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	w.Header().Set("Content-Range", "bytes 1000-1009/"+strconv.Itoa(len(large)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(make([]byte, 1000))
}

// The storage gets If-Range once a version is known.
func TestBlobAsksForOneVersion(t *testing.T) {
	t.Parallel()
	inBubble(t, hubtest.Options{}, func(t *testing.T, s *hubtest.Server, h *remote.Hub) {
		add(s)
		b := open(t.Context(), t, s, h, "data/large.parquet")
		defer b.Close()
		wantRead(t, b, 500_000, 10)
		var got string
		s.Fail(hubtest.Fault{Path: storagePath, Trouble: func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
			got = r.Header.Get("If-Range")
			answer(w, r)
		}})
		wantRead(t, b, 1000, 10)
		if got == "" {
			t.Error("got no If-Range")
		}
	})
}

// Closing ends what is being read, and nothing is read afterwards.
func TestBlobClose(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	h := dial(t, s)
	add(s)
	b := open(t.Context(), t, s, h, "data/large.parquet")
	started := make(chan struct{})
	var once sync.Once
	s.Fail(hubtest.Fault{Path: storagePath, Times: -1, Trouble: func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
		once.Do(func() { close(started) })
		hubtest.Stall(1)(w, r, answer)
	}})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Prefetch(t.Context(), [][2]int64{{0, 10}, {100_000, 10}, {200_000, 10}}); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("prefetch: got %v, want %v", err, fs.ErrClosed)
		}
	})
	wg.Go(func() {
		if _, err := b.ReadAt(make([]byte, 10), 3_000_000); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read: got %v, want %v", err, fs.ErrClosed)
		}
	})
	<-started
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read after closing: got %v", err)
	}
	if err := b.Prefetch(t.Context(), nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("prefetch after closing: got %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// The end of a context ends reading at once: that which the blob was opened with, and that of Prefetch.
func TestBlobCancelled(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	h := dial(t, s)
	add(s)
	opened, cancelOpened := context.WithCancel(t.Context())
	defer cancelOpened()
	b := open(opened, t, s, h, "data/large.parquet")
	defer b.Close()
	stalled := func() <-chan struct{} {
		started := make(chan struct{})
		var once sync.Once
		s.Fail(hubtest.Fault{Path: storagePath, Trouble: func(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
			once.Do(func() { close(started) })
			hubtest.Stall(1)(w, r, answer)
		}})
		return started
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := stalled()
	go func() {
		<-started
		cancel()
	}()
	if err := b.Prefetch(ctx, [][2]int64{{0, 10}}); !errors.Is(err, context.Canceled) {
		t.Errorf("prefetch: got %v, want %v", err, context.Canceled)
	}
	wantRead(t, b, 500, 10) // the blob itself goes on
	started = stalled()
	go func() {
		<-started
		cancelOpened()
	}()
	if _, err := b.ReadAt(make([]byte, 10), 3_000_000); !errors.Is(err, context.Canceled) {
		t.Errorf("read: got %v, want %v", err, context.Canceled)
	}
}

// All reads of a blob may happen at once.
func TestBlobAtOnce(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	h := dial(t, s)
	add(s)
	for _, path := range []string{"data/small.parquet", "data/large.parquet"} {
		b := open(t.Context(), t, s, h, path)
		want := map[string]string{"data/small.parquet": small, "data/large.parquet": large}[path]
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				off := i * len(want) / 16
				if i%4 == 0 {
					if err := b.Prefetch(t.Context(), [][2]int64{{int64(off), 100}, {int64(off) + 1000, 100}}); err != nil {
						t.Error(err)
					}
				}
				p := make([]byte, 5000)
				if _, err := b.ReadAt(p, int64(off)); err != nil || string(p) != want[off:][:5000] {
					t.Errorf("%s at %d: got %v, or other bytes", path, off, err)
				}
			})
		}
		wg.Wait()
		_ = b.Close()
	}
	b := open(t.Context(), t, s, h, "data/small.parquet")
	defer b.Close()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { _, _ = b.ReadAt(make([]byte, 5), 0) })
	}
	wg.Wait()
	wantRequests(t, s, "a small file read by many", 1)
}
