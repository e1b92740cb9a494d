package replica_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// library is a text of sections, each a chunk, on topics. A section says a few of its
// topic's many words: who asks for one means the others, too.
func library(sections int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, seed))
	var text strings.Builder
	for n := range sections {
		fmt.Fprintf(&text, "# Section\n\n")
		for range 12 {
			fmt.Fprintf(&text, "%s ", topicWord(n%topics, random.IntN(60)))
		}
		text.WriteString("\n\n")
	}
	return text.String()
}

const topics = 5

func topicWord(topic, n int) string { return fmt.Sprintf("kz%c%c%cx", 'b'+topic, 'b'+n/10, 'b'+n%10) }

// unsaid counts the passages found that do not have the word that was asked for.
func (n *node) unsaid(t *testing.T, w *tenant, word string) (passages int) {
	t.Helper()
	var list struct{ Data []struct{ Text string } }
	expect(t, n.ask(t, w, "POST", "/v1/retrieve", fmt.Sprintf(`{"query":%q,"top_k":100,"max_per_document":100}`, word)), 200, "").into(t, &list)
	for _, p := range list.Data {
		if !strings.Contains(p.Text, word) {
			passages++
		}
	}
	return passages
}

// meansMore waits until passages are found by what they mean.
func (n *node) meansMore(t *testing.T, w *tenant, word string) {
	t.Helper()
	wait(t, word, func() error {
		if n.unsaid(t, w, word) == 0 {
			return fmt.Errorf("only passages that say it are found")
		}
		return nil
	})
}

// embedding is which objects hold the tenant's basis and vectors.
func (w *tenant) embedding(t *testing.T, c *cell) (objects string) {
	t.Helper()
	row := c.pg.Superuser(t).QueryRow(t.Context(), `select coalesce(string_agg(distinct object_id::text, ' '), '')
		from bulkhead.blob where kind = 'vec' and tenant_id = $1`, w.Tenant.ID)
	if err := row.Scan(&objects); err != nil {
		t.Fatal(err)
	}
	return objects
}

// A tenant whose documents are enough gets vectors, keeps them over a restart, and
// loses them with its documents.
func TestMeaningIsFound(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/small", library(290, 1)), 201, "")
	if more := n.unsaid(t, acme, topicWord(0, 0)); more > 0 || acme.embedding(t, c) != "" {
		t.Fatalf("%d passages of a few are found by what they mean", more)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/more", library(30, 2)), 201, "")
	n.meansMore(t, acme, topicWord(0, 0))
	before := acme.embedding(t, c)
	n.stop()

	n = c.start(t, "runtime-1")
	if n.unsaid(t, acme, topicWord(0, 0)) == 0 {
		t.Error("after a restart nothing is found by what it means")
	}
	if after := acme.embedding(t, c); after != before {
		t.Errorf("a restart made other vectors: %s, were %s", after, before)
	}
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/new", "eyrie "+topicWord(0, 1)+" "+topicWord(0, 2)+" "+topicWord(0, 3)), 201, "")
	if r := n.ask(t, acme, "POST", "/v1/retrieve", fmt.Sprintf(`{"query":%q,"top_k":100,"max_per_document":100}`, topicWord(0, 0))); !strings.Contains(string(r.body), "eyrie") {
		t.Errorf("a document that came later has no vector: %s", r.body)
	}

	expect(t, n.ask(t, acme, "DELETE", "/v1/documents/small", ""), 204, "")
	wait(t, "vectors", func() error {
		n.unsaid(t, acme, topicWord(0, 0))
		if left := acme.embedding(t, c); left != "" {
			return fmt.Errorf("%s are kept of what is deleted", left)
		}
		return nil
	})
	if more := n.unsaid(t, acme, topicWord(0, 0)); more > 0 {
		t.Errorf("%d passages are found by what they mean", more)
	}
}

// While bases are fitted again and again, two replicas change documents: what was
// acknowledged is found, and what was deleted is not, by both.
func TestChangesWhileBasesAreFitted(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	acme.edit(t, func(b *binding.Binding) { b.Limits.RequestsPerMinute, b.Limits.ConcurrentIngests = 100_000, 16 })
	replicas := []*node{c.start(t, "runtime-0"), c.start(t, "runtime-1")}
	var all sync.WaitGroup
	all.Go(func() {
		fitted := map[string]bool{}
		for i, sections := range []int{300, 400, 800, 100, 1600} {
			expect(t, replicas[i%2].ask(t, acme, "PUT", "/v1/documents/library", library(sections, uint64(i))), 201-min(i, 1), "")
			wait(t, "another basis", func() error {
				replicas[i%2].unsaid(t, acme, topicWord(0, 0))
				now := acme.embedding(t, c)
				if (now == "") != (sections < 200) || fitted[now] {
					return fmt.Errorf("of %d sections: %q", sections, now)
				}
				fitted[now] = now != ""
				return nil
			})
		}
	})
	all.Go(func() { churn(t, replicas, acme) })
	all.Wait()
	replicas[0].meansMore(t, acme, topicWord(0, 0))
	replicas[1].meansMore(t, acme, topicWord(0, 0))
}

// Vectors and a basis that are put in another place must not open there.
func TestSwappedVectorsDoNotOpen(t *testing.T) {
	search := ask{"POST", "/v1/retrieve", found(topicWord(0, 0))}
	c := newCell(t)
	acme, globex := c.tenant(t, "acme"), c.tenant(t, "globex")
	n := c.start(t, "runtime-0")
	for _, w := range []*tenant{acme, globex} {
		expect(t, n.ask(t, w, "PUT", "/v1/documents/one", library(320, 1)), 201, "")
		n.meansMore(t, w, topicWord(0, 0))
		expect(t, n.ask(t, w, "PUT", "/v1/documents/two", library(20, 2)), 201, "")
	}
	n.stop()
	c.refuses(t, acme, map[string]swap{
		"of two tenants": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id <> o.tenant_id and b.kind = 'vec' and o.kind = 'vec' and b.block_no = o.block_no and length(b.ct) = length(o.ct)`, search},
		"of two segments, or the basis": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id = o.tenant_id and b.object_id <> o.object_id and b.kind = 'vec' and o.kind = 'vec' and b.block_no = o.block_no`, search},
		"a segment's terms for vectors": {`update bulkhead.blob b set ct = o.ct from bulkhead.blob o
			where b.tenant_id = o.tenant_id and b.kind = 'vec' and o.kind = 'lex' and b.block_no = o.block_no`, search},
		"that are gone":        {`delete from bulkhead.blob where kind = 'vec'`, search},
		"without their end":    {`delete from bulkhead.blob where kind = 'vec' and block_no > 0`, search},
		"with one flipped bit": {`update bulkhead.blob set ct = set_byte(ct, 40, get_byte(ct, 40) # 1) where kind = 'vec' and block_no = 1`, search},
	})
}
