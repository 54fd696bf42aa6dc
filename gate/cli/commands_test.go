package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hubgate/hubgate/gate/report"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
)

// scores writes a scores file of samples q1, q2, ...: a row for each mark of its columns.
//
// A column is NAME=MARKS. Each character of MARKS is the score of one sample, '.' is a missing one, and blanks do not
// count. NAME=*VALUE is the same text in all rows. Where no column is called id there are ids; id=none leaves them out, and
// id=FIRST begins with another number. The file's extension says whether it is JSON lines or CSV.
func scores(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: scores FILE COLUMN=MARKS...")
	}
	t := table{first: 1}
	for _, arg := range args[1:] {
		ts.Check(t.add(arg))
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
	encode := t.jsonl
	if strings.HasSuffix(name, ".csv") {
		encode = t.csv
	}
	ts.Check(os.WriteFile(name, encode(), 0o600))
}

type table struct {
	first   int // number of the first sample; 0 without ids
	names   []string
	columns map[string]string
	texts   map[string]string
	rows    int
}

func (t *table) add(arg string) error {
	name, marks, ok := strings.Cut(arg, "=")
	if !ok {
		return fmt.Errorf("%q is not COLUMN=MARKS", arg)
	}
	if name == "id" {
		first, err := strconv.Atoi(marks)
		if t.first = first; marks == "none" {
			return nil
		}
		return err
	}
	t.names = append(t.names, name)
	if text, ok := strings.CutPrefix(marks, "*"); ok {
		if t.texts == nil {
			t.texts = map[string]string{}
		}
		t.texts[name] = text
		return nil
	}
	if t.columns == nil {
		t.columns = map[string]string{}
	}
	marks = strings.ReplaceAll(marks, " ", "")
	if t.rows > 0 && len(marks) != t.rows {
		return fmt.Errorf("%s has %d marks, not %d", name, len(marks), t.rows)
	}
	t.columns[name], t.rows = marks, len(marks)
	return nil
}

func (t *table) jsonl() []byte {
	var b bytes.Buffer
	for i := range t.rows {
		var fields []string
		if t.first > 0 {
			fields = append(fields, fmt.Sprintf(`"id": "q%d"`, t.first+i))
		}
		for _, name := range t.names {
			text, ok := t.texts[name]
			value := strconv.Quote(text)
			if !ok {
				value = string(t.columns[name][i])
			}
			if value == "." {
				value = "null"
			}
			fields = append(fields, fmt.Sprintf("%q: %s", name, value))
		}
		fmt.Fprintf(&b, "{%s}\n", strings.Join(fields, ", "))
	}
	return b.Bytes()
}

func (t *table) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := slices.Clone(t.names)
	if t.first > 0 {
		head = append([]string{"id"}, head...)
	}
	_ = w.Write(head)
	for i := range t.rows {
		var row []string
		if t.first > 0 {
			row = append(row, fmt.Sprintf("q%d", t.first+i))
		}
		for _, name := range t.names {
			if text, ok := t.texts[name]; ok {
				row = append(row, text)
				continue
			}
			row = append(row, strings.Trim(t.columns[name][i:i+1], "."))
		}
		_ = w.Write(row)
	}
	w.Flush() // to memory, which does not fail
	return b.Bytes()
}

// outcomes prints a report's decision, then a line per finding: model, task, metric, outcome, decision, what decided.
func outcomes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: outcomes FILE")
	}
	var r struct {
		Decision *string
		Models   []struct {
			Model    string
			Findings []struct {
				Task, Metric      string
				Outcome, Decision *string
				DecidedBy         *string `json:"decided_by"`
			}
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &r))
	show := func(s *string) string {
		if s == nil {
			return "-"
		}
		return cmp.Or(*s, "-")
	}
	fmt.Fprintln(ts.Stdout(), show(r.Decision))
	for _, m := range r.Models {
		for _, f := range m.Findings {
			fmt.Fprintln(ts.Stdout(), m.Model, cmp.Or(f.Task, "-"), f.Metric, show(f.Outcome), show(f.Decision), show(f.DecidedBy))
		}
		if len(m.Findings) == 0 {
			fmt.Fprintln(ts.Stdout(), m.Model, "without findings")
		}
	}
}

// jsonValue compares one value of a JSON file. A key is that of an object, an index of a list, or what an object in the list
// is called by its "model" or "metric". WANT is JSON or, where it is none, text; ~WANT is a number that is met to 1e-9.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: json FILE KEY... WANT")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	keys, text := args[1:len(args)-1], args[len(args)-1]
	for i, key := range keys {
		var ok bool
		if v, ok = member(v, key); !ok {
			ts.Fatalf("%s has no %s", args[0], strings.Join(keys[:i+1], " "))
		}
	}
	if same := equal(v, text); same == neg {
		got, err := json.Marshal(v)
		ts.Check(err)
		ts.Fatalf("%s of %s is %s, compared with %s", strings.Join(keys, " "), args[0], got, text)
	}
}

