package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// A line is one row of the Handbook's dataset as JSON. Fields that a shape leaves out are nil.
type line struct {
	Instruction string `json:"instruction"`
	Output      string `json:"output,omitempty"`
	Answers     string `json:"answers,omitempty"`
	Evaluation  any    `json:"evaluation,omitempty"`
	Accuracy    *mark  `json:"accuracy,omitempty"`
	Style       *mark  `json:"style,omitempty"`
	Model       string `json:"model"`
}

type evaluation struct {
	Accuracy judgement `json:"accuracy"`
	Style    judgement `json:"style"`
}

type judgement struct {
	Analysis string `json:"analysis"`
	Score    mark   `json:"score"`
}

// placeholder stands for a bare NaN, which Python writes and encoding/json refuses.
const placeholder = `"\u0000NaN"`

func (m mark) MarshalJSON() ([]byte, error) {
	if m == "NaN" {
		return []byte(placeholder), nil
	}
	return []byte(m), nil
}

func (r row) line() line {
	return line{Instruction: instruction(r.sample), Output: reference(r.sample), Answers: r.answer, Evaluation: r.evaluation(),
		Accuracy: &r.accuracy, Style: &r.style, Model: r.model}
}

// evaluation returns the judge's reply, or a null where it could not be parsed.
func (r row) evaluation() any {
	if r.accuracy == null {
		return json.RawMessage("null")
	}
	return evaluation{judgement{analysis("accuracy", r.accuracy), r.accuracy}, judgement{analysis("style", r.style), r.style}}
}

// encode writes v as Python's json module would, bare NaN included.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.ReplaceAll(bytes.TrimSpace(b.Bytes()), []byte(placeholder), []byte("NaN"))
}

// jsonl writes rows one to a line, in full unless without drops something.
func jsonl(rows []row, without ...func(*line)) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		l := r.line()
		for _, drop := range without {
			drop(&l)
		}
		b.Write(encode(l))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func noScores(l *line) { l.Accuracy, l.Style = nil, nil }

func evaluationAsText(l *line) { l.Evaluation = string(encode(l.Evaluation)) }

func flat(l *line) { l.Evaluation, l.Output, l.Answers = nil, "", "" }

// shapes returns one small run, 40 samples of one model, by file name. Every file holds the same marks.
func shapes() (map[string][]byte, error) {
	rows := run(models[0], "baseline")[:40]
	rows[3].accuracy, rows[3].style = null, null
	rows[7].accuracy = "0"
	rows[11].accuracy = `"2"`

	flatCSV, err := table(',', rows, []string{"model", "instruction", "accuracy", "style"}, func(r row) [][]string {
		return [][]string{{r.model, instruction(r.sample), r.accuracy.cell(), r.style.cell()}}
	})
	if err != nil {
		return nil, err
	}
	wide, err := table('\t', rows, []string{"model", "sample_id", "accuracy", "style"}, func(r row) [][]string {
		return [][]string{{r.model, r.id(), r.accuracy.cell(), r.style.cell()}}
	})
	if err != nil {
		return nil, err
	}
	long, err := table(',', rows, []string{"model", "sample_id", "metric", "score"}, func(r row) [][]string {
		return [][]string{{r.model, r.id(), "accuracy", r.accuracy.cell()}, {r.model, r.id(), "style", r.style.cell()}}
	})
	if err != nil {
		return nil, err
	}
	gz, err := gzipped(flatCSV)
	if err != nil {
		return nil, err
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	structs, err := handbookParquet(rows)
	if err != nil {
		return nil, err
	}
	texts, err := textParquet(rows)
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSpace(jsonl(rows)), []byte("\n"))
	return map[string][]byte{
		"evaluation-struct.jsonl": jsonl(rows, noScores),
		"evaluation-text.jsonl":   jsonl(rows, noScores, evaluationAsText),
		"array.json":              array(lines),
		"long.csv":                long,
		"wide.tsv":                wide,
		"wide.csv.gz":             gz,
		"wide.jsonl.zst":          enc.EncodeAll(jsonl(rows, flat), nil),
		"handbook-test.parquet":   structs,
		"evaluation-text.parquet": texts,
	}, nil
}

func array(lines [][]byte) []byte {
	return fmt.Appendf(nil, "[\n%s\n]\n", bytes.Join(lines, []byte(",\n")))
}

func (r row) id() string { return fmt.Sprintf("s%03d", r.sample) }

// cell is a mark as CSV has it: nothing for a null, and no quotes around text.
func (m mark) cell() string {
	if m == null {
		return ""
	}
	return strings.Trim(string(m), `"`)
}

// number is a mark as a nullable Parquet double has it.
func (m mark) number() *float64 {
	f, err := strconv.ParseFloat(m.cell(), 64)
	if err != nil {
		return nil
	}
	return &f
}

func table(comma rune, rows []row, header []string, records func(row) [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = comma
	if err := w.Write(header); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := w.WriteAll(records(r)); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// gzipped leaves name and time out of the header.
func gzipped(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// parquetRow is the Handbook's schema as the datasets library writes it: everything nullable, scores as doubles.
type parquetRow struct {
	Instruction *string            `parquet:"instruction,optional"`
	Output      *string            `parquet:"output,optional"`
	Answers     *string            `parquet:"answers,optional"`
	Evaluation  *parquetEvaluation `parquet:"evaluation,optional"`
	Accuracy    *float64           `parquet:"accuracy,optional"`
	Style       *float64           `parquet:"style,optional"`
	Model       *string            `parquet:"model,optional"`
}

type parquetEvaluation struct {
	Accuracy *parquetJudgement `parquet:"accuracy,optional"`
	Style    *parquetJudgement `parquet:"style,optional"`
}

type parquetJudgement struct {
	Analysis *string  `parquet:"analysis,optional"`
	Score    *float64 `parquet:"score,optional"`
}

func handbookParquet(rows []row) ([]byte, error) {
	out := make([]parquetRow, len(rows))
	for i, r := range rows {
		l := r.line()
		out[i] = parquetRow{&l.Instruction, &l.Output, &l.Answers, nil, r.accuracy.number(), r.style.number(), &l.Model}
		if e, ok := l.Evaluation.(evaluation); ok {
			out[i].Evaluation = &parquetEvaluation{
				&parquetJudgement{&e.Accuracy.Analysis, e.Accuracy.Score.number()},
				&parquetJudgement{&e.Style.Analysis, e.Style.Score.number()},
			}
		}
	}
	return parquetFile(out)
}

type parquetTextRow struct {
	Instruction string  `parquet:"instruction"`
	Answers     string  `parquet:"answers"`
	Evaluation  *string `parquet:"evaluation,optional"`
	Model       string  `parquet:"model"`
}

func textParquet(rows []row) ([]byte, error) {
	out := make([]parquetTextRow, len(rows))
	for i, r := range rows {
		l := r.line()
		out[i] = parquetTextRow{l.Instruction, l.Answers, nil, l.Model}
		if e, ok := l.Evaluation.(evaluation); ok {
			text := string(encode(e))
			out[i].Evaluation = &text
		}
	}
	return parquetFile(out)
}

func parquetFile[T any](rows []T) ([]byte, error) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(&parquet.Snappy), parquet.CreatedBy("hubgate testdata", "1", "0"))
	if _, err := w.Write(rows); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}
