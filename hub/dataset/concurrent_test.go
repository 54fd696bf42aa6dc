package dataset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
	"github.com/hubgate/hubgate/hub/local"
)

// Twenty jobs that publish to one dataset at once lose nothing. The newest good run is the baseline; where the dataset was new to all of
// them, and none was compared with another, a good one is.
func TestPublishAtOnce(t *testing.T) {
	t.Parallel()
	const jobs = 20
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("first run %t", first), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var want []string
			var baseline gate.Baseline
			if !first {
				b.publish(b.push(job(t, -1, "before", 0.8)))
				want, baseline = []string{"before"}, b.find(job(t, 0, "sha00", 0.8)).Baseline
			}
			pushes := make([]dataset.Push, jobs)
			good := map[string]bool{}
			newest := ""
			for i := range pushes {
				sha := fmt.Sprintf("sha%02d", i)
				want = append(want, sha)
				pushes[i] = b.judged(job(t, i, sha, 0.8), baseline)
				if i%4 == 3 {
					pushes[i].Model.Findings[0].Decision = gate.Fail
				} else {
					newest, good[sha] = sha, true
				}
			}
			var g errgroup.Group
			for i := range pushes {
				g.Go(func() error {
					_, _, err := dataset.Publish(t.Context(), local.Open(b.dir), pushes[i])
					return err
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			var got []string
			became := 0
			for _, row := range b.history() {
				got = append(got, row.GitSHA)
				if row.Baseline {
					became++
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("history %q", got)
			}
			found := b.find(job(t, jobs, "later", 0.8))
			if sha := found.Run.Provenance.GitSHA; !good[sha] || !first && sha != newest || first && became != 1 || len(found.Warnings) > 0 {
				t.Errorf("the baseline is %s, of %d; the newest good run is %s: %q", sha, became, newest, found.Warnings)
			}
			runs := 0
			for path := range b.files("main") {
				if strings.HasPrefix(path, "runs/") {
					runs++
				}
			}
			if runs != len(want) {
				t.Errorf("%d runs are kept, want %d", runs, len(want))
			}
		})
	}
}

// A scripted Hub answers commits with errors before it does what it is told.
type scripted struct {
	hub.Hub
	answers []error
	commits int
}

type scriptedStore struct {
	hub.Store
	script *scripted
}

func (s *scripted) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	st, err := s.Hub.Open(ctx, r)
	return &scriptedStore{st, s}, err
}

func (s *scripted) Create(ctx context.Context, r hub.Repo) (hub.Store, error) {
	st, err := s.Hub.Create(ctx, r)
	return &scriptedStore{st, s}, err
}

func (s *scriptedStore) Commit(ctx context.Context, c hub.Change) (hub.Commit, error) {
	s.script.commits++
	if len(s.script.answers) > 0 {
		err := s.script.answers[0]
		s.script.answers = s.script.answers[1:]
		return hub.Commit{}, err
	}
	return s.Store.Commit(ctx, c)
}

func TestPublishRetries(t *testing.T) {
	t.Parallel()
	conflict := &hub.Error{Op: "commit", Target: "acme/m-results@main", Err: hub.ErrConflict}
	broken := errors.New("disk full")
	for _, tt := range []struct {
		name    string
		answers []error
		commits int
		want    string
	}{
		{"at once", nil, 1, ""},
		{"after one", []error{conflict}, 2, ""},
		{"after many", slices.Repeat([]error{conflict}, dataset.Attempts-1), dataset.Attempts, ""},
		{"never", slices.Repeat([]error{conflict}, dataset.Attempts), dataset.Attempts,
			"publishing to acme/m-results: the branch has moved: other jobs published first 40 times in a row; run this job again"},
		{"another error", []error{conflict, broken}, 2, "disk full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			p := b.push(job(t, 0, "aaa", 0.8))
			synctest.Test(t, func(t *testing.T) { // the pauses between
				h := &scripted{Hub: b.hub, answers: tt.answers}
				_, _, err := dataset.Publish(t.Context(), h, p)
				if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
					t.Errorf("got %s\nwant %s", got, tt.want)
				}
				if err != nil && tt.name == "never" && !errors.Is(err, hub.ErrConflict) {
					t.Errorf("%v is no conflict", err)
				}
				if h.commits != tt.commits {
					t.Errorf("%d commits, want %d", h.commits, tt.commits)
				}
			})
		})
	}
}

// A job that is cancelled while others keep it waiting stops at once, and leaves no files behind.
func TestPublishCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.push(job(t, 0, "aaa", 0.8))
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("the job was cancelled")
	h := &scripted{Hub: b.hub, answers: slices.Repeat([]error{hub.ErrConflict}, dataset.Attempts)}
	cancel(stopped)
	if _, _, err := dataset.Publish(ctx, h, p); !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if b.head("main").ID != "" {
		t.Error("published")
	}
}
