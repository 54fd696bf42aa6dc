package remote

import (
	"time"

	"github.com/hubgate/hubgate/hub"
)

// stale bounds how long after a commit the Hub may answer with the state before it.
const stale = time.Minute

// A step is from where a branch moved when a commit was made here.
type step struct {
	repo           hub.Repo
	branch, parent string
}

// A landing is a commit that was made here, and when.
type landing struct {
	commit hub.Commit
	at     time.Time
}

// committed remembers a commit that was made here, so that resolving the branch gives it, or what was made on top, though the
// Hub's answers may lag behind.
func (h *Hub) committed(r hub.Repo, branch string, c hub.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made[c.ID] = c
	h.landed[step{r, branch, c.Parent}] = landing{c, time.Now()}
}

// newest returns what a revision names, given what the Hub answers: of a branch the commit that was made here on top of the
// answer, and a commit that was made here as Commit returned it, though the Hub's clock may have told another time.
func (h *Hub) newest(r hub.Repo, revision string, answer hub.Commit) hub.Commit {
	h.mu.Lock()
	defer h.mu.Unlock()
	for { // commits may have been made here on top of each other, and confirmed in any order
		l, ok := h.landed[step{r, revision, answer.ID}]
		if !ok || time.Since(l.at) >= stale {
			break
		}
		answer = l.commit
	}
	if c, ok := h.made[answer.ID]; ok {
		return c
	}
	return answer
}
