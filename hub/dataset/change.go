package dataset

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
)

// commit builds the change for the branch as it is now, and commits it.
func (p *Push) commit(ctx context.Context, st hub.Store, b *built) (gate.Publication, []string, error) {
	head, err := st.Resolve(ctx, p.Branch)
	if err != nil && (p.Branch != mainBranch || !errors.Is(err, hub.ErrNoRevision)) {
		return gate.Publication{}, nil, err
	}
	s, err := p.state(ctx, st, head)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	if i := slices.IndexFunc(s.rows, func(r HistoryRow) bool { return r.RunID == b.id }); i >= 0 {
		return p.publication(head, s.rows[i].Baseline), nil, nil
	}
	role, notes := p.role(s), b.notes
	if role == overtaken {
		notes = append(slices.Clip(notes), fmt.Sprintf("the run of %s was recorded and is not the baseline: a newer run, %s, is", p.Model.Model, s.record.Baseline.Run))
	}
	if role == uncompared {
		notes = append(slices.Clip(notes), fmt.Sprintf("the run of %s was recorded and is not the baseline: %s is, with which it was not compared",
			p.Model.Model, s.record.Baseline.Run))
	}
	change, err := p.change(s, b, role)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	change.Parent = head.ID
	done, err := st.Commit(ctx, change)
	if err != nil {
		return gate.Publication{}, nil, err
	}
	return p.publication(done, role == becomesBaseline), notes, nil
}

func (p *Push) publication(at hub.Commit, became bool) gate.Publication {
	return gate.Publication{Repo: p.Repo.String(), Commit: at.ID, Branch: p.Branch, Baseline: became}
}

// A role is what a run is in its dataset.
type role string

const (
	becomesBaseline role = "the new baseline"
	replicate       role = "a replicate of a recorded run"
	overtaken       role = "recorded after a newer baseline"
	uncompared      role = "recorded beside a baseline that it was not compared with"
	recordedOnly    role = "recorded only"
)

// role decides what becomes of the run on top of a state.
func (p *Push) role(s state) role {
	c := p.Candidate.Provenance
	switch {
	case p.replicates(s.rows):
		return replicate
	case p.Branch != mainBranch || !p.worthy():
		return recordedOnly
	case s.record != nil && s.record.Baseline != nil && c.Created.Before(s.record.Baseline.Created):
		return overtaken // a slow job of an older commit does not walk the baseline back
	case s.record != nil && s.record.Baseline != nil && p.Model.Baseline == nil && !p.Model.Itself:
		return uncompared // a first run by mistake, or beside another job's, must not replace what nobody held it against
	}
	return becomesBaseline
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
		return f.Decision != gate.Pass && f.Decision != gate.Warn
	})
}

// state is what lies on the branch before the change.
type state struct {
	record *Record
	rows   []HistoryRow
	card   []byte
	data   []string // the paths of the score files under data/
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
	if err := p.owns(s.record); err != nil {
		return s, err
	}
	if s.rows, err = s.record.history(ctx, st, head, true); err != nil {
		return s, err
	}
	if s.card, err = readSmall(ctx, st, head, cardPath); err != nil {
		return s, err
	}
	files, err := list(ctx, st, head, "data")
	for _, e := range files {
		s.data = append(s.data, e.Path)
	}
	return s, err
}

// owns refuses to write over what another model, repository or gate keeps here. Outside GitHub the repository is not known,
// and not held against anyone.
func (p *Push) owns(r *Record) error {
	if r == nil {
		return nil
	}
	if err := r.holds(p.Repo, p.Model.Model); err != nil {
		return err
	}
	known := r.Repository != "" && p.Repository != ""
	if known && !strings.EqualFold(r.Repository, p.Repository) || r.Gate != p.Gate {
		return &OwnerError{Repo: p.Repo, Owner: [2]string{r.Repository, r.Gate}, Other: [2]string{p.Repository, p.Gate}}
	}
	return nil
}

func (p *Push) newRecord() Record {
	return Record{Schema: recordSchema, Model: p.Model.Model, Repository: p.Repository, Gate: p.Gate}
}

// change returns the commit that records the run on top of a state.
func (p *Push) change(s state, b *built, r role) (hub.Change, error) {
	rec := p.newRecord()
	if s.record != nil {
		rec = *s.record
		if rec.Repository == "" {
			rec.Repository = p.Repository
		}
	}
	edit := cardEdit{configs: recordedConfigs()}
	switch {
	case r == becomesBaseline:
		rec.Baseline = p.baselineRecord(b)
		edit.section, edit.replaced, edit.data = p.Card, true, []string{dataPath}
		if b.data == nil {
			edit.replaced, edit.data = false, s.data
		}
	case rec.Baseline == nil:
		edit.section, edit.data = noBaselineYet, s.data
	default:
		edit.data = s.data // and the section stays the baseline's
	}
	card, err := editCard(s.card, edit)
	if err != nil {
		return hub.Change{}, fmt.Errorf("%s/%s: %w", p.Repo, cardPath, err)
	}
	encoded, err := rec.encode()
	if err != nil {
		return hub.Change{}, err
	}
	history, err := encodeHistory(append(slices.Clip(s.rows), p.historyRows(b.id, r)...))
	if err != nil {
		return hub.Change{}, err
	}
	c := hub.Change{
		Branch: p.Branch, Message: p.message(b.id, r), Time: p.Candidate.Provenance.Created,
		Put: []hub.File{hub.Bytes(cardPath, card), hub.Bytes(recordPath, encoded), hub.Bytes(historyPath, history), b.long.file()},
	}
	if r == becomesBaseline && b.data != nil {
		c.Put = append(c.Put, b.data.file())
		c.Delete = slices.DeleteFunc(slices.Clone(s.data), func(path string) bool { return path == dataPath })
	}
	return c, nil
}

// recordedConfigs returns the configs of what every publish adds to.
func recordedConfigs() []config {
	return []config{
		{name: "history", files: []splitFile{{"test", historyPath}}},
		{name: "runs", files: []splitFile{{"test", "runs/*/*.parquet"}}},
	}
}

// dataConfig returns config default for some files under data/: every split by the glob that push_to_hub gives it. It is
// false where no file is named like a split's.
func dataConfig(data []string) (config, bool) {
	c := config{name: "default"}
	for _, p := range data {
		m := shardName.FindStringSubmatch(path.Base(p))
		if m == nil || path.Dir(p) != "data" || !splitName.MatchString(m[1]) {
			continue
		}
		f := splitFile{m[1], "data/" + m[1] + "-*.parquet"}
		if !slices.Contains(c.files, f) {
			c.files = append(c.files, f)
		}
	}
	return c, len(c.files) > 0
}

func (p *Push) message(id string, r role) string {
	return fmt.Sprintf("Add run %s\n\n%s: %s, %s", id, p.Model.Model, p.Model.Decision(), r)
}

func (p *Push) baselineRecord(b *built) *BaselineRecord {
	c := p.Candidate.Provenance
	out := &BaselineRecord{
		Run: b.id, Path: b.long.path, SHA256: p.SHA256, Created: c.Created.UTC(), GitSHA: c.GitSHA, RunURL: c.RunURL,
		Attempt: c.Attempt, Metrics: b.metrics, Columns: b.columns, EvalConfig: configRecord(c.EvalConfig),
	}
	if b.data != nil {
		out.Data = []DataRecord{{Path: b.data.path, SHA256: b.data.sha256}}
		return out
	}
	for _, e := range p.Origin.Entries {
		out.Data = append(out.Data, DataRecord{Path: e.Path, SHA256: e.SHA256})
	}
	return out
}
