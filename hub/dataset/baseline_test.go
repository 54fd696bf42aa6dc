package dataset_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// isFirst reports whether nothing was found, and nothing is wrong.
func isFirst(f dataset.Found) bool {
	return f.Run == nil && f.Unreadable == nil && len(f.Warnings) == 0
}

func TestBaselineOfFirstRun(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*bench){
		"no dataset": func(*bench) {},
		"no main": func(b *bench) {
			if _, err := b.hub.Create(t.Context(), repo); err != nil {
				t.Fatal(err)
			}
		},
		"no scores": func(b *bench) {
			b.commit(map[string][]byte{"README.md": []byte("# Soon\n"), ".gitattributes": []byte("*.parquet\n"), "data/.gitkeep": nil})
		},
		"only failed runs": func(b *bench) {
			p := b.push(job(t, 0, "aaa", 0.8))
			p.Model.Findings[0].Decision = gate.Fail
			b.publish(p)
		},
	} {
		b := newBench(t)
		prepare(b)
		if found := b.find(job(t, 1, "bbb", 0.8)); !isFirst(found) {
			t.Errorf("%s: %v, %v, %q", name, found.Run, found.Unreadable, found.Warnings)
		}
		q := query(job(t, 1, "bbb", 0.8))
		q.Revision = "v1" // what was asked for must be there
		if _, err := dataset.Baseline(t.Context(), b.hub, q); !errors.Is(err, hub.ErrNotFound) && !errors.Is(err, hub.ErrNoRevision) {
			t.Errorf("%s at v1: %v", name, err)
		}
	}
}

func TestBaselineRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := job(t, 0, "aaa", 0.8)
	r.Provenance.EvalConfig = evalconf.Parts{"judge.model": "a"}
	pub := b.publish(b.push(r))
	got := b.find(job(t, 1, "bbb", 0.7)).Run.Provenance
	want := r.Provenance
	if got.Source != "hf://datasets/acme/m-results@main" || got.Commit != pub.Commit || got.GitSHA != "aaa" || got.RunURL != want.RunURL ||
		got.Attempt != 1 || !got.Created.Equal(want.Created) || got.EvalConfig.Fingerprint() != want.EvalConfig.Fingerprint() {
		t.Errorf("provenance %+v", got)
	}
}

func TestBaselineRevision(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.publish(b.push(job(t, 0, "aaa", 0.8)))
	p := b.push(job(t, 1, "bbb", 0.85))
	p.Branch = "pr-acme-code-1"
	b.publish(p)
	b.publish(b.push(job(t, 2, "ccc", 0.9)))
	for revision, want := range map[string]string{
		"": "ccc", "main": "ccc", first.Commit: "aaa", first.Commit[:10]: "aaa", "pr-acme-code-1": "aaa",
	} {
		q := query(job(t, 3, "ddd", 0.8))
		q.Revision = revision
		found, err := dataset.Baseline(t.Context(), b.hub, q)
		if err != nil || found.Run == nil || found.Run.Provenance.GitSHA != want {
			t.Errorf("%q: %v, %v, %v, want %s", revision, found.Run, found.Unreadable, err, want)
		}
		found.Close()
	}
	q := query(job(t, 3, "ddd", 0.8))
	q.Revision = strings.Repeat("0", 40)
	if _, err := dataset.Baseline(t.Context(), b.hub, q); !errors.Is(err, hub.ErrNoRevision) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

// Data that another tool wrote over is not the baseline; nor is it where the digest of the file is right and the scores are not.
func TestBaselineReplaced(t *testing.T) {
	t.Parallel()
	theirs := bytes.NewBuffer(nil)
	for i := range 50 {
		theirs.WriteString(`{"model":"acme/m","id":"` + string(rune('a'+i)) + `","accuracy":1}` + "\n")
	}
	for name, change := range map[string]func(*bench){
		"another file": func(b *bench) { b.commit(map[string][]byte{"data/train.jsonl": theirs.Bytes()}, dataFile) },
		"one more":     func(b *bench) { b.commit(map[string][]byte{"data/test-00001-of-00002.parquet": theirs.Bytes()}) },
		"corrupt":      func(b *bench) { b.commit(map[string][]byte{dataFile: []byte("PAR1 broken")}) },
		"none":         func(b *bench) { b.commit(nil, dataFile) },
	} {
		b := newBench(t)
		p := b.push(job(t, 0, "aaa", 0.8))
		b.publish(p)
		change(b)
		found := b.find(job(t, 1, "bbb", 0.8))
		if found.Run == nil || found.Run.Provenance.SHA256 != p.SHA256 || found.Run.Provenance.GitSHA != "aaa" {
			t.Errorf("%s: %v, %v", name, found.Run, found.Unreadable)
			continue
		}
		if len(found.Warnings) != 1 || !strings.HasPrefix(found.Warnings[0], "data/ of acme/m-results was replaced by another tool since the last recorded run: the recorded run 20260517T120000Z-") {
			t.Errorf("%s: warnings %q", name, found.Warnings)
		}
		if got := found.Run.Provenance.Source; !strings.HasPrefix(got, "hf://datasets/acme/m-results@main/runs/2026-05/") {
			t.Errorf("%s: source %s", name, got)
		}
	}
}

// Scores that are not the ones recorded are never a baseline, wherever they come from.
func TestBaselineDigests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.push(job(t, 0, "aaa", 0.8))
	b.publish(p)
	record := b.content("main", "hubgate.json")

	// The record asks for a column that is not there, as after an edit by hand: the recorded run stands in.
	b.commit(map[string][]byte{"hubgate.json": bytes.Replace(record, []byte(`"path": "accuracy"`), []byte(`"path": "x"`), 1)})
	found := b.find(job(t, 1, "bbb", 0.8))
	if found.Run == nil || len(found.Warnings) != 1 || !strings.Contains(found.Warnings[0], "does not read as the scores that were published") {
		t.Errorf("%v, %v, %q", found.Run, found.Unreadable, found.Warnings)
	}
	// Neither place holds the scores of this digest.
	b.commit(map[string][]byte{"hubgate.json": bytes.Replace(record, []byte(p.SHA256), []byte(strings.Repeat("0", 64)), 1)})
	found = b.find(job(t, 1, "bbb", 0.8))
	if found.Run != nil || found.Unreadable == nil || !strings.Contains(found.Unreadable.Error(), "where 000000000000 is recorded") {
		t.Errorf("%v, %v", found.Run, found.Unreadable)
	}
}

