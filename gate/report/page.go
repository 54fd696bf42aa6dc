package report

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
)

// GitHub's limits.
const (
	// CommentLimit is what a comment may hold, in characters: https://github.com/orgs/community/discussions/27190,
	// and the API's own "body is too long (maximum is 65536 characters)".
	CommentLimit = 65536
	// SummaryLimit is what a step may add to the job summary, in bytes:
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
	SummaryLimit = 1 << 20
)

// Samples says what a page shows of single samples. Its zero value shows nothing of them.
type Samples uint8

// What may be shown of samples.
const (
	NoSamples   Samples = iota // nothing; must-pass samples are counted and not named
	SampleIDs                  // ids and scores
	SampleTexts                // input, answer and explanation too, where Page.Texts has them
)

// A Place is where a sample was read: a file and a row, from 1.
type Place struct {
	File string
	Row  int
}

// A SampleText is what a sample says. What is not known is empty.
type SampleText struct{ Input, Answer, Explanation string }

// Links are addresses that the report itself does not hold. An empty or unusable one is not shown.
type Links struct {
	PolicyURL string // of the policy file
	CommitURL string // a git commit's address is this and its id
}

// A Page is what [Markdown] shows beside the report.
type Page struct {
	Limit      int    // in bytes, of which there are never fewer than characters; 0 for none
	Whole      string // our own words for what has all that a page leaves out to keep to its limit; empty for report.json
	Key        string
	Samples    Samples
	Texts      map[Place]SampleText // of both sides
	Links      Links
	Version    string    // of hubgate
	Remarks    []Remark  // those of the report's warnings that are shown openly
	Attempts   []Attempt // the earlier judgements of the same commit, oldest first
	Rerun      string    // the command that does the same on a laptop; empty when there is none, and not shown where it does not fit
	Accept     bool      // whether a reviewer can accept what fails by a comment
	ReportOnly bool      // the job passes whatever is decided
}

// A Remark is a warning that is shown openly.
type Remark struct {
	Format string   // our own words, with %s for each of Args and no other verb
	Args   []string // what may come from outside
}

// String returns the remark as it stands among the report's warnings.
func (r Remark) String() string { return r.with(func(s string) string { return s }) }

// with returns the remark with its arguments as they are shown.
func (r Remark) with(show func(string) string) string {
	shown := make([]any, len(r.Args))
	for i, a := range r.Args {
		shown[i] = show(a)
	}
	return fmt.Sprintf(r.Format, shown...)
}

// An Attempt is an earlier judgement of a commit.
type Attempt struct {
	Number   int // of the present workflow run, from 1; 0 for one of another run
	Decision gate.Decision
}

// Marker returns the first line of a page with that key, by which a comment is found again. It is empty for an empty key.
// Whatever the key, the marker is one HTML comment: all but letters, digits and "-_.~" is percent-encoded.
func Marker(key string) string {
	if key == "" {
		return ""
	}
	return "<!-- hubgate:" + url.QueryEscape(key) + " -->"
}

// link returns a link to an http or https address, and the bare text for any other.
func link(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return text
	}
	safe := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune("()<>[]|`\\\"", r) {
			return -1
		}
		return r
	}, address)
	if safe != address {
		return text
	}
	return "[" + text + "](" + safe + ")"
}

// commit shows the first digits of an immutable id, as git does.
func (i ink) commit(id string) string { return i.span(shortID(id), nameLength) }

func shortID(id string) string {
	const digits = 7
	if len(id) > digits && strings.Trim(id, "0123456789abcdefABCDEF") == "" {
		return id[:digits]
	}
	return id
}

// gitCommit is commit with a link where commits have addresses.
func (v *view) gitCommit(sha string, links Links) string {
	if links.CommitURL == "" {
		return v.commit(sha)
	}
	return v.link(v.commit(sha), links.CommitURL+sha)
}

// age says how much older a baseline is than the candidate, nothing where either time is unknown.
func age(candidate, baseline time.Time) string {
	if candidate.IsZero() || baseline.IsZero() {
		return ""
	}
	d := candidate.Sub(baseline)
	word := "older"
	if d < 0 {
		d, word = -d, "newer"
	}
	switch {
	case d < time.Minute:
		return ""
	case d < time.Hour:
		return count(int(d/time.Minute), "minute ", "minutes ") + word
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour ", "hours ") + word
	}
	return count(int(d/(24*time.Hour)), "day ", "days ") + word
}

