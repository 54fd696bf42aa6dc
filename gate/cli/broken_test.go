package cli_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

// What refusing may cost, whatever is refused.
const (
	maxRefusal = 10 * time.Second // on a busy machine; on an idle one it is a fraction of a second
	maxMemory  = 512 << 20
)

// TestBroken meets what goes wrong in people's hands: each script of testdata/broken holds broken files or settings,
// the command that meets them, its exit code, and every line that it then says.
//
// Beside the commands of [TestScript] there are:
//
//	refuses CODE hubgate ARGS...    as exits, for a run that must end in problems; see [refuses]
//	pack KIND FILE                  make FILE.gz, FILE.zst, or FILE itself UTF-16; KIND is gzip, zstd or utf16
//	damage FILE cut N               cut the last N bytes off
//	damage FILE flip N              change the byte at N
//	damage FILE bomb                a gzip file with one row of 4 GiB
//	damage FILE lines               a zstd file with one row and 1 GiB of empty lines
//	archive FILE ENTRY              a zip archive with one file, as workbooks are too
func TestBroken(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "broken", "*.txtar"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d broken cases, want 40 at least (%v)", len(files), err)
	}
	run(t, "broken")
}

// logged begins a line of the log that is not about a problem.
var logged = []string{"hubgate: metric", "hubgate: ids", "hubgate: not taken", "hubgate: by their names", "hubgate: published "}

// refuses runs hubgate and holds what it says to the form of a message: a line each, that says in lower case what is wrong and
// how to mend it. Where there is no verdict, nothing is on stdout. It must be quick and small, too.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refuses CODE hubgate ARGS...")
	}
	memory := filepath.Join(ts.Getenv("TMPDIR"), "memory")
	ts.Setenv(memoryFile, memory)
	began := time.Now()
	exits(ts, false, args)
	if took := time.Since(began); took > maxRefusal {
		ts.Fatalf("it took %s", took)
	}
	text, err := os.ReadFile(memory)
	ts.Check(err)
	used, err := strconv.ParseUint(string(text), 10, 64)
	ts.Check(err)
	if used > maxMemory {
		ts.Fatalf("it took %d MiB of memory", used>>20)
	}
	code, stdout, stderr := args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if code == "3" && stdout != "" {
		ts.Fatalf("there is no verdict, yet stdout has %q", stdout)
	}
	problems := 0
	for line := range strings.Lines(stderr) {
		message := strings.TrimSuffix(strings.TrimPrefix(line, "hubgate: "), "\n")
		switch {
		case isLog(line):
			continue
		case strings.HasSuffix(message, "."), strings.HasPrefix(message, "error"), strings.Contains(message, "failed to"):
			ts.Fatalf("not the form of a message: %q", message)
		case code == "3" && !strings.Contains(message, "; "):
			ts.Fatalf("no mend in %q", message)
		}
		problems++
	}
	if code == "3" && problems == 0 {
		ts.Fatalf("no word about what is wrong")
	}
}

func isLog(line string) bool {
	for _, l := range logged {
		if strings.HasPrefix(line, l) {
			return true
		}
	}
	return strings.Contains(line, " read as ")
}

func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pack gzip|zstd|utf16 FILE")
	}
	name := ts.MkAbs(args[1])
	content, err := os.ReadFile(name)
	ts.Check(err)
	var b bytes.Buffer
	switch args[0] {
	case "gzip":
		name += ".gz"
		w := gzip.NewWriter(&b)
		_, err = w.Write(content)
		ts.Check(err)
		ts.Check(w.Close())
	case "zstd":
		name += ".zst"
		w, err := zstd.NewWriter(&b)
		ts.Check(err)
		_, err = w.Write(content)
		ts.Check(err)
		ts.Check(w.Close())
	case "utf16":
		ts.Check(binary.Write(&b, binary.LittleEndian, append([]uint16{0xfeff}, utf16.Encode([]rune(string(content)))...)))
	default:
		ts.Fatalf("unknown kind %s", args[0])
	}
	ts.Check(os.WriteFile(name, b.Bytes(), 0o600))
}

// bombSize is what the bomb expands to.
const bombSize = 4 << 30

func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: damage FILE cut|flip N, or damage FILE bomb")
	}
	name := ts.MkAbs(args[0])
	switch args[1] {
	case "bomb":
		ts.Check(os.WriteFile(name, bomb(), 0o600))
		return
	case "lines":
		ts.Check(os.WriteFile(name, manyLines(), 0o600))
		return
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	content, err := os.ReadFile(name)
	ts.Check(err)
	switch args[1] {
	case "cut":
		content = content[:max(0, len(content)-n)]
	case "flip":
		content[n] ^= 0xff
	default:
		ts.Fatalf("unknown damage %s", args[1])
	}
	ts.Check(os.WriteFile(name, content, 0o600))
}

// bomb returns a row of JSON lines whose text does not end for 4 GiB, as a gzip file of some MB: many members with the
// same content.
func bomb() []byte {
	const member = 64 << 20
	pack := func(content []byte) []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
		_, _ = w.Write(content)                               // to memory, which does not fail
		_ = w.Close()
		return b.Bytes()
	}
	return append(pack([]byte(`{"id": "q1", "accuracy": 1, "text": "`)), bytes.Repeat(pack(bytes.Repeat([]byte(" "), member)), bombSize/member)...)
}

// manyLines returns one row of JSON lines and 1 GiB of empty lines, as a zstd file of some KB.
func manyLines() []byte {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1)) // options that there are
	_, _ = w.Write([]byte(`{"id": "q1", "accuracy": 1}`))      // to memory, which does not fail
	lines := bytes.Repeat([]byte("\n"), 1<<20)
	for range 1 << 10 {
		_, _ = w.Write(lines)
	}
	_ = w.Close()
	return b.Bytes()
}

// archive writes a zip archive with one file.
func archive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: archive FILE ENTRY")
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(args[1])
	ts.Check(err)
	_, err = f.Write([]byte("content"))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}
