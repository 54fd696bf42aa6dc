package hubtest

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

type repoRequest struct {
	Type         string  `json:"type"`
	Name         string  `json:"name"`
	Organization *string `json:"organization"`
	Visibility   string  `json:"visibility"`
	Private      bool    `json:"private"`
	Files        []struct {
		Path     string `json:"path"`
		Encoding string `json:"encoding"`
		Content  string `json:"content"`
	} `json:"files"`
}

// named reads a request that names a dataset in its body.
func named(c *call) (asked repoRequest, owner string, refused *answer) {
	if c.account == nil {
		return asked, "", refuse(http.StatusUnauthorized, "", noCredentials)
	}
	if a := c.decode(&asked); a != nil {
		return asked, "", a
	}
	if asked.Type != "dataset" {
		return asked, "", refuse(http.StatusBadRequest, "", "hubtest: only datasets are to be had here")
	}
	owner = c.account.Name
	if asked.Organization != nil {
		owner = *asked.Organization
	}
	return asked, owner, nil
}

func (s *Server) createRepo(c *call) *answer {
	asked, owner, refused := named(c)
	if refused != nil {
		return refused
	}
	if err := (hub.Repo{Owner: owner, Name: asked.Name}).Check(); err != nil {
		return refuse(http.StatusBadRequest, "", err.Error())
	}
	if !c.account.creates(owner) {
		return forbidden(`create a dataset under the namespace "` + owner + `"`)
	}
	id := owner + "/" + asked.Name
	if old := s.repos[strings.ToLower(id)]; old != nil {
		answer := refuse(http.StatusConflict, "", "You already created this dataset repo")
		return answer.set("X-Repo-Url", s.address(old))
	}
	r := s.create(id, asked.Visibility == "private" || asked.Visibility == "" && asked.Private)
	var ops []operation
	for _, f := range asked.Files {
		ops = append(ops, operation{Key: "file", Path: f.Path, Encoding: f.Encoding, Content: f.Content})
	}
	first := r.head()
	tree, refused := s.apply(r, first.tree, ops)
	if refused != nil {
		delete(s.repos, strings.ToLower(id))
		return refused
	}
	first.tree = tree
	return reply(http.StatusOK, object{"url": s.address(r), "name": r.id, "id": r.key})
}

// address is the address of a dataset's page.
func (s *Server) address(r *repository) string { return s.hub.URL + "/datasets/" + r.id }

func (s *Server) deleteRepo(c *call) *answer {
	asked, owner, refused := named(c)
	if refused != nil {
		return refused
	}
	id := strings.ToLower(owner + "/" + asked.Name)
	r := s.repos[id]
	if r == nil || !c.account.reads(r) {
		return refuse(http.StatusNotFound, "RepoNotFound", "Repository not found")
	}
	if !c.account.creates(owner) && !c.account.writes(r.id) || c.account.repo != "" {
		return forbidden("delete this repository")
	}
	delete(s.repos, id)
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/plain"}}, body: []byte("OK")}
}

func (s *Server) settings(c *call, r *repository) *answer {
	var asked struct {
		Private    *bool   `json:"private"`
		Visibility *string `json:"visibility"`
		Gated      any     `json:"gated"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	if asked.Private != nil {
		r.private = *asked.Private
	}
	if asked.Visibility != nil {
		r.private = *asked.Visibility == "private"
	}
	if asked.Gated != nil {
		r.gated, _ = asked.Gated.(string)
	}
	return reply(http.StatusOK, object{"private": r.private, "gated": asked.Gated})
}

func (s *Server) createBranch(c *call, r *repository) *answer {
	name := c.PathValue("rev")
	var asked struct {
		StartingPoint string `json:"startingPoint"`
		Overwrite     bool   `json:"overwrite"`
		EmptyBranch   bool   `json:"emptyBranch"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	if hub.CheckBranch(name) != nil || strings.HasPrefix(name, "refs/") {
		return refuse(http.StatusBadRequest, "", "Invalid reference for a branch: "+name)
	}
	if r.branches[name] != "" && !asked.Overwrite {
		return refuse(http.StatusConflict, "", "Reference already exists")
	}
	start := r.find(cmp.Or(asked.StartingPoint, "main"))
	switch {
	case asked.EmptyBranch:
		r.add(name, snapshot{title: "initial commit", author: author(c), date: s.now(), tree: map[string]leaf{}}, s.clock)
	case start == nil:
		return refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+asked.StartingPoint)
	default:
		r.branches[name] = start.id
	}
	return &answer{status: http.StatusOK, header: http.Header{}}
}

func (s *Server) deleteBranch(c *call, r *repository) *answer {
	name := c.PathValue("rev")
	switch {
	case name == "main":
		return forbidden("delete the default branch")
	case r.branches[name] == "":
		return refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+name)
	}
	delete(r.branches, name)
	return &answer{status: http.StatusOK, header: http.Header{}}
}

func (s *Server) createTag(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused != nil {
		return refused
	}
	var asked struct {
		Tag string `json:"tag"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	if hub.CheckBranch(asked.Tag) != nil {
		return refuse(http.StatusBadRequest, "", "Invalid tag name")
	}
	if r.tags[asked.Tag] != "" {
		return refuse(http.StatusConflict, "", "Tag reference exists already")
	}
	r.tags[asked.Tag] = at.id
	return &answer{status: http.StatusOK, header: http.Header{}}
}
