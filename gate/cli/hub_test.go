package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
	"github.com/hubgate/hubgate/hub/local"
	"github.com/hubgate/hubgate/hub/remote"
)

type hubKey struct{}

// A network is the Hub over the network as one script sees it; nil until it is started.
type network struct {
	tb     testing.TB
	server *hubtest.Server
}

// The tokens of the Hub over the network.
var tokens = map[string]hubtest.Account{
	"owner":    {Name: "ada", Orgs: []string{"acme"}},
	"reader":   {Name: "ada", Orgs: []string{"acme"}, Role: hubtest.RoleRead},
	"stranger": {Name: "eve"},
	"expired":  {Name: "ada", Orgs: []string{"acme"}, Expired: true},
}

// onHub is the Hub over the network, at $HF_ENDPOINT:
//
//	hub start                        start it, without datasets
//	hub be WHO                       the token of an owner, a reader, a stranger, an expired one, or nobody
//	hub add OWNER/NAME [public]      somebody makes a dataset
//	hub upload OWNER/NAME PATH=FILE  another tool commits files
//	hub fail METHOD PATH WHAT TIMES  requests meet a status, "proxy", "missing": no such dataset, "no-revision", or "no-entry"
//	hub trust OWNER/NAME REPO        the dataset takes the identity of the jobs of a repository
//	hub job REPO                     be a job of that repository that may prove its identity
//	hub files OWNER/NAME [REVISION]  print the files
//	hub requests                     print how many requests there were since the last time
func onHub(ts *testscript.TestScript, neg bool, args []string) {
	n, ok := ts.Value(hubKey{}).(*network)
	if neg || !ok || len(args) == 0 {
		ts.Fatalf("usage: hub WHAT [ARGS...]")
	}
	if args[0] == "start" {
		n.server = hubtest.NewServer(n.tb)
		for who, account := range tokens {
			n.server.Grant("hf_"+who, account)
		}
		ts.Setenv("HF_ENDPOINT", n.server.URL())
		return
	}
	switch what, rest := args[0], args[1:]; {
	case what == "be" && len(rest) == 1:
		token := "hf_" + rest[0]
		if rest[0] == "nobody" {
			token = ""
		}
		ts.Setenv("HF_TOKEN", token)
	case what == "add" && len(rest) > 0:
		n.server.Add(rest[0], hubtest.Dataset{Private: len(rest) == 1})
	case what == "upload" && len(rest) > 1:
		files := map[string]string{}
		for _, arg := range rest[1:] {
			path, file, _ := strings.Cut(arg, "=")
			files[path] = ts.ReadFile(file)
		}
		_, err := n.server.Commit(rest[0], "main", "Upload dataset", files)
		ts.Check(err)
	case what == "fail" && len(rest) == 4:
		times, err := strconv.Atoi(rest[3])
		ts.Check(err)
		n.server.Fail(hubtest.Fault{Method: rest[0], Path: rest[1], Times: times, Trouble: trouble(ts, rest[2])})
	case what == "trust" && len(rest) == 2:
		ts.Check(n.server.Trust(rest[0], hubtest.Publisher{Repository: rest[1]}))
	case what == "job" && len(rest) == 1:
		url, token := n.server.Identity(hubtest.Publisher{Repository: rest[0], Branch: "main", Workflow: "evals.yml"})
		ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
		ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
	case what == "requests" && len(rest) == 0:
		fmt.Fprintln(ts.Stdout(), len(n.server.Requests()))
		n.server.ResetRequests()
	case what == "files" && len(rest) > 0:
		files, err := n.server.Files(rest[0], append(rest, "main")[1])
		ts.Check(err)
		fmt.Fprintln(ts.Stdout(), strings.Join(files, "\n"))
	default:
		ts.Fatalf("hub: unknown %v", args)
	}
}

func trouble(ts *testscript.TestScript, what string) hubtest.Trouble {
	switch what {
	case "proxy":
		return hubtest.Proxy()
	case "missing":
		return hubtest.Status(http.StatusNotFound, "Repository not found")
	case "no-revision":
		return hubtest.Status(http.StatusNotFound, "Revision not found")
	case "no-entry":
		return hubtest.Status(http.StatusNotFound, "Entry not found")
	}
	status, err := strconv.Atoi(what)
	ts.Check(err)
	if status >= http.StatusInternalServerError {
		return hubtest.Gateway(status)
	}
	return hubtest.Status(status, http.StatusText(status))
}

// openHub opens the Hub that a script names: a directory, or the one over the network by its URL.
func openHub(ts *testscript.TestScript, name string) hub.Hub {
	if !strings.HasPrefix(name, "http://") {
		return local.Open(ts.MkAbs(name))
	}
	h, err := remote.Open(remote.Options{
		URL: name, Token: func(context.Context, hub.Repo) (string, error) { return "hf_owner", nil },
	})
	ts.Check(err)
	return h
}
