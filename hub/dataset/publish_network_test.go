package dataset_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// connect returns a client of its own, as each job has one.
func connect(t *testing.T, s *hubtest.Server) hub.Hub {
	t.Helper()
	h, err := remote.Open(remote.Options{URL: s.URL(), Token: func(context.Context, hub.Repo) (string, error) { return "hf_ada", nil }})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// troubles are what the Hub does to twenty jobs: of each kind of request some fail, some are carried out and not answered, and some
// are answered from a state before.
func troubles(s *hubtest.Server) {
	for _, f := range []hubtest.Fault{
		{Method: "POST", Path: "*/repos/create", Trouble: hubtest.LostBehind(504)},
		{Method: "POST", Path: "*/commit/main", After: 1, Trouble: hubtest.Lost()},
		{Method: "POST", Path: "*/commit/main", After: 2, Trouble: hubtest.LostBehind(504)},
		{Method: "POST", Path: "*/commit/main", After: 3, Times: 2, Trouble: hubtest.Busy()},
		{Method: "POST", Path: "*/commit/main", After: 5, Trouble: hubtest.Gateway(503)},
		{Method: "POST", Path: "*/commit/main", After: 6, Trouble: hubtest.Stale()},
		{Method: "POST", Path: "*/commit/main", After: 8, Times: 2, Trouble: hubtest.Lost()},
		{Method: "POST", Path: "*/commit/main", After: 9, Trouble: hubtest.RetryAfter(429, 0)},
		{Method: "POST", Path: "*/commit/main", After: 12, Trouble: hubtest.Truncate(5)},
		{Method: "POST", Path: "*/preupload/main", After: 4, Trouble: hubtest.Gateway(502)},
		{Method: "POST", Path: "*/batch", After: 6, Trouble: hubtest.Cut()},
		{Method: "PUT", Path: "/objects/*", After: 5, Trouble: hubtest.Expired()},
		{Method: "PUT", Path: "/objects/*", After: 12, Trouble: hubtest.Expired()},
		{Method: "PUT", Path: "/objects/*", After: 20, Trouble: hubtest.Gateway(500)},
		{Method: "POST", Path: "*/verify", After: 7, Trouble: hubtest.Lost()},
		{Method: "GET", Path: "*/commits/*", After: 10, Times: 5, Trouble: hubtest.Behind()},
		{Method: "GET", Path: "*/tree/*", After: 3, Trouble: hubtest.Truncate(20)},
	} {
		s.Fail(f)
	}
}

// Twenty jobs that publish to one new dataset at once, while the Hub fails in every way it can, lose nothing and record nothing twice.
func TestPublishAtOnceOverTheNetwork(t *testing.T) {
	t.Parallel()
	const jobs = 20
	s := hubtest.NewServer(t)
	s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	troubles(s)
	b := newBench(t)
	var g errgroup.Group
	want := make([]string, jobs)
	for i := range jobs {
		want[i] = fmt.Sprintf("sha%02d", i)
		p := b.judged(job(t, i, want[i], 0.8), gate.Baseline{})
		h := connect(t, s)
		g.Go(func() error {
			_, _, err := dataset.Publish(t.Context(), h, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := s.Unmet(); n > 0 {
		t.Errorf("%d faults met nobody", n)
	}
	b.hub = connect(t, s)
	var got []string
	for _, row := range b.history() {
		got = append(got, row.GitSHA)
	}
	if !slices.Equal(got, want) {
		t.Errorf("history %q", got)
	}
	runs := 0
	for path := range b.files("main") {
		if strings.HasPrefix(path, "runs/") {
			runs++
		}
	}
	titles, err := s.Log(repo.String(), "main")
	if err != nil || runs != jobs || len(titles) != jobs+1 {
		t.Errorf("%d runs are kept by %d commits, want %d, and the Hub's first commit: %v", runs, len(titles), jobs, err)
	}
}

// The requests that recording a small run takes, held where they are.
func TestPublishRequests(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	b := newBench(t)
	// 17: to find the dataset and read what it holds 7, to look up what changes 1, to send five files of which three are tables 9.
	// The first run makes certain that there is no dataset, creates it and sees that it is private, makes certain of each of four things
	// that it does not hold it, and has one thing less to read.
	for i, most := range []int{24, 17, 17} {
		p := b.judged(job(t, i, fmt.Sprint("sha", i), 0.8), gate.Baseline{})
		b.hub = connect(t, s)
		s.ResetRequests()
		b.publish(p)
		var list []string
		for _, r := range s.Requests() {
			list = append(list, r.Method+" "+r.Path)
		}
		if len(list) > most {
			t.Errorf("run %d: %d requests, want at most %d:\n%s", i, len(list), most, strings.Join(list, "\n"))
		}
	}
}
