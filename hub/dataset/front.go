package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cardTag makes the datasets of this program findable.
const cardTag = "hubgate"

// splitName matches what the datasets library takes for the name of a split.
var splitName = regexp.MustCompile(`^\w+(\.\w+)*$`)

// A config is a named part of a dataset, for the card's YAML.
type config struct {
	name  string
	files []splitFile
}

// A splitFile is the glob of one split's files.
type splitFile struct{ split, path string }

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func mapping(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: pairs}
}

func (c config) node() *yaml.Node {
	files := &yaml.Node{Kind: yaml.SequenceNode}
	for _, f := range c.files {
		files.Content = append(files.Content, mapping(scalar("split"), scalar(f.split), scalar("path"), scalar(f.path)))
	}
	return mapping(scalar("config_name"), scalar(c.name), scalar("data_files"), files)
}

// is reports whether a node of YAML says the same.
func (c config) is(n *yaml.Node) bool {
	var v, want any
	return n.Decode(&v) == nil && c.node().Decode(&want) == nil && reflect.DeepEqual(v, want)
}

// A keyEdit changes the value of a key, nil where the card has no such key. It reports whether there is anything to write, and
// returns nil to remove the key.
type keyEdit func(value *yaml.Node) (edited *yaml.Node, changed bool, err error)

// editFront edits the YAML of a card, whose other keys stay as they are to the byte.
func editFront(front string, e cardEdit, eol string) (string, error) {
	if strings.ContainsAny(strings.ReplaceAll(front, "\r\n", "\n"), "\r\u0085\u2028\u2029") { // of which YAML makes lines, and nobody else
		return "", errors.New(`its YAML has line ends that are neither "\n" nor "\r\n"; mend it on the Hub`)
	}
	keys := []struct {
		name string
		edit keyEdit
	}{{"dataset_info", e.datasetInfo}, {"configs", e.setConfigs}, {"tags", addTag}}
	for _, k := range keys {
		var err error
		if front, err = editKey(front, k.name, k.edit, eol); err != nil {
			return "", err
		}
	}
	return front, nil
}

// parseFront returns the mapping that the YAML holds.
func parseFront(front string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(front), &doc); err != nil {
		return nil, fmt.Errorf("its YAML cannot be read: %w; mend it on the Hub", err)
	}
	if len(doc.Content) == 0 {
		return mapping(), nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("its YAML is not a mapping with a line per key; mend it on the Hub")
	}
	seen := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		key := root.Content[i]
		if seen[key.Value] {
			return nil, fmt.Errorf("its YAML has the key %q twice; mend it on the Hub", key.Value)
		}
		if key.Column != 1 {
			return nil, fmt.Errorf("its YAML has the key %q in column %d; begin every key in the first", key.Value, key.Column)
		}
		seen[key.Value] = true
	}
	var whole any // reading nodes alone lets pass what the Hub does not, such as a key twice further down
	if err := doc.Decode(&whole); err != nil {
		return nil, fmt.Errorf("its YAML cannot be read: %s; mend it on the Hub", strings.Join(strings.Fields(err.Error()), " "))
	}
	return root, nil
}

// editKey edits the lines of one key, or adds them at the end.
func editKey(front, key string, edit keyEdit, eol string) (string, error) {
	root, err := parseFront(front)
	if err != nil {
		return "", err
	}
	lines := strings.SplitAfter(front, "\n")
	from, to := block(lines, root, key)
	alone, err := parseFront(strings.Join(lines[from:to], "")) // with its own comments and no others
	if err != nil {
		return "", err
	}
	edited, changed, err := edit(find(alone, key))
	if err != nil || !changed {
		return front, err
	}
	text := ""
	if edited != nil {
		if text, err = encodeKey(alone, key, edited, eol); err != nil {
			return "", err
		}
	}
	before := strings.Join(lines[:from], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += eol
	}
	front = before + text + strings.Join(lines[to:], "")
	if root, err = parseFront(front); err != nil {
		return "", err
	}
	if (find(root, key) != nil) != (edited != nil) {
		return "", fmt.Errorf("its YAML has no place for the key %q; make it one document with a line per key", key)
	}
	return front, nil
}

// block returns the lines that hold a key and its value, without the comments before the next key; an empty range at the end
// where there is no such key.
func block(lines []string, root *yaml.Node, key string) (from, to int) {
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value != key {
			continue
		}
		from, to = root.Content[i].Line-1, len(lines)
		if i+2 < len(root.Content) {
			to = root.Content[i+2].Line - 1
		}
		for to > from+1 && (strings.TrimSpace(lines[to-1]) == "" || lines[to-1][0] == '#') {
			to--
		}
		return from, to
	}
	return len(lines), len(lines)
}

