package replica_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

type fileJSON struct {
	ID, Object, Filename, Purpose, Status string
	Bytes                                 int
	CreatedAt                             int64  `json:"created_at"`
	Details                               string `json:"status_details"`
}

type storeJSON struct {
	ID, Object, Name string
	UsageBytes       int            `json:"usage_bytes"`
	FileCounts       map[string]int `json:"file_counts"`
	Metadata         map[string]string
}

type storeFileJSON struct {
	ID, Object, Status string
	VectorStoreID      string `json:"vector_store_id"`
	UsageBytes         int    `json:"usage_bytes"`
	CreatedAt          int64  `json:"created_at"`
	Attributes         map[string]any
}

type pageJSON[T any] struct {
	Data    []T
	HasMore bool   `json:"has_more"`
	FirstID string `json:"first_id"`
	LastID  string `json:"last_id"`
}

// formOf is the body of an upload.
func formOf(filename, purpose, media, text string) string {
	return "--X\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n" + purpose + "\r\n--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" +
		filename + "\"\r\nContent-Type: " + media + "\r\n\r\n" + text + "\r\n--X--\r\n"
}

func (n *node) uploadFile(t *testing.T, w *tenant, filename, text string) (f fileJSON) {
	t.Helper()
	expect(t, n.form(t, w, "/v1/files", formOf(filename, "assistants", "text/markdown", text)), 200, "").into(t, &f)
	return f
}

func (n *node) newStore(t *testing.T, w *tenant, body string) (s storeJSON) {
	t.Helper()
	expect(t, n.ask(t, w, "POST", "/v1/vector_stores", body), 200, "").into(t, &s)
	return s
}

