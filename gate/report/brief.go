package report

import (
	"fmt"
	"slices"
	"strings"
)

// Lengths, in characters, that names are cut to where every row must find room.
const (
	briefModel  = 40
	briefMetric = 20
)

// mostColumns is how many metrics a brief table has columns for: six and a few to spare.
const mostColumns = 8

// briefTable is the shortest form of lines that still has every one: what is worse and by how much, a row per model and decision, and
// a column per metric. Where there are too many metrics for that, a row names its own.
func (v *view) briefTable(lines []line) *table {
	var metrics []string
	for _, l := range lines {
		if m := l.taskAndMetric(); !slices.Contains(metrics, m) {
			if metrics = append(metrics, m); len(metrics) > mostColumns {
				return briefList(lines)
			}
		}
	}
	slices.Sort(metrics)
	t := &table{head: []string{"model"}, alignment: "l" + strings.Repeat("c", len(metrics))}
	for _, m := range metrics {
		t.head = append(t.head, codeSpan(elide(m, briefMetric), briefMetric))
	}
	at := map[string]int{}
	for _, l := range lines {
		r := t.briefRow(at, l, briefModel)
		if len(r.cells) == 1 {
			r.cells = append(r.cells, make([]string, len(metrics))...)
		}
		column, _ := slices.BinarySearch(metrics, l.taskAndMetric())
		r.cells[1+column] = l.briefly()
	}
	return t
}

// briefList is the same for many metrics.
func briefList(lines []line) *table {
	const modelLength, metricLength = 20, 14
	t := &table{head: []string{"model", "metrics"}, alignment: "ll"}
	at := map[string]int{}
	for _, l := range lines {
		r := t.briefRow(at, l, modelLength)
		cell := codeSpan(elide(l.taskAndMetric(), metricLength), metricLength)
		if l.compared() {
			cell += " " + l.briefly()
		}
		if len(r.cells) == 1 {
			r.cells = append(r.cells, cell)
		} else {
			r.cells[1] += " " + cell
		}
	}
	return t
}

// briefRow returns the row of a line's model and decision, which it adds where there is none yet; at says where there is one.
func (t *table) briefRow(at map[string]int, l line, modelLength int) *row {
	key := fmt.Sprint(l.Decision) + l.model.Model
	i, ok := at[key]
	if !ok {
		i = len(t.rows)
		at[key] = i
		t.rows = append(t.rows, row{rankOf(l), []string{icon(l) + " " + codeSpan(elide(l.model.Model, modelLength), modelLength)}})
	}
	return &t.rows[i]
}

// briefly is what happened to a line, as short as can be.
func (l line) briefly() string {
	if l.compared() {
		return l.FormatSigned(l.Decided.Diff)
	}
	return l.word()
}

func (l line) taskAndMetric() string {
	if l.Task == "" {
		return l.Metric
	}
	return l.Task + " " + l.Metric
}
