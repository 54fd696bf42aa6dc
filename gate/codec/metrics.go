package codec

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/hubgate/hubgate/gate/score"
)

// What the LLM Engineer's Handbook has its judge mark, on a scale that nothing but the prompt enforces.
var (
	handbookMetrics = []string{"accuracy", "style"}
	handbookScale   = score.Scale{Min: 1, Max: 3}
)

// maxLevels is how many distinct whole numbers still look like marks: 0 to 10.
const maxLevels = 11

// decide keeps the columns that are metrics, holds their scores against the scales, and says what is missing.
func (s *Scores) decide(tables []*score.Table, st *readState, o *Options) error {
	columns := gather(tables)
	taken := s.choose(columns, st, o)
	file, _ := tables[0].Source(0)
	if len(taken) == 0 {
		return st.noMetric(file, columns)
	}
	usable := false
	for _, t := range tables {
		var columns []score.Column
		for _, m := range taken {
			if c := t.Column(m); c != nil {
				col := s.onScale(t, *c, st, o)
				columns = append(columns, col)
				usable = usable || col.Causes == nil || slices.Contains(col.Causes, score.Scored)
			}
		}
		s.Tables = append(s.Tables, t.WithColumns(columns))
	}
	s.missing(taken, st)
	if !usable {
		return s.noScore(file, taken, st, o)
	}
	return nil
}

// choose returns the columns that are metrics, and says which are and which are not.
func (s *Scores) choose(columns []*candidate, st *readState, o *Options) []string {
	var taken, left []string
	s.Metrics = map[string]Fact{}
	for _, c := range columns {
		switch {
		case c.isMetric(st, o):
			taken = append(taken, c.name)
			s.Metrics[c.name] = fact(c.name, st)
		case c.numeric():
			left = append(left, c.name)
		case len(o.Metrics) == 0 && !st.handbook && isScoreName(c.name):
			s.Warnings = append(s.Warnings, fmt.Sprintf("column %q is not taken: it holds text%s", c.name, st.example(c.name, score.Text)))
		}
	}
	for _, alike := range group(taken, s.describe) {
		noun := "metric "
		if len(alike) > 1 {
			noun = "metrics "
		}
		s.Log = append(s.Log, noun+strings.Join(alike, ", ")+s.describe(alike[0]))
	}
	if len(left) > 0 {
		s.Log = append(s.Log, "not taken as metrics: "+list(left)+"; to take them, name them in input metrics")
	}
	if len(st.described) > 0 {
		s.Log = append(s.Log, "by their names no metrics: "+list(sortedKeys(st.described)))
	}
	return taken
}

// describe says what is known of a metric.
func (s *Scores) describe(metric string) string {
	f := s.Metrics[metric]
	out := ""
	if f.Path != "" && f.Path != metric {
		out = " from " + f.Path
	}
	switch {
	case f.Scale != nil:
		out += fmt.Sprintf(": on a scale of %g to %g", f.Scale.Min, f.Scale.Max)
	case f.Cost:
		out += ": advisory and lower is better, by name"
	}
	return out
}

func fact(metric string, st *readState) Fact {
	f := Fact{Path: st.sources[metric]}
	if st.handbook && slices.Contains(handbookMetrics, metric) {
		scale := handbookScale
		f.Scale = &scale
	} else {
		f.Cost = isCost(metric)
	}
	return f
}

// scale returns the scale of a metric: the one declared, else the one known by format.
func (s *Scores) scale(metric string, o *Options) (score.Scale, bool) {
	if o.Scale != nil {
		if scale, ok := o.Scale(metric); ok {
			return scale, true
		}
	}
	if f := s.Metrics[metric]; f.Scale != nil {
		return *f.Scale, true
	}
	return score.Scale{}, false
}

// onScale marks the scores that lie outside the scale of their metric as missing.
func (s *Scores) onScale(t *score.Table, c score.Column, st *readState, o *Options) score.Column {
	scale, ok := s.scale(c.Metric, o)
	if !ok {
		return c
	}
	copied := false
	for i, v := range c.Values {
		if !c.Scored(i) || scale.Contains(v) {
			continue
		}
		if !copied {
			copied = true
			c.Values = slices.Clone(c.Values)
			if c.Causes = slices.Clone(c.Causes); c.Causes == nil {
				c.Causes = make([]score.Cause, len(c.Values))
			}
		}
		c.Values[i], c.Causes[i] = 0, score.OffScale
		if !st.noted(c.Metric, score.OffScale) {
			file, row := t.Source(i)
			st.notes[c.Metric] = append(st.notes[c.Metric], note{file: file, row: row, cause: score.OffScale, found: fmt.Sprintf("%g", v)})
		}
	}
	return c
}

