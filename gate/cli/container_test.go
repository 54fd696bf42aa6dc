package cli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate/action/actiontest"
	"github.com/hubgate/hubgate/hub/hubtest"
)

const (
	// merged is what pull request 7 is merged as.
	merged = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

	// worseModel is the one that lost quality in testdata/scores/handbook/candidate.
	worseModel   = "acme/TwinLlama-3.1-8B"
	worseDataset = worseModel + "-results"

	// forkToken is a job's token on a pull request from a fork.
	forkToken = "ghs_fork"
)

// A story is what happens to a repository, of which every chapter builds on those before.
type story struct {
	runner
	gh  *github
	hub *hubtest.Server
}

// The image that HUBGATE_IMAGE names is run as GitHub's runner runs it, and told a story in which a regression is found, accepted
// and merged, and strangers take part.
func TestRunner(t *testing.T) {
	t.Parallel()
	image := os.Getenv("HUBGATE_IMAGE")
	if image == "" {
		t.Skip("HUBGATE_IMAGE names no image of the action; .ci/container builds one")
	}
	s := &story{gh: newGitHub(t), hub: hubtest.NewServer(t)}
	s.runner = runner{image: image, workspace: directory(t), api: s.gh.server.URL + actiontest.BasePath, graphql: s.gh.server.URL + "/api/graphql"}
	if modules := os.Getenv("HUBGATE_PRISM"); modules != "" {
		s.api = proxied(t, s.gh, modules)
	}
	s.hub.Grant("hf_owner", tokens["owner"])
	policy := "version: 1\nnamespace: acme\nmetrics:\n  accuracy: {max-loss: 5%}\n"
	write(t, filepath.Join(s.workspace, ".github/hubgate.yml"), []byte(policy))
	for _, revision := range []string{defaultBranch, pushed} {
		s.gh.SetFile(revision, ".github/hubgate.yml", policy)
	}
	s.gh.App(forkToken, actiontest.WorkflowBot)
	s.gh.ReadOnly(forkToken)
	s.gh.SetPull(actiontest.Pull{Number: 9, HeadRepo: "somebody/models", HeadBranch: "topic"})
	s.gh.SetMergeBase(defaultBranch, actiontest.Head(9), pushed) // it was begun before the accepted regression

	for _, chapter := range []struct {
		name string
		tell func(*testing.T, *story)
	}{
		{"the first push", firstPush},
		{"a regression", regression},
		{"accepted", acceptedRegression},
		{"in the queue", inQueue},
		{"merged", mergedRegression},
		{"the next pull request", nextPull},
		{"a fork", fork},
		{"after a fork", afterFork},
		{"results that are none", noResults},
		{"after a queue", afterQueue},
	} {
		if !t.Run(chapter.name, func(t *testing.T) { chapter.tell(t, s) }) {
			return
		}
	}
}

// step runs the action on scores of testdata/scores/handbook.
func (s *story) step(t *testing.T, scores string, j job) outcome {
	t.Helper()
	results := filepath.Join(s.workspace, "results")
	if err := os.RemoveAll(results); err != nil {
		t.Fatal(err)
	}
	if scores != "" {
		if err := os.CopyFS(results, os.DirFS(filepath.Join("../../testdata/scores/handbook", scores))); err != nil {
			t.Fatal(err)
		}
	}
	return s.again(t, j)
}

// again runs the action on the scores that are there.
func (s *story) again(t *testing.T, j job) outcome {
	t.Helper()
	inputs, env := map[string]string{"results": "results/*.jsonl", "hub": s.hub.URL()}, map[string]string{"HF_TOKEN": "hf_owner"}
	maps.Copy(inputs, j.inputs)
	maps.Copy(env, j.env)
	j.inputs, j.env = inputs, env
	got := s.run(t, j)
	for _, secret := range []string{"hf_owner", actiontest.WorkflowToken, forkToken} {
		shown := strings.ReplaceAll(got.log, "::add-mask::"+secret+"\n", "")
		if strings.Contains(shown+got.summary, secret) {
			t.Errorf("the log or the summary shows %s:\n%s", secret, got.log)
		}
	}
	return got
}

