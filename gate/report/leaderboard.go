package report

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// A board is a leaderboard as pages show it.
type board struct {
	ink
	*gate.Leaderboard
}

// level names the intervals: "90 % CI".
func (b *board) level() string { return hundredths(1-2*b.Policy.Alpha) + " CI" }

// headline counts what was found, without a name that came from outside.
func (b *board) headline() string {
	models := map[string]bool{}
	datasets := map[string]bool{}
	for _, s := range b.Sets {
		models[s.Model] = true
		datasets[s.Dataset] = true
	}
	said := fmt.Sprintf("%s in %s, %s.", count(len(models), "model", "models"), count(len(datasets), "dataset", "datasets"),
		count(len(b.Rankings), "ranking", "rankings"))
	if n := len(b.Skipped); n > 0 {
		said += fmt.Sprintf(" %s could not be used.", count(n, "more dataset", "more datasets"))
	}
	return said
}

// where names the namespace and its Hub.
func (b *board) where() string { return b.name(b.Namespace) + " on " + b.name(b.Hub) }

// title names a ranking by its task and metric.
func (b *board) title(r *gate.Ranking) string {
	if r.Task == "" {
		return b.name(r.Metric)
	}
	return b.name(r.Task) + " " + b.name(r.Metric)
}

// terms say which way is better, and by what the ranked models were judged.
func (b *board) terms(r *gate.Ranking) string {
	var parts []string
	switch r.Direction {
	case gate.Higher:
		parts = append(parts, "higher is better")
	case gate.Lower:
		parts = append(parts, "lower is better")
	}
	if r.Scale != nil {
		parts = append(parts, "scale "+scaleName(*r.Scale))
	}
	switch {
	case r.Fingerprint != "":
		parts = append(parts, "judged by configuration "+b.span(shortConfig(r.Fingerprint), nameLength))
	case b.ranked(r) > 1:
		parts = append(parts, "judge and rubric: not checked")
	}
	return strings.Join(parts, "; ")
}

func (b *board) ranked(r *gate.Ranking) int {
	n := 0
	for _, p := range r.Places {
		if p.Standing == gate.Ranked {
			n++
		}
	}
	return n
}

// shortConfig shows the first digits of a fingerprint.
func shortConfig(fingerprint string) string {
	return shortID(strings.TrimPrefix(fingerprint, "sha256:"))
}

// model names a place by its model, and by its dataset too where that does not tell.
func (b *board) model(r *gate.Ranking, p *gate.Place) string {
	same := 0
	for i := range r.Places {
		if r.Places[i].Model == p.Model {
			same++
		}
	}
	if same == 1 {
		return b.name(p.Model)
	}
	return b.name(p.Model) + " of " + b.name(p.Dataset)
}

