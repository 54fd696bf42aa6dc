package hubtest

import (
	"crypto/sha1" //nolint:gosec // git's object ids
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hubgate/hubgate/hub"
)

var errNoDataset = errors.New("no such dataset, branch or commit")

// A repository is a dataset of a Server.
type repository struct {
	id         string // owner/name
	key        string // names it in the storage, and stays when it is renamed
	private    bool
	gated      string // "", "auto" or "manual"
	disabled   bool
	busy       bool // a commit is under way
	indexed    bool // searches find it
	created    time.Time
	publishers []Publisher

	branches map[string]string // from a name, or a whole ref as refs/pr/3, to a commit
	tags     map[string]string
	commits  map[string]*snapshot
	pulls    int
}

// A snapshot is one commit, with all its files.
type snapshot struct {
	id, parent, title, message, author string
	date                               time.Time
	tree                               map[string]leaf
}

// A leaf is a file of a commit: a git blob, which for a file in LFS is a pointer.
type leaf struct {
	oid  string // of the git blob
	blob []byte // what git holds
	lfs  string // SHA-256 of the content; empty for a file that is not in LFS
	size int64  // of the content
}

func (r *repository) owner() string { owner, _, _ := strings.Cut(r.id, "/"); return owner }

func (r *repository) head() *snapshot { return r.commits[r.branches["main"]] }

// find returns the commit that a revision names: a branch, a tag, HEAD for the default branch, a commit, or the beginning of one.
func (r *repository) find(revision string) *snapshot {
	if revision == "HEAD" {
		revision = "main"
	}
	if id, ok := r.branches[strings.TrimPrefix(revision, "refs/heads/")]; ok {
		return r.commits[id]
	}
	if id, ok := r.tags[strings.TrimPrefix(revision, "refs/tags/")]; ok {
		return r.commits[id]
	}
	if c := r.commits[revision]; c != nil {
		return c
	}
	return r.begins(revision)
}

// begins returns the one commit whose id begins with a text of 7 digits or more.
func (r *repository) begins(prefix string) *snapshot {
	var found *snapshot
	for id, c := range r.commits {
		if len(prefix) >= 7 && strings.HasPrefix(id, prefix) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// add makes a commit and moves a branch to it.
func (r *repository) add(branch string, c snapshot, n int) *snapshot {
	c.id = sha1Hex(fmt.Sprintf("commit %d\x00%s\x00%s\x00%s", n, r.id, c.parent, c.title))
	r.commits[c.id] = &c
	r.branches[branch] = c.id
	return &c
}

// regular is a file that git holds.
func regular(content []byte) leaf {
	return leaf{oid: blobID(content), blob: content, size: int64(len(content))}
}

// linked is a file in LFS.
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
func linked(oid string, size int64) leaf {
	pointer := fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", oid, size)
	return leaf{oid: blobID(pointer), blob: pointer, lfs: oid, size: size}
}

func blobID(content []byte) string {
	return sha1Hex(fmt.Sprintf("blob %d\x00%s", len(content), content))
}

func sha1Hex(s string) string {
	sum := sha1.Sum([]byte(s)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// shortID is an id as the Hub gives to repositories and accounts.
func shortID(of string) string { return sha1Hex(of)[:24] }

// A Dataset is what [Server.Add] makes.
type Dataset struct {
	Private  bool
	Gated    string            // "auto" or "manual" where terms must be accepted; empty where not
	Disabled bool              // nobody may read it
	Files    map[string]string // its first commit's, beside the .gitattributes that the Hub adds
}

// Add makes a dataset, named as owner/name, without a request, and returns its first commit. It replaces one of that name.
func (s *Server) Add(name string, d Dataset) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.create(name, d.Private)
	r.gated, r.disabled = d.Gated, d.Disabled
	if len(d.Files) > 0 {
		s.put(r, "main", "Add files", d.Files)
	}
	return r.branches["main"]
}

// Commit puts files on top of a branch without a request, as another publisher would, and returns the commit. Files whose
// names .gitattributes tracks go to LFS.
func (s *Server) Commit(name, branch, title string, files map[string]string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[strings.ToLower(name)]
	if r == nil || r.branches[branch] == "" {
		return "", fmt.Errorf("%s@%s: %w", name, branch, errNoDataset)
	}
	return s.put(r, branch, title, files).id, nil
}

// File returns the content of a file at a revision.
func (s *Server) File(name, revision, path string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.at(name, revision)
	if err != nil {
		return nil, err
	}
	file, ok := c.tree[path]
	if !ok {
		return nil, fmt.Errorf("%s@%s/%s: %w", name, revision, path, hub.ErrNoEntry)
	}
	return s.content(s.repos[strings.ToLower(name)], file), nil
}

// Files returns the paths of all files at a revision, sorted.
func (s *Server) Files(name, revision string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.at(name, revision)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(c.tree)), nil
}

// Log returns the titles of the commits that lead to a revision, newest first.
func (s *Server) Log(name, revision string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.at(name, revision)
	if err != nil {
		return nil, err
	}
	var titles []string
	for r := s.repos[strings.ToLower(name)]; c != nil; c = r.commits[c.parent] {
		titles = append(titles, c.title)
	}
	return titles, nil
}

// Head returns the commit that a revision names now.
func (s *Server) Head(name, revision string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.at(name, revision)
	if err != nil {
		return "", err
	}
	return c.id, nil
}

// Rename gives a dataset another name. Requests for the old one are redirected.
func (s *Server) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[strings.ToLower(from)]
	if r == nil {
		return fmt.Errorf("%s: %w", from, errNoDataset)
	}
	delete(s.repos, strings.ToLower(from))
	r.id = to
	s.repos[strings.ToLower(to)], s.renamed[strings.ToLower(from)] = r, to
	return nil
}

// FreezeIndex makes searches miss every dataset made from now on, until [Server.ThawIndex].
func (s *Server) FreezeIndex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
}

