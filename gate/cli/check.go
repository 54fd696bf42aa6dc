package cli

import (
	"context"
	"errors"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/hub/dataset"
)

// check is the whole action: read, fetch, compare, judge, record, show.
func check(ctx context.Context, e Env, cfg config.Config, w *workflow) int {
	if err := w.begin(ctx, e, cfg); err != nil {
		return e.fail(unusable(err))
	}
	code, err := judge(ctx, e, cfg, w)
	if err != nil {
		w.abort(ctx, e, err)
		return e.fail(err)
	}
	return code
}

// judge is check on a workflow run that is known. After an error nothing was shown.
func judge(ctx context.Context, e Env, cfg config.Config, w *workflow) (int, error) {
	h, err := openHub(e, cfg)
	if err != nil {
		return 0, unusable(err)
	}
	if err := makeReportDir(cfg); err != nil {
		return 0, unusable(err)
	}
	parts, err := w.evalConfig(ctx, e, cfg)
	if err != nil {
		return 0, unusable(err)
	}
	cand, err := readRun(ctx, e, cfg, h, w.event, parts)
	if err != nil {
		return 0, err
	}
	defer cand.files.Close()
	repos, err := names(cfg, w.event).Repos(cand.run.Models())
	if err != nil && needsDataset(cfg, w.event) {
		return 0, unusable(err)
	}
	bases := &baselines{cfg: cfg, hub: h, cand: cand}
	defer bases.Close()
	if err := bases.find(ctx, repos, w.ancestors(ctx, cfg)); err != nil {
		return 0, err
	}
	rep := gate.Evaluate(cand.run, bases.of, cfg.Policy)
	rep.Warnings = append(rep.Warnings, cand.scores.Warnings...)
	rep = w.accept(ctx, rep)
	rep.Warnings = append(rep.Warnings, w.remarked(cand.run)...)
	published := publish(ctx, e, cfg, h, w.event, cand, repos, &rep)
	shown := show(ctx, e, w, bases, rep, published != nil)
	return exitCode(e, cfg, rep.Decision(), published, shown), nil
}

// names returns how results datasets are called.
func names(cfg config.Config, event action.Event) dataset.Names {
	return dataset.Names{
		Template: cfg.Dataset, Namespace: cfg.Namespace, Owner: event.Owner(), Repository: event.RepositoryName(), Gate: cfg.Gate,
	}
}

// needsDataset reports whether the results datasets are read or written.
func needsDataset(cfg config.Config, event action.Event) bool {
	return cfg.Baseline == "" || branch(cfg, event) != ""
}

// exitCode turns a decision, and what became of recording and showing it, into the exit code. A verdict that is not
// green stays what it is, whatever else went wrong.
func exitCode(e Env, cfg config.Config, d gate.Decision, published, shown error) int {
	if shown != nil {
		e.log("%s", describeError(shown))
	}
	code := exitUndecided
	switch d {
	case gate.Pass, gate.Warn:
		code = exitPass
	case gate.Fail:
		code = exitFail
	}
	if code != exitPass && cfg.ReportOnly {
		e.log("report-only: the decision is %s, and the exit code 0", d)
		code = exitPass
	}
	if published == nil || code != exitPass {
		if published != nil {
			e.log("%s", describeError(published))
		}
		return code
	}
	return e.fail(published)
}

// classify marks what only people can mend; what is left is a failure of a service or of the machine.
func classify(err error) error {
	var collision *dataset.CollisionError
	var owner *dataset.OwnerError
	if errors.As(err, &collision) || errors.As(err, &owner) {
		return unusable(err)
	}
	return err
}
