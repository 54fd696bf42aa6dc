package cli

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// A candidate is the run under test with the files that it was read from.
type candidate struct {
	run     gate.Run
	files   *scoreFiles
	options codec.Options
	scores  *codec.Scores
}

// readCandidate reads the run under test, which was made where it is read. What is wrong with its files, people must mend.
func readCandidate(ctx context.Context, e Env, cfg config.Config, h hub.Hub, event action.Event) (*candidate, error) {
	parts, err := readEvalConfig(cfg.EvalConfig)
	if err != nil {
		return nil, unusable(err)
	}
	return readRun(ctx, e, cfg, h, event, parts)
}

// readRun reads a run that was evaluated by some configuration, nil for one that is not known.
func readRun(ctx context.Context, e Env, cfg config.Config, h hub.Hub, event action.Event, parts evalconf.Parts) (*candidate, error) {
	o := cfg.Read()
	o.Scale = cfg.Policy.Scale
	o.Inputs = cfg.Command == "check" // to see that an id whose input changed is not the same sample
	files, err := openScores(ctx, "results", cfg.Results, h, o, cfg.ReportDir)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case serviceFailed(err):
		return nil, err
	default:
		return nil, unusable(err)
	}
	if event.Name == "workflow_run" { // strangers may have made them
		if err := files.refuseLinks(); err != nil {
			files.Close()
			return nil, unusable(err)
		}
	}
	o.Unnamed = unnamed(cfg, event, files)
	c := &candidate{files: files, options: o}
	if c.scores, err = readScores(ctx, e, files.files, o); err != nil {
		files.Close()
		return nil, err
	}
	for _, line := range c.scores.Log {
		e.log("%s", line)
	}
	for _, p := range cfg.Unmatched(slices.Sorted(maps.Keys(c.scores.Metrics))) {
		if p.Fix == "" {
			e.log("%s", p)
			continue
		}
		c.scores.Warnings = append(c.scores.Warnings, p.Error())
	}
	c.run = gate.Run{Tables: c.scores.Tables, Hints: dataset.Hints(c.scores)}
	c.run.Provenance = gate.Provenance{
		Source: strings.Join(cfg.Results, ", "), Commit: files.commit(), SHA256: score.SHA256(c.scores.Tables),
		GitSHA:  cmp.Or(event.SHA, e.Getenv("CI_COMMIT_SHA")),
		RunURL:  cmp.Or(event.RunURL, e.Getenv("CI_JOB_URL")),
		Created: now(e), Attempt: event.Attempt, EvalConfig: parts,
	}
	return c, nil
}

// unnamed returns the id of a model that the results do not name; empty where they must. A results dataset is called after
// its model. Where nothing is recorded under the id, nor compared by it, a file's name will do.
func unnamed(cfg config.Config, event action.Event, files *scoreFiles) string {
	if l, err := dataset.ParseLocation(cfg.Results[0]); err == nil && len(cfg.Results) == 1 {
		if model, ok := strings.CutSuffix(l.Repo.Name, "-results"); ok {
			return model
		}
	}
	if cfg.Command == "check" && needsDataset(cfg, event) || len(files.files) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(path.Base(files.files[0].Name), ".")
	return name
}

// readScores reads some files as one run, with progress where somebody watches.
func readScores(ctx context.Context, e Env, files []codec.File, o codec.Options) (*codec.Scores, error) {
	p := startProgress(e, "reading scores")
	o.Progress = p.report
	scores, err := codec.Read(ctx, files, o)
	p.done()
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case unreadable(err): // a Hub broke off
		return nil, err
	case err != nil:
		return nil, unusable(err)
	}
	return scores, nil
}

// now returns the time of the run: SOURCE_DATE_EPOCH where that is set, so that a run can be repeated to the byte.
func now(e Env) time.Time {
	if s, err := strconv.ParseInt(e.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(s, 0).UTC()
	}
	return e.Now().UTC().Truncate(time.Second)
}
