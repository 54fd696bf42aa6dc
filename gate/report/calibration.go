package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// calibrationID is the "schema" of every calibration that [CalibrationSchema] describes.
const calibrationID = "hubgate.calibration/1"

//go:embed calibration_schema.json
var calibrationSchema []byte

// CalibrationSchema returns the JSON Schema (2020-12) that every calibration of [CalibrationJSON] satisfies.
func CalibrationSchema() []byte { return slices.Clone(calibrationSchema) }

// The shape of calibration.json. Names that report.json has too mean the same there.
type (
	calibrationJSON struct {
		Schema    string                `json:"schema"`
		Tool      toolJSON              `json:"tool"`
		Policy    policyJSON            `json:"policy"`
		Candidate calibratedSourceJSON  `json:"candidate"`
		Baseline  *calibratedSourceJSON `json:"baseline"` // null where one run was split
		Alarms    rateJSON              `json:"false_alarms"`
		Recorded  *recordedJSON         `json:"recorded"` // null where fewer than two recorded runs were read
		Series    []calibratedJSON      `json:"series"`
		Advice    []adviceJSON          `json:"advice"`
		Warnings  []string              `json:"warnings"`
	}
	calibratedSourceJSON struct {
		Source string  `json:"source"`
		Commit *string `json:"commit"`
		SHA256 *string `json:"sha256"`
	}
	recordedJSON struct {
		Runs        int `json:"runs"`
		Comparisons int `json:"comparisons"`
		Failed      int `json:"failed"`
	}
	rateJSON struct {
		Count int       `json:"count"`
		Of    int       `json:"of"`
		Rate  number    `json:"rate"`
		CI    [2]number `json:"ci"` // Wilson's, at 95 %
	}
	calibratedJSON struct {
		Model        string          `json:"model"`
		Task         string          `json:"task"`
		Metric       string          `json:"metric"`
		Design       string          `json:"design"`
		DecidedBy    *string         `json:"decided_by"`
		N            [2]int          `json:"n"` // of a replay: candidate, baseline
		Samples      int             `json:"samples"`
		Mean         number          `json:"mean"`
		SD           number          `json:"sd"`
		Family       int             `json:"family"`
		Criterion    criterionJSON   `json:"criterion"`
		Alarms       rateJSON        `json:"false_alarms"`
		Improved     rateJSON        `json:"improved"`
		Held         rateJSON        `json:"held"`
		Inconclusive rateJSON        `json:"inconclusive"`
		MDE          *number         `json:"mde"`
		Smallest     *number         `json:"smallest_loss_found"`
		Detection    []detectionJSON `json:"detection"`
	}
	detectionJSON struct {
		Loss  number   `json:"loss"`
		Found rateJSON `json:"found"`
	}
	adviceJSON struct {
		Model  *string `json:"model"` // null for the run as a whole
		Task   *string `json:"task"`
		Metric *string `json:"metric"`
		Text   string  `json:"text"`
	}
)

// CalibrationJSON renders calibration.json, as [CalibrationSchema] describes it, under the same promises as [JSON].
func CalibrationJSON(c gate.Calibration, tool Tool) ([]byte, error) {
	out := calibrationJSON{
		Schema: calibrationID, Tool: toolJSON(tool), Policy: encodePolicy(c.Policy), Candidate: calibratedSource(c.Candidate),
		Alarms: encodeRate(c.Alarms), Series: []calibratedJSON{}, Advice: []adviceJSON{}, Warnings: texts(c.Warnings),
	}
	if c.Recorded.Comparisons > 0 {
		out.Recorded = new(recordedJSON(c.Recorded))
	}
	if c.Baseline != nil {
		out.Baseline = new(calibratedSource(*c.Baseline))
	}
	for i := range c.Series {
		out.Series = append(out.Series, encodeCalibrated(&c.Series[i]))
	}
	for _, a := range c.Advice() {
		j := adviceJSON{Text: a.Text}
		if a.About != nil {
			j.Model, j.Task, j.Metric = &a.About.Model, &a.About.Task, &a.About.Metric
		}
		out.Advice = append(out.Advice, j)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("encoding the calibration: %w", err)
	}
	return b.Bytes(), nil
}

func calibratedSource(p gate.Provenance) calibratedSourceJSON {
	return calibratedSourceJSON{p.Source, known(p.Commit), known(p.SHA256)}
}

func encodeRate(r gate.Rate) rateJSON {
	lo, hi := r.Interval()
	return rateJSON{r.Count, r.Of, number(r.Share()), [2]number{number(lo), number(hi)}}
}

