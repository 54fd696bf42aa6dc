package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hubgate/hubgate/gate"
)

// leaderboardSchemaID is the "schema" of every leaderboard that [LeaderboardSchema] describes.
const leaderboardSchemaID = "hubgate.leaderboard/1"

//go:embed leaderboard_schema.json
var leaderboardSchema []byte

// LeaderboardSchema returns the JSON Schema (2020-12) that every leaderboard of [LeaderboardJSON] satisfies.
func LeaderboardSchema() []byte { return slices.Clone(leaderboardSchema) }

// The layout of leaderboard.json: one struct per object, fields in the order of the keys.
type (
	leaderboardJSON struct {
		Schema     string        `json:"schema"`
		Tool       toolJSON      `json:"tool"`
		Hub        string        `json:"hub"`
		Namespace  string        `json:"namespace"`
		Alpha      number        `json:"alpha"`
		Correction string        `json:"correction"`
		MinSamples int           `json:"min_samples"`
		Level      number        `json:"level"`
		Rankings   []rankingJSON `json:"rankings"`
		Sets       []setJSON     `json:"sets"`
		Skipped    []skippedJSON `json:"skipped"`
	}
	rankingJSON struct {
		Task        string     `json:"task"`
		Metric      string     `json:"metric"`
		Direction   *string    `json:"direction"`
		Scale       *[2]number `json:"scale"`
		Fingerprint *string    `json:"fingerprint"`
		Family      int        `json:"family"`
		Places      []rankJSON `json:"places"`
		Absent      []string   `json:"absent"`
		Warnings    []string   `json:"warnings"`
	}
	rankJSON struct {
		Model       string        `json:"model"`
		Dataset     string        `json:"dataset"`
		Standing    string        `json:"standing"`
		Rank        *[2]int       `json:"rank"`
		N           int           `json:"n"`
		Missing     int           `json:"missing"`
		Mean        *number       `json:"mean"`
		SD          *number       `json:"sd"`
		SE          *number       `json:"se"`
		CI          *[2]number    `json:"ci"`
		PassFail    bool          `json:"pass_fail"`
		Fingerprint *string       `json:"fingerprint"`
		Scale       *[2]number    `json:"scale"`
		First       *contrastJSON `json:"to_first"`
		Above       *contrastJSON `json:"to_above"`
	}
	contrastJSON struct {
		Diff      number     `json:"diff"`
		CI        *[2]number `json:"ci"`
		P         number     `json:"p"`
		PAdjusted number     `json:"p_adjusted"`
		Apart     bool       `json:"apart"`
	}
	setJSON struct {
		Dataset    string         `json:"dataset"`
		Model      string         `json:"model"`
		Recorded   bool           `json:"recorded"`
		Run        *string        `json:"run"`
		Provenance provenanceJSON `json:"provenance"`
		Warnings   []string       `json:"warnings"`
	}
	skippedJSON struct {
		Dataset string `json:"dataset"`
		Reason  string `json:"reason"`
	}
)

// LeaderboardJSON renders leaderboard.json, as [LeaderboardSchema] describes it, under the same promises as [JSON].
func LeaderboardJSON(l gate.Leaderboard, tool Tool) ([]byte, error) {
	out := leaderboardJSON{
		Schema: leaderboardSchemaID, Tool: toolJSON(tool), Hub: l.Hub, Namespace: l.Namespace,
		Alpha: number(l.Policy.Alpha), Correction: l.Policy.Correction.String(), MinSamples: l.Policy.MinSamples, Level: number(1 - 2*l.Policy.Alpha),
		Rankings: make([]rankingJSON, 0, len(l.Rankings)), Sets: make([]setJSON, 0, len(l.Sets)), Skipped: make([]skippedJSON, 0, len(l.Skipped)),
	}
	for i := range l.Rankings {
		out.Rankings = append(out.Rankings, encodeRanking(&l.Rankings[i]))
	}
	for _, s := range l.Sets {
		out.Sets = append(out.Sets, setJSON{s.Dataset, s.Model, s.Recorded, known(s.Run), encodeProvenance(s.Provenance), texts(s.Warnings)})
	}
	for _, s := range l.Skipped {
		out.Skipped = append(out.Skipped, skippedJSON(s))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("encoding the leaderboard: %w", err)
	}
	return b.Bytes(), nil
}

func encodeRanking(r *gate.Ranking) rankingJSON {
	out := rankingJSON{
		Task: r.Task, Metric: r.Metric, Direction: known(r.Direction.String()), Scale: encodeScale(r.Scale), Fingerprint: known(r.Fingerprint),
		Family: r.Family, Places: make([]rankJSON, 0, len(r.Places)), Absent: texts(r.Absent), Warnings: texts(r.Warnings),
	}
	for i := range r.Places {
		out.Places = append(out.Places, encodePlace(&r.Places[i]))
	}
	return out
}

func encodePlace(p *gate.Place) rankJSON {
	out := rankJSON{
		Model: p.Model, Dataset: p.Dataset, Standing: p.Standing.String(), N: p.N, Missing: p.Missing, PassFail: p.PassFail,
		Fingerprint: known(p.Fingerprint), Scale: encodeScale(p.Hint.Scale), First: encodeContrast(p.Best), Above: encodeContrast(p.Above),
	}
	if p.Standing == gate.Ranked {
		out.Rank = &[2]int{p.First, p.Last}
	}
	if p.N > 0 {
		out.Mean = new(number(p.Mean))
	}
	if p.SD != nil && p.N > 1 {
		out.SD, out.SE = new(number(*p.SD)), new(number(p.SE))
	}
	if p.Interval {
		out.CI = &[2]number{number(p.Lo), number(p.Hi)}
	}
	return out
}

func encodeContrast(c *gate.Contrast) *contrastJSON {
	if c == nil {
		return nil
	}
	out := &contrastJSON{Diff: number(c.Diff), P: floor(c.P), PAdjusted: floor(c.PAdjusted), Apart: c.Apart}
	if c.Lo < c.Hi {
		out.CI = &[2]number{number(c.Lo), number(c.Hi)}
	}
	return out
}
