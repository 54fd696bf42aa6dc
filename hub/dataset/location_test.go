package dataset_test

import (
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

func TestParseLocation(t *testing.T) {
	t.Parallel()
	repo := hub.Repo{Owner: "acme", Name: "m-results"}
	commit := strings.Repeat("0123456789", 4)
	for _, tt := range []struct {
		text  string
		want  dataset.Location
		print string // how it is printed; empty when as it was read
	}{
		{"hf://datasets/acme/m-results", dataset.Location{Repo: repo}, ""},
		{"hf://datasets/acme/m-results/", dataset.Location{Repo: repo}, "hf://datasets/acme/m-results"},
		{"hf://datasets/acme/m-results@main", dataset.Location{Repo: repo, Revision: "main"}, ""},
		{"hf://datasets/acme/m-results@" + commit, dataset.Location{Repo: repo, Revision: commit}, ""},
		{"hf://datasets/acme/m-results@v1/data/", dataset.Location{Repo: repo, Revision: "v1", Path: "data"}, "hf://datasets/acme/m-results@v1/data"},
		{"hf://datasets/acme/m-results/data/a@b.parquet", dataset.Location{Repo: repo, Path: "data/a@b.parquet"}, ""},
		{"hf://datasets/acme/m-results@refs%2Fpr%2F3/a b.jsonl", dataset.Location{Repo: repo, Revision: "refs/pr/3", Path: "a b.jsonl"}, ""},
		{"hf://datasets/acme/m-results@refs/pr/3/data", dataset.Location{Repo: repo, Revision: "refs/pr/3", Path: "data"}, "hf://datasets/acme/m-results@refs%2Fpr%2F3/data"},
		{"hf://datasets/acme/m-results@refs/convert/parquet", dataset.Location{Repo: repo, Revision: "refs/convert/parquet"}, "hf://datasets/acme/m-results@refs%2Fconvert%2Fparquet"},
		{"hf://datasets/acme/m-results@refs/data", dataset.Location{Repo: repo, Revision: "refs", Path: "data"}, ""},
		{"hf://datasets/acme/m-results@exp%2Fone%2525", dataset.Location{Repo: repo, Revision: "exp/one%25"}, ""},
		{"hf://datasets/acme/m-results@a@b", dataset.Location{Repo: repo, Revision: "a@b"}, ""},
		{"hf://datasets/acme/m-results/100%.csv", dataset.Location{Repo: repo, Path: "100%.csv"}, ""},
	} {
		got, err := dataset.ParseLocation(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v, want %+v", tt.text, got, err, tt.want)
			continue
		}
		want := tt.text
		if tt.print != "" {
			want = tt.print
		}
		if got.String() != want {
			t.Errorf("%s is printed as %s, want %s", tt.text, got, want)
		}
	}
}

func TestParseLocationRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", `"" does not name a dataset; write hf://datasets/OWNER/NAME`},
		{"results/a.jsonl", `"results/a.jsonl" does not name a dataset; write hf://datasets/OWNER/NAME`},
		{"hf://acme/m", `"hf://acme/m" does not name a dataset; write hf://datasets/OWNER/NAME`},
		{"hf://datasets/acme", `"hf://datasets/acme": dataset "acme/": the name is empty`},
		{"hf://datasets//m", `"hf://datasets//m": dataset "/m": the owner is empty`},
		{"hf://datasets/../m", `"hf://datasets/../m": dataset "../m": the owner begins or ends with "-" or "."; use a letter, a digit or "_" there`},
		{"hf://datasets/acme/m@", `"hf://datasets/acme/m@": the revision after @ is empty or not percent-encoded; write refs%2Fpr%2F3 for refs/pr/3`},
		{"hf://datasets/acme/m@%zz", `"hf://datasets/acme/m@%zz": the revision after @ is empty or not percent-encoded; write refs%2Fpr%2F3 for refs/pr/3`},
		{"hf://datasets/acme/m@refs/pr", `"hf://datasets/acme/m@refs/pr": branch "refs/pr/": holds an empty part; write one "/" between folders and none at the end`},
		{"hf://datasets/acme/m@a%20b", `"hf://datasets/acme/m@a%20b": branch "a b": holds one of " ~^:?*["`},
		{"hf://datasets/acme/m@%2E%2E", `"hf://datasets/acme/m@%2E%2E": branch "..": holds the part ".."; write the path in full`},
		{"hf://datasets/acme/m@--help", `"hf://datasets/acme/m@--help": branch "--help": begins with "-"`},
		{"hf://datasets/acme/m/../../secret", `"hf://datasets/acme/m/../../secret": path "../../secret": holds the part ".."; write the path in full`},
		{"hf://datasets/acme/m//etc/passwd", `"hf://datasets/acme/m//etc/passwd": path "/etc/passwd": begins with "/"; write it relative to the dataset's root`},
		{"hf://datasets/acme/m/a//", `"hf://datasets/acme/m/a//": path "a/": holds an empty part; write one "/" between folders and none at the end`},
		{"hf://datasets/acme/m/.git/config", `"hf://datasets/acme/m/.git/config": path ".git/config": holds the part ".git", which belongs to git`},
		{"hf://datasets/acme/m/a\x00b", `"hf://datasets/acme/m/a\x00b": path "a\x00b": holds a control character`},
		{`hf://datasets/acme/m/a\b`, `"hf://datasets/acme/m/a\\b": path "a\\b": holds a backslash; write "/" between folders`},
	} {
		if got, err := dataset.ParseLocation(tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %+v, %v\nwant %s", tt.text, got, err, tt.want)
		}
	}
}

func TestIsLocation(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"hf://datasets/a/b": true, "hf://a/b": true, "hf:/a": false, "./hf://a": false, "": false,
	} {
		if got := dataset.IsLocation(s); got != want {
			t.Errorf("%q: got %t, want %t", s, got, want)
		}
	}
}

// What is read prints as text that reads as the same place, and every part of it is one that a store takes.
func FuzzParseLocation(f *testing.F) {
	for _, s := range []string{
		"hf://datasets/a/b", "hf://datasets/a/b@main/data", "hf://datasets/a/b@refs/pr/3/x", "hf://datasets/a/b@%72efs/pr/3",
		"hf://datasets/a/b@x%2Fy%25/z@w", "hf://datasets/a/b/../c", "hf://datasets/a/b@\xff", "hf://datasets/a/b/%2e%2e/c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := dataset.ParseLocation(s)
		if err != nil {
			if l != (dataset.Location{}) {
				t.Errorf("%+v beside an error", l)
			}
			return
		}
		if err := l.Repo.Check(); err != nil {
			t.Error(err)
		}
		if l.Path != "" && hub.CheckPath(l.Path) != nil {
			t.Errorf("path %q", l.Path)
		}
		if again, err := dataset.ParseLocation(l.String()); err != nil || again != l {
			t.Errorf("%q reads as %+v, prints as %q, which reads as %+v, %v", s, l, l, again, err)
		}
	})
}
