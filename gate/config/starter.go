package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// StarterPolicy returns a commented policy file to begin with: it names the metrics that were found in the results, with
// their scales, directions and tiers, and states every default. It parses without a problem. Metrics may be nil.
func StarterPolicy(metrics []gate.Criterion) []byte {
	var b strings.Builder
	b.WriteString(`# The policy of hubgate: how much worse a model may become before the merge is blocked.
version: 1

# namespace: acme         # Hub user or organisation that owns the results datasets

`)
	b.WriteString(`defaults:                 # for every metric; a metric below may say otherwise with the same keys
  max-loss: 5%            # tolerated loss: per cent of the scale's width, or a number in the metric's own units

`)
	starterMetrics(&b, metrics)
	b.WriteString(`
# models:                 # each one listed must be in the run
#   TwinLlama-3.1-8B: {}

policy:
  rule: regression        # noninferiority, threshold
  test: auto              # welch, paired
  alpha: 0.05             # rate of false alarms of the whole run, one-sided
  correction: holm        # none
  power: 0.8              # for the smallest loss that the report says it could have seen
  min-samples: 5          # below it no test decides
  max-missing: 5%         # of the candidate's samples may lack a usable score
  on-inconclusive: warn   # pass, fail
  on-incomparable: fail   # warn
  on-no-baseline: warn    # fail

# Files that configure the evaluation. A change of what they say makes runs incomparable.
# eval-config: [evals/judge.yaml, evals/rubric.md]
`)
	return []byte(b.String())
}

// maxKey is the length in bytes up to which a key may stand before its colon: YAML allows 1024 characters with what is around
// them. https://yaml.org/spec/1.2.2/#742-flow-mappings
const maxKey = 1000

// starterMetrics writes a line for each metric. One whose name is too long for a key is left to the defaults.
func starterMetrics(b *strings.Builder, metrics []gate.Criterion) {
	if len(metrics) == 0 {
		b.WriteString(`# metrics:                # first match wins; names may be globs
#   accuracy:   {scale: [1, 3], max-loss: 0.10, min: 2.2, tier: critical, must-pass: [q17, q42]}
#   latency_ms: {direction: lower, max-loss: 10%, tier: advisory}
`)
		return
	}
	b.WriteString(`# Keys of a metric: scale, direction (higher, lower), max-loss, min (floor of its mean), must-pass (ids of samples),
# tier (critical: fails the job; supporting: warns; advisory: only shown).
metrics:                  # first match wins; names may be globs
`)
	for _, c := range metrics {
		name := key(literal.Replace(c.Metric))
		if len(name) > maxKey {
			continue
		}
		var parts []string
		if c.Scale != nil {
			parts = append(parts, "scale: "+show(c.Scale))
		}
		parts = append(parts, "direction: "+cmp.Or(c.Direction, gate.Higher).String())
		if c.Tier > gate.Critical {
			parts = append(parts, "tier: "+c.Tier.String())
		}
		fmt.Fprintf(b, "  %s: {%s}\n", name, strings.Join(parts, ", "))
	}
}

// plainKey is text that YAML reads as text without quotation marks, but for the words that wordKey lists.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// wordKey is plain text that some reader of YAML takes for something else.
var wordKey = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|y|n|null)$`)

// key returns a text as a key of YAML, whose quoted text has Go's escapes and more.
func key(s string) string {
	if plainKey.MatchString(s) && !wordKey.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// literal returns the glob that matches a metric's name and no other.
var literal = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

// StarterWorkflow returns the workflow of the README.
func StarterWorkflow() []byte {
	return []byte(`name: evals
on: {pull_request: , merge_group: , push: {branches: [main]}}
permissions: {contents: read, pull-requests: write}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: make eval                      # writes results/*.jsonl
      - uses: hubgate/hubgate@v1
        env: {HF_TOKEN: "${{ secrets.HF_TOKEN }}"}
        with: {results: results/*.jsonl, namespace: acme, model: TwinLlama-3.1-8B}
`)
}
