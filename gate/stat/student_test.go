package stat

import (
	"math"
	"math/big"
	"testing"
)

var manyDF = []float64{0.5, 1, 1.5, 2, 3, 4.7, 10, 31.4, 100, 999, 1e4, 1e6, 1e7, 1e9, 1e15, math.Inf(1)}

// Three closed forms: Cauchy, df 2, and the normal.
func TestTailClosedForms(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{1e-12, 0.003, 0.2, 0.9, 1.1, 1.7, 1.8, 3, 10, 37, 1e4, 1e9} {
		if got, want := Tail(x, 1), math.Atan(1/x)/math.Pi; !near(got, want, 2e-15*want) {
			t.Errorf("Tail(%v, 1) = %v, want %v", x, got, want)
		}
		r := math.Sqrt(2 + x*x)
		if got, want := Tail(x, 2), 1/(r*(r+x)); !near(got, want, 3e-15*want) {
			t.Errorf("Tail(%v, 2) = %v, want %v", x, got, want)
		}
		if x > 37 {
			continue
		}
		for _, df := range []float64{1e18, 1e300, math.Inf(1)} {
			if got, want := Tail(x, df), math.Erfc(x/math.Sqrt2)/2; !near(got, want, 5e-13*want) {
				t.Errorf("Tail(%v, %v) = %v, want %v", x, df, got, want)
			}
		}
	}
}

// The normal's first correction, −φ(z)·(z³+z)/(4ν), where it is good to 12 digits and more.
func TestTailLargeDF(t *testing.T) {
	t.Parallel()
	for _, df := range []float64{1e8, 3e9, 1e12} {
		for _, z := range []float64{0.01, 0.5, 1.6, 1.8, 3} {
			phi := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
			want := math.Erfc(z/math.Sqrt2)/2 + phi*(z*z*z+z)/(4*df)
			if got := Tail(z, df); !near(got, want, 1e-12*want) {
				t.Errorf("Tail(%v, %v) = %v, want %v (off by %.1e)", z, df, got, want, got/want-1)
			}
		}
	}
}

func TestTailProperties(t *testing.T) {
	t.Parallel()
	for _, df := range manyDF {
		last := 1.0
		for x := -60.0; x <= 60; x += 0.37 {
			p, q := Tail(x, df), Tail(-x, df)
			if !near(p+q, 1, 1e-15) {
				t.Errorf("Tail(±%v, %v) = %v and %v, which is not 1 together", x, df, p, q)
			}
			if p > last {
				t.Errorf("Tail(%v, %v) = %v rises", x, df, p)
			}
			last = p
			if l := LogTail(x, df); p > 1e-300 && !near(l, math.Log(p), 1e-12*math.Max(1e-3, math.Abs(l))) {
				t.Errorf("LogTail(%v, %v) = %v, but ln Tail = %v", x, df, l, math.Log(p))
			}
		}
	}
}

func TestTailSeamIsSmooth(t *testing.T) {
	t.Parallel()
	for _, df := range manyDF {
		d := math.Min(df, normalDF)
		x := math.Sqrt(3 * d / (d + 2)) // where the series hands over to the fraction
		below, above := Tail(math.Nextafter(x, 0), df), Tail(math.Nextafter(x, 9), df)
		if !near(below, above, 1e-14*above) {
			t.Errorf("df %v: %v below the seam, %v above", df, below, above)
		}
	}
}

func TestTailEdges(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	for _, c := range []struct{ t, df, tail, log float64 }{
		{0, 5, 0.5, -math.Ln2},
		{inf, 5, 0, -inf},
		{-inf, 5, 1, 0},
		{inf, inf, 0, -inf},
		{1e308, 1, 1 / math.Pi / 1e308, -math.Log(math.Pi) - math.Log(1e308)},
		{-1e308, 3, 1, 0},
		{5e-324, 3, 0.5, -math.Ln2},
		{1e200, inf, 0, -inf},
	} {
		if got := Tail(c.t, c.df); !near(got, c.tail, 1e-13*c.tail) {
			t.Errorf("Tail(%v, %v) = %v, want %v", c.t, c.df, got, c.tail)
		}
		if got := LogTail(c.t, c.df); got != c.log && !near(got, c.log, 1e-14*math.Abs(c.log)) {
			t.Errorf("LogTail(%v, %v) = %v, want %v", c.t, c.df, got, c.log)
		}
	}
	for _, c := range [][2]float64{{math.NaN(), 3}, {1, math.NaN()}, {1, 0}, {1, -2}} {
		if got, log := Tail(c[0], c[1]), LogTail(c[0], c[1]); !math.IsNaN(got) || !math.IsNaN(log) {
			t.Errorf("Tail(%v, %v) = %v, its log %v, want NaN", c[0], c[1], got, log)
		}
	}
}

