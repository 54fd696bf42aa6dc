package hubtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

func testAtomic(t *testing.T, h place) {
	d := create(t, h)
	d.put("a", "1", "b", "1", "c", "1")
	at := d.commit(hub.Change{Put: files("a", "2", "d/e", "2"), Delete: []string{"b"}})
	d.wantFiles(at, "a", "2", "c", "1", "d/e", "2")
	if got := d.resolve("main").ID; got != at.ID {
		t.Errorf("main: got %s, want %s", got, at.ID)
	}

	// One part that cannot be done undoes the others.
	change := hub.Change{Branch: "main", Parent: at.ID, Message: "Half", Put: files("f", "3"), Delete: []string{"nope"}}
	_, err := d.Commit(t.Context(), change)
	h.wantErr(t, "delete of what is not there", err, hub.ErrNoEntry)
	short := hub.File{Path: "g", Content: strings.NewReader("abc"), Size: 4}
	change = hub.Change{Branch: "main", Parent: at.ID, Message: "Half", Put: append(files("f", "3"), short)}
	if _, err := d.Commit(t.Context(), change); err == nil {
		t.Error("content shorter than it says: got no error")
	}
	broken := hub.File{Path: "g", Content: breaker{}, Size: 4}
	change.Put = append(files("f", "3"), broken)
	if _, err := d.Commit(t.Context(), change); !errors.Is(err, errBroken) {
		t.Errorf("content that cannot be read: got %v, want %v", err, errBroken)
	}
	d.wantFiles(d.resolve("main"), "a", "2", "c", "1", "d/e", "2")
}

var errBroken = errors.New("the content broke off")

type breaker struct{}

func (breaker) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func testFirst(t *testing.T, h place) {
	d := create(t, h)
	parent := d.head("main")
	change := hub.Change{Branch: "main", Parent: parent, Message: "Begin", Time: epoch, Put: files("a", "1")}
	at, err := d.Commit(t.Context(), change)
	if err != nil {
		t.Fatal(err)
	}
	if at.Parent != parent || at.Message != "Begin" || at.Time.IsZero() || at.Time.Location().String() != "UTC" {
		t.Errorf("first commit: got %+v, want parent %q, its message, and a time in UTC", at, parent)
	}
	change.Parent, change.Put = "", files("b", "2")
	_, err = d.Commit(t.Context(), change)
	h.wantErr(t, "a second first commit", err, hub.ErrConflict)
	change.Branch = "other"
	_, err = d.Commit(t.Context(), change)
	h.wantErr(t, "a first commit of another branch", err, hub.ErrNoRevision)
	change.Parent = at.ID
	_, err = d.Commit(t.Context(), change)
	h.wantErr(t, "a commit to a branch that is not there", err, hub.ErrNoRevision)
	d.wantFiles(d.resolve("main"), "a", "1")
}

func testConflict(t *testing.T, h place) {
	d := create(t, h)
	one := d.put("a", "1")
	two := d.put("a", "2")
	change := hub.Change{Branch: "main", Message: "Late", Put: files("b", "late")}
	for _, parent := range []string{one.ID, "", "0123456789abcdef0123456789abcdef01234567"} {
		change.Parent = parent
		_, err := d.Commit(t.Context(), change)
		h.wantErr(t, "commit on parent "+parent, err, hub.ErrConflict)
	}
	d.wantFiles(d.resolve("main"), "a", "2")
	change.Parent = two.ID
	if _, err := d.Commit(t.Context(), change); err != nil {
		t.Errorf("the same change on the new parent: %v", err)
	}
	d.wantFiles(d.resolve("main"), "a", "2", "b", "late")
}

func testDelete(t *testing.T, h place) {
	d := create(t, h)
	old := d.put("a/b", "1", "a/c", "2", "d", "3")
	at := d.commit(hub.Change{Delete: []string{"a/b", "d"}})
	d.wantFiles(at, "a/c", "2")
	_, err := d.Open(t.Context(), at, "a/b")
	h.wantErr(t, "open of what was deleted", err, hub.ErrNoEntry)
	for _, path := range []string{"d", "a", "nope"} {
		_, err = d.Commit(t.Context(), hub.Change{Branch: "main", Parent: at.ID, Message: "Delete", Delete: []string{path}})
		h.wantErr(t, "delete of "+path, err, hub.ErrNoEntry)
	}
	// A folder whose files are gone is gone: a file may take its name.
	d.wantFiles(d.commit(hub.Change{Delete: []string{"a/c"}, Put: files("a", "file")}), "a", "file")
	d.wantFiles(old, "a/b", "1", "a/c", "2", "d", "3")
}

