package config

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
)

// A PolicyReader reads the policy file of a command.
type PolicyReader func(path string, c Config) ([]byte, error)

// Parse reads all settings: args are the arguments after the program's name, getenv and environ the environment, and
// readFile reads the policy file by the path that was given, answering fs.ErrNotExist where there is none; of the Config that
// it is handed, which belongs to the command, only Command, GitHubToken and Verbose are set.
//
// When help is asked for, the Config says so, nothing else is looked at, and Problems concern the command's name alone.
// Every other error is of type [Problems] too, and then holds all that is wrong; the Config is not to be used but to tell of it.
func Parse(args []string, getenv func(string) string, environ []string, readFile PolicyReader) (Config, error) {
	line := parseArgs(args, Inputs())
	command, topic := line.command()
	if line.help || command == "help" {
		line.problems = slices.DeleteFunc(line.problems, func(p Problem) bool { return !strings.HasPrefix(p.Msg, "unknown command") })
		return Config{Command: command, Help: true, HelpCommand: topic}, line.problems.err()
	}
	if command == "version" {
		return Config{Command: command}, line.problems.err()
	}
	p := parser{
		inputs: line.inputs, flags: line.flags, env: actionInputs(line.inputs, getenv), getenv: getenv,
		problems: line.problems, where: map[string]string{}, failed: line.failed,
	}
	p.cfg = Config{
		Command: command, Policy: gate.DefaultPolicy(),
		GitHub: getenv("GITHUB_ACTIONS") == "true", Repository: getenv("GITHUB_REPOSITORY"),
	}
	if p.cfg.GitHub {
		p.problems = append(p.problems, misspelt(p.inputs, environ, p.failed)...)
	}
	p.readPolicy(func(path string) ([]byte, error) { return readFile(path, p.early()) })
	for _, in := range p.inputs {
		p.take(in)
	}
	p.resolveHub()
	p.require()
	if command == "history" {
		p.history(line.dataset)
	}
	p.checkDataset()
	return p.cfg, p.problems.err()
}

// A parser collects the settings of one Config.
type parser struct {
	cfg        Config
	inputs     []Input
	flags, env map[string]setting
	file       PolicyFile
	getenv     func(string) string

	where    map[string]string // by input that was given: by whom
	failed   map[string]bool   // inputs, or "policy", that have a problem; others are not blamed for what follows from it
	problems Problems
}

func (p *parser) add(where, msg, fix string) {
	p.problems = append(p.problems, Problem{Where: where, Msg: msg, Fix: fix})
}

// early returns what the policy may have to be read with. A value that cannot be used is told of in its turn.
func (p *parser) early() Config {
	c := Config{Command: p.cfg.Command}
	for _, name := range []string{"github-token", "verbose"} {
		if in, ok := find(p.inputs, name); ok {
			if s, given := p.strongest(in); given {
				_ = in.set(&c, s.values)
			}
		}
	}
	return c
}

// readPolicy reads the policy file that was named, or the one in the usual place if it is there. A command that writes
// the file does not read it.
func (p *parser) readPolicy(readFile func(string) ([]byte, error)) {
	name, given := defaultPolicy, false
	for _, source := range []map[string]setting{p.env, p.flags} {
		if s, ok := source["policy"]; ok {
			name, given = s.values[0], true
		}
	}
	if p.cfg.Command == "init" {
		p.cfg.PolicyFile = name
		return
	}
	data, err := readFile(name)
	if !given && errors.Is(err, fs.ErrNotExist) {
		p.otherPolicy(readFile)
		return
	}
	p.cfg.PolicyFile = name
	if err != nil {
		p.unreadPolicy(name, err)
		return
	}
	file, problems := ParsePolicy(name, data)
	p.file, p.cfg.Policy, p.cfg.EvalConfig = file, file.Policy, file.EvalConfig
	p.problems = append(p.problems, problems...)
	p.failed["policy"] = len(problems) > 0
}

// unreadPolicy reports a policy that could not be read.
func (p *parser) unreadPolicy(name string, err error) {
	p.failed["policy"] = true
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.add("input policy", "there is no file "+quote(name), `check the path, or let "hubgate init" write one`)
	case errors.As(err, &path):
		p.add("input policy", fmt.Sprintf("%s cannot be read: %s", quote(name), path.Err), "check the path and its permissions")
	default:
		p.add("input policy", fmt.Sprintf("%s cannot be read: %s", quote(name), err), "run again, or name another policy")
	}
}

// otherPolicy reports a policy under the other extension: to judge without it would be to judge by other rules. Nor is one that
// cannot be read taken for none.
func (p *parser) otherPolicy(readFile func(string) ([]byte, error)) {
	other := strings.TrimSuffix(defaultPolicy, ".yml") + ".yaml"
	switch _, err := readFile(other); {
	case err == nil:
		p.failed["policy"] = true
		p.add("input policy", fmt.Sprintf("%s is not looked for", other), "rename it to "+defaultPolicy+", or name it as policy")
	case !errors.Is(err, fs.ErrNotExist):
		p.unreadPolicy(other, err)
	}
}

// take stores the strongest value that was given for an input.
func (p *parser) take(in Input) {
	s, given := p.strongest(in)
	if given {
		p.where[in.Name] = s.where
	} else if in.Default == "" || in.byRunner() || in.FlagOnly {
		return // what flags stand in for has its default in the policy
	} else {
		s = setting{values: []string{in.Default}, where: "input " + in.Name}
	}
	if in.FlagOnly && p.flags[in.Name].values != nil {
		p.cfg.PolicyFlags = append(p.cfg.PolicyFlags, in.Name+"="+JoinList(s.values))
	}
	if err := in.set(&p.cfg, s.values); err != nil {
		p.failed[in.Name] = true
		p.problems = append(p.problems, at(s.where, err))
	}
}