// coverage says in one plain line what was compared with what, and how much of it there was.
func (v *view) coverage(links Links) string {
	var parts []string
	if s := v.comparedWith(links); s != "" {
		parts = append(parts, s)
	}
	if s := v.unscored(); s != "" {
		parts = append(parts, s)
	}
	if s := v.unpaired(); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func (v *view) comparedWith(links Links) string {
	var with []*gate.ModelReport
	for i := range v.report.Models {
		if m := &v.report.Models[i]; m.Baseline != nil {
			with = append(with, m)
		}
	}
	if len(with) == 0 {
		return ""
	}
	first := with[0].Baseline
	for _, m := range with[1:] {
		if b := m.Baseline; b.GitSHA != first.GitSHA || b.Source != first.Source && first.GitSHA == "" {
			return fmt.Sprintf("Each of %d models is compared with its own baseline, %s.", len(with), v.checked(with))
		}
	}
	return "Compared with " + v.baseline(first, links) + ", " + v.checked(with) + "."
}

// baseline names one baseline: its commit, its date, and how old it is.
func (v *view) baseline(b *gate.Provenance, links Links) string {
	s := v.name(b.Source)
	switch {
	case b.GitSHA != "":
		s = v.gitCommit(b.GitSHA, links)
	case b.Commit != "":
		s += " at " + v.commit(b.Commit)
	}
	if !b.Created.IsZero() {
		s += " of " + b.Created.UTC().Format("2 January 2006")
	}
	if a := age(v.report.Candidate.Created, b.Created); a != "" {
		s += " (" + a + ")"
	}
	return s
}

// checked says whether the evaluation was the same on both sides.
func (v *view) checked(models []*gate.ModelReport) string {
	unchecked, changed := 0, 0
	for _, m := range models {
		switch {
		case !m.Comparable:
			changed++
		case m.Unchecked:
			unchecked++
		}
	}
	of := ""
	if len(models) > 1 {
		of = " of %d of %d models"
	}
	switch {
	case changed == len(models):
		return v.strong("judge or rubric changed")
	case changed > 0:
		return v.strong(fmt.Sprintf("judge or rubric"+of+" changed", changed, len(models)))
	case unchecked == len(models):
		return "judge and rubric: not checked"
	case unchecked > 0:
		return fmt.Sprintf("judge and rubric"+of+": not checked", unchecked, len(models))
	}
	return "same judge and rubric"
}

// unscored counts the scores that are missing on each side.
func (v *view) unscored() string {
	var missing, all [2]int
	for _, l := range v.lines {
		for side, s := range []*gate.Summary{l.Candidate, l.Baseline} {
			if s != nil {
				missing[side] += s.Missing
				all[side] += s.N + s.Missing
			}
		}
	}
	switch {
	case all[0] == 0:
		return ""
	case missing[0]+missing[1] > 0:
		said := lacking(missing[0], count(all[0], "score", "scores"))
		if all[1] > 0 {
			said += fmt.Sprintf(" (baseline: %d of %d)", missing[1], all[1])
		}
		return said + "."
	case all[0] == 1:
		return "The one score is usable."
	}
	return fmt.Sprintf("All %d scores are usable.", all[0])
}

// lacking is "1 of 12 scores is missing", of so many scores.
func lacking(missing int, scores string) string {
	if missing == 1 {
		return "1 of " + scores + " is missing"
	}
	return fmt.Sprintf("%d of %s are missing", missing, scores)
}

// unpaired says how many samples stood alone, of all metrics together.
func (v *view) unpaired() string {
	paired, alone, tested := 0, [2]int{}, 0
	for _, l := range v.lines {
		if l.Decided != nil {
			tested++
			paired += l.Paired
			alone[0] += l.OnlyCandidate
			alone[1] += l.OnlyBaseline
		}
	}
	switch {
	case tested == 0 || alone[0]+alone[1] == 0:
		return ""
	case paired == 0:
		return "No sample is on both sides, so they are compared unpaired."
	}
	var without []string
	for side, of := range []string{" of this run", " of the baseline"} {
		if n := alone[side]; n > 0 {
			without = append(without, count(n, "score", "scores")+of)
		}
	}
	return count(paired, "pair is", "pairs are") + " compared; without a partner: " + enumerate(without) + "."
}
