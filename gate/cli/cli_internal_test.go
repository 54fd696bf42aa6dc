package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/config"
)

// Every decision, with and without report-only, with publishing done and failed in both ways.
func TestExitCode(t *testing.T) {
	t.Parallel()
	down, taken := errors.New("the Hub is down"), unusable(errors.New("the dataset is another's"))
	for _, c := range []struct {
		decision   gate.Decision
		reportOnly bool
		published  error
		want       int
	}{
		{gate.Pass, false, nil, 0},
		{gate.Pass, false, down, 4},
		{gate.Pass, false, taken, 3},
		{gate.Pass, true, nil, 0},
		{gate.Pass, true, down, 4},
		{gate.Warn, false, nil, 0},
		{gate.Warn, false, down, 4},
		{gate.Warn, false, taken, 3},
		{gate.Warn, true, nil, 0},
		{gate.Warn, true, down, 4},
		{gate.Fail, false, nil, 1},
		{gate.Fail, false, down, 1},
		{gate.Fail, false, taken, 1},
		{gate.Fail, true, nil, 0},
		{gate.Fail, true, down, 4},
		{gate.Undecided, false, nil, 2},
		{gate.Undecided, false, down, 2},
		{gate.Undecided, false, taken, 2},
		{gate.Undecided, true, nil, 0},
		{gate.Undecided, true, down, 4},
	} {
		for _, shown := range []error{nil, errors.New("the disk is full")} {
			var log bytes.Buffer
			got := exitCode(Env{Stderr: &log}, config.Config{ReportOnly: c.reportOnly}, c.decision, c.published, shown)
			if got != c.want {
				t.Errorf("%v, report-only %t, publishing %v, showing %v: exit code %d, want %d",
					c.decision, c.reportOnly, c.published, shown, got, c.want)
			}
			for _, err := range []error{c.published, shown} {
				if err != nil && !strings.Contains(log.String(), err.Error()) {
					t.Errorf("%v, report-only %t: the log does not say %q:\n%s", c.decision, c.reportOnly, err, log.String())
				}
			}
		}
	}
}

// What fails says everything that is wrong, a line each, with the mend of each.
func TestFailSaysEverything(t *testing.T) {
	t.Parallel()
	one, two := config.Problem{Where: "input a", Msg: "wrong", Fix: "mend it"}, config.Problem{Where: "input b", Msg: "wrong too"}
	for _, c := range []struct {
		name string
		err  error
		want string
		code int
	}{
		{"one", errors.New("broken"), "hubgate: broken\n", 4},
		{"coded", unusable(errors.New("broken")), "hubgate: broken\n", 3},
		{"problems", unusable(config.Problems{one, two}), "hubgate: input a: wrong; mend it\nhubgate: input b: wrong too\n", 3},
		{"joined", errors.Join(errors.New("broken"), errors.New("torn")), "hubgate: broken\nhubgate: torn\n", 4},
		{"advised", fmt.Errorf("reading: %w", advised{}), "hubgate: reading: bent; straighten it\n", 4},
	} {
		var log bytes.Buffer
		if got := (Env{Stderr: &log}).fail(c.err); got != c.code || log.String() != c.want {
			t.Errorf("%s: code %d and %q, want %d and %q", c.name, got, log.String(), c.code, c.want)
		}
	}
}

type advised struct{}

func (advised) Error() string { return "bent" }
func (advised) Mend() string  { return "straighten it" }

// Text from outside can neither begin a line of the log nor reach a terminal as a control sequence.
func TestLogIsInert(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a\n::error::b", "a\r::error::b", "a\r\n::stop-commands::x", "a\x1b[31mb", "a\u2028b", "a\u2029b", "a\x00b", "a\x7fb", "a\u009b31mb", "a\u0085b",
		"a\u202eb", "a\u2066b", "a\u200bb", "a\xffb",
	} {
		var log bytes.Buffer
		Env{Stderr: &log}.log("read %s", text)
		line := log.String()
		if !strings.HasPrefix(line, "hubgate: read a") || strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") ||
			strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\x1b\x00\x7f\u2028\u2029\u0085\u009b\u202e\u2066\u200b") || !utf8.ValidString(line) {
			t.Errorf("%q is logged as %q", text, line)
		}
	}
}

// Progress is shown after a second, then five times a second at most, and leaves the line as it was.
func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := &progress{e: Env{Stderr: &out, Now: func() time.Time { return now }}, what: "reading", next: now.Add(progressAfter)}
	var got []string
	for _, s := range []struct {
		at   time.Duration
		done int64
	}{
		{0, 0}, {999 * time.Millisecond, 10 << 20}, {time.Second, 50 << 20}, {time.Second + 1, 51 << 20}, {2 * time.Second, 100 << 20},
	} {
		now = time.Unix(0, 0).Add(s.at)
		out.Reset()
		p.report(s.done, 100<<20)
		got = append(got, out.String())
	}
	want := []string{"", "", "\rreading: 50 % of 100 MiB", "", "\rreading: 100 % of 100 MiB"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d shows %q, want %q", i, got[i], want[i])
		}
	}
	out.Reset()
	p.done()
	if got, want := out.String(), "\r\x1b[K"; got != want {
		t.Errorf("at its end it writes %q, want %q", got, want)
	}
	out.Reset()
	p.report(1, 2)
	p.done()
	if out.Len() > 0 {
		t.Errorf("after its end it writes %q", out.String())
	}
}

// Without a terminal nothing is ever written.
func TestProgressWithoutTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := startProgress(Env{Stderr: &out, Now: func() time.Time { return now }}, "reading")
	now = now.Add(time.Hour)
	p.report(1, 2)
	p.done()
	if out.Len() > 0 {
		t.Errorf("it writes %q", out.String())
	}
}

func TestNow(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("CET", 3600))
	for epoch, want := range map[string]string{
		"":           "2026-01-02T02:04:05Z",
		"1700000000": "2023-11-14T22:13:20Z",
		"soon":       "2026-01-02T02:04:05Z",
	} {
		e := Env{Now: func() time.Time { return clock }, Getenv: func(string) string { return epoch }}
		if got := now(e).Format(time.RFC3339Nano); got != want {
			t.Errorf("SOURCE_DATE_EPOCH %q: %s, want %s", epoch, got, want)
		}
	}
}

// A policy that asks for less of everything is told of in part, and the rest counted.
func TestRemarkChanges(t *testing.T) {
	t.Parallel()
	parse := func(loss string) gate.Policy {
		parsed, problems := config.ParsePolicy("p.yml", []byte("version: 1\ndefaults: {max-loss: "+loss+"}\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return parsed.Policy
	}
	var metrics []string
	for i := range mostWeaker + 5 {
		metrics = append(metrics, fmt.Sprintf("m%02d", i))
	}
	w := workflow{own: &ownPolicy{path: "p.yml", judged: parse("1%"), policy: parse("2%")}}
	w.event.Base = "main"
	w.remarkChanges(metrics)
	got := w.remarks[0].String()
	if !strings.HasPrefix(got, `p.yml is changed, and this run was judged by that of the branch main: what is proposed asks for less: "m00": max-loss 2% in place of 1%; "m01"`) ||
		!strings.HasSuffix(got, `; "m19": max-loss 2% in place of 1%; and 5 more`) {
		t.Errorf("got %s", got)
	}
}
