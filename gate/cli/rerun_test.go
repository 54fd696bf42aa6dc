package cli_test

import (
	"encoding/json"
	"regexp"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// onLaptop matches the line of a report that says how to repeat it.
var onLaptop = regexp.MustCompile("The same on a laptop: `(.*)`")

// repeats runs the command that the last report prints, in a shell that knows nothing of GitHub, and holds that it says the same.
func repeats(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: repeats")
	}
	line := onLaptop.FindStringSubmatch(ts.ReadFile("hubgate-report/report.md"))
	if line == nil {
		ts.Fatalf("the report names no command")
	}
	err := ts.Exec("env", "-i", "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"), "SOURCE_DATE_EPOCH="+ts.Getenv("SOURCE_DATE_EPOCH"),
		"HF_TOKEN="+ts.Getenv("HF_TOKEN"), "sh", "-c", line[1]+" --report-dir again")
	ts.Logf("%s: %v", line[1], err) // the verdict tells the exit code
	if diff := cmp.Diff(compared(ts, "hubgate-report/report.json"), compared(ts, "again/report.json")); diff != "" {
		ts.Fatalf("on a laptop it differs (-was +is):\n%s", diff)
	}
}

// compared returns what a report compared with what, by which policy, and how it was judged.
func compared(ts *testscript.TestScript, path string) any {
	var r struct {
		Decision string
		Policy   any
		Models   []struct {
			Model    string
			Baseline struct{ Commit string }
			Findings any
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(path)), &r))
	return r
}
