package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Rows reads one tenant's rows inside a transaction.
type Rows struct {
	tx     queries
	tenant uuid.UUID
}

// Tx reads and changes one tenant's rows inside a write transaction. A change may fail
// no sooner than what follows it.
type Tx struct {
	Rows
	write *pipeline
}

// WithTenant is the write door: it runs fn in a READ COMMITTED transaction
// that holds the tenant's shared lock and has found the fence open, and
// commits if fn returns nil. Errors: ErrFenced, ErrUnprovisioned, ErrBusy,
// ErrUnavailable, or what fn returned.
func (s *Store) WithTenant(ctx context.Context, tenant uuid.UUID, fn func(*Tx) error) error {
	return s.transact(ctx, tenant, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select bulkhead.open_write($1)", tenant); err != nil {
			return err
		}
		p := &pipeline{tx: tx}
		if err := fn(&Tx{Rows{tx: p, tenant: tenant}, p}); err != nil {
			return err
		}
		return p.flush(ctx)
	})
}

// Provision makes the tenant's first rows where they are missing and changes
// none that exist. genesis is the hash that the chain of lane 0 starts from.
func (s *Store) Provision(ctx context.Context, tenant uuid.UUID, incarnation int64, genesis []byte) error {
	return s.transact(ctx, tenant, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select bulkhead.provision_tenant($1, $2)", tenant, incarnation); err != nil {
			return err
		}
		known := false
		row := tx.QueryRow(ctx, "select exists (select from tenant_head where tenant_id = $1)", tenant)
		if err := row.Scan(&known); err != nil || known {
			return err
		}
		if _, err := tx.Exec(ctx, "select bulkhead.open_write($1)", tenant); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into tenant_head (tenant_id, lane0_hash) values ($1, $2)
			on conflict (tenant_id) do nothing`, tenant, genesis)
		return err
	})
}

// Admission proves that audit events of this tenant were committed and says
// what the primary's newest state was after that.
type Admission struct {
	store  *Store
	tenant uuid.UUID
	stamp  Stamp
}

// Stamp is the tenant's state at admission.
func (a Admission) Stamp() Stamp { return a.stamp }

// Read runs fn on one read-only snapshot of the admitted tenant's rows, which
// is at least as new as the Admission.
func (a Admission) Read(ctx context.Context, fn func(*Rows) error) error {
	return a.store.view(ctx, a.tenant, fn)
}

// Change is WithTenant for the admitted tenant, in the database that admitted it.
func (a Admission) Change(ctx context.Context, fn func(*Tx) error) error {
	return a.store.WithTenant(ctx, a.tenant, fn)
}

// Stamp is what a cached view of a tenant is compared with.
type Stamp struct {
	Incarnation int64 // rises with every restore
	Generation  int64 // rises with every change of documents
	AuthGen     int64 // rises with every change of the tenant's own keys
}

// Admit is the read door: in one round trip it commits audit events and what users asked, and reads
// the tenant's stamp on the primary. Errors: ErrUnprovisioned, ErrBusy, ErrUnavailable.
func (s *Store) Admit(ctx context.Context, tenant uuid.UUID, events []Event, past []Past) (Admission, error) {
	conn, err := s.borrow(ctx, forLane)
	if err != nil {
		return Admission{}, err
	}
	defer conn.Release()

	// The statements of a batch are one transaction, committed at its end.
	batch := &pgx.Batch{}
	queueTenant(batch, tenant)
	queueEvents(batch, tenant, events)
	queuePast(batch, tenant, past)
	admitted := Admission{store: s, tenant: tenant}
	batch.Queue(`select f.incarnation, h.generation, h.auth_gen
		from fence f join tenant_head h using (tenant_id) where tenant_id = $1`, tenant).
		QueryRow(func(row pgx.Row) error {
			return noRows(row.Scan(&admitted.stamp.Incarnation, &admitted.stamp.Generation, &admitted.stamp.AuthGen))
		})
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return Admission{}, s.judge(err)
	}
	return admitted, nil
}

// Blocks is Rows.Blocks on a snapshot that is at least as new as the Admission, in one
// round trip. Errors: ErrBusy, ErrUnavailable.
func (a Admission) Blocks(ctx context.Context, refs []BlockRef) (blocks map[BlockRef][]byte, err error) {
	conn, release, err := a.store.lend(ctx, a.tenant)
	if err != nil {
		return nil, err
	}
	defer release()
	batch := &pgx.Batch{}
	queueTenant(batch, a.tenant)
	blocks = map[BlockRef][]byte{}
	batch.Queue(selectBlocks, blocksArgs(a.tenant, refs)...).Query(func(rows pgx.Rows) error {
		_, err := eachBlock(rows, keepIn(blocks))
		return err
	})
	return blocks, a.store.judge(conn.SendBatch(ctx, batch).Close())
}

// Tail returns the last event of a lane, zero if it has none.
func (s *Store) Tail(ctx context.Context, tenant uuid.UUID, lane int64) (seq int64, hash []byte, err error) {
	conn, err := s.borrow(ctx, forLane)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Release()
	err = pgx.BeginTxFunc(ctx, conn, snapshotOf(tenant), func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, `select seq, hash from audit_event
			where tenant_id = $1 and lane = $2 order by seq desc limit 1`, tenant, lane)
		return emptyRow(row.Scan(&seq, &hash))
	})
	return seq, hash, s.judge(err)
}

// Keys reads the tenant's wrapped data keys, oldest epoch first. They are of
// no use without the key that wrapped them, so no Admission is asked for.
func (s *Store) Keys(ctx context.Context, tenant uuid.UUID) ([]WrappedKey, error) {
	var keys []WrappedKey
	err := s.view(ctx, tenant, func(r *Rows) (err error) {
		keys, err = r.keys(ctx)
		return err
	})
	return keys, err
}

func (s *Store) view(ctx context.Context, tenant uuid.UUID, fn func(*Rows) error) error {
	return s.transact(ctx, tenant, snapshotOf(tenant), func(tx pgx.Tx) error {
		return fn(&Rows{tx: tx, tenant: tenant})
	})
}

func (s *Store) transact(ctx context.Context, tenant uuid.UUID, options pgx.TxOptions, fn func(pgx.Tx) error) error {
	conn, release, err := s.lend(ctx, tenant)
	if err != nil {
		return err
	}
	defer release()
	return s.judge(pgx.BeginTxFunc(ctx, conn, options, fn))
}

// lend waits for one of the connections that a tenant may hold. Errors: ErrBusy,
// ErrUnavailable, ErrUnproven.
func (s *Store) lend(ctx context.Context, tenant uuid.UUID) (conn *pgxpool.Conn, release func(), err error) {
	leave, err := s.shares.acquire(ctx, tenant)
	if err != nil {
		return nil, nil, classify(err)
	}
	if conn, err = s.borrow(ctx, forApp); err != nil {
		leave()
		return nil, nil, err
	}
	return conn, func() {
		conn.Release()
		leave()
	}, nil
}

const setTenantSQL = "select set_config('app.current_tenant', $1, true)"

// snapshotOf is how a tenant's rows are read: one snapshot, no writes. It begins in one
// round trip; a UUID's text needs no quoting.
func snapshotOf(tenant uuid.UUID) pgx.TxOptions {
	return pgx.TxOptions{BeginQuery: "begin isolation level repeatable read read only; select set_config('app.current_tenant', '" +
		tenant.String() + "', true)"}
}

func queueTenant(batch *pgx.Batch, tenant uuid.UUID) { batch.Queue(setTenantSQL, tenant.String()) }
