package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hubgate/hubgate/hub"
)

const (
	// renewBefore is how long before its end a token is no longer used: what begins with it must end with it.
	renewBefore = 5 * time.Minute
	// maxIdentity bounds the answers that hold a token, in bytes.
	maxIdentity = 64 << 10
)

// An Identity exchanges what a CI job can prove about itself for tokens, each good for writing one dataset for a short time.
// The job asks for its proof with RequestURL and RequestToken, as GitHub hands them to a job that has the permission
// "id-token: write"; elsewhere Proof is given. It is safe for concurrent use.
// https://docs.github.com/en/actions/reference/security/oidc
type Identity struct {
	Endpoint     string            // the Hub's URL, for which the proof is made; it goes nowhere else
	RequestURL   string            // ACTIONS_ID_TOKEN_REQUEST_URL
	RequestToken string            // ACTIONS_ID_TOKEN_REQUEST_TOKEN; it goes to RequestURL alone
	Proof        string            // HF_OIDC_ID_TOKEN: a JWT of another CI system, used instead
	PlainHTTP    bool              // as in Options
	Transport    http.RoundTripper // nil for http.DefaultTransport
	Mask         func(string)      // told each secret before anything else is done with it; nil where nothing is printed

	mu     sync.Mutex
	tokens map[hub.Repo]grant
}

// A grant is a token, or why there is none, and when to ask again.
type grant struct {
	token   string
	refused error
	until   time.Time
}

// Token returns a token for r, which lasts for a few minutes at least. It returns hub.ErrForbidden when the Hub knows no such
// publisher, with what to configure there, and hub.ErrUnavailable when either side does not answer.
func (id *Identity) Token(ctx context.Context, r hub.Repo) (string, error) {
	id.mu.Lock() // held over the requests: who asks meanwhile wants the same token
	defer id.mu.Unlock()
	if g, ok := id.tokens[r]; ok && time.Now().Before(g.until) {
		return g.token, g.refused
	}
	g, err := id.exchange(ctx, r)
	if e := (*hub.Error)(nil); err != nil && !errors.As(err, &e) {
		err = &hub.Error{Op: "token", Target: r.String(), Err: err}
	}
	if errors.Is(err, hub.ErrForbidden) { // which asking again for every request does not change
		g = grant{refused: err, until: time.Now().Add(renewBefore)}
	} else if err != nil {
		return "", err
	}
	if id.tokens == nil {
		id.tokens = map[hub.Repo]grant{}
	}
	id.tokens[r] = g
	return g.token, g.refused
}

func (id *Identity) exchange(ctx context.Context, r hub.Repo) (grant, error) {
	if err := r.Check(); err != nil {
		return grant{}, err
	}
	proof, err := id.prove(ctx, r)
	if err != nil {
		return grant{}, err
	}
	body, err := json.Marshal(map[string]string{
		"grant_type":         "urn:ietf:params:oauth:grant-type:token-exchange",
		"subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
		"subject_token":      proof,
		"resource":           "datasets/" + r.String(),
	})
	if err != nil {
		return grant{}, err
	}
	endpoint, err := parseBase(id.Endpoint, id.PlainHTTP)
	if err != nil {
		return grant{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String()+"/oauth/token", bytes.NewReader(body))
	if err != nil {
		return grant{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	var answer struct {
		Token     string `json:"access_token"`
		ExpiresIn int64  `json:"expires_in"` // seconds
	}
	asked := time.Now()
	status, refusal, err := id.do(req, &answer)
	switch {
	case err != nil:
		return grant{}, fmt.Errorf("exchanging the job's identity for a token: %w", err)
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		known := &secrets{tokens: []string{proof}} // which the refusal may repeat
		return grant{}, id.refused(r, status, known.redact(oneLine(refusal)))
	case status != http.StatusOK:
		return grant{}, &hub.Error{Op: "token", Target: r.String(), Status: status,
			Err: fmt.Errorf("exchanging the job's identity for a token: %w", hub.ErrUnavailable)}
	}
	token, err := id.secret(answer.Token)
	if err != nil {
		return grant{}, fmt.Errorf("the token that the Hub exchanged for the job's identity %w", err)
	}
	return grant{token: token, until: asked.Add(time.Duration(answer.ExpiresIn)*time.Second - renewBefore)}, nil
}

// prove returns the JWT that says which job this is.
func (id *Identity) prove(ctx context.Context, r hub.Repo) (string, error) {
	if id.Proof != "" {
		return id.secret(id.Proof)
	}
	u, err := url.Parse(id.RequestURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL")
	}
	q := u.Query()
	q.Set("audience", strings.TrimSuffix(id.Endpoint, "/"))
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL")
	}
	req.Header.Set("Authorization", "Bearer "+id.RequestToken)
	var answer struct {
		Value string `json:"value"`
	}
	status, _, err := id.do(req, &answer)
	if err != nil {
		return "", fmt.Errorf("asking GitHub for the job's identity: %w", err)
	}
	if status != http.StatusOK {
		e := &hub.Error{Op: "token", Target: r.String(), Status: status, Err: fmt.Errorf("GitHub does not say which job this is: %w", hub.ErrUnavailable)}
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			e.Err, e.Advice = fmt.Errorf("GitHub does not say which job this is: %w", hub.ErrForbidden), `give the job the permission "id-token: write", or set hf-token`
		}
		return "", e
	}
	proof, err := id.secret(answer.Value)
	if err != nil {
		return "", fmt.Errorf("the identity that GitHub gave %w", err)
	}
	return proof, nil
}

// secret masks s, and refuses what cannot stand in a header.
func (id *Identity) secret(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("is empty")
	}
	if id.Mask != nil {
		id.Mask(s)
	}
	return s, checkToken(s)
}

// do sends req, again where that may help, and reads the answer into out when it is 200. Otherwise it returns what the answer
// says of itself. No redirect is followed: what is sent is meant for one address.
func (id *Identity) do(req *http.Request, out any) (status int, refusal string, err error) {
	ctx := withTraits(req.Context(), traits{repeatable: true, limit: func(*http.Response) int64 { return maxIdentity }})
	next := id.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := (&retry{log: func(string, ...any) {}, next: &whole{next: next}}).RoundTrip(req.WithContext(ctx))
	if err != nil {
		if ctx.Err() != nil {
			return 0, "", context.Cause(ctx)
		}
		return 0, "", fmt.Errorf("%w: %s does not answer", hub.ErrUnavailable, req.URL.Host) // the error itself may show the query
	}
	defer resp.Body.Close() //nolint:errcheck // it is in memory
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", err
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, bodyMessage(b), nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return 0, "", fmt.Errorf("%w: %s answers no JSON", hub.ErrNotHub, req.URL.Host)
	}
	return resp.StatusCode, "", nil
}

// refused says what has to be configured on the Hub before it takes the job's word.
func (id *Identity) refused(r hub.Repo, status int, why string) error {
	err := fmt.Errorf("the Hub does not exchange this job's identity for a token: %w", hub.ErrForbidden)
	if why != "" {
		err = fmt.Errorf("the Hub does not exchange this job's identity for a token (%s): %w", why, hub.ErrForbidden)
	}
	return &hub.Error{
		Op: "token", Target: r.String(), Status: status, Err: err,
		Advice: fmt.Sprintf("on %s/datasets/%s/settings add a trusted publisher: GitHub Actions, this repository, this workflow; "+
			"the dataset must exist already, so create it once with a user's token; or set hf-token", strings.TrimSuffix(id.Endpoint, "/"), r),
	}
}
