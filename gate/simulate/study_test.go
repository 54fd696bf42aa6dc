package simulate

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "with HUBGATE_SIMULATE, write the tables anew, and docs/statistics.md with them")

// The tables as the last full study wrote them, and where they are shown.
var (
	tables   = filepath.Join("testdata", "tables.md")
	document = filepath.Join("..", "..", "docs", "statistics.md")
)

const (
	begin = "<!-- what follows is written by go test ./gate/simulate -update -->\n\n"
	end   = "\n<!-- end of what is written -->\n"
)

// seed of all studies.
const seed = 20260101

// A claim bounds a rate of some cells.
type claim struct {
	name   string
	cells  []Cell
	rate   func(Rates) float64
	lo, hi float64
}

func red(r Rates) float64 { return r.Red }

// claims are what the documentation says of the gate.
func claims() []claim {
	guardCost := func(r Rates) float64 { return r.Plain - r.Red }
	balanced := []Cell{like(high, 50, 50).with(loss(0.15, 0)), like(high, 100, 100).with(loss(0.15, 0))}
	return []claim{
		{"false alarms, unpaired", exchangeable(), red, 0, 0.065},
		{"false alarms, pairs", exchangeablePairs(), red, 0, 0.065},
		{"false alarms, groups", clustered(), red, 0.04, 0.065},
		{"false alarms, 18 metrics", families(), red, 0, 0.055},
		{"cost of the guard", balanced, guardCost, -0.01, 0.01},
		{"loss of 0.15 found in 100 pairs", []Cell{pairs(high, 100).with(loss(0.15, 0.05))}, red, 0.78, 1},
		{"held in spite of a loss far beyond max-loss", []Cell{like(high, 200, 200).with(loss(0.30, 0.05)), pairs(high, 200).with(loss(0.30, 0.05))},
			func(r Rates) float64 { return r.Held }, 0, 0.01},
	}
}

// hold checks a claim on one cell. Draws leave three standard errors open, which a full study does not need.
func (c claim) hold(t *testing.T, cell Cell, r Rates, errors float64) {
	t.Helper()
	x := c.rate(r)
	slack := errors * math.Sqrt(max(x*(1-x), 0.05*0.95)/float64(r.Runs))
	if x < c.lo-slack || x > c.hi+slack {
		t.Errorf("%s: %+v: %.4f, want %.3f to %.3f (±%.3f)", c.name, cell, x, c.lo, c.hi, slack)
	}
}

// The claims hold for a few draws of a few cells.
func TestClaims(t *testing.T) {
	t.Parallel()
	const draws = 150
	for _, c := range claims() {
		for _, cell := range c.cells {
			if cell.N[0]+cell.N[1] > 250 || cell.Series > 6 {
				continue // takes too long for an ordinary test
			}
			c.hold(t, cell, cell.Run(seed, draws, 0), 3.5)
		}
	}
}

// With HUBGATE_SIMULATE=1 all cells are drawn as often as the documentation says, which takes minutes.
func TestStudy(t *testing.T) {
	t.Parallel()
	if os.Getenv("HUBGATE_SIMULATE") == "" {
		t.Skip("takes minutes; set HUBGATE_SIMULATE=1")
	}
	s := NewStudy(seed, 10_000, func(c Cell, r Rates) { t.Logf("%+v: %+v", c, r) })
	for _, c := range claims() {
		for _, cell := range c.cells {
			r, ok := s[cell]
			if !ok {
				t.Errorf("%s: %+v is not in the study", c.name, cell)
				continue
			}
			c.hold(t, cell, r, 0)
		}
	}
	got := s.Markdown()
	if *update {
		write(t, tables, got)
		before, rest, _ := strings.Cut(read(t, document), begin)
		_, after, found := strings.Cut(rest, end)
		if !found {
			t.Fatalf("%s has no place for the tables", document)
		}
		write(t, document, before+begin+got+end+after)
		return
	}
	if diff := cmp.Diff(got, read(t, tables)); diff != "" {
		t.Errorf("got -, want +:\n%s\nrun again with -update if this is right", diff)
	}
}

// The documentation shows what the last full study wrote, and nothing else.
func TestDocumentShowsTables(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(read(t, document), begin)
	got, _, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no place for the tables", document)
	}
	if diff := cmp.Diff(got, read(t, tables)); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// Rates do not depend on the number of workers.
func TestRunIsRepeatable(t *testing.T) {
	t.Parallel()
	for _, c := range []Cell{like(high, 20, 40), pairs(ceiling, 30).with(groups).with(metrics(3)), like(mid, 20, 20).with(loss(0.4, 0.1))} {
		one, many := c.Run(7, 60, 1), c.Run(7, 60, 5)
		if one != many {
			t.Errorf("%+v: %+v with one worker, %+v with five", c, one, many)
		}
		if one == c.Run(8, 60, 5) && one.Red+one.Held > 0 {
			t.Errorf("%+v: another seed gives the very same rates", c)
		}
	}
}

// Populations have the means that cells put into them.
func TestShift(t *testing.T) {
	t.Parallel()
	for _, m := range []Mix{high, mid, ceiling, boolean, wide, narrow, skewed} {
		for _, want := range []float64{0, 0.05, 0.15} {
			if got := m.mean(0) - m.mean(m.shift(want)); math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: a shift for a loss of %v gives %v", m.Name, want, got)
			}
		}
	}
	if got, want := high.mean(0), 2.75; math.Abs(got-want) > 1e-12 {
		t.Errorf("mean of high: %v, want %v", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
