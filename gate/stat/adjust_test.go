package stat

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHolm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ p, want []float64 }{
		{nil, []float64{}},
		{[]float64{0.3}, []float64{0.3}},
		{[]float64{0.5, 0.0625, 0.125}, []float64{0.5, 0.1875, 0.25}},
		{[]float64{0.25, 0.25, 0.25}, []float64{0.75, 0.75, 0.75}}, // ties stay tied
		{[]float64{1, 0, 0.9}, []float64{1, 0, 1}},
	} {
		if got := Holm(c.p); !cmp.Equal(got, c.want) {
			t.Errorf("Holm(%v) = %v, want %v", c.p, got, c.want)
		}
	}
}

func TestHolmProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(21, 22))
	for range 200 {
		p := make([]float64, 1+rng.IntN(20))
		for i := range p {
			p[i] = rng.Float64()
		}
		adjusted := Holm(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > min(1, p[i]*float64(len(p))) {
				t.Fatalf("Holm(%v)[%d] = %v", p, i, adjusted[i])
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("Holm(%v) = %v changes the order", p, adjusted)
				}
			}
		}
	}
}

// The procedures order as their proofs do: Hochberg between no correction and Holm, Holm below Bonferroni.
func TestAdjustmentsOrder(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(23, 24))
	for range 200 {
		p := make([]float64, rng.IntN(20))
		for i := range p {
			p[i] = rng.Float64()
		}
		holm, hochberg, bh, bonferroni := Holm(p), Hochberg(p), BenjaminiHochberg(p), Bonferroni(p)
		for i := range p {
			if !(p[i] <= bh[i] && bh[i] <= hochberg[i] && hochberg[i] <= holm[i] && holm[i] <= bonferroni[i] && bonferroni[i] <= 1) {
				t.Errorf("p %v: Benjamini-Hochberg %v, Hochberg %v, Holm %v, Bonferroni %v", p[i], bh[i], hochberg[i], holm[i], bonferroni[i])
			}
		}
	}
}
