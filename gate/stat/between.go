package stat

import "math"

// A Spread says what runs of unchanged code do, from replicates: runs of one commit under one evaluation.
type Spread struct {
	Runs int
	// Mean and SD are of the means of the runs.
	Mean, SD float64
	// Lo and Hi bound the mean of one further run, two-sided at Level, and Change bounds the difference of two further
	// runs, up or down. Without variance between the runs all three say that nothing moves.
	Lo, Hi, Change float64
	Level          float64
}

// SpreadOf takes the means of replicates. The bounds are Student's prediction bounds, t·SD·√(1+1/n) and t·SD·√2 with n−1 degrees of
// freedom (Hahn, J. Am. Stat. Assoc. 64, 1969), for run means that are about normal. Runs of different commits do not
// belong in it: real changes are in them.
//
// It returns [ErrTooFew] for fewer than three runs, and [ErrRange].
func SpreadOf(means []float64, level float64) (Spread, error) {
	if len(means) < 3 {
		return Spread{}, ErrTooFew
	}
	m := Of(means)
	if err := check(level, m); err != nil {
		return Spread{}, err
	}
	n := float64(m.N)
	unit := float64(-Quantile((1-level)/2, n-1) * m.SD())
	half := float64(unit * math.Sqrt(1+1/n))
	s := Spread{
		Runs: m.N, Mean: m.Mean, SD: m.SD(), Level: level,
		Lo: m.Mean - half, Hi: m.Mean + half, Change: float64(unit * math.Sqrt2),
	}
	if !finite(s.Lo, s.Hi, s.Change) {
		return Spread{}, ErrRange
	}
	return s, nil
}

// Noise says how much of the variance of sample means is noise of the trials behind them: of a judge, or of decoding.
type Noise struct {
	Samples int // with at least two trials
	// Within is the variance of one trial about its sample's mean.
	Within float64
	// Share is the part of the variance between sample means that Within explains, in [0, 1]. Above ½, more
	// trials help more than more samples.
	Share float64
}

// NoiseOf takes the moments of the trials of each sample. Within is the mean of their variances, by degrees of freedom, and Share is
// Within times the mean of 1/trials over the variance of the sample means (Miller, arXiv:2411.00640, section 3).
//
// It returns [ErrTooFew] for fewer than two samples, or where none has two trials, and [ErrRange]. Where nothing varies, both are 0.
func NoiseOf(samples []Moments) (Noise, error) {
	var out Noise
	var squares, inverses sum
	degrees := 0
	means := make([]float64, 0, len(samples))
	for _, m := range samples {
		if m.N == 0 {
			continue
		}
		means = append(means, m.Mean)
		inverses = inverses.add(1 / float64(m.N))
		if m.N < 2 {
			continue
		}
		if !m.usable() {
			return Noise{}, ErrRange
		}
		out.Samples++
		degrees += m.N - 1
		if !m.Constant() {
			squares = squares.add(m.M2)
		}
	}
	if len(means) < 2 || degrees == 0 {
		return Noise{}, ErrTooFew
	}
	between := Of(means)
	out.Within = squares.value() / float64(degrees)
	if !between.usable() || !finite(out.Within) {
		return Noise{}, ErrRange
	}
	if out.Within > 0 {
		explained := float64(out.Within * (inverses.value() / float64(len(means))))
		out.Share = explained / max(explained, between.Var()) // by chance the means may vary less than their noise
	}
	return out, nil
}
