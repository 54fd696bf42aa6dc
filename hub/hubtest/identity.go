package hubtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A Publisher is whose identity a dataset takes in exchange for a token that writes to it.
// https://huggingface.co/docs/hub/trusted-publishers
type Publisher struct {
	Repository string // owner/name on GitHub
	Branch     string // empty for any
	Workflow   string // its file's name; empty for any
}

// Trust makes a dataset take the identity of a publisher. The dataset must be there.
func (s *Server) Trust(name string, p Publisher) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[strings.ToLower(name)]
	if r == nil {
		return fmt.Errorf("%s: %w", name, errNoDataset)
	}
	r.publishers = append(r.publishers, p)
	return nil
}

// Identity returns what a job of a publisher's workflow finds in ACTIONS_ID_TOKEN_REQUEST_URL and
// ACTIONS_ID_TOKEN_REQUEST_TOKEN. They lead to a stand-in for GitHub's runner, at an origin of its own.
// https://docs.github.com/en/actions/reference/security/oidc
func (s *Server) Identity(job Publisher) (requestURL, requestToken string) {
	claims, err := json.Marshal(job)
	if err != nil {
		panic(err) // strings only
	}
	token := "ghs_" + base64.RawURLEncoding.EncodeToString(claims)
	s.Grant(token, Account{Expired: true}) // a secret, and no token of the Hub
	return s.runner.URL + "/idtoken?api-version=2.0", token
}

// issueIdentity answers as the runner does.
func (s *Server) issueIdentity(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ghs_")
	claims, err := base64.RawURLEncoding.DecodeString(token)
	q := r.URL.Query()
	var job Publisher
	switch {
	case r.Method != http.MethodGet || r.URL.Path != "/idtoken" || q.Get("api-version") == "":
		s.t.Errorf("hubtest: %s %s: not the runner's address with the audience added to its query", r.Method, r.URL)
		reply(http.StatusNotFound, object{"message": "Not Found"}).send(w, r)
	case !ok || err != nil || json.Unmarshal(claims, &job) != nil:
		reply(http.StatusUnauthorized, object{"message": "Unauthorized"}).send(w, r)
	default:
		jwt := s.identityToken(job, q.Get("audience"))
		s.locked(func() *answer {
			s.accounts[jwt] = &Account{Expired: true} // as above
			return reply(http.StatusOK, object{"count": len(jwt), "value": jwt})
		}).send(w, r)
	}
}

type claims struct {
	Audience string `json:"aud"`
	Publisher
}

func (s *Server) identityToken(job Publisher, audience string) string {
	body, err := json.Marshal(claims{Audience: audience, Publisher: job})
	if err != nil {
		panic(err) // strings only
	}
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	return unsigned + "." + s.identitySignature(unsigned)
}

func (s *Server) identitySignature(unsigned string) string {
	mac := hmac.New(sha256.New, []byte(s.runner.URL))
	mac.Write([]byte(unsigned))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// readIdentity returns the claims of an identity token that the runner signed.
func (s *Server) readIdentity(jwt string) (claims, bool) {
	i := strings.LastIndexByte(jwt, '.')
	if i < 0 || !hmac.Equal([]byte(jwt[i+1:]), []byte(s.identitySignature(jwt[:i]))) {
		return claims{}, false
	}
	_, payload, _ := strings.Cut(jwt[:i], ".")
	body, err := base64.RawURLEncoding.DecodeString(payload)
	var c claims
	return c, err == nil && json.Unmarshal(body, &c) == nil
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeIdentity  = "urn:ietf:params:oauth:token-type:id_token"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
)

// exchange gives a token of one dataset for the identity of one of its publishers.
func (s *Server) exchange(c *call) *answer {
	var asked struct {
		GrantType string `json:"grant_type"`
		TokenType string `json:"subject_token_type"`
		Token     string `json:"subject_token"`
		Resource  string `json:"resource"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	if c.Header.Get("Authorization") != "" || asked.GrantType != grantExchange || asked.TokenType != typeIdentity || asked.Resource == "" {
		return notGranted("invalid_request", "Missing or malformed parameters")
	}
	id, ok := s.readIdentity(asked.Token)
	if !ok || id.Audience != s.hub.URL {
		return notGranted("invalid_grant", "The token is not valid, or its audience is not "+s.hub.URL)
	}
	name, ok := strings.CutPrefix(asked.Resource, "datasets/")
	r := s.repos[strings.ToLower(name)]
	if !ok || r == nil || !slices.ContainsFunc(r.publishers, id.Publisher.is) {
		return notGranted("invalid_grant", "No trusted publisher of "+asked.Resource+" matches the token")
	}
	s.clock++
	token := fmt.Sprintf("hf_jwt_%s", sha1Hex(fmt.Sprint(asked.Token, s.clock)))
	s.accounts[token] = &Account{Name: r.id, Role: RoleWrite, repo: r.id}
	return reply(http.StatusOK, object{"access_token": token, "token_type": "bearer", "expires_in": 3600, "issued_token_type": typeAccess})
}

// is tells whether a job is one that a dataset trusts.
func (p Publisher) is(trusted Publisher) bool {
	return p.Repository == trusted.Repository && (trusted.Branch == "" || trusted.Branch == p.Branch) &&
		(trusted.Workflow == "" || trusted.Workflow == p.Workflow)
}

func notGranted(code, why string) *answer {
	return reply(http.StatusBadRequest, object{"error": code, "error_description": why})
}
