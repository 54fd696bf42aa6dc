package stat

import "math"

// Student's t distribution. With t > 0, x = ν/(ν+t²), y = 1−x, a = ν/2 and the density f, both halves of the integral are
// t·f(t) times something that converges fast and does not cancel, however large ν is:
//
//	P(0 < T < t) = t·f(t) · Σ_k yᵏ Π_{j<k} (a+½+j)/(3/2+j)      (DLMF 8.17.8 with b = ½)
//	P(T > t)     = t·f(t)/2 · the continued fraction for I_x(a, ½) of DiDonato and Morris
//	               (ACM TOMS 18, 1992, algorithm 708, eq. 9)
//
// The fraction's partial numerators and denominators tend to those of the normal tail as ν grows, so that
// no separate expansion is needed.

// normalDF stands in for any df above it: t and normal agree there to float64's precision.
const normalDF = 1e18

// Tail returns P(T > t) for Student's t with df degrees of freedom; an infinite df is the standard normal.
// It has at least 12 correct digits for df ≥ 1 down to p = 1e-300 or so; smaller p underflow to 0, see
// [LogTail]. It is NaN when t is NaN or df is not positive.
func Tail(t, df float64) float64 {
	switch {
	case math.IsNaN(t) || !(df > 0):
		return math.NaN()
	case t < 0:
		return 1 - Tail(-t, df)
	case nearCentre(t, df):
		return 0.5 - centre(t, df)
	}
	return exp(logUpper(t, df))
}

// LogTail returns the natural logarithm of P(T > t), also where that probability underflows.
// Its domain is that of [Tail].
func LogTail(t, df float64) float64 {
	switch {
	case math.IsNaN(t) || !(df > 0):
		return math.NaN()
	case t < 0:
		return ln1p(-Tail(-t, df))
	case nearCentre(t, df):
		return ln(0.5 - centre(t, df))
	}
	return logUpper(t, df)
}

// Quantile returns the t with P(T ≤ t) = p; an infinite df is the standard normal. It is ∓Inf for p 0 and 1,
// and NaN for other p outside (0, 1) or df not positive. Near p = 1 ask for −Quantile(1−p, df), which
// does not lose the digits of 1−p.
func Quantile(p, df float64) float64 {
	switch {
	case !(p >= 0 && p <= 1) || !(df > 0):
		return math.NaN()
	case p == 0:
		return math.Inf(-1)
	case p == 0.5:
		return 0
	case p > 0.5:
		return -Quantile(1-p, df)
	case p > 0.2:
		return -centreQuantile(0.5-p, df)
	}
	return -upperQuantile(p, df)
}

// centreQuantile solves P(0 < T < t) = c by Newton's method. The left side is concave in t, so that the steps
// from 0 never pass the root.
func centreQuantile(c, df float64) float64 {
	t := c / exp(logDensity(0, df))
	for range 100 {
		step := (c - centre(t, df)) / exp(logDensity(t, df))
		t += step
		if math.Abs(step) <= 1e-9*t { // the next step would be its square
			break
		}
	}
	return t
}

// upperQuantile solves P(T > t) = p for p ≤ ½ by Newton's method on the logarithms of both. There the tail is
// concave and falling, so that steps from the right of the root stay on its right.
func upperQuantile(p, df float64) float64 {
	df = min(df, normalDF)
	logP := ln(p)
	// P(Z > z) ≤ exp(−z²/2)/2 bounds the normal quantile, and z² ≈ ν·ln(1+t²/ν) carries it over (Wallace 1959).
	w := -2 * (logP + math.Ln2) / df
	u := (ln(df) + w) / 2
	if w < 30 {
		u = ln(df*expm1(w)) / 2
	}
	for range 100 {
		t := exp(u)
		logTail := LogTail(t, df)
		step := (logTail - logP) / exp(u+logDensity(t, df)-logTail)
		u += step
		if math.Abs(step) <= 1e-9 {
			break
		}
	}
	return exp(u)
}

