package replica_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// reads are requests that a user may make, whose responses tell of documents: of what the
// user sees, and of a vector store of all.
func reads(seen []string, store string) []ask {
	all := []ask{
		{"GET", "/v1/documents?limit=100", ""},
		{"GET", "/v1/documents?limit=3", ""},
		{"GET", "/v1/documents?status=failed", ""},
		{"GET", "/v1/documents?status=in_progress", ""},
		{"GET", "/v1/files", ""},
		{"GET", "/v1/usage", ""},
		{"GET", "/v1/models", ""},
		{"GET", "/v1/models/bulkhead-extractive", ""},
		{"GET", "/v1/vector_stores", ""},
		{"GET", "/v1/vector_stores/" + store, ""},
		{"GET", "/v1/vector_stores/" + store + "/files", ""},
		{"GET", "/v1/documents/hidden", ""},
	}
	for topic := range topics {
		all = append(all, questions(fmt.Sprintf("%q", topicWord(topic, 0)+" "+topicWord(topic, 7)), store)...)
	}
	all = append(all, choosy(fmt.Sprintf("%q", topicWord(0, 0)+" "+topicWord(1, 7)), store)...)
	for _, id := range seen {
		all = append(all, ask{"GET", "/v1/documents/" + id, ""}, ask{"GET", "/v1/documents/" + id + "/content", ""},
			ask{"GET", "/v1/files/file-" + id, ""}, ask{"GET", "/v1/vector_stores/" + store + "/files/file-" + id, ""})
	}
	return all
}

// questions ask every route that searches.
func questions(query, store string) []ask {
	return []ask{
		{"POST", "/v1/retrieve", `{"query":` + query + `,"top_k":100,"max_per_document":100}`},
		{"POST", "/v1/answer", `{"query":` + query + `}`},
		{"POST", chatPath, `{` + modelX + `,"messages":[{"role":"user","content":` + query + `}]}`},
		{"POST", responsePath, `{` + modelX + `,"input":` + query + `,"tools":[{"type":"file_search"}],"include":["file_search_call.results"]}`},
		{"POST", "/v1/vector_stores/" + store + "/search", `{"query":` + query + `,"max_num_results":50}`},
	}
}

// choosy questions are streamed, or ask some documents and the best passages only.
func choosy(query, store string) []ask {
	calm, best := `"filters":{"type":"eq","key":"mood","value":"calm"}`, `"ranking_options":{"score_threshold":0.2}`
	tools := `"tools":[{"type":"file_search","vector_store_ids":["` + store + `"],` + calm + `,` + best + `}]`
	return []ask{
		{"POST", "/v1/answer", `{"query":` + query + `,"stream":true}`},
		{"POST", "/v1/answer", `{"query":` + query + `,"stream":true,` + calm + `}`},
		{"POST", chatPath, `{` + modelX + `,"messages":[{"role":"user","content":` + query + `}],"stream":true,` + tools + `}`},
		{"POST", responsePath, `{` + modelX + `,"input":` + query + `,"stream":true,` + tools + `,"include":["file_search_call.results"]}`},
		{"POST", "/v1/retrieve", `{"query":` + query + `,` + calm + `}`},
		{"POST", "/v1/vector_stores/" + store + "/search", `{"query":` + query + `,` + calm + `}`},
		{"POST", "/v1/vector_stores/" + store + "/search", `{"query":` + query + `,` + best + `}`},
	}
}

// writes are requests of who owns a document and a vector store, and not another one,
// that change nothing.
func writes(own, store, other string) []ask {
	return []ask{
		{"PUT", "/v1/documents/own", ownText},
		{"PATCH", "/v1/documents/own", `{"principals":[]}`},
		{"PATCH", "/v1/documents/" + other, `{"principals":["everyone"]}`},
		{"DELETE", "/v1/documents/hidden", ""},
		{"DELETE", "/v1/files/file-" + other, ""},
		{"POST", "/v1/vector_stores", `{"file_ids":["file-` + own + `","file-` + other + `"]}`},
		{"POST", "/v1/vector_stores/" + store, `{"name":"own"}`},
		{"POST", "/v1/vector_stores/" + store + "/files", `{"file_id":"file-` + own + `"}`},
		{"DELETE", "/v1/vector_stores/" + store + "/files/file-" + other, ""},
	}
}

const ownText = "What alice wrote herself."

var when = regexp.MustCompile(`"created(_at)?":\d+`)

