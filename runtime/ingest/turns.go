package ingest

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// turns are whose jobs this process takes. A tenant has all workers but one at most, so that
// its slow files leave one to the others, and is left to other replicas for some time when it
// can not be worked for here.
type turns struct {
	most int64 // workers that one tenant has

	mu      sync.Mutex
	working map[queueOf]int64
	apart   map[queueOf]time.Time // until when
}

// queueOf is a tenant's queue in a database.
type queueOf struct {
	store  *store.Store
	tenant uuid.UUID
}

func newTurns(workers int64) *turns {
	return &turns{most: max(1, workers-1), working: map[queueOf]int64{}, apart: map[queueOf]time.Time{}}
}

// except are the tenants of a database whose jobs are not to be taken now.
func (t *turns) except(s *store.Store) []uuid.UUID {
	t.mu.Lock()
	defer t.mu.Unlock()
	tenants := []uuid.UUID{}
	for of, workers := range t.working {
		if of.store == s && workers >= t.most {
			tenants = append(tenants, of.tenant)
		}
	}
	for of, until := range t.apart {
		switch {
		case time.Now().After(until):
			delete(t.apart, of)
		case of.store == s:
			tenants = append(tenants, of.tenant)
		}
	}
	return tenants
}

// begin gives a tenant a worker, until end.
func (t *turns) begin(of queueOf) (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.working[of]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.working[of]--; t.working[of] == 0 {
			delete(t.working, of)
		}
	}
}

// leave leaves a tenant to other replicas for some time.
func (t *turns) leave(of queueOf, lasting time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apart[of] = time.Now().Add(lasting)
}
