package local

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// alien returns what the snapshot of a commit that was not made here tells about it.
func (s *store) alien(root *os.Root, id string) (state, error) {
	dir := snapshotPath(id)
	info, err := root.Stat(dir)
	if isAbsent(err) || err == nil && !info.IsDir() {
		return state{}, hub.ErrNoRevision
	}
	if err != nil {
		return state{}, err
	}
	st := state{Commit: hub.Commit{ID: id}, alien: true}
	err = fs.WalkDir(root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		p, err := s.locate(root, name)
		if err != nil {
			return err
		}
		p.Path = strings.TrimPrefix(name, dir+"/")
		if err := hub.CheckPath(p.Path); err != nil {
			return fmt.Errorf("%w (%w)", err, hub.ErrCorrupt)
		}
		st.tree = append(st.tree, p.Entry)
		return nil
	})
	if err != nil {
		return state{}, err
	}
	slices.SortFunc(st.tree, func(a, b hub.Entry) int { return cmp.Compare(a.Path, b.Path) })
	return st, nil
}

// A place is where the content of a file lies: name is relative to the dataset's folder or, when shared is set, to
// the Hub's.
type place struct {
	hub.Entry
	name   string
	shared bool
}

// locate follows a snapshot's file to its content by the links that huggingface_hub makes and no other: to a blob of
// the same dataset, and from there to the blobs that all datasets of a cache share.
func (s *store) locate(root *os.Root, name string) (place, error) {
	p := place{name: name}
	info, err := root.Lstat(name)
	if err != nil {
		return place{}, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if p.name, err = follow(root, name); err != nil {
			return place{}, err
		}
		dir, etag := path.Split(p.name)
		if dir != blobsDir+"/" {
			return place{}, fmt.Errorf("%s links to %s, which is not one of the dataset's blobs: %w", name, p.name, hub.ErrCorrupt)
		}
		if isSHA256(etag) { // the Hub's ETag of a file in LFS
			p.SHA256 = etag
		}
		if info, err = root.Lstat(p.name); isAbsent(err) {
			return place{}, fmt.Errorf("%s links to %s, which is not there: %w", name, p.name, hub.ErrCorrupt)
		}
		if err != nil {
			return place{}, err
		}
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if info, err = s.share(root, &p); err != nil {
			return place{}, err
		}
	}
	if !info.Mode().IsRegular() {
		return place{}, fmt.Errorf("%s is not a file: %w", p.name, hub.ErrCorrupt)
	}
	p.Size = info.Size()
	return p, nil
}

// share follows a blob into the store that the datasets of one cache share, DIR/blobs/XX/HASH.
// https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/_shared_blobs.py
func (s *store) share(root *os.Root, p *place) (fs.FileInfo, error) {
	target, err := follow(root, p.name)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(target, "/")
	if len(parts) != 4 || parts[0] != ".." || parts[1] != blobsDir || !isSHA256(parts[3]) || parts[2] != parts[3][:2] {
		return nil, fmt.Errorf("%s links to %s, outside the dataset: %w", p.name, target, hub.ErrCorrupt)
	}
	p.name, p.shared = path.Join(parts[1:]...), true
	top, err := os.OpenRoot(s.hub.dir)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	info, err := top.Lstat(p.name)
	if isAbsent(err) {
		return nil, fmt.Errorf("the shared %s is not there: %w", p.name, hub.ErrCorrupt)
	}
	return info, err
}

// follow returns the target of a link, relative to root and perhaps outside it.
func follow(root *os.Root, name string) (string, error) {
	target, err := root.Readlink(name)
	if err != nil {
		return "", err
	}
	if target = filepath.ToSlash(target); path.IsAbs(target) {
		return target, nil
	}
	return path.Join(path.Dir(name), target), nil
}
