package remote

import (
	"cmp"
	"context"
	"iter"
	"net/url"
	"slices"

	"github.com/hubgate/hubgate/hub"
)

// A datasetID is what is wanted of one line of the Hub's list of datasets.
type datasetID struct {
	ID string `json:"id"`
}

// Datasets implements hub.Hub. The Hub answers from an index, in which a new dataset appears seconds or minutes late, and
// private ones only to a token that may read them.
// The request is GET /api/datasets?author={owner}.
func (h *Hub) Datasets(ctx context.Context, owner string) iter.Seq2[hub.Repo, error] {
	return func(yield func(hub.Repo, error) bool) {
		r := request{
			op: "list", target: owner, path: "/api/datasets",
			query: url.Values{"author": {owner}, "limit": {"100"}, "full": {"false"}},
		}
		if err := ctx.Err(); err != nil {
			yield(hub.Repo{}, h.wrap(ctx, r, err))
			return
		}
		if (hub.Repo{Owner: owner, Name: "x"}).Check() != nil {
			return // nobody is called that
		}
		var repos []hub.Repo
		for page, err := range pages[datasetID](ctx, h, r) {
			if err != nil {
				yield(hub.Repo{}, err)
				return
			}
			for _, d := range page {
				if repo, err := hub.ParseRepo(d.ID); err == nil && repo.Owner == owner {
					repos = append(repos, repo)
				}
			}
		}
		slices.SortFunc(repos, func(a, b hub.Repo) int { return cmp.Compare(a.Name, b.Name) })
		for _, repo := range slices.Compact(repos) { // pages overlap where the index moves meanwhile
			if !yield(repo, nil) {
				return
			}
		}
	}
}
