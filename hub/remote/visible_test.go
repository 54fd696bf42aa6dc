package remote_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// Only a dataset that the Hub says everybody may read is public.
func TestPublic(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	h := dial(t, s)
	s.Add("acme/private", hubtest.Dataset{Private: true})
	s.Add("acme/public", hubtest.Dataset{})
	s.Add("acme/gated", hubtest.Dataset{Gated: "manual"})
	for name, want := range map[string]bool{"private": false, "public": true, "gated": false} {
		if got := public(t, h, "acme/"+name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for _, missing := range []string{"private", "gated"} {
		s.Fail(hubtest.Fault{Method: "GET", Path: "/api/datasets/acme/public", Times: 1, Trouble: hubtest.Edit(func(_ http.Header, b []byte) []byte {
			return bytes.Replace(b, []byte(`"`+missing+`"`), []byte(`"other"`), 1)
		})})
		if public(t, h, "acme/public") {
			t.Errorf("a Hub that does not say whether a dataset is %s makes it public", missing)
		}
		if n := s.Unmet(); n != 0 {
			t.Fatalf("%d faults were not met", n)
		}
	}
}

func public(t *testing.T, h hub.Hub, name string) bool {
	t.Helper()
	r, err := hub.ParseRepo(name)
	if err != nil {
		t.Fatal(err)
	}
	st, err := h.Open(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := st.(hub.Visible)
	return ok && v.Public()
}