func testNoChange(t *testing.T, h place) {
	d := create(t, h)
	at := d.put("a", "1", "b", "2")
	for name, put := range map[string][]hub.File{"nothing": nil, "the same": files("b", "2")} {
		got := d.commit(hub.Change{Message: "Again", Put: put})
		if got.ID != at.ID || got.Message != at.Message {
			t.Errorf("commit of %s: got %+v, want the parent %+v", name, got, at)
		}
	}
	if got := d.resolve("main").ID; got != at.ID {
		t.Errorf("main: got %s, want %s", got, at.ID)
	}
	// Going back to old content is a change, and another commit than the old one.
	d.put("a", "other")
	back := d.put("a", "1")
	if back.ID == at.ID {
		t.Errorf("going back: got the old commit %s", back.ID)
	}
	d.wantFiles(back, "a", "1", "b", "2")
}

func testMalformed(t *testing.T, h place) {
	d := create(t, h)
	at := d.put("a", "1", "b/c", "2")
	for name, c := range map[string]hub.Change{
		"put twice":                   {Put: files("x", "1", "x", "2")},
		"put and delete":              {Put: files("a", "2"), Delete: []string{"a"}},
		"delete twice":                {Delete: []string{"a", "a"}},
		"file under a file":           {Put: files("a/x", "1")},
		"file in place of a folder":   {Put: files("b", "1")},
		"file and folder of one name": {Put: files("x", "1", "x/y", "1")},
		"no content":                  {Put: []hub.File{{Path: "x", Size: 1}}},
		"negative size":               {Put: []hub.File{{Path: "x", Content: strings.NewReader(""), Size: -1}}},
		"no branch":                   {Branch: " ", Put: files("x", "1")},
		"hostile branch":              {Branch: "../../x", Put: files("x", "1")},
		"blank message":               {Message: " \n", Put: files("x", "1")},
	} {
		if c.Branch == "" {
			c.Branch = "main"
		}
		if c.Message == "" {
			c.Message = "Malformed"
		}
		c.Parent = at.ID
		if got, err := d.Commit(t.Context(), c); err == nil {
			t.Errorf("%s: got commit %s, want an error", name, got.ID)
		}
	}
	if got := d.head("main"); got != at.ID {
		t.Errorf("main moved to %s", got)
	}
}

