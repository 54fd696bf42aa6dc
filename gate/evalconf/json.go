package evalconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseJSON reads one JSON value. It refuses what JSON leaves open: a key given twice, and text after the value.
func parseJSON(text []byte) ([]any, error) {
	if !utf8.Valid(text) {
		return nil, notUTF8(text)
	}
	p := jsonParser{text: text, dec: json.NewDecoder(bytes.NewReader(text)), left: MaxNodes}
	p.dec.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.fail("text after the JSON value; keep one value per file")
	}
	return []any{v}, nil
}

// jsonParser walks tokens, because decoding into a map would drop duplicate keys in silence.
type jsonParser struct {
	text []byte
	dec  *json.Decoder
	left int
}

func (p *jsonParser) value(depth int) (any, error) {
	if p.left--; p.left < 0 {
		return nil, errTooMany
	}
	if depth > MaxDepth {
		return nil, tooDeep(p.line())
	}
	tok, err := p.token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case json.Number:
		n, ok := number(tok.String())
		if !ok {
			return nil, p.fail(fmt.Sprintf("number %s is out of range; write it as text", clip(tok.String())))
		}
		return n, nil
	case string:
		return tok, nil
	case bool:
		return literal(fmt.Sprint(tok)), nil
	default: // nil
		return literal("null"), nil
	}
}

func (p *jsonParser) object(depth int) (any, error) {
	m := map[string]any{}
	lines := map[string]int{}
	for p.dec.More() {
		tok, err := p.token()
		if err != nil {
			return nil, err
		}
		key, ok := tok.(string)
		if !ok {
			return nil, p.fail("a key is not a string; put it in double quotes")
		}
		if first, twice := lines[key]; twice {
			return nil, duplicate(key, p.line(), first)
		}
		lines[key] = p.line()
		if m[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := p.token()
	return m, err
}

func (p *jsonParser) array(depth int) (any, error) {
	list := []any{}
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := p.token()
	return list, err
}

// token returns the next token, or an error that says where the JSON is broken.
func (p *jsonParser) token() (json.Token, error) {
	tok, err := p.dec.Token()
	if err == nil {
		return tok, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &Error{Line: lineAt(p.text, len(p.text)), Reason: "JSON ends too early; was the file cut short?"}
	}
	// A token lies on one line, and the decoder stands before it.
	at := int(p.dec.InputOffset())
	at += len(p.text[at:]) - len(bytes.TrimLeft(p.text[at:], " \t\r\n"))
	return nil, &Error{Line: lineAt(p.text, at), Reason: fmt.Sprintf("not JSON: %v; comments, trailing commas and bare NaN are not allowed", err)}
}

func (p *jsonParser) line() int { return lineAt(p.text, int(p.dec.InputOffset())) }

func (p *jsonParser) fail(reason string) *Error { return &Error{Line: p.line(), Reason: reason} }

// lineAt returns the 1-based line of the byte at offset.
func lineAt(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
}

func duplicate(key string, line, first int) *Error {
	return &Error{Line: line, Reason: fmt.Sprintf("key %s is given twice (first on line %d); keep one", clip(quote(key)), first)}
}

func notUTF8(text []byte) *Error {
	valid := 0
	for len(text) > valid {
		r, n := utf8.DecodeRune(text[valid:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		valid += n
	}
	return &Error{Line: lineAt(text, valid), Reason: "not UTF-8 text; save the file as UTF-8"}
}

// clip makes what a message quotes from a file short and printable, so that it fits in one line.
func clip(s string) string {
	const limit = 60
	short := s
	if len(s) > limit {
		short = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, short)
}
