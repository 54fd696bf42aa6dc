package gate_test

import (
	"math"
	"testing"

	"github.com/hubgate/hubgate/gate"
)

func TestFormatP(t *testing.T) {
	t.Parallel()
	for p, want := range map[float64]string{
		0: "< 0.0001", 9.9e-5: "< 0.0001", 1e-4: "0.0001", 0.00034: "0.0003", 0.0013: "0.001", 0.0246: "0.025", 0.052: "0.052",
		0.13: "0.13", 0.5: "0.50", 1: "1.00",
	} {
		if got := gate.FormatP(p); got != want {
			t.Errorf("FormatP(%v) = %q, want %q", p, got, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v, unit      float64
		want, signed string
	}{
		{2.4149, 0.19, "2.41", "+2.41"},
		{-0.18, 0.19, "−0.18", "−0.18"},
		{-0.001, 0.19, "0.00", "0.00"},
		{0.001, 0.19, "0.00", "0.00"},
		{0, 0.19, "0.00", "0.00"},
		{12.34, 12, "12", "+12"},
		{1234.5, 99.7, "1234", "+1234"},
		{0.5, 0.00234, "0.5000", "+0.5000"},
		{0.5, 0, "0", "0"},
		{3.2, math.Inf(1), "3", "+3"},
		{1e300, 1, "1e+300", "+1e+300"},
		{-1e300, 1, "−1e+300", "−1e+300"},
		{1.5, 1e-300, "1.500000000000000", "+1.500000000000000"},
	} {
		if got := gate.FormatNumber(tt.v, tt.unit); got != tt.want {
			t.Errorf("FormatNumber(%v, %v) = %q, want %q", tt.v, tt.unit, got, tt.want)
		}
		if got := gate.FormatSigned(tt.v, tt.unit); got != tt.signed {
			t.Errorf("FormatSigned(%v, %v) = %q, want %q", tt.v, tt.unit, got, tt.signed)
		}
	}
}

// All numbers of a comparison have the same decimals, and a tolerance is never rounded to another.
func TestComparisonFormat(t *testing.T) {
	t.Parallel()
	c := measured(func(*gate.Comparison) {})
	if got := c.Format(2.5881) + " " + c.FormatSigned(0.1) + " " + c.Tolerance(); got != "2.59 +0.10 0.10" {
		t.Errorf("got %q", got)
	}
	c.MaxLoss = 0.0525
	if got := c.Tolerance(); got != "0.0525" {
		t.Errorf("tolerance %q, want 0.0525", got)
	}
	c.Decided = nil
	if got := c.Format(2.5881); got != "2.59" {
		t.Errorf("a tenth of the scale: %q, want 2.59", got)
	}
	c.Scale = nil
	c.Candidate.Mean, c.Baseline.Mean = 2410, 2590
	if got := c.Format(2588.12); got != "2588" {
		t.Errorf("a tenth of the means: %q, want 2588", got)
	}
}

func TestFormatPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		share  float64
		digits int
		want   string
	}{
		{0.9, 3, "90 %"}, {0.005, 3, "0.5 %"}, {1, 3, "100 %"}, {0, 3, "0 %"}, {0.9996, 3, "99.96 %"}, {0.9996, 4, "99.96 %"},
		{1 - 2e-9, 3, "99.9999998 %"}, {math.Nextafter(1, 0), 3, "99.99999999999999 %"},
	} {
		if got := gate.FormatPercent(tt.share, tt.digits); got != tt.want {
			t.Errorf("%v to %d digits: got %q, want %q", tt.share, tt.digits, got, tt.want)
		}
	}
}
