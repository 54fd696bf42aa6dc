package remote

import (
	"slices"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// stale bounds how long after a commit the Hub may answer with the state before it.
const stale = time.Minute

type branchKey struct {
	repo   hub.Repo
	branch string
}

// A landing is the last commit that was made here on a branch, and what came before it.
type landing struct {
	commit hub.Commit
	before []string
	at     time.Time
}

// committed remembers a commit that was made here, so that resolving the branch gives it, or what was made on top, though the
// Hub's answers may lag behind.
func (h *Hub) committed(r hub.Repo, branch string, c hub.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := branchKey{r, branch}
	l := h.landed[k]
	if l.commit.ID != "" {
		l.before = append(l.before, l.commit.ID)
	}
	if c.Parent != "" && !slices.Contains(l.before, c.Parent) {
		l.before = append(l.before, c.Parent)
	}
	l.commit, l.at = c, time.Now()
	h.landed[k] = l
}

// newest returns what a branch points at, given what the Hub answers: the commit that was made here when the answer is one
// from before it.
func (h *Hub) newest(r hub.Repo, branch string, answer hub.Commit) hub.Commit {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.landed[branchKey{r, branch}]
	if l.commit.ID != "" && time.Since(l.at) < stale && slices.Contains(l.before, answer.ID) {
		return l.commit
	}
	return answer
}
