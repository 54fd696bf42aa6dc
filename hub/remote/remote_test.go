package remote_test

import (
	"context"

	"github.com/hubgate/hubgate/hub"
)

// fixed is a Token that is the same for all.
func fixed(token string) func(context.Context, hub.Repo) (string, error) {
	return func(context.Context, hub.Repo) (string, error) { return token, nil }
}
