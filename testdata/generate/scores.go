package main

import (
	"fmt"
	"math"
)

// samples is the size of the Handbook's test split.
const samples = 334

// A model has a level per metric, as the two cuts of a standard normal latent quality that separate the scores 1, 2 and 3,
// and the shift of that quality that a run brought.
type model struct {
	id    string
	cuts  map[string][2]float64
	shift map[string]map[string]float64 // by run, by metric
	fault string                        // what the judge writes once, besides nulls and a zero
}

var models = []model{
	{
		id:    "acme/TwinLlama-3.1-8B",
		cuts:  map[string][2]float64{"accuracy": {-1.15, -0.05}, "style": {-1.0, 0.45}},
		shift: map[string]map[string]float64{"candidate": {"accuracy": -0.36}},
		fault: `"2"`,
	},
	{
		id:    "acme/TwinLlama-3.1-8B-DPO",
		cuts:  map[string][2]float64{"accuracy": {-1.2, -0.1}, "style": {-1.1, 0.2}},
		shift: map[string]map[string]float64{"candidate": {"style": 0.35}, "good": {"style": 0.35}},
		fault: "4",
	},
	{
		id:    "acme/Llama-3.1-8B-Instruct",
		cuts:  map[string][2]float64{"accuracy": {-1.4, -0.4}, "style": {-0.8, 0.6}},
		fault: "NaN",
	},
}

// A row is one scored sample. A mark is what the judge left as JSON: 1, 2 or 3, or something it should not have.
type row struct {
	sample          int
	model           string
	answer          string
	accuracy, style mark
}

type mark string

const null mark = "null"

// run judges every sample of a model once. Two runs share most of each sample's quality: enough for their marks, which are
// coarser, to correlate with about 0.7.
func run(m model, name string) []row {
	const shared = 0.93
	rows := make([]row, samples)
	quality, noise := source("quality", m.id), source("noise", m.id, name)
	score := func(metric string) mark {
		q := shared*quality.NormFloat64() + math.Sqrt(1-shared*shared)*noise.NormFloat64() + m.shift[name][metric]
		for i, cut := range m.cuts[metric] {
			if q < cut {
				return mark(fmt.Sprint(i + 1))
			}
		}
		return "3"
	}
	for i := range rows {
		rows[i] = row{sample: i, model: m.id, answer: answer(m.id, name, i), accuracy: score("accuracy"), style: score("style")}
	}
	breakJudge(m, name, rows)
	return rows
}

// breakJudge replaces the marks of a few samples: replies that did not parse leave nulls, one marks with 0 although the
// scale begins at 1, and one has the model's own fault.
func breakJudge(m model, name string, rows []row) {
	picked := source("faults", m.id, name).Perm(len(rows))
	for _, i := range picked[:3] {
		rows[i].accuracy, rows[i].style = null, null
	}
	rows[picked[3]].accuracy = "0"
	rows[picked[4]].accuracy = mark(m.fault)
}
