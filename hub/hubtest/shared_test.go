package hubtest_test

import (
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/local"
)

// TestRunIn runs the suite on one Hub that holds other datasets of the same owner, beside and before.
func TestRunIn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hub/local runs the same suite on Hubs of its own")
	}
	h := local.Open(t.TempDir())
	if _, err := h.Create(t.Context(), hub.Repo{Owner: "ada", Name: "tiny-llm-results"}); err != nil {
		t.Fatal(err)
	}
	hubtest.RunIn(t, "ada", "check", func(*testing.T) hub.Hub { return h })
}
