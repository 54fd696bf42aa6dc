package cli

import (
	"context"

	"github.com/hubgate/hubgate/gate"
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
	var w workflow
	if w.open(ctx, e, ""); w.err != nil { // without a token: nothing is asked of GitHub
		return e.fail(unusable(w.err))
	}
	cand, err := readCandidate(ctx, e, cfg, h, w.event)
	if err != nil {
		return e.fail(err)
	}
	defer cand.files.Close()
	rep := gate.Describe(cand.run, cfg.Policy)
	rep.Warnings = append(rep.Warnings, cand.scores.Warnings...)
	files, err := writeReports(cfg, rep, newPage(ctx, e, &w, &baselines{cfg: cfg, hub: h, cand: cand}, rep))
	printReport(e, cfg, rep, files, false)
	if err != nil {
		return e.fail(err)
	}
	return exitPass
}
