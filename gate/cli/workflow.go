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
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
)

// resolveTime bounds what is asked of GitHub before the settings, and with them the timeout, are known.
const resolveTime = time.Minute

// A workflow is the run on GitHub that this process is a step of. Outside of one it says nothing.
type workflow struct {
	gh      *action.GitHub
	event   action.Event
	notices []string        // what could not be found out, or should be known
	remarks []report.Remark // what the report should say of how the run came to be judged
	own     *ownPolicy      // nil where the proposal changes none
	down    bool            // GitHub did not give the policy
	err     error           // why the event cannot be used
	key     string          // by which comment and check are found again
	check   *action.Check
}

// open finds out what the run is about.
func (w *workflow) open(ctx context.Context, e Env, token config.Secret) {
	w.gh = action.New(e.Getenv, e.Stdout, e.HTTP, string(token))
	w.gh.Mask(string(token))
	if w.event, w.err = w.gh.Event(); w.err == nil {
		w.event, w.notices = w.gh.Resolve(ctx, w.event)
	}
}

// begin says that the gate is at work. It refuses a run whose event cannot be used.
func (w *workflow) begin(ctx context.Context, e Env, cfg config.Config) error {
	if w.gh == nil {
		w.open(ctx, e, cfg.GitHubToken)
	}
	if w.err != nil {
		return w.err
	}
	w.gh.Mask(string(cfg.HFToken))
	w.key = action.Key(cfg.Gate, w.event, cfg.Matrix)
	if cfg.CheckRun == config.CheckRunTrue || cfg.CheckRun == config.CheckRunAuto && w.event.Name == "workflow_run" {
		var err error
		if w.check, err = w.gh.StartCheck(ctx, w.event, cfg.Gate, w.key); err != nil {
			w.notices = append(w.notices, err.Error())
		}
	}
	return nil
}

// abort ends what begin began, where there is no verdict.
func (w *workflow) abort(ctx context.Context, e Env, why error) {
	if err := w.gh.AbortCheck(ctx, w.event, w.check, describeError(why)); err != nil {
		e.log("warning: %s", describeError(err))
	}
}

