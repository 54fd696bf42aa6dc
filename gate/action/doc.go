// Package action is the edge to GitHub.
//
// What a workflow run is about comes in through [GitHub.Event], from the environment and the event's file alone, and through
// [GitHub.Resolve], which asks GitHub for what they do not say: the pull request that a commit belongs to, the merge base.
// [GitHub.File] reads the base branch's policy, [GitHub.Past] what the comment remembers of earlier attempts, and
// [GitHub.Acceptance] who accepted a regression.
//
// What a run of the gate has to say goes out through [GitHub.Deliver]: job summary, outputs, one sticky comment, the check run
// that [GitHub.StartCheck] began, annotations. Every step runs even when an earlier one could not, and what could not
// be done is returned as a notice in words. Only an acceptance changes a verdict, and what cannot be read accepts nothing.
//
// Nothing here escapes Markdown: summary and comment arrive as they shall be shown. What goes to the runner, workflow
// commands and outputs, is made harmless or refused here.
package action
