package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
)

// A Query asks for the baseline of one model.
type Query struct {
	Repo     hub.Repo
	Revision string        // a branch, tag or commit; empty for main, and then absence means a first run
	Model    string        // the candidate's id of the model
	SHA256   string        // of the candidate's scores of this model: a run is never compared with itself
	GitSHA   string        // of the candidate; empty when unknown
	Options  codec.Options // how the candidate was read
	Origin   *Open         // where the candidate was read from, when that is one place on a Hub; nil otherwise

	EvalConfig evalconf.Parts // of the candidate; nil when unknown

	// Path is that of a recorded run, which is wanted whatever the baseline is; empty for none.
	Path string

	// Ancestors are commits of the code, nearest first, of which the newest baseline is wanted: the one that a branch was made
	// from, and those before it. None ask for the current baseline.
	Ancestors []string
}

// ErrNotRecorded says that the path of a query is no run that this program recorded of the model.
var ErrNotRecorded = errors.New("not a recorded run")

// Found is a baseline, or the reason for which there is none, with the files that it was read from.
type Found struct {
	gate.Baseline
	*Open       // nil when nothing was read
	Public bool // everybody may read the dataset, as far as is known
}

// Baseline returns the run to compare a model with.
//
// No dataset, no main branch and no scores in it are a first run: neither Run nor Unreadable is set. A baseline that is there and
// that cannot be read is Unreadable. A branch that is damaged, a revision that was asked for and is not there, and a
// dataset of another model are errors: they need a person. ErrNotRecorded is the error of a path where no run is.
//
// A recorded baseline is the run that was published, to the last score: where data/ does not give it back, because another
// tool replaced it, the run is read from where it was recorded. Datasets that other tools wrote are read as they are.
//
// A store that cannot tell a missing dataset from a hidden one must not answer hub.ErrNotFound.
func Baseline(ctx context.Context, h hub.Hub, q Query) (Found, error) {
	st, err := h.Open(ctx, q.Repo)
	if errors.Is(err, hub.ErrNotFound) && (q.Revision == "" || q.Path != "") {
		return Found{}, q.absent()
	}
	if err != nil {
		return Found{}, err
	}
	found, err := baselineIn(ctx, st, q)
	v, known := st.(hub.Visible)
	found.Public = known && v.Public()
	return found, err
}

func baselineIn(ctx context.Context, st hub.Store, q Query) (Found, error) {
	at, err := st.Resolve(ctx, cmp.Or(q.Revision, mainBranch))
	if errors.Is(err, hub.ErrNoRevision) && (q.Revision == "" || q.Path != "") {
		return Found{}, q.absent()
	}
	if err != nil {
		return Found{}, err
	}
	s := newSearch(ctx, q, st, at)
	if q.Path == "" {
		defer meanwhile(s.data)()
	}
	rec, err := readRecord(ctx, st, at)
	if err != nil {
		return s.unreadable(ctx, err)
	}
	s.rec = rec
	if q.Path != "" && (rec == nil || rec.Baseline == nil || rec.holds(q.Repo, q.Model) != nil) {
		return Found{}, ErrNotRecorded
	}
	if rec == nil {
		return s.foreign(ctx)
	}
	if err := rec.holds(q.Repo, q.Model); err != nil {
		return Found{}, err
	}
	if rec.Baseline == nil {
		return s.foreign(ctx) // recording a failed run does not make another tool's data any less the baseline
	}
	return s.recorded(ctx)
}

// absent returns what it means that there is nothing: a first run, unless a certain run was asked for.
func (q Query) absent() error {
	if q.Path != "" {
		return ErrNotRecorded
	}
	return nil
}

// A search is a query at one commit.
type search struct {
	Query
	st  hub.Store
	at  hub.Commit
	rec *Record // at the commit; nil where another tool wrote the dataset

	// What is read of the commit when it is first asked for, and once.
	data    func() ([]hub.Entry, error)  // the score files under data/
	history func() ([]HistoryRow, error) // of the dataset with rec
}

func newSearch(ctx context.Context, q Query, st hub.Store, at hub.Commit) *search {
	s := &search{Query: q, st: st, at: at}
	s.data = once(func() ([]hub.Entry, error) { return list(ctx, st, at, "data") })
	s.history = once(func() ([]HistoryRow, error) { return s.rec.history(ctx, st, at, false) })
	return s
}

