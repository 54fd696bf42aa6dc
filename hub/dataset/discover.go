package dataset

import (
	"context"
	"errors"
	"math"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

// resultsSuffix ends the name of every results dataset, whichever tool wrote it.
const resultsSuffix = "-results"

// atOnce bounds the datasets that are read at the same time.
const atOnce = 8

// A Search asks for the results of a namespace.
type Search struct {
	Namespace string
	Models    string         // a glob, as of path.Match, of whole ids or of their parts after the last slash; empty for all
	Metrics   []codec.Metric // empty for all

	// Scale returns the scale that a policy declares for a metric. A score outside it is missing. May be nil.
	Scale func(metric string) (score.Scale, bool)
}

// A Discovery is what a namespace holds, in the order of its datasets' names.
type Discovery struct {
	Measured []gate.Measured
	Sets     []gate.ResultSet
	Skipped  []Skipped
}

// A Skipped is a results dataset that could not be used, and why.
type Skipped struct {
	Repo hub.Repo
	Err  error
}

// Discover finds every dataset of a namespace whose name ends in "-results" and measures what it holds. Of a dataset that
// this program wrote it reads the record and the history, and no scores; of another tool's, the scores. A dataset that
// cannot be read, or holds no scores, is Skipped. An error is of the Hub as a whole, or of the context.
func Discover(ctx context.Context, h hub.Hub, q Search) (Discovery, error) {
	var repos []hub.Repo
	for r, err := range h.Datasets(ctx, q.Namespace) {
		if err != nil {
			return Discovery{}, err
		}
		if strings.HasSuffix(r.Name, resultsSuffix) {
			repos = append(repos, r)
		}
	}
	found := make([]Discovery, len(repos))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(atOnce, len(repos)) {
		workers.Go(func() {
			for i := range next {
				found[i] = q.look(ctx, h, repos[i])
			}
		})
	}
	for i := range repos {
		next <- i
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return Discovery{}, context.Cause(ctx)
	}
	var all Discovery
	for _, f := range found {
		all.Measured = append(all.Measured, f.Measured...)
		all.Sets = append(all.Sets, f.Sets...)
		all.Skipped = append(all.Skipped, f.Skipped...)
	}
	return all, nil
}

// look measures one dataset.
func (q *Search) look(ctx context.Context, h hub.Hub, r hub.Repo) Discovery {
	d, err := q.measure(ctx, h, r)
	if err != nil {
		return Discovery{Skipped: []Skipped{{Repo: r, Err: err}}}
	}
	return d
}

func (q *Search) measure(ctx context.Context, h hub.Hub, r hub.Repo) (Discovery, error) {
	st, err := h.Open(ctx, r)
	if err != nil {
		return Discovery{}, err
	}
	at, err := st.Resolve(ctx, mainBranch)
	if errors.Is(err, hub.ErrNoRevision) {
		return Discovery{}, errors.New("it is empty")
	}
	if err != nil {
		return Discovery{}, err
	}
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return Discovery{}, err
	}
	if rec == nil || rec.Baseline == nil {
		return q.foreign(ctx, st, at, rec)
	}
	if !q.wants(rec.Model) {
		return Discovery{}, nil
	}
	return q.recorded(ctx, st, at, rec)
}

// wants reports whether a model is asked for.
func (q *Search) wants(model string) bool {
	if q.Models == "" {
		return true
	}
	whole, _ := path.Match(q.Models, model)
	part, _ := path.Match(q.Models, model[strings.LastIndexByte(model, '/')+1:])
	return whole || part
}

// counts reports whether a metric is asked for.
func (q *Search) counts(metric string) bool {
	return len(q.Metrics) == 0 || slices.ContainsFunc(q.Metrics, func(m codec.Metric) bool { return m.Matches(metric) })
}

// recorded takes the current baseline from the history, which has all that ranking needs.
func (q *Search) recorded(ctx context.Context, st hub.Store, at hub.Commit, rec *Record) (Discovery, error) {
	b := rec.Baseline
	rows, err := rec.history(ctx, st, at, false)
	if err != nil {
		return Discovery{}, err
	}
	rows = slices.DeleteFunc(rows, func(r HistoryRow) bool { return r.RunID != b.Run })
	set := gate.ResultSet{Dataset: st.Repo().String(), Model: rec.Model, Recorded: true, Run: b.Run, Provenance: gate.Provenance{
		Source: Location{Repo: st.Repo(), Revision: mainBranch}.String(), Commit: at.ID, SHA256: b.SHA256, GitSHA: b.GitSHA, RunURL: b.RunURL, Created: b.Created, Attempt: b.Attempt,
		EvalConfig: b.EvalConfig.parts(),
	}}
	replaced, err := newSearch(ctx, Query{}, st, at).replaced(b)
	if err != nil {
		return Discovery{}, err
	}
	if replaced {
		set.Warnings = append(set.Warnings, "another tool has replaced data/ since: what is ranked is the recorded run "+b.Run)
	}
	d := Discovery{Sets: []gate.ResultSet{set}}
	for _, r := range rows {
		if r.Metric != "" && r.Rows > 0 && q.counts(r.Metric) {
			d.Measured = append(d.Measured, r.measured(st.Repo(), rec))
		}
	}
	if len(d.Measured) == 0 {
		return Discovery{}, q.without()
	}
	return d, nil
}

