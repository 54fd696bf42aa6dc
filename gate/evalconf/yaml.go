package evalconf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parseYAML reads every document of a stream; one without any is a single null. Scalars have the types of YAML 1.2's core
// schema as yaml.v3 reads them, except that dates are text, as JSON would have them.
func parseYAML(text []byte) ([]any, error) {
	if !utf8.Valid(text) {
		return nil, notUTF8(text)
	}
	p := yamlParser{left: MaxNodes}
	var docs []any
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, yamlError(text, err)
		}
		v, err := p.value(&doc, 0)
		if err != nil {
			return nil, err
		}
		docs = append(docs, v)
	}
	if docs == nil {
		docs = []any{literal("null")}
	}
	return docs, nil
}

// yamlError takes the line out of the library's message: where the broken construct begins. The library counts it from 0
// where its parser gave up and from 1 where its scanner did, names none on the first line, and has none for an alias
// without an anchor, so look for its first use.
func yamlError(text []byte, err error) *Error {
	reason := strings.TrimPrefix(err.Error(), "yaml: ")
	if name, ok := strings.CutPrefix(reason, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		return &Error{Line: lineAt(text, bytes.Index(text, []byte("*"+name))), Reason: fmt.Sprintf("alias *%s has no anchor; define &%[1]s above it", clip(name))}
	}
	line := 1
	if rest, ok := strings.CutPrefix(reason, "line "); ok {
		at, message, _ := strings.Cut(rest, ": ")
		line, _ = strconv.Atoi(at)
		reason = message
		if fromParser(reason) {
			line++
		}
	}
	return &Error{Line: line, Reason: fmt.Sprintf("not YAML: %s; check indentation, colons and quotes from this line on", clip(reason))}
}

// fromParser tells the library's parser errors from its scanner's (parserc.go of yaml.v3).
func fromParser(reason string) bool {
	switch reason {
	case "did not find expected ',' or ']'", "did not find expected ',' or '}'", "did not find expected '-' indicator",
		"did not find expected key", "did not find expected node content", "did not find expected <document start>",
		"found undefined tag handle":
		return true
	}
	return false
}

// yamlParser resolves aliases and merge keys itself, so that each use of an alias counts against MaxNodes: a few lines
// of aliases to aliases would otherwise unfold to billions of values.
type yamlParser struct{ left int }

func (p *yamlParser) value(n *yaml.Node, depth int) (any, error) {
	if p.left--; p.left < 0 {
		return nil, errTooMany
	}
	if depth > MaxDepth {
		return nil, &Error{Line: n.Line, Reason: fmt.Sprintf("nested deeper than %d levels; flatten it, and let no alias contain itself", MaxDepth)}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return p.value(n.Content[0], depth)
	case yaml.AliasNode:
		return p.value(n.Alias, depth+1)
	case yaml.MappingNode:
		m, err := p.mapping(n, depth)
		return withTag(n, "!!map", m), err
	case yaml.SequenceNode:
		list, err := p.list(n, depth)
		return withTag(n, "!!seq", list), err
	default:
		return scalar(n)
	}
}

// withTag keeps a collection's own tag, which says that a reader would make something else of it.
func withTag(n *yaml.Node, plain string, v any) any {
	if tag := n.ShortTag(); tag != plain && tag != "" && tag != "!" {
		return tagged{showTag(tag), v}
	}
	return v
}

func (p *yamlParser) list(n *yaml.Node, depth int) ([]any, error) {
	list := make([]any, 0, len(n.Content))
	for _, item := range n.Content {
		v, err := p.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// mapping returns a mapping's own keys over those that it merges in.
func (p *yamlParser) mapping(n *yaml.Node, depth int) (map[string]any, error) {
	own := map[string]any{}
	lines := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			merges = append(merges, v)
			continue
		}
		key, err := yamlKey(k)
		if err != nil {
			return nil, err
		}
		if first, twice := lines[key]; twice {
			return nil, duplicate(key, k.Line, first)
		}
		lines[key] = k.Line
		if own[key], err = p.value(v, depth+1); err != nil {
			return nil, err
		}
	}
	for _, v := range merges {
		if err := p.merge(own, v, depth+1); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// merge adds to m what "<<" brings: one mapping or a list of them, of which the first to have a key wins.
func (p *yamlParser) merge(m map[string]any, n *yaml.Node, depth int) error {
	v, err := p.value(n, depth)
	if err != nil {
		return err
	}
	sources, isList := v.([]any)
	if !isList {
		sources = []any{v}
	}
	for _, source := range sources {
		from, ok := source.(map[string]any)
		if !ok {
			return &Error{Line: n.Line, Reason: `"<<" merges something that is not a mapping; give it the alias of a mapping, or quote the key`}
		}
		for key, v := range from {
			if _, has := m[key]; !has {
				m[key] = v
			}
		}
	}
	return nil
}

// yamlKey returns a key's text. A number or boolean is its canonical spelling, which is what JSON makes of such a key.
func yamlKey(n *yaml.Node) (string, error) {
	for range MaxDepth {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", &Error{Line: n.Line, Reason: "a key is a list or a mapping; use plain text"}
	}
	v, err := scalar(n)
	if text, ok := v.(string); ok {
		return text, err
	}
	return fmt.Sprint(v), err
}

// scalar types one scalar by its tag, which yaml.v3 resolved for plain ones.
func scalar(n *yaml.Node) (any, error) {
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp", "!!merge", "!":
		// The library calls a number beyond float64 text.
		if v, ok := number(n.Value); ok && tag == "!!str" && n.Style == 0 {
			return v, nil
		}
		return n.Value, nil
	case "!!null":
		return literal("null"), nil
	case "!!bool":
		b, err := strconv.ParseBool(strings.ToLower(n.Value))
		if err != nil {
			return nil, badTag(n, "true or false")
		}
		return literal(strconv.FormatBool(b)), nil
	case "!!int", "!!float":
		v, ok := yamlNumber(n.Value)
		if !ok {
			return nil, badTag(n, "a number")
		}
		return v, nil
	default:
		return literal(showTag(tag) + " " + Text(n.Value)), nil
	}
}

func badTag(n *yaml.Node, want string) *Error {
	return &Error{Line: n.Line, Reason: fmt.Sprintf("%s is not %s; drop the tag %s", clip(quote(n.Value)), want, n.ShortTag())}
}

// showTag makes every tag begin with "!", so that no text looks like a tagged value. A tag longer than [MaxText], or that does not show
// itself, is hashed.
func showTag(tag string) string {
	switch {
	case len(tag) > MaxText, strings.ContainsFunc(tag, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "!<" + digest([]byte(tag)) + ">"
	case strings.HasPrefix(tag, "!"):
		return tag
	}
	return "!<" + tag + ">"
}

// yamlNumber reads a number in any of YAML's spellings: 1_000, 0x1F, 0o17, 0b11, +1, .5, -.inf, .NaN.
func yamlNumber(s string) (literal, bool) {
	plain := strings.ReplaceAll(s, "_", "")
	switch strings.ToLower(strings.TrimPrefix(plain, "+")) {
	case ".inf":
		return "inf", true
	case "-.inf":
		return "-inf", true
	case ".nan":
		return "nan", true
	}
	// Base 0 takes 0x, 0o and 0b, and 0777 as octal, which yaml.v3 keeps from YAML 1.1.
	if i, ok := new(big.Int).SetString(plain, 0); ok {
		plain = i.String()
	}
	return number(plain)
}
