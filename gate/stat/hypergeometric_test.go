package stat

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestLogFactorial(t *testing.T) {
	t.Parallel()
	f := commonFactorials()
	for _, k := range []int{0, 1, 2, 5, 15, 16, 17, 100, 2047, 2048, 5000} {
		// ln of the exact factorial: of its leading digits and its binary exponent.
		x := new(big.Float).SetInt(new(big.Int).MulRange(1, int64(max(k, 1))))
		mantissa := new(big.Float)
		exponent := x.MantExp(mantissa)
		m, _ := mantissa.Float64()
		want := math.Log(m) + float64(exponent)*math.Ln2
		if got := f.of(k); !near(got, want, 1e-15*max(want, 1)) {
			t.Errorf("ln %d! = %v, want %v", k, got, want)
		}
	}
	if got, want := f.choose(52, 5), math.Log(2598960); !near(got, want, 1e-12) {
		t.Errorf("ln of 52 over 5 = %v, want %v", got, want)
	}
}

// Variates follow the distribution they are named for: Pearson's statistic against the exact probabilities lies
// within 5 standard deviations of its mean, at a fixed seed, in every regime of sizes.
func TestHypergeometric(t *testing.T) {
	t.Parallel()
	const draws = 100_000
	for _, c := range [][3]int{ // good, bad, sample
		{5, 5, 5}, {1, 99, 50}, {3, 400, 200}, {16, 400, 200}, {17, 400, 200}, {17, 30, 20}, {30, 17, 20}, {30, 17, 30},
		{200, 300, 250}, {300, 200, 400}, {700, 600, 100}, {50_000, 30_000, 40_000}, {1000, 2_000_000, 700_000},
		{0, 10, 5}, {10, 0, 5}, {10, 10, 0}, {10, 10, 20},
	} {
		good, bad, sample := c[0], c[1], c[2]
		f := commonFactorials()
		rng := rand.NewPCG(31, 32)
		lo, hi := max(0, sample-bad), min(good, sample)
		seen := map[int]int{}
		var known ratios
		for i := range draws {
			if i%10 == 0 {
				f.hypergeometric(rng, good, bad, max(0, sample-len(known)), &known) // which takes the place of the other
			}
			k := f.hypergeometric(rng, good, bad, sample, &known)
			if k < lo || k > hi {
				t.Fatalf("%v: drew %d, want %d to %d", c, k, lo, hi)
			}
			seen[k]++
		}
		var chi2, expected, observed float64
		cells := 0
		for k := lo; k <= hi; k++ { // cells are joined until they hold 25
			expected += draws * exp(f.choose(good, k)+f.choose(bad, sample-k)-f.choose(good+bad, sample))
			observed += float64(seen[k])
			if expected >= 25 || k == hi {
				chi2 += (observed - expected) * (observed - expected) / max(expected, 1)
				expected, observed = 0, 0
				cells++
			}
		}
		if df := float64(cells - 1); math.Abs(chi2-df) > 5*math.Sqrt(2*df)+1e-6 {
			t.Errorf("%v: chi-square %.1f with %v degrees of freedom", c, chi2, df)
		}
	}
}
