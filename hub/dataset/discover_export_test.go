package dataset

import (
	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/hub"
)

// MeasureRow returns what a row of a history tells, if it may be believed.
func MeasureRow(r HistoryRow) (gate.Measured, error) {
	if err := checkRows([]HistoryRow{r}); err != nil {
		return gate.Measured{}, err
	}
	return r.measured(hub.Repo{Owner: "acme", Name: "m-results"}, &Record{Model: r.Model, Baseline: &BaselineRecord{}}), nil
}
