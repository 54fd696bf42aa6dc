package stat

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The promise of doc.go is kept by writing float64(x*y), which is easily forgotten. This reads the code
// generated for machines that fuse, and names the source lines where it was.
func TestNoFusedMultiplyAdd(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles for other machines")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to compile with")
	}
	fused := regexp.MustCompile(`(\w+\.go:\d+)\)\s+(V?FN?M(?:ADD|SUB)\w*)`)
	for _, machine := range [][]string{{"GOARCH=arm64"}, {"GOARCH=amd64", "GOAMD64=v3"}} {
		build := exec.Command(goTool, "build", "-gcflags=-S", ".")
		build.Env = append(os.Environ(), append(machine, "CGO_ENABLED=0")...)
		listing, err := build.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", machine, err, listing)
		}
		if !strings.Contains(string(listing), "student.go:") {
			t.Fatalf("%v: no listing of this package", machine)
		}
		for _, m := range fused.FindAllStringSubmatch(string(listing), -1) {
			t.Errorf("%v: %s is compiled to %s; write float64(x*y)", machine, m[1], m[2])
		}
	}
}
