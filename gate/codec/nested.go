package codec

import (
	"bytes"
	"slices"
	"strings"
)

// maxLook bounds how deep scores are looked for inside a column when nothing is named: evaluation.accuracy.score.
const maxLook = 2

// look finds the paths that are needed inside a value: an object, or JSON text that holds one.
func (a *assembler) look(i int, c cell) {
	if c.kind != jsonValue && c.kind != text {
		return
	}
	s := scanner{b: c.text, clean: true}
	start := len(a.path)
	a.path = append(a.path, a.slots[i].name...)
	ok := s.space() == '{' && a.walk(&s, start, 1, a.discovers(a.slots[i].name))
	if ok {
		s.space()
		ok = s.i == len(s.b)
	}
	a.path = a.path[:start]
	switch {
	case ok:
		a.slots[i].into = true
	case len(bytes.TrimSpace(c.text)) > 0:
		a.unreadable(i, c)
	}
}

// walk goes through the object at the scanner. a.path[start:] is where it lies.
func (a *assembler) walk(s *scanner, start, depth int, discover bool) bool {
	s.i++
	if s.space() == '}' {
		s.i++
		return true
	}
	var t token
	end := len(a.path)
	for {
		if !s.key(&t) {
			return false
		}
		a.path = append(a.path[:end], '.')
		if t.escaped {
			a.path = unescape(a.path, t.raw)
		} else {
			a.path = append(a.path, t.raw...)
		}
		path := a.path[start:]
		if s.space() == '{' && (discover && depth < maxLook || a.inside[string(path)]) {
			if !a.walk(s, start, depth+1, discover) {
				return false
			}
		} else if !s.value(&t, depth) {
			return false
		} else {
			a.leaf(path, &t, discover)
		}
		switch s.space() {
		case ',':
			s.i++
		case '}':
			s.i++
			a.path = a.path[:end]
			return true
		default:
			return s.unexpected(`"," or "}"`)
		}
	}
}

// leaf gives the slot of a path its value. Where scores are looked for, every number makes a slot, and whatever is called
// a score.
func (a *assembler) leaf(path []byte, t *token, discover bool) {
	i, ok := a.byName[string(path)]
	if !ok {
		scalar := t.kind == number || t.kind == boolean || t.kind == null
		wanted := a.metricOf(string(path)) != "" || slices.Contains(a.options(), string(path))
		if !wanted && (!discover || !scalar && !bytes.HasSuffix(path, []byte(".score"))) {
			return
		}
		var err *Error
		if i, err = a.column(string(path)); err != nil {
			a.refuse(err)
			return
		}
	}
	n := a.slots[i].need
	if n == needNothing {
		return
	}
	if a.has(i) {
		a.refuse(&Error{Column: a.slots[i].name, Msg: "stands twice in the row", Fix: "keep one of the two"})
	}
	var c cell
	c, a.scratch = cellOf(t, n, a.scratch)
	a.set(i, c)
}

// unreadable says of every metric below a column that what stands there is no score. The column may be that of the
// Handbook, whose metrics are known before any row could be read.
func (a *assembler) unreadable(i int, c cell) {
	prefix := a.slots[i].name + "."
	below := false
	for k := range a.slots {
		below = below || strings.HasPrefix(a.slots[k].name, prefix)
	}
	if !below && a.slots[i].name == "evaluation" && len(a.o.Metrics) == 0 {
		for _, m := range handbookMetrics {
			if _, err := a.column(prefix + m + ".score"); err != nil {
				a.refuse(err)
			}
		}
	}
	for k := range a.slots {
		s := &a.slots[k]
		if s.role == roleScore && strings.HasPrefix(s.name, prefix) && !a.has(k) {
			s.cell, s.row, s.seen = cell{kind: text, text: c.text}, a.gen, true
		}
	}
}

// options returns the columns that options name for roles.
func (a *assembler) options() []string {
	return []string{a.o.ID, a.o.Model, a.o.Task, a.o.Group, a.o.Trial}
}

// checkColumns reports a column that an option names and the file does not have. Before the rows are read, a path inside a
// column that is there may still be found.
func (a *assembler) checkColumns(final bool) *Error {
	for r, want := range a.wanted() {
		if want == "" || a.found(want, final) {
			continue
		}
		input := role(r).String() + "-column" //nolint:gosec // an index of roles
		fix := "set input " + input + " to one of them"
		if like := a.alike(role(r)); like != "" { //nolint:gosec // an index of roles
			fix = "set input " + input + " to " + quote([]byte(like))
		}
		return &Error{Msg: "no column " + quote([]byte(want)) + " (found: " + list(a.columns()) + ")", Fix: fix}
	}
	for _, m := range a.o.Metrics {
		if a.found(m.Path, final) || a.names[m.Path] || !final && a.roles[roleMetricName] >= 0 {
			continue
		}
		have := a.columns()
		if len(a.names) > 0 {
			have = sortedKeys(a.names)
		}
		return &Error{Msg: "no metric " + quote([]byte(m.Path)) + " (found: " + list(have) + ")",
			Fix: "set input metrics to some of them"}
	}
	return nil
}

// found reports whether the file has a column or path.
func (a *assembler) found(path string, final bool) bool {
	if _, ok := a.byName[path]; ok {
		return true
	}
	if final {
		return false
	}
	for i := range len(path) {
		if path[i] == '.' {
			if _, ok := a.byName[path[:i]]; ok {
				return true
			}
		}
	}
	return false
}

// alike returns the first column whose name would have given it a role.
func (a *assembler) alike(r role) string {
	for _, name := range roleColumns[r] {
		for i := range a.slots {
			if strings.EqualFold(a.slots[i].name, name) {
				return a.slots[i].name
			}
		}
	}
	return ""
}

// columns returns the names of the columns and paths met so far.
func (a *assembler) columns() []string {
	out := make([]string, len(a.slots))
	for i := range a.slots {
		out[i] = a.slots[i].name
	}
	return out
}
