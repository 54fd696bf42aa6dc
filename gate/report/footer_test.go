package report_test

import (
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
)

// TestRerunWhole holds that a command is shown as it is or not at all.
func TestRerunWhole(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"hubgate check --results 'results/*.jsonl'":            "The same on a laptop: `hubgate check --results 'results/*.jsonl'`",
		"hubgate check --model 'a`b'":                          "The same on a laptop: `` hubgate check --model 'a`b' ``",
		"hubgate check --model '" + strings.Repeat("m", 900):   "",
		"hubgate check --model 'a\nb'":                         "",
		"hubgate check --model 'a\u202eb'":                     "",
		"hubgate check --results " + strings.Repeat("é/", 300): "The same on a laptop: `hubgate check --results " + strings.Repeat("é/", 300) + "`",
		"hubgate check --results " + strings.Repeat("é/", 400): "",
		"": "",
	} {
		g := goldens(t)["held"]()
		g.page.Rerun = command
		md := report.Markdown(g.report, g.page)
		if want == "" && strings.Contains(md, "on a laptop") || !strings.Contains(md, want) {
			t.Errorf("%.60q: the page ends in\n%s\nwant %q", command, md[max(0, len(md)-400):], want)
		}
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		now     int
		earlier []report.Attempt
		want    string
	}{
		{0, nil, ""},
		{1, nil, " · attempt 1 · "},
		{2, []report.Attempt{{1, gate.Fail}}, " · attempt 2; 1 was red · "},
		{3, []report.Attempt{{1, gate.Fail}, {2, gate.Fail}}, " · attempt 3; 1 and 2 were red · "},
		{4, []report.Attempt{{1, gate.Pass}, {2, gate.Fail}, {3, gate.Undecided}}, " · attempt 4; 2 was red; 3 was undecided; 1 was green · "},
		{4, []report.Attempt{{1, gate.Warn}, {2, gate.Pass}, {3, gate.Warn}}, " · attempt 4; 1, 2 and 3 were green · "},
		{1, []report.Attempt{{0, gate.Fail}}, " · attempt 1; 1 other run of this commit was red · "},
		{2, []report.Attempt{{0, gate.Fail}, {0, gate.Fail}, {1, gate.Fail}}, " · attempt 2; 1 was red; 2 other runs of this commit were red · "},
	} {
		g := goldens(t)["held"]()
		g.report.Candidate.Attempt, g.page.Attempts = c.now, c.earlier
		md := report.Markdown(g.report, g.page)
		if c.want == "" && strings.Contains(md, "attempt") || !strings.Contains(md, c.want) {
			t.Errorf("attempt %d after %v: the page ends in\n%s\nwant %q", c.now, c.earlier, md[max(0, len(md)-400):], c.want)
		}
	}
}
