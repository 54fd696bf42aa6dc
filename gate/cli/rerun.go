package cli

import (
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/hub/dataset"
)

// rerun returns the command that repeats a report on a laptop, beside the same scores files.
func rerun(cfg config.Config, rep gate.Report) string {
	args := []string{"hubgate", cfg.Command}
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, quoteArg(value))
		}
	}
	add("results", config.JoinList(cfg.Results))
	add("model", cfg.Model)
	add("format", otherwise(cfg.Format, "auto"))
	add("id-column", cfg.IDColumn)
	add("model-column", cfg.ModelColumn)
	add("task-column", cfg.TaskColumn)
	add("group-column", cfg.GroupColumn)
	add("trial-column", cfg.TrialColumn)
	for _, m := range cfg.Metrics {
		add("metrics", config.JoinList([]string{metricArg(m)}))
	}
	add("policy", otherwise(cfg.PolicyFile, ".github/hubgate.yml"))
	for _, f := range cfg.PolicyFlags {
		name, value, _ := strings.Cut(f, "=")
		add(name, value)
	}
	if cfg.Hub != "https://huggingface.co" && (cfg.Baseline == "" || dataset.IsLocation(cfg.Baseline)) {
		add("hub", cfg.Hub)
		if cfg.PlainHTTP {
			args = append(args, "--plain-http")
		}
	}
	if cfg.Command == "check" {
		addBaseline(add, cfg, rep)
	}
	return strings.Join(args, " ")
}

// addBaseline adds what a comparison is with. It names the commit of the baseline, so that the answer stays the same; of several models
// there are several, and the command compares with what is there then.
func addBaseline(add func(name, value string), cfg config.Config, rep gate.Report) {
	switch base := pinned(rep); {
	case cfg.Baseline != "":
		add("baseline", cfg.Baseline)
	case base.Path != "": // a run before the newest, which only its own file gives
		add("baseline", base.String())
	case base.Revision != "": // as a dataset, which tells the configuration of the evaluation too
		add("dataset", base.Repo.String())
		add("baseline-revision", base.Revision)
	default:
		add("namespace", cfg.Namespace)
		owner, repo, _ := strings.Cut(cfg.Repository, "/") // a laptop does not know them
		add("dataset", otherwise(strings.NewReplacer("{owner}", owner, "{repo}", repo).Replace(cfg.Dataset), dataset.DefaultTemplate))
		add("gate", cfg.Gate)
		add("baseline-revision", otherwise(cfg.BaselineRevision, "auto"))
	}
}

// otherwise returns s unless it is what holds anyway.
func otherwise(s, usual string) string {
	if s == usual {
		return ""
	}
	return s
}

// metricArg returns a metric as it is asked for.
func metricArg(m codec.Metric) string {
	if m.Name == "" || m.Name == m.Path {
		return m.Path
	}
	return m.Name + "=" + m.Path
}

// pinned returns where the baseline of a run of one model lies, by its commit; nowhere where that is not on a Hub.
func pinned(rep gate.Report) dataset.Location {
	if len(rep.Models) != 1 || rep.Models[0].Baseline == nil {
		return dataset.Location{}
	}
	b := rep.Models[0].Baseline
	l, err := dataset.ParseLocation(b.Source)
	if err != nil || b.Commit == "" {
		return dataset.Location{}
	}
	l.Revision = b.Commit
	return l
}

// quoteArg quotes a word for a shell where it has to be.
func quoteArg(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:@%+,={}", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
