package dataset_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// An older file lacks columns that are nullable, and a newer one has more: both read.
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
	}
}
