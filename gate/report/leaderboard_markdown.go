package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
)

// LeaderboardMarkdown renders leaderboard.md: a table per task and metric, where the numbers come from, and what could not be
// used. All text from outside is inert. The same leaderboard gives the same bytes.
func LeaderboardMarkdown(l gate.Leaderboard, version string) string {
	b := &board{markdownInk(), &l}
	d := &document{blocks: []block{paragraph("# Leaderboard of " + b.where()), paragraph(b.headline())}}
	for i := range l.Rankings {
		d.blocks = append(d.blocks, b.section(&l.Rankings[i])...)
	}
	d.blocks = append(d.blocks, b.sources()...)
	if all := b.warnings(); len(all) > 0 {
		d.blocks = append(d.blocks, paragraph("## Warnings"), list(all))
	}
	d.blocks = append(d.blocks, paragraph("## How to read this"), paragraph(b.method()), footer{strings.TrimSpace("hubgate " + version)})
	return d.String()
}

// section is one ranking.
func (b *board) section(r *gate.Ranking) []block {
	t := &table{
		head:      []string{"rank", "model", "mean, " + b.level(), "to the first, " + b.level(), "p", "p to the one above", "n", "missing", "not ranked"},
		alignment: "llcccccrl",
	}
	u := unit(r)
	for i := range r.Places {
		p := &r.Places[i]
		difference, interval := gapCells(p.Best, u)
		model := b.model(r, p)
		if p.Standing == gate.Ranked && p.First == 1 {
			model = b.strong(model)
		}
		t.rows = append(t.rows, row{passing, []string{
			rankCell(p), model, pair(meanOf(p, u), intervalOf(p, u)), pair(difference, interval), solid(pOf(p.Best)), solid(pOf(p.Above)),
			fmt.Sprint(p.N), missingOf(p), standingSaid(p.Standing),
		}})
	}
	t.compact()
	blocks := []block{paragraph("## " + b.title(r))}
	if terms := b.terms(r); terms != "" {
		blocks = append(blocks, paragraph(strings.ToUpper(terms[:1])+terms[1:]+"."))
	}
	blocks = append(blocks, t)
	if a := b.absent(r); a != "" {
		blocks = append(blocks, paragraph(a))
	}
	if len(r.Warnings) > 0 {
		blocks = append(blocks, list(r.Warnings))
	}
	return blocks
}

// pair keeps a number and its interval on one line.
func pair(number, interval string) string { return solid(strings.TrimSpace(number + " " + interval)) }

// sources say where every model's numbers come from.
func (b *board) sources() []block {
	if len(b.Sets) == 0 {
		return nil
	}
	t := &table{head: []string{"dataset", "model", "of", "commit of the code", "configuration", "read from"}, alignment: "llllll"}
	for i := range b.Sets {
		s := &b.Sets[i]
		p := s.Provenance
		cells := []string{b.link(b.name(s.Dataset), b.datasetURL(s.Dataset)), b.name(s.Model), "", "", "not known", "scores of another tool"}
		if !p.Created.IsZero() {
			cells[2] = p.Created.UTC().Format(time.DateOnly)
		}
		if p.GitSHA != "" {
			cells[3] = b.commit(p.GitSHA)
		}
		if f := p.EvalConfig.Fingerprint(); f != "" {
			cells[4] = b.span(shortConfig(f), nameLength)
		}
		if s.Recorded {
			cells[5] = "hubgate's history"
		}
		cells[5] += ", commit " + b.commit(p.Commit)
		t.rows = append(t.rows, row{passing, cells})
	}
	t.compact()
	return []block{paragraph("## Where it comes from"), t}
}

// datasetURL returns the page of a dataset; what makes no address is no link.
func (b *board) datasetURL(dataset string) string {
	if !strings.Contains(b.Hub, "://") {
		return ""
	}
	return b.Hub + "/datasets/" + dataset
}
