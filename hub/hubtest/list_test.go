package hubtest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
)

var nextLink = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// pages follows the links of a list, and returns its pages.
func pages(t *testing.T, token, url string) [][]map[string]any {
	t.Helper()
	var all [][]map[string]any
	for url != "" && len(all) < 100 {
		e := ask(t, token, "GET", url, "").want(200)
		all = append(all, into[[]map[string]any](e))
		url = ""
		if m := nextLink.FindStringSubmatch(e.header.Get("Link")); m != nil {
			url = m[1]
		}
	}
	return all
}

func values(list [][]map[string]any, key string) string {
	var of []string
	for _, page := range list {
		for _, e := range page {
			of = append(of, fmt.Sprint(e[key]))
		}
		of = append(of, "|")
	}
	return strings.Join(of, " ")
}

func TestTree(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{PageSize: 3})
	if _, err := s.Commit(results, "main", "Add", map[string]string{"b/y.txt": "y", "b/a/x.parquet": "xyz", "README.md": "# hi", "b-2.txt": ""}); err != nil {
		t.Fatal(err)
	}
	api := s.URL() + "/api/datasets/" + results
	for query, want := range map[string]string{
		"/tree/main":                               "b .gitattributes README.md | b-2.txt |",
		"/tree/main?recursive=true":                "b b/a b/a/x.parquet | b/y.txt .gitattributes README.md | b-2.txt |",
		"/tree/main?recursive=true&limit=2":        "b b/a | b/a/x.parquet b/y.txt | .gitattributes README.md | b-2.txt |",
		"/tree/main/b?recursive=true&limit=50":     "b/a b/a/x.parquet b/y.txt |",
		"/tree/main/b%2Fa":                         "b/a/x.parquet |",
		"/tree/refs%2Fheads%2Fmain/b?recursive=no": "b/a b/y.txt |",
	} {
		if got := values(pages(t, ada, api+query), "path"); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	for _, path := range []string{"nope", "README.md", "b/y"} {
		ask(t, ada, "GET", api+"/tree/main/"+path, "").want(404, "X-Error-Code", "EntryNotFound")
	}
	ask(t, ada, "GET", api+"/tree/main?limit=0", "").want(400)
	ask(t, ada, "GET", api+"/tree/main?cursor=x", "").want(400)
	ask(t, ada, "GET", api+"/tree/nope", "").want(404, "X-Error-Code", "RevisionNotFound")

	entry := string(ask(t, ada, "GET", api+"/tree/main/b/a?expand=true", "").want(200).body)
	for _, want := range []string{`"size":3`, `"lfs":{"oid":"3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282"`, `"pointerSize":1`, `"lastCommit":{"date":"2026`} {
		if !strings.Contains(entry, want) {
			t.Errorf("entry: got %s, want %s", entry, want)
		}
	}
	paths := into[[]map[string]any](ask(t, ada, "POST", api+"/paths-info/main", `{"paths":["b","nope","README.md"]}`).want(200))
	if got := values([][]map[string]any{paths}, "path"); got != "b README.md |" {
		t.Errorf("paths-info: got %s", got)
	}
	info := string(ask(t, ada, "GET", api+"?blobs=true", "").want(200).body)
	if !strings.Contains(info, `"sha256":"3608bca1`) || !strings.Contains(info, `"private":true`) {
		t.Errorf("info: got %s", info)
	}
	some := into[map[string]any](ask(t, ada, "GET", api+"?expand=sha&expand=tags", "").want(200))
	if len(some) != 4 {
		t.Errorf("expanded info: got %v, want _id, id, sha and tags", some)
	}
}

// A test may make a dataset that no client could: the server lists it all the same.
func TestHostileTree(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	hostile := map[string]string{"../x": "1", "/etc/passwd": "2", "a//b": "3", "c/": "4", "a/../../d": "5", "": "6", "README.md/x": "7"}
	s.Add(results, hubtest.Dataset{Files: hostile})
	listed := map[string]bool{}
	for _, e := range into[[]struct{ Path, Type string }](ask(t, ada, "GET", s.URL()+"/api/datasets/"+results+"/tree/main?recursive=true", "").want(200)) {
		if e.Type == "file" {
			listed[e.Path] = true
		}
	}
	for path := range hostile {
		if !listed[path] {
			t.Errorf("%q is not listed", path)
		}
	}
}

