package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

const parquetCorpus = "../../testdata/parquet"

// parquetFixtures are the files of testdata/parquet/ok, which this program writes with -update.
var parquetFixtures = map[string]func(testing.TB) []byte{
	"nulls": func(tb testing.TB) []byte {
		type row struct {
			ID       string   `parquet:"id"`
			Accuracy *float64 `parquet:"accuracy,optional,dict"`
			Style    *int64   `parquet:"style,optional"`
			Model    *string  `parquet:"model,optional,dict"`
		}
		model := new("acme/m1")
		return fixture(tb, []row{{"a", new(2.0), nil, model}, {"b", nil, new(int64(3)), model}, {"c", nil, nil, model},
			{"d", new(3.0), new(int64(1)), model}}, 100, parquet.Compression(&parquet.Snappy))
	},
	"fallback": func(tb testing.TB) []byte {
		type row struct {
			ID       string  `parquet:"id,dict"`
			Accuracy float64 `parquet:"accuracy,dict"`
		}
		var rows []row
		for i := range 200 {
			rows = append(rows, row{strings.Repeat("id", i%7) + string(rune('a'+i%26)) + strings.Repeat("x", i), float64(i%97) / 97})
		}
		return fixture(tb, rows, 1000, parquet.DictionaryMaxBytes(256), parquet.PageBufferSize(256), parquet.DataPageVersion(1),
			parquet.Compression(&parquet.Snappy))
	},
	"groups": func(tb testing.TB) []byte {
		type row struct {
			ID    int32  `parquet:"id"`
			Pass  bool   `parquet:"pass"`
			Model string `parquet:"model,dict"`
		}
		var rows []row
		for i := range 40 {
			rows = append(rows, row{int32(i), i%3 == 0, "acme/m" + string(rune('1'+i%2))})
		}
		return fixture(tb, rows, 3)
	},
	"types": func(tb testing.TB) []byte {
		type row struct {
			ID   uint64  `parquet:"id"`
			I8   int8    `parquet:"marks_i8"`
			I32  int32   `parquet:"marks_i32,delta"`
			F32  float32 `parquet:"half_f32,split"`
			Dec  int32   `parquet:"half_dec,decimal(2:9)"`
			Bool *bool   `parquet:"passed,optional"`
		}
		return fixture(tb, []row{{1, 1, 3, 0.5, 25, new(true)}, {1 << 63, 2, 1, 0.25, 75, nil}, {3, 3, 2, 1, 100, new(false)}}, 100)
	},
	"evaluation_struct": func(tb testing.TB) []byte {
		type mark struct {
			Analysis string   `parquet:"analysis"`
			Score    *int64   `parquet:"score,optional"`
			Tags     []string `parquet:"tags,list"`
		}
		type evaluation struct {
			Accuracy *mark `parquet:"accuracy,optional"`
			Style    *mark `parquet:"style,optional"`
		}
		type row struct {
			Instruction string      `parquet:"instruction"`
			Answers     string      `parquet:"answers"`
			Evaluation  *evaluation `parquet:"evaluation,optional"`
		}
		m := func(v int64) *mark { return &mark{"fine", &v, []string{"a", "b"}} }
		return fixture(tb, []row{{"q1", "a1", &evaluation{m(3), m(2)}}, {"q2", "a2", nil}, {"q3", "a3", &evaluation{m(0), nil}},
			{"q4", "a4", &evaluation{&mark{"?", nil, nil}, m(1)}}}, 2, parquet.Compression(&parquet.Zstd))
	},
	"evaluation_text": func(tb testing.TB) []byte {
		type row struct {
			Instruction string  `parquet:"instruction"`
			Answers     string  `parquet:"answers"`
			Evaluation  *string `parquet:"evaluation,optional"`
		}
		return fixture(tb, []row{{"q1", "a1", new(`{"accuracy": {"analysis": "fine", "score": 3}, "style": {"analysis": "so", "score": 2}}`)},
			{"q2", "a2", nil}, {"q3", "a3", new(`no JSON`)}}, 100, parquet.Compression(&parquet.Gzip))
	},
	"zstd_v2":   packed(parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(2)),
	"gzip_v1":   packed(parquet.Compression(&parquet.Gzip), parquet.DataPageVersion(1)),
	"lz4_v2":    packed(parquet.Compression(&parquet.Lz4Raw), parquet.DataPageVersion(2)),
	"brotli_v1": packed(parquet.Compression(&parquet.Brotli), parquet.DataPageVersion(1)),
}

func packed(options ...parquet.WriterOption) func(testing.TB) []byte {
	return func(tb testing.TB) []byte {
		type row struct {
			ID    string   `parquet:"id,delta"`
			Score *float64 `parquet:"score,optional"`
			Text  string   `parquet:"answer"`
		}
		return fixture(tb, []row{{"a", new(0.5), strings.Repeat("text ", 50)}, {"ab", nil, ""}, {"abc", new(1.0), "x"}}, 100, options...)
	}
}

func fixture[T any](tb testing.TB, rows []T, group int, options ...parquet.WriterOption) []byte {
	tb.Helper()
	f := encode(tb, rows, group, append(options, &parquet.WriterConfig{CreatedBy: "fixture"})...)
	b := make([]byte, f.Size)
	if err := readAt(f, b, 0); err != nil {
		tb.Fatal(err)
	}
	return b
}

