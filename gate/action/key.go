package action

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// maxKey bounds the readable part of a key, in bytes.
const maxKey = 80

// Key returns the part of a comment's marker that tells gates, jobs and matrix legs apart: the gate's name where it has one,
// else workflow and job, then the matrix leg, which is JSON, empty or null where there is none.
//
// It holds ASCII letters, digits, dots, colons, underscores and single dashes only, at most 100 of them, so that it cannot
// end the HTML comment that it stands in. Where it cannot say all that it stands for, it ends in a hash of that, so
// that different legs never share one.
func Key(gateName string, e Event, matrix string) string {
	parts := []string{gateName}
	if gateName == "" {
		parts = []string{e.Workflow, e.Job}
	}
	leg := compact(matrix)
	exact := leg == ""
	if !exact {
		parts = append(parts, leg)
	}
	var names []string
	for _, p := range parts {
		name := keyName(p)
		exact = exact && name == p
		if name != "" {
			names = append(names, name)
		}
	}
	key := strings.Join(names, ":")
	if exact && key != "" && len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	key = strings.TrimRight(key[:min(len(key), maxKey)], "-:")
	return strings.TrimLeft(key+"-"+hex.EncodeToString(sum[:6]), "-")
}

// compact returns a matrix leg without insignificant blanks, and the empty string for none.
func compact(matrix string) string {
	matrix = strings.TrimSpace(matrix)
	var b bytes.Buffer
	if json.Compact(&b, []byte(matrix)) == nil {
		matrix = b.String()
	}
	if matrix == "null" || matrix == "{}" {
		return ""
	}
	return matrix
}

// keyName returns s with every run of other characters than letters, digits, dots and underscores made one dash, and none at
// its ends.
func keyName(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_':
			return false
		}
		return true
	}), "-")
}
