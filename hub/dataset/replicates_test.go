package dataset_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// The runs themselves can be read, the newest first; without any two of one commit there is the baseline.
func TestReplicates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := dataset.Replicates(t.Context(), b.hub, repo, "", model, codec.Options{}, 10); !errors.Is(err, hub.ErrNotFound) {
		t.Errorf("of no dataset: %v", err)
	}
	for i, sha := range []string{"aaa", "bbb", "bbb", "ccc"} {
		b.publish(b.push(job(t, i, sha, 0.8)))
		runs, err := dataset.Replicates(t.Context(), b.hub, repo, "", "m", codec.Options{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"aaa"}, {"bbb"}, {"bbb", "bbb"}, {"bbb", "bbb"}}[i]
		var got []string
		for _, r := range runs {
			got = append(got, r.Provenance.GitSHA)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %d runs: %v, want %v", i+1, got, want)
		}
		if len(runs) == 2 && !runs[0].Provenance.Created.After(runs[1].Provenance.Created) {
			t.Errorf("%v comes before %v", runs[0].Provenance.Created, runs[1].Provenance.Created)
		}
	}
	if runs, err := dataset.Replicates(t.Context(), b.hub, repo, "", model, codec.Options{}, 1); err != nil || len(runs) != 1 {
		t.Errorf("at most 1: %d, %v", len(runs), err)
	}
}
