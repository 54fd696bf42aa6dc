package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
)

// recordedRuns are runs of every kind, the newest first.
func recordedRuns() []gate.RecordedRun {
	at := func(day int) time.Time { return time.Date(2026, 11, day, 8, 30, 0, 0, time.UTC) }
	marks := func(accuracy float64) []gate.RecordedMetric {
		return []gate.RecordedMetric{
			{Metric: "accuracy", N: 100, Mean: &accuracy, SD: new(0.64)},
			{Metric: "style", N: 98, Missing: 2, Mean: new(2.05), SD: new(0.69)},
			{Task: "arithmetic", Metric: "exact_match,strict-match", N: 200, Mean: new(1.0), SD: new(0.0)},
		}
	}
	return []gate.RecordedRun{
		{ID: "7", Time: at(27), GitSHA: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", Decision: gate.Warn, Baseline: true, Current: true, AcceptedBy: "ada", AcceptedWhy: "the old judge was wrong", Metrics: marks(2.41)},
		{ID: "6", Time: at(26), GitSHA: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", Decision: gate.Fail, ReportOnly: true, Metrics: marks(2.4)},
		{ID: "5", Time: at(25), GitSHA: "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", Decision: gate.Pass, Replicate: true, Metrics: marks(2.58)[:1]},
		{ID: "4", Time: at(24), Decision: gate.Undecided, Metrics: []gate.RecordedMetric{{Metric: "accuracy", N: 1, Mean: new(3.0)}, {Metric: "style", Missing: 100}}},
		{ID: "3", Time: at(23), GitSHA: "not a sha \x1b[31m", Decision: gate.Pass, Baseline: true, Metrics: marks(2.59)},
	}
}

func TestHistoryGolden(t *testing.T) {
	t.Parallel()
	runs := recordedRuns()
	text := report.HistoryText("acme/TwinLlama-3.1-8B-results", runs, report.TextOptions{})
	narrow := report.HistoryText("acme/TwinLlama-3.1-8B-results", runs, report.TextOptions{Width: 60})
	checkText(t, text, 100)
	checkText(t, narrow, 60)
	checkText(t, report.HistoryText("acme/TwinLlama-3.1-8B-results", runs, report.TextOptions{Width: 40}), 40)
	compareGolden(t, "history.txt", []byte(text+"\n"+strings.Repeat("=", 60)+"\n"+narrow))
}

func TestHistoryHostile(t *testing.T) {
	t.Parallel()
	var runs []gate.RecordedRun
	for _, name := range hostileNames {
		r := gate.RecordedRun{ID: name, GitSHA: name, AcceptedBy: name, AcceptedWhy: name + name}
		for _, metric := range hostileNames {
			r.Metrics = append(r.Metrics, gate.RecordedMetric{Task: name, Metric: metric, N: 9, Mean: new(2.5), SD: new(0.5)})
		}
		runs = append(runs, r)
	}
	for _, width := range []int{40, 100} {
		checkText(t, report.HistoryText("acme/x", runs[:8], report.TextOptions{Width: width}), width)
	}
}

func TestHistoryLength(t *testing.T) {
	t.Parallel()
	var runs []gate.RecordedRun
	for i := range 100 {
		runs = append(runs, gate.RecordedRun{ID: fmt.Sprint(i), Decision: gate.Pass})
	}
	text := report.HistoryText("acme/x", runs, report.TextOptions{})
	if !strings.Contains(text, "100 recorded runs") || !strings.Contains(text, "… and 40 earlier runs") {
		t.Errorf("the text does not say what it leaves out:\n%s", text)
	}
	if text := report.HistoryText("acme/x", nil, report.TextOptions{}); !strings.Contains(text, "Nothing is recorded") {
		t.Errorf("without runs: %s", text)
	}
}
