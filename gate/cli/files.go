package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// maxOpen is the number of files that are held open at once; further ones are opened for each read.
const maxOpen = 200

// A scoreFiles is the files that some results name.
type scoreFiles struct {
	files  []codec.File
	paths  []string      // of those that lie on this machine
	origin *dataset.Open // where there is exactly one source and it is on a Hub
	close  []func()
}

// Close releases the files.
func (s *scoreFiles) Close() {
	for _, c := range s.close {
		c()
	}
}

// openScores opens everything that an input names: paths, globs, directories and places on a Hub. Files are sorted and
// none is taken twice. The report directory is never read.
func openScores(ctx context.Context, input string, sources []string, h hub.Hub, o codec.Options, reportDir string) (*scoreFiles, error) {
	out := &scoreFiles{}
	paths := map[string]bool{}
	for _, source := range sources {
		if dataset.IsLocation(source) {
			if err := out.openLocation(ctx, source, h, o, len(sources) == 1); err != nil {
				out.Close()
				return nil, fmt.Errorf("input %s: %w", input, err)
			}
			continue
		}
		found, err := expand(source, reportDir)
		if err != nil {
			out.Close()
			return nil, fmt.Errorf("input %s: %w", input, err)
		}
		for _, p := range found {
			paths[p] = true
		}
	}
	sorted := make([]string, 0, len(paths))
	for p := range paths {
		sorted = append(sorted, p)
	}
	slices.Sort(sorted)
	out.paths = sorted
	for _, p := range sorted {
		if err := out.openPath(p); err != nil {
			out.Close()
			return nil, fmt.Errorf("input %s: %w", input, err)
		}
	}
	return out, nil
}

func (s *scoreFiles) openLocation(ctx context.Context, source string, h hub.Hub, o codec.Options, only bool) error {
	l, err := dataset.ParseLocation(source)
	if err != nil {
		return err
	}
	opened, err := dataset.OpenLocation(ctx, h, l, o)
	if err != nil {
		return err
	}
	s.files = append(s.files, opened.Files...)
	s.close = append(s.close, opened.Close)
	if only {
		s.origin = opened
	}
	return nil
}

// commit returns the commit that the files were read at, where one place on a Hub holds them all.
func (s *scoreFiles) commit() string {
	if s.origin == nil {
		return ""
	}
	return s.origin.At.ID
}

func (s *scoreFiles) openPath(p string) error {
	info, err := os.Stat(p)
	if err != nil {
		return err
	}
	file := codec.File{Name: filepath.ToSlash(p), Size: info.Size(), Content: onDemand(p)}
	if len(s.files) < maxOpen {
		f, err := os.Open(p)
		if err != nil {
			return fmt.Errorf("%w; check its permissions", err)
		}
		file.Content = f
		s.close = append(s.close, func() { _ = f.Close() }) // it was only read
	}
	s.files = append(s.files, file)
	return nil
}

// onDemand is a file that is opened for each read.
type onDemand string

// ReadAt reads from the file as it is now.
func (p onDemand) ReadAt(b []byte, off int64) (n int, err error) {
	f, err := os.Open(string(p))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return f.ReadAt(b, off)
}

var _ io.ReaderAt = onDemand("")

// expand returns the files that a path, a directory or a glob names. Naming nothing is an error.
func expand(source, reportDir string) ([]string, error) {
	info, err := os.Stat(source)
	switch {
	case err == nil && within(source, reportDir):
		return nil, fmt.Errorf("%q lies in the report directory, which is never read; set input report-dir to another directory", source)
	case err == nil && info.IsDir():
		return walk(source, reportDir)
	case err == nil:
		return []string{filepath.Clean(source)}, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case !strings.ContainsAny(source, "*?[{"):
		return nil, fmt.Errorf("%q is not there; did the evaluation write it, and is the path relative to the working directory?", source)
	}
	matches, err := doublestar.FilepathGlob(source, doublestar.WithFilesOnly())
	if err != nil {
		return nil, fmt.Errorf("%q is not a glob: %w; write for example results/*.jsonl", source, err)
	}
	matches = slices.DeleteFunc(matches, func(p string) bool { return within(p, reportDir) })
	if len(matches) == 0 {
		return nil, fmt.Errorf("no file matches %q; did the evaluation write any, and is the path relative to the working directory?", source)
	}
	return matches, nil
}

// walk returns the score files of a directory and those below it, hidden folders and the report directory left out.
func walk(dir, reportDir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != dir && (strings.HasPrefix(d.Name(), ".") || within(p, reportDir)):
			return fs.SkipDir
		case !d.IsDir() && codec.NamesScores(p):
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the directory %q holds no scores file; give one whose files end in .jsonl, .json, .csv, .tsv or .parquet, each plain, .gz or .zst", dir)
	}
	return out, nil
}

// refuseLinks refuses files that are reached by a symbolic link: one in an artifact may lead to what nobody is to see.
func (s *scoreFiles) refuseLinks() error {
	for _, p := range s.paths {
		if err := refuseLink(p); err != nil {
			return fmt.Errorf("input results: %w", err)
		}
	}
	return nil
}

// refuseLink refuses a file that is reached by a symbolic link, its own or that of a folder.
func refuseLink(p string) error {
	to, err := filepath.EvalSymlinks(p)
	if err == nil && to != filepath.Clean(p) {
		err = fmt.Errorf("%q is reached by a symbolic link, and under workflow_run none is followed; put the file itself into the artifact", p)
	}
	return err
}

// within reports whether a path lies in a directory.
func within(p, dir string) bool {
	if dir == "" {
		return false
	}
	p, err := filepath.Abs(p)
	if err != nil {
		return false
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
