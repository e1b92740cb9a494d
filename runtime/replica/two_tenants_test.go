package replica_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/server"
)

// No byte of one tenant may reach another: two tenants use every route at the same
// time, over a pool of two connections, with the same names and questions, and with
// the ids of what the other has. Their model says again all that it is told.
func TestTenantsNeverSeeEachOther(t *testing.T) {
	c := newCell(t)
	c.db.AppConns, c.db.LaneConns, c.db.TenantShare = 2, 2, 1
	n := c.start(t, "runtime-0")
	edit := echoing(t)
	pair := newSides(t, n, c.tenant(t, "acme", edit), c.tenant(t, "globex", edit))
	n.useTogether(t, pair, 64, 2)
	for _, s := range pair {
		s.checkUsed(t)
	}
	if strings.Contains(c.log.String(), "canary") {
		t.Error("the log has content")
	}
}

// echoing gives tenants a model that says again all that it is told, and lets them
// upload a lot at a time.
func echoing(t *testing.T) func(*binding.Binding) {
	t.Helper()
	echo := newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		told, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		says(w, string(told), " [1]")
	})
	embeds := newEmbedder(t).embeds("m")
	return func(b *binding.Binding) {
		echo.chats(b)
		embeds(b)
		b.Limits.ConcurrentIngests = 16
	}
}

// side is one of two tenants, which writes a canary wherever it can.
type side struct {
	*tenant
	canary string
	person *tenant  // the key of a user, who has a history
	own    []string // placeholders, and the ids that stand for them when the other uses them

	mu     sync.Mutex
	served map[string]bool // routes that did what was asked, by their patterns
}

// newSides makes sides of tenants, with something of each that the other can name.
func newSides(t *testing.T, n *node, tenants ...*tenant) (pair []*side) {
	t.Helper()
	for _, w := range tenants {
		s := &side{tenant: w, canary: "canary" + w.Tenant.Name, served: map[string]bool{}}
		n.becomes(t, w, "GET", "/v1/documents", "", 200, "")
		var doc docJSON
		expect(t, n.ask(t, w, "PUT", "/v1/documents/shared", "The secret of the vault is "+s.canary), 201, "").into(t, &doc)
		store := n.newStore(t, w, `{"name":"`+s.canary+`","file_ids":["file-`+doc.ID+`"]}`).ID
		_, key := n.makeKey(t, w, `{"user":"`+s.canary+`","scopes":["read"]}`)
		s.person, _ = n.makeKey(t, w, `{"user":"person","scopes":["read"]}`)
		s.own = []string{"{their document}", doc.ID, "{their store}", store, "{their key}", key.ID}
		pair = append(pair, s)
	}
	return pair
}

// useTogether has many hands use every route for each of two sides.
func (n *node) useTogether(t *testing.T, pair []*side, hands, rounds int) {
	var all sync.WaitGroup
	for hand := range hands {
		me, other := pair[hand%2], pair[1-hand%2]
		all.Go(func() {
			for round := range rounds {
				me.useEveryRoute(t, n, other, fmt.Sprintf("%d-%d", hand, round))
			}
		})
	}
	all.Wait()
}

// use is a request of one of the tenants.
type use struct {
	method, path, body string
	ok                 []int  // what may come of it
	keep               string // placeholder for the id of what it makes
}

const secretOf = "What is the secret of the vault?"

