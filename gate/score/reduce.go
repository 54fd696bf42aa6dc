package score

import (
	"math"
	"strings"
)

// Reduce averages the trials of each sample, so that one row is one sample, as every test of independence needs.
// A sample is scored when at least one of its trials is; else its cause is that of the first trial.
// The table itself is returned when no sample has more than one trial.
func (t *Table) Reduce() *Table {
	if !t.repeats {
		return t
	}
	var starts []int // of each sample, in canonical order
	for k := range t.rows {
		if k == 0 || t.ID(t.Order(k)) != t.ID(t.Order(k-1)) {
			starts = append(starts, k)
		}
	}
	out := &Table{key: t.key, rows: len(starts), derived: t.derived, names: t.names}
	for s, k := range starts {
		row := t.Order(k)
		out.ids.add(t.ID(row))
		if t.groups != nil {
			out.groups = append(out.groups, t.groups[row])
		}
		if t.inputs != nil {
			out.inputs = append(out.inputs, t.inputs[row])
		}
		file, line := t.Source(row)
		if n := len(out.files); n == 0 || out.files[n-1].name != file {
			out.files = append(out.files, fileStart{name: file, row: s})
		}
		out.lines = append(out.lines, uint32(line)) //nolint:gosec // it came from a uint32
	}
	for _, c := range t.columns {
		out.columns = append(out.columns, t.reduceColumn(&c, starts))
	}
	return out
}

func (t *Table) reduceColumn(c *Column, starts []int) Column {
	out := Column{Metric: c.Metric, Values: make([]float64, len(starts))}
	var usable []float64 // of one sample's trials
	for s, k := range starts {
		end := t.rows
		if s+1 < len(starts) {
			end = starts[s+1]
		}
		usable = usable[:0]
		for ; k < end; k++ {
			if row := t.Order(k); c.Scored(row) {
				usable = append(usable, c.Values[row])
			}
		}
		if len(usable) > 0 {
			out.Values[s] = average(usable)
			continue
		}
		if out.Causes == nil {
			out.Causes = make([]Cause, len(starts))
		}
		out.Causes[s] = c.Causes[t.Order(starts[s])]
	}
	return out
}

// average returns the mean to the last digit, in whatever order the values come: trials that agree give their very score, and no
// two samples differ by rounding alone. The sum is Neumaier's (ZAMM 54, 1974).
func average(xs []float64) float64 {
	var sum, lost float64
	for _, x := range xs {
		next := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			lost += (sum - next) + x
		} else {
			lost += (x - next) + sum
		}
		sum = next
	}
	if math.IsInf(sum, 0) || math.IsNaN(sum) { // a partial sum left float64's range, which the mean does not
		const small = 0x1p-40
		scaled := make([]float64, len(xs))
		for i, x := range xs {
			scaled[i] = float64(x * small)
		}
		return average(scaled) / small
	}
	n := float64(len(xs))
	mean := sum / n
	return mean + (math.FMA(-mean, n, sum)+lost)/n
}

// Pairs says which rows of two reduced tables are the same sample.
// Candidate[k] and Baseline[k] are the rows of the k-th pair, in the order of their ids.
type Pairs struct {
	Candidate, Baseline         []int32
	OnlyCandidate, OnlyBaseline int
	Changed                     int // samples whose id is on both sides with another input text: not paired, and in both counts above
}

// Pair matches the samples of two tables by id and says how many stood alone on each side.
// Both must hold one row per sample, as [Table.Reduce] makes them. Without ids on both sides nothing pairs.
func Pair(candidate, baseline *Table) Pairs {
	var p Pairs
	if !candidate.Identified() || !baseline.Identified() {
		p.OnlyCandidate, p.OnlyBaseline = candidate.rows, baseline.rows
		return p
	}
	n := min(candidate.rows, baseline.rows)
	p.Candidate, p.Baseline = make([]int32, 0, n), make([]int32, 0, n)
	i, j := 0, 0
	for i < candidate.rows && j < baseline.rows {
		ci, bj := candidate.Order(i), baseline.Order(j)
		switch c := strings.Compare(candidate.ids.at(ci), baseline.ids.at(bj)); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			a, b := candidate.Input(ci), baseline.Input(bj)
			if a != b && a != (Fingerprint{}) && b != (Fingerprint{}) {
				p.Changed++
			} else {
				p.Candidate = append(p.Candidate, int32(ci)) //nolint:gosec // bounded by maxRows
				p.Baseline = append(p.Baseline, int32(bj))   //nolint:gosec // bounded by maxRows
			}
			i++
			j++
		}
	}
	p.OnlyCandidate = candidate.rows - len(p.Candidate)
	p.OnlyBaseline = baseline.rows - len(p.Baseline)
	return p
}