// What is there and cannot be read is never taken for a first run.
func TestBaselineUnreadable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"corrupt":     {map[string][]byte{"data/test-00000-of-00001.parquet": []byte("PAR1 and no more")}, "data/test-00000-of-00001.parquet"},
		"not Parquet": {map[string][]byte{"data/test-00000-of-00001.parquet": []byte("<html>")}, "data/test-00000-of-00001.parquet"},
		"no scores":   {map[string][]byte{"data/train.jsonl": []byte(`{"text":"a"}` + "\n")}, "no column of scores"},
		"record":      {map[string][]byte{"hubgate.json": []byte("{")}, "hubgate.json: not JSON as hubgate writes it: unexpected end of JSON input; restore the file from an earlier commit"},
		"newer record": {map[string][]byte{"hubgate.json": []byte(`{"schema":"hubgate.dataset/2"}`)},
			`hubgate.json: schema is "hubgate.dataset/2", not "hubgate.dataset/1"; update hubgate`},
		"no schema": {map[string][]byte{"hubgate.json": []byte(`{}`)}, `hubgate.json: schema is "", not "hubgate.dataset/1"; update hubgate`},
		"lost run": {map[string][]byte{"hubgate.json": []byte(`{"schema":"hubgate.dataset/1","model":"acme/m","baseline":{"run":"r","path":"runs/r.parquet"}}`)},
			"no such file"},
		"another format": {map[string][]byte{"data/train-00000-of-00001.arrow": []byte("ARROW1")}, "data/train-00000-of-00001.arrow: data/ holds no file that is read as scores"},
		"no path":        {map[string][]byte{"hubgate.json": []byte(`{"schema":"hubgate.dataset/1","model":"acme/m","baseline":{"data":[]}}`)}, "is empty"},
	} {
		b := newBench(t)
		b.commit(tt.files)
		found := b.find(job(t, 1, "bbb", 0.8))
		if found.Run != nil || found.Unreadable == nil || !strings.Contains(found.Unreadable.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, found.Unreadable, tt.want)
		}
	}
}

func TestBaselineNeedsAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "aaa", 0.8)))

	q := query(job(t, 1, "bbb", 0.8))
	q.Model = "rival/m"
	var collision *dataset.CollisionError
	if _, err := dataset.Baseline(t.Context(), b.hub, q); !errors.As(err, &collision) {
		t.Errorf("another model: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := dataset.Baseline(ctx, b.hub, query(job(t, 1, "bbb", 0.8))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", found.Unreadable, err)
	}
	ref := filepath.Join(b.dir, "datasets--acme--m-results", "refs", "main")
	if err := os.WriteFile(ref, []byte(strings.Repeat("1", 40)), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := dataset.Baseline(t.Context(), b.hub, query(job(t, 1, "bbb", 0.8))); !errors.Is(err, hub.ErrCorrupt) {
		t.Errorf("a damaged branch: %v, %v", found.Unreadable, err)
	}
}

