package dataset_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/evalconf"
	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

func (b *bench) discover(s dataset.Search) dataset.Discovery {
	b.t.Helper()
	s.Namespace = "acme"
	d, err := dataset.Discover(b.t.Context(), b.hub, s)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

// put makes a dataset as another tool would.
func (b *bench) put(name string, files map[string][]byte) {
	b.t.Helper()
	st, err := b.hub.Create(b.t.Context(), hub.Repo{Owner: "acme", Name: name})
	if err != nil {
		b.t.Fatal(err)
	}
	c := hub.Change{Branch: "main", Message: "Upload dataset", Time: start}
	for path, data := range files {
		c.Put = append(c.Put, hub.Bytes(path, data))
	}
	if len(c.Put) == 0 {
		return
	}
	if _, err := st.Commit(b.t.Context(), c); err != nil {
		b.t.Fatal(err)
	}
}

// lines describes what was measured, and what was not.
func lines(d dataset.Discovery) []string {
	var out []string
	for _, m := range d.Measured {
		sd := "-"
		if m.SD != nil {
			sd = fmt.Sprintf("%.4f", *m.SD)
		}
		s := fmt.Sprintf("%s %s %s n %d missing %d mean %.4f sd %s %s", m.Dataset, m.Model, m.Metric, m.N, m.Missing, m.Mean, sd, m.Hint.Direction)
		if m.Hint.Scale != nil {
			s += fmt.Sprint(" ", *m.Hint.Scale)
		}
		if m.PassFail {
			s += " pass/fail"
		}
		if m.Fingerprint != "" {
			s += " judged"
		}
		out = append(out, s)
	}
	for _, s := range d.Skipped {
		out = append(out, s.Repo.String()+" skipped: "+s.Err.Error())
	}
	return out
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := job(t, 0, "a", 0.8)
	first.Provenance.EvalConfig = evalconf.Parts{"judge.model": "x"}
	b.publish(b.push(first))
	worse := job(t, 1, "b", 0.2)
	worse.Provenance.EvalConfig = first.Provenance.EvalConfig
	b.publish(b.push(worse)) // recorded, and not the baseline
	b.put("handbook-results", map[string][]byte{"data/all-00000-of-00001.parquet": marks(t, 0, 20, 2)})
	b.put("own-id-results", map[string][]byte{"scores.jsonl": []byte(
		`{"model":"acme/one","id":"1","accuracy":1,"latency_ms":3}` + "\n" + `{"model":"acme/two","id":"1","accuracy":0,"latency_ms":null}` + "\n")})
	b.put("texts-results", map[string][]byte{"data/test-00000-of-00001.parquet": questions(t, 3)})
	b.put("empty-results", nil)
	b.put("notes-results", map[string][]byte{"README.md": []byte("# notes\n")})
	b.put("newer-results", map[string][]byte{"hubgate.json": []byte(`{"schema":"hubgate.dataset/2"}`)})
	b.put("other-data", map[string][]byte{"data/test-00000-of-00001.parquet": marks(t, 0, 20, 2)})

	d := b.discover(dataset.Search{})
	got := lines(d)
	for i, s := range got { // the error holds a commit
		if before, after, ok := strings.Cut(s, "hf://"); ok {
			got[i] = before + "…" + after[strings.LastIndex(after, ": "):]
		}
	}
	want := []string{
		"acme/handbook-results handbook accuracy n 20 missing 0 mean 2.0000 sd 0.0000  {1 3}",
		"acme/handbook-results handbook style n 20 missing 0 mean 1.9500 sd 0.8256  {1 3}",
		"acme/m-results acme/m accuracy n 200 missing 0 mean 0.8000 sd 0.4010 higher pass/fail judged",
		"acme/own-id-results acme/one accuracy n 1 missing 0 mean 1.0000 sd -  pass/fail",
		"acme/own-id-results acme/one latency_ms n 1 missing 0 mean 3.0000 sd - lower",
		"acme/own-id-results acme/two accuracy n 1 missing 0 mean 0.0000 sd -  pass/fail",
		"acme/own-id-results acme/two latency_ms n 0 missing 1 mean 0.0000 sd - lower",
		"acme/empty-results skipped: it is empty",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("there is no %q", w)
		}
	}
	for _, w := range []string{"newer-results skipped: acme/newer-results@", "acme/notes-results skipped: it holds no scores", "acme/texts-results skipped: "} {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("there is no %q", w)
		}
	}
	if len(got) != len(want)+3 {
		t.Errorf("%d lines, want %d:\n%s", len(got), len(want)+3, strings.Join(got, "\n"))
	}
	i := slices.IndexFunc(d.Sets, func(s gate.ResultSet) bool { return s.Model == model })
	if s := d.Sets[i]; !s.Recorded || s.Provenance.GitSHA != "a" || s.Provenance.Commit != b.head("main").ID || s.Run == "" || len(s.Warnings) > 0 {
		t.Errorf("the set is %+v", s)
	}
	if m := d.Measured[2]; m.Fingerprint != first.Provenance.EvalConfig.Fingerprint() || !m.Created.Equal(start) {
		t.Errorf("measured %+v", m)
	}
}

