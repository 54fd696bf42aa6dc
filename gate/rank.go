package gate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hubgate/hubgate/gate/score"
)

// A Measured is what is known of one model's scores on one task and metric without the scores themselves, and what must be
// known to hold it against another model's.
type Measured struct {
	Series
	Dataset     string    // owner/name that it was read from
	Created     time.Time // of the run; zero when unknown
	Fingerprint string    // of the evaluation's configuration; empty when unknown
	Hint        Hint      // scale and direction, as far as they are known
	N, Missing  int       // samples with and without a usable score
	Mean        float64   // meaningless when N is 0
	SD          *float64  // sample standard deviation; nil when N is below 2 or the spread leaves float64's range
	PassFail    bool      // every usable score is 0 or 1
}

// A ResultSet says what one results dataset holds of one model.
type ResultSet struct {
	Dataset    string // owner/name
	Model      string
	Recorded   bool   // by this program, with its history; else what another tool's scores tell
	Run        string // id of the recorded run; empty when unknown
	Provenance Provenance
	Warnings   []string
}

// A SkippedSet is a dataset that looks like results and could not be used.
type SkippedSet struct{ Dataset, Reason string }

// A Leaderboard ranks the models of one namespace. Renderers format it; they compute nothing.
type Leaderboard struct {
	Hub       string // where the datasets are
	Namespace string
	Policy    Policy
	Rankings  []Ranking // by task and metric
	Sets      []ResultSet
	Skipped   []SkippedSet
}

// A Standing says whether a model takes part in a ranking. Its zero value does not.
type Standing uint8

// The standings.
const (
	Unscored     Standing = iota // no usable score
	Ranked                       // compared with every other ranked model
	OtherConfig                  // judged by a configuration that is known to be another
	Unconfigured                 // its configuration or that of the ranked models is not known
	OtherScale                   // scored on another scale
	Undirected                   // which way the metric improves is in dispute, so that nobody is ranked
)

var standingNames = []string{"unscored", "ranked", "other_config", "unknown_config", "other_scale", "unknown_direction"}

// String returns the name that leaderboard.json uses.
func (s Standing) String() string { return standingNames[s] }

// A Ranking is the table of one task and metric: ranked models by mean, the best first, then the others by standing,
// model and dataset.
type Ranking struct {
	Task, Metric string
	Direction    Direction    // zero when the datasets contradict each other and the policy does not settle it
	Scale        *score.Scale // of the ranked models; nil when unknown
	Fingerprint  string       // of the configuration that the ranked models share; empty when it is not known
	Family       int          // number of one-sided tests that p-values are adjusted for
	Places       []Place
	Absent       []string // models of the leaderboard that were not measured on this
	Warnings     []string // without a name that came from outside
}

// A Place is one model in a ranking.
//
// First and Last bound its rank: of all ranked models First−1 are shown to be better, and all but Last are shown to be worse. The ranks
// of all models of a ranking lie within their bounds at once with probability 1 − alpha at least (Mogstad, Romano, Shaikh
// and Wilhelm, Review of Economic Studies 91, 2024, section 3). Both are 0 where the model is not ranked.
type Place struct {
	Measured
	Standing    Standing
	SE          float64 // of the mean; meaningless without SD
	Lo, Hi      float64 // bound the mean at the level of reports; Wilson's where PassFail
	Interval    bool    // whether Lo and Hi could be had
	First, Last int
	Best, Above *Contrast // with the first of the ranking, and with the one above; nil for the first, and without a test
}

// A Contrast is one model against a better one: differences are this one − the other, in the metric's own units.
type Contrast struct {
	Diff      float64
	Lo, Hi    float64 // at the level of reports, not adjusted; equal when there is no interval
	P         float64 // one-sided: small when the other is better
	PAdjusted float64 // for all comparisons of the ranking
	Apart     bool    // the other is shown to be better
}

// Rank makes a table of every task and metric.
//
// Only models that were judged alike are ranked: by the known configuration that most of them share, two at least; else by
// what most have, which may be no known configuration at all. The others are listed beside them, and compared with
// nobody. Declared scales that differ, and a mean off the scale, keep a model out too.
//
// Every ranked model is compared with every other, by Welch's t-test from n, mean and standard deviation, in both directions, and
// p-values are adjusted by Holm for all of these: to test against the best alone would forget that the data chose the
// best. Samples count as independent, which is cautious where models answered the same questions. Below min-samples, and
// where one side alone has no spread, nothing is told apart, except that sides that pass or fail are
// compared by Fisher's mid-p test then.
//
// The order of ms does not matter. The result is sorted by task and metric.
func Rank(ms []Measured, p Policy) []Ranking {
	groups := map[Series][]Measured{}
	var models []string
	for _, m := range ms {
		s := Series{Key: score.Key{Task: m.Task}, Metric: m.Metric}
		groups[s] = append(groups[s], m)
		models = append(models, m.Model)
	}
	slices.Sort(models)
	models = slices.Compact(models)
	out := make([]Ranking, 0, len(groups))
	for s, group := range groups {
		r := Ranking{Task: s.Task, Metric: s.Metric}
		r.place(group, p)
		r.rank(p)
		r.Absent = slices.DeleteFunc(slices.Clone(models), func(model string) bool {
			return slices.ContainsFunc(group, func(m Measured) bool { return m.Model == model })
		})
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Ranking) int {
		return cmp.Or(cmp.Compare(a.Task, b.Task), cmp.Compare(a.Metric, b.Metric))
	})
	return out
}

