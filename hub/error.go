package hub

import (
	"errors"
	"fmt"
)

// What a store refuses. Each is wrapped in an [*Error] that says where; test with [errors.Is].
var (
	// ErrNotFound: there is certainly no such dataset.
	ErrNotFound = errors.New("dataset not found")
	// ErrHidden: there is no such dataset, or the caller may not see it, and the store does not tell which.
	// It is never a sign that the dataset is absent.
	ErrHidden = errors.New("dataset not found, or not visible")
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
	// ErrUnauthorized: the token is wrong or has expired.
	ErrUnauthorized = errors.New("the token is not valid")
	// ErrForbidden: the caller is known and may not do this.
	ErrForbidden = errors.New("not permitted")
	// ErrGated: the dataset is there, and its owner must let the caller in first.
	ErrGated = errors.New("access to the dataset must be granted first")
	// ErrRateLimited: too many requests, and waiting longer than the caller would was asked for.
	ErrRateLimited = errors.New("too many requests")
	// ErrUnavailable: the store could not be reached, or failed, however often it was asked.
	ErrUnavailable = errors.New("the Hub is not available")
	// ErrNotHub: something answered that is no Hub, such as a proxy or a login page.
	ErrNotHub = errors.New("the answer is not a Hub's")
)

// An Error says what was being done to what when something went wrong.
type Error struct {
	Op     string // what was asked for: "resolve", "list", "open", "commit", "branch", "create"
	Target string // owner/name, owner/name@revision, or owner/name@revision/path
	Err    error  // what went wrong; never nil
	Advice string // how to mend it; empty when Mend's general answer will do

	// Of a store that is reached over the network.
	Status    int    // of the answer; 0 where there was none
	RequestID string // by which the store's operators find the request; empty where none was given
}

// Error returns the target and what went wrong, in one line, with the status and the request where there was an answer.
func (e *Error) Error() string {
	msg := e.Target + ": " + e.Err.Error()
	switch {
	case e.Status != 0 && e.RequestID != "":
		return fmt.Sprintf("%s (%d, request %s)", msg, e.Status, e.RequestID)
	case e.Status != 0:
		return fmt.Sprintf("%s (%d)", msg, e.Status)
	}
	return msg
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Mend says how to mend it, or nothing when there is no advice to give.
func (e *Error) Mend() string {
	switch {
	case e.Advice != "":
		return e.Advice
	case errors.Is(e.Err, ErrNotFound):
		return "check its owner and name"
	case errors.Is(e.Err, ErrHidden):
		return "check its owner and name, and give a token that may read it"
	case errors.Is(e.Err, ErrUnauthorized):
		return "set hf-token to a token that has not expired"
	case errors.Is(e.Err, ErrForbidden):
		return "set hf-token to a token with write access to the dataset"
	case errors.Is(e.Err, ErrGated):
		return "ask for access on the dataset's page"
	case errors.Is(e.Err, ErrRateLimited):
		return "run again later, or with a token, which has a higher limit"
	case errors.Is(e.Err, ErrUnavailable):
		return "run again later"
	case errors.Is(e.Err, ErrNotHub):
		return "set hub to the address of a Hub, and see whether a proxy stands between"
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
