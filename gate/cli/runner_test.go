package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/gate/action/actiontest"
)

// A runner runs the action's container in the way of GitHub's own: the same arguments of docker, mounts, variables and command
// files (https://github.com/actions/runner, ContainerActionHandler.cs). It differs in one thing: the container shares the
// machine's network, so that it reaches the GitHub and the Hub of a test.
type runner struct {
	image     string
	workspace string
	api       string // GitHub's REST API
	graphql   string // its other one
}

// A job is a step that a runner is given.
type job struct {
	event, ref, sha string
	payload         map[string]any
	attempt         int
	inputs, env     map[string]string // what the workflow gives to the step; github-token is the job's by default
}

// An outcome is what a step leaves.
type outcome struct {
	exit         int
	log, summary string
	outputs      map[string]string
}

// run runs one step.
func (r runner) run(t *testing.T, j job) outcome {
	t.Helper()
	temp := directory(t)
	for _, dir := range []string{"_github_home", "_github_workflow", "_runner_file_commands"} {
		mkdir(t, filepath.Join(temp, dir))
	}
	j.payload["repository"] = map[string]any{"full_name": repository, "private": true, "default_branch": defaultBranch}
	event, err := json.Marshal(j.payload)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(temp, "_github_workflow", "event.json"), event)
	env := r.variables(t, j)
	for variable, file := range commandFiles {
		write(t, filepath.Join(temp, "_runner_file_commands", file), nil)
		env[variable] = "/github/file_commands/" + file
	}
	args := []string{"run", "--workdir", "/github/workspace", "--rm", "--network", "host"}
	cmd := exec.CommandContext(t.Context(), "docker")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "DOCKER_HOST=" + os.Getenv("DOCKER_HOST")}
	for name, value := range env {
		args = append(args, "-e", name) // docker takes the value from its own environment
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	for _, mount := range []string{
		temp + ":/github/runner_temp", temp + "/_github_home:/github/home", temp + "/_github_workflow:/github/workflow",
		temp + "/_runner_file_commands:/github/file_commands", r.workspace + ":/github/workspace",
	} {
		args = append(args, "-v", mount)
	}
	cmd.Args = append(cmd.Args, append(args, r.image)...)
	log, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	file := func(variable string) string {
		return read(t, filepath.Join(temp, "_runner_file_commands", commandFiles[variable]))
	}
	return outcome{
		exit: cmd.ProcessState.ExitCode(), log: string(log), summary: file("GITHUB_STEP_SUMMARY"), outputs: parseOutputs(t, file("GITHUB_OUTPUT")),
	}
}

// commandFiles are those that the runner makes for a step, by their variables.
var commandFiles = map[string]string{
	"GITHUB_PATH": "add_path_1", "GITHUB_ENV": "set_env_1", "GITHUB_OUTPUT": "set_output_1", "GITHUB_STATE": "save_state_1",
	"GITHUB_STEP_SUMMARY": "step_summary_1",
}

