package actiontest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func (g *GitHub) listPulls(w http.ResponseWriter, r *http.Request, _ identity) {
	state, head := cmp.Or(r.URL.Query().Get("state"), "open"), r.URL.Query().Get("head")
	list := g.pullList(func(p Pull) bool {
		owner, _, _ := strings.Cut(p.HeadRepo, "/")
		return (state == "all" || state == p.state()) && (head == "" || head == owner+":"+p.HeadBranch)
	})
	reply(w, http.StatusOK, page(g, w, r, list, "state", "head", "base", "sort", "direction"))
}

// listPullsOfCommit lists none of a fork's head, as GitHub mostly does.
func (g *GitHub) listPullsOfCommit(w http.ResponseWriter, r *http.Request, _ identity) {
	commit := r.PathValue("commit")
	list := g.pullList(func(p Pull) bool {
		own := strings.EqualFold(p.HeadRepo, g.owner+"/"+g.name)
		return own && p.Head == commit || p.MergeCommit == commit || slices.Contains(p.Commits, commit)
	})
	reply(w, http.StatusOK, page(g, w, r, list))
}

func (g *GitHub) pullList(want func(Pull) bool) []object {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := []object{}
	for _, p := range g.pulls {
		if want(p) {
			list = append(list, g.pullObject(p))
		}
	}
	slices.SortFunc(list, func(a, b object) int { return cmp.Compare(b["number"].(int), a["number"].(int)) })
	return list
}

func (g *GitHub) getPull(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r)
	number, ok := g.pull(w, r)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.pullObject(g.pulls[number])
	for _, key := range strings.Fields("additions changed_files comments commits deletions review_comments") {
		o[key] = 1
	}
	o["mergeable"], o["mergeable_state"], o["maintainer_can_modify"] = true, "clean", false
	o["merged"], o["merged_by"] = g.pulls[number].MergeCommit != "", nil
	reply(w, http.StatusOK, o)
}

func (g *GitHub) listCommits(w http.ResponseWriter, r *http.Request, _ identity) {
	g.mu.Lock()
	i := slices.Index(g.history, r.URL.Query().Get("sha"))
	var commits []string
	if i >= 0 {
		commits = g.history[i:]
	}
	g.mu.Unlock()
	if i < 0 {
		refuse(w, http.StatusNotFound, "Not Found", docs+"commits/commits#list-commits")
		return
	}
	list := []object{}
	for _, c := range commits {
		list = append(list, g.commit(c))
	}
	reply(w, http.StatusOK, page(g, w, r, list, "sha", "path", "author", "committer", "since", "until"))
}

func (g *GitHub) compare(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r, "per_page", "page")
	basehead := r.PathValue("basehead")
	g.mu.Lock()
	base, ok := g.bases[basehead]
	g.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found", docs+"commits/commits#compare-two-commits")
		return
	}
	at := fmt.Sprintf("https://github.test/%s/%s/compare/x", g.owner, g.name)
	reply(w, http.StatusOK, urls(object{
		"url": at, "base_commit": g.commit(base), "merge_base_commit": g.commit(base), "status": "diverged",
		"ahead_by": 1, "behind_by": 1, "total_commits": 1, "commits": []any{},
	}, at, "html permalink diff patch"))
}

// rawType is what the bytes of a file are sent as when they are asked for as they stand.
const rawType = "application/vnd.github.raw+json; charset=utf-8"

func (g *GitHub) getContents(w http.ResponseWriter, r *http.Request, _ identity) {
	query, path := g.query(r, "ref"), r.PathValue("path")
	g.mu.Lock()
	files, known := g.files[cmp.Or(query.Get("ref"), "main")]
	content, ok := files[path]
	folder := known && path == ""
	list := []object{}
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		list = append(list, g.entry(first))
		folder = folder || path != "" && strings.HasPrefix(name, path+"/")
	}
	g.mu.Unlock()
	switch {
	case folder:
		reply(w, http.StatusOK, list)
	case !known:
		refuse(w, http.StatusNotFound, "No commit found for the ref "+query.Get("ref"), docs+"repos/contents#get-repository-content")
	case !ok:
		refuse(w, http.StatusNotFound, "Not Found", docs+"repos/contents#get-repository-content")
	default:
		if !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.github.raw") {
			g.wrong(r, "a file is asked for otherwise than by its bytes: %s", r.Header.Get("Accept"))
		}
		w.Header().Set("Content-Type", rawType)
		_, _ = w.Write([]byte(content))
	}
}

func (g *GitHub) getPermission(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r)
	login := r.PathValue("login")
	g.mu.Lock()
	level := cmp.Or(g.levels[login], "read")
	g.mu.Unlock()
	if level == "unknown" {
		refuse(w, http.StatusNotFound, login+" is not a user", docs+"collaborators/collaborators#get-repository-permissions-for-a-user")
		return
	}
	u := user(login)
	u["role_name"] = level
	reply(w, http.StatusOK, object{"permission": level, "role_name": level, "user": u})
}