// once returns what read does, which is called when it is first asked for. Unlike [sync.OnceValues] it waits on a channel, which
// lets the clock of a test go on.
func once[T any](read func() (T, error)) func() (T, error) {
	var begin sync.Once
	var v T
	var err error
	done := make(chan struct{})
	return func() (T, error) {
		begin.Do(func() {
			go func() {
				defer close(done)
				v, err = read()
			}()
		})
		<-done
		return v, err
	}
}

// meanwhile begins to read what will be asked for, beside what is read before that. The function that it returns waits until
// that has ended.
func meanwhile[T any](read func() (T, error)) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = read() }) // whoever asks is told what went wrong
	return wg.Wait
}

// unreadable says that a baseline is there and cannot be read, unless reading was only interrupted.
func (s *search) unreadable(ctx context.Context, err error) (Found, error) {
	if ctx.Err() != nil {
		return Found{}, context.Cause(ctx)
	}
	return Found{Baseline: gate.Baseline{Unreadable: err}}, nil
}

// foreign reads a dataset that another tool wrote.
func (s *search) foreign(ctx context.Context) (Found, error) {
	o := s.Options
	o.ModelID = s.Model
	files, note, err := s.split(ctx, o)
	if err != nil {
		return s.unreadable(ctx, err)
	}
	if len(files) == 0 {
		return s.unlessRecorded(ctx)
	}
	opened, scores, err := s.read(ctx, files, o)
	if err != nil {
		return s.unreadable(ctx, err)
	}
	found := s.found(opened, scores, "")
	found.Run.Provenance.Created = s.at.Time
	found.Warnings = scores.Warnings
	if note != "" {
		found.Warnings = append([]string{note}, found.Warnings...)
	}
	if s.itself(found.Run) {
		found.Close()
		return s.earlierPush(ctx, files)
	}
	return found, nil
}

// split returns the files of the split that holds the scores, as [splitFiles] does.
func (s *search) split(ctx context.Context, o codec.Options) ([]hub.Entry, string, error) {
	data, err := s.data()
	if err != nil {
		return nil, "", err
	}
	return splitFiles(ctx, s.st, s.at, data, o)
}

// unlessRecorded finds a first run, unless the history knows of a baseline that is lost, or data/ holds one that cannot be read.
func (s *search) unlessRecorded(ctx context.Context) (Found, error) {
	rows, err := s.history()
	if err != nil {
		return s.unreadable(ctx, err)
	}
	if was := earlierBaselines(rows); len(was) > 0 {
		return s.unreadable(ctx, fmt.Errorf("%s@%s: the run %s became the baseline, and neither data/ nor %s holds one; restore them from an earlier commit, or delete %s to begin anew",
			s.st.Repo(), s.at.ID, was[0].RunID, recordPath, historyPath))
	}
	for e, err := range s.st.List(ctx, s.at, "data") {
		switch {
		case err != nil:
			return s.unreadable(ctx, err)
		case !strings.HasPrefix(path.Base(e.Path), "."):
			return s.unreadable(ctx, fmt.Errorf("%s@%s/%s: data/ holds no file that is read as scores; push them as Parquet, JSON lines or CSV",
				s.st.Repo(), s.at.ID, e.Path))
		}
	}
	return Found{}, nil
}

// maxEarlier bounds how many commits of another tool are looked through for an earlier run.
const maxEarlier = 50

// earlierPush reads what another tool's dataset held before the candidate was pushed to it: a pipeline that pushes its results
// by itself is compared with its own earlier run. What does not read as a run is passed over.
func (s *search) earlierPush(ctx context.Context, candidate []hub.Entry) (Found, error) {
	n := 0
	for at, err := range s.st.Log(ctx, s.at.ID) {
		if n++; n > maxEarlier {
			break
		}
		if err != nil {
			return s.unreadable(ctx, err)
		}
		found, err := newSearch(ctx, s.Query, s.st, at).push(ctx, candidate)
		var refused *hub.Error
		switch {
		case errors.As(err, &refused) || ctx.Err() != nil:
			return s.unreadable(ctx, err)
		case err == nil && found.Run != nil:
			found.Warnings = append(found.Warnings, fmt.Sprintf(
				"the candidate's own scores lie in %s, which records no run: compared with what was there at commit %.12s", s.Repo, at.ID))
			return found, nil
		}
	}
	return nothing("the candidate's own scores lie in " + s.Repo.String() + ", which holds no earlier run"), nil
}

