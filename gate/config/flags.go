package config

import (
	"fmt"
	"slices"
	"strings"
)

// A setting is what one source says about one input.
type setting struct {
	values []string // one, or for a list at least one; none is empty
	where  string   // as Problem.Where has it
}

// split returns the values in a text: the items of a list, or the text as a whole. There are none in an empty text.
func (in Input) split(s string) []string {
	if in.List {
		return SplitList(s)
	}
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return []string{s}
}

// A commandLine is what the arguments say. They are read by our own loop, since a flag library stops at the first problem.
type commandLine struct {
	inputs   []Input
	words    []string // the command, then its arguments
	dataset  string   // whose history is wanted
	help     bool
	flags    map[string]setting
	failed   map[string]bool // inputs that were given, or meant, and have a problem
	problems Problems
}

// parseArgs reads flags in any position. A flag's last value wins; the values of a list add up.
func parseArgs(args []string, inputs []Input) *commandLine {
	l := &commandLine{inputs: inputs, flags: map[string]setting{}, failed: map[string]bool{}}
	for len(args) > 0 {
		arg, rest := args[0], args[1:]
		switch {
		case arg == "--":
			l.words, rest = append(l.words, rest...), nil
		case arg == "-h" || arg == "--help":
			l.help = true
		case len(arg) > 1 && arg[0] == '-':
			rest = l.flag(arg, rest)
		default:
			l.words = append(l.words, arg)
		}
		args = rest
	}
	return l
}

// flag reads one flag and returns the arguments after it and its value.
func (l *commandLine) flag(arg string, rest []string) []string {
	name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	in, known := find(l.inputs, name)
	if !known || !strings.HasPrefix(arg, "--"+name) {
		return l.unknown(name, arg, hasValue, rest)
	}
	switch {
	case hasValue:
	case in.Bool && len(rest) > 0 && (rest[0] == "true" || rest[0] == "false"):
		l.refuse(name, "takes its value after an equals sign", fmt.Sprintf("write --%s=%s", name, rest[0]))
		return rest[1:]
	case in.Bool:
		value = "true"
	case len(rest) == 0 || l.isFlag(rest[0]):
		l.refuse(name, "lacks its value", fmt.Sprintf("write --%s VALUE", name))
		return rest
	default:
		value, rest = rest[0], rest[1:]
	}
	values := in.split(value)
	if len(values) == 0 { // as from an unset shell variable; to go on without it could compare with something else
		l.refuse(name, "is empty", "give it a value, or leave the flag out")
		return rest
	}
	if in.List {
		values = append(l.flags[name].values, values...)
	}
	l.flags[name] = setting{values: values, where: "input " + name}
	return rest
}

// unknown reports a flag that there is none of, and passes over what is likely its value.
func (l *commandLine) unknown(name, arg string, hasValue bool, rest []string) []string {
	shown, _, _ := strings.Cut(arg, "=")
	msg := "unknown flag " + quote(shown)
	near := nearest(name, names(l.inputs))
	in, _ := find(l.inputs, near)
	switch {
	case isCommand(name):
		l.add("", msg, fmt.Sprintf(`write "hubgate %s"`, name))
		return rest
	case near != "":
		l.failed[near] = true
		l.add("", msg, fmt.Sprintf(`did you mean "--%s"?`, near))
	default:
		l.add("", msg, `"hubgate help" lists all flags`)
	}
	if !hasValue && !in.Bool && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && !isCommand(rest[0]) {
		return rest[1:]
	}
	return rest
}

// isFlag reports whether an argument is a known flag, and so no value of the flag before it: values may begin with "-".
func (l *commandLine) isFlag(arg string) bool {
	name, long := strings.CutPrefix(arg, "--")
	name, _, _ = strings.Cut(name, "=")
	_, known := find(l.inputs, name)
	return long && known
}

// command returns the command and the topic that help is wanted on, and reports words that are neither.
func (l *commandLine) command() (name, topic string) {
	name, words := "check", l.words
	if len(words) > 0 {
		name, words = words[0], words[1:]
		l.checkCommand(name)
	}
	switch {
	case name == "help" && len(words) > 0:
		topic, words = words[0], words[1:]
		l.checkCommand(topic)
	case l.help && len(l.words) > 0:
		topic = name
	case name == "history" && len(words) > 0:
		l.dataset, words = words[0], words[1:]
	}
	if len(words) > 0 && isCommand(name) {
		l.extra(name, words)
	}
	return name, topic
}

// extra reports arguments that a command does not take: most likely files that the shell made of a glob.
func (l *commandLine) extra(name string, words []string) {
	msg := "unexpected argument " + quote(words[0])
	if n := len(words) - 1; n > 0 {
		msg = fmt.Sprintf("%s and %d more", msg, n)
	}
	fix := fmt.Sprintf("%q takes none", "hubgate "+name)
	if name == "history" {
		fix = "name one dataset at a time"
	}
	if slices.Contains(scoring(), name) {
		fix = "give files with --results, and quote a glob so that the shell leaves it alone: --results 'results/*.jsonl'"
	}
	l.add("", msg, fix)
}

func (l *commandLine) checkCommand(name string) {
	if isCommand(name) {
		return
	}
	var known []string
	for _, c := range Commands() {
		known = append(known, c.Name)
	}
	fix := "write " + anyOf(known)
	if n := nearest(name, known); n != "" {
		fix = fmt.Sprintf("did you mean %q?", n)
	} else if strings.ContainsAny(name, "./*") {
		fix = "give files with --results"
	}
	l.add("", "unknown command "+quote(name), fix)
}

// refuse reports a known flag.
func (l *commandLine) refuse(name, msg, fix string) {
	l.failed[name] = true
	l.add("input "+name, fmt.Sprintf("--%s %s", name, msg), fix)
}

func (l *commandLine) add(where, msg, fix string) {
	l.problems = append(l.problems, Problem{Where: where, Msg: msg, Fix: fix})
}

// A Command is one thing that the program does.
type Command struct {
	Name string
	Args string // its arguments, as usage shows them; empty for none
	Doc  string // one sentence, without its full stop
}

// Commands returns every command, in the order in which usage lists them.
func Commands() []Command {
	return []Command{
		{"check", "", "Read the candidate's scores, compare them with the baseline, judge, publish and report"},
		{"describe", "", "Read and aggregate the candidate's scores, compare with nothing, exit 0"},
		{"calibrate", "", "Replay the policy on stored scores: its false alarms, and the losses that it finds"},
		{"leaderboard", "", "Find the results datasets of a namespace, and rank the models per task and metric"},
		{"history", "OWNER/NAME", "Print the runs recorded in a results dataset, the newest first"},
		{"init", "", "Write a commented policy, with what is found in results, and a workflow; overwrite nothing"},
		{"version", "", "Print version, commit, Go version and platform"},
		{"help", "[COMMAND]", "Print usage"},
	}
}

func isCommand(name string) bool {
	return slices.ContainsFunc(Commands(), func(c Command) bool { return c.Name == name })
}
