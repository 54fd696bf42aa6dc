package dataset

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// attempts bounds how often a commit is rebuilt because another job published first.
const attempts = 40

// A Push is one model's run, ready to be recorded.
type Push struct {
	Repo       hub.Repo
	Branch     string // main, or a pull request's own branch, which is made when it is not there
	Model      gate.ModelReport
	Candidate  gate.Run                     // this model's tables; its provenance has Created, which names the run
	SHA256     string                       // of this model's scores
	Files      []codec.File                 // that the run was read from
	Near       func() ([]codec.File, error) // gives Files for reading texts, see [Copies]; nil for Files themselves
	Options    codec.Options                // how they were read
	Origin     *Open                        // where they lie, when that is one place on a Hub; nil otherwise
	Scores     *codec.Scores                // what reading them gave
	Text       bool                         // publish the text columns too
	Repository string                       // owner/name of the code's repository; empty outside GitHub
	Gate       string
	ReportOnly bool
	Accepted   *gate.Acceptance // by whom what failed was accepted; nil when nothing was
	Card       string           // Markdown for the card: the summary of this run, should it become the baseline
	MaxText    int64            // bytes of data/ beyond which texts are left out; 0 for 256 MiB
	TempDir    string           // where files are built; empty for the system's
}

// An OwnerError says that a baseline belongs to another repository or gate.
type OwnerError struct {
	Repo         hub.Repo
	Owner, Other [2]string // repository and gate: the dataset's, and the caller's
}

// Error names the dataset and both owners.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s holds the baseline of %s, and this is %s", e.Repo, describeOwner(e.Owner), describeOwner(e.Other))
}

// Mend names the template that would tell the two apart.
func (e *OwnerError) Mend() string {
	if e.Owner[1] != e.Other[1] {
		return `set input dataset to "{namespace}/{model}-{gate}-results" in each gate, with input gate set`
	}
	return `set input dataset to "{namespace}/{repo}-{model}-results"`
}

func describeOwner(o [2]string) string {
	if o[1] == "" {
		return fmt.Sprintf("repository %q", o[0])
	}
	return fmt.Sprintf("repository %q, gate %q", o[0], o[1])
}

// Publish records a run in its dataset by one commit on top of the branch as it is then, creating the dataset where there is
// none, and a pull request's branch from main as it is. On main, the run becomes the baseline when the model's findings hold no
// failure and nothing is undecided, unless it repeats a commit that is already recorded with the same configuration, a
// newer run is the baseline, or it was compared with none and there is one. A candidate that was read from the dataset's own
// data/ leaves that as it is, and a run that is recorded already is left as it is. When others publish at once the change is built
// anew on top of theirs. It refuses a dataset of another model with a [*CollisionError], and one of another repository or gate
// with an [*OwnerError].
//
// It also returns what should be said about it, such as text that was left out. After an error nothing was published, save
// where the store lost an answer.
func Publish(ctx context.Context, h hub.Hub, p Push) (gate.Publication, []string, error) {
	b, err := p.build(ctx)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	defer b.remove()
	st, err := p.store(ctx, h)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	for i := range attempts {
		pub, notes, err := p.commit(ctx, st, b)
		if !errors.Is(err, hub.ErrConflict) {
			return pub, notes, err
		}
		if err := pause(ctx, i); err != nil {
			return gate.Publication{}, nil, err
		}
	}
	return gate.Publication{}, nil, fmt.Errorf("publishing to %s: %w: other jobs published first %d times in a row; run this job again", p.Repo, hub.ErrConflict, attempts)
}

// pause lets the jobs that published first get out of the way: at random, so that they do not meet again, and longer each time.
func pause(ctx context.Context, attempt int) error {
	longest := min(20*time.Millisecond<<min(attempt, 10), 2*time.Second)
	t := time.NewTimer(longest/2 + rand.N(longest/2))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// store opens the dataset, or creates it, with the branch to publish to.
func (p *Push) store(ctx context.Context, h hub.Hub) (hub.Store, error) {
	st, err := h.Open(ctx, p.Repo)
	if errors.Is(err, hub.ErrNotFound) || errors.Is(err, hub.ErrHidden) { // who may create it learns whether it is there
		st, err = h.Create(ctx, p.Repo)
		if errors.Is(err, hub.ErrExists) { // another job was faster, or it is hidden
			st, err = h.Open(ctx, p.Repo)
		}
	}
	if err != nil || p.Branch == mainBranch {
		return st, err
	}
	main, err := st.Resolve(ctx, mainBranch)
	if errors.Is(err, hub.ErrNoRevision) {
		main, err = p.begin(ctx, st)
	}
	if err != nil {
		return nil, err
	}
	rec, err := readRecord(ctx, st, main)
	if err == nil {
		err = p.owns(rec)
	}
	if err != nil {
		return nil, err
	}
	if err := st.Branch(ctx, p.Branch, main); err != nil && !errors.Is(err, hub.ErrExists) {
		return nil, err
	}
	return st, nil
}

// begin makes the first commit of main, so that a pull request's branch has something to start from.
func (p *Push) begin(ctx context.Context, st hub.Store) (hub.Commit, error) {
	rec := p.newRecord()
	encoded, err := rec.encode()
	if err != nil {
		return hub.Commit{}, err
	}
	card, err := editCard(nil, cardEdit{section: noBaselineYet})
	if err != nil {
		return hub.Commit{}, err
	}
	c, err := st.Commit(ctx, hub.Change{
		Branch: mainBranch, Message: "Begin the results of " + p.Model.Model, Time: p.Candidate.Provenance.Created,
		Put: []hub.File{hub.Bytes(cardPath, card), hub.Bytes(recordPath, encoded)},
	})
	if errors.Is(err, hub.ErrConflict) { // another job was faster
		return st.Resolve(ctx, mainBranch)
	}
	return c, err
}
