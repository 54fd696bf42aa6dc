package stat_test

import (
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate/stat"
)

func ExampleWelch() {
	candidate := stat.Of([]float64{3, 2, 2, 1, 3, 2, 2, 3, 1, 2})
	baseline := stat.Of([]float64{3, 3, 2, 3, 3, 2, 3, 3, 2, 3})
	test, err := stat.Welch(candidate, baseline, 0.9)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("difference %.2f, 90%% interval %.2f to %.2f\n", test.Diff, test.Lo, test.Hi)
	fmt.Printf("t %.3f with %.1f degrees of freedom, p (candidate worse) %.4f\n", test.T, test.DF, test.PWorse)
	// Output:
	// difference -0.60, 90% interval -1.09 to -0.11
	// t -2.151 with 15.5 degrees of freedom, p (candidate worse) 0.0238
}

// The same ten samples were scored in both runs: their differences tell more than the two unrelated means.
func ExamplePaired() {
	diffs := stat.Of([]float64{0, -1, 0, -1, 0, 0, -1, 0, -1, -1})
	test, err := stat.Paired(diffs, 0.9)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("difference %.2f, t %.0f with %.0f degrees of freedom, p (candidate worse) %.4f\n", test.Diff, test.T, test.DF, test.PWorse)
	// Output: difference -0.50, t -3 with 9 degrees of freedom, p (candidate worse) 0.0075
}

// Every score was 3 and every score is 2: there is no variance to divide by, and still a p-value.
func ExampleWelch_degenerate() {
	test, err := stat.Welch(stat.Of([]float64{2, 2, 2, 2}), stat.Of([]float64{3, 3, 3, 3}), 0.9)
	fmt.Printf("%v %.4f %v\n", test.Degenerate, test.PWorse, err)
	// Output: true 0.0143 <nil>
}

// Ten perfect scores say little about a run of a hundred with five slips, whatever Welch's test makes of their lack of variance.
func ExamplePermutation() {
	baseline := slices.Repeat([]float64{3}, 10)
	candidate := append(slices.Repeat([]float64{3}, 95), 2, 2, 2, 2, 1)
	test, err := stat.Welch(stat.Of(candidate), stat.Of(baseline), 0.9)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := stat.Permutation(candidate, baseline, stat.Resampling{Alpha: 0.05, Family: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("p %.3f alone, %.3f guarded\n", test.PWorse, test.Guarded(p).PWorse)
	// Output: p 0.017 alone, 0.308 guarded
}

// Six questions about three texts are three independent things and not six.
func ExampleClusteredPaired() {
	diffs := []float64{-1, -1, 0, -1, 0, 0}
	texts := []string{"a", "a", "b", "b", "c", "c"}
	test, err := stat.ClusteredPaired(stat.OfGroups(diffs, texts), 0.9)
	fmt.Printf("t %.3f with %.0f degrees of freedom, %v\n", test.T, test.DF, err)
	// Output: t -1.732 with 2 degrees of freedom, <nil>
}

func ExampleMcNemar() {
	test := stat.McNemar(8, 2) // eight samples broke, two were mended
	fmt.Printf("p %.3f\n", test.PWorse)
	// Output: p 0.033
}

// A true loss of up to 0.1 is tolerated. Non-inferiority asks whether a larger one is ruled out.
func ExampleTest_Against() {
	diffs := stat.Of([]float64{0, 0, -1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0})
	test, err := stat.Paired(diffs, 0.9)
	if err != nil {
		fmt.Println(err)
		return
	}
	shown, ok := test.Against(-0.1)
	fmt.Printf("p %.3f %v\n", shown.PBetter, ok)
	// Output: p 0.171 true
}

func ExampleMoments_Merge() {
	a, b := stat.Of([]float64{1, 2, 3}), stat.Of([]float64{3, 3})
	m := a.Merge(b)
	fmt.Println(m.N, m.Mean, m.Var(), m.Min, m.Max)
	// Output: 5 2.4 0.8 1 3
}

func ExampleHolm() {
	fmt.Println(stat.Holm([]float64{0.5, 0.0625, 0.125}))
	// Output: [0.5 0.1875 0.25]
}

func ExampleWilson() {
	lo, hi := stat.Wilson(10, 10, 0.9)
	fmt.Printf("%.3f to %.0f\n", lo, hi)
	// Output: 0.787 to 1
}

func ExampleQuartilesOf() {
	q, err := stat.QuartilesOf([]float64{4, 1, 3, 2})
	fmt.Println(q, err)
	// Output: {1 1.75 2.5 3.25 4} <nil>
}
