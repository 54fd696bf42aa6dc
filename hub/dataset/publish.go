package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// maxText is the size of a dataset's text beyond which it is left out.
const maxText = 256 << 20

// attempts bounds how often a commit is rebuilt because another job published first.
const attempts = 40

// A Push is one model's run, ready to be recorded.
type Push struct {
	Repo       hub.Repo
	Branch     string // main, or a pull request's own branch, which is made when it is not there
	Model      gate.ModelReport
	Candidate  gate.Run      // this model's tables; its provenance has Created, which names the run
	SHA256     string        // of this model's scores
	Files      []codec.File  // that the run was read from
	Options    codec.Options // how they were read
	Scores     *codec.Scores // what reading them gave
	Text       bool          // publish the text columns too
	Repository string        // owner/name of the code's repository; empty outside GitHub
	Gate       string
	ReportOnly bool
	Card       string // Markdown for the card: the summary of this run, should it become the baseline
	TempDir    string // where files are built; empty for the system's
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
	return `set input dataset to "{namespace}/{repo}-{model}-{gate}-results", or another name of your own`
}

func describeOwner(o [2]string) string {
	if o[1] == "" {
		return fmt.Sprintf("repository %q", o[0])
	}
	return fmt.Sprintf("repository %q, gate %q", o[0], o[1])
}

// Publish records a run in its dataset by one commit on top of the branch as it is then, creating the dataset where there is
// none. On main, the run becomes the baseline when the model's findings hold no failure and nothing is undecided, unless
// it repeats a commit that is already recorded with the same configuration. A run that is recorded already is
// left as it is. When others publish at once the change is built anew on top of theirs.
// It also returns what should be said about it, such as text that was left out.
func Publish(ctx context.Context, h hub.Hub, p Push) (gate.Publication, []string, error) {
	b, err := p.build(ctx)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	defer b.remove()
	st, err := p.store(ctx, h)
	if err != nil {
		return gate.Publication{}, b.notes, err
	}
	for range attempts {
		pub, err := p.commit(ctx, st, b)
		if !errors.Is(err, hub.ErrConflict) {
			return pub, b.notes, err
		}
		if err := pause(ctx); err != nil {
			return gate.Publication{}, b.notes, err
		}
	}
	return gate.Publication{}, b.notes, fmt.Errorf("publishing to %s: %w: other jobs published first %d times in a row", p.Repo, hub.ErrConflict, attempts)
}