// is insists on the exit code, the decision in outputs and report, and the models that regressed.
func (s *story) is(t *testing.T, got outcome, exit int, decision string, regressed ...string) {
	t.Helper()
	if got.exit != exit || got.outputs["decision"] != decision {
		t.Fatalf("exit %d, decision %q; want %d, %q:\n%s", got.exit, got.outputs["decision"], exit, decision, got.log)
	}
	var list []struct{ Model string }
	if err := json.Unmarshal([]byte(got.outputs["regressed"]), &list); err != nil {
		t.Fatalf("output regressed: %v: %q", err, got.outputs["regressed"])
	}
	var models []string
	for _, r := range list {
		models = append(models, r.Model)
	}
	if !slices.Equal(models, regressed) {
		t.Errorf("regressed: %q, want %q", models, regressed)
	}
	if report := s.report(t, got); report.Decision != decision {
		t.Errorf("the report's decision: %q", report.Decision)
	}
	if got.summary == "" {
		t.Error("there is no summary")
	}
}

type storyReport struct {
	Decision string
	Models   []struct {
		Model    string
		Baseline *struct {
			GitSHA string `json:"git_sha"`
		}
	}
}

func (s *story) report(t *testing.T, got outcome) storyReport {
	t.Helper()
	var r storyReport
	if err := json.Unmarshal([]byte(read(t, filepath.Join(s.workspace, got.outputs["report-json"]))), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

// log returns the commits of the dataset that the story is about.
func (s *story) log(t *testing.T, revision string) []string {
	t.Helper()
	commits, err := s.hub.Log(worseDataset, revision)
	if err != nil {
		t.Fatal(err)
	}
	return commits
}

func push(commit string) job {
	return job{event: "push", ref: "refs/heads/" + defaultBranch, sha: commit, payload: map[string]any{"commits": []any{map[string]any{"id": commit}}}}
}

func pull(number int, from string) job {
	return job{
		event: "pull_request", ref: fmt.Sprintf("refs/pull/%d/merge", number), sha: strings.Repeat("f", 40),
		payload: map[string]any{"number": number, "pull_request": map[string]any{
			"number": number,
			"head":   map[string]any{"sha": actiontest.Head(number), "ref": "topic", "repo": map[string]any{"full_name": from}},
			"base":   map[string]any{"sha": pushed, "ref": defaultBranch, "repo": map[string]any{"full_name": repository}},
		}},
	}
}

func firstPush(t *testing.T, s *story) {
	got := s.step(t, "baseline", push(pushed))
	s.is(t, got, 0, "warn")
	if n := len(strings.Fields(got.outputs["results-commit"])); n != 3 {
		t.Errorf("%d commits were published, want one per model:\n%s", n, got.log)
	}
	contains(t, "results-url", got.outputs["results-url"], s.hub.URL()+"/datasets/"+worseDataset)
	files, err := s.hub.Files(worseDataset, "main")
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "the dataset", strings.Join(files, "\n"), "README.md", "hubgate.json", "data/test-00000-of-00001.parquet", "history/runs.parquet")
}

func regression(t *testing.T, s *story) {
	before := s.log(t, "main")
	got := s.step(t, "candidate", pull(7, repository))
	s.is(t, got, 1, "fail", worseModel)
	contains(t, "the summary", got.summary, "[!CAUTION]", "TwinLlama-3.1-8B")
	contains(t, "the log", got.log, "::error ")
	comments := s.gh.Comments(7)
	if len(comments) != 1 || comments[0].Login != actiontest.WorkflowBot {
		t.Fatalf("comments: %+v\n%s", comments, got.log)
	}
	contains(t, "the comment", comments[0].Body, "<!-- hubgate:", "[!CAUTION]", "1 regression in 6 comparisons", "/hubgate accept "+actiontest.Head(7)+" reason")
	if url := s.gh.CommentURL(comments[0]); got.outputs["comment-url"] != url {
		t.Errorf("comment-url: %q, want %q", got.outputs["comment-url"], url)
	}
	if !slices.Equal(s.log(t, "main"), before) || len(s.log(t, "pr-acme-models-7")) == 0 {
		t.Error("a pull request publishes to its own branch, and nowhere else")
	}
}

func acceptedRegression(t *testing.T, s *story) {
	s.gh.Permit("ada", "write")
	s.gh.Write(7, "ada", "/hubgate accept "+actiontest.Head(7)+" the old judge was wrong")
	j := pull(7, repository)
	j.attempt = 2
	s.is(t, s.step(t, "candidate", j), 0, "warn")
	comments := s.gh.Comments(7)
	if len(comments) != 2 || comments[0].Edits != 1 {
		t.Fatalf("comments: %+v, want the one of the first attempt edited", comments)
	}
	contains(t, "the comment", comments[0].Body, "1 regression in 6 comparisons, accepted.", "`ada` [accepted what failed](", "`the old judge was wrong`", "attempt 2; 1 was red")
}

func inQueue(t *testing.T, s *story) {
	before := s.log(t, "main")
	ref := "refs/heads/gh-readonly-queue/main/pr-7-" + pushed
	s.gh.SetMergeBase(defaultBranch, queued, pushed)
	got := s.step(t, "candidate", job{event: "merge_group", ref: ref, sha: queued, payload: map[string]any{"merge_group": map[string]any{
		"head_sha": queued, "head_ref": ref, "base_sha": pushed, "base_ref": "refs/heads/" + defaultBranch,
	}}})
	s.is(t, got, 0, "warn") // it inherits the acceptance
	if got.outputs["results-commit"] != "" || !slices.Equal(s.log(t, "main"), before) {
		t.Errorf("a merge queue published %q", got.outputs["results-commit"])
	}
}

func mergedRegression(t *testing.T, s *story) {
	s.gh.SetPull(actiontest.Pull{Number: 7, MergeCommit: merged})
	s.gh.SetHistory(merged, pushed)
	before := s.log(t, "main")
	s.is(t, s.step(t, "candidate", push(merged)), 0, "warn")
	if now := s.log(t, "main"); len(now) != len(before)+1 {
		t.Errorf("%d commits, want one more than %d", len(now), len(before))
	}
}

func nextPull(t *testing.T, s *story) {
	s.gh.SetMergeBase(defaultBranch, actiontest.Head(8), merged)
	got := s.step(t, "good", pull(8, repository))
	s.is(t, got, 0, "pass")
	for _, m := range s.report(t, got).Models {
		if m.Baseline == nil || m.Baseline.GitSHA != merged {
			t.Errorf("%s was compared with %+v, want the run that was accepted and merged", m.Model, m.Baseline)
		}
	}
	comments := s.gh.Comments(8)
	if len(comments) != 1 {
		t.Fatalf("comments: %+v\n%s", comments, got.log)
	}
	contains(t, "the comment", comments[0].Body, "[!TIP]", "No regression in 6 comparisons")
}

func fork(t *testing.T, s *story) {
	j := pull(9, "somebody/models")
	j.inputs, j.env = map[string]string{"github-token": forkToken}, map[string]string{"HF_TOKEN": ""}
	s.is(t, s.step(t, "candidate", j), 2, "undecided") // the datasets are private

	if err := os.CopyFS(filepath.Join(s.workspace, "baseline"), os.DirFS("../../testdata/scores/handbook/baseline")); err != nil {
		t.Fatal(err)
	}
	j.inputs["baseline"] = "baseline"
	got := s.step(t, "candidate", j)
	s.is(t, got, 1, "fail", worseModel)
	contains(t, "the log", got.log, "::notice::", "is never given to a pull request from a fork; the report is in the job summary")
	contains(t, "the summary", got.summary, "[!CAUTION]")
	if comments := s.gh.Comments(9); len(comments) != 0 || got.outputs["comment-url"] != "" {
		t.Errorf("a token that may only read commented: %+v", comments)
	}
}

// afterRun is the run that follows one of a pull request from a fork.
func afterRun() job {
	return job{
		event: "workflow_run", ref: "refs/heads/" + defaultBranch, sha: merged,
		payload: map[string]any{"workflow_run": map[string]any{
			"id": 99, "run_attempt": 1, "event": "pull_request", "head_sha": actiontest.Head(9), "head_branch": "topic",
			"head_repository": map[string]any{"full_name": "somebody/models"},
		}},
	}
}

var ticks = regexp.MustCompile("`+")

// prose returns Markdown without its code spans, which end at as many backticks as they begin with: in those nothing is live.
func prose(text string) string {
	var b strings.Builder
	for at := ticks.FindStringIndex(text); at != nil; at = ticks.FindStringIndex(text) {
		fence := text[at[0]:at[1]]
		b.WriteString(text[:at[0]])
		text = text[at[1]:]
		for _, end := range ticks.FindAllStringIndex(text, -1) {
			if text[end[0]:end[1]] == fence {
				text = text[end[1]:]
				break
			}
		}
	}
	return b.String() + text
}

// afterFork is handed an artifact by a stranger, who tries to write more than scores.
func afterFork(t *testing.T, s *story) {
	s.step(t, "candidate", afterRun())
	path := filepath.Join(s.workspace, "results", "TwinLlama-3.1-8B.jsonl")
	hostile := `<img src=x onerror=alert(1)> @everyone https://evil.test/ -->` + `\n::error::forged\n::add-mask::pass\n| a | b |\n` + "```"
	text := strings.ReplaceAll(read(t, path), `"answers":"In short, `, `"answers":"`+hostile+` `)
	text = strings.ReplaceAll(text, `"analysis":"`, `"analysis":"`+hostile+` `)
	write(t, path, []byte(text))
	got := s.again(t, afterRun())
	s.is(t, got, 1, "fail", worseModel)
	comments := s.gh.Comments(9)
	if len(comments) != 1 {
		t.Fatalf("comments: %+v\n%s", comments, got.log)
	}
	contains(t, "the comment", comments[0].Body, "[!CAUTION]", "1 regression in 6 comparisons", "onerror")
	for _, text := range []string{comments[0].Body, got.summary} {
		for _, live := range []string{"<img", "@everyone", "https://evil.test", "\n::"} {
			if strings.Contains(prose(text), live) {
				t.Errorf("%q is live in:\n%s", live, text)
			}
		}
	}
	if strings.Contains(got.log, "\n::error::forged") || strings.Contains(got.log, "\n::add-mask::pass") {
		t.Errorf("a score gave the runner a command:\n%s", got.log)
	}
	check := s.check(t, actiontest.Head(9))
	if check.Conclusion != "failure" || check.History[0] != "in_progress" {
		t.Errorf("the check run: %+v", check)
	}
	if a := check.Annotations; len(a) == 0 || a[0].Path != ".github/hubgate.yml" || a[0].Start != 4 {
		t.Errorf("the check run's annotations: %+v", check.Annotations)
	}
}

// noResults has no artifact to judge, as when the evaluation failed: the check run says so, and does not stay in progress.
func noResults(t *testing.T, s *story) {
	if got := s.step(t, "", afterRun()); got.exit != 3 {
		t.Errorf("exit %d, want 3:\n%s", got.exit, got.log)
	}
	check := s.check(t, actiontest.Head(9))
	if check.Conclusion != "failure" || check.Title != "no decision" {
		t.Errorf("the check run: %+v", check)
	}
	contains(t, "the check run", check.Summary, "results/")
}

// afterQueue is the run that follows one of the merge queue, which waits for the check run on its own commit.
func afterQueue(t *testing.T, s *story) {
	j := afterRun()
	j.payload = map[string]any{"workflow_run": map[string]any{
		"id": 100, "run_attempt": 1, "event": "merge_group", "head_sha": queued, "head_branch": "gh-readonly-queue/main/pr-7-" + pushed,
		"head_repository": map[string]any{"full_name": repository},
	}}
	s.is(t, s.step(t, "candidate", j), 0, "warn")
	if check := s.check(t, queued); check.Conclusion != "neutral" {
		t.Errorf("the check run: %+v", check)
	}
}

// check returns the check run of a commit, which has one.
func (s *story) check(t *testing.T, commit string) actiontest.CheckRun {
	t.Helper()
	checks := slices.DeleteFunc(s.gh.CheckRuns(), func(c actiontest.CheckRun) bool { return c.HeadSHA != commit })
	if len(checks) != 1 {
		t.Fatalf("check runs of %s: %+v", commit, checks)
	}
	return checks[0]
}
