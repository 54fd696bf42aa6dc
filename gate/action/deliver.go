package action

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hubgate/hubgate/gate"
)

// A Mode says when a comment is written. A comment that is already there is always brought up to date.
type Mode uint8

// The modes.
const (
	Always Mode = iota
	OnChange
	OnFail
	Never
)

// An Annotation is a message beside the code. File may be empty, and is relative to the repository otherwise.
type Annotation struct {
	Error   bool // else a warning
	Title   string
	File    string
	Line    int // from 1; 0 for the file as a whole
	Message string
}

// maxAnnotations of each level are shown per step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
const maxAnnotations = 10

// A Delivery is what a run of the gate has to say. Comment begins with Marker as its first line, by which it is found again, and
// is StateRoom shorter than what GitHub takes.
type Delivery struct {
	Summary     string
	Outputs     []Output
	Annotations []Annotation // worst first
	Comment     string
	Marker      string
	Matrix      string // the job's matrix leg as JSON, which tells legs apart that write under one marker
	Mode        Mode
	Changed     bool // something regressed or improved: what OnChange waits for
	Failed      bool // what OnFail waits for
	Decision    gate.Decision
	Tolerated   bool   // the job is green whatever the decision: report-only
	Check       *Check // that StartCheck began; nil for none
	Title       string // of the check, one line; empty for the decision
}

// Deliver writes job summary, outputs, comment, check run and annotations, each as far as this run and its token allow. It
// returns the comment's URL, empty when there is none, and what could not be done, a sentence each; in a workflow
// run those are annotations as well. The output comment-url is added here.
//
// Comment and check run wait for GitHub for a minute each at most. All else is local. Everything but the comment is done
// even when ctx has ended.
func (g *GitHub) Deliver(ctx context.Context, e Event, d Delivery) (commentURL string, notices []string) {
	note := func(err error) {
		if err != nil && !slices.Contains(notices, err.Error()) {
			notices = append(notices, err.Error())
		}
	}
	note(g.summary(d.Summary))
	for _, o := range d.Outputs {
		note(g.output(o))
	}
	commentURL, err := g.comment(ctx, e, d)
	note(err)
	note(g.output(Output{"comment-url", commentURL}))
	note(g.finish(ctx, e, d))
	note(g.annotate(d.Annotations, notices))
	return commentURL, notices
}

// Notify shows sentences in the job's log and beside it, outside a workflow run nowhere.
func (g *GitHub) Notify(notices ...string) {
	if g.running() {
		_ = guard(func() { // a log that cannot be written to shows nothing
			for _, n := range notices {
				g.action.Noticef("%s", n)
			}
		})
	}
}

// annotate shows the worst of the annotations, then every notice.
func (g *GitHub) annotate(as []Annotation, notices []string) error {
	if !g.running() {
		return nil
	}
	err := guard(func() {
		shown, left := map[bool]int{}, 0
		for _, a := range as {
			if shown[a.Error] == maxAnnotations {
				left++
				continue
			}
			shown[a.Error]++
			g.show(a)
		}
		if left > 0 {
			g.action.Noticef("%d more findings are in the job summary", left)
		}
		for _, n := range notices {
			g.action.Noticef("%s", n)
		}
	})
	if err != nil {
		return fmt.Errorf("annotations: %w", err)
	}
	return nil
}

func (g *GitHub) show(a Annotation) {
	fields := map[string]string{"title": a.Title, "file": a.File}
	if a.File != "" && a.Line > 0 {
		fields["line"] = strconv.Itoa(a.Line)
	}
	maps.DeleteFunc(fields, func(_, v string) bool { return v == "" })
	at := g.action.WithFieldsMap(fields)
	if a.Error {
		at.Errorf("%s", a.Message)
		return
	}
	at.Warningf("%s", a.Message)
}
