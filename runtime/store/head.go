package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Head is the row that orders a tenant's changes.
type Head struct {
	Incarnation int64 // is not saved
	AuthGen     int64 // rises with every change of the tenant's own keys
	Generation  int64
	Docs        int64 // live documents
	Bytes       int64 // plain bytes of the live documents
	Lane0Seq    int64 // last event of the chain of changes
	Lane0Hash   []byte
	// Manifest lists the segments of the index. It is sealed by the data key
	// ManifestDEK, and nil before there are any.
	Manifest    []byte
	ManifestDEK uuid.UUID
}

const headColumns = `f.incarnation, h.auth_gen, h.generation, h.docs, h.bytes, h.lane0_seq, h.lane0_hash, h.manifest, coalesce(h.manifest_dek, '00000000-0000-0000-0000-000000000000')`

const headTables = ` from tenant_head h join fence f using (tenant_id) where tenant_id = $1`

func (h *Head) columns() []any {
	return []any{&h.Incarnation, &h.AuthGen, &h.Generation, &h.Docs, &h.Bytes, &h.Lane0Seq, &h.Lane0Hash, &h.Manifest, &h.ManifestDEK}
}

// LockHead reads the head and keeps other changes of the tenant out until the
// transaction ends. Errors: ErrUnprovisioned.
func (t *Tx) LockHead(ctx context.Context) (Head, error) {
	var h Head
	row := t.write.QueryRow(ctx, "select "+headColumns+headTables+" for update of h", t.tenant)
	return h, noRows(row.Scan(h.columns()...))
}

// SaveHead writes back what LockHead returned and the caller changed.
func (t *Tx) SaveHead(h Head) {
	t.write.queue(`update tenant_head set generation = $2, docs = $3, bytes = $4, lane0_seq = $5, lane0_hash = $6,
			manifest = $7, manifest_dek = $8, auth_gen = $9
		where tenant_id = $1`, t.tenant, h.Generation, h.Docs, h.Bytes, h.Lane0Seq, h.Lane0Hash,
		h.Manifest, uuid.NullUUID{UUID: h.ManifestDEK, Valid: h.Manifest != nil}, h.AuthGen)
}

// Head reads the head of this snapshot. Errors: ErrUnprovisioned.
func (r *Rows) Head(ctx context.Context) (Head, error) {
	var h Head
	row := r.tx.QueryRow(ctx, "select "+headColumns+headTables, r.tenant)
	return h, noRows(row.Scan(h.columns()...))
}

// stamp reads the state of this snapshot. Errors: ErrUnprovisioned.
func (r *Rows) stamp(ctx context.Context) (Stamp, error) {
	var s Stamp
	row := r.tx.QueryRow(ctx, "select f.incarnation, h.generation, h.auth_gen"+headTables, r.tenant)
	return s, noRows(row.Scan(&s.Incarnation, &s.Generation, &s.AuthGen))
}

// Stamp is what a cached view of the head's tenant is compared with.
func (h *Head) Stamp() Stamp {
	return Stamp{Incarnation: h.Incarnation, Generation: h.Generation, AuthGen: h.AuthGen}
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
