package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hubgate/hubgate/hub"
)

// Tokens returns where the token for a dataset comes from, for [Options]. In this order: explicit; HF_TOKEN; the job's
// identity, unless that is nil; the file that "hf auth login" writes, which is HF_TOKEN_PATH, or "token" in HF_HOME, or in
// ~/.cache/huggingface. An empty one is passed over, and without any the Hub is asked as a stranger. It refuses a
// token that no Hub gives out, without showing it.
//
// An identity gives tokens for single datasets: what is asked about no dataset is asked as a stranger.
func Tokens(getenv func(string) string, explicit string, identity *Identity) (func(context.Context, hub.Repo) (string, error), error) {
	token, err := fixedToken(getenv, explicit)
	if err == nil && token == "" && identity == nil {
		token, err = fileToken(getenv)
	}
	if err != nil {
		return nil, err
	}
	if token == "" && identity != nil {
		return func(ctx context.Context, r hub.Repo) (string, error) {
			if r == (hub.Repo{}) {
				return "", nil
			}
			return identity.Token(ctx, r)
		}, nil
	}
	return func(context.Context, hub.Repo) (string, error) { return token, nil }, nil
}

func fixedToken(getenv func(string) string, explicit string) (string, error) {
	for _, from := range []struct{ name, token string }{{"hf-token", explicit}, {"HF_TOKEN", getenv("HF_TOKEN")}} {
		token := strings.TrimSpace(from.token)
		if token == "" {
			continue
		}
		if err := checkToken(token); err != nil {
			return "", fmt.Errorf("the token in %s %w", from.name, err)
		}
		return token, nil
	}
	return "", nil
}

func fileToken(getenv func(string) string) (string, error) {
	name := tokenPath(getenv)
	if name == "" {
		return "", nil
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the Hub's token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return "", nil
	}
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("the token in %s %w", name, err)
	}
	return token, nil
}

// tokenPath is where huggingface_hub keeps a token; empty where there is no home.
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
func tokenPath(getenv func(string) string) string {
	if p := getenv("HF_TOKEN_PATH"); p != "" {
		return p
	}
	if home := getenv("HF_HOME"); home != "" {
		return filepath.Join(home, "token")
	}
	if cache := getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "huggingface", "token")
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := getenv(name); home != "" {
			return filepath.Join(home, ".cache", "huggingface", "token")
		}
	}
	return ""
}

// maxToken bounds a token in bytes. A JWT of the Hub has about a thousand.
const maxToken = 16 << 10

// checkToken refuses what cannot stand in an Authorization header. The error continues a sentence and does not hold the token.
func checkToken(token string) error {
	switch {
	case len(token) > maxToken:
		return fmt.Errorf("has %d characters; a token has fewer", len(token))
	case strings.ContainsAny(token, " \t\r\n"):
		return errors.New("holds white space; copy the token alone")
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return errors.New("holds a character that no token has; copy it again")
	}
	return nil
}
