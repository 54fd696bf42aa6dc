package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// built is what a commit needs and what does not depend on the state of the branch.
type built struct {
	id      string
	dir     string
	flat    *builtFile // nil when the run cannot become the baseline
	long    *builtFile
	columns ColumnsRecord
	facts   map[string]codec.Fact
	kept    bool // data/ holds the columns of the scores files, not the gate's own
	notes   []string
}

type builtFile struct {
	path   string // in the dataset
	f      *os.File
	size   int64
	sha256 string
}

func (b *builtFile) file() hub.File { return hub.File{Path: b.path, Content: b.f, Size: b.size} }

// build writes the Parquet files of the run to a temporary folder.
func (p *Push) build(ctx context.Context) (*built, error) {
	dir, err := os.MkdirTemp(p.TempDir, "hubgate-publish-")
	if err != nil {
		return nil, fmt.Errorf("building the results of %s: %w", p.Model.Model, err)
	}
	b := &built{id: runID(p), dir: dir, facts: p.Scores.Metrics, kept: p.Scores.Flat}
	if err := p.buildFiles(ctx, b); err != nil {
		b.remove()
		return nil, fmt.Errorf("building the results of %s: %w", p.Model.Model, err)
	}
	return b, nil
}

func (p *Push) buildFiles(ctx context.Context, b *built) (err error) {
	b.long, err = b.write(runPath(b.id, p.Candidate.Provenance.Created), func(w io.Writer) error {
		return codec.WriteLong(w, b.id, p.Candidate.Tables)
	})
	if err != nil || p.Branch != "main" || !p.worthy() {
		return err
	}
	if b.flat, err = p.buildData(ctx, b, p.Text); err != nil {
		return err
	}
	if p.Text && b.flat.size > maxText {
		b.notes = append(b.notes, fmt.Sprintf("the texts of %s were left out of the dataset: with them it would have %d MiB, more than %d",
			p.Model.Model, b.flat.size>>20, maxText>>20))
		b.flat.close()
		b.flat, err = p.buildData(ctx, b, false)
	}
	return err
}

// buildData writes data/: the files' own columns where they are flat tables, else a table made of the scores.
func (p *Push) buildData(ctx context.Context, b *built, text bool) (*builtFile, error) {
	if !b.kept {
		return b.write(dataPath, func(w io.Writer) error {
			return codec.WriteWide(w, p.Candidate.Tables, p.texts(ctx, text))
		})
	}
	o := p.Options
	b.columns = ColumnsRecord{ID: o.ID, Model: o.Model, Task: o.Task, Group: o.Group, Trial: o.Trial}
	sel := codec.FlatOptions{Text: text}
	if len(p.models()) > 1 {
		sel.Model = p.Model.Model
	}
	return b.write(dataPath, func(w io.Writer) error {
		_, err := codec.WriteFlat(ctx, w, p.Files, p.Options, sel)
		return err
	})
}

// texts returns what pages in the texts of samples, nil where they are not to be published.
func (p *Push) texts(ctx context.Context, wanted bool) func([]codec.Place) (map[codec.Place]codec.Text, error) {
	if !wanted {
		return nil
	}
	return func(places []codec.Place) (map[codec.Place]codec.Text, error) {
		return codec.Texts(ctx, p.Files, p.Options, places)
	}
}

// models returns the models that the files hold, of which this push may be one among several.
func (p *Push) models() map[string]bool {
	out := map[string]bool{}
	for _, t := range p.Scores.Tables {
		out[t.Key().Model] = true
	}
	return out
}

// path returns the column of data/ that holds a metric.
func (b *built) path(metric string) string {
	if f, ok := b.facts[metric]; ok && b.kept && f.Path != "" {
		return f.Path
	}
	return metric
}

func (b *built) write(path string, write func(w io.Writer) error) (*builtFile, error) {
	f, err := os.CreateTemp(b.dir, "")
	if err != nil {
		return nil, err
	}
	out := &builtFile{path: path, f: f}
	sum := sha256.New()
	w := &countingWriter{w: io.MultiWriter(f, sum)}
	if err := write(w); err != nil {
		out.close()
		return nil, err
	}
	out.size, out.sha256 = w.n, hex.EncodeToString(sum.Sum(nil))
	return out, nil
}

func (b *builtFile) close() { _ = b.f.Close() } // its content is in a folder that is removed

func (b *built) remove() {
	for _, f := range []*builtFile{b.flat, b.long} {
		if f != nil {
			f.close()
		}
	}
	_ = os.RemoveAll(b.dir) // a temporary folder; what cannot be removed does no harm
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func encodeHistory(rows []HistoryRow) ([]byte, error) {
	var b bytes.Buffer
	if err := codec.WriteRows(&b, rows); err != nil {
		return nil, fmt.Errorf("%s: %w", historyPath, err)
	}
	return b.Bytes(), nil
}
