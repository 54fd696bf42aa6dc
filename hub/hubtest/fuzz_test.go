package hubtest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// Whatever is sent as a commit, the server answers, moves the branch only when it says so, and holds only paths that can be.
func FuzzCommit(f *testing.F) {
	for _, s := range []string{
		`{"key":"header","value":{"summary":"x"}}`,
		"{\"key\":\"header\",\"value\":{\"summary\":\"x\",\"parentCommit\":\"0000000\"}}\n{\"key\":\"file\",\"value\":{\"path\":\"a\",\"encoding\":\"base64\",\"content\":\"eA==\"}}",
		"{\"key\":\"header\",\"value\":{\"summary\":\"x\"}}\n{\"key\":\"deletedFolder\",\"value\":{\"path\":\"a\"}}",
		"{\"key\":\"header\",\"value\":{\"summary\":\"x\"}}\n{\"key\":\"file\",\"value\":{\"path\":\"README.md\",\"content\":\"---\\na: b\\n---\"}}",
		"{\"key\":\"header\",\"value\":{\"summary\":\"x\"}}\n{\"key\":\"lfsFile\",\"value\":{\"path\":\"../x\",\"algo\":\"sha256\",\"oid\":\"\",\"size\":-1}}",
		"null", "{}", "\n", "[1]",
	} {
		f.Add([]byte(s))
	}
	s := hubtest.NewServer(f)
	s.Grant(ada, hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	f.Fuzz(func(t *testing.T, body []byte) {
		before := s.Add(results, hubtest.Dataset{Files: map[string]string{"a/b": "1"}})
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/datasets/"+results+"/commit/main", bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+ada)
		req.Header.Set("Content-Type", "application/x-ndjson")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		after, err := s.Head(results, "main")
		if err != nil {
			t.Fatal(err)
		}
		if (w.Code == http.StatusOK) != (after != before) {
			t.Errorf("%q: answered %d, head from %s to %s", body, w.Code, before, after)
		}
		files, err := s.Files(results, "main")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if err := hub.CheckPath(path); err != nil {
				t.Errorf("%q: %v", body, err)
			}
		}
		s.ResetRequests()
	})
}
