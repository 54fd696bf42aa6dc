package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkedOut reports whether the workspace holds a pull request: its head, or its merge with the base. What cannot be told
// from the repository's refs is not looked for, such as a second repository in a folder of the workspace. The error says that
// there is a repository whose refs cannot be read.
func checkedOut(workspace string, number int, head, merge string) (bool, error) {
	git, err := openGit(workspace)
	at := git.resolve("HEAD")
	if err != nil || at == "" {
		return false, err
	}
	proposed := []string{head, merge}
	for _, side := range []string{"head", "merge"} { // what actions/checkout leaves of refs/pull/N/head and refs/pull/N/merge
		proposed = append(proposed, git.resolve(fmt.Sprintf("refs/remotes/pull/%d/%s", number, side)))
	}
	return slices.Contains(proposed, at), nil
}

// A gitDir is the folders that hold a repository's refs: the work tree's own, and one that it shares with others. Git itself is
// not in the container.
type gitDir []string

// openGit returns where the refs of a workspace lie, nowhere where it is not a repository. That of a worktree or of
// a submodule is elsewhere, and .git a file that names it.
// https://git-scm.com/docs/gitrepository-layout
func openGit(workspace string) (gitDir, error) {
	own := filepath.Join(workspace, ".git")
	info, err := os.Stat(own)
	if workspace == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		to, ok := strings.CutPrefix(readRef(own), "gitdir: ")
		if own = from(workspace, to); !ok || readRef(filepath.Join(own, "HEAD")) == "" {
			return nil, fmt.Errorf(".git is a file, and %q, which it names, cannot be read here", to)
		}
	}
	git := gitDir{own}
	if common := readRef(filepath.Join(own, "commondir")); common != "" {
		git = append(git, from(own, common))
	}
	for _, dir := range git {
		if _, err := os.Stat(filepath.Join(dir, "reftable")); err == nil {
			return nil, errors.New(".git keeps its refs as reftable, which cannot be read here")
		}
	}
	return git, nil
}

// from returns a path that is relative to a folder, or absolute.
func from(dir, path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// resolve returns the commit that a loose or packed ref names, empty where there is none. HEAD may name another ref, that one may not.
func (git gitDir) resolve(ref string) string {
	text := git.loose(ref)
	if next, ok := strings.CutPrefix(text, "ref: "); ok && filepath.IsLocal(filepath.FromSlash(next)) {
		ref, text = next, git.loose(next)
	}
	if isCommit(text) {
		return text
	}
	for _, dir := range git {
		packed, err := os.ReadFile(filepath.Join(dir, "packed-refs"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(packed)) {
			if id, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == ref && isCommit(id) {
				return id
			}
		}
	}
	return ""
}

// loose returns what the file of a ref holds.
func (git gitDir) loose(ref string) string {
	for _, dir := range git {
		if text := readRef(filepath.Join(dir, filepath.FromSlash(ref))); text != "" {
			return text
		}
	}
	return ""
}

// maxRef is more than any file of a ref holds.
const maxRef = 1 << 12

// readRef returns what a small file holds, without blanks at its ends; empty where there is none.
func readRef(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxRef {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
