package dataset

import (
	"errors"
	"strings"
)

// The part of a card's body that is ours lies between these lines; the rest is its owner's.
const (
	sectionBegin = "<!-- hubgate:begin, written by hubgate: put your own words outside -->"
	sectionEnd   = "<!-- hubgate:end -->"
)

const noBaselineYet = "No recorded run has become the baseline yet.\n"

// A cardEdit says what a commit does to the card.
type cardEdit struct {
	section  string   // Markdown of our section; empty keeps the one that is there
	configs  []config // what this program alone keeps in the dataset
	data     []string // the score files under data/, for config default
	replaced bool     // data/ is this commit's: config default and what dataset_info says of it are no longer their owner's
}

// editCard returns a card with our configs in its YAML and our section in its body. Everything else stays as its owner wrote it, to
// the byte, and so do line ends; of the YAML, only a key that has to change is written anew, with its comments. It refuses
// a card whose YAML cannot be read.
func editCard(card []byte, e cardEdit) ([]byte, error) {
	text := string(card)
	eol := "\n"
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		eol = "\r\n"
	}
	open, front, rest, err := splitCard(text)
	if err != nil {
		return nil, err
	}
	if open == "" {
		open, rest = "---"+eol, "---"+eol+text
	}
	if front, err = editFront(front, e, eol); err != nil {
		return nil, err
	}
	closing, body := cutLine(rest)
	if !strings.HasSuffix(closing, "\n") {
		closing += eol
	}
	return []byte(open + front + closing + replaceSection(body, e.section, eol)), nil
}

// splitCard separates the YAML at the top of a card: open ends with the first line of dashes, and rest begins with the second. Open is
// empty where a card has no YAML.
func splitCard(text string) (open, front, rest string, err error) {
	tail := strings.TrimLeft(strings.TrimPrefix(text, "\ufeff"), " \t\r\n")
	line, _ := cutLine(tail)
	if strings.TrimRight(line, " \t\r\n") != "---" {
		return "", "", "", nil
	}
	begin := len(text) - len(tail) + len(line)
	for at := begin; at < len(text); {
		line, _ := cutLine(text[at:])
		if strings.TrimRight(line, " \t\r\n") == "---" {
			return text[:begin], text[begin:at], text[at:], nil
		}
		at += len(line)
	}
	return "", "", "", errors.New("the YAML at its top has no end; add a line of three dashes")
}

// cutLine returns the first line with its end, and what follows.
func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i+1], s[i+1:]
	}
	return s, ""
}

// replaceSection puts our section in place of the one that is there, or at the end. An empty section changes nothing. A
// section whose end is gone could be anyone's words by now: they stay, without the mark before them.
func replaceSection(body, section, eol string) string {
	if section == "" {
		return body
	}
	section = strings.ReplaceAll(section, "<!-- hubgate:", "&lt;!-- hubgate:") // a name must not end the section
	section = strings.TrimRight(strings.ReplaceAll(section, "\r\n", "\n"), "\n")
	ours := strings.ReplaceAll(sectionBegin+"\n"+section+"\n"+sectionEnd, "\n", eol)
	before, after, found := cutSection(body)
	if found {
		return before + ours + after
	}
	switch {
	case before == "" || strings.HasSuffix(before, eol+eol):
	case strings.HasSuffix(before, "\n"):
		before += eol
	default:
		before += eol + eol
	}
	return before + ours + eol
}

// cutSection returns what is before and after our section. Where there is none, before is the whole body.
func cutSection(body string) (before, after string, found bool) {
	var kept strings.Builder
	for {
		head, tail, ok := strings.Cut(body, sectionBegin)
		kept.WriteString(head)
		if !ok {
			return kept.String(), "", false
		}
		next := strings.Index(tail, sectionBegin)
		if next < 0 {
			next = len(tail)
		}
		if end := strings.Index(tail[:next], sectionEnd); end >= 0 {
			return kept.String(), tail[end+len(sectionEnd):], true
		}
		body = tail
	}
}
