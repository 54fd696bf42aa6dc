package stat

import "math"

// A Companion is the outcome of a test that is shown beside the one that decides: it answers another question, or
// the same with less power, and has no interval.
type Companion struct {
	Method Method
	// N is how many values the test counts, Statistic what it is made of; each test says what they are.
	N         int
	Statistic float64
	// PWorse and PBetter are one-sided, PTwoSided is twice the smaller, at most 1.
	PWorse, PBetter, PTwoSided float64
	// Exact says that the p-values are exact given the ties, and not by a formula for large samples.
	Exact bool
}

// withP fills in p-values, which rounding may have left above 1.
func (c Companion) withP(worse, better float64) Companion {
	c.PWorse, c.PBetter = min(worse, 1), min(better, 1)
	c.PTwoSided = min(2*min(worse, better), 1)
	return c
}

// normal fills in the p-values of a statistic that lies excess above its expectation, with a continuity correction
// of ½.
func (c Companion) normal(excess, sd float64) Companion {
	inf := math.Inf(1)
	return c.withP(Tail(-(excess+0.5)/sd, inf), Tail((excess-0.5)/sd, inf))
}
