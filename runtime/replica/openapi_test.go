package replica_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/server"
)

// description is the OpenAPI document, and what exchanges had of it.
type description struct {
	object    map[string]any
	exchanges bytes.Buffer // JSON, as test/clients/validate reads them
	seen      map[string]bool
}

func describe(t *testing.T) *description {
	t.Helper()
	text, err := server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	d := &description{seen: map[string]bool{}}
	if err := json.Unmarshal(text, &d.object); err != nil {
		t.Fatal(err)
	}
	d.exchanges.Write(text)
	d.exchanges.WriteByte('\n')
	return d
}

// validate holds the exchanges against the document.
func (d *description) validate(t *testing.T) {
	t.Helper()
	program := exec.CommandContext(t.Context(), "go", "run", "./validate")
	program.Dir, program.Stdin = "../../test/clients", &d.exchanges
	if said, err := program.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, said)
	}
}

// operations yields path, method and operation.
func (d *description) operations(visit func(path, method string, operation map[string]any)) {
	for path, item := range d.object["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			if method != "parameters" {
				visit(path, strings.ToUpper(method), operation.(map[string]any))
			}
		}
	}
}

// TestOpenAPIHasEveryRoute and no other, under the name that audit events have.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	var want, got []string
	for _, r := range server.Routes() {
		want = append(want, r.Pattern+" "+r.Name)
	}
	describe(t).operations(func(path, method string, operation map[string]any) {
		got = append(got, pattern(method, path)+" "+operation["operationId"].(string))
	})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-served +described):\n%s", diff)
	}
}

// pattern is that of net/http for a path of the document, where "/" is no other path and
// the name of a model may have slashes, neither of which OpenAPI can say.
func pattern(method, path string) string {
	if path == "/" {
		path += "{$}"
	}
	return method + " " + strings.Replace(path, "{model}", "{model...}", 1)
}

func TestOpenAPINeedsNoKey(t *testing.T) {
	n := newCell(t).start(t, "runtime-0")
	r := expect(t, n.send(t, "GET", "/openapi.json", nil, nil), 200, "")
	if want, err := server.OpenAPI(); err != nil || !bytes.Equal(r.body, want) || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v, %v: %.100s", err, r.header, r.body)
	}
}

// TestOpenAPIDescribesTheAPI: a request to every route, and its error, are as the
// document says, and nothing that it says is not seen.
func TestOpenAPIDescribesTheAPI(t *testing.T) {
	c := newCell(t)
	acme, embeds := c.tenant(t, "acme"), c.tenant(t, "embeds", newEmbedder(t).embeds("m"))
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "read")
	d := describe(t)
	ids := map[string]string{}
	for _, s := range exchanges {
		if s.status < 400 && s.has == "" && s.path != "/openapi.json" && s.path != "/" && !strings.HasPrefix(s.path, "/web/") {
			nobodys := s
			nobodys.status = 401
			d.exchange(t, n, &tenant{key: "bk_none"}, nobodys, ids)
		}
		who := acme
		switch {
		case strings.Contains(s.path+s.body, "history"):
			who = alice
		case s.path == "/v1/embeddings":
			who = embeds
		}
		r := d.exchange(t, n, who, s, ids)
		if s.keep != "" {
			var it struct{ ID string }
			r.into(t, &it)
			ids[s.keep] = it.ID
		}
	}
	d.checkSeen(t)
	d.validate(t)
}

