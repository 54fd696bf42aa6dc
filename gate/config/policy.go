package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/gate"
)

// Limits on a policy file, which is a page or two. They bound the work that aliases of aliases could ask for.
const (
	maxPolicySize  = 256 << 10 // bytes
	maxPolicyNodes = 20_000    // keys and values, each counted as often as aliases repeat it
)

// A PolicyFile is what a policy file says.
type PolicyFile struct {
	Policy     gate.Policy // with gate.DefaultPolicy's values where the file says nothing
	EvalConfig []string    // files that configure the evaluation

	settings map[string]setting // by input
}

// ParsePolicy reads a policy file of that name. It returns every problem, by line; what it could read is in the PolicyFile
// beside them. Unknown keys, keys given twice, values of another type or out of range, and criteria that no metric can ever
// reach are problems.
func ParsePolicy(name string, data []byte) (PolicyFile, Problems) {
	p := policyParser{name: name, file: PolicyFile{Policy: gate.DefaultPolicy(), settings: map[string]setting{}}}
	if len(data) > maxPolicySize {
		return p.file, Problems{{name, fmt.Sprintf("has %d bytes", len(data)), fmt.Sprintf("a policy has at most %d", maxPolicySize)}}
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return p.file, Problems{{name + ":1", "empty", `begin with "version: 1"`}}
	case err != nil:
		return p.file, Problems{notYAML(name, data, err)}
	}
	root := doc.Content[0]
	if err := dec.Decode(&more); err == nil {
		p.add(more.Line, "a second document", "a policy is one document: remove the --- above")
	} else if !errors.Is(err, io.EOF) {
		return p.file, Problems{notYAML(name, data, err)}
	}
	p.read(root)
	return p.file, byLine(p.problems)
}

// notYAML takes the line out of the library's message, which has none on the first line. For an alias without an anchor it
// has none either: then the line of its first use.
func notYAML(name string, data []byte, err error) Problem {
	reason, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	fix := "check indentation, colons and quotes on this line and the next"
	if n, message, ok := strings.Cut(strings.TrimPrefix(reason, "line "), ": "); ok && strings.HasPrefix(reason, "line ") {
		reason = message
		line, _ = strconv.Atoi(n)
	} else if rest, ok := strings.CutPrefix(reason, "unknown anchor '"); ok {
		anchor, _, _ := strings.Cut(rest, "'")
		before, _, _ := bytes.Cut(data, []byte("*"+anchor))
		line += bytes.Count(before, []byte("\n"))
		reason, fix = fmt.Sprintf("*%s has no anchor", anchor), fmt.Sprintf("define &%s above it, or quote the text", anchor)
	}
	return Problem{fmt.Sprintf("%s:%d", name, line), "not YAML: " + reason, fix}
}

// A policyParser walks a YAML document. It reports and goes on.
type policyParser struct {
	name     string
	file     PolicyFile
	nodes    int // visited
	problems []located
}

// keys maps the keys of a block to what reads their values.
type keys map[string]func(*yaml.Node)

func (p *policyParser) add(line int, msg, fix string) {
	p.problems = append(p.problems, located{Problem{Where: p.where(line), Msg: msg, Fix: fix}, line})
}

// addAt reports what a value's parser refused.
func (p *policyParser) addAt(line int, key string, err error) {
	p.problems = append(p.problems, located{at(fmt.Sprintf("%s: %s", p.where(line), key), err), line})
}

func (p *policyParser) where(line int) string { return fmt.Sprintf("%s:%d", p.name, line) }

func (p *policyParser) read(root *yaml.Node) {
	version := false
	top := p.topKeys()
	top["version"] = func(v *yaml.Node) {
		version = true
		if s, ok := p.text("version", v); ok && s != "1" {
			p.add(v.Line, fmt.Sprintf("version %s is not known", quote(s)), `write "version: 1", or use a newer hubgate`)
		}
	}
	p.block("the policy", root, top)
	if !version && p.resolve(root).Kind == yaml.MappingNode {
		p.add(root.Line, "no version", `begin with "version: 1"`)
	}
	p.checkCriteria()
	if p.spent() {
		p.add(root.Line, fmt.Sprintf("more than %d keys and values", maxPolicyNodes), "use globs, or fewer aliases")
	}
}

