package score

import (
	"cmp"
	"crypto/sha256"
	"strings"
)

// A Key names what was evaluated: one model on one task.
// Task is empty when the scores have a single unnamed task.
type Key struct{ Model, Task string }

// Compare orders keys by model, then by task.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Model, o.Model), strings.Compare(k.Task, o.Task))
}

// String returns the model, followed by the task where there is one.
func (k Key) String() string {
	if k.Task == "" {
		return k.Model
	}
	return k.Model + " " + k.Task
}

// A Cause says why a sample has no usable score of a metric. Its zero value, Scored, says that it has one.
type Cause uint8

// The causes, from "there is a score" to "the harness gave up".
const (
	Scored   Cause = iota
	Null           // null, NaN, an empty cell, or a metric that the sample does not have
	Infinite       // an infinity
	Text           // text, or another value, that is not a number
	OffScale       // a number outside the scale declared by the policy or known by the format
	Failed         // the harness recorded that this sample could not be run or scored
	causes         // their number
)

var causeNames = [causes]string{"scored", "null", "infinite", "text", "off_scale", "failed"}

// String returns the name that report.json uses.
func (c Cause) String() string { return causeNames[c] }

// A Value is one sample's score of one metric. Score counts only when Cause is Scored, and is then finite.
type Value struct {
	Metric string
	Score  float64
	Cause  Cause
}

// A Fingerprint identifies an input text: the first 16 bytes of its SHA-256. The zero Fingerprint means "not known".
type Fingerprint [16]byte

// FingerprintOf returns the fingerprint of an input text, as decoded from whatever format held it.
func FingerprintOf(text []byte) Fingerprint {
	sum := sha256.Sum256(text)
	return Fingerprint(sum[:16])
}

// A Sample is one scored example, as a reader hands it to a [Builder], which copies what it keeps:
// a reader may reuse the memory behind ID, Group and Scores.
type Sample struct {
	Key
	ID      string      // stable across runs; what pairing goes by; empty when the sample has none
	Derived bool        // ID was derived from the input text, so that its repetition is another trial and no mistake
	Trial   int         // 0 for the first run of this sample, 1 for the second, ...
	Group   string      // samples that share a group are not independent (one document, one passage); empty for none
	Input   Fingerprint // of the input text, where it is known beside an explicit ID
	Row     int         // 1-based line or row in the current file
	Scores  []Value     // at most one Value per metric; a metric that is absent was not scored, which is not zero
}

// A Scale is the closed range that the scores of a metric lie in.
type Scale struct{ Min, Max float64 }

// Width returns the length of the range.
func (s Scale) Width() float64 { return s.Max - s.Min }

// Contains reports whether v lies on the scale.
func (s Scale) Contains(v float64) bool { return s.Min <= v && v <= s.Max }
