package stat

import (
	"math/rand/v2"
	"os"
	"testing"
)

// Scores 1 to 3 as evaluations have them, by the shares of 1 and of 2.
var mixes = map[string][2]float64{
	"high":    {0.05, 0.15},
	"mid":     {0.20, 0.30},
	"ceiling": {0.01, 0.04},
	"bool":    {0, 0.15},
}

// simulated is how often a simulation runs: enough for a margin of 1 % at three standard errors. HUBGATE_SIMULATE=1 takes a
// minute for one of 0.15 %.
func simulated() int {
	if os.Getenv("HUBGATE_SIMULATE") != "" {
		return 200_000
	}
	return 4_000
}

// Where candidate and baseline come from one distribution, Welch's test with the permutation test as its guard keeps its
// false alarms near alpha, where the sides are unequal and the scores at the ceiling of the scale too. The plain
// test does not, which shows that the cells are hard.
func TestGuardedCalibration(t *testing.T) {
	t.Parallel()
	const alpha = 0.05
	runs := simulated()
	for _, c := range []struct {
		mix   string
		n, m  int     // baseline, candidate
		plain float64 // type I error that the plain test has at least
	}{
		{"high", 10, 10, 0},
		{"high", 20, 20, 0},
		{"high", 50, 50, 0},
		{"high", 100, 100, 0},
		{"mid", 50, 50, 0},
		{"bool", 20, 20, 0},
		{"ceiling", 20, 20, 0},
		{"high", 10, 100, 0.12},
		{"high", 100, 10, 0},
		{"ceiling", 10, 100, 0.45},
		{"ceiling", 20, 200, 0.30},
		{"ceiling", 50, 200, 0.11},
		{"ceiling", 50, 500, 0.13},
		{"ceiling", 200, 20, 0},
	} {
		rng := rand.New(rand.NewPCG(91, 92))
		var plain, guarded int
		for range runs {
			xs, ys := mixture(rng, c.mix, c.m), mixture(rng, c.mix, c.n)
			test := welch(t, xs, ys)
			if test.PWorse < alpha { // else the guard changes nothing
				plain++
				p := permuted(t, xs, ys, Resampling{Alpha: alpha, Family: 1, Seed: rng.Uint64()})
				guarded += count(test.Guarded(p).PWorse < alpha)
			}
		}
		a, b := float64(plain)/float64(runs), float64(guarded)/float64(runs)
		t.Logf("%-8s %3d/%-3d  Welch %5.2f %%  guarded %5.2f %%", c.mix, c.n, c.m, 100*a, 100*b)
		if b > 0.065 || a < c.plain {
			t.Errorf("%s %d/%d: type I error %.4f, guarded %.4f", c.mix, c.n, c.m, a, b)
		}
	}
}

// A loss as large as the tolerance is called ruled out no more often than alpha allows, though Welch's bound alone does so two to
// ten times as often where the candidate is the smaller side. A side without spread bounds nothing.
func TestGuardedBoundCalibration(t *testing.T) {
	t.Parallel()
	const alpha = 0.05
	runs := simulated() / 2
	for _, c := range []struct {
		mix   string
		n, m  int     // baseline, candidate
		loss  float64 // true, and tolerated
		plain float64 // false claims that the plain bound makes at least
	}{
		{"high", 50, 50, 0, 0},
		{"high", 50, 50, 0.1, 0},
		{"high", 100, 10, 0, 0.11},
		{"high", 200, 20, 0, 0.09},
		{"high", 200, 20, 0.1, 0.07},
		{"high", 500, 50, 0, 0.065},
		{"high", 500, 50, 0.1, 0.055},
		{"high", 20, 200, 0.1, 0},
		{"mid", 200, 20, 0, 0.055},
		{"bool", 200, 20, 0, 0.095},
		{"bool", 200, 20, 0.1, 0.07},
		{"bool", 500, 50, 0, 0.07},
		{"ceiling", 200, 20, 0, 0.30},
		{"ceiling", 500, 50, 0, 0.14},
		{"ceiling", 500, 50, 0.1, 0.07},
		{"ceiling", 50, 50, 0.1, 0},
	} {
		rng := rand.New(rand.NewPCG(95, 96))
		var plain, guarded int
		for range runs {
			xs, ys := mixture(rng, c.mix, c.m), mixture(rng, c.mix, c.n)
			for i := range xs {
				if xs[i] > 1 && rng.Float64() < c.loss/(1-mixes[c.mix][0]) {
					xs[i]--
				}
			}
			test := welch(t, xs, ys)
			if test.Lo > 1e-12-c.loss && !test.Degenerate { // else the guard changes nothing
				plain++
				p := permuted(t, xs, ys, Resampling{Alpha: alpha, Family: 1, Seed: rng.Uint64(), Critical: -Quantile(alpha, test.DF)})
				guarded += count(test.Guarded(p).Lo > 1e-12-c.loss && !Of(xs).Constant() && !Of(ys).Constant())
			}
		}
		a, b := float64(plain)/float64(runs), float64(guarded)/float64(runs)
		t.Logf("%-8s %3d/%-3d loss %.1f  Welch %5.2f %%  guarded %5.2f %%", c.mix, c.n, c.m, c.loss, 100*a, 100*b)
		most := 0.065
		if c.loss > 0 {
			most = 0.075
		}
		if b > most || a < c.plain {
			t.Errorf("%s %d/%d, loss %v: falsely ruled out by Welch's bound %.4f, guarded %.4f", c.mix, c.n, c.m, c.loss, a, b)
		}
	}
}

// The guard costs next to no power where the plain test is right.
func TestGuardedPower(t *testing.T) {
	t.Parallel()
	runs := simulated()
	for _, n := range []int{50, 100} {
		rng := rand.New(rand.NewPCG(93, 94))
		var plain, guarded int
		for range runs {
			xs, ys := mixture(rng, "high", n), mixture(rng, "high", n)
			for i := range xs { // a loss of 0.15 on average
				if xs[i] > 1 && rng.Float64() < 0.15/0.95 {
					xs[i]--
				}
			}
			test := welch(t, xs, ys)
			if test.PWorse < 0.05 {
				plain++
				p := permuted(t, xs, ys, Resampling{Alpha: 0.05, Family: 1, Seed: rng.Uint64()})
				guarded += count(test.Guarded(p).PWorse < 0.05)
			}
		}
		a, b := float64(plain)/float64(runs), float64(guarded)/float64(runs)
		t.Logf("n %d: power %.1f %%, guarded %.1f %%", n, 100*a, 100*b)
		if a-b > 0.01 || a < 0.3 {
			t.Errorf("n %d: power %.4f, guarded %.4f", n, a, b)
		}
	}
}

func mixture(rng *rand.Rand, mix string, n int) []float64 {
	shares := mixes[mix]
	xs := make([]float64, n)
	for i := range xs {
		switch u := rng.Float64(); {
		case u < shares[0]:
			xs[i] = 1
		case u < shares[0]+shares[1]:
			xs[i] = 2
		default:
			xs[i] = 3
		}
	}
	return xs
}
