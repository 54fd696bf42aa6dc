package local

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hubgate/hubgate/hub"
)

const (
	refsDir      = "refs"
	blobsDir     = "blobs"
	snapshotsDir = "snapshots"
	commitsDir   = "commits"
	tmpDir       = "tmp"
	lockFile     = "lock"

	// maxRecord bounds the file of one commit: the Hub's own limit of 100,000 files a dataset at some 300 bytes
	// each leaves it unreached.
	maxRecord = 64 << 20
	// maxRef bounds the file of one branch, which holds 40 bytes.
	maxRef = 4 << 10
)

// folderName is huggingface_hub's repo_folder_name. The parts of a checked Repo hold no "--" and neither begin nor
// end with "-", so that no two of them share a folder.
func folderName(r hub.Repo) string { return "datasets--" + r.Owner + "--" + r.Name }

// parseFolder undoes folderName; ok is false for every name that folderName does not make.
func parseFolder(name string) (r hub.Repo, ok bool) {
	rest, ok := strings.CutPrefix(name, "datasets--")
	if !ok {
		return hub.Repo{}, false
	}
	r.Owner, r.Name, _ = strings.Cut(rest, "--")
	return r, r.Check() == nil
}

func refPath(branch string) string { return path.Join(refsDir, branch) }
func blobPath(sha string) string   { return path.Join(blobsDir, sha) }
func recordPath(id string) string  { return path.Join(commitsDir, id+".json") }
func snapshotPath(id string) string {
	return path.Join(snapshotsDir, id)
}

// recordSchema is what a commit's file calls itself.
const recordSchema = "hubgate.commit/1"

// A record is the content of a commit's file.
type record struct {
	Schema  string    `json:"schema"`
	Parent  string    `json:"parent"`
	Time    time.Time `json:"time"`
	Message string    `json:"message"`
	Tree    []node    `json:"tree"` // in order of Path
}

// A node is a hub.Entry as JSON.
type node struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// encode returns the bytes of r's file, the same for equal records, and the commit's id.
func (r record) encode() (id string, data []byte, err error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return "", nil, err
	}
	data = []byte(b.String())
	return commitID(data), data, nil
}

// commitID is as long as git's, which the layout asks for, and of a hash that nobody can collide.
func commitID(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:20])
}

// decodeRecord reads a commit's file and checks it as far as later code relies on it: no path leads out of the
// dataset, and no digest is anything but a digest.
func decodeRecord(data []byte) (record, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}, err
	}
	if r.Schema != recordSchema {
		return record{}, fmt.Errorf("schema is %q, not %q", r.Schema, recordSchema)
	}
	if r.Parent != "" && !hub.IsCommitID(r.Parent) {
		return record{}, fmt.Errorf("parent %q is not a commit", r.Parent)
	}
	if !utf8.ValidString(r.Message) {
		return record{}, errors.New("message is not UTF-8")
	}
	r.Time = r.Time.UTC()
	for i, n := range r.Tree {
		if err := hub.CheckPath(n.Path); err != nil {
			return record{}, err
		}
		if i > 0 && n.Path <= r.Tree[i-1].Path {
			return record{}, fmt.Errorf("path %q is out of order", n.Path)
		}
		if n.Size < 0 {
			return record{}, fmt.Errorf("path %q has %d bytes", n.Path, n.Size)
		}
		if !isSHA256(n.SHA256) {
			return record{}, fmt.Errorf("path %q has no SHA-256", n.Path)
		}
	}
	return r, nil
}

func isSHA256(s string) bool { return len(s) == 64 && hub.IsCommitID(s[:40]) && hub.IsCommitID(s[24:]) }

func (r record) commit(id string) hub.Commit {
	return hub.Commit{ID: id, Parent: r.Parent, Time: r.Time, Message: r.Message}
}

// A state is a commit with its files.
type state struct {
	hub.Commit
	tree  []hub.Entry // in order of Path
	alien bool        // known by its snapshot alone: huggingface_hub made it
}

// find returns the entry at a path.
func (s state) find(path string) (hub.Entry, bool) {
	i, ok := slices.BinarySearchFunc(s.tree, path, func(e hub.Entry, p string) int { return cmp.Compare(e.Path, p) })
	if !ok {
		return hub.Entry{}, false
	}
	return s.tree[i], true
}
