package hubtest

import (
	"fmt"
	"net/http"
	"strings"
)

// frontMatter cuts the YAML at the head of a card.
func frontMatter(card string) (yaml string, ok bool) {
	card = strings.ReplaceAll(card, "\r\n", "\n")
	rest, ok := strings.CutPrefix(card, "---\n")
	if !ok {
		return "", false
	}
	if strings.HasPrefix(rest, "---\n") {
		return "", true
	}
	yaml, _, ok = strings.Cut(rest, "\n---")
	return yaml, ok
}

// cardTags reads the list "tags" of a card's YAML, in block or flow form.
func cardTags(yaml string) []string {
	tags := []string{}
	inside := false
	for line := range strings.Lines(yaml) {
		line = strings.TrimRight(line, "\r\n ")
		item, isItem := strings.CutPrefix(strings.TrimLeft(line, " "), "- ")
		switch {
		case strings.HasPrefix(line, "tags:"):
			flow := strings.Trim(strings.TrimSpace(strings.TrimPrefix(line, "tags:")), "[]")
			for tag := range strings.SplitSeq(flow, ",") {
				if tag = unquoted(tag); tag != "" {
					tags = append(tags, tag)
				}
			}
			inside = true
		case inside && isItem:
			tags = append(tags, unquoted(item))
		case line != "":
			inside = false
		}
	}
	return tags
}

func unquoted(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }

// cardErrors tells the plainest mistakes of a card's YAML: a head that is not closed, a tab in the indentation, a line
// at the margin that is neither a key nor an item, a bracket or quote that is not closed. It is no parser.
func cardErrors(card string) []string {
	if !strings.HasPrefix(strings.ReplaceAll(card, "\r\n", "\n"), "---\n") {
		return nil
	}
	yaml, ok := frontMatter(card)
	if !ok {
		return []string{`the metadata has no closing "---"`}
	}
	var errs []string
	block := false // inside text after "|" or ">", which is free
	for i, line := range strings.Split(yaml, "\n") {
		indented := strings.TrimLeft(line, " ") != line
		if text := strings.TrimSpace(line); text == "" || strings.HasPrefix(text, "#") || block && indented {
			continue
		}
		if why := lineError(line, indented); why != "" {
			errs = append(errs, fmt.Sprintf("line %d: %s", i+2, why))
		}
		block = strings.HasSuffix(line, "|") || strings.HasSuffix(line, ">") || strings.HasSuffix(line, "|-") || strings.HasSuffix(line, ">-")
	}
	return errs
}

func lineError(line string, indented bool) string {
	switch {
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		return "a tab in the indentation"
	case !indented && !strings.HasPrefix(line, "-") && !strings.Contains(line, ":") && !strings.ContainsAny(line, "]}"):
		return "neither a key nor an item"
	}
	_, value, ok := strings.Cut(line, ": ")
	value = strings.TrimSpace(value)
	if !ok || value == "" {
		return ""
	}
	if quote := value[:1]; (quote == `"` || quote == "'") && strings.Count(value, quote) == 1 {
		return "a quote that is not closed"
	}
	if value[0] == '@' || value[0] == '`' || value[0] == '%' {
		return fmt.Sprintf("a value that begins with %q", value[0])
	}
	return ""
}

func (s *Server) validateYAML(c *call) *answer {
	var asked struct {
		Content string `json:"content"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	messages := []object{}
	for _, text := range cardErrors(asked.Content) {
		messages = append(messages, object{"message": text})
	}
	if len(messages) > 0 {
		return reply(http.StatusBadRequest, object{"errors": messages, "warnings": []object{}})
	}
	return reply(http.StatusOK, object{"errors": messages, "warnings": []object{}})
}
