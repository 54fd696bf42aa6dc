package cli

import (
	"context"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
)

// describe reads and aggregates, and compares with nothing.
func describe(ctx context.Context, e Env, cfg config.Config) int {
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
	cand, err := readCandidate(ctx, e, cfg, h, event)
	if err != nil {
		return e.fail(err)
	}
	defer cand.files.Close()
	rep := gate.Describe(cand.run, cfg.Policy)
	rep.Warnings = append(rep.Warnings, cand.scores.Warnings...)
	w, err := writeReports(cfg, rep, newPage(ctx, e, cfg, event, cand, rep))
	printReport(e, cfg, rep, w, false)
	if err != nil {
		return e.fail(err)
	}
	return exitPass
}
