package hubtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hubgate/hubgate/hub/hubtest"
)

const lfsType = "application/vnd.git-lfs+json"

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// noise is n bytes that do not compress.
func noise(n int) string {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(b)
	return string(b)
}

type action struct {
	Href   string
	Header map[string]string
}

type offer struct {
	Transfer string
	Objects  []struct {
		OID     string
		Actions *struct{ Upload, Verify action }
		Error   *struct{ Code int }
	}
}

func batch(t *testing.T, s *hubtest.Server, token, ref string, contents ...string) exchange {
	t.Helper()
	var objects []string
	for _, c := range contents {
		objects = append(objects, fmt.Sprintf(`{"oid":%q,"size":%d}`, digest(c), len(c)))
	}
	body := fmt.Sprintf(`{"operation":"upload","transfers":["basic","multipart"],"hash_algo":"sha256","ref":{"name":%q},"objects":[%s]}`,
		ref, strings.Join(objects, ","))
	return ask(t, token, "POST", s.URL()+"/datasets/"+results+".git/info/lfs/objects/batch", body, "Accept", lfsType, "Content-Type", lfsType)
}

func lfsFile(path, content string) line {
	return line{"lfsFile", map[string]any{"path": path, "algo": "sha256", "oid": digest(content), "size": len(content)}}
}

// post sends to an address of an LFS answer, with the headers that came with it.
func post(t *testing.T, token string, a action, body string) exchange {
	t.Helper()
	headers := []string{"Accept", lfsType, "Content-Type", lfsType}
	for name, value := range a.Header {
		headers = append(headers, name, value)
	}
	return ask(t, token, "POST", a.Href, body, headers...)
}

func TestPreupload(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	if _, err := s.Commit(results, "main", "Add", map[string]string{"a.txt": "abc", "b.parquet": "abc", ".gitignore": "*.tmp\n"}); err != nil {
		t.Fatal(err)
	}
	file := func(path string, size int, sample string) string {
		return fmt.Sprintf(`{"path":%q,"size":%d,"sample":%q}`, path, size, base64.StdEncoding.EncodeToString([]byte(sample)))
	}
	pre := func(token, rev, more string, files ...string) exchange {
		body := fmt.Sprintf(`{"files":[%s]%s}`, strings.Join(files, ","), more)
		return ask(t, token, "POST", s.URL()+"/api/datasets/"+results+"/preupload/"+rev, body)
	}
	text, bin := strings.Repeat("x", 512), strings.Repeat("\x00", 512)
	got := into[struct {
		Files []struct {
			Path, UploadMode, OID string
			ShouldIgnore          bool
		}
	}](pre(ada, "main", "", file("a.txt", 3, "abd"), file("b.parquet", 3, "abd"), file("c.tmp", 1, "x"), file("small.dat", 512, bin),
		file("big.dat", 2<<20, bin), file("big.txt", 2<<20, text), file("huge.txt", 10<<20+1, text), file("d/e.parquet", 0, ""), file("big-é.txt", 2<<20, "x"+strings.Repeat("é", 256)[:511]), file("big-latin1.txt", 2<<20, strings.Repeat("\xe9", 512))).want(200))
	want := "[{a.txt regular f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f false} {b.parquet lfs " + digest("abc") + " false} {c.tmp regular  true} " +
		"{small.dat regular  false} {big.dat lfs  false} {big.txt regular  false} {huge.txt lfs  false} {d/e.parquet lfs  false} {big-é.txt regular  false} {big-latin1.txt lfs  false}]"
	if got := fmt.Sprint(got.Files); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if e := pre(ada, "main", `,"gitAttributes":"*.txt filter=lfs"`, file("a.txt", 3, "abd")).want(200); !strings.Contains(string(e.body), `"lfs"`) {
		t.Errorf("with attributes of its own: got %s", e.body)
	}
	pre(ada, "main", "", slices.Repeat([]string{file("a.txt", 1, "a")}, 256)...).want(200)
	pre(ada, "main", "", slices.Repeat([]string{file("a.txt", 1, "a")}, 257)...).want(400)
	pre(ada, "main", "").want(400)
	pre(ada, "main", "", file("a.txt", 3, "ab")).want(400)
	pre(ada, "main", "", `{"path":"a.txt","size":3}`).want(400)
	pre(ada, "nope", "", file("a.txt", 1, "a")).want(404, "X-Error-Code", "RevisionNotFound")
	pre(reader, "main", "", file("a.txt", 1, "a")).want(403)
}

