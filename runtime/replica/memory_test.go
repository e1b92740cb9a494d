package replica_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// What does not fit the memory for indexes is not even loaded; what fits makes
// room for itself.
func TestIndexThatDoesNotFit(t *testing.T) {
	c := newCell(t)
	c.index = 50_000
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	text := manyWords()
	for _, w := range []*tenant{acme, globex} {
		expect(t, n.ask(t, w, "PUT", "/v1/documents/a", text), 201, "")
	}
	for range 3 {
		for _, w := range []*tenant{acme, globex} {
			expect(t, n.ask(t, w, "POST", "/v1/retrieve", retrieveX), 200, "")
		}
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/b", text), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 503, "index_too_large")
	expect(t, n.ask(t, acme, "GET", "/v1/documents/b/content", ""), 200, "")
	expect(t, n.ask(t, globex, "POST", "/v1/retrieve", retrieveX), 200, "")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/b", ""), 204, "")
	n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 200, "") // when the segment is cleaned
}

// One tenant leaves room for others, however much it has.
func TestIndexThatIsMoreThanItsShare(t *testing.T) {
	c := newCell(t)
	c.index, c.share = 200_000, 60_000
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	for _, document := range []string{"a", "b"} {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/"+document, manyWords()), 201, "")
	}
	expect(t, n.ask(t, globex, "PUT", "/v1/documents/a", manyWords()), 201, "")
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", retrieveX), 503, "index_too_large")
	expect(t, n.ask(t, globex, "POST", "/v1/retrieve", retrieveX), 200, "")
	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/b", ""), 204, "")
	n.becomes(t, acme, "POST", "/v1/retrieve", retrieveX, 200, "") // when the segment is cleaned
}

// A model whose vectors would make an index too large to be searched is asked for none.
func TestVectorsThatDoNotFit(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", strings.Repeat("text ", 60_000)), 201, "")
	n.stop()
	c.pg.Scan(t, []any{&c.index}, "select sum(octet_length(ct)) from bulkhead.blob where kind in ('lex', 'vec')")
	model := newEmbedder(t)
	acme.edit(t, model.embeds("large"))
	n = c.start(t, "runtime-1")
	n.metric(t, `bulkhead_ingest_attempts_total{kind="embed",result="failed"} `)
	if asked := model.asked.Load(); asked > 0 {
		t.Errorf("the model was asked for %d vectors", asked)
	}
	expect(t, n.ask(t, acme, "POST", "/v1/retrieve", found("text")), 200, "")
}

// manyWords is a text whose index takes about 36,000 bytes.
func manyWords() string {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "text word%d ", i)
	}
	return text.String()
}

// Indexes that are loaded at the same time wait for each other's room.
func TestIndexesAreLoadedInTurn(t *testing.T) {
	c := newCell(t)
	c.index = 50_000
	n := c.start(t, "runtime-0")
	var all sync.WaitGroup
	for range 6 {
		w := c.tenant(t, "tenant")
		n.becomes(t, w, "PUT", "/v1/documents/a", manyWords(), 201, "")
		all.Go(func() {
			for range 5 {
				if r := n.ask(t, w, "POST", "/v1/retrieve", retrieveX); r.status != 200 {
					t.Errorf("%d %s", r.status, r.body)
				}
			}
		})
	}
	all.Wait()
}

// However many large texts come at a time, indexing them stays within the memory that it
// has, and small ones of others come through.
func TestLargeTextsShareTheMemory(t *testing.T) {
	c := newCell(t)
	c.indexing = 12 << 20
	n := c.start(t, "runtime-0")
	text := rareWords(512 << 10) // takes 8 MiB, so that one fits at a time
	quiet := c.tenant(t, "quiet")
	n.becomes(t, quiet, "PUT", "/v1/documents/a", "text", 201, "")
	stop := n.steady(t, quiet)
	before := heap()
	most := int64(0)
	var all sync.WaitGroup
	for i := range 8 {
		w := c.tenant(t, fmt.Sprint("loud", i))
		n.becomes(t, w, "GET", "/v1/documents", "", 200, "")
		all.Go(func() {
			if r := n.ask(t, w, "PUT", "/v1/documents/a", text); r.status != 201 && r.code() != "overloaded" {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for i := 0; ; i++ {
		select {
		case <-done:
			stop()
			const received, others = 8 << 20, 12 << 20
			if most > c.indexing+received+others {
				t.Errorf("%d MiB were held", most>>20)
			}
			expect(t, n.ask(t, quiet, "PUT", "/v1/documents/large", rareWords(1<<20)), 413, "document_too_large")
			return
		case <-time.After(100 * time.Millisecond):
			most = max(most, heap()-before)
		}
	}
}

// heap is the memory in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// rareWords is a text of about so many bytes whose words differ.
func rareWords(bytes int) string {
	var text strings.Builder
	for r := rand.New(rand.NewPCG(1, 2)); text.Len() < bytes; {
		fmt.Fprintf(&text, "%x ", r.Uint32())
	}
	return text.String()
}
