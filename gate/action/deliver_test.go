package action

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseOutputs reads GITHUB_OUTPUT by the runner's rules, and is as strict: NAME=VALUE or NAME<<DELIMITER, whichever sign comes
// first in the line; a value ends at a line that is the delimiter, and at nothing else.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
func parseOutputs(text string) ([]Output, error) {
	var outputs []Output
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			outputs = append(outputs, Output{line[:equals], line[equals+1:]})
		case heredoc > 0 && len(line) > heredoc+2:
			start := i + 1
			end := slices.Index(lines[start:], line[heredoc+2:])
			if end < 0 {
				return nil, fmt.Errorf("no end of %q", line)
			}
			i = start + end
			outputs = append(outputs, Output{line[:heredoc], strings.Join(lines[start:i], "\n")})
		default:
			return nil, fmt.Errorf("invalid line %q", line)
		}
	}
	return outputs, nil
}

// A step is a step of a workflow run with the files that the runner makes for it.
type step struct {
	vars            map[string]string
	output, summary string
	log             bytes.Buffer
}

func newStep(t *testing.T) *step {
	t.Helper()
	s := &step{vars: job("push", "refs/heads/main")}
	dir := t.TempDir()
	s.output, s.summary = filepath.Join(dir, "set_output"), filepath.Join(dir, "step_summary")
	s.vars["GITHUB_OUTPUT"], s.vars["GITHUB_STEP_SUMMARY"] = s.output, s.summary
	for _, file := range []string{s.output, s.summary} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *step) github() *GitHub { return New(env(s.vars), &s.log, nil, "") }

