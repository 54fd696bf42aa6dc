package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// A treeEntry is one line of the Hub's list of files.
type treeEntry struct {
	Type string `json:"type"` // file or directory
	Path string `json:"path"`
	Size int64  `json:"size"`
	LFS  *struct {
		SHA256 string `json:"oid"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
}

// List implements hub.Reader. It asks for the whole list before it yields, since the Hub's order is another one, and asks once
// more, in another way, where that is empty.
// The request is GET /api/datasets/{repo}/tree/{commit}/{dir}.
func (s *store) List(ctx context.Context, at hub.Commit, dir string) iter.Seq2[hub.Entry, error] {
	return func(yield func(hub.Entry, error) bool) {
		entries, err := s.list(ctx, at, strings.TrimSuffix(dir, "/"))
		if err != nil {
			yield(hub.Entry{}, err)
			return
		}
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (s *store) list(ctx context.Context, at hub.Commit, dir string) ([]hub.Entry, error) {
	if !hub.IsCommitID(at.ID) {
		return nil, s.fail("list", at.ID, dir, hub.ErrNoRevision)
	}
	if dir != "" && hub.CheckPath(dir) != nil {
		return nil, nil // no folder is called that
	}
	var entries []hub.Entry
	for e, err := range s.entries(ctx, at, dir) {
		if errors.Is(err, hub.ErrNoEntry) && dir != "" && len(entries) == 0 { // there always is a root, and a folder of which something came
			break
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, s.confirmEmpty(ctx, at.ID, dir)
	}
	slices.SortFunc(entries, func(a, b hub.Entry) int { return cmp.Compare(a.Path, b.Path) })
	for i := 1; i < len(entries); i++ {
		if entries[i].Path == entries[i-1].Path {
			return nil, s.fail("list", at.ID, dir, fmt.Errorf("%w: the Hub lists %q twice", hub.ErrCorrupt, entries[i].Path))
		}
	}
	return entries, nil
}

// entries yields the files under dir in the order of the Hub.
func (s *store) entries(ctx context.Context, at hub.Commit, dir string) iter.Seq2[hub.Entry, error] {
	return func(yield func(hub.Entry, error) bool) {
		r := request{
			op: "list", target: s.target(at.ID, dir), repo: s.repo, path: datasetAPI(s.hub.current(s.repo), "tree", at.ID) + escapePath(dir),
			query: url.Values{"recursive": {"true"}, "expand": {"false"}},
		}
		for page, err := range pages[treeEntry](ctx, s.hub, r) {
			if err != nil {
				yield(hub.Entry{}, err)
				return
			}
			for _, t := range page {
				if t.Type != "file" || t.Path == dir {
					continue // a folder, or dir itself, which is a file
				}
				e, err := t.entry(dir)
				if err != nil {
					err = s.fail("list", at.ID, dir, fmt.Errorf("%w: the Hub lists what cannot be: %w", hub.ErrCorrupt, err))
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// entry refuses what no dataset holds, and what is not under dir.
func (t treeEntry) entry(dir string) (hub.Entry, error) {
	e := hub.Entry{Path: t.Path, Size: t.Size}
	if err := hub.CheckPath(t.Path); err != nil {
		return hub.Entry{}, err
	}
	if dir != "" && !strings.HasPrefix(t.Path, dir+"/") {
		return hub.Entry{}, fmt.Errorf("path %q is not under %q", t.Path, dir)
	}
	if t.LFS != nil {
		if !isSHA256(t.LFS.SHA256) {
			return hub.Entry{}, fmt.Errorf("path %q has the digest %.80q", t.Path, t.LFS.SHA256)
		}
		e.SHA256, e.Size = t.LFS.SHA256, t.LFS.Size
	}
	if e.Size < 0 {
		return hub.Entry{}, fmt.Errorf("path %q has %d bytes", t.Path, e.Size)
	}
	return e, nil
}

// isSHA256 tells whether s is a digest as the Hub writes it.
func isSHA256(s string) bool { return len(s) == 64 && isHex(s) }

func isHex(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

// escapePath returns "/" and the path of a file with what is between the slashes escaped; nothing for no path.
func escapePath(path string) string {
	if path == "" {
		return ""
	}
	return segments(strings.Split(path, "/"))
}
