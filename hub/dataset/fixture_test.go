package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
	"github.com/hubgate/hubgate/hub/local"
)

const model = "acme/m"

var (
	repo  = hub.Repo{Owner: "acme", Name: "m-results"}
	start = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
)

// A run is some scores as the command reads them.
type run struct {
	files   []codec.File
	options codec.Options
	scores  *codec.Scores
	gate.Run
}

func text(name, content string) codec.File {
	return codec.File{Name: name, Content: bytes.NewReader([]byte(content)), Size: int64(len(content))}
}

func disk(t *testing.T, name string) codec.File {
	t.Helper()
	b := readFile(t, filepath.FromSlash(name))
	return codec.File{Name: name, Content: bytes.NewReader(b), Size: int64(len(b))}
}

// read reads files as the run that one job made.
func read(t *testing.T, o codec.Options, files ...codec.File) *run {
	t.Helper()
	s, err := codec.Read(t.Context(), files, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{files: files, options: o, scores: s, Run: gate.Run{Tables: s.Tables, Hints: dataset.Hints(s)}}
	r.Provenance = gate.Provenance{Created: start, SHA256: score.SHA256(s.Tables), RunURL: "https://example.org/run/1", Attempt: 1}
	return r
}

// job returns a run of a commit of the code, some minutes after the start: samples of answers that are a hundred times as right as
// share says.
func job(t *testing.T, minutes int, gitSHA string, share float64) *run {
	t.Helper()
	var b strings.Builder
	for i := range 200 {
		right := 0
		if float64((i*37+minutes*11)%200) < 200*share {
			right = 1
		}
		fmt.Fprintf(&b, `{"model":%q,"question":"what is %d?","answer":"answer %d of run %d","accuracy":%d}`+"\n", model, i, i, minutes, right)
	}
	r := read(t, codec.Options{}, text("run.jsonl", b.String()))
	r.Provenance.Created = start.Add(time.Duration(minutes) * time.Minute)
	r.Provenance.GitSHA = gitSHA
	return r
}

// A bench is a Hub in a folder, and a folder for temporary files that is empty again after every publish.
type bench struct {
	t    *testing.T
	dir  string
	temp string
	hub  hub.Hub
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), temp: t.TempDir()}
	b.hub = local.Open(b.dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(b.temp)
		if err != nil || len(left) > 0 {
			t.Errorf("temporary files: %v, %v", left, err)
		}
	})
	return b
}

// push judges a run against what the Hub holds, and makes it ready to be recorded.
func (b *bench) push(r *run) dataset.Push {
	b.t.Helper()
	found := b.find(r)
	if found.Unreadable != nil {
		b.t.Fatal(found.Unreadable)
	}
	return b.judged(r, found.Baseline)
}

func (b *bench) judged(r *run, baseline gate.Baseline) dataset.Push {
	b.t.Helper()
	only := r.Only(model)
	rep := gate.Evaluate(only, map[string]gate.Baseline{model: baseline}, gate.DefaultPolicy())
	return dataset.Push{
		Repo: repo, Branch: "main", Model: rep.Models[0], Candidate: only, SHA256: score.SHA256(only.Tables),
		Files: r.files, Options: r.options, Scores: r.scores, Text: true, Repository: "acme/code",
		Card: "## Summary of " + only.Provenance.GitSHA + "\n", TempDir: b.temp,
	}
}

// query asks for the baseline of a run, as the command does.
func query(r *run) dataset.Query {
	only := r.Only(model)
	return dataset.Query{Repo: repo, Model: model, SHA256: score.SHA256(only.Tables), GitSHA: r.Provenance.GitSHA, Options: r.options}
}

func (b *bench) find(r *run) dataset.Found {
	b.t.Helper()
	found, err := dataset.Baseline(b.t.Context(), b.hub, query(r))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(found.Close)
	return found
}

// publish records a run and returns where it lies.
func (b *bench) publish(p dataset.Push) gate.Publication {
	b.t.Helper()
	pub, _, err := dataset.Publish(b.t.Context(), b.hub, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return pub
}

// refuse expects a publish to fail, and main to stay where it is.
func (b *bench) refuse(p dataset.Push) error {
	b.t.Helper()
	was := b.head("main")
	pub, _, err := dataset.Publish(b.t.Context(), b.hub, p)
	if err == nil {
		b.t.Fatalf("published %+v", pub)
	}
	if now := b.head("main"); now.ID != was.ID {
		b.t.Errorf("main moved from %s to %s", was.ID, now.ID)
	}
	return err
}

func (b *bench) store() hub.Store {
	b.t.Helper()
	st, err := b.hub.Open(b.t.Context(), repo)
	if err != nil {
		b.t.Fatal(err)
	}
	return st
}

// head returns the commit of a branch, the zero one where there is none.
func (b *bench) head(branch string) hub.Commit {
	b.t.Helper()
	st, err := b.hub.Open(b.t.Context(), repo)
	if err != nil {
		return hub.Commit{}
	}
	at, err := st.Resolve(b.t.Context(), branch)
	if err != nil {
		return hub.Commit{}
	}
	return at
}

// files returns the digests of the files of a branch, by path.
func (b *bench) files(branch string) map[string]string {
	b.t.Helper()
	out := map[string]string{}
	for e, err := range b.store().List(b.t.Context(), b.head(branch), "") {
		if err != nil {
			b.t.Fatal(err)
		}
		out[e.Path] = e.SHA256
	}
	return out
}

// content returns a file of a branch.
func (b *bench) content(branch, path string) []byte {
	b.t.Helper()
	blob, err := b.store().Open(b.t.Context(), b.head(branch), path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer blob.Close()
	out := make([]byte, blob.Size())
	if _, err := blob.ReadAt(out, 0); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// commit changes the dataset as another tool would.
func (b *bench) commit(put map[string][]byte, del ...string) hub.Commit {
	b.t.Helper()
	ctx := b.t.Context()
	st, err := b.hub.Open(ctx, repo)
	if err != nil {
		if st, err = b.hub.Create(ctx, repo); err != nil {
			b.t.Fatal(err)
		}
	}
	c := hub.Change{Branch: "main", Parent: b.head("main").ID, Message: "Upload dataset", Delete: del}
	for path, data := range put {
		c.Put = append(c.Put, hub.Bytes(path, data))
	}
	done, err := st.Commit(ctx, c)
	if err != nil {
		b.t.Fatal(err)
	}
	return done
}

func (b *bench) history() []dataset.HistoryRow {
	b.t.Helper()
	rows, err := dataset.History(context.Background(), b.store(), b.head("main"))
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

// decisions returns git sha, decision and role of each recorded run.
func decisions(rows []dataset.HistoryRow) []string {
	var out []string
	for _, r := range rows {
		s := r.GitSHA + " " + r.Decision
		switch {
		case r.Baseline:
			s += " baseline"
		case r.Replicate:
			s += " replicate"
		}
		out = append(out, s)
	}
	return out
}

func digest(r gate.Run) string { return score.SHA256(r.Tables) }
