package remote

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// What the Hub says is not there is looked up once more, by a request of another kind, before it is believed: whoever reads takes
// an absent dataset, branch or file for a new one, and one wrong answer, of a cache or of a proxy, must not do that.

// errListed says that a dataset is said not to be there, and is listed.
var errListed = contradiction("the dataset")

// contradiction says that two answers do not fit.
func contradiction(what string) error {
	return fmt.Errorf("%w: it says that %s is not there, and elsewhere that it is", hub.ErrUnavailable, what)
}

// confirmAbsent says of a dataset that a caller who sees the whole namespace is told is not there what it is: certainly not
// found, or in doubt. The second source is the search.
// The request is GET /api/datasets?author={owner}&search={name}.
func (h *Hub) confirmAbsent(ctx context.Context, r hub.Repo) error {
	h.mu.Lock()
	known := h.absent[r]
	h.mu.Unlock()
	if known {
		return hub.ErrNotFound
	}
	q := request{
		op: "open", target: r.Owner, path: "/api/datasets",
		query: url.Values{"author": {r.Owner}, "search": {r.Name}, "limit": {"100"}, "full": {"false"}},
	}
	for page, err := range pages[datasetID](ctx, h, q) {
		if err != nil {
			return fmt.Errorf("%w: the list of its owner's datasets, which would tell, cannot be had: %s", hub.ErrHidden, reason(err))
		}
		if slices.ContainsFunc(page, func(d datasetID) bool { return strings.EqualFold(d.ID, r.String()) }) {
			return errListed
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.absent[r] = true
	return hub.ErrNotFound
}

// confirmNoMain returns none, which says that the dataset has no branch main, when the list of its branches says so too.
// The request is GET /api/datasets/{repo}/refs.
func (s *store) confirmNoMain(ctx context.Context, none error) error {
	var refs struct {
		Branches *[]struct {
			Name string `json:"name"`
		} `json:"branches"`
	}
	r := request{op: "resolve", target: s.target("main", ""), repo: s.repo, path: datasetAPI(s.hub.current(s.repo), "refs")}
	_, err := s.hub.call(ctx, r, &refs)
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		return s.fail("resolve", "main", "", fmt.Errorf("%w: it has no branch main, and its branches cannot be listed: %s", hub.ErrUnavailable, reason(err)))
	case refs.Branches == nil:
		return s.fail("resolve", "main", "", fmt.Errorf("%w: its branches are not listed", hub.ErrNotHub))
	}
	for _, b := range *refs.Branches {
		if b.Name == "main" {
			return s.fail("resolve", "main", "", contradiction("the branch"))
		}
	}
	return none
}

// confirmNoFile returns none, which says that a commit lacks a file, when the lookup of its path says so too.
func (s *store) confirmNoFile(ctx context.Context, commit, path string, none error) error {
	nodes, err := s.lookUp(ctx, commit, path)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(nodes, node.isFile):
		return s.fail("open", commit, path, contradiction("the file"))
	}
	return none
}

// confirmEmpty returns an error unless the lookup of a folder says too that a commit lacks it; for the root, that of what is in
// nearly every dataset.
func (s *store) confirmEmpty(ctx context.Context, commit, dir string) error {
	paths := []string{dir}
	if dir == "" {
		paths = []string{".gitattributes", "README.md", "data"}
	}
	nodes, err := s.lookUp(ctx, commit, paths...)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(nodes, func(n node) bool { return dir == "" || !n.isFile() }):
		return s.fail("list", commit, dir, contradiction("any file"))
	}
	return nil
}

// lookUp returns which of some paths a commit has. The list of all files in what the Hub says of a commit would do for any of
// them, and is cut short where there are many, and sometimes missing.
func (s *store) lookUp(ctx context.Context, commit string, paths ...string) ([]node, error) {
	r := pathsInfo(s.hub.current(s.repo), commit, paths)
	r.op, r.target, r.repo, r.reads = "list", s.target(commit, paths[0]), s.repo, true
	var nodes []node
	_, err := s.hub.call(ctx, r, &nodes)
	if (errors.Is(err, hub.ErrNoEntry) || errors.Is(err, hub.ErrNoRevision)) && ctx.Err() == nil {
		return nil, s.fail("list", commit, paths[0], fmt.Errorf("%w: what the commit holds cannot be had: %s", hub.ErrUnavailable, reason(err)))
	}
	return nodes, err
}

// reason returns what an error says without where it happened, and without what it is to callers.
func reason(err error) string {
	if e := (*hub.Error)(nil); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}
