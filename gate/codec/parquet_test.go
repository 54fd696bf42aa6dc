package codec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/hubgate/hubgate/gate/score"
)

// A wideRow has what scores come as, in types and encodings that writers use.
type wideRow struct {
	Plain    string   `parquet:"plain"`
	Dict     string   `parquet:"dict,dict"`
	Delta    string   `parquet:"delta,delta"`
	Length   string   `parquet:"length,delta"`
	Opt      *string  `parquet:"opt,optional,dict"`
	Bool     bool     `parquet:"bool"`
	OptBool  *bool    `parquet:"opt_bool,optional"`
	I8       int8     `parquet:"i8"`
	I32      int32    `parquet:"i32,delta"`
	U32      uint32   `parquet:"u32"`
	I64      int64    `parquet:"i64,delta"`
	U64      uint64   `parquet:"u64"`
	F32      float32  `parquet:"f32,split"`
	F64      float64  `parquet:"f64,split"`
	OptF64   *float64 `parquet:"opt_f64,optional"`
	DictF64  *float64 `parquet:"dict_f64,optional,dict"`
	Dec32    int32    `parquet:"dec32,decimal(2:9)"`
	Dec64    int64    `parquet:"dec64,decimal(3:18)"`
	UUID     [16]byte `parquet:"uuid,uuid"`
	List     []string `parquet:"list,list"`
	Struct   *inner   `parquet:"struct,optional"`
	Required inner    `parquet:"required"`
}

type inner struct {
	Score *float64 `parquet:"score,optional"`
	Deep  struct {
		Score *int32 `parquet:"score,optional"`
		Note  string `parquet:"note,dict"`
	} `parquet:"deep"`
}

func maybe[T any](rng *rand.Rand, v T) *T {
	if rng.IntN(4) == 0 {
		return nil
	}
	return &v
}

func wideRows(n int, seed uint64) []wideRow {
	rng := rand.New(rand.NewPCG(seed, 2))
	text := func(kinds int) string {
		k := rng.IntN(kinds)
		return strings.Repeat(strconv.Itoa(k)+" ", k%7)
	}
	rows := make([]wideRow, n)
	for i := range rows {
		r := &rows[i]
		r.Plain, r.Dict, r.Delta, r.Length = text(1<<20), text(9), text(1<<20), text(99)
		r.Opt = maybe(rng, text(5))
		r.Bool, r.OptBool = rng.IntN(2) == 0, maybe(rng, rng.IntN(9) == 0)
		r.I8, r.I32, r.U32 = int8(rng.Int32()), int32(rng.Uint32()), rng.Uint32()
		r.I64, r.U64 = int64(rng.Uint64())>>rng.IntN(64), rng.Uint64()>>rng.IntN(64)
		r.F32, r.F64 = rng.Float32(), rng.NormFloat64()
		r.OptF64, r.DictF64 = maybe(rng, math.NaN()), maybe(rng, float64(rng.IntN(3)))
		r.Dec32, r.Dec64 = int32(rng.IntN(1000))-500, rng.Int64N(1e6)-5e5
		for k := range r.UUID {
			r.UUID[k] = byte(rng.Uint32())
		}
		for range rng.IntN(3) {
			r.List = append(r.List, text(5))
		}
		r.Required.Score, r.Required.Deep.Score, r.Required.Deep.Note = maybe(rng, 1.5), maybe(rng, int32(2)), text(3)
		if rng.IntN(3) > 0 {
			in := r.Required
			r.Struct = &in
		}
	}
	return rows
}

