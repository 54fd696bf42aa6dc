package hubtest

import (
	"path"
	"strings"
)

const attributesFile = ".gitattributes"

// firstAttributes is a .gitattributes as the Hub gives to a new dataset, shortened.
const firstAttributes = `*.arrow filter=lfs diff=lfs merge=lfs -text
*.bin filter=lfs diff=lfs merge=lfs -text
*.gz filter=lfs diff=lfs merge=lfs -text
*.npy filter=lfs diff=lfs merge=lfs -text
*.parquet filter=lfs diff=lfs merge=lfs -text
*.safetensors filter=lfs diff=lfs merge=lfs -text
*.zip filter=lfs diff=lfs merge=lfs -text
`

// tracked tells whether a .gitattributes sends a path to LFS. Its patterns are names and globs, as git's are; a quoted pattern
// stands for itself, spaces included.
func tracked(attributes []byte, p string) bool {
	lfs := false
	for line := range strings.Lines(string(attributes)) {
		pattern, rest := attribute(line)
		if pattern != "" && matches(pattern, p) {
			lfs = strings.Contains(rest, "filter=lfs")
		}
	}
	return lfs
}

// attribute cuts a line of .gitattributes into its pattern and what it says.
func attribute(line string) (pattern, rest string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return "", ""
	}
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		pattern, rest, _ = strings.Cut(quoted, `" `)
		return pattern, rest
	}
	pattern, rest, _ = strings.Cut(line, " ")
	return pattern, rest
}

// matches tells whether a pattern of .gitattributes or .gitignore fits a path: by its name alone where the pattern has no "/".
func matches(pattern, p string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "/"), "/")
	if !strings.Contains(pattern, "/") {
		for part := range strings.SplitSeq(p, "/") {
			if ok, err := path.Match(pattern, part); err == nil && ok || pattern == part {
				return true
			}
		}
		return false
	}
	ok, err := path.Match(pattern, p)
	return err == nil && ok || pattern == p
}

// ignored tells whether a .gitignore leaves a path out.
func ignored(ignore []byte, p string) bool {
	out := false
	for line := range strings.Lines(string(ignore)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, negated := strings.CutPrefix(line, "!")
		if matches(pattern, p) {
			out = !negated
		}
	}
	return out
}

// track adds a line for a path to a .gitattributes.
func track(attributes []byte, p string) []byte {
	text := string(attributes)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if strings.ContainsAny(p, " \t\"#*?[") {
		p = `"` + p + `"`
	}
	return []byte(text + p + " filter=lfs diff=lfs merge=lfs -text\n")
}
