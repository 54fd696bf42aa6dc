package codec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate/score"
)

// noMetric says why no column is taken for a metric.
func (st *readState) noMetric(file string, columns []*candidate) *Error {
	for _, m := range sortedKeys(st.notes) {
		for _, n := range st.notes[m] {
			if fix := n.mend(); fix != "" {
				return &Error{File: n.file, Row: n.row, Msg: fmt.Sprintf("score %q is %s", m, n.found), Fix: fix}
			}
		}
	}
	for _, c := range columns {
		if c.texts > c.scored && isScoreName(c.name) {
			return &Error{File: file, Msg: fmt.Sprintf("column %q holds text%s, and no other column holds scores", c.name, st.example(c.name, score.Text)),
				Fix: "have the judge give numbers"}
		}
	}
	fix := "set input metrics to the columns that hold scores"
	if likely := st.likely(columns); len(likely) > 0 {
		fix += ", as in " + strings.Join(likely, ",")
	}
	return &Error{File: file, Msg: "no column of scores" + found(unique(st.columns)), Fix: fix}
}

// likely returns the first few columns of numbers, and paths to numbers inside columns.
func (st *readState) likely(columns []*candidate) []string {
	var out []string
	for _, c := range columns {
		inside := slices.IndexFunc(st.notes[c.name], func(n note) bool { return n.inside != "" })
		switch {
		case c.numeric():
			out = append(out, c.name)
		case inside >= 0:
			out = append(out, c.name+"."+st.notes[c.name][inside].inside)
		}
	}
	return out[:min(len(out), maxShown)]
}

// noScore says why of some metrics not one score can be used.
func (s *Scores) noScore(file string, metrics []string, st *readState, o *Options) *Error {
	fix := "did the judge answer?"
	var whys []string
	for _, m := range metrics {
		var parts []string
		for _, cause := range missingCauses {
			n, _ := s.places(m, cause)
			if n == 0 {
				continue
			}
			parts = append(parts, s.why(m, cause, n, o)+st.example(m, cause))
			switch cause {
			case score.Text:
				fix = "have the judge give numbers"
			case score.OffScale:
				fix = "correct the scale in the policy, or the judge"
			}
		}
		whys = append(whys, m+": "+strings.Join(parts, ", "))
	}
	if more := len(whys) - maxShown; more > 0 {
		whys = append(whys[:maxShown], plural(more, "other metric"))
	}
	return &Error{File: file, Msg: "no usable score of " + strings.Join(whys, ", nor of "), Fix: fix}
}

// why counts scores that are missing by a cause.
func (s *Scores) why(metric string, cause score.Cause, n int, o *Options) string {
	be := "are"
	if n == 1 {
		be = "is"
	}
	switch cause {
	case score.OffScale:
		if scale, ok := s.scale(metric, o); ok {
			return fmt.Sprintf("%d %s outside the scale [%g, %g]", n, be, scale.Min, scale.Max)
		}
	case score.Failed:
		return fmt.Sprintf("%d failed", n)
	case score.Infinite:
		return fmt.Sprintf("%d %s infinite", n, be)
	}
	return fmt.Sprintf("%d %s %s", n, be, cause)
}

// example shows the first score of a metric that is missing by a cause.
func (st *readState) example(metric string, cause score.Cause) string {
	k := slices.IndexFunc(st.notes[metric], func(n note) bool { return n.cause == cause })
	if k < 0 {
		return ""
	}
	n := st.notes[metric][k]
	return fmt.Sprintf(", as %s in %s:%d", n.found, n.file, n.row)
}

// found lists the columns that there are, for a message about one that is not.
func found(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return " (found: " + list(columns) + ")"
}

// unique drops names that stood before.
func unique(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		before := seen[n]
		seen[n] = true
		return before
	})
}
