package stat

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// ErrTooMany is returned where a test by permutation would take more work than it is worth. With so many
// values the tests by formula are right.
var ErrTooMany = errors.New("too many values to permute")

const (
	mostTables = 200_000     // tables of counts that are enumerated; more are drawn from
	leastDraws = 9_999       // draws, with the one that was seen, make p a multiple of 1/10,000
	mostWork   = 100_000_000 // elementary steps in all, less than half a second
)

// A Resampling says how permutations are drawn where they are too many to enumerate. Draws depend on Seed and
// the scores alone: not on the order of the scores, and not on what else is computed.
type Resampling struct {
	// Alpha is the level of the family, in (0, 1). Drawing stops as soon as p cannot end below it.
	Alpha float64
	// Family is how many tests are corrected together, at least 1. The more, the smaller the p that
	// matters, and the more draws: the larger of 9,999 and 20·Family/Alpha.
	Family int
	// Seed starts the stream of random numbers. Give each test its own.
	Seed uint64
	// Most is how many values are dealt one by one at most, which are those of the smaller side; more are refused with [ErrTooMany]. Values
	// on few levels are dealt by level, which costs the same however many they are. Zero leaves the bound to the work it takes.
	Most int
	// Draws is how many to plan instead, where positive: fewer leave p valid, and less fine. Then more tables than take about
	// the same time are not enumerated.
	Draws int
	// Critical is the critical value of the t-test that [Permutation] guards. Where it is positive, those of the permutations
	// are found too, from 1,999 draws at least.
	Critical float64
}

func (o Resampling) check() error {
	switch {
	case !inUnit(o.Alpha):
		return fmt.Errorf("alpha %v is not in (0, 1)", o.Alpha)
	case o.Family < 1:
		return fmt.Errorf("a family of %d tests", o.Family)
	case o.Draws < 0:
		return fmt.Errorf("%d draws", o.Draws)
	}
	return nil
}

// draws is how many permutations are drawn when each takes steps. A bound that leaves too few to tell a p of
// Alpha/Family from one twice as large refuses.
func (o Resampling) draws(steps int) (int, error) {
	first := float64(o.Family) / o.Alpha // 1 over Holm's first threshold
	most := float64(mostWork / steps)
	if most < leastDraws || most < float64(2*first) {
		return 0, ErrTooMany
	}
	if o.Draws > 0 {
		return min(o.Draws, int(most)), nil
	}
	return int(min(max(leastDraws, math.Ceil(float64(20*first))), most)), nil
}

// tables is how many tables are enumerated at most.
func (o Resampling) tables() int {
	const perDraw = 4 // tables that are visited while one is drawn
	if o.Draws > 0 {
		return min(perDraw*o.Draws, mostTables)
	}
	return mostTables
}

// splits are the ways to deal the values of two sides out again: n of them to the side that is dealt, the rest
// to the other. Only how many of each level are dealt matters, a table of counts, so that the cost does not grow
// with the number of values. All dealings of values are equally likely; tables then follow the multivariate
// hypergeometric distribution.
type splits struct {
	totals []int         // values of each level
	n, all int           // values dealt, and in all
	ln     logFactorials // made when first needed
	known  []ratios      // likewise, by level
}

func newSplits(totals []int, n int) *splits {
	all := 0
	for _, t := range totals {
		all += t
	}
	return &splits{totals: totals, n: n, all: all}
}

// prepare makes the table of logarithms, which tests by formula do without.
func (s *splits) prepare() {
	if s.ln == nil {
		s.ln = commonFactorials()
		s.known = make([]ratios, len(s.totals)-1) // the last level has what is left
	}
}

// A tally says how a statistic of all splits compares with the one that was seen: as shares of all splits, or
// as counts of draws.
type tally struct {
	below, same, above float64
	draws              int // 0 when all splits were enumerated
}

// compare tallies statistic over the splits, enumerated where the tables are few and drawn where not.
// Drawing ends early when enough says so of the tally and the planned number of draws.
func (s *splits) compare(statistic func(counts []int) float64, seen float64, o Resampling,
	enough func(t tally, draws int) bool) (tally, error) {
	return s.compareEach(statistic, nil, seen, o, enough, func(float64, float64) {})
}

// compareEach hands each statistic to visit too, with its weight in the tally. Where values are dealt one by one, byValue gives the
// statistic from the levels of those dealt, unless it is nil: the other side may then have any number.
func (s *splits) compareEach(statistic func(counts []int) float64, byValue func(levels []int32) float64, seen float64, o Resampling,
	enough func(t tally, draws int) bool, visit func(x, weight float64)) (tally, error) {
	if s.atMost(o.tables()) {
		return s.enumerateEach(statistic, seen, visit), nil
	}
	if o.Most > 0 && s.n > o.Most && !s.byLevel() {
		return tally{}, ErrTooMany
	}
	draw, steps := s.drawer(statistic, byValue)
	draws, err := o.draws(steps)
	if err != nil {
		return tally{}, err
	}
	rng := rand.NewPCG(o.Seed, 0x9E3779B97F4A7C15)
	var t tally
	for t.draws < draws && !enough(t, draws) {
		t.draws++
		x := draw(rng)
		visit(x, 1)
		switch side(x, seen) {
		case -1:
			t.below++
		case 0:
			t.same++
		case 1:
			t.above++
		}
	}
	return t, nil
}

