// Package actiontest is the part of GitHub's API that a gate uses, in memory, for tests.
//
// Every request, and every answer but those of faults, is held against a cut of GitHub's own description of its REST API, and
// what does not conform fails the test. It keeps state, so that a comment that was created is listed, and it fails
// on demand ([GitHub.Fail]).
package actiontest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	// BasePath is where the API lies. It is not the root, so that a client that forgets the path of its base address fails,
	// and is the one of GitHub Enterprise Server.
	BasePath = "/api/v3"

	// URL is the API's address for [GitHub.Client]: what GITHUB_API_URL is set to. A server has its own.
	URL = "https://github.test" + BasePath

	// WorkflowToken is a token as every job gets one: it may comment, and may not ask who it is.
	WorkflowToken = "ghs_workflow"

	// WorkflowBot is who writes with WorkflowToken.
	WorkflowBot = "github-actions[bot]"

	// GraphQLURL is where [GitHub.Client] finds the GraphQL API: what GITHUB_GRAPHQL_URL is set to.
	GraphQLURL = "https://github.test" + graphQLPath

	graphQLPath = "/api/graphql"
)

// A Request is one that reached the API. Path is without BasePath and with the query.
type Request struct{ Method, Path, Body string }

// A Comment is one of a pull request.
type Comment struct {
	ID          int64
	Login, Body string
	Edits       int // how often its text was sent again

	number int
}

// A Pull is a pull request. The zero value of a field is what [New] gives it.
type Pull struct {
	Number      int
	Head        string   // the head commit; see [Head]
	HeadRepo    string   // owner/name; empty for the repository itself
	HeadBranch  string   // "topic-N"
	Base        string   // the branch it merges into: "main"
	BaseRepo    string   // owner/name; empty for the repository itself. GitHub lists by commit those of the parent of a fork too
	BaseSHA     string   // a commit of it: 40 times "b"
	Closed      bool     // without being merged
	MergeCommit string   // what it was merged as; empty while it is not merged
	TestMerge   string   // what it would be merged as, while it is not merged
	Commits     []string // that the base branch got by merging it, besides MergeCommit
}

// Head returns the head commit that a pull request of that number has by default.
func Head(number int) string { return fmt.Sprintf("%040x", 0xc0ffee<<32+number) }

// GitHub is one repository with some pull requests. It may be used by several goroutines.
type GitHub struct {
	t     testing.TB
	owner string
	name  string
	mux   *http.ServeMux

	mu       sync.Mutex
	private  bool
	pulls    map[int]Pull
	tokens   map[string]identity
	levels   map[string]string            // permission by login
	files    map[string]map[string]string // content by path, by revision
	bases    map[string]string            // merge base by BASE...HEAD
	history  []string                     // commits, newest first
	checks   []*CheckRun
	comments []*Comment // in the order they were written in
	lastID   int64
	faults   []*Fault
	requests []Request
}

type identity struct {
	login    string
	app      bool // it may not ask who it is, but by GraphQL
	readOnly bool
}

var _ http.Handler = (*GitHub)(nil)

// New returns the public repository "owner/name" with open pull requests of these numbers, without comments. What no GitHub
// would understand is an error of t.
func New(t testing.TB, repository string, pulls ...int) *GitHub {
	owner, name, _ := strings.Cut(repository, "/")
	g := &GitHub{
		t: t, owner: owner, name: name, lastID: 3_000_000_000, // more than 32 bits hold, as GitHub's are
		tokens: map[string]identity{WorkflowToken: {login: WorkflowBot, app: true}},
		pulls:  map[int]Pull{}, levels: map[string]string{}, files: map[string]map[string]string{}, bases: map[string]string{},
	}
	for _, number := range pulls {
		g.SetPull(Pull{Number: number})
	}
	g.mux = g.routes()
	return g
}

// SetPull adds a pull request, or replaces the one of that number.
func (g *GitHub) SetPull(p Pull) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.Head = cmp.Or(p.Head, Head(p.Number))
	p.HeadRepo = cmp.Or(p.HeadRepo, g.owner+"/"+g.name)
	p.HeadBranch = cmp.Or(p.HeadBranch, fmt.Sprint("topic-", p.Number))
	p.Base, p.BaseSHA = cmp.Or(p.Base, "main"), cmp.Or(p.BaseSHA, strings.Repeat("b", 40))
	g.pulls[p.Number] = p
}

