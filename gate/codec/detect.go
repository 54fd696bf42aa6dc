package codec

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The readers, by the names that input format knows.
const (
	formatJSONL   = "jsonl"
	formatJSON    = "json"
	formatCSV     = "csv"
	formatTSV     = "tsv"
	formatParquet = "parquet"
)

var formats = []string{formatJSONL, formatJSON, formatCSV, formatTSV, formatParquet}

// Limits of what a compressed file may expand to, so that a few bytes cannot keep a machine busy for minutes. Evaluations
// compress 3 to 20 times, and 50 times where every row repeats a long prompt, since what is asked and answered differs.
// Anything small is read whatever its ratio.
const (
	maxRatio    = 200
	freeBytes   = 64 << 20
	partBytes   = 32       // a line, an object, a field or an escape costs as much time as so much text, and counts as much
	zstdWindow  = 64 << 20 // the decoder's memory; zstd's own levels use 8 MiB at most, its --ultra ones up to 128
	sniffLength = 64 << 10
)

// A content is a file whose format is known.
type content struct {
	format string
	comma  byte      // of csv and tsv
	r      io.Reader // text, decompressed, without a byte order mark; nil for parquet
	close  func()
}

// open decides what a file is by its first bytes. The name's extension decides only where content fits two formats.
func (f *File) open(o *Options, progress func(int)) (*content, error) {
	if o.Format != "" && o.Format != "auto" && !slices.Contains(formats, o.Format) {
		return nil, &Error{File: f.Name, Msg: "unknown format " + quote([]byte(o.Format)),
			Fix: "set input format to auto or one of " + strings.Join(formats, ", ")}
	}
	c, err := f.sniff(o, progress)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.File = f.Name
			return nil, e
		}
		return nil, f.failed(err)
	}
	return c, nil
}

func (f *File) sniff(o *Options, progress func(int)) (*content, error) {
	if f.Size == 0 {
		return nil, &Error{Msg: "the file is empty", Fix: "did the evaluation write it?"}
	}
	raw := &meter{r: f.reader(), progress: progress}
	head, err := f.magic()
	if err != nil {
		return nil, err
	}
	if string(head) == magicParquet {
		if o.Format != "" && o.Format != "auto" && o.Format != formatParquet {
			return nil, &Error{Msg: "a Parquet file, but format is " + o.Format, Fix: "set input format to auto or parquet"}
		}
		return &content{format: formatParquet, close: func() {}}, nil
	}
	if o.Format == formatParquet {
		return nil, &Error{Msg: "not a Parquet file, though format is parquet", Fix: "set input format to auto"}
	}
	c := &content{r: raw, close: func() {}}
	if err := c.decompress(head, f); err != nil {
		return nil, err
	}
	ext := strings.ToLower(path.Ext(strings.TrimSuffix(strings.TrimSuffix(f.Name, ".gz"), ".zst")))
	if err := c.decide(ext, o.Format, c.r != io.Reader(raw)); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// decompress puts a decoder in front of the text where the first bytes ask for one.
func (c *content) decompress(head []byte, f *File) error {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(c.r)
		if err != nil {
			return &Error{Msg: "damaged gzip data: " + err.Error(), Fix: "was the file cut short?"}
		}
		c.r = &bounded{r: z, what: "gzip", file: f.Name, left: freeBytes + maxRatio*f.Size}
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(c.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return &Error{Msg: "damaged zstd data: " + err.Error(), Fix: "was the file cut short?"}
		}
		c.close = z.Close
		c.r = &bounded{r: z, what: "zstd", file: f.Name, left: freeBytes + maxRatio*f.Size}
	}
	return nil
}

// decide finds the format of the text.
func (c *content) decide(ext, format string, compressed bool) error {
	head := make([]byte, sniffLength)
	n, err := io.ReadFull(c.r, head)
	whole := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !whole {
		return err
	}
	head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	c.r = io.MultiReader(bytes.NewReader(head), c.r)
	if err := foreign(head, compressed); err != nil {
		return err
	}
	if format == "" || format == "auto" {
		if format, err = textFormat(head, ext, whole); err != nil {
			return err
		}
	}
	c.format = format
	switch format {
	case formatCSV:
		c.comma = separator(head)
		if c.comma == '\t' {
			c.comma = ','
		}
	case formatTSV:
		c.comma = '\t'
	}
	return nil
}

