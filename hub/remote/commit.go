package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/hub"
)

const (
	maxPaths = 256 // that one request names
	inHand   = 4   // files that are measured or sent at once
)

// A push is one change on its way to its branch.
type push struct {
	*store

	change  hub.Change
	uploads []*upload // of what differs from the parent
}

// Commit implements hub.Store. The bytes go to the Hub's storage before the commit, where they do no harm when it is refused.
// A dataset without any commit, which only other servers than the Hub have, has no parent to name: of two first commits at
// once both land.
func (s *store) Commit(ctx context.Context, c hub.Change) (hub.Commit, error) {
	p := &push{store: s, change: c}
	done, err := p.commit(ctx)
	if err != nil {
		return hub.Commit{}, s.explain("commit", c.Branch, err)
	}
	return done, nil
}

// explain says where an error happened, unless it says so itself, and how to mend what a token may not do.
func (s *store) explain(op, branch string, err error) error {
	e := (*hub.Error)(nil)
	if !errors.As(err, &e) {
		return s.fail(op, branch, "", err)
	}
	if errors.Is(err, hub.ErrForbidden) && e.Advice == "" {
		e.Advice = "give a token that may write to the dataset: a token of role read may not, nor a fine-grained one without write access to it"
	}
	return err
}

// api returns a path of the dataset's API, under the name that it has now. Each part is one segment.
func (p *push) api(parts ...string) string { return datasetAPI(p.hub.current(p.repo), parts...) }

// request completes a request about the change as a whole. It may be repeated.
func (p *push) request(r request) request {
	r.op, r.target, r.repo, r.method, r.repeatable = "commit", p.target(p.change.Branch, ""), p.repo, http.MethodPost, true
	return r
}

func (p *push) commit(ctx context.Context) (hub.Commit, error) {
	if err := ctx.Err(); err != nil {
		return hub.Commit{}, err
	}
	if err := p.change.Check(); err != nil {
		return hub.Commit{}, err
	}
	if err := p.prepare(ctx); err != nil {
		return hub.Commit{}, err
	}
	if len(p.uploads) == 0 && len(p.change.Delete) == 0 {
		return p.unchanged(ctx)
	}
	if err := p.preupload(ctx); err != nil {
		return hub.Commit{}, err
	}
	if err := p.sendObjects(ctx); err != nil {
		return hub.Commit{}, err
	}
	return p.land(ctx)
}