func testIsolation(t *testing.T, h place) {
	d := create(t, h)
	old := d.put("a", "old bytes", "b", "kept")
	open, err := d.Open(t.Context(), old, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	d.put("a", "new and longer bytes")
	d.commit(hub.Change{Delete: []string{"a"}})

	p := make([]byte, open.Size())
	if _, err := open.ReadAt(p, 0); err != nil || string(p) != "old bytes" {
		t.Errorf("a blob opened before: got %q, %v, want the old bytes", p, err)
	}
	d.wantFiles(old, "a", "old bytes", "b", "kept")
	d.wantFiles(d.resolve(old.ID), "a", "old bytes", "b", "kept")
	d.wantFiles(d.resolve("main"), "b", "kept")
}

func testBranch(t *testing.T, h place) {
	d := create(t, h)
	base := d.put("a", "1")
	for _, name := range []string{"pr-acme-repo-7", "exp/one"} {
		if err := d.Branch(t.Context(), name, base); err != nil {
			t.Fatalf("branch %s: %v", name, err)
		}
		h.wantErr(t, "branch again", d.Branch(t.Context(), name, base), hub.ErrExists)
	}
	h.wantErr(t, "branch main", d.Branch(t.Context(), "main", base), hub.ErrExists)
	h.wantErr(t, "branch from nowhere", d.Branch(t.Context(), "x", hub.Commit{}), hub.ErrNoRevision)
	unknown := hub.Commit{ID: "0123456789abcdef0123456789abcdef01234567"}
	h.wantErr(t, "branch from an unknown commit", d.Branch(t.Context(), "x", unknown), hub.ErrNoRevision)
	for _, name := range []string{"", "../x", "/x", "x/", "x//y", "-x", "a b", "x..y", "x.lock", base.ID, "@", "x~1", `x\y`} {
		if err := d.Branch(t.Context(), name, base); err == nil {
			t.Errorf("branch %q: got no error, want the name refused", name)
		}
	}
	pr := d.commit(hub.Change{Branch: "exp/one", Put: files("a", "2")})
	if pr.Parent != base.ID {
		t.Errorf("parent on the branch: got %s, want %s", pr.Parent, base.ID)
	}
	d.wantFiles(d.resolve("exp/one"), "a", "2")
	d.wantFiles(d.resolve("main"), "a", "1")
	d.wantFiles(d.resolve("pr-acme-repo-7"), "a", "1")
}

func testLog(t *testing.T, h place) {
	d := create(t, h)
	var want []string
	for i := range 5 {
		at := d.commit(hub.Change{Message: fmt.Sprint("Commit ", i), Put: files("a", fmt.Sprint(i))})
		want = append([]string{at.ID + " Commit " + fmt.Sprint(i)}, want...)
	}
	log := func(revision string) (got []string) {
		t.Helper()
		for c, err := range d.Log(t.Context(), revision) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.Message, "Commit ") { // not the Hub's own
				got = append(got, c.ID+" "+c.Message)
			}
		}
		return got
	}
	if got := log("main"); !slices.Equal(got, want) {
		t.Errorf("log of main: got %q, want %q", got, want)
	}
	second := strings.Fields(want[2])[0]
	if got := log(second); !slices.Equal(got, want[2:]) {
		t.Errorf("log of %s: got %q, want %q", second, got, want[2:])
	}
	n := 0
	for range d.Log(t.Context(), "main") {
		if n++; n == 2 {
			break // a sequence can be left
		}
	}
	h.wantErr(t, "log of an unknown revision", first(t, d.Log(t.Context(), "nope")), hub.ErrNoRevision)
}

func testOneWinner(t *testing.T, h place) {
	const n = 8
	d := create(t, h)
	base := d.put("a", "1")
	done := make([]hub.Commit, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c := hub.Change{Branch: "main", Parent: base.ID, Message: "Race", Put: files("a", fmt.Sprint("by ", i))}
			done[i], errs[i] = d.Commit(t.Context(), c)
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err != nil {
			h.wantErr(t, "the losers", err, hub.ErrConflict)
			continue
		}
		if winner >= 0 {
			t.Fatalf("both %d and %d committed on one parent", winner, i)
		}
		winner = i
	}
	if winner < 0 {
		t.Fatal("nobody committed")
	}
	if got := d.resolve("main"); got.ID != done[winner].ID {
		t.Errorf("main: got %s, want the winner's %s", got.ID, done[winner].ID)
	}
	d.wantFiles(d.resolve("main"), "a", fmt.Sprint("by ", winner))
}

func testNothingLost(t *testing.T, h place) {
	const writers, each = 5, 4
	d := create(t, h)
	d.put("start", "0")
	var wg sync.WaitGroup
	for w := range writers {
		s, err := h.Open(t.Context(), h.repo) // each through a Store of its own, as other processes would
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for i := range each {
				if err := land(t, s, fmt.Sprintf("run-%d-%d", w, i)); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	want := []string{"start", "0"}
	for w := range writers {
		for i := range each {
			name := fmt.Sprintf("run-%d-%d", w, i)
			want = slices.Insert(want, len(want)-2, name, name)
		}
	}
	d.wantFiles(d.resolve("main"), want...)
	n := 0
	for _, err := range d.Log(t.Context(), d.head("main")) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n < writers*each+1 {
		t.Errorf("log: got %d commits, want %d", n, writers*each+1)
	}
}

// land commits one file, again and again until nobody was faster.
func land(t *testing.T, s hub.Store, name string) error {
	for {
		at, err := s.Resolve(t.Context(), "main")
		if err != nil {
			return err
		}
		c := hub.Change{Branch: "main", Parent: at.ID, Message: "Add " + name, Put: files(name, name)}
		if _, err := s.Commit(t.Context(), c); !errors.Is(err, hub.ErrConflict) {
			return err
		}
	}
}
