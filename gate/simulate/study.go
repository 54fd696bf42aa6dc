package simulate

import (
	"fmt"
	"strings"
)

// A Study is what came of every cell.
type Study map[Cell]Rates

// NewStudy runs every cell with about so many draws: a fifth of it where a draw is slow, and half where what is measured is no
// error of a few per cent. Progress is told of each cell.
func NewStudy(seed uint64, draws int, progress func(Cell, Rates)) Study {
	s := Study{}
	for _, c := range cells() {
		if _, done := s[c]; done {
			continue
		}
		s[c] = c.Run(seed, max(c.draws(draws), 1), 0)
		progress(c, s[c])
	}
	return s
}

func (c Cell) draws(draws int) int {
	switch {
	case c.Loss > 0 || c.MaxLoss > 0:
		draws /= 2
	case c.Series > 6:
		draws /= 2
	}
	if !c.Paired && min(c.N[0], c.N[1]) >= 500 {
		draws /= 5
	}
	return draws
}

// like draws both sides from one population.
func like(m Mix, baseline, candidate int) Cell {
	return Cell{Baseline: m, Candidate: m, N: [2]int{baseline, candidate}, Series: 1}
}

// pairs are like, with the same samples on both sides.
func pairs(m Mix, n int) Cell {
	c := like(m, n, n)
	c.Paired, c.Correlation = true, 0.7
	return c
}

// with changes a copy of the cell.
func (c Cell) with(change func(*Cell)) Cell {
	change(&c)
	return c
}

func loss(x, maxLoss float64) func(*Cell) {
	return func(c *Cell) { c.Loss, c.MaxLoss = x, maxLoss }
}

func metrics(n int) func(*Cell) { return func(c *Cell) { c.Series = n } }

// groups of five.
func groups(c *Cell) { c.Cluster = 5 }

// exchangeable are the cells without pairs in which both sides come from one population, so that every failure is a false alarm.
func exchangeable() []Cell {
	return []Cell{
		like(high, 10, 10), like(high, 20, 20), like(high, 50, 50), like(high, 100, 100), like(high, 500, 500),
		like(mid, 20, 20), like(mid, 50, 50), like(ceiling, 20, 20), like(ceiling, 100, 100), like(boolean, 20, 20), like(boolean, 100, 100),
		like(high, 10, 100), like(high, 100, 10), like(ceiling, 10, 100), like(ceiling, 20, 200), like(ceiling, 50, 200),
		like(ceiling, 50, 500), like(ceiling, 200, 20), like(boolean, 20, 200),
		like(skewed, 200, 200), like(skewed, 500, 500), like(skewed, 20, 2500), like(skewed, 100, 2500), like(skewed, 2000, 10000),
	}
}

// unlike are populations with one mean and different spreads.
func unlike() []Cell {
	var out []Cell
	for _, n := range [][2]int{{5, 5}, {10, 10}, {50, 50}, {50, 200}} {
		out = append(out, Cell{Baseline: wide, Candidate: narrow, N: n, Series: 1})
	}
	return out
}

func exchangeablePairs() []Cell {
	return []Cell{
		pairs(high, 10), pairs(high, 20), pairs(high, 50), pairs(high, 100), pairs(high, 500),
		pairs(mid, 50), pairs(ceiling, 20), pairs(ceiling, 100), pairs(boolean, 50), pairs(boolean, 200),
	}
}

func clustered() []Cell {
	var out []Cell
	for _, n := range []int{50, 100, 250} {
		out = append(out, like(mid, n, n).with(groups), pairs(mid, n).with(groups))
	}
	return append(out, like(high, 100, 100).with(groups), pairs(high, 100).with(groups))
}

func families() []Cell {
	return []Cell{like(high, 100, 100).with(metrics(18)), pairs(high, 100).with(metrics(18)), pairs(ceiling, 50).with(metrics(18))}
}

// guarded are losses where the guard could cost power.
func guarded() []Cell {
	return []Cell{
		like(high, 20, 20).with(loss(0.15, 0)), like(high, 50, 50).with(loss(0.15, 0)), like(high, 100, 100).with(loss(0.15, 0)),
		like(high, 20, 20).with(loss(0.45, 0)), like(ceiling, 20, 20).with(loss(0.15, 0)), like(ceiling, 50, 50).with(loss(0.15, 0)),
	}
}

// The sizes that the tables of losses and of verdicts have.
var (
	sizes  = []int{20, 50, 100, 200}
	losses = []float64{0, 0.15, 0.30}
)

