package cli_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hubgate/hubgate/gate/cli"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// faults are what any request may meet, by name. That a writer is told of no dataset on opening it is none: it is the Hub's word.
var faults = map[string]hubtest.Trouble{
	"no entry":       hubtest.Status(http.StatusNotFound, "Entry not found"),
	"no revision":    hubtest.Status(http.StatusNotFound, "Revision not found"),
	"no code":        hubtest.Status(http.StatusNotFound, "Not Found"),
	"not let in":     hubtest.Status(http.StatusUnauthorized, "Invalid username or password."),
	"bad token":      hubtest.Status(http.StatusUnauthorized, "Invalid credentials in Authorization header"),
	"forbidden":      hubtest.Status(http.StatusForbidden, "Forbidden"),
	"gone":           hubtest.Status(http.StatusGone, "Gone"),
	"limited":        hubtest.RateLimited(3000),
	"gateway":        hubtest.Gateway(http.StatusBadGateway),
	"proxy":          hubtest.Proxy(),
	"empty list":     hubtest.Edit(func(h http.Header, _ []byte) []byte { h.Del("Content-Length"); return []byte("[]") }),
	"another byte":   hubtest.Flip(20),
	"broken off":     hubtest.Truncate(5),
	"behind a proxy": hubtest.Without("Link", "ETag", "X-Repo-Commit", "X-Linked-Etag", "X-Linked-Size"),
}

// Whichever request of a check meets whatever fault, a worse run does not pass, and the token is not shown.
func TestFaultAtEachRequest(t *testing.T) {
	t.Parallel()
	requests := len(faulty(t, -1, nil))
	if requests < 20 {
		t.Fatalf("%d requests", requests)
	}
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range requests {
				faulty(t, i, faults[name])
			}
		})
	}
}

// faulty checks a worse run against a Hub one of whose requests, of that index, meets a fault. It returns the requests.
func faulty(t *testing.T, index int, fault hubtest.Trouble) []hubtest.Request {
	t.Helper()
	s := hubtest.NewServer(t)
	defer s.Close()
	s.Grant("hf_owner", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	dir := t.TempDir()
	check := func(t *testing.T, day, marks string) (int, string) {
		var scores, out bytes.Buffer
		for i := range 32 {
			fmt.Fprintf(&scores, `{"id": "q%d", "accuracy": %c}`+"\n", i, marks[i%len(marks)])
		}
		file := filepath.Join(dir, "run.jsonl")
		write(t, file, scores.Bytes())
		env := map[string]string{"HF_TOKEN": "hf_owner", "HF_ENDPOINT": s.URL(), "SOURCE_DATE_EPOCH": day}
		code := cli.Main(t.Context(), cli.Env{
			Args:   []string{"check", "--results", file, "--model", "m", "--namespace", "acme", "--publish", "always", "--report-dir", filepath.Join(dir, "report")},
			Getenv: func(key string) string { return env[key] }, Environ: func() []string { return nil },
			Stdout: &out, Stderr: &out, Now: time.Now, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		})
		return code, out.String()
	}
	synctest.Test(t, func(t *testing.T) { // so that nothing waits
		if code, out := check(t, "1767225600", "3332"); code != 0 {
			t.Fatalf("the baseline: exit code %d\n%s", code, out)
		}
		s.ResetRequests()
		if fault != nil {
			s.Fail(hubtest.Fault{Path: "*", After: index, Trouble: fault})
		}
		code, out := check(t, "1767312000", "2221")
		if code == 0 || strings.Contains(out, "hf_owner") || strings.Contains(out, "Signature") {
			t.Errorf("request %d, %s: exit code %d\n%s", index, s.Requests()[index].Path, code, out)
		}
	})
	return s.Requests()
}
