package gate

import (
	"math"
	"strconv"
	"strings"
)

// minus is U+2212, which is as wide as a plus and does not break from its number.
const minus = "−"

// FormatP formats a p-value to the digits that anyone should read in it: "0.25", "0.025", "0.0003", "< 0.0001".
func FormatP(p float64) string {
	switch {
	case p < 0.0001:
		return "< 0.0001"
	case p < 0.001:
		return strconv.FormatFloat(p, 'f', 4, 64)
	case p < 0.1:
		return strconv.FormatFloat(p, 'f', 3, 64)
	}
	return strconv.FormatFloat(p, 'f', 2, 64)
}

// FormatNumber formats v to the decimals in which unit has two significant digits: 2.4149 in units of 0.19 is "2.41", in
// units of 12 it is "2". A unit that is not positive counts as 1. Negative numbers have a minus sign, which is not a
// hyphen; what rounds to zero has none.
func FormatNumber(v, unit float64) string {
	if math.Abs(v) >= 1e15 {
		return dash(strconv.FormatFloat(v, 'g', 3, 64))
	}
	s := strconv.FormatFloat(v, 'f', decimals(unit), 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return dash(s)
}

// FormatSigned is [FormatNumber] with a plus before what is above zero.
func FormatSigned(v, unit float64) string {
	s := FormatNumber(v, unit)
	if v > 0 && strings.Trim(s, "0.") != "" {
		return "+" + s
	}
	return s
}

// Format formats a number in the metric's units: as many decimals as the interval of the difference has use for. Report and
// reasons use it, so that they agree to the digit.
func (c Comparison) Format(v float64) string { return FormatNumber(v, c.unit()) }

// FormatSigned is [Comparison.Format] with a plus before what is above zero.
func (c Comparison) FormatSigned(v float64) string { return FormatSigned(v, c.unit()) }

// Tolerance formats MaxLoss with the decimals of [Comparison.Format], and more where these would round it.
func (c Comparison) Tolerance() string { return c.limit(c.MaxLoss, 3) }

// limit formats a bound with that many significant digits where the decimals of its neighbours show fewer.
func (c Comparison) limit(v float64, digits int) string {
	s, exact := c.Format(v), shortest(v, digits)
	if fraction(exact) > fraction(s) {
		return exact
	}
	return s
}

// fraction counts the decimals of a formatted number.
func fraction(s string) int {
	_, after, _ := strings.Cut(s, ".")
	return len(after)
}

// unit is the size by which the comparison's numbers are rounded.
func (c Comparison) unit() float64 {
	if lo, hi, ok := c.LossBounds(); ok {
		return clamp(hi - lo)
	}
	if c.Scale != nil {
		return clamp(c.Scale.Width()) / 10
	}
	largest := 0.0
	for _, s := range []*Summary{c.Candidate, c.Baseline} {
		if s != nil && s.N > 0 {
			largest = max(largest, math.Abs(s.Mean))
		}
	}
	return largest / 10
}

// decimals returns the number of decimals in which unit has two significant digits. It reads them off unit's decimal form,
// since logarithms may differ in their last bit between machines.
func decimals(unit float64) int {
	if !(unit > 0) {
		return 0
	}
	s := strconv.FormatFloat(unit, 'e', 1, 64)
	exponent, err := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	if err != nil { // an infinity
		return 0
	}
	return min(max(1-exponent, 0), 15)
}

// shortest formats v to that many significant digits, −1 for all, without trailing zeros. Digits before the point are never
// dropped.
func shortest(v float64, digits int) string {
	short := strconv.FormatFloat(v, 'g', digits, 64)
	if strings.Contains(short, "e+") {
		return FormatNumber(v, 1)
	}
	return dash(short)
}

// dash gives a negative number its minus sign.
func dash(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return minus + rest
	}
	return s
}

// FormatPercent writes a share to some significant digits: "90 %", "0.5 %". What is not all does not look so: "99.9999998 %".
func FormatPercent(share float64, digits int) string {
	s := strconv.FormatFloat(share*100, 'g', digits, 64)
	for share < 1 && s == "100" && digits < 17 {
		digits++
		s = strconv.FormatFloat(share*100, 'g', digits, 64)
	}
	return s + " %"
}

func percent(share float64) string { return FormatPercent(share, 3) }
