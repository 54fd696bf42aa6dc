package actiontest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const docs = "https://docs.github.com/rest/"

func (g *GitHub) routes() *http.ServeMux {
	repo := fmt.Sprintf("%s/repos/%s/%s", BasePath, g.owner, g.name)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+BasePath+"/user", g.allowed(g.getUser))
	mux.HandleFunc("GET "+repo, g.allowed(g.getRepository))
	mux.HandleFunc("GET "+repo+"/issues/{number}/comments", g.allowed(g.listComments))
	mux.HandleFunc("POST "+repo+"/issues/{number}/comments", g.allowed(g.createComment))
	mux.HandleFunc("PATCH "+repo+"/issues/comments/{id}", g.allowed(g.updateComment))
	mux.HandleFunc("DELETE "+repo+"/issues/comments/{id}", g.allowed(g.deleteComment))
	mux.HandleFunc("GET "+repo+"/pulls", g.allowed(g.listPulls))
	mux.HandleFunc("GET "+repo+"/pulls/{number}", g.allowed(g.getPull))
	mux.HandleFunc("GET "+repo+"/commits", g.allowed(g.listCommits))
	mux.HandleFunc("GET "+repo+"/commits/{commit}/pulls", g.allowed(g.listPullsOfCommit))
	mux.HandleFunc("GET "+repo+"/compare/{basehead}", g.allowed(g.compare))
	mux.HandleFunc("GET "+repo+"/contents/{path...}", g.allowed(g.getContents))
	mux.HandleFunc("GET "+repo+"/collaborators/{login}/permission", g.allowed(g.getPermission))
	mux.HandleFunc("GET "+repo+"/commits/{commit}/check-runs", g.allowed(g.listChecks))
	mux.HandleFunc("POST "+repo+"/check-runs", g.allowed(g.createCheck))
	mux.HandleFunc("PATCH "+repo+"/check-runs/{id}", g.allowed(g.updateCheck))
	mux.HandleFunc("POST "+graphQLPath, g.allowed(g.viewer))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.wrong(r, "not a request that this GitHub knows; is the path of the base address left out, or the repository another?")
		refuse(w, http.StatusNotFound, "Not Found", docs)
	})
	return mux
}

// wrong fails the test for a request that GitHub's description does not allow.
func (g *GitHub) wrong(r *http.Request, format string, args ...any) {
	g.t.Errorf("actiontest: %s %s: %s", r.Method, r.URL, fmt.Sprintf(format, args...))
}

// allowed asks for a known token, one that may write where something is written, and the headers that GitHub insists on.
func (g *GitHub) allowed(next func(http.ResponseWriter, *http.Request, identity)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() == "" {
			g.wrong(r, "no User-Agent")
		}
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		g.mu.Lock()
		id, ok := g.tokens[token]
		g.mu.Unlock()
		switch {
		case !ok:
			refuse(w, http.StatusUnauthorized, "Bad credentials", docs)
		case id.readOnly && r.Method != http.MethodGet && r.URL.Path != graphQLPath:
			w.Header().Set("X-Accepted-Github-Permissions", "issues=write; pull_requests=write")
			refuse(w, http.StatusForbidden, notAccessible(id), docs+"issues/comments#create-an-issue-comment")
		default:
			next(w, r, id)
		}
	}
}

func notAccessible(id identity) string {
	if id.app {
		return "Resource not accessible by integration"
	}
	return "Resource not accessible by personal access token"
}

func (g *GitHub) getUser(w http.ResponseWriter, r *http.Request, id identity) {
	g.query(r)
	if id.app {
		refuse(w, http.StatusForbidden, notAccessible(id), docs+"users/users#get-the-authenticated-user")
		return
	}
	reply(w, http.StatusOK, publicUser(id.login))
}

// viewer answers the one question that is asked by GraphQL.
func (g *GitHub) viewer(w http.ResponseWriter, r *http.Request, id identity) {
	var in struct {
		Query string `json:"query"`
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || strings.Join(strings.Fields(in.Query), " ") != "{ viewer { login } }" {
		g.wrong(r, "not the query that this GitHub knows: %q", in.Query)
	}
	reply(w, http.StatusOK, object{"data": object{"viewer": object{"login": id.login}}})
}

func (g *GitHub) getRepository(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r)
	repo := repository(g.owner + "/" + g.name)
	g.mu.Lock()
	if g.private {
		repo["private"], repo["visibility"] = true, "private"
	}
	g.mu.Unlock()
	reply(w, http.StatusOK, repo)
}