// SetPrivate makes the repository private.
func (g *GitHub) SetPrivate() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.private = true
}

// SetFile adds a file at a revision, which then can be read. An empty path adds the revision alone.
func (g *GitHub) SetFile(revision, path, content string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.files[revision] == nil {
		g.files[revision] = map[string]string{}
	}
	if path != "" {
		g.files[revision][path] = content
	}
}

// SetMergeBase says which commit a base and a head share; those of others are not known.
func (g *GitHub) SetMergeBase(base, head, commit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bases[base+"..."+head] = commit
}

// SetHistory says which commits there are, newest first.
func (g *GitHub) SetHistory(commits ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.history = commits
}

// Permit gives somebody a permission on the repository: admin, write, read or none. Without it, it is read.
func (g *GitHub) Permit(login, permission string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.levels[login] = permission
}

// User adds a person's token.
func (g *GitHub) User(token, login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens[token] = identity{login: login}
}

// App adds the token of an App's installation. The login of an App ends in "[bot]".
func (g *GitHub) App(token, login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens[token] = identity{login: login, app: true}
}

// ReadOnly takes the right to write from a token, as GitHub does for pull requests from forks.
func (g *GitHub) ReadOnly(token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.tokens[token]
	id.readOnly = true
	g.tokens[token] = id
}

// Write adds a comment of anybody to a pull request, and returns its id.
func (g *GitHub) Write(number int, login, body string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.write(number, login, body).ID
}

func (g *GitHub) write(number int, login, body string) *Comment {
	g.lastID++
	c := &Comment{ID: g.lastID, Login: login, Body: body, number: number}
	g.comments = append(g.comments, c)
	return c
}

// Delete removes a comment.
func (g *GitHub) Delete(id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.comments = slices.DeleteFunc(g.comments, func(c *Comment) bool { return c.ID == id })
}

// Edit has somebody change a comment's text on its page.
func (g *GitHub) Edit(id int64, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.comments {
		if c.ID == id {
			c.Body = body
			c.Edits++
		}
	}
}

// Comments returns the comments of a pull request, oldest first.
func (g *GitHub) Comments(number int) []Comment {
	g.mu.Lock()
	defer g.mu.Unlock()
	var cs []Comment
	for _, c := range g.comments {
		if c.number == number {
			cs = append(cs, *c)
		}
	}
	return cs
}

// Requests returns what was asked so far, in order, failed requests included.
func (g *GitHub) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// Client returns a client that reaches this GitHub at [URL] without a network, and nothing else.
func (g *GitHub) Client() *http.Client { return &http.Client{Transport: wire{g}} }

// A wire hands requests to a handler. Without sockets it works under testing/synctest.
type wire struct{ g *GitHub }

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if host := req.URL.Host; !strings.HasPrefix(URL, "https://"+host+"/") {
		w.g.t.Errorf("actiontest: a request went to another host: %s", req.URL)
		return nil, fmt.Errorf("no such host: %s", host)
	}
	rec := httptest.NewRecorder()
	in := req.Clone(req.Context())
	in.Host = req.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w.g.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

// ServeHTTP answers as GitHub would.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Errorf("actiontest: %s %s: %v", r.Method, r.URL, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	path := strings.TrimPrefix(r.URL.RequestURI(), BasePath)
	g.mu.Lock()
	g.requests = append(g.requests, Request{Method: r.Method, Path: path, Body: string(body)})
	fault := g.fault(r.Method, path)
	g.mu.Unlock()

	conforming := g.conforming(body)
	if fault == nil {
		conforming.ServeHTTP(w, r)
		return
	}
	if fault.Before != nil {
		fault.Before()
	}
	switch {
	case fault.Status == 0:
		conforming.ServeHTTP(w, r)
	case fault.Done:
		conforming.ServeHTTP(httptest.NewRecorder(), r)
		fallthrough
	default:
		fault.answer(w)
	}
}
