package report

import (
	"fmt"
	"slices"
	"strings"
)

// warningsSection lists what did not prevent the analysis and may explain it, save what is shown already.
func (v *view) warningsSection(shown []Remark) *details {
	const most = 30
	all := slices.DeleteFunc(v.caveats(), func(c *caveat) bool {
		return slices.ContainsFunc(shown, func(r Remark) bool { return c.text == v.span(r.String(), saidLength) })
	})
	if len(all) == 0 {
		return nil
	}
	items := list{}
	for _, w := range all[:min(len(all), most)] {
		items = append(items, w.said())
	}
	if len(all) > most {
		items = append(items, fmt.Sprintf("%d more in report.json.", len(all)-most))
	}
	return &details{summary: count(len(all), "warning", "warnings"), keep: detail, blocks: []block{items}}
}

// A caveat is a warning with what it is about; nothing for the whole report.
type caveat struct {
	text  string
	about []string
}

// said is the caveat in one line, with the first few things it is about.
func (c *caveat) said() string {
	if len(c.about) == 0 {
		return c.text
	}
	s := strings.Join(c.about[:min(len(c.about), mostSaid)], ", ")
	if more := len(c.about) - mostSaid; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s + ": " + c.text
}

// caveats returns every warning once, in the report's order.
func (v *view) caveats() []*caveat {
	var all []*caveat
	byText := map[string]*caveat{}
	add := func(about, text string) {
		c := byText[text]
		if c == nil {
			c = &caveat{text: v.span(text, saidLength)}
			byText[text] = c
			all = append(all, c)
		}
		if about != "" {
			c.about = append(c.about, about)
		}
	}
	for _, w := range v.report.Warnings {
		add("", w)
	}
	for _, m := range v.report.Models {
		for _, w := range m.Warnings {
			add(v.name(m.Model), w)
		}
	}
	for _, l := range v.lines {
		for _, w := range l.Warnings {
			add(v.named(l), w)
		}
	}
	return all
}
