package codec

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoIDs reads the same scores without ids, and ids where trials need them.
func TestNoIDs(t *testing.T) {
	t.Parallel()
	var parquet, csv bytes.Buffer
	writeParquet(500)(&parquet, 1200, 3)
	writeCSV(&csv, 1200, 3)
	for _, tt := range []struct {
		name string
		file File
		ids  bool
	}{
		{"parquet", memory("x.parquet", parquet.Bytes()), false},
		{"csv", memory("x.csv", csv.Bytes()), false},
		{"inputs alone", textFile("x.csv", "question,model,acc\na,m,1\na,m,0\nb,m,1\n"), false},
		{"trials", textFile("x.csv", "id,trial,model,acc\na,0,m,1\na,1,m,0\nb,0,m,1\n"), true},
		{"json lines", textFile("x.jsonl", `{"id": "a", "model": "m", "acc": 1}`), true},
	} {
		with, err := Read(t.Context(), []File{tt.file}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		without, err := Read(t.Context(), []File{tt.file}, Options{NoIDs: true, Inputs: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(without.Warnings) != len(with.Warnings) {
			t.Errorf("%s: got warnings %q, want %q", tt.name, without.Warnings, with.Warnings)
		}
		if got := !strings.Contains(without.Log[0], "without ids"); got != tt.ids {
			t.Errorf("%s: the log says %q", tt.name, without.Log[0])
		}
		if len(without.Tables) != len(with.Tables) {
			t.Fatalf("%s: got %d tables, want %d", tt.name, len(without.Tables), len(with.Tables))
		}
		for i, got := range without.Tables {
			if got.Identified() != tt.ids {
				t.Errorf("%s: got samples identified %t, want %t", tt.name, got.Identified(), tt.ids)
			}
			if d := cmp.Diff(with.Tables[i].Columns(), got.Columns()); d != "" {
				t.Errorf("%s: other scores (-with ids +without):\n%s", tt.name, d)
			}
		}
	}
	twice := textFile("x.csv", "id,model,acc\na,m,1\na,m,0\n")
	if _, err := Read(t.Context(), []File{twice}, Options{}); err == nil {
		t.Error("got no error for an id that stands twice")
	}
	if _, err := Read(t.Context(), []File{twice}, Options{NoIDs: true}); err != nil {
		t.Errorf("got %v, want ids not looked at", err)
	}
	if _, err := Read(t.Context(), []File{twice}, Options{NoIDs: true, ID: "name"}); err == nil {
		t.Error("got no error for an id column that is not there")
	}
}