func equal(v any, text string) bool {
	if near, ok := strings.CutPrefix(text, "~"); ok {
		want, err := strconv.ParseFloat(near, 64)
		got, isNumber := v.(float64)
		return err == nil && isNumber && math.Abs(got-want) <= 1e-9*math.Abs(want)
	}
	var want any
	if json.Unmarshal([]byte(text), &want) != nil {
		want = text
	}
	a, err := json.Marshal(v)
	b, err2 := json.Marshal(want)
	return err == nil && err2 == nil && bytes.Equal(a, b)
}

func member(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		m, ok := v[key]
		return m, ok
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(v) {
			return v[i], true
		}
		i := slices.IndexFunc(v, func(item any) bool {
			m, _ := item.(map[string]any)
			return m["model"] == key || m["metric"] == key
		})
		if i >= 0 {
			return v[i], true
		}
	}
	return nil, false
}

var compileSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
})

func holdSchema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: schema FILE")
	}
	schema, err := compileSchema()
	ts.Check(err)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(schema.Validate(v))
}

// history prints a line for each row of a dataset's history.
func history(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: history HUB OWNER/NAME [REVISION]")
	}
	ctx := context.Background()
	st, at := resolve(ts, args)
	rows, err := dataset.History(ctx, st, at)
	ts.Check(err)
	for _, r := range rows {
		role := "recorded"
		switch {
		case r.Baseline:
			role = "baseline"
		case r.Replicate:
			role = "replicate"
		}
		if r.ReportOnly {
			role += " report-only"
		}
		mean := "-"
		if r.Mean != nil {
			mean = strconv.FormatFloat(*r.Mean, 'g', 6, 64)
		}
		fmt.Fprintln(ts.Stdout(), r.Time.UTC().Format("2006-01-02"), r.Metric, "n", r.N, "mean", mean, r.Outcome, r.Decision, role)
		blob, err := st.Open(ctx, at, r.Path)
		ts.Check(err)
		ts.Check(blob.Close())
	}
}

// head sets a variable to the commit that a revision of a dataset names now: head VARIABLE HUB OWNER/NAME [REVISION].
func head(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: head VARIABLE HUB OWNER/NAME [REVISION]")
	}
	_, at := resolve(ts, args[1:])
	ts.Setenv(args[0], at.ID)
}

// resolve opens a dataset at a revision: HUB OWNER/NAME [REVISION].
func resolve(ts *testscript.TestScript, args []string) (hub.Store, hub.Commit) {
	owner, name, _ := strings.Cut(args[1], "/")
	st, err := openHub(ts, args[0]).Open(context.Background(), hub.Repo{Owner: owner, Name: name})
	ts.Check(err)
	at, err := st.Resolve(context.Background(), append(slices.Clip(args), "main")[2])
	ts.Check(err)
	return st, at
}

// upload commits files to a dataset as another tool does, and makes it where it is not there: upload HUB OWNER/NAME
// [-PATH...] PATH=FILE... where -PATH is deleted.
func upload(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: upload HUB OWNER/NAME [-PATH...] PATH=FILE...")
	}
	ctx := context.Background()
	r, err := hub.ParseRepo(args[1])
	ts.Check(err)
	h := openHub(ts, args[0])
	st, err := h.Create(ctx, r)
	if errors.Is(err, hub.ErrExists) {
		st, err = h.Open(ctx, r)
	}
	ts.Check(err)
	at, err := st.Resolve(ctx, "main")
	if !errors.Is(err, hub.ErrNoRevision) {
		ts.Check(err)
	}
	c := hub.Change{Branch: "main", Parent: at.ID, Message: "Upload dataset", Time: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)}
	for _, arg := range args[2:] {
		if gone, ok := strings.CutPrefix(arg, "-"); ok {
			c.Delete = append(c.Delete, gone)
			continue
		}
		path, file, _ := strings.Cut(arg, "=")
		c.Put = append(c.Put, hub.Bytes(path, []byte(ts.ReadFile(file))))
	}
	_, err = st.Commit(ctx, c)
	ts.Check(err)
}

// digest sets a variable to the digest of the scores that a report is about: digest VARIABLE FILE.
func digest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digest VARIABLE FILE")
	}
	var r struct {
		Candidate struct{ SHA256 string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &r))
	ts.Setenv(args[0], r.Candidate.SHA256)
}

// spoil cuts the files in a folder of a dataset's main branch in half, where their bytes lie: spoil HUB OWNER/NAME FOLDER.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: spoil HUB OWNER/NAME FOLDER")
	}
	_, at := resolve(ts, args[:2])
	owner, name, _ := strings.Cut(args[1], "/")
	folder := filepath.Join(ts.MkAbs(args[0]), "datasets--"+owner+"--"+name, "snapshots", at.ID, args[2])
	ts.Check(filepath.WalkDir(folder, func(link string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		path, err := filepath.EvalSymlinks(link)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		return os.WriteFile(path, content[:len(content)/2], 0o600)
	}))
}

// replace changes a text in a file: replace FILE OLD NEW.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	content := ts.ReadFile(args[0])
	if !strings.Contains(content, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(content, args[1], args[2])), 0o600))
}
