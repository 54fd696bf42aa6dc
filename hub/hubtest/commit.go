package hubtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

const (
	busyMessage  = "Another commit operation is in progress for this repository. Please try again later."
	staleMessage = "A commit has happened since. Please refresh and try again."
	largeMessage = "Your push was rejected because it contains files larger than 10 MiB. Please use https://git-lfs.github.com/ to store larger files."
)

type commitHeader struct {
	Summary      string  `json:"summary"`
	Description  string  `json:"description"`
	ParentCommit *string `json:"parentCommit"`
}

// An operation is a line of a commit after its header, whatever its key.
type operation struct {
	Key      string `json:"-"`
	Path     string `json:"path"`
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
	Algo     string `json:"algo"`
	OID      string `json:"oid"`
	Size     int64  `json:"size"`
}

var parentForm = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

func (s *Server) commit(c *call, r *repository) *answer {
	if a := mayPush(c, r, c.pulls()); a != nil {
		return a
	}
	header, ops, refused := readCommit(c)
	if refused != nil {
		return refused
	}
	if r.busy {
		return refuse(http.StatusConflict, "", busyMessage)
	}
	if s.opts.CommitTime > 0 {
		r.busy = true
		s.mu.Unlock()
		wait(c.Request, s.opts.CommitTime)
		s.mu.Lock()
		r.busy = false
	}
	branch := strings.TrimPrefix(c.PathValue("rev"), "refs/heads/")
	head := r.commits[r.branches[branch]]
	if head == nil {
		return refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+branch)
	}
	opens := c.URL.Query().Get("create_pr") == "1"
	base, refused := commitBase(c, r, head, header, opens)
	if refused != nil {
		return refused
	}
	tree, refused := s.apply(r, base.tree, ops)
	if refused != nil {
		return refused.set("X-Repo-Commit", base.id)
	}
	done := object{"success": true, "hookOutput": ""}
	if opens {
		r.pulls++
		branch = fmt.Sprint("refs/pr/", r.pulls)
		done["pullRequestUrl"] = fmt.Sprintf("%s/datasets/%s/discussions/%d", s.hub.URL, r.id, r.pulls)
	}
	at := r.add(branch, snapshot{
		parent: base.id, title: header.Summary, message: header.Description, author: author(c), date: s.now(), tree: tree,
	}, s.clock)
	done["commitOid"], done["commitUrl"] = at.id, fmt.Sprintf("%s/datasets/%s/commit/%s", s.hub.URL, r.id, at.id)
	return reply(http.StatusOK, done)
}

func author(c *call) string {
	if c.account.repo != "" {
		return "github-actions"
	}
	return c.account.Name
}

// commitBase returns the commit that a new one goes on top of, if the parent that its header names allows that.
func commitBase(c *call, r *repository, head *snapshot, header commitHeader, opens bool) (*snapshot, *answer) {
	if !opens && !c.pulls() && c.account.PullRequestsOnly {
		return nil, refuse(http.StatusPreconditionFailed, "", staleMessage) // as observed; it is not the parent that is wrong
	}
	if header.ParentCommit == nil {
		return head, nil
	}
	if !parentForm.MatchString(*header.ParentCommit) {
		return nil, refuse(http.StatusBadRequest, "", `"parentCommit" must be 7 to 40 hexadecimal digits`)
	}
	if opens {
		if at := r.begins(*header.ParentCommit); at != nil {
			return at, nil
		}
		return nil, refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+*header.ParentCommit)
	}
	if !strings.HasPrefix(head.id, *header.ParentCommit) {
		return nil, refuse(http.StatusPreconditionFailed, "", staleMessage)
	}
	return head, nil
}

// readCommit reads one JSON object a line, the header first.
func readCommit(c *call) (header commitHeader, ops []operation, refused *answer) {
	bad := func(format string, args ...any) *answer {
		return refuse(http.StatusBadRequest, "", fmt.Sprintf(format, args...))
	}
	if kind := c.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/x-ndjson") {
		return header, nil, bad("the content type is %q, not application/x-ndjson", kind)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(c.body), []byte("\n")) {
		var one struct {
			Key   string          `json:"key"`
			Value json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(line, &one); err != nil {
			return header, nil, bad("line %d: %v", i+1, err)
		}
		if (i == 0) != (one.Key == "header") {
			return header, nil, bad("line %d: the header must be the first line, and only that", i+1)
		}
		op := operation{Key: one.Key}
		var into any = &op
		if i == 0 {
			into = &header
		}
		if err := json.Unmarshal(one.Value, into); err != nil {
			return header, nil, bad("line %d: %v", i+1, err)
		}
		if i > 0 {
			ops = append(ops, op)
		}
	}
	if strings.TrimSpace(header.Summary) == "" {
		return header, nil, bad(`"summary" is required`)
	}
	return header, ops, nil
}

