package remote_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

var results = hub.Repo{Owner: "acme", Name: "tiny-llm-results"}

func environment(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func tokenFile(t *testing.T, content string, folders ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	dir := filepath.Join(append([]string{root}, folders...)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestTokens(t *testing.T) {
	t.Parallel()
	hfHome := tokenFile(t, " hf_home\n")
	cache := tokenFile(t, "hf_cache", "huggingface")
	home := tokenFile(t, "hf_user", ".cache", "huggingface")
	for _, tt := range []struct {
		name, explicit string
		getenv         func(string) string
		want           string
	}{
		{"none", "", environment(), ""},
		{"explicit first", " hf_input\n", environment("HF_TOKEN", "hf_env"), "hf_input"},
		{"then the environment", " ", environment("HF_TOKEN", "hf_env\r\n", "HF_HOME", hfHome), "hf_env"},
		{"then a named file", "", environment("HF_TOKEN_PATH", filepath.Join(home, ".cache", "huggingface", "token"), "HF_HOME", hfHome), "hf_user"},
		{"then HF_HOME", "", environment("HF_HOME", hfHome, "HOME", home), "hf_home"},
		{"then the cache's folder", "", environment("XDG_CACHE_HOME", cache, "HOME", home), "hf_cache"},
		{"then home", "", environment("HOME", home), "hf_user"},
		{"of Windows too", "", environment("USERPROFILE", home), "hf_user"},
		{"no file there", "", environment("HF_HOME", t.TempDir()), ""},
		{"an empty file", "", environment("HF_HOME", tokenFile(t, "\n")), ""},
	} {
		token, err := remote.Tokens(tt.getenv, tt.explicit, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := token(t.Context(), results); got != tt.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestTokensRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, explicit string
		getenv         func(string) string
		want           string
	}{
		{"two", "hf_secret hf_secret", environment(), "the token in hf-token holds white space; copy the token alone"},
		{"header", "", environment("HF_TOKEN", "hf_secret\nX-Evil: 1"), "the token in HF_TOKEN holds white space; copy the token alone"},
		{"control", "", environment("HF_TOKEN", "hf_secret\x00"), "the token in HF_TOKEN holds a character that no token has; copy it again"},
		{"not ASCII", "hf_secret\u200b", environment(), "the token in hf-token holds a character that no token has; copy it again"},
		{"endless", strings.Repeat("secret", 10_000), environment(), "the token in hf-token has 60000 characters; a token has fewer"},
		{"a file", "", environment("HF_HOME", tokenFile(t, "{\"token\": \"hf_secret\"}")), "holds white space; copy the token alone"},
	} {
		_, err := remote.Tokens(tt.getenv, tt.explicit, nil)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q and not the token", tt.name, err, tt.want)
		}
	}
}

// A token of its own comes before the job's identity, and the identity before a file that somebody left.
func TestTokensAndIdentity(t *testing.T) {
	t.Parallel()
	s, id := trusted(t)
	for _, tt := range []struct {
		name, explicit string
		exchanged      bool
	}{{"explicit", "hf_input", false}, {"none", "", true}} {
		token, err := remote.Tokens(environment("HF_HOME", tokenFile(t, "hf_file")), tt.explicit, id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := token(t.Context(), results)
		if err != nil || strings.HasPrefix(got, "hf_jwt_") != tt.exchanged {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
		got, err = token(t.Context(), hub.Repo{})
		if err != nil || got != tt.explicit {
			t.Errorf("%s, about no dataset: got %q, %v, want %q", tt.name, got, err, tt.explicit)
		}
	}
	if got := count(s, "/oauth/token"); got != 1 {
		t.Errorf("%d exchanges, want 1", got)
	}
}

// count returns how many requests had a path that ends like this.
func count(s *hubtest.Server, suffix string) int {
	n := 0
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, suffix) {
			n++
		}
	}
	return n
}
