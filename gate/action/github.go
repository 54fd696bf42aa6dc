package action

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"

	"github.com/google/go-github/v62/github"
	"github.com/sethvargo/go-githubactions"
)

// GitHub is the workflow run that this process is a step of. Outside of one it knows nothing and says nothing.
type GitHub struct {
	getenv func(string) string
	action *githubactions.Action
	client *http.Client
	token  string
}

// New returns the edge to GitHub. Workflow commands are written to w. With an empty token nothing is asked of GitHub.
// A nil client is http.DefaultClient.
func New(getenv func(string) string, w io.Writer, client *http.Client, token string) *GitHub {
	if client == nil {
		client = http.DefaultClient
	}
	return &GitHub{
		getenv: getenv, client: client, token: token,
		action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(w)),
	}
}

// Mask keeps a secret out of the job's log. The empty string is no secret, and outside a workflow run nothing is written,
// because there the command itself would show it.
func (g *GitHub) Mask(secret string) {
	if secret != "" && g.running() {
		_ = guard(func() { g.action.AddMask(secret) }) // a log that cannot be written to shows nothing
	}
}

// running reports whether a runner listens to workflow commands.
func (g *GitHub) running() bool { return g.getenv("GITHUB_ACTIONS") == "true" }

// Server returns the address of GitHub that people visit, without a slash at its end.
func (g *GitHub) Server() string {
	return cmp.Or(strings.TrimRight(g.getenv("GITHUB_SERVER_URL"), "/"), "https://github.com")
}

// api returns a client for the GitHub that the runner belongs to.
func (g *GitHub) api() (*github.Client, error) {
	u, err := address("GITHUB_API_URL", cmp.Or(g.getenv("GITHUB_API_URL"), "https://api.github.com"))
	if err != nil {
		return nil, err
	}
	u.Path += "/"
	client := *g.client
	client.CheckRedirect = sameHost
	api := github.NewClient(&client).WithAuthToken(g.token)
	api.BaseURL, api.UserAgent = u, "hubgate"
	return api, nil
}

// graphql returns the address of the GraphQL API. Where the runner does not name it, it lies beside the REST API: at /graphql,
// and on GitHub Enterprise Server at /api/graphql instead of /api/v3.
func (g *GitHub) graphql(rest *url.URL) (*url.URL, error) {
	if text := g.getenv("GITHUB_GRAPHQL_URL"); text != "" {
		return address("GITHUB_GRAPHQL_URL", text)
	}
	u := *rest
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v3") + "/graphql"
	return &u, nil
}

// address reads an address that the runner sets, without slashes at its end.
func address(variable, text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("%s is %q, not an http or https address; the runner sets it", variable, text)
	}
	return u, nil
}

// sameHost refuses redirects to another host, which would be shown the token. GitHub's own, of a renamed repository,
// stay on theirs.
func sameHost(to *http.Request, via []*http.Request) error {
	if from := via[0].URL; to.URL.Scheme != from.Scheme || to.URL.Host != from.Host {
		return fmt.Errorf("redirected from %s to %s://%s, which is not given the token", from.Host, to.URL.Scheme, to.URL.Host)
	}
	if len(via) == 10 {
		return errors.New("redirected ten times")
	}
	return nil
}

// guard turns the panic that go-githubactions raises when it cannot write into an error.
func guard(write func()) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		cause, ok := r.(error)
		if bug := runtime.Error(nil); !ok || errors.As(cause, &bug) {
			panic(r)
		}
		if err = errors.Unwrap(cause); err == nil { // what happened, without the library's "failed to"
			err = cause
		}
	}()
	write()
	return nil
}