// A candidate is a column that may be a metric, over all tables.
type candidate struct {
	name    string
	columns []*score.Column
	scored  int
	texts   int // values that are there and no numbers
}

func gather(tables []*score.Table) []*candidate {
	byName := map[string]*candidate{}
	for _, t := range tables {
		columns := t.Columns()
		for i := range columns {
			c := &columns[i]
			k := byName[c.Metric]
			if k == nil {
				k = &candidate{name: c.Metric}
				byName[c.Metric] = k
			}
			missing := c.Missing()
			k.columns = append(k.columns, c)
			k.scored += len(c.Values)
			for cause, n := range missing {
				k.scored -= n
				if cause == score.Text {
					k.texts += n
				}
			}
		}
	}
	out := make([]*candidate, 0, len(byName))
	for _, name := range sortedKeys(byName) {
		out = append(out, byName[name])
	}
	return out
}

// numeric reports whether at least half of what stands in the column is numbers.
func (c *candidate) numeric() bool { return c.scored > 0 && c.scored >= c.texts }

func (c *candidate) isMetric(st *readState, o *Options) bool {
	if len(o.Metrics) > 0 {
		return slices.ContainsFunc(o.Metrics, func(m Metric) bool { return m.Matches(c.name) })
	}
	if st.named[c.name] { // by long form, or by a table that hubgate wrote
		return true
	}
	if st.handbook {
		return slices.Contains(handbookMetrics, c.name) || st.sources[c.name] == "evaluation."+c.name+".score" && c.numeric()
	}
	if isCost(c.name) {
		return c.numeric()
	}
	if isScoreName(c.name) {
		return c.numeric() || c.texts == 0
	}
	return c.numeric() && !c.counts() && (c.within01() || c.levels() <= maxLevels)
}

// each calls f with every score until it returns false.
func (c *candidate) each(f func(row int, v float64) bool) bool {
	for _, col := range c.columns {
		for i, v := range col.Values {
			if col.Scored(i) && !f(i, v) {
				return false
			}
		}
	}
	return true
}

func (c *candidate) within01() bool {
	return c.each(func(_ int, v float64) bool { return v >= 0 && v <= 1 })
}

// levels counts distinct whole numbers. It is more than maxLevels where there is anything else.
func (c *candidate) levels() int {
	seen := map[float64]bool{}
	if !c.each(func(_ int, v float64) bool {
		seen[v] = true
		return v == math.Trunc(v) && len(seen) <= maxLevels
	}) {
		return maxLevels + 1
	}
	return len(seen)
}

// counts reports whether the column numbers its rows, from 0 or 1.
func (c *candidate) counts() bool {
	const few = 5 // rows, of which marks may happen to count
	for _, col := range c.columns {
		if len(col.Values) < few || col.Causes != nil {
			return false
		}
		first := col.Values[0]
		for i, v := range col.Values {
			if first != 0 && first != 1 || v != first+float64(i) {
				return false
			}
		}
	}
	return true
}

// words splits a name at what parts words in names, and at capitals.
func words(name string) []string {
	var b strings.Builder
	last := rune(0)
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(' ')
		}
		last = r
	}
	return strings.Fields(b.String())
}

// costWords mean time, money, tokens or length.
var costWords = []string{"time", "times", "latency", "duration", "elapsed", "runtime", "seconds", "secs", "sec", "ms", "millis", "milliseconds",
	"cost", "costs", "price", "usd", "dollars", "token", "tokens", "length", "len", "chars", "characters", "words"}

// isCost reports whether a metric's name means time, cost, tokens or length.
func isCost(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(costWords, w) })
}

// isScoreName reports whether a metric has a well-known name, or one that ends in such.
func isScoreName(name string) bool {
	w := words(name)
	for i := range w {
		if slices.Contains(scoreNames, strings.Join(w[i:], "_")) {
			return true
		}
	}
	return false
}
