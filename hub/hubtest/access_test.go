package hubtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
)

// A stranger cannot tell a private dataset from one that is not there, on any of a dataset's addresses.
func TestPrivateIsHidden(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	for _, path := range []string{
		"GET /api/datasets/%s", "GET /api/datasets/%s/revision/main", "GET /api/datasets/%s/tree/main", "GET /api/datasets/%s/refs",
		"GET /api/datasets/%s/commits/main", "GET /datasets/%s/resolve/main/README.md", "HEAD /datasets/%s/resolve/main/README.md",
		"POST /api/datasets/%s/commit/main", "POST /api/datasets/%s/preupload/main", "POST /api/datasets/%s/branch/x",
		"POST /datasets/%s.git/info/lfs/objects/batch",
	} {
		method, path, _ := strings.Cut(path, " ")
		answers := map[string]bool{}
		for _, id := range []string{results, "acme/never-made"} {
			url := s.URL() + fmt.Sprintf(path, id)
			e := ask(t, stranger, method, url, "{}").want(404, "X-Error-Code", "RepoNotFound", "X-Error-Message", "Repository not found", "X-Request-Id", "Root=")
			ask(t, "", method, url, "{}").want(401, "X-Error-Message", "Invalid username or password.")
			ask(t, "hf_typo", method, url, "{}").want(401, "X-Error-Message", "Invalid credentials in Authorization header")
			answers[string(e.body)] = true
		}
		if len(answers) != 1 {
			t.Errorf("%s: the answers differ: %v", path, answers)
		}
	}
	ask(t, reader, "GET", s.URL()+"/api/datasets/"+results, "").want(200)
	ask(t, reader, "GET", s.URL()+"/api/datasets/ACME/Tiny-LLM-results", "").want(200)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Add("acme/other", hubtest.Dataset{Private: true})
	s.Grant("hf_fine", hubtest.Account{Name: "ada", Role: hubtest.RoleFineGrained, Orgs: []string{"acme"}, Write: []string{results}})
	s.Grant("hf_fine_org", hubtest.Account{Name: "ada", Role: hubtest.RoleFineGrained, Orgs: []string{"acme"}, Write: []string{"acme"}})
	s.Grant("hf_fine_read", hubtest.Account{Name: "ada", Role: hubtest.RoleFineGrained, Orgs: []string{"acme"}, Read: []string{results}})
	s.Grant("hf_prs", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, PullRequestsOnly: true})
	s.Grant("hf_old", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, Expired: true})
	s.Grant("hf_soon", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Expire("hf_soon")
	for i, tt := range []struct {
		token                       string
		read, other, commit, create int
	}{
		{ada, 200, 200, 200, 200},
		{reader, 200, 200, 403, 403},
		{stranger, 404, 404, 404, 403},
		{"hf_fine", 200, 404, 200, 403},
		{"hf_fine_org", 200, 200, 200, 200},
		{"hf_fine_read", 200, 404, 403, 403},
		{"hf_prs", 200, 200, 412, 403}, // as observed
		{"hf_old", 401, 401, 401, 401},
		{"hf_soon", 401, 401, 401, 401},
		{"", 401, 401, 401, 401},
	} {
		t.Run(tt.token, func(t *testing.T) {
			ask(t, tt.token, "GET", s.URL()+"/api/datasets/"+results, "").want(tt.read)
			ask(t, tt.token, "GET", s.URL()+"/api/datasets/acme/other", "").want(tt.other)
			commit(t, s, tt.token, "main", header("Add", ""), regular(fmt.Sprint(i), "x")).want(tt.commit)
			body := fmt.Sprintf(`{"type":"dataset","name":"new-%d","organization":"acme","visibility":"private"}`, i)
			ask(t, tt.token, "POST", s.URL()+"/api/repos/create", body).want(tt.create)
		})
	}
}

func TestWhoami(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Grant("hf_fine", hubtest.Account{Name: "ada", Role: hubtest.RoleFineGrained, Write: []string{results, "ada"}})
	for token, want := range map[string]string{
		ada:       `"orgs":[{"fullname":"acme"`,
		reader:    `"role":"read"`,
		"hf_fine": `"role":"fineGrained"`,
	} {
		e := ask(t, token, "GET", s.URL()+"/api/whoami-v2", "").want(200)
		if !strings.Contains(string(e.body), want) {
			t.Errorf("%s: got %s, want %s", token, e.body, want)
		}
	}
	ask(t, "", "GET", s.URL()+"/api/whoami-v2", "").want(401)
	ask(t, "hf_typo", "GET", s.URL()+"/api/whoami-v2", "").want(401)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	create := func(body string) exchange { return ask(t, ada, "POST", s.URL()+"/api/repos/create", body) }
	e := create(`{"type":"dataset","name":"new","organization":"acme","private":true,"files":[{"path":"README.md","encoding":"utf-8","content":"# hi"}]}`).want(200)
	if got := into[struct{ URL, Name string }](e); got.URL != s.URL()+"/datasets/acme/new" || got.Name != "acme/new" {
		t.Errorf("got %+v", got)
	}
	if got, err := s.Files("acme/new", "main"); err != nil || fmt.Sprint(got) != "[.gitattributes README.md]" {
		t.Errorf("files: got %q, %v", got, err)
	}
	create(`{"type":"dataset","name":"NEW","organization":"acme"}`).want(409)
	create(`{"type":"dataset","name":"mine","organization":null}`).want(200)
	create(`{"type":"dataset","name":"a--b","organization":"acme"}`).want(400)
	ask(t, "", "GET", s.URL()+"/api/datasets/ada/mine", "").want(200) // public, as nothing else was asked for
	ask(t, ada, "PUT", s.URL()+"/api/datasets/ada/mine/settings", `{"visibility":"private"}`).want(200)
	ask(t, "", "GET", s.URL()+"/api/datasets/ada/mine", "").want(401)

	ask(t, reader, "DELETE", s.URL()+"/api/repos/delete", `{"type":"dataset","name":"new","organization":"acme"}`).want(403)
	ask(t, ada, "DELETE", s.URL()+"/api/repos/delete", `{"type":"dataset","name":"new","organization":"acme"}`).want(200)
	ask(t, ada, "GET", s.URL()+"/api/datasets/acme/new", "").want(404)
}

