package remote

import (
	"context"
	"net/url"

	"github.com/hubgate/hubgate/hub"
)

var (
	_ hub.Hub   = (*Hub)(nil)
	_ hub.Store = (*store)(nil)
)

// Open returns the dataset r after one request for what the Hub knows of it.
// GET /api/datasets/{repo}
func (h *Hub) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	if err := r.Check(); err != nil {
		return nil, &hub.Error{Op: "open", Target: r.String(), Err: err}
	}
	now := h.current(r)
	var info struct {
		ID string `json:"id"`
	}
	req := request{op: "open", target: r.String(), repo: now, path: datasetAPI(now), query: url.Values{"expand": {"sha"}}}
	if _, err := h.call(ctx, req, &info); err != nil {
		return nil, err
	}
	now = h.current(now)
	if name, err := hub.ParseRepo(info.ID); err == nil && name != now {
		h.rename(now, name)
		now = name
	}
	h.rename(r, now)
	return &store{hub: h, repo: now}, nil
}
