package hubtest

import (
	"net/http"
	"strings"
)

func (s *Server) hubRoutes() *http.ServeMux {
	const api = "/api/datasets/{owner}/{name}"
	const lfs = "/datasets/{owner}/{name}/info/lfs/objects"
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*call) *answer{
		"GET /api/whoami-v2":                     s.whoami,
		"POST /api/repos/create":                 s.createRepo,
		"DELETE /api/repos/delete":               s.deleteRepo,
		"POST /api/validate-yaml":                s.validateYAML,
		"POST /oauth/token":                      s.exchange,
		"GET /api/datasets":                      s.search,
		"POST /complete/objects/{repo}/{object}": s.completeUpload, // its URL is signed: no token needed
	} {
		mux.HandleFunc(pattern, s.answered(handle))
	}
	for pattern, handle := range map[string]func(*call, *repository) *answer{
		"GET " + api:                                                     s.info,
		"GET " + api + "/revision/{rev}":                                 s.info,
		"GET " + api + "/tree/{rev}":                                     s.tree,
		"GET " + api + "/tree/{rev}/{path...}":                           s.tree,
		"POST " + api + "/paths-info/{rev}":                              s.pathsInfo,
		"GET " + api + "/refs":                                           s.refs,
		"GET " + api + "/commits/{rev}":                                  s.commits,
		"PUT " + api + "/settings":                                       writes(s.settings),
		"POST " + api + "/branch/{rev}":                                  writes(s.createBranch),
		"DELETE " + api + "/branch/{rev}":                                writes(s.deleteBranch),
		"POST " + api + "/tag/{rev}":                                     writes(s.createTag),
		"POST " + api + "/preupload/{rev}":                               s.preupload,
		"POST " + api + "/commit/{rev}":                                  s.commit,
		"POST " + lfs + "/batch":                                         s.batch,
		"POST " + lfs + "/verify":                                        s.verify,
		"GET /datasets/{owner}/{name}/resolve/{rev}/{path...}":           s.resolve,
		"GET /datasets/{owner}/{name}/raw/{rev}/{path...}":               s.raw,
		"GET /api/resolve-cache/datasets/{owner}/{name}/{rev}/{path...}": s.resolveCached,
	} {
		mux.HandleFunc(pattern, s.answered(s.known(handle)))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.t.Errorf("hubtest: %s %s: not a request that this Hub knows", r.Method, r.URL.Path)
		refuse(http.StatusNotFound, "", "Sorry, we can't find the page you are looking for.").send(w, r)
	})
	return mux
}

// answered runs a handler under the lock, for a caller whose token is good, and sends what it answers.
func (s *Server) answered(handle func(*call) *answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.locked(func() *answer {
			account, refused := s.identify(r)
			if refused != nil {
				return refused
			}
			return handle(&call{Request: r, account: account, body: bodyOf(r)})
		}).send(w, r)
	}
}

func (s *Server) locked(f func() *answer) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// known finds the dataset of a request, and hides one that the caller may not see.
func (s *Server) known(handle func(*call, *repository) *answer) func(*call) *answer {
	return func(c *call) *answer {
		name := c.PathValue("owner") + "/" + strings.TrimSuffix(c.PathValue("name"), ".git")
		if to, ok := s.renamed[strings.ToLower(name)]; ok && s.repos[strings.ToLower(to)] != nil {
			return moved(c, name, to)
		}
		r := s.repos[strings.ToLower(name)]
		switch {
		case r == nil || !c.account.reads(r):
			if c.account == nil {
				return refuse(http.StatusUnauthorized, "", noCredentials)
			}
			return refuse(http.StatusNotFound, "RepoNotFound", "Repository not found")
		case r.disabled:
			return refuse(http.StatusForbidden, "", "Access to this resource is disabled.")
		default:
			return handle(c, r)
		}
	}
}

func moved(c *call, from, to string) *answer {
	location := strings.Replace(c.URL.EscapedPath(), "/"+from, "/"+to, 1)
	if c.URL.RawQuery != "" {
		location += "?" + c.URL.RawQuery
	}
	return redirect(http.StatusTemporaryRedirect, location)
}

// writes lets those pass who may write to the dataset.
func writes(handle func(*call, *repository) *answer) func(*call, *repository) *answer {
	return func(c *call, r *repository) *answer {
		if a := mayWrite(c, r); a != nil {
			return a
		}
		return handle(c, r)
	}
}

func mayWrite(c *call, r *repository) *answer {
	switch {
	case c.account == nil:
		return refuse(http.StatusUnauthorized, "", noCredentials)
	case c.account.Role == RoleRead && c.account.member(r.owner()):
		return refuse(http.StatusForbidden, "", "Forbidden: you must use a write token to upload to a repository.")
	case !c.account.writes(r.id):
		return forbidden("write to this repository")
	default:
		return nil
	}
}
