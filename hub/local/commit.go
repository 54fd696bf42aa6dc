package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// Commit implements hub.Store. The dataset is locked from beginning to end, so that a change that has lost the race
// writes nothing.
func (s *store) Commit(ctx context.Context, c hub.Change) (hub.Commit, error) {
	var done hub.Commit
	err := c.Check()
	if err == nil {
		err = s.edit(ctx, func(d disk) (err error) {
			done, err = s.commit(ctx, d, c)
			return err
		})
	}
	if err != nil {
		return hub.Commit{}, s.fail("commit", c.Branch, "", err)
	}
	return done, nil
}

// Branch implements hub.Store.
func (s *store) Branch(ctx context.Context, name string, from hub.Commit) error {
	err := hub.CheckBranch(name)
	if err == nil {
		err = s.edit(ctx, func(d disk) error {
			if _, err := s.state(d.root, from.ID); err != nil {
				return fmt.Errorf("commit %s: %w", from.ID, err)
			}
			if err := checkFree(d.root, name); err != nil {
				return err
			}
			return d.replace(refPath(name), []byte(from.ID))
		})
	}
	if err != nil {
		return s.fail("branch", name, "", err)
	}
	return nil
}

// checkFree tells whether a branch can be made: branches are files in folders, so that "a" and "a/b" exclude each
// other, as they do in git.
func checkFree(root *os.Root, branch string) error {
	if _, err := root.Lstat(refPath(branch)); err == nil {
		return hub.ErrExists
	} else if !isAbsent(err) {
		return err
	}
	for up := path.Dir(branch); up != "."; up = path.Dir(up) {
		if info, err := root.Lstat(refPath(up)); err == nil && !info.IsDir() {
			return fmt.Errorf("branch %q stands in the way: %w", up, hub.ErrExists)
		}
	}
	return nil
}

// edit calls f with the dataset locked and with an empty folder for what is not finished.
func (s *store) edit(ctx context.Context, f func(disk) error) error {
	return s.view(ctx, func(root *os.Root) error {
		unlock, err := lock(ctx, root, s.dir)
		if err != nil {
			return err
		}
		defer unlock()
		d := disk{root: root, step: s.hub.step}
		if err := d.removeAll(tmpDir); err != nil {
			return err
		}
		if err := d.mkdir(tmpDir); err != nil {
			return err
		}
		err = f(d)
		// What is left there is harmless, and the next edit clears it.
		_ = d.removeAll(tmpDir)
		return err
	})
}

func (s *store) commit(ctx context.Context, d disk, c hub.Change) (hub.Commit, error) {
	parent, err := s.parent(d.root, c)
	if err != nil {
		return hub.Commit{}, err
	}
	for _, dir := range []string{commitsDir, blobsDir, snapshotsDir} { // the first tells, whatever comes, that what follows is ours
		if err := d.mkdirs(dir); err != nil {
			return hub.Commit{}, err
		}
	}
	tree, err := s.grow(ctx, d, parent, c)
	if err != nil {
		return hub.Commit{}, err
	}
	if slices.Equal(tree, parent.tree) {
		if parent.ID == "" {
			return hub.Commit{}, errors.New("a first commit needs a file")
		}
		return parent.Commit, nil
	}
	if c.Time.IsZero() {
		c.Time = s.hub.now()
	}
	r := record{
		Schema:  recordSchema,
		Parent:  c.Parent,
		Time:    c.Time.Round(0).UTC(),
		Message: strings.ToValidUTF8(c.Message, "\uFFFD"),
		Tree:    make([]node, len(tree)),
	}
	for i, e := range tree {
		r.Tree[i] = node(e)
	}
	id, data, err := r.encode()
	if err != nil {
		return hub.Commit{}, err
	}
	if err := ctx.Err(); err != nil { // the last moment to turn back
		return hub.Commit{}, err
	}
	if err := d.snapshot(id, tree); err != nil {
		return hub.Commit{}, err
	}
	if err := d.replace(recordPath(id), data); err != nil {
		return hub.Commit{}, err
	}
	if err := d.replace(refPath(c.Branch), []byte(id)); err != nil {
		return hub.Commit{}, err
	}
	return r.commit(id), nil
}

// parent returns the commit that c builds on, provided that the branch is there.
func (s *store) parent(root *os.Root, c hub.Change) (state, error) {
	st, err := s.tip(root, c.Branch)
	switch {
	case err != nil:
		return state{}, err
	case st.ID == "" && c.Parent == "" && c.Branch == "main":
		return state{}, checkFree(root, c.Branch)
	case st.ID == "":
		return state{}, hub.ErrNoRevision
	case st.ID != c.Parent:
		return state{}, fmt.Errorf("%w: it is at %s", hub.ErrConflict, st.ID)
	}
	return st, nil
}

// grow stores the new blobs and returns the files of the new commit.
func (s *store) grow(ctx context.Context, d disk, parent state, c hub.Change) ([]hub.Entry, error) {
	tree := make(map[string]hub.Entry, len(parent.tree)+len(c.Put))
	for _, e := range parent.tree {
		tree[e.Path] = e
	}
	for _, p := range c.Delete {
		if _, ok := tree[p]; !ok {
			return nil, fmt.Errorf("path %q: %w", p, hub.ErrNoEntry)
		}
		delete(tree, p)
	}
	for _, f := range c.Put {
		tree[f.Path] = hub.Entry{Path: f.Path}
	}
	if err := checkTree(tree); err != nil {
		return nil, err
	}
	if parent.alien {
		if err := s.adopt(ctx, d, parent, c, tree); err != nil {
			return nil, err
		}
	}
	for _, f := range c.Put {
		e, err := d.put(ctx, f)
		if err != nil {
			return nil, err
		}
		tree[f.Path] = e
	}
	if err := d.sync(blobsDir); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(tree), func(a, b hub.Entry) int { return cmp.Compare(a.Path, b.Path) }), nil
}

// adopt stores, under names of ours, the blobs that a snapshot of huggingface_hub hands on to a commit of ours.
func (s *store) adopt(ctx context.Context, d disk, parent state, c hub.Change, tree map[string]hub.Entry) error {
	for _, e := range parent.tree {
		_, kept := tree[e.Path]
		if !kept || slices.ContainsFunc(c.Put, func(f hub.File) bool { return f.Path == e.Path }) {
			continue
		}
		b, err := s.open(d.root, parent, e.Path)
		if err != nil {
			return err
		}
		tree[e.Path], err = d.put(ctx, hub.File{Path: e.Path, Content: b, Size: b.Size()})
		_ = b.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// checkTree refuses a file where a folder is.
func checkTree(tree map[string]hub.Entry) error {
	for p := range tree {
		for up := path.Dir(p); up != "."; up = path.Dir(up) {
			if _, ok := tree[up]; ok {
				return fmt.Errorf("path %q is a file, and %q needs it to be a folder", up, p)
			}
		}
	}
	return nil
}
