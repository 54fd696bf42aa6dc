package codec

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"
)

// A network is the distance to a file that a benchmark puts between it and its reader.
const (
	roundTrip = 50 * time.Millisecond
	bandwidth = 100 << 20 // bytes a second, of all requests together
	inFlight  = 32
)

// distant is a counter whose requests take their time.
type distant struct {
	counter

	wire chan struct{} // holds a token while nobody sends
}

func newDistant(f io.ReaderAt, size int64) *distant {
	d := &distant{counter: counter{ReaderAt: f, size: size}, wire: make(chan struct{}, 1)}
	d.wire <- struct{}{}
	return d
}

func (d *distant) Prefetch(ctx context.Context, ranges [][2]int64) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	for _, r := range ranges {
		slots <- struct{}{}
		wg.Go(func() {
			d.wait(r[1])
			<-slots
		})
	}
	wg.Wait()
	return d.counter.Prefetch(ctx, ranges)
}

func (d *distant) ReadAt(p []byte, off int64) (int, error) {
	before := d.bytes
	n, err := d.counter.ReadAt(p, off)
	if d.bytes > before {
		d.wait(d.bytes - before)
	}
	return n, err
}

func (d *distant) wait(n int64) {
	time.Sleep(roundTrip)
	<-d.wire
	time.Sleep(time.Duration(n) * time.Second / bandwidth)
	d.wire <- struct{}{}
}

// expected is how long a plan should take: two requests for the footer, then the columns' ranges so many at a time.
func expected(ranges int, bytes int64) time.Duration {
	return roundTrip*time.Duration(2+(ranges+inFlight-1)/inFlight) + time.Duration(bytes)*time.Second/bandwidth
}

// BenchmarkRemoteAggregate reads the scores of 100,000 rows of 3 KB over a network. The metric x-formula is its time over
// what the plan should take.
func BenchmarkRemoteAggregate(b *testing.B) {
	rows := rowsFor()
	if testing.Short() {
		rows = 1000
	}
	f, size := generate(b, "far.parquet", rows, writeParquet(1000))
	for _, tt := range []struct {
		name string
		o    Options
	}{
		{"scores", Options{Metrics: []Metric{{Path: "accuracy"}, {Path: "style"}}, NoIDs: true}},
		{"ids", Options{Metrics: []Metric{{Path: "accuracy"}, {Path: "style"}}}},
		{"default", Options{}},
		{"inputs", Options{Inputs: true}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			var d *distant
			for b.Loop() {
				d = newDistant(f, size)
				if _, err := Read(b.Context(), []File{{Name: "far.parquet", Content: d, Size: size}}, tt.o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(d.requests), "requests")
			b.ReportMetric(float64(d.bytes), "fetched-bytes")
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(expected(d.requests-2, d.bytes)), "x-formula")
		})
	}
}

// BenchmarkRangePlan opens a file of a thousand row groups and plans what to fetch.
func BenchmarkRangePlan(b *testing.B) {
	f, size := generate(b, "far.parquet", 5000, writeParquet(5))
	c := &counter{ReaderAt: f, size: size}
	for _, names := range []int{1, 4, 8} {
		b.Run(fmt.Sprintf("columns=%d", names), func(b *testing.B) {
			b.ReportAllocs()
			ranges := 0
			for b.Loop() {
				*c = counter{ReaderAt: io.ReaderAt(f), size: size}
				file := planned(b.Context(), []File{{Name: "far.parquet", Content: c, Size: size}})[0]
				p, err := openParquet(&file)
				if err != nil {
					b.Fatal(err)
				}
				var columns []*column
				for _, leaf := range p.leaves[len(p.leaves)-names:] {
					columns = append(columns, newColumn(p, leaf, &decompressor{}))
				}
				pl := plan{p: p}
				ranges = len(pl.ranges(file.remote(), 0, columns))
			}
			b.ReportMetric(float64(ranges), "ranges")
			b.ReportMetric(float64(c.requests), "requests")
			b.ReportMetric(float64(c.bytes), "fetched-bytes")
		})
	}
}
