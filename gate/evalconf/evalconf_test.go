package evalconf_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/evalconf"
)

func hash(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }

func read(t *testing.T, nameAndContent ...string) evalconf.Parts {
	t.Helper()
	var files []evalconf.File
	for i := 0; i < len(nameAndContent); i += 2 {
		files = append(files, evalconf.File{Name: nameAndContent[i], Content: []byte(nameAndContent[i+1])})
	}
	parts, err := evalconf.FromFiles(files)
	if err != nil {
		t.Fatalf("FromFiles(%q): %v", nameAndContent, err)
	}
	return parts
}

func TestFromFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", evalconf.MaxText+1)
	for _, c := range []struct {
		name, file, content string
		want                evalconf.Parts
	}{
		{"leaf", "evals/judge.yaml", "model: gpt-4o-mini", evalconf.Parts{"judge.model": "gpt-4o-mini"}},
		{"nested", "judge.yml", "a: {b: {c: x}}", evalconf.Parts{"judge.a.b.c": "x"}},
		{"list", "judge.json", `{"steps": ["a", {"p": "b"}]}`, evalconf.Parts{"judge.steps[0]": "a", "judge.steps[1].p": "b"}},
		{"toml", "judge.toml", "[a]\nb = 1.0\nc = 1979-05-27\n[[d]]\ne = true", evalconf.Parts{"judge.a.b": "1", "judge.a.c": "1979-05-27", "judge.d[0].e": "true"}},
		{"root list", "judge.json", `["a"]`, evalconf.Parts{"judge[0]": "a"}},
		{"root scalar", "judge.json", `3`, evalconf.Parts{"judge": "3"}},
		{"extension in capitals", "judge.JSON", `{"a": 1}`, evalconf.Parts{"judge.a": "1"}},
		{"empty collections", "j.json", `{"a": [], "b": {}}`, evalconf.Parts{"j.a": "[]", "j.b": "{}"}},
		{"empty document", "j.yaml", "# nothing yet\n", evalconf.Parts{"j": "null"}},
		{"empty toml", "j.toml", "", evalconf.Parts{"j": "{}"}},
		{"two documents", "j.yaml", "a: 1\n---\na: 2\n", evalconf.Parts{"j.a": "1", "j#2.a": "2"}},

		{"text and number", "j.json", `{"a": "1", "b": 1, "c": "true", "d": true, "e": "", "f": null, "g": "null"}`, evalconf.Parts{
			"j.a": `"1"`, "j.b": "1", "j.c": `"true"`, "j.d": "true", "j.e": `""`, "j.f": "null", "j.g": `"null"`}},
		{"text that needs quotes", "j.json", `{"a": " x", "b": "sha256:0", "c": "\"", "d": "a\tb", "e": "<b>", "f": "!x"}`, evalconf.Parts{
			"j.a": `" x"`, "j.b": `"sha256:0"`, "j.c": `"\""`, "j.d": `"a\tb"`, "j.e": "<b>", "j.f": `"!x"`}},
		{"numbers", "j.yaml", "[0, -0.0, 0e0, 1_000, 1e3, 0x1F, 0o17, 0b11, 1.50, .5, 1e-7, 1e21, 1e20, -1.5e300, 1e400, 123456789012345678901]", evalconf.Parts{
			"j[0]": "0", "j[1]": "0", "j[2]": "0", "j[3]": "1000", "j[4]": "1000", "j[5]": "31", "j[6]": "15", "j[7]": "3",
			"j[8]": "1.5", "j[9]": "0.5", "j[10]": "1e-7", "j[11]": "1e21", "j[12]": "1" + strings.Repeat("0", 20),
			"j[13]": "-1.5e300", "j[14]": "1e400", "j[15]": "123456789012345678901"}},
		{"not finite", "j.yaml", "[.nan, .inf, -.Inf, '.nan', nan]", evalconf.Parts{"j[0]": "nan", "j[1]": "inf", "j[2]": "-inf", "j[3]": ".nan", "j[4]": `"nan"`}},
		{"not finite in toml", "j.toml", "a = nan\nb = -inf\nc = +inf", evalconf.Parts{"j.a": "nan", "j.b": "-inf", "j.c": "inf"}},
		{"long seed stays exact", "j.json", `[12345678901234567890123456789, 12345678901234567890123456780]`, evalconf.Parts{
			"j[0]": "1.2345678901234567890123456789e28", "j[1]": "1.234567890123456789012345678e28"}},
		{"words of YAML 1.1", "j.yaml", "[yes, NO, True, ~, 2024-05-01]", evalconf.Parts{"j[0]": "yes", "j[1]": "NO", "j[2]": "true", "j[3]": "null", "j[4]": "2024-05-01"}},

		{"long text", "j.json", `{"p": "` + long + `"}`, evalconf.Parts{"j.p": hash(long)}},
		{"lines of text", "j.yaml", "p: |\n  You are a judge.\n  Score 1 to 3.\n", evalconf.Parts{"j.p": hash("You are a judge.\nScore 1 to 3.\n")}},
		{"keys in need of quotes", "j.json", `{"gpt-4.1": {"": 1, "a b": 2, "ü": 3}}`, evalconf.Parts{`j."gpt-4.1".""`: "1", `j."gpt-4.1"."a b"`: "2", `j."gpt-4.1".ü`: "3"}},
		{"keys that are not text", "j.yaml", "{1: a, true: b, ~: c}", evalconf.Parts{"j.1": "a", "j.true": "b", "j.null": "c"}},
		{"stem in need of quotes", "judge.v2.yaml", "a: 1", evalconf.Parts{`"judge.v2".a`: "1"}},

		{"anchor, alias, merge", "j.yaml", "base: &b {model: m, t: 0}\njudge: {<<: *b, t: 1}\ncopy: *b", evalconf.Parts{
			"j.base.model": "m", "j.base.t": "0", "j.judge.model": "m", "j.judge.t": "1", "j.copy.model": "m", "j.copy.t": "0"}},
		{"merge of a list", "j.yaml", "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b]}", evalconf.Parts{
			"j.a.x": "1", "j.b.x": "2", "j.b.y": "3", "j.c.x": "1", "j.c.y": "3"}},
		{"a quoted << is a key", "j.yaml", `{"<<": {a: 1}}`, evalconf.Parts{`j."<<".a`: "1"}},
		{"tags", "j.yaml", "a: !function utils.f\nb: !include {f: x}\nc: !!str 1\nd: !!float 1\ne: !<tag:x> y", evalconf.Parts{
			"j.a": "!function utils.f", "j.b!": "!include", "j.b.f": "x", "j.c": `"1"`, "j.d": "1", "j.e": "!<tag:x> y"}},

		{"secrets", "j.yaml", "api_key: k\nAPIKey: 7\nhf-token: x\nmax_tokens: 5\nsecrets: {a: b, c: ~}\nauth: {Authorization: Bearer x}", evalconf.Parts{
			"j.api_key": hash("k"), "j.APIKey": hash("7"), "j.hf-token": hash("x"), "j.max_tokens": "5",
			"j.secrets.a": hash("b"), "j.secrets.c": "null", "j.auth.Authorization": hash("Bearer x")}},
		{"secret file", "secrets.toml", "a = 'b'", evalconf.Parts{"secrets.a": hash("b")}},

		{"other file", "evals/rubric.md", "# R\n", evalconf.Parts{"file:evals/rubric.md": hash("# R\n")}},
		{"byte order mark and CRLF", "r.txt", "\ufeffa\r\nb\r\n", evalconf.Parts{"file:r.txt": hash("a\nb\n")}},
		{"cleaned name", "./evals//r.txt", "", evalconf.Parts{"file:evals/r.txt": hash("")}},
		{"more bytes than settings have", "j.json", `"` + strings.Repeat("x", evalconf.MaxSize) + `"`, evalconf.Parts{"file:j.json": hash(`"` + strings.Repeat("x", evalconf.MaxSize) + `"`)}},
		{"more values than settings have", "j.json", "[1" + strings.Repeat(",1", evalconf.MaxNodes) + "]", evalconf.Parts{"file:j.json": hash("[1" + strings.Repeat(",1", evalconf.MaxNodes) + "]")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(read(t, c.file, c.content), c.want); diff != "" {
				t.Errorf("%s %q (-got +want):\n%s", c.file, c.content, diff)
			}
		})
	}
}

