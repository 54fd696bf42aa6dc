package hubtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxPreupload  = 256
	maxRegular    = 10 << 20 // larger files go to LFS
	maxBinary     = 1 << 20  // larger binary files do
	lfsMediaType  = "application/vnd.git-lfs+json"
	uploadSeconds = 900
)

type preuploadFile struct {
	Path   string  `json:"path"`
	Size   *int64  `json:"size"`
	Sample *string `json:"sample"`
}

func (s *Server) preupload(c *call, r *repository) *answer {
	at, refused := s.revision(c, r)
	if refused == nil {
		refused = mayPush(c, r, c.pulls())
	}
	if refused != nil {
		return refused
	}
	var asked struct {
		Files         []preuploadFile `json:"files"`
		GitAttributes *string         `json:"gitAttributes"`
		GitIgnore     *string         `json:"gitIgnore"`
	}
	if a := c.decode(&asked); a != nil {
		return a
	}
	if len(asked.Files) == 0 || len(asked.Files) > maxPreupload {
		return refuse(http.StatusBadRequest, "", fmt.Sprintf(`"files" must contain between 1 and %d items`, maxPreupload))
	}
	attributes, ignore := at.tree[attributesFile].blob, at.tree[".gitignore"].blob
	if asked.GitAttributes != nil {
		attributes = []byte(*asked.GitAttributes)
	}
	if asked.GitIgnore != nil {
		ignore = []byte(*asked.GitIgnore)
	}
	list := []object{}
	for _, f := range asked.Files {
		sample, a := f.check()
		if a != nil {
			return a
		}
		one := object{"path": f.Path, "uploadMode": "regular", "shouldIgnore": ignored(ignore, f.Path)}
		if tracked(attributes, f.Path) || *f.Size > maxRegular || *f.Size > maxBinary && binary(sample) {
			one["uploadMode"] = "lfs"
		}
		if old, ok := at.tree[f.Path]; ok {
			one["oid"] = old.oid
			if old.lfs != "" {
				one["oid"] = old.lfs
			}
		}
		list = append(list, one)
	}
	return reply(http.StatusOK, object{"files": list, "commitOid": at.id})
}

// check refuses a file of a preupload that lacks something, or whose sample is not its first 512 bytes.
func (f preuploadFile) check() (sample []byte, refused *answer) {
	if f.Path == "" || f.Size == nil || f.Sample == nil || *f.Size < 0 {
		return nil, refuse(http.StatusBadRequest, "", `"files" must have path, size and sample`)
	}
	sample, err := base64.StdEncoding.DecodeString(*f.Sample)
	if err != nil || int64(len(sample)) != min(*f.Size, 512) {
		return nil, refuse(http.StatusBadRequest, "", fmt.Sprintf("sample of %q is not its first 512 bytes in base64", f.Path))
	}
	return sample, nil
}

// binary tells whether b is no text in UTF-8. A last rune that is cut in two, as a sample's may be, is let pass.
func binary(b []byte) bool {
	if bytes.IndexByte(b, 0) >= 0 {
		return true
	}
	for cut := range min(utf8.UTFMax, len(b)+1) {
		if utf8.Valid(b[:len(b)-cut]) {
			return false
		}
	}
	return true
}

// mayPush lets those pass who may commit to a revision, or open a pull request where that is asked for. A token that may do
// only that passes everywhere: it is at the commit that the Hub turns it away.
func mayPush(c *call, r *repository, pull bool) *answer {
	a := c.account
	if a != nil && a.repo == "" && a.Role != RoleRead && (pull || a.PullRequestsOnly) {
		return nil
	}
	return mayWrite(c, r)
}

// pulls tells whether a request opens a pull request, or goes on with one.
func (c *call) pulls() bool {
	return c.URL.Query().Get("create_pr") == "1" || strings.HasPrefix(c.PathValue("rev"), "refs/pr/")
}

