package remote

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/hubgate/hubgate/hub"
)

var (
	_ hub.Hub     = (*Hub)(nil)
	_ hub.Store   = (*store)(nil)
	_ hub.Visible = (*store)(nil)
)

// Open returns the dataset r after one request for what the Hub knows of it. A dataset without a commit is one too. That there
// is none, who may write in its namespace is told once two answers say so: else it is hub.ErrHidden, or hub.ErrUnavailable where
// they do not fit.
// The request is GET /api/datasets/{repo}.
func (h *Hub) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	if err := r.Check(); err != nil {
		return nil, &hub.Error{Op: "open", Target: r.String(), Err: err}
	}
	was := h.current(r)
	var info struct {
		ID      string `json:"id"`
		SHA     string `json:"sha"` // the head of main; empty where there is none
		Private *bool  `json:"private"`
		Gated   any    `json:"gated"` // false, or how people are let in
	}
	req := request{op: "open", target: r.String(), repo: was, path: datasetAPI(was), query: url.Values{"expand": {"sha", "private", "gated"}}}
	_, err := h.call(ctx, req, &info)
	if errors.Is(err, errListed) { // it may have been made in between
		_, err = h.call(ctx, req, &info)
	}
	if errors.Is(err, hub.ErrNoRevision) {
		return &store{hub: h, repo: h.current(was)}, nil
	}
	if err != nil {
		return nil, err
	}
	now, err := hub.ParseRepo(info.ID)
	if err != nil {
		return nil, &hub.Error{Op: "open", Target: r.String(), Err: fmt.Errorf("%w: it does not name the dataset", hub.ErrNotHub)}
	}
	h.rename(r, now)
	public := info.Private != nil && !*info.Private && info.Gated == false
	return &store{hub: h, repo: now, public: public, head: info.SHA}, nil
}