// A run is not compared with itself, but with the one before it.
func TestBaselineIsNotTheCandidate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "aaa", 0.8)))
	if found := b.find(job(t, 0, "aaa", 0.8)); found.Run != nil || found.Unreadable != nil || len(found.Warnings) != 1 ||
		!strings.HasSuffix(found.Warnings[0], "no earlier run of the same configuration is recorded: there is nothing to compare with") {
		t.Errorf("%v, %v, %q", found.Run, found.Unreadable, found.Warnings)
	}
	failed := b.push(job(t, 1, "bbb", 0.5))
	b.publish(failed)
	b.publish(b.push(job(t, 2, "good", 0.82)))
	b.publish(b.push(job(t, 3, "ccc", 0.81)))
	for name, tt := range map[string]struct {
		gitSHA, want string
	}{
		"the same commit":   {"ccc", "good"},
		"an unknown commit": {"", "good"},
		"another known one": {"ddd", "ccc"},
	} {
		r := job(t, 3, tt.gitSHA, 0.81)
		found := b.find(r)
		if found.Run == nil || found.Run.Provenance.GitSHA != tt.want {
			t.Errorf("%s: %v, %q, want %s", name, found.Run, found.Warnings, tt.want)
			continue
		}
		if warned := len(found.Warnings) == 1; warned != (tt.want == "good") {
			t.Errorf("%s: warnings %q", name, found.Warnings)
		}
	}
	// The run before it was of another configuration, and cannot be compared.
	r := job(t, 4, "eee", 0.9)
	r.Provenance.EvalConfig = evalconf.Parts{"judge.model": "b"}
	accepted := b.push(r)
	for i := range accepted.Model.Findings {
		accepted.Model.Findings[i].Decision = gate.Warn
	}
	b.publish(accepted)
	if found := b.find(r); found.Run != nil || len(found.Warnings) != 1 {
		t.Errorf("%v, %q", found.Run, found.Warnings)
	}
}

// A branch is compared with the run of the commit that it was made from, whatever was published since.
func TestBaselineOfAncestors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, sha := range []string{"aaa", "bbb", "ccc"} {
		b.publish(b.push(job(t, i, sha, 0.8+0.05*float64(i))))
	}
	other := evalconf.Parts{"judge.model": "another"}
	for _, tt := range []struct {
		name      string
		ancestors []string
		config    evalconf.Parts
		want      string
		warns     bool
	}{
		{"the merge base", []string{"bbb", "aaa"}, nil, "bbb", false},
		{"the current one", []string{"ccc", "bbb", "aaa"}, nil, "ccc", false},
		{"the nearest recorded", []string{"zzz", "yyy", "aaa"}, nil, "aaa", false},
		{"none recorded", []string{"zzz", "yyy"}, nil, "ccc", true},
		{"of another configuration", []string{"bbb", "aaa"}, other, "ccc", true},
	} {
		r := job(t, 9, "ddd", 0.8)
		r.Provenance.EvalConfig = tt.config
		q := query(r)
		q.Ancestors, q.EvalConfig = tt.ancestors, tt.config
		found, err := dataset.Baseline(t.Context(), b.hub, q)
		if err != nil || found.Run == nil {
			t.Fatalf("%s: %v, %v", tt.name, found.Unreadable, err)
		}
		if got := found.Run.Provenance.GitSHA; got != tt.want || (len(found.Warnings) > 0) != tt.warns {
			t.Errorf("%s: %s with warnings %q, want %s", tt.name, got, found.Warnings, tt.want)
		}
		found.Close()
	}
}

// What data/ holds is the current baseline and no earlier one: read from there, it is compared with that of the merge base.
func TestBaselineOfAncestorsForWhatWasPushed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, sha := range []string{"aaa", "bbb"} {
		b.publish(b.push(job(t, i, sha, 0.8+0.05*float64(i))))
	}
	pushed, err := dataset.OpenLocation(t.Context(), b.hub, dataset.Location{Repo: repo}, codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pushed.Close()
	r := job(t, 1, "ddd", 0.85)
	q := query(r)
	q.Origin, q.Ancestors = pushed, []string{"aaa"}
	found, err := dataset.Baseline(t.Context(), b.hub, q)
	if err != nil || found.Run == nil || found.Run.Provenance.GitSHA != "aaa" {
		t.Errorf("got %v, %q, %v, want the run of aaa", found.Run, found.Warnings, err)
	}
	found.Close()
}

