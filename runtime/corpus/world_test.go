package corpus

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

// world is a Corpus over a database, without HTTP.
type world struct {
	pg     *fixture.Postgres
	corpus *Corpus
	store  *store.Store
	log    *audit.Log
}

func newWorld(t *testing.T, indexes CacheConfig) *world {
	t.Helper()
	pg, quiet, metrics := fixture.NewPostgres(t), slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	pg.Migrate(t)
	s, err := store.Open(t.Context(), pg.Config(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	anchors := anchor.New(fake.NewClientset().CoreV1().ConfigMaps("bulkhead"), quiet)
	w := &world{pg, New(indexes, 1<<30, time.Hour, anchors, metrics, quiet), s, audit.NewLog(quiet, metrics)}
	t.Cleanup(func() {
		w.corpus.Close()
		w.log.Wait()
	})
	return w
}

// tenant makes one that may have whatever fits the cache.
func (w *world) tenant(t *testing.T) *tenants.Tenant {
	t.Helper()
	id := uuid.New()
	wrapped, err := seal.Generate(t.Context(), id, plainKEK{})
	if err != nil {
		t.Fatal(err)
	}
	keys := seal.NewKeyring(id, time.Hour, time.Now)
	if err := keys.Renew(t.Context(), plainKEK{}, wrapped); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Provision(t.Context(), id, 1, audit.Genesis(id)); err != nil {
		t.Fatal(err)
	}
	err = w.store.WithTenant(t.Context(), id, func(tx *store.Tx) error {
		var rows []store.WrappedKey
		for _, k := range wrapped {
			rows = append(rows, store.WrappedKey{ID: k.ID, Purpose: string(k.Purpose), Epoch: k.Epoch, KEKRef: "plain", Wrapped: hex.EncodeToString([]byte(k.Wrapped))})
		}
		tx.AddKeys(rows)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	made := &tenants.Tenant{Store: w.store, Keys: keys, Lane: w.log.Lane(w.store, keys), Language: language.English}
	made.Tenant.ID, made.Incarnation = id, 1
	made.Limits = binding.Limits{Documents: 10_000, StorageBytes: 1 << 30}
	return made
}

// begin begins an access of a tenant's.
func begin(ctx context.Context, of *tenants.Tenant, caller principal.Caller) (Request, error) {
	access, err := of.Lane.Begin(ctx, "test", audit.Record{})
	return Request{Caller: caller, Tenant: of, Access: access}, err
}

// admin begins an access of somebody who sees all.
func admin(t *testing.T, of *tenants.Tenant) Request {
	t.Helper()
	r, err := begin(t.Context(), of, principal.Tenant())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) put(t *testing.T, of *tenants.Tenant, name, text string) {
	t.Helper()
	up := Upload{ExternalID: name, Title: "Of " + name, Media: engine.Markdown, Text: []byte(text)}
	if _, _, err := w.corpus.Put(t.Context(), admin(t, of), up); err != nil {
		t.Fatal(err)
	}
}

// finds fails unless a search of the tenant's finds a document first.
func (w *world) finds(t *testing.T, of *tenants.Tenant, query, name string) {
	t.Helper()
	if err := w.search(t.Context(), admin(t, of), query, name); err != nil {
		t.Fatal(err)
	}
}

func (w *world) search(ctx context.Context, r Request, query, name string) error {
	found, err := w.corpus.Retrieve(ctx, r, Query{Text: query, K: 5})
	if err != nil {
		return err
	}
	if len(found.Passages) == 0 || found.Passages[0].ExternalID != name || found.Passages[0].Title != "Of "+name {
		return fmt.Errorf("%q finds %+v first, want %q", query, found.Passages, name)
	}
	return nil
}

// until waits until something holds, and fails when it takes too long.
func until(t *testing.T, patience time.Duration, failure string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(failure)
		}
	}
}
