package cli

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/action"
	"github.com/hubgate/hubgate/gate/codec"
	"github.com/hubgate/hubgate/gate/config"
	"github.com/hubgate/hubgate/gate/report"
)

// samples decides what is shown of samples. Text is shown by itself only to those who may read it anyway; where it is not
// known who they are, it is not.
func samples(b *baselines, event action.Event) report.Samples {
	switch b.cfg.Samples {
	case config.SamplesText:
		return report.SampleTexts
	case config.SamplesIDs:
		return report.SampleIDs
	case config.SamplesNone:
		return report.NoSamples
	}
	if !b.cfg.GitHub || event.Private || b.allPublic() && b.cfg.PublishText { // else the dataset has the scores alone
		return report.SampleTexts
	}
	return report.SampleIDs
}

// sampleTexts reads the texts of the few samples that a page shows, of both sides. What could be read is returned beside an error.
func sampleTexts(ctx context.Context, b *baselines, rep gate.Report) (map[report.Place]report.SampleText, error) {
	want := map[codec.Place]bool{}
	for _, move := range report.Moves(rep) {
		want[codec.Place{File: move.File, Row: move.Row}] = true
		want[codec.Place{File: move.BaseFile, Row: move.BaseRow}] = true
	}
	if len(want) == 0 {
		return nil, nil
	}
	places := slices.Collect(maps.Keys(want))
	out := map[report.Place]report.SampleText{}
	var failed []error
	for _, s := range append([]source{{files: b.cand.files.files, options: b.cand.options}}, b.sources...) {
		texts, err := codec.Texts(ctx, s.files, s.options, places)
		if err != nil {
			failed = append(failed, err)
		}
		for place, t := range texts {
			out[report.Place(place)] = report.SampleText(t)
		}
	}
	return out, errors.Join(failed...)
}
