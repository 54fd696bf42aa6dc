package hub

import "errors"

// What a store refuses. Each is wrapped in an [*Error] that says where; test with [errors.Is].
var (
	// ErrNotFound: there is no such dataset, or none that the caller may see.
	ErrNotFound = errors.New("dataset not found")
	// ErrNoRevision: the dataset has no such branch, tag or commit.
	ErrNoRevision = errors.New("no such branch, tag or commit")
	// ErrNoEntry: the commit has no such file.
	ErrNoEntry = errors.New("no such file")
	// ErrConflict: the branch does not point at the commit that a change was made for.
	ErrConflict = errors.New("the branch has moved")
	// ErrExists: a dataset or a branch of that name is there already.
	ErrExists = errors.New("already exists")
	// ErrCorrupt: the store contradicts itself, as when a branch names a commit that is not there.
	// It is never a sign that something is merely absent.
	ErrCorrupt = errors.New("the dataset is damaged")
)

// An Error says what was being done to what when something went wrong.
type Error struct {
	Op     string // what was asked for: "resolve", "list", "open", "commit", "branch", "create"
	Target string // owner/name, owner/name@revision, or owner/name@revision/path
	Err    error  // what went wrong; never nil
	Advice string // how to mend it; empty when Mend's general answer will do
}

// Error returns the target and what went wrong, in one line.
func (e *Error) Error() string { return e.Target + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Mend says how to mend it, or nothing when there is no advice to give.
func (e *Error) Mend() string {
	switch {
	case e.Advice != "":
		return e.Advice
	case errors.Is(e.Err, ErrNotFound):
		return "check its owner and name"
	case errors.Is(e.Err, ErrNoRevision):
		return "name a branch, a tag, or a commit by 7 digits or more"
	case errors.Is(e.Err, ErrNoEntry):
		return "check the path inside the dataset"
	case errors.Is(e.Err, ErrConflict):
		return "someone else published meanwhile: run again"
	case errors.Is(e.Err, ErrCorrupt):
		return "restore it from a copy, or publish under another name"
	default:
		return ""
	}
}
