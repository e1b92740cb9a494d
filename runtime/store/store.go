package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bulkhead-dev/bulkhead/runtime/outage"
)

// Store gives access to one database, once that is proven to separate tenants.
// It is safe for concurrent use.
type Store struct {
	shares *shares
	wait   time.Duration
	outage *outage.Breaker

	mu      sync.RWMutex
	inUse   *pools // nil: the doors are shut
	shut    error  // why they are
	closed  bool
	retired sync.WaitGroup // pools that wait for their connections in use
}

const (
	// retryInterval is how often requests, all together, try to reach a database
	// that could not be reached.
	retryInterval = time.Second
	// releaseWait is how often a request looks for a connection given back.
	releaseWait = 10 * time.Millisecond
)

// New makes a Store whose doors are shut until it is connected.
func New(cfg Config) *Store {
	return &Store{
		shares: newShares(cfg.TenantShare, cfg.Wait), wait: cfg.Wait, outage: outage.NewBreaker(retryInterval),
		shut: fmt.Errorf("%w: not connected yet", ErrUnavailable),
	}
}

// Open makes a connected Store. While the database can not be reached it
// waits, at most five minutes. Errors: ErrUnproven.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	var proven *pools
	err := await(ctx, log, startWait, "database", func(ctx context.Context) (err error) {
		proven, err = dial(ctx, cfg)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := New(cfg)
	s.replace(proven, nil)
	return s, nil
}

// Connect logs in, proves that the database enforces the separation of
// tenants, and from then on works over the new connections; those that were in
// use before end as they are given back, so that no request fails. When it
// fails nothing changes but, if the doors are shut, the reason that they give.
// Errors: ErrUnavailable; ErrUnproven, which names every deviation.
func (s *Store) Connect(ctx context.Context, cfg Config) error {
	proven, err := dial(ctx, cfg)
	if err != nil {
		err = verdict(err)
		s.explain(err)
		return err
	}
	s.replace(proven, nil)
	return nil
}

// Disconnect shuts the doors until the Store is connected again. They give the
// reason, which wraps ErrUnavailable or ErrUnproven.
func (s *Store) Disconnect(reason error) { s.replace(nil, reason) }

// Close shuts the doors for good, waits for the connections in use and closes all.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.replace(nil, fmt.Errorf("%w: it is no longer used", ErrUnavailable))
	s.retired.Wait()
}

// replace puts other connections into use, or none for a reason.
func (s *Store) replace(next *pools, reason error) {
	s.mu.Lock()
	if s.closed && next != nil { // closed while it was connecting
		s.mu.Unlock()
		next.close()
		return
	}
	former := s.inUse
	s.inUse, s.shut = next, reason
	if former != nil {
		s.retired.Go(former.close)
	}
	s.mu.Unlock()
	s.outage.End()
}

func (s *Store) explain(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse == nil && !s.closed {
		s.shut = reason
	}
}

// Check returns nil while the doors are open, else why they are shut:
// ErrUnavailable or ErrUnproven.
func (s *Store) Check() error {
	_, err := s.current()
	return err
}

func (s *Store) current() (*pools, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.inUse == nil {
		return nil, s.shut
	}
	return s.inUse, nil
}

// Ping asks the database for a sign of life over both logins. A pool that is
// busy counts as one. Errors: ErrUnavailable, ErrUnproven.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	for _, of := range []func(*pools) *pgxpool.Pool{forApp, forLane} {
		conn, err := s.borrow(ctx, of)
		if errors.Is(err, ErrBusy) {
			continue
		}
		if err != nil {
			return err
		}
		err = s.judge(conn.Ping(ctx))
		conn.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// borrow waits for a connection at most the configured time. Errors: ErrBusy,
// ErrUnavailable, ErrUnproven.
func (s *Store) borrow(ctx context.Context, of func(*pools) *pgxpool.Pool) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	for {
		from, err := s.current()
		if err != nil {
			return nil, err
		}
		conn, err := s.take(ctx, of(from))
		if now, _ := s.current(); err != nil && now != from && ctx.Err() == nil {
			continue // its pool was replaced
		}
		return conn, err
	}
}

// take waits for a connection of a pool. When none can be added a request makes
// do with those that there are, and without any it fails at once.
func (s *Store) take(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	for {
		conn, err := s.acquire(ctx, pool)
		if err == nil || !errors.Is(err, errAway) && !unanswered(err) {
			return conn, classify(err)
		}
		if stat := pool.Stat(); stat.AcquiredConns()+stat.IdleConns() == 0 {
			return nil, classify(err)
		}
		select {
		case <-ctx.Done():
			return nil, ErrBusy
		case <-time.After(releaseWait):
		}
	}
}

// errAway answers at once who would wait for a database that is away.
var errAway = fmt.Errorf("%w: it could not be reached a moment ago", ErrUnavailable)

// acquire takes a connection that is there, or adds one: while the database is
// away, one request a second tries to.
func (s *Store) acquire(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	try := s.outage.MayTry(time.Now())
	if !try && pool.Stat().IdleConns() == 0 {
		return nil, errAway
	}
	conn, err := pool.Acquire(ctx)
	switch {
	case err == nil && try:
		s.outage.End()
	case unanswered(err) && pool.Stat().AcquiredConns() < pool.Stat().MaxConns(): // else it is but busy
		s.outage.Begin(time.Now())
	}
	return conn, err
}

// judge classifies what an operation returned and remembers an outage, so that
// requests do not queue up for a database that does not answer.
func (s *Store) judge(err error) error {
	if unanswered(err) {
		s.outage.Begin(time.Now())
	}
	return classify(err)
}
