package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

// recorded reads the baseline of a dataset that this program wrote.
func (s *search) recorded(ctx context.Context) (Found, error) {
	defer meanwhile(s.history)()
	b, note, err := s.wanted(s.rec.Baseline)
	if errors.Is(err, ErrNotRecorded) {
		return Found{}, err
	}
	if err != nil {
		return s.unreadable(ctx, err)
	}
	var found Found
	if b == s.rec.Baseline {
		found, err = s.current(ctx)
	} else {
		found, err = s.fromRun(ctx, b)
	}
	if err != nil {
		return s.unreadable(ctx, err)
	}
	if note != "" {
		found.Warnings = append(found.Warnings, note)
	}
	if found, err = s.unlessItself(ctx, b, found); err != nil || found.Run == nil {
		return found, err
	}
	rows, err := s.history()
	if err != nil {
		found.Close()
		return s.unreadable(ctx, err)
	}
	found.Replicates = replicates(rows, s.Model, b.EvalConfig.parts().Fingerprint())
	return found, nil
}

// replicates returns the means of the runs of the commit that [mostRepeated] names. Keys name the model as given.
func replicates(rows []HistoryRow, model, fingerprint string) map[gate.Series][]float64 {
	most := mostRepeated(rows, fingerprint)
	if most == "" {
		return nil
	}
	out := map[gate.Series][]float64{}
	for _, r := range rows {
		if r.GitSHA == most && r.Fingerprint == fingerprint && r.Mean != nil {
			key := gate.Series{Key: score.Key{Model: model, Task: r.Task}, Metric: r.Metric}
			out[key] = append(out[key], *r.Mean)
		}
	}
	return out
}

// mostRepeated returns the commit of the code of which most runs are recorded under a configuration; of several, the newest.
func mostRepeated(rows []HistoryRow, fingerprint string) string {
	runs := map[string]map[string]bool{} // by commit
	most := ""
	for _, r := range rows {
		if r.GitSHA == "" || r.Fingerprint != fingerprint {
			continue
		}
		if runs[r.GitSHA] == nil {
			runs[r.GitSHA] = map[string]bool{}
		}
		runs[r.GitSHA][r.RunID] = true
		if len(runs[r.GitSHA]) >= len(runs[most]) {
			most = r.GitSHA
		}
	}
	return most
}

// wanted returns the recorded run that is asked for, and a sentence where it is another than was wished for.
func (s *search) wanted(current *BaselineRecord) (*BaselineRecord, string, error) {
	if s.Path == "" {
		return s.ofAncestors(current)
	}
	rows, err := s.history()
	if err != nil {
		return nil, "", err
	}
	i := slices.IndexFunc(rows, func(r HistoryRow) bool { return r.Path == s.Path })
	switch {
	case i < 0:
		return nil, "", ErrNotRecorded
	case rows[i].RunID == current.Run:
		return current, "", nil
	case s.comparable(rows[i].Fingerprint):
		return current.was(rows[i], s.EvalConfig), "", nil
	}
	return current.was(rows[i], nil), "", nil // the history has no more than the fingerprint of its configuration
}

// ofAncestors returns the newest comparable baseline of the nearest ancestor that has one; where none has, the current one, and a
// sentence that says so.
func (s *search) ofAncestors(current *BaselineRecord) (*BaselineRecord, string, error) {
	if len(s.Ancestors) == 0 || current.GitSHA == s.Ancestors[0] && s.comparable(current.EvalConfig.parts().Fingerprint()) {
		return current, "", nil
	}
	rows, err := s.history()
	if err != nil {
		return nil, "", err
	}
	baselines := earlierBaselines(rows)
	for _, commit := range s.Ancestors {
		for _, row := range baselines {
			switch {
			case row.GitSHA != commit || !s.comparable(row.Fingerprint):
			case row.RunID == current.Run:
				return current, "", nil
			default:
				return current.was(row, s.EvalConfig), "", nil
			}
		}
	}
	return current, fmt.Sprintf("no baseline of the same configuration is recorded for %.12s, which this branch was made from, nor for the commits before it: the current one of %s is taken",
		s.Ancestors[0], s.Repo), nil
}

// comparable reports whether a run of that configuration can be compared with the candidate.
func (s *search) comparable(fingerprint string) bool {
	return fingerprint == s.EvalConfig.Fingerprint()
}

// was returns the record of an earlier baseline, of the given configuration. The scales stay the dataset's; data/ holds it no more.
func (b *BaselineRecord) was(row HistoryRow, config evalconf.Parts) *BaselineRecord {
	out := *b
	out.Run, out.Path, out.SHA256, out.EvalConfig = row.RunID, row.Path, row.SHA256, configRecord(config)
	out.GitSHA, out.RunURL, out.Attempt, out.Created, out.Data = row.GitSHA, row.RunURL, int(row.Attempt), row.Time, nil
	return &out
}

