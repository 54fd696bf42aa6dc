// Package action is the edge to GitHub.
//
// What a workflow run is comes in through [GitHub.Event]. What a run of the gate has to say goes out through
// [GitHub.Deliver]: job summary, outputs, one sticky comment, annotations. Every step runs even when an earlier one
// could not, and what could not be done is returned as a notice in words. None of it changes the verdict.
//
// Nothing here escapes Markdown: summary and comment arrive as they shall be shown. What goes to the runner, workflow
// commands and outputs, is made harmless or refused here.
package action