// What the history tells is what the scores tell.
func TestDiscoverAgreesWithScores(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, content := range []string{
		`{"id":"1","accuracy":1}` + "\n" + `{"id":"2","accuracy":1}` + "\n",
		`{"id":"1","accuracy":0}` + "\n" + `{"id":"2","accuracy":1}` + "\n" + `{"id":"3","accuracy":null}` + "\n" + `{"id":"4","accuracy":1}` + "\n",
		`{"id":"1","accuracy":0.25}` + "\n" + `{"id":"2","accuracy":0.75}` + "\n",
		`{"id":"1","accuracy":3}` + "\n" + `{"id":"2","accuracy":1}` + "\n" + `{"id":"3","accuracy":2}` + "\n",
		`{"id":"1","accuracy":2}` + "\n" + `{"id":"2","accuracy":0.5}` + "\n",
		`{"id":"1","accuracy":0.5}` + "\n",
		`{"id":"1","accuracy":0}` + "\n" + `{"id":"2","accuracy":1}` + "\n",
		`{"id":"1","accuracy":1e308}` + "\n" + `{"id":"2","accuracy":-1e308}` + "\n",
		// whose mean and variance are those of six passes in nine
		`{"id":"1","accuracy":2}` + "\n" + half(2) + half(3) + half(4) + half(5) + half(6) + half(7) + half(8) + half(9),
	} {
		name := string(rune('a' + i))
		r := read(t, codec.Options{ModelID: name}, text("run.jsonl", content))
		rep := gate.Evaluate(r.Run, nil, gate.DefaultPolicy())
		for i := range rep.Models[0].Findings {
			rep.Models[0].Findings[i].Decision = gate.Warn // missing scores do not matter here
		}
		_, _, err := dataset.Publish(t.Context(), b.hub, dataset.Push{
			Repo: hub.Repo{Owner: "acme", Name: name + "-results"}, Branch: "main", Model: rep.Models[0], Candidate: r.Run,
			SHA256: score.SHA256(r.Tables), Files: r.files, Options: r.options, Scores: r.scores, TempDir: b.temp,
		})
		if err != nil {
			t.Fatal(err)
		}
		b.put(name+"-foreign-results", map[string][]byte{"run.jsonl": []byte(content)})
		d := b.discover(dataset.Search{Models: name + "*"})
		if len(d.Measured) != 2 || d.Sets[0].Recorded == d.Sets[1].Recorded {
			t.Fatalf("%s: %v", content, lines(d))
		}
		known := func(m gate.Measured) gate.Measured {
			return gate.Measured{N: m.N, Missing: m.Missing, Mean: m.Mean, SD: m.SD, PassFail: m.PassFail}
		}
		if diff := cmp.Diff(known(d.Measured[0]), known(d.Measured[1]), cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })); diff != "" {
			t.Errorf("%s: %s -, %s +:\n%s", content, d.Measured[0].Dataset, d.Measured[1].Dataset, diff)
		}
	}
}

func half(id int) string { return fmt.Sprintf(`{"id":"%d","accuracy":0.5}`+"\n", id) }

