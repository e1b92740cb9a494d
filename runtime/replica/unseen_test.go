package replica_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reads are requests that a user may make, whose responses tell of documents.
func reads(seen []string, store string) []ask {
	all := []ask{
		{"GET", "/v1/documents?limit=100", ""},
		{"GET", "/v1/documents?limit=3", ""},
		{"GET", "/v1/documents?status=failed", ""},
		{"GET", "/v1/documents?status=in_progress", ""},
		{"GET", "/v1/files", ""},
		{"GET", "/v1/usage", ""},
		{"GET", "/v1/vector_stores", ""},
		{"GET", "/v1/vector_stores/" + store, ""},
		{"GET", "/v1/vector_stores/" + store + "/files", ""},
		{"GET", "/v1/documents/hidden", ""},
	}
	for topic := range topics {
		query := topicWord(topic, 0) + " " + topicWord(topic, 7)
		all = append(all,
			ask{"POST", "/v1/retrieve", fmt.Sprintf(`{"query":%q,"top_k":100,"max_per_document":100}`, query)},
			ask{"POST", "/v1/answer", fmt.Sprintf(`{"query":%q}`, query)},
			ask{"POST", "/v1/chat/completions", fmt.Sprintf(`{"model":"bulkhead-extractive","messages":[{"role":"user","content":%q}]}`, query)},
			ask{"POST", "/v1/responses", fmt.Sprintf(`{"model":"bulkhead-extractive","input":%q,"tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`, query)},
			ask{"POST", "/v1/vector_stores/" + store + "/search", fmt.Sprintf(`{"query":%q,"max_num_results":50}`, query)},
		)
	}
	for _, id := range seen {
		all = append(all, ask{"GET", "/v1/documents/" + id, ""}, ask{"GET", "/v1/documents/" + id + "/content", ""}, ask{"GET", "/v1/files/file-" + id, ""})
	}
	return all
}

var when = regexp.MustCompile(`"created(_at)?":\d+`)

// told are the bodies of responses by request, but for the request's own id and time.
func (n *node) told(t *testing.T, w *tenant, all []ask) map[ask]string {
	t.Helper()
	told := map[ask]string{}
	for _, s := range all {
		r := n.ask(t, w, s.method, s.path, s.body)
		if r.status != http.StatusOK && r.status != http.StatusNotFound {
			t.Fatalf("%s %s: %d %s", s.method, s.path, r.status, r.body)
		}
		body := strings.ReplaceAll(string(r.body), r.header.Get("X-Request-Id"), "ID")
		told[s] = fmt.Sprint(r.status, " ", when.ReplaceAllString(body, ""))
	}
	return told
}

// readers are random principals, of which alice, who is in sales, is none if she must not
// see.
func readers(random *rand.Rand, seen bool) string {
	others := []string{"user:bob", "group:ops", "user:alice2", "group:sale", "user:sales", "group:alice"}
	all := others[:random.IntN(len(others))]
	if seen {
		all = append([]string{[]string{"user:alice", "group:sales", "everyone"}[random.IntN(3)]}, all...)
	}
	return strings.Join(all, ", ")
}

// TestUnseenDocumentsChangeNothing: with the basis as it is, a document that a user may not
// see changes no byte of any response to that user, whether it is added, replaced or
// deleted, however the index is divided, on a replica that has followed and on one that
// has loaded it anew.
func TestUnseenDocumentsChangeNothing(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "write", "sales")
	random := rand.New(rand.NewPCG(7, 11))
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/library", library(320, 1)), 201, "")
	n.meansMore(t, acme, topicWord(0, 0))
	basis := acme.embedding(t, c)
	store := n.newStore(t, acme, `{"name":"all"}`).ID
	var seen []string
	put := func(ref string, visible bool, owner string) string {
		header := forWhom(readers(random, visible))
		if owner != "" {
			header["Bulkhead-Owner"] = owner
		}
		r := n.share(t, acme, ref, library(1+random.IntN(4), random.Uint64()), header)
		if r.status != 200 && r.status != 201 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var doc sharedJSON
		r.into(t, &doc)
		if random.IntN(2) == 0 {
			expect(t, n.ask(t, acme, "POST", "/v1/vector_stores/"+store+"/files", `{"file_id":"file-`+doc.ID+`"}`), 200, "")
		}
		return doc.ID
	}
	for i := range 10 {
		seen = append(seen, put(fmt.Sprintf("seen%d", i), true, []string{"", "alice", "bob"}[i%3]))
	}
	all := reads(seen, store)
	before := n.told(t, alice, all)
	same := func(what string, at *node) {
		t.Helper()
		if diff := cmp.Diff(before, at.told(t, alice, all)); diff != "" {
			t.Fatalf("%s changed (-before +after):\n%s", what, diff)
		}
	}
	for i := range 14 { // more than are merged
		owner := []string{"", "bob", "carol"}[i%3]
		name := []string{"hidden", "library", "seen0", seen[1]}[i%4] + fmt.Sprint(i/4)
		id := put(name, false, owner)
		same("adding "+name, n)
		if i%2 == 0 {
			put(name, false, owner)
			same("replacing "+name, n)
		}
		if i%3 == 0 {
			expect(t, n.ask(t, acme, "DELETE", "/v1/documents/"+id, ""), 204, "")
			same("deleting "+name, n)
		}
	}
	for _, ref := range []string{"hidden", seen[2]} { // names that alice asks for
		put(ref, false, "")
		same("a document called "+ref, n)
	}
	expect(t, n.putFile(t, acme, "damaged", typePDF, []byte("%PDF"), "Prefer", "respond-async", "Bulkhead-Principals", "user:bob"), 202, "")
	n.ends(t, acme, "damaged")
	same("an upload that failed", n)
	now := strings.Fields(acme.embedding(t, c))
	for _, object := range strings.Fields(basis) {
		if !slices.Contains(now, object) {
			t.Fatal("the basis did not stay")
		}
	}
	same("what a new replica loads", c.start(t, "runtime-1"))
}
