package remote_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// inBubble runs a test against a server with a clock of its own, which moves on when everything waits for it: that takes
// connections that do not outlive their request. It fails when a goroutine outlives the test.
func inBubble(t *testing.T, o hubtest.Options, f func(t *testing.T, s *hubtest.Server, h *remote.Hub)) {
	t.Helper()
	s := hubtest.NewServerWith(t, o)
	s.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	synctest.Test(t, func(t *testing.T) {
		h, err := remote.Open(remote.Options{
			URL: s.URL(), Token: fixed(token), UserAgent: "hubgate-test", Log: t.Logf, Transport: &http.Transport{DisableKeepAlives: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		f(t, s, h)
	})
}

const tiny = "acme/tiny-llm-results"

var tinyRepo = hub.Repo{Owner: "acme", Name: "tiny-llm-results"}
