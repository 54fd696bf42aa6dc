package actiontest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A witness is a test whose failures are looked at and not counted.
type witness struct {
	testing.TB
	failures []string
}

func (w *witness) Errorf(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

// ask sends a request with the workflow's token and returns the answer, its body read into a string.
func ask(t *testing.T, client *http.Client, method, url, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Authorization": {"Bearer " + WorkflowToken}, "Content-Type": {"application/json"}, "User-Agent": {"test"},
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer)
}

// Link headers name the pages, in the order, that GitHub names, for a client that follows them over a connection.
func TestPages(t *testing.T) {
	t.Parallel()
	g := New(t, "acme/evals", 7, 8)
	for i := range 7 {
		g.Write(7, "reviewer", fmt.Sprint(i))
	}
	g.Write(8, "reviewer", "of another pull request")
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	next := server.URL + BasePath + "/repos/acme/evals/issues/7/comments?per_page=3"
	want := []struct{ bodies, links string }{
		{"0 1 2", "next=2 last=3"},
		{"3 4 5", "prev=1 next=3 last=3 first=1"},
		{"6", "prev=2 first=1"},
	}
	link := regexp.MustCompile(`<([^>]*[?&]page=(\d+)[^>]*)>; rel="(\w+)"`)
	for page, want := range want {
		resp, body := ask(t, server.Client(), "GET", next, "")
		var list []struct{ Body string }
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		var bodies, links []string
		for _, c := range list {
			bodies = append(bodies, c.Body)
		}
		next = ""
		for _, m := range link.FindAllStringSubmatch(resp.Header.Get("Link"), -1) {
			links = append(links, m[3]+"="+m[2])
			if m[3] == "next" {
				next = m[1]
			}
		}
		if got := strings.Join(bodies, " "); got != want.bodies {
			t.Errorf("page %d: got comments %s, want %s", page+1, got, want.bodies)
		}
		if got := strings.Join(links, " "); got != want.links {
			t.Errorf("page %d: got links %s, want %s", page+1, got, want.links)
		}
	}
	if next != "" {
		t.Errorf("a next page after the last: %s", next)
	}
}

func TestDefaultPage(t *testing.T) {
	t.Parallel()
	g := New(t, "acme/evals", 7)
	for range 31 {
		g.Write(7, "reviewer", "x")
	}
	_, body := ask(t, g.Client(), "GET", URL+"/repos/acme/evals/issues/7/comments", "")
	if got, want := strings.Count(body, `"body"`), 30; got != want {
		t.Errorf("got %d comments, want %d", got, want)
	}
	if _, body = ask(t, g.Client(), "GET", URL+"/repos/acme/evals/issues/7/comments?page=9", ""); body != "[]\n" {
		t.Errorf("beyond the last page: got %s, want an empty list", body)
	}
}

// What GitHub's description does not allow fails the test that sent it.
func TestStrict(t *testing.T) {
	t.Parallel()
	const comments = BasePath + "/repos/acme/evals/issues/7/comments"
	tests := []struct{ name, method, path, body, want string }{
		{"base path left out", "GET", "/repos/acme/evals/issues/7/comments", "", "not a request that this GitHub knows"},
		{"another repository", "GET", BasePath + "/repos/acme/other/issues/7/comments", "", "not a request that this GitHub knows"},
		{"another method", "DELETE", comments, "", "no matching operation was found"},
		{"unknown parameter", "GET", comments + "?perpage=3", "", "unknown parameter perpage"},
		{"too large a page", "GET", comments + "?per_page=101", "", "per_page is more than 100"},
		{"page zero", "GET", comments + "?page=0", "", `"0" is not a count`},
		{"no body", "POST", comments, "{}", `property "body" is missing`},
		{"more than a body", "POST", comments, `{"body":"x","id":3}`, "not an object that has a body and nothing else"},
		{"not JSON", "POST", comments, `body=x`, "failed to decode request body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &witness{TB: t}
			g := New(w, "acme/evals", 7)
			ask(t, g.Client(), tt.method, strings.TrimSuffix(URL, BasePath)+tt.path, tt.body)
			if len(w.failures) != 1 || !strings.Contains(w.failures[0], tt.want) {
				t.Errorf("got failures %q, want one with %q", w.failures, tt.want)
			}
			if got := g.Comments(7); got != nil {
				t.Errorf("a comment was written: %v", got)
			}
		})
	}
}

