package action

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// StateRoom is what Deliver may add to a comment, in bytes: so much shorter than CommentLimit a comment should be.
	StateRoom = 2048

	// commentLimit is what a comment may hold, in characters: https://github.com/orgs/community/discussions/27190.
	commentLimit = 65536

	// maxPast bounds how many earlier attempts a comment remembers.
	maxPast = 12
)

// An Attempt is one judgement of a commit, as the comment remembers it.
type Attempt struct {
	Run      string `json:"run"`      // id of the workflow run
	Number   int    `json:"attempt"`  // of that run, from 1; 0 when unknown
	Decision string `json:"decision"` // pass, warn, fail or undecided
}

// A state is what a comment remembers, in an HTML comment behind its marker.
type state struct {
	SHA string `json:"sha"`
	Attempt
	Leg    string    `json:"leg"`    // which step of which job, by its hash
	Runner string    `json:"runner"` // which machine, by its hash
	Past   []Attempt `json:"past,omitempty"`
}

const stateStart, stateEnd = "<!-- hubgate-state ", " -->"

// state returns what the comment of this delivery is to remember, and false where the run does not say which it is.
func (g *GitHub) state(e Event, d Delivery) (state, bool) {
	runner := g.getenv("RUNNER_NAME")
	if e.Name == "workflow_run" {
		runner = "" // Attempt counts that of the run before: the same attempt may be judged again, on another machine
	}
	s := state{
		SHA: e.SHA, Attempt: Attempt{e.Run, e.Attempt, d.Decision.String()},
		Leg: digest(e.Workflow, e.Job, g.getenv("GITHUB_ACTION"), compact(d.Matrix)), Runner: digest(runner),
	}
	return s, s.valid()
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

var (
	runID    = regexp.MustCompile(`^[1-9][0-9]{0,19}$`)
	digested = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

// valid reports whether a state holds nothing but ids and names of decisions, which cannot end the HTML comment.
func (s state) valid() bool {
	return isCommit(s.SHA) && digested.MatchString(s.Leg) && digested.MatchString(s.Runner) && s.Attempt.valid() &&
		len(s.Past) <= maxPast && !slices.ContainsFunc(s.Past, func(a Attempt) bool { return !a.valid() })
}

func (a Attempt) valid() bool {
	return runID.MatchString(a.Run) && a.Number >= 0 && a.Number < 1e6 &&
		slices.Contains([]string{"pass", "warn", "fail", "undecided"}, a.Decision)
}

// after returns the state that follows an earlier one: attempts at the same commit are remembered, the newest of them.
func (s state) after(earlier state) state {
	s.Past = nil
	if earlier.SHA != s.SHA {
		return s
	}
	for _, a := range append(slices.Clone(earlier.Past), earlier.Attempt) {
		if a.Run != s.Run || a.Number != s.Number {
			s.Past = append(s.Past, a)
		}
	}
	s.Past = s.Past[max(0, len(s.Past)-maxPast):]
	return s
}

// sameRunOther reports whether another leg of the same run wrote the earlier state: another job, step or matrix leg, or
// the same one on another machine at the same time, as a reusable workflow that is called twice.
func (s state) sameRunOther(earlier state) bool {
	return earlier.Run == s.Run && (earlier.Leg != s.Leg || earlier.Number == s.Number && earlier.Runner != s.Runner)
}

// older reports whether a later run has written the earlier state, of another commit. GitHub numbers runs as they begin.
func (s state) older(earlier state) bool {
	if s.SHA == earlier.SHA {
		return false
	}
	return cmp.Or(cmp.Compare(len(s.Run), len(earlier.Run)), cmp.Compare(s.Run, earlier.Run)) < 0
}

// stamp puts a state behind the marker of a comment. A comment that it would make too long goes without.
func stamp(comment, marker string, s state) string {
	data, err := json.Marshal(s)
	stamped := marker + "\n" + stateStart + string(data) + stateEnd + comment[len(marker):]
	if err != nil || utf8.RuneCountInString(stamped) > commentLimit {
		return comment
	}
	return stamped
}

// parseState reads the state of a comment, and false where there is none that we would have written. People may edit
// a comment, so that it decides nothing.
func parseState(body, marker string) (state, bool) {
	rest, ok := strings.CutPrefix(body, marker)
	line, _, _ := strings.Cut(strings.TrimLeft(rest, "\r\n"), "\n")
	line, starts := strings.CutPrefix(strings.TrimRight(line, "\r"), stateStart)
	line, ends := strings.CutSuffix(line, stateEnd)
	if !ok || !starts || !ends || len(line) > StateRoom {
		return state{}, false
	}
	dec := json.NewDecoder(strings.NewReader(line))
	dec.DisallowUnknownFields()
	var s state
	if dec.Decode(&s) != nil || dec.More() || !s.valid() {
		return state{}, false
	}
	return s, true
}
