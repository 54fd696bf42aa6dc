// Package stat measures how far the scores of two runs differ.
//
// Numbers go in, numbers come out: nothing here reads a clock, an environment or a random source, and
// nothing keeps state. What is drawn at random is drawn from a seed that the caller gives. The path through it is short:
//
//  1. [Of] reduces a column to [Moments]; parts of a column are reduced apart and joined by [Moments.Merge].
//  2. [Welch] compares two columns, [Paired] one column of per-sample differences; both answer with a [Test]. For
//     samples in groups there are [OfGroups], [ClusteredWelch] and [ClusteredPaired].
//  3. [Permutation] guards [Welch] where samples are few or unequal: [Test.Guarded].
//  4. [Holm] adjusts the p-values of a family of tests.
//  5. [MDE], [Power], [NeededUnpaired] and [NeededPaired] say what a comparison of this size could have seen.
//
// Others inform and do not decide: [McNemar], [Wilcoxon] and their kin answer with a [Companion], [ChiSquare] and
// [KolmogorovSmirnov] with a [Shift], and [SpreadOf] and [NoiseOf] say how much noise there is between runs and trials.
//
// Signs are candidate − baseline throughout, so a negative difference is a loss wherever more is better.
//
// A statistic that cannot be had is an error, a false, or a NaN where the function says so; no field of a
// [Test] is ever NaN or infinite. Scores are expected to be finite: a column that is not yields Moments
// that the tests refuse with [ErrRange].
//
// # The same bits on every machine
//
// The Go specification lets a compiler fuse x*y + z into one operation with one rounding, and some do
// (arm64, and amd64 under GOAMD64=v3). An explicit conversion forbids it, so every product here that meets
// a sum is written float64(x*y), and so is a half or a quarter, which compilers turn into products. For the
// same reason the package has its own exp and log: those of package math are assembly on some
// architectures and fused Go on others, and differ in the last bit. Of package math only what is exact or
// correctly rounded by IEEE 754 is used. Identical inputs in identical order thus give identical results on
// every architecture Go supports; a test reads the arm64 and amd64 v3 code for fused instructions.
package stat
