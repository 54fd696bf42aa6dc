package action

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-github/v62/github"

	"github.com/hubgate/hubgate/gate"
)

const (
	// maxCheckText is what a check run's summary may hold. GitHub says characters; bytes are never fewer.
	// https://docs.github.com/en/rest/checks/runs#create-a-check-run
	maxCheckText = 65535

	// maxCheckTitle and maxCheckMessage keep an annotation and the title readable; GitHub takes 255 and 64 kB.
	maxCheckTitle, maxCheckMessage = 250, 4000

	// parting is what a check run is given to be completed in when the job is being cancelled.
	parting = 8 * time.Second
)

// A Check is a check run of this gate on the head commit. A nil Check is none: nothing becomes of finishing it.
type Check struct {
	id   int64
	name string
}

func checkErrand(e Event) errand {
	return errand{
		what: "check run", right: "checks: write", lost: "the check run",
		none: "no commit " + short(e.SHA) + " in " + e.Repository,
	}
}

// StartCheck makes a check run on the head commit that says that the gate is at work. Its name is "hubgate", or "hubgate: GATE",
// whatever the run, so that it can be required. Key, as [Key] makes it, finds it again when the job is run again: then it
// starts over and is not made twice. Whoever starts one ends it by Deliver or [GitHub.AbortCheck].
func (g *GitHub) StartCheck(ctx context.Context, e Event, gateName, key string) (*Check, error) {
	if g.token == "" || e.Repository == "" || e.SHA == "" {
		return nil, nil
	}
	check := &Check{name: "hubgate"}
	if gateName != "" {
		check.name += ": " + oneLine(gateName, maxCheckTitle)
	}
	status, url := "in_progress", given(e.RunURL)
	err := g.run(ctx, e, checkErrand(e), func(ctx context.Context, api *github.Client) error {
		found, err := findCheck(ctx, api, e, check.name, key)
		if err != nil {
			return err
		}
		if found != 0 {
			check.id = found
			_, _, err = api.Checks.UpdateCheckRun(ctx, e.Owner(), e.RepositoryName(), found,
				github.UpdateCheckRunOptions{Name: check.name, DetailsURL: url, ExternalID: &key, Status: &status})
			return err
		}
		created, _, err := api.Checks.CreateCheckRun(ctx, e.Owner(), e.RepositoryName(), github.CreateCheckRunOptions{
			Name: check.name, HeadSHA: e.SHA, DetailsURL: url, ExternalID: &key, Status: &status,
		})
		check.id = created.GetID()
		return err
	})
	if err != nil {
		return nil, err
	}
	return check, nil
}

// findCheck returns the id of the check run with that key, or 0. GitHub lists the newest of each name only, so that there is one page.
func findCheck(ctx context.Context, api *github.Client, e Event, name, key string) (int64, error) {
	list, _, err := api.Checks.ListCheckRunsForRef(ctx, e.Owner(), e.RepositoryName(), e.SHA,
		&github.ListCheckRunsOptions{CheckName: &name, ListOptions: github.ListOptions{PerPage: perPage}})
	if err != nil {
		return 0, err
	}
	for _, c := range list.CheckRuns {
		if c.GetExternalID() == key {
			return c.GetID(), nil
		}
	}
	return 0, nil
}

// finish completes the check run of a delivery.
func (g *GitHub) finish(ctx context.Context, e Event, d Delivery) error {
	text := strings.TrimPrefix(d.Comment, d.Marker)
	if text == "" {
		text = d.Summary
	}
	return g.complete(ctx, e, d.Check, conclusion(d.Decision, d.Tolerated), cmp.Or(d.Title, d.Decision.String()), text, d.Annotations)
}

// conclusion is what a decision means for a required check: GitHub counts neutral as passed, and shows it grey.
func conclusion(d gate.Decision, tolerated bool) string {
	switch {
	case d == gate.Pass:
		return "success"
	case d == gate.Warn, tolerated:
		return "neutral"
	}
	return "failure"
}

// AbortCheck completes a check run of a gate that came to no decision, as failed, with one line that says why. A check run
// that is left in progress would hold up its pull request for good. It is done even when ctx has ended.
func (g *GitHub) AbortCheck(ctx context.Context, e Event, c *Check, why string) error {
	return g.complete(ctx, e, c, "failure", "no decision", "    "+oneLine(why, maxCheckMessage), nil) // indented: a code block, inert
}

func (g *GitHub) complete(ctx context.Context, e Event, c *Check, conclusion, title, text string, as []Annotation) error {
	if c == nil {
		return nil
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	status, now := "completed", github.Timestamp{Time: time.Now().UTC()}
	title, text = oneLine(title, maxCheckTitle), cut(strings.Trim(text, "\n"))
	update := github.UpdateCheckRunOptions{
		Name: c.name, DetailsURL: given(e.RunURL), Status: &status, Conclusion: &conclusion, CompletedAt: &now,
		Output: &github.CheckRunOutput{Title: &title, Summary: &text, Annotations: beside(as)},
	}
	err := g.run(ctx, e, checkErrand(e), func(ctx context.Context, api *github.Client) error {
		_, _, err := api.Checks.UpdateCheckRun(ctx, e.Owner(), e.RepositoryName(), c.id, update)
		if !answered(err, http.StatusUnprocessableEntity) || update.Output.Annotations == nil {
			return err
		}
		update.Output.Annotations = nil // one that GitHub does not take must not cost the conclusion
		_, _, err = api.Checks.UpdateCheckRun(ctx, e.Owner(), e.RepositoryName(), c.id, update)
		return err
	})
	return err
}

// outlive returns a context that lasts a moment longer than one that has ended.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), parting)
}

// beside returns the worst annotations that stand beside a file: a check run shows no others.
func beside(as []Annotation) []*github.CheckRunAnnotation {
	var out []*github.CheckRunAnnotation
	for _, a := range as {
		if a.File == "" || a.Message == "" || len(out) == maxAnnotations {
			continue
		}
		level, line := "warning", max(1, a.Line)
		if a.Error {
			level = "failure"
		}
		title, message, file := oneLine(a.Title, maxCheckTitle), oneLine(a.Message, maxCheckMessage), a.File
		out = append(out, &github.CheckRunAnnotation{
			Path: &file, StartLine: &line, EndLine: &line, AnnotationLevel: &level, Title: given(title), Message: &message,
		})
	}
	return out
}

// cut shortens a report that is too long for a check run, at the end of a line.
func cut(text string) string {
	const rest = "\n\nThe rest is in the job summary.\n"
	if len(text) <= maxCheckText {
		return text
	}
	text = text[:maxCheckText-len(rest)]
	if i := strings.LastIndexByte(text, '\n'); i > 0 {
		return text[:i] + rest
	}
	return strings.ToValidUTF8(text, "") + rest
}

// oneLine returns text on one line, of at most so many characters.
func oneLine(text string, limit int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// given returns nil for what is not given.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
