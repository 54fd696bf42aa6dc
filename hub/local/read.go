package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/hubgate/hubgate/hub"
)

// A store is one dataset's folder. It opens the folder anew for every call, so it has nothing to close. Everything
// goes through an os.Root, which refuses links that lead out of the folder.
type store struct {
	hub  *Hub
	repo hub.Repo
	dir  string
}

var _ hub.Store = (*store)(nil)

func (s *store) Repo() hub.Repo { return s.repo }

// Resolve implements hub.Reader. Tags are refs like branches, as in the cache.
func (s *store) Resolve(ctx context.Context, revision string) (hub.Commit, error) {
	var st state
	err := s.view(ctx, func(root *os.Root) (err error) {
		st, err = s.resolve(root, revision)
		return err
	})
	if err != nil {
		return hub.Commit{}, s.fail("resolve", revision, "", err)
	}
	return st.Commit, nil
}

// List implements hub.Reader.
func (s *store) List(ctx context.Context, at hub.Commit, dir string) iter.Seq2[hub.Entry, error] {
	return func(yield func(hub.Entry, error) bool) {
		prefix := ""
		if dir = strings.TrimSuffix(dir, "/"); dir != "" {
			prefix = dir + "/"
		}
		var st state
		err := s.view(ctx, func(root *os.Root) (err error) {
			st, err = s.state(root, at.ID)
			return err
		})
		if err != nil {
			yield(hub.Entry{}, s.fail("list", at.ID, dir, err))
			return
		}
		for _, e := range st.tree {
			if !strings.HasPrefix(e.Path, prefix) {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(hub.Entry{}, s.fail("list", at.ID, dir, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Open implements hub.Reader. It checks the size of the stored bytes, not their digest.
func (s *store) Open(ctx context.Context, at hub.Commit, path string) (hub.Blob, error) {
	var b *blob
	err := s.view(ctx, func(root *os.Root) error {
		if err := hub.CheckPath(path); err != nil {
			return err
		}
		st, err := s.state(root, at.ID)
		if err != nil {
			return err
		}
		b, err = s.open(root, st, path)
		return err
	})
	if err != nil {
		return nil, s.fail("open", at.ID, path, err)
	}
	return b, nil
}

// Log implements hub.Store. A commit that huggingface_hub downloaded has no known parent and ends it.
func (s *store) Log(ctx context.Context, revision string) iter.Seq2[hub.Commit, error] {
	return func(yield func(hub.Commit, error) bool) {
		at, err := s.Resolve(ctx, revision)
		for yield(at, err) && err == nil && at.Parent != "" {
			child := at
			at, err = s.Resolve(ctx, child.Parent)
			if errors.Is(err, hub.ErrNoRevision) {
				err = fmt.Errorf("commit %s names its parent %s, which is not there: %w", child.ID, child.Parent, hub.ErrCorrupt)
				err = s.fail("log", revision, "", err)
			}
		}
	}
}

// view calls f with the dataset's folder.
func (s *store) view(ctx context.Context, f func(*os.Root) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w in %s", hub.ErrNotFound, s.hub.dir)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return f(root)
}

func (s *store) fail(op, revision, path string, err error) error {
	target := s.repo.String()
	if revision != "" {
		target += "@" + revision
	}
	if path != "" {
		target += "/" + path
	}
	return &hub.Error{Op: op, Target: target, Err: err}
}

// resolve looks for a commit, then for a branch, then for a commit that begins with revision.
func (s *store) resolve(root *os.Root, revision string) (state, error) {
	if hub.IsCommitID(revision) {
		return s.state(root, revision)
	}
	if hub.CheckBranch(revision) != nil {
		return state{}, hub.ErrNoRevision
	}
	if st, err := s.tip(root, revision); err != nil || st.ID != "" {
		return st, err
	}
	ids, err := complete(root, revision)
	switch {
	case err != nil:
		return state{}, err
	case len(ids) == 0:
		return state{}, hub.ErrNoRevision
	case len(ids) > 1:
		return state{}, fmt.Errorf("%w: %d commits begin like this", hub.ErrNoRevision, len(ids))
	}
	return s.state(root, ids[0])
}

// tip returns the commit that a branch points at. Its ID is empty when there is no such branch.
func (s *store) tip(root *os.Root, branch string) (state, error) {
	id, err := head(root, branch)
	if err == nil && id == "" && branch == "main" {
		err = s.checkNew(root)
	}
	if err != nil || id == "" {
		return state{}, err
	}
	st, err := s.state(root, id)
	if errors.Is(err, hub.ErrNoRevision) {
		err = fmt.Errorf("%s names commit %s, which is not there: %w", refPath(branch), id, hub.ErrCorrupt)
	}
	return st, err
}

// checkNew tells whether a dataset without main may be a new one: with another branch, or a commit on top of another, it had a main
// once. A first commit alone is no sign: who made it may have died before main pointed at it. Commits that nothing of ours made are
// one: huggingface_hub keeps no branch of what it was told to download by its commit.
func (s *store) checkNew(root *os.Root) error {
	lost := fmt.Errorf("%s is not there, and the dataset has commits: %w", refPath("main"), hub.ErrCorrupt)
	refs, err := fs.ReadDir(root.FS(), refsDir)
	switch {
	case err != nil && !isAbsent(err):
		return err
	case len(refs) > 0:
		return lost
	}
	commits, err := fs.ReadDir(root.FS(), commitsDir)
	if isAbsent(err) {
		if commits, err = fs.ReadDir(root.FS(), snapshotsDir); len(commits) > 0 {
			return lost
		}
	}
	if err != nil && !isAbsent(err) {
		return err
	}
	for _, e := range commits {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !hub.IsCommitID(id) {
			continue
		}
		if st, err := s.state(root, id); err != nil || st.Parent != "" {
			return cmp.Or(err, lost)
		}
	}
	return nil
}

// head returns the id that a branch's file holds that a branch names, and "" when there is no such branch.
func head(root *os.Root, branch string) (string, error) {
	name := refPath(branch)
	info, err := root.Lstat(name)
	switch {
	case isAbsent(err) || err == nil && info.IsDir():
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a file: %w", name, hub.ErrCorrupt)
	}
	data, err := readFile(root, name, maxRef)
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(data)) // an editor may have added a line end
	if !hub.IsCommitID(id) {
		return "", fmt.Errorf("%s holds %.50q where 40 hexadecimal digits belong: %w", name, id, hub.ErrCorrupt)
	}
	return id, nil
}

// minPrefix is the least number of digits that may stand for a commit, as on the Hub.
const minPrefix = 7

// complete returns the ids of the commits that begin with prefix.
func complete(root *os.Root, prefix string) ([]string, error) {
	if len(prefix) < minPrefix || !hub.IsCommitID(prefix+strings.Repeat("0", 40-min(len(prefix), 40))) {
		return nil, nil
	}
	var ids []string
	for _, dir := range []string{commitsDir, snapshotsDir} {
		entries, err := fs.ReadDir(root.FS(), dir)
		if err != nil && !isAbsent(err) {
			return nil, err
		}
		for _, e := range entries {
			id := strings.TrimSuffix(e.Name(), ".json")
			if strings.HasPrefix(id, prefix) && hub.IsCommitID(id) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// state returns a commit and its files, or ErrNoRevision.
func (s *store) state(root *os.Root, id string) (state, error) {
	if !hub.IsCommitID(id) {
		return state{}, hub.ErrNoRevision
	}
	name := recordPath(id)
	data, err := readFile(root, name, maxRecord)
	if isAbsent(err) {
		return s.alien(root, id)
	}
	if err != nil {
		return state{}, err
	}
	if commitID(data) != id {
		return state{}, fmt.Errorf("%s was changed after it was written: %w", name, hub.ErrCorrupt)
	}
	r, err := decodeRecord(data)
	if err != nil {
		return state{}, fmt.Errorf("%s: %w (%w)", name, err, hub.ErrCorrupt)
	}
	st := state{Commit: r.commit(id), tree: make([]hub.Entry, len(r.Tree))}
	for i, n := range r.Tree {
		st.tree[i] = hub.Entry(n)
	}
	return st, nil
}

// open returns the content of one file of st.
func (s *store) open(root *os.Root, st state, name string) (*blob, error) {
	e, ok := st.find(name)
	if !ok {
		return nil, hub.ErrNoEntry
	}
	p := place{Entry: e, name: blobPath(e.SHA256)}
	if st.alien {
		var err error
		if p, err = s.locate(root, path.Join(snapshotPath(st.ID), name)); err != nil {
			return nil, err
		}
	}
	if p.shared {
		top, err := os.OpenRoot(s.hub.dir)
		if err != nil {
			return nil, err
		}
		defer top.Close()
		root = top
	}
	// A blob that is a pipe would block when opened.
	if info, err := root.Lstat(p.name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: %w", p.name, hub.ErrCorrupt)
	}
	f, err := root.Open(p.name)
	if isAbsent(err) {
		return nil, fmt.Errorf("its content, %s, is not there: %w", p.name, hub.ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != p.Size {
		err = fmt.Errorf("its content, %s, has %d bytes, not %d: %w", p.name, info.Size(), p.Size, hub.ErrCorrupt)
	}
	if err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	return &blob{file: f, size: p.Size}, nil
}

// A blob is an open file that can only be read.
type blob struct {
	file *os.File
	size int64
}

func (b *blob) ReadAt(p []byte, off int64) (int, error) { return b.file.ReadAt(p, off) }
func (b *blob) Close() error                            { return b.file.Close() }
func (b *blob) Size() int64                             { return b.size }

// readFile reads a file of at most limit bytes.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes: %w", name, limit, hub.ErrCorrupt)
	}
	return data, err
}

// isAbsent tells whether err says that a file, or a folder on the way to it, is not there.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