func cells() []Cell {
	out := append(exchangeable(), unlike()...)
	out = append(out, exchangeablePairs()...)
	out = append(out, clustered()...)
	out = append(out, families()...)
	out = append(out, guarded()...)
	for _, x := range losses {
		for _, n := range sizes {
			out = append(out, like(high, n, n).with(loss(x, 0.05)), pairs(high, n).with(loss(x, 0.05)),
				pairs(high, n).with(loss(x, 0.05)).with(metrics(6)), like(high, n, n).with(loss(x, 0.10)), pairs(high, n).with(loss(x, 0.10)))
		}
	}
	return out
}

// Markdown returns the tables of docs/statistics.md.
func (s Study) Markdown() string {
	var b strings.Builder
	section := func(title, head string) {
		rule := strings.Repeat("|--:", strings.Count(head, "|")-1)
		fmt.Fprintf(&b, "%s\n\n%s\n|:--%s|\n", title, head, strings.TrimPrefix(rule, "|--:"))
	}
	section("**False alarms, % of unchanged runs that are red: unpaired, `max-loss: 0`.** Welch alone is the test without its guard.",
		"| scores | baseline / candidate | draws | Welch alone | hubgate |")
	for _, c := range append(exchangeable(), unlike()...) {
		name := c.Baseline.Name
		if c.Baseline != c.Candidate {
			name = "equal means, " + c.Baseline.Name + " / " + c.Candidate.Name
		}
		fmt.Fprintf(&b, "| %s | %d / %d | %d | %s | %s |\n", name, c.N[0], c.N[1], s[c].Runs, percent(s[c].Plain), percent(s[c].Red))
	}
	section("\n**The same in pairs, in groups of five samples, and over many metrics.**", "| scores | samples a side | design | draws | hubgate |")
	for _, c := range append(append(exchangeablePairs(), clustered()...), families()...) {
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %s |\n", c.Baseline.Name, c.N[0], c.design(), s[c].Runs, percent(s[c].Red))
	}
	section("\n**What the guard costs: % of runs in which a true loss is found, unpaired, `max-loss: 0`.**",
		"| scores | baseline / candidate | true loss | draws | Welch alone | hubgate |")
	for _, c := range guarded() {
		fmt.Fprintf(&b, "| %s | %d / %d | %.2f | %d | %s | %s |\n", c.Baseline.Name, c.N[0], c.N[1], c.Loss, s[c].Runs, percent(s[c].Plain), percent(s[c].Red))
	}
	section("\n**% of runs that are red for a loss: *high* scores, `max-loss: 0.05`.** Of six metrics one has the loss.",
		"| true loss | samples a side | Welch alone | unpaired | pairs | pairs, that one of 6 metrics |")
	s.each(func(x float64, n int) {
		unpaired, paired := like(high, n, n).with(loss(x, 0.05)), pairs(high, n).with(loss(x, 0.05))
		six := paired.with(metrics(6))
		fmt.Fprintf(&b, "| %.2f | %d | %s | %s | %s | %s |\n", x, n,
			percent(s[unpaired].Plain), percent(s[unpaired].Red), percent(s[paired].Red), percent(s[six].Regressed))
	})
	section("\n**What is said of a metric, %: *high* scores, `max-loss: 0.10`, the default of this scale.** Regressed, held, inconclusive.",
		"| true loss | samples a side | unpaired | pairs |")
	s.each(func(x float64, n int) {
		fmt.Fprintf(&b, "| %.2f | %d | %s | %s |\n", x, n,
			s[like(high, n, n).with(loss(x, 0.10))].outcomes(), s[pairs(high, n).with(loss(x, 0.10))].outcomes())
	})
	return b.String()
}

// each goes through the lines of the tables by loss and size.
func (s Study) each(do func(loss float64, n int)) {
	for _, x := range losses {
		for _, n := range sizes {
			do(x, n)
		}
	}
}

func (c Cell) design() string {
	var words []string
	if c.Series > 1 {
		words = append(words, fmt.Sprintf("%d metrics", c.Series))
	}
	if c.Cluster > 0 {
		words = append(words, fmt.Sprintf("%d groups", c.N[0]/c.Cluster))
	}
	if c.Paired {
		return strings.Join(append(words, "pairs"), ", ")
	}
	return strings.Join(append(words, "unpaired"), ", ")
}

func (r Rates) outcomes() string {
	return fmt.Sprintf("%.0f · %.0f · %.0f", 100*r.Regressed, 100*r.Held, 100*r.Inconclusive)
}

func percent(share float64) string { return fmt.Sprintf("%.1f", 100*share) }
