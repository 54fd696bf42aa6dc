package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/hubgate/hubgate/gate"
)

// Numbers of a comparison are written by [gate.Comparison.Format] and its sisters, so that pages and reasons agree to the
// digit. What is here writes the rest.

// signedRange writes the bounds of a difference.
func (l line) signedRange(lo, hi float64) string {
	return "[" + l.FormatSigned(lo) + ", " + l.FormatSigned(hi) + "]"
}

// beyond writes x, which lies beyond a limit, with as many digits as it takes to see that.
func (l line) beyond(x float64, limit string) string {
	s := l.Format(x)
	for digits := 3; s == limit && digits <= 17; digits++ {
		s = significant(x, digits)
	}
	return s
}

// limit writes a bound that someone chose, with no digit of it rounded away.
func (l line) limit(x float64) string {
	s, exact := l.Format(x), significant(x, 6)
	if _, after, _ := strings.Cut(exact, "."); len(after) > len(s)-strings.IndexByte(s+".", '.')-1 {
		return exact
	}
	return s
}

// short writes a number by itself, such as a level or a quartile, with up to four significant digits.
func short(x float64) string { return significant(x, 4) }

func significant(x float64, digits int) string {
	t := strconv.FormatFloat(x, 'g', digits, 64)
	if strings.Contains(t, "e+") && math.Abs(x) < 1e9 {
		t = strconv.FormatFloat(x, 'f', 0, 64)
	}
	if t == "-0" {
		t = "0"
	}
	if rest, negative := strings.CutPrefix(t, "-"); negative {
		return "−" + rest
	}
	return t
}

// equals writes a p-value as a clause: "p = 0.005", "p < 0.0001".
func equals(p float64) string {
	t := gate.FormatP(p)
	if strings.HasPrefix(t, "<") {
		return "p " + t
	}
	return "p = " + t
}

// percent writes a share of a count in whole per cent, without the sign; what is not all or nothing does not look so.
func percent(k, n int) string {
	switch whole := (200*k + n) / (2 * max(n, 1)); {
	case k > 0 && whole == 0:
		return "<1"
	case k < n && whole == 100:
		return ">99"
	default:
		return strconv.Itoa(whole)
	}
}

// hundredths writes a proportion, such as a level or a cap, in per cent.
func hundredths(x float64) string {
	return gate.FormatPercent(x, 4)
}

// wholePercent writes a share in whole per cent.
func wholePercent(x float64) string { return strconv.FormatFloat(100*x, 'f', 0, 64) + " %" }

// A summaryText is a summary in text, with two significant digits of the standard error.
type summaryText struct {
	mean, se, interval, sd string
	five                   [5]string // minimum, quartiles, maximum
}

func summaryCells(s *gate.Summary) summaryText {
	if s.N == 0 {
		return summaryText{mean: "–"}
	}
	unit := ownUnit(s)
	if s.Interval && s.N > 1 && s.SE > 0 {
		unit = s.SE
	}
	t := summaryText{mean: gate.FormatNumber(s.Mean, unit)}
	if s.Interval {
		t.interval = bounds(s, unit)
	}
	if s.Interval && s.N > 1 {
		t.se, t.sd = gate.FormatNumber(s.SE, unit), gate.FormatNumber(s.SD, unit)
	}
	for i, x := range fiveNumbers(s) {
		t.five[i] = short(x)
	}
	return t
}
