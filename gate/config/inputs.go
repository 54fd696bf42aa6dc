package config

import (
	"slices"
	"strings"
)

// An Input is one setting that people can give.
type Input struct {
	Name     string   // of the flag, the action input and the policy key
	Doc      string   // one sentence with the allowed values, without its full stop and without the default
	Default  string   // the value when none is given; empty when there is none
	Env      string   // an environment variable that stands in before the default; empty for none
	Absent   string   // in words, what holds when none is given and Default cannot say it
	List     bool     // takes several values, by commas, lines or repeated flags
	Bool     bool     // as a flag it needs no value
	FlagOnly bool     // no action input: the action takes it from the policy file
	InPolicy bool     // may stand at the top of a policy file
	Commands []string // that make use of it; other commands accept it, so that one line of flags serves them all

	set setter // parses values into a Config
}

// A setter stores what an input's values say. It is given one value, or for a list at least one, none of them empty.
// Its errors are as wrong makes them.
type setter func(c *Config, values []string) error

// Variable returns the environment variable through which the runner hands over an action input. It keeps dashes.
func (in Input) Variable() string { return "INPUT_" + strings.ToUpper(in.Name) }

// Shown returns what holds when the input is not given, as documentation shows it; empty when nothing does.
func (in Input) Shown() string {
	switch {
	case in.Absent != "":
		return in.Absent
	case in.Env == "":
		return in.Default
	case in.Default == "":
		return "$" + in.Env
	default:
		return "$" + in.Env + ", else " + in.Default
	}
}

// byRunner reports whether the default is an expression that only the runner can evaluate.
func (in Input) byRunner() bool { return strings.HasPrefix(in.Default, "${{") }

// The defaults that other lines refer to.
const (
	defaultPolicy    = ".github/hubgate.yml"
	defaultHub       = "https://huggingface.co"
	defaultNamespace = "local" // on a directory

	required = "required" // in place of a default
)

// Inputs returns every input, in the order in which documentation lists them.
func Inputs() []Input {
	return slices.Concat(readInputs(), hubInputs(), showInputs(), runInputs(), policyFlags())
}

// Names of commands, for the table.
func scoring() []string   { return []string{"check", "calibrate", "describe", "init"} }
func reading() []string   { return []string{"check", "calibrate", "describe"} }
func comparing() []string { return []string{"check", "calibrate"} }
func checking() []string  { return []string{"check"} }

// ranking and recorded add the commands that read what is recorded.
func ranking(others []string) []string  { return append(others, "leaderboard") }
func recorded(others []string) []string { return append(others, "leaderboard", "history") }

// readInputs are about the scores.
func readInputs() []Input {
	column := func(name, what string, field func(*Config) *string) Input {
		return Input{
			Name: name, Doc: "Column that holds the " + what + "; a dotted path reaches into structs and JSON text",
			Absent: "found by common names", InPolicy: true, Commands: scoring(), set: text(field),
		}
	}
	return []Input{
		{
			Name: "results", Doc: "Scores of the candidate: files, globs, directories, or hf://datasets/OWNER/NAME[@REVISION][/PATH], merged into one run",
			Absent: required, List: true, InPolicy: true, Commands: scoring(), set: setResults,
		},
		{
			Name: "format", Doc: "Reader of the files: " + anyOf(formats),
			Default: "auto", InPolicy: true, Commands: scoring(), set: setFormat,
		},
		{
			Name: "model", Doc: "Id of the model, for results that carry none, or exactly one, which it replaces; for leaderboard a glob of those to rank",
			Commands: ranking(scoring()), set: text(func(c *Config) *string { return &c.Model }),
		},
		column("id-column", "id of the sample", func(c *Config) *string { return &c.IDColumn }),
		column("model-column", "id of the model", func(c *Config) *string { return &c.ModelColumn }),
		column("task-column", "name of the task", func(c *Config) *string { return &c.TaskColumn }),
		column("group-column", "group of samples that are not independent of each other", func(c *Config) *string { return &c.GroupColumn }),
		column("trial-column", "number of the trial, where samples were scored several times", func(c *Config) *string { return &c.TrialColumn }),
		{
			Name: "metrics", Doc: "Metrics that count, by name or dotted path; NAME=PATH renames one, and one that holds a comma goes in double quotes",
			Absent: "decided by content", List: true, Commands: ranking(scoring()), set: setMetrics,
		},
		{
			Name: "policy", Doc: "Policy file: criteria, what to do in each case, and settings of the repository",
			Absent: defaultPolicy + " if it exists", Commands: recorded(scoring()), set: text(func(c *Config) *string { return &c.PolicyFile }),
		},
	}
}