func (g *GitHub) listComments(w http.ResponseWriter, r *http.Request, _ identity) {
	number, ok := g.pull(w, r)
	if !ok {
		return
	}
	list := []object{}
	for _, c := range g.Comments(number) {
		list = append(list, g.comment(c))
	}
	reply(w, http.StatusOK, page(g, w, r, list, "since"))
}

// page returns the part of a list that a request asks for, and names the others in the answer's Link header.
func page[T any](g *GitHub, w http.ResponseWriter, r *http.Request, list []T, known ...string) []T {
	query := g.query(r, append(known, "per_page", "page")...)
	size, page := g.count(r, query.Get("per_page"), 30), g.count(r, query.Get("page"), 1)
	if size > 100 {
		g.wrong(r, "per_page is more than 100")
		size = 100
	}
	last := max(1, (len(list)+size-1)/size)
	var links []string
	link := func(page int, rel string) {
		query.Set("page", strconv.Itoa(page))
		links = append(links, fmt.Sprintf(`<%s://%s%s?%s>; rel="%s"`, cmp.Or(r.URL.Scheme, "http"), r.Host, r.URL.EscapedPath(), query.Encode(), rel))
	}
	if page > 1 {
		link(page-1, "prev")
	}
	if page < last {
		link(page+1, "next")
		link(last, "last")
	}
	if page > 1 {
		link(1, "first")
	}
	if links != nil {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	return list[min(len(list), (page-1)*size):min(len(list), page*size)]
}

func (g *GitHub) createComment(w http.ResponseWriter, r *http.Request, id identity) {
	number, ok := g.pull(w, r)
	if !ok {
		return
	}
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	g.mu.Lock()
	c := *g.write(number, id.login, body)
	g.mu.Unlock()
	reply(w, http.StatusCreated, g.comment(c))
}

func (g *GitHub) updateComment(w http.ResponseWriter, r *http.Request, _ identity) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	g.mu.Lock()
	i := slices.IndexFunc(g.comments, func(c *Comment) bool { return strconv.FormatInt(c.ID, 10) == r.PathValue("id") })
	if i < 0 {
		g.mu.Unlock()
		refuse(w, http.StatusNotFound, "Not Found", docs+"issues/comments#update-an-issue-comment")
		return
	}
	g.comments[i].Body = body
	g.comments[i].Edits++
	c := *g.comments[i]
	g.mu.Unlock()
	reply(w, http.StatusOK, g.comment(c))
}

func (g *GitHub) deleteComment(w http.ResponseWriter, r *http.Request, _ identity) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	g.mu.Lock()
	there := slices.ContainsFunc(g.comments, func(c *Comment) bool { return c.ID == id })
	g.mu.Unlock()
	if err != nil || !there {
		refuse(w, http.StatusNotFound, "Not Found", docs+"issues/comments#delete-an-issue-comment")
		return
	}
	g.Delete(id)
	w.WriteHeader(http.StatusNoContent)
}

// pull returns the pull request of the path, or answers that there is none.
func (g *GitHub) pull(w http.ResponseWriter, r *http.Request) (int, bool) {
	number, err := strconv.Atoi(r.PathValue("number"))
	g.mu.Lock()
	_, ok := g.pulls[number]
	g.mu.Unlock()
	if err != nil || !ok {
		refuse(w, http.StatusNotFound, "Not Found", docs+"issues/comments")
		return 0, false
	}
	return number, true
}

// query returns the parameters, of which only the known ones are allowed.
func (g *GitHub) query(r *http.Request, known ...string) url.Values {
	query := r.URL.Query()
	for name := range query {
		if !slices.Contains(known, name) {
			g.wrong(r, "unknown parameter %s", name)
		}
	}
	return query
}

func (g *GitHub) count(r *http.Request, text string, byDefault int) int {
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		g.wrong(r, "%q is not a count", text)
		return byDefault
	}
	return n
}

// maxBody is how long a comment may be, in characters.
const maxBody = 65536

// body returns the text of the comment that a request holds, or answers that it is not one.
func (g *GitHub) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	if t := r.Header.Get("Content-Type"); t != "application/json" {
		g.wrong(r, "content type %q", t)
	}
	var in struct {
		Body *string `json:"body"`
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	switch err := dec.Decode(&in); {
	case err != nil || in.Body == nil:
		g.wrong(r, "not an object that has a body and nothing else: %v", err)
		refuse(w, http.StatusUnprocessableEntity, "Invalid request.", docs)
	case strings.TrimSpace(*in.Body) == "":
		invalid(w, "missing_field", "body", "")
	case utf8.RuneCountInString(*in.Body) > maxBody:
		invalid(w, "unprocessable", "data", fmt.Sprintf("Body is too long (maximum is %d characters)", maxBody))
	default:
		return *in.Body, true
	}
	return "", false
}
