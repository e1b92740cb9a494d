package corpus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/test/prose"
)

// watched are objects that were seen in memory.
type watched struct {
	mu      sync.Mutex
	objects map[*memory]bool
}

// see notes the open objects of the tenant's view.
func (w *watched) see(c *Corpus, of *tenants.Tenant) {
	c.withCached(Request{Tenant: of}, func(v *view) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range v.memory {
			if w.objects == nil {
				w.objects = map[*memory]bool{}
			}
			w.objects[p] = true
		}
	})
}

// expectZeroed fails unless something was seen, and nothing is left of it.
func (w *watched) expectZeroed(t *testing.T, when string, want bool) {
	t.Helper()
	plain, zeroed := 0, 0
	for p := range w.objects {
		if len(p.plain) == 0 {
			continue // a basis
		}
		plain++
		if p.zeroed() {
			zeroed++
		}
	}
	if plain == 0 || want && zeroed != plain || !want && zeroed != 0 {
		t.Errorf("%s: %d of %d objects are zeroed", when, zeroed, plain)
	}
}

// fitted gives a tenant an index of words and vectors.
func (w *world) fitted(t *testing.T, of *tenants.Tenant) {
	t.Helper()
	w.put(t, of, "kestrel", "The kestrel hovers.")
	w.put(t, of, "prose", prose.NewAuthor(1).Document(300))
	w.finds(t, of, "kestrel", "kestrel")
	until(t, time.Minute, "no vectors", func() bool {
		vectors := 0
		err := w.corpus.withNewest(t.Context(), admin(t, of), func(v *view) error {
			vectors = len(v.vectors)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return vectors > 0
	})
}

var roomy = CacheConfig{Bytes: 64 << 20, Tenant: 64 << 20, ColdLoads: 2}

// The index of a tenant whose keys are gone is zeroed, and not before the last request
// ends that uses it.
func TestEvictedIndexIsZeroed(t *testing.T) {
	w := newWorld(t, roomy)
	acme, globex := w.tenant(t), w.tenant(t)
	w.fitted(t, acme)
	w.put(t, globex, "heron", "The heron wades.")
	w.finds(t, globex, "heron", "heron")
	var evicted, others watched
	others.see(w.corpus, globex)
	w.corpus.upkeep.close() // and nobody else uses the index
	r := admin(t, acme)
	err := w.corpus.withView(t.Context(), r, func(v *view) error {
		evicted.see(w.corpus, acme)
		w.corpus.Evict(acme.Keys)
		evicted.expectZeroed(t, "under a request", false)
		hits := v.search(r.Caller, Query{Text: "kestrel", K: 1}, nil, 0)
		passages, err := r.passages(t.Context(), hits)
		if err != nil || len(passages) != 1 || passages[0].ExternalID != "kestrel" {
			t.Errorf("%+v, %v", passages, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	evicted.expectZeroed(t, "after the last request", true)
	others.expectZeroed(t, "of another tenant", false)
	w.finds(t, acme, "kestrel", "kestrel")
}

// What a search found is whole when nothing is left of the index that it was found in.
func TestHitsOutliveTheIndex(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.put(t, acme, "kestrel", "# Falcons\n\nThe kestrel hovers.")
	w.corpus.upkeep.close()
	r := admin(t, acme)
	query := Query{Text: "kestrel", K: 1}
	if err := w.corpus.withView(t.Context(), r, func(*view) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var seen watched
	seen.see(w.corpus, acme)
	v := w.corpus.cache.hold(acme.Keys)
	hits := v.search(r.Caller, query, nil, 0)
	members, err := v.members(r.Caller, uuid.Nil)
	if err != nil || len(members) > 0 {
		t.Fatalf("%v, %v", members, err)
	}
	w.corpus.Evict(acme.Keys)
	w.corpus.cache.release(v)
	seen.expectZeroed(t, "let go", true)
	found, err := r.passages(t.Context(), hits)
	if err != nil || len(found) != 1 || found[0].ExternalID != "kestrel" || found[0].Title != "Of kestrel" || found[0].Heading != "Of kestrel Falcons" {
		t.Errorf("%+v, %v", found, err)
	}
}

// A merge leaves nothing of the segments that it replaced, and what stays is not touched.
func TestMergedSegmentsAreZeroed(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.put(t, acme, "prose", prose.NewAuthor(1).Document(200))
	w.corpus.upkeep.close() // so that the test merges
	for i := range tierSegments {
		w.put(t, acme, fmt.Sprint("bird", i), fmt.Sprintf("The kestrel%d hovers.", i))
	}
	w.finds(t, acme, "kestrel3", "bird3")
	var before watched
	before.see(w.corpus, acme)
	if err := w.corpus.merge(t.Context(), admin(t, acme), due); err != nil {
		t.Fatal(err)
	}
	before.expectZeroed(t, "while they are listed", false)
	w.finds(t, acme, "kestrel3", "bird3") // by the merged one
	stay := 0
	w.corpus.withCached(admin(t, acme), func(v *view) {
		for _, p := range v.memory {
			if before.objects[p] {
				stay++
				delete(before.objects, p)
			}
		}
	})
	if stay != 1 {
		t.Errorf("%d segments stay, want that of the long document", stay)
	}
	before.expectZeroed(t, "merged", true)
}

// Cleaning opens segments that are in no cache.
func TestCleanedSegmentsAreZeroed(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.put(t, acme, "kestrel", "The kestrel hovers.")
	r := admin(t, acme)
	one := newView()
	if err := w.corpus.cleanOne(t.Context(), r, one, w.manifest(t, r).segments[0].lexicon); err != nil {
		t.Fatal(err)
	}
	zeroed(t, one)
}

// zeroed fails unless the view had objects open of which nothing is left.
func zeroed(t *testing.T, v *view) {
	t.Helper()
	w := watched{objects: map[*memory]bool{}}
	for _, p := range v.memory {
		w.objects[p] = true
	}
	w.expectZeroed(t, "let go", true)
}

func (w *world) manifest(t *testing.T, r Request) (listed manifest) {
	t.Helper()
	head, err := w.corpus.head(t.Context(), r)
	if err == nil {
		listed, err = openManifest(r.keys(), head)
	}
	if err != nil {
		t.Fatal(err)
	}
	return listed
}

// What fails half-way leaves nothing of the half that it opened.
func TestWhatFailedIsZeroed(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.put(t, acme, "kestrel", "The kestrel hovers.")
	w.put(t, acme, "heron", "The heron wades.")
	r := admin(t, acme)
	damaged := newView()
	damaged.manifest = w.manifest(t, r)
	damaged.manifest.segments[1].documents++
	err := r.admission().Read(t.Context(), func(rows *store.Rows) error { return damaged.fetch(t.Context(), rows, r.keys(), &view{}) })
	if !errors.Is(err, seal.ErrCorrupt) {
		t.Fatalf("opened: %v", err)
	}
	w.corpus.cache.adopt(damaged)
	w.corpus.cache.release(damaged)
	zeroed(t, damaged)
}

// Searches and reads find what is there however the index is evicted, merged, fitted,
// written and purged meanwhile, and nothing is left of it in the end. With -race, a byte
// that is zeroed while it is read is a race.
func TestNothingIsZeroedThatIsUsed(t *testing.T) {
	w := newWorld(t, CacheConfig{Bytes: 1 << 20, Tenant: 1 << 20, ColdLoads: 2})
	acme, globex := w.tenant(t), w.tenant(t)
	w.fitted(t, acme)
	w.put(t, globex, "kestrel", "The kestrel hovers.")
	w.put(t, globex, "prose", prose.NewAuthor(2).Document(100))
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var seen watched
	var all sync.WaitGroup
	for _, of := range []*tenants.Tenant{acme, globex} {
		for _, read := range w.reads(t.Context()) {
			all.Go(func() { repeat(short, t, of, principal.Tenant(), read) })
			all.Go(func() { repeat(short, t, of, principal.Caller{User: "ada", Scope: principal.Read}, read) })
		}
		for _, change := range w.changes(t.Context(), &seen) {
			all.Go(func() { repeat(short, t, of, principal.Tenant(), change) })
		}
	}
	all.Wait()
	w.corpus.Close()
	w.corpus.Evict(acme.Keys)
	w.corpus.Evict(globex.Keys)
	w.corpus.cache.expectUsed(t, "nothing is cached", 0)
	seen.expectZeroed(t, "nothing is used", true)
	t.Logf("%d objects were seen", len(seen.objects))
}

// repeat does something until the context ends, each time in an access of its own.
func repeat(until context.Context, t *testing.T, of *tenants.Tenant, as principal.Caller, something func(Request) error) {
	for until.Err() == nil {
		r, err := begin(t.Context(), of, as)
		if err == nil {
			err = something(r)
		}
		crowded := errors.Is(err, errRaced) || errors.Is(err, store.ErrBusy) || errors.Is(err, store.ErrUnavailable)
		if err != nil && !crowded { // it met others too often, or they had a lock for too long
			t.Error(err)
			return
		}
	}
}

// reads use what there is all the time.
func (w *world) reads(ctx context.Context) []func(Request) error {
	return []func(Request) error{
		func(r Request) error { return w.search(ctx, r, "kestrel hovers", "kestrel") },
		func(r Request) error { return w.search(ctx, r, "kestrel", "kestrel") },
		func(r Request) error { return w.readAll(ctx, r) },
	}
}

// changes take it away, and note what they saw.
func (w *world) changes(ctx context.Context, seen *watched) []func(Request) error {
	return []func(Request) error{
		func(r Request) error { return w.churn(ctx, r) },
		func(r Request) error { return w.corpus.merge(ctx, r, anything) },
		func(r Request) error { return w.corpus.refit(ctx, r) },
		func(r Request) error { return w.corpus.clean(ctx, r) },
		func(r Request) error {
			time.Sleep(time.Millisecond)
			seen.see(w.corpus, r.Tenant)
			return nil
		},
		func(r Request) error {
			time.Sleep(rand.N(20 * time.Millisecond))
			w.corpus.Evict(r.keys())
			return nil
		},
	}
}

// readAll reads what else the index tells.
func (w *world) readAll(ctx context.Context, r Request) error {
	list, err := w.corpus.List(ctx, r, uuid.Nil, 10)
	if err != nil {
		return err
	}
	usage, err := w.corpus.Usage(ctx, r)
	if err != nil {
		return err
	}
	if len(list) < 2 || usage.Documents < 2 {
		return fmt.Errorf("%d documents are listed, %d counted", len(list), usage.Documents)
	}
	if _, err := w.corpus.Members(ctx, r, uuid.Nil); err != nil {
		return err
	}
	_, err = w.corpus.Contents(ctx, r)
	return err
}

// churn puts a document and deletes it.
func (w *world) churn(ctx context.Context, r Request) error {
	up := Upload{ExternalID: "heron", Title: "Of heron", Text: []byte("The heron wades.")}
	if _, _, err := w.corpus.Put(ctx, r, up); err != nil {
		return err
	}
	return w.corpus.Delete(ctx, r, "heron")
}
