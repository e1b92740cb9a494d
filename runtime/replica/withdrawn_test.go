package replica_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// gated is a chat model and a reranker that wait in the middle of an answer, once armed.
type gated struct {
	llm
	armed       atomic.Bool
	asked, open chan struct{}
}

// newGated says what comes before the gate at once, and then the rest.
func newGated(t *testing.T, before, rest string) *gated {
	g := &gated{asked: make(chan struct{}), open: make(chan struct{})}
	pass := func(r *http.Request) {
		if !g.armed.Swap(false) {
			return
		}
		g.asked <- struct{}{}
		select {
		case <-g.open:
		case <-r.Context().Done():
		}
	}
	g.llm = newLLM(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/rerank" {
			pass(r)
			_ = json.NewEncoder(w).Encode(map[string]any{"results": []any{map[string]any{"index": 0, "relevance_score": 1}}})
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if before != "" {
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", before)
			_ = http.NewResponseController(w).Flush()
		}
		pass(r)
		says(w, rest)
	})
	return g
}

func (g *gated) reranks(b *binding.Binding) {
	b.Models = &binding.Models{Reranker: &binding.RerankerModel{ModelEndpoint: g.endpoint()}, Private: g.private()}
}

const (
	kestrel      = "The kestrel hovers."
	quoteKestrel = `{"query":"kestrel","answerer":"extractive"`
	askKestrel   = `{"model":"bulkhead-extractive","input":"kestrel","tools":[{"type":"file_search"}],"include":["file_search_call.results"]`
	chatKestrel  = `{"model":"bulkhead-extractive","messages":[{"role":"user","content":"kestrel"}]`
)

// whileAsked deletes the document between what the gate is asked and what it answers, and
// returns what is answered after the deletion was.
func (g *gated) whileAsked(t *testing.T, n *node, w *tenant, path, body string) response {
	t.Helper()
	expect(t, n.ask(t, w, "PUT", "/v1/documents/kestrel", kestrel), 201, "")
	answered := g.ask(t, n, w, path, body)
	expect(t, n.ask(t, w, "DELETE", "/v1/documents/kestrel", ""), 204, "")
	select {
	case g.open <- struct{}{}:
		return <-answered
	case r := <-answered: // the reranker was not waited for any longer
		return r
	}
}

// ask returns when the gate is asked.
func (g *gated) ask(t *testing.T, n *node, w *tenant, path, body string) (answered <-chan response) {
	t.Helper()
	g.armed.Store(true)
	answered = later(func() response { return n.ask(t, w, "POST", path, body) })
	select {
	case <-g.asked:
	case r := <-answered:
		t.Fatalf("%s did not wait: %d %s", path, r.status, r.body)
	}
	return answered
}

// TestTenantLeavesDuringSearch: a search whose tenant's keys are closed under it is told
// what the next one would be.
func TestTenantLeavesDuringSearch(t *testing.T) {
	for name, change := range map[string]struct {
		edit   func(*binding.Binding)
		status int
		code   string
	}{
		"retained":        {func(b *binding.Binding) { b.State = binding.Retained }, 403, "tenant_retained"},
		"its key revoked": {func(b *binding.Binding) { b.State, b.Credentials = binding.Retained, nil }, 401, "invalid_api_key"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCell(t)
			g := newGated(t, "", "")
			acme := c.tenant(t, "acme", g.reranks)
			n := c.start(t, "runtime-0")
			expect(t, n.ask(t, acme, "PUT", "/v1/documents/kestrel", kestrel), 201, "")
			answered := g.ask(t, n, acme, "/v1/retrieve", `{"query":"kestrel"}`)
			acme.edit(t, change.edit)
			n.becomes(t, acme, "GET", "/v1/documents", "", change.status, change.code)
			close(g.open)
			expect(t, <-answered, change.status, change.code)
		})
	}
}

