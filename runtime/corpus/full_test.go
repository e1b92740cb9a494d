package corpus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// filled gives a tenant as many segments as an index may have, which nobody merges but who
// finds it full.
func (w *world) filled(t *testing.T) Request {
	t.Helper()
	acme := w.tenant(t)
	w.corpus.upkeep.close()
	for i := range maxSegments {
		w.put(t, acme, fmt.Sprint("bird", i), "The kestrel hovers.")
	}
	r := admin(t, acme)
	if n := len(w.manifest(t, r).segments); n != maxSegments {
		t.Fatalf("%d segments", n)
	}
	return r
}

// Who uploads to a full index waits until it is merged; it never lists more than it may.
func TestUploadsWaitForTheMergeOfAFullIndex(t *testing.T) {
	w := newWorld(t, roomy)
	r := w.filled(t)
	if err := w.corpus.merges.Acquire(t.Context(), 1); err != nil { // others merge
		t.Fatal(err)
	}
	merged := sync.OnceFunc(func() { w.corpus.merges.Release(1) })
	defer merged()
	short, cancel := context.WithTimeout(t.Context(), 3*time.Second) // to come to wait
	defer cancel()
	var hasty, patient sync.WaitGroup
	put := func(ctx context.Context, name string) error {
		_, _, err := w.corpus.Put(ctx, r, Upload{ExternalID: name, Title: "Of " + name, Text: []byte("The heron wades.")})
		return err
	}
	for i := range 4 {
		hasty.Go(func() {
			if err := put(short, fmt.Sprint("hasty", i)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("an upload that does not wait: %v", err)
			}
		})
		patient.Go(func() {
			if err := put(t.Context(), fmt.Sprint("patient", i)); err != nil {
				t.Errorf("an upload that waits: %v", err)
			}
		})
	}
	hasty.Wait()
	w.finds(t, r.Tenant, "bird0", "bird0")
	if n := len(w.manifest(t, r).segments); n != maxSegments {
		t.Errorf("%d segments before the merge", n)
	}
	merged()
	patient.Wait()
	w.finds(t, r.Tenant, "patient0", "patient0")
	docs, err := w.corpus.List(t.Context(), admin(t, r.Tenant), uuid.Nil, 100)
	if n := len(w.manifest(t, r).segments); n > 5 || err != nil || len(docs) != maxSegments+4 {
		t.Errorf("%d segments, %d documents, %v", n, len(docs), err)
	}
}

// An index that can not be merged takes nothing, and everything goes on when it can.
func TestFullIndexThatCanNotBeMerged(t *testing.T) {
	w := newWorld(t, roomy)
	r := w.filled(t)
	w.corpus.cache.share = 1 // so that it is too large to be merged
	_, _, err := w.corpus.Put(t.Context(), r, Upload{ExternalID: "heron", Text: []byte("The heron wades.")})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("uploaded: %v", err)
	}
	if n := len(w.manifest(t, r).segments); n != maxSegments {
		t.Errorf("%d segments", n)
	}
	w.corpus.cache.share = roomy.Tenant
	w.put(t, r.Tenant, "heron", "The heron wades.")
	w.finds(t, r.Tenant, "heron", "heron")
}

// Uploads that are committed together leave room for the versions that each replaces.
func TestGroupHasRoomForItsDead(t *testing.T) {
	for dead, want := range map[int]bool{maxDead - groupChunks: false, maxDead - groupChunks + 1: true} {
		m := listing(1, dead)
		if got := m.full(); got != want {
			t.Errorf("with %d dead it is full: %t", dead, got)
		}
	}
}

func TestDeletionsAreBounded(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.corpus.upkeep.close()
	w.put(t, acme, "heron", "The heron wades.")
	r := admin(t, acme)
	err := w.corpus.edit(t.Context(), r, func(_ *store.Tx, e *edition) error {
		for len(e.manifest.dead) < maxDead { // of no segment, so that none can be cleaned of them
			e.manifest.dead = append(e.manifest.dead, uuid.New())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.corpus.Delete(t.Context(), r, "heron"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("deleted: %v", err)
	}
	if n := len(w.manifest(t, r).dead); n != maxDead {
		t.Errorf("%d are dead", n)
	}
	w.finds(t, acme, "heron", "heron")
}
