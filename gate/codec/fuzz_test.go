package codec

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hubgate/hubgate/gate/score"
)

// seed adds the files of the corpus whose names have one of some extensions.
func seed(f *testing.F, ext ...string) {
	f.Helper()
	for _, dir := range []string{"ok", "err"} {
		entries, err := os.ReadDir(filepath.Join(corpus, dir))
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			for _, x := range ext {
				if filepath.Ext(e.Name()) != x {
					continue
				}
				b, err := os.ReadFile(filepath.Join(corpus, dir, e.Name()))
				if err != nil {
					f.Fatal(err)
				}
				f.Add(b)
			}
		}
	}
}

// objects decodes as encoding/json does what a line or document holds, and reports whether it is what our reader takes.
// It has no answer to what the two treat differently on purpose: bare NaN and infinities, deep nesting, text that is not
// UTF-8.
func decodable(b []byte) bool {
	if !utf8.Valid(b) || bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Infinity")) {
		return false
	}
	depth, deepest := 0, 0
	for _, c := range b {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest < maxJSONDepth
}

// object decodes one object with encoding/json. It refuses a key that stands twice, which encoding/json does not.
func object(b []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return nil, false
	}
	out := map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, false
		}
		key, ok := k.(string)
		if _, twice := out[key]; !ok || twice {
			return nil, false
		}
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, false
		}
		out[key] = v
	}
	return out, json.Valid(b)
}

// same compares a cell with what encoding/json made of the same value.
func same(t *testing.T, key string, got cell, want any) {
	t.Helper()
	ok := false
	switch want := want.(type) {
	case nil:
		ok = got.kind == null
	case bool:
		ok = got.kind == boolean && (got.num == 1) == want
	case string:
		ok = got.kind == text && string(got.text) == want
	case json.Number:
		v, err := want.Float64()
		ok = got.kind == number && string(got.text) == string(want) && (got.num == v || err != nil)
	default:
		var v any
		d := json.NewDecoder(bytes.NewReader(got.text))
		ok = got.kind == jsonValue && d.Decode(&v) == nil
	}
	if !ok {
		t.Errorf("key %q: got kind %d %q, want %#v", key, got.kind, got.text, want)
	}
}

func compare(t *testing.T, fields []field, want map[string]any) {
	t.Helper()
	if len(fields) != len(want) {
		t.Errorf("got %d fields, want %d", len(fields), len(want))
	}
	for _, f := range fields {
		v, ok := want[f.name]
		if !ok {
			t.Errorf("got key %q, which is not there", f.name)
		}
		same(t, f.name, f.cell, v)
	}
}

// FuzzJSONLines compares the reader of JSON lines with encoding/json: the same lines are rows, with the same values.
func FuzzJSONLines(f *testing.F) {
	seed(f, ".jsonl")
	f.Fuzz(func(t *testing.T, b []byte) {
		if !decodable(b) {
			t.Skip("read differently on purpose")
		}
		want := map[int]map[string]any{}
		broken := 0
		for i, line := range bytes.Split(b, []byte("\n")) {
			line = bytes.TrimSuffix(line, []byte("\r"))
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			if o, ok := object(line); ok {
				want[i+1] = o
			} else {
				broken++
			}
		}
		st := newReadState(context.Background())
		file := memory("fuzz.jsonl", b)
		a := newAssembler(&file, &Options{}, st)
		a.yield = func(row int, fields []field) error {
			compare(t, fields, want[row])
			delete(want, row)
			return nil
		}
		if err := readJSONLines(bytes.NewReader(b), a); err != nil {
			t.Fatal(err)
		}
		if st.broken.Total != broken || len(want) > 0 {
			t.Errorf("got %d broken rows, want %d; rows not read: %v", st.broken.Total, broken, want)
		}
	})
}

// FuzzJSON compares the reader of JSON arrays with encoding/json, through reads of a few bytes each.
func FuzzJSON(f *testing.F) {
	seed(f, ".json")
	f.Fuzz(func(t *testing.T, b []byte) {
		var want []json.RawMessage
		if !decodable(b) || len(b) == 0 || b[0] != '[' {
			t.Skip("no array, or read differently on purpose")
		}
		valid := json.Unmarshal(b, &want) == nil
		st := newReadState(context.Background())
		file := memory("fuzz.json", b)
		a := newAssembler(&file, &Options{}, st)
		a.yield = func(row int, fields []field) error {
			if row > len(want) {
				if valid {
					t.Errorf("got row %d of %d", row, len(want))
				}
				return nil
			}
			o, _ := object(want[row-1])
			compare(t, fields, o)
			return nil
		}
		if err := readJSON(bytes.NewReader(b), a); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if _, ok := object(w); !ok {
				valid = false
			}
		}
		if got := st.broken.Total == 0; got != valid {
			t.Errorf("got accepted %t, want %t: %v", got, valid, st.broken.First)
		}
	})
}