// current reads the current baseline: from data/, which has texts and inputs too, where
// that gives back what was published, else from the recorded run.
func (s *search) current(ctx context.Context) (Found, error) {
	b := s.rec.Baseline
	replaced, err := s.replaced(b)
	if err != nil {
		return Found{}, err
	}
	was := "was replaced by another tool since the last recorded run"
	if !replaced {
		found, err := s.fromData(ctx)
		if err == nil || ctx.Err() != nil {
			return found, err
		}
		was = fmt.Sprintf("does not read as the scores that were published (%v)", err)
	}
	found, err := s.fromRun(ctx, b)
	if err != nil {
		return Found{}, err
	}
	if !replaced || !s.Origin.from(s.Repo) { // a pipeline that pushes the candidate to data/ replaces it each time
		found.Warnings = append(found.Warnings, fmt.Sprintf("data/ of %s %s: the recorded run %s is the baseline", s.Repo, was, b.Run))
	}
	return found, nil
}

// replaced reports whether the recorded split under data/ is no longer what it was. Other splits may lie beside it.
func (s *search) replaced(b *BaselineRecord) (bool, error) {
	files, err := s.data()
	if err != nil {
		return false, err
	}
	splits := map[string]bool{}
	for _, d := range b.Data {
		splits[splitOf(d.Path)] = true
	}
	same := slices.DeleteFunc(slices.Clone(files), func(e hub.Entry) bool { return !splits[splitOf(e.Path)] })
	return len(same) != len(b.Data) || slices.ContainsFunc(same, func(e hub.Entry) bool { return !b.holds(e) }), nil
}

// holds reports whether an entry is one of the recorded files, unchanged as far as its digest is known.
func (b *BaselineRecord) holds(e hub.Entry) bool {
	return slices.ContainsFunc(b.Data, func(d DataRecord) bool {
		return e.Path == d.Path && (e.SHA256 == d.SHA256 || e.SHA256 == "")
	})
}

func (s *search) fromData(ctx context.Context) (Found, error) {
	b := s.rec.Baseline
	var files []hub.Entry
	for _, d := range b.Data {
		files = append(files, hub.Entry{Path: d.Path})
	}
	o := dataOptions(s.rec.Model, b.Metrics, b.Columns)
	o.Inputs = s.Options.Inputs
	opened, scores, err := s.readExactly(ctx, files, o, b.SHA256)
	if err != nil {
		return Found{}, err
	}
	found := s.found(opened, scores, "")
	found.describe(b)
	return found, nil
}

// fromRun reads a recorded run in long form.
func (s *search) fromRun(ctx context.Context, b *BaselineRecord) (Found, error) {
	opened, scores, err := s.readExactly(ctx, []hub.Entry{{Path: b.Path}}, codec.Options{ModelID: s.rec.Model}, b.SHA256)
	if err != nil {
		return Found{}, err
	}
	found := s.found(opened, scores, b.Path)
	found.describe(b)
	return found, nil
}

// describe adds what is recorded of a run.
func (f *Found) describe(b *BaselineRecord) {
	for name, h := range f.Run.Hints {
		if scale, ok := scaleOf(b.Metrics, name); ok {
			h.Scale = &scale
			f.Run.Hints[name] = h
		}
	}
	p := &f.Run.Provenance
	p.GitSHA, p.RunURL, p.Attempt, p.Created, p.EvalConfig = b.GitSHA, b.RunURL, b.Attempt, b.Created, b.EvalConfig.parts()
}

// pushed reports whether the candidate was read from the very files that are recorded as the baseline: those are no new
// evaluation, whatever the commit of the code. Of files without a digest the scores tell.
func (s *search) pushed(b *BaselineRecord) bool {
	return s.Origin.from(s.Repo) && len(s.Origin.Entries) == len(b.Data) && (known(s.Origin.Entries) || s.SHA256 == b.SHA256) &&
		!slices.ContainsFunc(s.Origin.Entries, func(e hub.Entry) bool { return !b.holds(e) })
}

// unlessItself passes over the candidate itself for the newest earlier baseline of the same configuration.
func (s *search) unlessItself(ctx context.Context, b *BaselineRecord, current Found) (Found, error) {
	if !s.itself(current.Run) && !s.pushed(b) {
		return current, nil
	}
	current.Close()
	rows, err := s.history()
	if err != nil {
		return s.unreadable(ctx, err)
	}
	for _, row := range earlierBaselines(rows) {
		if row.RunID == b.Run || row.Time.After(b.Created) || row.Fingerprint != b.EvalConfig.parts().Fingerprint() {
			continue
		}
		found, err := s.fromRun(ctx, b.was(row, b.EvalConfig.parts()))
		if err != nil {
			return s.unreadable(ctx, err)
		}
		if s.itself(found.Run) {
			found.Close()
			continue
		}
		found.Warnings = append(current.Warnings, fmt.Sprintf(
			"these very scores are the recorded run %s: compared with the one before it, %s", b.Run, row.RunID))
		return found, nil
	}
	return nothing(fmt.Sprintf("these very scores are the recorded run %s, and no earlier run of the same configuration is recorded", b.Run)), nil
}