func TestFromNoFiles(t *testing.T) {
	t.Parallel()
	if got := read(t); got != nil {
		t.Errorf("FromFiles(nil) = %v, want nil: the configuration is unknown", got)
	}
}

func TestStemsThatCollide(t *testing.T) {
	t.Parallel()
	got := read(t, "a/judge.yaml", "x: 1", "b/judge.json", `{"x": 2}`, "c/other.yaml", "x: 3", "judge.md", "")
	want := evalconf.Parts{`"a/judge.yaml".x`: "1", `"b/judge.json".x`: "2", "other.x": "3", "file:judge.md": hash("")}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	// judge.yaml takes its whole path because of a/judge.yaml, and that is the stem of judge.yaml.json.
	got = read(t, "judge.yaml", "x: 1", "a/judge.yaml", "x: 2", "judge.yaml.json", `{"x": 3}`)
	want = evalconf.Parts{`"judge.yaml".x`: "1", `"a/judge.yaml".x`: "2", `"judge.yaml.json".x`: "3"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestFileGivenTwice(t *testing.T) {
	t.Parallel()
	if got, want := len(read(t, "a.yaml", "x: 1", "./a.yaml", "x: 1")), 1; got != want {
		t.Errorf("%d parts, want %d", got, want)
	}
	_, err := evalconf.FromFiles([]evalconf.File{{Name: "a.md", Content: []byte("x")}, {Name: "a.md", Content: []byte("y")}})
	if got, want := fmt.Sprint(err), "a.md: given twice with different content; list it once"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const yamlAdvice = "; check indentation, colons and quotes from this line on"
	const jsonAdvice = "; comments, trailing commas and bare NaN are not allowed"
	deep := strings.Repeat("[", evalconf.MaxDepth+2)
	for _, c := range []struct{ file, content, want string }{
		{"evals/judge.yaml", "a: 1\nb: [1, 2\nc: 3\n", "evals/judge.yaml:2: not YAML: did not find expected ',' or ']'" + yamlAdvice},
		{"j.yaml", "a: b: c", "j.yaml:1: not YAML: mapping values are not allowed in this context" + yamlAdvice},
		{"j.yaml", "a: 1\nb:\n\tc: 2\n", "j.yaml:3: not YAML: found character that cannot start any token" + yamlAdvice},
		{"j.yaml", "a: 1\nb: *nope\n", "j.yaml:2: alias *nope has no anchor; define &nope above it"},
		{"j.yaml", "a: 1\nb: 2\na: 3\n", `j.yaml:3: key "a" is given twice (first on line 1); keep one`},
		{"j.yaml", "1: a\n'1': b\n", `j.yaml:2: key "1" is given twice (first on line 1); keep one`},
		{"j.yaml", "? [a]\n: 1\n", "j.yaml:1: a key is a list or a mapping; use plain text"},
		{"j.yaml", "a: &a\n  - *a\n", "j.yaml:1: nested deeper than 100 levels; flatten it, and let no alias contain itself"},
		{"j.yaml", deep + strings.ReplaceAll(deep, "[", "]"), "j.yaml:1: nested deeper than 100 levels; flatten it, and let no alias contain itself"},
		{"j.yaml", "a: 1\n<<: 3\n", `j.yaml:2: "<<" merges something that is not a mapping; give it the alias of a mapping, or quote the key`},
		{"j.yaml", "a: !!int x\n", `j.yaml:1: "x" is not a number; drop the tag !!int`},
		{"j.yaml", "a: !!bool yes\n", `j.yaml:1: "yes" is not true or false; drop the tag !!bool`},
		{"j.yaml", "a: 1\nb: \xff\n", "j.yaml:2: not UTF-8 text; save the file as UTF-8"},
		{"j.json", "{\n\"a\": NaN}", "j.json:2: not JSON: invalid character 'N' looking for beginning of value" + jsonAdvice},
		{"j.json", "{\"a\": 1,\n}", "j.json:2: not JSON: invalid character '}' looking for beginning of object key string" + jsonAdvice},
		{"j.json", "{\"a\":\n", "j.json:2: JSON ends too early; was the file cut short?"},
		{"j.json", "{\"a\":\n\"x\ny\"}", "j.json:2: not JSON: invalid character '\\n' in string literal" + jsonAdvice},
		{"j.json", "{\"a\":\n1 2}", "j.json:2: not JSON: invalid character '2' after object key:value pair" + jsonAdvice},
		{"j.yaml", "- a\nb: 1\n", "j.yaml:2: not YAML: did not find expected '-' indicator" + yamlAdvice},
		{"j.yaml", "a: 1\nb: !x!y z\n", "j.yaml:2: not YAML: found undefined tag handle" + yamlAdvice},
		{"j.yaml", "a: \"x\n", "j.yaml:2: not YAML: found unexpected end of stream" + yamlAdvice},
		{"j.json", "", "j.json:1: JSON ends too early; was the file cut short?"},
		{"j.json", "{\"a\": 1,\n\"a\": 1}", `j.json:2: key "a" is given twice (first on line 1); keep one`},
		{"j.json", "{}\n{}", "j.json:2: text after the JSON value; keep one value per file"},
		{"j.json", "[1e99999999999]", "j.json:1: number 1e99999999999 is out of range; write it as text"},
		{"j.json", deep, "j.json:1: nested deeper than 100 levels; flatten it"},
		{"j.json", "\xff", "j.json:1: not UTF-8 text; save the file as UTF-8"},
		{"j.toml", "a = 1\nb =\n", "j.toml:2: not TOML: incomplete number; correct this line"},
		{"j.toml", "a = 1\n\nb = 2\na = 3\nc = 4\n", "j.toml:4: not TOML: key a is already defined; correct this line"},
		{"j.toml", "a = '\xff'", "j.toml:1: not UTF-8 text; save the file as UTF-8"},
		{"j.toml", "a = " + deep + strings.ReplaceAll(deep, "[", "]"), "j.toml: nested deeper than 100 levels; flatten it"},
		{"j.toml", "a = 1\nb = " + strings.Repeat("[", 100_000), "j.toml:2: nested deeper than 100 levels; flatten it"},
	} {
		parts, err := evalconf.FromFiles([]evalconf.File{{Name: c.file, Content: []byte(c.content)}})
		if got := fmt.Sprint(err); got != c.want {
			t.Errorf("%.60q\ngot  %s\nwant %s", c.content, got, c.want)
		}
		if parts != nil {
			t.Errorf("%.60q: parts %v beside an error", c.content, parts)
		}
		var e *evalconf.Error
		if !errors.As(err, &e) || e.File != c.file {
			t.Errorf("%.60q: %T is no *Error of %s", c.content, err, c.file)
		}
	}
}

// Every broken file is reported at once.
func TestErrorsAreJoined(t *testing.T) {
	t.Parallel()
	_, err := evalconf.FromFiles([]evalconf.File{{Name: "a.json", Content: []byte("{")}, {Name: "ok.md"}, {Name: "b.json"}})
	want := "a.json:1: JSON ends too early; was the file cut short?\nb.json:1: JSON ends too early; was the file cut short?"
	if got := fmt.Sprint(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A few lines of aliases that stand for 10^9 values are hashed whole, in no time and no memory.
func TestAliasBomb(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%[1]d [%s]\n", i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	got := read(t, "bomb.yaml", b.String())
	if diff := cmp.Diff(got, evalconf.Parts{"file:bomb.yaml": hash(b.String())}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// The fingerprint is a promise to stored runs: python3 -c 'import hashlib, json; print(hashlib.sha256(json.dumps(
// {"judge.model": "gpt-4o-mini", "judge.temperature": "0.9", "file:é.md": "<&>"}, sort_keys=True, separators=(",", ":"),
// ensure_ascii=False).encode()).hexdigest())'.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	p := evalconf.Parts{"judge.temperature": "0.9", "judge.model": "gpt-4o-mini", "file:é.md": "<&>"}
	if got, want := p.Fingerprint(), "sha256:3beb51b485474b5faa43a7c4b1ee292d769bb7c54b89193cc46445d4cc51c836"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, p := range []evalconf.Parts{nil, {}} {
		if got := p.Fingerprint(); got != "" {
			t.Errorf("%#v.Fingerprint() = %q, want none: what is unknown has no identity", p, got)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	baseline := evalconf.Parts{"judge.model": "a", "judge.t": "0", "gone": "x", "bare": ""}
	candidate := evalconf.Parts{"judge.model": "b", "judge.t": "0", "new": `""`, "bare": `""`}
	want := []evalconf.Change{
		{Path: "gone", Baseline: "x"},
		{Path: "judge.model", Baseline: "a", Candidate: "b"},
		{Path: "new", Candidate: `""`},
	}
	if diff := cmp.Diff(evalconf.Diff(baseline, candidate), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for _, unknown := range []evalconf.Parts{nil, {}} {
		if got := evalconf.Diff(unknown, candidate); got != nil {
			t.Errorf("Diff(unknown, candidate) = %v, want nil", got)
		}
		if got := evalconf.Diff(baseline, unknown); got != nil {
			t.Errorf("Diff(baseline, unknown) = %v, want nil", got)
		}
	}
	if got := evalconf.Diff(baseline, baseline); got != nil {
		t.Errorf("Diff(x, x) = %v, want nil", got)
	}
}

// Two configurations have the same fingerprint exactly when nothing differs.
func TestDiffAgreesWithFingerprint(t *testing.T) {
	t.Parallel()
	docs := []string{"a: 1", "a: '1'", "a: 1.0", "a: [1]", "b: 1", "a: 1\nb: 1", "a: ~", "a: ''", "a: []", "a: {}", "a: [1, 2]", "a: [2, 1]", "[1]", "a: '[]'", "a: nan", "a: .nan"}
	for _, x := range docs {
		for _, y := range docs {
			p, q := read(t, "j.yaml", x), read(t, "j.yaml", y)
			same := p.Fingerprint() == q.Fingerprint()
			if got := len(evalconf.Diff(p, q)) == 0; got != same {
				t.Errorf("%q and %q: no difference %v, same fingerprint %v", x, y, got, same)
			}
			if want := x == y || x == "a: 1" && y == "a: 1.0" || x == "a: 1.0" && y == "a: 1"; same != want {
				t.Errorf("%q and %q: same fingerprint %v, want %v", x, y, same, want)
			}
		}
	}
}

func Example() {
	baseline, _ := evalconf.FromFiles([]evalconf.File{
		{Name: "evals/judge.yaml", Content: []byte("model: gpt-4o-mini\ntemperature: 0.90 # warm\n")},
		{Name: "evals/rubric.md", Content: []byte("Score from 1 to 3.\r\n")},
	})
	candidate, _ := evalconf.FromFiles([]evalconf.File{
		{Name: "evals/judge.yaml", Content: []byte("{temperature: 0.9, model: gpt-4.1}")},
		{Name: "evals/rubric.md", Content: []byte("Score from 1 to 3.\n")},
	})
	for _, c := range evalconf.Diff(baseline, candidate) {
		fmt.Printf("%s: %s -> %s\n", c.Path, c.Baseline, c.Candidate)
	}
	// Output: judge.model: gpt-4o-mini -> gpt-4.1
}
