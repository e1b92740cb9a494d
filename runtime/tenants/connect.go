package tenants

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

const (
	// connectWorkers is how many dedicated databases are seen to at a time,
	// apart from the work for all other tenants.
	connectWorkers = 16
	// connectTimeout bounds one attempt: two logins, the proof, the first rows.
	connectTimeout = 15 * time.Second
	// againHealthy is how often a database is asked for a sign of life, at most.
	againHealthy = 8 * time.Second
	firstRetry   = time.Second
	lastRetry    = 20 * time.Second
)

// connection is how far a dedicated database is in use.
type connection struct {
	state    binding.DatabaseState // of the database as the Binding names it, empty: not tried yet
	login    binding.Database      // that the Store is connected with, zero: none
	failures int                   // in a row
	since    time.Time             // of the first of them
}

// connect sees to the database of a tenant that has one of its own: connects
// to it, makes the first rows and reads the keys, and from then on asks it for
// signs of life. It returns when to come again, zero for never.
func (s *Set) connect(ctx context.Context, id uuid.UUID) (again time.Duration) {
	e, ok := s.snapshot(id)
	if !ok || !e.tenant.connects() {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	locked := e.wrapped == nil
	err := s.reach(ctx, &e)
	if errors.Is(err, context.Canceled) { // shutting down says nothing of the database
		return 0
	}
	again = s.assess(&e, err)
	s.keepConnection(id, e)
	if err == nil && locked {
		s.queue.Add(id) // which acknowledges, once the keys were tried too
	} else {
		s.acknowledge(e.tenant)
	}
	return again
}

// reach does what is to be done next with the database. One that was away is
// proven again.
func (s *Set) reach(ctx context.Context, e *entry) (err error) {
	t := e.tenant
	connected := e.login == t.Database && e.state == binding.DatabaseOK
	if connected && e.wrapped != nil {
		return t.Store.Ping(ctx)
	}
	if !connected {
		if err := t.Store.Connect(ctx, s.Databases.login(t.Database)); err != nil {
			return err
		}
		e.login = t.Database
	}
	if e.wrapped == nil {
		e.wrapped, err = s.provision(ctx, t, s.Vault.KEK(t.Key))
	}
	return err
}

// assess takes note of how an attempt ended and returns when to make the next.
func (s *Set) assess(e *entry, err error) (again time.Duration) {
	id := e.tenant.Tenant.ID
	if err == nil || errors.Is(err, seal.ErrDenied) || errors.Is(err, seal.ErrUnreachable) {
		if e.state != binding.DatabaseOK {
			s.Log.Info("database of the tenant is in use", "tenant", id)
		}
		e.state, e.failures = binding.DatabaseOK, 0
		if err != nil {
			return pause(err, s.Lease)
		}
		return shorten(againHealthy)
	}
	s.Log.Warn("database of the tenant can not be used", "tenant", id, "error", err.Error())
	switch {
	case !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrBusy):
		e.state = binding.DatabaseUnproven
	case e.state != binding.DatabaseOK || e.failures > 0: // else it may be but slow
		e.state = binding.DatabaseUnreachable
	}
	return s.failed(e, err)
}

// failed ends the use of a former login, at once if the database separates
// nothing, else when the time of handing over to the new one is up.
func (s *Set) failed(e *entry, err error) (again time.Duration) {
	if e.failures == 0 {
		e.since = time.Now()
	}
	again = shorten(min(firstRetry<<min(e.failures, 10), lastRetry))
	e.failures++
	left := time.Until(e.since.Add(s.Handover))
	switch former := e.login != (binding.Database{}) && e.login != e.tenant.Database; {
	case errors.Is(err, store.ErrUnproven), former && left <= 0:
		e.tenant.Store.Disconnect(err)
		e.login = binding.Database{}
	case former:
		again = max(min(again, left), soonest)
	}
	return again
}

// keepConnection notes how far the database is, unless another took its place
// meanwhile. Of an attempt with a login that is no longer the Binding's, only
// what it connected counts.
func (s *Set) keepConnection(id uuid.UUID, done entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.entries[id]
	switch {
	case !ok || e.tenant.Keys != done.tenant.Keys:
		return
	case e.tenant.Database == done.tenant.Database:
		e.connection = done.connection
	default:
		e.login = done.login
	}
	if e.wrapped == nil {
		e.wrapped = done.wrapped
	}
}
