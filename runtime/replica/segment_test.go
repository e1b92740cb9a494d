package replica_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

func found(w string) string { return fmt.Sprintf(`{"query":%q}`, w) }

// segments counts the tenant's stored segments and their bytes.
func (w *tenant) segments(t *testing.T, c *cell) (n, bytes int) {
	t.Helper()
	c.pg.Scan(t, []any{&n, &bytes}, `select count(distinct object_id), coalesce(sum(length(ct)), 0)
		from bulkhead.blob where kind = 'lex' and tenant_id = $1`, w.Tenant.ID)
	return n, bytes
}

// Many small changes leave few segments, and what was deleted leaves them.
func TestSegmentsAreMerged(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	acme.edit(t, func(b *binding.Binding) { b.Limits.RequestsPerMinute = 100_000 })
	n := c.start(t, "runtime-0")
	const documents = 120
	word := func(i int) string { return fmt.Sprintf("kestrel%c%c", 'a'+i/26, 'a'+i%26) }
	for i := range documents {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprint("/v1/documents/", i), "text about "+word(i)), 201, "")
		if i%10 == 0 {
			expect(t, n.ask(t, acme, "POST", "/v1/retrieve", found(word(i))), 200, "")
		}
	}
	for i := range documents {
		r := n.ask(t, acme, "POST", "/v1/retrieve", found(word(i)))
		if !strings.Contains(string(r.body), word(i)) {
			t.Fatalf("document %d is not found: %s", i, r.body)
		}
	}
	wait(t, "segments", func() error {
		if got, _ := acme.segments(t, c); got > 24 {
			return fmt.Errorf("%d segments of %d documents", got, documents)
		}
		return nil
	})
	_, full := acme.segments(t, c)
	for i := range documents - 1 {
		expect(t, n.ask(t, acme, "DELETE", fmt.Sprint("/v1/documents/", i), ""), 204, "")
		r := n.ask(t, acme, "POST", "/v1/retrieve", found(word(i)))
		if strings.Contains(string(r.body), word(i)) {
			t.Fatalf("document %d is found after it was deleted: %s", i, r.body)
		}
	}
	wait(t, "segments", func() error {
		if _, left := acme.segments(t, c); left > full/10 {
			return fmt.Errorf("%d bytes of segments for one document, %d for %d", left, full, documents)
		}
		return nil
	})
	if r := n.ask(t, acme, "POST", "/v1/retrieve", found(word(documents-1))); !strings.Contains(string(r.body), word(documents-1)) {
		t.Errorf("what was not deleted is not found: %s", r.body)
	}
}

// A tenant that only writes has its segments merged before they are too many to write on.
func TestSegmentsAreMergedThoughNobodyAsks(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	const documents, few = 40, 16
	for i := range documents {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprint("/v1/documents/", i), "text"), 201, "")
	}
	wait(t, "segments", func() error {
		if got, _ := acme.segments(t, c); got > few {
			return fmt.Errorf("%d segments of %d documents", got, documents)
		}
		return nil
	})
}

// Two replicas change the same documents while segments are merged: what was
// acknowledged is found, and what was deleted is not, by both.
func TestChangesWhileSegmentsAreMerged(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	acme.edit(t, func(b *binding.Binding) { b.Limits.RequestsPerMinute, b.Limits.ConcurrentIngests = 100_000, 16 })
	replicas := []*node{c.start(t, "runtime-0"), c.start(t, "runtime-1")}
	churn(t, replicas, acme)
}

const (
	churners    = 4
	churnRounds = 40
	churnNames  = 5 // of each
)

func churnWord(worker, round int) string {
	return fmt.Sprintf("heron%c%c%c", 'a'+worker, 'a'+round/26, 'a'+round%26)
}

// churn changes documents through each replica and looks for them through the other.
func churn(t *testing.T, replicas []*node, acme *tenant) {
	t.Helper()
	var all sync.WaitGroup
	for worker := range churners {
		all.Go(func() {
			for round := range churnRounds {
				writer, reader := replicas[(worker+round)%2], replicas[(worker+round+1)%2]
				name, word := fmt.Sprintf("w%d-%d", worker, round%churnNames), churnWord(worker, round)
				if r := writer.ask(t, acme, "PUT", "/v1/documents/"+name, "text about "+word); r.status > 201 {
					t.Errorf("PUT %s: %d %s", name, r.status, r.body)
					return
				}
				if r := reader.ask(t, acme, "POST", "/v1/retrieve", found(word)); !strings.Contains(string(r.body), word) {
					t.Errorf("%s is not found by the other replica: %d %s", word, r.status, r.body)
				}
				if !churnDeletes(round) {
					continue
				}
				if r := writer.ask(t, acme, "DELETE", "/v1/documents/"+name, ""); r.status != 204 {
					t.Errorf("DELETE %s: %d %s", name, r.status, r.body)
				}
				if r := reader.ask(t, acme, "POST", "/v1/retrieve", found(word)); r.status != 200 || strings.Contains(string(r.body), word) {
					t.Errorf("%s is found after it was deleted: %d %s", word, r.status, r.body)
				}
			}
		})
	}
	all.Wait()
}

func churnDeletes(round int) bool { return round%3 == 0 }

// leftByChurn are the words that churn writes, and whether they live when it ends.
func leftByChurn() map[string]bool {
	words := map[string]bool{}
	for worker := range churners {
		for round := range churnRounds {
			words[churnWord(worker, round)] = round >= churnRounds-churnNames && !churnDeletes(round)
		}
	}
	return words
}

// Documents that a version without segments stored are found, and none is lost when
// the first thing that happens is another change.
func TestDocumentsWithoutSegmentsAreIndexed(t *testing.T) {
	for name, first := range map[string]ask{
		"a search":  {"POST", "/v1/retrieve", found("text")},
		"an upload": {"PUT", "/v1/documents/new", "new"},
		"a delete":  {"DELETE", "/v1/documents/2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCell(t)
			acme := c.tenant(t, "acme")
			n := c.start(t, "runtime-0")
			for i := range 3 {
				expect(t, n.ask(t, acme, "PUT", fmt.Sprint("/v1/documents/", i), fmt.Sprintf("text about kestrel%c", 'a'+i)), 201, "")
			}
			n.stop()
			c.pg.Exec(t, `begin; set local session_replication_role = replica;
				update bulkhead.tenant_head set manifest = null, manifest_dek = null; commit`)
			if err := c.kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), anchor.Name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err) // that version anchored nothing
			}
			n = c.start(t, "runtime-1")
			if r := n.ask(t, acme, first.method, first.path, first.body); r.status >= 300 {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if got, _ := acme.segments(t, c); got > 2 {
				t.Errorf("%d segments: those of before are still there", got)
			}
			for i := range 2 {
				word := fmt.Sprintf("kestrel%c", 'a'+i)
				if r := n.ask(t, acme, "POST", "/v1/retrieve", found(word)); !strings.Contains(string(r.body), word) {
					t.Errorf("%s is not found: %d %s", word, r.status, r.body)
				}
			}
		})
	}
}