func TestQuantileInvertsTail(t *testing.T) {
	t.Parallel()
	for _, df := range manyDF[1:] {
		for _, p := range []float64{1e-300, 1e-100, 1e-20, 1e-6, 0.01, 0.1, 0.19999, 0.2, 0.20001, 0.3, 0.4999, 0.5 - 1e-12} {
			q := Quantile(p, df)
			if got := Tail(-q, df); !near(got, p, 1e-12*p) {
				t.Errorf("Tail(−Quantile(%v, %v)) = %v", p, df, got)
			}
			if p > 0.25 && Quantile(1-p, df) != -Quantile(1-(1-p), df) {
				t.Errorf("Quantile(%v, %v) is not symmetric", p, df)
			}
		}
	}
	inf := math.Inf(1)
	if lo, hi := Quantile(0, 3), Quantile(1, 3); lo != -inf || hi != inf {
		t.Errorf("Quantile(0) = %v, Quantile(1) = %v", lo, hi)
	}
	for _, c := range [][2]float64{{-0.1, 3}, {1.1, 3}, {math.NaN(), 3}, {0.3, 0}, {0.3, math.NaN()}} {
		if got := Quantile(c[0], c[1]); !math.IsNaN(got) {
			t.Errorf("Quantile(%v, %v) = %v, want NaN", c[0], c[1], got)
		}
	}
}

// Γ(a+½)/Γ(a) is rational or √π times rational for half-integral a.
func TestLogGammaRatio(t *testing.T) {
	t.Parallel()
	product := new(big.Float).SetPrec(200).SetFloat64(math.Sqrt(math.Pi) / 2) // at a = 1
	for n := 1; n <= 60; n++ {
		f, _ := product.Float64()
		want := math.Log(f / math.Sqrt(float64(n)))
		if got := logGammaRatio(float64(n)); !near(got, want, 5e-16) {
			t.Errorf("logGammaRatio(%d) = %v, want %v", n, got, want)
		}
		product.Mul(product, big.NewFloat(float64(n)+0.5))
		product.Quo(product, big.NewFloat(float64(n)))
	}
}

func TestExpAndLn(t *testing.T) {
	t.Parallel()
	for x := -745.0; x < 709; x += 0.731 {
		if got, want := exp(x), math.Exp(x); !near(got, want, 4.5e-16*want+5e-324) {
			t.Errorf("exp(%v) = %v, want %v", x, got, want)
		}
		if x < -708 { // math.Log is wrong for subnormal numbers on some machines
			continue
		}
		y := math.Exp(x)
		if got, want := ln(y), math.Log(y); !near(got, want, 4.5e-16*math.Abs(want)) {
			t.Errorf("ln(%v) = %v, want %v", y, got, want)
		}
	}
	for _, x := range []float64{-0.9999, -0.5, -0.4, -0.39, -1e-9, -1e-300, 0, 1e-300, 1e-16, 0.01, 0.41, 1, 1e9, 1e17, 1e308} {
		if got, want := ln1p(x), math.Log1p(x); !near(got, want, 4.5e-16*math.Abs(want)) {
			t.Errorf("ln1p(%v) = %v, want %v", x, got, want)
		}
	}
	inf := math.Inf(1)
	for _, c := range []struct{ got, want float64 }{
		{exp(0), 1}, {exp(-inf), 0}, {exp(inf), inf}, {exp(710), inf},
		{ln(1), 0}, {ln(0), -inf}, {ln(inf), inf}, {ln1p(inf), inf}, {ln(0.5), -math.Ln2}, {ln(0x1p-1074), -1074 * math.Ln2},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func BenchmarkTail(b *testing.B) {
	for b.Loop() {
		Tail(1, 99.5)
		Tail(3, 99.5)
	}
}

func BenchmarkQuantile(b *testing.B) {
	for b.Loop() {
		Quantile(0.95, 198.7)
	}
}
