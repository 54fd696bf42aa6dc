package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// slicesSection names the groups and tasks in which losses sit, those of the worst findings first.
func (v *view) slicesSection(p *Page) *details {
	const most = 20
	t := &table{head: []string{v.labelHead(), "group", "baseline → candidate", "n", "adds to the loss"}, alignment: "llccc"}
	found := 0
	for _, l := range v.with(line.compared) {
		if p.Samples == NoSamples {
			break // a group's name tells of its samples
		}
		found += len(l.Slices)
		for _, s := range l.Slices[:min(len(l.Slices), most-len(t.rows))] {
			t.rows = append(t.rows, row{sample, []string{
				v.label(l), v.name(s.Group), l.sliceMean(s, 1) + " → " + l.sliceMean(s, 0), sliceSize(s), l.Format(s.Loss),
			}})
		}
	}
	var blocks []block
	if len(t.rows) > 0 {
		blocks = append(blocks, t, paragraph("For information: nothing is tested by group. What all groups add sums to the difference."))
	}
	tasks := v.tasksSaid()
	if len(tasks) > 0 {
		blocks = append(blocks, tasks)
	}
	if len(blocks) == 0 {
		return nil
	}
	said := count(found, "group that lost", "groups that lost")
	if len(t.rows) == 0 {
		said = "tasks that lost"
	}
	return &details{summary: "Where it sits: " + said, keep: detail, blocks: blocks}
}

// tasksSaid names, for each metric of a model that several tasks have, the tasks that lost, the worst first.
func (v *view) tasksSaid() list {
	const most = 5
	type key struct{ model, metric string }
	var order []key
	tasks := map[key]int{}
	lost := map[key][]line{}
	for _, l := range v.with(line.compared) {
		k := key{l.model.Model, l.Metric}
		if tasks[k]++; tasks[k] == 1 {
			order = append(order, k)
		}
		if l.Loss() > 0 {
			lost[k] = append(lost[k], l)
		}
	}
	var items list
	for _, k := range order {
		lines := lost[k]
		if tasks[k] < 2 || len(lines) == 0 || len(items) == most {
			continue
		}
		slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.Loss(), a.Loss()) })
		var parts []string
		for _, l := range lines[:min(len(lines), most)] {
			parts = append(parts, v.name(l.Task)+" "+l.Format(l.Loss()))
		}
		items = append(items, fmt.Sprintf("%s lost in %d of %d tasks, the most in %s.", v.name(k.metric), len(lines), tasks[k], strings.Join(parts, ", ")))
	}
	return items
}

func (l line) sliceMean(s gate.Slice, side int) string {
	if s.N[side] == 0 {
		return "–"
	}
	return l.Format(s.Means[side])
}

func sliceSize(s gate.Slice) string {
	if s.N[0] == s.N[1] {
		return fmt.Sprint(s.N[0])
	}
	return fmt.Sprintf("%d → %d", s.N[1], s.N[0])
}
