package dataset

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/hubgate/hubgate/gate/codec"
)

// Copies returns a function that gives some files with copies, in a new folder below dir, in place of those that lie on a Hub: texts
// are read again and again, some samples at a time, and of each model apart. They are copied when they are first asked for, and
// once. Remove deletes the copies, which nothing must read any more.
func Copies(files []codec.File, dir string) (near func() ([]codec.File, error), remove func()) {
	var folder string
	var copies []*os.File
	near = sync.OnceValues(func() ([]codec.File, error) {
		out := slices.Clone(files)
		for i := range out {
			f := &out[i]
			if _, far := f.Content.(codec.Fetcher); !far {
				continue
			}
			if folder == "" {
				made, err := os.MkdirTemp(dir, "hubgate-copies-")
				if err != nil {
					return nil, err
				}
				folder = made
			}
			to, err := os.CreateTemp(folder, "")
			if err != nil {
				return nil, err
			}
			copies = append(copies, to)
			if n, err := io.Copy(to, io.NewSectionReader(f.Content, 0, f.Size)); err != nil || n != f.Size {
				return nil, fmt.Errorf("%s: %w", f.Name, cmp.Or(err, io.ErrUnexpectedEOF))
			}
			f.Content = to
		}
		return out, nil
	})
	return near, func() {
		for _, f := range copies {
			_ = f.Close() // it was written to be read here
		}
		if folder != "" {
			_ = os.RemoveAll(folder) // what cannot be removed does no harm
		}
	}
}
