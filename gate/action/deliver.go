package action

import (
	"cmp"
	"context"
	"fmt"
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

// An Output is one output of the step. Its value is an enumeration, a path, a URL or JSON on one line: never text from
// a scores file as it stands.
type Output struct{ Name, Value string }

// An Annotation is a message beside the code. File may be empty.
type Annotation struct {
	Error   bool // else a warning
	Title   string
	File    string
	Line    int
	Message string
}

// maxAnnotations of each level are shown per step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
const maxAnnotations = 10

// A Delivery is what a run of the gate has to say. Comment begins with Marker.
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

// Deliver writes job summary, comment, outputs and annotations, each as far as this run and its token allow. It returns the
// comment's URL, empty when there is none, and what could not be done, a sentence each. The output comment-url is
// added here.
func (g *GitHub) Deliver(ctx context.Context, e Event, d Delivery) (commentURL string, notices []string) {
	note := func(err error) {
		if err != nil {
			notices = append(notices, err.Error())
		}
	}
	note(g.summary(d.Summary))
	commentURL, err := g.comment(ctx, e, d)
	note(err)
	for _, o := range append(d.Outputs, Output{"comment-url", commentURL}) {
		note(g.output(o))
	}
	g.annotate(d.Annotations)
	return commentURL, notices
}

func (g *GitHub) summary(markdown string) error {
	if g.getenv("GITHUB_STEP_SUMMARY") == "" {
		return nil
	}
	return guard("job summary", func() { g.action.AddStepSummary(markdown) })
}

func (g *GitHub) output(o Output) error {
	if g.getenv("GITHUB_OUTPUT") == "" {
		return nil
	}
	return guard("output "+o.Name, func() { g.action.SetOutput(o.Name, o.Value) })
}

// guard turns the panic of go-githubactions, which it raises when a command file cannot be written, into an error.
func guard(what string, write func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v; is the file that the runner made for it still there?", what, r)
		}
	}()
	write()
	return nil
}

func (g *GitHub) annotate(as []Annotation) {
	if g.getenv("GITHUB_ACTIONS") != "true" {
		return
	}
	shown, left := map[bool]int{}, 0
	for _, a := range as {
		if shown[a.Error] == maxAnnotations {
			left++
			continue
		}
		shown[a.Error]++
		fields := map[string]string{"title": a.Title}
		if a.File != "" {
			fields["file"], fields["line"] = a.File, strconv.Itoa(max(1, a.Line))
		}
		at := g.action.WithFieldsMap(fields)
		if a.Error {
			at.Errorf("%s", a.Message)
		} else {
			at.Warningf("%s", a.Message)
		}
	}
	if left > 0 {
		g.action.Noticef("%d more findings are in the job summary", left)
	}
}

// Key returns the part of a comment's marker that tells gates, jobs and matrix legs apart. It holds letters, digits, dots,
// dashes, colons and underscores only, so that it cannot end the HTML comment that it stands in.
func Key(gateName string, e Event, matrix string) string {
	key := cmp.Or(gateName, strings.Trim(e.Workflow+":"+e.Job, ":"))
	if m := strings.TrimSpace(matrix); m != "" && m != "null" && m != "{}" {
		key += ":" + m
	}
	key = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == ':', r == '_':
			return r
		}
		return '-'
	}, key)
	for strings.Contains(key, "--") {
		key = strings.ReplaceAll(key, "--", "-")
	}
	return cmp.Or(strings.Trim(key, "-"), "hubgate")
}
