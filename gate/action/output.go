package action

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// An Output is one output of the step. Its value is an enumeration, a path, a URL or JSON on one line, or a list of such with
// a line each: never text from a scores file as it stands.
type Output struct{ Name, Value string }

var outputName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// output sets one output. Its value ends at a delimiter that nobody can guess, so that whatever it holds sets nothing else.
func (g *GitHub) output(o Output) error {
	switch {
	case !outputName.MatchString(o.Name):
		return fmt.Errorf("output %q: not a name of lower-case letters, digits and dashes; it is not set", o.Name)
	case strings.ContainsFunc(o.Value, control):
		return fmt.Errorf("output %s: %q is not safe to hand to the runner; it is not set", o.Name, o.Value)
	}
	end := "ghadelimiter_" + rand.Text()
	return g.commandFile("outputs", "GITHUB_OUTPUT", o.Name+"<<"+end+"\n"+o.Value+"\n"+end+"\n")
}

// control reports a control character other than the end of a line.
func control(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }

// maxSummary is what a step may add to the job summary, in bytes. One that is larger is not shown at all.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const maxSummary = 1 << 20

func (g *GitHub) summary(markdown string) error {
	if len(markdown) > maxSummary {
		return fmt.Errorf("job summary: not written, because the runner takes %d bytes and it has %d", maxSummary, len(markdown))
	}
	return g.commandFile("job summary", "GITHUB_STEP_SUMMARY", markdown)
}

// commandFile adds to the file that a variable of the runner names. Outside a workflow run there may be none.
func (g *GitHub) commandFile(what, variable, text string) error {
	path := g.getenv(variable)
	if path == "" {
		if g.running() {
			return fmt.Errorf("%s: not written, because %s is not set; does the step empty it?", what, variable)
		}
		return nil
	}
	if err := appendTo(path, text); err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = fmt.Errorf("%s: %w", path, cause.Err)
		}
		return fmt.Errorf("%s: %w; is the file that the runner made for it still there?", what, err)
	}
	return nil
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
