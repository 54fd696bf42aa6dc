// Package gate judges a run of an evaluation against its baseline.
//
// How a verdict is reached, and how to read it:
//
//  1. A [Run] is one evaluation: its scores by model and task, and its [Provenance].
//  2. [Compare] measures. Trials are averaged per sample, samples are paired by id, Welch's t-test is always made and
//     the paired t-test where the same samples were answered. Where samples come in groups, a test that allows for these
//     decides; where Welch's does, a permutation test guards its p and its bounds. P-values are adjusted by Holm within
//     each tier. What it returns, a [Comparison] per model, task and metric, holds facts and no opinion: beside the test that
//     decides those that only inform, what missing scores could hide, and what is known of noise between runs.
//  3. [Policy.Judge] has opinions and measures nothing: it turns each Comparison into a [Finding], whose [Outcome] says
//     what happened and whose [Decision] says what the policy makes of it. "Significant" and "large" are different
//     questions, so a regression needs both: a loss beyond the tolerance, and evidence that it is no accident. A loss
//     that can be neither shown nor ruled out is [Inconclusive], which is not the same as "no regression".
//  4. A [Report] is everything a renderer needs: findings by model, worst first, with provenance. Its decision is the
//     worst of its findings'.
//
// Nothing here touches the network, the clock, the environment or a random source: the same inputs give the same report.
// It fails closed: the zero value of a Decision is Undecided, which does not pass.
package gate
