package cli_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hubgate/hubgate/gate/cli"
)

var update = flag.Bool("update", false, "rewrite what scripts compare with")

// TestMain makes the test binary be hubgate too, when a script calls it by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hubgate": hubgate})
}

// memoryFile names the variable that says where a run writes how many bytes it ever had of the system.
const memoryFile = "TEST_MEMORY_FILE"

// hubgate is what main is, save that it reaches nothing but this machine.
func hubgate() {
	code := cli.Main(context.Background(), cli.Env{
		Args: os.Args[1:], Getenv: os.Getenv, Environ: os.Environ,
		Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now, HTTP: loopback(),
	})
	if name := os.Getenv(memoryFile); name != "" {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if err := os.WriteFile(name, []byte(strconv.FormatUint(m.Sys, 10)), 0o600); err != nil {
			panic(err)
		}
	}
	os.Exit(code)
}

// loopback returns a client that cannot leave the machine.
func loopback() *http.Client {
	d := net.Dialer{}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
				return nil, fmt.Errorf("a test must not reach %s", address)
			}
			return d.DialContext(ctx, network, address)
		},
	}}
}

// TestScript runs the stories of testdata/script.
//
// Every script runs in a directory of its own, on the first day of 2026, with nothing of the environment that the tests
// themselves run in. Besides the usual commands there are:
//
//	exits CODE hubgate ARGS...      run hubgate, whose exit code must be CODE
//	scores FILE COLUMN=MARKS...     write a scores file; see [writeScores]
//	outcomes FILE                   print the decision, and the outcome of every finding, of a report.json
//	json FILE KEY... WANT           compare one value of a JSON file
//	schema FILE                     hold a report.json against its schema
//	history HUB OWNER/NAME [REV]    print the recorded runs of a dataset
//	head VARIABLE HUB OWNER/NAME    set a variable to the commit of a dataset's main branch
//	upload HUB OWNER/NAME PATH=FILE...  commit files as another tool does; see [upload]
//	hub WHAT [ARGS...]              the Hub over the network; see [onHub]
//	digest VARIABLE FILE            set a variable to the digest of the scores that a report.json is about
//	spoil HUB OWNER/NAME FOLDER     damage the files of a dataset where their bytes lie
//	replace FILE OLD NEW            change a text in a file
//	repeats                         run the command that the last report prints, which must say the same
//	github EVENT [ARGS...]          be a step of a workflow; see [github.command]
//	comments NUMBER                 print the comments of a pull request
//	checks                          print the check runs
func TestScript(t *testing.T) {
	t.Parallel()
	run(t, "script")
}

func run(t *testing.T, dir string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("..", "..", "testdata", dir),
		Setup:              setup,
		Condition:          condition,
		Cmds:               commands(),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
	})
}

func setup(env *testscript.Env) error {
	env.Setenv("SOURCE_DATE_EPOCH", "1767225600") // 2026-01-01T00:00:00Z
	handbook, err := filepath.Abs(filepath.Join("..", "..", "testdata", "scores", "handbook"))
	if err != nil {
		return err
	}
	env.Setenv("HANDBOOK", handbook)
	env.Values[hubKey{}] = &network{tb: env.T().(testing.TB)} //nolint:forcetypeassert // as testscript.Env.T promises
	env.Values[githubKey{}] = newGitHub(env.T().(testing.TB)) //nolint:forcetypeassert // as testscript.Env.T promises
	return nil
}

// condition knows [root]: whoever runs the tests may read every file.
func condition(cond string) (bool, error) {
	if cond == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":    exits,
		"scores":   scores,
		"outcomes": outcomes,
		"json":     jsonValue,
		"schema":   holdSchema,
		"history":  history,
		"head":     head,
		"digest":   digest,
		"upload":   upload,
		"hub":      onHub,
		"spoil":    spoil,
		"github":   onGitHub,
		"comments": comments,
		"checks":   checks,
		"refuses":  refuses,
		"pack":     pack,
		"damage":   damage,
		"archive":  archive,
		"replace":  replace,
		"repeats":  repeats,
	}
}

// trace is what a Go program prints when it dies.
var trace = regexp.MustCompile(`(?m)^(panic:|goroutine \d+|runtime error|fatal error:)|\.go:\d+`)

// exits runs a command and compares its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitCode(ts, args[1:])
	stderr := ts.ReadFile("stderr")
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if trace.MatchString(stderr) {
		ts.Fatalf("stderr shows a stack trace")
	}
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "hubgate: ") {
			ts.Fatalf("stderr has a line that does not begin with the program's name: %q", line)
		}
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	err := ts.Exec(command[0], command[1:]...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}
