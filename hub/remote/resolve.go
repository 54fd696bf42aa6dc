package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// minPrefix is the least number of digits that may stand for a commit.
const minPrefix = 7

// Resolve implements hub.Reader. It asks the log, which tells the parent too. Of main it returns the newest commit that is known: see
// store.newer.
// The request is GET /api/datasets/{repo}/commits/{revision}.
func (s *store) Resolve(ctx context.Context, revision string) (hub.Commit, error) {
	if err := ctx.Err(); err != nil {
		return hub.Commit{}, s.hub.wrap(ctx, s.commits("resolve", revision, revision, 2), err)
	}
	if !hub.IsCommitID(revision) && hub.CheckBranch(revision) != nil {
		return hub.Commit{}, s.fail("resolve", revision, "", hub.ErrNoRevision)
	}
	c, err := s.lookup(ctx, revision)
	short := len(revision) < 40 && isHex(revision)
	switch {
	case err == nil && short && len(revision) < minPrefix && strings.HasPrefix(c.ID, revision):
		return hub.Commit{}, s.fail("resolve", revision, "", hub.ErrNoRevision) // some Hubs guess from fewer digits
	case short && len(revision) >= minPrefix && errors.Is(err, hub.ErrNoRevision):
		return s.complete(ctx, revision, err) // and some from none
	case revision == "main" && errors.Is(err, hub.ErrNoRevision):
		return hub.Commit{}, s.confirmNoMain(ctx, err)
	case err != nil:
		return hub.Commit{}, err
	}
	c = s.hub.newest(s.repo, revision, c)
	if revision == "main" {
		return s.newer(ctx, c)
	}
	return c, nil
}

// newer returns the newer of two heads of main: what the log says, and what was known before. Either may lag behind, and the one
// that does is an ancestor of the other.
func (s *store) newer(ctx context.Context, c hub.Commit) (hub.Commit, error) {
	s.mu.Lock()
	known := s.head
	s.mu.Unlock()
	if known != "" && known != c.ID && known != c.Parent {
		follows, err := s.descends(ctx, c.ID, known)
		behind := false
		if err == nil && !follows {
			behind, err = s.descends(ctx, known, c.ID)
		}
		switch {
		case err != nil:
			return hub.Commit{}, err
		case behind:
			return s.Resolve(ctx, known)
		case !follows:
			return hub.Commit{}, s.fail("resolve", "main", "", fmt.Errorf("%w: it names two heads of the branch, %s and %s, of which neither follows the other",
				hub.ErrUnavailable, c.ID, known))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = c.ID
	return c, nil
}

// descends tells whether a commit has an ancestor. What it is asked for may be gone, where somebody has rewritten the history.
func (s *store) descends(ctx context.Context, commit, ancestor string) (bool, error) {
	for page, err := range pages[logEntry](ctx, s.hub, s.commits("resolve", "main", commit, 100)) {
		if errors.Is(err, hub.ErrNoRevision) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(page, func(e logEntry) bool { return e.ID == ancestor }) {
			return true, nil
		}
	}
	return false, nil
}

// lookup returns the commit that the Hub has for a revision.
func (s *store) lookup(ctx context.Context, revision string) (hub.Commit, error) {
	var page []logEntry
	if _, err := s.hub.call(ctx, s.commits("resolve", revision, revision, 2), &page); err != nil {
		return hub.Commit{}, err
	}
	var found []logged
	for _, e := range page[:min(len(page), 2)] {
		c, err := e.commit()
		if err != nil {
			return hub.Commit{}, s.fail("resolve", revision, "", err)
		}
		found = append(found, c)
	}
	switch {
	case len(found) == 0:
		return hub.Commit{}, s.fail("resolve", revision, "", hub.ErrNoRevision) // a dataset without a commit
	case hub.IsCommitID(revision) && found[0].ID != revision:
		return hub.Commit{}, s.fail("resolve", revision, "", fmt.Errorf("%w: the Hub answers with commit %s", hub.ErrCorrupt, found[0].ID))
	case len(found) == 2:
		found[0].Parent = found[1].ID
	}
	return found[0].Commit, nil
}

// complete looks for the commit of main whose id begins with prefix. It returns none when there is no such commit, or more
// than one.
func (s *store) complete(ctx context.Context, prefix string, none error) (hub.Commit, error) {
	var found []hub.Commit
	for c, err := range s.Log(ctx, "main") {
		if errors.Is(err, hub.ErrNoRevision) {
			break
		}
		if err != nil {
			return hub.Commit{}, err
		}
		if strings.HasPrefix(c.ID, prefix) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return hub.Commit{}, none
	case 1:
		return found[0], nil
	}
	return hub.Commit{}, s.fail("resolve", prefix, "", fmt.Errorf("%w: %d commits begin like this", hub.ErrNoRevision, len(found)))
}
