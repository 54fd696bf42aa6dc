package report

import (
	"fmt"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/stat"
)

func encodeTests(out *findingJSON, f *gate.Finding) error {
	for _, t := range f.Tests {
		j := encodeTest(t, f.Criterion.Direction)
		switch t.Method {
		case stat.WelchT:
			out.Tests.Welch = j
		case stat.PairedT:
			j.N = new(t.N[0])
			out.Tests.PairedT = j
		case stat.ClusteredT:
			j.Groups = new(t.Groups[0])
			if f.GroupedPairs {
				j.N = new(t.N[0])
			} else {
				j.GroupsBaseline = new(t.Groups[1])
			}
			out.Tests.Clustered = j
		default:
			return fmt.Errorf("report.json has no name for the test %v", t.Method)
		}
	}
	for _, c := range f.Companions {
		j := &companionJSON{c.N, number(c.Statistic), floor(turned(c.PWorse, c.PBetter, f.Criterion.Direction)), floor(c.PTwoSided), c.Exact}
		switch c.Method {
		case stat.McNemarMidP:
			out.Tests.McNemar = j
		case stat.SignedRank:
			out.Tests.Wilcoxon = j
		default:
			return fmt.Errorf("report.json has no name for the test %v", c.Method)
		}
	}
	encodeOthers(&out.Tests, f)
	return nil
}

// encodeOthers fills in what is neither a t-test of the difference nor a test of pairs.
func encodeOthers(out *testsJSON, f *gate.Finding) {
	d := f.Criterion.Direction
	if g := f.Permutation; g != nil {
		out.Permutation = &permutationJSON{number(turned(g.PWorse, g.PBetter, d)), g.Exact, g.Resamples}
	}
	if t := f.NonInferior; t != nil {
		p, log10 := encodeP(turned(t.PBetter, t.PWorse, d), turned(t.Log10PBetter, t.Log10PWorse, d))
		out.NonInferiority = &marginJSON{number(f.MaxLoss), number(t.T), number(t.DF), p, log10}
	}
	if f.MissingRate != nil {
		out.MissingRate = &missingRateJSON{number(*f.MissingRate)}
	}
	if s := f.BetweenRuns; s != nil {
		out.BetweenRuns = &betweenJSON{s.Runs, number(s.Mean), number(s.SD), number(s.Change), f.Within()}
	}
}

// turned is the p-value for "the candidate is worse" of those for a lower and a higher candidate.
func turned(lower, higher float64, d gate.Direction) float64 {
	if d == gate.Lower {
		return higher
	}
	return lower
}

// encodeTest turns a test's p-values by the metric's direction; differences keep the sign of candidate − baseline.
func encodeTest(t stat.Test, d gate.Direction) *testJSON {
	out := &testJSON{Diff: number(t.Diff), SE: number(t.SE), CI: [2]number{number(t.Lo), number(t.Hi)}}
	if !t.Degenerate {
		out.T, out.DF = new(number(t.T)), new(number(t.DF))
	}
	out.PWorse, out.Log10PWorse = encodeP(worse(t, d), log10Worse(&t, d))
	out.PTwoSided, out.Log10PTwoSided = encodeP(t.PTwoSided, t.Log10PTwoSided)
	return out
}

func log10Worse(t *stat.Test, d gate.Direction) float64 {
	return turned(t.Log10PWorse, t.Log10PBetter, d)
}

func encodeShift(s *stat.Shift) *shiftJSON {
	if s == nil {
		return nil
	}
	return &shiftJSON{s.Method.String(), number(s.Statistic), floor(s.P), s.Exact, s.Resamples}
}

func encodeWorst(f *gate.Finding) *worstJSON {
	if f.Worst == nil {
		return nil
	}
	t := f.Worst.Test
	return &worstJSON{number(t.Diff), [2]number{number(t.Lo), number(t.Hi)}, floor(f.Worst.PAdjusted), known(f.AtWorst.String())}
}

func encodeSlices(slices []gate.Slice) []sliceJSON {
	out := make([]sliceJSON, 0, len(slices))
	for _, s := range slices {
		j := sliceJSON{Group: s.Group, Loss: number(s.Loss)}
		for side, part := range []*partJSON{&j.Candidate, &j.Baseline} {
			if part.N = s.N[side]; part.N > 0 {
				part.Mean = new(number(s.Means[side]))
			}
		}
		out = append(out, j)
	}
	return out
}

func encodeNoise(n *stat.Noise) *noiseJSON {
	if n == nil {
		return nil
	}
	return &noiseJSON{n.Samples, number(n.Within), number(n.Share)}
}