// topKeys are those of the file.
func (p *policyParser) topKeys() keys {
	pol := &p.file.Policy
	ks := keys{
		"version": nil,
		"defaults": func(v *yaml.Node) {
			pol.Defaults.Line = v.Line
			p.block("defaults", v, p.criterionKeys(&pol.Defaults))
		},
		"metrics": func(v *yaml.Node) {
			p.each("metrics", v, func(name string, line int, v *yaml.Node) {
				c := gate.Criterion{Metric: name, Line: line}
				p.block(quote(name), v, p.criterionKeys(&c))
				pol.Criteria = append(pol.Criteria, c)
			})
		},
		"models": func(v *yaml.Node) {
			p.each("models", v, func(name string, line int, v *yaml.Node) {
				m := gate.ModelPolicy{Model: name, Line: line}
				p.block(quote(name), v, keys{"baseline": value(p, "baseline", &m.Baseline, func(s string) (string, error) { return s, checkLocation(s) })})
				pol.Models = append(pol.Models, m)
			})
		},
		"policy":      func(v *yaml.Node) { p.block("policy", v, p.policyKeys()) },
		"eval-config": func(v *yaml.Node) { p.file.EvalConfig = p.items("eval-config", v) },
	}
	for _, in := range Inputs() {
		if _, taken := ks[in.Name]; in.InPolicy && !taken {
			ks[in.Name] = func(v *yaml.Node) { p.setting(in, v) }
		}
	}
	return ks
}

// setting keeps what the file says about an input, which Parse gives to the input's own parser unless something stronger
// says otherwise. Here it is parsed for its problems, which are problems in any case.
func (p *policyParser) setting(in Input, v *yaml.Node) {
	s := setting{where: fmt.Sprintf("%s: %s", p.where(v.Line), in.Name)}
	if in.List {
		s.values = p.items(in.Name, v)
	} else if text, ok := p.text(in.Name, v); ok {
		s.values = []string{text}
	}
	if len(s.values) == 0 {
		return
	}
	if err := in.set(&Config{}, s.values); err != nil {
		p.addAt(v.Line, in.Name, err)
		return
	}
	p.file.settings[in.Name] = s
}

// policyKeys are those of the block policy.
func (p *policyParser) policyKeys() keys {
	pol := &p.file.Policy
	return keys{
		"rule":            value(p, "rule", &pol.Rule, parseRule),
		"test":            value(p, "test", &pol.Test, parseTest),
		"alpha":           value(p, "alpha", &pol.Alpha, parseAlpha),
		"correction":      value(p, "correction", &pol.Correction, parseCorrection),
		"power":           value(p, "power", &pol.Power, parsePower),
		"min-samples":     value(p, "min-samples", &pol.MinSamples, parseMinSamples),
		"max-missing":     value(p, "max-missing", &pol.MaxMissing, parseShare),
		"on-inconclusive": value(p, "on-inconclusive", &pol.OnInconclusive, named(gate.ParseDecision, []string{"pass", "warn", "fail"})),
		"on-incomparable": value(p, "on-incomparable", &pol.OnIncomparable, named(gate.ParseDecision, []string{"warn", "fail"})),
		"on-no-baseline":  value(p, "on-no-baseline", &pol.OnNoBaseline, named(gate.ParseDecision, []string{"warn", "fail"})),
		"seed":            value(p, "seed", &pol.Seed, parseSeed),
	}
}

// value makes a reader of one value.
func value[T any](p *policyParser, key string, to *T, parse func(string) (T, error)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := p.text(key, n)
		if !ok {
			return
		}
		v, err := parse(s)
		if err != nil {
			p.addAt(n.Line, key, err)
			return
		}
		*to = v
	}
}

// block reads a mapping whose keys are known. A key without a value is a block with nothing in it, as where all of it is
// commented out.
func (p *policyParser) block(what string, n *yaml.Node, ks keys) {
	p.each(what, n, func(key string, line int, v *yaml.Node) {
		if read, ok := ks[key]; ok {
			read(v)
			return
		}
		p.add(line, "unknown key "+quote(key), p.whereKey(key, ks))
	})
}

