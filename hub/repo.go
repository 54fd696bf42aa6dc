package hub

import (
	"fmt"
	"strings"
)

// maxName is the longest owner or name, in bytes: the limit of the Hub's own names.
// https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_validators.py
const maxName = 96

// A Repo names a dataset. The zero Repo names none and is refused everywhere.
type Repo struct{ Owner, Name string }

// ParseRepo reads "owner/name" and refuses what [Repo.Check] refuses.
func ParseRepo(s string) (Repo, error) {
	owner, name, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(name, "/") {
		return Repo{}, fmt.Errorf("dataset %q is not of the form owner/name", s)
	}
	r := Repo{Owner: owner, Name: name}
	if err := r.Check(); err != nil {
		return Repo{}, err
	}
	return r, nil
}

// String returns "owner/name".
func (r Repo) String() string { return r.Owner + "/" + r.Name }

// Check holds r to the Hub's rules: owner and name have 1 to 96 characters of A-Z, a-z, 0-9, "_", "-" and ".",
// begin and end with a letter, a digit or "_", and hold neither ".." nor "--"; a name does not end in ".git".
func (r Repo) Check() error {
	if err := checkName("owner", r.Owner); err != nil {
		return fmt.Errorf("dataset %q: %w", r.String(), err)
	}
	if err := checkName("name", r.Name); err != nil {
		return fmt.Errorf("dataset %q: %w", r.String(), err)
	}
	if strings.HasSuffix(r.Name, ".git") {
		return fmt.Errorf(`dataset %q: the name ends in ".git"; leave that out`, r.String())
	}
	return nil
}

func checkName(what, s string) error {
	if s == "" {
		return fmt.Errorf("the %s is empty", what)
	}
	if len(s) > maxName {
		return fmt.Errorf("the %s has %d characters; use at most %d", what, len(s), maxName)
	}
	for _, c := range s {
		if !isWord(c) && c != '-' && c != '.' {
			return fmt.Errorf(`the %s holds %q; use letters, digits, "_", "-" and "."`, what, c)
		}
	}
	if !isWord(rune(s[0])) || !isWord(rune(s[len(s)-1])) {
		return fmt.Errorf(`the %s begins or ends with "-" or "."; use a letter, a digit or "_" there`, what)
	}
	for _, pair := range []string{"..", "--"} {
		if strings.Contains(s, pair) {
			return fmt.Errorf("the %s holds %q; use one character", what, pair)
		}
	}
	return nil
}

func isWord(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
