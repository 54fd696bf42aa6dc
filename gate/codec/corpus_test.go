package codec

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/hubgate/hubgate/gate/score"
)

var update = flag.Bool("update", false, "rewrite golden files")

const corpus = "../../testdata/scores"

// TestRead reads every file of testdata/scores/ok, and holds what came out against the file with .want behind its name. A
// directory holds the shards of one run. A file with .options behind its name says how to read: lines of "name: value",
// called as the inputs are, save that compress has the test compress the file, and cut has it cut bytes off its end.
func TestRead(t *testing.T) {
	t.Parallel()
	each(t, filepath.Join(corpus, "ok"), func(t *testing.T, files []File, o Options) string {
		s, err := Read(t.Context(), files, o)
		if err != nil {
			t.Fatal(err)
		}
		return dump(s)
	})
}

// TestReadErrors reads every file of testdata/scores/err, none of which is usable, and compares the message.
func TestReadErrors(t *testing.T) {
	t.Parallel()
	n := 0
	each(t, filepath.Join(corpus, "err"), func(t *testing.T, files []File, o Options) string {
		s, err := Read(t.Context(), files, o)
		if err == nil {
			t.Fatalf("no error; read as:\n%s", dump(s))
		}
		out := err.Error()
		var m interface{ Mend() string }
		if errors.As(err, &m) {
			out += "; " + m.Mend()
		}
		if strings.ContainsAny(out, "\n\r") {
			t.Errorf("a message of several lines: %q", out)
		}
		return out + "\n"
	}, &n)
	if n < 40 {
		t.Errorf("only %d broken files", n)
	}
}

func each(t *testing.T, dir string, run func(*testing.T, []File, Options) string, count ...*int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if ext := filepath.Ext(name); ext == ".want" || ext == ".options" {
			continue
		}
		for _, c := range count {
			*c++
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, o := load(t, dir, name)
			got := run(t, files, o)
			golden := filepath.Join(dir, name+".want")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s differs (-want +got):\n%s", golden, d)
			}
		})
	}
}

func load(t *testing.T, dir, name string) ([]File, Options) {
	t.Helper()
	names := []string{name}
	if shards, err := os.ReadDir(filepath.Join(dir, name)); err == nil {
		names = nil
		for _, s := range shards {
			names = append(names, name+"/"+s.Name())
		}
	}
	var o Options
	change := func(b []byte) []byte { return b }
	if text, err := os.ReadFile(filepath.Join(dir, name+".options")); err == nil {
		change = options(t, string(text), &o)
	}
	var files []File
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, memory(n, change(b)))
	}
	return files, o
}

func memory(name string, b []byte) File {
	return File{Name: name, Content: bytes.NewReader(b), Size: int64(len(b))}
}

func options(t *testing.T, lines string, o *Options) func([]byte) []byte {
	t.Helper()
	change := func(b []byte) []byte { return b }
	for line := range strings.Lines(lines) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Fatalf("not an option: %q", line)
		}
		switch key {
		case "format":
			o.Format = value
		case "model":
			o.ModelID = value
		case "id-column":
			o.ID = value
		case "model-column":
			o.Model = value
		case "task-column":
			o.Task = value
		case "group-column":
			o.Group = value
		case "trial-column":
			o.Trial = value
		case "inputs":
			o.Inputs = value == "true"
		case "metrics":
			for m := range strings.SplitSeq(value, ",") {
				name, path, renamed := strings.Cut(m, "=")
				if !renamed {
					path = name
				}
				o.Metrics = append(o.Metrics, Metric{Name: name, Path: path})
			}
		case "scale":
			var s score.Scale
			if _, err := fmt.Sscanf(value, "%g %g", &s.Min, &s.Max); err != nil {
				t.Fatal(err)
			}
			o.Scale = func(string) (score.Scale, bool) { return s, true }
		case "compress":
			change = func(b []byte) []byte { return pack(t, value, b) }
		case "cut":
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			whole := change
			change = func(b []byte) []byte { b = whole(b); return b[:len(b)-n] }
		default:
			t.Fatalf("unknown option %q", key)
		}
	}
	return change
}

func pack(t *testing.T, method string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	switch method {
	case "gzip":
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b) // a buffer takes every write
		_ = z.Close()
	case "zstd":
		z, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(b)
		_ = z.Close()
	default:
		t.Fatalf("unknown compression %q", method)
	}
	return out.Bytes()
}

// dump spells scores as text: a line per row, with ? and the cause where a score is missing.
func dump(s *Scores) string {
	var b strings.Builder
	fmt.Fprintf(&b, "format %s, flat %t\n", s.Format, s.Flat)
	for _, m := range sortedKeys(s.Metrics) {
		fmt.Fprintf(&b, "metric %s%s\n", m, s.describe(m))
	}
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "\n%s: %d rows, identified %t, derived %t\n", t.Key(), t.Len(), t.Identified(), t.Derived())
		for i := range t.Len() {
			file, row := t.Source(i)
			id := t.ID(i)
			if t.Derived() {
				id = id[:8] + "…"
			}
			fmt.Fprintf(&b, "%s:%d %q", file, row, id)
			if n := t.Trial(i); n > 0 {
				fmt.Fprintf(&b, " trial %d", n)
			}
			if g := t.Group(i); g != "" {
				fmt.Fprintf(&b, " group %q", g)
			}
			if f := t.Input(i); f != (score.Fingerprint{}) {
				fmt.Fprintf(&b, " input %x…", f[:4])
			}
			for _, c := range t.Columns() {
				if c.Scored(i) {
					fmt.Fprintf(&b, " %s=%v", c.Metric, c.Values[i])
				} else {
					fmt.Fprintf(&b, " %s=?%s", c.Metric, c.Causes[i])
				}
			}
			b.WriteByte('\n')
		}
	}
	for _, part := range [][]string{s.Log, slices.Concat([]string{}, s.Warnings)} {
		b.WriteByte('\n')
		for _, line := range part {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
