package codec

import (
	"fmt"
	"slices"
	"strconv"
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
			line := fmt.Sprintf("%s: %s missing (%s): %s", m, plural(total, "score"), cause, strings.Join(spell(first, st.notes[m]), ", "))
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

// spell writes places down, with what was found there.
func spell(places []Place, notes []note) []string {
	out := make([]string, len(places))
	for i, p := range places {
		out[i] = fmt.Sprintf("%s:%d", p.File, p.Row)
		k := slices.IndexFunc(notes, func(n note) bool { return n.file == p.File && n.row == p.Row })
		if k >= 0 {
			out[i] += " is " + notes[k].found
		}
	}
	return out
}

// mend says how to write what was meant, where that is plain.
func mend(notes []note, cause score.Cause) string {
	for _, n := range notes {
		if fix := n.mend(); n.cause == cause && fix != "" {
			return "; " + fix
		}
	}
	return ""
}

// mend says how to write a number that has a decimal comma or a per cent sign; it is "" for anything else.
func (n note) mend() string {
	number, percent := strings.CutSuffix(strings.Trim(n.found, `"`), "%")
	whole, part, comma := strings.Cut(strings.TrimSpace(number), ",")
	if comma && (whole == "" || part == "" || part[0] < '0' || part[0] > '9') || !comma && !percent {
		return ""
	}
	number = whole
	if comma {
		number += "." + part
	}
	if percent {
		number += "e-2"
	}
	v, cause := parseNumber([]byte(number))
	switch {
	case cause != score.Scored:
		return ""
	case percent:
		return "write " + strconv.FormatFloat(v, 'g', -1, 64)
	}
	return "write a decimal point, as in " + number
}
