package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// findBaselines returns what each model is compared with.
func findBaselines(ctx context.Context, cfg config.Config, h hub.Hub, cand *candidate, repos map[string]hub.Repo, ancestors []string) (map[string]gate.Baseline, error) {
	given := map[string]string{}
	for _, m := range cfg.Policy.Models {
		if m.Baseline != "" {
			given[m.Model] = m.Baseline
		}
	}
	out := map[string]gate.Baseline{}
	if cfg.Baseline != "" {
		all, err := givenBaseline(ctx, cfg, h, cfg.Baseline, cand)
		if err != nil {
			return nil, err
		}
		out = match(cand.run, all)
	}
	for _, model := range cand.run.Models() {
		var b gate.Baseline
		var err error
		switch {
		case given[model] != "":
			b, err = modelBaseline(ctx, cfg, h, given[model], cand, model)
		case cfg.Baseline != "":
			continue
		default:
			b, err = recordedBaseline(ctx, cfg, h, cand, model, repos[model], ancestors)
		}
		if err != nil {
			return nil, err
		}
		out[model] = b
	}
	return out, nil
}

// recordedBaseline looks into the model's results dataset.
func recordedBaseline(ctx context.Context, cfg config.Config, h hub.Hub, cand *candidate, model string, repo hub.Repo, ancestors []string) (gate.Baseline, error) {
	only := cand.run.Only(model)
	q := dataset.Query{
		Repo: repo, Model: model, SHA256: score.SHA256(only.Tables), GitSHA: cand.run.Provenance.GitSHA, Options: cand.options,
		Origin: cand.files.origin, EvalConfig: cand.run.Provenance.EvalConfig, Ancestors: ancestors,
	}
	if cfg.BaselineRevision != "auto" {
		q.Revision = cfg.BaselineRevision
	}
	found, err := dataset.Baseline(ctx, h, q)
	if found.Open != nil {
		found.Close()
	}
	switch {
	case err == nil && found.Unreadable != nil:
		return undecided(found.Unreadable), nil
	case err == nil:
		return found.Baseline, nil
	case ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case unreadable(err):
		return undecided(err), nil
	case errors.Is(err, hub.ErrNotFound), errors.Is(err, hub.ErrNoRevision), errors.Is(err, hub.ErrCorrupt):
		return gate.Baseline{}, unusable(fmt.Errorf("baseline of %s: %w", model, err))
	}
	return gate.Baseline{}, classify(fmt.Errorf("baseline of %s: %w", model, err))
}

// undecided is a baseline that may be there and could not be read; the report says how to mend that.
func undecided(err error) gate.Baseline {
	return gate.Baseline{Unreadable: errors.New(describeError(err))}
}

// modelBaseline reads the run that the policy names for one model.
func modelBaseline(ctx context.Context, cfg config.Config, h hub.Hub, source string, cand *candidate, model string) (gate.Baseline, error) {
	given, err := givenBaseline(ctx, cfg, h, source, cand)
	if err != nil {
		return gate.Baseline{}, err
	}
	return match(cand.run.Only(model), given)[model], nil
}

// givenBaseline reads the run that an input or the policy names. It must be there; where its scores cannot be read, what
// it is compared with is undecided.
func givenBaseline(ctx context.Context, cfg config.Config, h hub.Hub, source string, cand *candidate) (gate.Baseline, error) {
	files, err := openScores(ctx, "baseline", []string{source}, h, cand.options, cfg.ReportDir)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case unreadable(err):
		return undecided(err), nil
	default:
		return gate.Baseline{}, unusable(err)
	}
	defer files.Close()
	o := cand.options
	o.ModelID = "" // the candidate's; a baseline of several models is matched by their ids
	if models := cand.run.Models(); len(models) == 1 {
		o.Unnamed = models[0]
	}
	scores, err := codec.Read(ctx, files.files, o)
	switch {
	case err != nil && ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case err != nil:
		return undecided(err), nil
	}
	run := &gate.Run{Tables: scores.Tables, Hints: dataset.Hints(scores)}
	run.Provenance = gate.Provenance{Source: source, Commit: files.commit(), SHA256: score.SHA256(scores.Tables)}
	return gate.Baseline{Run: run, Warnings: scores.Warnings}, nil
}

// match says which part of a given baseline each model of the candidate is compared with: the model of the same id, or the
// only one with the only one, champion against challenger. A model is not compared with its own scores.
func match(candidate gate.Run, given gate.Baseline) map[string]gate.Baseline {
	out := map[string]gate.Baseline{}
	models := candidate.Models()
	if given.Run == nil {
		for _, model := range models {
			out[model] = given
		}
		return out
	}
	theirs := given.Run.Models()
	for _, model := range models {
		name := model
		if len(models) == 1 && len(theirs) == 1 {
			name = theirs[0]
		}
		run := given.Run.Only(name)
		if len(run.Tables) == 0 {
			continue
		}
		b := gate.Baseline{Run: &run, Warnings: given.Warnings}
		if sameScores(candidate.Only(model), run) {
			b = gate.Baseline{Itself: true, Warnings: []string{fmt.Sprintf(
				"%s holds the very same scores as the candidate: a run is never compared with itself, and there is nothing else to compare with",
				given.Run.Provenance.Source)}}
		}
		out[model] = b
	}
	if len(out) > 0 {
		return out
	}
	for _, model := range models { // a baseline of others must not pass for a first run
		out[model] = gate.Baseline{Unreadable: fmt.Errorf("%s holds none of the models of the run, but %s",
			given.Run.Provenance.Source, strings.Join(theirs, ", "))}
	}
	return out
}

// sameScores reports whether two runs of one model each hold the same scores, whatever the models are called.
func sameScores(a, b gate.Run) bool {
	digest := func(r gate.Run) string {
		tables := make([]*score.Table, len(r.Tables))
		for i, t := range r.Tables {
			tables[i] = t.WithModel("")
		}
		return score.SHA256(tables)
	}
	return digest(a) == digest(b)
}