type lfsObject struct {
	OID  string `json:"oid"`
	Size int64  `json:"size"`
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (s *Server) batch(c *call, r *repository) *answer {
	var asked struct {
		Operation string                 `json:"operation"`
		Transfers []string               `json:"transfers"`
		HashAlgo  string                 `json:"hash_algo"`
		Ref       *struct{ Name string } `json:"ref"`
		Objects   []lfsObject            `json:"objects"`
	}
	if a := lfsRequest(c, &asked); a != nil {
		return a
	}
	pull := asked.Ref == nil || strings.HasPrefix(asked.Ref.Name, "refs/pr/")
	if a := mayPush(c, r, pull); a != nil {
		return a
	}
	switch {
	case asked.Operation != "upload":
		return refuse(http.StatusUnprocessableEntity, "", "only uploads are to be had here")
	case !slices.Contains(asked.Transfers, "basic"):
		return refuse(http.StatusUnprocessableEntity, "", "no transfer that this Hub knows")
	case asked.Ref != nil && r.branches[strings.TrimPrefix(asked.Ref.Name, "refs/heads/")] == "":
		return refuse(http.StatusNotFound, "RevisionNotFound", "Invalid ref: "+asked.Ref.Name)
	}
	transfer := "basic"
	list := []object{}
	for _, o := range asked.Objects {
		one, parts := s.offer(c, r, o, slices.Contains(asked.Transfers, "multipart"))
		if parts {
			transfer = "multipart"
		}
		list = append(list, one)
	}
	return lfsReply(object{"transfer": transfer, "objects": list})
}

// offer tells where an object is to be sent to, if it is not there already.
func (s *Server) offer(c *call, r *repository, o lfsObject, multipart bool) (offer object, inParts bool) {
	one := object{"oid": o.OID, "size": o.Size, "authenticated": true}
	if !sha256Form.MatchString(o.OID) || o.Size < 0 {
		one["error"] = object{"code": http.StatusUnprocessableEntity, "message": "Invalid oid or size"}
		return one, false
	}
	path := objectPath(r, o.OID)
	if _, stored := s.objects[path]; stored {
		return one, false
	}
	verify := object{
		"href":   s.hub.URL + "/datasets/" + r.id + ".git/info/lfs/objects/verify",
		"header": object{"Authorization": s.pass(c)},
	}
	if !multipart || o.Size <= s.opts.MultipartOver {
		put := object{"href": s.signed(s.storage.URL, http.MethodPut, path), "header": object{}, "expires_in": uploadSeconds}
		one["actions"] = object{"upload": put, "verify": verify}
		return one, false
	}
	header := object{"chunk_size": fmt.Sprint(s.opts.PartSize)}
	for i := range (o.Size + s.opts.PartSize - 1) / s.opts.PartSize {
		header[fmt.Sprintf("%05d", i+1)] = s.signed(s.storage.URL, http.MethodPut, partPath(path, int(i)+1))
	}
	complete := s.signed(s.hub.URL, http.MethodPost, "/complete"+path)
	one["actions"] = object{"upload": object{"href": complete, "header": header, "expires_in": uploadSeconds}, "verify": verify}
	return one, true
}

// pass is an Authorization header by which who asks may verify an upload. Like the Hub's it is a header of git's, and not the
// token that was sent.
func (s *Server) pass(c *call) string {
	password := "hf_lfs_" + sha1Hex("pass "+c.Header.Get("Authorization"))
	s.accounts[password] = c.account
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))
}

type completedPart struct {
	PartNumber int    `json:"partNumber"`
	ETag       string `json:"etag"`
}

func (s *Server) completeUpload(c *call) *answer {
	if !s.valid(c.Request) {
		return refuse(http.StatusForbidden, "", "The link has expired")
	}
	var asked struct {
		OID   string          `json:"oid"`
		Parts []completedPart `json:"parts"`
	}
	if a := lfsRequest(c, &asked); a != nil {
		return a
	}
	path := "/objects/" + c.PathValue("repo") + "/" + asked.OID
	if asked.OID != c.PathValue("object") {
		return refuse(http.StatusBadRequest, "", "the oid is another one than the link's")
	}
	if _, done := s.objects[path]; done {
		return lfsReply(object{"success": true}) // asked again, after a lost answer
	}
	whole, wrong := s.assemble(path, asked.Parts)
	if wrong != "" {
		return refuse(http.StatusBadRequest, "", wrong)
	}
	s.objects[path] = whole
	return lfsReply(object{"success": true})
}

func (s *Server) verify(c *call, r *repository) *answer {
	var asked lfsObject
	if a := lfsRequest(c, &asked); a != nil {
		return a
	}
	if c.account == nil {
		return refuse(http.StatusUnauthorized, "", noCredentials)
	}
	content, ok := s.objects[objectPath(r, asked.OID)]
	switch {
	case !ok:
		return refuse(http.StatusNotFound, "", "Object does not exist")
	case int64(len(content)) != asked.Size:
		return refuse(http.StatusUnprocessableEntity, "", "Object has another size")
	}
	return lfsReply(object{"success": true})
}

// lfsRequest reads a request of the LFS protocol, which has media types of its own.
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
func lfsRequest(c *call, v any) *answer {
	for _, name := range []string{"Accept", "Content-Type"} {
		if !strings.HasPrefix(c.Header.Get(name), lfsMediaType) {
			return refuse(http.StatusNotAcceptable, "", name+" must be "+lfsMediaType)
		}
	}
	return c.decode(v)
}

func lfsReply(v any) *answer { return reply(http.StatusOK, v).set("Content-Type", lfsMediaType) }