// hubInputs are about the baseline and the results dataset.
func hubInputs() []Input {
	return []Input{
		{
			Name: "hub", Doc: "URL of a Hub, or a directory that serves as one without network or account",
			Default: defaultHub, Env: "HF_ENDPOINT", InPolicy: true, Commands: recorded(reading()), set: text(func(c *Config) *string { return &c.Hub }),
		},
		{
			Name: "plain-http", Doc: "Whether a Hub on another machine may be reached by http://, over which others can read the token: true or false",
			Default: "false", Bool: true, Commands: recorded(reading()), set: boolean(func(c *Config) *bool { return &c.PlainHTTP }),
		},
		{
			Name: "namespace", Doc: "Hub user or organisation that owns the results datasets",
			Absent:   defaultNamespace + " where hub is a directory, else required unless baseline does without",
			InPolicy: true, Commands: ranking(comparing()), set: setNamespace,
		},
		{
			Name: "dataset", Doc: "Name of the results dataset, with {namespace}, {model}, {owner}, {repo} and {gate} filled in",
			Default: "{namespace}/{model}-results", InPolicy: true, Commands: comparing(), set: text(func(c *Config) *string { return &c.Dataset }),
		},
		{
			Name: "baseline", Doc: "Other baseline to compare with: a file, a directory, or hf://datasets/OWNER/NAME[@REVISION][/PATH]",
			Absent: "the results dataset", InPolicy: true, Commands: comparing(), set: setBaseline,
		},
		{
			Name: "baseline-revision", Doc: "Revision of the results dataset to compare with: auto, a branch, a tag or a commit",
			Default: "auto", Commands: append(comparing(), "history"), set: setRevision,
		},
		{
			Name: "hf-token", Doc: "Token for the Hub",
			Env: "HF_TOKEN", Commands: recorded(reading()), set: token(func(c *Config) *Secret { return &c.HFToken }),
		},
		{
			Name: "github-token", Doc: "Token for the comment and the check run",
			Default: "${{ github.token }}", Commands: checking(), set: token(func(c *Config) *Secret { return &c.GitHubToken }),
		},
		{
			Name: "gate", Doc: "Name of this gate, where a repository has several; part of the comment's key and of {gate}",
			Commands: comparing(), set: setGate,
		},
		{
			Name: "matrix", Doc: "Matrix of the job as JSON; part of the comment's key, so that legs do not overwrite each other",
			Default: "${{ toJSON(matrix) }}", Commands: checking(), set: setMatrix,
		},
	}
}

// showInputs are about what is written where.
func showInputs() []Input {
	return []Input{
		{
			Name: "publish", Doc: "When to publish the run to its results dataset: " + anyOf(publishNames),
			Default: "auto", InPolicy: true, Commands: checking(), set: choice(publishNames, func(c *Config) *Publish { return &c.Publish }),
		},
		{
			Name: "comment", Doc: "When to comment on the pull request: " + anyOf(commentNames) + "; an existing comment is always brought up to date",
			Default: "always", InPolicy: true, Commands: checking(), set: choice(commentNames, func(c *Config) *Comment { return &c.Comment }),
		},
		{
			Name: "samples", Doc: "What comment, summary and report show of samples: " + anyOf(samplesNames) + "; auto is text where the repository is private or the dataset public, else ids",
			Default: "auto", InPolicy: true, Commands: checking(), set: choice(samplesNames, func(c *Config) *Samples { return &c.Samples }),
		},
		{
			Name: "publish-text", Doc: "Whether text columns go into the results dataset too: true or false",
			Default: "true", Bool: true, InPolicy: true, Commands: checking(), set: boolean(func(c *Config) *bool { return &c.PublishText }),
		},
		{
			Name: "check-run", Doc: "Whether to make a check run on the head commit: " + anyOf(checkRunNames) + "; auto is true under workflow_run, and the job needs checks: write",
			Default: "auto", InPolicy: true, Commands: checking(), set: choice(checkRunNames, func(c *Config) *CheckRun { return &c.CheckRun }),
		},
		{
			Name: "report-only", Doc: "Judge, show and record, but exit 0 for the decisions fail and undecided: true or false",
			Default: "false", Bool: true, InPolicy: true, Commands: checking(), set: boolean(func(c *Config) *bool { return &c.ReportOnly }),
		},
		{
			Name: "report-dir", Doc: "Directory for report.json and report.md; it is never read as results",
			Default: "hubgate-report", Commands: ranking(reading()), set: text(func(c *Config) *string { return &c.ReportDir }),
		},
	}
}

