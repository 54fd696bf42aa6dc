package dataset_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/hub/dataset"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	ourData = "data/test-00000-of-00001.parquet"
	theirs  = "data/train-00000-of-00001.parquet"
)

func becomes() dataset.CardEdit {
	return dataset.NewCardEdit("## Evaluation\n\nnew summary\n", []string{ourData}, true)
}

func recordedOnly(data ...string) dataset.CardEdit { return dataset.NewCardEdit("", data, false) }

func TestCardGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		edit dataset.CardEdit
	}{
		{"new", becomes()},
		{"handbook", becomes()},
		{"handbook-kept", recordedOnly(theirs)}, // of handbook.md: its data is still what dataset_info describes
		{"owner", becomes()},
		{"owner-kept", recordedOnly(ourData)},
		{"unclosed", becomes()},
		{"plain", becomes()},
		{"infos", becomes()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var card []byte
			if in, _, _ := strings.Cut(tt.name, "-"); in != "new" {
				card = readFile(t, filepath.Join("testdata", "card", in+".md"))
			}
			got := edited(t, string(card), tt.edit)
			golden(t, filepath.Join("testdata", "card", tt.name+".want.md"), got)

			if again := edited(t, got, tt.edit); again != got {
				t.Errorf("a second edit changes the card (-first +second):\n%s", cmp.Diff(got, again))
			}
			// Line ends of the other kind stay, and are the only difference.
			crlf := strings.ReplaceAll(string(card), "\n", "\r\n")
			if want := strings.ReplaceAll(got, "\n", "\r\n"); len(card) > 0 && edited(t, crlf, tt.edit) != want {
				t.Errorf("with CRLF (-want +got):\n%s", cmp.Diff(want, edited(t, crlf, tt.edit)))
			}
			checkCard(t, got, "data", true)
		})
	}
}

