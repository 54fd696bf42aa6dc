package hubtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// file finds the file that the path of a request names, for those who may read it.
func (s *Server) file(c *call, r *repository) (*snapshot, leaf, *answer) {
	if !c.account.opens(r) {
		if c.account == nil {
			return nil, leaf{}, refuse(http.StatusUnauthorized, "GatedRepo",
				fmt.Sprintf("Access to dataset %s is restricted. You must have access to it and be authenticated to access it. Please log in.", r.id))
		}
		return nil, leaf{}, refuse(http.StatusForbidden, "GatedRepo",
			fmt.Sprintf("Access to dataset %s is restricted and you are not in the authorized list.", r.id))
	}
	at, refused := s.revision(c, r)
	if refused != nil {
		return nil, leaf{}, refused
	}
	f, ok := at.tree[c.PathValue("path")]
	if !ok {
		return nil, leaf{}, noEntry(at, c.PathValue("path"))
	}
	return at, f, nil
}

func (s *Server) resolve(c *call, r *repository) *answer {
	at, f, refused := s.file(c, r)
	if refused != nil {
		return refused
	}
	if f.lfs != "" {
		to := s.signed(s.storage.URL, http.MethodGet, objectPath(r, f.lfs))
		a := redirect(http.StatusFound, to).set("X-Repo-Commit", at.id).set("X-Linked-Etag", strconv.Quote(f.lfs))
		return a.set("X-Linked-Size", strconv.FormatInt(f.size, 10)).set("Accept-Ranges", "bytes")
	}
	if s.opts.ResolveCache {
		path := (&url.URL{Path: c.PathValue("path")}).EscapedPath()
		to := fmt.Sprintf("/api/resolve-cache/datasets/%s/%s/%s", r.id, at.id, strings.TrimPrefix(path, "./"))
		a := redirect(http.StatusTemporaryRedirect, to).set("X-Repo-Commit", at.id)
		return a.set("ETag", strconv.Quote(f.oid)).set("X-Linked-Size", strconv.FormatInt(f.size, 10))
	}
	return gitFile(at, f)
}

func (s *Server) resolveCached(c *call, r *repository) *answer {
	at, f, refused := s.file(c, r)
	if refused != nil {
		return refused
	}
	return gitFile(at, f)
}

// raw gives what git holds, which for a file in LFS is its pointer.
func (s *Server) raw(c *call, r *repository) *answer {
	at, f, refused := s.file(c, r)
	if refused != nil {
		return refused
	}
	return gitFile(at, f)
}

func gitFile(at *snapshot, f leaf) *answer {
	a := (&answer{text: true, header: http.Header{}, body: f.blob}).set("Content-Type", "text/plain; charset=utf-8")
	return a.set("ETag", strconv.Quote(f.oid)).set("X-Repo-Commit", at.id).set("Accept-Ranges", "bytes")
}
