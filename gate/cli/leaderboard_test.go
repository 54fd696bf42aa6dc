package cli_test

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The models that AlpacaEval published are ranked in the order of their published win rates, with their published numbers, from
// what was recorded of them.
func TestAlpacaLeaderboard(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(alpaca(t, "published.csv"))
	if err != nil {
		t.Fatal(err)
	}
	published, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	hubgate := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "hubgate", append(args, "--hub", "hub", "--namespace", "acme", "--metrics", "preference")...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("hubgate %v: %v\n%s", args, err, out)
		}
	}
	rates := map[string][2]float64{}
	for _, row := range published[1:] {
		rate, err := strconv.ParseFloat(row[4], 64)
		if err != nil {
			continue // nothing was published of this judge
		}
		se, err := strconv.ParseFloat(row[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		rates[row[0]] = [2]float64{rate, se}
		hubgate("--publish", "always", "--results", alpaca(t, row[0]+"."+row[1]+".jsonl.gz"))
	}
	hubgate("leaderboard")
	content, err = os.ReadFile(filepath.Join(dir, "hubgate-report", "leaderboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Rankings []struct {
			Places []struct {
				Model    string
				Rank     []int
				Mean, SE float64
			}
		}
	}
	if err := json.Unmarshal(content, &board); err != nil {
		t.Fatal(err)
	}
	if len(board.Rankings) != 1 || len(board.Rankings[0].Places) != len(rates) {
		t.Fatalf("not one ranking of %d models: %+v", len(rates), board)
	}
	last := math.Inf(1)
	for i, p := range board.Rankings[0].Places {
		rate, se := rates[p.Model][0], rates[p.Model][1]
		if rate > last || math.Abs(100*(p.Mean-1)-rate) > near*rate || math.Abs(100*p.SE-se) > near*se {
			t.Errorf("place %d: %s has the win rate %v ± %v, published %v ± %v", i+1, p.Model, 100*(p.Mean-1), 100*p.SE, rate, se)
		}
		if p.Rank[0] > i+1 || p.Rank[1] < i+1 {
			t.Errorf("place %d has the rank %v", i+1, p.Rank)
		}
		last = rate
	}
}