// told are the bodies of responses by request, but for the request's own id and time.
func (n *node) told(t *testing.T, w *tenant, all []ask) map[ask]string {
	t.Helper()
	told := map[ask]string{}
	for _, s := range all {
		r := n.ask(t, w, s.method, s.path, s.body)
		if r.status != http.StatusOK && r.status != http.StatusNotFound && r.status != http.StatusForbidden {
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

// unseen puts documents into a tenant that a user sees or does not, and compares what the
// user is told.
type unseen struct {
	n      *node
	acme   *tenant
	random *rand.Rand
	store  string

	reads  map[*tenant][]ask
	before map[*tenant]map[ask]string
}

// newUnseen makes what alice, of sales, sees.
func newUnseen(t *testing.T, n *node, acme *tenant) (u *unseen, seen []string) {
	t.Helper()
	u = &unseen{n: n, acme: acme, random: rand.New(rand.NewPCG(7, 11)), store: n.newStore(t, acme, `{"name":"all"}`).ID}
	alice, asking := n.user(t, acme, "alice", "write", "sales"), n.user(t, acme, "alice2", "write", "sales")
	for i := range 10 {
		seen = append(seen, u.put(t, fmt.Sprintf("seen%d", i), true, []string{"", "alice", "bob"}[i%3]))
	}
	var own docJSON
	expect(t, n.ask(t, alice, "PUT", "/v1/documents/own", ownText), 201, "").into(t, &own)
	store := n.newStore(t, alice, `{"name":"own","file_ids":["file-`+own.ID+`"]}`).ID
	question := topicWord(0, 0)
	expect(t, n.ask(t, asking, "POST", "/v1/answer", `{"query":"`+question+`"}`), 200, "")
	n.asked(t, asking, question)
	u.reads = map[*tenant][]ask{
		alice: slices.Concat(reads(seen, u.store), writes(own.ID, store, seen[0])), asking: {{"GET", "/v1/history", ""}},
	}
	u.before = u.told(t, n)
	return u, seen
}

func (u *unseen) told(t *testing.T, at *node) map[*tenant]map[ask]string {
	t.Helper()
	told := map[*tenant]map[ask]string{}
	for who, all := range u.reads {
		told[who] = at.told(t, who, all)
	}
	return told
}

// same fails if something made a difference.
func (u *unseen) same(t *testing.T, what string, at *node) {
	t.Helper()
	after := u.told(t, at)
	for who := range u.reads {
		if diff := cmp.Diff(u.before[who], after[who]); diff != "" {
			t.Fatalf("%s changed (-before +after):\n%s", what, diff)
		}
	}
}

// put uploads a document for random readers, and puts it into the vector store or not.
func (u *unseen) put(t *testing.T, ref string, visible bool, owner string) string {
	t.Helper()
	header := forWhom(readers(u.random, visible))
	if owner != "" {
		header["Bulkhead-Owner"] = owner
	}
	header["Bulkhead-Attributes"] = []string{`{"mood":"calm"}`, `{"mood":"wild"}`}[u.random.IntN(2)]
	r := u.n.share(t, u.acme, ref, library(1+u.random.IntN(4), u.random.Uint64()), header)
	if r.status != 200 && r.status != 201 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var doc sharedJSON
	r.into(t, &doc)
	if u.random.IntN(2) == 0 {
		expect(t, u.n.ask(t, u.acme, "POST", "/v1/vector_stores/"+u.store+"/files", `{"file_id":"file-`+doc.ID+`"}`), 200, "")
	}
	return doc.ID
}

// changesNothing adds, replaces and deletes documents that alice does not see.
func (u *unseen) changesNothing(t *testing.T, rounds int, seen []string) {
	t.Helper()
	for i := range rounds {
		owner := []string{"", "bob", "carol"}[i%3]
		name := []string{"hidden", "library", "seen0", seen[1]}[i%4] + fmt.Sprint(i/4)
		id := u.put(t, name, false, owner)
		u.same(t, "adding "+name, u.n)
		if i%2 == 0 {
			u.put(t, name, false, owner)
			u.same(t, "replacing "+name, u.n)
		}
		if i%3 == 0 {
			expect(t, u.n.ask(t, u.acme, "DELETE", "/v1/documents/"+id, ""), 204, "")
			u.same(t, "deleting "+name, u.n)
		}
	}
	for _, ref := range []string{"hidden", "own", seen[2]} { // names that alice asks for
		u.put(t, ref, false, "")
		u.same(t, "a document called "+ref, u.n)
	}
}

// TestUnseenDocumentsChangeNothing: with the basis as it is, a document that a user may not
// see changes no byte of any response to that user, whether it is added, replaced or
// deleted, however the index is divided, on a replica that has followed and on one that
// has loaded it anew.
func TestUnseenDocumentsChangeNothing(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/library", library(320, 1)), 201, "")
	n.meansMore(t, acme, topicWord(0, 0))
	basis := acme.embedding(t, c)
	u, seen := newUnseen(t, n, acme)
	u.changesNothing(t, 14, seen) // more than are merged
	expect(t, n.putFile(t, acme, "damaged", typePDF, []byte("%PDF"), "Prefer", "respond-async", "Bulkhead-Principals", "user:bob"), 202, "")
	n.ends(t, acme, "damaged")
	u.same(t, "an upload that failed", n)
	now := strings.Fields(acme.embedding(t, c))
	for _, object := range strings.Fields(basis) {
		if !slices.Contains(now, object) {
			t.Fatal("the basis did not stay")
		}
	}
	u.same(t, "what a new replica loads", c.start(t, "runtime-1"))
}

// TestUnseenDocumentsChangeNothingForModels: nor with vectors of a model, and the order of
// a reranker.
func TestUnseenDocumentsChangeNothingForModels(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", newEmbedder(t).embeds("m"), tastes(t).reranks(binding.RerankDocuments))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/library", library(40, 1)), 201, "")
	u, seen := newUnseen(t, n, acme)
	u.changesNothing(t, 2, seen)
	u.same(t, "what a new replica loads", c.start(t, "runtime-1"))
}

// tastes is a reranker with an opinion of every text, whatever is asked.
func tastes(t *testing.T) llm {
	t.Helper()
	return newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct{ Documents []string }
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			t.Error(err)
		}
		results := []map[string]any{}
		for i, text := range question.Documents {
			results = append(results, map[string]any{"index": i, "relevance_score": float64(crc32.ChecksumIEEE([]byte(text))) / (1 << 32)})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
	})
}
