package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
)

// A line is one line of the body of a commit.
type line struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type headerLine struct {
	Summary     string `json:"summary"`
	Description string `json:"description"`
	Parent      string `json:"parentCommit,omitempty"`
}

type lfsLine struct {
	Path string `json:"path"`
	Algo string `json:"algo"`
	OID  string `json:"oid"`
	Size int64  `json:"size"`
}

type deleteLine struct {
	Path string `json:"path"`
}

type fileLine struct {
	Path     string `json:"path"`
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// A commitBody is what is sent to make a commit: lines of JSON, the header first, then what goes, then what comes. Files that
// are not in LFS are read as they are sent. It can be sent again.
type commitBody struct {
	header  headerLine
	deletes []string
	uploads []*upload
}

// size returns the length of the body in bytes.
func (b *commitBody) size() int64 {
	var n int64
	for _, l := range b.lines() {
		n += int64(len(l.before)) + int64(len(l.after))
		if l.file != nil {
			n += (l.file.Size + 2) / 3 * 4
		}
	}
	return n
}

// open returns the body from its beginning.
func (b *commitBody) open(ctx context.Context) io.Reader {
	var parts []io.Reader
	for _, l := range b.lines() {
		parts = append(parts, bytes.NewReader(l.before))
		if l.file != nil {
			parts = append(parts, &base64Reader{src: newContent(ctx, l.file.File, 0, l.file.Size)})
		}
		parts = append(parts, strings.NewReader(l.after))
	}
	return io.MultiReader(parts...)
}

// A segment is one line, around the content of a file where it has one.
type segment struct {
	before []byte
	file   *upload
	after  string
}

func (b *commitBody) lines() []segment {
	segments := []segment{{before: encode("header", b.header), after: "\n"}}
	for _, p := range b.deletes {
		segments = append(segments, segment{before: encode("deletedFile", deleteLine{p}), after: "\n"})
	}
	for _, u := range b.uploads {
		if u.lfs {
			segments = append(segments, segment{before: encode("lfsFile", lfsLine{u.Path, "sha256", u.sha256, u.Size}), after: "\n"})
			continue
		}
		const end = `"}}` // of a line whose last value is empty
		empty := encode("file", fileLine{Path: u.Path, Encoding: "base64"})
		segments = append(segments, segment{before: bytes.TrimSuffix(empty, []byte(end)), file: u, after: end + "\n"})
	}
	return segments
}

func encode(key string, value any) []byte {
	b, err := json.Marshal(line{key, value})
	if err != nil {
		panic(err) // strings and numbers always have a JSON form
	}
	return b
}
