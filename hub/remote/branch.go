package remote

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// maxBranchings is how often one branch is asked for, in all.
const maxBranchings = 4

// Branch implements hub.Store. A branch that is found after its answer was lost is taken for the one that was asked for.
//
//	POST /api/datasets/{repo}/branch/{name}
func (s *store) Branch(ctx context.Context, name string, from hub.Commit) error {
	err := ctx.Err()
	if err == nil {
		err = hub.CheckBranch(name)
	}
	if err == nil && !hub.IsCommitID(from.ID) {
		err = hub.ErrNoRevision
	}
	if err == nil {
		err = s.branch(ctx, name, from)
	}
	if err != nil {
		return s.explain("branch", name, err)
	}
	return nil
}

func (s *store) branch(ctx context.Context, name string, from hub.Commit) error {
	body, err := json.Marshal(map[string]string{"startingPoint": from.ID})
	if err != nil {
		return err
	}
	for sent := 1; ; sent++ {
		_, err := s.hub.call(ctx, request{
			op: "branch", target: s.target(name, ""), repo: s.repo, method: http.MethodPost,
			path: datasetAPI(s.hub.current(s.repo), "branch", name), body: body,
		}, nil)
		e := (*hub.Error)(nil)
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) {
			return err
		}
		exists := e.Status == http.StatusConflict && !isBusy(e)
		if exists && sent == 1 {
			e.Err = hub.ErrExists
			return err
		}
		if !exists && !isBusy(e) && landingOf(err) != unanswered || sent == maxBranchings {
			return err
		}
		if at, err := s.Resolve(ctx, name); err == nil { // an earlier one of these may have made it
			if at.ID == from.ID {
				return nil
			}
			e.Err = hub.ErrExists
			return e
		}
		if err := s.hub.rest(ctx, sent); err != nil {
			return err
		}
	}
}

// isBusy tells whether the Hub refuses something only because it is doing something else.
func isBusy(e *hub.Error) bool {
	return e.Status == http.StatusConflict && strings.Contains(strings.ToLower(e.Err.Error()), "in progress")
}