// encode writes rows with the library, which is not what hubgate writes with most of its own tables.
func encode[T any](tb testing.TB, rows []T, group int, options ...parquet.WriterOption) *File {
	tb.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	for lo := 0; lo < len(rows); lo += group {
		if _, err := w.Write(rows[lo:min(len(rows), lo+group)]); err != nil {
			tb.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return &File{Name: "x.parquet", Content: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
}

// cells reads every scalar column, as text that tells kinds apart.
func cells(f *File) (map[string][]string, error) {
	p, err := openParquet(f)
	if err != nil {
		return nil, err
	}
	leaves, names, err := p.scalars()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for i, leaf := range leaves {
		c := newColumn(p, leaf, &decompressor{})
		for g := range p.groups {
			c.open(g)
			for {
				n, err := c.available()
				if err != nil {
					return nil, err
				}
				if n == 0 {
					break
				}
				out[names[i]] = append(out[names[i]], show(c.cell()))
			}
		}
	}
	return out, nil
}

func show(c cell) string {
	switch c.kind {
	case null:
		return "null"
	case boolean:
		return strconv.FormatBool(c.num == 1)
	case number:
		if c.text != nil {
			return string(c.text)
		}
		return strconv.FormatFloat(c.num, 'g', -1, 64)
	case text:
		return strconv.Quote(string(c.text))
	}
	return "?" + string(c.text)
}

// want shows what cells should make of a struct's fields.
func want(out map[string][]string, prefix string, v reflect.Value, gone bool) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("parquet")
		name, options, _ := strings.Cut(tag, ",")
		f := v.Field(i)
		null := gone
		if f.Kind() == reflect.Pointer {
			null = null || f.IsNil()
			if f.IsNil() {
				f = reflect.Zero(f.Type().Elem())
			} else {
				f = f.Elem()
			}
		}
		name = prefix + name
		s := fmt.Sprint(f.Interface())
		switch {
		case f.Kind() == reflect.Struct:
			want(out, name+".", f, null)
			continue
		case f.Kind() == reflect.Slice:
			continue
		case null:
			s = "null"
		case strings.Contains(options, "decimal(2"):
			s = strconv.FormatFloat(float64(f.Int())/100, 'g', -1, 64)
		case strings.Contains(options, "decimal(3"):
			s = strconv.FormatFloat(float64(f.Int())/1000, 'g', -1, 64)
		case f.Kind() == reflect.String:
			s = strconv.Quote(f.String())
		case f.Kind() == reflect.Array:
			s = fmt.Sprintf("%x", f.Interface())
			s = strconv.Quote(s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:])
		case f.CanFloat():
			s = strconv.FormatFloat(f.Float(), 'g', -1, 64)
		case f.CanInt() && max(f.Int(), -f.Int()) <= exactInteger:
			s = strconv.FormatFloat(float64(f.Int()), 'g', -1, 64)
		case f.CanUint() && f.Uint() <= exactInteger:
			s = strconv.FormatFloat(float64(f.Uint()), 'g', -1, 64)
		}
		out[name] = append(out[name], s)
	}
}

// The library writes, and what our reader makes of it are the values that went in, whatever the layout.
func TestParquetReadsWhatTheLibraryWrites(t *testing.T) {
	t.Parallel()
	codecs := map[string]compress.Codec{"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip,
		"zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw, "brotli": &parquet.Brotli}
	for name, codec := range codecs {
		for _, version := range []int{1, 2} {
			for _, rows := range []int{0, 1, 7, 3000} {
				for _, group := range []int{3, 1000, 1 << 20} {
					if group == 3 && rows > 100 {
						continue
					}
					t.Run(fmt.Sprintf("%s/v%d/%d/%d", name, version, rows, group), func(t *testing.T) {
						t.Parallel()
						in := wideRows(rows, uint64(rows+group))
						f := encode(t, in, group, parquet.Compression(codec), parquet.DataPageVersion(version),
							parquet.PageBufferSize(4<<10), parquet.DictionaryMaxBytes(64))
						got, err := cells(f)
						if err != nil {
							t.Fatal(err)
						}
						expected := map[string][]string{}
						for i := range in {
							want(expected, "", reflect.ValueOf(in[i]), false)
						}
						if diff := cmp.Diff(expected, got); diff != "" {
							t.Errorf("columns differ (-want +got):\n%.2000s", diff)
						}
					})
				}
			}
		}
	}
}

func TestFloat16(t *testing.T) {
	t.Parallel()
	for bits, want := range map[uint16]float64{0: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x7bff: 65504, 1: math.Ldexp(1, -24),
		0x0400: math.Ldexp(1, -14), 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1)} {
		if got := float16(bits); got != want {
			t.Errorf("float16(%#04x) = %v, want %v", bits, got, want)
		}
	}
	if got := float16(0x7e00); !math.IsNaN(got) {
		t.Errorf("float16(0x7e00) = %v, want NaN", got)
	}
}

var _ = context.Background
var _ io.Reader
var _ score.Key
