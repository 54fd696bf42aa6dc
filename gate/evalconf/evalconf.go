// Package evalconf describes what an evaluation was: its settings as named parts in canonical form, so that two runs can be told comparable or not.
//
// A part has a name and a canonical value. Files that hold settings (YAML, JSON, TOML) become one part per leaf,
// named by the file's stem and the path inside it; any other file becomes one part that holds its hash:
//
//	evals/judge.yaml  {model: gpt-4o-mini, steps: [a, b]}   judge.model    gpt-4o-mini
//	                                                        judge.steps[0] a
//	                                                        judge.steps[1] b
//	evals/rubric.md                                         file:evals/rubric.md   sha256:…
//
// What the settings mean decides, never how they are written: comments, the order of keys, quoting, line ends and the
// spelling of numbers change nothing; a value, its type, or the order of a list does.
package evalconf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Limits on a file of settings. An evaluation's settings are a page or two. A file with more bytes or values than these
// is data, such as few-shot examples, and is hashed whole like any other file. Deeper nesting is an error.
const (
	MaxSize  = 256 << 10 // bytes
	MaxNodes = 20_000    // values, each counted as often as YAML aliases repeat it
	MaxDepth = 100       // levels
)

// errNotSettings says that a file's extension promises no settings.
var errNotSettings = errors.New("not a file of settings")

// errTooMany stops reading a file that holds more than MaxNodes values.
var errTooMany = errors.New("too many values for settings")

// Parts maps a part's name to its canonical value: "judge.model" to "gpt-4o-mini", "file:evals/rubric.md" to
// "sha256:…". Nil, like a map without parts, means that the configuration is unknown, which is not the same as
// "nothing was configured": it equals nothing and differs from nothing.
//
// A name is a file's stem and a path: keys follow a dot, list items are "[0]", "[1]", …, and the second document of a YAML
// stream is "stem#2". A key that is more than letters, digits, "_" and "-" is written as a JSON string. A file whose
// stem another file shares goes by its whole path.
//
// A value is one of: null, true, false; a number in one spelling, such as 0, -1.5 or 1e400; nan, inf, -inf; text, bare, or
// as a JSON string where bare text could be read as something else, so empty text is two quotation marks; [] and {}; a
// YAML tag and what it applies to; "sha256:" and the hash of a text of several lines or more than [MaxText] bytes,
// or of a value under a key that names a secret.
type Parts map[string]string

// A File is the content of one file that configures an evaluation.
// Name is its slash-separated path relative to the workspace, as the user gave it.
type File struct {
	Name    string
	Content []byte
}

