package tenants

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// How long until a tenant is seen to again, at most; jitter only shortens.
const (
	againDatabase    = 2 * time.Second
	againUnreachable = 5 * time.Second
	againDenied      = 30 * time.Second

	tendTimeout = 20 * time.Second
)

// tend provisions a tenant once, keeps the lease of its keys and acknowledges
// both. It never waits for a dedicated database: connect does. It returns when
// to come again, zero for never.
func (s *Set) tend(ctx context.Context, id uuid.UUID) (again time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, tendTimeout)
	defer cancel()
	e, ok := s.snapshot(id)
	switch {
	case !ok:
		s.Acks.Remove(id)
		s.Metrics.forget(id)
		s.tended(id)
		return 0
	case e.tenant.State == binding.Retained:
		s.acknowledge(e.tenant)
		return 0
	case e.wrapped == nil && e.tenant.connects():
		return 0
	case time.Now().Before(e.renewAt):
		s.acknowledge(e.tenant)
		return max(time.Until(e.renewAt), soonest)
	}
	return s.renew(ctx, id, e)
}

// soonest keeps a tenant whose time came this very moment in the queue.
const soonest = 10 * time.Millisecond

// renew sees to the tenant's rows and keys.
func (s *Set) renew(ctx context.Context, id uuid.UUID, e entry) time.Duration {
	keys := e.tenant.Keys
	err := s.unlock(ctx, &e)
	again := pause(err, s.Lease)
	switch {
	case err == nil, errors.Is(err, seal.ErrDenied), errors.Is(err, seal.ErrUnreachable):
		s.acknowledge(e.tenant)
	default: // the database; what was acknowledged stays true
		s.Log.Warn("tenant not ready", "tenant", id, "error", err.Error())
	}
	if keys.Check() != nil {
		s.Evict(keys)
	} else if err != nil {
		again = max(min(again, keys.Remaining()), soonest)
	}
	s.keep(id, e, time.Now().Add(again))
	return again
}

// unlock makes sure that the tenant's rows and data keys exist and begins a
// lease on the keys.
func (s *Set) unlock(ctx context.Context, e *entry) error {
	t, kek := e.tenant, s.Vault.KEK(e.tenant.Key)
	if e.wrapped == nil {
		wrapped, err := s.provision(ctx, t, kek)
		if err != nil {
			return err
		}
		e.wrapped = wrapped
	}
	return t.Keys.Renew(ctx, kek, e.wrapped)
}

// provision makes the tenant's first rows and data keys where they are
// missing. No lock is held over the call to Vault: replicas may both wrap
// keys, the database keeps the first ones and both read those.
func (s *Set) provision(ctx context.Context, t *Tenant, kek seal.KEK) ([]seal.WrappedKey, error) {
	id := t.Tenant.ID
	if err := t.Store.Provision(ctx, id, t.Incarnation, audit.Genesis(id)); err != nil {
		return nil, err
	}
	rows, err := t.Store.Keys(ctx, id)
	if err != nil || len(rows) > 0 {
		return fromRows(rows), err
	}
	fresh, err := seal.Generate(ctx, id, kek)
	if err != nil {
		return nil, t.Keys.Refused(err)
	}
	err = t.Store.WithTenant(ctx, id, func(tx *store.Tx) error {
		tx.AddKeys(toRows(fresh, kek.Ref()))
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = t.Store.Keys(ctx, id)
	return fromRows(rows), err
}

func (s *Set) snapshot(id uuid.UUID) (entry, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[id]
	if !ok {
		return entry{}, false
	}
	return *e, true
}

// keep notes how far the tenant is, unless its Keyring was replaced meanwhile.
func (s *Set) keep(id uuid.UUID, done entry, renewAt time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.entries[id]; ok && e.tenant.Keys == done.tenant.Keys {
		e.wrapped, e.renewAt = done.wrapped, renewAt
	}
}

// acknowledge says how far the tenant is. Of a dedicated database that was not
// tried as its Binding names it, and of what was replaced meanwhile, there is
// nothing to say yet.
func (s *Set) acknowledge(t *Tenant) {
	id := t.Tenant.ID
	e, ok := s.snapshot(id)
	if !ok || e.tenant.Keys != t.Keys || e.tenant.connects() && e.state == "" {
		return
	}
	ack := binding.Acknowledgement{Revision: e.tenant.Revision, Key: t.Keys.State(), Database: e.state}
	s.Acks.Set(id, ack)
	s.Metrics.observe(id, ack)
	s.tended(id)
}

// pause is how long until the keys are seen to again.
func pause(err error, lease time.Duration) time.Duration {
	switch {
	case err == nil:
		return shorten(lease * 3 / 4)
	case errors.Is(err, seal.ErrDenied):
		return shorten(againDenied)
	case errors.Is(err, seal.ErrUnreachable):
		return shorten(againUnreachable)
	}
	return shorten(againDatabase)
}

// shorten takes off up to a third, so that tenants spread.
func shorten(d time.Duration) time.Duration {
	return d - rand.N(d/3+1) //nolint:gosec // no secret
}

func fromRows(rows []store.WrappedKey) []seal.WrappedKey {
	var keys []seal.WrappedKey
	for _, r := range rows {
		keys = append(keys, seal.WrappedKey{ID: r.ID, Purpose: seal.Purpose(r.Purpose), Epoch: r.Epoch, Wrapped: r.Wrapped})
	}
	return keys
}

func toRows(keys []seal.WrappedKey, ref string) []store.WrappedKey {
	var rows []store.WrappedKey
	for _, k := range keys {
		rows = append(rows, store.WrappedKey{ID: k.ID, Purpose: string(k.Purpose), Epoch: k.Epoch, KEKRef: ref, Wrapped: k.Wrapped})
	}
	return rows
}