// without says that none of the metrics that are asked for is there.
func (q *Search) without() error {
	if len(q.Metrics) == 0 {
		return errors.New("it holds no scores")
	}
	return errors.New("it holds none of the metrics that are asked for")
}

func (r *HistoryRow) measured(repo hub.Repo, rec *Record) gate.Measured {
	m := gate.Measured{
		Series:  gate.Series{Key: score.Key{Model: rec.Model, Task: r.Task}, Metric: r.Metric},
		Dataset: repo.String(), Created: r.Time, Fingerprint: r.Fingerprint, N: int(r.N), Missing: int(r.Missing), SD: r.spread(),
	}
	if r.Mean != nil {
		m.Mean = *r.Mean
	}
	if s, ok := scaleOf(rec.Baseline.Metrics, r.Metric); ok {
		m.Hint.Scale = &s
	}
	for _, known := range rec.Baseline.Metrics {
		if known.Name == r.Metric {
			m.Hint.Direction, _ = gate.ParseDirection(known.Direction)
		}
	}
	m.PassFail = r.passFail()
	return m
}

// passFail reports whether the scores were all 0 or 1, which the history tells without saying so: their interval is
// Wilson's, which lies in [0, 1] and, unlike Student's, not around the mean. Around a mean of one half both do; there no other
// scores of [0, 1] have as large a variance.
func (r *HistoryRow) passFail() bool {
	if r.N == 0 || r.Mean == nil || r.CILow == nil || r.CIHigh == nil {
		return false
	}
	if *r.CILow < 0 || *r.CIHigh > 1 || *r.Mean < 0 || *r.Mean > 1 {
		return false
	}
	const rounding = 1e-14
	m := *r.Mean
	if centre := (*r.CILow + *r.CIHigh) / 2; math.Abs(centre-m) > rounding {
		return true
	}
	if r.SD == nil {
		return false
	}
	variance := *r.SD * *r.SD * float64(r.N-1) / float64(r.N)
	return math.Abs(m-0.5) <= rounding && math.Abs(variance-0.25) <= rounding
}

// foreign reads the scores of a dataset that another tool wrote, or in which no run has become the baseline.
func (q *Search) foreign(ctx context.Context, st hub.Store, at hub.Commit, rec *Record) (Discovery, error) {
	model := strings.TrimSuffix(st.Repo().Name, resultsSuffix)
	o := codec.Options{Metrics: q.Metrics, Scale: q.Scale, Unnamed: model, NoIDs: true}
	if rec != nil {
		o.ModelID = rec.Model
	}
	files, note, err := newSearch(ctx, Query{}, st, at).split(ctx, o)
	if err != nil {
		return Discovery{}, err
	}
	if len(files) == 0 {
		if rec != nil {
			return Discovery{}, errors.New("no run has become its baseline yet")
		}
		return Discovery{}, errors.New("it holds no scores")
	}
	opened, err := open(ctx, st, at, files)
	if err != nil {
		return Discovery{}, err
	}
	defer opened.Close()
	scores, err := codec.Read(ctx, opened.Files, o)
	if err != nil {
		return Discovery{}, err
	}
	if note != "" {
		scores.Warnings = append([]string{note}, scores.Warnings...)
	}
	return q.scored(st.Repo(), at, scores)
}

// scored measures the scores that another tool wrote.
func (q *Search) scored(r hub.Repo, at hub.Commit, scores *codec.Scores) (Discovery, error) {
	var d Discovery
	hints := Hints(scores)
	for _, t := range scores.Tables {
		model := t.Key().Model
		if !q.wants(model) {
			continue
		}
		if !slices.ContainsFunc(d.Sets, func(s gate.ResultSet) bool { return s.Model == model }) {
			d.Sets = append(d.Sets, gate.ResultSet{Dataset: r.String(), Model: model, Warnings: scores.Warnings, Provenance: gate.Provenance{
				Source: Location{Repo: r, Revision: mainBranch}.String(), Commit: at.ID, Created: at.Time,
			}})
		}
		reduced := t.Reduce()
		for _, c := range t.Columns() {
			if !q.counts(c.Metric) {
				continue
			}
			s := gate.Summarize(reduced, t.Len(), c.Metric, 0.95, false) // whatever the level, which is not used
			m := gate.Measured{
				Series: gate.Series{Key: t.Key(), Metric: c.Metric}, Dataset: r.String(), Created: at.Time, Hint: hints[c.Metric],
				N: s.N, Missing: s.Missing, Mean: s.Mean,
			}
			if s.N > 1 && s.Interval {
				m.SD = &s.SD
			}
			m.PassFail = s.N > 0 && passOrFail(&s)
			d.Measured = append(d.Measured, m)
		}
	}
	if len(d.Sets) > 0 && len(d.Measured) == 0 {
		return Discovery{}, q.without()
	}
	return d, nil
}

// passOrFail reports whether every score is 0 or 1.
func passOrFail(s *gate.Summary) bool {
	if s.Levels == nil {
		return false
	}
	for _, l := range s.Levels {
		if l.Value != 0 && l.Value != 1 {
			return false
		}
	}
	return true
}
