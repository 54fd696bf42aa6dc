// Package report renders a [gate.Report].
//
// There is one form per reader: [Markdown] for a pull request's comment and a job's summary, [Text] for a terminal, and
// [JSON], described by [Schema], for programs. Renderers format and compute nothing, so that all three agree. Names,
// ids, texts, warnings and reasons hold what a scores file said; none reaches a page except through the one function in
// inert.go that takes every meaning but their own letters from them.
package report
