package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
)

// The names that values may have. Those of gate are listed as its parsers know them.
var (
	formats         = []string{"auto", "handbook", "jsonl", "json", "csv", "tsv", "parquet"}
	ruleNames       = []string{"regression", "noninferiority", "threshold"}
	testNames       = []string{"auto", "welch", "paired"}
	correctionNames = []string{"holm", "none"}
	directionNames  = []string{"higher", "lower"}
	tierNames       = []string{"critical", "supporting", "advisory"}
)

// SplitList splits a list at commas and line ends and drops empty items and the blanks around items. Commas inside braces
// do not split: {a,b}.jsonl is one glob. A brace that nothing closes on its line is an ordinary character. An item in double
// quotes is taken as it is, with "" for a quote, as in CSV.
func SplitList(s string) []string {
	var out []string
	for line := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		for line != "" {
			var item string
			if item, line = cutItem(line); item != "" {
				out = append(out, item)
			}
		}
	}
	return out
}

// JoinList returns the list that SplitList splits into these items, none of which is empty or holds a line end.
func JoinList(items []string) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = item
		if strings.Contains(item, `"`) || !slices.Equal(SplitList(item+",}"), []string{item, "}"}) {
			out[i] = `"` + strings.ReplaceAll(item, `"`, `""`) + `"`
		}
	}
	return strings.Join(out, ",")
}

var quotedItem = regexp.MustCompile(`^\s*"((?:[^"]|"")*)"\s*(?:,|$)`)

// cutItem cuts a line of a list behind its first item.
func cutItem(line string) (item, rest string) {
	if m := quotedItem.FindStringSubmatch(line); m != nil {
		return strings.ReplaceAll(m[1], `""`, `"`), line[len(m[0]):]
	}
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ',':
			return strings.TrimSpace(line[:i]), line[i+1:]
		case '{':
			i = closing(line, i)
		}
	}
	return strings.TrimSpace(line), ""
}

// closing returns the index of the brace that closes the one at open, or open when none does.
func closing(s string, open int) int {
	depth := 0
	for i := open; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return open
}

// parsed makes a setter of a parser and a field.
func parsed[T any](parse func(string) (T, error), field func(*Config) *T) setter {
	return func(c *Config, values []string) error {
		v, err := parse(values[0])
		if err == nil {
			*field(c) = v
		}
		return err
	}
}

// text makes a setter of a field that holds any one line of text.
func text(field func(*Config) *string) setter { return parsed(parseText, field) }

// list makes a setter of a field that holds texts.
func list(field func(*Config) *[]string) setter {
	return func(c *Config, values []string) error {
		*field(c) = values
		return nil
	}
}

// choice makes a setter of an enumeration whose value i is called names[i].
func choice[E ~uint8](names []string, field func(*Config) *E) setter {
	return parsed(func(s string) (E, error) {
		i := slices.Index(names, s)
		if i < 0 {
			return 0, oneOf(s, names)
		}
		return E(i), nil
	}, field)
}

// boolean makes a setter of a flag, with the spellings that GitHub's own toolkit takes.
func boolean(field func(*Config) *bool) setter { return parsed(parseBool, field) }

// token makes a setter of a secret. No message repeats it.
func token(field func(*Config) *Secret) setter {
	return func(c *Config, values []string) error {
		if strings.ContainsFunc(values[0], func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return wrong("holds white space", "give the bare token")
		}
		*field(c) = Secret(values[0])
		return nil
	}
}

func policyRule(c *Config) *gate.Rule             { return &c.Policy.Rule }
func policyTest(c *Config) *gate.TestChoice       { return &c.Policy.Test }
func policyCorrection(c *Config) *gate.Correction { return &c.Policy.Correction }

func setResults(c *Config, values []string) error {
	c.Results = values
	return eachLocation(values)
}

func setBaseline(c *Config, values []string) error {
	c.Baseline = values[0]
	return eachLocation(values)
}

func setFormat(c *Config, values []string) error {
	if !slices.Contains(formats, values[0]) {
		return oneOf(values[0], formats)
	}
	c.Format = values[0]
	return nil
}

func setMetrics(c *Config, values []string) error {
	seen := map[string]bool{}
	c.Metrics = nil
	for _, v := range values {
		name, path, renamed := strings.Cut(v, "=")
		name, path = strings.TrimSpace(name), strings.TrimSpace(path)
		if !renamed {
			name, path = "", name
		} else if name == "" || path == "" {
			return wrong(quote(v)+" lacks a side", "write NAME=PATH, or only the path")
		}
		m := codec.Metric{Name: name, Path: path}
		shown := path
		if name != "" {
			shown = name
		}
		if seen[shown] {
			return wrong(quote(shown)+" is named twice", "name it once, or rename one with NAME=PATH")
		}
		seen[shown] = true
		c.Metrics = append(c.Metrics, m)
	}
	return nil
}

