package remote

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

const secret = "hf_SecretOfAda0123456789"

// The token goes to the Hub's own scheme, host and port, whatever else looks like it.
func TestAuthoriseOwnOriginOnly(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://hub.example/api/x":           true,
		"https://HUB.example:443/x":           true,
		"http://hub.example/x":                false,
		"https://hub.example:8443/x":          false,
		"https://cdn.hub.example/x":           false,
		"https://hub.example.evil.example/x":  false,
		"https://evil.example/hub.example":    false,
		"https://hub.example@evil.example/x":  false,
		"https://xn--hub-example.evil.test/x": false,
	} {
		var got string
		a := &authorise{origin: "https://hub.example:443", token: always(secret), secrets: &secrets{}, next: tripper(func(r *http.Request) (*http.Response, error) {
			got = r.Header.Get("Authorization")
			return respond(200, ""), nil
		})}
		req := newRequest(t.Context(), t, "GET", url, "")
		req.Header.Set("Authorization", "Bearer of an earlier hop")
		if _, err := a.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if wanted := map[bool]string{true: "Bearer " + secret, false: ""}[want]; got != wanted {
			t.Errorf("%s: got %q, want %q", url, got, wanted)
		}
		if req.Header.Get("Authorization") != "Bearer of an earlier hop" {
			t.Errorf("%s: the request itself was changed", url)
		}
	}
}

func TestAuthoriseTraits(t *testing.T) {
	t.Parallel()
	send := func(tr traits, method, url, given string) (string, error) {
		var got string
		s := &secrets{}
		s.add(secret)
		a := &authorise{origin: "https://hub.example:443", secrets: s, refused: &sync.Map{},
			token: func(_ context.Context, r hub.Repo) (string, error) {
				switch r.Name {
				case "stranger":
					return "", nil
				case "broken":
					return "two words", nil
				case "refused":
					return "", hub.ErrForbidden
				}
				return secret + r.Name, nil
			},
			next: tripper(func(r *http.Request) (*http.Response, error) {
				got = r.Header.Get("Authorization")
				return respond(200, ""), nil
			})}
		req := newRequest(withTraits(t.Context(), tr), t, method, url, "")
		req.Header.Set("Authorization", given)
		_, err := a.RoundTrip(req)
		return got, err
	}
	const own, other = "https://hub.example/x", "https://storage.example/x"
	for name, c := range map[string]struct {
		traits                   traits
		method, url, given, want string
		err                      error
	}{
		"of the dataset":         {traits{repo: tiny}, "GET", own, "", "Bearer " + secret + "tiny", nil},
		"anonymous":              {traits{repo: tiny, anonymous: true}, "GET", own, "", "", nil},
		"no token":               {traits{repo: hub.Repo{Name: "stranger"}}, "GET", own, "", "", nil},
		"given for storage":      {traits{given: true}, "GET", other, "Basic abc", "Basic abc", nil},
		"ours given for storage": {traits{given: true}, "GET", other, "Bearer " + secret, "", nil},
		"given for the Hub":      {traits{repo: tiny, given: true}, "GET", own, "Basic abc", "Bearer " + secret + "tiny", nil},
		"no function's":          {traits{repo: hub.Repo{Name: "broken"}}, "GET", own, "", "", hub.ErrUnauthorized},
		"refused, reading":       {traits{repo: hub.Repo{Name: "refused"}}, "GET", own, "", "", nil}, // the dataset may be for everyone
		"refused, writing":       {traits{repo: hub.Repo{Name: "refused"}}, "POST", own, "", "", hub.ErrForbidden},
	} {
		got, err := send(c.traits, c.method, c.url, c.given)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q, %v, want %q, %v", name, got, err, c.want, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "two words") {
			t.Errorf("%s: the error %v shows the token", name, err)
		}
	}
}

func TestAgent(t *testing.T) {
	t.Parallel()
	var j journal
	var ids []string
	s := &secrets{}
	s.add(secret)
	a := &agent{name: "hubgate/1.2.0", origin: "https://hub.example:443", log: j.log, secrets: s, next: tripper(func(r *http.Request) (*http.Response, error) {
		if got := r.Header.Get("User-Agent"); got != "hubgate/1.2.0" {
			t.Errorf("user agent: got %q", got)
		}
		ids = append(ids, r.Header.Get("X-Request-Id"))
		return respond(200, "", "X-HF-Warning: quota; nearly full\n::error::x", "X-HF-Warning: quota; still nearly full",
			"X-HF-Warning: token; "+secret+" is old", "X-HF-Warning: no topic"), nil
	})}
	for _, url := range []string{acme, acme, "https://storage.example/x"} {
		if _, err := a.RoundTrip(newRequest(t.Context(), t, "GET", url, "")); err != nil {
			t.Fatal(err)
		}
	}
	want := "the Hub warns: nearly full ::error::x\nthe Hub warns: [token] is old\nthe Hub warns: no topic"
	if got := strings.Join(j.lines, "\n"); got != want {
		t.Errorf("logged:\n%s\nwant:\n%s", got, want)
	}
	if len(ids[0]) < 20 || ids[0] == ids[1] {
		t.Errorf("ids: got %q, want another for each request", ids)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	s := &secrets{}
	s.add("self-hosted-token")
	for text, want := range map[string]string{
		"nothing secret": "nothing secret",
		"see https://hub.example/datasets/acme/x":            "see https://hub.example/datasets/acme/x",
		"token self-hosted-token is read-only":               "token [token] is read-only",
		"hf_abcdefghijkl is bad":                             "[token] is bad",
		"Authorization: Bearer abc.def-ghi=":                 "Authorization: [token]",
		"authorization: basic YWRhOnB3":                      "authorization: [token]",
		`Get "https://cdn.example/a/b?Signature=abc&x=1": x`: `Get "https://cdn.example/a/b": x`,
		"https://ada:pw@cdn.example/a#frag":                  "https://cdn.example/a",
		"HTTPS://cdn.example?sig=1":                          "HTTPS://cdn.example",
		"a jwt eyJhbGciOi.eyJzdWIi.c2lnbmF0":                 "a jwt [token]",
		"X-Amz-Signature=abc&X-Amz-Date=2":                   "X-Amz-Signature=[secret]&X-Amz-Date=[secret]",
	} {
		if got := s.redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\r\n\tb  c":    "a b c",
		"\x1b[31mred":    "[31mred",
		"a\u202eb\u2028": "ab",
		"\xff":           "\uFFFD",
		" ":              "",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := oneLine(strings.Repeat("ü ", maxMessage)); len(got) > maxMessage+len("…") || !strings.HasSuffix(got, "ü…") {
		t.Errorf("a long text: got %d bytes", len(got))
	}
	if got := oneLine("see " + strings.Repeat("x", maxMessage)); got != "see…" {
		t.Errorf("a long word: got %q, want it left out whole", got)
	}
}