// variables are the environment of a step, each written by the runner over what came before.
func (r runner) variables(t *testing.T, j job) map[string]string {
	t.Helper()
	env := map[string]string{}
	put := func(prefix string, values map[string]string) {
		for name, value := range values {
			env[prefix+name] = value
		}
	}
	put("", j.env)
	var declared struct {
		Inputs map[string]struct{ Default string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../action.yml")), &declared); err != nil {
		t.Fatal(err)
	}
	contexts := strings.NewReplacer("${{ github.token }}", actiontest.WorkflowToken, "${{ toJSON(matrix) }}", "null")
	for name, input := range declared.Inputs { // every one has its variable, empty when it is not given
		env["INPUT_"+strings.ToUpper(name)] = contexts.Replace(input.Default)
	}
	for name, value := range j.inputs {
		env["INPUT_"+strings.ToUpper(name)] = value
	}
	put("", map[string]string{"HOME": "/github/home", "CI": "true"})
	owner, _, _ := strings.Cut(repository, "/")
	put("GITHUB_", map[string]string{
		"ACTIONS": "true", "ACTION": "__hubgate_hubgate", "ACTION_REPOSITORY": "hubgate/hubgate", "ACTION_REF": "v1", "ACTOR": "ada", "ACTOR_ID": "1",
		"API_URL": r.api, "GRAPHQL_URL": r.graphql, "BASE_REF": "", "EVENT_NAME": j.event, "EVENT_PATH": "/github/workflow/event.json",
		"HEAD_REF": "", "JOB": "gate", "REF": j.ref, "REF_NAME": strings.TrimPrefix(j.ref, "refs/heads/"), "REF_PROTECTED": "false", "REF_TYPE": "branch",
		"REPOSITORY": repository, "REPOSITORY_ID": "1", "REPOSITORY_OWNER": owner, "REPOSITORY_OWNER_ID": "2", "RETENTION_DAYS": "90",
		"RUN_ATTEMPT": strconv.Itoa(max(1, j.attempt)), "RUN_ID": "4242", "RUN_NUMBER": "3", "SERVER_URL": "https://github.test", "SHA": j.sha,
		"TRIGGERING_ACTOR": "ada", "WORKFLOW": "evals", "WORKFLOW_SHA": j.sha, "WORKSPACE": "/github/workspace",
		"WORKFLOW_REF": repository + "/.github/workflows/evals.yml@" + j.ref,
	})
	put("RUNNER_", map[string]string{
		"OS": "Linux", "ARCH": "X64", "NAME": "runner", "ENVIRONMENT": "github-hosted", "TOOL_CACHE": "/opt/hostedtoolcache",
		"TEMP": "/github/runner_temp", "WORKSPACE": "/home/runner/work/models",
	})
	return env
}

// parseOutputs reads a file of outputs as the runner does: NAME=VALUE, or NAME<<DELIMITER with the value's lines below.
func parseOutputs(t *testing.T, text string) map[string]string {
	t.Helper()
	outputs := map[string]string{}
	for lines := strings.Split(text, "\n"); len(lines) > 1; {
		name, delimiter, ok := strings.Cut(lines[0], "<<")
		var value []string
		for lines = lines[1:]; ok && len(lines) > 0 && lines[0] != delimiter; lines = lines[1:] {
			value = append(value, lines[0])
		}
		if !ok || len(lines) == 0 {
			t.Fatalf("not outputs that the runner can read:\n%s", text)
		}
		outputs[name] = strings.Join(value, "\n")
		lines = lines[1:]
	}
	return outputs
}

// proxied returns the address of GitHub's API behind a proxy, of the modules of .ci/github, that refuses every request, and every
// answer, that GitHub's own description of its API does not allow. What is refused fails the test.
func proxied(t *testing.T, g *github, modules string) string {
	t.Helper()
	upstream, err := url.Parse(g.server.URL + actiontest.BasePath)
	if err != nil {
		t.Fatal(err)
	}
	prism := &url.URL{Scheme: "http", Host: freeAddress(t)}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(modules, "@stoplight/prism-cli/dist/index.js"), "proxy", "--errors",
		"-h", prism.Hostname(), "-p", prism.Port(), filepath.Join(modules, "@octokit/openapi/generated/api.github.com.json"), upstream.String())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	listening, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			switch line := lines.Text(); {
			case strings.Contains(line, "Prism is listening"):
				close(listening)
			case strings.Contains(line, "terminated with error"):
				t.Errorf("the proxy: %s", line)
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	select {
	case <-listening:
	case <-done:
		t.Fatal("the proxy did not start")
	}
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if strings.Contains(r.In.URL.Path, "/contents/") { // the description knows of no files in folders, which GitHub has
			r.SetURL(upstream)
			return
		}
		r.SetURL(prism)
	}})
	t.Cleanup(front.Close)
	return front.URL
}

// freeAddress returns one that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// directory is a temporary one, in which a container may leave files of its own user, which others cannot remove.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hubgate-") //nolint:usetesting // the test would fail for what it cannot remove
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	if err := os.WriteFile(path, bytes.Clone(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
