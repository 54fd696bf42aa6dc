package remote

import (
	"net/url"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/hub"
)

// A store is one dataset.
type store struct {
	hub    *Hub
	repo   hub.Repo // as it is called now
	public bool     // when it was opened; false where it was not said

	mu   sync.Mutex
	head string // of main, the newest that is known; empty where none is
}

// Repo implements hub.Reader. A dataset that was renamed has its new name.
func (s *store) Repo() hub.Repo { return s.repo }

// Public implements hub.Visible. It says what the Hub said when the dataset was opened.
func (s *store) Public() bool { return s.public }

// datasetAPI returns the path of a dataset's API, and of what is below it. Each further part is one segment.
func datasetAPI(r hub.Repo, parts ...string) string {
	return "/api/datasets/" + r.String() + segments(parts)
}

// segments returns parts as segments of a path: what is in a part, "/" too, is escaped.
func segments(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

// target says where, for errors.
func (s *store) target(revision, path string) string {
	t := s.repo.String()
	if revision != "" {
		t += "@" + revision
	}
	if path != "" {
		t += "/" + path
	}
	return t
}

// fail says where something went wrong here.
func (s *store) fail(op, revision, path string, err error) error {
	return &hub.Error{Op: op, Target: s.target(revision, path), Err: err}
}