// An Error says which file cannot be read as settings, where, why, and how to mend it, in one line.
type Error struct {
	File   string
	Line   int // 1-based; 0 when the whole file is meant
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// FromFiles returns the parts of all files together, nil when there are none. Files named .yaml, .yml, .json or .toml are
// settings and must parse; every other file, and settings beyond [MaxSize] or [MaxNodes], is hashed as text, without a
// byte order mark and with LF line ends.
//
// Every file that cannot be read is reported: the error joins one [*Error] each. A name given twice counts once when the
// content is the same, and is an error when it is not.
func FromFiles(files []File) (Parts, error) {
	if len(files) == 0 {
		return nil, nil
	}
	files, errs := unique(files)
	parts := Parts{}
	roots := roots(files)
	for _, f := range files {
		text := normalise(f.Content)
		settings, err := readSettings(roots[f.Name], f.Name, text)
		var e *Error
		switch {
		case errors.As(err, &e):
			e.File = f.Name
			errs = append(errs, e)
		case err != nil: // not settings, or too much of them
			parts["file:"+f.Name] = digest(text)
		default:
			maps.Copy(parts, settings)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return parts, nil
}

// readSettings returns the leaves of one file under root. An *Error says that the file is broken, any other error that it
// is to be hashed whole.
func readSettings(root, name string, text []byte) (Parts, error) {
	parse := parser(name)
	if parse == nil {
		return nil, errNotSettings
	}
	if len(text) > MaxSize {
		return nil, errTooMany
	}
	docs, err := parse(text)
	if err != nil {
		return nil, err
	}
	f := flattener{parts: Parts{}, left: MaxNodes}
	for i, doc := range docs {
		name := root
		if i > 0 {
			name = fmt.Sprintf("%s#%d", root, i+1)
		}
		if err := f.add(name, doc, 0, secret(root)); err != nil {
			return nil, err
		}
	}
	return f.parts, nil
}

// unique cleans the names and drops files that were given twice.
func unique(files []File) ([]File, []error) {
	var kept []File
	var errs []error
	seen := map[string][]byte{}
	for _, f := range files {
		f.Name = path.Clean(f.Name)
		content, ok := seen[f.Name]
		switch {
		case !ok:
			seen[f.Name] = f.Content
			kept = append(kept, f)
		case !bytes.Equal(content, f.Content):
			errs = append(errs, &Error{File: f.Name, Reason: "given twice with different content; list it once"})
		}
	}
	return kept, errs
}

// roots names the root part of each file of settings: its stem, or its whole path where a stem is not unique.
func roots(files []File) map[string]string {
	root := map[string]string{}
	for _, f := range files {
		if parser(f.Name) != nil {
			base := path.Base(f.Name)
			root[f.Name] = quoteKey(strings.TrimSuffix(base, path.Ext(base)))
		}
	}
	// A path that takes the place of a stem may itself equal another file's stem, so look again until nothing moves.
	for moved := true; moved; {
		moved = false
		users := map[string]int{}
		for _, r := range root {
			users[r]++
		}
		for name, r := range root {
			if whole := quoteKey(name); users[r] > 1 && r != whole {
				root[name], moved = whole, true
			}
		}
	}
	return root
}

// A parseFunc reads one file's documents as trees of nil-free Go values: map[string]any, []any, tagged, string for
// text and literal for everything else. Its errors are *Error without a file.
type parseFunc func(text []byte) ([]any, error)

// parser returns the reader for a file of settings, or nil for any other file.
func parser(name string) parseFunc {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml":
		return parseYAML
	case ".json":
		return parseJSON
	case ".toml":
		return parseTOML
	}
	return nil
}

// normalise strips a byte order mark and makes line ends LF, since editors and git change both on their own.
func normalise(content []byte) []byte {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	return bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
}

// Fingerprint identifies the parts: "sha256:" and the hash of the JSON object of all parts, keys in byte order, without
// white space. It is empty when p is, since an unknown configuration has no identity.
func (p Parts) Fingerprint() string {
	if len(p) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]string(p)); err != nil {
		panic("evalconf: a map of strings did not encode: " + err.Error())
	}
	return digest(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// A Change is one part that differs between two configurations. An empty Baseline means that the part was not there, an
// empty Candidate that it is gone; a part that is there has a value, and empty text is two quotation marks.
type Change struct {
	Path, Baseline, Candidate string
}

// Diff returns the parts that differ, sorted by path. It returns nil when they are equal and when either side is unknown
// (nil or without parts), for what is not known cannot be said to have changed.
func Diff(baseline, candidate Parts) []Change {
	if len(baseline) == 0 || len(candidate) == 0 {
		return nil
	}
	var changes []Change
	names := maps.Clone(baseline)
	maps.Copy(names, candidate)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, inBaseline := baseline.value(name)
		c, inCandidate := candidate.value(name)
		if b != c || inBaseline != inCandidate {
			changes = append(changes, Change{Path: name, Baseline: b, Candidate: c})
		}
	}
	return changes
}

// value looks a part up. Parts written by others may hold bare empty text, which must not look like an absent part.
func (p Parts) value(name string) (string, bool) {
	v, ok := p[name]
	if ok && v == "" {
		v = Text("")
	}
	return v, ok
}

// digest returns "sha256:" and the hash in hexadecimal digits.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