func edited(t *testing.T, card string, e dataset.CardEdit) string {
	t.Helper()
	out, err := dataset.EditCard([]byte(card), e)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, name)); got != want {
		t.Errorf("%s differs (-want +got); after a look, run go test ./hub/dataset -update\n%s", name, cmp.Diff(want, got))
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A cardYAML is what the datasets library reads of a card.
type cardYAML struct {
	Configs []struct {
		Name  string    `yaml:"config_name"`
		Files yaml.Node `yaml:"data_files"`
	} `yaml:"configs"`
	Tags []string `yaml:"tags"`
}

type splitYAML struct{ Split, Path string }

// checkCard holds a card to what load_dataset wants of it, and returns the files of each config of ours.
func checkCard(t *testing.T, card, forbidden string, hasData bool) map[string][]splitYAML {
	t.Helper()
	_, front, _, err := dataset.SplitCard(card)
	if err != nil {
		t.Fatal(err)
	}
	var y cardYAML
	if err := yaml.Unmarshal([]byte(front), &y); err != nil {
		t.Fatalf("%v in\n%s", err, front)
	}
	out := map[string][]splitYAML{}
	for _, c := range y.Configs {
		if _, twice := out[c.Name]; twice || c.Name == forbidden || c.Name == "" {
			t.Errorf("config %q: twice, empty or forbidden", c.Name)
		}
		var files []splitYAML
		if c.Files.Kind == yaml.SequenceNode {
			if err := c.Files.Decode(&files); err != nil {
				t.Errorf("config %s: %v", c.Name, err)
			}
		}
		out[c.Name] = files
	}
	if _, ok := out["default"]; ok != hasData {
		t.Errorf("config default is there: %t, want %t", ok, hasData)
	}
	if !slices.Contains(y.Tags, "hubgate") {
		t.Errorf("tags %q lack hubgate", y.Tags)
	}
	return out
}

// Config default belongs to whoever owns the data, and is there only when data is.
func TestCardDefaultConfig(t *testing.T) {
	t.Parallel()
	const stale = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: data/test-*.parquet\n---\n"
	const own = "---\nconfigs:\n- config_name: default\n  data_files: other/*.parquet\n---\n"
	for _, tt := range []struct {
		name, card string
		edit       dataset.CardEdit
		want       []splitYAML
		has        bool
	}{
		{"no data", "", recordedOnly(), nil, false},
		{"splits of another tool", "", recordedOnly("data/all-00000-of-00002.parquet", "data/all-00001-of-00002.parquet", "data/test-00000-of-00001.parquet"),
			[]splitYAML{{"all", "data/all-*.parquet"}, {"test", "data/test-*.parquet"}}, true},
		{"a split that the library would refuse", "", recordedOnly("data/my-split-00000-of-00001.parquet"), nil, false},
		{"files that are no shards", "", recordedOnly("data/results.jsonl"), nil, false},
		{"our data was taken away", stale, recordedOnly(), nil, false},
		{"another tool replaced our data", stale, recordedOnly(theirs), []splitYAML{{"train", "data/train-*.parquet"}}, true},
		{"their own words stay", own, recordedOnly(theirs), nil, true},
		{"until the data is ours", own, becomes(), []splitYAML{{"test", "data/test-*.parquet"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checkCard(t, edited(t, tt.card, tt.edit), "data", tt.has)
			if diff := cmp.Diff(tt.want, got["default"]); diff != "" {
				t.Errorf("default (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]splitYAML{{"test", "runs/*/*.parquet"}}, got["runs"]); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCardRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, card, want string }{
		{"no end", "---\ntags: [a]\n", "the YAML at its top has no end; add a line of three dashes"},
		{"broken", "---\ntags: [a\n---\n", "its YAML cannot be read: yaml: line 1: did not find expected ',' or ']'; mend it on the Hub"},
		{"list", "---\n- a\n---\n", "its YAML is not a mapping with a line per key; mend it on the Hub"},
		{"text", "---\nhello\n---\n", "its YAML is not a mapping with a line per key; mend it on the Hub"},
		{"flow", "---\n{tags: [a]}\n---\n", "its YAML is not a mapping with a line per key; mend it on the Hub"},
		{"bare return", "---\ntags:\r- a\n---\n", `its YAML has line ends that are neither "\n" nor "\r\n"; mend it on the Hub`},
		{"line separator", "---\na: 'b\u2028c'\n---\n", `its YAML has line ends that are neither "\n" nor "\r\n"; mend it on the Hub`},
		{"twice below", "---\nconfigs:\n- a: 1\n  a: 2\n---\n", `its YAML cannot be read: yaml: unmarshal errors: line 3: mapping key "a" already defined at line 2; mend it on the Hub`},
		{"twice", "---\ntags: [a]\ntags: [b]\n---\n", `its YAML has the key "tags" twice; mend it on the Hub`},
		{"indented", "---\n  tags: [a]\n---\n", `its YAML has the key "tags" in column 3; begin every key in the first`},
		{"two documents", "---\nlicense: mit\n...\n---\n", `its YAML has no place for the key "configs"; make it one document with a line per key`},
		{"configs", "---\nconfigs: {a: b}\n---\n", "its YAML has configs that are not a list; mend it on the Hub"},
		{"tags", "---\ntags: {a: b}\n---\n", "its YAML has tags that are not a list; mend it on the Hub"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := dataset.EditCard([]byte(tt.card), becomes())
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s\ncard\n%s", err, tt.want, out)
			}
		})
	}
}

// A model's name cannot end our section, nor begin another.
func TestCardSectionIsInert(t *testing.T) {
	t.Parallel()
	e := dataset.NewCardEdit("a model named <!-- hubgate:end --> <!-- hubgate:begin, written by hubgate: put your own words outside -->", []string{ourData}, true)
	first := edited(t, "owner's words\n", e)
	if again := edited(t, first, e); again != first {
		t.Errorf("a second edit changes the card (-first +second):\n%s", cmp.Diff(first, again))
	}
}

// words returns the lines of a body that are its owner's.
func words(body string) []string {
	before, after, _ := dataset.CutSection(body)
	return strings.FieldsFunc(before+"\n"+after, func(r rune) bool { return r == '\n' || r == '\r' })
}

// Whatever a card holds, its owner's words come back in their order, the YAML parses, and a second edit changes nothing.
func FuzzEditCard(f *testing.F) {
	files, err := filepath.Glob("testdata/card/*.md")
	if err != nil || len(files) == 0 {
		f.Fatal("no cards", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), "section", true)
		f.Add(strings.ReplaceAll(string(b), "\n", "\r\n"), "", false)
	}
	f.Add("---\ntags: &a [x]\nb: *a\n---\n", "s", true)
	f.Add("\ufeff---\nconfigs:\n- !!str x\n---", "s", false)
	f.Fuzz(func(t *testing.T, card, section string, replaced bool) {
		data := []string{ourData}
		if len(section)%2 == 1 {
			data = []string{theirs}
		}
		e := dataset.NewCardEdit(section, data, replaced)
		out, err := dataset.EditCard([]byte(card), e)
		if err != nil {
			if out != nil {
				t.Error("a card beside an error")
			}
			return
		}
		_, front, rest, err := dataset.SplitCard(string(out))
		if err != nil {
			t.Fatalf("the edited card: %v", err)
		}
		var any map[string]any
		if err := yaml.Unmarshal([]byte(front), &any); err != nil {
			t.Fatalf("the edited YAML: %v in\n%s", err, front)
		}
		_, was, rests, _ := dataset.SplitCard(card)
		if rests == "" {
			rests = "---\n" + card
		}
		if got, want := words(rest), words(rests); !slices.Equal(got, want) {
			t.Errorf("the owner's words (-want +got):\n%s", cmp.Diff(want, got))
		}
		for key, value := range keys(was) {
			if key == "configs" || key == "tags" || key == "dataset_info" {
				continue
			}
			if diff := cmp.Diff(value, keys(front)[key]); diff != "" {
				t.Errorf("key %s (-want +got):\n%s", key, diff)
			}
		}
		if again, err := dataset.EditCard(out, e); err != nil || string(again) != string(out) {
			t.Errorf("a second edit: %v (-first +second)\n%s", err, cmp.Diff(string(out), string(again)))
		}
	})
}

// keys returns the values of the top-level keys as they are written.
func keys(front string) map[string]string {
	var doc yaml.Node
	out := map[string]string{}
	if yaml.Unmarshal([]byte(front), &doc) != nil || len(doc.Content) == 0 {
		return out
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		b, err := yaml.Marshal(doc.Content[0].Content[i+1])
		if err == nil {
			out[doc.Content[0].Content[i].Value] = string(b)
		}
	}
	return out
}
