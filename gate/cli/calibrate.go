package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// How much is replayed. 2,000 replays tell a rate of 5 % to within a point, and 100 a share of 80 % to within eight.
const (
	replays = 2000
	perLoss = 100
)

// maxReplicates is how many recorded runs of unchanged code are read: ten make 90 comparisons.
const maxReplicates = 10

// calibrate replays the policy on stored scores, and tells how often it is red where nothing changed and which losses it finds.
func calibrate(ctx context.Context, e Env, cfg config.Config) int {
	h, err := openHub(e, cfg)
	if err != nil {
		return e.fail(unusable(err))
	}
	if err := makeReportDir(cfg); err != nil {
		return e.fail(unusable(err))
	}
	event, err := action.New(e.Getenv, e.Stdout, e.HTTP, "").Event()
	if err != nil {
		return e.fail(unusable(err))
	}
	read := givenRuns
	if len(cfg.Results) == 0 {
		read = recordedRuns
	}
	runs, err := read(ctx, e, cfg, h, event)
	if err != nil {
		return e.fail(err)
	}
	p := startProgress(e, "replaying the policy")
	c, err := gate.Calibrate(ctx, runs.candidate, runs.baselines, cfg.Policy, gate.CalibrationOptions{
		Replays: replays, PerLoss: perLoss, Replicates: runs.replicates, Progress: p.replays,
	})
	p.done()
	switch {
	case err != nil && ctx.Err() != nil:
		return e.fail(context.Cause(ctx))
	case err != nil:
		return e.fail(unusable(err))
	}
	c.Warnings = append(c.Warnings, runs.warnings...)
	files, err := writeCalibration(cfg, c)
	o := textOptions(e)
	o.Files = files
	_, _ = fmt.Fprint(e.Stdout, report.CalibrationText(c, o)) // nobody is left to tell when stdout is closed
	if err != nil {
		return e.fail(err)
	}
	return exitPass
}

// A storedRuns is what is replayed.
type storedRuns struct {
	candidate  gate.Run
	baselines  map[string]gate.Baseline // second runs, by the candidate's models
	replicates []gate.Run               // all that are recorded of unchanged code
	warnings   []string
}

// givenRuns reads the files that are named as results, and second runs where some are named.
func givenRuns(ctx context.Context, e Env, cfg config.Config, h hub.Hub, event action.Event) (storedRuns, error) {
	cand, err := readCandidate(ctx, e, cfg, h, event)
	if err != nil {
		return storedRuns{}, err
	}
	defer cand.files.Close()
	second, err := secondRuns(ctx, cfg, h, cand)
	return storedRuns{candidate: cand.run, baselines: second, warnings: cand.scores.Warnings}, err
}

// recordedRuns reads what is recorded of the model: two runs of unchanged code where there are as many, unless another second
// run is named.
func recordedRuns(ctx context.Context, _ Env, cfg config.Config, h hub.Hub, event action.Event) (storedRuns, error) {
	repos, err := names(cfg, event).Repos([]string{cfg.Model})
	if err != nil {
		return storedRuns{}, unusable(err)
	}
	revision := cfg.BaselineRevision
	if revision == "auto" {
		revision = ""
	}
	o := cfg.Read()
	o.ModelID, o.Scale = "", cfg.Policy.Scale
	runs, err := dataset.Replicates(ctx, h, repos[cfg.Model], revision, cfg.Model, o, maxReplicates)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return storedRuns{}, context.Cause(ctx)
	case serviceFailed(err):
		return storedRuns{}, err
	default:
		return storedRuns{}, unusable(err)
	}
	out := storedRuns{candidate: runs[0], replicates: runs}
	out.baselines, err = secondRuns(ctx, cfg, h, &candidate{run: runs[0], options: o})
	if err != nil || len(out.baselines) > 0 || len(runs) == 1 {
		return out, err
	}
	for i := range runs[1:] {
		if other := &runs[1+i]; !sameScores(runs[0], *other) {
			out.baselines[other.Models()[0]] = gate.Baseline{Run: other}
			return out, nil
		}
	}
	out.warnings = append(out.warnings, fmt.Sprintf("all %d recorded runs of unchanged code have the very same scores: one of them was split", len(runs)))
	return out, nil
}

// secondRuns reads the runs that input baseline, or the policy for a model, names. All that was named must be there.
func secondRuns(ctx context.Context, cfg config.Config, h hub.Hub, cand *candidate) (map[string]gate.Baseline, error) {
	b := baselines{cfg: cfg, hub: h, cand: cand}
	defer b.Close()
	out := map[string]gate.Baseline{}
	read := func(from, input string, run gate.Run) error {
		given, err := b.given(ctx, from)
		if err != nil {
			return err
		}
		for model, second := range match(run, given) {
			switch {
			case second.Unreadable != nil:
				return unusable(second.Unreadable)
			case second.Itself:
				return unusable(fmt.Errorf("%s: it holds the very same scores as results; leave it out to split one run, or name another run", input))
			}
			out[model] = second
		}
		return nil
	}
	if cfg.Baseline != "" {
		if err := read(cfg.Baseline, "input baseline", cand.run); err != nil {
			return nil, err
		}
	}
	for _, m := range cfg.Policy.Models {
		only := cand.run.Only(m.Model)
		if m.Baseline == "" || len(only.Tables) == 0 {
			continue
		}
		if err := read(m.Baseline, fmt.Sprintf("the policy's baseline of model %q", m.Model), only); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// writeCalibration writes calibration.json and calibration.md and returns the paths of those that were written.
func writeCalibration(cfg config.Config, c gate.Calibration) ([]string, error) {
	md, err := writeReport(cfg, "calibration.md", []byte(report.CalibrationMarkdown(c, tool().Version, report.CommentLimit)))
	encoded, jerr := report.CalibrationJSON(c, tool())
	if jerr != nil {
		return existing(md), errors.Join(err, jerr)
	}
	js, jerr := writeReport(cfg, "calibration.json", encoded)
	return existing(md, js), errors.Join(err, jerr)
}
