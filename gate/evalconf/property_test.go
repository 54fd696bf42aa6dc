package evalconf_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/evalconf"
)

// tree invents a document: mappings, lists, text, whole numbers, booleans and nulls.
func tree(r *rand.Rand, depth int) any {
	n := r.IntN(8)
	if depth > 3 {
		n = 2 + r.IntN(6)
	}
	switch n {
	case 0:
		m := map[string]any{}
		for range r.IntN(5) {
			m[text(r)] = tree(r, depth+1)
		}
		return m
	case 1:
		list := []any{}
		for range r.IntN(4) {
			list = append(list, tree(r, depth+1))
		}
		return list
	case 2:
		return r.IntN(2) == 0
	case 3:
		return nil
	case 4:
		return r.IntN(2000) - 1000
	default:
		return text(r)
	}
}

func text(r *rand.Rand) string {
	return []string{"", "a", "a.b", "0", "1e3", "null", "true", "~", "yes", "<<", "é", "a: b", "# x", "- y", "x\ny", "\"", "'", "[0]", " z ", "temperature",
		"{}", "[]", "nan", ".inf", "!t", "&a", "*a", "%", "@", "0x1F", "1_000", "2024-05-01", "\t", "sha256:x", "a#2", "model"}[r.IntN(36)]
}

// toJSON writes v with indentation, in whatever spelling r picks for numbers.
func toJSON(r *rand.Rand, v any) string {
	switch v := v.(type) {
	case map[string]any:
		var items []string
		for _, key := range shuffled(r, v) {
			items = append(items, fmt.Sprintf("%q:%s%s", key, space(r), toJSON(r, v[key])))
		}
		return "{" + space(r) + strings.Join(items, ","+space(r)) + "}"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, toJSON(r, item))
		}
		return "[" + strings.Join(items, space(r)+",") + space(r) + "]"
	case int:
		return spellings(v)[r.IntN(3)]
	default:
		b, _ := json.Marshal(v)
		return string(b)
	}
}

// toYAML writes v in block or flow style, with comments and all of YAML's spellings.
func toYAML(r *rand.Rand, v any, indent string) string {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 || r.IntN(5) == 0 {
			return " " + toJSON(r, v)
		}
		var b strings.Builder
		for _, key := range shuffled(r, v) {
			fmt.Fprintf(&b, "%s\n%s%s:%s", comment(r), indent, yamlText(r, key), toYAML(r, v[key], indent+"  "))
		}
		return b.String()
	case []any:
		if len(v) == 0 || r.IntN(5) == 0 {
			return " " + toJSON(r, v)
		}
		var b strings.Builder
		for _, item := range v {
			fmt.Fprintf(&b, "%s\n%s-%s", comment(r), indent, toYAML(r, item, indent+"  "))
		}
		return b.String()
	case int:
		return " " + append(spellings(v), strconv.Itoa(v)+"_0e-1", fmt.Sprintf("%#x", v))[r.IntN(5)]
	case nil:
		return " " + []string{"~", "null", "NULL", ""}[r.IntN(4)]
	case bool:
		return " " + []string{strconv.FormatBool(v), strings.ToUpper(strconv.FormatBool(v))}[r.IntN(2)]
	default:
		return " " + yamlText(r, v.(string))
	}
}

func spellings(n int) []string {
	if n == 0 {
		return []string{"0", "-0.0", "0e7"}
	}
	return []string{strconv.Itoa(n), fmt.Sprintf("%d.0", n), fmt.Sprintf("%d00E-2", n)}
}