// refuse leaves a check run where one is wanted and the settings, or the policy, cannot be used: what requires it would wait for ever.
func (w *workflow) refuse(ctx context.Context, e Env, cfg config.Config, why error) {
	if w.gh == nil { // no check was asked for
		return
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	if err := w.begin(ctx, e, cfg); err == nil {
		w.abort(ctx, e, why)
	}
}

// ancestors returns the commits of the code whose newest baseline a proposal is compared with, nearest first; none outside a proposal,
// and where the settings name a revision.
func (w *workflow) ancestors(ctx context.Context, cfg config.Config) []string {
	if w.event.MergeBase == "" || cfg.BaselineRevision != "auto" || cfg.Baseline != "" {
		return nil
	}
	commits, err := w.gh.Ancestors(ctx, w.event, w.event.MergeBase)
	if err != nil {
		w.notices = append(w.notices, err.Error())
		return []string{w.event.MergeBase}
	}
	return commits
}

// accept takes a failure that somebody who may write to the repository accepted.
func (w *workflow) accept(ctx context.Context, rep gate.Report) gate.Report {
	if rep.Decision() != gate.Fail {
		return rep
	}
	a, refused := w.gh.Acceptance(ctx, w.event)
	w.notices = append(w.notices, refused...)
	if a == nil {
		return rep
	}
	return rep.Accept(gate.Acceptance{By: a.By, Reason: a.Reason, At: a.At, SHA: a.SHA, URL: a.URL})
}

// attempts returns the earlier judgements of the same commit, as the comment remembers them.
func (w *workflow) attempts(ctx context.Context) []report.Attempt {
	if w.event.PullRequest == 0 {
		return nil
	}
	past, err := w.gh.Past(ctx, w.event, report.Marker(w.key))
	if err != nil {
		w.notices = append(w.notices, err.Error())
	}
	var out []report.Attempt
	for _, a := range past {
		d, known := gate.ParseDecision(a.Decision)
		if !known {
			continue
		}
		one := report.Attempt{Decision: d}
		if a.Run == w.event.Run {
			one.Number = a.Number
		}
		out = append(out, one)
	}
	return out
}

// remark notes what a reader should know of how this run came to be judged.
func (w *workflow) remark(format string, args ...string) {
	w.remarks = append(w.remarks, report.Remark{Format: format, Args: args})
}

// remarked returns what was remarked, and in what a proposal's own policy asks for less of the metrics of a run.
func (w *workflow) remarked(run gate.Run) []string {
	var metrics []string
	for _, t := range run.Tables {
		for _, c := range t.Columns() {
			metrics = append(metrics, c.Metric)
		}
	}
	slices.Sort(metrics)
	w.remarkChanges(slices.Compact(metrics))
	var said []string
	for _, r := range w.remarks {
		said = append(said, r.String())
	}
	return said
}

// readPolicy reads the policy of a command. A proposal is judged by the policy of the branch that it would change, and not by one that
// it brings along. Where that branch has none there is nothing to judge by but the proposal's own, and this is said.
func (w *workflow) readPolicy(ctx context.Context, e Env) config.PolicyReader {
	return func(path string, c config.Config) ([]byte, error) {
		if c.Command != "check" {
			return os.ReadFile(path)
		}
		ctx, cancel := context.WithTimeoutCause(ctx, resolveTime, fmt.Errorf("GitHub did not answer in %s", resolveTime))
		defer cancel()
		if w.gh == nil {
			w.open(ctx, e.traced(c.Verbose), c.GitHubToken)
		}
		switch {
		case w.err != nil || w.event.Base == "" || !filepath.IsLocal(path): // an event that cannot be used is told of later
			return os.ReadFile(path)
		case c.GitHubToken == "":
			w.remark("there is no GitHub token to read the policy of the branch %s with: this run was judged by what is checked out", w.event.Base)
			return os.ReadFile(path)
		}
		name := filepath.ToSlash(filepath.Clean(path))
		content, err := w.gh.File(ctx, w.event, w.event.Base, name)
		if !errors.Is(err, fs.ErrNotExist) {
			if err == nil {
				w.compareOwn(ctx, path, name, content)
			}
			w.down = w.down || errors.Is(err, action.ErrUnavailable)
			return content, err
		}
		content, err = os.ReadFile(path)
		switch {
		case err != nil:
		case w.elsewhere():
			w.remark("the branch %s has no policy, and this run was judged by that of the branch %s", w.event.Base, w.event.DefaultBranch)
		default:
			w.remark("%s is new: the branch %s has no policy, and this run was judged by the one that it brings along", path, w.event.Base)
		}
		return content, err
	}
}

// compareOwn keeps a policy that the proposal itself changes, to say in what it asks for less.
func (w *workflow) compareOwn(ctx context.Context, path, name string, base []byte) {
	content, err := w.proposed(ctx, path, name)
	switch {
	case err == nil && string(content) == string(base):
		return
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, action.ErrNotFile):
		w.notices = append(w.notices, err.Error())
		return
	}
	if changed, err := w.gh.Changes(ctx, w.event, name); err == nil && !changed {
		return // the branch has moved on since the proposal was made
	}
	judged, _ := config.ParsePolicy(path, base)
	own, problems := config.ParsePolicy(path, content)
	w.own = &ownPolicy{path: path, judged: judged.Policy, policy: own.Policy, broken: err != nil || len(problems) > 0}
}

// proposed returns the policy that a proposal brings along.
func (w *workflow) proposed(ctx context.Context, path, name string) ([]byte, error) {
	if w.elsewhere() {
		return w.gh.File(ctx, w.event, w.event.SHA, name)
	}
	return os.ReadFile(path)
}

// elsewhere reports whether the scores were made in another run, of another commit than the workspace: that holds the default branch.
func (w *workflow) elsewhere() bool { return w.event.Name == "workflow_run" }

// An ownPolicy is a policy that a proposal brings along, and by which it is not judged.
type ownPolicy struct {
	path           string
	judged, policy gate.Policy
	broken         bool // it is not there, or no policy
}

// mostWeaker bounds in how much a proposal's policy is said to ask for less.
const mostWeaker = 20

// remarkChanges says how a proposal's own policy differs from the one that it was judged by.
func (w *workflow) remarkChanges(metrics []string) {
	if w.own == nil {
		return
	}
	said, args := "%s is changed, and this run was judged by that of the branch %s", []string{w.own.path, w.event.Base}
	if w.own.broken {
		w.remark(said+": what is proposed is no policy", args...)
		return
	}
	weaker := w.own.policy.Weaker(w.own.judged, metrics)
	shown := weaker[:min(len(weaker), mostWeaker)]
	if len(shown) > 0 {
		said += ": what is proposed asks for less: %s" + strings.Repeat("; %s", len(shown)-1)
	}
	if more := len(weaker) - len(shown); more > 0 {
		said += fmt.Sprintf("; and %d more", more)
	}
	w.remark(said, append(args, shown...)...)
}
