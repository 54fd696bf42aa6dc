package report_test

import (
	"fmt"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/report"
)

// TestMoves holds whose samples are shown: ten, shared by what did not pass, and of what passed only where room is left.
func TestMoves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		moves [3]int // of a regression, of another one, of what improved
		want  [3]int
	}{
		"one alone":         {[3]int{10, 0, 0}, [3]int{10, 0, 0}},
		"one that passed":   {[3]int{10, 0, 10}, [3]int{10, 0, 0}},
		"two":               {[3]int{10, 10, 10}, [3]int{5, 5, 0}},
		"a little":          {[3]int{10, 2, 10}, [3]int{8, 2, 0}},
		"room is left":      {[3]int{3, 0, 10}, [3]int{3, 0, 7}},
		"nothing regressed": {[3]int{0, 0, 10}, [3]int{0, 0, 10}},
	} {
		r := wide(1, true)
		r.Models[0].Findings = r.Models[0].Findings[:3]
		for i := range r.Models[0].Findings {
			f := &r.Models[0].Findings[i]
			f.MostMoved = nil
			for j := range c.moves[i] {
				f.MostMoved = append(f.MostMoved, gate.Move{ID: fmt.Sprint(i, j), Row: i})
			}
		}
		improved := &r.Models[0].Findings[2]
		improved.Outcome, improved.Decision = gate.Improved, gate.Pass
		var got [3]int
		for _, m := range report.Moves(r) {
			got[m.Row]++
		}
		if got != c.want {
			t.Errorf("%s: got %v of each, want %v", name, got, c.want)
		}
	}
}
