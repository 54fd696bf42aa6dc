package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
)

// Of real scores, split at random, no more are red than alpha says.
func TestAlpacaCalibration(t *testing.T) {
	t.Parallel()
	path := alpacaFile(t, "claude-2.1")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	files := []codec.File{{Name: path, Size: info.Size(), Content: f}}
	scores, err := codec.Read(t.Context(), files, codec.Options{Metrics: []codec.Metric{{Path: "preference"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := gate.DefaultPolicy()
	p.Defaults.MaxLoss = &gate.Loss{}
	c, err := gate.Calibrate(t.Context(), gate.Run{Tables: scores.Tables}, nil, p, gate.CalibrationOptions{Replays: 150})
	if err != nil {
		t.Fatal(err)
	}
	holdAlarms(t, c.Alarms.Count, c.Alarms.Of)
}

// holdAlarms wants the 95 % interval of a rate to include alpha or to lie below.
func holdAlarms(t *testing.T, count, of int) {
	t.Helper()
	if lo, hi := (gate.Rate{Count: count, Of: of}).Interval(); lo > 0.05 || count == 0 {
		t.Errorf("%d of %d splits are red: %.4f to %.4f", count, of, lo, hi)
	}
}

// The command says the same of 2,000 splits of each model.
func TestAlpacaCalibrate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	for _, model := range []string{"alpaca-7b", "claude-2.1", "gpt-3.5-turbo-1106", "vicuna-13b-v1.5"} {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "hubgate", "calibrate", "--metrics", "preference", "--max-loss", "0", "--results", alpacaFile(t, model))
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		content, err := os.ReadFile(filepath.Join(dir, "hubgate-report", "calibration.json"))
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Alarms struct{ Count, Of int } `json:"false_alarms"`
			Series []struct {
				Samples  int
				MDE      float64
				Smallest *float64 `json:"smallest_loss_found"`
			}
		}
		if err := json.Unmarshal(content, &c); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d of %d red", model, c.Alarms.Count, c.Alarms.Of)
		if c.Alarms.Of != 2000 || len(c.Series) != 1 || c.Series[0].Samples != 805 {
			t.Fatalf("%s: %s", model, content)
		}
		holdAlarms(t, c.Alarms.Count, c.Alarms.Of)
		// What is found eight times in ten is what the formula says, as far as so few replays of each size can tell.
		if s := c.Series[0]; s.Smallest == nil || *s.Smallest < 0.8*s.MDE || *s.Smallest > 1.2*s.MDE {
			t.Errorf("%s: the smallest loss found is %v, by formula %v", model, s.Smallest, s.MDE)
		}
	}
}
