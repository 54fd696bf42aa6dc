package dataset_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

func TestNames(t *testing.T) {
	t.Parallel()
	github := dataset.Names{Namespace: "acme", Owner: "acme-labs", Repository: "llm.twin", Gate: "nightly"}
	for _, tt := range []struct {
		template, model, want string
	}{
		{"", "mlabonne/TwinLlama-3.1-8B", "acme/TwinLlama-3.1-8B-results"},
		{"", "TwinLlama-3.1-8B-DPO", "acme/TwinLlama-3.1-8B-DPO-results"},
		{"", "a/b/c", "acme/c-results"},
		{"", "gpt 4o  mini", "acme/gpt-4o-mini-results"},
		{"", "openai:gpt-4o@2024", "acme/openai-gpt-4o-2024-results"},
		{"", "..hidden..model..", "acme/hidden.model-results"},
		{"", "a--b---c", "acme/a-b-c-results"},
		{"", "-a.-b-.c-", "acme/a.b-c-results"},
		{"", "Qwen2.5_0.5B", "acme/Qwen2.5_0.5B-results"},
		{"", "モデル-7B", "acme/7B-results"},
		{"", "naïve", "acme/na-ve-results"},
		{"{owner}/{repo}-{model}", "m", "acme-labs/llm.twin-m"},
		{"{namespace}/{model}-{gate}-results", "x/m", "acme/m-nightly-results"},
		{"{namespace}/all", "x/m", "acme/all"},
	} {
		n := github
		n.Template = tt.template
		got, err := n.Repos([]string{tt.model})
		if err != nil || got[tt.model].String() != tt.want {
			t.Errorf("%q of %q: got %s, %v, want %s", tt.template, tt.model, got[tt.model], err, tt.want)
		}
	}
}

func TestNamesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		names       dataset.Names
		model, want string
	}{
		{dataset.Names{}, "m", `input dataset: {namespace} in "{namespace}/{model}-results" is empty: set input namespace`},
		{dataset.Names{Namespace: "acme"}, "モデル", `input dataset: {model} in "{namespace}/{model}-results" is empty: model "モデル" leaves nothing to name a dataset by; set input model to a name with letters or digits, or write input dataset out`},
		{dataset.Names{Namespace: "acme"}, "org/", `input dataset: {model} in "{namespace}/{model}-results" is empty: model "org/" leaves nothing to name a dataset by; set input model to a name with letters or digits, or write input dataset out`},
		{dataset.Names{Namespace: "acme", Template: "{namespace}/{gate}-{model}"}, "m", `input dataset: {gate} in "{namespace}/{gate}-{model}" is empty: set input gate to a name with letters or digits`},
		{dataset.Names{Namespace: "acme", Template: "{owner}/{model}"}, "m", `input dataset: {owner} in "{owner}/{model}" is empty: it is known on GitHub only; write it out in input dataset`},
		{dataset.Names{Namespace: "acme", Template: "{namespace}/{repo}"}, "m", `input dataset: {repo} in "{namespace}/{repo}" is empty: it is known on GitHub only; write it out in input dataset`},
		{dataset.Names{Namespace: "acme", Template: "{namespace}"}, "m", `input dataset: "{namespace}" gives dataset "acme" is not of the form owner/name`},
		{dataset.Names{Namespace: "a/b"}, "m", `input dataset: "{namespace}/{model}-results" gives dataset "a/b/m-results" is not of the form owner/name`},
		{dataset.Names{Namespace: "acme"}, strings.Repeat("x", 90), `input dataset: "{namespace}/{model}-results" gives dataset "acme/` + strings.Repeat("x", 90) + `-results": the name has 98 characters; use at most 96`},
		{dataset.Names{Namespace: "acme", Template: "{namespace}/{model}.git"}, "m", `input dataset: "{namespace}/{model}.git" gives dataset "acme/m.git": the name ends in ".git"; leave that out`},
		{dataset.Names{Namespace: "acme", Template: "{namespace}/{modell}"}, "m", `input dataset: "{namespace}/{modell}" gives dataset "acme/{modell}": the name holds '{'; use letters, digits, "_", "-" and "."`},
	} {
		got, err := tt.names.Repos([]string{tt.model})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%+v of %q: got %v, %v\nwant %s", tt.names, tt.model, got, err, tt.want)
		}
	}
}

func TestNamesCollide(t *testing.T) {
	t.Parallel()
	n := dataset.Names{Namespace: "acme"}
	for _, tt := range []struct {
		models []string
		want   string // empty when each has a dataset of its own
	}{
		{[]string{"a/m", "b/n"}, ""},
		{[]string{"a/m", "a/m"}, ""},
		{[]string{"b/m", "a/m"}, `models "a/m" and "b/m" would share the results dataset acme/m-results`},
		{[]string{"a/Model", "a/MODEL"}, `models "a/MODEL" and "a/Model" would share the results dataset acme/Model-results`},
		{[]string{"a b", "a:b"}, `models "a b" and "a:b" would share the results dataset acme/a-b-results`},
	} {
		repos, err := n.Repos(tt.models)
		var collision *dataset.CollisionError
		switch {
		case tt.want == "":
			if err != nil || len(repos) != len(slices.Compact(slices.Sorted(slices.Values(tt.models)))) {
				t.Errorf("%q: %v, %v", tt.models, repos, err)
			}
		case !errors.As(err, &collision) || err.Error() != tt.want:
			t.Errorf("%q: got %v, want %s", tt.models, err, tt.want)
		case !strings.Contains(collision.Mend(), "{gate}"):
			t.Errorf("mend %q names no template", collision.Mend())
		}
	}
	// The template that tells them apart does.
	for _, gate := range []string{"left", "right"} {
		n.Gate, n.Template = gate, "{namespace}/{model}-{gate}-results"
		repos, err := n.Repos([]string{"a/m"})
		if want := (hub.Repo{Owner: "acme", Name: "m-" + gate + "-results"}); err != nil || repos["a/m"] != want {
			t.Errorf("got %v, %v, want %s", repos, err, want)
		}
	}
}

// Whatever a model is called, its dataset's name is one that a Hub takes, or it is refused.
func FuzzNames(f *testing.F) {
	for _, model := range []string{"acme/m", "..", "a--b", "\xff", "a/.git", "x.git", "モデル", strings.Repeat("-", 200)} {
		f.Add(model, "{namespace}/{model}-results")
	}
	f.Add("m", "{model}/{model}")
	f.Fuzz(func(t *testing.T, model, template string) {
		repos, err := dataset.Names{Template: template, Namespace: "acme"}.Repos([]string{model})
		if err != nil {
			if repos != nil {
				t.Error("names beside an error")
			}
			return
		}
		for _, r := range slices.Collect(maps.Values(repos)) {
			if err := r.Check(); err != nil {
				t.Errorf("%q of %q: %v", template, model, err)
			}
		}
	})
}
