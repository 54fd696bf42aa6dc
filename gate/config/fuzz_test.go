package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func checkLines(t *testing.T, problems Problems) {
	t.Helper()
	for _, p := range problems {
		if s := p.Error(); p.Msg == "" || strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("not a line: %q", s)
		}
	}
}

// FuzzPolicy holds that a policy is refused with lines, or is valid in every part.
func FuzzPolicy(f *testing.F) {
	for _, pattern := range []string{"err/*.yml", "ok/*.yml"} {
		paths, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(paths) == 0 {
			f.Fatal(pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := ParsePolicy("p.yml", data)
		checkLines(t, problems)
		if len(problems) > 0 {
			return
		}
		p := file.Policy
		if !(p.Alpha > 0 && p.Alpha < 0.5) || !(p.Power > 0 && p.Power < 1) || p.MinSamples < 2 || !(p.MaxMissing >= 0 && p.MaxMissing <= 1) {
			t.Errorf("out of range: %+v", p)
		}
		for _, c := range append(p.Criteria, p.Defaults) {
			if c.Metric == "" || c.MaxLoss != nil && !(c.MaxLoss.Value >= 0) || c.Scale != nil && !(c.Scale.Min < c.Scale.Max) {
				t.Errorf("out of range: %+v", c)
			}
		}
		again, _ := ParsePolicy("p.yml", data)
		if len(again.Policy.Criteria) != len(p.Criteria) {
			t.Error("not the same twice")
		}
	})
}

// FuzzParse holds that arguments and variables are refused with lines, or make a whole Config.
func FuzzParse(f *testing.F) {
	f.Add("check\n--results\nx.jsonl\n--hub=h", "INPUT_GATE=a\nGITHUB_ACTIONS=true")
	paths, err := filepath.Glob(filepath.Join(testdata, "err", "*.settings"))
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), strings.ReplaceAll(string(data), "env ", ""))
	}
	f.Fuzz(func(t *testing.T, args, environ string) {
		env := strings.Split(environ, "\n")
		c, err := Parse(strings.Split(args, "\n"), getenv(env), env, files(nil))
		var problems Problems
		switch {
		case errors.As(err, &problems) && len(problems) > 0:
			checkLines(t, problems)
		case err != nil:
			t.Fatalf("%T: %v", err, err)
		case c.Help || c.Command == "version":
		case !isCommand(c.Command), c.Timeout <= 0, c.ReportDir == "", c.Hub == "", c.Command == "check" && len(c.Results) == 0:
			t.Errorf("not whole: %+v", c)
		case c.Command == "check" && c.Namespace == "" && c.Baseline == "" && strings.Contains(c.Dataset, "{namespace}"):
			t.Errorf("no namespace: %+v", c)
		}
	})
}

// FuzzSplitList holds that no item is empty or holds a line end, that the items make a list that splits into them again, and
// that nothing but separators, blanks and quotes is lost.
func FuzzSplitList(f *testing.F) {
	for _, s := range []string{"", "a,b\nc", "{a,b}.jsonl, d", "{a,{b,c}", "},{", ",,\r\n", `"a,b",c`, `"a""b" ,"c`, `"{",}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		keep := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == ',' || r == '"' || unicode.IsSpace(r) {
					return -1
				}
				return r
			}, s)
		}
		items := SplitList(s)
		for _, item := range items {
			if item == "" || strings.ContainsAny(item, "\r\n") {
				t.Errorf("%q: item %q", s, item)
			}
		}
		if list := JoinList(items); !slices.Equal(SplitList(list), items) {
			t.Errorf("%q: items %q make %q, which splits into %q", s, items, list, SplitList(list))
		}
		if got, want := keep(strings.Join(items, "")), keep(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	})
}
