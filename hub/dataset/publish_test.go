package dataset_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub/dataset"
)

// The life of a dataset: a first run, a worse one, a good one, and a repetition of it.
func TestPublish(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.publish(b.push(job(t, 0, "aaa", 0.8)))
	if want := (gate.Publication{Repo: "acme/m-results", Commit: b.head("main").ID, Branch: "main", Baseline: true}); first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	wasFiles := b.files("main")
	paths := slices.Sorted(maps.Keys(wasFiles))
	want := []string{"README.md", "data/test-00000-of-00001.parquet", "history/runs.parquet", "hubgate.json"}
	if len(paths) != 5 || !slices.Equal(paths[:4], want) || !strings.HasPrefix(paths[4], "runs/2026-05/20260517T120000Z-") {
		t.Errorf("files %q", paths)
	}
	checkCard(t, string(b.content("main", "README.md")), "data", true)

	worse := b.push(job(t, 1, "bbb", 0.5))
	if worse.Model.Decision() != gate.Fail {
		t.Fatalf("the worse run: %s", worse.Model.Decision())
	}
	if pub := b.publish(worse); pub.Baseline {
		t.Error("a failed run became the baseline")
	}
	now := b.files("main")
	for _, path := range []string{"data/test-00000-of-00001.parquet", "hubgate.json", "README.md"} {
		if now[path] != wasFiles[path] {
			t.Errorf("recording a failed run changed %s", path)
		}
	}
	if len(now) != len(wasFiles)+1 {
		t.Errorf("the failed run's scores are not there: %q", slices.Sorted(maps.Keys(now)))
	}

	good := job(t, 2, "ccc", 0.82)
	if found := b.find(good); found.Run.Provenance.GitSHA != "aaa" {
		t.Errorf("the baseline after a failed run is %s", found.Run.Provenance.GitSHA)
	}
	if pub := b.publish(b.push(good)); !pub.Baseline {
		t.Error("a good run did not become the baseline")
	}
	if card := string(b.content("main", "README.md")); !strings.Contains(card, "## Summary of ccc") || strings.Contains(card, "aaa") {
		t.Errorf("card:\n%s", card)
	}
	if pub := b.publish(b.push(job(t, 3, "ccc", 0.81))); pub.Baseline {
		t.Error("a replicate became the baseline")
	}
	wantRows := []string{"aaa warn baseline", "bbb fail", "ccc pass baseline", "ccc warn replicate"}
	rows := b.history()
	if diff := cmp.Diff(wantRows, decisions(rows)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if rows[0].Compared != "" || rows[1].Compared != first.Commit {
		t.Errorf("compared with %q and %q, want nothing and %s", rows[0].Compared, rows[1].Compared, first.Commit)
	}
	for _, row := range rows { // every run's scores are where the history says
		blob := b.content("main", row.Path)
		s, err := codec.Read(t.Context(), []codec.File{{Name: row.Path, Content: bytes.NewReader(blob), Size: int64(len(blob))}}, codec.Options{})
		if err != nil || score.SHA256(s.Tables) != row.SHA256 {
			t.Errorf("%s: %v", row.Path, err)
		}
	}
}

// What a run becomes depends on its findings alone, not on whether the job lets it pass.
func TestPublishRecordsOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*dataset.Push)
		want bool
	}{
		{"passed", func(*dataset.Push) {}, true},
		{"warned", func(p *dataset.Push) { p.Model.Findings[0].Decision = gate.Warn }, true},
		{"failed", func(p *dataset.Push) { p.Model.Findings[0].Decision = gate.Fail }, false},
		{"failed, report-only", func(p *dataset.Push) { p.Model.Findings[0].Decision, p.ReportOnly = gate.Fail, true }, false},
		{"undecided finding", func(p *dataset.Push) { p.Model.Findings[0].Decision = gate.Undecided }, false},
		{"undecided model", func(p *dataset.Push) { p.Model.Undecided = "the baseline could not be read" }, false},
		{"nothing found", func(p *dataset.Push) { p.Model.Findings = nil }, false},
		{"older than the baseline", func(p *dataset.Push) { p.Candidate.Provenance.Created = start.AddDate(0, 0, -1) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.publish(b.push(job(t, 0, "aaa", 0.8)))
			p := b.push(job(t, 1, "bbb", 0.81))
			tt.edit(&p)
			pub, notes, err := dataset.Publish(t.Context(), b.hub, p)
			if err != nil || pub.Baseline != tt.want {
				t.Fatalf("baseline %t, %v, want %t", pub.Baseline, err, tt.want)
			}
			if older := strings.HasPrefix(tt.name, "older"); older != (len(notes) == 1) {
				t.Errorf("notes %q", notes)
			}
			rows := b.history()
			recorded := slices.IndexFunc(rows, func(r dataset.HistoryRow) bool { return r.GitSHA == "bbb" })
			if len(p.Model.Findings) == 0 {
				return
			}
			if recorded < 0 || rows[recorded].Baseline != tt.want || rows[recorded].ReportOnly != p.ReportOnly {
				t.Errorf("history %+v", rows)
			}
			gitSHA := map[bool]string{true: "bbb", false: "aaa"}[tt.want]
			if found := b.find(job(t, 2, "ddd", 0.8)); found.Run.Provenance.GitSHA != gitSHA {
				t.Errorf("the baseline is %s, want %s", found.Run.Provenance.GitSHA, gitSHA)
			}
		})
	}
}