// push reads what another tool's dataset holds, unless it is the candidate.
func (s *search) push(ctx context.Context, candidate []hub.Entry) (Found, error) {
	o := s.Options
	o.ModelID = s.Model
	files, _, err := s.split(ctx, o)
	if err != nil || len(files) == 0 || known(files) && slices.Equal(files, candidate) {
		return Found{}, err
	}
	opened, scores, err := s.read(ctx, files, o)
	if err != nil {
		return Found{}, err
	}
	found := s.found(opened, scores, "")
	if s.itself(found.Run) {
		found.Close()
		return Found{}, nil
	}
	found.Run.Provenance.Created = s.at.Time
	found.Warnings = scores.Warnings
	return found, nil
}

// read reads some files as one run.
func (s *search) read(ctx context.Context, files []hub.Entry, o codec.Options) (*Open, *codec.Scores, error) {
	opened, err := open(ctx, s.st, s.at, files)
	if err != nil {
		return nil, nil, err
	}
	scores, err := codec.Read(ctx, opened.Files, o)
	if err != nil {
		opened.Close()
		return nil, nil, err
	}
	return opened, scores, nil
}

// readExactly reads some files, and refuses scores that are not the recorded ones.
func (s *search) readExactly(ctx context.Context, files []hub.Entry, o codec.Options, sha256 string) (*Open, *codec.Scores, error) {
	opened, scores, err := s.read(ctx, files, o)
	if err != nil {
		return nil, nil, err
	}
	if got := score.SHA256(scores.Tables); got != sha256 {
		opened.Close()
		return nil, nil, fmt.Errorf("%s: the scores have the digest %.12s, where %.12s is recorded; restore the file from an earlier commit",
			opened.Files[0].Name, got, sha256)
	}
	return opened, scores, nil
}

// found makes a run of what was read, under the candidate's name of the model and with the metrics that it asks for.
func (s *search) found(opened *Open, scores *codec.Scores, path string) Found {
	run := &gate.Run{Hints: Hints(scores)}
	for _, t := range scores.Tables {
		run.Tables = append(run.Tables, s.restrict(t).WithModel(s.Model))
	}
	run.Provenance = gate.Provenance{
		Source: Location{Repo: s.Repo, Revision: cmp.Or(s.Revision, mainBranch), Path: path}.String(),
		Commit: s.at.ID, SHA256: score.SHA256(run.Tables),
	}
	return Found{Baseline: gate.Baseline{Run: run}, Open: opened}
}

// restrict leaves out metrics that the candidate was not read for.
func (s *search) restrict(t *score.Table) *score.Table {
	if len(s.Options.Metrics) == 0 {
		return t
	}
	columns := slices.DeleteFunc(slices.Clone(t.Columns()), func(c score.Column) bool {
		return !slices.ContainsFunc(s.Options.Metrics, func(m codec.Metric) bool { return m.Matches(c.Metric) })
	})
	return t.WithColumns(columns)
}

// Hints returns what reading told about the metrics, in the gate's words.
func Hints(s *codec.Scores) map[string]gate.Hint {
	out := map[string]gate.Hint{}
	for name, fact := range s.Metrics {
		h := gate.Hint{Scale: fact.Scale}
		if fact.Cost {
			h.Direction, h.Tier = gate.Lower, gate.Advisory
		}
		out[name] = h
	}
	return out
}

// itself reports whether a run is the candidate under another name. Equal scores of two commits of the code are no such
// thing: a deterministic evaluation of an unchanged model gives them.
func (s *search) itself(r *gate.Run) bool {
	a, b := r.Provenance.GitSHA, s.GitSHA
	return r.Provenance.SHA256 == s.SHA256 && (a == "" || b == "" || a == b)
}

// nothing is found, for a reason that people should know.
func nothing(why string) Found {
	return Found{Baseline: gate.Baseline{Itself: true, Warnings: []string{why + ": there is nothing to compare with"}}}
}