// A metric that was accepted as missing has a row in the history, and is not measured; a run is as bad as its worst finding.
func TestDiscoverMissingMetric(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	missing := gate.Finding{Outcome: gate.Missing, Decision: gate.Warn}
	missing.Metric = "style"
	p := b.push(job(t, 0, "a", 0.8))
	p.Model.Findings = append(p.Model.Findings, missing)
	b.publish(p)
	if d := b.discover(dataset.Search{}); len(d.Measured) != 1 || d.Measured[0].Metric != "accuracy" {
		t.Errorf("measured %v", lines(d))
	}
	p = b.push(job(t, 1, "b", 0.2))
	p.Model.Findings = append(p.Model.Findings, missing)
	b.publish(p)
	runs, err := dataset.Runs(t.Context(), b.hub, repo, "")
	if err != nil || len(runs) != 2 || runs[0].Decision != gate.Fail || len(runs[0].Metrics) != 2 {
		t.Errorf("runs %+v, %v", runs, err)
	}
}

func TestDiscoverFilters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "a", 0.8)))
	b.put("handbook-results", map[string][]byte{"data/all-00000-of-00001.parquet": marks(t, 0, 20, 2)})
	for _, tt := range []struct {
		search dataset.Search
		want   []string // model and metric
		skips  string
	}{
		{dataset.Search{Models: "m"}, []string{"acme/m accuracy"}, ""},
		{dataset.Search{Models: "acme/*"}, []string{"acme/m accuracy"}, ""},
		{dataset.Search{Models: "hand*"}, []string{"handbook accuracy", "handbook style"}, ""},
		{dataset.Search{Models: "none"}, nil, ""},
		{dataset.Search{Metrics: []codec.Metric{{Path: "style"}}}, []string{"handbook style"}, "acme/m-results: it holds none of the metrics that are asked for"},
	} {
		d := b.discover(tt.search)
		var got []string
		for _, m := range d.Measured {
			got = append(got, m.Model+" "+m.Metric)
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%+v: got -, want +:\n%s", tt.search, diff)
		}
		skips := ""
		for _, s := range d.Skipped {
			skips += s.Repo.String() + ": " + s.Err.Error()
		}
		if skips != tt.skips {
			t.Errorf("%+v: skipped %q, want %q", tt.search, skips, tt.skips)
		}
	}
}

// A dataset whose data/ another tool replaced is ranked by what is recorded, and one without a baseline by what it holds.
func TestDiscoverReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "a", 0.8)))
	b.commit(map[string][]byte{"data/test-00000-of-00001.parquet": marks(t, 0, 5, 1)})
	d := b.discover(dataset.Search{})
	if len(d.Measured) != 1 || d.Measured[0].N != 200 || len(d.Sets[0].Warnings) != 1 || !strings.Contains(d.Sets[0].Warnings[0], "replaced data/ since") {
		t.Errorf("%v, %+v", lines(d), d.Sets)
	}
	b.commit(nil, "history/runs.parquet")
	if d = b.discover(dataset.Search{}); len(d.Measured) != 0 || len(d.Skipped) != 1 || !strings.Contains(d.Skipped[0].Err.Error(), "history/runs.parquet has no row of the baseline") {
		t.Errorf("without its history: %v", lines(d))
	}
}

// A history with numbers that no run has is refused, and not ranked.
func TestDiscoverForged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "a", 0.8)))
	rows := b.history()
	nan := math.NaN()
	rows[0].Mean = &nan
	var forged bytes.Buffer
	if err := codec.WriteRows(&forged, rows); err != nil {
		t.Fatal(err)
	}
	b.commit(map[string][]byte{"history/runs.parquet": forged.Bytes()})
	want := `has numbers of "accuracy" that no run has`
	if d := b.discover(dataset.Search{}); len(d.Measured) != 0 || len(d.Skipped) != 1 || !strings.Contains(d.Skipped[0].Err.Error(), want) {
		t.Errorf("measured %v", lines(d))
	}
	if _, err := dataset.Runs(t.Context(), b.hub, repo, ""); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("runs: %v", err)
	}
}

