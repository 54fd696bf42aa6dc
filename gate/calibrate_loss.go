package gate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/hubgate/hubgate/gate/score"
	"github.com/hubgate/hubgate/gate/stat"
)

// A worsening makes single scores worse.
type worsening struct {
	sign   float64      // −1 where lower is worse, 1 where higher is
	levels []float64    // the scores there are, best first, where they are few: a score falls by one level
	step   float64      // by how much a score falls otherwise: one standard deviation
	scale  *score.Scale // that scores stay within; nil for none
	room   float64      // by how much the mean can fall in all
}

func newWorsening(m Comparison) worsening {
	w := worsening{sign: -1, step: max(m.Candidate.SD, m.Baseline.SD), scale: m.Scale, room: math.MaxFloat64}
	if m.Criterion.Direction == Lower {
		w.sign = 1
	}
	worst := math.Inf(int(w.sign))
	if m.Scale != nil {
		worst = m.Scale.Min
		if w.sign > 0 {
			worst = m.Scale.Max
		}
	}
	if m.Candidate.Levels != nil && m.Baseline.Levels != nil {
		for _, l := range slices.Concat(m.Candidate.Levels, m.Baseline.Levels) {
			w.levels = append(w.levels, l.Value)
		}
		if m.Scale != nil {
			w.levels = append(w.levels, worst)
		}
		slices.Sort(w.levels)
		w.levels = slices.Compact(w.levels)
		if w.sign < 0 {
			slices.Reverse(w.levels)
		}
		worst = w.levels[len(w.levels)-1]
	}
	if !math.IsInf(worst, 0) {
		w.room = min(math.Abs(m.Candidate.Mean-worst), math.Abs(m.Baseline.Mean-worst))
	}
	return w
}

// next returns the score that is one step worse, the score itself at the end of the scale.
func (w *worsening) next(v float64) float64 {
	if w.levels != nil {
		for _, l := range w.levels {
			if (l-v)*w.sign > 0 {
				return l
			}
		}
		return v
	}
	v += float64(w.sign * w.step)
	if w.scale != nil {
		v = min(max(v, w.scale.Min), w.scale.Max)
	}
	return v
}

// lower makes scores of a metric worse, in random order, one step each and again from the first when all have fallen,
// until their mean has changed by loss. The step that would go too far is taken with such a chance that on average it is
// just that much. What the scale has no room for is left.
func (w *worsening) lower(rng *rand.Rand, samples []score.Sample, metric string, loss float64) {
	at := func(i int) int {
		return slices.IndexFunc(samples[i].Scores, func(v score.Value) bool { return v.Metric == metric })
	}
	var usable []int
	for _, i := range rng.Perm(len(samples)) {
		k := at(i)
		if k < 0 || samples[i].Scores[k].Cause != score.Scored || w.scale != nil && !w.scale.Contains(samples[i].Scores[k].Score) {
			continue
		}
		samples[i].Scores = slices.Clone(samples[i].Scores) // other replays share them
		usable = append(usable, i)
	}
	left := float64(loss * float64(len(usable)))
	for moved := true; moved; {
		moved = false
		for _, i := range usable {
			v := &samples[i].Scores[at(i)].Score
			worse := w.next(*v)
			by := math.Abs(worse - *v)
			if by == 0 {
				continue
			}
			if by > left {
				if rng.Float64() < left/by {
					*v = worse
				}
				return
			}
			*v, left, moved = worse, left-by, true
		}
	}
}

// expectedLosses is how many sizes of loss are put in, nearly: six that cover what the policy can see, and up to three that
// stand in a round proportion to max-loss.
const (
	gridLosses     = 6
	expectedLosses = gridLosses + 3
)

// lossesOf chooses the sizes of loss for a series: from a quarter of the loss that ought to be found to one and a half of it,
// in round numbers, and half, once and twice max-loss.
func (c *calibrator) lossesOf(s *CalibratedSeries) {
	if (s.MDE == nil || s.Decided == nil) && c.policy.Rule != Threshold {
		return
	}
	step := roundUp(c.target(s) / 4)
	var losses []float64
	for k := 1; k <= gridLosses && step > 0; k++ {
		losses = append(losses, float64(float64(k)*step))
	}
	for _, multiple := range []float64{0.5, 1, 2} {
		if s.MaxLoss > 0 {
			losses = append(losses, float64(multiple*s.MaxLoss))
		}
	}
	room := c.series[c.index[s.Series]].worse.room
	slices.Sort(losses)
	for _, l := range losses {
		if n := len(s.Detection); l <= float64(0.95*room) && (n == 0 || l-s.Detection[n-1].Loss > float64(0.02*l)) {
			s.Detection = append(s.Detection, Detection{Loss: l})
		}
	}
}

// target is the loss that ought to be found with the policy's power.
func (c *calibrator) target(s *CalibratedSeries) float64 {
	if s.MDE == nil {
		return 2 * s.MaxLoss
	}
	return c.policy.expected(s, 1)
}

// standardError is that of the difference in one replay, from the smallest detectable loss.
func (p Policy) standardError(s *CalibratedSeries) float64 {
	alpha := p.Alpha
	if p.Rule != NonInferiority {
		alpha /= float64(max(s.Family, 1))
	}
	return *s.MDE / (zOf(1-alpha) + zOf(p.Power))
}

// zOf is a quantile of the normal distribution.
func zOf(p float64) float64 { return stat.Quantile(p, math.Inf(1)) }

// roundUp returns the smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 and 10 times a power of ten that is not below x.
func roundUp(x float64) float64 {
	if !(x > 0) || x > 1e300 {
		return 0
	}
	text := strconv.FormatFloat(x, 'e', -1, 64)
	exponent, err := strconv.Atoi(text[slices.Index([]byte(text), 'e')+1:])
	if err != nil {
		return 0
	}
	for _, digits := range []string{"1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"} {
		if v, err := strconv.ParseFloat(fmt.Sprintf("%se%d", digits, exponent), 64); err == nil && v >= x {
			return v
		}
	}
	return 0
}

// perSize is how many replays each size of loss gets, over all series.
func (c *calibrator) perSize(perLoss int) int { return perLoss * min(len(c.series), 2) }

// detect replays losses: each replay puts one into one series, the series taking turns. All sizes meet the same splits.
func (c *calibrator) detect(ctx context.Context, series []CalibratedSeries, perLoss int) error {
	type job struct{ series, size, replay int }
	var jobs []job
	for size := range expectedLosses {
		for i := range c.perSize(perLoss) {
			if s := i % len(series); size < len(series[s].Detection) {
				jobs = append(jobs, job{s, size, i})
			}
		}
	}
	c.total = c.done + int64(len(jobs))
	found := make([]bool, len(jobs))
	err := c.each(ctx, len(jobs), func(i int) {
		j := jobs[i]
		digest := fmt.Sprintf("%016x loss %d", c.seed, j.replay)
		found[i] = c.replay(c.stream(1, j.replay), digest, j.series, series[j.series].Detection[j.size].Loss).series[j.series].alarm
	})
	for i, j := range jobs {
		series[j.series].Detection[j.size].Found.add(found[i])
	}
	return err
}
