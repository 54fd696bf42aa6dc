package action

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkedOut reports whether the workspace holds a pull request: its head, or its merge with the base. What cannot be told
// from the repository's refs is not looked for, such as a second repository in a folder of the workspace.
func checkedOut(workspace string, number int, head, merge string) bool {
	if workspace == "" {
		return false
	}
	git := filepath.Join(workspace, ".git")
	at := resolve(git, "HEAD")
	if at == "" {
		return false
	}
	proposed := []string{head, merge}
	for _, side := range []string{"head", "merge"} { // what actions/checkout leaves of refs/pull/N/head and refs/pull/N/merge
		proposed = append(proposed, resolve(git, fmt.Sprintf("refs/remotes/pull/%d/%s", number, side)))
	}
	return slices.Contains(proposed, at)
}

// maxRef is more than any file of a ref holds.
const maxRef = 1 << 12

// resolve returns the commit that a ref names, empty where there is none. It reads loose and packed refs; git itself is
// not in the container.
func resolve(git, ref string) string {
	text := strings.TrimSpace(readRef(filepath.Join(git, filepath.FromSlash(ref))))
	if next, ok := strings.CutPrefix(text, "ref: "); ok && filepath.IsLocal(filepath.FromSlash(next)) {
		text = strings.TrimSpace(readRef(filepath.Join(git, filepath.FromSlash(next))))
		ref = next
	}
	if isCommit(text) {
		return text
	}
	packed, err := os.ReadFile(filepath.Join(git, "packed-refs"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(packed)) {
		if id, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == ref && isCommit(id) {
			return id
		}
	}
	return ""
}

func readRef(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxRef {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
