package evalconf

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// parseTOML reads one TOML document. Dates and times become text, as JSON would have them.
func parseTOML(text []byte) ([]any, error) {
	if !utf8.Valid(text) {
		return nil, notUTF8(text)
	}
	if line := tooManyBrackets(text); line > 0 {
		return nil, tooDeep(line)
	}
	var doc map[string]any
	if err := toml.Unmarshal(text, &doc); err != nil {
		reason := strings.TrimPrefix(err.Error(), "toml: ")
		return nil, &Error{Line: tomlLine(text, err), Reason: fmt.Sprintf("not TOML: %s; correct this line", clip(reason))}
	}
	if doc == nil {
		doc = map[string]any{}
	}
	return []any{fromTOML(doc)}, nil
}

// tooManyBrackets returns the line where far more brackets are open than MaxDepth allows, or 0. The library parses nested
// values by recursion without a limit of its own, which a stack overflow would end. Brackets in text count too, hence
// the wide margin; with MaxSize it bounds what clever text can hide.
func tooManyBrackets(text []byte) int {
	open := 0
	for i, c := range text {
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open--
		}
		if open > 10*MaxDepth {
			return lineAt(text, i)
		}
	}
	return 0
}

// tomlLine finds the line of an error. The library gives none for a key that is defined twice: such an error is met as soon
// as the text up to its line is read, whatever follows, so the line is the shortest prefix that has it.
func tomlLine(text []byte, err error) int {
	var at *toml.DecodeError
	if errors.As(err, &at) {
		line, _ := at.Position()
		return line
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		var doc map[string]any
		err := toml.Unmarshal(bytes.Join(lines[:i+1], nil), &doc)
		return err != nil && !errors.As(err, &at)
	})
}

// fromTOML turns the library's values into ours. TOML's floats are doubles by its specification, so the shortest decimal
// that reads back as the same double is what was meant.
func fromTOML(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[key] = fromTOML(item)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = fromTOML(item)
		}
		return list
	case string:
		return v
	case bool:
		return literal(strconv.FormatBool(v))
	case int64:
		n, _ := number(strconv.FormatInt(v, 10))
		return n
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if n, ok := number(s); ok {
			return n
		}
		return literal(strings.ToLower(strings.TrimPrefix(s, "+"))) // NaN, +Inf, -Inf
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default: // toml.LocalDate, LocalTime and LocalDateTime
		return fmt.Sprint(v)
	}
}
