package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hubgate/hubgate/gate/score"
)

// addMetric makes a slot one of the places a metric is read from. A plain column counts before a path inside one.
func (a *assembler) addMetric(i int) {
	name := a.metricOf(a.slots[i].name)
	if name == "" {
		name = metricName(a.slots[i].name)
	}
	k := slices.IndexFunc(a.metrics, func(m metricColumn) bool { return m.name == name })
	if k < 0 {
		a.metrics = append(a.metrics, metricColumn{name: name, slots: []int{i}})
		return
	}
	m := &a.metrics[k]
	if a.slots[i].name == name {
		m.slots = slices.Insert(m.slots, 0, i)
	} else {
		m.slots = append(m.slots, i)
	}
}

// values returns the current row's scores: of every column that may turn out to be a metric.
func (a *assembler) values(row int) []score.Value {
	a.scores = a.scores[:0]
	for k := range a.metrics {
		m := &a.metrics[k]
		first, v := -1, score.Value{}
		for _, i := range m.slots {
			s := &a.slots[i]
			if s.row != a.gen || s.cell.kind == absent {
				continue
			}
			num, cause := s.cell.num, score.Scored
			if s.cell.kind != boolean && (s.cell.kind != number || num-num != 0) {
				if s.deep && len(a.o.Metrics) == 0 && isObject(s.cell) {
					continue // what counts are the scores inside
				}
				num, cause = scoreOf(s.cell)
			}
			if first < 0 {
				first, v = i, score.Value{Metric: m.name, Score: num, Cause: cause}
				if cause != score.Scored {
					a.note(m.name, row, s.cell, cause)
				}
			} else if cause != v.Cause || cause == score.Scored && num != v.Score {
				a.disagree(m.name, first, i, row)
			}
		}
		if first >= 0 {
			a.scores = append(a.scores, v)
		}
	}
	return a.scores
}

// note remembers what the first scores that are no numbers look like.
func (a *assembler) note(metric string, row int, c cell, cause score.Cause) {
	if cause != score.Text && cause != score.Infinite || a.st.noted(metric, cause) {
		return
	}
	found := quote(c.text)
	switch {
	case c.kind == jsonValue:
		found = strings.Trim(quote(compact(c.text)), `"`)
	case c.kind == number && c.text == nil:
		found = strconv.FormatFloat(c.num, 'g', -1, 64)
	case c.kind != text:
		found = strings.Trim(found, `"`)
	}
	at := note{file: a.file.Name, row: row, cause: cause, found: found}
	if isObject(c) {
		at.inside = firstNumber(c.text)
	}
	a.st.notes[strings.Clone(metric)] = append(a.st.notes[metric], at)
}

func isObject(c cell) bool { return c.kind == jsonValue && c.text[0] == '{' }

// firstNumber returns the path to the first number or boolean in a JSON object; empty when it holds none.
func firstNumber(object []byte) string {
	path := ""
	eachMember(object, func(key string, value []byte) {
		switch {
		case path != "" || value[0] == '"' || value[0] == '[' || value[0] == 'n':
		case value[0] != '{':
			path = key
		default:
			if rest := firstNumber(value); rest != "" {
				path = key + "." + rest
			}
		}
	})
	return path
}

// longForm returns the metric and the score of a row that holds one score.
func (a *assembler) longForm() (metric []byte, value cell, ok bool) {
	if a.roles[roleMetricName] < 0 {
		return nil, cell{}, false
	}
	c := a.get(a.roles[roleMetricName])
	if c.kind != text || len(c.text) == 0 {
		return nil, cell{}, false
	}
	for _, name := range []string{"score", "value"} {
		for k := range a.metrics {
			i := a.metrics[k].slots[0]
			if strings.EqualFold(a.slots[i].name, name) && a.has(i) {
				return c.text, a.slots[i].cell, true
			}
		}
	}
	return nil, cell{}, false
}

// addLong hands on a sample of which the row holds one score.
func (a *assembler) addLong(s score.Sample, metric []byte, c cell) error {
	a.st.long = true
	name := string(metric)
	a.names[name] = true
	if len(a.o.Metrics) > 0 {
		if name = a.metricOf(name); name == "" {
			return nil
		}
	}
	num, cause := scoreOf(c)
	a.note(name, s.Row, c, cause)
	a.scores = append(a.scores[:0], score.Value{Metric: name, Score: num, Cause: cause})
	s.Scores = a.scores
	return a.st.builder.AddScore(s)
}

// scoreOf returns what a cell says as a score: a number, or the cause why it is none.
func scoreOf(c cell) (float64, score.Cause) {
	switch c.kind {
	case boolean:
		return c.num, score.Scored
	case number:
		return finite(c.num)
	case text:
		return parseNumber(c.text)
	case jsonValue:
		return 0, score.Text
	case missing:
		return 0, score.Cause(c.num)
	}
	return 0, score.Null
}

// finite tells numbers from what Python writes for "no number" and for an overflow.
func finite(v float64) (float64, score.Cause) {
	switch {
	case math.IsNaN(v):
		return 0, score.Null
	case math.IsInf(v, 0):
		return 0, score.Infinite
	}
	return v, score.Scored
}

// maxNumberText bounds the length of a number written as text: beyond it is prose.
const maxNumberText = 64

// parseNumber reads numeric text. Empty text is null, and so is NaN.
func parseNumber(b []byte) (float64, score.Cause) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return 0, score.Null
	}
	if len(b) > maxNumberText || bytes.ContainsAny(b, "xX_pP") { // spellings of Go, not of numbers in data
		return 0, score.Text
	}
	if len(b) == 1 && b[0]-'0' <= 9 {
		return float64(b[0] - '0'), score.Scored
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, score.Text
	}
	return finite(v)
}

// maxQuoted bounds what a message shows of a value.
const maxQuoted = 40

// quote returns the beginning of some text on one line, in quotation marks; in back-quotes where it holds others.
func quote(b []byte) string {
	s := string(b)
	if len(b) > maxQuoted {
		end := maxQuoted - 1
		for k := 1; k < utf8.UTFMax && !utf8.RuneStart(b[end]); k++ { // not further, should it be no UTF-8 at all
			end--
		}
		s = string(b[:end]) + "…"
	}
	if strings.ContainsAny(s, `"\\`) && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// list returns some names for a message, the first few of many.
func list(names []string) string {
	const shown = 20
	if len(names) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}

// compact removes white space between the tokens of a JSON value.
func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil { // a bare NaN inside
		return b
	}
	return out.Bytes()
}
