package remote

import (
	"crypto/rand"
	"strings"
)

// keyLine begins the last line of the description of every commit made here. What follows is a key of that commit alone, by
// which it is found when the answer to it was lost.
const keyLine = "hubgate-change: "

// newKey returns a key that no other commit has. It is drawn and not derived: two jobs that make the same change on the same
// parent are two, and only one of them has made it.
func newKey() string { return rand.Text() }

// lineEnds makes every end of a line the Hub's: a bare "\r" ends one too, or "\r\r\n" would read as another message each time it
// is written again.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// summarize splits a commit's message into the Hub's summary and description, and signs the description with key.
func summarize(message, key string) (summary, description string) {
	summary, body, _ := strings.Cut(strings.TrimSpace(lineEnds.Replace(strings.ToValidUTF8(message, "\uFFFD"))), "\n")
	description = keyLine + key
	if body = strings.TrimSpace(body); body != "" {
		description = body + "\n\n" + description
	}
	return strings.TrimSpace(summary), description
}

// readMessage is the inverse: it joins what the Hub's log says of a commit, and takes the key out of it.
// The key is empty where the commit was not made here.
func readMessage(summary, description string) (message, key string) {
	body := strings.TrimSpace(lineEnds.Replace(description))
	i := strings.LastIndex(body, "\n") + 1
	if rest, ok := strings.CutPrefix(body[i:], keyLine); ok && rest != "" && !strings.ContainsAny(rest, " \t") {
		body, key = strings.TrimSpace(body[:i]), rest
	}
	if body == "" {
		return summary, key
	}
	return summary + "\n\n" + body, key
}
