package replica_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/fusion"
)

// embedder is an embedding model on this machine: a text's vector is the sum of random
// ones, one for each of its words and a longer one for the word's topic.
type embedder struct {
	llm
	status atomic.Int32 // that it answers with, zero: with vectors
	slow   atomic.Int64 // how long each answer takes
	asked  atomic.Int32 // for texts

	mu   sync.Mutex
	seen map[string][]float32 // vectors of texts, by the text
}

const (
	embedDimensions = 32
	// modelAttempts is how often a model is asked in one attempt at a file.
	modelAttempts = 4
)

func newEmbedder(t *testing.T) *embedder {
	t.Helper()
	e := &embedder{seen: map[string][]float32{}}
	e.llm = newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct {
			Model string
			Input []string
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil || r.URL.Path != "/v1/embeddings" {
			t.Errorf("asked %s, %v", r.URL.Path, err)
		}
		e.asked.Add(int32(len(question.Input)))
		select {
		case <-time.After(time.Duration(e.slow.Load())):
		case <-r.Context().Done():
			return
		}
		if status := int(e.status.Load()); status != 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"error":{"message":"we know `+modelKey+` and canarytext"}}`)
			return
		}
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var data []item
		for i, text := range question.Input {
			data = append(data, item{i, e.vector(question.Model, text)})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "usage": map[string]int{"prompt_tokens": 7}})
	})
	return e
}

// vector is a text's by a model.
func (e *embedder) vector(model, text string) []float32 {
	v := make([]float32, embedDimensions)
	add := func(what string, length float64) {
		seed := fnv.New64()
		fmt.Fprint(seed, model, what)
		random := rand.New(rand.NewPCG(seed.Sum64(), 0))
		for i := range v {
			v[i] += float32(length * random.NormFloat64())
		}
	}
	for _, word := range strings.Fields(text) {
		add(word[:min(3, len(word))], 1)
		add(word, 0.3)
	}
	length := 0.0
	for _, x := range v {
		length += float64(x) * float64(x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(length))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen[text] = v
	return v
}

// seenBytes are the floats of a vector that was made, as they are in memory.
func (e *embedder) seenBytes(t *testing.T) string {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range e.seen {
		out, err := binary.Append(nil, binary.LittleEndian, v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	t.Fatal("nothing was embedded")
	return ""
}

// embeds makes a tenant's documents be embedded by a model of this name.
func (e *embedder) embeds(model string) func(*binding.Binding) {
	return func(b *binding.Binding) {
		at := e.endpoint()
		at.Model = model
		models := binding.Models{}
		if b.Models != nil {
			models = *b.Models
		}
		models.Embedding = &binding.EmbeddingModel{ModelEndpoint: at, Dimensions: embedDimensions}
		models.Private = append(slices.Clip(models.Private), e.private()...)
		b.Models = &models
	}
}

// withheld makes a tenant's model one that can not be used now.
func withheld(b *binding.Binding) {
	kept, models := *b.Models.Embedding, *b.Models
	kept.URL, kept.Key, kept.Unusable = "", "", true
	models.Embedding = &kept
	b.Models = &models
}

// TestModelWithheld: a model that can not be used for a while is asked for nothing, also
// by replicas that start, and everything has its vectors when it is back.
func TestModelWithheld(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	plain, acme := c.tenant(t, "plain"), c.tenant(t, "acme", model.embeds("m"))
	n := c.start(t, "runtime-0")
	texts := map[string]string{"a": library(40, 1), "b": library(30, 2)}
	for name, text := range texts {
		for _, w := range []*tenant{plain, acme} {
			expect(t, n.ask(t, w, "PUT", "/v1/documents/"+name, text), 201, "")
		}
	}
	query := topicWord(0, 0) + " " + topicWord(0, 7)
	words, hybrid, embedded := n.find(t, plain, query), n.find(t, acme, query), acme.embedding(t, c)
	asked := model.asked.Load()
	acme.edit(t, withheld)
	started := c.start(t, "runtime-1")
	for _, n := range []*node{n, started} {
		wait(t, "not withheld", func() error {
			found := n.find(t, acme, query)
			if cmp.Diff([]string{"embedder"}, found.Degraded) != "" || cmp.Diff(scoresOf(words), scoresOf(found)) != "" {
				return fmt.Errorf("without %v: %s", found.Degraded, cmp.Diff(scoresOf(words), scoresOf(found)))
			}
			return nil
		})
		r := expect(t, n.ask(t, acme, "PUT", "/v1/documents/c", "text"), 503, "embedder_unavailable")
		if r.header.Get("Retry-After") == "" || n.toEmbed(t, acme) != 0 {
			t.Errorf("%v, or there is something to embed", r.header)
		}
	}
	expect(t, started.ask(t, acme, "DELETE", "/v1/documents/b", ""), 204, "")
	delete(texts, "b")
	if now := acme.embedding(t, c); now != embedded {
		t.Errorf("the vectors are %s, then %s", embedded, now)
	}
	acme.edit(t, model.embeds("m"))
	wait(t, "withheld", func() error {
		if found := n.find(t, acme, query); found.Degraded != nil {
			return fmt.Errorf("without %v", found.Degraded)
		}
		return nil
	})
	want := map[string]float64{}
	for _, p := range hybrid.Data {
		if p.ExternalID != "b" {
			want[p.Text] = 0
		}
	}
	got := map[string]float64{}
	for _, p := range n.find(t, acme, query).Data {
		got[p.Text] = 0
	}
	if again := model.asked.Load() - asked; cmp.Diff(want, got) != "" || again >= 40 {
		t.Errorf("asked for %d texts again (-before +after):\n%s", again, cmp.Diff(want, got))
	}
}

type foundJSON struct {
	Data []struct {
		ExternalID string `json:"external_id"`
		Start      int
		Text       string
		Score      float64
	}
	Degraded []string
}

// find searches for many passages.
func (n *node) find(t *testing.T, w *tenant, query string) (found foundJSON) {
	t.Helper()
	body := fmt.Sprintf(`{"query":%q,"top_k":100,"max_per_document":100}`, query)
	expect(t, n.ask(t, w, "POST", "/v1/retrieve", body), 200, "").into(t, &found)
	return found
}

// TestModelFindsMeaning: a tenant with an embedding model has vectors from its first
// document on, and its ranking is what fusing both measures exactly gives.
func TestModelFindsMeaning(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	plain, acme := c.tenant(t, "plain"), c.tenant(t, "acme", model.embeds("m"))
	n := c.start(t, "runtime-0")
	texts := map[string]string{"a": library(40, 1), "b": library(30, 2)}
	for name, text := range texts {
		for _, w := range []*tenant{plain, acme} {
			expect(t, n.ask(t, w, "PUT", "/v1/documents/"+name, text), 201, "")
		}
	}
	query := topicWord(0, 0) + " " + topicWord(0, 7)
	words, hybrid := n.find(t, plain, query), n.find(t, acme, query)
	if len(hybrid.Data) <= len(words.Data) || hybrid.Degraded != nil {
		t.Fatalf("%d passages are found by words and %d with the model, %v", len(words.Data), len(hybrid.Data), hybrid.Degraded)
	}
	if diff := cmp.Diff(model.fused(t, query, words, texts), scoresOf(hybrid), cmp.Comparer(near)); diff != "" {
		t.Errorf("(-exact +found):\n%s", diff)
	}

	n.stop()
	n = c.start(t, "runtime-1")
	asked := model.asked.Load()
	if again := n.find(t, acme, query); cmp.Diff(hybrid, again) != "" || model.asked.Load() != asked+1 {
		t.Errorf("after a restart and %d texts:\n%s", model.asked.Load()-asked, cmp.Diff(hybrid, again))
	}
	t.Run("model away at a query", func(t *testing.T) {
		for status, slow := range map[int32]time.Duration{503: 0, 401: 0, 200: 20 * time.Second} {
			model.status.Store(status)
			model.slow.Store(int64(slow))
			start := time.Now()
			found := n.find(t, acme, query)
			if found.Degraded == nil || found.Degraded[0] != "embedder" || cmp.Diff(scoresOf(words), scoresOf(found)) != "" || time.Since(start) > 10*time.Second {
				t.Errorf("%d: after %s: %v\n%s", status, time.Since(start), found.Degraded, cmp.Diff(scoresOf(words), scoresOf(found)))
			}
		}
		model.slow.Store(0)
		model.status.Store(0)
	})
	t.Run("model away at an upload", func(t *testing.T) {
		for status, want := range map[int32]int{503: 503, 401: 502} {
			model.status.Store(status)
			r := expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "canarytext"), want, "embedder_unavailable")
			if (r.header.Get("Retry-After") != "") != (want == 503) || strings.Contains(string(r.body), "hunter2") {
				t.Errorf("%d: %v %s", status, r.header, r.body)
			}
		}
		if n.stored(t, acme, "a") != texts["a"] {
			t.Error("the document is not as before")
		}
		model.status.Store(401)
		expect(t, n.queueFile(t, acme, "q", "text/markdown", "canarytext"), 202, "")
		if doc := n.ends(t, acme, "q"); doc.Status != "failed" || doc.LastError == nil || doc.LastError.Code != "embedder_unavailable" {
			t.Errorf("%+v", doc)
		}
		model.status.Store(503)
		expect(t, n.queueFile(t, acme, "q", "text/markdown", "canarytext"), 202, "")
		before := model.asked.Load()
		wait(t, "not tried again", func() error {
			if asked := model.asked.Load() - before; asked <= modelAttempts {
				return fmt.Errorf("asked %d times", asked)
			}
			return nil
		})
		model.status.Store(0)
		if doc := n.ends(t, acme, "q"); doc.Status != "completed" {
			t.Errorf("%+v", doc)
		}
	})
	for _, secret := range []string{"hunter2", "we know", "canarytext", topicWord(0, 0)} {
		if strings.Contains(c.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.002 } // of vectors of 12 bits

func scoresOf(found foundJSON) map[string]float64 {
	scores := map[string]float64{}
	for _, p := range found.Data {
		scores[p.Text] = p.Score
	}
	return scores
}

// fused are the scores, by their texts, of all passages that either measure finds.
func (e *embedder) fused(t *testing.T, query string, words foundJSON, texts map[string]string) map[string]float64 {
	t.Helper()
	lexical, asked := scoresOf(words), e.vector("m", query)
	e.mu.Lock()
	defer e.mu.Unlock()
	var candidates []fusion.Candidate
	var passages []string
	for text, vector := range e.seen {
		head, passage, _ := strings.Cut(text, "\nSection\n")
		if head != "Section" {
			continue // a query
		}
		if !slices.ContainsFunc([]string{texts["a"], texts["b"]}, func(of string) bool { return strings.Contains(of, passage) }) {
			t.Errorf("embedded %q, which is no passage", passage)
		}
		dot := 0.0
		for i := range vector {
			dot += float64(vector[i]) * float64(asked[i])
		}
		said := lexical[passage]
		if said > 0 || dot > 0 {
			candidates = append(candidates, fusion.Candidate{Chunk: fusion.Chunk{Number: uint32(len(passages))}, Lexical: said, Dense: dot})
			passages = append(passages, passage)
		}
	}
	scores := map[string]float64{}
	for _, s := range fusion.Rank(candidates, 0.5) {
		scores[passages[s.Number]] = s.Score
	}
	return scores
}

// TestBuiltInEmbeddings: a tenant without a model gets vectors by its own basis, once it
// has one, and what is close in meaning is close there.
func TestBuiltInEmbeddings(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "write")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", library(20, 1)), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", embeddingX), 409, "no_embedding_model")
	expect(t, n.ask(t, alice, "POST", "/v1/embeddings", embeddingX), 403, "insufficient_scope") // vectors tell of all documents
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/b", library(320, 2)), 201, "")
	n.meansMore(t, acme, topicWord(0, 0))
	var models struct{ Data []struct{ ID string } }
	expect(t, n.ask(t, acme, "GET", "/v1/models", ""), 200, "").into(t, &models)
	if len(models.Data) != 2 || !strings.HasPrefix(models.Data[1].ID, "bulkhead-lsa-") {
		t.Fatalf("models: %+v", models.Data)
	}
	name := models.Data[1].ID
	expect(t, n.ask(t, acme, "GET", "/v1/models/"+name, ""), 200, "")
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", embeddingX), 404, "model_not_found")
	var made struct {
		Data []struct {
			Index     int
			Embedding []float64
		}
		Model string
	}
	body := fmt.Sprintf(`{"model":%q,"input":[%q,%q,%q]}`, name, topicWord(0, 1), topicWord(0, 2), topicWord(1, 1))
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", body), 200, "").into(t, &made)
	if len(made.Data) != 3 || made.Model != name {
		t.Fatalf("got %+v", made)
	}
	expect(t, n.ask(t, alice, "POST", "/v1/embeddings", body), 403, "insufficient_scope")
	expect(t, n.ask(t, alice, "GET", "/v1/models/"+name, ""), 404, "model_not_found")
	if r := expect(t, n.ask(t, alice, "GET", "/v1/models", ""), 200, ""); strings.Contains(string(r.body), "bulkhead-lsa-") {
		t.Errorf("alice is told of %s", r.body)
	}
	dot := func(a, b int) (sum float64) {
		for i, x := range made.Data[a].Embedding {
			sum += x * made.Data[b].Embedding[i]
		}
		return sum
	}
	if dot(0, 1) <= dot(0, 2) || !near(dot(2, 2), 1) {
		t.Errorf("of one topic %v, of two %v, of one text %v", dot(0, 1), dot(0, 2), dot(2, 2))
	}
	for body, code := range map[string]string{
		`{"model":"` + name + `"}`:                                      "missing_required_parameter",
		`{"input":"a"}`:                                                 "missing_required_parameter",
		`{"model":"` + name + `","input":[1,2]}`:                        "invalid_type",
		`{"model":"` + name + `","input":[]}`:                           "invalid_value",
		`{"model":"` + name + `","input":" "}`:                          "invalid_value",
		`{"model":"` + name + `","input":"a","dimensions":7}`:           "invalid_value",
		`{"model":"` + name + `","input":"a","encoding_format":"int8"}`: "invalid_value",
	} {
		expect(t, n.ask(t, acme, "POST", "/v1/embeddings", body), 400, code)
	}
	n.stop()
	c.index, c.share = 1_000, 1_000
	n = c.start(t, "runtime-1")
	asked := fmt.Sprintf(`{"model":%q,"input":"a"}`, name)
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", asked), 503, "index_too_large")
	expect(t, n.ask(t, acme, "GET", "/v1/models/"+name, ""), 200, "") // no index is loaded to know what it is called
}

// TestAmendKeepsVectors: what leaves a document's text as it is asks the model for
// nothing, also when the model is away, and passages are found as before.
func TestAmendKeepsVectors(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	acme := c.tenant(t, "acme", model.embeds("m"))
	n := c.start(t, "runtime-0")
	var files []fileJSON
	for i := range 10 { // some of which are merged
		files = append(files, n.uploadFile(t, acme, fmt.Sprintf("%d.md", i), library(3+i, uint64(i))))
	}
	query := topicWord(0, 0) + " " + topicWord(1, 7)
	before := n.find(t, acme, query)
	s := n.newStore(t, acme, `{"name":"birds"}`)
	model.status.Store(503)
	asked := model.asked.Load()
	at, cold := "/v1/vector_stores/"+s.ID+"/files", c.start(t, "runtime-1")
	for i, f := range files {
		by := []*node{n, cold}[i%2]
		expect(t, by.ask(t, acme, "POST", at, `{"file_id":"`+f.ID+`","attributes":{"mood":"wild"}}`), 200, "")
		expect(t, by.ask(t, acme, "POST", at+"/"+f.ID, `{"attributes":{"mood":"calm"}}`), 200, "")
	}
	if again := model.asked.Load() - asked; again != 0 {
		t.Errorf("asked for %d texts", again)
	}
	model.status.Store(0)
	n.find(t, acme, query) // after the model was away
	for _, n := range []*node{n, cold} {
		if diff := cmp.Diff(scoresOf(before), scoresOf(n.embeddedBy(t, acme, query)), cmp.Comparer(near)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	}
}

// TestEmbeddingsByASlowModel wait as answers by models do: what is left of the tenant's
// requests in flight is for others.
func TestEmbeddingsByASlowModel(t *testing.T) {
	c := newCell(t)
	c.inFlight = 8 // of which a tenant may have two, and one that waits for a model
	var calls atomic.Int32
	asked, open := make(chan struct{}), make(chan struct{})
	model := &embedder{llm: newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			close(asked)
			select {
			case <-open:
			case <-r.Context().Done():
			}
		}
		w.WriteHeader(http.StatusUnauthorized)
	})}
	acme := c.tenant(t, "acme", model.embeds("m"))
	n := c.start(t, "runtime-0")
	first := later(func() response { return n.ask(t, acme, "POST", "/v1/embeddings", embeddingX) })
	select {
	case <-asked:
	case r := <-first:
		t.Fatalf("it did not wait: %d %s", r.status, r.body)
	}
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", embeddingX), 429, "too_many_requests")
	expect(t, n.ask(t, acme, "GET", "/v1/documents", ""), 200, "")
	close(open)
	expect(t, <-first, 502, "embedder_unavailable")
	expect(t, n.ask(t, acme, "POST", "/v1/embeddings", embeddingX), 502, "embedder_unavailable")
}

// TestModelWithASlashInItsName is found by clients that encode it and by those that do not.
func TestModelWithASlashInItsName(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme", newEmbedder(t).embeds("BAAI/bge-m3"))
	n := c.start(t, "runtime-0")
	alice := n.user(t, acme, "alice", "read")
	for _, name := range []string{"BAAI/bge-m3", "BAAI%2Fbge-m3"} {
		var model struct{ ID string }
		expect(t, n.ask(t, alice, "GET", "/v1/models/"+name, ""), 200, "").into(t, &model)
		if model.ID != "BAAI/bge-m3" {
			t.Errorf("%s is %q", name, model.ID)
		}
	}
	for _, name := range []string{"", "BAAI", "BAAI/bge-m3/"} {
		expect(t, n.ask(t, alice, "GET", "/v1/models/"+name, ""), 404, "model_not_found")
	}
	expect(t, n.ask(t, alice, "POST", "/v1/embeddings", `{"model":"BAAI/bge-m3","input":"text"}`), 200, "")
}