// uses has every route, with the tenant's own and with what is the other's. What a
// request makes is used by those after it.
var uses = []use{
	{"GET", "/", "", []int{200}, ""},
	{"GET", "/web/main.js", "", []int{200}, ""},
	{"GET", "/openapi.json", "", []int{200}, ""},

	{"PUT", "/v1/documents/shared", "# Notes of {mine}\n\nThe secret of the vault is {mine} number {n}.\n", []int{200, 201}, ""},
	{"PUT", "/v1/documents/own-{n}", "The secret of the vault is {mine} number {n}.", []int{201}, "{document}"},
	{"GET", "/v1/documents?limit=100", "", []int{200}, ""},
	{"GET", "/v1/documents/{document}", "", []int{200}, ""},
	{"GET", "/v1/documents/{document}/content", "", []int{200, 409}, ""},
	{"PATCH", "/v1/documents/{document}", `{"principals":["group:sales"]}`, []int{200}, ""},
	{"PATCH", "/v1/documents/{their document}", `{"principals":["group:sales"]}`, []int{404}, ""},
	{"POST", "/v1/retrieve", `{"query":"secret of the vault","top_k":50}`, []int{200}, ""},
	{"POST", "/v1/retrieve", `{"query":"{theirs}"}`, []int{200}, ""},
	{"POST", "/v1/answer", `{"query":"` + secretOf + `"}`, []int{200}, ""},
	{"POST", "/v1/answer", `{"query":"` + secretOf + `","answerer":"extractive","stream":true}`, []int{200}, ""},
	{"GET", "/v1/models", "", []int{200}, ""},
	{"GET", "/v1/models/bulkhead", "", []int{200}, ""},
	{"POST", "/v1/chat/completions", `{"model":"bulkhead","messages":[{"role":"user","content":"` + secretOf + `"}],"stream":true}`, []int{200}, ""},
	{"POST", "/v1/chat/completions", `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"` + secretOf + `"}]}`, []int{200}, ""},
	{"POST", "/v1/responses", `{"model":"bulkhead","input":"` + secretOf + `","tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`, []int{200}, ""},
	{"POST", "/v1/responses", `{"model":"bulkhead-extractive","input":"` + secretOf + `","tools":[{"type":"file_search","vector_store_ids":["{their store}"]}]}`, []int{404}, ""},

	{"POST", "/v1/embeddings", embeddingX, []int{200}, ""},

	{"POST", "/v1/files", "--X\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n" +
		"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file-{n}.txt\"\r\n\r\nThe secret of the vault is {mine}.\r\n--X--\r\n", []int{200}, "{file}"},
	{"GET", "/v1/files?limit=1000", "", []int{200}, ""},
	{"GET", "/v1/files/{file}", "", []int{200}, ""},
	{"GET", "/v1/files/{file}/content", "", []int{200, 409}, ""},
	{"POST", "/v1/vector_stores", `{"name":"{mine}"}`, []int{200}, "{store}"},
	{"GET", "/v1/vector_stores", "", []int{200}, ""},
	{"GET", "/v1/vector_stores/{store}", "", []int{200}, ""},
	{"POST", "/v1/vector_stores/{store}", `{"name":"{mine}","metadata":{"of":"{mine}"}}`, []int{200}, ""},
	{"POST", "/v1/vector_stores/{store}/files", `{"file_id":"{file}"}`, []int{200}, ""},
	{"POST", "/v1/vector_stores/{store}/files", `{"file_id":"file-{their document}"}`, []int{404}, ""},
	{"GET", "/v1/vector_stores/{store}/files", "", []int{200}, ""},
	{"GET", "/v1/vector_stores/{store}/files/{file}", "", []int{200, 404}, ""},
	{"POST", "/v1/vector_stores/{store}/files/{file}", `{"attributes":{"of":"{mine}"}}`, []int{200, 404}, ""},
	{"POST", "/v1/vector_stores/{store}/search", `{"query":"secret of the vault"}`, []int{200}, ""},
	{"DELETE", "/v1/vector_stores/{store}/files/{file}", "", []int{200, 404}, ""},
	{"DELETE", "/v1/vector_stores/{store}", "", []int{200}, ""},
	{"DELETE", "/v1/files/{file}", "", []int{200}, ""},
	{"DELETE", "/v1/documents/{document}", "", []int{204}, ""},
	{"POST", "/v1/keys", `{"user":"{mine}","groups":["{mine}"],"scopes":["read"],"label":"{mine}"}`, []int{201}, "{key}"},
	{"GET", "/v1/keys", "", []int{200}, ""},
	{"DELETE", "/v1/keys/{key}", "", []int{204}, ""},

	{"POST", "/v1/answer", `{"query":"{mine} asks for its history"}`, []int{200}, ""},
	{"GET", "/v1/history", "", []int{200}, ""},
	{"DELETE", "/v1/history", "", []int{200}, ""},
	{"DELETE", "/v1/users/other-{n}", "", []int{200}, ""},
	{"GET", "/v1/usage", "", []int{200}, ""},

	{"GET", "/v1/documents/{their document}", "", []int{404}, ""},
	{"GET", "/v1/documents/{their document}/content", "", []int{404}, ""},
	{"DELETE", "/v1/documents/{their document}", "", []int{404}, ""},
	{"GET", "/v1/files/file-{their document}", "", []int{404}, ""},
	{"GET", "/v1/files/file-{their document}/content", "", []int{404}, ""},
	{"DELETE", "/v1/files/file-{their document}", "", []int{404}, ""},
	{"GET", "/v1/vector_stores/{their store}", "", []int{404}, ""},
	{"POST", "/v1/vector_stores/{their store}", `{"name":"mine"}`, []int{404}, ""},
	{"GET", "/v1/vector_stores/{their store}/files", "", []int{404}, ""},
	{"POST", "/v1/vector_stores/{their store}/files", `{"file_id":"{file}"}`, []int{404}, ""},
	{"GET", "/v1/vector_stores/{their store}/files/file-{their document}", "", []int{404}, ""},
	{"POST", "/v1/vector_stores/{their store}/files/file-{their document}", `{"attributes":{"a":1}}`, []int{404}, ""},
	{"DELETE", "/v1/vector_stores/{their store}/files/file-{their document}", "", []int{404}, ""},
	{"POST", "/v1/vector_stores/{their store}/search", `{"query":"secret of the vault"}`, []int{404}, ""},
	{"DELETE", "/v1/vector_stores/{their store}", "", []int{404}, ""},
	{"DELETE", "/v1/keys/{their key}", "", []int{404}, ""},
}

