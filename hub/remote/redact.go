package remote

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Secrets are the tokens that were used, which no message may hold.
type secrets struct {
	mu     sync.Mutex
	tokens []string
}

// add remembers a token.
func (s *secrets) add(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.tokens, token) {
		s.tokens = append(s.tokens, token)
	}
}

// in tells whether text holds a token.
func (s *secrets) in(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		if strings.Contains(text, t) {
			return true
		}
	}
	return false
}

var (
	// A URL, its user if it has one, and its query, where signatures are.
	secretURL = regexp.MustCompile(`(?i)(https?://)(?:[^\s/?#"'<>]*@)?([^\s?#"'<>]*)([?#][^\s"'<>]*)?`)
	// What reads as a token, though it was never ours: another one that an answer repeats.
	secretToken = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]+|\bhf_[A-Za-z0-9_.-]{4,}|\beyJ[\w-]+\.[\w-]+\.[\w-]+`)
	// What signatures of storage hosts are called, where the query stands by itself.
	secretParameter = regexp.MustCompile(`(?i)\b(signature|x-amz-[a-z-]+|key-pair-id|policy|sig|token|credential)=[^\s&"'<>]+`)
)

// redact takes tokens, users and the queries of URLs out of a text.
func (s *secrets) redact(text string) string {
	s.mu.Lock()
	for _, t := range s.tokens {
		text = strings.ReplaceAll(text, t, "[token]")
	}
	s.mu.Unlock()
	text = secretURL.ReplaceAllString(text, "$1$2")
	text = secretToken.ReplaceAllString(text, "[token]")
	return secretParameter.ReplaceAllString(text, "$1=[secret]")
}

// maxMessage bounds what a message repeats of others' words, in bytes.
const maxMessage = 400

// oneLine returns text without control characters, on one line, and cut to a sensible length: between words, so that no secret is
// cut in two, of which redact would know neither half.
func oneLine(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		text = text[:max(0, strings.LastIndexByte(text[:maxMessage], ' '))] + "…"
	}
	return text
}
