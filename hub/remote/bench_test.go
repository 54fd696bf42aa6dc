package remote_test

import (
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub/hubtest"
)

// One hundred ranges of 145 MB, with 50 ms a request. The formula is that of reading by planned ranges, for the ranges alone:
// a round trip for every 32 of them. Bytes cost next to nothing on one machine.
func BenchmarkPrefetch(b *testing.B) {
	const (
		latency = 50 * time.Millisecond
		ranges  = 100
		size    = 1_450_000 // of a row group
		wanted  = 40_000    // bytes of each
	)
	s := hubtest.NewServer(b)
	h := dial(b, s)
	s.Add(tiny, hubtest.Dataset{Files: map[string]string{"data/large.parquet": noise(ranges * size)}})
	st, err := h.Open(b.Context(), tinyRepo)
	if err != nil {
		b.Fatal(err)
	}
	at, err := st.Resolve(b.Context(), "main")
	if err != nil {
		b.Fatal(err)
	}
	blob, err := st.Open(b.Context(), at, "data/large.parquet")
	if err != nil {
		b.Fatal(err)
	}
	defer blob.Close()
	var asked [][2]int64
	for i := range int64(ranges) {
		asked = append(asked, [2]int64{i * size, wanted})
	}
	s.SetLatency(latency)
	b.SetBytes(ranges * wanted)
	b.ReportAllocs()
	for b.Loop() {
		if err := blob.(prefetcher).Prefetch(b.Context(), asked); err != nil {
			b.Fatal(err)
		}
	}
	formula := latency * ((ranges + 31) / 32)
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(formula), "times-the-formula")
}
