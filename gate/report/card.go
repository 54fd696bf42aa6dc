package report

import (
	"fmt"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// Card renders the part of a results dataset's card that is about the run: what it scored, how to load it, and how
// it is judged. repo is the dataset's OWNER/NAME. A run that compared nothing has a card all the same.
func Card(m gate.ModelReport, repo string) string {
	r := gate.Report{Models: []gate.ModelReport{m}}
	v := newView(&r, markdownInk())
	t := &table{head: []string{"metric", "mean", "standard error", "SD", "n", "missing", "levels"}, alignment: "lccccll"}
	for _, l := range v.lines {
		s := l.Candidate
		if s == nil || s.N == 0 {
			continue
		}
		cells := summaryCells(s)
		levels := ""
		if s.Levels != nil {
			levels = distribution(s)
		}
		t.rows = append(t.rows, row{passing, []string{
			v.label(l), cells.mean, cells.se, cells.sd, fmt.Sprint(s.N), missingCount(s), levels,
		}})
	}
	d := document{blocks: []block{
		paragraph("## Evaluation of " + v.name(m.Model)),
		t,
		paragraph("## How to load it"),
		paragraph("```python\n" + strings.Join([]string{
			"from datasets import load_dataset",
			fmt.Sprintf("baseline = load_dataset(%q, split=\"test\")            # the scores of the current baseline, a row per sample", repo),
			fmt.Sprintf("history = load_dataset(%q, \"history\", split=\"test\")  # a row per recorded run, task and metric", repo),
			fmt.Sprintf("runs = load_dataset(%q, \"runs\", split=\"test\")        # the scores of every recorded run, failed ones too", repo),
		}, "\n") + "\n```"),
		paragraph("## How it is judged"),
		paragraph("[hubgate](https://github.com/hubgate/hubgate) compares each new run with the baseline, sample by sample where it can, and records it " +
			"here. A run becomes the baseline unless something about it failed; missing scores are counted, and never replaced by a number."),
	}}
	return d.String()
}
