package remote

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

// Whatever a Hub answers, reading ends: with what the promises of package hub allow, or with a *hub.Error of one line.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `[{"type":"file","path":"data/a","size":1}]`, `</next>; rel="next"`, "")
	f.Add(200, `[{"type":"file","path":"../a","size":-1,"lfs":{"oid":"x","size":9}}]`, ``, "")
	f.Add(200, logOf(hex40("ab12"), hex40("cd34")), ``, "")
	f.Add(200, `[{"id":"acme/x"},{"id":7}]`, `<https://evil/>; rel=next`, "")
	f.Add(200, `{"id":"acme/tiny"}`, ``, "")
	f.Add(404, `{"error":["a","b"]}`, ``, "EntryNotFound")
	f.Add(401, `{"errors":[{"message":"x"}]}`, ``, "")
	f.Add(302, ``, ``, "https://h/?Signature=x")
	f.Add(200, `null`, ``, "")
	f.Fuzz(func(t *testing.T, status int, body, link, code string) {
		if status < 100 || status > 599 || status == 408 || status == 429 || status >= 500 {
			return // which is waited for
		}
		n := 0
		h := openHub(t, Options{Token: always(secret)}, func(r *http.Request) (*http.Response, error) {
			if n++; n > 50 {
				return respond(418, ""), nil // enough pages
			}
			if origin(r.URL) != "https://hub.example:443" && r.Header.Get("Authorization") != "" {
				t.Errorf("a token for %s", r.URL)
			}
			resp := respond(status, body)
			resp.Header.Set("Link", link)
			resp.Header.Set("X-Error-Code", code)
			resp.Header.Set("Location", code)
			resp.Header.Set("X-Repo-Commit", someCommit.ID)
			resp.Header.Set("X-Linked-Size", body)
			resp.Header.Set("ETag", link)
			return resp, nil
		})
		s := &store{hub: h, repo: tiny}
		check := func(err error) {
			if err == nil {
				return
			}
			e := (*hub.Error)(nil)
			if !errors.As(err, &e) || strings.ContainsAny(err.Error()+e.Mend(), "\n\r\x00\x1b") || strings.Contains(err.Error(), secret) {
				t.Errorf("got %q, want a *hub.Error of one line", err)
			}
		}
		for e, err := range s.List(t.Context(), someCommit, "data") {
			if check(err); err == nil && (hub.CheckPath(e.Path) != nil || !strings.HasPrefix(e.Path, "data/") || e.Size < 0) {
				t.Errorf("listed %+v", e)
			}
		}
		c, err := s.Resolve(t.Context(), "main")
		if check(err); err == nil && !hub.IsCommitID(c.ID) {
			t.Errorf("resolved to %+v", c)
		}
		for c, err := range s.Log(t.Context(), "main") {
			if check(err); err == nil && !hub.IsCommitID(c.ID) {
				t.Errorf("logged %+v", c)
			}
		}
		for r, err := range h.Datasets(t.Context(), "acme") {
			if check(err); err == nil && (r.Check() != nil || r.Owner != "acme") {
				t.Errorf("found %v", r)
			}
		}
		st, err := h.Open(t.Context(), tiny)
		if check(err); err == nil && st.Repo().Check() != nil {
			t.Errorf("opened %v", st.Repo())
		}
		b, err := s.Open(t.Context(), someCommit, "data/a")
		if check(err); err == nil {
			if b.Size() < 0 {
				t.Errorf("size %d", b.Size())
			}
			_ = b.Close()
		}
	})
}

// Headers are read without a mistake, or not at all.
func FuzzHeaders(f *testing.F) {
	f.Add(`"api";r=0;t=55`, "20", `<https://h/x>; rel="next"`, "bytes 0-9/10", `W/"abc"`)
	f.Add(`"api";r=0;t=-55, "pages";r=0;t=3`, "-1", `<<>>;;,rel`, "bytes */10", `"`)
	f.Add(`r=0;t=99999999999999999999`, "1e9", `<`, "bytes 9-0/10", ``)
	f.Fuzz(func(t *testing.T, limit, after, link, span, tag string) {
		h := http.Header{"Ratelimit": {limit}, "Retry-After": {after}, "Link": {link}}
		for _, status := range []int{429, 503} {
			if d := askedFor(&http.Response{StatusCode: status, Header: h}); d < 0 || d > 2*maxReset {
				t.Errorf("%q, %q: wait %s", limit, after, d)
			}
		}
		if next := nextLink(h); next != "" && !strings.Contains(link, "<"+next+">") {
			t.Errorf("%q: next %q", link, next)
		}
		if first, last, size, ok := contentRange(span); ok && (first < 0 || last < first || size != -1 && size <= last) {
			t.Errorf("%q: got %d-%d/%d", span, first, last, size)
		}
		if got := etag(tag); strings.HasPrefix(got, `"`) {
			t.Errorf("%q: got %q", tag, got)
		}
	})
}

// Redacting takes out what is secret wherever it stands, and text stays on one line.
func FuzzRedact(f *testing.F) {
	f.Add("see https://h/x?sig=1", " and more")
	f.Add("Bearer ", "\r\nx")
	f.Add("https://", "@h/x")
	f.Fuzz(func(t *testing.T, before, after string) {
		s := &secrets{}
		s.add(secret)
		got := s.redact(oneLine(before + secret + after))
		if strings.Contains(got, secret) || strings.ContainsAny(got, "\r\n\x00\x1b") {
			t.Errorf("got %q", got)
		}
		got = s.redact("https://cdn.example/x?Signature=s3cr3t&a=" + oneLine(before))
		if strings.Contains(got, "s3cr3t") {
			t.Errorf("got %q", got)
		}
	})
}
