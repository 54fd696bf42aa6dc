package codec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// missingCauses are those that are told, the surprising ones as warnings.
var missingCauses = []score.Cause{score.Null, score.Text, score.Infinite, score.OffScale, score.Failed}

// missing says which scores are missing: the first few of each metric and cause by file and row, and how many there are.
func (s *Scores) missing(metrics []string, st *readState) {
	for _, m := range metrics {
		for _, cause := range missingCauses {
			total, first := s.places(m, cause)
			if total == 0 {
				continue
			}
			line := fmt.Sprintf("%s: %s missing (%s): %s", m, plural(total, "score"), cause, strings.Join(s.shown(m, cause, first, st), ", "))
			if total > len(first) {
				line += fmt.Sprintf(" and %d more", total-len(first))
			}
			if cause == score.Null {
				s.Log = append(s.Log, line)
				continue
			}
			s.Warnings = append(s.Warnings, line+mend(st.notes[m], cause))
		}
	}
}

// places counts the scores missing by a cause, and names the first few.
func (s *Scores) places(metric string, cause score.Cause) (int, []Place) {
	total, first := 0, []Place(nil)
	for _, t := range s.Tables {
		c := t.Column(metric)
		if c == nil {
			continue
		}
		for i, k := range c.Causes {
			if k != cause {
				continue
			}
			if total++; len(first) < maxShown {
				file, row := t.Source(i)
				first = append(first, Place{File: file, Row: row})
			}
		}
	}
	return total, first
}

// shown spells places, with what was found there.
func (s *Scores) shown(metric string, cause score.Cause, places []Place, st *readState) []string {
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = fmt.Sprintf("%s:%d", p.File, p.Row)
		k := slices.IndexFunc(st.notes[metric], func(n note) bool { return n.file == p.File && n.row == p.Row })
		if k >= 0 {
			out[i] += " is " + st.notes[metric][k].found
		}
	}
	return out
}

// totals counts, per metric, the scores missing by each cause.
func (s *Scores) totals(metrics []string) []string {
	var out []string
	for _, m := range metrics {
		var parts []string
		for _, cause := range missingCauses {
			if n, _ := s.places(m, cause); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, cause))
			}
		}
		out = append(out, m+" has "+strings.Join(parts, ", "))
	}
	return out
}

// mend says how to write what was meant, where that is plain.
func mend(notes []note, cause score.Cause) string {
	for _, n := range notes {
		if point := n.withPoint(); n.cause == cause && point != "" {
			return "; write a decimal point, as in " + point
		}
	}
	return ""
}

// withPoint returns a number written with a decimal comma as it should be, and "" for anything else.
func (n note) withPoint() string {
	whole, part, ok := strings.Cut(strings.Trim(n.found, `"`), ",")
	if !ok || whole == "" || part == "" || part[0] < '0' || part[0] > '9' {
		return ""
	}
	if _, cause := parseNumber([]byte(whole + "." + part)); cause != score.Scored {
		return ""
	}
	return whole + "." + part
}

// decimalComma reports a column that would hold scores, were they written with a point.
func decimalComma(st *readState) *Error {
	for _, m := range sortedKeys(st.notes) {
		for _, n := range st.notes[m] {
			if point := n.withPoint(); point != "" {
				return &Error{File: n.file, Row: n.row, Msg: fmt.Sprintf("score %q is %s", m, n.found),
					Fix: "write a decimal point, as in " + point}
			}
		}
	}
	return nil
}
