package dataset

import (
	"cmp"
	"context"
	"errors"
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

// An Open is some files of one dataset at one commit.
type Open struct {
	Repo    hub.Repo
	At      hub.Commit
	Entries []hub.Entry // what Files holds; of an entry that was named and not listed, the path alone
	Files   []codec.File
	blobs   []hub.Blob
}

// from reports whether the files lie in a dataset, whose name a Hub takes in any case.
func (o *Open) from(r hub.Repo) bool {
	return o != nil && strings.EqualFold(o.Repo.String(), r.String())
}

// known reports whether the content of every entry is known by its digest. A Hub has none of files outside LFS.
func known(entries []hub.Entry) bool {
	return !slices.ContainsFunc(entries, func(e hub.Entry) bool { return e.SHA256 == "" })
}

// Close releases the files, whose contents must not be read any more. A nil Open has none.
func (o *Open) Close() {
	if o == nil {
		return
	}
	for _, b := range o.blobs {
		_ = b.Close() // they were only read
	}
}

// OpenLocation opens the score files of a place on a Hub: one file, the files in a folder, or for a whole dataset the
// split that holds its scores. Of a dataset in which this program keeps the baseline beside what another tool pushes, that is the
// other tool's: a candidate is never the recorded baseline by mistake. A place without score files is an error.
func OpenLocation(ctx context.Context, h hub.Hub, l Location, o codec.Options) (*Open, error) {
	st, err := h.Open(ctx, l.Repo)
	if err != nil {
		return nil, err
	}
	at, err := st.Resolve(ctx, cmp.Or(l.Revision, mainBranch))
	if err != nil {
		return nil, err
	}
	var files []hub.Entry
	if l.Path == "" {
		files, err = pushedFiles(ctx, st, at, o)
	} else {
		files, err = folderFiles(ctx, st, at, l.Path, o)
	}
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no scores; name a file or a folder of it, or another dataset", l)
	}
	opened, err := open(ctx, st, at, files)
	if err == nil {
		opened.Repo = l.Repo // as it is asked for, which a rename does not change
	}
	return opened, err
}

// folderFiles returns the score files in a folder, or the one file that a path names. Files that are merely shards of one run
// are all taken; of splits, only one is.
func folderFiles(ctx context.Context, st hub.Reader, at hub.Commit, dir string, o codec.Options) ([]hub.Entry, error) {
	files, err := list(ctx, st, at, dir)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return oneFile(ctx, st, at, dir)
	}
	if slices.ContainsFunc(files, func(e hub.Entry) bool { return !shardName.MatchString(path.Base(e.Path)) }) {
		return files, nil
	}
	files, _, err = chooseSplit(ctx, st, at, files, o)
	return files, err
}

// oneFile returns the entry of a file; where there is none, which opening it will tell, one of the path alone.
func oneFile(ctx context.Context, st hub.Reader, at hub.Commit, p string) ([]hub.Entry, error) {
	dir := path.Dir(p)
	if dir == "." {
		dir = ""
	}
	files, err := list(ctx, st, at, dir)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(files, func(e hub.Entry) bool { return e.Path == p }); i >= 0 {
		return files[i : i+1], nil
	}
	return []hub.Entry{{Path: p}}, nil
}

// list returns the score files below a folder.
func list(ctx context.Context, st hub.Reader, at hub.Commit, dir string) ([]hub.Entry, error) {
	var out []hub.Entry
	for e, err := range st.List(ctx, at, dir) {
		if err != nil {
			return nil, err
		}
		if !codec.NamesScores(e.Path) {
			continue
		}
		if len(out) == maxFiles {
			return nil, fmt.Errorf("%s@%s/%s: more than %d files; name a folder or a file", st.Repo(), at.ID, dir, maxFiles)
		}
		out = append(out, e)
	}
	return out, nil
}

// splitFiles returns the files of the split that holds a dataset's scores, of those under data/ where there are any, and what
// should be said about the choice. It returns none where there are no score files.
func splitFiles(ctx context.Context, st hub.Reader, at hub.Commit, data []hub.Entry, o codec.Options) ([]hub.Entry, string, error) {
	files := data
	if len(files) == 0 {
		var err error
		if files, err = list(ctx, st, at, ""); err != nil {
			return nil, "", err
		}
		files = slices.DeleteFunc(files, func(e hub.Entry) bool {
			return strings.HasPrefix(e.Path, "runs/") || e.Path == historyPath || e.Path == recordPath
		})
	}
	return chooseSplit(ctx, st, at, files, o)
}

