package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"

	"github.com/google/go-github/v62/github"
)

// maxFile bounds a file that is read through GitHub: policies are short.
const maxFile = 1 << 20

// ErrNotFile says that what a revision has under a name is a folder, a submodule, or larger than a file that is read.
var ErrNotFile = fmt.Errorf("not a file of at most %d bytes", maxFile)

// File returns a file of the repository as it is at a branch, tag or commit. Its path is relative to the repository's root, with
// slashes. The error is fs.ErrNotExist where the revision can be read and has no such file, and ErrNotFile where it has
// something else; any other says that it cannot be known what is there.
func (g *GitHub) File(ctx context.Context, e Event, revision, name string) ([]byte, error) {
	if revision == "" {
		return nil, fmt.Errorf("%s: the event names no revision to read it at", name)
	}
	if g.token == "" {
		return nil, fmt.Errorf("%s at %s: not read without a token; set input github-token", name, revision)
	}
	if !fs.ValidPath(name) || name == "." {
		return nil, fmt.Errorf("%s at %s: not a path within the repository", name, revision)
	}
	what := errand{
		what: name + " at " + revision, right: "contents: read", lost: "it",
		none: fmt.Sprintf("no revision %s in %s", revision, e.Repository),
	}
	var content []byte
	absent := false
	err := g.run(ctx, e, what, func(ctx context.Context, api *github.Client) error {
		var err error
		content, err = raw(ctx, api, e, revision, name)
		if absent = answered(err, http.StatusNotFound); absent { // the file is not there, or the revision is not, or nothing may be read
			_, _, _, err = api.Repositories.GetContents(ctx, e.Owner(), e.RepositoryName(), "", &github.RepositoryContentGetOptions{Ref: revision})
		}
		return err
	})
	if err == nil && absent {
		err = fmt.Errorf("%s at %s: %w", name, revision, fs.ErrNotExist)
	}
	return content, err
}

// raw reads a file's bytes.
// https://docs.github.com/en/rest/repos/contents#get-repository-content
func raw(ctx context.Context, api *github.Client, e Event, revision, name string) ([]byte, error) {
	u := url.URL{
		Path:     path.Join("repos", e.Repository, "contents", name),
		RawQuery: url.Values{"ref": {revision}}.Encode(),
	}
	req, err := api.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	resp, err := api.BareDo(ctx, req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil && (kind == "application/json" || len(content) > maxFile) { // JSON for a folder, or a submodule
		err = ErrNotFile
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Changes reports whether the pull request itself changes a file: whether the file differs between head and merge base.
// One of them lacking it is a difference. Changes of the base branch since then are not the pull request's.
func (g *GitHub) Changes(ctx context.Context, e Event, name string) (bool, error) {
	same, err := g.same(ctx, e, e.MergeBase, e.SHA, name)
	return err == nil && !same, err
}

// Evaluated returns a file of the repository as it is in what a run of a workflow checked out: the commit of a push or a queue, and
// of a pull request its merge with the base branch. Errors are those of File; nor can it be known what was there where pull request and
// base branch have both changed it. What the base branch took back meanwhile is not seen.
func (g *GitHub) Evaluated(ctx context.Context, e Event, name string) ([]byte, error) {
	if !e.Proposed() || e.InQueue() {
		return g.File(ctx, e, e.SHA, name)
	}
	merged, err := g.same(ctx, e, e.MergeBase, e.Base, name)
	if err == nil && !merged {
		merged, err = g.same(ctx, e, e.SHA, e.Base, name)
	}
	switch {
	case err != nil:
		return nil, err
	case !merged:
		return nil, fmt.Errorf("%s: the branch %s has changed it since %s was made from it", name, e.Base, short(e.SHA))
	}
	return g.File(ctx, e, e.SHA, name)
}

// same reports whether a file is the same at two revisions, as one is that neither has.
func (g *GitHub) same(ctx context.Context, e Event, one, other, name string) (bool, error) {
	before, err := g.File(ctx, e, one, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	absent := err != nil
	after, err := g.File(ctx, e, other, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return absent == (err != nil) && bytes.Equal(before, after), nil
}