// ThawIndex makes searches find everything again.
func (s *Server) ThawIndex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = false
	for _, r := range s.repos {
		r.indexed = true
	}
}

func (s *Server) at(name, revision string) (*snapshot, error) {
	r := s.repos[strings.ToLower(name)]
	if r == nil {
		return nil, fmt.Errorf("%s: %w", name, errNoDataset)
	}
	c := r.find(revision)
	if c == nil {
		return nil, fmt.Errorf("%s@%s: %w", name, revision, errNoDataset)
	}
	return c, nil
}

// create makes a dataset with the first commit that the Hub makes. The caller holds the lock.
func (s *Server) create(name string, private bool) *repository {
	r := &repository{
		id: name, key: shortID(name), private: private, indexed: !s.frozen, created: s.now(), branches: map[string]string{}, tags: map[string]string{},
		commits: map[string]*snapshot{},
	}
	first := snapshot{title: "initial commit", author: r.owner(), date: r.created, tree: map[string]leaf{
		attributesFile: regular([]byte(firstAttributes)),
	}}
	r.add("main", first, s.clock)
	s.repos[strings.ToLower(name)] = r
	delete(s.renamed, strings.ToLower(name))
	return r
}

func (s *Server) put(r *repository, branch, title string, files map[string]string) *snapshot {
	head := r.commits[r.branches[branch]]
	tree := maps.Clone(head.tree)
	for path, content := range files {
		tree[path] = regular([]byte(content))
		if tracked(head.tree[attributesFile].blob, path) && content != "" {
			oid := sha256Hex([]byte(content))
			s.objects[objectPath(r, oid)] = []byte(content)
			tree[path] = linked(oid, int64(len(content)))
		}
	}
	return r.add(branch, snapshot{parent: head.id, title: title, author: r.owner(), date: s.now(), tree: tree}, s.clock)
}

// content returns a file's bytes, wherever they lie.
func (s *Server) content(r *repository, file leaf) []byte {
	if file.lfs != "" {
		return s.objects[objectPath(r, file.lfs)]
	}
	return file.blob
}
