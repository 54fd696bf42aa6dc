package gate_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/gate"
)

// sound checks what holds for every finding.
func sound(tb testing.TB, f gate.Finding) {
	tb.Helper()
	if path := notFinite(reflect.ValueOf(f), "finding"); path != "" {
		tb.Errorf("%s is not finite", path)
	}
	if f.Outcome == 0 || f.Reason == "" || strings.ContainsAny(f.Reason, "\n%!") && strings.Contains(f.Reason, "%!") {
		tb.Errorf("outcome %d, reason %q", f.Outcome, f.Reason)
	}
	for _, word := range []string{"NaN", "Inf", "no regression"} {
		if strings.Contains(f.Reason+fmt.Sprint(f.Warnings), word) {
			tb.Errorf("%q in %q %q", word, f.Reason, f.Warnings)
		}
	}
	for _, p := range []float64{f.PWorse, f.PAdjusted, f.PBetter} {
		if p < 0 || p > 1 {
			tb.Errorf("p %v", p)
		}
	}
	if f.Outcome == gate.Held && !f.Decided.Degenerate {
		worst := -f.Decided.Lo
		if f.Criterion.Direction == gate.Lower {
			worst = f.Decided.Hi
		}
		if !(worst < f.MaxLoss) {
			tb.Errorf("held, though a loss of %v is possible and %v tolerated", worst, f.MaxLoss)
		}
	}
	if f.Outcome == gate.Held && f.Decided.Degenerate && (min(f.Decided.N[0], f.Decided.N[1]) < 30 || f.Loss() > f.MaxLoss+1e-9*math.Abs(f.MaxLoss)) {
		tb.Errorf("held without spread: %+v", f.Decided)
	}
	if f.Outcome == gate.Regressed && !(f.Loss() > f.MaxLoss) {
		tb.Errorf("regressed by %v of %v tolerated", f.Loss(), f.MaxLoss)
	}
}

// notFinite returns the path of the first float64 below v that is NaN or infinite.
func notFinite(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return path
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return notFinite(v.Elem(), path)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if p := notFinite(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); p != "" {
				return p
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if p := notFinite(v.Field(i), path+"."+v.Type().Field(i).Name); p != "" {
				return p
			}
		}
	}
	return ""
}
