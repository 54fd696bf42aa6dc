package stat

import "math"

// MDE is the smallest true loss that a one-sided test at alpha finds with the given power, for a difference with
// standard error se and df degrees of freedom: (t_{df,1−alpha} + t_{df,power})·se. An infinite df gives
// the normal form. It is NaN for alpha or power outside (0, 1) or df not positive.
//
// Ask it about a loss fixed beforehand; the "observed power" of a difference already seen says nothing
// that its p-value does not (Hoenig and Heisey, Am. Stat. 55, 2001).
func MDE(se, df, alpha, power float64) float64 {
	if !inUnit(alpha) || !inUnit(power) {
		return math.NaN()
	}
	return float64((Quantile(power, df) - Quantile(alpha, df)) * se)
}

// Power is the chance that a one-sided test at alpha finds a true loss, for a difference with standard error se and
// df degrees of freedom: P(T > t_{df,1−alpha}) for noncentral t about loss/se. A negative loss is a gain. It is NaN for
// alpha outside (0, 1), se or df not positive, or a loss that is no number.
func Power(loss, se, df, alpha float64) float64 {
	if !inUnit(alpha) || !(se > 0) || !(df > 0) || math.IsNaN(loss) {
		return math.NaN()
	}
	df = min(df, 1e8) // beyond, t is normal to more digits than are left here
	centre, critical := loss/se, -Quantile(alpha, df)
	// T exceeds t where Z + centre > t·s, with Z normal and s = √(χ²/df). The density of u = ln s is smooth and falls
	// off fast on both sides, so that the trapezoid rule converges geometrically (Trefethen and Weideman, SIAM Rev. 56, 2014).
	const steps = 400
	spread := 1 / math.Sqrt(df+df)
	from, to := -float64(9*spread)-float64(40/df), float64(9*spread)
	step := (to - from) / steps
	var total, weights sum
	for i := range steps + 1 {
		u := from + float64(float64(i)*step)
		s := exp(u)
		w := exp(float64(df * (u - float64((float64(s*s)-1)/2))))
		weights = weights.add(w)
		total = total.add(float64(w * Tail(float64(critical*s)-centre, math.Inf(1))))
	}
	return min(total.value()/weights.value(), 1)
}

// NeededUnpaired is the number of samples per side with which a one-sided test at alpha finds a true loss with the
// given power: (z_{1−alpha} + z_{power})²·(varC + varB)/loss², rounded up, at least 2. It is false where the
// question has no answer: loss or both variances not positive, alpha or power outside (0, 1), a power that
// alpha alone reaches, or a number beyond 2⁵³.
func NeededUnpaired(varC, varB, loss, alpha, power float64) (int, bool) {
	return needed(varC+varB, loss, alpha, power)
}

// NeededPaired is [NeededUnpaired] for pairs whose differences have variance varD.
func NeededPaired(varD, loss, alpha, power float64) (int, bool) {
	return needed(varD, loss, alpha, power)
}

func needed(variance, loss, alpha, power float64) (int, bool) {
	if !(variance > 0) || !(loss > 0) || !inUnit(alpha) || !inUnit(power) || power <= alpha {
		return 0, false
	}
	z := Quantile(power, math.Inf(1)) - Quantile(alpha, math.Inf(1))
	root := float64(z*math.Sqrt(variance)) / loss
	n := math.Ceil(float64(root * root))
	if !(n <= 1<<53) || n > math.MaxInt {
		return 0, false
	}
	return max(int(n), 2), true
}

func inUnit(p float64) bool { return p > 0 && p < 1 }
