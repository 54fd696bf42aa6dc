package hub

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckPath tells whether p can be the path of a file in a dataset: parts joined by "/", relative to the dataset's
// root, in UTF-8. It refuses an empty p, a leading or trailing "/", empty parts, the parts ".", ".." and ".git"
// (in any case), backslashes, NUL and other control characters.
func CheckPath(p string) error {
	if err := checkPath(p); err != nil {
		return fmt.Errorf("path %q: %w", p, err)
	}
	return nil
}

func checkPath(p string) error {
	switch {
	case p == "":
		return errors.New("is empty")
	case !utf8.ValidString(p):
		return errors.New("is not UTF-8")
	case strings.HasPrefix(p, "/"):
		return errors.New("begins with \"/\"; write it relative to the dataset's root")
	case strings.Contains(p, `\`):
		return errors.New(`holds a backslash; write "/" between folders`)
	case strings.ContainsFunc(p, unicode.IsControl):
		return errors.New("holds a control character")
	}
	for part := range strings.SplitSeq(p, "/") {
		switch {
		case part == "":
			return errors.New(`holds an empty part; write one "/" between folders and none at the end`)
		case part == "." || part == "..":
			return fmt.Errorf("holds the part %q; write the path in full", part)
		case strings.EqualFold(part, ".git"):
			return fmt.Errorf("holds the part %q, which belongs to git", part)
		}
	}
	return nil
}

// CheckBranch tells whether name can be a branch: what git's check-ref-format allows, and nothing that reads as
// a commit (40 hexadecimal digits) or an option (a leading "-").
// https://git-scm.com/docs/git-check-ref-format
func CheckBranch(name string) error {
	if err := checkBranch(name); err != nil {
		return fmt.Errorf("branch %q: %w", name, err)
	}
	return nil
}

func checkBranch(name string) error {
	if err := checkPath(name); err != nil {
		return err
	}
	switch {
	case IsCommitID(name):
		return errors.New("reads as a commit")
	case strings.HasPrefix(name, "-"):
		return errors.New(`begins with "-"`)
	case strings.HasSuffix(name, "."):
		return errors.New(`ends with "."`)
	case name == "@" || strings.Contains(name, "@{") || strings.Contains(name, ".."):
		return errors.New(`is "@", or holds "@{" or ".."`)
	case strings.ContainsAny(name, " ~^:?*["):
		return errors.New(`holds one of " ~^:?*["`)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return fmt.Errorf(`holds the part %q; no part begins with "." or ends in ".lock"`, part)
		}
	}
	return nil
}

// IsCommitID tells whether s is a whole commit id: 40 lower-case hexadecimal digits.
func IsCommitID(s string) bool { return len(s) == 40 && isHex(s) }

func isHex(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}
