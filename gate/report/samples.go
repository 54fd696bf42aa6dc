package report

import (
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// shownSamples is the number of samples that a page shows: what one person reads and argues about.
const shownSamples = 10

// A move is a sample of a line whose score changed.
type move struct {
	line
	gate.Move
}

// Moves returns the samples that a page of the report shows, and of which it looks for texts.
func Moves(r gate.Report) []gate.Move {
	var out []gate.Move
	for _, m := range newView(&r, plainInk()).moves() {
		out = append(out, m.Move)
	}
	return out
}

// samplesSection shows the samples that moved most, those of the worst findings first.
func (v *view) samplesSection(p *Page) *details {
	moves := v.moves()
	if p.Samples == NoSamples || len(moves) == 0 {
		return nil
	}
	d := &details{summary: "What changed most: " + count(len(moves), "sample", "samples"), keep: samples}
	if p.Samples == SampleIDs {
		d.blocks = []block{v.sampleIDs(moves)}
		return d
	}
	d.brief = func() []block { return []block{v.sampleIDs(moves)} }
	var items list
	for _, m := range moves {
		items = append(items, v.sampleLines(m, p.Texts)...)
	}
	d.blocks = []block{items}
	return d
}

// moves are the samples that are shown: those of findings that passed only where others leave room.
func (v *view) moves() []move {
	of := func(passed bool) []move {
		return movesOf(v.with(func(l line) bool {
			return l.moved() && l.compared() && len(l.MostMoved) > 0 && (l.Decision == gate.Pass) == passed
		}))
	}
	all := append(of(false), of(true)...)
	return all[:min(len(all), shownSamples)]
}

// movesOf orders the samples of some findings. None takes the room of all others while there are others.
func movesOf(lines []line) []move {
	var first, rest []move
	share := shownSamples
	if len(lines) > 1 {
		share = shownSamples / 2
	}
	for _, l := range lines {
		for i, m := range l.MostMoved {
			if i < share {
				first = append(first, move{l, m})
			} else {
				rest = append(rest, move{l, m})
			}
		}
	}
	return append(first, rest...)
}

// sampleLines are a sample in a list: its scores and input, and below these what was answered before and now, and what a judge
// said of it. On a narrow screen that reads better than a row of a table.
func (v *view) sampleLines(m move, texts map[Place]SampleText) list {
	is, was := texts[Place{m.File, m.Row}], texts[Place{m.BaseFile, m.BaseRow}]
	input := is.Input
	if input == "" {
		input = was.Input
	}
	head := v.label(m.line) + " " + scores(m.Move) + ": "
	if input == "" {
		head += v.name(m.ID)
	} else {
		head += v.span(input, textLength)
	}
	lines := list{head}
	for _, side := range []struct {
		name string
		text SampleText
	}{{"was", was}, {"is", is}} {
		var parts []string
		if side.text.Answer != "" {
			parts = append(parts, v.span(side.text.Answer, textLength))
		}
		if said := side.text.about(m.Metric); said != "" {
			parts = append(parts, "judge: "+v.span(said, textLength))
		}
		if len(parts) > 0 {
			lines = append(lines, nested+side.name+": "+strings.Join(parts, " · "))
		}
	}
	return lines
}

// about returns what was said about one metric: of an explanation that has a line "metric: …" for each, that line's rest.
func (t SampleText) about(metric string) string {
	for line := range strings.Lines(t.Explanation) {
		if rest, ok := strings.CutPrefix(line, metric+": "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return t.Explanation
}

func (v *view) sampleIDs(moves []move) *table {
	t := &table{head: []string{"sample", v.labelHead(), "was → is"}, alignment: "llc"}
	for _, m := range moves {
		t.rows = append(t.rows, row{sample, []string{v.name(m.ID), v.label(m.line), scores(m.Move)}})
	}
	return t
}

func scores(m gate.Move) string {
	return short(m.Was) + " → " + short(m.Is)
}
