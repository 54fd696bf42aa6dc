package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/gate/score"
)

// accepted is a report with one failure of that outcome and one metric that only warns, of which the failure was accepted.
func accepted(o gate.Outcome, undecided string) golden {
	finding := func(metric string, o gate.Outcome, d gate.Decision) gate.Finding {
		f := gate.Finding{Outcome: o, Decision: d, Reason: "so it is"}
		f.Series = gate.Series{Key: score.Key{Model: "m"}, Metric: metric}
		f.Candidate, f.Baseline = &gate.Summary{N: 9, Mean: 0.5}, &gate.Summary{N: 9, Mean: 0.9}
		return f
	}
	r := gate.Report{Policy: gate.DefaultPolicy(), Models: []gate.ModelReport{{
		Model: "m", Comparable: true, Undecided: undecided,
		Findings: []gate.Finding{finding("a", gate.Inconclusive, gate.Warn), finding("b", o, gate.Fail)},
	}}}
	return golden{r.Accept(gate.Acceptance{
		By: "ada", Reason: "we know", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), SHA: strings.Repeat("b", 40),
	}), page()}
}

// TestAccepted holds that whatever failed and was accepted is named, with by whom and why, and is no failure any more.
func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, o := range []gate.Outcome{
		gate.Incomparable, gate.Missing, gate.Invalid, gate.Breached, gate.New, gate.Regressed, gate.Inconclusive,
	} {
		g := accepted(o, "")
		md := report.Markdown(g.report, g.page)
		text := report.Text(g.report, report.TextOptions{})
		for _, want := range []string{
			"> [!WARNING]\n", " in 2 comparisons, accepted. The gate is open.**", "> - `ada` accepted what failed at `bbbbbbb` on 2 January 2026: `we know`\n",
			"🟡 " + o.String() + ", accepted `b` ",
		} {
			if o == gate.New && strings.HasPrefix(want, "🟡") {
				want = "🔵 new, accepted `b` "
			}
			if !strings.Contains(strings.ReplaceAll(md, "\u00a0", " "), want) {
				t.Errorf("%v: the page lacks %q:\n%s", o, want, md)
			}
		}
		if strings.Contains(md, "To accept") || strings.Contains(md, "🔴") {
			t.Errorf("%v: the page still asks for acceptance, or is red:\n%s", o, md)
		}
		if !strings.HasPrefix(text, "WARN  1 ") || !strings.Contains(text, ", accepted. The gate is open.\nada accepted what failed at bbbbbbb on 2 January 2026: we know\n") {
			t.Errorf("%v: the text does not say it:\n%s", o, text)
		}
	}
}

// TestAcceptedUndecided holds that what nobody could see stays undecided, and that the rest was accepted is said all the same.
func TestAcceptedUndecided(t *testing.T) {
	t.Parallel()
	g := accepted(gate.Regressed, "no answer")
	md := report.Markdown(g.report, g.page)
	if !strings.Contains(md, "undecided. The gate is closed.") || !strings.Contains(md, "`ada` accepted what failed") {
		t.Errorf("the page is open, or does not say who accepted what:\n%s", md)
	}
}

func TestAcceptedJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Decision string
		Accepted map[string]any
	}
	if err := json.Unmarshal(encode(t, accepted(gate.Regressed, "").report), &got); err != nil {
		t.Fatal(err)
	}
	a := got.Accepted
	if got.Decision != "warn" || a["by"] != "ada" || a["reason"] != "we know" || a["at"] != "2026-01-02T02:04:05Z" || a["sha"] != strings.Repeat("b", 40) || a["url"] != nil {
		t.Errorf("got %+v", got)
	}
}
