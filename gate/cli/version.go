package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/hubgate/hubgate/gate/report"
)

// Set by the linker when a release is built.
var (
	version string
	commit  string
)

// tool returns this program's name and version. What the linker was not told, the build information may know.
func tool() report.Tool {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" && info.Main.Version != "(devel)" {
		v = info.Main.Version
	}
	return report.Tool{Name: "hubgate", Version: cmp.Or(v, "dev")}
}

func printVersion(e Env) int {
	rev := commit
	if info, ok := debug.ReadBuildInfo(); ok && rev == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				rev = s.Value
			}
		}
	}
	_, _ = fmt.Fprintf(e.Stdout, "hubgate %s (commit %s, %s, %s/%s)\n",
		tool().Version, cmp.Or(rev, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitPass
}
