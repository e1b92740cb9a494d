package corpus

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

// trap stops whoever stores an object of a kind, before any other change is kept out,
// until it is released.
func (w *world) trap(t *testing.T, kind seal.Kind) (release func()) {
	t.Helper()
	w.pg.Exec(t, `create function public.trap() returns trigger language plpgsql set lock_timeout = 0 as
			'begin perform pg_advisory_xact_lock_shared(1); return new; end'`,
		fmt.Sprintf(`create trigger trap before insert on bulkhead.blob for each row when (new.kind = '%s') execute function public.trap()`, kind))
	holder := w.pg.Superuser(t)
	if _, err := holder.Exec(t.Context(), "select pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := holder.Exec(t.Context(), "select pg_advisory_unlock(1)"); err != nil {
			t.Error(err)
		}
	}
}

// trapped waits until somebody is in the trap.
func (w *world) trapped(t *testing.T) {
	t.Helper()
	until(t, 30*time.Second, "nobody stores anything", func() bool {
		in := 0
		w.pg.Scan(t, []any{&in}, "select count(*) from pg_locks where locktype = 'advisory' and objid = 1 and not granted")
		return in > 0
	})
}

// misses fails if a search finds a document.
func (w *world) misses(t *testing.T, r Request, when, query, name string) {
	t.Helper()
	found, err := w.corpus.Retrieve(t.Context(), r, Query{Text: query, K: 100})
	if err != nil || len(found.Passages) == 0 {
		t.Errorf("%s: %d passages, %v", when, len(found.Passages), err)
	}
	for _, p := range found.Passages {
		if p.ExternalID == name {
			t.Errorf("%s: %s is found", when, name)
		}
	}
}

// What is deleted while upkeep has opened the index, and not yet put another in its place,
// is never found again, and is gone with the next cleaning.
func TestDeletedDuringUpkeep(t *testing.T) {
	for name, upkeep := range map[string]struct {
		stores seal.Kind
		do     func(*Corpus, context.Context, Request) error
	}{
		"merge": {seal.Lexicon, func(c *Corpus, ctx context.Context, r Request) error { return c.merge(ctx, r, anything) }},
		"clean": {seal.Lexicon, func(c *Corpus, ctx context.Context, r Request) error { return c.clean(ctx, r) }},
		"refit": {seal.Vectors, (*Corpus).refit},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, roomy)
			acme := w.tenant(t)
			w.corpus.upkeep.close() // so that the test does it
			w.put(t, acme, "prose", prose.NewAuthor(1).Document(300))
			for _, bird := range []string{"kestrel", "heron", "wren"} {
				w.put(t, acme, bird, "The "+bird+" is a bird.")
			}
			if err := w.corpus.merge(t.Context(), admin(t, acme), anything); err != nil {
				t.Fatal(err)
			}
			if err := w.corpus.Delete(t.Context(), admin(t, acme), "wren"); err != nil { // for who cleans
				t.Fatal(err)
			}
			w.finds(t, acme, "kestrel", "kestrel")
			release := w.trap(t, upkeep.stores)
			done := make(chan error, 1)
			r := admin(t, acme)
			go func() { done <- upkeep.do(w.corpus, t.Context(), r) }()
			w.trapped(t)
			before := w.manifest(t, admin(t, acme))
			if err := w.corpus.Delete(t.Context(), admin(t, acme), "kestrel"); err != nil {
				t.Error(err)
			}
			w.misses(t, admin(t, acme), "while it goes on", "kestrel bird", "kestrel")
			release()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			w.misses(t, admin(t, acme), "when it has ended", "kestrel bird", "kestrel")
			after := w.manifest(t, admin(t, acme))
			if before.basis == after.basis && fmt.Sprint(before.lexicons()) == fmt.Sprint(after.lexicons()) {
				t.Error("it changed nothing")
			}
			w.corpus.Evict(acme.Keys)
			w.misses(t, admin(t, acme), "in an index that is opened anew", "kestrel bird", "kestrel")
			w.cleaned(t, admin(t, acme), 2)
			w.finds(t, acme, "heron", "heron")
		})
	}
}

// cleaned fails unless cleaning leaves so many documents and nothing of others.
func (w *world) cleaned(t *testing.T, r Request, documents uint32) {
	t.Helper()
	if err := w.corpus.clean(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	left, n := w.manifest(t, r), uint32(0)
	for _, m := range left.segments {
		n += m.documents
	}
	if len(left.dead) > 0 || n != documents {
		t.Errorf("%d documents are in segments, want %d, %d dead", n, documents, len(left.dead))
	}
}
