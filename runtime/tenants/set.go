package tenants

import (
	"cmp"
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/google/uuid"
	"k8s.io/client-go/util/workqueue"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Config is what a Set works with.
type Config struct {
	Databases Databases
	Vault     *seal.Vault
	Audit     *audit.Log
	Acks      *Acks
	Metrics   *Metrics
	Log       *slog.Logger

	Lease time.Duration // of data keys
	// Handover is how long a dedicated database is used over its former login
	// when the Binding has another that does not work.
	Handover time.Duration
	Workers  int // tenants that are seen to at a time
	// Evict is called when the plaintext that a Keyring opened must leave
	// memory at once.
	Evict func(*seal.Keyring)
	// Opened is called whenever a tenant's keys were opened, or its Binding changed while
	// they are; a call that fails is made again with the next lease.
	Opened func(context.Context, *Tenant) error
	// Forget is called when a tenant is no longer served here.
	Forget func(tenant uuid.UUID)
}

// Set is the tenants in effect. It is safe for concurrent use.
type Set struct {
	Config
	queue      workqueue.TypedDelayingInterface[uuid.UUID] // for tend
	connecting workqueue.TypedDelayingInterface[uuid.UUID] // for connect, which a database may keep waiting
	closing    sync.WaitGroup                              // of Stores of tenants that left

	mu      sync.RWMutex
	entries map[uuid.UUID]*entry
	pending map[uuid.UUID]bool // of the Bindings at start, those not yet seen to; nil before they are known
	ready   bool
}

// entry is a tenant and how far this replica has seen to it.
type entry struct {
	tenant     *Tenant
	wrapped    []seal.WrappedKey // nil: the tenant's rows and keys may not exist yet
	renewAt    time.Time         // when the keys are due, zero: now
	connection                   // of a dedicated database
}

// NewSet makes an empty Set; Run fills it.
func NewSet(c Config) *Set {
	return &Set{
		Config:     c,
		queue:      workqueue.NewTypedDelayingQueue[uuid.UUID](),
		connecting: workqueue.NewTypedDelayingQueue[uuid.UUID](),
		entries:    map[uuid.UUID]*entry{},
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

// Stores are the databases of the tenants in effect, each once.
func (s *Set) Stores() []*store.Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	seen := map[*store.Store]bool{}
	var all []*store.Store
	for _, e := range s.entries {
		if e.tenant.State == binding.Active && !seen[e.tenant.Store] {
			seen[e.tenant.Store] = true
			all = append(all, e.tenant.Store)
		}
	}
	return all
}

// put brings a Binding into effect. It refuses one that turns back the epoch
// or the incarnation, or that names a database which is not there.
func (s *Set) put(b binding.Binding, revision string) error {
	b.Limits = withDefaults(b.Limits)
	next := &Tenant{Binding: b, Revision: revision}
	var err error
	if next.Language, err = language.Parse(cmp.Or(b.Language, language.English.String())); err != nil {
		return err
	}
	if next.Models, err = newModels(b.Models); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.entries[b.Tenant.ID]
	switch {
	case known && (b.Epoch < old.tenant.Epoch || b.Incarnation < old.tenant.Incarnation):
		return errRegressed
	case known && old.tenant.Revision == revision:
		return nil
	case known && old.tenant.stays(b):
		s.entries[b.Tenant.ID] = old.with(next)
	default:
		if err := s.settle(next); err != nil {
			return err
		}
		if known {
			s.release(old.tenant)
		}
		s.entries[b.Tenant.ID] = &entry{tenant: next}
	}
	s.queue.Add(b.Tenant.ID)
	if next.connects() {
		s.connecting.Add(b.Tenant.ID)
	}
	return nil
}

// settle gives a tenant what it has for as long as its database and its key
// stay the same.
func (s *Set) settle(t *Tenant) (err error) {
	if t.Store, err = s.Databases.store(t.Database); err != nil {
		return err
	}
	keys := seal.NewKeyring(t.Tenant.ID, s.Lease, time.Now)
	keys.OnLapse(func() { s.Evict(keys) })
	t.Keys = keys
	t.Lane = s.Audit.Lane(t.Store, t.Keys)
	return nil
}

// with is the entry of the same tenant by a newer Binding.
func (e *entry) with(next *Tenant) *entry {
	changed := *e
	changed.tenant = next
	next.Store, next.Keys, next.Lane = e.tenant.Store, e.tenant.Keys, e.tenant.Lane
	if reflect.DeepEqual(next.Binding.Models, e.tenant.Binding.Models) {
		next.Models = e.tenant.Models
	} else {
		e.tenant.Models.close()
	}
	if next.Database != e.tenant.Database { // another login
		changed.connection = connection{login: e.login}
	}
	return &changed
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
	t.Keys.Close()
	t.Models.close()
	s.Vault.Forget(t.Key.Role)
	s.Evict(t.Keys)
	if t.Database.Dedicated() {
		s.closing.Go(t.Store.Close)
	}
}

// Close gives back all dedicated databases. It is called after Run, when no
// request and no audit event is under way.
func (s *Set) Close() {
	s.mu.Lock()
	for _, e := range s.entries {
		s.release(e.tenant)
	}
	clear(s.entries)
	s.mu.Unlock()
	s.closing.Wait()
}

// work sees to tenants until the queue shuts down.
func work(queue workqueue.TypedDelayingInterface[uuid.UUID], see func(uuid.UUID) (again time.Duration)) {
	for {
		id, shutdown := queue.Get()
		if shutdown {
			return
		}
		if again := see(id); again > 0 {
			queue.AddAfter(id, again)
		}
		queue.Done(id)
	}
}
