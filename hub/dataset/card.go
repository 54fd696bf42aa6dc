package dataset

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The part of a card's body that is ours lies between these lines; the rest is its owner's.
const (
	sectionBegin = "<!-- hubgate:begin, written by hubgate: put your own words outside -->"
	sectionEnd   = "<!-- hubgate:end -->"
)

const noBaselineYet = "No run has become the baseline yet.\n"

// cardTag makes the datasets of this program findable.
const cardTag = "hubgate"

// editCard returns a card with the three configs in its YAML and a new section of ours in its body. An empty section keeps
// the one that is there. Keys, comments, configs and text that the owner wrote stay, but for dataset_info:
// load_dataset checks its row counts, which are no longer true. It refuses a card whose YAML cannot be read.
func editCard(card []byte, section string, hasData bool) ([]byte, error) {
	front, body, err := splitCard(card)
	if err != nil {
		return nil, err
	}
	root, err := cardRoot(front)
	if err != nil {
		return nil, err
	}
	if hasData && section != "" {
		remove(root, "dataset_info")
	}
	setConfigs(root, hasData)
	addTag(root)
	var b bytes.Buffer
	b.WriteString("---\n")
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return nil, err
	}
	b.WriteString("---\n")
	b.WriteString(replaceSection(body, section))
	return b.Bytes(), nil
}

// splitCard separates the YAML between two lines of dashes from the text after it.
func splitCard(card []byte) (front, body string, err error) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(card), "\ufeff"), "\r\n", "\n")
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", text, nil
	}
	if body, ok := strings.CutPrefix(rest, "---\n"); ok {
		return "", body, nil
	}
	front, body, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		front, ok = strings.CutSuffix(rest, "\n---")
	}
	if !ok {
		return "", "", fmt.Errorf("the YAML at its top has no end; add a line of three dashes")
	}
	return front, body, nil
}

func cardRoot(front string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(front), &doc); err != nil {
		return nil, fmt.Errorf("its YAML cannot be read: %w; mend it on the Hub", err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("its YAML is not a mapping; mend it on the Hub")
	}
	return doc.Content[0], nil
}

func find(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

func remove(m *yaml.Node, key string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = append(m.Content[:i], m.Content[i+2:]...)
			return
		}
	}
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func config(name, path string) *yaml.Node {
	split := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text("split"), text("test"), text("path"), text(path)}}
	files := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{split}}
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{text("config_name"), text(name), text("data_files"), files}}
}

// setConfigs replaces the configs that are ours and keeps the others. Without a baseline there is no config default, which
// would match no file.
func setConfigs(root *yaml.Node, hasData bool) {
	configs := find(root, "configs")
	if configs == nil || configs.Kind != yaml.SequenceNode {
		remove(root, "configs")
		configs = &yaml.Node{Kind: yaml.SequenceNode}
		root.Content = append(root.Content, text("configs"), configs)
	}
	var ours []*yaml.Node
	if hasData {
		ours = append(ours, config("default", "data/test-*"))
	}
	ours = append(ours, config("history", historyPath), config("runs", "runs/*/*.parquet"))
	for _, c := range configs.Content {
		name := ""
		if n := find(c, "config_name"); n != nil {
			name = n.Value
		}
		if name != "default" && name != "history" && name != "runs" {
			ours = append(ours, c)
		}
	}
	configs.Content = ours
}

func addTag(root *yaml.Node) {
	tags := find(root, "tags")
	if tags == nil || tags.Kind != yaml.SequenceNode {
		remove(root, "tags")
		tags = &yaml.Node{Kind: yaml.SequenceNode}
		root.Content = append(root.Content, text("tags"), tags)
	}
	for _, t := range tags.Content {
		if t.Value == cardTag {
			return
		}
	}
	tags.Content = append(tags.Content, text(cardTag))
}

// replaceSection puts our section in place of the one that is there, or at the end.
func replaceSection(body, section string) string {
	before, rest, found := strings.Cut(body, sectionBegin)
	_, after, closed := strings.Cut(rest, sectionEnd)
	switch {
	case found && section == "":
		return body
	case !found && section == "":
		section = noBaselineYet
	}
	ours := sectionBegin + "\n" + strings.TrimRight(section, "\n") + "\n" + sectionEnd
	if found && closed {
		return before + ours + after
	}
	if found { // its end is gone: keep every word, and begin anew below
		body = before + rest
	}
	return strings.TrimRight(body, "\n") + "\n\n" + ours + "\n"
}
