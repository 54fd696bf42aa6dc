package config

import (
	"fmt"
	"io"
	"time"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// A Config is every setting of one run of the command, valid and with its defaults filled in.
type Config struct {
	Command     string // a name that Commands lists
	Help        bool   // usage was asked for; then only Command and HelpCommand are set
	HelpCommand string // whose usage; empty for that of the whole program

	Results []string // paths, globs, directories, hf://datasets/…; empty for init only
	Format  string   // "auto", or the name of one reader
	Model   string   // empty when the results name their models; for leaderboard a glob, empty for all

	// The columns that hold these; empty to find them by common names.
	IDColumn, ModelColumn, TaskColumn, GroupColumn, TrialColumn string

	Metrics []codec.Metric // empty to go by content; Name is empty where the metric keeps its own

	Policy     gate.Policy // the effective one, flags applied
	PolicyFile string      // where it was read, or for init is to be written; empty when there is none
	EvalConfig []string    // files that configure the evaluation

	PolicyFlags []string // flags that stand in for what a policy file says, as NAME=VALUE, where they were given

	History hub.Repo // whose history is wanted; of the command history only

	Hub       string // a URL without a slash at its end, or a directory
	HubIsDir  bool
	PlainHTTP bool   // http:// may lead to another machine
	Namespace string // empty only where Baseline or the command does without
	Dataset   string // template of the results dataset's name; its placeholders are known and have values

	Baseline         string // a path or hf://datasets/…; empty for the results dataset
	BaselineRevision string // "auto", or a branch, tag or commit

	HFToken     Secret
	GitHubToken Secret

	Gate   string // the gate's name; empty where a repository has one
	Matrix string // the job's matrix as compact JSON with sorted keys; empty when there is none

	Publish     Publish
	Comment     Comment
	Samples     Samples
	CheckRun    CheckRun
	PublishText bool
	ReportOnly  bool
	Verbose     bool

	ReportDir string
	Timeout   time.Duration // more than zero

	GitHub     bool   // the command runs as a step of a GitHub workflow
	Repository string // OWNER/NAME of the code's repository; empty where GitHub does not say
}

// Read returns what the settings say about reading scores. The scale of a metric is left to the caller, who knows how the
// policy is matched.
func (c Config) Read() codec.Options {
	return codec.Options{
		Format: c.Format, ModelID: c.Model, Metrics: c.Metrics,
		ID: c.IDColumn, Model: c.ModelColumn, Task: c.TaskColumn, Group: c.GroupColumn, Trial: c.TrialColumn,
	}
}

// A Secret is a token. Formatting or encoding it in any way shows that there is one and nothing else; string(s) reveals it.
type Secret string

// redacted stands for a secret wherever it is printed.
const redacted = "[secret]"

// String returns a placeholder, empty when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format writes what String returns, under every verb: %d and %x too would otherwise show the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Publish says when a run is written to its results dataset.
type Publish uint8

// When to publish.
const (
	PublishAuto   Publish = iota // the default branch to main, a pull request to a branch of its own
	PublishAlways                // to main where there is no pull request
	PublishNever
)

// Comment says when the pull request's comment is written. One that is there is brought up to date in any case.
type Comment uint8

// When to comment.
const (
	CommentAlways   Comment = iota
	CommentOnChange         // when a series improved or was not held
	CommentOnFail           // when the decision is fail or undecided
	CommentNever
)

// Samples says how much of single samples a report shows.
type Samples uint8

// What to show of samples.
const (
	SamplesAuto Samples = iota // text where readers may see it anyway, else ids
	SamplesText
	SamplesIDs
	SamplesNone
)

// CheckRun says whether a check run is made on the head commit.
type CheckRun uint8

// Whether to make a check run.
const (
	CheckRunAuto CheckRun = iota // under workflow_run, whose own result no pull request shows
	CheckRunTrue
	CheckRunFalse
)

var (
	publishNames  = []string{"auto", "always", "never"}
	commentNames  = []string{"always", "on-change", "on-fail", "never"}
	samplesNames  = []string{"auto", "text", "ids", "none"}
	checkRunNames = []string{"auto", "true", "false"}
)

// String returns the name that the input takes.
func (p Publish) String() string { return publishNames[p] }

// String returns the name that the input takes.
func (c Comment) String() string { return commentNames[c] }

// String returns the name that the input takes.
func (s Samples) String() string { return samplesNames[s] }

// String returns the name that the input takes.
func (c CheckRun) String() string { return checkRunNames[c] }
