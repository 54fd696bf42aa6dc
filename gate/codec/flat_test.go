package codec

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate/score"
)

func textFile(name, content string) File {
	return File{Name: name, Content: strings.NewReader(content), Size: int64(len(content))}
}

// columnsOf shows the columns of a Parquet file, as "name type: values".
func columnsOf(tb testing.TB, f File) []string {
	tb.Helper()
	p, err := openParquet(&f)
	if err != nil {
		tb.Fatal(err)
	}
	values, err := cells(&f)
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, leaf := range p.leaves {
		name := strings.Join(leaf.path, ".")
		out = append(out, fmt.Sprintf("%s %s: %s", name, leaf.dtype(), strings.Join(values[name], " ")))
	}
	return out
}

func TestWriteFlatTypesColumns(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 20)
	tests := []struct {
		name string
		file File
		o    Options
		sel  FlatOptions
		want []string
	}{
		{"jsonl types", textFile("x.jsonl", `{"id":7,"b":true,"i":1,"d":1.5,"m":"x","n":null,"o":{"k":[1]},"x":true}
{"id":12345678901234567,"b":null,"i":-2,"d":2,"m":3.50,"n":null,"o":[],"x":0.25,"late":"y"}
{"id":9,"i":9007199254740993,"d":NaN,"m":false,"o":"plain"}
`), Options{}, FlatOptions{Text: true}, []string{
			"id int64: 7 12345678901234567 9", "b bool: true null null", "i int64: 1 -2 9007199254740993",
			"d float64: 1.5 2 NaN", `m string: "x" "3.50" "0"`, "n string: null null null",
			`o string: "{\"k\":[1]}" "[]" "plain"`, "x float64: 1 0.25 null", `late string: null "y" null`}},
		{"text that is not UTF-8", textFile("x.jsonl", "{\"prompt\":\"caf\xe9\",\"acc\":1}\n"), Options{}, FlatOptions{Text: true},
			[]string{`prompt string: "caf�"`, "acc int64: 1"}},
		{"ids keep their spelling", textFile("x.jsonl", `{"id":1,"acc":1}
{"id":"1a","acc":0}
{"id":2.0,"acc":0}
`), Options{}, FlatOptions{Text: true}, []string{`id string: "1" "1a" "2"`, "acc int64: 1 0 0"}},
		{"csv is typed by spelling", textFile("x.csv", "id,zip,acc,ok,note\n1,007,0.5,True,\n2,123,,False,\"a, b\"\n3,5,nan,True,7\n"),
			Options{}, FlatOptions{Text: true}, []string{"id int64: 1 2 3", `zip string: "007" "123" "5"`, "acc float64: 0.5 null NaN",
				"ok bool: true false true", `note string: null "a, b" "7"`}},
		{"without texts", textFile("x.jsonl", fmt.Sprintf(`{"question":"%[1]s1","answer":"%[1]s","tag":"howto","accuracy":1,"evaluation":{"analysis":"%[1]s","score":2,"deep":{"s":"3","t":"x"}}}
{"question":"%[1]s2","answer":"x","tag":"fact","accuracy":0,"evaluation":{"analysis":"only"}}
{"question":"%[1]s1","answer":"x","tag":"fact","accuracy":0}
`, long)), Options{}, FlatOptions{SampleID: true}, []string{
			`sample_id string: "b54d8ee2ba6a8e4d4bd1b3eb5fdb3f35" "" ""`, "trial int64: 0 0 1", `tag string: "howto" "fact" "fact"`, "accuracy int64: 1 0 0",
			`evaluation string: "{\"score\":2,\"deep\":{\"s\":\"3\"}}" null null`}},
		{"without texts that make ids and groups", textFile("x.jsonl", `{"question":"a","answer":"x","kind":1,"accuracy":1}
{"question":"b","answer":"x","kind":1,"accuracy":0}
`), Options{ID: "question", Group: "answer"}, FlatOptions{SampleID: true}, []string{
			`sample_id string: "" ""`, "trial int64: 0 0", "kind int64: 1 1", "accuracy int64: 1 0"}},
		{"one model", textFile("x.jsonl", `{"model":"a","id":1,"acc":1}
{"model":"b","id":1,"acc":0.5}
{"model":"a","id":2,"acc":0}
`), Options{}, FlatOptions{Model: "a", Text: true}, []string{`model string: "a" "a"`, "id int64: 1 2", "acc float64: 1 0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := written(t, func(w io.Writer) error {
				_, err := WriteFlat(t.Context(), w, []File{test.file}, test.o, test.sel)
				return err
			})
			got := columnsOf(t, f)
			if test.sel.SampleID { // digests are held by the test that reads back
				got[0], test.want[0] = "", ""
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("columns differ (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is kept of a table, it reads back as the scores of the files that it was made of.
func TestWriteFlatReadsBack(t *testing.T) {
	t.Parallel()
	var jsonl, csv bytes.Buffer
	writeJSONL(&jsonl, 500, 1)
	writeCSV(&csv, 300, 2)
	anonymous := strings.ReplaceAll(strings.ReplaceAll(jsonl.String(), `"id": `, `"hash": `), `"accuracy": 1`, `"accuracy": "n/a"`)
	gz := gzipped(t, jsonl.Bytes())
	var table bytes.Buffer
	writeParquet(100)(&table, 400, 3)
	files := map[string][]File{
		"jsonl":        {textFile("a.jsonl", jsonl.String())},
		"gzip":         {{Name: "a.jsonl.gz", Content: bytes.NewReader(gz), Size: int64(len(gz))}},
		"csv":          {textFile("a.csv", csv.String())},
		"jsonl, csv":   {textFile("a.jsonl", jsonl.String()), textFile("b.csv", csv.String())},
		"no ids":       {textFile("a.jsonl", anonymous)},
		"not UTF-8":    {textFile("a.jsonl", strings.ReplaceAll(anonymous, `"instruction": "`, "\"instruction\": \"\xe9"))},
		"repeated":     {textFile("a.jsonl", anonymous+anonymous)},
		"parquet":      {{Name: "a.parquet", Content: bytes.NewReader(table.Bytes()), Size: int64(table.Len())}},
		"parquet, csv": {{Name: "a.parquet", Content: bytes.NewReader(table.Bytes()), Size: int64(table.Len())}, textFile("b.csv", csv.String())},
	}
	for name, in := range files {
		for _, text := range []bool{true, false} {
			for _, model := range []string{"", "acme/model-3"} {
				t.Run(fmt.Sprintf("%s/text=%v/model=%s", name, text, strings.ReplaceAll(model, "/", "-")), func(t *testing.T) {
					t.Parallel()
					want, err := Read(t.Context(), in, Options{})
					if err != nil {
						t.Fatal(err)
					}
					var rows int64
					f := written(t, func(w io.Writer) error {
						var err error
						rows, err = WriteFlat(t.Context(), w, in, Options{}, FlatOptions{Text: text, Model: model, SampleID: !text})
						return err
					})
					got, err := Read(t.Context(), []File{f}, Options{})
					if err != nil {
						t.Fatal(err)
					}
					var tables []*score.Table
					n := 0
					for _, table := range want.Tables {
						if model == "" || table.Key().Model == model {
							tables = append(tables, table)
							n += table.Len()
						}
					}
					if int(rows) != n {
						t.Errorf("%d rows were written, want %d", rows, n)
					}
					if got, want := score.SHA256(got.Tables), score.SHA256(tables); got != want {
						t.Errorf("the scores read back have digest %s, want %s", got, want)
					}
				})
			}
		}
	}
}

func gzipped(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// Parquet is copied as it is: every value, structs and lists included, rows of one model only where that is asked for.
func TestWriteFlatCopiesParquet(t *testing.T) {
	t.Parallel()
	in := encode(t, wideRows(3000, 4), 500)
	out := written(t, func(w io.Writer) error {
		n, err := WriteFlat(t.Context(), w, []File{*in, *in}, Options{}, FlatOptions{Text: true, Metadata: map[string]string{"k": "v"}})
		if n != 6000 {
			t.Errorf("%d rows were written, want 6000", n)
		}
		return err
	})
	want, err := cells(in)
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		want[name] = append(want[name], want[name]...)
	}
	got, err := cells(&out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns differ (-want +got):\n%.2000s", diff)
	}
	a, b := lists(t, in), lists(t, &out)
	if diff := cmp.Diff(append(a, a...), b); diff != "" {
		t.Errorf("lists differ (-want +got):\n%.2000s", diff)
	}
	p, err := openParquet(&out)
	if err != nil {
		t.Fatal(err)
	}
	if p.meta["k"] != "v" {
		t.Errorf("metadata k = %q, want v", p.meta["k"])
	}
}

// lists reads the column of lists with the library.
func lists(tb testing.TB, f *File) [][]string {
	tb.Helper()
	type row struct {
		List []string `parquet:"list,list"`
	}
	rows, err := parquet.Read[row](f.Content, f.Size)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = r.List
	}
	return out
}
