package evalconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// MaxText is the length in bytes up to which a single line of text is kept readable. Longer text is a prompt, and a hash
// keeps reports short and prompts private.
const MaxText = 200

// Text returns the canonical value of a text: itself where nothing else could be meant, a JSON string where it could
// ("1", "true", "", " x"), and its hash when it has several lines or more than [MaxText] bytes.
func Text(s string) string {
	switch {
	case len(s) > MaxText || strings.ContainsRune(s, '\n'):
		return digest([]byte(s))
	case ambiguous(s):
		return quote(s)
	}
	return s
}

// ambiguous reports whether bare s could be read as a value that is not text, or does not show itself.
func ambiguous(s string) bool {
	switch s {
	case "", "null", "true", "false", "nan", "inf", "-inf", "[]", "{}":
		return true
	}
	if _, ok := decimal(s); ok {
		return true
	}
	return s[0] == '"' || s[0] == '!' || strings.HasPrefix(s, "sha256:") || strings.TrimSpace(s) != s ||
		strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// A literal is a scalar other than text, already in canonical form.
type literal string

// A tagged value is a YAML list or mapping with a tag of its own, such as !include.
type tagged struct {
	tag   string
	value any
}

// A flattener turns one document into parts.
type flattener struct {
	parts Parts
	left  int // values that may still come
}

// add writes the leaves of v below name. What lies under a secret key is secret itself.
func (f *flattener) add(name string, v any, depth int, hide bool) error {
	if f.left--; f.left < 0 {
		return errTooMany
	}
	if depth > MaxDepth {
		return tooDeep(0)
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			f.parts[name] = "{}"
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := f.add(name+"."+quoteKey(key), v[key], depth+1, hide || secret(key)); err != nil {
				return err
			}
		}
	case []any:
		if len(v) == 0 {
			f.parts[name] = "[]"
		}
		for i, item := range v {
			if err := f.add(fmt.Sprintf("%s[%d]", name, i), item, depth+1, hide); err != nil {
				return err
			}
		}
	case tagged:
		f.parts[name+"!"] = v.tag
		return f.add(name, v.value, depth+1, hide)
	case string:
		f.parts[name] = conceal(Text(v), hide)
	case literal:
		f.parts[name] = conceal(string(v), hide)
	default:
		panic(fmt.Sprintf("evalconf: a parser returned a %T", v))
	}
	return nil
}

// conceal replaces a secret's canonical value by its hash. A null stays: it says that there is no secret.
func conceal(canonical string, hide bool) string {
	if !hide || canonical == "null" || strings.HasPrefix(canonical, "sha256:") {
		return canonical
	}
	return digest([]byte(canonical))
}

// secret reports whether a key names something that must not be readable in a public report. It errs towards hiding,
// which costs legibility and never a comparison; counts such as max_tokens and token_limit are not meant.
func secret(key string) bool {
	word := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, key)
	for _, part := range []string{"secret", "password", "passwd", "passphrase", "credential", "authorization", "apikey", "accesskey", "privatekey"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	for _, end := range []string{"token", "apitokens", "authtokens", "accesstokens"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// quoteKey writes a key so that a name made of several can be taken apart again.
func quoteKey(key string) string {
	plain := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-'
	})
	if plain {
		return key
	}
	return quote(key)
}

// quote writes s as a JSON string in which <, > and & stay readable.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("evalconf: a string did not encode: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// decimal returns the one spelling of a decimal number, exact to the last digit: 0 for 0.0, -0 and 0e0; 1000 for 1e3;
// 0.1 for .10. It works on digits and not on float64, so that two long seeds stay two seeds. Numbers at or
// above 1e21, or below 1e-6, are written as 1.5e21. It refuses anything else, exponents beyond 32 bits included.
func decimal(s string) (string, bool) {
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign = strings.TrimPrefix(s[:1], "+")
		s = s[1:]
	}
	mantissa, exponent, ok := cutExponent(s)
	if !ok {
		return "", false
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	exponent -= len(fraction)
	digits = strings.TrimLeft(digits, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	if trimmed == "" {
		return "0", true
	}
	return sign + spell(trimmed, exponent), true
}

// cutExponent splits a number at its e, if it has one.
func cutExponent(s string) (mantissa string, exponent int, ok bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, true
	}
	e, err := strconv.ParseInt(s[i+1:], 10, 32)
	return s[:i], int(e), err == nil
}

// spell writes digits × 10^exponent; digits neither begin nor end with a zero.
func spell(digits string, exponent int) string {
	switch point := len(digits) + exponent; {
	case point > 21 || point < -5:
		s := digits[:1]
		if len(digits) > 1 {
			s += "." + digits[1:]
		}
		return fmt.Sprintf("%se%d", s, point-1)
	case exponent >= 0:
		return digits + strings.Repeat("0", exponent)
	case point > 0:
		return digits[:point] + "." + digits[point:]
	default:
		return "0." + strings.Repeat("0", -point) + digits
	}
}

// number returns s as a literal. Digits beyond MaxText are hashed like long text.
func number(s string) (literal, bool) {
	d, ok := decimal(s)
	if len(d) > MaxText {
		d = digest([]byte(d))
	}
	return literal(d), ok
}

func tooDeep(line int) *Error {
	return &Error{Line: line, Reason: fmt.Sprintf("nested deeper than %d levels; flatten it", MaxDepth)}
}
