package remote

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
)

// maxTopics bounds how many warnings of the Hub are logged.
const maxTopics = 20

// An agent says who asks, gives each request an id, and logs what the Hub warns of, once a topic.
type agent struct {
	name    string
	origin  string // of the Hub; others' warnings are none of ours
	log     func(format string, args ...any)
	secrets *secrets
	next    http.RoundTripper

	mu   sync.Mutex
	told map[string]bool
}

func (a *agent) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	setDefault(req.Header, "User-Agent", a.name, "hubgate")
	setDefault(req.Header, "X-Request-Id", rand.Text())
	resp, err := a.next.RoundTrip(req)
	if err == nil && origin(req.URL) == a.origin {
		for _, w := range resp.Header.Values("X-HF-Warning") {
			a.warn(w)
		}
	}
	return resp, err
}

// warn logs "topic; message" unless the topic was logged before.
func (a *agent) warn(w string) {
	topic, message, ok := strings.Cut(w, ";")
	if !ok {
		topic, message = "", w
	}
	a.mu.Lock()
	first := !a.told[topic] && len(a.told) < maxTopics
	if first {
		if a.told == nil {
			a.told = map[string]bool{}
		}
		a.told[topic] = true
	}
	a.mu.Unlock()
	if first {
		a.log("the Hub warns: %s", a.secrets.redact(oneLine(strings.TrimSpace(message)))) // beginning with our words, it is no command to a CI runner
	}
}
