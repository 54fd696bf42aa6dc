package cli_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// alpaca returns the path of a file that the AlpacaEval project published, and skips where they are not: they are not part of
// this repository.
func alpaca(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "alpaca_eval", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published files of AlpacaEval are not here")
	}
	return path
}

// alpacaReport is what the tests read of a report.json.
type alpacaReport struct {
	Models []struct {
		Findings []struct {
			Candidate struct {
				N        int
				Mean, SE float64
			}
			Outcome   *string
			Paired    *int
			DecidedBy *string  `json:"decided_by"`
			P         *float64 `json:"p"`
			Tests     map[string]struct {
				PWorse float64 `json:"p_worse"`
			}
		}
	}
}

// runAlpaca runs hubgate and returns its report and exit code.
func runAlpaca(t *testing.T, args ...string) (r alpacaReport, code int) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "hubgate", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code = cmd.ProcessState.ExitCode(); code > 2 {
		t.Fatalf("hubgate %v: exit code %d\n%s", args, code, out)
	}
	content, err := os.ReadFile(filepath.Join(dir, "hubgate-report", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Models) != 1 || len(r.Models[0].Findings) != 1 {
		t.Fatalf("hubgate %v: not one finding:\n%s", args, out)
	}
	return r, code
}

// near is the relative difference that the published numbers are met within.
const near = 1e-9

func TestAlpacaPublished(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(alpaca(t, "published.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, row := range rows[1:] {
		model, judge, n := row[0], row[1], row[2]
		rate, err := strconv.ParseFloat(row[4], 64)
		if err != nil {
			continue // nothing was published of this judge
		}
		se, err := strconv.ParseFloat(row[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		r, _ := runAlpaca(t, "describe", "--metrics", "preference", "--results", alpaca(t, model+"."+judge+".jsonl.gz"))
		got := r.Models[0].Findings[0].Candidate
		if strconv.Itoa(got.N) != n {
			t.Errorf("%s: n = %d, want %s", model, got.N, n)
		}
		if x := 100 * (got.Mean - 1); math.Abs(x-rate) > near*rate {
			t.Errorf("%s: win rate %v, published %v", model, x, rate)
		}
		if x := 100 * got.SE; math.Abs(x-se) > near*se {
			t.Errorf("%s: standard error %v, published %v", model, x, se)
		}
	}
	if checked < 8 {
		t.Errorf("%d published rows, want 8 at least", checked)
	}
}

// The annotations as the harness wrote them, a JSON array with the long texts, are the same scores.
func TestAlpacaRawAnnotations(t *testing.T) {
	t.Parallel()
	const judge = "weighted_alpaca_eval_gpt4_turbo"
	raw, _ := runAlpaca(t, "describe", "--metrics", "preference", "--model", "alpaca-7b",
		"--results", alpaca(t, "alpaca-7b.raw-annotations.json.gz"))
	lines, _ := runAlpaca(t, "describe", "--metrics", "preference", "--results", alpaca(t, "alpaca-7b."+judge+".jsonl.gz"))
	got, want := raw.Models[0].Findings[0].Candidate, lines.Models[0].Findings[0].Candidate
	if got != want {
		t.Errorf("the array gives %v, the lines %v", got, want)
	}
}

// Real pairs: two prompts of one model, and one model from two providers.
func TestAlpacaPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		candidate, baseline string
		flags               []string
		code                int
		outcome             string
	}{
		{"claude-2.1_concise", "claude-2.1", []string{"--max-loss", "0"}, 1, "regressed"},
		{"gpt-3.5-turbo-1106_concise", "gpt-3.5-turbo-1106", []string{"--max-loss", "0"}, 1, "regressed"},
		{"vicuna-13b-v1.5-togetherai", "vicuna-13b-v1.5", []string{"--max-loss", "0"}, 0, "inconclusive"},
		{"vicuna-13b-v1.5", "vicuna-13b-v1.5-togetherai", []string{"--max-loss", "0"}, 0, "inconclusive"},
		{"gpt-3.5-turbo-1106_verbose", "gpt-3.5-turbo-1106", []string{"--max-loss", "0"}, 0, "improved"},
		{"gpt-3.5-turbo-1106_verbose", "gpt-3.5-turbo-1106", nil, 0, "improved"},
		{"claude-2.1_concise", "claude-2.1", nil, 1, "regressed"},
		{"gpt-3.5-turbo-1106_concise", "gpt-3.5-turbo-1106", nil, 0, "held"},
	} {
		t.Run(c.candidate, func(t *testing.T) {
			t.Parallel()
			r, code := runAlpaca(t, append([]string{
				"check", "--metrics", "preference", "--results", alpacaFile(t, c.candidate), "--baseline", alpacaFile(t, c.baseline),
			}, c.flags...)...)
			f := r.Models[0].Findings[0]
			if code != c.code || *f.Outcome != c.outcome {
				t.Errorf("exit code %d, %s; want %d, %s", code, *f.Outcome, c.code, c.outcome)
			}
			if *f.Paired != 805 || *f.DecidedBy != "paired_t" {
				t.Errorf("%d pairs, decided by %s; want 805, by paired_t", *f.Paired, *f.DecidedBy)
			}
		})
	}
}

// Only pairing shows the second of them, and both tests are in the report.
func TestAlpacaPairingDecides(t *testing.T) {
	t.Parallel()
	r, _ := runAlpaca(t, "--metrics", "preference", "--max-loss", "0",
		"--results", alpacaFile(t, "gpt-3.5-turbo-1106_concise"), "--baseline", alpacaFile(t, "gpt-3.5-turbo-1106"))
	tests := r.Models[0].Findings[0].Tests
	if got := math.Round(1000*tests["paired_t"].PWorse) / 1000; got != 0.004 {
		t.Errorf("paired p is %v, want 0.004", got)
	}
	if got := math.Round(1000*tests["welch"].PWorse) / 1000; got != 0.075 {
		t.Errorf("Welch's p is %v, want 0.075", got)
	}
}

func alpacaFile(t *testing.T, model string) string {
	t.Helper()
	return alpaca(t, model+".weighted_alpaca_eval_gpt4_turbo.jsonl.gz")
}
