package action

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// GitHub is the workflow run that this process is a step of.
type GitHub struct {
	getenv func(string) string
	action *githubactions.Action
	client *http.Client
	token  string
}

// New returns the edge to GitHub. Workflow commands are written to w. An empty token leaves out the comment.
// A nil client is http.DefaultClient.
func New(getenv func(string) string, w io.Writer, client *http.Client, token string) *GitHub {
	if client == nil {
		client = http.DefaultClient
	}
	return &GitHub{
		getenv: getenv, client: client, token: token,
		action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(w)),
	}
}

// Mask keeps a secret out of the job's log. The empty string is no secret.
func (g *GitHub) Mask(secret string) {
	if secret != "" {
		g.action.AddMask(secret)
	}
}

// An Event says what a workflow run is about. Exactly the fields that are known are set.
type Event struct {
	Name          string // pull_request, push, merge_group, ...
	Repository    string // owner/name
	Private       bool   // the repository is private, as far as the event tells
	DefaultBranch string
	Branch        string // that was pushed to, or that a schedule or a dispatch runs on; empty for others
	PullRequest   int    // 0 when there is none
	Fork          bool   // the pull request comes from another repository
	SHA           string // the code under test: the head of a pull request, else the commit of the run
	RunURL        string
	Attempt       int // from 1
	Workflow, Job string
}

// OnDefaultBranch reports whether the run belongs to the default branch itself, and not to a proposal to change it.
func (e Event) OnDefaultBranch() bool {
	return e.PullRequest == 0 && e.Branch != "" && e.Branch == e.DefaultBranch
}

// Owner returns the part of Repository before the slash.
func (e Event) Owner() string {
	owner, _, _ := strings.Cut(e.Repository, "/")
	return owner
}

// RepositoryName returns the part of Repository after the slash.
func (e Event) RepositoryName() string {
	_, name, _ := strings.Cut(e.Repository, "/")
	return name
}

// payload is what is read of an event's file.
type payload struct {
	Number      int `json:"number"`
	PullRequest *struct {
		Number int `json:"number"`
		Head   struct {
			SHA  string     `json:"sha"`
			Repo *reference `json:"repo"` // null when the fork is gone
		} `json:"head"`
	} `json:"pull_request"`
	Repository struct {
		FullName      string `json:"full_name"`
		Private       bool   `json:"private"`
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
}

type reference struct {
	FullName string `json:"full_name"`
}

// Event reads what the run is about from the environment and the event's file. An event's file that cannot be read is an
// error: a pull request must not pass for a push. Without a file only the environment counts.
func (g *GitHub) Event() (Event, error) {
	e := Event{
		Name: g.getenv("GITHUB_EVENT_NAME"), Repository: g.getenv("GITHUB_REPOSITORY"), SHA: g.getenv("GITHUB_SHA"),
		Workflow: g.getenv("GITHUB_WORKFLOW"), Job: g.getenv("GITHUB_JOB"),
	}
	e.Attempt, _ = strconv.Atoi(g.getenv("GITHUB_RUN_ATTEMPT")) // 0 is "unknown"
	if id := g.getenv("GITHUB_RUN_ID"); id != "" {
		server := strings.TrimRight(g.getenv("GITHUB_SERVER_URL"), "/")
		if server == "" {
			server = "https://github.com"
		}
		e.RunURL = fmt.Sprintf("%s/%s/actions/runs/%s", server, e.Repository, id)
	}
	if ref, ok := strings.CutPrefix(g.getenv("GITHUB_REF"), "refs/heads/"); ok && e.Name != "merge_group" {
		e.Branch = ref
	}
	path := g.getenv("GITHUB_EVENT_PATH")
	if path == "" {
		return e, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return e, fmt.Errorf("the event's file: %w; was GITHUB_EVENT_PATH changed?", err)
	}
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return e, fmt.Errorf("the event's file %s: %w; was GITHUB_EVENT_PATH changed?", path, err)
	}
	e.read(p)
	return e, nil
}

func (e *Event) read(p payload) {
	e.Private, e.DefaultBranch = p.Repository.Private, p.Repository.DefaultBranch
	if e.Repository == "" {
		e.Repository = p.Repository.FullName
	}
	if p.PullRequest == nil {
		return
	}
	e.PullRequest = p.PullRequest.Number
	if e.PullRequest == 0 {
		e.PullRequest = p.Number
	}
	e.Branch = ""
	if p.PullRequest.Head.SHA != "" {
		e.SHA = p.PullRequest.Head.SHA // GITHUB_SHA is a merge that nobody wrote
	}
	e.Fork = p.PullRequest.Head.Repo == nil || !strings.EqualFold(p.PullRequest.Head.Repo.FullName, e.Repository)
}
