package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
)

// show writes the report to the terminal, to its directory, and to GitHub. Every step runs even if an earlier one failed.
func show(ctx context.Context, e Env, w *workflow, b *baselines, rep gate.Report, unpublished bool) error {
	cfg := b.cfg
	page := newPage(ctx, e, w, b, rep)
	written, err := writeReports(cfg, rep, page)
	printReport(e, cfg, rep, written, unpublished)
	page.Limit = report.SummaryLimit
	summary := report.Markdown(rep, page)
	page.Limit, page.Whole = report.CommentLimit-action.StateRoom, "the job's summary"
	decision := rep.Decision()
	_, notices := w.gh.Deliver(ctx, w.event, action.Delivery{
		Summary: summary, Comment: report.Markdown(rep, page), Marker: report.Marker(page.Key), Matrix: cfg.Matrix,
		Mode: action.Mode(cfg.Comment), Changed: changed(rep), Failed: decision == gate.Fail || decision == gate.Undecided,
		Outputs: outputs(rep, written), Annotations: annotations(cfg, rep),
		Decision: decision, Tolerated: cfg.ReportOnly, Check: w.check, Title: report.Headline(rep),
	})
	told := func(n string) bool { return slices.Contains(notices, n) } // what keeps a comment from being read keeps it from being written
	w.notices = slices.DeleteFunc(w.notices, told)
	w.gh.Notify(w.notices...)
	if !cfg.GitHub { // there, delivering has shown them
		for _, n := range append(notices, w.notices...) {
			e.log("notice: %s", n)
		}
	}
	return err
}

// newPage gathers what the Markdown shows beside the report.
func newPage(ctx context.Context, e Env, w *workflow, b *baselines, rep gate.Report) report.Page {
	event := w.event
	p := report.Page{
		Key: w.key, Version: tool().Version, ReportOnly: b.cfg.ReportOnly, Samples: samples(b, event),
		Accept: event.PullRequest != 0 && !b.cfg.ReportOnly, Rerun: rerun(b.cfg, rep), Attempts: w.attempts(ctx), Remarks: w.remarks,
	}
	if event.Repository != "" {
		p.Links.CommitURL = w.gh.Server() + "/" + event.Repository + "/commit/"
		if path := b.cfg.PolicyFile; filepath.IsLocal(path) { // as the branch has it that a proposal is judged by
			u := url.URL{Path: "/" + event.Repository + "/blob/" + cmp.Or(event.Base, event.SHA) + "/" + filepath.ToSlash(filepath.Clean(path))}
			p.Links.PolicyURL = w.gh.Server() + u.EscapedPath()
		}
	}
	if p.Samples == report.SampleTexts {
		texts, err := sampleTexts(ctx, b, rep)
		if err != nil {
			e.log("warning: texts of the samples that changed most are not shown: %s", describeError(err))
		}
		p.Texts = texts
	}
	return p
}

// A written is the reports that were written; empty paths where one was not.
type written struct{ json, md string }

// existing leaves out the paths of files that were not written.
func existing(paths ...string) []string {
	return slices.DeleteFunc(paths, func(p string) bool { return p == "" })
}

// makeReportDir makes the report directory before anything is read, so that a verdict is not lost for want of a place.
func makeReportDir(cfg config.Config) error {
	if info, err := os.Stat(cfg.ReportDir); err == nil && !info.IsDir() {
		return fmt.Errorf("input report-dir: %q is a file; name a directory", cfg.ReportDir)
	}
	if err := os.MkdirAll(cfg.ReportDir, 0o755); err != nil {
		return fmt.Errorf("input report-dir: %w; name a directory that can be written", err)
	}
	return nil
}

// writeReport writes one file into the report directory, and returns its path; an empty one where it could not.
func writeReport(cfg config.Config, name string, content []byte) (string, error) {
	p := filepath.Join(cfg.ReportDir, name)
	if err := os.WriteFile(p, content, 0o644); err != nil {
		return "", fmt.Errorf("input report-dir: %w", err)
	}
	return filepath.ToSlash(p), nil
}

