package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hubgate/hubgate/hub"
)

const (
	// maxLandings is how often one commit is sent, in all.
	maxLandings = 8
	// maxLost is how many lost answers to it are borne.
	maxLost = 3
	// maxUnmoved is how often the Hub may say that a branch has moved which has not, as far as it tells.
	maxUnmoved = 6
	// pace is half of what the first pause between two is, on average; the next are twice as long each.
	pace = 250 * time.Millisecond
	// longestRest is what pauses grow to, as a multiple of that.
	longestRest = 60
	// maxTrace is how many commits since the parent are looked through.
	maxTrace = 1000
)

// errUnmoved says that the Hub refuses a parent which is the head, as far as it tells.
var errUnmoved = errors.New("the Hub says that the branch has moved, and it has not")

// land makes the commit. What it was made on must still be the head, so a commit that is sent twice lands once. Where the
// answer does not say what became of it, the branch does.
func (p *push) land(ctx context.Context) (hub.Commit, error) {
	key := newKey()
	lost, unmoved := 0, 0
	for sent := 1; ; sent++ {
		done, err := p.send(ctx, key)
		if err == nil {
			p.hub.committed(p.repo, p.change.Branch, done)
			return done, nil
		}
		why := landingOf(err)
		if why == refused || why == unanswered && ctx.Err() != nil {
			return hub.Commit{}, err
		}
		done, moved, traceErr := p.trace(ctx, key)
		switch {
		case traceErr != nil && why == unanswered && ctx.Err() == nil:
			return hub.Commit{}, unknownOutcome(err)
		case traceErr != nil:
			return hub.Commit{}, traceErr
		case done.ID != "":
			p.hub.committed(p.repo, p.change.Branch, done)
			return done, nil
		case moved != "":
			return hub.Commit{}, fmt.Errorf("%w: it is at %s", hub.ErrConflict, moved)
		}
		switch why {
		case unanswered:
			lost++
		case conflicted:
			unmoved++
		}
		if lost == maxLost || unmoved == maxUnmoved || sent == maxLandings {
			return hub.Commit{}, giveUp(why, err)
		}
		if err := p.hub.rest(ctx, sent); err != nil {
			return hub.Commit{}, err
		}
	}
}

// An outcome is what became of a commit that the Hub did not confirm.
type outcome int

const (
	refused    outcome = iota // it did not land, and will not
	busy                      // it did not land: another is under way
	conflicted                // it did not land, or an earlier one of the same did
	unanswered                // nobody knows
)

func landingOf(err error) outcome {
	var e *hub.Error
	var token *tokenError
	var content *contentError
	switch {
	case !errors.As(err, &e), errors.As(err, &token), errors.As(err, &content):
		return refused
	case e.Status == http.StatusConflict:
		return busy
	case e.Status == http.StatusPreconditionFailed:
		return conflicted
	case e.Status == 0, e.Status == http.StatusRequestTimeout, e.Status >= 500, e.Status < 300:
		return unanswered
	}
	return refused
}

// giveUp says why it is not tried again.
func giveUp(why outcome, err error) error {
	e := (*hub.Error)(nil)
	if !errors.As(err, &e) {
		return err
	}
	switch why {
	case busy:
		e.Err = fmt.Errorf("%w: another commit to the dataset is in progress, and does not end", hub.ErrUnavailable)
	case conflicted:
		e.Err = fmt.Errorf("%w: %w", hub.ErrForbidden, errUnmoved)
		e.Advice = "give a token that may write to the dataset: one that may only open pull requests is answered like this"
	}
	return err
}

// unknownOutcome says that the commit may have landed.
func unknownOutcome(err error) error {
	e := (*hub.Error)(nil)
	if !errors.As(err, &e) {
		return err
	}
	e.Err = fmt.Errorf("the answer was lost, so that the change may have been made: %w", e.Err)
	e.Advice = "see the dataset's history, or run again"
	return err
}

// trace looks for the change among the commits on the branch since its parent. It returns the commit when it is there, and else
// where the branch is when it has moved.
func (p *push) trace(ctx context.Context, key string) (landed hub.Commit, moved string, err error) {
	n := 0
	for c, err := range p.log(ctx, p.change.Branch) {
		switch {
		case p.change.Parent == "" && errors.Is(err, hub.ErrNoRevision):
			return hub.Commit{}, "", nil
		case err != nil:
			return hub.Commit{}, "", err
		case c.key == key:
			return c.Commit, "", nil
		case c.ID == p.change.Parent || n == maxTrace:
			return hub.Commit{}, moved, nil
		case moved == "":
			moved = c.ID
		}
		n++
	}
	return hub.Commit{}, moved, nil
}

// rest lets time pass before something is sent again: longer each time, and at random, so that those who met do not meet again.
func (h *Hub) rest(ctx context.Context, sent int) error {
	d := h.pace * time.Duration(min(1<<min(sent-1, 10), longestRest))
	t := time.NewTimer(d + rand.N(2*d))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// send sends the commit once.
func (p *push) send(ctx context.Context, key string) (hub.Commit, error) {
	summary, description := summarize(p.change.Message, key)
	body := &commitBody{
		header: headerLine{Summary: summary, Description: description, Parent: p.change.Parent}, deletes: p.change.Delete, uploads: p.uploads,
	}
	r := p.request(request{
		path: p.api("commit", p.change.Branch), contentType: "application/x-ndjson",
		content: func() io.Reader { return body.open(ctx) }, size: body.size(),
	})
	r.repeatable = false
	var answer struct {
		ID string `json:"commitOid"`
	}
	header, err := p.hub.call(ctx, r, &answer)
	if err != nil {
		return hub.Commit{}, err
	}
	if !hub.IsCommitID(answer.ID) {
		return hub.Commit{}, p.fail("commit", p.change.Branch, "", fmt.Errorf("%w: it does not name the commit", hub.ErrNotHub))
	}
	message, _ := readMessage(summary, description)
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		at = time.Now()
	}
	return hub.Commit{ID: answer.ID, Parent: p.change.Parent, Time: at.UTC(), Message: message}, nil
}
