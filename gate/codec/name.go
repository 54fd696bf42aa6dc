package codec

import "regexp"

var scoresName = regexp.MustCompile(`(?i)\.(parquet|jsonl|ndjson|json|csv|tsv)(\.gz|\.zst)?$`)

// NamesScores reports whether a file's name ends as that of a file of scores does, which is what folders are searched for.
// What a file holds is decided by its content.
func NamesScores(name string) bool { return scoresName.MatchString(name) }
