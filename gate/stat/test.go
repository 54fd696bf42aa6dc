package stat

import (
	"errors"
	"fmt"
	"math"
)

// ErrTooFew is returned where a statistic needs more values than there are.
var ErrTooFew = errors.New("too few samples")

// ErrRange is returned where a sample's spread, or a result, leaves the range float64 represents
// accurately: squared deviations that overflow, or that vanish though the values differ.
var ErrRange = errors.New("spread of the scores is beyond float64 arithmetic")

// A Method is a hypothesis test. Its zero value is invalid.
type Method uint8

// The tests, by the names reports give them.
const (
	WelchT         Method = iota + 1 // Welch's t-test of two independent samples
	PairedT                          // Student's t-test of per-sample differences
	PermutationT                     // the permutation test of Welch's t
	ClusteredT                       // a t-test of samples in groups, paired or not
	McNemarMidP                      // McNemar's mid-p test of pairs that pass or fail
	SignedRank                       // Wilcoxon's signed-rank test of per-sample differences
	RankSum                          // the test of Wilcoxon, Mann and Whitney of two independent samples
	RankMean                         // Brunner and Munzel's test of two independent samples
	SignFlips                        // the exact test of the mean difference over all signs
	MissingRate                      // Fisher's mid-p test of the shares missing
	NonInferiority                   // a t-test against a margin
	BetweenRuns                      // a bound on what runs of unchanged code do
	ChiSquared                       // Pearson's test of counts per level
	KolmogorovD                      // the test of Kolmogorov and Smirnov
)

// String returns the method's name in reports, such as "welch".
func (m Method) String() string {
	names := [...]string{
		WelchT:         "welch",
		PairedT:        "paired_t",
		PermutationT:   "permutation",
		ClusteredT:     "clustered",
		McNemarMidP:    "mcnemar",
		SignedRank:     "wilcoxon",
		RankSum:        "mann_whitney",
		RankMean:       "brunner_munzel",
		SignFlips:      "sign_flip",
		MissingRate:    "missing_rate",
		NonInferiority: "noninferiority",
		BetweenRuns:    "between_runs",
		ChiSquared:     "chi_square",
		KolmogorovD:    "kolmogorov_smirnov",
	}
	if m == 0 || int(m) >= len(names) {
		return fmt.Sprintf("Method(%d)", uint8(m))
	}
	return names[m]
}

// A Test is the outcome of one hypothesis test on candidate minus baseline. All fields are finite.
type Test struct {
	Method Method
	N      [2]int // candidate, baseline; equal when paired
	Groups [2]int // likewise, of [ClusteredT]; 0 otherwise

	// T and DF are the t statistic and its degrees of freedom. They are undefined, and 0, when Degenerate.
	T, DF float64

	// Degenerate says that there was no variance at all, so that no t-test exists. The p-values are then those
	// of the exact permutation test: of all ways to assign the values to the sides, or signs to the
	// differences, just one is as extreme as a difference that was seen. They are 1 where nothing differs.
	Degenerate bool

	// Diff is mean candidate − mean baseline and SE its standard error.
	// Lo and Hi bound Diff, two-sided, at Level. When Degenerate, SE is 0 and both bounds are Diff.
	Diff, SE float64
	Lo, Hi   float64
	Level    float64

	// PWorse and PBetter are one-sided: how often chance alone makes the candidate as low, or as high, as
	// it was. PTwoSided is twice the smaller, at most 1. All lie in [0, 1]; below about 1e-308 they are 0,
	// and the decimal logarithms beside them say how far below.
	PWorse, PBetter, PTwoSided                float64
	Log10PWorse, Log10PBetter, Log10PTwoSided float64
}

// Welch tests whether the means of two independent samples differ, without assuming equal variances
// (Welch, Biometrika 34, 1947), with the degrees of freedom of Satterthwaite (Biometrics 2, 1946).
// Two constant sides give a [Test.Degenerate] test. One constant side counts with variance 0, which makes the test too
// eager when that side is small.
//
// It returns [ErrTooFew] when a side has fewer than two values, and [ErrRange].
func Welch(candidate, baseline Moments, level float64) (Test, error) {
	t, err := startWelch(candidate, baseline, level)
	if err != nil || t.Degenerate {
		return t, err
	}
	return t.finish(0)
}

// WelchP returns the one-sided p-values of [Welch] for a worse candidate and for a better one, at a fraction of its cost. Its errors
// are the same.
func WelchP(candidate, baseline Moments) (worse, better float64, err error) {
	t, err := startWelch(candidate, baseline, 0.5)
	if err == nil && !t.Degenerate {
		t, err = t.locate(0)
	}
	return t.PWorse, t.PBetter, err
}

// startWelch is Welch without what finish fills in.
func startWelch(candidate, baseline Moments, level float64) (Test, error) {
	t := Test{
		Method: WelchT,
		N:      [2]int{candidate.N, baseline.N},
		Diff:   candidate.Mean - baseline.Mean,
		Level:  level,
	}
	if err := check(level, candidate, baseline); err != nil {
		return Test{}, err
	}
	if candidate.Constant() && baseline.Constant() {
		return t.degenerate(-lnChoose(candidate.N+baseline.N, baseline.N))
	}
	c := candidate.Var() / float64(candidate.N)
	b := baseline.Var() / float64(baseline.N)
	return t.satterthwaite(c, b, candidate.N-1, baseline.N-1), nil
}

