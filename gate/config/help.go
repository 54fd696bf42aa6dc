package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// helpWidth is the widest line of usage, in characters.
const helpWidth = 100

// Help returns the usage of a command, or of the whole program when command is empty. It names every flag that the command
// makes use of, its default and its INPUT_ variable. It reports false for a command that there is none of.
func Help(command string) (string, bool) {
	var b strings.Builder
	if command == "" {
		helpProgram(&b)
		return b.String(), true
	}
	i := slices.IndexFunc(Commands(), func(c Command) bool { return c.Name == command })
	if i < 0 {
		return "", false
	}
	c := Commands()[i]
	inputs := slices.DeleteFunc(Inputs(), func(in Input) bool { return !slices.Contains(in.Commands, command) })
	usage := "usage: hubgate " + c.Name
	if c.Args != "" {
		usage += " " + c.Args
	}
	if len(inputs) > 0 {
		usage += " [flags]"
	}
	fmt.Fprintf(&b, "%s\n\n%s.\n", usage, c.Doc)
	helpFlags(&b, inputs, command)
	if command == "check" {
		b.WriteString(helpExit)
	}
	return b.String(), true
}

// helpExit is the table of exit codes.
const helpExit = `
exit codes:
  0  pass, or warn
  1  fail: a regression, a breached floor, or something required is missing
  2  undecided: a baseline exists, or may, and could not be read or compared with
  3  inputs, policy or scores files are not usable
  4  a service or the machine failed before a verdict, or publishing failed after a passing one
`

func helpProgram(b *strings.Builder) {
	b.WriteString("hubgate: a merge gate for model quality\n\nusage: hubgate [COMMAND] [flags]\n\ncommands:\n")
	for _, c := range Commands() {
		fmt.Fprintf(b, "  %-18s %s\n", strings.TrimSpace(c.Name+" "+c.Args), c.Doc)
	}
	b.WriteString("\nWithout a command it is check. A flag that a command does not use is accepted and does nothing.\n")
	helpFlags(b, Inputs(), "check")
	b.WriteString(helpExit)
}

// helpFlags lists the flags of a command, their variables and defaults.
func helpFlags(b *strings.Builder, inputs []Input, command string) {
	if len(inputs) == 0 {
		return
	}
	b.WriteString("\nflags, and the variables through which the action gives the same:\n")
	for _, in := range inputs {
		flag := "--" + in.Name
		if !in.Bool {
			flag += " " + in.operand()
		}
		notes := []string{}
		if !in.FlagOnly {
			notes = append(notes, in.Variable())
		}
		switch s := in.Shown(); {
		case s == required && command == "calibrate":
			notes = append(notes, "default: the recorded runs of model")
		case s == required && command != "init":
			notes = append(notes, s)
		case s != "" && s != required:
			notes = append(notes, "default: "+s)
		}
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("  %-28s %s", flag, strings.Join(notes, ", ")), " "))
		for _, line := range wrap(in.Doc, helpWidth-6) {
			fmt.Fprintf(b, "      %s\n", line)
		}
	}
}

// operand names what a flag takes.
func (in Input) operand() string {
	if in.List {
		return "LIST"
	}
	return "VALUE"
}

// wrap breaks text into lines at blanks.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if length > 0 && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}

// InputsTable returns every input as a Markdown table, for the README. What is a flag only is shown with its dashes.
func InputsTable() string {
	var b strings.Builder
	b.WriteString("| input | default | meaning |\n|:--|:--|:--|\n")
	for _, in := range Inputs() {
		name, shown := in.Name, in.Shown()
		if in.FlagOnly {
			name = "--" + name
		}
		if shown != "" && in.Absent == "" {
			shown = "`" + strings.ReplaceAll(shown, ", else ", "`, else `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, cell(shown), cell(in.Doc))
	}
	return b.String()
}

// cell makes a text fit for a cell of a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