// An answer that GitHub's description does not allow fails the test as well: the fake cannot drift from it.
func TestAnswersConform(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   any
		want   string
	}{
		{"a comment that lacks a field", http.StatusOK, []object{{"id": 1, "body": "x"}}, `property "node_id" is missing`},
		{"another type", http.StatusOK, object{}, "must be an array"},
		{"a status that is not listed", http.StatusTeapot, object{}, "status is not supported"},
		{"a refusal that is not listed", http.StatusForbidden, object{"message": "x", "documentation_url": "y"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &witness{TB: t}
			g := New(w, "acme/evals", 7)
			g.mux = http.NewServeMux()
			g.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { reply(w, tt.status, tt.body) })
			ask(t, g.Client(), "GET", URL+"/repos/acme/evals/issues/7/comments", "")
			switch {
			case tt.want == "" && w.failures != nil:
				t.Errorf("got failures %q, want none", w.failures)
			case tt.want != "" && (len(w.failures) != 1 || !strings.Contains(w.failures[0], tt.want)):
				t.Errorf("got failures %q, want one with %q", w.failures, tt.want)
			}
		})
	}
}

// Where GitHub is stricter than its description, so is this one.
func TestStricterThanDescribed(t *testing.T) {
	t.Parallel()
	run := `{"name":"hubgate","head_sha":"` + Head(7) + `"`
	tests := []struct{ name, path, body, want string }{
		{"completed without a conclusion", "/repos/acme/evals/check-runs", run + `,"status":"completed"}`, `status "completed" with conclusion ""`},
		{"conclusion of something in progress", "/repos/acme/evals/check-runs", run + `,"status":"in_progress","conclusion":"success"}`, "with conclusion"},
		{"unknown conclusion", "/repos/acme/evals/check-runs", run + `,"status":"completed","conclusion":"green"}`, "conclusion"},
		{"long summary", "/repos/acme/evals/check-runs", run + `,"output":{"title":"t","summary":"` + strings.Repeat("x", 65536) + `"}}`, "maximum string length is 65535"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &witness{TB: t}
			ask(t, New(w, "acme/evals", 7).Client(), "POST", URL+tt.path, tt.body)
			if len(w.failures) != 1 || !strings.Contains(w.failures[0], tt.want) {
				t.Errorf("got failures %.300q, want one with %q", w.failures, tt.want)
			}
		})
	}
}

func TestGraphQL(t *testing.T) {
	t.Parallel()
	w := &witness{TB: t}
	g := New(w, "acme/evals", 7)
	g.ReadOnly(WorkflowToken)
	_, body := ask(t, g.Client(), "POST", GraphQLURL, `{"query":"{ viewer { login } }"}`)
	if want := `{"data":{"viewer":{"login":"github-actions[bot]"}}}` + "\n"; body != want || w.failures != nil {
		t.Errorf("got %s and failures %q, want %s", body, w.failures, want)
	}
	ask(t, g.Client(), "POST", GraphQLURL, `{"query":"{ viewer { email } }"}`)
	if len(w.failures) != 1 {
		t.Errorf("another query: got failures %q, want one", w.failures)
	}
}

func TestAnotherHost(t *testing.T) {
	t.Parallel()
	w := &witness{TB: t}
	resp, err := New(w, "acme/evals").Client().Get("https://evil.test" + BasePath + "/user")
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil || len(w.failures) != 1 {
		t.Errorf("got error %v and failures %q, want one of each", err, w.failures)
	}
}

// Every fault is met once, by the first request that fits it, and the others are answered as usual.
func TestFaults(t *testing.T) {
	t.Parallel()
	const comments = URL + "/repos/acme/evals/issues/7/comments"
	g := New(t, "acme/evals", 7)
	g.Fail(Fault{Method: "POST", Status: http.StatusBadGateway, Done: true})
	g.Fail(SecondaryLimit(5))
	var got []string
	for _, method := range []string{"GET", "GET", "POST", "POST"} {
		resp, _ := ask(t, g.Client(), method, comments, map[string]string{"POST": `{"body":"x"}`}[method])
		got = append(got, fmt.Sprint(method, " ", resp.StatusCode, " ", resp.Header.Get("Retry-After")))
	}
	want := []string{"GET 403 5", "GET 200 ", "POST 502 ", "POST 201 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got, want := len(g.Comments(7)), 2; got != want {
		t.Errorf("got %d comments, want %d: the first was written although its answer was lost", got, want)
	}
	first := Request{Method: "POST", Path: "/repos/acme/evals/issues/7/comments", Body: `{"body":"x"}`}
	if diff := cmp.Diff(first, g.Requests()[2]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRepository(t *testing.T) {
	t.Parallel()
	resp, body := ask(t, New(t, "acme/evals").Client(), "GET", URL+"/repos/acme/evals", "")
	var got struct {
		FullName      string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || got.FullName != "acme/evals" || got.DefaultBranch != "main" {
		t.Errorf("got %d %+v", resp.StatusCode, got)
	}
}