// enumerate weighs every table by its probability.
func (s *splits) enumerate(statistic func(counts []int) float64, seen float64) tally {
	return s.enumerateEach(statistic, seen, func(float64, float64) {})
}

func (s *splits) enumerateEach(statistic func(counts []int) float64, seen float64, visit func(x, weight float64)) tally {
	var total, below, same, above sum
	s.prepare()
	logAll := s.ln.choose(s.all, s.n)
	s.each(func(counts []int, logWeight float64) {
		w := exp(logWeight - logAll)
		total = total.add(w)
		x := statistic(counts)
		visit(x, w)
		switch side(x, seen) {
		case -1:
			below = below.add(w)
		case 0:
			same = same.add(w)
		case 1:
			above = above.add(w)
		}
	})
	sum := total.value() // 1, but for the rounding of logAll
	return tally{below: below.value() / sum, same: same.value() / sum, above: above.value() / sum}
}

// side is the sign of x − seen, 0 for differences that rounding explains.
func side(x, seen float64) int {
	switch {
	case math.Abs(x-seen) <= float64(1e-9*max(1, math.Abs(seen))):
		return 0
	case x < seen:
		return -1
	}
	return 1
}

// few reports whether there are at most mostTables tables.
func (s *splits) few() bool { return s.atMost(mostTables) }

// atMost counts, level by level, the tables so far for each number of values dealt, of which every one can be completed.
func (s *splits) atMost(tables int) bool {
	ways, lo, rest := []int{1}, 0, s.all // ways[i] tables have dealt lo+i values; rest are in the levels ahead
	for _, total := range s.totals {
		rest -= total
		from, to := max(lo, s.n-rest), min(lo+len(ways)-1+total, s.n)
		if to-from >= tables {
			return false
		}
		next := make([]int, to-from+1)
		count, window := 0, 0 // window is the sum of ways for dealt−total … dealt
		for dealt := lo; dealt <= to; dealt++ {
			if i := dealt - lo; i < len(ways) {
				window += ways[i]
			}
			if i := dealt - lo - total - 1; i >= 0 && i < len(ways) {
				window -= ways[i]
			}
			if dealt >= from {
				next[dealt-from] = window
				count += window
			}
		}
		if count > tables {
			return false
		}
		ways, lo = next, from
	}
	return true
}

// each visits every table with the logarithm of its number of dealings.
func (s *splits) each(visit func(counts []int, logWeight float64)) {
	s.prepare()
	counts := make([]int, len(s.totals))
	var from func(k, left, rest int, logWeight float64)
	from = func(k, left, rest int, logWeight float64) {
		total := s.totals[k]
		if k == len(counts)-1 {
			counts[k] = left
			visit(counts, logWeight+s.ln.choose(total, left))
			return
		}
		rest -= total
		for q := max(0, left-rest); q <= min(total, left); q++ {
			counts[k] = q
			from(k+1, left-q, rest, logWeight+s.ln.choose(total, q))
		}
	}
	from(0, s.n, s.all, 0)
}

// drawer returns a function that draws a split and answers its statistic, with about how many steps that takes.
func (s *splits) drawer(statistic func(counts []int) float64, byValue func(levels []int32) float64) (draw func(rng *rand.PCG) float64, steps int) {
	if byValue != nil && !s.byLevel() {
		shuffle := s.shuffler()
		return func(rng *rand.PCG) float64 { return byValue(shuffle(rng)) }, s.n
	}
	deal, steps := s.dealer()
	counts := make([]int, len(s.totals))
	return func(rng *rand.PCG) float64 {
		deal(rng, counts)
		return statistic(counts)
	}, steps
}

// dealer returns a function that draws a table, with about how many steps a draw takes: level by level while
// there are few levels for the values, and else value by value.
func (s *splits) dealer() (deal func(rng *rand.PCG, counts []int), steps int) {
	if s.byLevel() {
		s.prepare()
		return s.dealLevels, levelSteps * len(s.totals)
	}
	shuffle := s.shuffler()
	return func(rng *rand.PCG, counts []int) {
		clear(counts)
		for _, level := range shuffle(rng) {
			counts[level]++
		}
	}, s.n + len(s.totals)
}

// shuffler returns a function that deals values one by one, and answers the level of each.
func (s *splits) shuffler() func(rng *rand.PCG) []int32 {
	level := make([]int32, 0, s.all) // of each value
	for k, total := range s.totals {
		for range total {
			level = append(level, int32(k))
		}
	}
	return func(rng *rand.PCG) []int32 {
		for i := range s.n { // the first n steps of Fisher and Yates's shuffle
			j := i + below(rng, s.all-i)
			level[i], level[j] = level[j], level[i]
		}
		return level[:s.n]
	}
}

// levelSteps is what one hypergeometric variate costs, in values picked.
const levelSteps = 64

// byLevel reports whether there are few levels for the values dealt.
func (s *splits) byLevel() bool { return levelSteps*len(s.totals) < s.n }

// dealLevels draws each level's count given those before it.
func (s *splits) dealLevels(rng *rand.PCG, counts []int) {
	left, rest := s.n, s.all
	last := len(counts) - 1
	for k, total := range s.totals[:last] {
		rest -= total
		counts[k] = s.ln.hypergeometric(rng, total, rest, left, &s.known[k])
		left -= counts[k]
	}
	counts[last] = left
}
