package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
)

// workflowPath is where the workflow that runs the gate is written.
const workflowPath = ".github/workflows/evals.yml"

// initialize writes a policy and a workflow to start from. It never overwrites: with one of them there it writes neither.
func initialize(ctx context.Context, e Env, cfg config.Config) int {
	for _, p := range []string{cfg.PolicyFile, workflowPath} {
		if _, err := os.Lstat(p); err == nil {
			return e.fail(unusable(fmt.Errorf("%s is already there; remove it, or edit it by hand", p)))
		}
	}
	metrics, err := starterMetrics(ctx, e, cfg)
	if err != nil {
		return e.fail(err)
	}
	for _, f := range []struct {
		path    string
		content []byte
	}{{cfg.PolicyFile, config.StarterPolicy(metrics)}, {workflowPath, config.StarterWorkflow()}} {
		if err := create(f.path, f.content); err != nil {
			return e.fail(err)
		}
		e.log("wrote %s", f.path)
	}
	return exitPass
}

// create writes a file that is not there yet.
func create(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return unusable(fmt.Errorf("%s is already there; remove it, or edit it by hand", path))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// starterMetrics returns the metrics that the results hold, with what reading them told; none without results.
func starterMetrics(ctx context.Context, e Env, cfg config.Config) ([]gate.Criterion, error) {
	if len(cfg.Results) == 0 {
		return nil, nil
	}
	h, err := openHub(e, cfg)
	if err != nil {
		return nil, unusable(err)
	}
	cand, err := readCandidate(ctx, e, cfg, h, action.Event{})
	if err != nil {
		return nil, err
	}
	defer cand.files.Close()
	var out []gate.Criterion
	for _, m := range gate.Describe(cand.run, cfg.Policy).Models {
		for _, f := range m.Findings {
			if !slices.ContainsFunc(out, func(c gate.Criterion) bool { return c.Metric == f.Metric }) {
				out = append(out, f.Criterion)
			}
		}
	}
	slices.SortFunc(out, func(a, b gate.Criterion) int { return strings.Compare(a.Metric, b.Metric) })
	return out, nil
}
