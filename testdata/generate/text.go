package main

import "fmt"

var topics = []string{
	"a vector index", "retrieval-augmented generation", "a feature store", "low-rank adaptation", "preference alignment",
	"an inference server", "4-bit quantisation", "an embedding model", "a reranker", "query expansion", "self-querying",
	"an experiment tracker", "a model registry", "change data capture", "a document chunker", "continuous batching",
	"a key-value cache", "instruction tuning", "an LLM judge", "prompt monitoring", "a data pipeline", "a training dataset",
	"gradient checkpointing", "a message queue", "speculative decoding",
}

var questions = []string{
	"Explain %s to a new colleague.",
	"When is %s worth its cost?",
	"Describe how %s fails in production.",
	"Write a short post about %s.",
	"Compare %s with a simpler choice.",
	"Which metrics show that %s works?",
	"How would you test %s?",
	"Outline a tutorial on %s.",
	"Give three common mistakes with %s.",
	"Summarise the design of %s.",
	"What should a team know before it adopts %s?",
	"How does %s change when traffic grows tenfold?",
	"Draft an announcement of %s for engineers.",
	"Where does %s sit in an LLM system?",
}

var claims = []string{
	"keeps training and serving consistent", "moves the bottleneck from memory to the network", "needs clean data more than clever code",
	"pays off once queries repeat", "hides latency behind a queue", "makes results reproducible", "trades recall for speed",
	"is easy to start and hard to operate", "should be measured before it is tuned", "fits on one small machine",
	"lets two teams release on their own", "costs little until the index grows",
}

var advice = []string{
	"start with the smallest version", "log every input", "keep a baseline to compare with", "pin the versions", "watch the tail latency",
	"write the tests first", "review a sample by hand", "measure twice", "ask who reads the output", "plan for failure",
}

// instruction returns the text of sample i. No two are alike.
func instruction(i int) string {
	order := source("instructions").Perm(len(topics) * len(questions))
	n := order[i]
	return fmt.Sprintf(questions[n/len(topics)], topics[n%len(topics)])
}

// reference returns the expected answer of sample i.
func reference(i int) string {
	r := source("reference", i)
	return fmt.Sprintf("It %s; %s.", claims[r.IntN(len(claims))], advice[r.IntN(len(advice))])
}

// answer returns what a model answered to sample i in one run.
func answer(model, run string, i int) string {
	r := source("answer", model, run, i)
	return fmt.Sprintf("In short, it %s. If in doubt, %s.", claims[r.IntN(len(claims))], advice[r.IntN(len(advice))])
}

// analysis returns the judge's sentence on a mark.
func analysis(metric string, m mark) string {
	switch metric + m.cell() {
	case "accuracy1":
		return "Contains errors."
	case "accuracy2":
		return "Mostly right, one claim too strong."
	case "accuracy3":
		return "Correct and complete."
	case "style1":
		return "Too formal."
	case "style2":
		return "Readable, a bit dry."
	case "style3":
		return "Clear and plain."
	}
	return "Could not decide."
}