// exchange sends a request and keeps it and its response.
func (d *description) exchange(t *testing.T, n *node, w *tenant, s described, ids map[string]string) response {
	t.Helper()
	for name, id := range ids {
		s.path, s.body = strings.ReplaceAll(s.path, name, id), strings.ReplaceAll(s.body, name, id)
	}
	header := map[string]string{"Authorization": "Bearer " + w.key, "Content-Type": "application/json", "Bulkhead-Attributes": s.attributes}
	if s.media != "" {
		header["Content-Type"] = s.media
	}
	if s.later {
		header["Prefer"] = "respond-async"
	}
	if strings.Contains(s.path, "alices") {
		header["Bulkhead-Owner"] = "alice"
	}
	var r response
	wait(t, s.method+" "+s.path, func() error { // until what was sent to be read later is
		r = n.send(t, s.method, s.path, strings.NewReader(s.body), header)
		if r.status != s.status || !strings.Contains(string(r.body), s.has) {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		return nil
	})
	url := "http://bulkhead" + s.path
	delete(header, "Authorization") // nobody has to have it
	sent := http.Header{"Authorization": {"Bearer bk"}}
	for name, value := range header {
		sent.Set(name, value)
	}
	exchanged, err := json.Marshal(map[string]any{
		"Method": s.method, "URL": url, "Header": sent, "Body": []byte(s.body),
		"Status": r.status, "ResponseHeader": r.header, "ResponseBody": r.body,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.exchanges.Write(exchanged)
	d.mark(t, s.method, url, r)
	return r
}

// described is a request that the document describes.
type described struct {
	method, path, body string
	status             int
	media, attributes  string
	keep               string // the name under which others have the id of what it made
	later              bool   // asks for an answer before the file is read
	has                string // in the body, which is waited for
}

var nobody = uuid.NewString()

// exchanges have every route, with all that it can return, and an error of it.
var exchanges = []described{
	{"GET", "/openapi.json", "", 200, "", "", "", false, ""},
	{"GET", "/", "", 200, "", "", "", false, "Bulkhead"},
	{"GET", "/web/page.css", "", 200, "", "", "", false, ""},
	{"GET", "/web/none.css", "", 404, "", "", "", false, ""},
	{"PUT", "/v1/documents/alices", "The kestrel is alice's.", 201, "text/plain", "", "", false, ""},
	{"PUT", "/v1/documents/alices", "The kestrel is alice's.", 200, "text/plain", "", "", false, ""},
	{"PATCH", "/v1/documents/alices", `{"principals":["group:sales"]}`, 200, "", "", "", false, ""},
	{"GET", "/v1/documents/alices", "", 200, "", "", "", false, ""},
	{"PUT", "/v1/documents/alices-damaged", "%PDF", 202, "application/pdf", "", "", true, ""},
	{"PUT", "/v1/documents/a", "The kestrel hovers.", 201, "text/plain", `{"lang":"en","year":2024,"draft":false}`, "", false, ""},
	{"PUT", "/v1/documents/a?title=Birds", "The kestrel hovers.", 200, "text/markdown", `{"lang":"en"}`, "", false, ""},
	{"PUT", "/v1/documents/a", "text", 415, "image/png", "", "", false, ""},
	{"PUT", "/v1/documents/damaged", "%PDF", 202, "application/pdf", `{"lang":"en"}`, "{damaged}", true, ""},
	{"GET", "/v1/documents/damaged", "", 200, "", "", "", false, "document_malformed"},
	{"GET", "/v1/documents?status=failed", "", 200, "", "", "", false, "document_malformed"},
	{"GET", "/v1/documents?limit=1", "", 200, "", "", "", false, ""},
	{"GET", "/v1/documents?status=completed", "", 200, "", "", "", false, ""},
	{"GET", "/v1/documents?limit=0", "", 400, "", "", "", false, ""},
	{"GET", "/v1/documents/a", "", 200, "", "", "", false, ""},
	{"PATCH", "/v1/documents/a", `{"principals":["everyone","group:sales"],"attributes":{"lang":"en"}}`, 200, "", "", "", false, ""},
	{"PATCH", "/v1/documents/a", `{}`, 400, "", "", "", false, ""},
	{"GET", "/v1/documents/" + nobody, "", 404, "", "", "", false, ""},
	{"GET", "/v1/documents/a/content?start=1&end=4", "", 200, "", "", "", false, ""},
	{"GET", "/v1/documents/a/content?start=9999", "", 416, "", "", "", false, ""},
	{"POST", "/v1/retrieve", `{"query":"kestrel","top_k":5,"filters":{"type":"or","filters":[{"type":"eq","key":"lang","value":"en"},{"type":"in","key":"year","value":[1]},{"type":"gt","key":"year","value":2}]}}`, 200, "", "", "", false, ""},
	{"POST", "/v1/retrieve", `{"query":""}`, 400, "", "", "", false, ""},
	{"POST", "/v1/answer", `{"query":"kestrel","max_per_document":2}`, 200, "", "", "", false, ""},
	{"POST", "/v1/answer", `{"query":7}`, 400, "", "", "", false, ""},
	{"GET", "/v1/models", "", 200, "", "", "", false, ""},
	{"GET", "/v1/models/bulkhead-extractive", "", 200, "", "", "", false, ""},
	{"GET", "/v1/models/gpt-9", "", 404, "", "", "", false, ""},
	{"POST", "/v1/embeddings", embeddingX, 200, "", "", "", false, ""},
	{"POST", "/v1/embeddings", `{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":32,"user":"u"}`, 200, "", "", "", false, ""},
	{"POST", "/v1/embeddings", `{"model":"gpt-9","input":"a"}`, 404, "", "", "", false, ""},
	{"POST", "/v1/chat/completions", chatX, 200, "", "", "", false, ""},
	{"POST", "/v1/chat/completions", `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"kestrel"}],"max_completion_tokens":1}`, 200, "", "", "", false, ""},
	{"POST", "/v1/chat/completions", `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"kestrel"}],"stream":true}`, 200, "", "", "", false, ""},
	{"POST", "/v1/chat/completions", `{"model":"gpt-9","messages":[]}`, 400, "", "", "", false, ""},
	{"POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"kestrel","tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`, 200, "", "", "", false, ""},
	{"POST", "/v1/responses", `{"model":"bulkhead-extractive","input":[{"role":"user","content":"kestrel"}],"max_output_tokens":1}`, 200, "", "", "", false, ""},
	{"POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"kestrel","stream":true}`, 200, "", "", "", false, ""},
	{"POST", "/v1/responses", `{"model":"gpt-9","input":"kestrel"}`, 404, "", "", "", false, ""},
	{"POST", "/v1/files", fileX, 200, "multipart/form-data; boundary=X", "", "{file}", false, ""},
	{"POST", "/v1/files", "", 400, "multipart/form-data; boundary=X", "", "", false, ""},
	{"GET", "/v1/files?limit=1000&order=asc", "", 200, "", "", "", false, ""},
	{"GET", "/v1/files?order=desc", "", 400, "", "", "", false, ""},
	{"GET", "/v1/files/{file}", "", 200, "", "", "", false, ""},
	{"GET", "/v1/files/file-{damaged}", "", 200, "", "", "", false, "status_details"},
	{"GET", "/v1/files/x", "", 404, "", "", "", false, ""},
	{"GET", "/v1/files/{file}/content", "", 200, "", "", "", false, ""},
	{"GET", "/v1/files/x/content", "", 404, "", "", "", false, ""},
	{"POST", "/v1/vector_stores", `{"name":"n","description":"d","metadata":{"a":"b"},"file_ids":["{file}"],"chunking_strategy":{"type":"auto"}}`, 200, "", "", "{store}", false, ""},
	{"POST", "/v1/vector_stores", `{"file_ids":["x"]}`, 404, "", "", "", false, ""},
	{"GET", "/v1/vector_stores", "", 200, "", "", "", false, ""},
	{"GET", "/v1/vector_stores?limit=0", "", 400, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/{store}", "", 200, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/x", "", 404, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}", `{"name":"m"}`, 200, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/x", `{}`, 404, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/search", `{"query":["text"],"max_num_results":5,"ranking_options":{"ranker":"auto","score_threshold":0.5},"rewrite_query":false}`, 200, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/search", `{}`, 400, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/files", `{"file_id":"{file}","attributes":{"a":1}}`, 200, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/files", `{}`, 400, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/{store}/files", "", 200, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/x/files", "", 404, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/{store}/files/{file}", "", 200, "", "", "", false, ""},
	{"GET", "/v1/vector_stores/{store}/files/x", "", 404, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/files/{file}", `{"attributes":{"a":"b"}}`, 200, "", "", "", false, ""},
	{"POST", "/v1/vector_stores/{store}/files/{file}", `{}`, 400, "", "", "", false, ""},
	{"DELETE", "/v1/vector_stores/{store}/files/{file}", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/vector_stores/{store}/files/{file}", "", 404, "", "", "", false, ""},
	{"DELETE", "/v1/vector_stores/{store}", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/vector_stores/{store}", "", 404, "", "", "", false, ""},
	{"DELETE", "/v1/files/{file}", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/files/{file}", "", 404, "", "", "", false, ""},
	{"POST", "/v1/keys", `{"user":"alice","groups":["sales"],"scopes":["read","write"],"expires_at":"2999-01-31T00:00:00Z","label":"laptop"}`, 201, "", "", "{key}", false, ""},
	{"POST", "/v1/keys", `{"user":"alice"}`, 400, "", "", "", false, ""},
	{"GET", "/v1/keys", "", 200, "", "", "", false, ""},
	{"GET", "/v1/keys?limit=0", "", 400, "", "", "", false, ""},
	{"POST", "/v1/answer", `{"query":"history of the kestrel"}`, 200, "", "", "", false, ""},
	{"GET", "/v1/history", "", 200, "", "", "", false, "kestrel"},
	{"GET", "/v1/history?limit=0", "", 400, "", "", "", false, ""},
	{"GET", "/v1/usage", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/history", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/keys/{key}", "", 204, "", "", "", false, ""},
	{"DELETE", "/v1/keys/{key}", "", 404, "", "", "", false, ""},
	{"DELETE", "/v1/users/alice?documents=delete", "", 200, "", "", "", false, ""},
	{"DELETE", "/v1/users/a%20b", "", 400, "", "", "", false, ""},
	{"DELETE", "/v1/documents/a", "", 204, "", "", "", false, ""},
	{"DELETE", "/v1/documents/a", "", 404, "", "", "", false, ""},
}

// TestOpenAPIDescribesDegraded: every route that searches says, as the document does, what
// it did without, and who made the order where there is room for it.
func TestOpenAPIDescribesDegraded(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	acme := c.tenant(t, "acme", model.embeds("m"), ranks(t, 1).reranks(binding.RerankTexts))
	n := c.start(t, "runtime-0")
	d, ids := describe(t), map[string]string{}
	f := n.uploadFile(t, acme, "a.md", "The kestrel of number 0 hovers.")
	ids["STORE"] = n.newStore(t, acme, `{"name":"birds","file_ids":["`+f.ID+`"]}`).ID
	tool := `"tools":[{"type":"file_search"}]`
	searches := []described{
		{"POST", "/v1/retrieve", `{"query":"kestrel"}`, 200, "", "", "", false, "kestrel"},
		{"POST", "/v1/answer", `{"query":"kestrel"}`, 200, "", "", "", false, "kestrel"},
		{"POST", "/v1/vector_stores/STORE/search", `{"query":"kestrel"}`, 200, "", "", "", false, "kestrel"},
		{"POST", chatPath, `{` + modelX + `,` + kestrelX + `,` + tool + `}`, 200, "", "", "", false, "kestrel"},
		{"POST", responsePath, `{` + modelX + `,"input":"kestrel",` + tool + `}`, 200, "", "", "", false, "kestrel"},
		{"POST", responsePath, `{` + modelX + `,"input":"kestrel"}`, 200, "", "", "", false, "kestrel"},
	}
	said := `"degraded":["embedder"]`
	for without, status := range []int32{0, 401} {
		model.status.Store(status)
		for _, s := range searches {
			r := d.exchange(t, n, acme, s, ids)
			openAIs := s.path == chatPath || s.path == responsePath
			if strings.Count(string(r.body), said) != without || strings.Contains(string(r.body), `"reranked":true`) == openAIs {
				t.Errorf("%d: %s: %s", status, s.path, r.body)
			}
		}
		_, chunks := readEvents(t, n.ask(t, acme, "POST", chatPath, `{`+modelX+`,`+kestrelX+`,"stream":true}`))
		_, events := readEvents(t, n.ask(t, acme, "POST", responsePath, `{`+modelX+`,"input":"kestrel","stream":true}`))
		for path, last := range map[string]string{chatPath: chunks[len(chunks)-2], responsePath: events[len(events)-1]} {
			if strings.Count(last, said) != without {
				t.Errorf("%d: %s ends in %s", status, path, last)
			}
		}
	}
	d.validate(t)
}
