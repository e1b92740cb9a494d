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

// Log is all lanes of this process. It is safe for concurrent use.
type Log struct {
	logger  *slog.Logger
	losses  prometheus.Counter
	commits sync.WaitGroup
	ending  chan struct{} // closed: nothing is delayed any more
	end     func()
}

// NewLog makes a Log without lanes.
func NewLog(logger *slog.Logger, metrics prometheus.Registerer) *Log {
	losses := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "bulkhead_audit_results_lost_total",
		Help: "Result events that could not be committed; their intents were.",
	})
	metrics.MustRegister(losses)
	ending := make(chan struct{})
	return &Log{logger: logger, losses: losses, ending: ending, end: sync.OnceFunc(func() { close(ending) })}
}

// Access is an audited access that has begun.
type Access struct {
	// Admission opens the tenant's rows.
	Admission store.Admission

	lane   *Lane
	action string
	record Record
	past   []store.Past
}

// Lane makes a lane for the tenant of the keys, which seal its events, in the
// database of a store. The lane is announced with its first event.
func (l *Log) Lane(s *store.Store, keys *seal.Keyring) *Lane {
	return &Lane{log: l, store: s, keys: keys}
}

// Begin commits the intent of an action and returns once it is durable.
// Errors: ErrUnavailable around one of the store's doors, ErrBacklog, those of
// the keys.
func (l *Lane) Begin(ctx context.Context, action string, r Record) (*Access, error) {
	done := make(chan outcome, 1) // so that who commits never waits for us
	if err := l.submit(entry{kind: kind(action, Intent), record: r, at: time.Now(), done: done}); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case out := <-done:
		if out.err != nil {
			return nil, out.err
		}
		return &Access{Admission: out.admission, lane: l, action: action, record: r}, nil
	}
}

// Remember has what a user asked committed with the result, if that is no error.
func (a *Access) Remember(p store.Past) { a.past = append(a.past, p) }

// End queues the result of the access, with the code of an error if it has one.
// Nobody waits for its commit, which comes with the tenant's next intent or soon.
func (a *Access) End(status int, code string) {
	r := Record{Request: a.record.Request, Status: status, Code: code}
	if code != "" {
		a.past = nil
	}
	if err := a.lane.submit(entry{kind: kind(a.action, Result), record: r, at: time.Now(), past: a.past}); err != nil {
		a.lane.log.lost(a.lane.keys.Tenant(), err)
	}
}

// Change records in lane 0 what the access changes, within the transaction
// that does it and under the head's lock. The caller saves the head.
func (a *Access) Change(tx *store.Tx, head *store.Head) error {
	return appendChange(tx, head, a.lane.keys, kind(a.action, Change), a.record)
}

// Wait returns when everything that was submitted is committed or lost. From then on
// results are not delayed.
func (l *Log) Wait() {
	l.end()
	l.commits.Wait()
}

func (l *Log) ended() bool {
	select {
	case <-l.ending:
		return true
	default:
		return false
	}
}

func (l *Log) lost(tenant uuid.UUID, err error) {
	l.losses.Inc()
	l.logger.Error("audit result lost", "tenant", tenant, "error", err.Error())
}
