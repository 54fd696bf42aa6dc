package codec

import (
	"context"
	"math"

	"github.com/hubgate/hubgate/gate/score"
)

// eachRow yields the rows of a file of any flat format. Delimited text knows no types: what is spelt as a number is one.
func eachRow(ctx context.Context, f *File, o *Options, yield func(fields []field) error) error {
	defer f.release()
	if ok, err := isParquet(f); err != nil {
		return err
	} else if ok {
		return parquetRecords(ctx, f, yield)
	}
	return records(ctx, f, o, func(format string, _ int, fields []field) error {
		if format == formatCSV || format == formatTSV {
			for i := range fields {
				fields[i].cell = typed(fields[i].cell)
			}
		}
		return yield(fields)
	})
}

// typed makes a number of text that is spelt as one.
func typed(c cell) cell {
	if c.kind != text {
		return c
	}
	switch v, cause := parseNumber(c.text); {
	case cause == score.Scored:
		return cell{kind: number, num: v, text: c.text}
	case cause == score.Null && len(c.text) > 0 && len(c.text) <= len("+NaN"):
		return cell{kind: number, num: math.NaN(), text: c.text}
	}
	return c
}
