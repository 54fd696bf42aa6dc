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

// faults are what any request may meet, by name.
var faults = map[string]hubtest.Trouble{
	"no dataset":     hubtest.Status(http.StatusNotFound, "Repository not found"),
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
	stale:            hubtest.Behind(),
}

// stale is the one fault that cannot be seen where every answer has it: a Hub that tells of an older state all the time is believed.
const stale = "behind"

// A check is what meets a fault.
type check struct {
	foreign bool // another tool wrote the baseline
	pushed  bool // and the run itself, on top of it
	reads   bool // and the run is not published
	lasting bool // the fault: every request from the first that meets it on has it
}

// Whichever request of a check meets whatever fault, by itself or with all that follow, a worse run does not pass, and the token is
// not shown.
func TestFaultAtEachRequest(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]check{
		"once": {}, "once, another tool's baseline": {foreign: true, reads: true},
		"once, a pipeline that pushes": {foreign: true, pushed: true, reads: true},
		"lasting":                      {reads: true, lasting: true}, "lasting, another tool's baseline": {foreign: true, reads: true, lasting: true},
	} {
		requests := len(c.faulty(t, -1, nil))
		if requests < 5 || requests < 20 && !c.reads {
			t.Fatalf("%s: %d requests", what, requests)
		}
		for _, name := range slices.Sorted(maps.Keys(faults)) {
			if c.lasting && name == stale {
				continue
			}
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				for i := range requests {
					c.faulty(t, i, faults[name])
				}
			})
		}
	}
}

// faulty checks a worse run against a Hub of which a request, of that index, meets a fault. It returns the requests.
func (c check) faulty(t *testing.T, index int, fault hubtest.Trouble) []hubtest.Request {
	t.Helper()
	s := hubtest.NewServer(t)
	defer s.Close()
	s.Grant("hf_owner", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	dir := t.TempDir()
	run := func(t *testing.T, day, marks, publish string) (int, string) {
		var out bytes.Buffer
		results := filepath.Join(dir, "run.jsonl")
		write(t, results, marked(marks))
		if c.pushed {
			results = "hf://datasets/acme/m-results"
		}
		env := map[string]string{"HF_TOKEN": "hf_owner", "HF_ENDPOINT": s.URL(), "SOURCE_DATE_EPOCH": day}
		code := cli.Main(t.Context(), cli.Env{
			Args:   []string{"check", "--results", results, "--model", "m", "--namespace", "acme", "--publish", publish, "--report-dir", filepath.Join(dir, "report")},
			Getenv: func(key string) string { return env[key] }, Environ: func() []string { return nil },
			Stdout: &out, Stderr: &out, Now: time.Now, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		})
		return code, out.String()
	}
	upload := func(test string) {
		if _, err := s.Commit("acme/m-results", "main", "Upload dataset", map[string]string{
			"data/test.jsonl": string(marked(test)), "data/train.jsonl": string(marked("1112")), // which is not to be taken instead
		}); err != nil {
			t.Fatal(err)
		}
	}
	if c.foreign {
		s.Add("acme/m-results", hubtest.Dataset{Private: true})
		upload("3332")
	}
	if c.pushed {
		upload("2221")
	}
	synctest.Test(t, func(t *testing.T) { // so that nothing waits
		if !c.foreign {
			if code, out := run(t, "1767225600", "3332", "always"); code != 0 {
				t.Fatalf("the baseline: exit code %d\n%s", code, out)
			}
		}
		s.ResetRequests()
		publish, times := "always", 1
		if c.reads {
			publish = "never"
		}
		if c.lasting {
			times = -1
		}
		if fault != nil {
			s.Fail(hubtest.Fault{Path: "*", After: index, Times: times, Trouble: fault})
		}
		code, out := run(t, "1767312000", "2221", publish)
		if code == 0 || strings.Contains(out, "hf_owner") || strings.Contains(out, "Signature") {
			t.Errorf("request %d of %v: exit code %d\n%s", index, s.Requests(), code, out)
		}
	})
	return s.Requests()
}

// marked returns scores of 32 samples, whose marks come again and again.
func marked(marks string) []byte {
	var b bytes.Buffer
	for i := range 32 {
		fmt.Fprintf(&b, `{"id": "q%d", "accuracy": %c}`+"\n", i, marks[i%len(marks)])
	}
	return b.Bytes()
}