// runInputs are about the run of the command itself.
func runInputs() []Input {
	return []Input{
		{
			Name: "timeout", Doc: "Limit on the whole run, as in 90s, 10m or 1h30m",
			Default: "10m", Commands: recorded(scoring()), set: setTimeout,
		},
		{
			Name: "verbose", Doc: "Whether to log details: true or false",
			Default: "false", Bool: true, Commands: recorded(scoring()), set: boolean(func(c *Config) *bool { return &c.Verbose }),
		},
	}
}

// policyFlags stand in for what a policy file says. Their defaults are those of gate.DefaultPolicy.
func policyFlags() []Input {
	return []Input{
		{
			Name: "max-loss", Doc: "Tolerated loss of every metric, in its own units or as 5%; it overrides the defaults and each metric of the policy file",
			Default: "5%", FlagOnly: true, Commands: comparing(), set: setMaxLoss,
		},
		{
			Name: "alpha", Doc: "Rate of false alarms of the whole run, one-sided, between 0 and 0.5",
			Default: "0.05", FlagOnly: true, Commands: ranking(reading()), set: parsed(parseAlpha, func(c *Config) *float64 { return &c.Policy.Alpha }),
		},
		{
			Name: "rule", Doc: "How a loss becomes a failure: " + anyOf(ruleNames),
			Default: "regression", FlagOnly: true, Commands: comparing(), set: parsed(parseRule, policyRule),
		},
		{
			Name: "test", Doc: "Test that decides: " + anyOf(testNames) + "; auto is paired where samples match, else welch",
			Default: "auto", FlagOnly: true, Commands: comparing(), set: parsed(parseTest, policyTest),
		},
		{
			Name: "correction", Doc: "Correction for the number of tests: " + anyOf(correctionNames),
			Default: "holm", FlagOnly: true, Commands: ranking(comparing()), set: parsed(parseCorrection, policyCorrection),
		},
		{
			Name: "seed", Doc: "Seed of resampling, a whole number from 0",
			Default: "0", FlagOnly: true, Commands: comparing(), set: parsed(parseSeed, func(c *Config) *uint64 { return &c.Policy.Seed }),
		},
		{
			Name: "eval-config", Doc: "Files that configure the evaluation; a change of what they say makes runs incomparable",
			List: true, FlagOnly: true, InPolicy: true, Commands: reading(), set: list(func(c *Config) *[]string { return &c.EvalConfig }),
		},
	}
}

// An Output is one result that the action hands to later steps.
type Output struct{ Name, Doc string }

// Outputs returns every output of the action, in the order in which documentation lists them.
func Outputs() []Output {
	return []Output{
		{"decision", "pass, warn, fail or undecided"},
		{"regressed", `JSON list of {"model", "task", "metric"} of the findings whose decision is fail`},
		{"report-json", "Path of report.json; empty where none was written"},
		{"report-md", "Path of report.md; empty where none was written"},
		{"report-html", "Path of report.html; empty where none was written"},
		{"comment-url", "URL of the pull request's comment; empty when there is none"},
		{"results-url", "URL of each published results dataset, a line per model in the report's order; empty when nothing was published"},
		{"results-commit", "Commit of each published results dataset, a line per model in the report's order; empty when nothing was published"},
	}
}

// find returns the input of that name.
func find(inputs []Input, name string) (Input, bool) {
	i := slices.IndexFunc(inputs, func(in Input) bool { return in.Name == name })
	if i < 0 {
		return Input{}, false
	}
	return inputs[i], true
}

// names returns the names of inputs.
func names(inputs []Input) []string {
	out := make([]string, len(inputs))
	for i, in := range inputs {
		out[i] = in.Name
	}
	return out
}
