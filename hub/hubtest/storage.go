package hubtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// linkLife is how long a signed link is good.
const linkLife = 15 * time.Minute

// signed returns a link that lets whoever has it do one thing to one path. The caller holds the lock.
func (s *Server) signed(origin, method, path string) string {
	expires := strconv.FormatInt(time.Now().Add(linkLife).Unix(), 10)
	q := url.Values{"Expires": {expires}, "Generation": {strconv.Itoa(s.links)}}
	q.Set("Signature", s.signature(method, path, q))
	return origin + path + "?" + q.Encode()
}

func (s *Server) signature(method, path string, q url.Values) string {
	mac := hmac.New(sha256.New, []byte(s.hub.URL))
	mac.Write(fmt.Appendf(nil, "%s %s %s %s", method, path, q.Get("Expires"), q.Get("Generation")))
	return hex.EncodeToString(mac.Sum(nil))
}

// valid tells whether a request's link was signed for it and has not expired. The caller holds the lock.
func (s *Server) valid(r *http.Request) bool {
	q, method := r.URL.Query(), r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	expires, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
	return err == nil && time.Now().Unix() < expires && q.Get("Generation") == strconv.Itoa(s.links) &&
		hmac.Equal([]byte(q.Get("Signature")), []byte(s.signature(method, r.URL.Path, q)))
}

// ExpireLinks makes every signed link given out so far one that has expired.
func (s *Server) ExpireLinks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links++
}

func (s *Server) storageRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /objects/{repo}/{object}", s.stored(s.download))
	mux.HandleFunc("PUT /objects/{repo}/{object}", s.stored(s.receive))
	mux.HandleFunc("PUT /objects/{repo}/{object}/parts/{part}", s.stored(s.receivePart))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.t.Errorf("hubtest: %s %s: not a request that the storage knows", r.Method, r.URL.Path)
		denied(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").send(w, r)
	})
	return mux
}

// denied is an error as an object store tells it.
func denied(status int, code, message string) *answer {
	body := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	return (&answer{status: status, header: http.Header{}, body: []byte(body)}).set("Content-Type", "application/xml")
}

// stored lets requests pass whose links are good.
func (s *Server) stored(handle func(r *http.Request, body []byte) *answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.locked(func() *answer {
			if !s.valid(r) || r.Header.Get("Authorization") != "" {
				return denied(http.StatusForbidden, "AccessDenied", "Request has expired")
			}
			return handle(r, bodyOf(r))
		}).send(w, r)
	}
}

func (s *Server) download(r *http.Request, _ []byte) *answer {
	object := r.PathValue("object")
	content, ok := s.objects[r.URL.Path]
	if !ok {
		return denied(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	a := (&answer{header: http.Header{}, body: content}).set("Content-Type", "application/octet-stream")
	// The storage's own mark, which is not the SHA-256 that the Hub told.
	return a.set("ETag", strconv.Quote(sha1Hex(object)[:32]+"-1")).set("Accept-Ranges", "bytes")
}

func (s *Server) receive(r *http.Request, body []byte) *answer {
	object := r.PathValue("object")
	switch {
	case r.ContentLength < 0:
		return denied(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	case sha256Hex(body) != object:
		return denied(http.StatusBadRequest, "BadDigest", "The content does not have the SHA-256 that was announced.")
	}
	s.objects[r.URL.Path] = body
	return (&answer{status: http.StatusOK, header: http.Header{}}).set("ETag", strconv.Quote(sha1Hex(object)[:32]))
}

func (s *Server) receivePart(r *http.Request, body []byte) *answer {
	if r.ContentLength < 0 {
		return denied(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	}
	s.parts[r.URL.Path] = body
	return (&answer{status: http.StatusOK, header: http.Header{}}).set("ETag", partTag(body))
}

func partTag(part []byte) string { return strconv.Quote(sha256Hex(part)[:32]) }

// assemble joins the parts of an object, which must be those that the storage has, and says what is wrong with them.
func (s *Server) assemble(path string, parts []completedPart) ([]byte, string) {
	var whole []byte
	for i, p := range parts {
		part, ok := s.parts[partPath(path, i+1)]
		switch {
		case p.PartNumber != i+1:
			return nil, fmt.Sprintf("part %d is given in place %d", p.PartNumber, i+1)
		case !ok:
			return nil, fmt.Sprintf("part %d was not uploaded", i+1)
		case p.ETag != partTag(part):
			return nil, fmt.Sprintf("part %d has another ETag", i+1)
		}
		whole = append(whole, part...)
	}
	if !strings.HasSuffix(path, "/"+sha256Hex(whole)) {
		return nil, "the parts do not have the SHA-256 that was announced"
	}
	for i := range parts {
		delete(s.parts, partPath(path, i+1))
	}
	return whole, ""
}

func objectPath(r *repository, object string) string { return "/objects/" + r.key + "/" + object }

func partPath(path string, n int) string { return fmt.Sprintf("%s/parts/%05d", path, n) }
