package tenants

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"k8s.io/client-go/util/workqueue"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Config is what a Set works with.
type Config struct {
	Store   *store.Store
	Vault   *seal.Vault
	Acks    *Acks
	Metrics *Metrics
	Log     *slog.Logger

	Lease   time.Duration // of data keys
	Workers int           // tenants that are seen to at a time
	// Evict is called when a tenant's plaintext must leave memory at once.
	Evict func(tenant uuid.UUID)
	// Forget is called when a tenant is no longer served here.
	Forget func(tenant uuid.UUID)
}

// Set is the tenants in effect. It is safe for concurrent use.
type Set struct {
	Config
	queue workqueue.TypedDelayingInterface[uuid.UUID]

	mu      sync.RWMutex
	entries map[uuid.UUID]*entry
	pending map[uuid.UUID]bool // of the Bindings at start, those not yet seen to; nil before they are known
	ready   bool
}

// entry is a tenant and how far this replica has seen to it.
type entry struct {
	tenant  *Tenant
	wrapped []seal.WrappedKey // nil: the tenant's rows and keys may not exist yet
	renewAt time.Time         // when the keys are due, zero: now
}

// NewSet makes an empty Set; Run fills it.
func NewSet(c Config) *Set {
	return &Set{
		Config:  c,
		queue:   workqueue.NewTypedDelayingQueue[uuid.UUID](),
		entries: map[uuid.UUID]*entry{},
	}
}

// Lookup returns the tenant in effect.
func (s *Set) Lookup(id uuid.UUID) (*Tenant, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[id]
	if !ok {
		return nil, false
	}
	return e.tenant, true
}

// put brings a Binding into effect. It refuses one that turns back the epoch
// or the incarnation.
func (s *Set) put(b binding.Binding, revision string) error {
	b.Limits = withDefaults(b.Limits)
	next := &Tenant{Binding: b, Revision: revision}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.entries[b.Tenant.ID]
	switch {
	case known && (b.Epoch < old.tenant.Epoch || b.Incarnation < old.tenant.Incarnation):
		return errRegressed
	case known && old.tenant.Revision == revision:
		return nil
	case known && old.tenant.Key == b.Key && b.State == old.tenant.State:
		next.Keys = old.tenant.Keys
		s.entries[b.Tenant.ID] = &entry{tenant: next, wrapped: old.wrapped, renewAt: old.renewAt}
	default:
		if known {
			s.release(old.tenant)
		}
		next.Keys = seal.NewKeyring(b.Tenant.ID, s.Lease, time.Now)
		s.entries[b.Tenant.ID] = &entry{tenant: next}
	}
	s.queue.Add(b.Tenant.ID)
	return nil
}

// remove ends access to a tenant whose Binding went away.
func (s *Set) remove(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.entries[id]; ok {
		delete(s.entries, id)
		s.release(e.tenant)
		s.Forget(id)
	}
	s.queue.Add(id)
}

// release gives back what a tenant held.
func (s *Set) release(t *Tenant) {
	t.Keys.Drop()
	s.Vault.Forget(t.Key.Role)
	s.Evict(t.Tenant.ID)
}

// work sees to tenants until the queue shuts down.
func (s *Set) work(ctx context.Context) {
	for {
		id, shutdown := s.queue.Get()
		if shutdown {
			return
		}
		if again := s.tend(ctx, id); again > 0 {
			s.queue.AddAfter(id, again)
		}
		s.queue.Done(id)
	}
}