// pushedFiles returns the files of the split that holds a dataset's scores: of a split that is recorded here as the baseline and
// one that is not, the latter.
func pushedFiles(ctx context.Context, st hub.Reader, at hub.Commit, o codec.Options) ([]hub.Entry, error) {
	files, err := list(ctx, st, at, "data")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		files, _, err = splitFiles(ctx, st, at, nil, o)
		return files, err
	}
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return nil, err
	}
	if rec != nil && rec.Baseline != nil {
		pushed := slices.DeleteFunc(slices.Clone(files), rec.Baseline.holds)
		scored, err := scoredSplits(ctx, st, at, bySplit(pushed), o)
		var refused *hub.Error
		switch {
		case len(scored) > 0:
			files = pushed
		case errors.As(err, &refused) || ctx.Err() != nil:
			return nil, err
		}
	}
	files, _, err = chooseSplit(ctx, st, at, files, o)
	return files, err
}

// bySplit returns files by the split that they belong to.
func bySplit(files []hub.Entry) map[string][]hub.Entry {
	out := map[string][]hub.Entry{}
	for _, e := range files {
		s := splitOf(e.Path)
		out[s] = append(out[s], e)
	}
	return out
}

// chooseSplit returns the files of one split. Splits are never added up: they often hold the same samples twice, before and
// after judging.
func chooseSplit(ctx context.Context, st hub.Reader, at hub.Commit, files []hub.Entry, o codec.Options) ([]hub.Entry, string, error) {
	splits := bySplit(files)
	names := slices.Sorted(maps.Keys(splits))
	switch len(splits) {
	case 0:
		return nil, "", nil
	case 1:
		return files, "", checkShards(st, at, files)
	}
	scored, err := scoredSplits(ctx, st, at, splits, o)
	if err != nil {
		return nil, "", err
	}
	best, note := scored[0], ""
	if len(scored) > 1 {
		if best = usualSplit(scored); best == "" {
			return nil, "", fmt.Errorf("%s@%s: the splits %s all hold scores; name the file or the folder of one", st.Repo(), at.ID, strings.Join(scored, ", "))
		}
		note = fmt.Sprintf("of the splits of %s, %s hold scores: %s was taken", st.Repo(), strings.Join(scored, ", "), best)
	} else if slices.Contains(names, "test") && best != "test" {
		note = fmt.Sprintf("of the splits of %s, only %s holds scores", st.Repo(), best)
	}
	return splits[best], note, checkShards(st, at, splits[best])
}

// usualSplit returns the first of the usual names that is among some, or "".
func usualSplit(names []string) string {
	for _, usual := range []string{"test", "all", "train"} {
		if slices.Contains(names, usual) {
			return usual
		}
	}
	return ""
}

// scoredSplits returns the names of the splits whose files read as scores, sorted. None is an error.
func scoredSplits(ctx context.Context, st hub.Reader, at hub.Commit, splits map[string][]hub.Entry, o codec.Options) ([]string, error) {
	o.Unnamed = cmp.Or(o.Unnamed, o.ModelID, "unnamed") // whose scores they are does not matter here
	var scored []string
	var failed error
	var refused *hub.Error
	names := slices.Sorted(maps.Keys(splits))
	for _, name := range names {
		opened, err := open(ctx, st, at, splits[name])
		if err != nil {
			return nil, err
		}
		_, err = codec.Read(ctx, opened.Files, o)
		opened.Close()
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &refused): // what was not read may hold scores
			return nil, err
		case err == nil:
			scored = append(scored, name)
		case failed == nil:
			failed = err
		}
	}
	if len(scored) == 0 {
		return nil, fmt.Errorf("none of the splits %s holds scores: %w", strings.Join(names, ", "), failed)
	}
	return scored, nil
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

// checkShards refuses a split whose shards are not exactly those that their names promise: a part must not pass for the whole.
func checkShards(st hub.Reader, at hub.Commit, files []hub.Entry) error {
	seen := map[int]bool{}
	for _, e := range files {
		m := shardName.FindStringSubmatch(path.Base(e.Path))
		if m == nil {
			continue
		}
		i, _ := strconv.Atoi(m[2]) // five digits
		n, _ := strconv.Atoi(m[3])
		if n != len(files) || i >= n || seen[i] {
			return fmt.Errorf("%s@%s/%s: the split has %d files, and they are not shards 0 to %d of %d; upload what is missing, or delete what is left over",
				st.Repo(), at.ID, e.Path, len(files), n-1, n)
		}
		seen[i] = true
	}
	return nil
}

func open(ctx context.Context, st hub.Reader, at hub.Commit, entries []hub.Entry) (*Open, error) {
	out := &Open{Repo: st.Repo(), At: at, Entries: entries}
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
