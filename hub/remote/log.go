package remote

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// maxCommits bounds how far back a log goes.
const maxCommits = 100_000

// A logged commit is one of the Hub's log, with the key that it was made with where it was made here: see newKey.
type logged struct {
	hub.Commit
	key string
}

// A logEntry is one line of the Hub's log.
type logEntry struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Message string `json:"message"` // without the title
	Date    string `json:"date"`
}

// Log implements hub.Store.
func (s *store) Log(ctx context.Context, revision string) iter.Seq2[hub.Commit, error] {
	return func(yield func(hub.Commit, error) bool) {
		for c, err := range s.log(ctx, revision) {
			if !yield(c.Commit, err) {
				return
			}
		}
	}
}

// log yields what Log does. The Hub names no parents: each commit's is the next one.
// The request is GET /api/datasets/{repo}/commits/{revision}.
func (s *store) log(ctx context.Context, revision string) iter.Seq2[logged, error] {
	return func(yield func(logged, error) bool) {
		at, err := s.Resolve(ctx, revision) // which knows short ids, and a head that the log does not show yet
		if err != nil {
			yield(logged{}, err)
			return
		}
		var last logged // waits for its parent
		seen := map[string]bool{}
		for page, err := range pages[logEntry](ctx, s.hub, s.commits("log", revision, at.ID, 100)) {
			if err != nil {
				yield(logged{}, err)
				return
			}
			for _, e := range page {
				c, err := e.commit()
				switch {
				case err != nil:
				case len(seen) == 0 && c.ID != at.ID:
					err = contradiction("commit " + at.ID)
				case seen[c.ID]:
					err = fmt.Errorf("%w: commit %s comes twice in the log", hub.ErrCorrupt, c.ID)
				case len(seen) == maxCommits:
					err = fmt.Errorf("%w: the log goes on after %d commits", hub.ErrCorrupt, len(seen))
				}
				if err != nil {
					yield(logged{}, s.fail("log", revision, "", err))
					return
				}
				seen[c.ID] = true
				if last.Parent = c.ID; last.ID != "" && !yield(last, nil) {
					return
				}
				last = c
			}
		}
		if last.ID == "" || last.ID == at.ID && at.Parent != "" { // a log that lost its commits must not pass for a short one
			yield(logged{}, s.fail("log", revision, "", contradiction("commit "+cmp.Or(at.Parent, at.ID))))
			return
		}
		yield(last, nil)
	}
}

// commits asks for a page of n commits, the newest first.
func (s *store) commits(op, revision, at string, n int) request {
	return request{
		op: op, target: s.target(revision, ""), repo: s.repo,
		path: datasetAPI(s.hub.current(s.repo), "commits", at), query: url.Values{"limit": {strconv.Itoa(n)}},
	}
}

// commit returns the commit without its parent.
func (e logEntry) commit() (logged, error) {
	if !hub.IsCommitID(e.ID) {
		return logged{}, fmt.Errorf("%w: a commit has the id %.80q", hub.ErrCorrupt, e.ID)
	}
	c := logged{Commit: hub.Commit{ID: e.ID}}
	c.Message, c.key = readMessage(e.Title, e.Message)
	if t, err := time.Parse(time.RFC3339, e.Date); err == nil {
		c.Time = t.UTC()
	}
	return c, nil
}