// What was found before it was deleted is not told after the deletion was answered, though
// a reranker took its time.
func TestDeletedWhileReranked(t *testing.T) {
	c := newCell(t)
	g := newGated(t, "", "")
	acme := c.tenant(t, "acme", g.reranks)
	n := c.start(t, "runtime-0")
	for _, ask := range []struct{ path, body string }{
		{"/v1/retrieve", `{"query":"kestrel"}`},
		{"/v1/answer", quoteKestrel + `}`},
		{"/v1/answer", quoteKestrel + `,"stream":true}`},
		{chatPath, chatKestrel + `}`},
		{chatPath, chatKestrel + `,"stream":true}`},
		{responsePath, askKestrel + `}`},
		{responsePath, askKestrel + `,"stream":true}`},
	} {
		r := expect(t, g.whileAsked(t, n, acme, ask.path, ask.body), 200, "")
		if strings.Contains(string(r.body), "hovers") {
			t.Errorf("%s %s answers %s", ask.path, ask.body, r.body)
		}
	}
}

// Nor is it told in the words of a model that read it before: the answer ends.
func TestDeletedWhileAModelAnswers(t *testing.T) {
	c := newCell(t)
	n := c.start(t, "runtime-0")
	for name, before := range map[string]string{"at the beginning": "", "half-way": "I read "} {
		t.Run(name, func(t *testing.T) {
			g := newGated(t, before, "that the kestrel hovers [1].")
			acme := c.tenant(t, "acme", g.chats)
			n.becomes(t, acme, "GET", "/v1/documents", "", 200, "")
			for path, body := range map[string]string{
				"/v1/answer": `{"query":"kestrel"`,
				chatPath:     strings.Replace(chatKestrel, "-extractive", "", 1),
				responsePath: `{"model":"bulkhead","input":"kestrel"`,
			} {
				expect(t, g.whileAsked(t, n, acme, path, body+`}`), 409, "document_changed")
				_, data := readEvents(t, expect(t, g.whileAsked(t, n, acme, path, body+`,"stream":true}`), 200, ""))
				if end := strings.Join(data[max(0, len(data)-2):], "\n"); !strings.Contains(end, `"code":"document_changed"`) {
					t.Errorf("the stream of %s ends in %s", path, end)
				}
				if said := strings.Join(data, "\n"); before == "" && strings.Contains(said, "that the kestrel") {
					t.Errorf("the stream of %s says %s", path, said)
				}
			}
		})
	}
}

// TestSearchesDuringDeletes: searches that began before a deletion, and read their passages
// after it was answered, have nothing of what it deleted.
func TestSearchesDuringDeletes(t *testing.T) {
	const embeds = 40 * time.Millisecond // what a query takes, at least, before anything is read
	const few = 12                       // deletions
	c := newCell(t)
	e := newEmbedder(t)
	e.slow.Store(int64(embeds))
	acme := c.tenant(t, "acme", e.embeds("m"))
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/stays", "The kestrel stays."), 201, "")
	var deleted [240]atomic.Int64 // when the deletion of the n-th was answered, in ns
	var over atomic.Bool
	var before, during atomic.Int32 // searches that found what was deleted later, that a deletion was answered in
	var searching sync.WaitGroup
	for range 4 {
		searching.Go(func() {
			for !over.Load() {
				start := time.Now()
				r := n.ask(t, acme, "POST", "/v1/retrieve", `{"query":"kestrel"}`)
				for i := range deleted {
					at, found := deleted[i].Load(), strings.Contains(string(r.body), fmt.Sprintf("hovers %d.", i))
					switch gone := at != 0 && at < start.Add(embeds).UnixNano(); {
					case found && gone:
						t.Errorf("%d was deleted %s after a search began that found it", i, time.Duration(at-start.UnixNano()))
					case found:
						before.Add(1)
					case gone && at > start.UnixNano():
						during.Add(1)
					}
				}
			}
		})
	}
	for i := range deleted {
		if i >= few && before.Load() > 0 && during.Load() > 0 { // on a busy machine it takes longer
			break
		}
		path := fmt.Sprint("/v1/documents/", i)
		expect(t, n.ask(t, acme, "PUT", path, fmt.Sprintf("The kestrel hovers %d.", i)), 201, "")
		time.Sleep(time.Duration(i%4) * time.Duration(1+i/few) * embeds / 2)
		expect(t, n.ask(t, acme, "DELETE", path, ""), 204, "")
		deleted[i].Store(time.Now().UnixNano())
	}
	over.Store(true)
	searching.Wait()
	if before.Load() == 0 || during.Load() == 0 {
		t.Errorf("%d searches found something, %d were under way at a deletion", before.Load(), during.Load())
	}
}
