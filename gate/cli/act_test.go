package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate/action/actiontest"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// release is what hubgate/hubgate@v1 stands for under act.
const release = "v1.0.0-test"

// An act runs whole workflows of one repository, as https://github.com/nektos/act understands them.
type act struct {
	repo, action string // directories: the repository, and the tree of the action's release
	api          string
	hub          *hubtest.Server
	local        []string // other actions, as NAME@VERSION=DIRECTORY
}

// A ran is what became of a workflow.
type ran struct {
	ok      bool
	log     string // every line, as JSON
	outputs map[string]string
	summary string
}

// run runs the workflow of a file for an event.
func (a act) run(t *testing.T, event, workflow string, payload map[string]any) ran {
	t.Helper()
	payload["repository"] = map[string]any{"full_name": repository, "private": true, "default_branch": defaultBranch}
	content, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	home := directory(t)
	write(t, filepath.Join(home, "event.json"), content)
	write(t, filepath.Join(home, "act/actrc"), nil) // or act asks which images to use
	cmd := exec.CommandContext(t.Context(), os.Getenv("HUBGATE_ACT"), event, "--workflows", workflow, "--eventpath", filepath.Join(home, "event.json"),
		"--platform", "ubuntu-latest="+os.Getenv("HUBGATE_ACT_IMAGE"), "--pull=false", "--no-cache-server", "--container-daemon-socket", "-",
		"--local-repository", "hubgate/hubgate@v1="+a.action, "--secret", "GITHUB_TOKEN="+actiontest.WorkflowToken, "--secret", "HF_TOKEN=hf_owner",
		"--env", "GITHUB_API_URL="+a.api, "--env", "GITHUB_SERVER_URL=https://github.test", "--env", "HF_ENDPOINT="+a.hub.URL(), "--json")
	for _, other := range a.local {
		cmd.Args = append(cmd.Args, "--local-repository", other)
	}
	cmd.Dir = a.repo
	cmd.Env = []string{ // nothing else of this machine reaches the workflow
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "DOCKER_HOST=" + os.Getenv("DOCKER_HOST"), "XDG_CONFIG_HOME=" + home,
		"XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
	}
	log, err := cmd.CombinedOutput()
	r := ran{ok: err == nil, log: string(log), outputs: map[string]string{}}
	for lines := bufio.NewScanner(bytes.NewReader(log)); lines.Scan(); {
		var line struct{ Command, Name, Arg, Content string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		switch line.Command {
		case "set-output":
			r.outputs[line.Name] = line.Arg
		case "summary":
			r.summary += line.Content
		}
	}
	return r
}

// git runs git in the repository, as nobody in particular and at one time.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=ada", "-c", "user.email=ada@example.org"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// released returns the tree of a release of this repository, made as releases are, whose image is the one under test.
func released(t *testing.T, image string) string {
	t.Helper()
	dir := directory(t)
	git(t, ".", "clone", "--quiet", "--no-hardlinks", "../..", dir)
	write(t, filepath.Join(dir, "CHANGELOG.md"), []byte("## "+strings.TrimPrefix(release, "v")+"\n"))
	git(t, dir, "commit", "--quiet", "--all", "--message", "the changes of the release")
	for _, args := range [][]string{{filepath.Join(dir, ".ci/release"), release}, {"git", "-C", dir, "checkout", "--quiet", release},
		{filepath.Join(dir, ".ci/release"), "check", release}, {"docker", "tag", image, "ghcr.io/hubgate/hubgate:" + release}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.org")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	return dir
}

// firstYAML returns the workflow that a page shows after a heading or sentence.
func firstYAML(t *testing.T, page, after string) []byte {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, filepath.Join("../..", page)), after)
	_, rest, fenced := strings.Cut(rest, "```yaml\n")
	workflow, _, closed := strings.Cut(rest, "```\n")
	if !ok || !fenced || !closed {
		t.Fatalf("%s shows no workflow after %q", page, after)
	}
	return []byte(workflow)
}

