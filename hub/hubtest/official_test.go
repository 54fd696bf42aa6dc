package hubtest_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
)

// TestOfficialClient holds the server to what the Hub's own JavaScript client expects of a Hub. .ci/hub/check installs that.
func TestOfficialClient(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HUBGATE_HUB_CLIENT")
	if dir == "" {
		t.Skip("HUBGATE_HUB_CLIENT does not name the folder where .ci/hub/package.json is installed; .ci/hub/check does it all")
	}
	for name, o := range map[string]hubtest.Options{
		"usual":       {},
		"small pages": {PageSize: 3, PartSize: 5<<20 + 1, ResolveCache: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, o)
			cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "check.mjs"), "check", s.URL(), ada, "acme")
			out, err := cmd.CombinedOutput()
			if err != nil || string(bytes.TrimSpace(out)) != "ok" {
				t.Errorf("%v: %s", err, out)
			}
			puts := 0
			for _, r := range s.Requests() {
				if r.Storage && r.Method == http.MethodPut {
					puts++
				}
			}
			if puts < 4 { // one object whole, one in three parts or more
				t.Errorf("the client sent %d bodies to the storage, want some of them in parts", puts)
			}
		})
	}
}
