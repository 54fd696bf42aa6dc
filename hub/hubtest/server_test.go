package hubtest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
)

const (
	ada      = "hf_ada"      // may write in acme
	reader   = "hf_reader"   // may read in acme
	stranger = "hf_stranger" // is of another organisation
	results  = "acme/tiny-llm-results"
)

// start returns a Hub with three accounts and an empty private dataset.
func start(t *testing.T, o hubtest.Options) *hubtest.Server {
	s := hubtest.NewServerWith(t, o)
	s.Grant(ada, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Grant(reader, hubtest.Account{Name: "bob", Role: hubtest.RoleRead, Orgs: []string{"acme"}})
	s.Grant(stranger, hubtest.Account{Name: "eve"})
	s.Add(results, hubtest.Dataset{Private: true})
	return s
}

// An exchange is a request and its answer, its body read.
type exchange struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// ask sends a request without following redirects. Headers are given as name, value.
func ask(t *testing.T, token, method, url, body string, headers ...string) exchange {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return exchange{t, method + " " + req.URL.Path, resp.StatusCode, resp.Header, data}
}

// want checks the status, and headers given as name, value; a value is a part of the header.
func (e exchange) want(status int, headers ...string) exchange {
	e.t.Helper()
	if e.status != status {
		e.t.Fatalf("%s: got status %d, want %d: %s", e.what, e.status, status, e.body)
	}
	for i := 0; i < len(headers); i += 2 {
		if got := e.header.Get(headers[i]); !strings.Contains(got, headers[i+1]) {
			e.t.Errorf("%s: got %s %q, want %q", e.what, headers[i], got, headers[i+1])
		}
	}
	return e
}

func into[T any](e exchange) T {
	e.t.Helper()
	var v T
	if err := json.Unmarshal(e.body, &v); err != nil {
		e.t.Fatalf("%s: %v: %s", e.what, err, e.body)
	}
	return v
}

type line struct {
	Key   string         `json:"key"`
	Value map[string]any `json:"value"`
}

func header(summary, parent string) line {
	v := map[string]any{"summary": summary}
	if parent != "" {
		v["parentCommit"] = parent
	}
	return line{"header", v}
}

func regular(path, content string) line {
	return line{"file", map[string]any{"path": path, "encoding": "base64", "content": base64.StdEncoding.EncodeToString([]byte(content))}}
}

func commit(t *testing.T, s *hubtest.Server, token, rev string, lines ...line) exchange {
	t.Helper()
	var body bytes.Buffer
	for _, l := range lines {
		if err := json.NewEncoder(&body).Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	return ask(t, token, "POST", s.URL()+"/api/datasets/"+results+"/commit/"+rev, body.String(), "Content-Type", "application/x-ndjson")
}

func TestCommitAndRead(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	api := s.URL() + "/api/datasets/" + results
	info := into[struct{ SHA string }](ask(t, ada, "GET", api, "").want(200))
	done := into[struct{ CommitOid string }](commit(t, s, ada, "main", header("Add run", info.SHA), regular("README.md", "# card\n"), regular("a/b c.txt", "abc")).want(200))

	commit(t, s, ada, "main", header("Late", info.SHA), regular("x", "y")).want(412)
	ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/"+done.CommitOid+"/a/b%20c.txt", "").want(200, "X-Repo-Commit", done.CommitOid)
	ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/main/a/b%20c.txt", "", "Range", "bytes=1-1").want(206, "Content-Range", "bytes 1-1/3")
	ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/main/nope", "").want(404, "X-Error-Code", "EntryNotFound", "X-Repo-Commit", done.CommitOid)
	ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/nope/a", "").want(404, "X-Error-Code", "RevisionNotFound")

	tree := into[[]struct{ Path, Type string }](ask(t, ada, "GET", api+"/tree/main?recursive=true", "").want(200))
	if got, want := fmt.Sprint(tree), "[{a directory} {a/b c.txt file} {.gitattributes file} {README.md file}]"; got != want {
		t.Errorf("tree: got %s, want %s", got, want)
	}
	log := into[[]struct{ ID, Title string }](ask(t, ada, "GET", api+"/commits/main", "").want(200))
	if len(log) != 2 || log[0].ID != done.CommitOid || log[1].Title != "initial commit" {
		t.Errorf("log: got %v", log)
	}
}
