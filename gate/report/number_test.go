package report

import (
	"testing"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n int
		want string
	}{{0, 10, "0"}, {10, 10, "100"}, {1, 1000, "<1"}, {999, 1000, ">99"}, {1, 3, "33"}, {1, 8, "13"}, {0, 0, "0"}} {
		if got := percent(c.k, c.n); got != c.want {
			t.Errorf("percent(%d, %d) = %q, want %q", c.k, c.n, got, c.want)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    float64
		want string
	}{{1, "1"}, {0, "0"}, {-0.5, "−0.5"}, {1.0 / 3, "0.3333"}, {123456, "123456"}, {1e12, "1e+12"}, {1.5e-9, "1.5e-09"}} {
		if got := short(c.x); got != c.want {
			t.Errorf("short(%v) = %q, want %q", c.x, got, c.want)
		}
	}
}

func TestLinkRefuses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://example.org/a?b=c#d":  "[x](https://example.org/a?b=c#d)",
		"javascript:alert(1)":          "x",
		"https://example.org/) [y](z":  "x",
		"https://u:p@example.org/":     "x",
		"https://example.org/a b":      "x",
		"//example.org":                "x",
		"":                             "x",
		"https://example.org/<script>": "x",
		"https://example.org/\u202e":   "x",
		"ftp://example.org":            "x",
	} {
		if got := link("x", address); got != want {
			t.Errorf("link(%q) = %q, want %q", address, got, want)
		}
	}
}