// Runs of one commit under one configuration tell how much scores differ from run to run.
func TestBaselineReplicates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, sha := range []string{"aaa", "aaa", "bbb", "bbb", "bbb", "ccc"} {
		b.publish(b.push(job(t, i, sha, 0.8)))
	}
	found := b.find(job(t, 9, "ddd", 0.8))
	key := gate.Series{Key: score.Key{Model: model}, Metric: "accuracy"}
	if got := found.Replicates[key]; len(got) != 3 {
		t.Errorf("the means of replicates are %v, want those of the three runs of bbb", got)
	}
	if got := found.Run.Provenance.GitSHA; got != "ccc" {
		t.Errorf("the baseline is %s, want ccc", got)
	}
	if n := len(found.Replicates); n != 1 {
		t.Errorf("replicates of %d series, want 1", n)
	}
}

// A dataset that lost its baseline is not new while its history remembers one; where no run became the baseline there is none to lose.
func TestBaselineLost(t *testing.T) {
	t.Parallel()
	const data = "data/test-00000-of-00001.parquet"
	for _, tt := range []struct {
		name  string
		first gate.Decision
		lose  []string
		put   map[string][]byte
		lost  bool
	}{
		{"with the record", gate.Pass, []string{data, "hubgate.json"}, nil, true},
		{"from the record", gate.Pass, []string{data}, map[string][]byte{"hubgate.json": []byte(`{"schema":"hubgate.dataset/1","model":"acme/m"}`)}, true},
		{"never had", gate.Fail, []string{"hubgate.json"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			p := b.push(job(t, 0, "aaa", 0.8))
			p.Model.Findings[0].Decision = tt.first
			b.publish(p)
			b.commit(tt.put, tt.lose...)
			found := b.find(job(t, 1, "bbb", 0.3))
			if found.Run != nil || (found.Unreadable != nil) != tt.lost {
				t.Errorf("got %v, %v, want a baseline that is lost: %t", found.Run, found.Unreadable, tt.lost)
			}
			if want := "restore them from an earlier commit"; tt.lost && found.Unreadable != nil && !strings.Contains(found.Unreadable.Error(), want) {
				t.Errorf("%v does not say %q", found.Unreadable, want)
			}
		})
	}
}

// A run that is asked for by its path comes with what is recorded of it; a path of anything else is refused.
func TestBaselineOfPath(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	judge, other := evalconf.Parts{"judge.model": "a"}, evalconf.Parts{"judge.model": "b"}
	for i, config := range []evalconf.Parts{judge, judge, other} {
		r := job(t, i, strings.Repeat(string(rune('a'+i)), 3), 0.8+0.05*float64(i))
		r.Provenance.EvalConfig = config
		b.publish(b.push(r))
	}
	rows, err := dataset.History(t.Context(), b.store(), b.head("main"))
	if err != nil || len(rows) < 3 {
		t.Fatal(rows, err)
	}
	paths := map[string]string{}
	for _, r := range rows {
		paths[r.GitSHA] = r.Path
	}
	for _, tt := range []struct {
		sha    string
		config evalconf.Parts // of the candidate
		want   evalconf.Parts
	}{
		{"aaa", judge, judge},
		{"bbb", judge, judge},
		{"ccc", other, other},
		{"ccc", judge, nil},
		{"aaa", evalconf.Parts{"judge.model": "c"}, nil},
	} {
		q := query(job(t, 9, "ddd", 0.8))
		q.Path, q.EvalConfig = paths[tt.sha], tt.config
		found, err := dataset.Baseline(t.Context(), b.hub, q)
		if err != nil || found.Run == nil {
			t.Fatalf("%s: %v, %v", tt.sha, found.Unreadable, err)
		}
		p := found.Run.Provenance
		if p.GitSHA != tt.sha || p.EvalConfig.Fingerprint() != tt.want.Fingerprint() {
			t.Errorf("got %s by %v, want %s by %v", p.GitSHA, p.EvalConfig, tt.sha, tt.want)
		}
		found.Close()
	}
	for name, change := range map[string]func(*dataset.Query){
		"no run":           func(q *dataset.Query) { q.Path = "runs/2026-01/none.parquet" },
		"no dataset":       func(q *dataset.Query) { q.Path, q.Repo.Name = paths["aaa"], "none" },
		"no revision":      func(q *dataset.Query) { q.Path, q.Revision = paths["aaa"], strings.Repeat("0", 40) },
		"of another model": func(q *dataset.Query) { q.Path, q.Model = paths["aaa"], "acme/another" },
	} {
		q := query(job(t, 9, "ddd", 0.8))
		change(&q)
		if _, err := dataset.Baseline(t.Context(), b.hub, q); !errors.Is(err, dataset.ErrNotRecorded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
