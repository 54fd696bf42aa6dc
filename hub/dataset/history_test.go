package dataset_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub/dataset"
)

func rows[T any](t *testing.T, rows ...T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := codec.WriteRows(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What a run does not have is null and not zero.
func TestHistoryNulls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.publish(only(b, read(t, codec.Options{}, text("one.jsonl", `{"model":"acme/m","id":"a","accuracy":0.5,"style":null}`+"\n")), model))
	got := map[string]dataset.HistoryRow{}
	for _, row := range b.history() {
		got[row.Metric] = row
	}
	one, none := got["accuracy"], got["style"]
	if one.N != 1 || one.Mean == nil || *one.Mean != 0.5 || one.SD != nil || one.CILow != nil || one.CIHigh != nil {
		t.Errorf("one sample: %+v", one)
	}
	if none.N != 0 || none.Missing != 1 || none.Mean != nil || none.SD != nil || none.AcceptedBy != nil {
		t.Errorf("no sample: %+v", none)
	}
}

// An older file lacks columns that are nullable, and a newer one has more: both read. The newer one is not written over, which would
// lose what only it has.
func TestHistoryOtherVersions(t *testing.T) {
	t.Parallel()
	type older struct {
		RunID string    `parquet:"run_id"`
		Time  time.Time `parquet:"time,timestamp(microsecond)"`
	}
	type newer struct {
		RunID  string    `parquet:"run_id"`
		Time   time.Time `parquet:"time,timestamp(microsecond)"`
		Mean   *float64  `parquet:"mean,optional"`
		Carbon *float64  `parquet:"carbon,optional"`
	}
	mean := 2.5
	first, later := dataset.HistoryRow{RunID: "first", Time: start}, dataset.HistoryRow{RunID: "later", Time: start.Add(time.Hour), Mean: &mean}
	for name, content := range map[string][]byte{
		"older": rows(t, older{"later", later.Time}, older{"first", start}),
		"same":  rows(t, later, first),
		"newer": rows(t, newer{"later", later.Time, &mean, &mean}, newer{"first", start, nil, nil}),
	} {
		b := newBench(t)
		b.commit(map[string][]byte{"history/runs.parquet": content})
		want := []dataset.HistoryRow{first, later}
		if name == "older" {
			want[1].Mean = nil
		}
		if diff := cmp.Diff(want, b.history()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		p := b.judged(job(t, 1, "bbb", 0.8), gate.Baseline{})
		if name != "newer" {
			b.publish(p)
		} else if err := b.refuse(p); !strings.HasSuffix(err.Error(), "would lose what it does not know, column carbon; update hubgate") {
			t.Errorf("newer: got %v", err)
		}
	}
}

// A history that lost the baseline has lost who knows what: nothing is compared by it or built on it, nor is it shown as all there was.
func TestHistoryLost(t *testing.T) {
	t.Parallel()
	const want = "history/runs.parquet has no row of the baseline, run 20260517T120000Z-0a2f0167ad2f; restore the file from an earlier commit"
	for name, spoil := range map[string]func(b *bench){
		"gone": func(b *bench) { b.commit(nil, "history/runs.parquet") },
		"another": func(b *bench) {
			b.commit(map[string][]byte{"history/runs.parquet": rows(t, dataset.HistoryRow{RunID: "x", Time: start})})
		},
	} {
		b := newBench(t)
		b.publish(b.push(job(t, 0, "aaa", 0.8)))
		spoil(b)
		next := job(t, 1, "bbb", 0.8)
		q := query(next)
		q.Ancestors = []string{"aa0"}
		if found, err := dataset.Baseline(t.Context(), b.hub, q); err != nil || found.Unreadable == nil || !strings.HasSuffix(found.Unreadable.Error(), want) {
			t.Errorf("%s: comparing: got %v, %v\nwant %s", name, found.Unreadable, err, want)
		}
		if err := b.refuse(b.judged(next, gate.Baseline{})); !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: publishing: got %v\nwant %s", name, err, want)
		}
		if runs, err := dataset.Runs(t.Context(), b.hub, repo, ""); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %d runs and %v\nwant %s", name, len(runs), err, want)
		}
	}
}
