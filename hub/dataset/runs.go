package dataset

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
)

// Runs returns the runs recorded at a revision of a dataset, empty for main, the newest first; none where another tool wrote it.
func Runs(ctx context.Context, h hub.Hub, r hub.Repo, revision string) ([]gate.RecordedRun, error) {
	st, err := h.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	at, err := st.Resolve(ctx, cmp.Or(revision, mainBranch))
	if err != nil {
		return nil, err
	}
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return nil, err
	}
	rows, err := rec.history(ctx, st, at, false)
	if err != nil {
		return nil, err
	}
	runs := group(rows)
	for i := range runs {
		runs[i].Current = rec != nil && rec.Baseline != nil && rec.Baseline.Run == runs[i].ID
	}
	return runs, nil
}

// group makes runs of the rows of a history.
func group(rows []HistoryRow) []gate.RecordedRun {
	var out []gate.RecordedRun
	at := map[string]int{}
	for _, r := range rows {
		i, ok := at[r.RunID]
		if !ok {
			i = len(out)
			at[r.RunID] = i
			out = append(out, gate.RecordedRun{
				ID: r.RunID, Time: r.Time.UTC(), GitSHA: r.GitSHA, RunURL: r.RunURL, Decision: gate.Pass,
				Baseline: r.Baseline, Replicate: r.Replicate, ReportOnly: r.ReportOnly,
				AcceptedBy: deref(r.AcceptedBy), AcceptedWhy: deref(r.AcceptedWhy),
			})
		}
		run := &out[i]
		d, _ := gate.ParseDecision(r.Decision) // what is not known did not pass
		run.Decision = gate.Worst(run.Decision, d)
		if r.Metric == "" {
			continue
		}
		run.Metrics = append(run.Metrics, gate.RecordedMetric{
			Task: r.Task, Metric: r.Metric, N: int(r.N), Missing: int(r.Missing), Mean: r.Mean, SD: r.spread(), Outcome: r.Outcome,
		})
	}
	for i := range out {
		slices.SortFunc(out[i].Metrics, func(a, b gate.RecordedMetric) int {
			return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.Metric, b.Metric))
		})
	}
	slices.SortStableFunc(out, func(a, b gate.RecordedRun) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID))
	})
	return out
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// maxCount bounds a number of samples: no run has as many, and sums of them stay far from overflow.
const maxCount = 1 << 40

// checkRows refuses numbers that no run has, as in a file that was damaged or forged.
func checkRows(rows []HistoryRow) error {
	for i := range rows {
		r := &rows[i]
		ok := true
		for _, n := range []int64{r.Rows, r.N, r.Missing} {
			ok = ok && 0 <= n && n <= maxCount
		}
		for _, x := range []*float64{r.Mean, r.SD, r.CILow, r.CIHigh} {
			ok = ok && (x == nil || !math.IsNaN(*x) && !math.IsInf(*x, 0))
		}
		if !ok || r.SD != nil && *r.SD < 0 || r.N > 0 && r.Mean == nil {
			return fmt.Errorf("%s: run %q has numbers of %q that no run has; restore the file from an earlier commit", historyPath, r.RunID, r.Metric)
		}
	}
	return nil
}

// spread returns the standard deviation, nil where there is none: of one sample, and where the spread left float64's range,
// which shows in there being no interval.
func (r *HistoryRow) spread() *float64 {
	if r.N < 2 || r.CILow == nil {
		return nil
	}
	return r.SD
}
