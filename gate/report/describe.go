package report

import (
	"fmt"
	"slices"
)

// describedBlocks are the page of scores that were compared with nothing.
func (v *view) describedBlocks() []block {
	blocks := []block{&alert{
		kind:  "NOTE",
		title: v.describedSaid(),
		lines: []string{"Only described: nothing was compared, and nothing was decided."},
	}}
	if len(v.lines) > 0 {
		blocks = append(blocks, v.newTables(v.lines)...)
	}
	if s := v.unscored(); s != "" {
		blocks = append(blocks, paragraph(s))
	}
	if s := v.distributionsSection(); s != nil {
		blocks = append(blocks, s)
	}
	return blocks
}

func (v *view) describedSaid() string {
	return fmt.Sprintf("%s of %s.", count(len(v.lines), "metric", "metrics"), count(len(v.report.Models), "model", "models"))
}

// distributionsSection has quartiles and levels of each metric.
func (v *view) distributionsSection() *details {
	t := &table{
		head:      []string{v.labelHead(), "rows", "missing", "min", "Q1", "median", "Q3", "max"},
		alignment: "lrlrrrrr",
	}
	if slices.ContainsFunc(v.lines, func(l line) bool { return l.Candidate != nil && l.Candidate.Levels != nil }) {
		t.head, t.alignment = append(t.head, "levels"), t.alignment+"l"
	}
	for _, l := range v.lines {
		s := l.Candidate
		if s == nil || s.N == 0 {
			continue
		}
		cells := []string{v.label(l), fmt.Sprint(s.Rows), missingCount(s)}
		for _, x := range fiveNumbers(s) {
			cells = append(cells, short(x))
		}
		if s.Levels != nil {
			cells = append(cells, distribution(s))
		}
		t.rows = append(t.rows, row{passing, cells})
	}
	if len(t.rows) == 0 {
		return nil
	}
	return &details{summary: "Distributions", keep: detail, blocks: []block{t}}
}
