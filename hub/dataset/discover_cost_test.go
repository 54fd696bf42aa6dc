package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// A spy counts the files that are opened, and refuses to open scores.
type spy struct {
	hub.Hub
	opened atomic.Int32
}

func (s *spy) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	st, err := s.Hub.Open(ctx, r)
	return &spied{st, s}, err
}

type spied struct {
	hub.Store
	spy *spy
}

func (s *spied) Open(ctx context.Context, at hub.Commit, path string) (hub.Blob, error) {
	s.spy.opened.Add(1)
	if strings.HasPrefix(path, "data/") || strings.HasPrefix(path, "runs/") {
		return nil, fmt.Errorf("%s: no scores need be read", path)
	}
	return s.Store.Open(ctx, at, path)
}

// Of a dataset with a history two small files are read, whatever the number of its samples.
func TestDiscoverReadsLittle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "a", 0.8)))
	s := &spy{Hub: b.hub}
	d, err := dataset.Discover(t.Context(), s, dataset.Search{Namespace: "acme"})
	if err != nil || len(d.Measured) != 1 || len(d.Skipped) != 0 {
		t.Errorf("%v, %v", lines(d), err)
	}
	if got := s.opened.Load(); got != 2 {
		t.Errorf("%d files were opened, want the record and the history", got)
	}
}

// crowd is a Hub of many datasets, none of which opens.
type crowd struct {
	hub.Hub
	n         int
	now, most atomic.Int32
}

func (c *crowd) Datasets(context.Context, string) iter.Seq2[hub.Repo, error] {
	return func(yield func(hub.Repo, error) bool) {
		for i := range c.n {
			if !yield(hub.Repo{Owner: "acme", Name: fmt.Sprintf("m%d-results", i)}, nil) {
				return
			}
		}
	}
}

func (c *crowd) Open(context.Context, hub.Repo) (hub.Store, error) {
	if n := c.now.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	defer c.now.Add(-1)
	return nil, hub.ErrHidden
}

func TestDiscoverIsBounded(t *testing.T) {
	t.Parallel()
	c := &crowd{n: 500}
	d, err := dataset.Discover(t.Context(), c, dataset.Search{Namespace: "acme"})
	if err != nil || len(d.Skipped) != 500 || c.most.Load() > 8 {
		t.Errorf("%d skipped, %d at once, %v", len(d.Skipped), c.most.Load(), err)
	}
	for i, s := range d.Skipped {
		if s.Repo.Name != fmt.Sprintf("m%d-results", i) {
			t.Fatalf("skipped %d is %s", i, s.Repo)
		}
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := dataset.Discover(ctx, c, dataset.Search{Namespace: "acme"}); !errors.Is(err, why) {
		t.Errorf("cancelled: got %v", err)
	}
}

// Over the network a dataset with a history costs the same few requests however many samples it holds, and of another tool's only
// the columns of scores travel.
func TestDiscoverOverNetwork(t *testing.T) {
	t.Parallel()
	content := largeBaseline(t, 100)
	s, h := serve(t, content)
	b := &bench{t: t, temp: t.TempDir(), hub: h}
	r := job(t, 0, "a", 0.8)
	p := b.judged(r, gate.Baseline{})
	p.Repo = hub.Repo{Owner: "acme", Name: "own-results"}
	if _, _, err := dataset.Publish(t.Context(), h, p); err != nil {
		t.Fatal(err)
	}
	s.ResetRequests()
	d, err := dataset.Discover(t.Context(), h, dataset.Search{Namespace: "acme"})
	if err != nil || len(d.Skipped) > 0 || len(d.Measured) != 3 {
		t.Fatalf("%v, %v", lines(d), err)
	}
	own, sent := 0, int64(0)
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, "own-results") {
			own++
		}
		if r.Storage {
			sent += r.Sent
		}
	}
	footer, chunks := neededBytes(t, content, "accuracy", "style", "model")
	if own != 5 { // the dataset, where main stands, the record, the history, and the files under data/
		t.Errorf("%d requests for a dataset with a history", own)
	}
	if most := float64(footer+chunks) * 1.1; float64(sent) > most {
		t.Errorf("%d bytes travelled, want at most %.0f of %d", sent, most, len(content))
	}
}
