package stat

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"
)

// hypergeometric draws how many of sample values, taken without replacement from good and bad ones, are good:
// by urn when few are taken, else by the ratio of uniforms, whose cost does not grow with the numbers (Stadlober, J. Comput.
// Appl. Math. 31, 1990, algorithm HRUA*). Known are the ratios of earlier draws from the same values.
func (f logFactorials) hypergeometric(rng *rand.PCG, good, bad, sample int, known *ratios) int {
	const few = 16
	all := good + bad
	marked, taken := min(good, bad), min(sample, all-sample)
	k := 0
	if least := min(marked, taken); least <= few {
		k = urn(rng, max(marked, taken), all, least) // taken of marked is distributed as marked of taken
	} else {
		k = f.ratioOf(marked, all, taken, known).draw(rng, f)
	}
	// Back from the smaller halves to what was asked.
	if good > bad {
		k = taken - k
	}
	if taken < sample {
		k = good - k
	}
	return k
}

// urn takes values one by one.
func urn(rng *rand.PCG, marked, all, taken int) int {
	left := marked
	for ; taken > 0; taken-- {
		if below(rng, all) < left {
			left--
		}
		all--
	}
	return marked - left
}

// A ratio is what a draw by the ratio of uniforms needs to know of its distribution.
type ratio struct {
	marked, all, taken int
	centre, width      float64
	logPeak, limit     float64 // the draw lies below limit
}

// A ratios remembers the distributions of a level's count that are drawn from most: they differ by how many values are taken.
type ratios [128]ratio

// ratioOf returns the ratio for numbers of which marked and taken are at most half of all, from known where it is there, and leaves
// it there.
func (f logFactorials) ratioOf(marked, all, taken int, known *ratios) *ratio {
	r := &known[taken%len(known)]
	if r.taken == taken {
		return r
	}
	const (
		hat1 = 1.7155277699214135 // 2√(2/e)
		hat2 = 0.8989161620588988 // 3 − 2√(3/e)
	)
	share := float64(marked) / float64(all)
	mean := float64(float64(taken) * share)
	variance := float64(float64(mean*(1-share))*float64(all-taken)) / float64(all-1)
	spread := math.Sqrt(variance + 0.5)
	mode := int(float64(taken+1) * float64(marked+1) / float64(all+2))
	*r = ratio{marked: marked, all: all, taken: taken, centre: mean + 0.5, width: float64(hat1*spread) + hat2}
	r.logPeak = f.inverseWeight(mode, marked, all, taken)
	r.limit = min(float64(min(taken, marked)+1), math.Floor(r.centre+float64(16*spread))) // beyond lie less than 1e-50
	return r
}

func (r *ratio) draw(rng *rand.PCG, f logFactorials) int {
	for {
		u, v := uniform(rng), uniform(rng)
		x := r.centre + float64(r.width*(v-0.5))/u
		if x < 0 || x >= r.limit {
			continue
		}
		k := int(x)
		t := r.logPeak - f.inverseWeight(k, r.marked, r.all, r.taken)
		if float64(u*(4-u))-3 <= t { // two bounds that spare most logarithms
			return k
		}
		if float64(u*(u-t)) < 1 && float64(2*ln(u)) <= t {
			return k
		}
	}
}

// inverseWeight is −ln P(k) up to a constant.
func (f logFactorials) inverseWeight(k, marked, all, taken int) float64 {
	return f.of(k) + f.of(marked-k) + f.of(taken-k) + f.of(all-marked-taken+k)
}

// below is uniform in 0 … n−1, but for 2⁻⁶⁴ of n.
func below(rng *rand.PCG, n int) int {
	hi, _ := bits.Mul64(rng.Uint64(), uint64(n)) //nolint:gosec // n is a count
	return int(hi)                               //nolint:gosec // below n
}

// uniform lies strictly between 0 and 1.
func uniform(rng *rand.PCG) float64 {
	return float64((float64(rng.Uint64()>>12) + 0.5) / (1 << 52))
}

// logFactorials answers ln k!, from a table where k is in it.
type logFactorials []float64

// commonFactorials is the table that all share: it stays in the first-level cache.
var commonFactorials = sync.OnceValue(func() logFactorials {
	f := make(logFactorials, 1<<11)
	for k := range f {
		f[k] = logFactorial(k)
	}
	return f
})

func (f logFactorials) of(k int) float64 {
	if k < len(f) {
		return f[k]
	}
	return logFactorial(k)
}

// choose is ln of the binomial coefficient n over k.
func (f logFactorials) choose(n, k int) float64 {
	if k == 0 || k == n {
		return 0
	}
	return f.of(n) - f.of(k) - f.of(n-k)
}

// logFactorial is ln k!, for large k by Stirling's series (DLMF 5.11.1).
func logFactorial(k int) float64 {
	if k < 16 {
		product := 1.0
		for i := 2; i <= k; i++ {
			product *= float64(i)
		}
		return ln(product)
	}
	const logSqrt2Pi = 0.918938533204672741780329736406
	x := float64(k)
	z := 1 / x
	z2 := float64(z * z)
	series := float64(z * (1./12 - float64(z2*(1./360-float64(z2*(1./1260-float64(z2*(1./1680-float64(z2/1188)))))))))
	return float64((x+0.5)*ln(x)) - x + (logSqrt2Pi + series)
}