func setNamespace(c *Config, values []string) error {
	c.Namespace = values[0]
	if err := (hub.Repo{Owner: values[0], Name: "x"}).Check(); err != nil {
		return wrong(fmt.Sprintf("%s: %s", quote(values[0]), errors.Unwrap(err)), "")
	}
	return nil
}

func setRevision(c *Config, values []string) error {
	c.BaselineRevision = values[0]
	if hub.IsCommitID(values[0]) {
		return nil
	}
	if err := hub.CheckBranch(values[0]); err != nil {
		return wrong(fmt.Sprintf("%s: %s", quote(values[0]), errors.Unwrap(err)), "write auto, a branch, a tag or a commit")
	}
	return nil
}

// maxGate is the longest name of a gate, in bytes: it becomes part of a dataset's name, which has 96.
const maxGate = 48

func setGate(c *Config, values []string) error {
	c.Gate = values[0]
	if len(c.Gate) > maxGate {
		return wrong(fmt.Sprintf("%s has %d characters", quote(c.Gate), len(c.Gate)), fmt.Sprintf("use at most %d", maxGate))
	}
	if err := (hub.Repo{Owner: "x", Name: c.Gate}).Check(); err != nil {
		return wrong(quote(c.Gate)+" cannot be part of a dataset's name", `use letters, digits, "_", and single "-" and "." between them`)
	}
	return nil
}

// setMatrix brings the matrix into one spelling, since it is compared: compact, keys sorted.
func setMatrix(c *Config, values []string) error {
	dec := json.NewDecoder(strings.NewReader(values[0]))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	if _, more := dec.Token(); err != nil || !errors.Is(more, io.EOF) {
		return wrong(quote(values[0])+" is not JSON", "write ${{ toJSON(matrix) }}")
	}
	c.Matrix = ""
	if m, ok := v.(map[string]any); v == nil || ok && len(m) == 0 {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return wrong(quote(values[0])+" cannot be written as JSON again", "write ${{ toJSON(matrix) }}")
	}
	c.Matrix = strings.TrimSpace(b.String())
	return nil
}

func setTimeout(c *Config, values []string) error {
	d, err := time.ParseDuration(values[0])
	if err != nil {
		fix := "write it as in 90s, 10m or 1h30m"
		if _, err := strconv.ParseUint(values[0], 10, 32); err == nil {
			fix = fmt.Sprintf("add a unit, as in %sm or %[1]ss", values[0])
		}
		return wrong(quote(values[0])+" is not a duration", fix)
	}
	if d <= 0 {
		return wrong(quote(values[0])+" is not more than zero", "write it as in 90s, 10m or 1h30m")
	}
	c.Timeout = d
	return nil
}

// setMaxLoss overrides the whole policy, as a flag overrides a file: each metric falls back to the new default.
func setMaxLoss(c *Config, values []string) error {
	loss, err := parseLoss(values[0])
	if err != nil {
		return err
	}
	c.Policy.Defaults.MaxLoss = &loss
	for i := range c.Policy.Criteria {
		c.Policy.Criteria[i].MaxLoss = nil
	}
	if err := idle(c.Policy.Defaults, c.Policy.Defaults); err != nil {
		return err
	}
	for _, cr := range c.Policy.Criteria {
		if err := idle(cr, c.Policy.Defaults); err != nil {
			return err
		}
	}
	return nil
}

// eachLocation refuses the first value that looks like a URL and is not the name of a dataset.
func eachLocation(values []string) error {
	for _, v := range values {
		if err := checkLocation(v); err != nil {
			return err
		}
	}
	return nil
}

// checkLocation refuses what looks like a URL and is not hf://datasets/OWNER/NAME; every other text is a path.
func checkLocation(s string) error {
	const form = "hf://datasets/OWNER/NAME[@REVISION][/PATH]"
	if !strings.Contains(s, "://") {
		return nil
	}
	rest, ok := strings.CutPrefix(s, "hf://datasets/")
	switch {
	case ok:
	case strings.HasPrefix(s, "hf://"):
		return wrong(quote(s)+" is not a dataset", "write "+form)
	default:
		return wrong(quote(s)+" is neither a path nor a dataset", "download it first, or write "+form)
	}
	owner, rest, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(rest, "/")
	name, _, _ = strings.Cut(name, "@")
	if err := (hub.Repo{Owner: owner, Name: name}).Check(); err != nil {
		return wrong(fmt.Sprintf("%s: %s", quote(s), errors.Unwrap(err)), "write "+form)
	}
	return nil
}

