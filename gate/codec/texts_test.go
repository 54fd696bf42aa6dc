package codec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTexts pages in the texts of a few samples, from every text format.
func TestTexts(t *testing.T) {
	t.Parallel()
	handbook := Text{
		Input:       "Explain topic 2.",
		Answer:      "Topic 2 is \"fine\".\nIndeed.",
		Explanation: "accuracy: right\nstyle: a \"bit\" formal",
	}
	for _, tt := range []struct {
		file string
		row  int
		want Text
	}{
		{"handbook.jsonl", 2, handbook},
		{"handbook-text.jsonl", 2, handbook},
		{"handbook-only-text.jsonl", 2, handbook},
		{"handbook-pretty.json", 2, handbook},
		{"csv-json-text.csv", 3, Text{Input: "Two?", Answer: "2", Explanation: "accuracy: ok\nstyle: ok"}},
		{"ragas.csv", 3, Text{Input: "how, then?", Answer: "so"}},
		{"derived-trials.jsonl", 2, Text{Input: "1+1?"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			files, o := load(t, corpus+"/ok", tt.file)
			place := Place{File: tt.file, Row: tt.row}
			got, err := Texts(t.Context(), files, o, []Place{place, {File: tt.file, Row: 99}, {File: "elsewhere", Row: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(map[Place]Text{place: tt.want}, got); d != "" {
				t.Errorf("texts differ (-want +got):\n%s", d)
			}
		})
	}
}

// TestRecords yields all columns of a row in the order of the file.
func TestRecords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"a.jsonl", `{"b": 1.50, "a": "x\ny", "c": {"d": [1, "é"]}, "e": null, "f": true}`, `b=3:1.50 a=4:x` + "\n" + `y c=5:{"d": [1, "é"]} e=1:null f=2:true `},
		{"a.json", `[{"b": 1, "a": "\u0041"}]`, `b=3:1 a=4:A `},
		{"a.csv", "b,a,c\n1,\"x \"\"y\"\"\",\n", `b=4:1 a=4:x "y" c=1: `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := memory(tt.name, []byte(tt.text))
			got := ""
			err := records(t.Context(), &file, &Options{}, func(_ string, _ int, fields []field) error {
				for _, f := range fields {
					got += f.name + "=" + string(rune('0'+f.cell.kind)) + ":" + string(f.cell.text) + " "
				}
				return nil
			})
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
