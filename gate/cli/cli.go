// Package cli holds the commands of hubgate, one file each.
//
// It is the composition root: every package is wired here, and what could live in one of them does.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/hubgate/hubgate/gate/config"
)

// Env is everything that the process has of the outside world.
type Env struct {
	Args    []string                // without the program's name
	Getenv  func(key string) string //
	Environ func() []string         //
	Stdout  io.Writer               // verdict and tables
	Stderr  io.Writer               // log, problems, progress
	Now     func() time.Time        //
	HTTP    *http.Client            // nil for http.DefaultClient
}

// The exit codes.
const (
	exitPass      = 0 // passed, or passed with warnings
	exitFail      = 1 // a regression, a breached floor, or something required is missing
	exitUndecided = 2 // a baseline exists, or may, and could not be read or compared with
	exitUnusable  = 3 // inputs, policy or scores files are not usable
	exitService   = 4 // a service or the machine failed before a verdict, or publishing to main failed after a passing one
)

// Main runs one command and returns the exit code.
func Main(ctx context.Context, e Env) int {
	var w workflow
	cfg, err := config.Parse(e.Args, e.Getenv, e.Environ(), w.readPolicy(ctx, e))
	if err != nil {
		w.refuse(ctx, e, cfg, err)
		if !w.down {
			err = unusable(err)
		}
		return e.fail(err)
	}
	if cfg.Help {
		help, _ := config.Help(cfg.HelpCommand)
		_, _ = io.WriteString(e.Stdout, help) // nobody is left to tell when stdout is closed
		return exitPass
	}
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.Timeout, fmt.Errorf("not done after %s; set input timeout to a longer time", cfg.Timeout))
	defer cancel()
	e = e.traced(cfg.Verbose)
	switch cfg.Command {
	case "calibrate":
		return calibrate(ctx, e, cfg)
	case "describe":
		return describe(ctx, e, cfg)
	case "history":
		return history(ctx, e, cfg)
	case "init":
		return initialize(ctx, e, cfg)
	case "leaderboard":
		return leaderboard(ctx, e, cfg)
	case "version":
		return printVersion(e)
	default:
		return check(ctx, e, cfg, &w)
	}
}

// A coded error knows the exit code that it leads to.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string { return c.err.Error() }
func (c coded) Unwrap() error { return c.err }

// unusable marks what only a change of inputs, policy or files can mend.
func unusable(err error) error { return coded{exitUnusable, err} }

// fail prints an error with its mend, a line for each of several, and returns the exit code.
func (e Env) fail(err error) int {
	code := exitService
	var c coded
	if errors.As(err, &c) {
		code = c.code
	}
	for _, one := range split(err) {
		e.log("%s", describeError(one))
	}
	return code
}

// split returns the errors that were joined or collected in one.
func split(err error) []error {
	var many config.Problems
	if errors.As(err, &many) {
		out := make([]error, len(many))
		for i, p := range many {
			out[i] = p
		}
		return out
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// describeError returns an error with the advice that it carries.
func describeError(err error) string {
	msg := err.Error()
	var m interface{ Mend() string }
	if errors.As(err, &m) {
		if mend := m.Mend(); mend != "" && !strings.Contains(msg, mend) {
			msg += "; " + mend
		}
	}
	return msg
}

// log writes one line to stderr. It begins with the program's name, so that no text from outside can begin a line, where
// a runner would take it for a command; the older form of command, "##[", is taken apart wherever it stands. What cannot be
// seen, or turns the direction of the text, is a blank.
func (e Env) log(format string, args ...any) {
	line := strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) || r == '\t' || r == '\u200c' || r == '\u200d' { // the joiners of scripts and emoji
			return r
		}
		return ' '
	}, strings.ReplaceAll(fmt.Sprintf(format, args...), "##[", "## ["))
	_, _ = fmt.Fprintf(e.Stderr, "hubgate: %s\n", line) // nobody is left to tell when stderr is closed
}
