package stat

import (
	"math"
	"math/big"
	"testing"
)

func TestWilsonProperties(t *testing.T) {
	t.Parallel()
	if lo, hi := Wilson(0, 0, 0.9); lo != 0 || hi != 1 {
		t.Errorf("no trials: %v to %v", lo, hi)
	}
	for n := 1; n < 60; n++ {
		for k := range n + 1 {
			lo, hi := Wilson(k, n, 0.9)
			lo2, hi2 := Wilson(n-k, n, 0.9)
			p := float64(k) / float64(n)
			if !(0 <= lo && lo <= p && p <= hi && hi <= 1 && lo < hi) || !near(lo, 1-hi2, 1e-15) || !near(hi, 1-lo2, 1e-15) {
				t.Errorf("Wilson(%d, %d) = %v, %v; mirrored %v, %v", k, n, lo, hi, lo2, hi2)
			}
		}
	}
	wantPanic(t, "k > n", func() { Wilson(3, 2, 0.9) })
	wantPanic(t, "k < 0", func() { Wilson(-1, 2, 0.9) })
	wantPanic(t, "level 1", func() { Wilson(1, 2, 1) })
	wantPanic(t, "level NaN", func() { Wilson(1, 2, math.NaN()) })
}

func TestFisherMidPAgainstExact(t *testing.T) {
	t.Parallel()
	for n1 := range 9 {
		for n2 := range 7 {
			for a := range n1 + 1 {
				for b := range n2 + 1 {
					want := exactMidP(a, n1, b, n2)
					if got := FisherMidP(a, n1, b, n2); !near(got, want, 1e-14*want) {
						t.Errorf("FisherMidP(%d, %d, %d, %d) = %v, want %v", a, n1, b, n2, got, want)
					}
				}
			}
		}
	}
	for _, c := range [][4]int{{300, 4000, 100, 3000}, {0, 500, 200, 500}, {500, 500, 0, 500}} {
		want := exactMidP(c[0], c[1], c[2], c[3])
		if got := FisherMidP(c[0], c[1], c[2], c[3]); !near(got, want, 1e-12*want) {
			t.Errorf("FisherMidP(%v) = %v, want %v", c, got, want)
		}
	}
	wantPanic(t, "more missing than there are", func() { FisherMidP(3, 2, 0, 2) })
	wantPanic(t, "less than none", func() { FisherMidP(0, 2, -1, 2) })
}

func exactMidP(a, n1, b, n2 int) float64 {
	choose := func(n, k int) *big.Int { return new(big.Int).Binomial(int64(n), int64(k)) }
	twice := new(big.Int)
	for k := a; k <= min(a+b, n1); k++ {
		if a+b-k > n2 {
			continue
		}
		ways := new(big.Int).Mul(choose(n1, k), choose(n2, a+b-k))
		twice.Add(twice, ways)
		if k > a {
			twice.Add(twice, ways)
		}
	}
	p, _ := new(big.Rat).SetFrac(twice, new(big.Int).Mul(big.NewInt(2), choose(n1+n2, a+b))).Float64()
	return p
}

func TestLnChoose(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]int{{1, 0}, {1, 1}, {8, 4}, {70, 3}, {2000, 1000}, {100000, 300}} {
		exact := new(big.Float).SetInt(new(big.Int).Binomial(int64(c[0]), int64(c[1])))
		mantissa := new(big.Float)
		power := exact.MantExp(mantissa)
		m, _ := mantissa.Float64()
		want := math.Log(m) + float64(power)*math.Ln2
		if got := lnChoose(c[0], c[1]); !near(got, want, 1e-14*want+1e-16) {
			t.Errorf("lnChoose(%d, %d) = %v, want %v", c[0], c[1], got, want)
		}
	}
}

func wantPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}