// Paired tests whether per-sample differences, candidate − baseline, have mean 0: Student's t-test with n−1
// degrees of freedom. Differences that are all the same give a [Test.Degenerate] test.
//
// It returns [ErrTooFew] for fewer than two differences, and [ErrRange].
func Paired(diffs Moments, level float64) (Test, error) {
	t := Test{
		Method: PairedT,
		N:      [2]int{diffs.N, diffs.N},
		Diff:   diffs.Mean,
		Level:  level,
	}
	if err := check(level, diffs); err != nil {
		return Test{}, err
	}
	if diffs.Constant() {
		return t.degenerate(-float64(float64(diffs.N) * math.Ln2))
	}
	t.SE = diffs.SE()
	t.DF = float64(diffs.N - 1)
	return t.finish(0)
}

// Against returns the same test of another null hypothesis: that the true difference is null and not 0. Against(−margin).PBetter
// is the p-value of a non-inferiority test; the larger of that and Against(margin).PWorse that of equivalence (TOST, Schuirmann
// 1987). It is false when the test is degenerate, which says nothing about other differences, and when
// the result leaves float64's range.
func (t Test) Against(null float64) (Test, bool) {
	if t.Degenerate {
		return Test{}, false
	}
	moved, err := t.finish(null)
	return moved, err == nil
}

// NonInferior returns the test whether the true difference lies above −margin, named [NonInferiority]: its PBetter is small where
// a loss of margin or more is ruled out. It is false where [Test.Against] is.
func (t Test) NonInferior(margin float64) (Test, bool) {
	t, ok := t.Against(-margin)
	t.Method = NonInferiority
	return t, ok
}

// log10Of2 is log₁₀ 2, in the same rounding as the quotients it is added to.
const log10Of2 = math.Ln2 / math.Ln10

func errLevel(level float64) error {
	return fmt.Errorf("confidence level %v is not in (0, 1)", level)
}

// check refuses what no t-test can be made of.
func check(level float64, sides ...Moments) error {
	if !(level > 0 && level < 1) {
		return errLevel(level)
	}
	for _, m := range sides {
		if m.N < 2 {
			return ErrTooFew
		}
		if !m.usable() {
			return ErrRange
		}
	}
	return nil
}

// satterthwaite fills in SE and DF from the variances of the two means and their degrees of freedom.
func (t Test) satterthwaite(c, b float64, dfC, dfB int) Test {
	rc, rb := c/(c+b), b/(c+b) // shares of the variance of Diff; squaring c and b could overflow
	t.SE = math.Sqrt(c + b)
	t.DF = 1 / (float64(rc*rc)/float64(dfC) + float64(rb*rb)/float64(dfB))
	return t
}

// locate fills in T and the one-sided p-values from Diff, SE and DF, for a true difference of null.
func (t Test) locate(null float64) (Test, error) {
	t.T = (t.Diff - null) / t.SE
	if !finite(t.T, t.Diff, t.SE, t.DF) {
		return Test{}, ErrRange
	}
	t.PWorse, t.PBetter = Tail(-t.T, t.DF), Tail(t.T, t.DF)
	return t, nil
}

// finish fills in what locate does, the bounds and the other p-values.
func (t Test) finish(null float64) (Test, error) {
	t, err := t.locate(null)
	if err != nil {
		return Test{}, err
	}
	half := float64(-Quantile((1-t.Level)/2, t.DF) * t.SE)
	t.Lo, t.Hi = t.Diff-half, t.Diff+half
	if !finite(t.Lo, t.Hi) {
		return Test{}, ErrRange
	}
	t.PTwoSided = 2 * min(t.PWorse, t.PBetter)
	t.Log10PWorse = LogTail(-t.T, t.DF) / math.Ln10
	t.Log10PBetter = LogTail(t.T, t.DF) / math.Ln10
	t.Log10PTwoSided = min(min(t.Log10PWorse, t.Log10PBetter)+log10Of2, 0)
	return t, nil
}

// degenerate fills in a test without variance. logP is the log of the exact one-sided p for a difference.
func (t Test) degenerate(logP float64) (Test, error) {
	if !finite(t.Diff) {
		return Test{}, ErrRange
	}
	t.Degenerate = true
	t.Lo, t.Hi = t.Diff, t.Diff
	t.PWorse, t.PBetter, t.PTwoSided = 1, 1, 1
	p, log10 := exp(logP), logP/math.Ln10
	switch {
	case t.Diff < 0:
		t.PWorse, t.Log10PWorse = p, log10
	case t.Diff > 0:
		t.PBetter, t.Log10PBetter = p, log10
	default:
		return t, nil
	}
	t.PTwoSided = min(2*p, 1)
	t.Log10PTwoSided = min(log10+log10Of2, 0)
	return t, nil
}

// MeanInterval bounds the mean of the population m was drawn from, two-sided at level, by Student's t. It is
// false when m has fewer than two values, its spread is out of range, or level is not in (0, 1). A constant
// sample gives an interval of no width, which says more about the sample than about the population; for
// shares use [Wilson].
func MeanInterval(m Moments, level float64) (lo, hi float64, ok bool) {
	if check(level, m) != nil {
		return 0, 0, false
	}
	half := float64(-Quantile((1-level)/2, float64(m.N-1)) * m.SE())
	lo, hi = m.Mean-half, m.Mean+half
	return lo, hi, finite(lo, hi)
}
