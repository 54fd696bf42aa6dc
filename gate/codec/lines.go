package codec

import (
	"bytes"
	"io"
)

// Sizes of the one buffer a text file is read through. It starts small enough to stay in the cache of a processor and
// grows only for a row that is longer, up to the length of any row that could be meant.
const (
	bufferSize = 256 << 10
	maxLine    = 64 << 20
)

// A window is the part of a stream that is in memory: buf[start:end] is not consumed yet.
type window struct {
	r          io.Reader
	buf        []byte
	start, end int
	eof        bool
}

func newWindow(r io.Reader) *window { return &window{r: r, buf: make([]byte, bufferSize)} }

func (w *window) rest() []byte { return w.buf[w.start:w.end] }

// errLong says that a row does not fit into maxLine bytes.
var errLong = &Error{Msg: "a row is longer than 64 MiB", Fix: "write one sample per row, and shorten its texts"}

// fill reads more behind what is there, growing the buffer when it is full. It does nothing at the end of the stream.
func (w *window) fill() error {
	if w.eof {
		return nil
	}
	if w.start > 0 {
		w.end = copy(w.buf, w.buf[w.start:w.end])
		w.start = 0
	}
	if w.end == len(w.buf) {
		if len(w.buf) >= maxLine {
			return errLong
		}
		grown := make([]byte, 2*len(w.buf))
		copy(grown, w.buf[:w.end])
		w.buf = grown
	}
	for w.end < len(w.buf) && !w.eof {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		if err == io.EOF {
			w.eof = true
		} else if err != nil {
			return err
		}
		if n >= 4<<10 {
			break
		}
	}
	return nil
}

// line returns the next line without its end, and false after the last. A last line need not end in a newline. Clean says
// that there is no control character in it: the search for one finds the newline where there is none.
func (w *window) line() (line []byte, clean, ok bool, err error) {
	searched := 0
	clean = true
	for {
		part := w.buf[w.start+searched : w.end]
		n := -1
		if clean {
			n = control(part)
			clean = n < 0 || part[n] == '\n'
		}
		if !clean {
			n = bytes.IndexByte(part, '\n')
		}
		switch {
		case n >= 0:
			line = w.buf[w.start : w.start+searched+n]
			w.start += searched + n + 1
			return bytes.TrimSuffix(line, []byte("\r")), clean, true, nil
		case w.eof:
			line = w.rest()
			w.start = w.end
			return bytes.TrimSuffix(line, []byte("\r")), clean, len(line) > 0, nil
		}
		searched = w.end - w.start
		if err := w.fill(); err != nil {
			return nil, false, false, err
		}
	}
}
