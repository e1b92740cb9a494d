package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// pools are the connections of one login to a database.
type pools struct{ app, lane *pgxpool.Pool }

// dial makes pools and proves the database over them.
func dial(ctx context.Context, cfg Config) (*pools, error) {
	p, err := newPools(ctx, cfg)
	if err != nil {
		return nil, err
	}
	err = prove(ctx, p.app)
	if err == nil {
		err = p.lane.Ping(ctx)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func newPools(ctx context.Context, cfg Config) (*pools, error) {
	app, err := newPool(ctx, cfg, binding.RoleApp, cfg.AppPassword, cfg.AppConns, warm)
	if err != nil {
		return nil, err
	}
	lane, err := newPool(ctx, cfg, binding.RoleLane, cfg.LanePassword, cfg.LaneConns, nothing)
	if err != nil {
		app.Close()
		return nil, err
	}
	return &pools{app: app, lane: lane}, nil
}

// newPool makes the pool of a role's connections, each of which is made ready before it is used.
func newPool(ctx context.Context, cfg Config, role string, password Secret, conns int32, ready func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
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
	pool.BeforeConnect = cfg.beforeConnect(password)
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap()) // or ids take the way of texts
		return ready(ctx, conn)
	}
	opened, err := pgxpool.NewWithConfig(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("pool of %s: %w", role, err)
	}
	return opened, nil
}

func nothing(context.Context, *pgx.Conn) error { return nil }

// close waits for the connections in use and closes all.
func (p *pools) close() {
	p.app.Close()
	p.lane.Close()
}

// Which pool a door takes its connections from.
func forApp(p *pools) *pgxpool.Pool  { return p.app }
func forLane(p *pools) *pgxpool.Pool { return p.lane }