func writeReports(cfg config.Config, rep gate.Report, page report.Page) (w written, err error) {
	if page.Samples == report.NoSamples {
		rep = report.WithoutSamples(rep)
	}
	encoded, err := report.JSON(rep, tool())
	if err == nil {
		w.json, err = writeReport(cfg, "report.json", encoded)
	}
	page.Limit = report.CommentLimit
	md, merr := writeReport(cfg, "report.md", []byte(report.Markdown(rep, page)))
	w.md = md
	return w, errors.Join(err, merr)
}

// maxWidth keeps the table of a very wide terminal together.
const maxWidth = 140

// textOptions are how to write on stdout: in colour, and as wide as it is, where it is a terminal.
func textOptions(e Env) report.TextOptions {
	var o report.TextOptions
	if f, ok := e.Stdout.(*os.File); ok && isTerminal(f) {
		o.Color = e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = min(width, maxWidth)
		}
	}
	return o
}

func printReport(e Env, cfg config.Config, rep gate.Report, w written, unpublished bool) {
	o := textOptions(e)
	o.ReportOnly, o.Unpublished, o.Files = cfg.ReportOnly, unpublished, existing(w.md, w.json)
	_, _ = fmt.Fprint(e.Stdout, report.Text(rep, o)) // nobody is left to tell when stdout is closed
	for _, m := range rep.Models {
		if p := m.Published; p != nil {
			role := "recorded"
			if p.Baseline {
				role = "the new baseline"
			}
			e.log("published %s to %s@%s, commit %s: %s", m.Model, p.Repo, p.Branch, p.Commit[:min(12, len(p.Commit))], role)
		}
	}
}

// changed reports whether anything moved: what a comment on-change waits for.
func changed(rep gate.Report) bool {
	for _, m := range rep.Models {
		for _, f := range m.Findings {
			if f.Outcome != gate.Held && f.Outcome != gate.Inconclusive {
				return true
			}
		}
	}
	return rep.Decision() != gate.Pass && rep.Decision() != gate.Warn
}

// outputs returns the outputs of the step, all but comment-url, which only delivering tells.
func outputs(rep gate.Report, w written) []action.Output {
	type series struct {
		Model  string `json:"model"`
		Task   string `json:"task"`
		Metric string `json:"metric"`
	}
	regressed := []series{}
	var urls, commits []string
	for _, m := range rep.Models {
		for _, f := range m.Findings {
			if f.Decision == gate.Fail {
				regressed = append(regressed, series{f.Model, f.Task, f.Metric})
			}
		}
		if m.Published != nil {
			urls, commits = append(urls, m.Published.URL), append(commits, m.Published.Commit)
		}
	}
	list, err := json.Marshal(regressed)
	if err != nil {
		list = []byte("[]") // three strings can always be encoded
	}
	return []action.Output{
		{Name: "decision", Value: rep.Decision().String()},
		{Name: "regressed", Value: string(list)},
		{Name: "report-json", Value: w.json},
		{Name: "report-md", Value: w.md},
		{Name: "report-html", Value: ""},
		{Name: "results-url", Value: strings.Join(urls, "\n")},
		{Name: "results-commit", Value: strings.Join(commits, "\n")},
	}
}

// annotations returns a message for each finding that fails or warns, pointing at the line of the policy that fired. A job that
// is green whatever was found shows no errors.
func annotations(cfg config.Config, rep gate.Report) []action.Annotation {
	var out []action.Annotation
	for _, want := range []gate.Decision{gate.Fail, gate.Undecided, gate.Warn} {
		for _, m := range rep.Models {
			for _, f := range m.Findings {
				if f.Decision != want {
					continue
				}
				a := action.Annotation{Error: want != gate.Warn && !cfg.ReportOnly, Title: f.Model + " " + f.Metric + ": " + f.Outcome.String(), Message: f.Reason}
				if f.Criterion.Line > 0 {
					a.File, a.Line = cfg.PolicyFile, f.Criterion.Line
				}
				out = append(out, a)
			}
		}
	}
	return out
}
