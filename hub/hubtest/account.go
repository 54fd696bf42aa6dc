package hubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The roles of a token.
const (
	RoleRead        = "read"
	RoleWrite       = "write"
	RoleFineGrained = "fineGrained"
)

// An Account is who a token speaks for, and what the token may do.
type Account struct {
	Name string   // the user; its own namespace too
	Role string   // RoleRead, RoleWrite or RoleFineGrained; empty for RoleWrite
	Orgs []string // organisations it is a member of

	// What a fine-grained token may read and write: namespaces, and datasets as owner/name. Writing includes reading.
	Read, Write []string

	Accepted         []string // gated datasets it has access to, as owner/name
	PullRequestsOnly bool     // it may open pull requests and commit to them, and nothing else
	Expired          bool

	repo string // what a token that an identity was exchanged for may write, as owner/name
}

// Grant makes token one of an account. It replaces what the token was before.
func (s *Server) Grant(token string, a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.Role = cmp.Or(a.Role, RoleWrite)
	s.accounts[token] = &a
}

// Expire makes token one that is not valid any more.
func (s *Server) Expire(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[token]; a != nil {
		a.Expired = true
	}
}

const (
	badCredentials = "Invalid credentials in Authorization header"
	noCredentials  = "Invalid username or password."
)

// identify returns whose token a request has, nil when it has none. The caller holds the lock.
func (s *Server) identify(r *http.Request) (*Account, *answer) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, nil
	}
	token, _ := strings.CutPrefix(header, "Bearer ")
	if _, password, ok := r.BasicAuth(); ok {
		token = password // as git does it
	}
	a := s.accounts[token]
	if a == nil || a.Expired {
		return nil, refuse(http.StatusUnauthorized, "", badCredentials)
	}
	return a, nil
}

func (a *Account) member(namespace string) bool {
	return a != nil && a.repo == "" && (strings.EqualFold(a.Name, namespace) || slices.Contains(a.Orgs, namespace))
}

// scoped tells whether a list of namespaces and datasets holds this dataset.
func scoped(list []string, id string) bool {
	owner, _, _ := strings.Cut(id, "/")
	return slices.Contains(list, id) || slices.Contains(list, owner)
}

// reads tells whether a may know of a dataset at all.
func (a *Account) reads(d *repository) bool {
	switch {
	case !d.private || a != nil && a.repo == d.id:
		return true
	case !a.member(d.owner()):
		return false
	case a.Role == RoleFineGrained:
		return scoped(a.Read, d.id) || scoped(a.Write, d.id)
	default:
		return true
	}
}

// opens tells whether a may read the files of a gated dataset.
func (a *Account) opens(d *repository) bool {
	return d.gated == "" || a != nil && (slices.Contains(a.Accepted, d.id) || a.member(d.owner()) || a.repo == d.id)
}

func (a *Account) writes(id string) bool {
	owner, _, _ := strings.Cut(id, "/")
	switch {
	case a == nil || a.PullRequestsOnly:
		return false
	case a.repo != "":
		return a.repo == id
	case !a.member(owner):
		return false
	case a.Role == RoleFineGrained:
		return scoped(a.Write, id)
	default:
		return a.Role == RoleWrite
	}
}

// creates tells whether a may make a dataset: a token for one dataset may not, nor a fine-grained one for existing ones.
func (a *Account) creates(namespace string) bool {
	return a != nil && a.repo == "" && a.writes(namespace+"/") && (a.Role != RoleFineGrained || slices.Contains(a.Write, namespace))
}

func (s *Server) whoami(c *call) *answer {
	a := c.account
	if a == nil {
		return refuse(http.StatusUnauthorized, "", noCredentials)
	}
	if a.repo != "" {
		return refuse(http.StatusForbidden, "", "This token belongs to a repository and not to a user")
	}
	orgs := []object{}
	for _, name := range a.Orgs {
		orgs = append(orgs, object{
			"type": "org", "id": shortID("org " + name), "name": name, "fullname": name, "roleInOrg": "write", "isEnterprise": false,
		})
	}
	token := object{"displayName": "test", "role": a.Role, "createdAt": "2026-01-02T03:04:05.000Z"}
	if a.Role == RoleFineGrained {
		token["fineGrained"] = object{"canReadGatedRepos": true, "global": []string{}, "scoped": a.scopes()}
	}
	return reply(http.StatusOK, object{
		"type": "user", "id": shortID("user " + a.Name), "name": a.Name, "fullname": a.Name, "email": a.Name + "@example.org", "emailVerified": true,
		"isPro": false, "canPay": false, "orgs": orgs, "auth": object{"type": "access_token", "accessToken": token},
	})
}

func (a *Account) scopes() []object {
	scopes := []object{}
	add := func(list []string, permissions ...string) {
		for _, name := range list {
			kind := "org"
			switch {
			case strings.Contains(name, "/"):
				kind = "dataset"
			case name == a.Name:
				kind = "user"
			}
			scopes = append(scopes, object{
				"entity": object{"_id": shortID(kind + " " + name), "type": kind, "name": name}, "permissions": permissions,
			})
		}
	}
	add(a.Read, "repo.content.read")
	add(a.Write, "repo.content.read", "repo.write")
	return scopes
}

func forbidden(what string) *answer {
	return refuse(http.StatusForbidden, "", fmt.Sprintf("You don't have the rights to %s", what))
}
