package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"

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
	var err error
	if o.Token, err = remote.Tokens(e.Getenv, string(cfg.HFToken), identity(e, cfg, o.Transport)); err != nil {
		return nil, fmt.Errorf("input hf-token: %w", err)
	}
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
		PlainHTTP: cfg.PlainHTTP, Transport: transport, Mask: action.New(e.Getenv, e.Stdout, e.HTTP, "").Mask,
	}
	if id.Proof == "" && (id.RequestURL == "" || id.RequestToken == "") {
		return nil
	}
	return id
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

// serviceFailed reports whether it is the Hub that failed, and nothing that people could give in another way.
func serviceFailed(err error) bool {
	return errors.Is(err, hub.ErrUnavailable) || errors.Is(err, hub.ErrRateLimited)
}