// checkURL refuses what cannot be the address of a Hub.
func checkURL(s string) error {
	const form = "write it as in " + defaultHub
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return wrong("not a URL", form)
	case u.User != nil:
		return wrong("the URL holds a password", "give it as input hf-token")
	case u.Scheme != "https" && u.Scheme != "http":
		return wrong(quote(s)+" is neither a directory nor a web address", form)
	case u.RawQuery != "" || u.Fragment != "":
		return wrong(`the URL holds a "?" or "#"`, form)
	}
	return nil
}

func parseText(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", wrong(quote(s)+" holds a line end or another control character", "write it in one line")
	}
	return s, nil
}

func parseBool(s string) (bool, error) {
	switch s {
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	return false, wrong(quote(s)+" is not true or false", "write one of these")
}

// parseNumber reads a finite number.
func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return v, nil
	}
	if _, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64); err == nil && strings.Contains(s, ",") {
		return 0, wrong(quote(s)+" is not a number", "write a decimal point, as in "+strings.Replace(s, ",", ".", 1))
	}
	return 0, wrong(quote(s)+" is not a number", "write it as in 0.05")
}

// cutPercent reads a number and tells whether a percent sign follows it.
func cutPercent(s string) (v float64, percent bool, err error) {
	digits, percent := strings.CutSuffix(s, "%")
	v, err = parseNumber(strings.TrimSpace(digits))
	return v, percent, err
}

func parseLoss(s string) (gate.Loss, error) {
	v, percent, err := cutPercent(s)
	if err != nil {
		return gate.Loss{}, wrong(quote(s)+" is not a loss", "write it in the metric's units, as in 0.1, or as in 5%")
	}
	if v < 0 || math.Signbit(v) {
		return gate.Loss{}, wrong(quote(s)+" is negative", "write how much worse is tolerated, as a number from 0")
	}
	return gate.Loss{Value: v, Percent: percent}, nil
}

// parseShare reads a part of one: 0.05 or 5%.
func parseShare(s string) (float64, error) {
	v, percent, err := cutPercent(s)
	if err != nil {
		return 0, wrong(quote(s)+" is not a share", "write it as in 5% or 0.05")
	}
	if percent {
		v /= 100
	} else if v == 1 {
		return 0, wrong(quote(s)+" is every sample", "for one percent write 1%, for all of them 100%")
	}
	if !(v >= 0 && v <= 1) {
		return 0, wrong(quote(s)+" is not in [0, 1]", "for five percent write 5% or 0.05")
	}
	return v, nil
}

func parseAlpha(s string) (float64, error) {
	v, err := parseNumber(s)
	if err != nil {
		return 0, err
	}
	if !(v > 0 && v < 0.5) {
		return 0, wrong(quote(s)+" is not in (0, 0.5)", "for five percent write 0.05")
	}
	return v, nil
}

func parsePower(s string) (float64, error) {
	v, err := parseNumber(s)
	if err != nil {
		return 0, err
	}
	if !(v > 0 && v < 1) {
		return 0, wrong(quote(s)+" is not in (0, 1)", "for eighty percent write 0.8")
	}
	return v, nil
}

func parseMinSamples(s string) (int, error) {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil || v < 2 {
		return 0, wrong(quote(s)+" is not a whole number from 2", "write it as in 5")
	}
	return int(v), nil
}

func parseSeed(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, wrong(quote(s)+" is not a whole number from 0 to 18446744073709551615", "write it as in 1")
	}
	return v, nil
}

// named makes a parser of one of gate's, for the names that it knows.
func named[E any](parse func(string) (E, bool), names []string) func(string) (E, error) {
	return func(s string) (E, error) {
		v, ok := parse(s)
		if !ok || !slices.Contains(names, s) {
			return v, oneOf(s, names)
		}
		return v, nil
	}
}

func parseRule(s string) (gate.Rule, error)       { return named(gate.ParseRule, ruleNames)(s) }
func parseTest(s string) (gate.TestChoice, error) { return named(gate.ParseTestChoice, testNames)(s) }
func parseCorrection(s string) (gate.Correction, error) {
	return named(gate.ParseCorrection, correctionNames)(s)
}