// busyCodes are the errors that a server gives which is small for so many requests, and
// that of a model's answer out of documents that others change meanwhile.
var busyCodes = []string{"database_busy", "too_many_requests", "too_many_uploads", "overloaded", "audit_unavailable", "document_changed"}

// useEveryRoute leaves out what needs the id of something that could not be made.
func (s *side) useEveryRoute(t *testing.T, n *node, other *side, name string) {
	known := append([]string{"{mine}", s.canary, "{theirs}", other.canary, "{n}", name}, other.own...)
	for _, call := range uses {
		fill := strings.NewReplacer(known...)
		path, body := fill.Replace(call.path), fill.Replace(call.body)
		if strings.Contains(path, "{") || strings.Contains(body, `"{`) {
			continue
		}
		r := s.send(t, n, call.method, path, body)
		if strings.Contains(string(r.body), other.canary) {
			t.Errorf("%s %s shows the other tenant's content: %s", call.method, path, r.body)
		}
		if slices.Contains(busyCodes, r.code()) {
			continue
		}
		if !slices.Contains(call.ok, r.status) {
			t.Errorf("%s %s: %d %s", call.method, path, r.status, r.body)
			continue
		}
		s.note(call.method, path, r.status)
		if call.keep != "" {
			var it struct{ ID string }
			_ = json.Unmarshal(r.body, &it)
			known = append(known, call.keep, it.ID)
		}
	}
}

func (s *side) send(t *testing.T, n *node, method, path, body string) response {
	key := s.key
	if strings.Contains(path+body, "history") {
		key = s.person.key
	}
	header := map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"}
	switch {
	case method == http.MethodPut:
		header["Content-Type"] = "text/markdown"
	case path == "/v1/files":
		header["Content-Type"] = "multipart/form-data; boundary=X"
	}
	return n.send(t, method, path, strings.NewReader(body), header)
}

// note notes the route of a request that did what was asked.
func (s *side) note(method, path string, status int) {
	if status >= 300 {
		return
	}
	mux := http.NewServeMux()
	for _, r := range server.Routes() {
		mux.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	request, _ := http.NewRequest(method, path, nil)
	_, pattern := mux.Handler(request)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served[pattern] = true
}

// checkUsed fails for a route that did not do what was asked, once at least.
func (s *side) checkUsed(t *testing.T) {
	t.Helper()
	for _, r := range server.Routes() {
		if !s.served[r.Pattern] {
			t.Errorf("%s: no request of %s was served by %s", r.Name, s.Tenant.Name, r.Pattern)
		}
	}
}
