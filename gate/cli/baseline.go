package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// atOnce is how many results datasets are read, or written, at once.
const atOnce = 8

// The baselines are what the models of a run are compared with. What they were read from stays open until they are closed, so that
// texts of samples can be read from it.
type baselines struct {
	cfg  config.Config
	hub  hub.Hub
	cand *candidate

	mu      sync.Mutex
	of      map[string]gate.Baseline // by the candidate's models
	public  map[string]bool          // the models whose results dataset everybody may read
	sources []source
}

// A source is files that scores were read from, and how.
type source struct {
	files   []codec.File
	options codec.Options
	close   func()
}

// Close releases the files.
func (b *baselines) Close() {
	for _, s := range b.sources {
		s.close()
	}
}

// find returns what each model is compared with. Those of the models whose results datasets are looked into lie in repos.
func (b *baselines) find(ctx context.Context, repos map[string]hub.Repo, ancestors []string) error {
	given := map[string]string{}
	for _, m := range b.cfg.Policy.Models {
		if m.Baseline != "" {
			given[m.Model] = m.Baseline
		}
	}
	b.of, b.public = map[string]gate.Baseline{}, map[string]bool{}
	models := b.cand.run.Models()
	if _, run := recordedRun(b.cfg.Baseline); run && len(models) == 1 {
		given[models[0]] = cmp.Or(given[models[0]], b.cfg.Baseline)
	} else if b.cfg.Baseline != "" {
		all, err := b.given(ctx, b.cfg.Baseline)
		if err != nil {
			return err
		}
		b.of = match(b.cand.run, all)
	}
	errs := make([]error, len(models))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, model := range models {
		g.Go(func() error {
			errs[i] = b.findOne(ctx, model, given[model], repos[model], ancestors)
			return nil
		})
	}
	_ = g.Wait() // each has left its error in its place, so that the same one is told every time
	return cmp.Or(errs...)
}

// findOne finds what one model is compared with: what is given for it, else what was given for all, else what is recorded.
func (b *baselines) findOne(ctx context.Context, model, given string, repo hub.Repo, ancestors []string) error {
	var one gate.Baseline
	var err error
	switch {
	case given != "":
		one, err = b.givenOne(ctx, model, given)
	case b.cfg.Baseline != "":
		return nil
	default:
		one, err = b.recorded(ctx, model, dataset.Location{Repo: repo}, ancestors)
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of[model] = one
	return nil
}

// givenOne reads what is given for one model. Of a recorded run the dataset tells more than its scores.
func (b *baselines) givenOne(ctx context.Context, model, from string) (gate.Baseline, error) {
	if l, ok := recordedRun(from); ok {
		one, err := b.recorded(ctx, model, l, nil)
		if !errors.Is(err, dataset.ErrNotRecorded) {
			return one, err
		}
	}
	one, err := b.given(ctx, from)
	if err != nil {
		return gate.Baseline{}, err
	}
	return match(b.cand.run.Only(model), one)[model], nil
}

// keep remembers what a baseline was read from.
func (b *baselines) keep(s source) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sources = append(b.sources, s)
}

// allPublic reports whether everybody may read the results datasets that the run is compared with. What was given as a baseline
// says nothing about them.
func (b *baselines) allPublic() bool {
	public := 0
	for model, one := range b.of {
		switch {
		case one.Run == nil:
		case !b.public[model]:
			return false
		default:
			public++
		}
	}
	return public > 0
}

// recordedRun reports whether a baseline is given as what is recorded of one run: by that the dataset tells how it was evaluated.
func recordedRun(from string) (dataset.Location, bool) {
	l, err := dataset.ParseLocation(from)
	return l, err == nil && strings.HasPrefix(l.Path, "runs/")
}

// recorded looks into a results dataset, for the run of a location where that has a path.
func (b *baselines) recorded(ctx context.Context, model string, l dataset.Location, ancestors []string) (gate.Baseline, error) {
	only := b.cand.run.Only(model)
	q := dataset.Query{
		Repo: l.Repo, Revision: l.Revision, Path: l.Path, Model: model, SHA256: score.SHA256(only.Tables), GitSHA: b.cand.run.Provenance.GitSHA, Options: b.cand.options,
		Origin: b.cand.files.origin, EvalConfig: b.cand.run.Provenance.EvalConfig, Ancestors: ancestors,
	}
	if l.Path == "" && b.cfg.BaselineRevision != "auto" {
		q.Revision = b.cfg.BaselineRevision
	}
	found, err := dataset.Baseline(ctx, b.hub, q)
	if found.Open != nil {
		b.keep(source{found.Files, b.cand.options, found.Close})
	}
	if l.Path == "" {
		b.mu.Lock()
		b.public[model] = found.Public
		b.mu.Unlock()
	}
	if err == nil && found.Unreadable == nil {
		return found.Baseline, nil
	}
	why := cmp.Or(err, found.Unreadable)
	var refused *hub.Error
	switch {
	case ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case err == nil || unreadable(err):
		return undecided(why), nil
	case q.Revision != "" && errors.Is(err, hub.ErrNotFound), errors.Is(err, hub.ErrNoRevision), errors.Is(err, hub.ErrCorrupt):
		return gate.Baseline{}, unusable(fmt.Errorf("baseline of %s: %w", model, err))
	case errors.As(err, &refused) && refused.Status != 0: // an answer that no Hub gives, or one that gave others before
		return undecided(why), nil
	}
	return gate.Baseline{}, classify(fmt.Errorf("baseline of %s: %w", model, err))
}

// undecided is a baseline that may be there and could not be read; the report says how to mend that.
func undecided(err error) gate.Baseline {
	return gate.Baseline{Unreadable: errors.New(describeError(err))}
}

// given reads the run that an input or the policy names. It must be there; where its scores cannot be read, what
// it is compared with is undecided.
func (b *baselines) given(ctx context.Context, from string) (gate.Baseline, error) {
	files, err := openScores(ctx, "baseline", []string{from}, b.hub, b.cand.options, b.cfg.ReportDir)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case unreadable(err):
		return undecided(err), nil
	default:
		return gate.Baseline{}, unusable(err)
	}
	o := b.cand.options
	o.ModelID = "" // the candidate's; a baseline of several models is matched by their ids
	if models := b.cand.run.Models(); len(models) == 1 {
		o.Unnamed = models[0]
	}
	b.keep(source{files.files, o, files.Close})
	scores, err := codec.Read(ctx, files.files, o)
	switch {
	case err != nil && ctx.Err() != nil:
		return gate.Baseline{}, context.Cause(ctx)
	case err != nil:
		return undecided(err), nil
	}
	run := &gate.Run{Tables: scores.Tables, Hints: dataset.Hints(scores)}
	run.Provenance = gate.Provenance{Source: from, Commit: files.commit(), SHA256: score.SHA256(scores.Tables)}
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
