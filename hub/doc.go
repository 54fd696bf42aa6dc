// Package hub is the vocabulary of a versioned dataset store.
//
// A [Hub] holds datasets. Each dataset is a [Store]: a chain of immutable commits, named by branches that move.
// A program that reads resolves a revision once and then names the commit:
//
//	at, err := store.Resolve(ctx, "main")
//	for entry, err := range store.List(ctx, at, "data") { ... }
//	blob, err := store.Open(ctx, at, "data/test-00000-of-00001.parquet")
//
// so that everything it reads belongs to one state, whatever is published meanwhile. A program that writes says
// which commit its change was made for, and writes again on top of the new one when [ErrConflict] says that the
// branch has moved:
//
//	for {
//		at, err := store.Resolve(ctx, "main")
//		...
//		done, err := store.Commit(ctx, hub.Change{Branch: "main", Parent: at.ID, Message: "Add run 42", Put: files})
//		if !errors.Is(err, hub.ErrConflict) {
//			return done, err
//		}
//	}
//
// Everything that a store refuses answers [errors.Is] with one of the errors of this package.
// Package hub/hubtest holds every implementation to what is promised here.
package hub
