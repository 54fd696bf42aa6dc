package codec

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxLook bounds how deep scores are looked for inside a column when nothing is named: evaluation.accuracy.score.
const maxLook = 2

// A trail is the way through an object to its values, as the last one was written: the text before each value, and the
// slot that needs it. The objects of a column are mostly alike but for their values, so that following it beats searching.
type trail struct {
	steps []step
	tail  []byte // behind the last value
}

type step struct {
	before []byte
	slot   int // −1 for text that nobody needs
}

// A walk is one search through an object.
type walk struct {
	scanner
	prefix   int // a.path[prefix:] is where the walk is
	discover bool
	last     int // where the last value ends
	steps    []step
}

// look finds the paths that are needed inside a value: an object, or JSON text that holds one.
func (a *assembler) look(i int, c cell) {
	if c.kind != jsonValue && c.kind != text {
		return
	}
	s := scanner{b: c.text, clean: true}
	if a.enter(i, &s) {
		if s.space(); s.i == len(s.b) {
			return
		}
	}
	if rest := bytes.TrimSpace(c.text); len(rest) > 0 && string(rest) != "null" {
		a.unreadable(i, c)
	}
}

// lookEscaped is look for JSON text that is still escaped as the content of the JSON string at the scanner, which saves
// decoding it: most of it is prose. It returns false, and has done nothing, where decoding is needed after all.
func (a *assembler) lookEscaped(i int, outer *scanner) bool {
	r := a.slots[i].role
	if !outer.clean || r != roleNone && r != roleScore || a.rowErr != nil {
		return false
	}
	s := scanner{b: outer.b, i: outer.i + 1, clean: true, inner: true}
	if a.enter(i, &s) && s.at() == '"' && a.rowErr == nil {
		a.put(i, cell{kind: text, text: outer.b[outer.i+1 : s.i]})
		outer.i = s.i + 1
		return true
	}
	a.rowErr = nil
	a.forget(i)
	return false
}

// enter goes through the object at the scanner and gives the slots of the paths inside it their values.
func (a *assembler) enter(i int, s *scanner) bool {
	if s.space() != '{' {
		return false
	}
	start := *s
	if a.follow(&a.slots[i].trail, s) {
		return true
	}
	a.forget(i)
	prefix := len(a.path)
	a.path = append(a.path, a.slots[i].name...)
	first := walk{scanner: start, prefix: prefix, discover: a.discovers(a.slots[i].name), last: start.i}
	known, w := len(a.slots), first
	ok := a.walk(&w, 1)
	if ok && len(a.slots) > known { // what became a column on the way may have stood there before as something else
		a.forget(i)
		w = first
		ok = a.walk(&w, 1)
	}
	a.path = a.path[:prefix]
	if ok {
		a.slots[i].trail = trail{steps: w.steps, tail: bytes.Clone(w.b[w.last:w.i])}
	}
	*s = w.scanner
	return ok
}

// forget takes back what the slots of the paths inside a column were given in this row.
func (a *assembler) forget(i int) {
	prefix := a.slots[i].name + "."
	for k := range a.slots {
		if s := &a.slots[k]; s.row == a.gen && strings.HasPrefix(s.name, prefix) {
			s.row = 0
		}
	}
}

// follow reads an object that is written as the last one was. It returns false at the first difference.
func (a *assembler) follow(t *trail, s *scanner) bool {
	if len(t.tail) == 0 {
		return false
	}
	var v token
	for k := range t.steps {
		st := &t.steps[k]
		if !bytes.HasPrefix(s.b[s.i:], st.before) {
			return false
		}
		s.i += len(st.before)
		if !s.value(&v, 1) || v.kind == jsonValue || st.slot < 0 && v.kind != text {
			return false
		}
		if st.slot >= 0 && !a.give(st.slot, &v, s.inner) {
			return false
		}
	}
	if !bytes.HasPrefix(s.b[s.i:], t.tail) {
		return false
	}
	s.i += len(t.tail)
	return true
}

