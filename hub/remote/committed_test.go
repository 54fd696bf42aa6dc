package remote

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// Commits that are made on top of each other are known in any order, for a minute, and on their own branch alone.
func TestNewest(t *testing.T) {
	t.Parallel()
	r := hub.Repo{Owner: "acme", Name: "x"}
	a, b, c, d := commitOn("a", ""), commitOn("b", "a"), commitOn("c", "b"), commitOn("d", "c")
	for _, order := range [][]hub.Commit{{b, c}, {c, b}} {
		synctest.Test(t, func(t *testing.T) {
			h, err := Open(Options{URL: "https://hub.example"})
			if err != nil {
				t.Fatal(err)
			}
			for _, made := range order {
				h.committed(r, "main", made)
			}
			for _, tt := range []struct {
				revision     string
				answer, want hub.Commit
				name         string
			}{
				{"main", a, c, "two steps behind"},
				{"main", b, c, "one step behind"},
				{"main", c, c, "up to date"},
				{"main", d, d, "someone else's on top"},
				{"other", a, a, "another branch"},
				{a.ID, a, a, "the old commit itself"},
			} {
				if got := h.newest(r, tt.revision, tt.answer); got != tt.want {
					t.Errorf("%s: got %s, want %s", tt.name, got.Message, tt.want.Message)
				}
			}
			if got := h.newest(hub.Repo{Owner: "acme", Name: "y"}, "main", a); got != a {
				t.Errorf("another dataset: got %s", got.Message)
			}
			time.Sleep(stale) // after which somebody may have set the branch back
			if got := h.newest(r, "main", a); got != a {
				t.Errorf("after %s: got %s, want what the Hub answers", stale, got.Message)
			}
		})
	}
}

func commitOn(name, parent string) hub.Commit {
	c := hub.Commit{ID: strings.Repeat(name, 40), Message: name}
	if parent != "" {
		c.Parent = strings.Repeat(parent, 40)
	}
	return c
}
