package codec

import (
	"slices"
	"strings"
)

// A role is what a column is for.
type role uint8

const (
	roleNone role = iota
	roleID
	roleModel
	roleTask
	roleGroup
	roleTrial
	roleInput
	roleMetricName // in long form, the metric whose score the row holds
	roleScore      // may be a metric's scores
	roles
)

var roleNames = [roles]string{"", "id", "model", "task", "group", "trial", "input", "metric", "score"}

// String returns the name that inputs use, as in id-column.
func (r role) String() string { return roleNames[r] }

// roleColumns lists the common names of columns by role, the most telling first, in lower case.
var roleColumns = [roles][]string{
	roleID: {"sample_id", "id", "doc_id", "question_id", "problem_id", "example_id", "item_id", "instance_id", "record_id",
		"prompt_id", "test_id", "case_id", "sampleid", "docid", "questionid", "uid", "uuid", "problem_idx", "doc_hash"},
	roleModel:      {"model", "model_id", "model_name", "generator"},
	roleTask:       {"task", "task_name", "task_id"},
	roleGroup:      {"group", "group_id", "cluster", "cluster_id"},
	roleTrial:      {"trial", "trial_id", "epoch", "repeat", "attempt"},
	roleInput:      {"instruction", "prompt", "question", "input", "user_input", "query", "problem", "inputs", "messages"},
	roleMetricName: {"metric", "metric_name", "criterion", "criteria"},
}

// Columns that hold what people read of a sample, the most telling first. An input text is also an id where none is given.
var (
	answerColumns = []string{"answers", "answer", "response", "completion", "prediction", "generation", "model_output",
		"model_answer", "actual_output", "output_text", "output_2", "output"}
	explanationColumns = []string{"explanation", "analysis", "reason", "reasoning", "rationale", "feedback", "justification",
		"judge_output", "judgement", "judgment", "critique", "comment"}
)

// sampleColumns are columns of the sample, or of how it was run, that are numbers often and scores never.
var sampleColumns = []string{
	"index", "idx", "row", "row_id", "row_number", "row_idx", "row_index", "line", "line_number", "no", "nr", "number", "level_0",
	"target", "targets", "label", "labels", "gold", "gold_label", "gold_index", "expected", "reference", "references", "output_1",
	"ground_truth", "ground_truths", "true_label", "pred", "pred_label", "predicted", "predicted_label", "choice", "rank",
	"temperature", "top_p", "top_k", "min_p", "seed", "random_seed", "max_tokens", "max_new_tokens", "num_fewshot", "n_shot", "fewshot",
	"version", "year", "month", "day", "timestamp", "created", "created_at", "updated_at", "date", "start_time", "end_time",
	"started_at", "completed_at", "turn", "turns", "page", "chunk", "fold", "weight", "run_id", "dataset",
}

// scoreNames are names of scores, whatever their values. Any of their words at the end of a name will do: judge_score.
var scoreNames = []string{
	"accuracy", "acc", "acc_norm", "score", "scores", "exact_match", "em", "f1", "precision", "recall", "bleu", "sacrebleu", "rouge",
	"rouge1", "rouge2", "rougel", "rougelsum", "chrf", "meteor", "bertscore", "comet", "reward", "preference", "win_rate", "winrate",
	"rating", "grade", "quality", "correctness", "correct", "relevance", "relevancy", "faithfulness", "helpfulness", "harmlessness",
	"honesty", "coherence", "fluency", "consistency", "style", "similarity", "groundedness", "completeness", "conciseness", "pass",
	"passed", "success", "mcc", "auc", "ndcg", "mrr", "mc1", "mc2", "value",
}

// classify returns the role of a column by the options, else by its name, and its rank among columns of that role.
func (a *assembler) classify(name string) (role, int) {
	for r, want := range a.wanted() {
		if want != "" && name == want {
			return role(r), 0
		}
	}
	if a.metricOf(name) != "" {
		return roleScore, 0
	}
	lower := strings.ToLower(name)
	for r, names := range roleColumns {
		if rank := slices.Index(names, lower); rank >= 0 {
			if a.wanted()[r] != "" || role(r) == roleID && a.o.ID != "" {
				return roleNone, 0 // the options name another column
			}
			return role(r), rank
		}
	}
	if lower == "score" || lower == "value" { // of the long form too, whose metrics are named by another column
		return roleScore, 0
	}
	if len(a.o.Metrics) > 0 || neverMetric(lower) {
		return roleNone, 0
	}
	return roleScore, 0
}

// wanted returns the columns that options name, by role. A column of texts named for ids is one to derive ids from.
func (a *assembler) wanted() [roles]string {
	out := [roles]string{roleID: a.o.ID, roleModel: a.o.Model, roleTask: a.o.Task, roleGroup: a.o.Group, roleTrial: a.o.Trial}
	if isProse(a.o.ID) {
		out[roleID], out[roleInput] = "", a.o.ID
	}
	return out
}

// metricOf returns the name under which options ask for the metric in a column, or "".
func (a *assembler) metricOf(column string) string {
	for _, m := range a.o.Metrics {
		if m.Path == column {
			if m.Name == "" || m.Name == m.Path {
				return metricName(column)
			}
			return m.Name
		}
	}
	return ""
}

// metricName returns the metric that a column or path holds: its name, save that evaluation.accuracy.score is accuracy. A name
// that was marked as one is taken as it is.
func metricName(column string) string {
	if name, marked := strings.CutSuffix(column, metricSuffix); marked {
		return name
	}
	if rest, ok := strings.CutPrefix(column, "evaluation."); ok {
		if name, ok := strings.CutSuffix(rest, ".score"); ok && name != "" {
			return name
		}
	}
	return column
}

// isProse reports whether a column, or the end of a path, is by its name what people read of a sample.
func isProse(name string) bool {
	lower := strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
	return slices.Contains(roleColumns[roleInput], lower) || slices.Contains(answerColumns, lower) || slices.Contains(explanationColumns, lower)
}

// neverMetric reports whether a column, in lower case, describes the sample and is no score of it.
func neverMetric(lower string) bool {
	return lower == "" || strings.HasPrefix(lower, "unnamed: ") || strings.HasSuffix(lower, "_id") || strings.HasSuffix(lower, "_idx") ||
		strings.HasSuffix(lower, "_index") || strings.HasSuffix(lower, "_hash") || slices.Contains(sampleColumns, lower) ||
		slices.Contains(answerColumns, lower) || slices.Contains(explanationColumns, lower)
}

// discoveredColumns are columns whose inside is searched for scores when no metrics are named.
var discoveredColumns = []string{"evaluation", "metrics", "scores"}

// discovers reports whether scores are looked for inside a column or path.
func (a *assembler) discovers(path string) bool {
	if len(a.o.Metrics) > 0 {
		return false
	}
	head, rest, inside := strings.Cut(path, ".")
	return slices.Contains(discoveredColumns, head) && !(inside && strings.Contains(rest, "."))
}