// expm1 is eˣ−1 for x ≥ 0, good enough for a first guess.
func expm1(x float64) float64 {
	if x < 1e-5 {
		return x
	}
	return exp(x) - 1
}

// nearCentre reports whether the series for the centre is the better one at t ≥ 0: where t²/(ν+t²) is
// at most 3/(ν+5), the usual switch of the incomplete beta function.
func nearCentre(t, df float64) bool {
	df = min(df, normalDF)
	return float64(t*t) <= 3*df/(df+2)
}

// centre is P(0 < T < t) for moderate t ≥ 0.
func centre(t, df float64) float64 {
	df = min(df, normalDF)
	square := float64(t * t)
	y := square / (df + square)
	total, term := 1.0, 1.0
	for k := 0.0; term > 1e-17*total; k++ {
		term = float64(term * (float64((float64(df/2)+0.5+k)*y) / (1.5 + k)))
		total += term
	}
	return float64(float64(t*exp(logDensity(t, df))) * total)
}

// logUpper is ln P(T > t) for t beyond the centre.
func logUpper(t, df float64) float64 {
	if math.IsInf(t, 1) {
		return math.Inf(-1)
	}
	df = min(df, normalDF)
	return ln(t) + logDensity(t, df) + ln(upperFraction(t, df)/2)
}

// upperFraction is the continued fraction of I_x(ν/2, ½), by the modified Lentz method.
func upperFraction(t, df float64) float64 {
	a := float64(df / 2)
	ratio := df / t / t // t² may overflow
	y := 1 / (1 + ratio)
	x := float64(ratio * y)
	lambda := float64((a+0.5)*y) - 0.5

	f := a / (a + 1) * (lambda + 1)
	c, d := f, 0.0
	for n := 1.0; n < 10000; n++ {
		p := a + (n + n) - 1
		nb := float64(n * (0.5 - n))
		alpha := float64(float64((a+n-1)/p*((a+n-0.5)/p)*nb) * float64(x*x))
		beta := n + float64(nb*x)/p + float64((a+n)/(p+2)*(lambda+1+float64(n*(2-x))))
		d = 1 / (beta + float64(alpha*d))
		c = beta + alpha/c
		f = float64(f * float64(c*d))
		if math.Abs(float64(c*d)-1) < 1e-16 {
			break
		}
	}
	return 1 / f
}

// logDensity is ln f(t), with f(t) = Γ(a+½)/(Γ(a)·√a) / √(2π) · (1+t²/ν)^−(a+½).
func logDensity(t, df float64) float64 {
	const logSqrt2Pi = 0.918938533204672741780329736406
	df = min(df, normalDF)
	var logBase float64
	if t < 1e150 {
		logBase = ln1p(float64(t*t) / df)
	} else {
		logBase = ln(t/df) + ln(t) // t² may overflow
	}
	return logGammaRatio(df/2) - logSqrt2Pi - float64((float64(df/2)+0.5)*logBase)
}

// logGammaRatio is ln(Γ(a+½)/(Γ(a)·√a)), which lies below 0 and nears it as 1/(8a). Its asymptotic series
// (DLMF 5.11.13) is taken at a ≥ 16; smaller a are raised by Γ(a+1) = a·Γ(a). Differences of three
// log-gammas would cancel at large a.
func logGammaRatio(a float64) float64 {
	big, shift := a, 1.0
	for big < 16 {
		shift *= big / (big + 0.5)
		big++
	}
	z := 1 / big
	z2 := float64(z * z)
	series := 0.0
	for _, c := range [...]float64{691. / 180224, -31. / 18432, 17. / 14336, -1. / 640, 1. / 192, -1. / 8} {
		series = float64(series*z2) + c
	}
	return float64(series*z) + ln(float64(shift*math.Sqrt(big/a)))
}
