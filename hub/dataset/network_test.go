package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// answer is a row as the LLM Engineer's Handbook leaves it, about 3 KB of which 30 bytes are marks.
type answer struct {
	Instruction string `parquet:"instruction"`
	Output      string `parquet:"output"`
	Answers     string `parquet:"answers"`
	Evaluation  string `parquet:"evaluation"`
	Accuracy    *int64 `parquet:"accuracy,optional"`
	Style       *int64 `parquet:"style,optional"`
	Model       string `parquet:"model,dict"`
	ID          string `parquet:"id"`
}

const groups = 100 // row groups of the large baseline

// largeBaseline returns a Parquet file of 100 row groups.
func largeBaseline(tb testing.TB, rowsPerGroup int) []byte {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var prose []byte // of few words, so that it compresses as answers do
	words := make([][]byte, 500)
	for i := range words {
		words[i] = make([]byte, 3+rng.IntN(9))
		for k := range words[i] {
			words[i][k] = byte('a' + rng.IntN(26))
		}
	}
	for len(prose) < 1<<20 {
		prose = append(append(prose, words[rng.IntN(len(words))]...), ' ')
	}
	text := func(n int) string {
		at := rng.IntN(len(prose) - n)
		return string(prose[at : at+n])
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[answer](&b, parquet.MaxRowsPerRowGroup(int64(rowsPerGroup)), parquet.Compression(&parquet.Snappy))
	rows := make([]answer, rowsPerGroup)
	for g := range groups {
		for i := range rows {
			accuracy, style := int64(1+rng.IntN(3)), int64(1+rng.IntN(3))
			rows[i] = answer{
				Instruction: text(200), Output: text(400), Answers: text(1500), Model: model, ID: fmt.Sprintf("%016x", rng.Uint64()),
				Evaluation: fmt.Sprintf(`{"accuracy": {"analysis": %q, "score": %d}, "style": {"analysis": %q, "score": %d}}`, text(240), accuracy, text(240), style),
				Accuracy:   &accuracy, Style: &style,
			}
		}
		if _, err := w.Write(rows); err != nil {
			tb.Fatal(g, err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// serve puts a file on a Hub and returns the Hub, and the client of somebody who may read it.
func serve(tb testing.TB, content []byte) (*hubtest.Server, hub.Hub) {
	tb.Helper()
	s := hubtest.NewServer(tb)
	s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Add("acme/m-results", hubtest.Dataset{Private: true, Files: map[string]string{"data/test-00000-of-00001.parquet": string(content)}})
	h, err := remote.Open(remote.Options{URL: s.URL(), Token: func(context.Context, hub.Repo) (string, error) { return "hf_ada", nil }})
	if err != nil {
		tb.Fatal(err)
	}
	return s, h
}

// neededBytes returns how long the footer is, and the chunks of the columns that the gate reads.
func neededBytes(tb testing.TB, content []byte, columns ...string) (footer, chunks int64) {
	tb.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		tb.Fatal(err)
	}
	tail := content[len(content)-8:]
	footer = int64(tail[0]) | int64(tail[1])<<8 | int64(tail[2])<<16 | int64(tail[3])<<24 + 8
	row := int64(0)
	for _, g := range f.Metadata().RowGroups {
		first := row
		row += g.NumRows
		for _, c := range g.Columns {
			name := strings.Join(c.MetaData.PathInSchema, ".")
			for _, want := range columns {
				if name == want || first < 1000 && name == "evaluation" && want == columns[0] { // its marks are compared in the first rows
					chunks += c.MetaData.TotalCompressedSize
				}
			}
		}
	}
	return footer, chunks
}

func find(tb testing.TB, h hub.Hub, o codec.Options) dataset.Found {
	tb.Helper()
	found, err := dataset.Baseline(tb.Context(), h, dataset.Query{Repo: repo, Model: model, Options: o})
	if err != nil || found.Run == nil {
		tb.Fatal(found.Unreadable, err)
	}
	found.Close()
	return found
}

// A baseline is read by a request for each row group and a few more, and little else than what is needed travels.
func TestBaselineReadsLittle(t *testing.T) {
	t.Parallel()
	const rows = 300
	content := largeBaseline(t, rows)
	for _, tt := range []struct {
		name    string
		o       codec.Options
		columns []string
	}{
		{"with inputs", codec.Options{Inputs: true}, []string{"instruction", "accuracy", "style", "model", "id"}},
		{"by ids alone", codec.Options{}, []string{"accuracy", "style", "model", "id"}},
	} {
		s, h := serve(t, content)
		found := find(t, h, tt.o)
		if n := found.Run.Tables[0].Len(); n != groups*rows {
			t.Errorf("%s: %d rows, want %d", tt.name, n, groups*rows)
		}
		file, other, sent := 0, 0, int64(0)
		for _, r := range s.Requests() {
			sent += r.Sent
			if r.Storage {
				file++
			} else {
				other++
			}
		}
		footer, chunks := neededBytes(t, content, tt.columns...)
		if file > groups+3 || other > 6 { // to find its commit, that there is no record, the files, and where this one lies
			t.Errorf("%s: %d requests for the file and %d to find it, want at most %d and 6", tt.name, file, other, groups+3)
		}
		if limit := float64(footer+chunks) * 1.1; float64(sent) > limit {
			t.Errorf("%s: %d bytes sent, want at most %.0f", tt.name, sent, limit)
		}
	}
}

// BenchmarkBaselineOverNetwork reads a baseline of 145 MB with 50 ms a request and 100 MB/s in all, beside the time that the requests
// and bytes would take by themselves: RTT × (5 + 2 + ⌈ranges / 32⌉) + bytes / bandwidth, five of them to find the file, with two requests
// in one of these. Samples are told apart by their inputs too, which are most of what is read, or by ids alone.
func BenchmarkBaselineOverNetwork(b *testing.B) {
	const rtt, bandwidth = 50 * time.Millisecond, 100_000_000
	content := largeBaseline(b, 1570)
	s, h := serve(b, content)
	s.SetLatency(rtt)
	s.SetBandwidth(bandwidth)
	for name, o := range map[string]codec.Options{"inputs": {Inputs: true}, "ids": {}} {
		b.Run(name, func(b *testing.B) {
			requests, sent := 0, int64(0)
			for b.Loop() {
				s.ResetRequests()
				find(b, h, o)
				requests, sent = 0, 0
				for _, r := range s.Requests() {
					requests++
					sent += r.Sent
				}
			}
			ideal := rtt*(5+2+(groups+31)/32) + time.Duration(sent)*time.Second/bandwidth
			b.ReportMetric(float64(requests), "requests/op")
			b.ReportMetric(float64(sent), "bytes/op")
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(ideal), "×formula")
			b.ReportMetric(float64(len(content)), "file-bytes")
		})
	}
}

// A split that could not be read may hold the scores: no other is taken in its place.
func TestBaselineOfSplitThatIsNotRead(t *testing.T) {
	t.Parallel()
	s := hubtest.NewServer(t)
	s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
	s.Add("acme/m-results", hubtest.Dataset{Private: true, Files: map[string]string{
		"data/test-00000-of-00001.parquet": string(marks(t, 0, 20, 3)), "data/train-00000-of-00001.parquet": string(marks(t, 0, 20, 1)),
	}})
	s.Fail(hubtest.Fault{Path: "/objects/*", Trouble: hubtest.Status(http.StatusGone, "Gone")})
	found, err := dataset.Baseline(t.Context(), connect(t, s), dataset.Query{Repo: repo, Model: model})
	if err != nil || found.Run != nil || found.Unreadable == nil || s.Unmet() > 0 {
		t.Errorf("got %+v, %v, want a baseline that cannot be read", found, err)
	}
	found.Close()
}
