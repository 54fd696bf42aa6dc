package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// branch returns the branch of the results datasets that a run is recorded on, empty when it is not. Only what belongs to the default
// branch goes to main, never what is merely proposed. A run that is compared with something else, where no namespace is given, has no
// results datasets.
func branch(cfg config.Config, event action.Event) string {
	switch {
	case cfg.Publish == config.PublishNever, event.InQueue():
		return ""
	case cfg.Publish == config.PublishAuto && cfg.Baseline != "" && cfg.Namespace == "" && strings.Contains(cfg.Dataset, "{namespace}"):
		return ""
	case event.PullRequest != 0:
		return strings.Join([]string{"pr", event.Owner(), event.RepositoryName(), strconv.Itoa(event.PullRequest)}, "-")
	case event.Proposed():
		return ""
	case cfg.Publish == config.PublishAlways, event.OnDefaultBranch():
		return "main"
	}
	return ""
}

// publish records every model's run, and notes in the report where it lies. It returns what went wrong on main alone: a
// pull request's own branch is a convenience.
func publish(ctx context.Context, e Env, cfg config.Config, h hub.Hub, event action.Event, cand *candidate, repos map[string]hub.Repo, rep *gate.Report) error {
	to := branch(cfg, event)
	if to == "" {
		return nil
	}
	type outcome struct {
		done  bool
		pub   gate.Publication
		notes []string
		err   error
	}
	outcomes := make([]outcome, len(rep.Models))
	near, remove := dataset.Copies(cand.files.files, tempDir(e, cfg))
	defer remove()
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, m := range rep.Models {
		repo, ok := repos[m.Model]
		if !ok || len(cand.run.Only(m.Model).Tables) == 0 { // a model that the policy lists and the run lacks
			continue
		}
		g.Go(func() error {
			o := outcome{done: true}
			p := push(e, cfg, event, cand, repo, to, m, rep.Accepted)
			p.Near = near
			o.pub, o.notes, o.err = dataset.Publish(ctx, h, p)
			o.pub.URL = datasetURL(cfg, repo)
			outcomes[i] = o
			return nil
		})
	}
	_ = g.Wait() // each has left its error in its place
	var failed []error
	var refused refusals
	for i, o := range outcomes {
		m := &rep.Models[i]
		m.Warnings = append(m.Warnings, o.notes...)
		switch {
		case !o.done:
		case o.err == nil:
			m.Published = &o.pub
		case notAllowed(o.err):
			refused.add(m.Model, o.err)
		case to == "main":
			failed = append(failed, classify(fmt.Errorf("publishing: %w", o.err)))
		default:
			m.Warnings = append(m.Warnings, "not published: "+describeError(o.err))
		}
	}
	rep.Warnings = append(rep.Warnings, refused.notices()...)
	return errors.Join(failed...)
}

// notAllowed reports whether it is a token that may not write, or none. One that is wrong or has expired is meant to write: the
// default branch must not go on in silence without a baseline.
func notAllowed(err error) bool {
	return errors.Is(err, hub.ErrHidden) || errors.Is(err, hub.ErrForbidden) || errors.Is(err, hub.ErrGated)
}

// refusals are models whose runs the Hub does not let this job publish, by why: a token that may not write is one notice.
type refusals struct {
	why    []string
	models map[string][]string
}

func (r *refusals) add(model string, err error) {
	why := describeError(err)
	var refused *hub.Error
	if errors.As(err, &refused) { // which dataset it was is told by the model
		why = refused.Err.Error() + "; " + refused.Mend()
	}
	if r.models == nil {
		r.models = map[string][]string{}
	}
	if r.models[why] == nil {
		r.why = append(r.why, why)
	}
	r.models[why] = append(r.models[why], model)
}

func (r *refusals) notices() []string {
	var out []string
	for _, why := range r.why {
		out = append(out, fmt.Sprintf("%s not published: %s", strings.Join(r.models[why], ", "), why))
	}
	return out
}

func push(e Env, cfg config.Config, event action.Event, cand *candidate, repo hub.Repo, to string, m gate.ModelReport, accepted *gate.Acceptance) dataset.Push {
	only := cand.run.Only(m.Model)
	return dataset.Push{
		Repo: repo, Branch: to, Model: m, Candidate: only, SHA256: score.SHA256(only.Tables),
		Files: cand.files.files, Origin: cand.files.origin, Options: cand.options, Scores: cand.scores, Text: cfg.PublishText,
		Repository: event.Repository, Gate: cfg.Gate, ReportOnly: cfg.ReportOnly, Accepted: accepted,
		Card: report.Card(m, repo.String()), TempDir: tempDir(e, cfg),
	}
}

// tempDir returns where large files may be built: the container has no /tmp.
func tempDir(e Env, cfg config.Config) string {
	for _, dir := range []string{e.Getenv("RUNNER_TEMP"), os.TempDir()} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return cfg.ReportDir
}

// datasetURL returns where people look at a dataset; a directory has no address but its path.
func datasetURL(cfg config.Config, repo hub.Repo) string {
	if cfg.HubIsDir {
		return dataset.Location{Repo: repo}.String()
	}
	return strings.TrimRight(cfg.Hub, "/") + "/datasets/" + repo.String()
}
