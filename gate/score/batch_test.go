package score_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hubgate/hubgate/gate/score"
)

// A batch is its samples, one after the other: the same tables come out, in the same order of rows and of ids.
func TestAddBatchIsAddForEachSample(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var rows, batches score.Builder
		noIDs, after := rng.IntN(5) == 0, rng.IntN(2) == 0
		for row := 1; row < 200; {
			if rng.IntN(6) == 0 {
				name := fmt.Sprint("f", row)
				rows.File(name)
				batches.File(name)
			}
			if after && rng.IntN(9) == 0 { // a sample that only Add can take
				s := score.Sample{Key: score.Key{Model: "m0"}, ID: fmt.Sprint("t", row), Trial: 1, Group: "g", Row: row,
					Scores: []score.Value{{Metric: "late", Score: 1}}}
				if err := errors.Join(rows.Add(s), batches.Add(s)); err != nil {
					t.Fatal(err)
				}
				row++
			}
			b := randomBatch(rng, row, noIDs)
			if err := batches.AddBatch(&b); err != nil {
				t.Fatal(err)
			}
			for i := range b.IDs {
				s := score.Sample{Key: b.Keys[b.Key[i]], ID: b.IDs[i], Row: row}
				for _, m := range b.Scores {
					s.Scores = append(s.Scores, score.Value{Metric: m.Metric, Score: m.Values[i], Cause: m.Causes[i]})
				}
				if err := rows.Add(s); err != nil {
					t.Fatal(err)
				}
				row++
			}
		}
		want, err := rows.Build()
		if err != nil {
			t.Fatal(err)
		}
		got, err := batches.Build()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(show(want), show(got)); diff != "" {
			t.Fatalf("seed %d: tables differ (-Add +AddBatch):\n%s", seed, diff)
		}
	}
}

func randomBatch(rng *rand.Rand, first int, noIDs bool) score.Batch {
	b := score.Batch{First: first, Left: rng.IntN(1000)}
	for k := range 1 + rng.IntN(3) {
		b.Keys = append(b.Keys, score.Key{Model: fmt.Sprint("m", k)})
	}
	n := rng.IntN(20)
	for m := range 1 + rng.IntN(3) {
		s := score.BatchScores{Metric: fmt.Sprint("metric", m)}
		for range n {
			cause := score.Cause(max(0, rng.IntN(12)-6))
			s.Causes = append(s.Causes, cause)
			v := 0.0
			if cause == score.Scored {
				v = rng.NormFloat64()
			}
			s.Values = append(s.Values, v)
		}
		b.Scores = append(b.Scores, s)
	}
	for i := range n {
		b.Key = append(b.Key, int32(rng.IntN(len(b.Keys))))
		id := fmt.Sprintf("%d-%d", rng.IntN(1000), first+i)
		if rng.IntN(2) == 0 {
			id = "a long prefix in common " + id
		}
		if noIDs && rng.IntN(4) == 0 {
			id = ""
		}
		b.IDs = append(b.IDs, id)
	}
	return b
}

// show spells tables row by row, in both orders.
func show(tables []*score.Table) []string {
	out := []string{score.SHA256(tables)}
	for _, t := range tables {
		for i := range t.Len() {
			file, row := t.Source(i)
			line := fmt.Sprintf("%s %s:%d %q %d %q", t.Key(), file, row, t.ID(i), t.Trial(i), t.Group(i))
			for _, c := range t.Columns() {
				line += fmt.Sprintf(" %s=%v", c.Metric, c.Values[i])
				if !c.Scored(i) {
					line += c.Causes[i].String()
				}
			}
			out = append(out, line, fmt.Sprint(t.Order(i)))
		}
	}
	return out
}

// A score that is not finite needs a cause, one by one or in batches.
func TestAddBatchRefusesWhatAddRefuses(t *testing.T) {
	t.Parallel()
	var b score.Builder
	inf := math.Inf(1)
	err := b.AddBatch(&score.Batch{Keys: []score.Key{{}}, Key: []int32{0}, IDs: []string{"a"}, First: 7,
		Scores: []score.BatchScores{{Metric: "m", Values: []float64{inf}, Causes: []score.Cause{score.Scored}}}})
	if err == nil {
		t.Error("no error for an infinite score without a cause")
	}
}