// place settles what is compared with what, and puts the models in order.
func (r *Ranking) place(group []Measured, p Policy) {
	r.direct(group, p)
	r.Fingerprint = sharedConfig(group)
	r.Scale = sharedScale(group, r.Fingerprint, r.Metric, p)
	for _, m := range group {
		pl := Place{Measured: m, Standing: r.standing(m)}
		pl.summarize(p.level())
		r.Places = append(r.Places, pl)
	}
	slices.SortFunc(r.Places, func(a, b Place) int {
		order := 0
		if a.Standing == Ranked && b.Standing == Ranked {
			order = cmp.Compare(b.Mean, a.Mean)
			if r.Direction == Lower {
				order = -order
			}
		}
		return cmp.Or(cmp.Compare(a.Standing.order(), b.Standing.order()), order, cmp.Compare(a.Model, b.Model), cmp.Compare(a.Dataset, b.Dataset))
	})
	r.adviseSizes(p)
}

// order puts those without a score at the end.
func (s Standing) order() int {
	if s == Unscored {
		return len(standingNames)
	}
	return int(s)
}

// direct settles which way the metric improves: the policy says, or the datasets that know agree.
func (r *Ranking) direct(group []Measured, p Policy) {
	known := Hint{}
	conflict := false
	for _, m := range group {
		d := m.Hint.Direction
		conflict = conflict || d != 0 && known.Direction != 0 && d != known.Direction
		known.Direction = cmp.Or(known.Direction, d)
	}
	r.Direction = p.criterion(r.Metric, known).Direction
	if conflict && p.criterion(r.Metric, Hint{Direction: Higher}).Direction != p.criterion(r.Metric, Hint{Direction: Lower}).Direction {
		r.Direction = 0
		r.warn("the datasets contradict each other on whether higher is better: nothing is ranked; set the direction of this metric in the policy")
	}
}

func (r *Ranking) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// standing says whether a model is ranked.
func (r *Ranking) standing(m Measured) Standing {
	off := r.Scale != nil && (m.Hint.Scale != nil && *m.Hint.Scale != *r.Scale || !r.Scale.Contains(m.Mean))
	switch {
	case m.N == 0:
		return Unscored
	case m.Fingerprint != r.Fingerprint && (m.Fingerprint == "" || r.Fingerprint == ""):
		return Unconfigured
	case m.Fingerprint != r.Fingerprint:
		return OtherConfig
	case off:
		return OtherScale
	case r.Direction == 0:
		return Undirected
	}
	return Ranked
}

// adviseSizes says when the ranked models were plainly not asked the same questions, and when answers are too few.
func (r *Ranking) adviseSizes(p Policy) {
	least, most, few, partial := 0, 0, 0, 0
	for _, pl := range r.Places {
		if n := pl.N + pl.Missing; pl.Standing == Ranked {
			if least == 0 {
				least = n
			}
			least, most = min(least, n), max(most, n)
			if pl.N < p.MinSamples {
				few++
			}
			if float64(pl.Missing) > p.MaxMissing*float64(n) {
				partial++
			}
		}
	}
	if few > 0 {
		r.warn("%s fewer than %d scored samples (min-samples), too few to be told apart", count(few, "model has", "models have"), p.MinSamples)
	}
	if partial > 0 {
		r.warn("%s more than %g %% of the scores (max-missing), and what is missing need not be like the rest", count(partial, "model lacks", "models lack"), 100*p.MaxMissing)
	}
	if 10*least < 9*most {
		r.warn("between %d and %d samples were asked: these models did not answer the same questions", least, most)
	}
}

// sharedConfig returns the fingerprint whose models are ranked.
func sharedConfig(group []Measured) string {
	type config struct {
		fingerprint string
		models      int
		newest      time.Time
	}
	var configs []config
	for _, m := range group {
		if m.N == 0 {
			continue
		}
		i := slices.IndexFunc(configs, func(c config) bool { return c.fingerprint == m.Fingerprint })
		if i < 0 {
			i = len(configs)
			configs = append(configs, config{fingerprint: m.Fingerprint})
		}
		c := &configs[i]
		c.models++
		if m.Created.After(c.newest) {
			c.newest = m.Created
		}
	}
	if len(configs) == 0 {
		return ""
	}
	yes := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	best := slices.MinFunc(configs, func(a, b config) int {
		known := cmp.Compare(yes(b.fingerprint != ""), yes(a.fingerprint != ""))
		shared := cmp.Compare(yes(b.fingerprint != "" && b.models > 1), yes(a.fingerprint != "" && a.models > 1))
		return cmp.Or(shared, cmp.Compare(b.models, a.models), known, b.newest.Compare(a.newest), cmp.Compare(a.fingerprint, b.fingerprint))
	})
	return best.fingerprint
}

// sharedScale returns the scale that the policy declares, else the one that most of the models of a configuration declare.
func sharedScale(group []Measured, fingerprint, metric string, p Policy) *score.Scale {
	if s, ok := p.Scale(metric); ok {
		return &s
	}
	counts := map[score.Scale]int{}
	for _, m := range group {
		if m.N > 0 && m.Fingerprint == fingerprint && m.Hint.Scale != nil {
			counts[*m.Hint.Scale]++
		}
	}
	var best *score.Scale
	for s, n := range counts {
		if best == nil || cmp.Or(cmp.Compare(n, counts[*best]), cmp.Compare(best.Min, s.Min), cmp.Compare(best.Max, s.Max)) > 0 {
			best = &s
		}
	}
	return best
}
