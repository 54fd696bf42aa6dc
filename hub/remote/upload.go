package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/hubgate/hubgate/hub"
)

const (
	lfsMedia = "application/vnd.git-lfs+json"
	// renewals is how often new links are asked for when those given have expired.
	renewals = 2
)

// preupload asks which of the files belong in LFS.
func (p *push) preupload(ctx context.Context) error {
	for chunk := range slices.Chunk(p.uploads, maxPaths) {
		if err := p.preuploadSome(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (p *push) preuploadSome(ctx context.Context, uploads []*upload) error {
	type file struct {
		Path   string `json:"path"`
		Size   int64  `json:"size"`
		Sample []byte `json:"sample"` // base64 in JSON
	}
	asked := make([]file, len(uploads))
	for i, u := range uploads {
		asked[i] = file{u.Path, u.Size, u.sample}
	}
	body, err := json.Marshal(map[string]any{"files": asked})
	if err != nil {
		return err
	}
	var answer struct {
		Files []struct {
			Path   string `json:"path"`
			Mode   string `json:"uploadMode"`
			Ignore bool   `json:"shouldIgnore"`
		} `json:"files"`
	}
	_, err = p.hub.call(ctx, p.request(request{path: p.api("preupload", p.change.Branch), body: body}), &answer)
	if err != nil {
		return err
	}
	modes := map[string]string{}
	for _, f := range answer.Files {
		if f.Ignore {
			return fmt.Errorf("path %q is left out by the dataset's .gitignore; take that line out of it", f.Path)
		}
		modes[f.Path] = f.Mode
	}
	for _, u := range uploads {
		switch mode := modes[u.Path]; {
		case u.Size == 0: // LFS takes nothing empty
		case mode == "lfs":
			u.lfs = true
		case mode != "regular":
			return fmt.Errorf("%w: it does not say how path %q is to be uploaded", hub.ErrNotHub, u.Path)
		}
	}
	return nil
}

// An object is what the Hub says of one file's way into its storage.
type object struct {
	OID     string `json:"oid"`
	Actions *struct {
		Upload *action `json:"upload"`
		Verify *action `json:"verify"`
	} `json:"actions"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

type action struct {
	Href   string            `json:"href"`
	Header map[string]string `json:"header"`
}

// sendObjects brings what belongs in LFS to the Hub's storage. What is there already is not sent again.
func (p *push) sendObjects(ctx context.Context) error {
	objects := map[string]*upload{} // two files may have one content
	var uploads []*upload
	for _, u := range p.uploads {
		if u.lfs && objects[u.sha256] == nil {
			objects[u.sha256] = u
			uploads = append(uploads, u)
		}
	}
	for chunk := range slices.Chunk(uploads, maxPaths) {
		offers, err := p.batch(ctx, chunk)
		if err != nil {
			return err
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(inHand)
		for i, u := range chunk {
			g.Go(func() error { return p.sendObject(ctx, u, offers[i]) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// batch asks where objects are to be sent to, and returns an offer for each.
func (p *push) batch(ctx context.Context, uploads []*upload) ([]object, error) {
	type pointer struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	}
	asked := make([]pointer, len(uploads))
	for i, u := range uploads {
		asked[i] = pointer{u.sha256, u.Size}
	}
	body, err := json.Marshal(map[string]any{
		"operation": "upload", "transfers": []string{"basic", "multipart"}, "hash_algo": "sha256",
		"ref": map[string]string{"name": p.change.Branch}, "objects": asked,
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Transfer string   `json:"transfer"`
		Objects  []object `json:"objects"`
	}
	_, err = p.hub.call(ctx, p.lfsRequest(request{path: "/datasets/" + p.hub.current(p.repo).String() + ".git/info/lfs/objects/batch", body: body}), &answer)
	if err != nil {
		return nil, err
	}
	if t := answer.Transfer; t != "" && t != "basic" && t != "multipart" {
		return nil, fmt.Errorf("%w: it wants files uploaded by %q, which was not offered", hub.ErrNotHub, t)
	}
	offers := make([]object, len(uploads))
	for i, u := range uploads {
		at := slices.IndexFunc(answer.Objects, func(o object) bool { return o.OID == u.sha256 })
		if at < 0 {
			return nil, fmt.Errorf("%w: it does not say where path %q is to be uploaded", hub.ErrNotHub, u.Path)
		}
		offers[i] = answer.Objects[at]
		if e := offers[i].Error; e != nil {
			return nil, &hub.Error{
				Op: "commit", Target: p.target(p.change.Branch, u.Path), Status: e.Code,
				Err: fmt.Errorf("the Hub's storage refuses it: %s", p.hub.secrets.redact(oneLine(e.Message))),
			}
		}
	}
	return offers, nil
}

// lfsRequest completes a request of the LFS protocol. It may be repeated: objects are named by their content.
func (p *push) lfsRequest(r request) request {
	r = p.request(r)
	r.accept, r.contentType = lfsMedia, lfsMedia
	return r
}

// sendObject sends one object as it was offered, and asks for a new offer when the links of the last one have expired.
func (p *push) sendObject(ctx context.Context, u *upload, offer object) error {
	for renewed := 0; ; renewed++ {
		if offer.Actions == nil || offer.Actions.Upload == nil {
			return nil // it is there
		}
		err := p.sendBytes(ctx, u, offer.Actions.Upload)
		if err == nil {
			return p.verify(ctx, u, offer.Actions.Verify)
		}
		if !isExpired(err) {
			return err
		}
		if renewed == renewals {
			return p.refusedLinks(u, err)
		}
		offers, err := p.batch(ctx, []*upload{u})
		if err != nil {
			return err
		}
		offer = offers[0]
	}
}

// isExpired tells whether a signed link was refused as such.
func isExpired(err error) bool {
	e := (*hub.Error)(nil)
	return errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized)
}

// refusedLinks says that the storage refuses new links too, which is nothing that the caller's token could change.
func (p *push) refusedLinks(u *upload, err error) error {
	e := (*hub.Error)(nil)
	errors.As(err, &e)
	return &hub.Error{
		Op: "commit", Target: p.target(p.change.Branch, u.Path), Status: e.Status, RequestID: e.RequestID,
		Err: fmt.Errorf("%w: its storage refuses the addresses that it gives", hub.ErrUnavailable),
	}
}

func (p *push) sendBytes(ctx context.Context, u *upload, a *action) error {
	if size, ok := a.Header["chunk_size"]; ok {
		return p.sendParts(ctx, u, a, size)
	}
	_, err := p.hub.send(ctx, parcel{
		op: "commit", target: p.target(p.change.Branch, u.Path), repo: p.repo, url: a.Href, header: headerOf(a.Header), content: u.Content, size: u.Size,
	})
	return err
}

func headerOf(m map[string]string) http.Header {
	h := http.Header{}
	for k, v := range m {
		h.Set(k, v)
	}
	return h
}

// sendParts sends an object in parts of the size that the Hub wants, and has it put together.
func (p *push) sendParts(ctx context.Context, u *upload, a *action, chunk string) error {
	size, err := strconv.ParseInt(chunk, 10, 64)
	if err != nil || size <= 0 {
		return fmt.Errorf("%w: it wants path %q in parts of %q bytes", hub.ErrNotHub, u.Path, oneLine(chunk))
	}
	links, err := partLinks(a.Header)
	if want := (u.Size + size - 1) / size; err != nil || int64(len(links)) != want {
		return fmt.Errorf("%w: it gives %d places for the %d parts of path %q", hub.ErrNotHub, len(links), want, u.Path)
	}
	type part struct {
		Number int    `json:"partNumber"`
		ETag   string `json:"etag"`
	}
	parts := make([]part, len(links))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inHand)
	for i, link := range links {
		g.Go(func() error {
			off := int64(i) * size
			n := min(size, u.Size-off)
			h, err := p.hub.send(gctx, parcel{
				op: "commit", target: p.target(p.change.Branch, u.Path), repo: p.repo, url: link, content: io.NewSectionReader(u.Content, off, n), size: n,
			})
			if err != nil {
				return err
			}
			tag := h.Get("ETag") // with its quotation marks, as it is
			if tag == "" {
				return fmt.Errorf("%w: the storage does not confirm part %d of path %q", hub.ErrNotHub, i+1, u.Path)
			}
			parts[i] = part{i + 1, tag}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"oid": u.sha256, "parts": parts})
	if err != nil {
		return err
	}
	r := p.lfsRequest(request{url: a.Href, body: body})
	r.target = p.target(p.change.Branch, u.Path)
	_, err = p.hub.call(ctx, r, nil)
	return err
}

// partLinks returns the URLs of the parts in order: they stand in the header under their numbers, from 1 on.
func partLinks(header map[string]string) ([]string, error) {
	links := map[int]string{}
	for k, v := range header {
		if n, err := strconv.Atoi(k); err == nil {
			links[n] = v
		}
	}
	ordered := make([]string, len(links))
	for i := range ordered {
		link, ok := links[i+1]
		if !ok {
			return ordered, fmt.Errorf("part %d has no place", i+1)
		}
		ordered[i] = link
	}
	return ordered, nil
}

// verify asks the Hub whether an object has arrived, where it wants to be asked.
func (p *push) verify(ctx context.Context, u *upload, a *action) error {
	if a == nil || a.Href == "" {
		return nil
	}
	body, err := json.Marshal(map[string]any{"oid": u.sha256, "size": u.Size})
	if err != nil {
		return err
	}
	r := p.lfsRequest(request{url: a.Href, header: headerOf(a.Header), body: body})
	r.target = p.target(p.change.Branch, u.Path)
	_, err = p.hub.call(ctx, r, nil)
	if e := (*hub.Error)(nil); errors.As(err, &e) && e.Status >= 400 && e.Status < 500 {
		e.Err = fmt.Errorf("the upload did not arrive whole: %w", e.Err)
		e.Advice = "run again"
	}
	return err
}