// walk goes through the object at the scanner, and notes the way.
func (a *assembler) walk(w *walk, depth int) bool {
	w.i++
	if w.space() == '}' {
		w.i++
		return true
	}
	var t token
	end := len(a.path)
	for {
		if !w.key(&t) || t.escaped && w.inner {
			return false
		}
		a.path = append(a.path[:end], '.')
		if t.escaped {
			a.path = unescape(a.path, t.raw)
		} else {
			a.path = append(a.path, t.raw...)
		}
		path := a.path[w.prefix:]
		if w.space() == '{' && depth < maxJSONDepth && (w.discover && depth < maxLook || a.inside[string(path)]) {
			if !a.walk(w, depth+1) {
				return false
			}
		} else {
			before := bytes.Clone(w.b[w.last:w.i])
			if !w.value(&t, depth) {
				return false
			}
			w.last = w.i
			slot := a.leaf(path, &t, w.discover)
			w.steps = append(w.steps, step{before: before, slot: slot})
			if slot >= 0 && !a.give(slot, &t, w.inner) {
				return false
			}
		}
		switch w.space() {
		case ',':
			w.i++
		case '}':
			w.i++
			a.path = a.path[:end]
			return true
		default:
			return w.unexpected(`"," or "}"`)
		}
	}
}

// leaf returns the slot of a path, or −1 when nobody needs it. Where scores are looked for, every number makes a slot, and
// whatever is called a score.
func (a *assembler) leaf(path []byte, t *token, discover bool) int {
	if i, ok := a.byName[string(path)]; ok {
		return i
	}
	scalar := t.kind == number || t.kind == boolean || t.kind == null
	wanted := a.metricOf(string(path)) != "" || slices.Contains(a.options(), string(path))
	if !wanted && (!discover || !scalar && !bytes.HasSuffix(path, []byte(".score")) && !bytes.HasSuffix(path, []byte(".value"))) {
		return -1
	}
	i, err := a.column(string(path))
	if err != nil {
		a.refuse(err)
		return -1
	}
	return i
}

// give gives the slot of a path its value. It returns false for a value that inner text has to be decoded for.
func (a *assembler) give(i int, t *token, inner bool) bool {
	n := a.slots[i].need
	if n == needNothing {
		return true
	}
	if inner && (t.escaped || t.kind == jsonValue) {
		return false
	}
	if a.has(i) {
		a.refuse(&Error{Column: a.slots[i].name, Msg: "stands twice in the row", Fix: "keep one of the two"})
	}
	var c cell
	a.scratch = c.of(t, n, a.scratch)
	a.set(i, c)
	return true
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
		if s := &a.slots[k]; s.role == roleScore && strings.HasPrefix(s.name, prefix) && !a.has(k) {
			a.put(k, cell{kind: text, text: c.text})
		}
	}
}

// spare stops reading columns of JSON text, once rows enough have been looked into, whose metrics are all read from columns
// of their own: decoding that text is most of the work, and all that comes of it is how often the two disagree. It is for
// formats in which every row has every column.
func (a *assembler) spare(slots []int) {
	for k, i := range slots {
		if i < 0 || !a.slots[i].deep || !a.spares(&a.slots[i]) {
			continue
		}
		slots[k] = -1
		a.st.log = append(a.st.log, fmt.Sprintf("%s: compared column %q with the scores beside it in the first %d rows only",
			a.file.Name, a.slots[i].name, a.rows))
	}
}

// spares reports whether a column of JSON text is not needed: options name nothing in it, it could be read, and whatever
// metric it holds is read from a column of its own first.
func (a *assembler) spares(s *slot) bool {
	if s.role != roleNone && s.role != roleScore || a.inside[s.name] {
		return false
	}
	inside := func(i int) bool { return a.slots[i].seen && strings.HasPrefix(a.slots[i].name, s.name+".") }
	found := false
	for i := range a.slots {
		found = found || inside(i)
	}
	return found && !slices.ContainsFunc(a.metrics, func(m metricColumn) bool { return inside(m.slots[0]) })
}

// beside reports whether a column of JSON text is likely to be spared: other columns look like scores of their own.
func (a *assembler) beside(i int) bool {
	return a.slots[i].deep && !a.inside[a.slots[i].name] &&
		slices.ContainsFunc(a.slots, func(s slot) bool { return s.role == roleScore && !s.deep })
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
		plays := role(r)
		if plays == roleInput {
			plays = roleID // the id is made of it
		}
		input := plays.String() + "-column"
		fix := "set input " + input + " to one of them"
		if like := a.alike(plays); like != "" {
			fix = "set input " + input + " to " + quote([]byte(like))
		}
		return &Error{Msg: "no column " + quote([]byte(want)) + found(a.columns()), Fix: fix}
	}
	for _, m := range a.o.Metrics {
		if a.found(m.Path, final) || a.names[m.Path] || !final && a.roles[roleMetricName] >= 0 {
			continue
		}
		have := a.columns()
		if len(a.names) > 0 {
			have = sortedKeys(a.names)
		}
		return &Error{Msg: "no metric " + quote([]byte(m.Path)) + found(have),
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
