package stat

import (
	"fmt"
	"math"
)

// Wilson bounds the share behind k successes in n trials, two-sided at level, by the score interval (Wilson,
// JASA 22, 1927). The bounds lie in [0, 1]; with no trials they are 0 and 1, all that is known.
// It panics unless 0 ≤ k ≤ n and 0 < level < 1.
func Wilson(k, n int, level float64) (lo, hi float64) {
	if k < 0 || k > n || !inUnit(level) {
		panic(fmt.Sprintf("stat: Wilson(%d, %d, %v)", k, n, level))
	}
	if n == 0 {
		return 0, 1
	}
	z := -Quantile((1-level)/2, math.Inf(1))
	size := float64(n)
	p := float64(k) / size
	z2n := float64(z*z) / size
	centre := p + float64(z2n/2)
	half := float64(z * math.Sqrt((float64(p*(1-p))+float64(z2n/4))/size))
	lo, hi = max((centre-half)/(1+z2n), 0), min((centre+half)/(1+z2n), 1)
	if k == 0 {
		lo = 0
	}
	if k == n {
		hi = 1
	}
	return lo, hi
}

// FisherMidP is the one-sided mid-p value of Fisher's exact test for "the candidate misses more of its samples
// than the baseline": the chance, given how many are missing in all, that more of them fall to the candidate
// than did, plus half the chance of just as many (Lancaster, JASA 56, 1961). Each side is given as
// its missing and its whole count. It panics unless 0 ≤ missing ≤ count on both sides.
func FisherMidP(candidateMissing, candidateN, baselineMissing, baselineN int) float64 {
	if candidateMissing < 0 || candidateMissing > candidateN || baselineMissing < 0 || baselineMissing > baselineN {
		panic(fmt.Sprintf("stat: FisherMidP(%d, %d, %d, %d)", candidateMissing, candidateN, baselineMissing, baselineN))
	}
	c, b := float64(candidateN), float64(baselineN)
	missing := float64(candidateMissing + baselineMissing)
	seen := float64(candidateMissing)
	lowest, highest := max(0, missing-b), min(missing, c)

	// Hypergeometric weights relative to the most likely count, so that no factorial is needed.
	var total, above, same sum
	add := func(k, weight float64) {
		total = total.add(weight)
		switch {
		case k > seen:
			above = above.add(weight)
		case k == seen:
			same = same.add(weight)
		}
	}
	mode := min(max(math.Floor((missing+1)/(c+b+2)*(c+1)), lowest), highest)
	add(mode, 1)
	for k, w := mode, 1.0; k < highest && w > 0; k++ {
		w = float64(w * ((c - k) / (k + 1) * ((missing - k) / (b - missing + k + 1))))
		add(k+1, w)
	}
	for k, w := mode, 1.0; k > lowest && w > 0; k-- {
		w = float64(w * (k / (c - k + 1) * ((b - missing + k) / (missing - k + 1))))
		add(k-1, w)
	}
	return min((above.value()+float64(same.value()/2))/total.value(), 1)
}

// lnChoose is the natural logarithm of the binomial coefficient n over k.
func lnChoose(n, k int) float64 {
	k = min(k, n-k)
	var logs sum
	product := 1.0
	for i := 1; i <= k; i++ {
		product *= float64(n-k+i) / float64(i)
		if product > 1e200 { // a logarithm now and then, and not one each time
			logs = logs.add(ln(product))
			product = 1
		}
	}
	return logs.add(ln(product)).value()
}
