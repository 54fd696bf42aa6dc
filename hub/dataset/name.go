package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// DefaultTemplate is the name of a results dataset where nothing else is said.
const DefaultTemplate = "{namespace}/{model}-results"

// Names fills in the template of a results dataset's name.
type Names struct {
	Template   string // empty for DefaultTemplate
	Namespace  string // {namespace}
	Owner      string // {owner}: of the code's repository; empty outside GitHub
	Repository string // {repo}: the code's repository without its owner; empty outside GitHub
	Gate       string // {gate}
}

// A CollisionError says that two models would share one results dataset.
type CollisionError struct {
	Models [2]string
	Repo   hub.Repo
}

// Error names both models and the dataset.
func (e *CollisionError) Error() string {
	return fmt.Sprintf("models %q and %q would share the results dataset %s", e.Models[0], e.Models[1], e.Repo)
}

// Mend names a way to tell the two apart.
func (e *CollisionError) Mend() string {
	return `judge each in a job of its own, with input gate set, and set input dataset to "{namespace}/{model}-{gate}-results"`
}

// Repos returns the results dataset of each model. It refuses a template that two models fill in alike with a
// [*CollisionError], a placeholder that there is nothing to fill in for, and a name that no dataset can have.
func (n Names) Repos(models []string) (map[string]hub.Repo, error) {
	out := map[string]hub.Repo{}
	owners := map[string]string{} // by lower-case name: a Hub does not tell Case from case
	for _, m := range slices.Sorted(slices.Values(models)) {
		r, err := n.repo(m)
		if err != nil {
			return nil, err
		}
		if other, ok := owners[strings.ToLower(r.String())]; ok && other != m {
			return nil, &CollisionError{Models: [2]string{other, m}, Repo: r}
		}
		owners[strings.ToLower(r.String())] = m
		out[m] = r
	}
	return out, nil
}

func (n Names) repo(model string) (hub.Repo, error) {
	template := cmp.Or(n.Template, DefaultTemplate)
	parts := []struct{ placeholder, value, mend string }{
		{"{namespace}", n.Namespace, "set input namespace"},
		{"{model}", namePart(model), fmt.Sprintf("model %q leaves nothing to name a dataset by; set input model to a name with letters or digits, or write input dataset out", model)},
		{"{owner}", namePart(n.Owner), "it is known on GitHub only; write it out in input dataset"},
		{"{repo}", namePart(n.Repository), "it is known on GitHub only; write it out in input dataset"},
		{"{gate}", namePart(n.Gate), "set input gate to a name with letters or digits"},
	}
	name := template
	for _, p := range parts {
		if p.value == "" && strings.Contains(template, p.placeholder) {
			return hub.Repo{}, fmt.Errorf("input dataset: %s in %q is empty: %s", p.placeholder, template, p.mend)
		}
		name = strings.ReplaceAll(name, p.placeholder, p.value)
	}
	r, err := hub.ParseRepo(name)
	if err != nil {
		return hub.Repo{}, fmt.Errorf("input dataset: %q gives %w", template, err)
	}
	return r, nil
}

// namePart makes the part of an id after its last slash fit for a dataset's name: characters that the Hub refuses, and
// runs of dashes or dots, which it refuses too, become one dash.
func namePart(id string) string {
	id = id[strings.LastIndexByte(id, '/')+1:]
	var b strings.Builder
	last := byte('-')
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		case c == '.' && last != '.' && last != '-':
		default:
			c = '-'
		}
		if c == '-' && (last == '-' || last == '.') {
			continue
		}
		b.WriteByte(c)
		last = c
	}
	return strings.TrimRight(b.String(), "-.")
}
