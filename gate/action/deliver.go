package action

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// An Output is one output of the step. Its value is an enumeration, a path, a URL or JSON on one line, or a list of such with
// a line each: never text from a scores file as it stands.
type Output struct{ Name, Value string }

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

// A Delivery is what a run of the gate has to say. Comment begins with Marker, by which the comment is found again.
type Delivery struct {
	Summary     string
	Outputs     []Output
	Annotations []Annotation // worst first
	Comment     string
	Marker      string
	Mode        Mode
	Changed     bool // something regressed or improved: what OnChange waits for
	Failed      bool // what OnFail waits for
}

// Deliver writes job summary, outputs, comment and annotations, each as far as this run and its token allow. It returns the
// comment's URL, empty when there is none, and what could not be done, a sentence each; in a workflow run those are
// annotations as well. The output comment-url is added here.
//
// The comment waits for GitHub for a minute at most. All else is local, and is done even when ctx has ended.
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
	note(g.annotate(d.Annotations, notices))
	return commentURL, notices
}

func (g *GitHub) summary(markdown string) error {
	return g.commandFile("job summary", "GITHUB_STEP_SUMMARY", func() { g.action.AddStepSummary(markdown) })
}

// delimiter is what go-githubactions ends every output with. A value that has it on a line of its own could go on to set
// other outputs.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

var outputName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func (g *GitHub) output(o Output) error {
	switch {
	case !outputName.MatchString(o.Name):
		return fmt.Errorf("output %q: not a name of lower-case letters, digits and dashes; it is not set", o.Name)
	case slices.Contains(strings.Split(o.Value, "\n"), delimiter), strings.ContainsFunc(o.Value, control):
		return fmt.Errorf("output %s: %q is not safe to hand to the runner; it is not set", o.Name, o.Value)
	}
	return g.commandFile("outputs", "GITHUB_OUTPUT", func() { g.action.SetOutput(o.Name, o.Value) })
}

// control reports a control character other than the end of a line.
func control(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }

// commandFile writes to the file that a variable of the runner names. Outside a workflow run there may be none.
func (g *GitHub) commandFile(what, variable string, write func()) error {
	if g.getenv(variable) == "" {
		if g.running() {
			return fmt.Errorf("%s: not written, because %s is not set; does the step empty it?", what, variable)
		}
		return nil
	}
	if err := guard(write); err != nil {
		return fmt.Errorf("%s: %w; is the file that the runner made for it still there?", what, err)
	}
	return nil
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
