package actiontest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Everything below has the fields that GitHub's OpenAPI description requires, with made-up but well-formed values.

type object = map[string]any

// began is when every object was created.
var began = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away misses nothing
}

func refuse(w http.ResponseWriter, status int, message, docs string) {
	reply(w, status, object{"message": message, "documentation_url": docs, "status": strconv.Itoa(status)})
}

func invalid(w http.ResponseWriter, code, field, message string) {
	detail := object{"resource": "IssueComment", "code": code, "field": field}
	if message != "" {
		detail["message"] = message
	}
	reply(w, http.StatusUnprocessableEntity, object{
		"message": "Validation Failed", "errors": []object{detail}, "status": "422",
		"documentation_url": "https://docs.github.com/rest/issues/comments#create-an-issue-comment",
	})
}

// CommentURL returns the address of a comment's page.
func (g *GitHub) CommentURL(c Comment) string {
	return fmt.Sprintf("https://github.test/%s/%s/pull/%d#issuecomment-%d", g.owner, g.name, c.number, c.ID)
}

func (g *GitHub) comment(c Comment) object {
	repo := fmt.Sprintf("%s/repos/%s/%s", URL, g.owner, g.name)
	association := "CONTRIBUTOR"
	if c.Login == WorkflowBot {
		association = "NONE"
	}
	return object{
		"id": c.ID, "node_id": fmt.Sprintf("IC_%d", c.ID), "body": c.Body, "user": user(c.Login),
		"url": fmt.Sprintf("%s/issues/comments/%d", repo, c.ID), "html_url": g.CommentURL(c),
		"issue_url":  fmt.Sprintf("%s/issues/%d", repo, c.number),
		"created_at": began, "updated_at": began.Add(time.Duration(c.Edits) * time.Second),
		"author_association": association,
	}
}

func user(login string) object {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	at := URL + "/users/" + url.PathEscape(login)
	u := object{
		"login": login, "id": 41898282, "node_id": "MDM6Qm90NDE4OTgyODI=", "gravatar_id": "", "type": kind, "site_admin": false,
		"avatar_url": "https://github.test/avatars/41898282", "html_url": "https://github.test/" + url.PathEscape(login), "url": at,
	}
	return urls(u, at, "events followers following gists organizations received_events repos starred subscriptions")
}

func publicUser(login string) object {
	u := user(login)
	for _, key := range strings.Fields("name company blog location email hireable bio") {
		u[key] = nil
	}
	u["blog"] = ""
	for _, key := range strings.Fields("public_repos public_gists followers following") {
		u[key] = 0
	}
	u["user_view_type"], u["created_at"], u["updated_at"] = "public", began, began
	return u
}

// repository returns the one of that owner and name.
func repository(fullName string) object {
	owner, name, _ := strings.Cut(fullName, "/")
	at := fmt.Sprintf("%s/repos/%s/%s", URL, owner, name)
	page := fmt.Sprintf("https://github.test/%s/%s", owner, name)
	r := object{
		"id": 1296269, "node_id": "R_1296269", "name": name, "full_name": fullName, "owner": user(owner),
		"private": false, "visibility": "public", "fork": false, "default_branch": "main", "archived": false, "disabled": false,
		"description": nil, "homepage": nil, "language": nil, "license": nil, "mirror_url": nil,
		"url": at, "html_url": page, "clone_url": page + ".git", "svn_url": page,
		"git_url": "git://github.test/" + owner + "/" + name + ".git", "ssh_url": "git@github.test:" + owner + "/" + name + ".git",
		"created_at": began, "updated_at": began, "pushed_at": began,
	}
	for _, key := range strings.Fields("issues projects wiki pages discussions downloads") {
		r["has_"+key] = false
	}
	for _, key := range strings.Fields("forks forks_count open_issues open_issues_count size stargazers_count watchers " +
		"watchers_count network_count subscribers_count") {
		r[key] = 0
	}
	return urls(r, at, "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "+
		"downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges "+
		"milestones notifications pulls releases stargazers statuses subscribers subscription tags teams trees")
}

