package stat

import "math"

// Wilcoxon is the signed-rank test of per-sample differences (Wilcoxon, Biom. Bull. 1, 1945): whether changes up outweigh changes
// down in rank, which is not to say in the mean. Differences of 0 are dropped; N counts the rest, and Statistic is the
// sum of the ranks of those above 0. Up to 50 differences p is exact given the ties; beyond, it is normal with
// corrections for ties and continuity. Where all differences are 0 so is the statistic, and all p are 1.
//
// It returns [ErrTooFew] when diffs is empty, and [ErrRange].
func Wilcoxon(diffs []float64) (Companion, error) {
	const few = 50
	r, err := signedRanks(diffs)
	switch {
	case err != nil:
		return Companion{}, err
	case r.n <= few:
		return r.exact(), nil
	}
	return r.approximate(), nil
}

// signedRanking counts ranks twice, so that those of ties are whole numbers.
type signedRanking struct {
	n        int
	doubled  []int   // by ascending size of the differences
	positive int     // the sum of those of differences above 0
	ties     float64 // Σ(t³−t) over the groups of t equal sizes
}

func signedRanks(diffs []float64) (signedRanking, error) {
	ds, err := bySize(diffs)
	if err != nil || len(ds) == 0 {
		return signedRanking{}, err
	}
	slack := float64(1e-12 * math.Abs(ds[len(ds)-1])) // sizes that differ by less are the same
	r := signedRanking{n: len(ds)}
	for from, to := 0, 0; from < len(ds); from = to {
		for to < len(ds) && math.Abs(ds[to])-math.Abs(ds[from]) <= slack {
			to++
		}
		for _, d := range ds[from:to] {
			r.doubled = append(r.doubled, from+1+to)
			if d > 0 {
				r.positive += from + 1 + to
			}
		}
		r.ties += cubeLessItself(to - from)
	}
	return r, nil
}

func (r signedRanking) companion() Companion {
	return Companion{Method: SignedRank, N: r.n, Statistic: float64(float64(r.positive) / 2)}
}

// exact sums over all signs, which are equally likely.
func (r signedRanking) exact() Companion {
	c := r.companion()
	c.Exact = true
	shares := []float64{1} // of the signs that give each sum of ranks
	for _, rank := range r.doubled {
		next := make([]float64, len(shares)+rank)
		for s, p := range shares {
			next[s] += float64(p / 2)
			next[s+rank] += float64(p / 2)
		}
		shares = next
	}
	var worse, better sum
	for s, p := range shares {
		if s <= r.positive {
			worse = worse.add(p)
		}
		if s >= r.positive {
			better = better.add(p)
		}
	}
	return c.withP(worse.value(), better.value())
}

func (r signedRanking) approximate() Companion {
	c := r.companion()
	if r.n == 0 {
		return c.withP(1, 1)
	}
	n := float64(r.n)
	variance := n*(n+1)*(2*n+1)/24 - float64(r.ties/48)
	return c.normal(c.Statistic-float64(n*(n+1)/4), math.Sqrt(variance))
}

// MannWhitney is the rank-sum test of two independent samples (Mann and Whitney, Ann. Math. Stat. 18, 1947): whether a candidate
// score tends to be above a baseline score. It says nothing of means: where these agree and spreads differ it rejects far
// more often than alpha. N counts both sides, and Statistic is U of the candidate. P is exact given the ties where the tables of counts are at most 200,000, and
// else normal with corrections for ties and continuity. Where all scores are the same, all p are 1.
//
// It returns [ErrTooFew] when a side is empty, and [ErrRange].
func MannWhitney(candidate, baseline []float64) (Companion, error) {
	p, err := newPool(candidate, baseline, 1)
	if err != nil {
		return Companion{}, err
	}
	if s := newSplits(p.totals, p.candidateN); s.few() {
		return p.rankSumExact(s), nil
	}
	return p.rankSumApproximate(), nil
}

// rankSum is U, the rank sum of the candidate less the least it could be.
func (p pool) rankSum() Companion {
	u := -float64(float64(p.candidateN) * float64(p.candidateN+1) / 2)
	for k, rank := range midranks(p.totals) {
		u += float64(rank * float64(p.candidate[k]))
	}
	return Companion{Method: RankSum, N: p.candidateN + p.baselineN, Statistic: u}
}

func (p pool) rankSumExact(s *splits) Companion {
	c := p.rankSum()
	c.Exact = true
	ranks := midranks(p.totals)
	t := s.enumerate(func(counts []int) float64 {
		above := 0.0 // than what was seen; multiples of ½, which are exact
		for k, n := range counts {
			above += float64(ranks[k] * float64(n-p.candidate[k]))
		}
		return above
	}, 0)
	return c.withP(t.below+t.same, t.above+t.same)
}

func (p pool) rankSumApproximate() Companion {
	c := p.rankSum()
	if len(p.totals) == 1 {
		return c.withP(1, 1)
	}
	n, m, all := float64(p.candidateN), float64(p.baselineN), float64(c.N)
	ties := 0.0
	for _, t := range p.totals {
		ties += cubeLessItself(t)
	}
	variance := float64(n*m/12) * (all + 1 - ties/(all*(all-1)))
	return c.normal(c.Statistic-float64(n*m/2), math.Sqrt(variance))
}

// cubeLessItself is t³−t, by which t ties lessen the variance of ranks.
func cubeLessItself(t int) float64 {
	x := float64(t)
	return float64(x * (x - 1) * (x + 1))
}

// BrunnerMunzel tests whether a candidate score is as likely to be above a baseline score as below, without assuming equal
// spreads (Brunner and Munzel, Biom. J. 42, 2000). Diff is P(candidate > baseline) + P(tie)/2 − ½, with its interval. It is
// [Test.Degenerate] where the sides do not overlap, and where all scores are the same.
//
// It returns [ErrTooFew] when a side has fewer than two values, and [ErrRange].
func BrunnerMunzel(candidate, baseline []float64, level float64) (Test, error) {
	if !inUnit(level) {
		return Test{}, errLevel(level)
	}
	p, err := newPool(candidate, baseline, 2)
	if err != nil {
		return Test{}, err
	}
	// The placement of a score is how many of the other side are below it, ties counting half: its rank among all less
	// its rank on its own side.
	all, inC, inB := midranks(p.totals), midranks(p.candidate), midranks(p.baseline)
	n, m := float64(p.candidateN), float64(p.baselineN)
	spread := func(counts []int, own []float64) (mean, variance float64) {
		var total, square sum
		size := 0
		for k, c := range counts {
			total = total.add(float64(float64(c) * (all[k] - own[k])))
			size += c
		}
		mean = total.value() / float64(size)
		for k, c := range counts {
			d := all[k] - own[k] - mean
			square = square.add(float64(float64(c) * float64(d*d)))
		}
		return mean, square.value() / float64(size-1)
	}
	above, varC := spread(p.candidate, inC)
	_, varB := spread(p.baseline, inB)
	t := Test{Method: RankMean, N: [2]int{p.candidateN, p.baselineN}, Diff: above/m - 0.5, Level: level}
	if varC == 0 && varB == 0 {
		return t.degenerate(-lnChoose(p.candidateN+p.baselineN, p.baselineN))
	}
	return t.satterthwaite(varC/m/m/n, varB/n/n/m, p.candidateN-1, p.baselineN-1).finish(0)
}
