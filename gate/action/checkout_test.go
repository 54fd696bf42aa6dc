package action

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes files below a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Under pull_request_target a workspace that holds the proposal is refused, and under no other event.
func TestProposalCheckedOut(t *testing.T) {
	t.Parallel()
	const other = "1111111111111111111111111111111111111111"
	tests := []struct {
		name    string
		files   map[string]string
		refused bool
	}{
		{"nothing checked out", nil, false},
		{"base", map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": other + "\n"}, false},
		{"head", map[string]string{".git/HEAD": headSHA + "\n"}, true},
		{"head, on a branch", map[string]string{".git/HEAD": "ref: refs/heads/topic\n", ".git/refs/heads/topic": headSHA + "\n"}, true},
		{
			"head, on a packed branch",
			map[string]string{".git/HEAD": "ref: refs/heads/topic\n", ".git/packed-refs": "# pack-refs\n" + other + " refs/heads/main\n" + headSHA + " refs/heads/topic\n"},
			true,
		},
		{"merge that the event names", map[string]string{".git/HEAD": mergeSHA + "\n"}, true},
		{"merge by its ref", map[string]string{".git/HEAD": other + "\n", ".git/refs/remotes/pull/7/merge": other + "\n"}, true},
		{"newer head by its ref", map[string]string{".git/HEAD": other + "\n", ".git/refs/remotes/pull/7/head": other + "\n"}, true},
		{"another one's ref", map[string]string{".git/HEAD": other + "\n", ".git/refs/remotes/pull/8/head": other + "\n"}, false},
		{"branch without a commit", map[string]string{".git/HEAD": "ref: refs/heads/main\n"}, false},
		{"ref out of the repository", map[string]string{".git/HEAD": "ref: ../secret\n", "secret": headSHA}, false},
		{"head, in a submodule", map[string]string{".git": "gitdir: ../modules/m\n", "../modules/m/HEAD": headSHA + "\n"}, true},
		{"base, in a submodule", map[string]string{".git": "gitdir: ../modules/m\n", "../modules/m/HEAD": other + "\n"}, false},
		{
			"head, in a worktree",
			map[string]string{
				".git": "gitdir: ../all/worktrees/w\n", "../all/worktrees/w/HEAD": "ref: refs/heads/topic\n",
				"../all/worktrees/w/commondir": "../..\n", "../all/refs/heads/topic": headSHA + "\n",
			},
			true,
		},
		{
			"merge by its packed ref, in a worktree",
			map[string]string{
				".git": "gitdir: ../all/worktrees/w\n", "../all/worktrees/w/HEAD": other + "\n",
				"../all/worktrees/w/commondir": "../..\n", "../all/packed-refs": other + " refs/remotes/pull/7/merge\n",
			},
			true,
		},
		{"a file that leads nowhere", map[string]string{".git": "gitdir: /home/runner/work/evals/.git/worktrees/w\n"}, true},
		{"a file that is not git's", map[string]string{".git": headSHA}, true},
		{"refs of another kind", map[string]string{".git/HEAD": "ref: refs/heads/.invalid\n", ".git/reftable/tables.list": ""}, true},
		{"refs in a circle", map[string]string{".git/HEAD": "ref: refs/heads/a\n", ".git/refs/heads/a": "ref: refs/heads/a\n"}, false},
		{"empty", map[string]string{".git/HEAD": ""}, false},
		{"not a ref", map[string]string{".git/HEAD": headSHA + strings.Repeat("\n", maxRef)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, event := range []string{"pull_request_target", "pull_request"} {
				dir := t.TempDir()
				vars := job(event, "refs/heads/main")
				write(t, dir, map[string]string{"event.json": pull(`{"full_name":"stranger/evals"}`)})
				vars["GITHUB_EVENT_PATH"], vars["GITHUB_WORKSPACE"] = filepath.Join(dir, "event.json"), filepath.Join(dir, "work")
				write(t, vars["GITHUB_WORKSPACE"], tt.files)
				_, err := New(env(vars), io.Discard, nil, "").Event()
				if refused := tt.refused && event == "pull_request_target"; (err != nil) != refused {
					t.Errorf("%s: got %v, want refused %v", event, err, refused)
				}
				if err != nil && !(strings.HasPrefix(err.Error(), "pull_request_target: ") && strings.Contains(err.Error(), "the workspace holds the pull request's own files")) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
