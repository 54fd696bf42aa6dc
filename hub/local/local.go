// Package local keeps datasets in a directory, with the promises of a Hub.
//
// The directory is laid out as the cache of huggingface_hub, so that any tool that knows it can look inside, and an
// existing cache can be read:
//
//	datasets--OWNER--NAME/
//	    refs/main               the 40 hexadecimal digits of the branch's commit, nothing else
//	    refs/refs/pr/3          a branch whose name has slashes lies in folders
//	    blobs/SHA256            the content of a file, named by its SHA-256
//	    snapshots/COMMIT/PATH   a relative link into blobs (a copy where the file system has no links)
//	    commits/COMMIT.json     parent, time, message and tree of a commit made here
//	    tmp/                    what a commit that did not finish left behind; the next one clears it
//	    lock                    held while a commit or a branch is made
//
// Two things differ from what huggingface_hub writes. It names small files, those that are not in LFS, by the SHA-1
// that git gives them; here every blob is named by its SHA-256, one rule that also tells whether bytes are what they
// claim. And it keeps no commits: a commit that it downloaded is known here by its snapshot alone, without parent,
// time and message, and holds the files that were downloaded.
//
// The id of a commit is the beginning of the SHA-256 of its file in commits, so it follows from tree, parent, time
// and message, and a file that was tampered with is found out.
//
// Writing goes from the leaves to the root: blobs, the snapshot, the commit, and last the branch, each completed and
// synced under tmp and then renamed into place. Whoever reads, or comes back after a crash, finds the branch at
// the old commit or at the new one, whole. Readers take no lock.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// A Hub is a directory of datasets.
type Hub struct {
	dir  string
	now  func() time.Time
	step func(op, name string) error // see disk.step
}

var _ hub.Hub = (*Hub)(nil)

// Open returns the Hub in dir. Nothing is read or made: a dir that is not there holds no datasets, and the first
// Create makes it.
func Open(dir string) *Hub { return &Hub{dir: dir, now: time.Now} }

// Open returns the dataset r, or hub.ErrNotFound. A folder without any commit is a dataset like a new one.
func (h *Hub) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	s, err := h.store(ctx, r)
	if err == nil {
		var info fs.FileInfo
		info, err = os.Stat(s.dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			err = fmt.Errorf("%w in %s", hub.ErrNotFound, h.dir)
		}
	}
	if err != nil {
		return nil, &hub.Error{Op: "open", Target: r.String(), Err: err}
	}
	return s, nil
}

// Create makes an empty dataset, and the directory if need be. It returns hub.ErrExists when the dataset's folder
// is there already.
func (h *Hub) Create(ctx context.Context, r hub.Repo) (hub.Store, error) {
	s, err := h.store(ctx, r)
	if err == nil {
		err = h.create(r)
	}
	if err != nil {
		return nil, &hub.Error{Op: "create", Target: r.String(), Err: err}
	}
	return s, nil
}

func (h *Hub) create(r hub.Repo) error {
	if err := os.MkdirAll(h.dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(h.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	d := disk{root: root, step: h.step}
	if err := d.mkdir(folderName(r)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return hub.ErrExists
		}
		return err
	}
	return d.sync(".")
}

// Datasets yields the datasets of owner in order of their names.
func (h *Hub) Datasets(ctx context.Context, owner string) iter.Seq2[hub.Repo, error] {
	return func(yield func(hub.Repo, error) bool) {
		entries, err := os.ReadDir(h.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(hub.Repo{}, &hub.Error{Op: "list", Target: owner, Err: err})
			return
		}
		for _, e := range entries { // ReadDir sorts by file name, which is by dataset name within one owner
			r, ok := parseFolder(e.Name())
			if !ok || r.Owner != owner {
				continue
			}
			if info, err := os.Stat(filepath.Join(h.dir, e.Name())); err != nil || !info.IsDir() {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(hub.Repo{}, &hub.Error{Op: "list", Target: owner, Err: err})
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (h *Hub) store(ctx context.Context, r hub.Repo) (*store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return &store{hub: h, repo: r, dir: filepath.Join(h.dir, folderName(r))}, nil
}
