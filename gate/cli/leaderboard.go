package cli

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// leaderboard finds what a namespace holds of results, and ranks the models.
func leaderboard(ctx context.Context, e Env, cfg config.Config) int {
	if _, err := path.Match(cfg.Model, ""); err != nil {
		return e.fail(unusable(fmt.Errorf("input model: %q is not a glob; write for example TwinLlama-*", cfg.Model)))
	}
	h, err := openHub(e, cfg)
	if err != nil {
		return e.fail(unusable(err))
	}
	if err := makeReportDir(cfg); err != nil {
		return e.fail(unusable(err))
	}
	found, err := dataset.Discover(ctx, h, dataset.Search{
		Namespace: cfg.Namespace, Models: cfg.Model, Metrics: cfg.Metrics, Scale: cfg.Policy.Scale,
	})
	if err != nil {
		return e.fail(asked(ctx, fmt.Errorf("input namespace: %w", err)))
	}
	if len(found.Measured) == 0 {
		return e.fail(nothingFound(ctx, cfg, found))
	}
	l := gate.Leaderboard{
		Hub: cfg.Hub, Namespace: cfg.Namespace, Policy: cfg.Policy, Rankings: gate.Rank(found.Measured, cfg.Policy), Sets: found.Sets,
	}
	for _, s := range found.Skipped {
		l.Skipped = append(l.Skipped, gate.SkippedSet{Dataset: s.Repo.String(), Reason: describeError(s.Err)})
	}
	files, err := writeLeaderboard(cfg, l)
	o := textOptions(e)
	o.Files = files
	_, _ = fmt.Fprint(e.Stdout, report.LeaderboardText(l, o)) // nobody is left to tell when stdout is closed
	if err != nil {
		return e.fail(err)
	}
	return exitPass
}

// asked marks what a Hub refuses for reasons that people can mend.
func asked(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var refused *hub.Error
	if errors.As(err, &refused) && !serviceFailed(err) {
		return unusable(err)
	}
	return err
}

// nothingFound says that there is nothing to rank, and what to check. Every dataset that could not be used is a line of its own.
func nothingFound(ctx context.Context, cfg config.Config, found dataset.Discovery) error {
	problems := make([]error, 0, 1+len(found.Skipped))
	failed := false
	for _, s := range found.Skipped {
		err := fmt.Errorf("%s is not used: %w", s.Repo, s.Err)
		failed = failed || serviceFailed(err)
		problems = append(problems, err)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(found.Skipped) > 0:
		problems = append(problems, fmt.Errorf("input namespace: no results dataset of %q could be used", cfg.Namespace))
	case cfg.Model != "":
		problems = append(problems, fmt.Errorf("input model: no model in the results datasets of %q matches %q; check both", cfg.Namespace, cfg.Model))
	default:
		problems = append(problems, fmt.Errorf("input namespace: %q has no dataset whose name ends in -results on %s; check both, and hf-token where datasets are private",
			cfg.Namespace, cfg.Hub))
	}
	if failed {
		return errors.Join(problems...) // the service's fault: another time it may do
	}
	return unusable(errors.Join(problems...))
}

// writeLeaderboard writes leaderboard.md and leaderboard.json, and returns the paths of those that were written.
func writeLeaderboard(cfg config.Config, l gate.Leaderboard) ([]string, error) {
	md, err := writeReport(cfg, "leaderboard.md", []byte(report.LeaderboardMarkdown(l, tool().Version)))
	encoded, jerr := report.LeaderboardJSON(l, tool())
	if jerr != nil {
		return existing(md), errors.Join(err, jerr)
	}
	js, jerr := writeReport(cfg, "leaderboard.json", encoded)
	return existing(md, js), errors.Join(err, jerr)
}
