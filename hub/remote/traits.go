package remote

import (
	"context"
	"net/http"

	"github.com/hubgate/hubgate/hub"
)

// Traits are what the layers need to know of a request besides the request. They travel in its context.
type traits struct {
	repo       hub.Repo // whose token to use; the zero Repo for none in particular
	anonymous  bool     // use no token
	reads      bool     // it changes nothing, though it is neither GET nor HEAD
	repeatable bool     // may be sent again after an unknown outcome, though it is neither GET nor HEAD
	given      bool     // its Authorization was given by the Hub together with the URL, for whatever host
	// limit returns how many bytes of an answer's body may be read, and -1 to leave it unread; nil for none.
	limit func(*http.Response) int64
}

type traitsKey struct{}

func withTraits(ctx context.Context, t traits) context.Context {
	return context.WithValue(ctx, traitsKey{}, t)
}

func traitsOf(req *http.Request) traits {
	t, _ := req.Context().Value(traitsKey{}).(traits)
	return t
}
