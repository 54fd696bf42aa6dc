package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
)

// HistoryText renders the runs recorded in a dataset, as they come, for a terminal: when and of which commit, what was
// decided, what became of it, and mean ± standard error of every metric. It makes the promises of [Text].
func HistoryText(dataset string, runs []gate.RecordedRun, o TextOptions) string {
	o.Width = max(cmp.Or(o.Width, defaultWidth), leastWidth)
	t := &terminal{view: &view{ink: plainInk()}, TextOptions: o}
	t.paragraph(paint("HISTORY", bold, o.Color), "HISTORY", "  ", t.name(dataset)+", "+count(len(runs), "recorded run", "recorded runs"), bold)
	if len(runs) == 0 {
		t.wrap("", "Nothing is recorded: no run was published to it by hubgate.", dim)
		return t.b.String()
	}
	t.blank()
	shown := runs[:min(len(runs), textRows)]
	t.historyGrid(shown).write(&t.b, o.Width, o.Color)
	if more := len(runs) - len(shown); more > 0 {
		t.wrap("", fmt.Sprintf("… and %s: history/runs.parquet has all.", count(more, "earlier run", "earlier runs")), dim)
	}
	t.acceptances(shown)
	return t.b.String()
}

// historyGrid is the table of the runs. What is too wide goes on below, under the run again.
func (t *terminal) historyGrid(runs []gate.RecordedRun) *grid {
	series := seriesOf(runs)
	g := &grid{wraps: true, columns: []column{{head: "run", kind: nameColumn}, {head: "UTC"}, {head: "decision"}, {head: "became"}, {head: "note"}}}
	for _, s := range series {
		g.columns = append(g.columns, column{head: strings.TrimSpace(fitName(t.historyHead(s), shortMetric)), right: true})
	}
	for i := range runs {
		r := &runs[i]
		g.add(cell{text: t.runName(r)}, cell{text: r.Time.UTC().Format("15:04")}, cell{r.Decision.String(), decisionHue(r.Decision)}, cell{text: became(r)}, cell{text: exception(r)})
		for _, s := range series {
			g.add1(cell{text: scoredCell(r, s)})
		}
	}
	g.dropEmpty()
	return g
}

// shortMetric is the longest head of a column, which must leave room for the run in the narrowest terminal.
const shortMetric = 18

func (t *terminal) historyHead(s gate.Series) string {
	if s.Task == "" {
		return t.name(s.Metric)
	}
	return t.name(s.Task) + " " + t.name(s.Metric)
}

// seriesOf returns every task and metric of the runs, sorted.
func seriesOf(runs []gate.RecordedRun) []gate.Series {
	var out []gate.Series
	for _, r := range runs {
		for _, m := range r.Metrics {
			s := gate.Series{Metric: m.Metric}
			s.Task = m.Task
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b gate.Series) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.Metric, b.Metric))
	})
	return slices.Compact(out)
}

// runName names a run by its day and commit.
func (t *terminal) runName(r *gate.RecordedRun) string {
	day := r.Time.UTC().Format(time.DateOnly)
	if r.GitSHA == "" {
		return day
	}
	return day + " " + cut(t.commit(r.GitSHA), len("9f8e7d6"))
}

func decisionHue(d gate.Decision) string {
	switch d {
	case gate.Fail:
		return red
	case gate.Pass:
		return green
	}
	return yellow
}

// became says what a run is in its dataset.
func became(r *gate.RecordedRun) string {
	switch {
	case r.Current:
		return "baseline, now"
	case r.Baseline:
		return "baseline"
	case r.Replicate:
		return "replicate"
	}
	return "–"
}

// exception says why a decision did not count as usual.
func exception(r *gate.RecordedRun) string {
	var parts []string
	if r.ReportOnly {
		parts = append(parts, "report only")
	}
	if r.AcceptedBy != "" {
		parts = append(parts, "accepted")
	}
	return strings.Join(parts, ", ")
}

// scoredCell writes what a run scored on one task and metric: "2.41 ± 0.07, n 100".
func scoredCell(r *gate.RecordedRun, s gate.Series) string {
	i := slices.IndexFunc(r.Metrics, func(m gate.RecordedMetric) bool { return m.Task == s.Task && m.Metric == s.Metric })
	if i < 0 || r.Metrics[i].Mean == nil {
		return "–"
	}
	m := r.Metrics[i]
	n := fmt.Sprintf(", n %d", m.N)
	if m.SD == nil || m.N < 2 {
		return gate.FormatNumber(*m.Mean, math.Abs(*m.Mean)/10) + n
	}
	se := *m.SD / math.Sqrt(float64(m.N))
	unit := cmp.Or(se, math.Abs(*m.Mean)/10)
	return gate.FormatNumber(*m.Mean, unit) + " ± " + gate.FormatNumber(se, unit) + n
}

// acceptances say who let a run pass that failed, and why.
func (t *terminal) acceptances(runs []gate.RecordedRun) {
	first := true
	for i := range runs {
		r := &runs[i]
		if r.AcceptedBy == "" {
			continue
		}
		if first {
			t.blank()
			first = false
		}
		said := t.runName(r) + " was accepted by " + t.name(r.AcceptedBy)
		if r.AcceptedWhy != "" {
			said += ": " + t.span(r.AcceptedWhy, saidLength)
		}
		t.wrap("● ", strings.TrimSpace(said), yellow)
	}
}
