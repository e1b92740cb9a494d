package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Head is the row that orders a tenant's changes.
type Head struct {
	Generation int64
	Docs       int64 // live documents
	Bytes      int64 // plain bytes of the live documents
	Lane0Seq   int64 // last event of the chain of changes
	Lane0Hash  []byte
}

// LockHead reads the head and keeps other changes of the tenant out until the
// transaction ends. Errors: ErrUnprovisioned.
func (t *Tx) LockHead(ctx context.Context) (Head, error) {
	var h Head
	row := t.tx.QueryRow(ctx, `select generation, docs, bytes, lane0_seq, lane0_hash
		from tenant_head where tenant_id = $1 for update`, t.tenant)
	return h, noRows(row.Scan(&h.Generation, &h.Docs, &h.Bytes, &h.Lane0Seq, &h.Lane0Hash))
}

// SaveHead writes back what LockHead returned and the caller changed.
func (t *Tx) SaveHead(ctx context.Context, h Head) error {
	_, err := t.tx.Exec(ctx, `update tenant_head set generation = $2, docs = $3, bytes = $4, lane0_seq = $5, lane0_hash = $6
		where tenant_id = $1`, t.tenant, h.Generation, h.Docs, h.Bytes, h.Lane0Seq, h.Lane0Hash)
	return err
}

// Stamp reads the stamp of this snapshot.
func (r *Rows) Stamp(ctx context.Context) (Stamp, error) {
	var s Stamp
	row := r.tx.QueryRow(ctx, `select f.incarnation, h.generation, h.auth_gen
		from fence f join tenant_head h using (tenant_id) where tenant_id = $1`, r.tenant)
	return s, noRows(row.Scan(&s.Incarnation, &s.Generation, &s.AuthGen))
}

// Size counts the tenant's live documents and their plain bytes.
func (r *Rows) Size(ctx context.Context) (documents, bytes int64, err error) {
	row := r.tx.QueryRow(ctx, "select docs, bytes from tenant_head where tenant_id = $1", r.tenant)
	err = noRows(row.Scan(&documents, &bytes))
	return documents, bytes, err
}

// noRows says what a missing head or fence row means.
func noRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnprovisioned
	}
	return err
}

// emptyRow lets a missing row leave the zero value.
func emptyRow(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}