func encodeCalibrated(s *gate.CalibratedSeries) calibratedJSON {
	out := calibratedJSON{
		Model: s.Model, Task: s.Task, Metric: s.Metric, Design: s.Design.String(), N: s.N, Samples: s.Samples,
		Mean: number(s.Mean), SD: number(s.SD), Family: s.Family,
		Criterion: criterionJSON{
			Direction: s.Criterion.Direction.String(), MaxLoss: number(s.MaxLoss), Min: optional(s.Criterion.Min),
			Scale: encodeScale(s.Scale), Tier: s.Criterion.Tier.String(), MustPass: texts(s.Criterion.MustPass), Line: known(s.Criterion.Line),
		},
		Alarms: encodeRate(s.Alarms), Improved: encodeRate(s.Improved), Held: encodeRate(s.Held), Inconclusive: encodeRate(s.Inconclusive),
		MDE: optional(s.MDE), Smallest: optional(s.Smallest), Detection: []detectionJSON{},
	}
	if s.Decided != nil {
		out.DecidedBy = new(s.Decided.String())
	}
	for _, d := range s.Detection {
		out.Detection = append(out.Detection, detectionJSON{number(d.Loss), encodeRate(d.Found)})
	}
	return out
}

// A calibrated is a calibration as pages show it.
type calibrated struct {
	ink
	*gate.Calibration
}

// headline is the rate of false alarms in words.
func (c *calibrated) headline() string {
	s := fmt.Sprintf("%s of the runs without a change are red (95 %% CI %s; %s of %s replays)",
		c.Alarms, rateInterval(c.Alarms), thousands(c.Alarms.Count), thousands(c.Alarms.Of))
	switch {
	case !c.Promised():
		return s + "."
	case c.TooMany():
		return s + ", more than the " + hundredths(c.Policy.Alpha) + " of alpha."
	}
	return s + "; alpha is " + hundredths(c.Policy.Alpha) + "."
}

// how says what was replayed.
func (c *calibrated) how() string {
	dealt, swapped := 0, 0
	for i := range c.Series {
		if c.Series[i].Design == gate.Swapped {
			swapped++
		} else {
			dealt++
		}
	}
	var parts []string
	if swapped > 0 {
		parts = append(parts, "the two scores of each sample changed sides at random")
	}
	switch {
	case dealt > 0 && c.Baseline == nil:
		parts = append(parts, "one run was split into two at random")
	case dealt > 0:
		parts = append(parts, "the samples of both runs were dealt anew to two sides")
	}
	s := "Replayed on " + c.span(c.Candidate.Source, saidLength)
	if c.Baseline != nil {
		s += " and " + c.span(c.Baseline.Source, saidLength)
	}
	return s + ": " + strings.Join(parts, "; ") + fmt.Sprintf(". Rule %s, test %s, correction %s, seed %d.",
		c.Policy.Rule, c.Policy.Test, c.Policy.Correction, c.Policy.Seed)
}

// label names a series as far as it is not the only one of its model.
func (c *calibrated) label(s *gate.CalibratedSeries) string {
	var names []string
	for i := range c.Series {
		if c.Series[i].Model != s.Model {
			names = append(names, c.name(s.Model))
			break
		}
	}
	if s.Task != "" {
		names = append(names, c.name(s.Task))
	}
	return strings.Join(append(names, c.name(s.Metric)), " ")
}

// row is a series' row in the table of both forms.
func (c *calibrated) row(s *gate.CalibratedSeries) []string {
	decided, smallest := "–", "–"
	if s.Decided != nil {
		decided = s.Decided.String()
	}
	if s.Smallest != nil {
		smallest = s.Format(*s.Smallest)
	}
	n := fmt.Sprintf("%d + %d", s.N[0], s.N[1])
	switch {
	case s.Decided == nil:
		n = fmt.Sprint(s.Samples)
	case s.Design == gate.Swapped && s.N[0] == s.N[1]:
		n = fmt.Sprintf("%d pairs", s.N[0])
	}
	return []string{c.label(s), n, decided, s.Alarms.String(), s.Held.String(), s.Inconclusive.String(), s.Format(s.MaxLoss), smallest}
}

// calibrationHead heads the table of both forms.
func (c *calibrated) head() []string {
	return []string{"metric", "n", "decided by", "red", "held", "inconclusive", "max-loss", "found " + often(c.Policy.Power)}
}

// curve are the points of a series' plot: no loss first.
func curve(s *gate.CalibratedSeries) []gate.Detection {
	return append([]gate.Detection{{Found: s.Alarms}}, s.Detection...)
}

// rateInterval is "4.0 to 6.1 %".
func rateInterval(r gate.Rate) string {
	lo, hi := r.Interval()
	return fmt.Sprintf("%.1f to %.1f %%", 100*lo, 100*hi)
}

// bar draws a share in eighths of a cell, with a mark where another share lies that it does not reach.
func bar(share, mark float64, cells int) string {
	eighths := int(float64(share*float64(8*cells)) + 0.5)
	out := []rune(strings.Repeat("█", eighths/8))
	if rest := eighths % 8; rest > 0 {
		out = append(out, '█'+rune(8-rest)) // U+2588 is a full block, U+258F an eighth
	}
	at := int(mark * float64(cells))
	if len(out) <= at && at < cells {
		out = append(out, []rune(strings.Repeat(" ", at-len(out)))...)
		out = append(out, '┊')
	}
	return string(out)
}

// thousands writes a count with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