// apply returns the files after the operations, and adds to .gitattributes the files that they put into LFS.
func (s *Server) apply(r *repository, before map[string]leaf, ops []operation) (map[string]leaf, *answer) {
	tree, seen := maps.Clone(before), map[string]bool{}
	for _, op := range ops {
		if err := hub.CheckPath(op.Path); err != nil {
			return nil, refuse(http.StatusBadRequest, "", err.Error())
		}
		if seen[op.Path] {
			return nil, refuse(http.StatusBadRequest, "", fmt.Sprintf("%q is named twice", op.Path))
		}
		seen[op.Path] = true
		if a := s.applyOne(r, tree, op); a != nil {
			return nil, a
		}
	}
	for _, op := range ops {
		attributes := tree[attributesFile].blob
		if op.Key == "lfsFile" && !tracked(attributes, op.Path) {
			tree[attributesFile] = regular(track(attributes, op.Path))
		}
	}
	paths := slices.Sorted(maps.Keys(tree))
	for _, path := range paths {
		for dir := parent(path); dir != ""; dir = parent(dir) {
			if _, isFile := tree[dir]; isFile {
				return nil, refuse(http.StatusBadRequest, "", fmt.Sprintf("%q is a file, so that %q cannot be", dir, path))
			}
		}
	}
	return tree, nil
}

func parent(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '/'))]
}

func (s *Server) applyOne(r *repository, tree map[string]leaf, op operation) *answer {
	switch op.Key {
	case "file":
		return putRegular(tree, op)
	case "lfsFile":
		content, ok := s.objects[objectPath(r, op.OID)]
		if op.Algo != "sha256" || !ok || int64(len(content)) != op.Size {
			return refuse(http.StatusBadRequest, "", fmt.Sprintf("Your push was rejected because an LFS pointer pointed to a file that does not exist: %s", op.Path))
		}
		tree[op.Path] = linked(op.OID, op.Size)
	case "deletedFile":
		if _, ok := tree[op.Path]; !ok {
			return refuse(http.StatusNotFound, "EntryNotFound", "A file with this name doesn't exist")
		}
		delete(tree, op.Path)
	case "deletedFolder":
		n := len(tree)
		maps.DeleteFunc(tree, func(path string, _ leaf) bool { return strings.HasPrefix(path, op.Path+"/") })
		if len(tree) == n {
			return refuse(http.StatusNotFound, "EntryNotFound", "A folder with this name doesn't exist")
		}
	default:
		return refuse(http.StatusBadRequest, "", fmt.Sprintf("unknown key %q", op.Key))
	}
	return nil
}

func putRegular(tree map[string]leaf, op operation) *answer {
	content := []byte(op.Content)
	switch op.Encoding {
	case "base64":
		var err error
		if content, err = base64.StdEncoding.DecodeString(op.Content); err != nil {
			return refuse(http.StatusBadRequest, "", fmt.Sprintf("%q: %v", op.Path, err))
		}
	case "utf-8", "":
	default:
		return refuse(http.StatusBadRequest, "", fmt.Sprintf("%q: unknown encoding %q", op.Path, op.Encoding))
	}
	switch {
	case len(content) > maxRegular:
		return refuse(http.StatusBadRequest, "", largeMessage)
	case len(content) > maxBinary && binary(content):
		return refuse(http.StatusBadRequest, "", "Your push was rejected because it contains binary files. Offending files: "+op.Path)
	case op.Path == "README.md":
		if errs := cardErrors(string(content)); len(errs) > 0 {
			return refuse(http.StatusBadRequest, "", "Invalid metadata in README.md: "+strings.Join(errs, "; "))
		}
	}
	tree[op.Path] = regular(content)
	return nil
}
