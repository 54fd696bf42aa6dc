package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// maxCreations is how often one creation is asked for, in all.
const maxCreations = 5

// Create implements hub.Hub. The dataset is private, and is not handed out before the Hub has said so.
//
//	POST /api/repos/create
func (h *Hub) Create(ctx context.Context, r hub.Repo) (hub.Store, error) {
	fail := func(err error) (hub.Store, error) {
		if e := (*hub.Error)(nil); errors.As(err, &e) {
			return nil, err
		}
		return nil, &hub.Error{Op: "create", Target: r.String(), Err: err}
	}
	if err := r.Check(); err != nil {
		return fail(err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	certain, err := h.create(ctx, r)
	if err == nil {
		err = h.ensurePrivate(ctx, r, certain)
	}
	if err != nil {
		return fail(err)
	}
	h.mu.Lock()
	delete(h.absent, r)
	h.mu.Unlock()
	return &store{hub: h, repo: r}, nil
}

// create asks for the dataset until it is there, and tells whether it is certain that it was made here.
func (h *Hub) create(ctx context.Context, r hub.Repo) (certain bool, err error) {
	older, lost := false, false
	for sent := 1; ; sent++ {
		err := h.sendCreation(ctx, r, older)
		e := (*hub.Error)(nil)
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) {
			return err == nil, err
		}
		switch e.Status {
		case http.StatusBadRequest:
			if older || !strings.Contains(strings.ToLower(e.Err.Error()), "visibility") {
				return false, err
			}
			older = true // this server calls it otherwise
			continue
		case http.StatusConflict:
			if !isBusy(e) {
				if lost { // by this creation, most likely, whose answer did not come
					return false, nil
				}
				e.Err = hub.ErrExists
				return false, err
			}
		case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
			return false, h.notPermitted(ctx, r, e)
		default:
			if landingOf(err) != unanswered {
				return false, err
			}
			if exists, _ := h.info(ctx, r); exists != nil {
				return false, nil
			}
			lost = true
		}
		if sent == maxCreations {
			return false, err
		}
		if err := h.rest(ctx, sent); err != nil {
			return false, err
		}
	}
}

func (h *Hub) sendCreation(ctx context.Context, r hub.Repo, older bool) error {
	asked := map[string]any{"type": "dataset", "name": r.Name, "organization": r.Owner, "visibility": "private"}
	if older {
		delete(asked, "visibility")
		asked["private"] = true
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	_, err = h.call(ctx, request{
		op: "create", target: r.String(), repo: r, method: http.MethodPost, path: "/api/repos/create", body: body,
	}, nil)
	return err
}

// notPermitted tells a dataset that is there from one that the caller may not create.
func (h *Hub) notPermitted(ctx context.Context, r hub.Repo, e *hub.Error) error {
	if errors.Is(e, hub.ErrUnauthorized) {
		return e
	}
	if exists, _ := h.info(ctx, r); exists != nil {
		e.Err = hub.ErrExists
		return e
	}
	if !errors.Is(e, hub.ErrForbidden) {
		e.Err = hub.ErrForbidden
	}
	if e.Status != http.StatusPaymentRequired {
		e.Advice = fmt.Sprintf("create the dataset on the Hub, private, or give a token that may create datasets of %s: one of role write, or fine-grained with write access to all of %s",
			r.Owner, r.Owner)
	}
	return e
}

// A datasetInfo is what the Hub says of a dataset.
type datasetInfo struct {
	Private bool `json:"private"`
}

// info returns what the Hub says of a dataset that is there.
func (h *Hub) info(ctx context.Context, r hub.Repo) (*datasetInfo, error) {
	var i datasetInfo
	_, err := h.call(ctx, request{op: "create", target: r.String(), repo: r, path: datasetAPI(r)}, &i)
	if err != nil {
		return nil, err
	}
	return &i, nil
}

// ensurePrivate makes a new dataset private where the server has paid no heed to that: what is to be published there may not be
// for everyone. A public one that was not certainly made here is somebody else's.
func (h *Hub) ensurePrivate(ctx context.Context, r hub.Repo, certain bool) error {
	i, err := h.info(ctx, r)
	switch {
	case err != nil:
		return err
	case i.Private:
		return nil
	case !certain:
		return hub.ErrExists
	}
	body, err := json.Marshal(map[string]any{"private": true})
	if err != nil {
		return err
	}
	_, err = h.call(ctx, request{
		op: "create", target: r.String(), repo: r, method: http.MethodPut, path: datasetAPI(r, "settings"), body: body, repeatable: true,
	}, nil)
	if err == nil {
		i, err = h.info(ctx, r)
	}
	if err == nil && i.Private {
		return nil
	}
	return &hub.Error{
		Op: "create", Target: r.String(), Err: fmt.Errorf("%w: it was created, and the Hub does not make it private", hub.ErrForbidden),
		Advice: "make it private in its settings, or delete it",
	}
}
