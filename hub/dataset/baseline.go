package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

// A Query asks for the baseline of one model.
type Query struct {
	Repo      hub.Repo
	Revision  string        // a branch, tag or commit; empty for main, and then absence means a first run
	Model     string        // the candidate's id of the model
	SHA256    string        // of the candidate's scores of this model: a run is never compared with itself
	GitSHA    string        // of the candidate; empty when unknown
	Options   codec.Options // how the candidate was read
	Compared  string        // how messages name the dataset; empty for hf://datasets/OWNER/NAME@REVISION
	NoHistory bool          // take what lies there, whoever wrote it
}

// Found is a baseline, or the reason for which there is none, with the files that it was read from.
type Found struct {
	gate.Baseline
	*Open // nil when nothing was read
}

// Baseline returns the run to compare a model with.
//
// No dataset, no main branch or no run recorded as baseline is a first run: neither Run nor Unreadable is set. A baseline that is
// there and whose scores cannot be read is Unreadable. A dataset that is damaged, or a revision that was asked for and is not
// there, is an error: it needs a person.
//
// A store that cannot tell a missing dataset from a hidden one must not answer hub.ErrNotFound.
func Baseline(ctx context.Context, h hub.Hub, q Query) (Found, error) {
	st, err := h.Open(ctx, q.Repo)
	if errors.Is(err, hub.ErrNotFound) && q.Revision == "" {
		return Found{}, nil
	}
	if err != nil {
		return Found{}, err
	}
	at, err := st.Resolve(ctx, cmp.Or(q.Revision, "main"))
	if errors.Is(err, hub.ErrNoRevision) && q.Revision == "" {
		return Found{}, nil
	}
	if err != nil {
		return Found{}, err
	}
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return unreadable(err), nil
	}
	if rec == nil {
		return q.foreign(ctx, st, at)
	}
	return q.recorded(ctx, st, at, rec)
}

func unreadable(err error) Found { return Found{Baseline: gate.Baseline{Unreadable: err}} }

// foreign reads a dataset that another tool wrote.
func (q *Query) foreign(ctx context.Context, st hub.Reader, at hub.Commit) (Found, error) {
	o := q.Options
	o.ModelID = q.Model
	files, err := splitFiles(ctx, st, at, o)
	if err != nil {
		return unreadable(err), nil
	}
	if len(files) == 0 {
		return Found{}, nil
	}
	found, err := q.read(ctx, st, at, files, o, nil)
	if err != nil || found.Run == nil {
		return found, err
	}
	if q.itself(found.Run) {
		found.Close()
		return q.passedOver("the candidate's own scores lie in " + st.Repo().String() + ", which records no earlier run"), nil
	}
	return found, nil
}

// recorded reads the baseline of a dataset that this program wrote: data/ where it is still what was written, else
// the recorded run in long form.
func (q *Query) recorded(ctx context.Context, st hub.Reader, at hub.Commit, rec *Record) (Found, error) {
	if rec.Baseline == nil {
		return Found{}, nil
	}
	o := q.options(rec.Baseline)
	files, replaced, err := q.dataFiles(ctx, st, at, rec.Baseline)
	if err != nil {
		return unreadable(err), nil
	}
	var warnings []string
	if replaced {
		warnings = append(warnings, fmt.Sprintf("data/ of %s was replaced by another tool since the last recorded run, and is not the baseline: "+
			"the recorded run %s is", st.Repo(), rec.Baseline.Run))
		files, o = []hub.Entry{{Path: rec.Baseline.Path}}, q.longOptions(rec.Baseline)
	}
	found, err := q.read(ctx, st, at, files, o, rec.Baseline)
	if err != nil || found.Run == nil {
		return found, err
	}
	found.Warnings = append(warnings, found.Warnings...)
	if q.itself(found.Run) {
		found.Close()
		return q.earlier(ctx, st, at, rec.Baseline)
	}
	return found, nil
}

// options returns how data/ is to be read: by the columns that it was written with, and the scales it was judged on.
func (q *Query) options(b *BaselineRecord) codec.Options {
	o := q.longOptions(b)
	o.Metrics = b.metrics(q.Options.Metrics)
	o.ID, o.Model, o.Task, o.Group, o.Trial = b.Columns.ID, b.Columns.Model, b.Columns.Task, b.Columns.Group, b.Columns.Trial
	return o
}

// longOptions returns how a recorded run in long form is to be read.
func (q *Query) longOptions(b *BaselineRecord) codec.Options {
	o := codec.Options{ModelID: q.Model, Inputs: q.Options.Inputs}
	for _, m := range b.metrics(q.Options.Metrics) {
		o.Metrics = append(o.Metrics, codec.Metric{Name: m.Name, Path: m.Name})
	}
	o.Scale = func(metric string) (score.Scale, bool) {
		if q.Options.Scale != nil {
			if s, ok := q.Options.Scale(metric); ok {
				return s, true
			}
		}
		return b.scale(metric)
	}
	return o
}