// TestFile: a file is a document, whichever way it is looked at.
func TestFile(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	f := n.uploadFile(t, acme, "refunds.md", refunds)
	if f.Object != "file" || f.Filename != "refunds.md" || f.Purpose != "assistants" || f.Status != "processed" || f.Bytes != len(refunds) || f.CreatedAt == 0 {
		t.Errorf("file: %+v", f)
	}
	var doc docJSON
	expect(t, n.ask(t, acme, "GET", "/v1/documents/refunds.md", ""), 200, "").into(t, &doc)
	if "file-"+doc.ID != f.ID || doc.Title != "Refunds" || doc.MediaType != "text/markdown" {
		t.Errorf("document: %+v", doc)
	}
	var got fileJSON
	expect(t, n.ask(t, acme, "GET", "/v1/files/"+f.ID, ""), 200, "").into(t, &got)
	var page pageJSON[fileJSON]
	expect(t, n.ask(t, acme, "GET", "/v1/files", ""), 200, "").into(t, &page)
	if got != f || len(page.Data) != 1 || page.Data[0] != f {
		t.Errorf("got %+v, listed %+v", got, page)
	}
	if r := expect(t, n.ask(t, acme, "GET", "/v1/files/"+f.ID+"/content", ""), 200, ""); string(r.body) != refunds {
		t.Errorf("content: %q", r.body)
	}
	if again := n.uploadFile(t, acme, "refunds.md", "Another text."); again.ID != f.ID || again.Bytes != 13 {
		t.Errorf("the same name gave %+v", again)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/native", "text"), 201, "")
	for path, want := range map[string]int{"/v1/files?limit=1": 1, "/v1/files?after=" + f.ID: 1, "/v1/files?limit=10000&order=asc": 2} {
		expect(t, n.ask(t, acme, "GET", path, ""), 200, "").into(t, &page)
		if len(page.Data) != want || page.FirstID != page.Data[0].ID || page.LastID != page.Data[want-1].ID || page.HasMore != (path == "/v1/files?limit=1") {
			t.Errorf("%s lists %+v", path, page)
		}
	}
	expect(t, n.ask(t, acme, "DELETE", "/v1/files/"+f.ID, ""), 200, "")
	expect(t, n.ask(t, acme, "GET", "/v1/files/"+f.ID, ""), 404, "document_not_found")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/refunds.md", ""), 404, "document_not_found")
}

func TestWrongForms(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	good := formOf("a.txt", "assistants", "text/plain", "text")
	for name, test := range map[string]struct {
		body        string
		status      int
		code, param string
	}{
		"no form":        {"text", 400, "missing_required_parameter", "file"},
		"cut off":        {good[:len(good)-12], 400, "incomplete_body", ""},
		"no file":        {strings.Replace(good, `name="file"; filename="a.txt"`, `name="purpose"`, 1), 400, "invalid_value", "purpose"},
		"no filename":    {strings.Replace(good, `; filename="a.txt"`, ``, 1), 400, "invalid_value", "file"},
		"no purpose":     {"--X\r\n" + good[strings.LastIndex(good, "Content-Disposition"):], 400, "missing_required_parameter", "purpose"},
		"purpose":        {strings.Replace(good, "assistants", "fine-tune", 1), 400, "invalid_value", "purpose"},
		"another field":  {strings.Replace(good, `name="purpose"`, `name="expires_after[anchor]"`, 1), 400, "unsupported_parameter", "expires_after[anchor]"},
		"another type":   {strings.Replace(good, "text/plain", "image/png", 1), 415, "unsupported_media_type", ""},
		"unknown ending": {formOf("a.exe", "assistants", "application/octet-stream", "text"), 415, "unsupported_media_type", ""},
		"not UTF-8":      {formOf("a.txt", "assistants", "text/plain", "\xff"), 400, "invalid_utf8", ""},
		"empty":          {formOf("a.txt", "assistants", "text/plain", ""), 400, "empty_document", ""},
		"a long name":    {formOf(strings.Repeat("n", 513), "assistants", "text/plain", "text"), 400, "invalid_external_id", ""},
	} {
		r := n.form(t, acme, "/v1/files", test.body)
		if r.status != test.status || r.code() != test.code || r.param(t) != test.param {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	expect(t, n.ask(t, acme, "POST", "/v1/files", "{}"), 415, "unsupported_media_type")
	expect(t, n.form(t, acme, "/v1/files", formOf("a.txt", "user_data", "application/octet-stream", "text")), 200, "")
}

// TestVectorStore takes a vector store through its life.
func TestVectorStore(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n, other := c.start(t, "runtime-0"), c.start(t, "runtime-1")
	hover, dive := n.uploadFile(t, acme, "hover.md", "The kestrel hovers."), n.uploadFile(t, acme, "dive.md", "The kestrel dives.")
	n.uploadFile(t, acme, "loose.md", "The kestrel sleeps.")
	s := n.newStore(t, acme, `{"name":"birds","metadata":{"a":"b"},"file_ids":["`+hover.ID+`"]}`)
	if s.Object != "vector_store" || s.Name != "birds" || s.Metadata["a"] != "b" || s.FileCounts["completed"] != 1 || s.UsageBytes != hover.Bytes {
		t.Errorf("vector store: %+v", s)
	}
	at := "/v1/vector_stores/" + s.ID
	var joined, got storeFileJSON
	expect(t, n.ask(t, acme, "POST", at+"/files", `{"file_id":"`+dive.ID+`","attributes":{"mood":"wild"}}`), 200, "").into(t, &joined)
	if joined.ID != dive.ID || joined.VectorStoreID != s.ID || joined.Status != "completed" || joined.Attributes["mood"] != "wild" || joined.CreatedAt != dive.CreatedAt {
		t.Errorf("file in it: %+v", joined)
	}
	expect(t, other.ask(t, acme, "GET", at+"/files/"+dive.ID, ""), 200, "").into(t, &got)
	if fmt.Sprint(got) != fmt.Sprint(joined) {
		t.Errorf("got %+v, want %+v", got, joined)
	}
	for _, replica := range []*node{n, other} {
		replica.finds(t, acme, s.ID, `{"query":"kestrel"}`, "dive.md hover.md")
		replica.finds(t, acme, s.ID, `{"query":["kestrel","hovers"],"max_num_results":1}`, "hover.md")
		replica.finds(t, acme, s.ID, `{"query":"kestrel","filters":{"type":"eq","key":"mood","value":"wild"}}`, "dive.md")
	}
	var page pageJSON[storeFileJSON]
	expect(t, n.ask(t, acme, "GET", at+"/files?limit=1", ""), 200, "").into(t, &page)
	if len(page.Data) != 1 || page.Data[0].ID != hover.ID || !page.HasMore {
		t.Errorf("files: %+v", page)
	}
	expect(t, n.ask(t, acme, "GET", at+"/files?after="+page.LastID, ""), 200, "").into(t, &page)
	if len(page.Data) != 1 || page.Data[0].ID != dive.ID || page.HasMore {
		t.Errorf("files after: %+v", page)
	}
	expect(t, n.ask(t, acme, "POST", at+"/files/"+dive.ID, `{"attributes":{"mood":"calm"}}`), 200, "")
	n.finds(t, acme, s.ID, `{"query":"kestrel","filters":{"type":"eq","key":"mood","value":"calm"}}`, "dive.md")

	n.uploadFile(t, acme, "hover.md", "The kestrel hovers over mountains.") // stays in it
	n.finds(t, acme, s.ID, `{"query":"mountains"}`, "hover.md")
	expect(t, n.ask(t, acme, "DELETE", at+"/files/"+dive.ID, ""), 200, "")
	expect(t, n.ask(t, acme, "DELETE", at+"/files/"+dive.ID, ""), 404, "document_not_found")
	n.finds(t, acme, s.ID, `{"query":"kestrel"}`, "hover.md")
	expect(t, n.ask(t, acme, "GET", "/v1/files/"+dive.ID, ""), 200, "")

	expect(t, n.ask(t, acme, "POST", at, `{"name":"falcons"}`), 200, "").into(t, &s)
	if s.Name != "falcons" || s.Metadata["a"] != "b" || s.FileCounts["total"] != 1 {
		t.Errorf("changed: %+v", s)
	}
	expect(t, n.ask(t, acme, "DELETE", at, ""), 200, "")
	for _, path := range []string{at, at + "/files", at + "/files/" + hover.ID} {
		expect(t, other.ask(t, acme, "GET", path, ""), 404, "vector_store_not_found")
	}
	expect(t, other.ask(t, acme, "POST", at+"/search", `{"query":"kestrel"}`), 404, "vector_store_not_found")
	expect(t, n.ask(t, acme, "GET", "/v1/files/"+hover.ID, ""), 200, "")
}

// finds searches a vector store and compares the files.
func (n *node) finds(t *testing.T, w *tenant, store, body, want string) {
	t.Helper()
	var found struct {
		Data []struct {
			Filename string
			Content  []struct{ Type, Text string }
		}
	}
	expect(t, n.ask(t, w, "POST", "/v1/vector_stores/"+store+"/search", body), 200, "").into(t, &found)
	var passages []passageJSON
	for _, hit := range found.Data {
		passages = append(passages, passageJSON{ExternalID: hit.Filename})
		if len(hit.Content) != 1 || hit.Content[0].Type != "text" || hit.Content[0].Text == "" {
			t.Errorf("content: %+v", hit)
		}
	}
	if got := names(passages); got != want {
		t.Errorf("%s finds %s, want %s", body, got, want)
	}
}

// TestVectorStoresOfSearches: file_search is restricted to its vector stores.
func TestVectorStoresOfSearches(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	var stores []storeJSON
	for _, verb := range []string{"hovers", "dives", "sleeps"} {
		f := n.uploadFile(t, acme, verb, "The kestrel "+verb+".")
		stores = append(stores, n.newStore(t, acme, `{"file_ids":["`+f.ID+`"]}`))
	}
	say := func(ids, want string) {
		t.Helper()
		var got fullResponseJSON
		tool := `[{"type":"file_search","vector_store_ids":[` + ids + `]}]`
		expect(t, n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"kestrel","tools":`+tool+`}`), 200, "").into(t, &got)
		if said := got.Output[1].Content[0].Text; sortedLines(said) != want {
			t.Errorf("%s says %q", ids, said)
		}
	}
	say(`"`+stores[1].ID+`"`, "The kestrel dives.")
	say(`"`+stores[1].ID+`","`+stores[0].ID+`"`, "The kestrel dives.\nThe kestrel hovers.")
	say(``, "The kestrel dives.\nThe kestrel hovers.\nThe kestrel sleeps.")
	for _, unknown := range []string{"vs_" + uuid.NewString(), "vs_1"} {
		r := n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"kestrel","tools":[{"type":"file_search","vector_store_ids":["`+unknown+`"]}]}`)
		expect(t, r, 404, "vector_store_not_found")
	}
}

func TestWrongVectorStores(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	s := n.newStore(t, acme, `{}`)
	at := "/v1/vector_stores/" + s.ID
	nobody := "file-" + uuid.NewString()
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		code, param        string
	}{
		"unknown file":        {"POST", at + "/files", `{"file_id":"` + nobody + `"}`, 404, "document_not_found", ""},
		"no file":             {"POST", at + "/files", `{}`, 400, "missing_required_parameter", "file_id"},
		"not a file":          {"POST", at + "/files", `{"file_id":"x"}`, 404, "document_not_found", ""},
		"attributes":          {"POST", at + "/files", `{"file_id":"` + nobody + `","attributes":{"a":[]}}`, 400, "invalid_attributes", "attributes.a"},
		"chunks":              {"POST", at + "/files", `{"file_id":"` + nobody + `","chunking_strategy":{"type":"static"}}`, 400, "unsupported_parameter", "chunking_strategy"},
		"no attributes":       {"POST", at + "/files/" + nobody, `{}`, 400, "missing_required_parameter", "attributes"},
		"expiry":              {"POST", "/v1/vector_stores", `{"expires_after":{"anchor":"last_active_at","days":1}}`, 400, "unsupported_parameter", "expires_after"},
		"unknown files":       {"POST", "/v1/vector_stores", `{"file_ids":["` + nobody + `"]}`, 404, "document_not_found", ""},
		"metadata":            {"POST", "/v1/vector_stores", `{"metadata":{"a":1}}`, 400, "invalid_type", "metadata"},
		"a long name":         {"POST", at, `{"name":"` + strings.Repeat("n", 513) + `"}`, 400, "invalid_value", "name"},
		"no query":            {"POST", at + "/search", `{}`, 400, "invalid_query", "query"},
		"rewritten query":     {"POST", at + "/search", `{"query":"a","rewrite_query":true}`, 400, "unsupported_parameter", "rewrite_query"},
		"order":               {"GET", "/v1/vector_stores?order=desc", ``, 400, "unsupported_parameter", "order"},
		"cursor":              {"GET", "/v1/files?after=x", ``, 400, "invalid_value", "after"},
		"limit":               {"GET", at + "/files?limit=0", ``, 400, "invalid_value", "limit"},
		"unknown listing":     {"GET", at + "/files?filter=failed", ``, 400, "unsupported_parameter", "filter"},
		"unknown store":       {"GET", "/v1/vector_stores/vs_" + uuid.NewString(), ``, 404, "vector_store_not_found", ""},
		"not a store":         {"DELETE", "/v1/vector_stores/x", ``, 404, "vector_store_not_found", ""},
		"unknown file to get": {"GET", at + "/files/" + nobody, ``, 404, "document_not_found", ""},
	} {
		if r := n.ask(t, acme, test.method, test.path, test.body); r.status != test.status || r.code() != test.code || r.param(t) != test.param {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	var page pageJSON[storeJSON]
	expect(t, n.ask(t, acme, "GET", "/v1/vector_stores", ""), 200, "").into(t, &page)
	if len(page.Data) != 1 {
		t.Errorf("wrong requests left %+v", page.Data)
	}
}

// TestVectorStoreWithAWrongFile: nothing is left of one that can not have all its files.
func TestVectorStoreWithAWrongFile(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "write")
	hers, all := n.uploadFile(t, alice, "hers.md", "The kestrel hovers."), n.uploadFile(t, acme, "all.md", "The kestrel dives.")
	expect(t, n.queueFile(t, alice, "damaged", typePDF, "%PDF"), 202, "")
	damaged := n.ends(t, alice, "damaged")
	before := n.ask(t, alice, "GET", "/v1/documents/hers.md", "")
	for file, status := range map[string]int{all.ID: 403, "file-" + damaged.ID: 404, "file-" + nobody: 404} {
		r := n.ask(t, alice, "POST", "/v1/vector_stores", `{"file_ids":["`+hers.ID+`","`+file+`"]}`)
		if r.status != status {
			t.Errorf("%s: %d %s", file, r.status, r.body)
		}
	}
	var page pageJSON[storeJSON]
	expect(t, n.ask(t, acme, "GET", "/v1/vector_stores", ""), 200, "").into(t, &page)
	if len(page.Data) != 0 {
		t.Errorf("wrong files left %+v", page.Data)
	}
	if after := n.ask(t, alice, "GET", "/v1/documents/hers.md", ""); string(after.body) != string(before.body) {
		t.Errorf("the document was %s, and is %s", before.body, after.body)
	}
	twice := n.newStore(t, alice, `{"file_ids":["`+hers.ID+`","`+hers.ID+`"]}`)
	if twice.FileCounts["total"] != 1 || twice.UsageBytes != hers.Bytes {
		t.Errorf("a file that is named twice: %+v", twice)
	}
}

// TestAmendLosesNoText: a document that is put into vector stores while it is replaced
// has the newest text, and is in all of them.
func TestAmendLosesNoText(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	f := n.uploadFile(t, acme, "a.md", "The number is 0.")
	var stores []storeJSON
	for range 6 {
		stores = append(stores, n.newStore(t, acme, `{}`))
	}
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 12 {
			for r := (response{status: http.StatusServiceUnavailable}); r.status == http.StatusServiceUnavailable; {
				r = n.ask(t, acme, "PUT", "/v1/documents/a.md", fmt.Sprintf("The number is %d.", i+1))
			}
		}
	})
	all.Go(func() {
		for _, s := range stores {
			for r := (response{status: http.StatusServiceUnavailable}); r.status == http.StatusServiceUnavailable; {
				r = n.ask(t, acme, "POST", "/v1/vector_stores/"+s.ID+"/files", `{"file_id":"`+f.ID+`"}`)
			}
		}
	})
	all.Wait()
	for _, s := range stores {
		n.finds(t, acme, s.ID, `{"query":"number 12"}`, "a.md")
	}
	if r := n.ask(t, acme, "GET", "/v1/files/"+f.ID+"/content", ""); string(r.body) != "The number is 12." {
		t.Errorf("the text is %q", r.body)
	}
}
