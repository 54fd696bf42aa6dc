package remote_test

import (
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

const token = "hf_AdaWritesEverything"

// dial returns a client of s that writes as ada, in the namespace acme too.
func dial(t testing.TB, s *hubtest.Server) *remote.Hub {
	t.Helper()
	s.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	h, err := remote.Open(remote.Options{URL: s.URL(), UserAgent: "hubgate-test", Token: fixed(token)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]hubtest.Options{
		"usual":         {},
		"small pages":   {PageSize: 2},
		"resolve cache": {ResolveCache: true},
		"multipart":     {MultipartOver: 1 << 20, PartSize: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hubtest.Run(t, func(t *testing.T) hub.Hub { return dial(t, hubtest.NewServerWith(t, o)) })
		})
	}
}