// yamlText quotes s in one of two ways.
func yamlText(r *rand.Rand, s string) string {
	if r.IntN(2) == 0 && !strings.ContainsAny(s, "\n\t") {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return strconv.Quote(s)
}

func shuffled(r *rand.Rand, m map[string]any) []string {
	keys := slices.Sorted(maps.Keys(m))
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func space(r *rand.Rand) string { return []string{"", " ", "\n  ", "\r\n "}[r.IntN(4)] }

func comment(r *rand.Rand) string {
	return []string{"", "", "   # a comment", "\n\n# another\r"}[r.IntN(4)]
}

// How a document is written changes nothing: key order, white space, comments, quotes, number spelling, line ends, and
// JSON against YAML.
func TestSpellingDoesNotMatter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		doc := map[string]any{"k": tree(r, 0), text(r): tree(r, 0)}
		want := read(t, "evals/judge.json", toJSON(r, doc))
		for range 3 {
			j, y := toJSON(r, doc), "\ufeff---"+toYAML(r, doc, "")+"\n"
			if diff := cmp.Diff(read(t, "judge.json", j), want); diff != "" {
				t.Fatalf("JSON %s\n(-got +want):\n%s", j, diff)
			}
			got := read(t, "judge.yaml", y)
			if diff := cmp.Diff(got, want); diff != "" {
				t.Fatalf("YAML %s\n(-got +want):\n%s", y, diff)
			}
			if got.Fingerprint() != want.Fingerprint() {
				t.Fatalf("equal parts, other fingerprint: %s", y)
			}
		}
	}
}

// Whatever a document says differently shows: distinct documents have distinct fingerprints.
func TestMeaningMatters(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	seen := map[string]string{}
	for range 20_000 {
		b, _ := json.Marshal(map[string]any{"k": tree(r, 1)}) // keys sorted, so equal documents are equal bytes
		doc := string(b)
		f := read(t, "judge.json", doc).Fingerprint()
		if other, ok := seen[f]; ok && other != doc {
			t.Fatalf("%s\nand\n%s\nhave the same fingerprint", other, doc)
		}
		seen[f] = doc
	}
}

// settings fuzzes one format: nothing crashes, errors fit in a line and name the file, parts are stable and printable.
func settings(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		files := []evalconf.File{{Name: name, Content: content}}
		parts, err := evalconf.FromFiles(files)
		if err != nil {
			if parts != nil {
				t.Errorf("parts %v beside %v", parts, err)
			}
			if msg := err.Error(); !strings.HasPrefix(msg, name+":") || strings.ContainsAny(msg, "\n\r") || !strings.Contains(msg, "; ") && !strings.HasSuffix(msg, "?") {
				t.Errorf("message %q is not one line with a place and a mend", msg)
			}
			return
		}
		if len(parts) == 0 {
			t.Error("a file left no part")
		}
		for k, v := range parts {
			if v == "" || len(v) > 6*evalconf.MaxText || strings.Contains(v, "\n") || !utf8.ValidString(k+v) {
				t.Errorf("part %q has value %q", k, v)
			}
		}
		again, err := evalconf.FromFiles(files)
		if err != nil || again.Fingerprint() != parts.Fingerprint() || evalconf.Diff(parts, again) != nil {
			t.Errorf("a second reading differs: %v, %v", evalconf.Diff(parts, again), err)
		}
		crlf := strings.ReplaceAll(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n", "\r\n")
		dos, err := evalconf.FromFiles([]evalconf.File{{Name: name, Content: []byte("\ufeff" + crlf)}})
		if len(crlf) < evalconf.MaxSize && !strings.HasPrefix(crlf, "\ufeff") && (err != nil || dos.Fingerprint() != parts.Fingerprint()) {
			t.Errorf("a byte order mark and CRLF matter: %v, %v", evalconf.Diff(parts, dos), err)
		}
	})
}

func FuzzYAML(f *testing.F) {
	settings(f, "j.yaml", "a: 1\nb: [x, 'y', \"z\"]\n", "a: &a {b: 1}\nc: {<<: *a}\n", "a: |\n  x\n---\n- !t y\n", "{1: 2, ~: 3}", "a: *a", "? [a]\n: b", "a: 1e400\nb: .nan\nc: 0x_1F", "%YAML 1.1\n---\na: !!int 3")
}

func FuzzJSON(f *testing.F) {
	settings(f, "j.json", `{"a": 1.50, "b": [true, null, "x"], "c": {}}`, `{"a":1,"a":2}`, `[`, `1e999`, `"\ud800"`, `{"api_key": "k"}`)
}

func FuzzTOML(f *testing.F) {
	settings(f, "j.toml", "a = 1\n[b]\nc = [1.5, 'x']\n[[d]]\ne = 1979-05-27T07:32:00Z\n", "a = nan\nb = \"\"\"\nx\n\"\"\"", "a = 1\na = 2", "a.b.c = {d = 1}", "a = [[[[", "a = 0x1F\nb = 07:32:00")
}
