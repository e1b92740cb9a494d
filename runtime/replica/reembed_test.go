package replica_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// embeddedBy waits until all that is found has vectors of the tenant's model.
func (n *node) embeddedBy(t *testing.T, w *tenant, query string) (found foundJSON) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if found = n.find(t, w, query); found.Degraded == nil {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("the search still does without %v", found.Degraded)
		}
	}
}

// occupy writes documents and searches until it is told to end; every search succeeds and
// finds what is there.
func occupy(t *testing.T, n *node, w *tenant, round int) (end func() []string) {
	var all sync.WaitGroup
	done := make(chan struct{})
	var written []string
	all.Go(func() {
		for i := 0; ; i++ {
			name := fmt.Sprintf("busy-%d-%d", round, i)
			if r := n.ask(t, w, "PUT", "/v1/documents/"+name, busyText(name)); r.status != 201 {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
			written = append(written, name)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	all.Go(func() {
		for {
			r := n.ask(t, w, "POST", "/v1/retrieve", found(topicWord(0, 0)))
			if r.status != 200 || !strings.Contains(string(r.body), topicWord(0, 0)) {
				t.Errorf("search: %d %.200s", r.status, r.body)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	return func() []string {
		close(done)
		all.Wait()
		return written
	}
}

func busyText(name string) string {
	return "# " + name + "\n\n" + topicWord(1, len(name)) + " " + topicWord(2, 3)
}

// TestModelChanges: while a tenant that is written to and searched goes from the
// built-in vectors to a model's, to another model's, and back, no search fails, and in
// the end it finds what a tenant finds that had that model from the beginning.
func TestModelChanges(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	model.slow.Store(int64(20 * time.Millisecond))
	acme := c.tenant(t, "acme", func(b *binding.Binding) { b.Limits.ConcurrentIngests = 8 })
	fresh := c.tenant(t, "fresh", model.embeds("m2"))
	n := c.start(t, "runtime-0")
	texts := map[string]string{"library": library(320, 1), "a": library(20, 2), "b": library(30, 3)}
	for _, name := range []string{"library", "a", "b"} {
		expect(t, n.ask(t, acme, "PUT", "/v1/documents/"+name, texts[name]), 201, "")
	}
	n.meansMore(t, acme, topicWord(0, 0))
	for round, name := range []string{"m1", "m2"} {
		end := occupy(t, n, acme, round)
		acme.edit(t, model.embeds(name))
		wait(t, "nothing changes", func() error {
			if n.find(t, acme, topicWord(0, 0)).Degraded == nil {
				return fmt.Errorf("not degraded")
			}
			return nil
		})
		n.embeddedBy(t, acme, topicWord(0, 0))
		for _, name := range end() {
			texts[name] = busyText(name)
		}
	}
	for name, text := range texts {
		expect(t, n.ask(t, fresh, "PUT", "/v1/documents/"+name, text), 201, "")
	}
	for _, query := range []string{topicWord(0, 0), topicWord(1, 5) + " " + topicWord(3, 3)} {
		want, got := scoresOf(n.embeddedBy(t, fresh, query)), scoresOf(n.embeddedBy(t, acme, query))
		if diff := cmp.Diff(want, got, cmp.Comparer(near)); diff != "" {
			t.Errorf("%s (-fresh +changed):\n%s", query, diff)
		}
	}

	acme.edit(t, func(b *binding.Binding) { b.Models = nil })
	wait(t, "the built-in vectors", func() error {
		if found := n.find(t, acme, topicWord(0, 0)); found.Degraded != nil || n.unsaid(t, acme, topicWord(0, 0)) == 0 {
			return fmt.Errorf("without %v", found.Degraded)
		}
		return nil
	})
	asked := model.asked.Load()
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/last", "text"), 201, "")
	n.find(t, acme, topicWord(0, 0))
	if model.asked.Load() != asked {
		t.Error("a model that the tenant has no more is asked")
	}
}

// TestKilledWhileItEmbedsAnew: a tenant's documents are embedded anew though nobody asks
// for the tenant. What was embedded when a replica is killed is not embedded again by the
// others, of which one goes on.
func TestKilledWhileItEmbedsAnew(t *testing.T) {
	c := newCell(t)
	model := newEmbedder(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	const documents, sections = 6, 20
	for i := range documents {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprintf("/v1/documents/%d", i), library(sections, uint64(i))), 201, "")
	}
	n.stop()
	model.slow.Store(int64(500 * time.Millisecond))
	acme.edit(t, model.embeds("m"))
	mortal := c.startMortal(t, "runtime-1", acme)
	vectors := func() int { return len(strings.Fields(acme.embedding(t, c))) }
	wait(t, "nothing is embedded", func() error {
		if vectors() < 3 {
			return fmt.Errorf("%d objects", vectors())
		}
		return nil
	})
	if left := mortal.toEmbed(t, acme); left <= 0 || left >= documents*sections {
		t.Errorf("%d chunks of %d are to be embedded", left, documents*sections)
	}
	mortal.stop()
	model.slow.Store(0)
	before, kept := model.asked.Load(), vectors()-1 // without the one that says which model
	if err := c.count(t, "kind = 'embed'", 1); err != nil {
		t.Fatal(err)
	}
	n = c.start(t, "runtime-2")
	c.start(t, "runtime-3")
	wait(t, "not embedded", func() error { return c.count(t, "true", 0) })
	if asked := model.asked.Load() - before; kept < 2 || asked > int32((documents-kept)*sections) {
		t.Errorf("%d of %d documents were embedded, and then %d texts", kept, documents, asked)
	}
	if n.unsaid(t, acme, topicWord(0, 0)) == 0 || n.toEmbed(t, acme) != 0 {
		t.Error("nothing is found by what it means, or there is more to embed")
	}
	c.audited(t, "index.embed.intent", "true", 2)
}

// TestModelChangesUnasked: of two replicas one embeds a tenant's documents by its new
// model, though nobody asks for the tenant, and tries again when that fails; when the
// model is changed meanwhile, the former one is asked no more.
func TestModelChangesUnasked(t *testing.T) {
	c := newCell(t)
	c.queue.Lease = 30 * time.Second // a job that is taken over is done twice
	former, model := newEmbedder(t), newEmbedder(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	c.start(t, "runtime-1")
	const documents, sections = 4, 20
	for i := range documents {
		expect(t, n.ask(t, acme, "PUT", fmt.Sprintf("/v1/documents/%d", i), library(sections, uint64(i))), 201, "")
	}
	former.status.Store(503)
	acme.edit(t, former.embeds("m1"))
	wait(t, "not tried again", func() error {
		if asked := former.asked.Load(); asked <= 2*sections*modelAttempts {
			return fmt.Errorf("asked for %d texts", asked)
		}
		return c.count(t, "kind = 'embed' and attempts > 1", 1)
	})
	former.slow.Store(int64(time.Second))
	former.status.Store(0)
	before := former.asked.Load()
	wait(t, "not embedded", func() error {
		if asked := former.asked.Load(); asked == before {
			return fmt.Errorf("nothing is asked")
		}
		return nil
	})
	acme.edit(t, model.embeds("m2"))
	wait(t, "not embedded", func() error { return c.count(t, "true", 0) })
	if asked := former.asked.Load() - before; asked >= documents*sections {
		t.Errorf("the former model was asked for all %d texts", asked)
	}
	if asked := model.asked.Load(); asked != documents*sections {
		t.Errorf("asked for %d texts of %d", asked, documents*sections)
	}
	if n.unsaid(t, acme, topicWord(0, 0)) == 0 || n.toEmbed(t, acme) != 0 {
		t.Error("nothing is found by what it means, or there is more to embed")
	}
}

// toEmbed is how many chunks have no vector of the tenant's model yet.
func (n *node) toEmbed(t *testing.T, w *tenant) int {
	t.Helper()
	var usage struct {
		ToEmbed int `json:"chunks_to_embed"`
	}
	expect(t, n.ask(t, w, "GET", "/v1/usage", ""), 200, "").into(t, &usage)
	return usage.ToEmbed
}