// rankCell writes the bounds of a rank: "1", "2–4".
func rankCell(p *gate.Place) string {
	switch {
	case p.Standing != gate.Ranked:
		return "–"
	case p.First == p.Last:
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d–%d", p.First, p.Last)
}

// standingSaid says why a place is not ranked; nothing where it is.
func standingSaid(s gate.Standing) string {
	switch s {
	case gate.Ranked:
		return ""
	case gate.OtherConfig:
		return "judged by another configuration"
	case gate.Unconfigured:
		return "not known to be judged alike"
	case gate.OtherScale:
		return "on another scale"
	case gate.Undirected:
		return "not known which way is better"
	}
	return "no usable score"
}

// unit is what a ranking's numbers are rounded by: two digits of the narrowest interval of a ranked model are shown.
func unit(r *gate.Ranking) float64 {
	narrowest, largest := math.Inf(1), 0.0
	for _, p := range r.Places {
		if p.N > 0 {
			largest = max(largest, math.Abs(p.Mean))
		}
		if p.Interval && p.Hi > p.Lo && p.Standing == r.Places[0].Standing {
			narrowest = min(narrowest, p.Hi-p.Lo)
		}
	}
	if math.IsInf(narrowest, 1) {
		return largest / 10
	}
	return narrowest
}

func meanOf(p *gate.Place, unit float64) string {
	if p.N == 0 {
		return "–"
	}
	return gate.FormatNumber(p.Mean, unit)
}

func intervalOf(p *gate.Place, unit float64) string {
	if p.N == 0 || !p.Interval {
		return ""
	}
	return "[" + gate.FormatNumber(p.Lo, unit) + ", " + gate.FormatNumber(p.Hi, unit) + "]"
}

// gapCells write a difference and its interval.
func gapCells(c *gate.Contrast, unit float64) (difference, interval string) {
	if c == nil {
		return "", ""
	}
	if c.Lo < c.Hi {
		interval = "[" + gate.FormatSigned(c.Lo, unit) + ", " + gate.FormatSigned(c.Hi, unit) + "]"
	}
	return gate.FormatSigned(c.Diff, unit), interval
}

// pOf writes the p-value of a contrast where it tells two models apart, and "~" where it does not.
func pOf(c *gate.Contrast) string {
	switch {
	case c == nil:
		return ""
	case !c.Apart:
		return "~"
	}
	return gate.FormatP(c.PAdjusted)
}

// method says how ranks are to be read.
func (b *board) method() string {
	correction := "without a correction for their number"
	if b.Policy.Correction == gate.Holm {
		correction = "after Holm over all pairs of the table in both directions"
	}
	return fmt.Sprintf("A rank of 2–4 means that one model is shown to be better and that all but four are shown to be worse: by Welch's t-test, one-sided, "+
		"alpha %s, %s. \"~\" means not told apart. Intervals are not corrected. Samples count as independent, which is cautious "+
		"where models answered the same questions.", significant(b.Policy.Alpha, 4), correction)
}

// absent names the models that a ranking lacks.
func (b *board) absent(r *gate.Ranking) string {
	if len(r.Absent) == 0 {
		return ""
	}
	names := make([]string, len(r.Absent))
	for i, m := range r.Absent {
		names[i] = b.name(m)
	}
	return "Not measured on this: " + some(names) + "."
}

// unranked says of every place that is not ranked why, a line for each reason.
func (b *board) unranked(r *gate.Ranking) []string {
	var out, names []string
	for i := range r.Places {
		p := &r.Places[i]
		if p.Standing == gate.Ranked {
			continue
		}
		names = append(names, b.model(r, p))
		if i+1 == len(r.Places) || r.Places[i+1].Standing != p.Standing {
			out = append(out, "Not ranked, "+standingSaid(p.Standing)+": "+some(names)+".")
			names = nil
		}
	}
	return out
}

// some names the first few of many.
func some(names []string) string {
	const most = 10
	said := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return said
}

// warnings are what concerns whole datasets: those that were not used, and what reading the others gave.
func (b *board) warnings() []string {
	var out []string
	for _, s := range b.Skipped {
		out = append(out, b.name(s.Dataset)+" is not used: "+b.span(s.Reason, saidLength))
	}
	said := map[string]bool{}
	for _, s := range b.Sets {
		for _, w := range s.Warnings {
			if line := b.name(s.Dataset) + ": " + b.span(w, saidLength); !said[line] {
				said[line] = true
				out = append(out, line)
			}
		}
	}
	return out
}

// LeaderboardText renders a leaderboard for a terminal, under the same promises as [Text].
func LeaderboardText(l gate.Leaderboard, o TextOptions) string {
	o.Width = max(cmp.Or(o.Width, defaultWidth), leastWidth)
	b := &board{plainInk(), &l}
	t := &terminal{view: &view{ink: b.ink}, TextOptions: o}
	t.paragraph(paint("LEADERBOARD", bold, o.Color), "LEADERBOARD", "  ", b.where(), bold)
	t.wrap("", b.headline(), dim)
	t.blank()
	for i := range l.Rankings {
		r := &l.Rankings[i]
		t.wrap("", b.title(r), bold)
		if terms := b.terms(r); terms != "" {
			t.wrap("", terms, dim)
		}
		b.grid(r).write(&t.b, o.Width, o.Color)
		for _, line := range append(b.unranked(r), b.absent(r)) {
			if line != "" {
				t.wrap("", line, dim)
			}
		}
		for _, w := range r.Warnings {
			t.wrap("warning: ", w, yellow)
		}
		t.blank()
	}
	all := b.warnings()
	for _, w := range all {
		t.wrap("warning: ", w, yellow)
	}
	if len(all) > 0 {
		t.blank()
	}
	t.wrap("", b.method(), dim)
	t.closingFiles()
	return t.b.String()
}

// closingFiles says where the pages are.
func (t *terminal) closingFiles() {
	if len(t.Files) == 0 {
		return
	}
	names := make([]string, len(t.Files))
	for i, f := range t.Files {
		names[i] = t.span(f, saidLength)
	}
	t.wrap("report: ", strings.Join(names, ", "), dim)
}

// grid is the table of a ranking.
func (b *board) grid(r *gate.Ranking) *grid {
	g := &grid{columns: []column{
		{head: "rank"}, {head: "model", kind: nameColumn}, {head: "mean", right: true}, {head: b.level(), kind: boundsColumn},
		{head: "to the first", right: true, kind: numberColumn}, {head: b.level(), kind: detailColumn}, {head: "p", right: true},
		{head: "p to above", right: true, kind: detailColumn}, {head: "n", right: true}, {head: "missing", right: true, kind: numberColumn},
	}}
	u := unit(r)
	for i := range r.Places {
		p := &r.Places[i]
		difference, interval := gapCells(p.Best, u)
		hue := ""
		switch {
		case p.Standing != gate.Ranked:
			hue = dim
		case p.First == 1:
			hue = green
		}
		for _, text := range []string{
			rankCell(p), b.model(r, p), meanOf(p, u), intervalOf(p, u), difference, interval, pOf(p.Best), pOf(p.Above),
			fmt.Sprint(p.N), missingOf(p),
		} {
			g.add1(cell{text, hue})
		}
	}
	return g
}

// missingOf counts what is missing; nothing where nothing is.
func missingOf(p *gate.Place) string {
	if p.Missing == 0 {
		return ""
	}
	return fmt.Sprint(p.Missing)
}