// foreign refuses what is plainly no scores file, by its first bytes.
func foreign(head []byte, compressed bool) error {
	begins := func(prefix string) bool {
		return len(head) >= len(prefix) && strings.EqualFold(string(head[:len(prefix)]), prefix)
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0:
		return &Error{Msg: "nothing but white space", Fix: "did the evaluation write it?"}
	case begins("PAR1") && compressed:
		return &Error{Msg: "a Parquet file inside a compressed one", Fix: "unpack it: Parquet compresses its pages itself"}
	case compressed && (begins("\x1f\x8b") || begins("\x28\xb5\x2f\xfd")):
		return &Error{Msg: "compressed twice", Fix: "unpack it once"}
	case begins("PK\x03\x04") && bytes.Contains(head, []byte("xl/w")), begins("\xd0\xcf\x11\xe0"):
		return &Error{Msg: "an Excel workbook", Fix: "save it as CSV"}
	case begins("PK\x03\x04"):
		return &Error{Msg: "a zip archive", Fix: "unpack it and give the files inside"}
	case begins("BZh"), begins("\xfd7zXZ"):
		return &Error{Msg: "compressed with bzip2 or xz", Fix: "use gzip or zstd, or unpack it"}
	case begins("\xff\xfe"), begins("\xfe\xff"):
		return &Error{Msg: "UTF-16 text", Fix: "save it as UTF-8"}
	case begins("version https://git-lfs"):
		return &Error{Msg: "a Git LFS pointer and not the file itself", Fix: "run git lfs pull, or check out with lfs: true"}
	case bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 15)]), []byte("<!doctype html")),
		bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 15)]), []byte("<html")):
		return &Error{Msg: "an HTML page", Fix: "download the file itself, not the page that shows it"}
	case bytes.IndexByte(head, 0) >= 0:
		return &Error{Msg: "binary data of no known format", Fix: "give JSON lines, JSON, CSV, TSV or Parquet"}
	}
	return nil
}

// textFormat tells the text formats apart.
func textFormat(head []byte, ext string, whole bool) (string, error) {
	text := bytes.TrimLeft(head, " \t\r\n")
	switch text[0] {
	case '[':
		return formatJSON, nil
	case '{':
		return objectFormat(text, ext, whole), nil
	}
	switch comma := separator(text); {
	case ext == ".tsv" || ext == ".tab" || comma == '\t':
		return formatTSV, nil
	case ext == ".csv" || comma != 0:
		return formatCSV, nil
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return "", &Error{Msg: "no known format: begins with " + quote(bytes.TrimRight(first, "\r")),
		Fix: "give JSON lines, JSON, CSV, TSV or Parquet, or set input format"}
}

// objectFormat tells JSON lines from one JSON object: in lines the first is a whole object, and a further one follows.
func objectFormat(text []byte, ext string, whole bool) string {
	line, rest, more := bytes.Cut(text, []byte("\n"))
	s := scanner{b: line}
	var t token
	complete := s.value(&t, 0)
	follows := bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("{"))
	switch {
	case ext == ".jsonl" || ext == ".ndjson":
		return formatJSONL
	case !more && !whole:
		return formatJSONL // an object longer than what was read of it
	case complete && (follows || ext != ".json"):
		return formatJSONL
	case !complete && !s.short && follows:
		return formatJSONL // the first line is broken
	}
	return formatJSON
}

// separator returns what parts the names of the header: the most frequent of the candidates outside quotes, or 0.
func separator(text []byte) byte {
	count := map[byte]int{}
	quoted := false
	for _, c := range text {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted {
			count[c]++
		}
	}
	best := slices.MaxFunc([]byte{'\t', ';', ','}, func(a, b byte) int { return cmp.Compare(count[a], count[b]) })
	if count[best] == 0 {
		return 0
	}
	return best
}

// A meter reports how much is read.
type meter struct {
	r        io.Reader
	progress func(int)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.progress(n)
	return n, err
}

// bounded refuses a stream that expands beyond what a scores file could.
type bounded struct {
	r    io.Reader
	what string
	file string
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	var fetch *fetchError
	b.left -= int64(n)
	for _, part := range []string{"\n", "{", ",", `\`} {
		b.left -= int64(partBytes * bytes.Count(p[:n], []byte(part)))
	}
	switch {
	case b.left < 0:
		return 0, &Error{File: b.file, Msg: fmt.Sprintf("the %s data expands beyond what scores do", b.what), Fix: "give the file uncompressed"}
	case errors.As(err, &fetch):
		return n, err
	case err != nil && err != io.EOF:
		return n, &Error{Msg: fmt.Sprintf("damaged %s data: %s", b.what, err), Fix: "was the file cut short?"}
	}
	return n, err
}
