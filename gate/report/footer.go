package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hubgate/hubgate/gate"
)

// rerunLength is the longest command that is shown, in characters. One that was cut would do something else.
const rerunLength = 800

// footer carries the identity of the run, and the ways on: how to repeat it, and how to accept it.
func (v *view) footer(p *Page) footer {
	f := footer{v.identity(p)}
	if c := v.report.Candidate; p.Accept && v.decision == gate.Fail && c.GitSHA != "" {
		f = append(f, "To accept it as the new baseline: comment "+v.span("/hubgate accept "+c.GitSHA+" reason", rerunLength)+" and re-run the job.")
	}
	if c := p.Rerun; c != "" && clean(c) == c && utf8.RuneCountInString(c) <= rerunLength {
		f = append(f, "The same on a laptop: "+v.span(c, rerunLength))
	}
	return f
}

func (v *view) identity(p *Page) string {
	c := v.report.Candidate
	parts := []string{strings.TrimSpace("hubgate " + p.Version)}
	if c.GitSHA != "" {
		parts = append(parts, "commit "+v.gitCommit(c.GitSHA, p.Links))
	}
	if a := attemptSaid(c.Attempt, p.Attempts); a != "" {
		parts = append(parts, a)
	}
	if b := v.onlyBaseline(); b != nil && b.Commit != "" {
		s := "baseline revision " + v.commit(b.Commit)
		if a := age(c.Created, b.Created); a != "" {
			s += ", " + a
		}
		parts = append(parts, s)
	}
	add := func(text, address string) {
		if l := v.link(text, address); l != text {
			parts = append(parts, l)
		}
	}
	add("run", c.RunURL)
	if len(v.report.Models) == 1 && v.report.Models[0].Published != nil {
		add("results", v.report.Models[0].Published.URL)
	}
	add("policy", p.Links.PolicyURL)
	return strings.Join(parts, " · ")
}

// onlyBaseline returns the baseline that all models have which have one, nil where they differ.
func (v *view) onlyBaseline() *gate.Provenance {
	var one *gate.Provenance
	for _, m := range v.report.Models {
		switch {
		case m.Baseline == nil:
		case one == nil:
			one = m.Baseline
		case one.Commit != m.Baseline.Commit:
			return nil
		}
	}
	return one
}

// attemptSaid is "attempt 3; 1 and 2 were red". Judgements by other runs of the same commit have no number here.
func attemptSaid(number int, earlier []Attempt) string {
	var parts []string
	if number > 0 {
		parts = append(parts, fmt.Sprintf("attempt %d", number))
	}
	for _, light := range []struct {
		name string
		of   []gate.Decision
	}{{"red", []gate.Decision{gate.Fail}}, {"undecided", []gate.Decision{gate.Undecided}}, {"green", []gate.Decision{gate.Pass, gate.Warn}}} {
		var numbers []string
		others := 0
		for _, a := range earlier {
			switch {
			case !slices.Contains(light.of, a.Decision):
			case a.Number > 0:
				numbers = append(numbers, strconv.Itoa(a.Number))
			default:
				others++
			}
		}
		if len(numbers) > 0 {
			parts = append(parts, enumerate(numbers)+" "+were(len(numbers))+" "+light.name)
		}
		if others > 0 {
			parts = append(parts, count(others, "other run of this commit", "other runs of this commit")+" "+were(others)+" "+light.name)
		}
	}
	return strings.Join(parts, "; ")
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// enumerate is "1, 2 and 3".
func enumerate(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}
