package hubtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// A place is a Hub with room for one test.
type place struct {
	hub.Hub
	repo   hub.Repo // the dataset that most tests use; it is not there yet
	prefix string   // with which the names of all other datasets of the test begin
}

// Run tests a Hub. Every test calls open for a Hub of its own, without any dataset, whose owner "acme" may be
// written to.
func Run(t *testing.T, open func(t *testing.T) hub.Hub) {
	run(t, func(t *testing.T, _ string) place {
		return place{open(t), hub.Repo{Owner: "acme", Name: "tiny-llm-results"}, ""}
	})
}

// RunIn is [Run] for a Hub that other people use too. The tests make datasets of owner, whose names begin with prefix as
// nobody else's do, and leave them behind.
func RunIn(t *testing.T, owner, prefix string, open func(t *testing.T) hub.Hub) {
	run(t, func(t *testing.T, name string) place {
		prefix := prefix + "-" + strings.NewReplacer(" ", "-", ",", "").Replace(name) + "-"
		return place{open(t), hub.Repo{Owner: owner, Name: prefix + "results"}, prefix}
	})
}

func run(t *testing.T, open func(t *testing.T, name string) place) {
	tests := []struct {
		name string
		run  func(t *testing.T, h place)
	}{
		{"open and create", testCreate},
		{"create at once", testCreateRace},
		{"datasets", testDatasets},
		{"resolve", testResolve},
		{"list", testList},
		{"read", testRead},
		{"odd paths", testOddPaths},
		{"hostile paths", testHostilePaths},
		{"atomic commit", testAtomic},
		{"first commit", testFirst},
		{"conflict", testConflict},
		{"delete", testDelete},
		{"no change", testNoChange},
		{"malformed change", testMalformed},
		{"snapshot isolation", testIsolation},
		{"branch", testBranch},
		{"log", testLog},
		{"one parent, one winner", testOneWinner},
		{"nothing is lost", testNothingLost},
		{"many files", testMany},
		{"sizes", testSizes},
		{"same content", testSameContent},
		{"growing file", testGrowing},
		{"messages", testMessages},
		{"consistent reads", testConsistent},
		{"two branches", testTwoBranches},
		{"cancellation", testCancel},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t, tt.name))
		})
	}
}

// A dataset is a Store with the calls that tests make most, each of which must succeed.
type dataset struct {
	hub.Store
	t *testing.T
}

func create(t *testing.T, h place) dataset {
	t.Helper()
	s, err := h.Create(t.Context(), h.repo)
	if err != nil {
		t.Fatalf("create %s: %v", h.repo, err)
	}
	return dataset{s, t}
}

// head returns the id of a branch's commit, and "" when there is no such branch: some Hubs begin a dataset with a
// commit of their own and some do not.
func (d dataset) head(branch string) string {
	d.t.Helper()
	at, err := d.Resolve(d.t.Context(), branch)
	if err != nil && !errors.Is(err, hub.ErrNoRevision) {
		d.t.Fatalf("resolve %s: %v", branch, err)
	}
	return at.ID
}

func (d dataset) resolve(revision string) hub.Commit {
	d.t.Helper()
	at, err := d.Resolve(d.t.Context(), revision)
	if err != nil {
		d.t.Fatalf("resolve %s: %v", revision, err)
	}
	return at
}

// put commits files, given as path, content, path, content, on top of main.
func (d dataset) put(pairs ...string) hub.Commit {
	d.t.Helper()
	return d.commit(hub.Change{Put: files(pairs...)})
}

// commit fills in what c leaves out and commits it on top of its branch.
func (d dataset) commit(c hub.Change) hub.Commit {
	d.t.Helper()
	if c.Branch == "" {
		c.Branch = "main"
	}
	if c.Parent == "" {
		c.Parent = d.head(c.Branch)
	}
	if c.Message == "" {
		c.Message = "Change something"
	}
	done, err := d.Commit(d.t.Context(), c)
	if err != nil {
		d.t.Fatalf("commit to %s: %v", c.Branch, err)
	}
	return done
}

func files(pairs ...string) []hub.File {
	var fs []hub.File
	for pair := range slices.Chunk(pairs, 2) {
		fs = append(fs, hub.Bytes(pair[0], []byte(pair[1])))
	}
	return fs
}

// list returns the entries under dir, without the .gitattributes that some Hubs keep for themselves.
func (d dataset) list(at hub.Commit, dir string) []hub.Entry {
	d.t.Helper()
	var entries []hub.Entry
	for e, err := range d.List(d.t.Context(), at, dir) {
		if err != nil {
			d.t.Fatalf("list %q: %v", dir, err)
		}
		if e.Path != ".gitattributes" {
			entries = append(entries, e)
		}
	}
	return entries
}

func (d dataset) paths(at hub.Commit) []string {
	d.t.Helper()
	var paths []string
	for _, e := range d.list(at, "") {
		paths = append(paths, e.Path)
	}
	return paths
}

// wantFiles checks that a commit holds exactly the files given as path, content, path, content, in order.
func (d dataset) wantFiles(at hub.Commit, pairs ...string) {
	d.t.Helper()
	var want []string
	for pair := range slices.Chunk(pairs, 2) {
		want = append(want, pair[0])
	}
	if got := d.paths(at); !slices.Equal(got, want) {
		d.t.Errorf("files at %s: got %q, want %q", at.ID, got, want)
		return
	}
	for pair := range slices.Chunk(pairs, 2) {
		if got, want := d.read(at, pair[0]), pair[1]; got != want {
			d.t.Errorf("content of %s at %s: got %.80q, want %.80q", pair[0], at.ID, got, want)
		}
	}
}

func (d dataset) read(at hub.Commit, path string) string {
	d.t.Helper()
	b, err := d.Open(d.t.Context(), at, path)
	if err != nil {
		d.t.Fatalf("open %s: %v", path, err)
	}
	defer b.Close()
	data, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil {
		d.t.Fatalf("read %s: %v", path, err)
	}
	return string(data)
}

// wantErr checks that err is the one wanted, says where in a *hub.Error, and is one line.
func (h place) wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
		return
	}
	if e := (*hub.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Target, h.repo.Owner) {
		t.Errorf("%s: got %v, want a *hub.Error that names the dataset", what, err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: got %q, want one line", what, err)
	}
}

// first returns the first error that a sequence yields, and fails when the sequence goes on after it.
func first[T any](t *testing.T, seq func(func(T, error) bool)) error {
	t.Helper()
	var failed error
	for v, err := range seq {
		if failed != nil {
			t.Errorf("the sequence yields %v, %v after its error", v, err)
			break
		}
		failed = err
	}
	return failed
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// epoch is a time that no clock shows.
var epoch = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
