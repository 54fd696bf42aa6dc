package remote

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/hubgate/hubgate/hub"
)

// A caller is who asks, as far as the Hub tells. It asks the Hub once: that question is limited far more strictly than others.
type caller struct {
	mu    sync.Mutex
	asked bool
	who   whoami
}

// whoami is the Hub's answer to who asks; the zero whoami is nobody.
type whoami struct {
	Type string `json:"type"` // user, org, or app
	Name string `json:"name"`
	Orgs []struct {
		Name         string   `json:"name"`
		Role         string   `json:"roleInOrg"` // admin, write, contributor or read; empty where the Hub does not say
		Restrictions []string `json:"securityRestrictions"`
		Groups       []struct {
			Name string `json:"name"`
		} `json:"resourceGroups"`
	} `json:"orgs"`
	Auth struct {
		Token struct {
			Role        string `json:"role"` // read, write or fineGrained
			FineGrained struct {
				Scoped []struct {
					Entity struct {
						Type string `json:"type"` // user, org, or a repository's
						Name string `json:"name"`
					} `json:"entity"`
					Permissions []string `json:"permissions"`
				} `json:"scoped"`
			} `json:"fineGrained"`
		} `json:"accessToken"`
	} `json:"auth"`
}

// certain tells whether a dataset that the Hub says is not there is certainly not: whether the caller may write in its
// namespace and so sees everything in it. In doubt it is not certain.
func (h *Hub) certain(ctx context.Context, r hub.Repo) bool {
	if r == (hub.Repo{}) {
		return false
	}
	h.caller.mu.Lock() // held over the request: who asks meanwhile wants the same answer
	defer h.caller.mu.Unlock()
	if !h.caller.asked {
		var who whoami
		_, err := h.call(ctx, request{op: "open", target: r.String(), path: "/api/whoami-v2"}, &who)
		if err != nil && ctx.Err() != nil {
			return false // it was not answered, so it may be asked again
		}
		if err == nil {
			h.caller.who = who
		}
		h.caller.asked = true
	}
	return h.caller.who.writes(r.Owner)
}

// known tells whether the Hub has said who asks.
func (c *caller) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who.Name != ""
}

// writes tells whether it is known that w may write whatever there is in a namespace.
func (w *whoami) writes(namespace string) bool {
	if w.Type != "user" {
		return false // the token of an organisation, an app or a single dataset sees what it was given
	}
	switch w.Auth.Token.Role {
	case "write":
	case "fineGrained":
		if !w.scoped(namespace) {
			return false
		}
	default:
		return false
	}
	if strings.EqualFold(w.Name, namespace) {
		return true
	}
	for _, o := range w.Orgs {
		if !strings.EqualFold(o.Name, namespace) {
			continue
		}
		switch {
		case len(o.Restrictions) > 0:
			return false // such as single sign-on that the token has not passed
		case o.Role == "admin":
			return true
		default:
			// Who is in a resource group may not see the datasets of others.
			return (o.Role == "write" || o.Role == "") && len(o.Groups) == 0
		}
	}
	return false
}

// scoped tells whether a fine-grained token may write to a whole namespace.
func (w *whoami) scoped(namespace string) bool {
	for _, s := range w.Auth.Token.FineGrained.Scoped {
		whole := s.Entity.Type == "user" || s.Entity.Type == "org"
		if whole && strings.EqualFold(s.Entity.Name, namespace) && slices.Contains(s.Permissions, "repo.write") {
			return true
		}
	}
	return false
}
