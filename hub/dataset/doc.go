// Package dataset says how runs lie in a results dataset.
//
// One dataset belongs to one model:
//
//	data/test-00000-of-00001.parquet  config default: the scores of the current baseline
//	history/runs.parquet              config history: a row per recorded run, task and metric
//	runs/YYYY-MM/RUN-ID.parquet       config runs: the scores of every recorded run in long form, failed ones too
//	hubgate.json                      what the baseline is, how it is read, and who owns the dataset
//	README.md                         the card, which makes the three configs load by name
//
// [Baseline] finds the run to compare with, in such a dataset or in one that another tool wrote. [Publish] records a run in one
// commit that names its parent, and makes it the baseline where it has earned that. No other package knows these paths.
package dataset