// urls adds an address below at for each name.
func urls(o object, at, names string) object {
	for _, name := range strings.Fields(names) {
		o[name+"_url"] = at + "/" + name
	}
	return o
}

// state is open or closed.
func (p Pull) state() string {
	if p.Closed || p.MergeCommit != "" {
		return "closed"
	}
	return "open"
}

func (g *GitHub) pullObject(p Pull) object {
	repo := fmt.Sprintf("%s/repos/%s/%s", URL, g.owner, g.name)
	at := fmt.Sprintf("%s/pulls/%d", repo, p.Number)
	page := fmt.Sprintf("https://github.test/%s/%s/pull/%d", g.owner, g.name, p.Number)
	links := object{}
	for _, name := range strings.Fields("comments commits statuses html issue review_comments review_comment self") {
		links[name] = object{"href": at + "/" + name}
	}
	o := object{
		"id": 1000 + p.Number, "node_id": fmt.Sprintf("PR_%d", p.Number), "number": p.Number, "state": p.state(), "locked": false,
		"url": at, "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "title": "title", "body": nil,
		"issue_url": fmt.Sprintf("%s/issues/%d", repo, p.Number), "user": user("author"), "author_association": "NONE",
		"created_at": began, "updated_at": began, "closed_at": nil, "merged_at": nil, "merge_commit_sha": nil,
		"assignee": nil, "labels": []any{}, "milestone": nil, "auto_merge": nil, "_links": links,
		"head": end(p.HeadRepo, p.HeadBranch, p.Head), "base": end(cmp.Or(p.BaseRepo, g.owner+"/"+g.name), p.Base, p.BaseSHA),
	}
	if p.TestMerge != "" {
		o["merge_commit_sha"] = p.TestMerge
	}
	if p.MergeCommit != "" {
		o["merged_at"], o["merge_commit_sha"] = began, p.MergeCommit
	}
	return urls(o, at, "comments commits review_comment review_comments statuses")
}

// end is the head or the base of a pull request.
func end(fullName, ref, commit string) object {
	owner, _, _ := strings.Cut(fullName, "/")
	return object{"label": owner + ":" + ref, "ref": ref, "sha": commit, "user": user(owner), "repo": repository(fullName)}
}

func (g *GitHub) commit(id string) object {
	at := fmt.Sprintf("%s/repos/%s/%s/commits/%s", URL, g.owner, g.name, id)
	who := object{"name": "author", "email": "author@github.test", "date": began}
	return object{
		"url": at, "sha": id, "node_id": "C_" + id, "html_url": "https://github.test/" + g.owner + "/" + g.name + "/commit/" + id,
		"comments_url": at + "/comments", "author": nil, "committer": nil, "parents": []any{},
		"commit": object{
			"url": at, "author": who, "committer": who, "comment_count": 0, "message": "message",
			"tree": object{"sha": id, "url": at + "/tree"},
		},
	}
}

// entry is a folder of the repository's root.
func (g *GitHub) entry(name string) object {
	at := fmt.Sprintf("%s/repos/%s/%s/contents/%s", URL, g.owner, g.name, name)
	return object{
		"type": "dir", "size": 0, "name": name, "path": name, "sha": strings.Repeat("d", 40), "url": at, "git_url": at, "html_url": at,
		"download_url": nil, "_links": object{"self": at, "git": at, "html": at},
	}
}

// app is who a workflow's token makes check runs as.
func app() object {
	return object{
		"id": 15368, "node_id": "A_15368", "slug": "github-actions", "name": "GitHub Actions", "description": "", "owner": user("github"),
		"external_url": "https://github.test", "html_url": "https://github.test/apps/github-actions", "created_at": began, "updated_at": began,
		"permissions": object{"checks": "write"}, "events": []any{},
	}
}