// The workflow of the README, as it stands, on a release of the action: it publishes, comments, and fails on a regression.
func TestAct(t *testing.T) {
	t.Parallel()
	if os.Getenv("HUBGATE_ACT") == "" {
		t.Skip("HUBGATE_ACT names no act; .ci/container builds one")
	}
	gh := newGitHub(t)
	a := act{repo: directory(t), action: released(t, os.Getenv("HUBGATE_IMAGE")), api: gh.server.URL + actiontest.BasePath, hub: hubtest.NewServer(t)}
	a.hub.Grant("hf_owner", tokens["owner"])
	write(t, filepath.Join(a.repo, ".github/workflows/evals.yml"), firstYAML(t, "README.md", "# hubgate"))
	write(t, filepath.Join(a.repo, ".github/workflows/gate.yml"), firstYAML(t, "docs/forks.md", "## The gate"))
	write(t, filepath.Join(a.repo, "Makefile"), []byte("eval:\n\tmkdir -p results && cp scores.jsonl results/\n"))
	scores := func(run string) {
		write(t, filepath.Join(a.repo, "scores.jsonl"), []byte(read(t, "../../testdata/scores/handbook/"+run+"/TwinLlama-3.1-8B.jsonl")))
	}
	scores("baseline")
	git(t, a.repo, "init", "--quiet", "--initial-branch", defaultBranch)
	git(t, a.repo, "remote", "add", "origin", "https://github.com/"+repository)
	git(t, a.repo, "add", ".")
	git(t, a.repo, "commit", "--quiet", "--message", "the repository")
	head := git(t, a.repo, "rev-parse", "HEAD")
	gh.SetHistory(head)
	gh.SetMergeBase(defaultBranch, actiontest.Head(7), head)

	got := a.run(t, "push", ".github/workflows/evals.yml", map[string]any{"ref": "refs/heads/main"})
	if !got.ok || got.outputs["decision"] != "warn" || !strings.Contains(got.outputs["results-url"], worseDataset) {
		t.Fatalf("the push: ok %t, outputs %q:\n%s", got.ok, got.outputs, got.log)
	}

	scores("candidate")
	got = a.run(t, "pull_request", ".github/workflows/evals.yml", pull(7, repository).payload)
	if got.ok || got.outputs["decision"] != "fail" {
		t.Fatalf("a regression: ok %t, outputs %q:\n%s", got.ok, got.outputs, got.log)
	}
	contains(t, "the summary", got.summary, "[!CAUTION]")
	comments := gh.Comments(7)
	if len(comments) != 1 {
		t.Fatalf("comments: %+v\n%s", comments, got.log)
	}
	contains(t, "the comment", comments[0].Body, "[!CAUTION]", "TwinLlama-3.1-8B")

	// A fork's results come as an artifact, and another workflow judges them.
	gh.SetPull(actiontest.Pull{Number: 9, HeadRepo: "somebody/models", HeadBranch: "topic"})
	gh.SetMergeBase(defaultBranch, actiontest.Head(9), head)
	a.local = []string{"actions/download-artifact@v8=" + artifact(t, filepath.Join(a.repo, "scores.jsonl"))}
	got = a.run(t, "workflow_run", ".github/workflows/gate.yml", afterRun().payload)
	if got.ok || got.outputs["decision"] != "fail" {
		t.Fatalf("after a fork: ok %t, outputs %q:\n%s", got.ok, got.outputs, got.log)
	}
	if comments, checks := gh.Comments(9), gh.CheckRuns(); len(comments) != 1 || len(checks) != 1 || checks[0].Conclusion != "failure" {
		t.Errorf("comments: %+v, check runs: %+v", comments, checks)
	}
}

// artifact returns an action in the place of actions/download-artifact, which has one artifact: a file of results of run 99.
func artifact(t *testing.T, file string) string {
	t.Helper()
	dir := directory(t)
	write(t, filepath.Join(dir, "results.jsonl"), []byte(read(t, file)))
	write(t, filepath.Join(dir, "action.yml"), []byte(`name: artifact
inputs: {name: {}, path: {}, run-id: {}, github-token: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {WHICH: "${{ inputs.run-id }} ${{ inputs.name }} ${{ inputs.github-token }}", TO: "${{ inputs.path }}"}
      run: |
        test "$WHICH" = "99 results `+actiontest.WorkflowToken+`"
        mkdir "$TO" && cp "$GITHUB_ACTION_PATH/results.jsonl" "$TO/"
`))
	return dir
}
