package cli

import (
	"context"
	"fmt"

	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/hub/dataset"
)

// history prints the runs that are recorded in one results dataset.
func history(ctx context.Context, e Env, cfg config.Config) int {
	h, err := openHub(e, cfg)
	if err != nil {
		return e.fail(unusable(err))
	}
	revision := cfg.BaselineRevision
	if revision == "auto" {
		revision = ""
	}
	runs, err := dataset.Runs(ctx, h, cfg.History, revision)
	if err != nil {
		return e.fail(asked(ctx, err))
	}
	_, _ = fmt.Fprint(e.Stdout, report.HistoryText(cfg.History.String(), runs, textOptions(e))) // nobody is left to tell when stdout is closed
	return exitPass
}
