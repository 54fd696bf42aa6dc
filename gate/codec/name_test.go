package codec_test

import (
	"testing"

	"github.com/hubgate/hubgate/gate/codec"
)

func TestNamesScores(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a.jsonl": true, "data/test-00000-of-00001.parquet": true, "A.CSV": true, "a.tsv.gz": true, "a.ndjson.zst": true, "a.json": true,
		"README.md": false, "json": false, "a.csv.bak": false, "a.gz": false, "a.parquet.lock": false, "": false,
	} {
		if got := codec.NamesScores(name); got != want {
			t.Errorf("NamesScores(%q) = %t, want %t", name, got, want)
		}
	}
}
