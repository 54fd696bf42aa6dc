package remote_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/remote"
)

// The real Hub keeps its promises too, with a token that may create and delete datasets in a namespace of its own for tests.
func TestConformanceOfRealHub(t *testing.T) {
	t.Parallel()
	token, namespace := os.Getenv("HUBGATE_TEST_HUB_TOKEN"), os.Getenv("HUBGATE_TEST_HUB_NAMESPACE")
	if token == "" || namespace == "" {
		t.Skip("set HUBGATE_TEST_HUB_TOKEN and HUBGATE_TEST_HUB_NAMESPACE to test against the Hub at HF_ENDPOINT")
	}
	url := os.Getenv("HF_ENDPOINT")
	if url == "" {
		url = "https://huggingface.co"
	}
	hubtest.Run(t, func(t *testing.T) hub.Hub { return newCorner(t, url, token, namespace) })
}

// What the test above runs on the real Hub is run on the one in memory always.
func TestConformanceInACorner(t *testing.T) {
	t.Parallel()
	hubtest.Run(t, func(t *testing.T) hub.Hub {
		s := hubtest.NewServer(t)
		s.Grant(token, hubtest.Account{Name: "ada", Orgs: []string{"shared"}})
		s.Add("shared/someone-elses-results", hubtest.Dataset{})
		return newCorner(t, s.URL(), token, "shared")
	})
}

// A corner is a namespace that others use too, made to look like one called "acme" without any datasets.
type corner struct {
	*remote.Hub

	namespace, prefix string
}

// newCorner opens a Hub. What is created there is deleted after the test.
func newCorner(t *testing.T, url, token, namespace string) *corner {
	h, err := remote.Open(remote.Options{URL: url, Token: fixed(token), UserAgent: "hubgate-test", Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	c := &corner{h, namespace, "hubgate-test-" + strings.ToLower(rand.Text()[:10]) + "."}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		for _, name := range []string{"tiny-llm-results", "b-results", "a_results", "a.results", "Z-results", "other"} {
			remove(ctx, t, url, token, hub.Repo{Owner: namespace, Name: c.prefix + name})
		}
	})
	return c
}

func remove(ctx context.Context, t *testing.T, url, token string, r hub.Repo) {
	body, err := json.Marshal(map[string]string{"type": "dataset", "name": r.Name, "organization": r.Owner})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, url+"/api/repos/delete", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Logf("deleting %s: %v", r, err)
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
		t.Logf("deleting %s: status %d", r, resp.StatusCode)
	}
}

// there returns what a dataset is called on the Hub.
func (c *corner) there(r hub.Repo) hub.Repo {
	if r.Check() != nil {
		return r
	}
	return hub.Repo{Owner: c.owner(r.Owner), Name: c.prefix + r.Name}
}

func (c *corner) owner(o string) string {
	if o == "acme" {
		return c.namespace
	}
	return o + "-" + strings.TrimSuffix(c.prefix, ".") // nobody
}

// here makes an error speak of what the dataset is called in the test.
func (c *corner) here(err error) error {
	e := (*hub.Error)(nil)
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	moved.Target = strings.Replace(strings.Replace(e.Target, c.prefix, "", 1), c.namespace, "acme", 1)
	return &moved
}

func (c *corner) store(s hub.Store, err error) (hub.Store, error) {
	if err != nil {
		return nil, c.here(err)
	}
	return &cornerStore{s, c}, nil
}

func (c *corner) Open(ctx context.Context, r hub.Repo) (hub.Store, error) {
	return c.store(c.Hub.Open(ctx, c.there(r)))
}

func (c *corner) Create(ctx context.Context, r hub.Repo) (hub.Store, error) {
	return c.store(c.Hub.Create(ctx, c.there(r)))
}

func (c *corner) Datasets(ctx context.Context, owner string) iter.Seq2[hub.Repo, error] {
	return func(yield func(hub.Repo, error) bool) {
		for r, err := range c.Hub.Datasets(ctx, c.owner(owner)) {
			name, ours := strings.CutPrefix(r.Name, c.prefix)
			if err == nil && !ours {
				continue
			}
			if !yield(hub.Repo{Owner: owner, Name: name}, c.here(err)) {
				return
			}
		}
	}
}

// A cornerStore is a dataset in a corner.
type cornerStore struct {
	hub.Store

	in *corner
}

func (s *cornerStore) Repo() hub.Repo {
	return hub.Repo{Owner: "acme", Name: strings.TrimPrefix(s.Store.Repo().Name, s.in.prefix)}
}

func (s *cornerStore) Resolve(ctx context.Context, revision string) (hub.Commit, error) {
	c, err := s.Store.Resolve(ctx, revision)
	return c, s.in.here(err)
}

func (s *cornerStore) List(ctx context.Context, at hub.Commit, dir string) iter.Seq2[hub.Entry, error] {
	return told(s.in, s.Store.List(ctx, at, dir))
}

func (s *cornerStore) Log(ctx context.Context, revision string) iter.Seq2[hub.Commit, error] {
	return told(s.in, s.Store.Log(ctx, revision))
}

func told[T any](c *corner, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if !yield(v, c.here(err)) {
				return
			}
		}
	}
}

func (s *cornerStore) Open(ctx context.Context, at hub.Commit, path string) (hub.Blob, error) {
	b, err := s.Store.Open(ctx, at, path)
	return b, s.in.here(err)
}

func (s *cornerStore) Commit(ctx context.Context, c hub.Change) (hub.Commit, error) {
	done, err := s.Store.Commit(ctx, c)
	return done, s.in.here(err)
}

func (s *cornerStore) Branch(ctx context.Context, name string, from hub.Commit) error {
	return s.in.here(s.Store.Branch(ctx, name, from))
}
