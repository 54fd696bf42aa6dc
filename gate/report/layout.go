package report

import (
	"encoding/json"
	"math"
)

// The types below are the file's layout: one struct per object, fields in the order of the keys.
type (
	reportJSON struct {
		Schema    string         `json:"schema"`
		Tool      toolJSON       `json:"tool"`
		Decision  *string        `json:"decision"`
		Accepted  *acceptedJSON  `json:"accepted"`
		Policy    policyJSON     `json:"policy"`
		Candidate provenanceJSON `json:"candidate"`
		Models    []modelJSON    `json:"models"`
		Warnings  []string       `json:"warnings"`
	}
	acceptedJSON struct {
		By     string  `json:"by"`
		Reason string  `json:"reason"`
		At     string  `json:"at"`
		SHA    string  `json:"sha"`
		URL    *string `json:"url"`
	}
	toolJSON struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	policyJSON struct {
		Rule           string             `json:"rule"`
		Alpha          number             `json:"alpha"`
		Correction     string             `json:"correction"`
		Test           string             `json:"test"`
		Power          number             `json:"power"`
		MinSamples     int                `json:"min_samples"`
		MaxMissing     number             `json:"max_missing"`
		OnInconclusive string             `json:"on_inconclusive"`
		OnIncomparable string             `json:"on_incomparable"`
		OnNoBaseline   string             `json:"on_no_baseline"`
		Seed           uint64             `json:"seed"`
		Defaults       policyMetricJSON   `json:"defaults"`
		Metrics        []policyMetricJSON `json:"metrics"`
		Models         []policyModelJSON  `json:"models"`
	}
	policyMetricJSON struct {
		Metric    string     `json:"metric"`
		Direction *string    `json:"direction"`
		MaxLoss   *string    `json:"max_loss"`
		Min       *number    `json:"min"`
		Scale     *[2]number `json:"scale"`
		Tier      *string    `json:"tier"`
		MustPass  []string   `json:"must_pass"`
		Line      *int       `json:"policy_line"`
	}
	policyModelJSON struct {
		Model    string  `json:"model"`
		Baseline *string `json:"baseline"`
		Line     *int    `json:"policy_line"`
	}
	provenanceJSON struct {
		Source     string         `json:"source"`
		Commit     *string        `json:"commit"`
		SHA256     *string        `json:"sha256"`
		GitSHA     *string        `json:"git_sha"`
		RunURL     *string        `json:"run_url"`
		Created    *string        `json:"created"`
		Attempt    *int           `json:"attempt"`
		EvalConfig evalConfigJSON `json:"eval_config"`
	}
	evalConfigJSON struct {
		Fingerprint *string           `json:"fingerprint"`
		Parts       map[string]string `json:"parts"`
	}
	modelJSON struct {
		Model         string          `json:"model"`
		Decision      *string         `json:"decision"`
		Undecided     *string         `json:"undecided"`
		Baseline      *provenanceJSON `json:"baseline"`
		Comparable    *bool           `json:"comparable"`
		ConfigChecked *bool           `json:"config_checked"`
		ConfigChanges []changeJSON    `json:"config_changes"`
		Findings      []findingJSON   `json:"findings"`
		Published     *publishedJSON  `json:"published"`
		Warnings      []string        `json:"warnings"`
	}
	changeJSON struct {
		Path      string  `json:"path"`
		Baseline  *string `json:"baseline"`
		Candidate *string `json:"candidate"`
	}
	publishedJSON struct {
		Repo     string  `json:"repo"`
		URL      *string `json:"url"`
		Commit   string  `json:"commit"`
		Branch   string  `json:"branch"`
		Baseline bool    `json:"baseline"`
	}
	findingJSON struct {
		Task            string        `json:"task"`
		Metric          string        `json:"metric"`
		Candidate       *summaryJSON  `json:"candidate"`
		Baseline        *summaryJSON  `json:"baseline"`
		PassFail        bool          `json:"pass_fail"`
		Paired          int           `json:"paired"`
		OnlyCandidate   int           `json:"only_candidate"`
		OnlyBaseline    int           `json:"only_baseline"`
		Dropped         int           `json:"dropped"`
		OneSideConstant bool          `json:"one_side_constant"`
		DecidedBy       *string       `json:"decided_by"`
		Means           *meansJSON    `json:"means"`
		Diff            *number       `json:"diff"`
		Level           number        `json:"level"`
		CI              *[2]number    `json:"ci"`
		P               *number       `json:"p"`
		Log10P          *number       `json:"log10_p,omitempty"`
		PAdjusted       *number       `json:"p_adjusted"`
		PBetter         *number       `json:"p_better_adjusted"`
		Family          int           `json:"family"`
		Tests           testsJSON     `json:"tests"`
		Effect          effectJSON    `json:"effect"`
		Shift           *shiftJSON    `json:"shift"`
		Reshaped        bool          `json:"reshaped"`
		MDE             *number       `json:"mde"`
		Needed          *int          `json:"n_needed"`
		AtWorst         *worstJSON    `json:"missing_at_worst"`
		Slices          []sliceJSON   `json:"slices"`
		Replicates      int           `json:"replicates"`
		TrialNoise      *noiseJSON    `json:"trial_noise"`
		Criterion       criterionJSON `json:"criterion"`
		BaselineScale   *[2]number    `json:"baseline_scale"`
		MustPassLower   []string      `json:"must_pass_lower"`
		MostMoved       []moveJSON    `json:"most_moved"`
		Outcome         *string       `json:"outcome"`
		Decision        *string       `json:"decision"`
		Reason          *string       `json:"reason"`
		Warnings        []string      `json:"warnings"`
	}
	meansJSON struct {
		Candidate number `json:"candidate"`
		Baseline  number `json:"baseline"`
	}
	summaryJSON struct {
		Rows      int            `json:"rows"`
		N         int            `json:"n"`
		Missing   int            `json:"missing"`
		MissingBy map[string]int `json:"missing_by"`
		Mean      *number        `json:"mean"`
		SD        *number        `json:"sd"`
		SE        *number        `json:"se"`
		CI        *[2]number     `json:"ci"`
		Min       *number        `json:"min"`
		Q1        *number        `json:"q1"`
		Median    *number        `json:"median"`
		Q3        *number        `json:"q3"`
		Max       *number        `json:"max"`
		Levels    []levelJSON    `json:"levels"`
	}
	levelJSON struct {
		Value number `json:"value"`
		Count int    `json:"count"`
	}
	testsJSON struct {
		Welch          *testJSON        `json:"welch,omitempty"`
		PairedT        *testJSON        `json:"paired_t,omitempty"`
		Clustered      *testJSON        `json:"clustered,omitempty"`
		Permutation    *permutationJSON `json:"permutation,omitempty"`
		McNemar        *companionJSON   `json:"mcnemar,omitempty"`
		Wilcoxon       *companionJSON   `json:"wilcoxon,omitempty"`
		NonInferiority *marginJSON      `json:"noninferiority,omitempty"`
		MissingRate    *missingRateJSON `json:"missing_rate,omitempty"`
		BetweenRuns    *betweenJSON     `json:"between_runs,omitempty"`
	}
	testJSON struct {
		N              *int      `json:"n,omitempty"`
		Groups         *int      `json:"groups,omitempty"`
		GroupsBaseline *int      `json:"groups_baseline,omitempty"`
		T              *number   `json:"t"`
		DF             *number   `json:"df"`
		PWorse         number    `json:"p_worse"`
		Log10PWorse    *number   `json:"log10_p_worse,omitempty"`
		PTwoSided      number    `json:"p_two_sided"`
		Log10PTwoSided *number   `json:"log10_p_two_sided,omitempty"`
		Diff           number    `json:"diff"`
		SE             number    `json:"se"`
		CI             [2]number `json:"ci"`
	}
	permutationJSON struct {
		PWorse    number `json:"p_worse"`
		Exact     bool   `json:"exact"`
		Resamples int    `json:"resamples"`
	}
	companionJSON struct {
		N         int    `json:"n"`
		Statistic number `json:"statistic"`
		PWorse    number `json:"p_worse"`
		PTwoSided number `json:"p_two_sided"`
		Exact     bool   `json:"exact"`
	}
	marginJSON struct {
		Margin number  `json:"margin"`
		T      number  `json:"t"`
		DF     number  `json:"df"`
		P      number  `json:"p"`
		Log10P *number `json:"log10_p,omitempty"`
	}
	betweenJSON struct {
		Runs   int    `json:"runs"`
		Mean   number `json:"mean"`
		SD     number `json:"sd"`
		Change number `json:"change"`
		Within bool   `json:"within"`
	}
	shiftJSON struct {
		Test      string `json:"test"`
		Statistic number `json:"statistic"`
		P         number `json:"p"`
		Exact     bool   `json:"exact"`
		Resamples int    `json:"resamples"`
	}
	worstJSON struct {
		Diff      number    `json:"diff"`
		CI        [2]number `json:"ci"`
		PAdjusted number    `json:"p_adjusted"`
		Outcome   *string   `json:"outcome"`
	}
	sliceJSON struct {
		Group     string   `json:"group"`
		Candidate partJSON `json:"candidate"`
		Baseline  partJSON `json:"baseline"`
		Loss      number   `json:"loss"`
	}
	partJSON struct {
		N    int     `json:"n"`
		Mean *number `json:"mean"`
	}
	noiseJSON struct {
		Samples int    `json:"samples"`
		Within  number `json:"within"`
		Share   number `json:"share"`
	}
	missingRateJSON struct {
		PWorse number `json:"p_worse"`
	}
	effectJSON struct {
		HedgesG    *number `json:"hedges_g"`
		CohensDz   *number `json:"cohens_dz"`
		CliffDelta *number `json:"cliffs_delta"`
	}
	criterionJSON struct {
		Direction string     `json:"direction"`
		MaxLoss   number     `json:"max_loss"`
		Min       *number    `json:"min"`
		Scale     *[2]number `json:"scale"`
		Tier      string     `json:"tier"`
		MustPass  []string   `json:"must_pass"`
		Line      *int       `json:"policy_line"`
	}
	moveJSON struct {
		ID        string    `json:"id"`
		Was       number    `json:"was"`
		Is        number    `json:"is"`
		Candidate placeJSON `json:"candidate"`
		Baseline  placeJSON `json:"baseline"`
	}
	placeJSON struct {
		File string `json:"file"`
		Row  int    `json:"row"`
	}
)

// A number is a float64 that JSON can hold: NaN and the infinities are null, and there is one zero.
type number float64

// MarshalJSON writes the shortest decimal that reads back as the same float64.
func (n number) MarshalJSON() ([]byte, error) {
	x := float64(n)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(x + 0) // −0 becomes 0
}