// whereKey says what to do about a key that a block does not have.
func (p *policyParser) whereKey(key string, ks keys) string {
	_, isInput := find(Inputs(), key)
	_, isPolicy := p.policyKeys()[key]
	_, isCriterion := p.criterionKeys(&gate.Criterion{})[key]
	_, isTop := p.topKeys()[key]
	switch {
	case isPolicy:
		return `it belongs under "policy"`
	case isCriterion:
		return `it belongs under "defaults" or a metric`
	case isTop:
		return "it belongs at the top of the file, without indentation"
	case isInput && (key == "hf-token" || key == "github-token"):
		return "a token does not belong in a file: give it as an input, from a secret"
	case isInput:
		return "give it as an input or a flag"
	}
	known := slices.Sorted(maps.Keys(ks))
	if n := nearest(key, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return "known here: " + strings.Join(known, ", ")
}

// each calls f for every key of a mapping, with the key's line, and reports what is not one.
func (p *policyParser) each(what string, n *yaml.Node, f func(key string, line int, v *yaml.Node)) {
	m := p.resolve(n)
	if m.Kind == yaml.ScalarNode && m.ShortTag() == "!!null" {
		return
	}
	if m.Kind != yaml.MappingNode {
		p.add(n.Line, fmt.Sprintf("%s is %s", what, kind(m)), `write keys and values, as in "key: value"`)
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(m.Content) && !p.spent(); i += 2 {
		k, v := p.resolve(m.Content[i]), m.Content[i+1]
		line := m.Content[i].Line
		switch {
		case k.Kind != yaml.ScalarNode:
			p.add(line, "a key is "+kind(k), "write plain text")
		case k.ShortTag() == "!!merge":
			p.add(line, `merging with "<<" is not supported`, "write the keys out, or put those that metrics share under defaults")
		case k.Value == "":
			p.add(line, "a key is empty", "write plain text")
		case lines[k.Value] > 0:
			p.add(line, fmt.Sprintf("%s is given twice, first on line %d", quote(k.Value), lines[k.Value]), "remove one")
		default:
			lines[k.Value] = line
			f(k.Value, line, v)
		}
	}
}

// text returns one value as it is written, and reports what is none.
func (p *policyParser) text(key string, n *yaml.Node) (string, bool) {
	v := p.resolve(n)
	if v.Kind != yaml.ScalarNode {
		p.add(n.Line, fmt.Sprintf("%s is %s", key, kind(v)), "write one value")
		return "", false
	}
	switch tag := v.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!merge":
	case "!!null":
		p.add(n.Line, key+" has no value", "write one, or remove the key")
		return "", false
	default:
		p.add(n.Line, fmt.Sprintf("%s has the tag %s", key, quote(tag)), "remove the tag")
		return "", false
	}
	s := strings.TrimSpace(v.Value)
	if s == "" {
		p.add(n.Line, key+" is empty", "write a value, or remove the key")
	}
	return s, s != ""
}

// items returns the items of a list, which may also be written in one text as an input's is.
func (p *policyParser) items(key string, n *yaml.Node) []string {
	if p.resolve(n).Kind == yaml.ScalarNode {
		s, _ := p.text(key, n)
		return SplitList(s)
	}
	return p.sequence(key, n)
}

// sequence returns the items of a list of texts.
func (p *policyParser) sequence(key string, n *yaml.Node) []string {
	v := p.resolve(n)
	if v.Kind != yaml.SequenceNode {
		p.add(n.Line, fmt.Sprintf("%s is %s", key, kind(v)), "write a list, as in [a, b]")
		return nil
	}
	var out []string
	for _, item := range v.Content {
		if p.spent() {
			break
		}
		if s, ok := p.text("an item of "+key, item); ok {
			out = append(out, s)
		}
	}
	return out
}

// resolve returns what an alias stands for, and counts.
func (p *policyParser) resolve(n *yaml.Node) *yaml.Node {
	p.nodes++
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// spent reports whether the file asks for more work than a policy does.
func (p *policyParser) spent() bool { return p.nodes > maxPolicyNodes }

// kind names what stands where something else should.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return quote(n.Value)
	}
}

// checkCriteria reports criteria that contradict themselves, and those that an earlier one hides.
func (p *policyParser) checkCriteria() {
	pol := p.file.Policy
	p.checkCriterion(pol.Defaults)
	for i, c := range pol.Criteria {
		p.checkCriterion(c)
		for _, earlier := range pol.Criteria[:i] {
			if ok, err := path.Match(earlier.Metric, c.Metric); err == nil && ok {
				p.add(c.Line, fmt.Sprintf("%s is never reached: %s on line %d matches first", quote(c.Metric), quote(earlier.Metric), earlier.Line),
					"move it above that line")
				break
			}
		}
	}
}
