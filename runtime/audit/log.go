package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Why an access can not begin.
var (
	// ErrUnavailable: the event could not be committed.
	ErrUnavailable = errors.New("audit event not committed")
	// ErrBacklog: too many events of the tenant wait to be committed.
	ErrBacklog = errors.New("too many audit events are waiting")
)

// Log commits the audit events of this process. It is safe for concurrent use.
type Log struct {
	store   *store.Store
	logger  *slog.Logger
	losses  prometheus.Counter
	commits sync.WaitGroup

	mu    sync.Mutex
	lanes map[uuid.UUID]*lane
}

// NewLog makes a Log that writes to s.
func NewLog(s *store.Store, logger *slog.Logger, metrics prometheus.Registerer) *Log {
	losses := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "bulkhead_audit_results_lost_total",
		Help: "Result events that could not be committed; their intents were.",
	})
	metrics.MustRegister(losses)
	return &Log{store: s, logger: logger, losses: losses, lanes: map[uuid.UUID]*lane{}}
}

// Access is an audited access that has begun.
type Access struct {
	// Admission opens the tenant's rows.
	Admission store.Admission

	lane   *lane
	keys   *seal.Keyring
	action string
	record Record
}

// Begin commits the intent of an action and returns once it is durable.
// Errors: ErrUnavailable around one of the store's doors, ErrBacklog, those of
// the keys.
func (l *Log) Begin(ctx context.Context, keys *seal.Keyring, action string, r Record) (*Access, error) {
	lane := l.lane(keys.Tenant())
	done := make(chan outcome, 1) // so that who commits never waits for us
	if err := lane.submit(entry{keys: keys, kind: kind(action, Intent), record: r, at: time.Now(), done: done}); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case out := <-done:
		if out.err != nil {
			return nil, out.err
		}
		return &Access{Admission: out.admission, lane: lane, keys: keys, action: action, record: r}, nil
	}
}

// End queues the result of the access; nobody waits for its commit.
func (a *Access) End(status int) {
	r := Record{Request: a.record.Request, Status: status}
	if err := a.lane.submit(entry{keys: a.keys, kind: kind(a.action, Result), record: r, at: time.Now()}); err != nil {
		a.lane.log.lost(a.lane.tenant, err)
	}
}

// Change records in lane 0 what the access changes, within the transaction
// that does it and under the head's lock. The caller saves the head.
func (a *Access) Change(ctx context.Context, tx *store.Tx, head *store.Head) error {
	return appendChange(ctx, tx, head, a.keys, kind(a.action, Change), a.record)
}

func (l *Log) lane(tenant uuid.UUID) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine, ok := l.lanes[tenant]
	if !ok {
		mine = &lane{log: l, tenant: tenant}
		l.lanes[tenant] = mine
	}
	return mine
}

// Forget drops the lane of a tenant that is no longer served here; a later
// access opens a new one.
func (l *Log) Forget(tenant uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lanes, tenant)
}

// Wait returns when everything that was submitted is committed or lost.
func (l *Log) Wait() { l.commits.Wait() }

func (l *Log) lost(tenant uuid.UUID, err error) {
	l.losses.Inc()
	l.logger.Error("audit result lost", "tenant", tenant, "error", err.Error())
}
