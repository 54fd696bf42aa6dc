package local_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/local"
)

func Example() {
	dir, err := os.MkdirTemp("", "hub")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	store, err := local.Open(dir).Create(ctx, hub.Repo{Owner: "local", Name: "tiny-llm-results"})
	if err != nil {
		log.Fatal(err)
	}
	first := hub.Change{Branch: "main", Message: "Begin", Put: []hub.File{hub.Bytes("README.md", []byte("# Results\n"))}}
	base, err := store.Commit(ctx, first)
	if err != nil {
		log.Fatal(err)
	}
	next := hub.Change{Branch: "main", Parent: base.ID, Message: "Add a run", Put: []hub.File{hub.Bytes("data/run.csv", []byte("id,score\n"))}}
	if _, err := store.Commit(ctx, next); err != nil {
		log.Fatal(err)
	}
	_, err = store.Commit(ctx, next) // made for a commit that is no longer the branch's
	fmt.Println("again:", err != nil)

	at, err := store.Resolve(ctx, "main")
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range store.List(ctx, at, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Path, e.Size)
	}
	for c, err := range store.Log(ctx, "main") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Title())
	}
	// Output:
	// again: true
	// README.md 10
	// data/run.csv 9
	// Add a run
	// Begin
}
