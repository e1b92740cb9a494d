package corpus

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Whose sender leaves while others are committed is not committed, and what is being
// committed already is waited for: afterwards nothing of either is held.
func TestUploadsWhoseSenderLeaves(t *testing.T) {
	w := newWorld(t, roomy)
	acme := w.tenant(t)
	w.put(t, acme, "kestrel", "The kestrel hovers.")
	r := admin(t, acme)
	release := w.trap(t, seal.Lexicon)
	ctx, leave := context.WithCancel(t.Context())
	put := func(name string) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, _, err := w.corpus.Put(ctx, r, Upload{ExternalID: name, Title: "Of " + name, Text: []byte("The heron wades.")})
			done <- err
		}()
		return done
	}
	committed := put("heron")
	w.trapped(t)
	withdrawn := put("egret")
	until(t, 30*time.Second, "nothing waits", func() bool {
		w.corpus.writers.mu.Lock()
		defer w.corpus.writers.mu.Unlock()
		return len(w.corpus.writers.waiting[r.keys()]) == 1
	})
	leave()
	if err := <-withdrawn; !errors.Is(err, context.Canceled) {
		t.Errorf("what waited: %v", err)
	}
	release()
	if err := <-committed; err != nil {
		t.Errorf("what was being committed: %v", err)
	}
	w.finds(t, acme, "heron", "heron")
	if _, err := w.corpus.Get(t.Context(), r, "egret"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was withdrawn: %v", err)
	}
}

// An upload that finds the documents in no segments gives back its memory, which these take
// to be indexed.
func TestLargeUploadToDocumentsWithoutSegments(t *testing.T) {
	w := newWorld(t, roomy)
	w.corpus.room = newRoom(4 << 20)
	acme := w.tenant(t)
	w.put(t, acme, "kestrel", "The kestrel hovers.")
	w.pg.Exec(t, `begin; set local session_replication_role = replica;
		update bulkhead.tenant_head set manifest = null, manifest_dek = null; commit`)
	w.corpus.Evict(acme.Keys)
	w.corpus.anchors = anchor.New(fake.NewClientset().CoreV1().ConfigMaps("bulkhead"), slog.New(slog.DiscardHandler)) // that version had none
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	large := []byte(strings.Repeat("The heron wades. ", 2000))
	if _, _, err := w.corpus.Put(ctx, admin(t, acme), Upload{ExternalID: "heron", Title: "Of heron", Text: large}); err != nil {
		t.Fatal(err)
	}
	w.finds(t, acme, "kestrel", "kestrel")
	w.finds(t, acme, "heron", "heron")
}
