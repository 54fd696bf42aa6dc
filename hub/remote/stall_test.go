package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hubgate/hubgate/hub"
)

// A transfer that stands still is cut and made again: the whole of a small file, the range of a large one.
func TestStalledTransfer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size  int
		times int // that it stalls
		want  error
	}{
		"small":           {1000, 2, nil},
		"large":           {maxWhole + 1, 2, nil},
		"small, for ever": {1000, 99, hub.ErrUnavailable},
		"large, for ever": {maxWhole + 1, 99, hub.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				content := strings.Repeat("0123456789", c.size/10+1)[:c.size]
				sum := sha256.Sum256([]byte(content))
				stalls := c.times
				h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "hub.example" {
						return respond(302, "", "Location: https://cdn.example/x?Signature=abc", "X-Repo-Commit: "+someCommit.ID,
							"X-Linked-Size: "+strconv.Itoa(c.size), "X-Linked-Etag: "+hex.EncodeToString(sum[:])), nil
					}
					resp := respond(200, content)
					if r.Header.Get("Range") != "" {
						resp = respond(206, content[10:20], "Content-Range: bytes 10-19/"+strconv.Itoa(c.size))
					}
					if stalls > 0 {
						stalls--
						resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, 5), &slowBody{every: time.Hour, n: 1, ctx: r.Context()}))
					}
					return resp, nil
				})
				b, err := (&store{hub: h, repo: tiny}).Open(t.Context(), someCommit, "x")
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				began := time.Now()
				p := make([]byte, 10)
				n, err := b.ReadAt(p, 10)
				if !errors.Is(err, c.want) || err == nil && (n != 10 || string(p) != content[10:20]) {
					t.Errorf("got %q, %v, want %v", p[:n], err, c.want)
				}
				if d, most := time.Since(began), time.Duration(min(c.times, 6))*70*time.Second; d > most {
					t.Errorf("took %s, want %s at most", d, most)
				}
			})
		})
	}
}

// Close returns when nothing is being fetched any more, and not before.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := openHub(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "hub.example" {
				return respond(302, "", "Location: https://cdn.example/x", "X-Repo-Commit: "+someCommit.ID,
					"X-Linked-Size: 99999999", "X-Linked-Etag: "+strings.Repeat("a", 64)), nil
			}
			<-r.Context().Done()
			<-release // a connection that is slow to notice
			return nil, r.Context().Err()
		})
		opened, err := (&store{hub: h, repo: tiny}).Open(t.Context(), someCommit, "x")
		if err != nil {
			t.Fatal(err)
		}
		b := opened.(*blob)
		go func() { _ = b.Prefetch(t.Context(), [][2]int64{{0, 10}, {10_000, 10}}) }()
		synctest.Wait()
		closed := make(chan struct{})
		go func() {
			_ = b.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while requests are running")
		default:
		}
		close(release)
		<-closed
	})
}
