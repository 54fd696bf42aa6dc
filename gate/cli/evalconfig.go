package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/evalconf"
)

// maxConfigFile bounds a file that configures an evaluation.
const maxConfigFile = 16 << 20

// readEvalConfig returns the parts of the evaluation's configuration, nil when no file is named: it is then unknown.
func readEvalConfig(patterns []string) (evalconf.Parts, error) {
	var files []evalconf.File
	var problems []error
	for _, name := range slices.Compact(slices.Sorted(slices.Values(expandConfig(patterns, &problems)))) {
		content, err := readConfigFile(name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		files = append(files, evalconf.File{Name: filepath.ToSlash(name), Content: content})
	}
	if err := errors.Join(problems...); err != nil || len(files) == 0 {
		return nil, err
	}
	return evalconf.FromFiles(files)
}

func readConfigFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxConfigFile {
		err = fmt.Errorf("%s: %d bytes are more than a configuration can have (%d)", name, info.Size(), maxConfigFile)
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, fmt.Errorf("input eval-config: %w; name the judge's and the rubric's files", err)
	}
	return content, nil
}

func expandConfig(patterns []string, problems *[]error) []string {
	var out []string
	for _, p := range patterns {
		if _, err := os.Stat(p); err == nil {
			out = append(out, filepath.Clean(p))
			continue
		}
		matches, err := doublestar.FilepathGlob(p, doublestar.WithFilesOnly())
		if err != nil || len(matches) == 0 {
			*problems = append(*problems, fmt.Errorf("input eval-config: no file matches %q; name the judge's and the rubric's files relative to the working directory", p))
		}
		out = append(out, matches...)
	}
	return out
}

// evalConfig returns the configuration that the scores were made by. Under workflow_run the files of the workspace are the default
// branch's, which may have judged nothing of it: then it is read at the commit that was evaluated, and is unknown where that cannot be told.
func (w *workflow) evalConfig(ctx context.Context, e Env, cfg config.Config) (evalconf.Parts, error) {
	own := !w.elsewhere() || !w.event.Proposed() && w.event.SHA == e.Getenv("GITHUB_SHA")
	if own || len(cfg.EvalConfig) == 0 {
		return readEvalConfig(cfg.EvalConfig)
	}
	var files []evalconf.File
	for _, name := range cfg.EvalConfig {
		name = path.Clean(filepath.ToSlash(name))
		content, err := w.evaluated(ctx, name, e.Getenv("GITHUB_SHA"))
		switch {
		case errors.Is(err, fs.ErrNotExist): // it came with the scores
			if content, err = readGivenFile(filepath.FromSlash(name)); err != nil {
				return nil, err
			}
		case errors.Is(err, action.ErrNotFile):
			return nil, fmt.Errorf("input eval-config: %w; name the judge's and the rubric's files", err)
		case err != nil:
			w.notices = append(w.notices, fmt.Sprintf("eval-config: judge and rubric are not checked: %v", err))
			return nil, nil
		}
		files = append(files, evalconf.File{Name: name, Content: content})
	}
	return evalconf.FromFiles(files)
}

// evaluated returns a file as it was where the scores were made, empty where it had been removed. The error is fs.ErrNotExist for one
// that the repository has neither there nor at the workspace's commit, and else as that of [action.GitHub.File].
func (w *workflow) evaluated(ctx context.Context, name, workspace string) ([]byte, error) {
	if strings.ContainsAny(name, "*?[{") {
		return nil, fmt.Errorf("which files match %q at %.7s is not known; name each", name, w.event.SHA)
	}
	content, err := w.gh.Evaluated(ctx, w.event, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	_, err = w.gh.File(ctx, w.event, workspace, name)
	return nil, err
}

// readGivenFile reads a file that was handed over with the scores, as hostile as they are.
func readGivenFile(name string) ([]byte, error) {
	if err := refuseLink(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("input eval-config: %w", err)
	}
	return readConfigFile(name)
}