func (p *parser) strongest(in Input) (setting, bool) {
	for _, source := range []map[string]setting{p.flags, p.env, p.file.settings} {
		if s, ok := source[in.Name]; ok {
			return s, true
		}
	}
	if in.Env != "" {
		if values := in.split(p.getenv(in.Env)); len(values) > 0 {
			return setting{values: values, where: in.Env}, true
		}
	}
	return setting{}, false
}

// blame returns where an input was given, to say what is wrong with it.
func (p *parser) blame(name string) string {
	if w := p.where[name]; w != "" {
		return w
	}
	return "input " + name
}

// resolveHub tells a URL from a directory.
func (p *parser) resolveHub() {
	c := &p.cfg
	if p.failed["hub"] {
		return
	}
	host, _, _ := strings.Cut(c.Hub, "/")
	switch {
	case strings.Contains(c.Hub, "://"):
		if err := checkURL(c.Hub); err != nil {
			p.failed["hub"] = true
			p.problems = append(p.problems, at(p.blame("hub"), err))
		}
		c.Hub = strings.TrimRight(c.Hub, "/")
	case host == "huggingface.co" || host == "hf.co":
		p.failed["hub"] = true
		p.add(p.blame("hub"), quote(c.Hub)+" would be a directory", "write https://"+c.Hub+", or ./"+c.Hub)
	case c.Hub == "~" || strings.HasPrefix(c.Hub, "~/"):
		c.HubIsDir = true
		home := p.getenv("HOME")
		if home == "" {
			p.failed["hub"] = true
			p.add(p.blame("hub"), quote(c.Hub)+" needs $HOME, which is not set", "write the whole path")
		}
		c.Hub = home + c.Hub[1:]
	default:
		c.HubIsDir = true
	}
	if c.HubIsDir && c.Namespace == "" {
		c.Namespace = defaultNamespace
	}
}

// require reports what the command cannot do without, but for what was given and has a problem of its own. A policy that
// could not be read might have said all of it.
func (p *parser) require() {
	c := &p.cfg
	if p.failed["policy"] {
		return
	}
	replaysRecorded := c.Command == "calibrate" && len(c.Results) == 0 && c.Model != ""
	if slices.Contains(reading(), c.Command) && len(c.Results) == 0 && !p.failed["results"] && !replaysRecorded {
		mend := "name the files that hold the scores, as in results/*.jsonl"
		if c.Command == "calibrate" {
			mend += ", or as model the one whose recorded runs to replay"
		}
		p.add("input results", "required", mend)
	}
	if c.Namespace != "" || p.failed["hub"] || p.failed["namespace"] {
		return
	}
	if c.Command == "leaderboard" {
		p.add("input namespace", "required with the Hub at "+c.Hub,
			"name the user or organisation whose results datasets to read, or give a directory as hub")
	}
	if replaysRecorded && strings.Contains(c.Dataset, "{namespace}") {
		p.add("input namespace", "required with the Hub at "+c.Hub,
			"name the user or organisation that owns the results datasets, or give a directory as hub, or files as results")
	}
	if c.Command != "check" || !strings.Contains(c.Dataset, "{namespace}") {
		return
	}
	switch {
	case c.Baseline == "":
		p.add("input namespace", "required with the Hub at "+c.Hub,
			"name the user or organisation that owns the results datasets, or give a directory as hub, or a file as baseline")
	case c.Publish == PublishAlways:
		p.add("input namespace", "required to publish", "name the user or organisation that owns the results datasets")
	}
}

// history reads the name of the dataset whose history is wanted.
func (p *parser) history(name string) {
	if name == "" {
		p.add("", "no dataset is named", "write hubgate history OWNER/NAME, as in acme/tiny-llm-results")
		return
	}
	repo, err := hub.ParseRepo(name)
	if err != nil {
		p.add("", err.Error(), "write it as in acme/tiny-llm-results")
	}
	p.cfg.History = repo
}

// placeholder matches what the template of a dataset's name may hold.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// checkDataset refuses a template that could make no name of a dataset, whatever the model.
func (p *parser) checkDataset() {
	c := &p.cfg
	if p.failed["dataset"] {
		return
	}
	known := []string{"{namespace}", "{model}", "{owner}", "{repo}", "{gate}"}
	for _, h := range placeholder.FindAllString(c.Dataset, -1) {
		switch {
		case !slices.Contains(known, h):
			p.failed["dataset"] = true
			p.problems = append(p.problems, at(p.blame("dataset"), oneOf(h, known)))
		case h == "{gate}" && c.Gate == "":
			p.add(p.blame("dataset"), "it holds {gate}, and no gate is named", "set input gate")
		case (h == "{owner}" || h == "{repo}") && c.Repository == "":
			p.add(p.blame("dataset"), fmt.Sprintf("it holds %s, and GITHUB_REPOSITORY is not set", h), "write the name out")
		}
	}
	if p.failed["dataset"] {
		return
	}
	if _, err := hub.ParseRepo(placeholder.ReplaceAllString(c.Dataset, "x")); err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		} else {
			err = errors.New("not of the form OWNER/NAME")
		}
		p.add(p.blame("dataset"), fmt.Sprintf("%s: %s", quote(c.Dataset), err), "write it as in {namespace}/{model}-results")
	}
}
