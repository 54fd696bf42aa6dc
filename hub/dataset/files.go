package dataset

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// maxFiles bounds the files of one baseline: a folder on the Hub holds at most 10,000.
const maxFiles = 10_000

// shardName matches what datasets.push_to_hub and this program write.
var shardName = regexp.MustCompile(`^(.+)-(\d{5})-of-(\d{5})\.parquet$`)

// scoreFiles matches the endings of files that the codec reads.
var scoreFiles = regexp.MustCompile(`(?i)\.(parquet|jsonl|ndjson|json|csv|tsv)(\.gz|\.zst)?$`)

// An Open is some files of one dataset at one commit.
type Open struct {
	At    hub.Commit
	Files []codec.File
	blobs []hub.Blob
}

// Close releases the files, whose contents must not be read any more.
func (o *Open) Close() {
	for _, b := range o.blobs {
		_ = b.Close() // they were only read
	}
}

// OpenLocation opens the score files of a place on a Hub: one file, the files in a folder, or for a whole dataset the
// split that holds its scores.
func OpenLocation(ctx context.Context, h hub.Hub, l Location, o codec.Options) (*Open, error) {
	st, err := h.Open(ctx, l.Repo)
	if err != nil {
		return nil, err
	}
	at, err := st.Resolve(ctx, cmp.Or(l.Revision, "main"))
	if err != nil {
		return nil, err
	}
	if l.Path == "" {
		files, err := splitFiles(ctx, st, at, o)
		if err != nil {
			return nil, err
		}
		return open(ctx, st, at, files)
	}
	files, err := list(ctx, st, at, l.Path)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		files = []hub.Entry{{Path: l.Path}} // a file, or nothing, which opening it will tell
	}
	return open(ctx, st, at, files)
}

// list returns the score files below a folder.
func list(ctx context.Context, st hub.Reader, at hub.Commit, dir string) ([]hub.Entry, error) {
	var out []hub.Entry
	for e, err := range st.List(ctx, at, dir) {
		if err != nil {
			return nil, err
		}
		if !scoreFiles.MatchString(e.Path) {
			continue
		}
		if len(out) == maxFiles {
			return nil, fmt.Errorf("%s@%s/%s: more than %d files; name a folder or a file", st.Repo(), at.ID, dir, maxFiles)
		}
		out = append(out, e)
	}
	return out, nil
}

// splitFiles returns the files of the split that holds the scores. Splits are never added up: they often hold the
// same samples twice, before and after judging.
func splitFiles(ctx context.Context, st hub.Reader, at hub.Commit, o codec.Options) ([]hub.Entry, error) {
	files, err := list(ctx, st, at, "data")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		if files, err = list(ctx, st, at, ""); err != nil {
			return nil, err
		}
		files = slices.DeleteFunc(files, func(e hub.Entry) bool {
			return strings.HasPrefix(e.Path, "runs/") || e.Path == historyPath
		})
	}
	splits := map[string][]hub.Entry{}
	for _, e := range files {
		s := splitOf(e.Path)
		splits[s] = append(splits[s], e)
	}
	switch len(splits) {
	case 0:
		return nil, nil
	case 1:
		return checkShards(st, at, files)
	}
	return pickSplit(ctx, st, at, splits, o)
}

// pickSplit returns the files of the one split with scores, or of the first of the usual names among several.
func pickSplit(ctx context.Context, st hub.Reader, at hub.Commit, splits map[string][]hub.Entry, o codec.Options) ([]hub.Entry, error) {
	var scored []string
	var failed error
	for _, name := range slices.Sorted(maps.Keys(splits)) {
		opened, err := open(ctx, st, at, splits[name])
		if err != nil {
			return nil, err
		}
		_, err = codec.Read(ctx, opened.Files, o)
		opened.Close()
		if err == nil {
			scored = append(scored, name)
		} else if failed == nil {
			failed = err
		}
	}
	if len(scored) == 0 {
		return nil, fmt.Errorf("none of the splits %s holds scores: %w", strings.Join(slices.Sorted(maps.Keys(splits)), ", "), failed)
	}
	best := scored[0]
	for _, usual := range []string{"train", "all", "test"} { // the last one there wins
		if slices.Contains(scored, usual) {
			best = usual
		}
	}
	return checkShards(st, at, splits[best])
}

// splitOf returns the split that a file belongs to by its name, or by its folder where the name does not tell.
func splitOf(p string) string {
	base := path.Base(p)
	if m := shardName.FindStringSubmatch(base); m != nil {
		return m[1]
	}
	if dir := path.Dir(p); dir != "." && dir != "data" {
		return path.Base(dir)
	}
	name, _, _ := strings.Cut(base, ".")
	return name
}

// checkShards refuses a split of which a shard is missing: a part must not pass for the whole.
func checkShards(st hub.Reader, at hub.Commit, files []hub.Entry) ([]hub.Entry, error) {
	for _, e := range files {
		m := shardName.FindStringSubmatch(path.Base(e.Path))
		if m == nil {
			continue
		}
		if n, _ := strconv.Atoi(m[3]); n != len(files) {
			return nil, fmt.Errorf("%s@%s/%s: %d of %d shards are there; upload the others", st.Repo(), at.ID, e.Path, len(files), n)
		}
	}
	return files, nil
}

func open(ctx context.Context, st hub.Reader, at hub.Commit, entries []hub.Entry) (*Open, error) {
	out := &Open{At: at}
	for _, e := range entries {
		blob, err := st.Open(ctx, at, e.Path)
		if err != nil {
			out.Close()
			return nil, err
		}
		out.blobs = append(out.blobs, blob)
		name := Location{Repo: st.Repo(), Revision: at.ID[:min(12, len(at.ID))], Path: e.Path}.String()
		out.Files = append(out.Files, codec.File{Name: name, Content: blob, Size: blob.Size()})
	}
	return out, nil
}
