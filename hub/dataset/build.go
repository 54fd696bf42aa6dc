package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

// maxText is the size of data/ beyond which texts are left out of it.
const maxText = 256 << 20

// built is what a commit needs and what does not depend on the state of the branch.
type built struct {
	id      string
	dir     string
	from    []codec.File // that the run was read from
	long    *builtFile
	data    *builtFile // nil when the run cannot become the baseline, and when the dataset holds its data already
	metrics []MetricRecord
	columns ColumnsRecord
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
	b := &built{id: runID(p), dir: dir}
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
	if err != nil || p.Branch != mainBranch || !p.worthy() {
		return err
	}
	if p.Origin.from(p.Repo) {
		b.metrics, b.columns = p.metrics(true), p.columns(true)
		return nil
	}
	b.from = p.Files
	if p.Text && p.Near != nil {
		if b.from, err = p.Near(); err != nil {
			return err
		}
	}
	if err := p.buildData(ctx, b, p.Text); err != nil {
		return err
	}
	limit := cmp.Or(p.MaxText, maxText)
	if !p.Text || b.data.size <= limit {
		return nil
	}
	b.notes = append(b.notes, fmt.Sprintf("the texts of %s were left out of the dataset: with them data/ would have %d bytes, more than %d",
		p.Model.Model, b.data.size, limit))
	b.data.remove()
	return p.buildData(ctx, b, false)
}

// buildData writes data/: the files' own columns where they are flat tables, else a table made of the scores. The latter
// serves too where the columns alone would not give back the scores that were judged, as when one metric came from
// several columns.
func (p *Push) buildData(ctx context.Context, b *built, text bool) error {
	var err error
	if p.Scores.Flat {
		b.metrics, b.columns = p.metrics(true), p.columns(text)
		if b.data, err = p.buildFlat(ctx, b, text); err != nil || b.data != nil {
			return err
		}
	}
	b.metrics, b.columns = p.metrics(false), ColumnsRecord{}
	b.data, err = b.write(dataPath, func(w io.Writer) error {
		return codec.WriteWide(w, p.Candidate.Tables, p.texts(ctx, b, text))
	})
	return err
}

// buildFlat writes the files' own columns. It returns nil where these do not read as the scores that were judged.
func (p *Push) buildFlat(ctx context.Context, b *built, text bool) (*builtFile, error) {
	o := codec.FlatOptions{Text: text, SampleID: !text}
	if p.models() > 1 {
		o.Model = p.Model.Model
	}
	data, err := b.write(dataPath, func(w io.Writer) error {
		_, err := codec.WriteFlat(ctx, w, b.from, p.Options, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	file := codec.File{Name: dataPath, Content: data.f, Size: data.size}
	back, err := codec.Read(ctx, []codec.File{file}, dataOptions(p.Model.Model, b.metrics, b.columns))
	if err == nil && score.SHA256(back.Tables) == p.SHA256 {
		return data, nil
	}
	data.remove()
	return nil, ctx.Err()
}

// metrics returns what is recorded of the run's metrics; kept is whether data/ holds the columns of the scores files.
func (p *Push) metrics(kept bool) []MetricRecord {
	var out []MetricRecord
	for _, t := range p.Candidate.Tables {
		for _, c := range t.Columns() {
			if slices.ContainsFunc(out, func(m MetricRecord) bool { return m.Name == c.Metric }) {
				continue
			}
			m := MetricRecord{Name: c.Metric}
			m.Scale, m.Direction = p.judged(c.Metric)
			if kept {
				m.Path = p.Scores.Metrics[c.Metric].Path
			}
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b MetricRecord) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// judged returns the scale that a metric was judged on, nil when none is known, and which way it improves.
func (p *Push) judged(metric string) (scale *[2]float64, direction string) {
	for _, f := range p.Model.Findings {
		if f.Metric != metric {
			continue
		}
		direction = f.Criterion.Direction.String()
		if s := f.Criterion.Scale; s != nil {
			return &[2]float64{s.Min, s.Max}, direction
		}
	}
	return nil, direction
}

// columns returns the columns that identify samples where data/ keeps those of the scores files. Where input texts made the
// ids and are left out, the writer puts the ids and trials that they made in their place.
func (p *Push) columns(text bool) ColumnsRecord {
	o := p.Options
	c := ColumnsRecord{ID: o.ID, Model: o.Model, Task: o.Task, Group: o.Group, Trial: o.Trial}
	if !text && slices.ContainsFunc(p.Candidate.Tables, (*score.Table).Derived) {
		c.ID, c.Trial = "sample_id", "trial"
	}
	return c
}

// texts returns what pages in the texts of samples, nil where they are not to be published.
func (p *Push) texts(ctx context.Context, b *built, wanted bool) func([]codec.Place) (map[codec.Place]codec.Text, error) {
	if !wanted {
		return nil
	}
	return func(places []codec.Place) (map[codec.Place]codec.Text, error) {
		return codec.Texts(ctx, b.from, p.Options, places)
	}
}

// models counts the models that the files hold, of which this push may be one among several.
func (p *Push) models() int {
	names := map[string]bool{}
	for _, t := range p.Scores.Tables {
		names[t.Key().Model] = true
	}
	return len(names)
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
		out.remove()
		return nil, err
	}
	out.size, out.sha256 = w.n, hex.EncodeToString(sum.Sum(nil))
	return out, nil
}

// remove frees the disk at once. What cannot be removed goes with its folder.
func (b *builtFile) remove() {
	_ = b.f.Close()
	_ = os.Remove(b.f.Name())
}

func (b *built) remove() {
	for _, f := range []*builtFile{b.data, b.long} {
		if f != nil {
			f.remove()
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
