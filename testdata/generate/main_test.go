package main

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/hubgate/hubgate/gate/stat"
)

// The committed files are what the program writes.
func TestFilesAreCurrent(t *testing.T) {
	t.Parallel()
	dir, committed := t.TempDir(), filepath.Join("..", "scores", "handbook")
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(committed, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is committed; run go run ./testdata/generate", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files != 18 {
		t.Errorf("%d files, want 18", files)
	}
}

func TestInstructionsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range samples {
		text := instruction(i)
		if j, twice := seen[text]; twice {
			t.Errorf("samples %d and %d both ask %q", j, i, text)
		}
		seen[text] = i
	}
}

// pair returns the marks within the scale that a model's samples have in two runs.
func pair(m model, metric, run1, run2 string) (xs, ys []float64) {
	marks := func(r row) *float64 {
		n := map[string]mark{"accuracy": r.accuracy, "style": r.style}[metric].number()
		if n == nil || !(*n >= 1 && *n <= 3) {
			return nil
		}
		return n
	}
	b := run(m, run2)
	for i, r := range run(m, run1) {
		if x, y := marks(r), marks(b[i]); x != nil && y != nil {
			xs, ys = append(xs, *x), append(ys, *y)
		}
	}
	return xs, ys
}

// What the package comment says of the scores holds.
func TestScores(t *testing.T) {
	t.Parallel()
	const llama, dpo, instruct = "acme/TwinLlama-3.1-8B", "acme/TwinLlama-3.1-8B-DPO", "acme/Llama-3.1-8B-Instruct"
	type series struct{ model, metric, run string }
	moved := map[series][2]float64{ // bounds of the difference to the baseline
		{llama, "accuracy", "candidate"}: {-0.25, -0.17},
		{dpo, "style", "candidate"}:      {0.12, 0.25},
		{dpo, "style", "good"}:           {0.12, 0.25},
	}
	for _, m := range models {
		for _, metric := range []string{"accuracy", "style"} {
			for _, run := range []string{"candidate", "good"} {
				xs, ys := pair(m, metric, run, "baseline")
				diffs := make([]float64, len(xs))
				for i := range xs {
					diffs[i] = xs[i] - ys[i]
				}
				d := stat.Of(diffs)
				z := d.Mean / math.Sqrt(d.Var()/float64(d.N))
				r := correlation(xs, ys)
				t.Logf("%-27s %-8s %-9s n %d baseline %.3f diff %+.3f z %+.2f r %.2f", m.id, metric, run, d.N, stat.Of(ys).Mean, d.Mean, z, r)
				if r < 0.63 || r > 0.80 {
					t.Errorf("%s %s %s: correlation with the baseline is %.2f, want about 0.7", m.id, metric, run, r)
				}
				bounds, ok := moved[series{m.id, metric, run}]
				switch {
				case ok && (d.Mean < bounds[0] || d.Mean > bounds[1] || math.Abs(z) < 4):
					t.Errorf("%s %s %s moved by %.3f (z %.1f), want within %v and z beyond 4", m.id, metric, run, d.Mean, z, bounds)
				case !ok && math.Abs(z) > 1.6:
					t.Errorf("%s %s %s moved by %.3f (z %.1f), want noise", m.id, metric, run, d.Mean, z)
				}
			}
		}
	}
}

func correlation(xs, ys []float64) float64 {
	x, y := stat.Of(xs), stat.Of(ys)
	sum := 0.0
	for i := range xs {
		sum += (xs[i] - x.Mean) * (ys[i] - y.Mean)
	}
	return sum / math.Sqrt(x.M2*y.M2)
}
