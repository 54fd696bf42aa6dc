package codec

import (
	"fmt"
	"slices"
	"strings"
)

// A description says what a file was taken for.
type description struct {
	file   string
	reader string
	rows   int
	roles  string // which columns play which role; what else is worth telling of it
}

// A disagreement is a metric that two columns give different scores for.
type disagreement struct {
	metric  string
	columns [2]string // the first counts
	first   Place
	rows    int
}

// noID counts the rows without an id, in files in which other rows have one.
type noID struct {
	first Place
	rows  int
}

// describe writes down what the file's columns were taken for.
func (a *assembler) describe(reader string) {
	var parts []string
	for r := roleID; r <= roleMetricName; r++ {
		if a.noIDs && (r == roleID || r == roleInput) {
			continue
		}
		if i := a.roles[r]; i >= 0 && (r != roleInput || a.roles[roleID] < 0 || a.o.Inputs) {
			parts = append(parts, fmt.Sprintf("%s from column %q", r, a.slots[i].name))
		}
	}
	d := description{file: a.file.Name, reader: reader, rows: a.rows}
	if len(parts) > 0 {
		d.roles = "; " + strings.Join(parts, ", ")
	}
	if a.noIDs {
		d.roles += "; without ids, which nothing asks for"
	} else if a.roles[roleID] < 0 && a.roles[roleInput] < 0 {
		d.roles += "; no column of ids or input texts, so that samples cannot be paired"
	}
	a.st.read = append(a.st.read, d)
	if a.noID > 0 && a.noID < a.rows {
		if a.st.noID.rows == 0 {
			a.st.noID.first = Place{File: a.file.Name, Row: a.noIDRow}
		}
		a.st.noID.rows += a.noID
	}
}

// disagree counts a row in which two slots of a metric hold different scores.
func (a *assembler) disagree(metric string, i, j, row int) {
	columns := [2]string{a.slots[i].name, a.slots[j].name}
	k := slices.IndexFunc(a.st.unlike, func(d disagreement) bool { return d.metric == metric && d.columns == columns })
	if k < 0 {
		k = len(a.st.unlike)
		a.st.unlike = append(a.st.unlike, disagreement{metric: metric, columns: columns, first: Place{File: a.file.Name, Row: row}})
	}
	a.st.unlike[k].rows++
}

// told returns what is to be said of the files, those of which the same holds together.
func (st *readState) told() []string {
	var out []string
	alike := group(st.read, func(d description) string { return d.reader + d.roles })
	for _, files := range alike[:min(len(alike), maxShown)] {
		who := files[0].file + ": read"
		if len(files) > 1 {
			who = plural(len(files), "file") + " read"
		}
		out = append(out, fmt.Sprintf("%s as %s, %s%s", who, files[0].reader, plural(rowsOf(files), "row"), files[0].roles))
	}
	if len(alike) > maxShown {
		rest := slices.Concat(alike[maxShown:]...)
		out = append(out, fmt.Sprintf("%s read in other ways, %s", plural(len(rest), "more file"), plural(rowsOf(rest), "row")))
	}
	said := func(line string) string { // without the name of the file
		for _, d := range st.read {
			if rest, ok := strings.CutPrefix(line, d.file+": "); ok {
				return rest
			}
		}
		return line
	}
	for _, lines := range group(st.log, said) {
		line := lines[0]
		if len(lines) > 1 {
			line = plural(len(lines), "file") + ": " + said(line)
		}
		out = append(out, line)
	}
	return out
}

// warned returns what may be wrong with the files.
func (st *readState) warned() []string {
	var out []string
	if n := st.noID; n.rows > 0 {
		out = append(out, fmt.Sprintf("%s:%d: no id in %s, so that no sample of the run can be paired",
			n.first.File, n.first.Row, plural(n.rows, "row")))
	}
	slices.SortStableFunc(st.unlike, func(a, b disagreement) int { return strings.Compare(a.metric, b.metric) })
	for _, d := range st.unlike {
		out = append(out, fmt.Sprintf("%s:%d: %s and %s disagree in %s; %s counts",
			d.first.File, d.first.Row, d.columns[0], d.columns[1], plural(d.rows, "row"), d.columns[0]))
	}
	return out
}

func rowsOf(files []description) int {
	n := 0
	for _, d := range files {
		n += d.rows
	}
	return n
}

// group puts together what has the same key, in the order in which the keys first stand.
func group[T any](all []T, key func(T) string) [][]T {
	var out [][]T
	at := map[string]int{}
	for _, x := range all {
		k := key(x)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], x)
	}
	return out
}