func TestRefsAndCommits(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{PageSize: 2})
	api := s.URL() + "/api/datasets/" + results
	first, err := s.Head(results, "main")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if _, err := s.Commit(results, "main", fmt.Sprint("Commit ", i), map[string]string{"a": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	want := "Commit 3 Commit 2 | Commit 1 Commit 0 | initial commit |"
	if got := values(pages(t, ada, api+"/commits/main"), "title"); got != want {
		t.Errorf("commits: got %s, want %s", got, want)
	}
	if got := values(pages(t, ada, api+"/commits/"+first[:7]), "id"); got != first+" |" {
		t.Errorf("commits of the first: got %s", got)
	}
	ask(t, ada, "POST", api+"/branch/exp%2Fone", `{"startingPoint":"`+first+`"}`).want(200)
	ask(t, ada, "POST", api+"/branch/exp%2Fone", `{}`).want(409)
	ask(t, ada, "POST", api+"/branch/exp%2Fone", `{"overwrite":true}`).want(200)
	ask(t, ada, "POST", api+"/branch/refs%2Fpr%2F5", `{}`).want(400)
	ask(t, ada, "POST", api+"/branch/x", `{"startingPoint":"nope"}`).want(404, "X-Error-Code", "RevisionNotFound")
	ask(t, ada, "POST", api+"/branch/empty", `{"emptyBranch":true}`).want(200)
	ask(t, reader, "POST", api+"/branch/x", `{}`).want(403)
	ask(t, ada, "POST", api+"/tag/main", `{"tag":"v1"}`).want(200)
	ask(t, ada, "POST", api+"/tag/main", `{"tag":"v1"}`).want(409)
	ask(t, ada, "POST", api+"/commit/main?create_pr=1", `{"key":"header","value":{"summary":"PR"}}`, "Content-Type", "application/x-ndjson").
		want(200)

	refs := into[map[string][]struct{ Name, Ref string }](ask(t, ada, "GET", api+"/refs?include_prs=1", "").want(200))
	got := fmt.Sprint(refs["branches"], refs["tags"], refs["pullRequests"])
	if want := "[{empty refs/heads/empty} {exp/one refs/heads/exp/one} {main refs/heads/main}] [{v1 refs/tags/v1}] [{pr/1 refs/pr/1}]"; got != want {
		t.Errorf("refs: got %s, want %s", got, want)
	}
	for _, rev := range []string{"v1", "refs%2Fpr%2F1", "exp%2Fone", "HEAD"} {
		ask(t, ada, "GET", api+"/revision/"+rev, "").want(200)
	}
	ask(t, ada, "DELETE", api+"/branch/exp%2Fone", "").want(200)
	ask(t, ada, "DELETE", api+"/branch/exp%2Fone", "").want(404)
	ask(t, ada, "DELETE", api+"/branch/main", "").want(403)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{PageSize: 2})
	for name, card := range map[string]string{
		"acme/a-results":  "---\ntags:\n- gate\n- 'odd tag'\n---\n",
		"acme/b-results":  "---\ntags: [gate]\n---\n",
		"acme/c":          "# no tags",
		"acme-2/results":  "",
		"other/a-results": "---\ntags: [gate]\n---\n",
	} {
		s.Add(name, hubtest.Dataset{Files: map[string]string{"README.md": card}})
	}
	s.FreezeIndex()
	s.Add("acme/new-results", hubtest.Dataset{})
	names := func(token, query string) string {
		t.Helper()
		var found []string
		list := pages(t, token, s.URL()+"/api/datasets?"+query)
		for i, page := range list {
			if i < len(list)-1 && len(page) != 2 {
				t.Errorf("%s: a page of %d, want 2", query, len(page))
			}
			for _, d := range page {
				found = append(found, fmt.Sprint(d["id"]))
			}
		}
		slices.Sort(found)
		return strings.Join(found, " ")
	}
	for _, tt := range []struct{ token, query, want string }{
		{ada, "author=acme", "acme/a-results acme/b-results acme/c acme/tiny-llm-results"},
		{stranger, "author=acme", "acme/a-results acme/b-results acme/c"},
		{"", "author=ACME&search=RESULTS", "acme/a-results acme/b-results"},
		{"", "filter=gate", "acme/a-results acme/b-results other/a-results"},
		{"", "filter=gate&filter=odd+tag", "acme/a-results"},
		{"", "author=nobody", ""},
	} {
		if got := names(tt.token, tt.query); got != tt.want {
			t.Errorf("%s by %q: got %s, want %s", tt.query, tt.token, got, tt.want)
		}
	}
	if _, err := s.Commit("acme/c", "main", "Change", map[string]string{"x": "y"}); err != nil {
		t.Fatal(err)
	}
	if got := values(pages(t, "", s.URL()+"/api/datasets?author=acme&sort=lastModified"), "id"); !strings.HasPrefix(got, "acme/c ") {
		t.Errorf("by their last change: got %s", got)
	}
	ask(t, "", "GET", s.URL()+"/api/datasets/acme/new-results", "").want(200)
	s.ThawIndex()
	if got, want := names("", "search=acme/new"), "acme/new-results"; got != want {
		t.Errorf("after the index has caught up: got %q, want %q", got, want)
	}
}

func TestValidateYAML(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	for card, status := range map[string]int{
		"":              200,
		"# no metadata": 200,
		"---\n---\n":    200,
		"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: data/test-*\n---\n# hi\n": 200,
		"---\ntext: |\n  free\n\ttext: [\nx: 1\n---\n":                                                              400,
		"---\ntags: [a,\n  b\n]\n---\n":                                                                             200,
		"---\nnote: it's fine\n---\n":                                                                               200,
		"---\nnever closed: 1\n":                                                                                    400,
		"---\n\ttab: 1\n---\n":                                                                                      400,
		"---\nno key\n---\n":                                                                                        400,
		"---\nname: \"open\n---\n":                                                                                  400,
		"---\nuser: @ada\n---\n":                                                                                    400,
	} {
		body, err := json.Marshal(map[string]string{"repoType": "dataset", "content": card})
		if err != nil {
			t.Fatal(err)
		}
		e := ask(t, ada, "POST", s.URL()+"/api/validate-yaml", string(body))
		if e.status != status {
			t.Errorf("%q: got %d, want %d: %s", card, e.status, status, e.body)
		}
		c := commit(t, s, ada, "main", header("Card", ""), regular("README.md", card))
		if c.status != status {
			t.Errorf("commit of %q: got %d, want %d: %s", card, c.status, status, c.body)
		}
	}
}
