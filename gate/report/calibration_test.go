package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark/ast"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// calibratedSeries is a series as two thousand replays leave it.
func calibratedSeries(model, task, metric string) gate.CalibratedSeries {
	welch := stat.WelchT
	return gate.CalibratedSeries{
		Series:    gate.Series{Key: score.Key{Model: model, Task: task}, Metric: metric},
		Criterion: gate.Criterion{Direction: gate.Higher, Tier: gate.Critical}, MaxLoss: 0.1, Scale: &score.Scale{Min: 1, Max: 3},
		Design: gate.Dealt, Decided: &welch, N: [2]int{166, 168}, Samples: 334, Mean: 2.5123, SD: 0.61,
		Alarms: gate.Rate{Count: 22, Of: 2000}, Improved: gate.Rate{Count: 30, Of: 2000}, Held: gate.Rate{Count: 850, Of: 2000},
		Inconclusive: gate.Rate{Count: 1098, Of: 2000}, Family: 2, MDE: new(0.1873), Smallest: new(0.22),
		Detection: []gate.Detection{
			{Loss: 0.05, Found: gate.Rate{Count: 7, Of: 200}}, {Loss: 0.1, Found: gate.Rate{Count: 31, Of: 200}},
			{Loss: 0.2, Found: gate.Rate{Count: 141, Of: 200}}, {Loss: 0.3, Found: gate.Rate{Count: 199, Of: 200}}, {Loss: 0.4, Found: gate.Rate{Count: 200, Of: 200}},
		},
	}
}

// calibrations are of every kind, by the name of their files.
func calibrations() map[string]func() gate.Calibration {
	source := gate.Provenance{Source: "results/*.jsonl", SHA256: digest('a')}
	split := func() gate.Calibration {
		return gate.Calibration{
			Policy: gate.DefaultPolicy(), Candidate: source, Alarms: gate.Rate{Count: 43, Of: 2000},
			Series: []gate.CalibratedSeries{calibratedSeries(llama, "", "accuracy"), calibratedSeries(llama, "", "style")},
		}
	}
	return map[string]func() gate.Calibration{
		"calibration": split,
		"calibration-pairs": func() gate.Calibration {
			c := split()
			c.Baseline = &gate.Provenance{Source: "before/*.jsonl"}
			c.Policy.Rule = gate.NonInferiority
			c.Alarms.Count = 1310
			c.Recorded = gate.Recorded{Runs: 3, Comparisons: 6, Failed: 4}
			paired := stat.PairedT
			c.Series = c.Series[:1]
			s := &c.Series[0]
			s.Design, s.Decided, s.N, s.MaxLoss = gate.Swapped, &paired, [2]int{334, 334}, 0.05
			s.Alarms, s.Held, s.Improved, s.Inconclusive = gate.Rate{Count: 1310, Of: 2000}, gate.Rate{Count: 690, Of: 2000}, gate.Rate{Of: 2000}, gate.Rate{Of: 2000}
			c.Warnings = []string{"must-pass samples are left out"}
			return c
		},
		"calibration-few": func() gate.Calibration {
			c := split()
			for i := range c.Series {
				s := &c.Series[i]
				s.Decided, s.N, s.Samples, s.MDE, s.Smallest, s.Detection = nil, [2]int{}, 6, nil, nil, nil
				s.Alarms, s.Held, s.Improved, s.Inconclusive = gate.Rate{Of: 2000}, gate.Rate{Of: 2000}, gate.Rate{Of: 2000}, gate.Rate{Count: 2000, Of: 2000}
			}
			c.Alarms.Count = 0
			return c
		},
		"calibration-hostile": func() gate.Calibration {
			c := split()
			c.Candidate.Source, c.Series = "data/`a`|b.jsonl\n# x", nil
			for i, name := range hostileNames {
				c.Series = append(c.Series, calibratedSeries(name, hostileNames[(i+1)%len(hostileNames)], hostileNames[(i+2)%len(hostileNames)]))
				c.Warnings = append(c.Warnings, "saw "+name)
			}
			return c
		},
	}
}

func TestCalibrationGolden(t *testing.T) {
	t.Parallel()
	for name, make := range calibrations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := make()
			md := report.CalibrationMarkdown(c, "1.0.0", report.CommentLimit)
			if len(md) > report.CommentLimit {
				t.Errorf("the page has %d bytes", len(md))
			}
			checkCalibration(t, md)
			o := report.TextOptions{Files: []string{"hubgate-report/calibration.md"}}
			text := report.CalibrationText(c, o)
			o.Width = 60
			narrow := report.CalibrationText(c, o)
			checkText(t, text, 100)
			checkText(t, narrow, 60)
			if name == "calibration-hostile" { // the files would say nothing more, at length
				return
			}
			compareGolden(t, name+".md", []byte(md))
			compareGolden(t, name+".txt", []byte(text+"\n"+strings.Repeat("=", 60)+"\n"+narrow))
			compareGolden(t, name+".json", encodeCalibration(t, c))
		})
	}
}

func encodeCalibration(tb testing.TB, c gate.Calibration) []byte {
	tb.Helper()
	b, err := report.CalibrationJSON(c, report.Tool{Name: "hubgate", Version: "1.0.0"})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// checkCalibration holds a page to be inert: no HTML but our own, no link, and every row as wide as its head.
func checkCalibration(t *testing.T, md string) {
	t.Helper()
	source := []byte(md)
	root := parse(source)
	checkInert(t, root, source, ast.KindImage, ast.KindLink, ast.KindAutoLink, ast.KindHeading, ast.KindFencedCodeBlock, ast.KindCodeBlock, ast.KindThematicBreak)
	checkTables(t, root)
}

func TestCalibrationSchemaHolds(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", decode(t, report.CalibrationSchema())); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("schema.json")
	for name, make := range calibrations() {
		if err := schema.Validate(decode(t, encodeCalibration(t, make()))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	doc := decode(t, encodeCalibration(t, calibrations()["calibration"]())).(map[string]any)
	for key, was := range doc {
		delete(doc, key)
		if schema.Validate(doc) == nil {
			t.Errorf("the schema does without %s", key)
		}
		doc[key] = was
	}
}

// Bars are as long as the share they show, to an eighth of a cell, and the mark of the power is seen until it is reached.
func TestBar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		share float64
		want  string
	}{
		{0, "        ┊"}, {0.01, "▏       ┊"}, {0.05, "▌       ┊"}, {0.5, "█████   ┊"}, {0.79, "███████▉┊"}, {0.8, "████████┊"}, {0.9, "█████████"}, {1, "██████████"},
	} {
		if diff := cmp.Diff(report.Bar(c.share, 0.8, 10), c.want); diff != "" {
			t.Errorf("%v: got -, want +:\n%s", c.share, diff)
		}
	}
}
