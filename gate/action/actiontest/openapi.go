package actiontest

import (
	"bytes"
	_ "embed" // for the description
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// description is GitHub's own, cut to what a gate uses: testdata/cut.js says from where, and how.
//
//go:embed testdata/github-openapi.json
var description []byte

// router finds the operation of a request. The description is parsed once for all tests of a process.
var router = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
})

// conforming answers as GitHub would, and fails the test for a request with that body, or an answer, that its
// description does not allow. GraphQL is not part of it.
func (g *GitHub) conforming(body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == graphQLPath {
			g.mux.ServeHTTP(w, r)
			return
		}
		in, err := operation(r, body)
		if err == nil {
			err = openapi3filter.ValidateRequest(r.Context(), in)
		}
		if err != nil {
			g.wrong(r, "%v", err)
			refuse(w, http.StatusUnprocessableEntity, "Invalid request.", docs)
			return
		}
		rec := httptest.NewRecorder()
		g.mux.ServeHTTP(rec, r)
		if err := answer(r, in, rec); err != nil {
			g.wrong(r, "the answer %d: %v", rec.Code, err)
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // a client that went away misses nothing
	})
}

// operation returns a request as the description knows it: without the base path, and with a file's path as one parameter.
func operation(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	find, err := router()
	if err != nil {
		return nil, err
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), BasePath)
	if before, file, ok := strings.Cut(path, "/contents/"); ok {
		path = before + "/contents/%2F" + strings.ReplaceAll(file, "/", "%2F")
	}
	plain := r.Clone(r.Context())
	plain.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	plain.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := find.FindRoute(plain)
	if err != nil {
		return nil, err
	}
	return &openapi3filter.RequestValidationInput{
		Request: plain, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, IncludeResponseStatus: true,
		},
	}, nil
}

// answer holds an answer against the description. Two kinds are not in it: the bytes of a file as they stand, and refusals,
// of which it lists those 401, 403 and 404 of a few operations only.
func answer(r *http.Request, in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) error {
	if rec.Header().Get("Content-Type") == rawType && r.Method == http.MethodGet {
		return nil
	}
	listed := in.Route.Operation.Responses.Status(rec.Code) != nil
	if refused := rec.Code == http.StatusUnauthorized || rec.Code == http.StatusForbidden || rec.Code == http.StatusNotFound; refused && !listed {
		return nil
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(),
		Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())), Options: in.Options,
	})
}
