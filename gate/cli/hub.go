package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"

	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/local"
	"github.com/hubgate/hubgate/hub/remote"
)

// openHub opens the Hub that the settings name, which is not asked anything yet.
func openHub(e Env, cfg config.Config) (hub.Hub, error) {
	if cfg.HubIsDir {
		if info, err := os.Stat(cfg.Hub); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("input hub: %q is a file; name a directory, or leave it out", cfg.Hub)
		}
		return local.Open(cfg.Hub), nil
	}
	o := remote.Options{
		URL: cfg.Hub, UserAgent: "hubgate/" + tool().Version, PlainHTTP: cfg.PlainHTTP,
		Log: func(format string, args ...any) { e.log(format, args...) },
	}
	if e.HTTP != nil {
		o.Transport = e.HTTP.Transport
	}
	token, err := remote.Tokens(e.Getenv, string(cfg.HFToken), identity(e, cfg, o.Transport))
	if err != nil {
		return nil, fmt.Errorf("input hf-token: %w", err)
	}
	o.Token = orStranger(e, token)
	h, err := remote.Open(o)
	if err != nil {
		return nil, fmt.Errorf("input hub: %w", err)
	}
	return h, nil
}

// identity is what the job can prove about itself; nil where it can prove nothing.
func identity(e Env, cfg config.Config, transport http.RoundTripper) *remote.Identity {
	id := &remote.Identity{
		Endpoint:   cfg.Hub,
		RequestURL: e.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), RequestToken: e.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
		Proof:     e.Getenv("HF_OIDC_ID_TOKEN"),
		Transport: transport, Mask: action.New(e.Getenv, e.Stdout, e.HTTP, "").Mask,
	}
	if id.Proof == "" && (id.RequestURL == "" || id.RequestToken == "") {
		return nil
	}
	return id
}

// orStranger asks as a stranger where the Hub does not take the job's word: a public baseline needs no token, and a job may have the
// permission for other reasons. It says so once.
func orStranger(e Env, token func(context.Context, hub.Repo) (string, error)) func(context.Context, hub.Repo) (string, error) {
	var once sync.Once
	return func(ctx context.Context, r hub.Repo) (string, error) {
		t, err := token(ctx, r)
		if errors.Is(err, hub.ErrForbidden) {
			once.Do(func() { e.log("notice: %s", describeError(err)) })
			return "", nil
		}
		return t, err
	}
}

// unreadable reports whether an error means that a dataset may be there, and could not be read.
func unreadable(err error) bool {
	for _, cause := range []error{
		hub.ErrHidden, hub.ErrUnauthorized, hub.ErrForbidden, hub.ErrGated, hub.ErrRateLimited, hub.ErrUnavailable, hub.ErrNotHub,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}