func TestGatedDisabledRenamed(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	file := map[string]string{"a/b c.txt": "abc"}
	s.Add("acme/gated", hubtest.Dataset{Gated: "auto", Files: file})
	s.Add("acme/disabled", hubtest.Dataset{Disabled: true, Files: file})
	s.Add("acme/old", hubtest.Dataset{Files: file})
	if err := s.Rename("acme/old", "acme/new"); err != nil {
		t.Fatal(err)
	}
	s.Grant("hf_accepted", hubtest.Account{Name: "eve", Accepted: []string{"acme/gated"}})
	at := func(id string) string { return s.URL() + "/datasets/" + id + "/resolve/main/a/b%20c.txt" }
	ask(t, "", "GET", at("acme/gated"), "").want(401, "X-Error-Code", "GatedRepo")
	ask(t, stranger, "GET", at("acme/gated"), "").want(403, "X-Error-Code", "GatedRepo")
	ask(t, "hf_accepted", "GET", at("acme/gated"), "").want(200)
	ask(t, ada, "GET", at("acme/gated"), "").want(200)
	ask(t, stranger, "GET", s.URL()+"/api/datasets/acme/gated", "").want(200) // what it holds is no secret
	ask(t, ada, "GET", at("acme/disabled"), "").want(403, "X-Error-Message", "Access to this resource is disabled.")
	ask(t, "", "GET", at("acme/old")+"?x=1", "").want(307, "Location", "/datasets/acme/new/resolve/main/a/b%20c.txt?x=1")
	ask(t, "", "GET", s.URL()+"/api/datasets/acme/old", "").want(307, "Location", "/api/datasets/acme/new")
}

// A repository's own token writes to that one, and does nothing else.
func TestIdentity(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Add("acme/other", hubtest.Dataset{Private: true})
	if err := s.Trust(results, hubtest.Publisher{Repository: "acme/evals", Branch: "main"}); err != nil {
		t.Fatal(err)
	}
	identity := func(job hubtest.Publisher, audience string) string {
		url, token := s.Identity(job)
		return into[struct{ Value string }](ask(t, token, "GET", url+"&audience="+audience, "").want(200)).Value
	}
	exchanged := func(jwt, resource string) exchange {
		return ask(t, "", "POST", s.URL()+"/oauth/token", fmt.Sprintf(`{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token_type":"urn:ietf:params:oauth:token-type:id_token","subject_token":%q,"resource":%q}`, jwt, resource))
	}
	job := hubtest.Publisher{Repository: "acme/evals", Branch: "main", Workflow: "evals.yml"}
	good := identity(job, s.URL())
	for name, e := range map[string]exchange{
		"another dataset":    exchanged(good, "datasets/acme/other"),
		"no dataset":         exchanged(good, "datasets/acme/never-made"),
		"another audience":   exchanged(identity(job, "https://example.org"), "datasets/"+results),
		"another repository": exchanged(identity(hubtest.Publisher{Repository: "eve/evals", Branch: "main"}, s.URL()), "datasets/"+results),
		"another branch":     exchanged(identity(hubtest.Publisher{Repository: "acme/evals", Branch: "x"}, s.URL()), "datasets/"+results),
		"a changed token":    exchanged(good[:len(good)-3]+"xxx", "datasets/"+results),
	} {
		if got := into[map[string]string](e.want(400)); got["error"] != "invalid_grant" || got["error_description"] == "" {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := into[map[string]string](exchanged(good, "").want(400))["error"]; got != "invalid_request" {
		t.Errorf("no resource: got %q", got)
	}
	got := into[struct {
		Token string `json:"access_token"`
		Life  int    `json:"expires_in"`
	}](exchanged(good, "datasets/"+results).want(200))
	if got.Life != 3600 {
		t.Errorf("expires in %d s, want 3600", got.Life)
	}
	commit(t, s, got.Token, "main", header("Add", ""), regular("x", "y")).want(200)
	ask(t, got.Token, "GET", s.URL()+"/api/datasets/acme/other", "").want(404)
	ask(t, got.Token, "GET", s.URL()+"/api/whoami-v2", "").want(403)
	ask(t, got.Token, "POST", s.URL()+"/api/repos/create", `{"type":"dataset","name":"new","organization":"acme"}`).want(403)
	s.Expire(got.Token)
	commit(t, s, got.Token, "main", header("Add", ""), regular("z", "y")).want(401)
}