// FuzzCSV compares the scanner with encoding/csv: the same records up to the first that is broken. It is fed through a
// buffer of few bytes, so that records are cut everywhere.
func FuzzCSV(f *testing.F) {
	seed(f, ".csv", ".tsv")
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
		oracle := csv.NewReader(bytes.NewReader(b))
		oracle.FieldsPerRecord = -1
		w := newWindow(bytes.NewReader(b))
		w.buf = make([]byte, 16)
		s := &csvScanner{w: w, comma: ',', next: 1}
		for {
			want, werr := oracle.Read()
			ok, err := s.record()
			if err != nil {
				t.Fatal(err)
			}
			if errors.Is(werr, io.EOF) {
				if ok {
					t.Fatalf("got a record %q behind the last", s.fields)
				}
				return
			}
			if !ok {
				t.Fatalf("got no record, want %q, %v", want, werr)
			}
			if (werr != nil) != (s.msg != "") {
				t.Fatalf("got %q, want %v", s.msg, werr)
			}
			if werr != nil {
				return
			}
			line, _ := oracle.FieldPos(0)
			if s.row != line {
				t.Errorf("got line %d, want %d", s.row, line)
			}
			var got []string
			for k := range s.fields {
				field := string(s.fields[k])
				if s.quoted[k] {
					field = string(undouble(nil, s.fields[k]))
				}
				// encoding/csv drops carriage returns before newlines, which we keep as they are part of a text.
				got = append(got, strings.ReplaceAll(field, "\r\n", "\n"))
			}
			if strings.Join(got, "\x00") != strings.Join(want, "\x00") || len(got) != len(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	})
}

// FuzzRead reads anything as anything. What it makes of it has to keep the promises of its types.
func FuzzRead(f *testing.F) {
	seed(f, ".jsonl", ".json", ".csv", ".tsv", ".gz", ".zst", ".bin", ".eval", ".txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"fuzz", "fuzz.json", "fuzz.csv"} {
			s, err := Read(context.Background(), []File{memory(name, b)}, Options{ModelID: "m"})
			there, _ := tiny(t.Context(), []File{memory(name, b)})
			if _, far := Read(t.Context(), there, Options{ModelID: "m"}); fmt.Sprint(far) != fmt.Sprint(err) && !bytes.HasSuffix(b, []byte(magicParquet)) {
				t.Errorf("got %v for a remote file, want %v", far, err)
			}
			if err != nil {
				if s != nil || strings.ContainsAny(err.Error(), "\n\r") {
					t.Errorf("got %v and an error of several lines or beside a result: %q", s, err)
				}
				continue
			}
			usable := 0
			for _, table := range s.Tables {
				for _, c := range table.Columns() {
					usable += len(c.Usable())
				}
			}
			if usable == 0 {
				t.Error("got no error, and no score")
			}
			_ = dump(s)
		}
	})
}

// FuzzNested reads one object as a value, as JSON text, and as JSON text that is escaped in another way: it holds the same
// scores. A row before it makes it the second of its kind, or not.
func FuzzNested(f *testing.F) {
	for _, s := range []string{
		`{"accuracy": {"analysis": "a \"b\" \\ \u00e9 é", "score": 3}, "style": {"analysis": "", "score": null}}`,
		`{"accuracy": {"score": 2, "analysis": "<b>"}, "style": {"score": "1"}}`,
		`{"a\"b": {"score": 1}, "x": [1, {"score": 2}], "y": 5}`,
		`{"accuracy":{"score":1,"score":2}}`,
		"{\n  \"accuracy\": {\n    \"score\": 3\n  }\n}",
		`{}`,
	} {
		f.Add([]byte(s))
	}
	const first = `{"accuracy": {"analysis": "fine", "score": 1}, "style": {"analysis": "fine", "score": 2}}`
	f.Fuzz(func(t *testing.T, b []byte) {
		if !decodable(b) || !json.Valid(b) || b[0] != '{' {
			t.Skip("no object, or read differently on purpose")
		}
		asText := func(v []byte) []byte {
			out, err := json.Marshal(string(v)) // escapes <, >, & and more by \u
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		plain := func(v []byte) []byte { return []byte(jsonString(string(v))) }
		object := func(v []byte) []byte {
			var out bytes.Buffer
			if err := json.Compact(&out, v); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}
		want := ""
		for k, form := range []func([]byte) []byte{object, asText, plain} {
			row := func(id int, v []byte) string {
				return fmt.Sprintf(`{"id": %d, "model": "m", "acc": 1, "evaluation": %s}`, id, form(v)) + "\n"
			}
			text := row(1, []byte(first)) + row(2, b) + row(3, []byte(first)) + row(4, b)
			s, err := Read(context.Background(), []File{memory("fuzz.jsonl", []byte(text))}, Options{})
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = score.SHA256(s.Tables)
			}
			if k == 0 {
				want = got
			} else if got != want {
				t.Errorf("form %d: got %s, want %s", k, got, want)
			}
		}
	})
}
