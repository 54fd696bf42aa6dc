package stat

import "math"

// ln 2 in two parts. The upper has its low 21 bits clear, so that its product with an exponent is exact.
const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// ln is the natural logarithm to within two units in the last place.
func ln(x float64) float64 {
	if x == 0 || math.IsInf(x, 1) {
		return math.Inf(int(math.Copysign(1, x-1)))
	}
	frac, exp := math.Frexp(x)
	if frac < math.Sqrt2/2 {
		frac, exp = frac*2, exp-1
	}
	k := float64(exp)
	return float64(k*ln2Hi) + (ln1pNear0(frac-1) + float64(k*ln2Lo))
}

// ln1p is ln(1+x) for x > −1, accurate near 0.
func ln1p(x float64) float64 {
	if math.Abs(x) < 0.4 {
		return ln1pNear0(x)
	}
	u := 1 + x
	if math.IsInf(u, 1) {
		return u
	}
	return ln(u) + (x-(u-1))/u // what rounding 1+x lost
}

// ln1pNear0 is ln(1+x) for x in [−0.42, 0.42], from ln(1+x) = 2 artanh(x/(2+x)).
func ln1pNear0(x float64) float64 {
	s := x / (2 + x)
	z := float64(s * s)
	sum := 0.0
	for d := 33.0; d >= 3; d -= 2 {
		sum = float64(sum*z) + 1/d
	}
	half := s + float64(float64(s*z)*sum)
	return half + half
}

// exp is e to the x, to within two units in the last place.
func exp(x float64) float64 {
	switch {
	case x < -746:
		return 0
	case x > 710:
		return math.Inf(1)
	}
	k := math.Floor(x/math.Ln2 + 0.5)
	r := (x - float64(k*ln2Hi)) - float64(k*ln2Lo)
	sum := 1.0
	for n := 14.0; n >= 1; n-- { // Taylor's series; 0.347^15/15! < 2^-60
		sum = 1 + float64(r*sum)/n
	}
	return math.Ldexp(sum, int(k))
}
