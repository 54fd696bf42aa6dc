package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// actionInputs returns what the INPUT_ variables say. The runner sets one for every input that action.yml declares, so an
// empty one is not given.
func actionInputs(inputs []Input, getenv func(string) string) map[string]setting {
	out := map[string]setting{}
	for _, in := range inputs {
		if in.FlagOnly {
			continue
		}
		if values := in.split(getenv(in.Variable())); len(values) > 0 {
			out[in.Name] = setting{values: values, where: "input " + in.Name}
		}
	}
	return out
}

const (
	maxSlips  = 2 // edits from a known name that make an unknown one a slip
	minLength = 6 // of the known name; shorter ones are near to too much
)

// misspelt reports INPUT_ variables that the runner passes on for inputs that there are none of, where a known one is so
// near that it must have been meant, or where the input is one of the flags that the action takes from the policy.
// The runner itself only warns, and the job would go on without. The inputs that were meant are marked as failed.
func misspelt(inputs []Input, environ []string, failed map[string]bool) Problems {
	known := map[string]Input{} // by variable
	for _, in := range inputs {
		known[in.Variable()] = in
	}
	var out Problems
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		variable, _, _ := strings.Cut(entry, "=")
		name, isInput := strings.CutPrefix(variable, "INPUT_")
		if !isInput || len(name) > 2*maxQuoted {
			continue
		}
		shown := strings.ToLower(name)
		in, exact := known[variable]
		switch {
		case exact && !in.FlagOnly:
		case exact:
			out = append(out, Problem{"input " + in.Name, "not an input of the action", "set it in the policy file"})
		default:
			if near := closest(variable, known); near != "" {
				failed[known[near].Name] = true
				out = append(out, Problem{"input " + shown, "unknown input", fmt.Sprintf("did you mean %q?", known[near].Name)})
			}
		}
	}
	return out
}

// closest returns the known variable that an unknown one is a slip of, or "".
func closest(variable string, known map[string]Input) string {
	best, distance := "", maxSlips+1
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if utf8.RuneCountInString(known[k].Name) < minLength {
			continue
		}
		if d := levenshtein.ComputeDistance(variable, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}
