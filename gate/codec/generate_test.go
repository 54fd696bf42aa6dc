package codec

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A generator writes rows as the evaluation of the LLM Engineer's Handbook leaves them, about 3 KB each: eight models,
// marks of 1 to 3 with a null in a thousand, texts of Zipf-distributed words, the judge's evaluation as JSON text.
type generator struct {
	rng   *rand.Rand
	words *rand.Zipf
	vocab []string
}

func newGenerator(seed uint64) *generator {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 1))}
	g.words = rand.NewZipf(g.rng, 1.2, 3, 4999)
	for range 5000 {
		var b strings.Builder
		for range 2 + g.rng.IntN(9) {
			b.WriteByte(byte('a' + g.rng.IntN(26)))
		}
		g.vocab = append(g.vocab, b.String())
	}
	return g
}

// text returns about n bytes of prose: a newline now and then, and a quotation.
func (g *generator) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		w := g.vocab[g.words.Uint64()]
		switch g.rng.IntN(60) {
		case 0:
			b.WriteString(w + ".\n")
		case 1:
			b.WriteString(`"` + w + `" `)
		default:
			b.WriteString(w + " ")
		}
	}
	return b.String()
}

var generatedColumns = []string{"instruction", "output", "answers", "evaluation", "accuracy", "style", "model", "id"}

func (g *generator) row() []string {
	mark := func() string {
		if g.rng.IntN(1000) == 0 {
			return "null"
		}
		return strconv.Itoa(1 + g.rng.IntN(3))
	}
	accuracy, style := mark(), mark()
	evaluation := fmt.Sprintf(`{"accuracy": {"analysis": %s, "score": %s}, "style": {"analysis": %s, "score": %s}}`,
		jsonString(g.text(240)), accuracy, jsonString(g.text(240)), style)
	return []string{g.text(200), g.text(400), g.text(1500), evaluation, accuracy, style,
		fmt.Sprintf("acme/model-%d", g.rng.IntN(8)), fmt.Sprintf("%016x", g.rng.Uint64())}
}

// jsonString spells a text as Python's json.dumps does where it keeps what is not ASCII.
func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < 0x20:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func writeJSONL(w io.Writer, rows int, seed uint64) {
	g := newGenerator(seed)
	for range rows {
		for i, v := range g.row() {
			sep := ", "
			if i == 0 {
				sep = "{"
			}
			if name := generatedColumns[i]; name != "accuracy" && name != "style" {
				v = jsonString(v)
			}
			fmt.Fprintf(w, "%s%q: %s", sep, generatedColumns[i], v)
		}
		io.WriteString(w, "}\n")
	}
}

func writeCSV(w io.Writer, rows int, seed uint64) {
	g := newGenerator(seed)
	io.WriteString(w, strings.Join(generatedColumns, ",")+"\n")
	for range rows {
		for i, v := range g.row() {
			if i > 0 {
				io.WriteString(w, ",")
			}
			if v == "null" {
				v = ""
			}
			if strings.ContainsAny(v, "\",\n") {
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			io.WriteString(w, v)
		}
		io.WriteString(w, "\n")
	}
}

// generate writes a file of generated rows and opens it.
func generate(tb testing.TB, name string, rows int, write func(io.Writer, int, uint64)) (*os.File, int64) {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), name))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	w := bufio.NewWriterSize(f, 1<<20)
	write(w, rows, 1)
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return f, info.Size()
}
