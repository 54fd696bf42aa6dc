package hub

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"time"
)

// A Commit is one immutable state of a dataset.
type Commit struct {
	ID      string    // 40 lower-case hexadecimal digits
	Parent  string    // the commit it was made on; empty for the first, and where the store does not know
	Time    time.Time // UTC; zero where the store does not know
	Message string    // its first line is the title
}

// Title returns the first line of the message.
func (c Commit) Title() string {
	title, _, _ := strings.Cut(c.Message, "\n")
	return title
}

// An Entry is one file at a commit.
type Entry struct {
	Path   string // as [CheckPath] allows
	Size   int64  // in bytes
	SHA256 string // of the content, 64 lower-case hexadecimal digits; empty where the store does not say
}

// A Blob is the content of one file. Its methods, except Close, may be called by several goroutines at once.
// Its bytes do not change, whatever is committed after it was opened.
type Blob interface {
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes
}

// A Reader gives read access to one dataset. It is safe for concurrent use.
type Reader interface {
	// Repo returns the name of the dataset.
	Repo() Repo

	// Resolve returns the commit that revision names now: a branch, a tag, a commit id, or the beginning of
	// one, of 7 digits or more, that fits no other commit. It returns ErrNoRevision when there is none, and
	// ErrCorrupt when the revision is there and its commit is not.
	Resolve(ctx context.Context, revision string) (Commit, error)

	// List yields the files under the folder dir, and under its folders, in byte order of their whole paths.
	// An empty dir is the dataset's root; a dir that is not there holds no files and yields nothing.
	// A commit that is not there yields ErrNoRevision. The sequence ends with the first error.
	List(ctx context.Context, at Commit, dir string) iter.Seq2[Entry, error]

	// Open gives random access to one file. It returns ErrNoEntry when the commit lacks it, ErrNoRevision when
	// the commit is not there, and ErrCorrupt when the stored bytes are not there or have another size.
	// A Blob that fetches as it is read goes on using ctx. The caller closes the Blob.
	Open(ctx context.Context, at Commit, path string) (Blob, error)
}

// A Change is what one commit does to a branch.
type Change struct {
	Branch  string    // must exist, except that a first commit makes "main"
	Parent  string    // id of the commit that the change was made for; empty for a first commit only
	Message string    // not empty; its first line is the title
	Time    time.Time // zero for the store's own clock; a store that keeps its own time may pass over it
	Put     []File    // added or replaced; no path occurs twice in Put and Delete together
	Delete  []string  // removed; each must be there, else ErrNoEntry
}

// A File is content to be committed. Content is read more than once, perhaps: to hash it, to send it, to retry.
type File struct {
	Path    string // as [CheckPath] allows
	Content io.ReaderAt
	Size    int64 // in bytes; Content must have as many
}

// Bytes returns a File that holds b. The caller does not modify b afterwards.
func Bytes(path string, b []byte) File {
	return File{Path: path, Content: bytes.NewReader(b), Size: int64(len(b))}
}

// A Store is a dataset that can also be written to. It is safe for concurrent use, by other processes too.
type Store interface {
	Reader

	// Commit applies c as one atomic commit on top of c.Parent and returns it. It returns ErrConflict when the
	// branch does not point at c.Parent, and ErrNoRevision when there is no such branch. A change that leaves
	// every file as it was makes no commit and returns the parent. A malformed change (a path that CheckPath
	// refuses, a path named twice, a file where a folder is) is refused, and nothing is written.
	//
	// After ErrConflict, ErrNoRevision and ErrNoEntry nothing was committed. After any other error the commit
	// may have landed, as it may when the process dies: it is there whole or not at all, and Log shows which.
	Commit(ctx context.Context, c Change) (Commit, error)

	// Branch makes a branch that points at from. It returns ErrExists when the name is taken, and
	// ErrNoRevision when there is no such commit.
	Branch(ctx context.Context, name string, from Commit) error

	// Log yields the commit that revision names, then its parent, and so on to the first one known.
	// It yields what Resolve returns when there is no such revision. The sequence ends with the first error.
	Log(ctx context.Context, revision string) iter.Seq2[Commit, error]
}

// A Visible is a store that may know who can read it. Of a store that is none, nothing is known.
type Visible interface {
	// Public reports whether everybody may read the dataset, without an account and without being let in. It is false where that
	// is not known.
	Public() bool
}

// A Hub holds datasets by name. It is safe for concurrent use.
type Hub interface {
	// Open returns a dataset. It returns ErrNotFound when there is certainly none, and ErrHidden when there is none or the
	// caller may not see it: a Hub hides private datasets from strangers.
	Open(ctx context.Context, r Repo) (Store, error)

	// Create makes a private dataset and returns it, or ErrExists when there is one. A new dataset may have a
	// first commit of the Hub's own already; where it has none, Resolve of "main" returns ErrNoRevision.
	Create(ctx context.Context, r Repo) (Store, error)

	// Datasets yields the datasets of owner that the caller may see, in order of their names.
	// An owner that is not there has none. The sequence ends with the first error.
	Datasets(ctx context.Context, owner string) iter.Seq2[Repo, error]
}
