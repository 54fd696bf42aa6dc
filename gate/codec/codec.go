// Package codec turns files of scores into tables of scores.
//
// One sniff of a file's content picks one reader; readers are not tried in turn. Every reader streams rows into a
// [score.Builder] and forgets their texts: what a report or a dataset needs of them is read again from the file, later,
// by [Texts] or [WriteFlat].
//
// A file may be far away, behind a [Fetcher]. A Parquet file's footer says where the columns lie that a job needs: their
// ranges are fetched many at a time, neighbours as one, and nothing else is. Text is fetched in large blocks.
package codec

import (
	"io"

	"github.com/hubgate/hubgate/gate/score"
)

// A File is one file of scores. Content, which may be a [Fetcher], is read more than once.
type File struct {
	Name    string // as the user gave it, for messages; its extension breaks ties between formats
	Content io.ReaderAt
	Size    int64
}

// A Metric asks for one metric by the path of its column.
type Metric struct {
	Name string // what reports call it
	Path string // the column, or a dotted path into a struct or JSON text
}

// Matches reports whether the metric that reports call by this name is the one asked for. The path
// evaluation.accuracy.score without another name is that of accuracy.
func (m Metric) Matches(metric string) bool {
	return metric == m.Name || (m.Name == "" || m.Name == m.Path) && metric == metricName(m.Path)
}

// Options say how files are to be read. The zero value decides everything by content.
type Options struct {
	Format string // the name of one reader, or "" or "auto" to decide by content

	// The columns that hold these, as dotted paths; empty to go by common names. Where ID or Group is a column of input
	// texts, answers or explanations by its name, their fingerprints stand for them.
	ID, Model, Task, Group, Trial string

	Metrics []Metric // which metrics count; empty to decide by section "which columns are metrics" of the documentation
	ModelID string   // the model of results that carry none, or exactly one, which it replaces

	// Unnamed is the model of results that carry none and for which ModelID names none either; empty to refuse them.
	Unnamed string

	// Scale returns the scale that a policy declares for a metric. A score outside it is missing. May be nil.
	Scale func(metric string) (score.Scale, bool)

	// Inputs asks for fingerprints of input texts beside explicit ids, which costs reading the texts.
	Inputs bool

	// NoIDs says that samples need not be told apart, as where only means are wanted: a file that names its columns before
	// its rows, Parquet or CSV, is read without ids and input texts, which are most of the bytes that there are to fetch.
	// Samples then do not pair, and one that stands twice is not found out, neither as an error nor as a further trial of
	// the same input. Where there is a column of trials, ids are read all the same, to know which samples they are of.
	NoIDs bool

	// Progress is told now and then how many bytes of how many were read. May be nil.
	Progress func(read, total int64)
}

// Scores is what some files hold, merged into one run.
type Scores struct {
	Tables   []*score.Table
	Metrics  map[string]Fact // by metric
	Format   string          // of the first file: "handbook", "jsonl", "json", "csv", "tsv", "parquet"
	Flat     bool            // every file is a table with one row per sample, which WriteFlat can keep as it is
	Log      []string        // what was taken for what, and what was not taken: a sentence each
	Warnings []string
}

// A Fact is what reading told about a metric.
type Fact struct {
	Path  string       // the column, or dotted path, that it was read from
	Scale *score.Scale // known by format; nil when unknown
	Cost  bool         // its name means time, cost, tokens or length: lower is better, and not a quality
}

// A Place is where a sample stands: a file and a 1-based line or row in it.
type Place struct {
	File string
	Row  int
}

// A Text is what people read of a sample: what was asked, what was answered, what the judge said of it.
type Text struct{ Input, Answer, Explanation string }
