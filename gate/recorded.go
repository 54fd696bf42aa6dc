package gate

import "time"

// A RecordedRun is one run in the history of a results dataset.
type RecordedRun struct {
	ID          string
	Time        time.Time // UTC
	GitSHA      string    // empty when unknown
	RunURL      string    // likewise
	Decision    Decision  // the worst of its findings'
	Baseline    bool      // it became the baseline
	Current     bool      // it is the baseline now
	Replicate   bool      // it repeats a recorded run of the same code and configuration
	ReportOnly  bool      // it did not count
	AcceptedBy  string    // who accepted it in spite of what failed; empty when nobody had to
	AcceptedWhy string
	Metrics     []RecordedMetric // by task and metric
}

// A RecordedMetric is what a recorded run scored on one task and metric.
type RecordedMetric struct {
	Task, Metric string
	N, Missing   int
	Mean, SD     *float64 // nil where there is none
	Outcome      string   // as report.json has it
}
