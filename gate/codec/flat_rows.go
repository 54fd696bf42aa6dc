package codec

import (
	"context"
	"math"

	"github.com/hubgate/hubgate/gate/score"
)

// eachRow yields the rows of a file of any flat format. Delimited text knows no types: what is spelt as a number is one.
func eachRow(ctx context.Context, f *File, o *Options, yield func(fields []field) error) error {
	if isParquet(f) {
		return parquetRecords(ctx, f, yield)
	}
	delimited := false
	if c, err := f.open(o, func(int) {}); err == nil {
		delimited = c.format == formatCSV || c.format == formatTSV
		c.close()
	}
	return records(ctx, f, o, func(_ int, fields []field) error {
		if delimited {
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
