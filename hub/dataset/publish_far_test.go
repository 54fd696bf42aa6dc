package dataset_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/dataset"
	"github.com/hubgate/hubgate/hub/hubtest"
)

// A candidate on a Hub whose texts are published is read twice, however many samples and models it has: to judge it, and to copy it.
func TestPublishFromFar(t *testing.T) {
	t.Parallel()
	const rows = 6000
	for form, row := range map[string]string{
		"flat": `{"model":"%[4]s","id":"q%[1]d","question":"what is %[1]d?","answer":%[2]q,"accuracy":%[3]d}`,
		"long": `{"model":"%[4]s","id":"q%[1]d","question":"what is %[1]d?","answer":%[2]q,"metric":"accuracy","score":%[3]d}`, // whose texts are looked up
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			var lines strings.Builder
			for i := range rows {
				fmt.Fprintf(&lines, row+"\n", i, strings.Repeat(fmt.Sprintf("answer %d ", i), 70), 1+i%3, []string{model, "acme/other"}[i%2])
			}
			size := int64(lines.Len())
			s := hubtest.NewServer(t)
			s.Grant("hf_ada", hubtest.Account{Name: "ada", Orgs: []string{"acme"}})
			s.Add("acme/cluster", hubtest.Dataset{Private: true, Files: map[string]string{".gitattributes": "*.jsonl filter=lfs diff=lfs merge=lfs -text\n"}})
			if _, err := s.Commit("acme/cluster", "main", "Upload results", map[string]string{"run.jsonl": lines.String()}); err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			b.hub = connect(t, s)
			opened, err := dataset.OpenLocation(t.Context(), b.hub, dataset.Location{Repo: hub.Repo{Owner: "acme", Name: "cluster"}, Path: "run.jsonl"}, codec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			s.ResetRequests()
			r := read(t, codec.Options{}, opened.Files...)
			p, other := b.judged(r, gate.Baseline{}), only(b, r, "acme/other")
			other.Repo.Name = "other-results"
			judged := downloaded(s)
			s.ResetRequests()
			near, remove := dataset.Copies(r.files, b.temp)
			p.Near, other.Near = near, near
			b.publish(p)
			b.publish(other)
			remove()
			copied := downloaded(s)
			for what, got := range map[string]int64{"judge": judged[1], "publish": copied[1]} {
				if got < size || got > size+64<<10 {
					t.Errorf("%d bytes came to %s %d", got, what, size)
				}
			}
			if copied[0] > 12 {
				t.Errorf("%d requests to copy %d bytes, want 12 at most", copied[0], size)
			}
			if got := strings.Join(b.columns(dataFile), " "); !strings.Contains(got, "answer") {
				t.Errorf("columns %s, want the texts among them", got)
			}
		})
	}
}

// downloaded returns the number of requests to the storage for bytes, and the bytes that came.
func downloaded(s *hubtest.Server) (out [2]int64) {
	for _, r := range s.Requests() {
		if r.Storage && r.Method == http.MethodGet {
			out[0]++
			out[1] += r.Sent
		}
	}
	return out
}
