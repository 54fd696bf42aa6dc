package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/hubgate/hubgate/hub"
)

// A disk changes one folder. Every change that a crash could part from the next goes through one of its methods.
type disk struct {
	root *os.Root
	// step, when not nil, is asked before every change. A test returns an error from one call on, so that nothing
	// after it happens, clean-up included: what is then on disk is what a crash would have left.
	step func(op, name string) error
}

func (d disk) try(op, name string) error {
	if d.step == nil {
		return nil
	}
	return d.step(op, name)
}

// mkdir makes one folder.
func (d disk) mkdir(name string) error {
	if err := d.try("mkdir", name); err != nil {
		return err
	}
	return d.root.Mkdir(name, 0o777)
}

// mkdirs makes a folder and those above it, where they are not there.
func (d disk) mkdirs(name string) error {
	if info, err := d.root.Lstat(name); err == nil && info.IsDir() {
		return nil
	}
	if up := path.Dir(name); up != "." {
		if err := d.mkdirs(up); err != nil {
			return err
		}
	}
	return d.mkdir(name)
}

// write makes a file of what r yields, and sees to it that it lasts.
func (d disk) write(name string, r io.Reader) (n int64, err error) {
	if err := d.try("create", name); err != nil {
		return 0, err
	}
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := d.try("write", name); err != nil {
		return 0, err
	}
	if n, err = io.Copy(f, r); err != nil {
		return n, err
	}
	if err := d.try("fsync", name); err != nil {
		return n, err
	}
	return n, f.Sync()
}

// sync makes what was renamed into, or made in, a folder last. Windows cannot sync a folder and does not need to;
// some network file systems cannot either, and then there is nothing better to be had.
func (d disk) sync(dir string) error {
	if err := d.try("fsync", dir); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

func (d disk) rename(from, to string) error {
	if err := d.try("rename", to); err != nil {
		return err
	}
	return d.root.Rename(from, to)
}

func (d disk) removeAll(name string) error {
	if err := d.try("remove", name); err != nil {
		return err
	}
	return d.root.RemoveAll(name)
}

func (d disk) symlink(target, name string) error {
	if err := d.try("symlink", name); err != nil {
		return err
	}
	return d.root.Symlink(filepath.FromSlash(target), name)
}

// replace makes name hold data, at once: the old content or the new one is there whenever one looks.
func (d disk) replace(name string, data []byte) error {
	if err := d.mkdirs(path.Dir(name)); err != nil {
		return err
	}
	tmp := path.Join(tmpDir, "file")
	if _, err := d.write(tmp, strings.NewReader(string(data))); err != nil {
		return err
	}
	if err := d.rename(tmp, name); err != nil {
		return err
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) { // a folder above may be new as well
		if err := d.sync(dir); err != nil || dir == "." {
			return err
		}
	}
}

// put stores the content of f as a blob. The caller syncs the folder of blobs before anything names the blob.
func (d disk) put(ctx context.Context, f hub.File) (hub.Entry, error) {
	tmp := path.Join(tmpDir, "blob")
	h := sha256.New()
	src := reader{ctx, io.NewSectionReader(f.Content, 0, f.Size)}
	n, err := d.write(tmp, io.TeeReader(src, h))
	if err != nil {
		return hub.Entry{}, fmt.Errorf("path %q: %w", f.Path, err)
	}
	if n != f.Size {
		return hub.Entry{}, fmt.Errorf("path %q: the content ends after %d of %d bytes", f.Path, n, f.Size)
	}
	e := hub.Entry{Path: f.Path, Size: f.Size, SHA256: hex.EncodeToString(h.Sum(nil))}
	name := blobPath(e.SHA256)
	// A blob of another size is one that was damaged; renaming over it mends it.
	if info, err := d.root.Lstat(name); err == nil && info.Mode().IsRegular() && info.Size() == e.Size {
		return e, d.removeAll(tmp)
	}
	return e, d.rename(tmp, name)
}

// snapshot shows a tree to other tools, as a folder of links.
func (d disk) snapshot(id string, tree []hub.Entry) error {
	name := snapshotPath(id)
	if _, err := d.root.Lstat(name); err == nil {
		return d.sync(snapshotsDir) // from a commit that got as far as this: it was renamed into place complete
	}
	tmp := path.Join(tmpDir, "snapshot")
	dirs := []string{tmp}
	made := map[string]bool{tmp: true}
	if err := d.mkdir(tmp); err != nil {
		return err
	}
	for _, e := range tree {
		file := path.Join(tmp, e.Path)
		for _, dir := range missing(made, path.Dir(file)) {
			if err := d.mkdir(dir); err != nil {
				return err
			}
			made[dir] = true
			dirs = append(dirs, dir)
		}
		// tmp/snapshot lies as deep as snapshots/COMMIT, so that the link is right in both places.
		up := strings.Repeat("../", 2+strings.Count(e.Path, "/"))
		if d.symlink(up+blobPath(e.SHA256), file) != nil {
			// No links here, or no right to make them. What is really wrong shows in the copy as well.
			if err := d.copy(blobPath(e.SHA256), file); err != nil {
				return err
			}
		}
	}
	for _, dir := range dirs {
		if err := d.sync(dir); err != nil {
			return err
		}
	}
	if err := d.rename(tmp, name); err != nil {
		return err
	}
	return d.sync(snapshotsDir)
}

// missing returns dir and the folders above it that are not in made, the topmost first.
func missing(made map[string]bool, dir string) []string {
	if made[dir] {
		return nil
	}
	return append(missing(made, path.Dir(dir)), dir)
}

func (d disk) copy(from, to string) error {
	f, err := d.root.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = d.write(to, f)
	return err
}

// A reader stops when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// lock waits for the dataset's lock file, which the system frees when a process dies.
func lock(ctx context.Context, root *os.Root, dir string) (unlock func(), err error) {
	if info, err := root.Lstat(lockFile); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file: %w", lockFile, hub.ErrCorrupt)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	type result struct {
		unlock func()
		err    error
	}
	got := make(chan result, 1)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(dir, lockFile)).Lock()
		got <- result{unlock, err}
	}()
	select {
	case r := <-got:
		return r.unlock, r.err
	case <-ctx.Done(): // the lock cannot be told to give up waiting: free it when it comes
		go func() {
			if r := <-got; r.err == nil {
				r.unlock()
			}
		}()
		return nil, ctx.Err()
	}
}
