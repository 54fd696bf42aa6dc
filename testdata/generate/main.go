// Generate writes the scores under testdata/scores/handbook: three runs of three models in the shape of the results
// datasets of the LLM Engineer's Handbook (without its prompt column), and one small run in every other shape.
//
// Run it from the root of the repository:
//
//	go run ./testdata/generate
//
// All of it is invented, texts and scores alike, from fixed seeds: the same bytes every time. What holds of the scores, and
// main_test.go checks with go test ./testdata/generate:
//
//   - candidate against baseline: accuracy of TwinLlama-3.1-8B fell by about 0.2, style of TwinLlama-3.1-8B-DPO rose,
//     and nothing else moved; scores of one sample in two runs correlate with about 0.7;
//   - good against baseline: the gain of TwinLlama-3.1-8B-DPO stayed, and nothing else moved;
//   - the judge failed on some samples, other ones in every run: about 1 % nulls, a few zeros, a 4, a "2" as text and a NaN.
package main

import (
	"fmt"
	"hash/fnv"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	if err := generate(filepath.Join("testdata", "scores", "handbook")); err != nil {
		log.Fatal(err)
	}
}

// generate writes every file below dir.
func generate(dir string) error {
	for _, name := range []string{"baseline", "candidate", "good"} {
		for _, m := range models {
			file := filepath.Join(dir, name, filepath.Base(m.id)+".jsonl")
			if err := write(file, jsonl(run(m, name))); err != nil {
				return err
			}
		}
	}
	files, err := shapes()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := write(filepath.Join(dir, "shapes", name), content); err != nil {
			return err
		}
	}
	return nil
}

func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

// source returns a random source of its own for each purpose, so that a change to one leaves the others as they are.
func source(purpose ...any) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(fmt.Sprintln(purpose...)))
	return rand.New(rand.NewPCG(20240501, h.Sum64()))
}