// encodeKey writes one key with a new value, in the style of push_to_hub.
func encodeKey(alone *yaml.Node, key string, value *yaml.Node, eol string) (string, error) {
	if len(alone.Content) == 0 {
		alone.Content = []*yaml.Node{scalar(key), nil}
	}
	alone.Content[1] = value
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := enc.Encode(alone); err != nil {
		return "", fmt.Errorf("writing its YAML: %w", err)
	}
	return strings.ReplaceAll(b.String(), "\n", eol), nil
}

func find(m *yaml.Node, key string) *yaml.Node {
	if m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// isNull reports whether a key is there without a value.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// configName returns the name of the config that an item of configs or dataset_info is about.
func configName(item *yaml.Node) string {
	if n := find(item, "config_name"); n != nil {
		return n.Value
	}
	return "default"
}

// datasetInfo leaves out what describes data that this program replaces or adds to: load_dataset checks its row counts.
func (e *cardEdit) datasetInfo(value *yaml.Node) (*yaml.Node, bool, error) {
	untrue := func(item *yaml.Node) bool {
		switch configName(item) {
		case "default":
			return e.replaced
		case "history", "runs":
			return true
		}
		return false
	}
	switch {
	case value == nil:
		return nil, false, nil
	case value.Kind != yaml.SequenceNode:
		return nil, untrue(value), nil
	}
	n := len(value.Content)
	value.Content = slices.DeleteFunc(value.Content, untrue)
	if len(value.Content) == 0 {
		return nil, true, nil
	}
	return value, len(value.Content) < n, nil
}

// setConfigs puts our configs in place of those of their names and keeps the others. Config default is the owner's for as
// long as the data is; it is there only when there is data, for a glob that matches no file breaks the dataset.
func (e *cardEdit) setConfigs(value *yaml.Node) (*yaml.Node, bool, error) {
	changed := false
	switch {
	case value == nil || isNull(value):
		value = &yaml.Node{Kind: yaml.SequenceNode}
	case value.Kind != yaml.SequenceNode:
		return nil, false, errors.New("its YAML has configs that are not a list; mend it on the Hub")
	}
	value.Style &^= yaml.FlowStyle
	put := func(c config, at int) {
		i := slices.IndexFunc(value.Content, func(n *yaml.Node) bool { return configName(n) == c.name })
		switch {
		case i < 0:
			value.Content, changed = slices.Insert(value.Content, at, c.node()), true
		case !c.is(value.Content[i]):
			n := c.node()
			n.HeadComment, n.FootComment = comments(value.Content[i])
			value.Content[i], changed = n, true
		}
	}
	def, ok := dataConfig(e.data)
	ours, _ := dataConfig([]string{dataPath})
	i := slices.IndexFunc(value.Content, func(n *yaml.Node) bool { return configName(n) == "default" })
	switch {
	case ok && (i < 0 || e.replaced || ours.is(value.Content[i])):
		put(def, 0)
	case !ok && i >= 0 && ours.is(value.Content[i]):
		value.Content, changed = slices.Delete(value.Content, i, i+1), true
	}
	for _, c := range e.configs {
		put(c, len(value.Content))
	}
	if len(value.Content) == 0 {
		return nil, changed, nil
	}
	return value, changed, nil
}

// comments returns what the owner wrote around an item.
func comments(n *yaml.Node) (head, foot string) {
	head, foot = n.HeadComment, n.FootComment
	if head == "" && len(n.Content) > 0 {
		head = n.Content[0].HeadComment
	}
	return head, foot
}

// addTag adds our tag to the owner's.
func addTag(value *yaml.Node) (*yaml.Node, bool, error) {
	switch {
	case value == nil || isNull(value):
		value = &yaml.Node{Kind: yaml.SequenceNode}
	case value.Kind == yaml.ScalarNode:
		value = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{value}}
	case value.Kind != yaml.SequenceNode:
		return nil, false, errors.New("its YAML has tags that are not a list; mend it on the Hub")
	}
	if slices.ContainsFunc(value.Content, func(n *yaml.Node) bool { return n.Value == cardTag }) {
		return value, false, nil
	}
	value.Content = append(value.Content, scalar(cardTag))
	return value, true, nil
}