// brokenFixtures are the files of testdata/parquet/err, made of a whole one.
var brokenFixtures = map[string]func([]byte) []byte{
	"cut":           func(b []byte) []byte { return b[:len(b)/2] },
	"cut_short":     func(b []byte) []byte { return b[:6] },
	"head":          func(b []byte) []byte { return append([]byte("PAR1"), b[len(b)-8:]...) },
	"no_end":        func(b []byte) []byte { return append(b, "\n\n\n\n\n\n\n\n"...) },
	"long_footer":   func(b []byte) []byte { copy(b[len(b)-8:], "\xff\xff\xff\x7f"); return b },
	"short_footer":  func(b []byte) []byte { copy(b[len(b)-8:], "\x10\x00\x00\x00"); return b },
	"encrypted":     func(b []byte) []byte { copy(b[len(b)-4:], "PARE"); return b },
	"page":          func(b []byte) []byte { clear(b[20:60]); return b },
	"middle":        func(b []byte) []byte { n := bytes.Index(b, []byte("PAR1")); return append(b[:n+4:n+4], b[n+9:]...) },
	"many_columns":  func([]byte) []byte { return withFooter("\x15\x02\x29\xfc\xff\xff\xff\xff\x07") },
	"many_groups":   func([]byte) []byte { return withFooter("\x15\x02\x19\x0c\x16\x00\x19\xfc\xff\xff\xff\xff\x07") },
	"no_schema":     func([]byte) []byte { return withFooter("\x15\x02\x19\x0c\x16\x00\x19\x0c\x00") },
	"empty_footer":  func([]byte) []byte { return withFooter("") },
	"absurd_rows":   func([]byte) []byte { return absurd(1 << 40) },
	"negative_rows": func([]byte) []byte { return absurd(-5) },
}

// withFooter makes a file that is nothing but a footer.
func withFooter(footer string) []byte {
	return []byte("PAR1" + footer + string([]byte{byte(len(footer)), 0, 0, 0}) + "PAR1")
}

// absurd makes a file of one column that claims some rows in its footer and in its only row group.
func absurd(rows int64) []byte {
	var n []byte
	for u := uint64(rows<<1) ^ uint64(rows>>63); ; u >>= 7 {
		if u < 0x80 {
			n = append(n, byte(u))
			break
		}
		n = append(n, byte(u)|0x80)
	}
	schema := "\x19\x2c" + "\x48\x01r\x15\x02\x00" + "\x15\x0a\x25\x00\x18\x03acc\x00"
	meta := "\x15\x0a\x19\x15\x00\x19\x18\x03acc\x15\x00\x16" + string(n) + "\x16\x02\x16\x02\x26\x08\x00"
	group := "\x19\x1c\x26\x00\x1c" + meta + "\x00" + "\x16\x02\x16" + string(n) + "\x00"
	return withFooter("\x15\x02" + schema + "\x16" + string(n) + "\x19\x1c" + group + "\x00")
}

func TestParquetFixtures(t *testing.T) {
	t.Parallel()
	whole := parquetFixtures["nulls"](t)
	for name, make := range parquetFixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixtureFile(t, "ok", name, func() []byte { return make(t) })
			s, err := Read(t.Context(), []File{f}, Options{ModelID: modelID(name)})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(parquetCorpus, "ok", name+".want"), dump(s))
		})
	}
	for name, spoil := range brokenFixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixtureFile(t, "err", name, func() []byte { return spoil(bytes.Clone(whole)) })
			_, err := Read(t.Context(), []File{f}, Options{Format: "parquet"})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			golden(t, filepath.Join(parquetCorpus, "err", name+".want"), err.Error()+"\n")
		})
	}
}

// modelID returns a model for the fixtures that name none.
func modelID(name string) string {
	if name == "nulls" || name == "groups" {
		return ""
	}
	return "acme/m"
}

func fixtureFile(t *testing.T, dir, name string, make func() []byte) File {
	t.Helper()
	path := filepath.Join(parquetCorpus, dir, name+".parquet")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: name + ".parquet", Content: bytes.NewReader(b), Size: int64(len(b))}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// FuzzParquet holds that no bytes make the reader panic, or ask for much memory, and that what it reads can be written.
func FuzzParquet(f *testing.F) {
	for _, make := range parquetFixtures {
		f.Add(make(f))
	}
	for _, spoil := range brokenFixtures {
		f.Add(spoil(bytes.Clone(parquetFixtures["nulls"](f))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		file := File{Name: "x.parquet", Content: bytes.NewReader(b), Size: int64(len(b))}
		s, err := Read(t.Context(), []File{file}, Options{Format: "parquet", Inputs: true})
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
			t.Errorf("%d bytes made the reader allocate %d MiB", len(b), used)
		}
		_, _ = parquetTexts(t.Context(), &file, []int{1, 3})
		there, counts := tiny(t.Context(), []File{file})
		_, far := Read(t.Context(), there, Options{Format: "parquet", Inputs: true})
		known := bytes.HasPrefix(b, []byte(magicParquet)) || !bytes.HasSuffix(b, []byte(magicParquet)) // a remote file goes by its end
		if known && fmt.Sprint(far) != fmt.Sprint(err) || counts[0].bad != nil {
			t.Errorf("got %v for a remote file, want %v; fetched wrongly: %v", far, err, counts[0].bad)
		}
		if err != nil || len(s.Tables) == 0 {
			return
		}
		if _, err := WriteFlat(t.Context(), io.Discard, []File{file}, Options{}, FlatOptions{Text: true}); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("writing what was read: %v", err)
			}
		}
	})
}
