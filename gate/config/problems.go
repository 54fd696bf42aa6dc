package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// A Problem is one thing that is wrong with the settings. It prints in one line as "where: what; mend".
type Problem struct {
	Where string // "input alpha", ".github/hubgate.yml:7", "HF_ENDPOINT"; empty for the command line as a whole
	Msg   string // what is wrong
	Fix   string // how to mend it; may be empty
}

// Error returns the problem in one line, whatever the texts in it hold.
func (p Problem) Error() string {
	s := p.Msg
	if p.Where != "" {
		s = p.Where + ": " + s
	}
	if p.Fix != "" {
		s += "; " + p.Fix
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// Problems is everything that is wrong with the settings, in the order in which a reader would look for it.
type Problems []Problem

// Error returns a line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// err returns ps as an error, nil when there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// wrong returns a Problem that does not know yet where it is.
func wrong(msg, fix string) error { return Problem{Msg: msg, Fix: fix} }

// at places an error that a value's parser returned.
func at(where string, err error) Problem {
	p, ok := err.(Problem) //nolint:errorlint // parsers return Problems bare; what others return is a message
	if !ok {
		p = Problem{Msg: err.Error()}
	}
	p.Where = where
	return p
}

// maxQuoted is the number of characters of a foreign text that a message repeats.
const maxQuoted = 60

// quote returns a foreign text as a message shows it.
func quote(s string) string {
	if utf8.RuneCountInString(s) > maxQuoted {
		s = string([]rune(s)[:maxQuoted]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// nearest returns the known name that s is most likely a slip of, or "" when none is near.
func nearest(s string, known []string) string {
	if len(s) > 2*maxQuoted {
		return ""
	}
	slip := strings.ToLower(strings.ReplaceAll(s, "_", "-"))
	best, distance := "", 0
	for _, k := range known {
		d := levenshtein.ComputeDistance(slip, k)
		if d <= 1+len(k)/4 && d < max(len(k), len(slip)) && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}

// oneOf returns the problem of a value that is none of those known, and names the nearest.
func oneOf(s string, known []string) error {
	fix := "write one of these"
	if n := nearest(s, known); n != "" {
		fix = fmt.Sprintf("did you mean %q?", n)
	}
	return wrong(fmt.Sprintf("%s is not %s", quote(s), anyOf(known)), fix)
}

// anyOf returns names as a sentence lists alternatives: "a, b or c".
func anyOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// byLine sorts problems of one file by their lines and leaves those of one line as they are.
func byLine(ps []located) Problems {
	slices.SortStableFunc(ps, func(a, b located) int { return cmp.Compare(a.line, b.line) })
	out := make(Problems, len(ps))
	for i, p := range ps {
		out[i] = p.Problem
	}
	return out
}

// located is a Problem with the line that it sorts by.
type located struct {
	Problem
	line int
}