// A pull request's run lies on a branch of its own; main stays as it is, or begins without a run.
func TestPublishPullRequest(t *testing.T) {
	t.Parallel()
	const branch = "pr-acme-code-7"
	t.Run("new dataset", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		p := b.push(job(t, 0, "aaa", 0.8))
		p.Branch = branch
		if pub := b.publish(p); pub.Baseline || pub.Branch != branch {
			t.Errorf("got %+v", pub)
		}
		if got := slices.Sorted(maps.Keys(b.files("main"))); !slices.Equal(got, []string{"README.md", "hubgate.json"}) {
			t.Errorf("main holds %q", got)
		}
		checkCard(t, string(b.content("main", "README.md"))+"\n", "history", false) // a glob that matches nothing
		if got := slices.Sorted(maps.Keys(b.files(branch))); len(got) != 4 {
			t.Errorf("%s holds %q", branch, got)
		}
		if found := b.find(job(t, 1, "bbb", 0.5)); found.Run != nil || found.Unreadable != nil {
			t.Error("a dataset without a run is not a first run")
		}
	})
	t.Run("beside main", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.publish(b.push(job(t, 0, "aaa", 0.8)))
		main := b.head("main")
		data := b.files("main")["data/test-00000-of-00001.parquet"]
		for i := range 2 { // two pushes to one pull request
			p := b.push(job(t, 1+i, fmt.Sprint("push", i), 0.9))
			p.Branch = branch
			b.publish(p)
		}
		if b.head("main") != main {
			t.Error("main moved")
		}
		files := b.files(branch)
		if len(files) != 7 || files["data/test-00000-of-00001.parquet"] != data {
			t.Errorf("%s holds %q", branch, slices.Sorted(maps.Keys(files)))
		}
		rows, err := dataset.History(t.Context(), b.store(), b.head(branch))
		if diff := cmp.Diff([]string{"aaa warn baseline", "push0 pass", "push1 pass"}, decisions(rows)); err != nil || diff != "" {
			t.Errorf("history %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestPublishRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit func(*dataset.Push)
		want string
		mend string
	}{
		{"another repository", func(p *dataset.Push) { p.Repository = "rival/code" },
			`acme/m-results holds the baseline of repository "acme/code", and this is repository "rival/code"`, `set input dataset to "{namespace}/{repo}-{model}-results"`},
		{"another gate", func(p *dataset.Push) { p.Gate = "nightly" },
			`acme/m-results holds the baseline of repository "acme/code", and this is repository "acme/code", gate "nightly"`,
			`set input dataset to "{namespace}/{model}-{gate}-results" in each gate, with input gate set`},
		{"another model", func(p *dataset.Push) { p.Model.Model = "rival/m" }, `models "acme/m" and "rival/m" would share the results dataset acme/m-results`,
			`judge each in a job of its own, with input gate set, and set input dataset to "{namespace}/{model}-{gate}-results"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.publish(b.push(job(t, 0, "aaa", 0.8)))
			p := b.push(job(t, 1, "bbb", 0.9))
			tt.edit(&p)
			for _, branch := range []string{"main", "pr-rival-code-1"} {
				p.Branch = branch
				err := b.refuse(p)
				var mender interface{ Mend() string }
				if err.Error() != tt.want || !errors.As(err, &mender) || mender.Mend() != tt.mend {
					t.Errorf("got %v\nwant %s", err, tt.want)
				}
			}
			if b.head("pr-rival-code-1").ID != "" {
				t.Error("a branch was left behind")
			}
		})
	}
}

// Names differ by case only on the way to a Hub, and a laptop has no repository: both are the same owner.
func TestPublishSameOwner(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.push(job(t, 0, "aaa", 0.8))
	p.Repository = ""
	b.publish(p)
	for i, repository := range []string{"Acme/Code", "acme/code", ""} {
		p := b.push(job(t, 1+i, fmt.Sprint("sha", i), 0.8))
		p.Repository = repository
		b.publish(p)
	}
	if !bytes.Contains(b.content("main", "hubgate.json"), []byte(`"repository": "Acme/Code"`)) {
		t.Error("the first repository that was known is not the owner")
	}
}

func TestPublishTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.push(job(t, 0, "aaa", 0.8))
	first := b.publish(p)
	if again := b.publish(p); again != first {
		t.Errorf("got %+v, want %+v", again, first)
	}
	if rows := b.history(); len(rows) != 1 {
		t.Errorf("history %q", decisions(rows))
	}
	p.Candidate.Provenance.Attempt++ // another attempt is another run
	if b.publish(p); len(b.history()) != 2 {
		t.Errorf("history %q", decisions(b.history()))
	}
}

// A card whose YAML is broken is its owner's to mend: nothing is published over it.
func TestPublishBrokenCard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.commit(map[string][]byte{"README.md": []byte("---\ntags: [a\n---\n")})
	err := b.refuse(b.push(job(t, 0, "aaa", 0.8)))
	if want := "acme/m-results/README.md: its YAML cannot be read: yaml: line 1: did not find expected ',' or ']'; mend it on the Hub"; err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A record of a newer version, and a history that cannot be read, are not written over.
func TestPublishOverUnknown(t *testing.T) {
	t.Parallel()
	for path, content := range map[string]string{
		"hubgate.json":         `{"schema": "hubgate.dataset/2"}`,
		"history/runs.parquet": "PAR1 and no more",
	} {
		b := newBench(t)
		p := b.push(job(t, 0, "aaa", 0.8))
		b.commit(map[string][]byte{path: []byte(content)})
		if err := b.refuse(p); !strings.Contains(err.Error(), path+": ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Files of an earlier baseline go, and what is no score file stays.
func TestPublishReplacesData(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := b.judged(job(t, 0, "aaa", 0.8), gate.Baseline{})
	b.commit(map[string][]byte{
		"data/train-00000-of-00002.parquet": []byte("a"), "data/train-00001-of-00002.parquet": []byte("b"),
		"data/extra.jsonl": []byte("c"), "data/LICENSE.txt": []byte("d"), "paper/x.parquet": []byte("e"),
	})
	b.publish(p)
	var got []string
	for path := range b.files("main") {
		if !strings.HasPrefix(path, "runs/") {
			got = append(got, path)
		}
	}
	slices.Sort(got)
	want := []string{"README.md", "data/LICENSE.txt", "data/test-00000-of-00001.parquet", "history/runs.parquet", "hubgate.json", "paper/x.parquet"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Equal runs make equal commits, wherever they are published.
func TestPublishIsReproducible(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 2 {
		b := newBench(t)
		ids = append(ids, b.publish(b.push(job(t, 0, "aaa", 0.8))).Commit)
	}
	if ids[0] != ids[1] {
		t.Errorf("commits %s and %s", ids[0], ids[1])
	}
}

// What was taken for a first run, and finds a baseline when it is recorded, does not replace it: nobody held the one against the other.
func TestPublishOfAFirstRunThatIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "aaa", 0.8)))
	pub, notes, err := dataset.Publish(t.Context(), b.hub, b.judged(job(t, 1, "bbb", 0.3), gate.Baseline{}))
	if err != nil {
		t.Fatal(err)
	}
	if pub.Baseline || len(notes) != 1 || !strings.Contains(notes[0], "with which it was not compared") {
		t.Errorf("baseline: %t, %q", pub.Baseline, notes)
	}
	if got := b.find(job(t, 2, "ccc", 0.8)).Run.Provenance.GitSHA; got != "aaa" {
		t.Errorf("the baseline is %s, want aaa", got)
	}
	if got := len(b.history()); got != 2 {
		t.Errorf("%d runs are recorded, want 2", got)
	}
}
