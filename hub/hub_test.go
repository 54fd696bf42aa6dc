package hub_test

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

func TestParseRepo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 96)
	for s, want := range map[string]string{ // the error's words; empty when s is accepted
		"acme/tiny-llm-results":        "",
		"A_1/x.y-z":                    "",
		"_/_":                          "",
		long + "/" + long:              "",
		"acme/TwinLlama-3.1-8B-resul_": "",

		"":                   "not of the form owner/name",
		"acme":               "not of the form owner/name",
		"datasets/acme/x":    "not of the form owner/name",
		"/x":                 "the owner is empty",
		"acme/":              "the name is empty",
		"acme/" + long + "x": "the name has 97 characters; use at most 96",
		"acme/a b":           `the name holds ' '`,
		"acmé/x":             `the owner holds 'é'`,
		"acme/..":            "begins or ends",
		"../x":               "begins or ends",
		"acme/-x":            "begins or ends",
		"acme/.x":            "begins or ends",
		"acme/x-":            "begins or ends",
		"acme/a..b":          `the name holds ".."`,
		"ac--me/x":           `the owner holds "--"`,
		"acme/x.git":         `ends in ".git"`,
		"acme/x\x00":         `holds '\x00'`,
		`acme\x/y`:           `holds '\\'`,
	} {
		r, err := hub.ParseRepo(s)
		if want == "" {
			if err != nil || r.String() != s {
				t.Errorf("%q: got %q, %v, want it accepted", s, r, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || r != (hub.Repo{}) {
			t.Errorf("%q: got %q, error %v, want none and %q", s, r, err, want)
		}
	}
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]string{
		"README.md": "", "data/test-00000-of-00001.parquet": "", ".gitattributes": "", "a/..b/c..": "", "x.git/y": "", "日本/ü": "",

		"": "is empty", "/a": `begins with "/"`, "a/": "empty part", "a//b": "empty part", ".": `the part "."`, "../a": `the part ".."`,
		"a/../b": `the part ".."`, ".git": "belongs to git", "a/.Git/config": "belongs to git", `a\b`: "backslash", "a\x00": "control character",
		"a\n": "control character", "a\u0085": "control character", "\xff": "not UTF-8",
	} {
		err := hub.CheckPath(p)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got error %v, want %q", p, err, want)
		}
	}
}

func TestCheckBranch(t *testing.T) {
	t.Parallel()
	id := "3f0c1a9be7d24c5a8e61b0f2d7c94e1385ab6072"
	for name, ok := range map[string]bool{
		"main": true, "pr-acme-repo-7": true, "refs/pr/3": true, "v1.0": true, "a@b": true, "ünïcode": true, id[:39]: true, id + "0": true,

		"": false, id: false, "-x": false, "x.": false, "@": false, "a@{1}": false, "a..b": false, "a b": false, "a~1": false, "a^": false, "a:b": false,
		"a?": false, "a*": false, "a[": false, `a\b`: false, "/a": false, "a/": false, "a//b": false, "a/.b": false, "a.lock/b": false, "a\x7f": false,
	} {
		if err := hub.CheckBranch(name); (err == nil) != ok {
			t.Errorf("%q: got error %v, want accepted %t", name, err, ok)
		}
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading baseline: %w", &hub.Error{
		Op: "resolve", Target: "acme/x@v2", Err: fmt.Errorf("%w: it was never tagged", hub.ErrNoRevision),
	})
	if got, want := err.Error(), "reading baseline: acme/x@v2: no such branch, tag or commit: it was never tagged"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, hub.ErrNoRevision) || errors.Is(err, hub.ErrNotFound) {
		t.Errorf("%v: got another error inside than %v", err, hub.ErrNoRevision)
	}
	var m interface{ Mend() string }
	if !errors.As(err, &m) || !strings.Contains(m.Mend(), "7 digits") {
		t.Errorf("%v: got no advice for an unknown revision", err)
	}
	if got, want := (&hub.Error{Err: hub.ErrNotFound, Advice: "do this"}).Mend(), "do this"; got != want {
		t.Errorf("advice: got %q, want %q", got, want)
	}
	if got := (&hub.Error{Err: io.ErrUnexpectedEOF}).Mend(); got != "" {
		t.Errorf("advice for an error without: got %q", got)
	}
}

func TestCommitTitle(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{"": "", "one": "one", "one\n\ntwo": "one"} {
		if got := (hub.Commit{Message: message}).Title(); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}

func FuzzParseRepo(f *testing.F) {
	for _, s := range []string{"acme/tiny-llm-results", "a--b/c", "../..", "a/b/c", "a/b.git", "-/.", "é/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := hub.ParseRepo(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("%q: error %q is not one line", s, err)
			}
			return
		}
		if r.String() != s || r.Check() != nil {
			t.Errorf("%q: got %+v", s, r)
		}
		// Whatever is accepted is one plain element of a path, and no two share a folder of the cache's layout.
		for _, part := range []string{r.Owner, r.Name} {
			if part != path.Base(path.Clean(part)) || strings.ContainsAny(part, `/\:`) || strings.HasPrefix(part, ".") {
				t.Errorf("%q: accepted the part %q", s, part)
			}
		}
		owner, name, _ := strings.Cut(r.Owner+"--"+r.Name, "--")
		if owner != r.Owner || name != r.Name {
			t.Errorf("%q: its folder reads as %q, %q", s, owner, name)
		}
	})
}

func FuzzCheckPath(f *testing.F) {
	for _, s := range []string{"data/x.parquet", "../x", "/x", "a//b", ".git/x", `a\b`, "a\x00b", "a/./b", "..", "x/.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if err := hub.CheckPath(p); err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("%q: error %q is not one line", p, err)
			}
			if hub.CheckBranch(p) == nil {
				t.Errorf("%q: refused as a path, accepted as a branch", p)
			}
			return
		}
		if p != path.Clean(p) || path.IsAbs(p) || !strings.HasPrefix(path.Join("/top", p), "/top/") {
			t.Errorf("%q: accepted, and leads to %q", p, path.Join("/top", p))
		}
	})
}
