package hubtest

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const timeForm = "2006-01-02T15:04:05.000Z"

// staleKey marks a request that is to be answered from the state before the last commit.
type staleKey struct{}

func stale(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), staleKey{}, true))
}

// revision finds the commit that the path of a request names, "main" where it names none.
func (s *Server) revision(c *call, r *repository) (*snapshot, *answer) {
	name := cmp.Or(c.PathValue("rev"), "main")
	at := r.find(name)
	if at == nil {
		return nil, refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+name)
	}
	if before := r.commits[at.parent]; before != nil && c.Context().Value(staleKey{}) != nil && at.id != name {
		return before, nil
	}
	return at, nil
}

func noEntry(at *snapshot, path string) *answer {
	return refuse(http.StatusNotFound, "EntryNotFound", path+" does not exist on the revision").set("X-Repo-Commit", at.id)
}

func (s *Server) info(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused != nil {
		return refused
	}
	q := c.URL.Query()
	all := r.describe(at)
	files := []object{}
	for _, path := range slices.Sorted(maps.Keys(at.tree)) {
		file, sibling := at.tree[path], object{"rfilename": path}
		if q.Get("blobs") == "true" {
			sibling["size"], sibling["blobId"] = file.size, file.oid
			if file.lfs != "" {
				sibling["lfs"] = object{"sha256": file.lfs, "size": file.size, "pointerSize": len(file.blob)}
			}
		}
		files = append(files, sibling)
	}
	all["siblings"] = files
	return reply(http.StatusOK, expanded(all, append(q["expand"], q["expand[]"]...)))
}

// expanded leaves of an answer what was asked for, all when nothing was.
func expanded(all object, keys []string) object {
	if len(keys) == 0 {
		return all
	}
	some := object{"_id": all["_id"], "id": all["id"]}
	for _, key := range keys {
		if v, ok := all[key]; ok {
			some[key] = v
		}
	}
	return some
}

// describe is what the Hub says of a dataset at a commit, its files apart.
func (r *repository) describe(at *snapshot) object {
	card, _ := frontMatter(string(at.tree["README.md"].blob))
	tags := append(cardTags(card), "region:us")
	var gated any = false
	if r.gated != "" {
		gated = r.gated
	}
	return object{
		"_id": r.key, "id": r.id, "author": r.owner(), "sha": at.id, "private": r.private, "gated": gated, "disabled": r.disabled,
		"lastModified": at.date.Format(timeForm), "createdAt": r.created.Format(timeForm), "downloads": 3, "likes": 0,
		"tags": tags, "cardData": object{"tags": cardTags(card)},
	}
}

// entries lists what lies in a folder, and in its folders when deep: folders before files, as the Hub's pages do.
func entries(at *snapshot, dir string, deep bool) []object {
	if dir == "" {
		return entriesUnder(at, "", deep)
	}
	return entriesUnder(at, dir+"/", deep)
}

// entriesUnder lists what begins with a prefix. It ends for paths too that no client could commit.
func entriesUnder(at *snapshot, prefix string, deep bool) []object {
	folders, files := map[string]bool{}, map[string]leaf{}
	for path, file := range at.tree {
		rest, inside := strings.CutPrefix(path, prefix)
		if !inside {
			continue
		}
		if folder, _, nested := strings.Cut(rest, "/"); nested {
			folders[prefix+folder] = true
		} else {
			files[path] = file
		}
	}
	var list []object
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		list = append(list, object{"type": "directory", "oid": sha1Hex("tree " + at.id + folder), "size": 0, "path": folder})
		if deep {
			list = append(list, entriesUnder(at, folder+"/", deep)...)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		list = append(list, fileEntry(path, files[path]))
	}
	return list
}

func fileEntry(path string, file leaf) object {
	e := object{"type": "file", "oid": file.oid, "size": file.size, "path": path}
	if file.lfs != "" {
		e["lfs"] = object{"oid": file.lfs, "size": file.size, "pointerSize": len(file.blob)}
	}
	return e
}

