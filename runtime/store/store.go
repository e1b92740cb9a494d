package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// Store gives access to the database of a cell. It is safe for concurrent use.
type Store struct {
	app, lane *pgxpool.Pool
	shares    *shares
	wait      time.Duration
}

// startWait bounds how long Open and Migrate wait for a database that is not
// there yet.
const startWait = 5 * time.Minute

// Open connects both roles and proves that the database enforces the
// separation of tenants; it returns the first deviation as an error that
// names it. While the database can not be reached it waits, at most five minutes.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	app, err := newPool(ctx, cfg, binding.RoleApp, cfg.AppPasswordFile, cfg.AppConns)
	if err != nil {
		return nil, err
	}
	lane, err := newPool(ctx, cfg, binding.RoleLane, cfg.LanePasswordFile, cfg.LaneConns)
	if err != nil {
		app.Close()
		return nil, err
	}
	s := &Store{app: app, lane: lane, shares: newShares(cfg.TenantShare, cfg.Wait), wait: cfg.Wait}
	err = await(ctx, log, startWait, "database", func(ctx context.Context) error {
		return errors.Join(prove(ctx, app), lane.Ping(ctx))
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func newPool(ctx context.Context, cfg Config, role, passwordFile string, conns int32) (*pgxpool.Pool, error) {
	session, err := cfg.session(role)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("pool settings: %w", err)
	}
	pool.ConnConfig = session
	pool.MaxConns = conns
	pool.MaxConnLifetime = time.Hour
	pool.MaxConnLifetimeJitter = 10 * time.Minute
	pool.BeforeConnect = cfg.beforeConnect(passwordFile)
	opened, err := pgxpool.NewWithConfig(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("pool of %s: %w", role, err)
	}
	return opened, nil
}

// Close waits for the connections in use and closes all.
func (s *Store) Close() {
	s.app.Close()
	s.lane.Close()
}

// borrow waits for a connection at most the configured time.
func (s *Store) borrow(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	conn, err := pool.Acquire(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, ErrBusy
	}
	return conn, classify(err)
}

// await repeats attempt while it fails because the database is not reachable
// or not bootstrapped yet, and tells of it.
func await(ctx context.Context, log *slog.Logger, limit time.Duration, what string, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for start := time.Now(); ; {
		err := attempt(ctx)
		if err == nil || !notYet(err) {
			return err
		}
		log.Info("waiting for "+what, "elapsed", time.Since(start).Round(time.Second).String(), "reason", err.Error())
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting for %s: %w", what, err)
		case <-time.After(2 * time.Second):
		}
	}
}

// readOnly is how rows are read: one snapshot, no writes.
var readOnly = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