func TestDiscoverWithoutBaseline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := job(t, 0, "a", 0.8)
	p := b.judged(r, gate.Baseline{})
	p.Branch = "pr-acme-code-1"
	b.publish(p)
	d := b.discover(dataset.Search{})
	if len(d.Measured) != 0 || len(d.Skipped) != 1 || d.Skipped[0].Err.Error() != "no run has become its baseline yet" {
		t.Errorf("%v", lines(d))
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(b.push(job(t, 0, "a", 0.8)))
	b.publish(b.push(job(t, 1, "b", 0.2)))
	b.publish(b.push(job(t, 2, "a", 0.8)))
	p := b.push(job(t, 3, "c", 0.85))
	p.ReportOnly = true
	b.publish(p)
	runs, err := dataset.Runs(t.Context(), b.hub, repo, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprint(r.GitSHA, " ", r.Decision, " baseline ", r.Baseline, " current ", r.Current, " replicate ", r.Replicate, " report-only ", r.ReportOnly,
			" ", r.Metrics[0].Metric, " ", r.Metrics[0].N, " ", *r.Metrics[0].Mean))
	}
	want := []string{
		"c pass baseline true current true replicate false report-only true accuracy 200 0.85",
		"a warn baseline false current false replicate true report-only false accuracy 200 0.8",
		"b fail baseline false current false replicate false report-only false accuracy 200 0.2",
		"a warn baseline true current false replicate false report-only false accuracy 200 0.8",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if _, err := dataset.Runs(t.Context(), b.hub, repo, "v2"); !errors.Is(err, hub.ErrNoRevision) {
		t.Errorf("got %v", err)
	}
	b.put("other-results", map[string][]byte{"README.md": []byte("x")})
	if runs, err := dataset.Runs(t.Context(), b.hub, hub.Repo{Owner: "acme", Name: "other-results"}, ""); err != nil || len(runs) != 0 {
		t.Errorf("of another tool: %v, %v", runs, err)
	}
}

// FuzzMeasureRow holds that any numbers a history may hold are refused, or rank without a panic and stay finite.
func FuzzMeasureRow(f *testing.F) {
	f.Add(int64(10), int64(9), int64(1), 0.5, 0.527, 0.2, 0.8, byte(0xf))
	f.Add(int64(9), int64(9), int64(0), 1.0, 0.0, 0.7, 1.0, byte(0xf))
	f.Add(int64(-1), int64(-9), int64(1<<62), math.Inf(1), math.NaN(), -1.0, 2.0, byte(0xf))
	f.Add(int64(5), int64(5), int64(0), 1e300, 1e308, 0.0, 0.0, byte(0x3))
	f.Fuzz(func(t *testing.T, rows, n, missing int64, mean, sd, lo, hi float64, given byte) {
		r := dataset.HistoryRow{Model: "m", Metric: "accuracy", Rows: rows, N: n, Missing: missing}
		for i, p := range []**float64{&r.Mean, &r.SD, &r.CILow, &r.CIHigh} {
			if given>>i&1 == 1 {
				*p = []*float64{&mean, &sd, &lo, &hi}[i]
			}
		}
		m, err := dataset.MeasureRow(r)
		if err != nil {
			return
		}
		other, half := m, 0.5
		other.Model, other.N, other.Mean, other.SD, other.PassFail = "other", 50, 0.5, &half, false
		for _, ms := range [][]gate.Measured{{m}, {m, other}, {other, m, m}} {
			for _, pl := range gate.Rank(ms, gate.DefaultPolicy())[0].Places {
				numbers := []float64{pl.Mean}
				if pl.Interval {
					numbers = append(numbers, pl.Lo, pl.Hi)
				}
				if pl.Best != nil {
					numbers = append(numbers, pl.Best.Diff, pl.Best.Lo, pl.Best.Hi, pl.Best.P, pl.Best.PAdjusted)
				}
				for _, x := range numbers {
					if math.IsNaN(x) || math.IsInf(x, 0) {
						t.Errorf("%+v: place %+v", r, pl)
					}
				}
			}
		}
	})
}
