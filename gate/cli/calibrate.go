package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
)

// How much is replayed. 2,000 replays tell a rate of 5 % to within a point, and 100 a share of 80 % to within eight.
const (
	replays = 2000
	perLoss = 100
)

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
	cand, err := readCandidate(ctx, e, cfg, h, event)
	if err != nil {
		return e.fail(err)
	}
	defer cand.files.Close()
	var bases map[string]gate.Baseline
	if cfg.Baseline != "" {
		b := baselines{cfg: cfg, hub: h, cand: cand}
		defer b.Close()
		given, err := b.given(ctx, cfg.Baseline)
		if err != nil {
			return e.fail(err)
		}
		if bases, err = secondRuns(cand.run, given); err != nil {
			return e.fail(unusable(err))
		}
	}
	p := startProgress(e, "replaying the policy")
	c, err := gate.Calibrate(ctx, cand.run, bases, cfg.Policy, gate.CalibrationOptions{Replays: replays, PerLoss: perLoss, Progress: p.replays})
	p.done()
	switch {
	case err != nil && ctx.Err() != nil:
		return e.fail(context.Cause(ctx))
	case err != nil:
		return e.fail(unusable(err))
	}
	c.Warnings = append(c.Warnings, cand.scores.Warnings...)
	files, err := writeCalibration(cfg, c)
	o := textOptions(e)
	o.Files = files
	_, _ = fmt.Fprint(e.Stdout, report.CalibrationText(c, o)) // nobody is left to tell when stdout is closed
	if err != nil {
		return e.fail(err)
	}
	return exitPass
}

// secondRuns says which run is replayed against which. All that was given must be there.
func secondRuns(candidate gate.Run, given gate.Baseline) (map[string]gate.Baseline, error) {
	if given.Unreadable != nil {
		return nil, given.Unreadable
	}
	out := match(candidate, given)
	for _, model := range candidate.Models() {
		switch b := out[model]; {
		case b.Unreadable != nil:
			return nil, b.Unreadable
		case b.Itself:
			return nil, errors.New("input baseline: it holds the very same scores as results; leave it out to split one run, or name another run")
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
