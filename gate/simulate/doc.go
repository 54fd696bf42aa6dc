// Package simulate measures on made-up scores how often the gate is right.
//
// Scores are drawn from known populations, put into runs by [score.Builder] and judged by [gate.Evaluate], as an
// evaluation's are: what is measured is the gate and not its parts. [Tables] is what docs/statistics.md shows. It lies above
// package gate, because it drives it, and nothing but tests imports it.
package simulate