func (s *step) outputs(t *testing.T) []Output {
	t.Helper()
	outputs, err := parseOutputs(read(t, s.output))
	if err != nil {
		t.Fatal(err)
	}
	return outputs
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	url, notices := s.github().Deliver(t.Context(), Event{}, Delivery{
		Summary: "# report\n", Outputs: []Output{{"decision", "fail"}, {"results-url", "https://a\nhttps://b"}, {"report-html", ""}},
	})
	if url != "" || notices != nil {
		t.Errorf("got %q and %q, want neither comment nor notices", url, notices)
	}
	if got, want := strings.TrimRight(read(t, s.summary), "\n"), "# report"; got != want {
		t.Errorf("summary: got %q, want %q", got, want)
	}
	want := []Output{{"decision", "fail"}, {"results-url", "https://a\nhttps://b"}, {"report-html", ""}, {"comment-url", ""}}
	if diff := cmp.Diff(want, s.outputs(t)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if s.log.Len() != 0 {
		t.Errorf("log: got %q, want nothing", &s.log)
	}
}

// A summary that the runner would not show is not written, and said; one that just fits is.
func TestSummaryLimit(t *testing.T) {
	t.Parallel()
	for over, want := range []string{"", "job summary: not written, because the runner takes 1048576 bytes and it has 1048577"} {
		s := newStep(t)
		_, notices := s.github().Deliver(t.Context(), Event{}, Delivery{Summary: strings.Repeat("x", maxSummary+over)})
		if got := strings.Join(notices, "\n"); got != want {
			t.Errorf("notices: got %q, want %q", got, want)
		}
		if got := len(read(t, s.summary)) > 0; got != (want == "") {
			t.Errorf("%d bytes too many: written %v", over, got)
		}
	}
}

// No output can name the delimiter of another, nor know its own.
func TestDelimiterIsRandom(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	s.github().Deliver(t.Context(), Event{}, Delivery{Outputs: []Output{{"decision", "fail"}, {"regressed", "[]"}}})
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^[a-z-]+<<(ghadelimiter_[A-Z2-7]{26})$`).FindAllStringSubmatch(read(t, s.output), -1) {
		seen[m[1]] = true
	}
	if len(seen) != 3 {
		t.Errorf("got %d delimiters, want 3 that differ: %s", len(seen), read(t, s.output))
	}
}

// Deliver does not write into the slice that it is given.
func TestDeliverLeavesOutputsAlone(t *testing.T) {
	t.Parallel()
	all := []Output{{"decision", "fail"}, {"regressed", "[]"}}
	newStep(t).github().Deliver(t.Context(), Event{}, Delivery{Outputs: all[:1]})
	if got, want := all[1].Name, "regressed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// delimiter is what many programs end their outputs with. Ours end with none that can be known.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

func TestOutputHostile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		out  Output
		set  bool // else it is refused with a notice
	}{
		{"lines", Output{"regressed", "a\ndecision=pass\n\ndecision<<X\npass\nX"}, true},
		{"command", Output{"regressed", "::error::boo\n::set-output name=decision::pass"}, true},
		{"delimiter in a line", Output{"regressed", `[{"model":"` + delimiter + `"}]`}, true},
		{"other heredoc", Output{"regressed", "decision<<" + delimiter}, true},
		{"line ends at the ends", Output{"results-url", "\n\nhttps://a\n"}, true},
		{"delimiter", Output{"regressed", delimiter + "\ndecision=pass\nx<<" + delimiter}, true},
		{"delimiter last", Output{"regressed", "x\n" + delimiter}, true},
		{"delimiter for Windows", Output{"regressed", "x\r\n" + delimiter + "\r\ndecision=pass"}, false},
		{"carriage return", Output{"report-md", "a\rb"}, false},
		{"nul", Output{"report-md", "a\x00b"}, false},
		{"escape", Output{"report-md", "\x1b[2J"}, false},
		{"name with a value", Output{"decision=pass\nx", ""}, false},
		{"name with a heredoc", Output{"decision<<x", ""}, false},
		{"no name", Output{"", "x"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStep(t)
			_, notices := s.github().Deliver(t.Context(), Event{}, Delivery{Outputs: []Output{{"decision", "fail"}, tt.out}})
			want := []Output{{"decision", "fail"}, tt.out, {"comment-url", ""}}
			if !tt.set {
				want = []Output{{"decision", "fail"}, {"comment-url", ""}}
			}
			if diff := cmp.Diff(want, s.outputs(t)); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if got, want := len(notices) == 0, tt.set; got != want {
				t.Errorf("notices: got %q", notices)
			}
			for _, n := range notices {
				if strings.ContainsFunc(n, control) || strings.Contains(n, "\n") {
					t.Errorf("the notice is not one plain line: %q", n)
				}
			}
		})
	}
}

func FuzzOutput(f *testing.F) {
	f.Add("decision", "fail")
	f.Add("regressed", "x\n"+delimiter+"\ndecision=pass")
	f.Add("a=b", "c")
	f.Fuzz(func(t *testing.T, name, value string) {
		s := newStep(t)
		g := s.github()
		want := []Output{{name, value}, {"decision", "fail"}}
		if g.output(want[0]) != nil {
			want = want[1:]
		}
		if err := g.output(Output{"decision", "fail"}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.outputs(t)); diff != "" {
			t.Errorf("outputs (-want +got):\n%s", diff)
		}
	})
}

// Files that are missing or cannot be written to cost a notice each, and nothing else.
func TestDeliverWithoutFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone", "file")
	tests := []struct {
		name             string
		actions          string
		summary, outputs string
		want             []string
	}{
		{"outside a workflow", "", "", "", nil},
		{"not set", "true", "", "", []string{
			"job summary: not written, because GITHUB_STEP_SUMMARY is not set; does the step empty it?",
			"outputs: not written, because GITHUB_OUTPUT is not set; does the step empty it?",
		}},
		{"folder gone", "true", gone, gone, []string{
			"job summary: " + gone + ": no such file or directory;" +
				" is the file that the runner made for it still there?",
			"outputs: " + gone + ": no such file or directory;" +
				" is the file that the runner made for it still there?",
		}},
		{"a folder", "true", dir, dir, []string{
			"job summary: " + dir + ": is a directory;" +
				" is the file that the runner made for it still there?",
			"outputs: " + dir + ": is a directory;" +
				" is the file that the runner made for it still there?",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStep(t)
			s.vars["GITHUB_ACTIONS"], s.vars["GITHUB_STEP_SUMMARY"], s.vars["GITHUB_OUTPUT"] = tt.actions, tt.summary, tt.outputs
			_, notices := s.github().Deliver(t.Context(), Event{}, Delivery{
				Summary: "s", Outputs: []Output{{"decision", "fail"}, {"regressed", "[]"}}, Annotations: []Annotation{{Message: "m"}},
			})
			if diff := cmp.Diff(tt.want, notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
			want := ""
			if tt.actions != "" {
				want = "::warning::m\n"
				for _, n := range tt.want {
					want += "::notice::" + n + "\n"
				}
			}
			if got := s.log.String(); got != want {
				t.Errorf("log: got %q, want %q", got, want)
			}
		})
	}
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		a    Annotation
		want string
	}{
		{"error", Annotation{Error: true, Title: "t", File: "evals/policy.yml", Line: 6, Message: "m"}, "::error file=evals/policy.yml,line=6,title=t::m\n"},
		{"warning", Annotation{Title: "t", Message: "m"}, "::warning title=t::m\n"},
		{"no title", Annotation{Message: "m"}, "::warning::m\n"},
		{"whole file", Annotation{File: "f", Message: "m"}, "::warning file=f::m\n"},
		{"line without a file", Annotation{Line: 6, Message: "m"}, "::warning::m\n"},
		{"hostile message", Annotation{Message: "a\r\n::error::boo\n%0A100%s"}, "::warning::a%0D%0A::error::boo%0A%250A100%25s\n"},
		{
			"hostile title", Annotation{Title: "a::b,file=x\n::error::boo %2C", File: "f", Line: 2, Message: "m"},
			"::warning file=f,line=2,title=a%3A%3Ab%2Cfile=x%0A%3A%3Aerror%3A%3Aboo %252C::m\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStep(t)
			if _, notices := s.github().Deliver(t.Context(), Event{}, Delivery{Annotations: []Annotation{tt.a}}); notices != nil {
				t.Errorf("notices: %q", notices)
			}
			if got := s.log.String(); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestAnnotationsAreTheWorstTen(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	var as []Annotation
	want := ""
	for i := range 12 {
		as = append(as, Annotation{Error: true, Message: fmt.Sprint("e", i)})
		if i < 10 {
			want += fmt.Sprintf("::error::e%d\n", i)
		}
	}
	for i := range 11 {
		as = append(as, Annotation{Message: fmt.Sprint("w", i)})
		if i < 10 {
			want += fmt.Sprintf("::warning::w%d\n", i)
		}
	}
	s.github().Deliver(t.Context(), Event{}, Delivery{Annotations: as})
	if got, want := s.log.String(), want+"::notice::3 more findings are in the job summary\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Outside a workflow run nobody reads workflow commands, and a mask would show what it is to hide.
func TestSilentOutsideGitHub(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := New(env(nil), &log, nil, "token")
	g.Mask("secret")
	g.Deliver(t.Context(), Event{}, Delivery{Summary: "s", Outputs: []Output{{"decision", "fail"}}, Annotations: []Annotation{{Message: "m"}}})
	if log.Len() != 0 {
		t.Errorf("got %q, want nothing", &log)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	g := s.github()
	g.Mask("")
	g.Mask("se%cret\nx")
	if got, want := s.log.String(), "::add-mask::se%25cret%0Ax\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A brokenPipe is a log that cannot be written to.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestBrokenLog(t *testing.T) {
	t.Parallel()
	s := newStep(t)
	g := New(env(s.vars), brokenPipe{}, nil, "")
	g.Mask("secret")
	_, notices := g.Deliver(t.Context(), Event{}, Delivery{Outputs: []Output{{"decision", "fail"}}, Annotations: []Annotation{{Message: "m"}}})
	if diff := cmp.Diff([]string{"annotations: broken pipe"}, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if got := s.outputs(t); len(got) != 2 {
		t.Errorf("outputs: got %q, want decision and comment-url", got)
	}
}

// Only what go-githubactions throws is caught; a fault of our own is not hidden.
func TestGuardLetsBugsThrough(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("an index out of range was taken for a file that cannot be written")
		}
	}()
	var empty []int
	_ = guard(func() { empty[len(empty)]++ })
}
