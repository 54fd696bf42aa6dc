package gate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate/stat"
)

// An Advice is one sentence or two about what a calibration shows and what would change it, with the numbers in it. It holds
// no text from outside.
type Advice struct {
	About *CalibratedSeries // nil for the run as a whole
	Text  string
}

// Advice says what the replays show that a policy's author may want to change: nothing where there is nothing.
func (c *Calibration) Advice() []Advice {
	var out []Advice
	add := func(about *CalibratedSeries, sentences ...string) {
		sentences = slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
		if len(sentences) > 0 {
			out = append(out, Advice{about, strings.Join(sentences, " ")})
		}
	}
	add(nil, c.aboutAlarms())
	add(nil, c.aboutRecorded())
	for i := range c.Series {
		add(&c.Series[i], c.aboutPower(&c.Series[i]), c.aboutMargin(&c.Series[i]))
	}
	add(nil, c.aboutPairing())
	add(nil, c.aboutMaxLoss())
	return out
}

// Promised reports whether the policy promises a rate of false alarms at all: alpha bounds those of regressions, while
// other rules fail what is not shown to be well, or whatever looks worse.
func (c *Calibration) Promised() bool {
	return c.Policy.Rule == Regression && c.Policy.OnInconclusive != Fail && (c.Policy.Correction == Holm || c.families() <= 1)
}

// TooMany reports whether there are plainly more false alarms than alpha.
func (c *Calibration) TooMany() bool {
	lo, _ := c.Alarms.Interval()
	return lo > c.Policy.Alpha
}

func (c *Calibration) families() int {
	n := 0
	for i := range c.Series {
		if c.Series[i].Criterion.Tier == Critical {
			n++
		}
	}
	return n
}

func (c *Calibration) aboutAlarms() string {
	switch {
	case !c.TooMany():
		return ""
	case c.Policy.Rule == NonInferiority:
		return "Rule noninferiority fails what it cannot show to have held: with these samples that is many unchanged runs. " +
			"More samples, pairs, a larger max-loss or rule regression make it fewer."
	case c.Policy.Rule == Threshold:
		return "Rule threshold asks for no evidence: what looks worse by more than max-loss fails, noise or not. Rule regression asks for it."
	case c.Policy.OnInconclusive == Fail:
		return "on-inconclusive: fail makes every run red that cannot tell; on-inconclusive: warn shows it and lets it pass."
	case c.Policy.Correction == NoCorrection && c.families() > 1:
		return fmt.Sprintf("Without correction each of %d tests raises its own false alarms; correction holm keeps the whole run to alpha.", c.families())
	}
	return "That is more than alpha. Look at the series that are red above: a floor (min) or max-missing that the stored scores do not keep " +
		"is red by itself, samples that come in groups (one document, one conversation) need group-column, and where few scores differ p-values are rough."
}

// aboutRecorded says what the policy makes of recorded runs of unchanged code, as they are.
func (c *Calibration) aboutRecorded() string {
	r := c.Recorded
	if r.Comparisons == 0 {
		return ""
	}
	text := fmt.Sprintf("As they were recorded, each of %d runs of unchanged code was compared with each other one: %d of %d comparisons are red.",
		r.Runs, r.Failed, r.Comparisons)
	return text + " Noise between runs is in these and not in the replays above; the comparisons share runs, so that few runs tell little."
}

// aboutPower says what losses the series can see, and how many samples would see smaller ones.
func (c *Calibration) aboutPower(s *CalibratedSeries) string {
	switch {
	case s.Decided == nil && c.Policy.Rule != Threshold && s.Samples >= 2*c.Policy.MinSamples:
		return "No test decides: the samples lie in too few groups (group-column) to have some on either side. At least 2 a side are needed, and 10 to trust the result."
	case s.Decided == nil && c.Policy.Rule != Threshold:
		return fmt.Sprintf("No test decides with %s: nothing is found, and nothing ruled out. At least %d a side are needed (min-samples), and %d to trust the result.",
			c.samples(s), c.Policy.MinSamples, smallSample)
	case s.MDE == nil || c.Policy.Rule == NonInferiority || c.redAnyway(s):
		return ""
	}
	often := c.often()
	if s.Smallest == nil {
		return fmt.Sprintf("No loss that was put in is found %s with %s: scores hardly can fall that far, or the samples are too few.", often, c.samples(s))
	}
	text := fmt.Sprintf("A loss of %s is found %s with %s.", s.Format(*s.Smallest), often, c.samples(s))
	if s.Design == Dealt && c.Baseline == nil {
		half := float64(*s.Smallest * (c.Policy.expected(s, 2) / c.Policy.expected(s, 1)))
		text += fmt.Sprintf(" Two whole runs have twice the samples of this split: there it is about %s.", shortest(half, 2))
	}
	if s.MaxLoss == 0 {
		return text + " Four times the samples halve it."
	}
	if wanted := 2 * s.MaxLoss; *s.Smallest > float64(1.05*wanted) {
		ratio := *s.Smallest / wanted // what is found shrinks with the root of the number of samples
		need := math.Ceil(float64(float64(min(s.N[0], s.N[1])) * float64(ratio*ratio)))
		text += fmt.Sprintf(" To find twice max-loss, %s, takes about %s.", s.Format(wanted), c.counted(s, need))
	}
	return text
}

