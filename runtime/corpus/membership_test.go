package corpus

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// joins puts a document into a new vector store.
func (w *world) joins(t *testing.T, r Request, name string) uuid.UUID {
	t.Helper()
	id := w.makesStore(t, r)
	if _, err := w.corpus.Amend(t.Context(), r, name, into(id)); err != nil {
		t.Fatal(err)
	}
	return id
}

// makesStore makes a vector store.
func (w *world) makesStore(t *testing.T, r Request) uuid.UUID {
	t.Helper()
	made, err := NewVectorStore()
	if err == nil {
		made, err = w.corpus.CreateVectorStore(t.Context(), r, made)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func into(id uuid.UUID) func(*Amendment) error {
	return func(a *Amendment) error {
		a.Stores = append(a.Stores, id)
		return nil
	}
}

// TestDeletedVectorStoresLeaveDocuments: one that is deleted takes no room of a document,
// which forgets it when it changes, however it does.
func TestDeletedVectorStoresLeaveDocuments(t *testing.T) {
	w := newWorld(t, roomy)
	of := w.tenant(t)
	r := admin(t, of)
	in := func(want ...uuid.UUID) {
		t.Helper()
		doc, err := w.corpus.Get(t.Context(), r, "a")
		if diff := cmp.Diff(want, doc.Stores); err != nil || diff != "" {
			t.Errorf("%v, in vector stores (-want +got):\n%s", err, diff)
		}
	}
	w.put(t, of, "a", "The kestrel hovers.")
	stays := w.joins(t, r, "a")
	for range 3 {
		gone := w.joins(t, r, "a")
		in(stays, gone)
		if err := w.corpus.DeleteVectorStore(t.Context(), r, gone); err != nil {
			t.Fatal(err)
		}
	}
	w.put(t, of, "a", "The kestrel dives.")
	in(stays)
	for range MaxStores - 1 {
		w.joins(t, r, "a")
	}
	full := w.makesStore(t, r)
	if err := w.corpus.MayAmend(t.Context(), r, "a", into(full)); !errors.Is(err, ErrStores) {
		t.Errorf("one too many: %v", err)
	}
	if err := w.corpus.DeleteVectorStore(t.Context(), r, stays); err != nil {
		t.Fatal(err)
	}
	if _, err := w.corpus.Amend(t.Context(), r, "a", into(stays)); !errors.Is(err, store.ErrNoVectorStore) {
		t.Errorf("into one that is deleted: %v", err)
	}
	if _, err := w.corpus.Amend(t.Context(), r, "a", into(full)); err != nil {
		t.Errorf("in the place of one that is deleted: %v", err)
	}
}
