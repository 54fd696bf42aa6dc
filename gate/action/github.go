package action

import (
	"errors"
	"io"
	"net/http"
	"runtime"

	"github.com/sethvargo/go-githubactions"
)

// GitHub is the workflow run that this process is a step of. Outside of one it knows nothing and says nothing.
type GitHub struct {
	getenv func(string) string
	action *githubactions.Action
	client *http.Client
	token  string
}

// New returns the edge to GitHub. Workflow commands are written to w. An empty token leaves out the comment.
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
