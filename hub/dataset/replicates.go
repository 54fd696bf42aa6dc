package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// Replicates returns recorded runs of unchanged code, the newest first and at most so many: those of one commit under the
// baseline's configuration, the commit of which there are most. Where no commit is known to have run twice there is one, the
// current baseline, and so it is where another tool wrote the dataset. A revision is a branch, tag or commit; empty for main.
//
// Runs bear the model's name that the dataset records, else the given one. It is an error when the dataset is not there,
// or holds no baseline, and when a run does not read as it was recorded.
func Replicates(ctx context.Context, h hub.Hub, r hub.Repo, revision, model string, o codec.Options, most int) ([]gate.Run, error) {
	st, err := h.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	at, err := st.Resolve(ctx, cmp.Or(revision, mainBranch))
	if err != nil {
		return nil, err
	}
	s := newSearch(ctx, Query{Repo: r, Revision: revision, Model: model, Options: o}, st, at)
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return nil, err
	}
	if rec == nil || rec.Baseline == nil {
		found, err := s.foreign(ctx)
		return only(r, found, err)
	}
	s.rec, s.Model = rec, rec.Model
	if runs, err := s.repeated(ctx, most); err != nil || len(runs) > 1 {
		return runs, err
	}
	found, err := s.current(ctx)
	return only(r, found, err)
}

// repeated reads the runs of the commit that ran most often under the baseline's configuration.
func (s *search) repeated(ctx context.Context, most int) ([]gate.Run, error) {
	rows, err := s.history()
	if err != nil {
		return nil, err
	}
	b := s.rec.Baseline
	config := b.EvalConfig.parts()
	commit := mostRepeated(rows, config.Fingerprint())
	var out []gate.Run
	seen := map[string]bool{}
	for _, row := range slices.Backward(rows) {
		if len(out) == most || row.GitSHA == "" || row.GitSHA != commit || row.Fingerprint != config.Fingerprint() || seen[row.RunID] {
			continue
		}
		seen[row.RunID] = true
		found, err := s.fromRun(ctx, b.was(row, config))
		if err != nil {
			return nil, err
		}
		found.Close()
		out = append(out, *found.Run)
	}
	return out, nil
}

// only returns the one run that was found.
func only(r hub.Repo, found Found, err error) ([]gate.Run, error) {
	defer found.Close()
	switch err = cmp.Or(err, found.Unreadable); {
	case err != nil:
		return nil, err
	case found.Run == nil:
		return nil, fmt.Errorf("%s holds no run to replay; record one with hubgate check, or name files as results", r)
	}
	return []gate.Run{*found.Run}, nil
}