// prepare holds the change against its parent: it refuses what does not fit, and leaves out what is there already.
func (p *push) prepare(ctx context.Context) error {
	var nodes map[string]node
	var err error
	switch {
	case p.change.Parent == "":
		err = p.checkFirst(ctx)
	case !hub.IsCommitID(p.change.Parent):
		err = p.checkMoved(ctx)
	default:
		nodes, err = p.parentNodes(ctx)
		if errors.Is(err, hub.ErrNoRevision) {
			err = p.checkMoved(ctx)
		}
	}
	if err == nil {
		err = p.checkFit(ctx, nodes)
	}
	if err != nil {
		return err
	}
	measured := make([]*upload, len(p.change.Put))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(inHand)
	for i, f := range p.change.Put {
		g.Go(func() (err error) {
			measured[i], err = measure(ctx, f, nodes[f.Path].isText())
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	p.uploads = slices.DeleteFunc(measured, func(u *upload) bool { return nodes[u.Path].holds(u) })
	return nil
}

// checkFirst tells whether the change may be the first of the dataset.
func (p *push) checkFirst(ctx context.Context) error {
	head, err := p.Resolve(ctx, p.change.Branch)
	switch {
	case errors.Is(err, hub.ErrNoRevision) && p.change.Branch == "main":
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: it is at %s", hub.ErrConflict, head.ID)
}

// checkMoved says what is wrong with a change whose parent is not in the dataset.
func (p *push) checkMoved(ctx context.Context) error {
	head, err := p.Resolve(ctx, p.change.Branch)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: it is at %s", hub.ErrConflict, head.ID)
}

// unchanged returns the parent of a change that changes nothing, as long as the branch points there.
func (p *push) unchanged(ctx context.Context) (hub.Commit, error) {
	head, err := p.Resolve(ctx, p.change.Branch)
	switch {
	case p.change.Parent == "" && (err == nil || errors.Is(err, hub.ErrNoRevision)):
		return hub.Commit{}, errors.New("a first commit needs a file")
	case err != nil:
		return hub.Commit{}, err
	case head.ID != p.change.Parent:
		return hub.Commit{}, fmt.Errorf("%w: it is at %s", hub.ErrConflict, head.ID)
	}
	return head, nil
}

// A node is a file or a folder of a commit; the zero node is neither.
type node struct {
	Type string `json:"type"`
	Path string `json:"path"`
	OID  string `json:"oid"`
	LFS  *struct {
		OID string `json:"oid"`
	} `json:"lfs"`
}

func (n node) isFile() bool { return n.Type == "file" }

// isText tells whether n is a file outside LFS, which is named as git names it.
func (n node) isText() bool { return n.isFile() && n.LFS == nil }

// holds tells whether n has the content of u.
func (n node) holds(u *upload) bool {
	switch {
	case !n.isFile():
		return false
	case n.isText():
		return n.OID == u.blob
	}
	return n.LFS.OID == u.sha256
}

// pathsInfo asks which of some paths a commit of a dataset has. Those that it lacks are left out of the answer, a list of nodes.
// It is sent as a form: some mirrors take nothing else.
//
//	POST /api/datasets/{repo}/paths-info/{commit}
func pathsInfo(r hub.Repo, commit string, paths []string) request {
	return request{
		method: http.MethodPost, path: datasetAPI(r, "paths-info", commit), repeatable: true,
		contentType: "application/x-www-form-urlencoded", body: []byte(url.Values{"paths": paths, "expand": {"false"}}.Encode()),
	}
}

// parentNodes looks up what the change touches at its parent: files, and the folders above them.
func (p *push) parentNodes(ctx context.Context) (map[string]node, error) {
	names := map[string]bool{}
	for _, f := range p.change.Put {
		for up := f.Path; up != "."; up = path.Dir(up) {
			names[up] = true
		}
	}
	for _, name := range p.change.Delete {
		names[name] = true
	}
	nodes := make(map[string]node, len(names))
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(names)), maxPaths) {
		var found []node
		if _, err := p.hub.call(ctx, p.request(pathsInfo(p.hub.current(p.repo), p.change.Parent, chunk)), &found); err != nil {
			return nil, err
		}
		for _, n := range found {
			nodes[n.Path] = n
		}
	}
	return nodes, nil
}

// checkFit refuses to delete what is not there, and a file where a folder is.
func (p *push) checkFit(ctx context.Context, nodes map[string]node) error {
	gone, put := map[string]bool{}, map[string]bool{}
	for _, name := range p.change.Delete {
		if !nodes[name].isFile() {
			return fmt.Errorf("path %q: %w", name, hub.ErrNoEntry)
		}
		gone[name] = true
	}
	for _, f := range p.change.Put {
		put[f.Path] = true
	}
	for _, f := range p.change.Put {
		for up := path.Dir(f.Path); up != "."; up = path.Dir(up) {
			if put[up] || nodes[up].isFile() && !gone[up] {
				return fmt.Errorf("path %q is a file, and %q needs it to be a folder", up, f.Path)
			}
		}
		if n := nodes[f.Path]; n.Type == "" || n.isFile() {
			continue
		}
		for e, err := range p.List(ctx, hub.Commit{ID: p.change.Parent}, f.Path) {
			if err != nil {
				return err
			}
			if !gone[e.Path] {
				return fmt.Errorf("path %q is a folder, which holds %q; delete what is in it first", f.Path, e.Path)
			}
		}
	}
	return nil
}