func (b *BaselineRecord) scale(metric string) (score.Scale, bool) {
	for _, m := range b.Metrics {
		if m.Name == metric && m.Scale != nil {
			return score.Scale{Min: m.Scale[0], Max: m.Scale[1]}, true
		}
	}
	return score.Scale{}, false
}

// dataFiles returns the files of the baseline under data/, and whether they are no longer the ones recorded.
func (q *Query) dataFiles(ctx context.Context, st hub.Reader, at hub.Commit, b *BaselineRecord) ([]hub.Entry, bool, error) {
	files, err := list(ctx, st, at, "data")
	if err != nil {
		return nil, false, err
	}
	same := len(files) == len(b.Data)
	for _, d := range b.Data {
		same = same && slices.ContainsFunc(files, func(e hub.Entry) bool {
			return e.Path == d.Path && (e.SHA256 == d.SHA256 || e.SHA256 == "")
		})
	}
	return files, !same, nil
}

// read reads some files as one run. What cannot be read is Unreadable.
func (q *Query) read(ctx context.Context, st hub.Reader, at hub.Commit, files []hub.Entry, o codec.Options, b *BaselineRecord) (Found, error) {
	opened, err := open(ctx, st, at, files)
	if err != nil {
		return unreadable(err), nil
	}
	s, err := codec.Read(ctx, opened.Files, o)
	if err != nil {
		opened.Close()
		if ctx.Err() != nil {
			return Found{}, ctx.Err()
		}
		return unreadable(err), nil
	}
	run := &gate.Run{Tables: s.Tables, Hints: Hints(s)}
	run.Provenance = gate.Provenance{
		Source: q.name(st, at), Commit: at.ID, SHA256: score.SHA256(s.Tables), Created: at.Time,
	}
	if b != nil {
		for name, h := range run.Hints {
			if scale, ok := b.scale(name); ok {
				h.Scale = &scale
				run.Hints[name] = h
			}
		}
		run.Provenance.GitSHA, run.Provenance.RunURL = b.GitSHA, b.RunURL
		run.Provenance.Attempt, run.Provenance.Created = b.Attempt, b.Created
		if b.EvalConfig != nil {
			run.Provenance.EvalConfig = b.EvalConfig.Parts
		}
	}
	return Found{Baseline: gate.Baseline{Run: run}, Open: opened}, nil
}

func (q *Query) name(st hub.Reader, at hub.Commit) string {
	if q.Compared != "" {
		return q.Compared
	}
	return Location{Repo: st.Repo(), Revision: cmp.Or(q.Revision, "main")}.String()
}

// Hints returns what reading told about the metrics, in the gate's words.
func Hints(s *codec.Scores) map[string]gate.Hint {
	out := map[string]gate.Hint{}
	for name, fact := range s.Metrics {
		h := gate.Hint{Scale: fact.Scale}
		if fact.Cost {
			h.Direction, h.Tier = gate.Lower, gate.Advisory
		}
		out[name] = h
	}
	return out
}

// itself reports whether a run is the candidate under another name. Equal scores of two commits of the code are no such
// thing: a deterministic evaluation of an unchanged model gives them.
func (q *Query) itself(r *gate.Run) bool {
	if r.Provenance.SHA256 != q.SHA256 {
		return false
	}
	a, b := r.Provenance.GitSHA, q.GitSHA
	return a == "" || b == "" || a == b
}

// earlier returns the newest recorded baseline that is not the candidate itself.
func (q *Query) earlier(ctx context.Context, st hub.Reader, at hub.Commit, b *BaselineRecord) (Found, error) {
	rows, err := History(ctx, st, at)
	if err != nil {
		return unreadable(err), nil
	}
	for _, row := range earlierBaselines(rows) {
		if row.RunID == b.Run || row.SHA256 == q.SHA256 {
			continue
		}
		was := *b // columns and scales stay those of the dataset; provenance is the earlier run's own
		was.GitSHA, was.RunURL, was.Attempt, was.Created = row.GitSHA, row.RunURL, int(row.Attempt), row.Time
		if row.Fingerprint != b.EvalConfig.fingerprint() {
			was.EvalConfig = nil // only its fingerprint is known, and it is another one
			continue
		}
		found, err := q.read(ctx, st, at, []hub.Entry{{Path: row.Path}}, q.longOptions(&was), &was)
		if found.Run != nil {
			found.Warnings = append(found.Warnings, fmt.Sprintf("these very scores are the recorded run %s: compared with the one before it, %s", b.Run, row.RunID))
		}
		return found, err
	}
	return q.passedOver(fmt.Sprintf("these very scores are the recorded run %s, and no earlier run of the same configuration is recorded", b.Run)), nil
}

func (q *Query) passedOver(why string) Found {
	return Found{Baseline: gate.Baseline{Warnings: []string{why + ": there is nothing to compare with"}}}
}

func (c *ConfigRecord) fingerprint() string {
	if c == nil {
		return ""
	}
	return c.Fingerprint
}