func TestUploadBasic(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	content := noise(300_001)
	commit(t, s, ada, "main", header("Too early", ""), lfsFile("x.bin", content)).want(400)
	o := into[offer](batch(t, s, ada, "main", content).want(200, "Content-Type", lfsType))
	up := o.Objects[0].Actions
	if o.Transfer != "basic" || !strings.HasPrefix(up.Upload.Href, s.StorageURL()) || up.Upload.Header["chunk_size"] != "" {
		t.Fatalf("got %+v, want a link to the storage", o)
	}
	put := func(url string, body io.Reader) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	verify := fmt.Sprintf(`{"oid":%q,"size":%d}`, digest(content), len(content))
	post(t, ada, up.Verify, verify).want(404)
	for name, tt := range map[string]struct {
		url  string
		body io.Reader
		want int
	}{
		"chunked":      {up.Upload.Href, io.MultiReader(strings.NewReader(content)), 501},
		"other bytes":  {up.Upload.Href, strings.NewReader("x" + content[1:]), 400},
		"not signed":   {strings.Split(up.Upload.Href, "?")[0], strings.NewReader(content), 403},
		"signed wrong": {up.Upload.Href + "0", strings.NewReader(content), 403},
	} {
		if got := put(tt.url, tt.body); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
	ask(t, "", "GET", up.Upload.Href, "").want(403) // signed for PUT
	if got := put(up.Upload.Href, strings.NewReader(content)); got != 200 {
		t.Fatalf("put: got %d", got)
	}
	post(t, "", up.Verify, verify).want(200)
	post(t, ada, action{Href: up.Verify.Href}, verify).want(200)
	post(t, "", action{Href: up.Verify.Href}, verify).want(401)
	post(t, stranger, action{Href: up.Verify.Href}, verify).want(404)
	post(t, "", up.Verify, strings.Replace(verify, "300001", "300002", 1)).want(422)
	if again := into[offer](batch(t, s, ada, "main", content).want(200)); again.Objects[0].Actions != nil {
		t.Errorf("of what is stored: got %+v, want no actions", again)
	}
	commit(t, s, ada, "main", header("Add", ""), lfsFile("x.bin", content), lfsFile("sub/odd name", content)).want(200)
	if got, err := s.File(results, "main", "sub/odd name"); err != nil || string(got) != content {
		t.Errorf("the file: got %d bytes, %v", len(got), err)
	}
	attributes, err := s.File(results, "main", ".gitattributes")
	if err != nil || !bytes.Contains(attributes, []byte(`"sub/odd name" filter=lfs`)) || bytes.Contains(attributes, []byte("x.bin")) {
		t.Errorf("attributes: got %s, %v", attributes, err)
	}
	batch(t, s, ada, "nope", content).want(404, "X-Error-Code", "RevisionNotFound")
	batch(t, s, reader, "main", content).want(403)
	e := into[offer](ask(t, ada, "POST", s.URL()+"/datasets/"+results+".git/info/lfs/objects/batch",
		`{"operation":"upload","transfers":["basic"],"objects":[{"oid":"x","size":1}]}`, "Accept", lfsType, "Content-Type", lfsType).want(200))
	if e.Objects[0].Error == nil || e.Objects[0].Error.Code != 422 {
		t.Errorf("a bad oid: got %+v", e)
	}
	s.ExpireLinks()
	if got := put(up.Upload.Href, strings.NewReader(content)); got != 403 {
		t.Errorf("an expired link: got %d", got)
	}
}

func TestUploadMultipart(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{MultipartOver: 1000, PartSize: 400})
	content := noise(1001)
	o := into[offer](batch(t, s, ada, "main", content).want(200))
	up := o.Objects[0].Actions.Upload
	if o.Transfer != "multipart" || up.Header["chunk_size"] != "400" || len(up.Header) != 4 || !strings.HasPrefix(up.Href, s.URL()) {
		t.Fatalf("got %+v, want three parts and an address of the Hub", o)
	}
	var parts []string
	for i, part := range []string{content[:400], content[400:800], content[800:]} {
		e := ask(t, "", "PUT", up.Header[fmt.Sprintf("%05d", i+1)], part).want(200)
		parts = append(parts, fmt.Sprintf(`{"partNumber":%d,"etag":%q}`, i+1, e.header.Get("ETag")))
	}
	complete := func(parts ...string) exchange {
		return post(t, "", action{Href: up.Href}, fmt.Sprintf(`{"oid":%q,"parts":[%s]}`, digest(content), strings.Join(parts, ",")))
	}
	complete(parts[0], parts[2]).want(400)
	complete(parts[1], parts[0], parts[2]).want(400)
	complete(parts[0], parts[1], `{"partNumber":3,"etag":"x"}`).want(400)
	complete(parts[:2]...).want(400)
	commit(t, s, ada, "main", header("Too early", ""), lfsFile("x.bin", content)).want(400)
	complete(parts...).want(200)
	complete(parts...).want(200) // safe to repeat
	commit(t, s, ada, "main", header("Add", ""), lfsFile("x.bin", content)).want(200)
	if small := into[offer](batch(t, s, ada, "main", content[:1000]).want(200)); small.Transfer != "basic" {
		t.Errorf("a small object: got %s", small.Transfer)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	for _, cached := range []bool{false, true} {
		s := start(t, hubtest.Options{ResolveCache: cached})
		content, text := noise(5000), strings.Repeat("some text\n", 200)
		at := s.Add(results, hubtest.Dataset{Private: true, Files: map[string]string{"a b/x.parquet": content, "t.txt": text}})
		e := ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/resolve/main/a%20b/x.parquet", "").
			want(302, "X-Repo-Commit", at, "X-Linked-Size", "5000", "X-Linked-Etag", digest(content), "Location", s.StorageURL())
		link := e.header.Get("Location")
		whole := ask(t, "", "GET", link, "").want(200)
		if string(whole.body) != content || whole.header.Get("X-Repo-Commit") != "" {
			t.Errorf("whole: got %d bytes, headers %v", len(whole.body), whole.header)
		}
		part := ask(t, "", "GET", link, "", "Range", "bytes=10-19").want(206, "Content-Range", "bytes 10-19/5000")
		if string(part.body) != content[10:20] {
			t.Errorf("a part: got %q", part.body)
		}
		ask(t, "", "GET", link, "", "Range", "bytes=5000-").want(416, "Content-Range", "bytes */5000")
		ask(t, "", "GET", link, "", "Range", "bytes=0-9", "If-Range", whole.header.Get("ETag")).want(206)
		ask(t, "", "GET", link, "", "Range", "bytes=0-9", "If-Range", `"other"`).want(200)
		s.ExpireLinks()
		ask(t, "", "GET", link, "").want(403)
		pointer := ask(t, ada, "GET", s.URL()+"/datasets/"+results+"/raw/main/a%20b/x.parquet", "").want(200)
		if got, want := string(pointer.body), "version https://git-lfs.github.com/spec/v1\noid sha256:"+digest(content)+"\nsize 5000\n"; got != want {
			t.Errorf("raw: got %q, want %q", got, want)
		}

		url := s.URL() + "/datasets/" + results + "/resolve/main/t.txt"
		if cached {
			to := ask(t, ada, "GET", url, "").want(307, "X-Repo-Commit", at, "Location", "/api/resolve-cache/datasets/"+results+"/"+at+"/t.txt")
			url = s.URL() + to.header.Get("Location")
		}
		e = ask(t, ada, "GET", url, "", "Accept-Encoding", "identity").want(200, "X-Repo-Commit", at, "Content-Length", "2000")
		if string(e.body) != text || !strings.HasPrefix(e.header.Get("ETag"), `"`) {
			t.Errorf("text: got %d bytes, headers %v", len(e.body), e.header)
		}
		packed := ask(t, ada, "HEAD", url, "", "Accept-Encoding", "gzip").want(200, "Content-Encoding", "gzip")
		if got := packed.header.Get("ETag"); got != "W/"+e.header.Get("ETag") {
			t.Errorf("ETag of packed text: got %s", got)
		}
		if e := ask(t, ada, "GET", url, ""); string(e.body) != text {
			t.Errorf("packed text: got %d bytes", len(e.body))
		}
		ask(t, ada, "GET", url, "", "Range", "bytes=0-9").want(206, "Content-Range", "bytes 0-9/2000")
	}
}

// Whoever may see a dataset may open a pull request, LFS files included, and go on with it; but not commit.
func TestPullRequest(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	s.Grant("hf_prs", hubtest.Account{Name: "ada", Orgs: []string{"acme"}, PullRequestsOnly: true})
	main := s.Add(results, hubtest.Dataset{})
	content := noise(1000)
	push := func(token, to string, lines ...line) exchange {
		t.Helper()
		batch := `{"operation":"upload","transfers":["basic"],"objects":[{"oid":"` + digest(content) + `","size":1000}]}`
		o := into[offer](ask(t, token, "POST", s.URL()+"/datasets/"+results+".git/info/lfs/objects/batch", batch, "Accept", lfsType, "Content-Type", lfsType).want(200))
		if up := o.Objects[0].Actions; up != nil {
			ask(t, "", "PUT", up.Upload.Href, content).want(200)
		}
		return commit(t, s, token, to, lines...)
	}
	for i, token := range []string{stranger, "hf_prs"} {
		e := push(token, "main?create_pr=1", header("Suggest", main), lfsFile("x.bin", content)).want(200)
		url := into[struct{ PullRequestURL string }](e).PullRequestURL
		if want := fmt.Sprintf("%s/datasets/%s/discussions/%d", s.URL(), results, i+1); url != want {
			t.Errorf("pull request: got %s, want %s", url, want)
		}
		push(token, fmt.Sprintf("refs%%2Fpr%%2F%d", i+1), header("Go on", ""), lfsFile("y.bin", content)).want(200)
		if got, err := s.Files(results, fmt.Sprintf("refs/pr/%d", i+1)); err != nil || fmt.Sprint(got) != "[.gitattributes x.bin y.bin]" {
			t.Errorf("files of the pull request: got %q, %v", got, err)
		}
	}
	push(stranger, "main", header("Push", ""), lfsFile("x.bin", content)).want(403)
	push("hf_prs", "main", header("Push", main), lfsFile("x.bin", content)).want(412)
	commit(t, s, "", "main?create_pr=1", header("Suggest", "")).want(401)
	if got, err := s.Head(results, "main"); err != nil || got != main {
		t.Errorf("main: got %s, %v, want it unmoved", got, err)
	}
}

func TestCommitRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, hubtest.Options{})
	at := into[struct{ CommitOid string }](commit(t, s, ada, "main", header("Add", ""), regular("a/b", "1"), regular("c", "1")).want(200)).CommitOid
	deleted := func(key, path string) line { return line{key, map[string]any{"path": path}} }
	for name, tt := range map[string]struct {
		rev    string
		want   int
		code   string
		change []line
	}{
		"no revision":             {"nope", 404, "RevisionNotFound", []line{header("x", "")}},
		"no summary":              {"main", 400, "", []line{header("", "")}},
		"no header":               {"main", 400, "", []line{regular("x", "1")}},
		"short parent":            {"main", 400, "", []line{header("x", at[:6])}},
		"deleted twice":           {"main", 404, "EntryNotFound", []line{header("x", ""), deleted("deletedFile", "nope")}},
		"deleted folder":          {"main", 404, "EntryNotFound", []line{header("x", ""), deleted("deletedFolder", "c")}},
		"a folder as a file":      {"main", 404, "EntryNotFound", []line{header("x", ""), deleted("deletedFile", "a")}},
		"named twice":             {"main", 400, "", []line{header("x", ""), regular("x", "1"), regular("x", "2")}},
		"a file under a file":     {"main", 400, "", []line{header("x", ""), regular("c/x", "1")}},
		"a file as a folder":      {"main", 400, "", []line{header("x", ""), regular("a", "1")}},
		"a path that leads out":   {"main", 400, "", []line{header("x", ""), regular("../x", "1")}},
		"a large file":            {"main", 400, "", []line{header("x", ""), regular("x", strings.Repeat("x", 10<<20+1))}},
		"a large binary file":     {"main", 400, "", []line{header("x", ""), regular("x", noise(2<<20))}},
		"an unknown key":          {"main", 400, "", []line{header("x", ""), deleted("copied", "c")}},
		"a parent that has moved": {"main", 412, "", []line{header("x", strings.Repeat("0", 40)), regular("x", "1")}},
	} {
		if e := commit(t, s, ada, tt.rev, tt.change...); e.status != tt.want || e.header.Get("X-Error-Code") != tt.code {
			t.Errorf("%s: got %d %s, want %d %s: %s", name, e.status, e.header.Get("X-Error-Code"), tt.want, tt.code, e.body)
		}
	}
	if got, err := s.Head(results, "main"); err != nil || got != at {
		t.Errorf("main: got %s, %v, want it unmoved", got, err)
	}
	commit(t, s, ada, "main", header("Delete", at[:7]), deleted("deletedFolder", "a"), deleted("deletedFile", "c")).want(200)
	if got, err := s.Files(results, "main"); err != nil || fmt.Sprint(got) != "[.gitattributes]" {
		t.Errorf("files: got %q, %v", got, err)
	}
	if got, err := s.Log(results, "main"); err != nil || fmt.Sprint(got) != "[Delete Add initial commit]" {
		t.Errorf("log: got %q, %v", got, err)
	}
}
