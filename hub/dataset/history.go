package dataset

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// A HistoryRow is one recorded run's summary of one task and metric: a row of history/runs.parquet. Columns are only ever
// added, and what is added is nullable, so that old and new files have one schema for whoever reads both.
type HistoryRow struct {
	RunID       string    `parquet:"run_id"`
	Time        time.Time `parquet:"time,timestamp(microsecond)"`
	Model       string    `parquet:"model"`
	Task        string    `parquet:"task"`
	Metric      string    `parquet:"metric"`
	GitSHA      string    `parquet:"git_sha"`
	RunURL      string    `parquet:"run_url"`
	Attempt     int64     `parquet:"attempt"`
	Gate        string    `parquet:"gate"`
	Compared    string    `parquet:"compared_with"` // the dataset commit of the baseline; empty when there was none
	Fingerprint string    `parquet:"fingerprint"`   // of the evaluation's configuration; empty when unknown
	SHA256      string    `parquet:"sha256"`        // of the scores
	Path        string    `parquet:"path"`          // of the scores in this dataset
	Rows        int64     `parquet:"rows"`
	N           int64     `parquet:"n"`
	Missing     int64     `parquet:"missing"`
	Mean        *float64  `parquet:"mean,optional"`
	SD          *float64  `parquet:"sd,optional"`
	CILow       *float64  `parquet:"ci_low,optional"`
	CIHigh      *float64  `parquet:"ci_high,optional"`
	Outcome     string    `parquet:"outcome"`
	Decision    string    `parquet:"decision"`
	Baseline    bool      `parquet:"became_baseline"`
	Replicate   bool      `parquet:"replicate"`
	ReportOnly  bool      `parquet:"report_only"`

	// Who accepted a run in spite of what failed, why and when; nil where nobody had to.
	AcceptedBy  *string    `parquet:"accepted_by,optional"`
	AcceptedWhy *string    `parquet:"accepted_reason,optional"`
	AcceptedAt  *time.Time `parquet:"accepted_at,optional,timestamp(microsecond)"`
}

// runID names a run: its UTC time and 12 hex digits of the hash of what makes it this run and no other.
func runID(p *Push) string {
	c := p.Candidate.Provenance
	sum := sha256.Sum256([]byte(strings.Join([]string{p.SHA256, c.GitSHA, c.RunURL, strconv.Itoa(c.Attempt), p.Gate}, "\n")))
	return c.Created.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum[:6])
}

func runPath(id string, created time.Time) string {
	return "runs/" + created.UTC().Format("2006-01") + "/" + id + ".parquet"
}

// History returns the rows of the runs recorded at a commit, oldest first; none where the dataset has no history. It refuses
// numbers that no run has.
func History(ctx context.Context, r hub.Reader, at hub.Commit) ([]HistoryRow, error) {
	return readHistory(ctx, r, at, false)
}

// readHistory is [History]. To write it anew it refuses a file with columns that would be lost, as one of a newer version has.
func readHistory(ctx context.Context, r hub.Reader, at hub.Commit, anew bool) ([]HistoryRow, error) {
	blob, err := r.Open(ctx, at, historyPath)
	if errors.Is(err, hub.ErrNoEntry) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer blob.Close() //nolint:errcheck // read only
	rows, err := codec.ReadRows[HistoryRow](blob, blob.Size())
	if err != nil {
		return nil, fmt.Errorf("%s@%s/%s: %w", r.Repo(), at.ID, historyPath, err)
	}
	if err := checkRows(rows); err != nil {
		return nil, fmt.Errorf("%s@%s/%w", r.Repo(), at.ID, err)
	}
	if anew {
		unread, err := codec.UnreadColumns[HistoryRow](blob, blob.Size())
		if err == nil && len(unread) > 0 {
			err = fmt.Errorf("this version would lose what it does not know, column %s; update hubgate", strings.Join(unread, ", "))
		}
		if err != nil {
			return nil, fmt.Errorf("%s@%s/%s: %w", r.Repo(), at.ID, historyPath, err)
		}
	}
	slices.SortStableFunc(rows, func(a, b HistoryRow) int { return a.Time.Compare(b.Time) })
	return rows, nil
}

// history is [readHistory] of a dataset with the record r, nil for none. It refuses a history that does not have the baseline: what else
// is lost is not known, and nothing must be judged by it or built on it.
func (r *Record) history(ctx context.Context, st hub.Reader, at hub.Commit, anew bool) ([]HistoryRow, error) {
	rows, err := readHistory(ctx, st, at, anew)
	if err != nil || r == nil || r.Baseline == nil || slices.ContainsFunc(rows, func(row HistoryRow) bool { return row.RunID == r.Baseline.Run }) {
		return rows, err
	}
	return nil, fmt.Errorf("%s@%s/%s has no row of the baseline, run %s; restore the file from an earlier commit", st.Repo(), at.ID, historyPath, r.Baseline.Run)
}

// earlierBaselines returns a row of each run that became the baseline, newest first.
func earlierBaselines(rows []HistoryRow) []HistoryRow {
	var out []HistoryRow
	seen := map[string]bool{}
	for _, r := range slices.Backward(rows) {
		if r.Baseline && !seen[r.RunID] {
			seen[r.RunID] = true
			out = append(out, r)
		}
	}
	return out
}

// historyRows returns the rows that record a run.
func (p *Push) historyRows(id string, r role) []HistoryRow {
	c := p.Candidate.Provenance
	base := HistoryRow{
		RunID: id, Time: c.Created.UTC(), Model: p.Model.Model, GitSHA: c.GitSHA, RunURL: c.RunURL, Attempt: int64(c.Attempt),
		Gate: p.Gate, Fingerprint: c.EvalConfig.Fingerprint(), SHA256: p.SHA256, Path: runPath(id, c.Created),
		Baseline: r == becomesBaseline, Replicate: r == replicate, ReportOnly: p.ReportOnly,
	}
	if p.Model.Baseline != nil {
		base.Compared = p.Model.Baseline.Commit
	}
	if a := p.Accepted; a != nil {
		at := a.At.UTC()
		base.AcceptedBy, base.AcceptedWhy, base.AcceptedAt = &a.By, &a.Reason, &at
	}
	var out []HistoryRow
	for _, f := range p.Model.Findings {
		row := base
		row.Task, row.Metric, row.Outcome, row.Decision = f.Task, f.Metric, f.Outcome.String(), f.Decision.String()
		if s := f.Candidate; s != nil {
			row.Rows, row.N, row.Missing = int64(s.Rows), int64(s.N), int64(s.Missing)
			row.Mean, row.SD, row.CILow, row.CIHigh = summaryNumbers(s)
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b HistoryRow) int {
		return cmp.Or(strings.Compare(a.Task, b.Task), strings.Compare(a.Metric, b.Metric))
	})
	return out
}

func encodeHistory(rows []HistoryRow) ([]byte, error) {
	var b bytes.Buffer
	if err := codec.WriteRows(&b, rows); err != nil {
		return nil, fmt.Errorf("%s: %w", historyPath, err)
	}
	return b.Bytes(), nil
}

// summaryNumbers returns nil for each number that a summary does not have.
func summaryNumbers(s *gate.Summary) (mean, sd, lo, hi *float64) {
	if s.N > 0 {
		mean = &s.Mean
	}
	if s.N > 1 {
		sd = &s.SD
	}
	if s.Interval {
		lo, hi = &s.Lo, &s.Hi
	}
	return mean, sd, lo, hi
}
