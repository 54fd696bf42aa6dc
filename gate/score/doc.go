// Package score holds the per-sample scores of an evaluation by column.
//
// Readers hand samples to a [Builder] one at a time; what comes out is an immutable [Table] per model and task, whose
// ids lie in one arena and whose scores lie in one slice per metric. A million samples cost a handful of allocations.
//
// Three invariants hold for every Table and may be relied upon everywhere:
//
//   - a score that is missing has a [Cause] and no value: it is never zero, never dropped, never NaN;
//   - (id, trial) is unique, so that a sample cannot count twice;
//   - the canonical order of rows, and with it [SHA256], does not depend on the file format, nor on the order of
//     rows where samples have ids.
package score