// redAnyway reports whether the series is red without a loss as often as it should be with one, so that none can be found.
func (c *Calibration) redAnyway(s *CalibratedSeries) bool { return s.Alarms.Share() >= c.Policy.Power }

// expected is the loss that ought to be found with a multiple of the samples, by formula: it has to be significant, and to
// look larger than max-loss.
func (p Policy) expected(s *CalibratedSeries, multiple float64) float64 {
	root := math.Sqrt(multiple)
	return max(*s.MDE/root, s.MaxLoss+float64(zOf(p.Power)*p.standardError(s))/root)
}

// aboutPairing says what pairs would gain.
func (c *Calibration) aboutPairing() string {
	dealt := slices.ContainsFunc(c.Series, func(s CalibratedSeries) bool { return s.Design == Dealt && s.MDE != nil })
	switch {
	case dealt:
		const correlation = 0.5
		return fmt.Sprintf("Where both runs answer the same samples, with ids, they are compared in pairs: if a sample's two scores correlate at %g, "+
			"as many samples find losses %.0f %% smaller. With two runs of the same samples as results and baseline, calibrate measures it.",
			correlation, 100*(1-math.Sqrt(1-correlation)))
	case c.Policy.Test == WelchTest && len(c.Series) > 0:
		return "Both runs answered the same samples: test auto would compare them in pairs, which finds smaller losses."
	}
	return ""
}

// aboutMaxLoss says what max-loss is not.
func (c *Calibration) aboutMaxLoss() string {
	tolerates := func(s CalibratedSeries) bool { return s.MaxLoss > 0 && s.MDE != nil }
	if c.Policy.Rule == NonInferiority || !slices.ContainsFunc(c.Series, tolerates) {
		return ""
	}
	return "max-loss is what is tolerated: a loss just that large is red half of the time at most, however many samples there are."
}

// aboutMargin says which max-loss the samples could rule out.
func (c *Calibration) aboutMargin(s *CalibratedSeries) string {
	if s.MDE == nil || s.Decided == nil || s.Held.Share() >= c.Policy.Power || c.Policy.Rule != NonInferiority && c.redAnyway(s) {
		return ""
	}
	margin := float64((zOf(1-c.Policy.Alpha) + zOf(c.Policy.Power)) * c.Policy.standardError(s))
	if margin <= s.MaxLoss {
		return ""
	}
	text := fmt.Sprintf("An unchanged run is held %s of the time, since a loss of more than max-loss is seldom ruled out;", percentage(s.Held.Share()))
	if s.MaxLoss == 0 {
		text = "With max-loss 0 an unchanged run is hardly ever held: that takes a bound above 0, which is a gain;"
	}
	return text + fmt.Sprintf(" with a max-loss of about %s it would be %s.", shortest(margin, 2), c.often())
}

// often is the policy's power in words.
func (c *Calibration) often() string {
	if tenths := math.Round(float64(10 * c.Policy.Power)); math.Abs(tenths-float64(10*c.Policy.Power)) < 1e-9 {
		return fmt.Sprintf("%.0f times in 10", tenths)
	}
	return percentage(c.Policy.Power) + " of the time"
}

// samples says how many samples a replay of the series compares.
func (c *Calibration) samples(s *CalibratedSeries) string {
	if s.Decided != nil && (*s.Decided == stat.PairedT || s.Design == Swapped && *s.Decided == stat.ClusteredT && s.N[0] == s.N[1]) {
		return fmt.Sprintf("%d pairs", s.N[0])
	}
	if s.N == [2]int{} {
		return fmt.Sprintf("%d samples stored", s.Samples)
	}
	return fmt.Sprintf("%d and %d samples", s.N[0], s.N[1])
}

func (c *Calibration) counted(s *CalibratedSeries, n float64) string {
	if s.Decided != nil && s.Design == Swapped && c.Policy.Test != WelchTest {
		return fmt.Sprintf("%.0f pairs", n)
	}
	return fmt.Sprintf("%.0f samples a side", n)
}

// percentage writes a share in per cent, with one decimal where that says something.
func percentage(share float64) string {
	switch {
	case share == 0 || share == 1:
		return strconv.FormatFloat(100*share, 'f', 0, 64) + " %"
	case share < 0.0005:
		return "< 0.1 %"
	case share > 0.9995:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}

// String writes the rate in per cent.
func (r Rate) String() string { return percentage(r.Share()) }
