package dataset

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// scheme begins the name of something on a Hub.
const scheme = "hf://datasets/"

// A Location is a place on a Hub: hf://datasets/OWNER/NAME[@REVISION][/PATH].
type Location struct {
	Repo     hub.Repo
	Revision string // empty for the default branch
	Path     string // a file or a folder; empty for the dataset as a whole
}

// IsLocation reports whether s means something on a Hub, and not a path.
func IsLocation(s string) bool { return strings.HasPrefix(s, "hf://") }

// ParseLocation reads what String writes. A revision with a slash is percent-encoded (refs%2Fpr%2F3), or one of
// refs/pr/N and refs/convert/NAME as it stands.
func ParseLocation(s string) (Location, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	if !ok {
		return Location{}, fmt.Errorf("%q does not name a dataset; write hf://datasets/OWNER/NAME", s)
	}
	owner, rest, _ := strings.Cut(rest, "/")
	name, path, _ := strings.Cut(rest, "/")
	name, revision, hasRevision := strings.Cut(name, "@")
	r := hub.Repo{Owner: owner, Name: name}
	if err := r.Check(); err != nil {
		return Location{}, fmt.Errorf("%q: %w", s, err)
	}
	revision, err := url.PathUnescape(revision)
	if err != nil || hasRevision && revision == "" {
		return Location{}, fmt.Errorf("%q: the revision after @ is empty or not percent-encoded; write refs%%2Fpr%%2F3 for refs/pr/3", s)
	}
	if kind, after, _ := strings.Cut(path, "/"); revision == "refs" && (kind == "pr" || kind == "convert") {
		id, left, _ := strings.Cut(after, "/")
		revision, path = "refs/"+kind+"/"+id, left
	}
	if revision != "" && !hub.IsCommitID(revision) {
		if err := hub.CheckBranch(revision); err != nil {
			return Location{}, fmt.Errorf("%q: %w", s, err)
		}
	}
	path = strings.TrimSuffix(path, "/")
	if path != "" {
		if err := hub.CheckPath(path); err != nil {
			return Location{}, fmt.Errorf("%q: %w", s, err)
		}
	}
	return Location{Repo: r, Revision: revision, Path: path}, nil
}

// String returns the location in the form that ParseLocation reads.
func (l Location) String() string {
	s := scheme + l.Repo.String()
	if l.Revision != "" {
		s += "@" + url.PathEscape(l.Revision)
	}
	if l.Path != "" {
		s += "/" + l.Path
	}
	return s
}