// pause lets the job that published first get out of the way.
func pause(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// store opens the dataset, or creates it, with the branch to publish to.
func (p *Push) store(ctx context.Context, h hub.Hub) (hub.Store, error) {
	st, err := h.Open(ctx, p.Repo)
	if errors.Is(err, hub.ErrNotFound) {
		st, err = h.Create(ctx, p.Repo)
		if errors.Is(err, hub.ErrExists) { // another job was faster
			st, err = h.Open(ctx, p.Repo)
		}
	}
	if err != nil || p.Branch == "main" {
		return st, err
	}
	main, err := st.Resolve(ctx, "main")
	if errors.Is(err, hub.ErrNoRevision) {
		main, err = p.begin(ctx, st)
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
	card, err := editCard(nil, noBaselineYet, false)
	if err != nil {
		return hub.Commit{}, err
	}
	c, err := st.Commit(ctx, hub.Change{
		Branch: "main", Message: "Begin the results of " + p.Model.Model, Time: p.Candidate.Provenance.Created,
		Put: []hub.File{hub.Bytes(cardPath, card), hub.Bytes(recordPath, encoded)},
	})
	if errors.Is(err, hub.ErrConflict) { // another job was faster
		return st.Resolve(ctx, "main")
	}
	return c, err
}

func (p *Push) newRecord() Record {
	return Record{Schema: recordSchema, Model: p.Model.Model, Repository: p.Repository, Gate: p.Gate}
}

// commit builds the change for the branch as it is now, and commits it.
func (p *Push) commit(ctx context.Context, st hub.Store, b *built) (gate.Publication, error) {
	head, err := st.Resolve(ctx, p.Branch)
	if err != nil && (p.Branch != "main" || !errors.Is(err, hub.ErrNoRevision)) {
		return gate.Publication{}, err
	}
	state, err := p.state(ctx, st, head)
	if err != nil {
		return gate.Publication{}, err
	}
	if i := slices.IndexFunc(state.rows, func(r HistoryRow) bool { return r.RunID == b.id }); i >= 0 {
		return p.publication(head, state.rows[i].Baseline), nil
	}
	replicate := p.replicates(state.rows)
	became := p.Branch == "main" && !replicate && p.worthy()
	change, err := p.change(state, b, became, replicate)
	if err != nil {
		return gate.Publication{}, err
	}
	change.Parent = head.ID
	done, err := st.Commit(ctx, change)
	if err != nil {
		return gate.Publication{}, err
	}
	return p.publication(done, became), nil
}

func (p *Push) publication(at hub.Commit, became bool) gate.Publication {
	return gate.Publication{Repo: p.Repo.String(), Commit: at.ID, Branch: p.Branch, Baseline: became}
}

// state is what lies on the branch before the change.
type state struct {
	record *Record
	rows   []HistoryRow
	card   []byte
	data   []string // the paths of the files under data/
}

func (p *Push) state(ctx context.Context, st hub.Reader, head hub.Commit) (state, error) {
	var s state
	if head.ID == "" {
		return s, nil
	}
	var err error
	if s.record, err = readRecord(ctx, st, head); err != nil {
		return s, err
	}
	if s.rows, err = History(ctx, st, head); err != nil {
		return s, err
	}
	if s.card, err = readSmall(ctx, st, head, cardPath); err != nil {
		return s, err
	}
	for e, err := range st.List(ctx, head, "data") {
		if err != nil {
			return s, err
		}
		s.data = append(s.data, e.Path)
	}
	return s, p.owns(s.record)
}

// owns refuses to write over what another repository or gate keeps here.
func (p *Push) owns(r *Record) error {
	if r == nil {
		return nil
	}
	differ := func(a, b string) bool { return a != b && a != "" && b != "" }
	if !strings.EqualFold(r.Model, p.Model.Model) {
		return &CollisionError{Models: [2]string{r.Model, p.Model.Model}, Repo: p.Repo}
	}
	if differ(strings.ToLower(r.Repository), strings.ToLower(p.Repository)) || r.Gate != p.Gate {
		return &OwnerError{Repo: p.Repo, Owner: [2]string{r.Repository, r.Gate}, Other: [2]string{p.Repository, p.Gate}}
	}
	return nil
}

// replicates reports whether a run of the same code and configuration is recorded already.
func (p *Push) replicates(rows []HistoryRow) bool {
	c := p.Candidate.Provenance
	return c.GitSHA != "" && slices.ContainsFunc(rows, func(r HistoryRow) bool {
		return r.GitSHA == c.GitSHA && r.Fingerprint == c.EvalConfig.Fingerprint()
	})
}

// worthy reports whether the run may become the baseline: no failure, and nothing left undecided.
func (p *Push) worthy() bool {
	if len(p.Model.Findings) == 0 || p.Model.Undecided != "" {
		return false
	}
	return !slices.ContainsFunc(p.Model.Findings, func(f gate.Finding) bool {
		return f.Decision == gate.Fail || f.Decision == gate.Undecided
	})
}

// change returns the commit that records the run on top of a state.
func (p *Push) change(s state, b *built, became, replicate bool) (hub.Change, error) {
	rec := p.newRecord()
	if s.record != nil {
		rec = *s.record
		if rec.Repository == "" {
			rec.Repository = p.Repository
		}
	}
	section := noBaselineYet
	if became {
		rec.Baseline, section = p.baselineRecord(b), p.Card
	} else if rec.Baseline != nil {
		section = "" // keep the baseline's
	}
	encoded, err := rec.encode()
	if err != nil {
		return hub.Change{}, err
	}
	hasData := became || len(s.data) > 0
	card, err := editCard(s.card, section, hasData)
	if err != nil {
		return hub.Change{}, fmt.Errorf("%s/%s: %w", p.Repo, cardPath, err)
	}
	history, err := encodeHistory(append(slices.Clip(s.rows), p.historyRows(b.id, became, replicate)...))
	if err != nil {
		return hub.Change{}, err
	}
	c := hub.Change{
		Branch: p.Branch, Message: p.message(b.id, became), Time: p.Candidate.Provenance.Created,
		Put: []hub.File{hub.Bytes(cardPath, card), hub.Bytes(recordPath, encoded), hub.Bytes(historyPath, history), b.long.file()},
	}
	if became {
		c.Put = append(c.Put, b.flat.file())
		for _, path := range s.data {
			if path != dataPath {
				c.Delete = append(c.Delete, path)
			}
		}
	}
	return c, nil
}

func (p *Push) message(id string, became bool) string {
	role := "recorded only"
	if became {
		role = "the new baseline"
	}
	return fmt.Sprintf("Add run %s\n\n%s: %s, %s", id, p.Model.Model, p.Model.Decision(), role)
}

func (p *Push) baselineRecord(b *built) *BaselineRecord {
	c := p.Candidate.Provenance
	out := &BaselineRecord{
		Run: b.id, Path: runPath(b.id, c.Created), SHA256: p.SHA256, Created: c.Created.UTC(), GitSHA: c.GitSHA, RunURL: c.RunURL,
		Attempt: c.Attempt, Data: []DataRecord{{Path: dataPath, SHA256: b.flat.sha256}}, EvalConfig: configRecord(c.EvalConfig),
		Columns: b.columns,
	}
	for _, f := range p.Model.Findings {
		if f.Candidate == nil || slices.ContainsFunc(out.Metrics, func(m MetricRecord) bool { return m.Name == f.Metric }) {
			continue
		}
		m := MetricRecord{Name: f.Metric, Path: b.path(f.Metric)}
		if s := f.Criterion.Scale; s != nil {
			m.Scale = &[2]float64{s.Min, s.Max}
		}
		out.Metrics = append(out.Metrics, m)
	}
	slices.SortFunc(out.Metrics, func(a, b MetricRecord) int { return strings.Compare(a.Name, b.Name) })
	return out
}