func (s *Server) tree(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused != nil {
		return refused
	}
	q, dir := c.URL.Query(), strings.TrimSuffix(c.PathValue("path"), "/")
	list := entries(at, dir, q.Get("recursive") == "true")
	if len(list) == 0 && dir != "" {
		return noEntry(at, dir)
	}
	from, to, next, refused := s.page(c, len(list), s.opts.PageSize)
	if refused != nil {
		return refused
	}
	return s.listing(c, at, list[from:to]).link(next)
}

// listing answers with entries, each with its last commit where the request asks for that.
func (s *Server) listing(c *call, at *snapshot, list []object) *answer {
	if c.URL.Query().Get("expand") == "true" {
		for _, e := range list {
			e["lastCommit"] = object{"id": at.id, "title": at.title, "date": at.date.Format(timeForm)}
		}
	}
	return reply(http.StatusOK, append([]object{}, list...)).set("X-Repo-Commit", at.id)
}

func (a *answer) link(next string) *answer {
	if next != "" {
		a.set("Link", next)
	}
	return a
}

func (s *Server) pathsInfo(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused != nil {
		return refused
	}
	var asked struct {
		Paths  []string `json:"paths"`
		Expand bool     `json:"expand"`
	}
	if c.Header.Get("Content-Type") == "application/x-www-form-urlencoded" { // what one of the official clients sends; the other sends JSON
		form, err := url.ParseQuery(string(c.body))
		if err != nil {
			return refuse(http.StatusBadRequest, "", err.Error())
		}
		asked.Paths = form["paths"]
	} else if a := c.decode(&asked); a != nil {
		return a
	}
	var list []object
	for _, path := range asked.Paths {
		if file, ok := at.tree[path]; ok {
			list = append(list, fileEntry(path, file))
		} else if len(entries(at, path, false)) > 0 {
			list = append(list, object{"type": "directory", "oid": sha1Hex("tree " + at.id + path), "size": 0, "path": path})
		}
	}
	return s.listing(c, at, list)
}

func (s *Server) refs(c *call, r *repository) *answer {
	branches, converts, pulls, tags := []object{}, []object{}, []object{}, []object{}
	for _, name := range slices.Sorted(maps.Keys(r.branches)) {
		target := r.branches[name]
		if before := r.commits[target].parent; before != "" && c.Context().Value(staleKey{}) != nil {
			target = before
		}
		switch {
		case strings.HasPrefix(name, "refs/pr/"):
			pulls = append(pulls, object{"name": strings.TrimPrefix(name, "refs/"), "ref": name, "targetCommit": target})
		case strings.HasPrefix(name, "refs/convert/"):
			converts = append(converts, object{"name": strings.TrimPrefix(name, "refs/convert/"), "ref": name, "targetCommit": target})
		default:
			branches = append(branches, object{"name": name, "ref": "refs/heads/" + name, "targetCommit": target})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.tags)) {
		tags = append(tags, object{"name": name, "ref": "refs/tags/" + name, "targetCommit": r.tags[name]})
	}
	answer := object{"branches": branches, "converts": converts, "tags": tags}
	if c.URL.Query().Get("include_prs") == "1" {
		answer["pullRequests"] = pulls
	}
	return reply(http.StatusOK, answer)
}

func (s *Server) commits(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused != nil {
		return refused
	}
	var log []*snapshot
	for ; at != nil; at = r.commits[at.parent] {
		log = append(log, at)
	}
	from, to, next, refused := s.page(c, len(log), s.opts.PageSize)
	if refused != nil {
		return refused
	}
	list := []object{}
	for _, at := range log[from:to] {
		list = append(list, object{
			"id": at.id, "title": at.title, "message": at.message, "date": at.date.Format(timeForm),
			"authors": []object{{"user": at.author, "avatar": "/avatars/" + shortID("user "+at.author) + ".svg"}},
		})
	}
	return reply(http.StatusOK, list).link(next)
}
