package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/stat"
)

// methodSection says how this was decided, and what it can see.
func (v *view) methodSection() *details {
	items := list{}
	if m := v.methods(); m != "" {
		items = append(items, m)
	}
	items = append(items, v.ruleSaid())
	const most = 10
	seen := v.with(func(l line) bool { return l.MDE != nil || l.BetweenRuns != nil || l.TrialNoise != nil })
	for _, l := range seen[:min(len(seen), most)] {
		items = append(items, v.named(l)+": "+v.powerSaid(l)+v.companion(l)+l.noiseSaid())
	}
	if len(seen) > most {
		items = append(items, fmt.Sprintf("%d more in report.json.", len(seen)-most))
	}
	items = append(items, v.publications()...)
	if s := v.samplingSaid(); s != "" {
		items = append(items, s)
	}
	return &details{summary: "How this was decided, and what it can see", keep: detail, blocks: []block{items}}
}

// publications links where the runs of several models lie; that of one is in the footer.
func (v *view) publications() []string {
	const most = 10
	if len(v.report.Models) == 1 {
		return nil
	}
	var links []string
	for _, m := range v.report.Models {
		if m.Published != nil && m.Published.URL != "" && len(links) < most {
			links = append(links, v.link(v.name(m.Model), m.Published.URL))
		}
	}
	if len(links) == 0 {
		return nil
	}
	return []string{"Results: " + strings.Join(links, ", ") + "."}
}

// methods names the tests that decided.
func (v *view) methods() string {
	paired, welch, permuted, grouped, unguarded := 0, 0, 0, 0, 0
	for _, l := range v.lines {
		switch {
		case l.Decided == nil:
		case l.Decided.Method == stat.PairedT:
			paired++
		case l.Decided.Method == stat.PermutationT:
			permuted++
		case l.Decided.Method == stat.ClusteredT:
			grouped++
		default:
			welch++
			if l.Permutation == nil && !l.Decided.Degenerate {
				unguarded++
			}
		}
	}
	var parts []string
	if paired > 0 {
		parts = append(parts, fmt.Sprintf("the paired t-test, on the differences of samples scored on both sides, decided %d of %d", paired, len(v.lines)))
	}
	if grouped > 0 {
		parts = append(parts, fmt.Sprintf("a t-test by groups of samples (CR1), since samples of a group are alike, decided %d of %d", grouped, len(v.lines)))
	}
	if welch > 0 {
		s := fmt.Sprintf("Welch's t-test, on all scores of both sides, decided %d of %d", welch, len(v.lines))
		if unguarded > 0 {
			s += fmt.Sprintf(", %d of them with too many different scores to confirm it by permutation", unguarded)
		}
		parts = append(parts, s)
	}
	if permuted > 0 {
		parts = append(parts, fmt.Sprintf("the permutation test of Welch's t, whose p was the larger, decided %d of %d", permuted, len(v.lines)))
	}
	if len(parts) == 0 {
		return ""
	}
	s := strings.Join(parts, "; ") + ". Each end of the " + v.levelName() + " is the one-sided bound that decides."
	return strings.ToUpper(s[:1]) + s[1:]
}

// ruleSaid is the policy in a sentence.
func (v *view) ruleSaid() string {
	pol := v.report.Policy
	switch pol.Rule {
	case gate.NonInferiority:
		return "A metric fails unless a loss beyond what is tolerated is ruled out with " + hundredths(1-pol.Alpha) + " confidence (one-sided)."
	case gate.Threshold:
		return "A metric fails when it is worse by more than what is tolerated, whether or not that could be noise."
	}
	s := "A metric fails when it is worse by more than what is tolerated and chance explains that less than " +
		hundredths(pol.Alpha) + " of the time (one-sided)"
	family := 0
	for _, l := range v.lines {
		if l.Criterion.Tier == gate.Critical {
			family = max(family, l.Family)
		}
	}
	switch {
	case pol.Correction == gate.NoCorrection:
		return s + ", each by itself: no correction for the number of tests."
	case family > 1:
		return s + fmt.Sprintf(", for the %d critical comparisons together (Holm's correction).", family)
	}
	return s + "."
}

// companion gives the p-values of other tests beside a verdict by pairs that fails: Welch's, since it is the weaker claim to fall back
// on, and that of a test that asks no t.
func (v *view) companion(l line) string {
	if l.Outcome != gate.Regressed || l.Decided == nil || l.Decided.Method != stat.PairedT {
		return "" // those of samples in groups would claim too much
	}
	d := l.Criterion.Direction
	var parts []string
	for _, c := range l.Companions {
		name := "Wilcoxon's signed ranks"
		if c.Method == stat.McNemarMidP {
			name = "McNemar's test"
		}
		parts = append(parts, name+" "+equals(turned(c.PWorse, c.PBetter, d)))
	}
	for _, t := range l.Tests {
		if t.Method == stat.WelchT {
			parts = append(parts, "unpaired, Welch's t-test "+equals(worse(t, d)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " Before correction: " + strings.Join(parts, "; ") + "."
}

// noiseSaid is what is known of noise between runs and between trials.
func (l line) noiseSaid() string {
	s := ""
	if b := l.BetweenRuns; b != nil && l.compared() {
		lies := "outside"
		if l.Within() {
			lies = "within"
		}
		s += fmt.Sprintf(" %d runs of unchanged code spread by an SD of %s, so that two of them differ by up to %s; this %s of %s lies %s that.",
			b.Runs, l.Format(b.SD), l.Format(b.Change), l.direction(), l.Format(math.Abs(l.Loss())), lies)
	}
	if n := l.TrialNoise; n != nil {
		more := "more samples help more than more trials"
		if n.Share > 0.5 {
			more = "more trials help more than more samples"
		}
		s += fmt.Sprintf(" Noise of the trials explains %s of the variance between samples: %s.", wholePercent(n.Share), more)
	}
	return s
}

// direction is what a difference is called.
func (l line) direction() string {
	switch loss := l.Loss(); {
	case loss > 0:
		return "loss"
	case loss < 0:
		return "gain"
	}
	return "difference"
}

// samplingSaid says where noise between runs is not counted.
func (v *view) samplingSaid() string {
	const enough = 3
	unknown := v.with(func(l line) bool { return l.compared() && l.BetweenRuns == nil })
	if len(unknown) == 0 && len(v.with(line.compared)) > 0 {
		return ""
	}
	most := 0
	for _, l := range unknown {
		most = max(most, l.Replicates)
	}
	s := "This counts sampling noise only: how much the same model scores differently from run to run is not in it"
	if most > 0 && most < enough {
		s += fmt.Sprintf(", and not yet known (%d of %d repeated runs)", most, enough)
	}
	return s + "."
}

// worse is a test's p-value for "the candidate is worse".
func worse(t stat.Test, d gate.Direction) float64 {
	if d == gate.Lower {
		return t.PBetter
	}
	return t.PWorse
}

// often says a power in words.
func often(power float64) string {
	if tenths := math.Round(10 * power); math.Abs(10*power-tenths) < 1e-9 {
		return fmt.Sprintf("%.0f times in 10", tenths)
	}
	return hundredths(power) + " of the time"
}
