package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths, in characters, that foreign text is cut to.
const (
	nameLength = 80  // a model, a task, a metric, a sample's id: what fits a line on a wide screen
	textLength = 160 // an input, an answer, an explanation: enough to recognise it
	saidLength = 400 // a warning or a reason, which is a whole sentence
)

// codeSpan makes any text inert in Markdown: the result is one code span that shows clean(s), cut to n characters, and
// nothing else. In it nothing is a mention, a link, an image, HTML or emphasis. The fence is longer than any run of
// backticks inside, and the spaces inside it, which Markdown takes off, keep it apart from backticks at either end
// (CommonMark 0.31, section 6.1). A code span in a table must have its "|" escaped too: [table] does so, since only
// there is "\|" read as "|" (GFM, section 4.10).
func codeSpan(s string, n int) string {
	s = cut(clean(s), n)
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	if longest == 0 && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
		return "`" + s + "`"
	}
	fence := strings.Repeat("`", longest+1)
	return fence + " " + s + " " + fence
}

// clean makes any text fit for one line: what breaks a line, moves a cursor, turns the direction of the text, or cannot be
// seen is shown as an escape, as in a Go string; so are bytes that are not UTF-8. Text that is nothing but
// spaces is quoted.
func clean(s string) string {
	if strings.Trim(s, " ") == "" {
		return `"` + s + `"`
	}
	if !strings.ContainsFunc(s, unsafe) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unsafe(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// unsafe reports whether a character does something, or shows nothing, where it is printed. Spaces of all kinds are
// fine, and so are the joiners that emoji and several scripts are written with.
func unsafe(r rune) bool {
	return !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d'
}

// cut shortens s to n characters, the last of which then is an ellipsis.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	end := 0 // of the first n−1 characters
	for i := range s {
		if count == n-1 {
			end = i
		}
		if count++; count > n {
			return s[:end] + "…"
		}
	}
	return s
}

// elide is cut for names, which often differ only in how they end: it takes from the middle.
func elide(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n || n < 4 {
		return cut(s, n)
	}
	tail := n / 3
	return string(runes[:n-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// withoutCommands takes apart what a workflow's runner would take for a command, in a text that may come to stand at the beginning
// of a line on a terminal: "::" there, after space of any kind, and "##[" anywhere.
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func withoutCommands(s string) string {
	if strings.HasPrefix(strings.TrimLeftFunc(s, unicode.IsSpace), "::") {
		s = strings.Replace(s, ":", `\x3a`, 1)
	}
	return strings.ReplaceAll(s, "##[", `#\x23[`)
}
