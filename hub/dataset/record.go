package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

const (
	mainBranch = "main"

	recordPath  = "hubgate.json"
	historyPath = "history/runs.parquet"
	cardPath    = "README.md"
	dataPath    = "data/test-00000-of-00001.parquet"

	recordSchema = "hubgate.dataset/1"

	// maxSmall bounds the files that are read whole: record and card. A real one has some kilobytes.
	maxSmall = 8 << 20
)

// A Record is hubgate.json: what the current baseline is, how its data is read, and who owns the dataset.
type Record struct {
	Schema     string          `json:"schema"`
	Model      string          `json:"model"`
	Repository string          `json:"repository"` // owner/name of the code's repository; empty outside GitHub
	Gate       string          `json:"gate"`
	Baseline   *BaselineRecord `json:"baseline"` // nil while no run has become one
}

// A BaselineRecord says which run is the baseline, and how the data that holds it is to be read.
type BaselineRecord struct {
	Run        string         `json:"run"`
	Path       string         `json:"path"`   // of its scores in long form
	SHA256     string         `json:"sha256"` // of its scores
	Created    time.Time      `json:"created"`
	GitSHA     string         `json:"git_sha"`
	RunURL     string         `json:"run_url"`
	Attempt    int            `json:"attempt"`
	Data       []DataRecord   `json:"data"`
	Metrics    []MetricRecord `json:"metrics"`
	Columns    ColumnsRecord  `json:"columns"`
	EvalConfig *ConfigRecord  `json:"eval_config"` // nil when unknown
}

// A DataRecord is one file under data/ as this program wrote it.
type DataRecord struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // of the file
}

// A MetricRecord says what was known of a metric, and which column of data/ holds it.
type MetricRecord struct {
	Name  string      `json:"name"`
	Path  string      `json:"path,omitempty"` // empty where data/ is a table of this program's own, which tells by itself
	Scale *[2]float64 `json:"scale"`          // that it was judged on; nil when unknown

	// Direction is "higher" or "lower", whichever is better; empty in records of before it was kept.
	Direction string `json:"direction,omitempty"`
}

// A ColumnsRecord names the columns of data/ that identify samples; empty ones are found by common names.
type ColumnsRecord struct {
	ID    string `json:"id,omitempty"`
	Model string `json:"model,omitempty"`
	Task  string `json:"task,omitempty"`
	Group string `json:"group,omitempty"`
	Trial string `json:"trial,omitempty"`
}

// A ConfigRecord is the configuration of an evaluation.
type ConfigRecord struct {
	Fingerprint string         `json:"fingerprint"`
	Parts       evalconf.Parts `json:"parts"`
}

func configRecord(p evalconf.Parts) *ConfigRecord {
	if len(p) == 0 {
		return nil
	}
	return &ConfigRecord{Fingerprint: p.Fingerprint(), Parts: p}
}

// parts returns the configuration, nil when it is unknown.
func (c *ConfigRecord) parts() evalconf.Parts {
	if c == nil {
		return nil
	}
	return c.Parts
}

// readSmall returns the whole of a small file, or nil when the commit lacks it.
func readSmall(ctx context.Context, r hub.Reader, at hub.Commit, path string) ([]byte, error) {
	blob, err := r.Open(ctx, at, path)
	if errors.Is(err, hub.ErrNoEntry) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // read only
	if blob.Size() > maxSmall {
		return nil, fmt.Errorf("%s@%s/%s: %d bytes are more than this file can have (%d)", r.Repo(), at.ID, path, blob.Size(), maxSmall)
	}
	data := make([]byte, blob.Size())
	if _, err := io.ReadFull(io.NewSectionReader(blob, 0, blob.Size()), data); err != nil {
		return nil, fmt.Errorf("%s@%s/%s: %w", r.Repo(), at.ID, path, err)
	}
	return data, nil
}

// readRecord returns the record at a commit, or nil where another tool wrote the dataset. A record that a newer
// version wrote is refused: what it means to say must not be guessed.
func readRecord(ctx context.Context, r hub.Reader, at hub.Commit) (*Record, error) {
	data, err := readSmall(ctx, r, at, recordPath)
	if err != nil || data == nil {
		return nil, err
	}
	var rec Record
	if err := json.Unmarshal(data, &rec); err != nil {
		return nil, fmt.Errorf("%s@%s/%s: not JSON as hubgate writes it: %w; restore the file from an earlier commit", r.Repo(), at.ID, recordPath, err)
	}
	if rec.Schema != recordSchema {
		return nil, fmt.Errorf("%s@%s/%s: schema is %q, not %q; update hubgate", r.Repo(), at.ID, recordPath, rec.Schema, recordSchema)
	}
	return &rec, nil
}

func (r *Record) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("%s: %w", recordPath, err)
	}
	return b.Bytes(), nil
}

// holds refuses a model that is not the dataset's.
func (r *Record) holds(repo hub.Repo, model string) error {
	if strings.EqualFold(r.Model, model) {
		return nil
	}
	return &CollisionError{Models: [2]string{r.Model, model}, Repo: repo}
}

// dataOptions returns how data/ is to be read, which is how the scores files were: by the same columns, and held to the
// same scales. A table of this program's own needs no options.
func dataOptions(model string, metrics []MetricRecord, c ColumnsRecord) codec.Options {
	o := codec.Options{ModelID: model}
	for _, m := range metrics {
		if m.Path != "" {
			o.Metrics = append(o.Metrics, codec.Metric{Name: m.Name, Path: m.Path})
		}
	}
	if len(o.Metrics) == 0 {
		return o
	}
	o.ID, o.Model, o.Task, o.Group, o.Trial = c.ID, c.Model, c.Task, c.Group, c.Trial
	o.Scale = func(metric string) (score.Scale, bool) { return scaleOf(metrics, metric) }
	return o
}

// scaleOf returns the recorded scale of a metric.
func scaleOf(metrics []MetricRecord, name string) (score.Scale, bool) {
	for _, m := range metrics {
		if m.Name == name && m.Scale != nil {
			return score.Scale{Min: m.Scale[0], Max: m.Scale[1]}, true
		}
	}
	return score.Scale{}, false
}
