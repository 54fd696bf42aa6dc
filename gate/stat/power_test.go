package stat

import (
	"math"
	"testing"
)

// From section 3 of any table of the normal: z at 0.95 is 1.6449, at 0.8 it is 0.8416.
func TestNeeded(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, c := range map[string]struct {
		variance, loss, alpha, power float64
		want                         int
		ok                           bool
	}{
		"sd 0.54, loss 0.1":     {0.54 * 0.54, 0.1, 0.05, 0.8, 181, true}, // 6.1826·0.2916/0.01 = 180.3
		"a vast loss":           {1, 1e9, 0.05, 0.8, 2, true},
		"no loss":               {1, 0, 0.05, 0.8, 0, false},
		"a gain":                {1, -1, 0.05, 0.8, 0, false},
		"no variance":           {0, 1, 0.05, 0.8, 0, false},
		"variance unknown":      {nan, 1, 0.05, 0.8, 0, false},
		"loss unknown":          {1, nan, 0.05, 0.8, 0, false},
		"alpha 0":               {1, 1, 0, 0.8, 0, false},
		"power 1":               {1, 1, 0.05, 1, 0, false},
		"power not above alpha": {1, 1, 0.5, 0.5, 0, false},
		"beyond counting":       {1, 1e-9, 0.05, 0.8, 0, false},
		"infinite":              {1e300, 1e-300, 0.05, 0.8, 0, false},
	} {
		if got, ok := NeededPaired(c.variance, c.loss, c.alpha, c.power); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v, want %d, %v", name, got, ok, c.want, c.ok)
		}
		if got, ok := NeededUnpaired(c.variance/2, c.variance/2, c.loss, c.alpha, c.power); got != c.want || ok != c.ok {
			t.Errorf("%s, unpaired: %d, %v, want %d, %v", name, got, ok, c.want, c.ok)
		}
	}
}

// With the number it asks for, the smallest loss found in the normal form is the loss asked about, or less.
func TestNeededIsInverseOfMDE(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, loss := range []float64{0.01, 0.05, 0.1, 0.3} {
		n, ok := NeededPaired(0.4, loss, 0.01, 0.9)
		if !ok {
			t.Fatalf("loss %v: no n", loss)
		}
		at, fewer := MDE(math.Sqrt(0.4/float64(n)), inf, 0.01, 0.9), MDE(math.Sqrt(0.4/float64(n-1)), inf, 0.01, 0.9)
		if !(at <= loss && fewer > loss) {
			t.Errorf("loss %v: n %d finds %v, one fewer %v", loss, n, at, fewer)
		}
	}
	for _, c := range [][4]float64{{1, 9, 0, 0.8}, {1, 9, 0.05, 1}, {1, 0, 0.05, 0.8}, {1, 9, math.NaN(), 0.8}} {
		if got := MDE(c[0], c[1], c[2], c[3]); !math.IsNaN(got) {
			t.Errorf("MDE%v = %v, want NaN", c, got)
		}
	}
}

func TestPower(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, df := range []float64{1, 2, 7.5, 30, 1e4, 1e12, inf} {
		for _, alpha := range []float64{1e-6, 0.05, 0.5} {
			if got := Power(0, 1, df, alpha); !near(got, alpha, 1e-9*alpha) {
				t.Errorf("df %v: power %v at no loss, want alpha %v", df, got, alpha)
			}
			if a, b := Power(1, 1, df, alpha), Power(2, 1, df, alpha); !(a < b && b < 1 && a > alpha) {
				t.Errorf("df %v, alpha %v: power %v at 1, %v at 2", df, alpha, a, b)
			}
		}
	}
	// Without uncertainty about the variance it is the normal's: Φ(2 − 1.6449).
	if got, want := Power(2, 1, inf, 0.05), Tail(Quantile(0.95, inf)-2, inf); !near(got, want, 1e-7) {
		t.Errorf("power %v, want %v", got, want)
	}
	for name, got := range map[string]float64{
		"alpha": Power(1, 1, 9, 0), "se": Power(1, 0, 9, 0.05), "df": Power(1, 1, 0, 0.05), "loss": Power(math.NaN(), 1, 9, 0.05),
	} {
		if !math.IsNaN(got) {
			t.Errorf("bad %s: %v, want NaN", name, got)
		}
	}
	for _, loss := range []float64{inf, -inf, 1e300, -1e300} {
		if got := Power(loss, 1e-10, 9, 0.05); got != float64(count(loss > 0)) {
			t.Errorf("loss %v: power %v", loss, got)
		}
	}
}
